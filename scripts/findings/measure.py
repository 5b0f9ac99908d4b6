"""Takes the measurements of a plan into a folder. What is there already is not taken again, so that a command that was killed goes on.

    reference.json      what the folder is: scale, commit, the plan, how the programs were started, seconds taken by each part
    self-test.json      the last self-test beside the folder that is made, if there was one
    suite/              the suite, as `reclaim run` leaves it; once it is complete these files stand at the top
    probes/NAME/        every other run
    compares.json       rows of a run against one another, as `reclaim compare` says
    counts.jsonl        one line for each counted program: what was asked, and its sample
"""

import concurrent.futures
import dataclasses
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import plan
from problem import Problem

SCHEMA = "reclaim.reference/1"
COUNT_SECONDS_MAX = 900
PIN_SECONDS_MAX = 10
UNTRUSTED = 3  # a cell is void or failed: it says so itself
# A core of its own and real-time priority, where that is allowed: on a machine that others use too, it is what makes times comparable.
PINNED = ("chrt", "-f", "50", "taskset", "-c", "1")


def say(text):
    print(text, file=sys.stderr, flush=True)


def read_json(path):
    """What the file holds, or None when there is none."""
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_text(path, text):
    """Whole or not at all."""
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".part", path)


def write_json(path, value):
    write_text(path, json.dumps(value, indent=1) + "\n")


def run_to_its_end(command):
    """Its exit code. Who ends this program ends that one, which would go on, and write, unseen: so the signals that end wait until there is a
    process to pass them on to."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))

    def deliver():
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    with subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=deliver) as running:
        try:
            deliver()
            return running.wait()
        except BaseException:
            running.terminate()  # it keeps the samples that it has
            raise


def can_pin():
    """Whether a command may be started with real-time priority on the second core. It waits there as long as another one works with that
    priority, for ever if need be, and then the core is not ours."""
    try:
        return subprocess.run([*PINNED, "true"], capture_output=True, timeout=PIN_SECONDS_MAX, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


class Measuring:
    """A plan on its way into a folder, with the programs of another folder."""

    def __init__(self, of, folder, programs, *, quick, repetitions, commit, pin):
        self.plan, self.folder, self.programs, self.quick = of, folder, programs, quick
        self.size = plan.quick_spec if quick else lambda spec: spec
        self.repetitions = repetitions or (1 if quick else None)
        self.prefix = list(PINNED) if pin and can_pin() else []
        if pin and not self.prefix:
            say(f"'{' '.join(PINNED)}' is not allowed, or another program has that core: times will be noisier")
        self.state = {"schema": SCHEMA, "scale": "quick" if quick else "reference", "commit": commit, "plan": self.digest(),
                      "prefix": self.prefix, "suite": [spec for run in of.runs if run.name == plan.SUITE for spec in run.specs], "seconds": {}}
        help_text = self.reclaim("run", "--help").stdout
        self.bare = ["--no-charts"] + [word for name in ("--latency", "--memory-samples") if name in help_text for word in (name, "0")]

    def reclaim(self, *arguments):
        return subprocess.run([os.path.join(self.programs, "reclaim"), *arguments], capture_output=True, text=True, check=False)

    def digest(self):
        text = json.dumps([dataclasses.asdict(self.plan), self.repetitions])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def begin(self, anew):
        """Makes the folder, or goes on with the one that is there."""
        path = os.path.join(self.folder, "reference.json")
        if anew:
            shutil.rmtree(self.folder, ignore_errors=True)
        there = read_json(path)
        if there is None and os.path.isdir(self.folder) and os.listdir(self.folder):
            raise Problem(f"{self.folder} has files and no reference.json: name another folder, or start anew with --anew")
        if there is not None:
            differing = [name for name in ("schema", "scale", "commit", "plan") if there.get(name) != self.state[name]]
            if differing:
                raise Problem(f"{self.folder} has been begun with another {' and '.join(differing)}: it can be completed only as it was begun; "
                              "--anew starts it anew")
            say(f"going on with {self.folder}")
            self.state["seconds"] = there["seconds"]
        os.makedirs(os.path.join(self.folder, "probes"), exist_ok=True)
        write_json(path, self.state)

    def note_self_test(self, path):
        """Every run says what the self-test of this machine found: `reclaim run` looks for that beside its folder."""
        if os.path.exists(path):
            for beside in (self.folder, os.path.join(self.folder, "probes")):
                shutil.copy2(path, beside)

    def finished(self, name, since):
        """Notes how long a part took, all that were killed apart."""
        self.state["seconds"][name] = round(time.monotonic() - since, 1)
        write_json(os.path.join(self.folder, "reference.json"), self.state)

    # -- runs --

    def run_folder(self, name):
        return os.path.join(self.folder, plan.SUITE) if name == plan.SUITE else os.path.join(self.folder, "probes", name)

    def run_command(self, run, folder):
        if os.path.exists(os.path.join(folder, "context.json")):
            return ["run", "--resume", folder]
        charts = [] if run.name == plan.SUITE else self.bare
        return ["run", "--out", folder, "--strategy", ",".join(run.strategies), "--workload", ",".join(map(self.size, run.specs)),
                "--baseline", run.baseline, "--repetitions", str(self.repetitions or run.repetitions), *charts]

    def take_run(self, run):
        if run.name in self.state["seconds"]:
            return
        folder = self.run_folder(run.name)
        since = time.monotonic()
        command = [*self.prefix, os.path.join(self.programs, "reclaim"), *self.run_command(run, folder)]
        code = run_to_its_end(command)
        if code not in (0, UNTRUSTED) or not os.path.exists(os.path.join(folder, "summary.json")):
            raise Problem(f"{' '.join(command)} ended with {code}; the same command again goes on where it ended", 1 if code >= 0 else 130)
        self.finished(run.name, since)

    # -- counts --

    def counts_there(self):
        """What has been counted; a line that was cut by a kill is not."""
        path = os.path.join(self.folder, "counts.jsonl")
        if not os.path.exists(path):
            return set()
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
        whole = [line for line in lines if line.endswith("\n")]
        if len(whole) < len(lines):
            write_text(path, "".join(whole))
        return {plan.Count(**json.loads(line)["asked"]) for line in whole}

    def count(self, asked):
        """One line of counts.jsonl."""
        name, options = plan.split_spec(asked.label)
        command = [os.path.join(self.programs, f"count_{name}"), "--workload", self.size(asked.spec)]
        for option, value in options.items():
            command += ["--option", f"{option}={value}"]
        with tempfile.TemporaryDirectory() as scratch:
            out = os.path.join(scratch, "out.json")
            command += ["--shape", "--format", "json", "--output", out] if asked.shape else ["--json", out]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=COUNT_SECONDS_MAX, check=False)
                found, why = read_json(out), done.stderr.strip() or f"exit {done.returncode}"
            except subprocess.TimeoutExpired:
                found, why = None, f"took longer than {COUNT_SECONDS_MAX} s"
            except OSError as error:
                found, why = None, f"cannot be started: {error.strerror}"
        if found is None:
            found = {"status": "skipped", "reason": why}
        found.pop("runs", None)
        return json.dumps({"asked": dataclasses.asdict(asked), "found": found})

    def take_counts(self):
        missing = [count for count in self.plan.counts if count not in self.counts_there()]
        if not missing:
            return
        since = time.monotonic()
        with open(os.path.join(self.folder, "counts.jsonl"), "a", encoding="utf-8") as file, \
                concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
            for number, line in enumerate(pool.map(self.count, missing), 1):
                file.write(line + "\n")
                file.flush()
                asked = missing[number - 1]
                say(f"counted {number} of {len(missing)}: {asked.label} on {self.size(asked.spec)}")
        self.finished("counts", since)

    # -- comparisons --

    def compare(self, pair):
        """The cells of `reclaim compare`, or why there is none."""
        folder = self.run_folder(pair.run)
        done = self.reclaim("compare", folder, "--from", pair.above, "--to", pair.below, "--format", "json")
        if done.returncode not in (0, UNTRUSTED):
            raise Problem(f"reclaim compare {folder} --from {pair.above} --to {pair.below}: {done.stderr.strip()}")
        cells = json.loads(done.stdout)["comparisons"]
        return [{"spec": cell["spec"], "ratio": cell["ratio"], "verdict": cell["verdict"], "reason": cell["reason"]} for cell in cells]

    def take_compares(self):
        found = [{"asked": dataclasses.asdict(pair), "cells": self.compare(pair)} for pair in self.plan.compares]
        write_json(os.path.join(self.folder, "compares.json"), found)

    def take(self):
        """Everything; the counts first, since they do not mind one another."""
        self.take_counts()
        for number, run in enumerate(self.plan.runs, 1):
            say(f"run {number} of {len(self.plan.runs)}: {run.name}, {len(run.strategies)} strategies on {len(run.specs)} specs")
            self.take_run(run)
        self.take_compares()
