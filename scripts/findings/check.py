"""Asks the programs whether they know what the plan names, and measures nothing."""

import json
import os
import subprocess

import plan
from problem import Problem


def suite_of(programs):
    """The specs of the suite at its default scale."""
    done = subprocess.run([os.path.join(programs, "bench_none"), "--describe"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{programs}/bench_none does not describe itself: {done.stderr.strip()}")
    return [spec for workload in json.loads(done.stdout)["workloads"] for spec in workload["suite"]["default"]]


def check_cell(programs, label, spec):
    """What is wrong with the cell, or None; one that is skipped has a reason and is right."""
    name, options = plan.split_spec(label)
    command = [os.path.join(programs, f"bench_{name}"), "--workload", spec, "--check"]
    for option, value in options.items():
        command += ["--option", f"{option}={value}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return done.stderr.strip()
    found = json.loads(done.stdout)
    if (found["spec"], found["label"]) != (spec, label):
        return f"{label} on {spec} is called {found['label']} on {found['spec']}"
    return None


def check(findings, programs):
    """Every label and every spec of the plan, once with the other as it is by default."""
    whole = plan.make_plan(findings, suite_of(programs))
    pairs = [(label, spec) for run in whole.runs for label in run.strategies for spec in run.specs]
    pairs += [(count.label, count.spec) for count in whole.counts]
    of_label, of_spec = {}, {}
    for label, spec in pairs:
        of_label.setdefault(label, spec)
        of_spec.setdefault(spec, label if not plan.split_spec(label)[0].startswith("hand_") else None)
    cells = set(of_label.items()) | {(label or "none", spec) for spec, label in of_spec.items()}
    wrong = [found for found in (check_cell(programs, label, spec) for label, spec in sorted(cells)) if found is not None]
    if wrong:
        raise Problem("\n".join(wrong))
    return (f"{len(findings)} findings, {len(whole.runs)} runs, {len(whole.counts)} counted programs: every name is known")
