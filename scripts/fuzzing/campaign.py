"""A campaign: turns of targets under changing sanitizers and engines until the time is over, with triage and merges in between."""

import os
import subprocess
import sys
import time

import builds
import corpus
import engines
import files
import finds
import ledger
from problem import Problem

TURN_SECONDS_MIN, TURN_SECONDS_MAX = 10, 300
OPERATION_KINDS = ("ops", "oom", "stress")  # their inputs are operation programs
MERGE_GROWTH = 1.3  # a corpus is merged once it has grown by so much


class Job:
    """A target in the builds that take turns; `base` is the first of all, which AFL++'s finds are replayed with, `siblings` the names of the
    targets of that kind on other strategies, whether or not they are fuzzed."""

    def __init__(self, base, kind, by_build, siblings, inputs_format):
        self.name, self.base, self.kind, self.by_build, self.siblings = base.name, base, kind, by_build, siblings
        self.strategy = base.name.removeprefix(f"{kind}_")
        self.operations = kind in OPERATION_KINDS
        self.header_bytes, self.version_max = inputs_format
        self.build = None

    def use(self, build):
        """Turns to one of the builds; attributes of its target are this one's from now on."""
        self.build = build
        target = self.by_build[build]
        checked = target if build != "afl" else self.base
        self.target, self.corpora, self.bytes_max = target, target.corpora, target.bytes_max
        self.replay, self.tools = checked.replay, checked.folder
        self.fuzzer = os.path.join(checked.folder, checked.name)
        self.recorder = recorder_of(checked.replay, self.kind)
        self.replay_once = replay_once_of(checked.replay, self.kind)

    def header_is_known(self, data):
        return len(data) >= self.header_bytes and 1 <= data[0] <= self.version_max


def recorder_of(replay, kind):
    """`…/record_refcount` for `…/replay_refcount_oom`; None where inputs are no operation programs."""
    folder, name = os.path.split(replay)
    return os.path.join(folder, "record_" + name[len("replay_"):-len(kind) - 1]) if kind in OPERATION_KINDS else None


def replay_once_of(replay, kind):
    """`…/replay_refcount_ops` for `…/replay_refcount_oom`, which runs a program many times; None where one run is all there is."""
    return replay[:-len(kind)] + "ops" if kind in finds.RUNS_OF else None


def read_format(folder):
    """The bytes of a header and the newest version of operation programs."""
    done = subprocess.run([os.path.join(folder, "fuzz_text"), "format"], stdout=subprocess.PIPE, check=True)
    return tuple(map(int, done.stdout.split()))


class Campaign:
    def __init__(self, options, jobs):
        self.findings, self.options, self.jobs = options.findings, options, jobs
        self.engine = engines.Engine(self.findings)
        self.state_path = os.path.join(self.findings, "turns.json")
        self.turns = self.read_turns()
        self.figures, self.new, self.mended = {}, [], set()
        self.ledger, self.commit = ledger.Ledger(self.findings), ledger.head()
        self.codes = {job.strategy: ledger.code_of(job.strategy, options.strategy_dir) for job in jobs}
        self.fuzzers = ledger.code_of_fuzzers()

    def read_turns(self):
        """How many turns each target had, and how big its corpus was when it was last merged."""
        turns = files.read_json(self.state_path)
        for counts in (turns, turns.get("merged", {})):
            for name, count in counts.items():
                if name != "merged" and not isinstance(count, int):
                    raise Problem(f"{self.state_path}: '{name}' is {count}, not a number of turns or inputs. Remove the file and go on.")
        return turns

    def place(self, job):
        return os.path.join(self.findings, job.name)

    # ---- Before and after ----

    def open(self):
        """What a killed campaign left: engines, half a merge, untriaged artefacts."""
        ended = engines.end_orphans(self.findings)
        if ended:
            print(f"ended {ended} processes of a campaign that was killed")
        subprocess.run(["rm", "-rf", f"{self.findings}/tmp"], check=True)
        os.makedirs(f"{self.findings}/tmp")
        for job in self.jobs:
            engines.recover(self.place(job))
            job.use(next(iter(job.by_build)))
            corpus.set_foreign_aside(job, self.place(job))
            self.review(job)
            self.triage_in_all_builds(job)
        self.account_for_killed_turn()

    def account_for_killed_turn(self):
        """Its executions are lost; what it had learnt is news of its end, lest the campaign look quiet."""
        turn = self.ledger.unfinished()
        if turn:
            kept = corpus.kept_since(os.path.join(self.findings, turn["target"]), turn["started"])
            self.ledger.end({**turn, "cpu_seconds": 0, "executions": 0, "covered_first": 0, "covered": 0, "covered_at": 0,
                             "inputs_new": len(kept), "inputs_at": 1})

    def review(self, job):
        """Earlier finds: those that still fail count; those that do not wait to become regression tests."""
        for folder in finds.known(self.place(job)):
            if any(self.fails_in(job, build, folder) for build in job.by_build):
                print(f"{job.name}: {folder} still fails")
            else:
                self.mended.add(folder)
                print(f"{job.name}: {folder} fails no longer; keep it as a regression test (docs/fuzzing.md), then delete the folder")

    def fails_in(self, job, build, folder):
        job.use(build)
        return finds.still_fails(job, folder)

    def triage_in_all_builds(self, job):
        """Nobody knows which build left these."""
        for build in job.by_build:
            job.use(build)
            self.triage(job, give_up=build == list(job.by_build)[-1])

    def standing_finds(self):
        return [folder for job in self.jobs for folder in finds.known(self.place(job)) if folder not in self.mended]

    def summarise(self):
        """Prints what was done; the exit code."""
        print(f"\n{'target':24} {'builds':24} {'turns':>5} {'executions':>11} {'per s':>7} {'covered':>8} {'corpus':>7} {'finds':>5}")
        for job in self.jobs:
            self.summarise_target(job)
        untried = sum(job.name not in self.figures for job in self.jobs)
        if untried:
            print(f"{untried} of {len(self.jobs)} targets had no turn; the next campaign begins with them")
        self.summarise_commit()
        standing = self.standing_finds()
        print(f"{len(self.new)} new finds, {len(standing)} in all" + (f": {self.findings}/*/finds" if standing else ""), flush=True)
        if not any(row["executions"] for rows in self.figures.values() for row in rows):
            print("nothing was executed, so nothing is known")
            return 1
        return 1 if standing else 0

    def summarise_commit(self):
        """All turns of this campaign so far, also those before a restart."""
        lines = self.ledger.read()
        if lines:
            standing = ledger.Standing(lines, [], lambda name: finds.count(self.findings, name))
            print("\n" + standing.table("strategy"), end="\n\n")

    def summarise_target(self, job):
        rows = self.figures.get(job.name)
        if not rows:
            return
        executions, seconds = sum(r["executions"] for r in rows), sum(r["seconds"] for r in rows)
        print(f"{job.name:24} {','.join(dict.fromkeys(r['build'] for r in rows)):24} {len(rows):5} {executions:11} "
              f"{executions / max(seconds, 1):7.0f} {max(r['covered'] for r in rows):8} {len(files.listed(self.place(job) + '/corpus')):7} "
              f"{len(finds.known(self.place(job))):5}")

    # ---- Turns ----

    def run(self, seconds):
        """Turns, at least one, until the time is over. Who had the fewest is next."""
        end = time.monotonic() + seconds
        left = seconds
        turn_seconds = int(min(max(seconds / len(self.jobs), TURN_SECONDS_MIN), TURN_SECONDS_MAX))
        while left >= 1:
            job = min(self.jobs, key=lambda j: self.turns.get(j.name, 0))
            self.turn(job, int(min(turn_seconds, left)))
            self.merge_if_grown(job, turn_seconds)
            left = end - time.monotonic()

    def turn(self, job, seconds):
        files.expect_room(self.findings)
        count = self.turns.get(job.name, 0)
        job.use(list(job.by_build)[count % len(job.by_build)])
        begun = {"target": job.name, "strategy": job.strategy, "build": job.build, "commit": self.commit,
                 "code": self.codes[job.strategy], "fuzzers": self.fuzzers, "started": time.time()}
        self.ledger.begin(begun)
        figures = self.run_engine(job, seconds)
        self.ledger.end({**begun, **figures})
        self.note(job, {**figures, "build": job.build})
        self.turns[job.name] = count + 1
        files.write_json(self.state_path, self.turns)
        self.triage(job)

    def run_engine(self, job, seconds):
        """The figures of the turn, as the ledger has them."""
        place, started = self.place(job), time.time()
        if job.build == "afl":
            figures = engines.afl_turn(self.engine, job.target, place, seconds, builds.AFL_MUTATOR if job.operations else None)
        else:
            figures = engines.fork_turn(self.engine, job.target, place, seconds, self.options.jobs)
        elapsed = max(time.time() - started, 1)
        kept = corpus.kept_since(place, started)
        return {**figures, "seconds": elapsed, "cpu_seconds": self.engine.cpu_seconds, "inputs_new": len(kept),
                "inputs_at": min((max(kept) - started) / elapsed, 1) if kept else 0}

    def note(self, job, figures):
        self.figures.setdefault(job.name, []).append(figures)
        if figures["executions"] == 0:
            print(f"{job.name}: no progress within {figures['seconds']:.0f} s; see {self.place(job)}/log", file=sys.stderr)
        print(f"{job.name} [{figures['build']}]: {figures['executions']} executions in {figures['seconds']:.0f} s, "
              f"{figures['covered']} edges, {figures['features']} features, {figures['inputs_new']} new of "
              f"{len(files.listed(self.place(job) + '/corpus'))} inputs", flush=True)

    def triage(self, job, give_up=True):
        for folder in finds.triage(job, self.place(job), give_up):
            self.new.append(folder)
            finds.show(job, folder)

    # ---- Merges ----

    def learnt_by_siblings(self, job):
        """The corpora of the same kind of target on other strategies, of this campaign or earlier ones."""
        corpora = [os.path.join(self.findings, name, "corpus") for name in job.siblings]
        return [path for path in corpora if files.listed(path)]

    def merge_if_grown(self, job, seconds):
        """Merges the corpus with what the other strategies have learnt, then compares all strategies on it."""
        merged = self.turns.setdefault("merged", {})
        before = len(files.listed(self.place(job) + "/corpus"))
        if job.build == "afl" or before < MERGE_GROWTH * merged.get(job.name, 0) + 1:
            return
        learnt = self.learnt_by_siblings(job)
        if not engines.merge(self.engine, job.target, self.place(job), job.corpora + learnt, max(seconds, 30)):
            return
        after = merged[job.name] = len(files.listed(self.place(job) + "/corpus"))
        files.write_json(self.state_path, self.turns)
        print(f"{job.name}: merged to {after} inputs from {before}; corpora of other strategies: {len(learnt)}", flush=True)
        self.triage(job)
        if job.kind == "ops":
            self.compare(job)

    def compare(self, job):
        """An input on which strategies disagree is a find of the second of them."""
        others = [other for other in self.jobs if other.kind == "ops"]
        for other in others:
            other.use(next(iter(other.by_build)))
        for name, first, second in corpus.disagreements(others, self.place(job) + "/corpus"):
            why = f"digest: {first.name} and {second.name} end with different graphs"
            folder = f"{self.place(second)}/finds/{finds.folder_name(why)}"
            if not os.path.exists(folder):
                self.new.append(finds.keep(second, self.place(second), f"{self.place(job)}/corpus/{name}", why))
                finds.show(second, folder)
