"""The reference run and its findings; scripts/reference starts it, with the programs built."""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile

import catalogue
import catalogue_more
import measure
import page
import plan
import texts
from evidence import Evidence
from problem import BAD_INPUT, Problem

FINDINGS = texts.FINDINGS + catalogue.FINDINGS + catalogue_more.FINDINGS
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
REFERENCE = "results/reference"
BYTES_MAX = 4_000_000
# What is kept of the folder; of the rest all can be computed again from it by `reclaim report`, or is large.
KEPT = ("reference.json", "counts.jsonl", "compares.json", "findings.md")
KEPT_OF_SUITE = ("context.json", "summary.json", "samples.jsonl.gz", "report.html")


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="scripts/reference", description="Makes results/reference anew: the suite on every strategy and peer, its report, "
                                     "and findings.md. Half an hour. Killed, the same command goes on.",
                                     epilog="Exit: 0 done, 1 it could not be done, 2 bad arguments, 130 interrupted.")
    parser.add_argument("--out", metavar="DIR", help=f"instead of {REFERENCE}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one repetition: whether it works; needs --out")
    parser.add_argument("--finding", action="append", metavar="NAME", help="measure what one finding needs, print it, keep nothing; may be repeated")
    parser.add_argument("--rewrite", action="store_true", help="only findings.md anew, from what the folder has")
    parser.add_argument("--list", action="store_true", help="the findings")
    parser.add_argument("--check", action="store_true", help="ask the programs whether they know every cell that is measured; measure nothing")
    parser.add_argument("--anew", action="store_true", help="start anew where an earlier command was killed")
    parser.add_argument("--allow-dirty", action="store_true", help="with changes that are not committed, too")
    parser.add_argument("--repetitions", type=int, metavar="N", help=f"of each cell; default {plan.REPETITIONS}, and no interval below 6")
    parser.add_argument("--no-pin", action="store_true", help="without real-time priority on a core, even where it is allowed")
    parser.add_argument("--programs", default="build/release", metavar="DIR", help="what is measured; default build/release, built by this command")
    asked = parser.parse_args(arguments)
    if asked.quick and not (asked.out or asked.finding):
        parser.error("--quick needs --out DIR: it is no reference")
    return asked


def choose(names):
    known = {finding.name: finding for finding in FINDINGS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Problem(f"there is no finding '{unknown[0]}'. Findings: {', '.join(known)}", BAD_INPUT)
    return [known[name] for name in names]


def suite_of(programs):
    """The specs of the suite at its default scale."""
    done = subprocess.run([os.path.join(programs, "bench_none"), "--describe"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{programs}/bench_none does not describe itself: {done.stderr.strip()}")
    return [spec for workload in json.loads(done.stdout)["workloads"] for spec in workload["suite"]["default"]]


def git(*arguments):
    done = subprocess.run(["git", "-C", TOP, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def commit(allow_dirty):
    """The commit that is measured; what is not committed nobody could repeat."""
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{REFERENCE}")
    if changed and not allow_dirty:
        raise Problem("these changes are not committed, so nobody could repeat what is measured (--allow-dirty measures all the same):\n" + changed)
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + (" with changes" if changed else "")


# -- checking --

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


def check(programs):
    """Every label and every spec of the plan, once with the other as it is by default."""
    whole = plan.make_plan(FINDINGS, suite_of(programs))
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
    print(f"{len(FINDINGS)} findings, {len(whole.runs)} runs, {len(whole.counts)} counted programs: every name is known")


# -- publishing --

def linked_charts():
    """The charts that a document of the project shows."""
    done = git("grep", "-ohE", REFERENCE + "/charts/[a-z_]+\\.svg", "--", "*.md") or ""
    return {os.path.basename(line) for line in done.splitlines()}


def compress_samples(folder):
    path = os.path.join(folder, "samples.jsonl")
    if not os.path.exists(path):
        return
    with open(path, "rb") as file, open(path + ".gz.part", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        shutil.copyfileobj(file, out)
    os.replace(path + ".gz.part", path + ".gz")


def copy_files(names, source, target):
    os.makedirs(target, exist_ok=True)
    for name in names:
        if os.path.exists(os.path.join(source, name)):
            shutil.copy2(os.path.join(source, name), target)


def copy_kept(source, target):
    """What is committed: the folder without what can be computed again. Charts that report.html has inside stand beside it only where a
    document shows them; where there is no report, all."""
    suite, probes = os.path.join(source, plan.SUITE), os.path.join(source, "probes")
    copy_files(KEPT, source, target)
    copy_files(KEPT_OF_SUITE, suite, target)
    charts = [name for name in os.listdir(os.path.join(suite, "charts")) if name.endswith(".svg")]
    if os.path.exists(os.path.join(suite, "report.html")):
        charts = [name for name in charts if name in linked_charts()]
    copy_files(charts, os.path.join(suite, "charts"), os.path.join(target, "charts"))
    for name in sorted(os.listdir(probes)):
        copy_files(("context.json", "summary.json"), os.path.join(probes, name), os.path.join(target, "probes", name))


def folder_bytes(folder):
    return sum(os.path.getsize(os.path.join(where, name)) for where, _, names in os.walk(folder) for name in names)


def publish(source, target):
    """Replaces the target whole, when all is there."""
    compress_samples(os.path.join(source, plan.SUITE))
    made, old = target + ".new", target + ".old"
    for stale in (made, old):
        shutil.rmtree(stale, ignore_errors=True)
    os.makedirs(made)
    copy_kept(source, made)
    if os.path.isdir(target):
        os.rename(target, old)
    os.rename(made, target)
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(source)
    size = folder_bytes(target)
    measure.say(f"{target}: {size / 1e6:.1f} MB" + (f", more than the {BYTES_MAX / 1e6:.0f} MB that it should have" if size > BYTES_MAX else ""))


# -- the command --

def rewrite(folder):
    evidence = Evidence(folder)
    measure.write_text(os.path.join(folder, "findings.md"), page.page(FINDINGS, evidence))
    return evidence


def measure_all(asked, target):
    of = plan.make_plan(FINDINGS, suite_of(asked.programs))
    taking = measure.Measuring(of, target + ".part", asked.programs, quick=asked.quick, repetitions=asked.repetitions, commit=commit(asked.allow_dirty or asked.quick), pin=not asked.no_pin)
    taking.begin(asked.anew)
    taking.take()
    rewrite(taking.folder)
    publish(taking.folder, target)
    measure.say(f"findings: {os.path.join(target, 'findings.md')}")


def measure_some(asked):
    findings = choose(asked.finding)
    of = plan.make_plan(findings, suite_of(asked.programs), whole=False)
    with tempfile.TemporaryDirectory() as scratch:
        taking = measure.Measuring(of, scratch, asked.programs, quick=asked.quick, repetitions=asked.repetitions, commit=commit(True), pin=not asked.no_pin)
        taking.begin(anew=False)
        taking.take()
        evidence = Evidence(scratch)
        print("\n\n".join(page.finding_text(finding, page.judge(finding, evidence), evidence.asked_specs()) for finding in findings))


def main(arguments):
    asked = parse_arguments(arguments)
    target = os.path.normpath(asked.out or os.path.join(TOP, REFERENCE))
    if asked.list:
        for finding in FINDINGS:
            print(f"{finding.name:24} {finding.source:14} {finding.claim}")
    elif asked.check:
        check(asked.programs)
    elif asked.rewrite:
        rewrite(target)
    elif asked.finding:
        measure_some(asked)
    else:
        measure_all(asked, target)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Problem as problem:
        print(f"scripts/reference: {problem}", file=sys.stderr)
        sys.exit(problem.code)
    except KeyboardInterrupt:
        print("scripts/reference: interrupted; the same command goes on", file=sys.stderr)
        sys.exit(130)
