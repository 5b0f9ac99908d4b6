"""scripts/reference: what the findings declare, judge and say. Run by ctest with the folder of the programs.

The evidence is made up, of the form that `reclaim run` and the counted programs write, so that no time is measured here."""

import dataclasses
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SOURCE, "scripts/findings"))

import check  # pylint: disable=wrong-import-position
import commands
import measure
import overheads
import page
import plan
import publish
from evidence import Evidence
from judging import FAILS, HOLDS, IN_PART, UNKNOWN, VERDICTS
from problem import Problem
from table import FINDINGS

PROGRAMS = sys.argv.pop() if len(sys.argv) > 1 and os.path.isdir(sys.argv[-1]) else None
SPECS = ["temps", "window", "build", "dom", "pairs", "mix", "fat:n=4000", "lru:n=200000", "mutate:stores=500000", "promote_free", "late",
         "splay:n=8000,keys=2000", "finalize", "finalize:cyclic=0", "heap:file=node-eslint", "heap:file=python-docutils"]
BY_NAME = {finding.name: finding for finding in FINDINGS}


def estimate(median):
    return {"median": median, "low": 0.99 * median, "high": 1.01 * median}


def some_counters(dice):
    """Every counter that a program may know."""
    names = ("objects_allocated", "objects_leaked", "bytes_leaked", "reclaimed_by_last_collect", "objects_visited", "bytes_peak", "rss_peak_bytes",
             "request_ns_max", "pause_ns_max", "drop_ns_max", "reclaimed_by_count", "measured_copied_by_reads_bytes",
             "measured_copied_by_serving_bytes", "measured_all_pss_bytes")
    return {**{name: dice.randint(1, 10**9) for name in names}, "collections": [dice.randint(0, 900) for _ in range(3)],
            "reclaimed_by_collector": [dice.randint(0, 10**6) for _ in range(3)], "operations": {"store": dice.randint(0, 10**7)}}


def some_cell(dice, row, spec):
    ratio = dice.uniform(0.2, 5)
    return {"strategy": row, "label": row, "kind": "strategy", "spec": spec, "status": dice.choice(("ok", "leaked", "uncollected")), "reason": "",
            "best": False, "peer": "", "n": 7, "time_ns": estimate(1e7 * ratio), "ratio": estimate(ratio), "overhead": estimate(ratio),
            "params": {"n": 1000, "levels": 1000, "stores": 1000}, "options": {"threshold0": 700}, "counters": some_counters(dice)}


def some_shape(dice):
    return {"allocated": {"objects": 1000, "bytes": 9000}, "live": {"objects": 10}, "bytes_peak": dice.randint(1, 9000),
            "lifetimes": [[1024, dice.randint(0, 500)], [1 << 30, 100]]}


def make_evidence(folder, seed, change=lambda kind, key, value: value):
    """A folder of all that the plan asks for; `change` may replace anything in it: a cell, or what was counted."""
    dice = random.Random(seed)
    of = plan.make_plan(FINDINGS, SPECS)
    for run in of.runs:
        cells = [change("cell", (run.name, row, spec), some_cell(dice, row, spec)) for spec in run.specs for row in run.strategies]
        where = folder if run.name == plan.SUITE else os.path.join(folder, "probes", run.name)
        os.makedirs(where, exist_ok=True)
        measure.write_json(os.path.join(where, "summary.json"), {"cells": [cell for cell in cells if cell], "repetitions": 7})
    counted = [(count, some_shape(dice) if count.shape else {"status": "ok", "counters": some_counters(dice)}) for count in of.counts]
    counted = [(count, change("count", count, found)) for count, found in counted]
    lines = [json.dumps({"asked": dataclasses.asdict(count), "found": found}) + "\n" for count, found in counted if found]
    measure.write_text(os.path.join(folder, "counts.jsonl"), "".join(lines))
    pairs = [{"asked": dataclasses.asdict(pair), "cells": [{"spec": spec, "ratio": estimate(dice.uniform(0.5, 2)), "verdict": "", "reason": ""}
                                                           for spec in SPECS]} for pair in of.compares]
    measure.write_json(os.path.join(folder, "compares.json"), pairs)
    measure.write_json(os.path.join(folder, "reference.json"), {"schema": measure.SCHEMA, "scale": "reference", "commit": "0", "plan": "0", "prefix": [],
                                                                "suite": SPECS, "seconds": {"suite": 60}})
    return Evidence(folder)


class Made(unittest.TestCase):
    """With a folder for evidence."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = self.scratch.name

    def judge(self, name, evidence):
        return page.judge(BY_NAME[name], evidence)


class Findings(Made):
    def test_every_finding_is_judged_whatever_was_measured(self):
        for seed in range(6):
            with tempfile.TemporaryDirectory() as folder:
                evidence = make_evidence(folder, seed)
                for finding in FINDINGS:
                    judged = finding.judge(evidence)
                    self.assertIn(judged.verdict, VERDICTS, finding.name)
                    self.assertTrue(judged.because, finding.name)
                    for row in judged.rows:
                        self.assertEqual(len(row), len(judged.columns), finding.name)

    def test_a_finding_without_figures_is_not_measured(self):
        evidence = make_evidence(self.folder, 1, lambda kind, key, value: None)
        for finding in FINDINGS:
            self.assertEqual(page.judge(finding, evidence).verdict, UNKNOWN, finding.name)

    def test_a_cell_that_failed_is_named_with_its_reason(self):
        def fail(kind, key, value):
            return {**value, "status": "timeout", "reason": "took longer than 300 s"} if kind == "cell" and key[1:] == ("cpython", "pairs") else value
        text = page.page(FINDINGS, make_evidence(self.folder, 1, fail))
        self.assertRegex(text, r"timeout: `cpython` on `pairs`: took longer than 300 s")

    def test_every_workload_of_the_catalogue_and_every_claim_of_the_texts_has_a_finding(self):
        sources = [finding.source for finding in FINDINGS]
        self.assertEqual(sources.count("texts"), 5)
        self.assertEqual(len(set(sources)), 19)  # the texts, and eighteen workloads
        self.assertEqual(len(BY_NAME), len(FINDINGS))

    def test_the_same_folder_gives_the_same_page(self):
        evidence = make_evidence(self.folder, 3)
        self.assertEqual(page.page(FINDINGS, evidence), page.page(FINDINGS, Evidence(self.folder)))

    def test_links_lead_to_headings(self):
        text = page.page(FINDINGS, make_evidence(self.folder, 3))
        headings = {page.anchor(line[4:]) for line in text.splitlines() if line.startswith("### ")}
        self.assertEqual(len(headings), len(FINDINGS))
        self.assertLessEqual(set(re.findall(r"\]\(#([^)]*)\)", text)), headings)


class Verdicts(Made):
    """A verdict follows the figures: no explanation outlives them."""

    def leak(self, share):
        def change(kind, key, value):
            if kind == "count" and key.label == "refcount" and key.spec == "pairs":
                value["counters"].update(objects_allocated=1000, objects_leaked=int(1000 * share))
            return value
        return change

    def test_pairs_leak_all_or_the_claim_fails(self):
        for share, verdict in ((1, HOLDS), (0.999, FAILS)):
            with tempfile.TemporaryDirectory() as folder:
                self.assertEqual(self.judge("pairs-leak", make_evidence(folder, 1, self.leak(share))).verdict, verdict)

    def forked(self, disabled):
        def change(kind, key, value):
            if kind == "cell" and key[0] == "prefork" and key[1] in ("generational", "cpython"):
                value["counters"]["measured_all_pss_bytes"] = disabled if "disable" in key[2] else 1000
            return value
        return change

    def test_a_tenth_saved_holds_from_a_tenth_on(self):
        for bytes_disabled, verdict, words in ((890, HOLDS, "11% less memory"), (950, FAILS, "5% less memory"), (1070, FAILS, "7% more memory")):
            with tempfile.TemporaryDirectory() as folder:
                judged = self.judge("forked", make_evidence(folder, 1, self.forked(bytes_disabled)))
                self.assertEqual(judged.verdict, verdict)
                self.assertIn(words, judged.because[0])

    def test_nothing_is_certain_without_an_interval(self):
        def bare(kind, key, value):
            if kind == "cell":
                value["overhead"] = value["ratio"] = {"median": 0.5, "low": None, "high": None}
            return value
        evidence = make_evidence(self.folder, 1, bare)
        self.assertEqual(overheads.below_ideal(evidence), [])
        self.assertEqual(self.judge("disabled", evidence).verdict, FAILS)

    def test_what_beats_the_ideal_has_a_reason_that_its_counters_give(self):
        def leaking(kind, key, value):
            if kind == "cell" and key[0] == plan.SUITE and key[1:] == ("none", "pairs"):
                value.update(overhead=estimate(0.5), counters={"objects_allocated": 1000, "objects_leaked": 1000})
            return value
        lines = [line for line in overheads.below_ideal(make_evidence(self.folder, 1, leaking)) if line.startswith("`none`") and "`pairs`" in line]
        self.assertEqual(len(lines), 1)
        self.assertIn("100.0% of all objects are never freed", lines[0])

    def test_in_part_is_between(self):
        def half(kind, key, value):
            if kind == "count" and key.spec == "temps" and not key.shape:
                value["counters"]["collections"] = [0, 0, 0] if key.label == "generational" else [5, 0, 0]
            return value
        self.assertEqual(self.judge("net-trigger", make_evidence(self.folder, 1, half)).verdict, IN_PART)


class Commands(Made):
    def test_every_command_is_one_that_a_shell_reads(self):
        lines = [line for finding in FINDINGS for line in commands.of(finding, SPECS)]
        self.assertTrue(all(commands.of(finding, SPECS) for finding in FINDINGS))
        done = subprocess.run(["bash", "-n", "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")

    @unittest.skipUnless(PROGRAMS, "no folder of programs")
    def test_the_programs_know_every_name(self):
        self.assertIn("every name is known", check.check(FINDINGS, PROGRAMS))

    @unittest.skipUnless(PROGRAMS, "no folder of programs")
    def test_a_name_that_they_do_not_know_is_found(self):
        wrong = dataclasses.replace(BY_NAME["pairs-leak"], counts=(plan.Count("refcount", "pairs:m=3"),))
        with self.assertRaisesRegex(Problem, "m"):
            check.check([wrong], PROGRAMS)

    @unittest.skipUnless(PROGRAMS, "no folder of programs")
    def test_one_finding_is_measured_and_printed(self):
        done = subprocess.run([sys.executable, os.path.join(SOURCE, "scripts/findings"), "--programs", PROGRAMS, "--quick", "--no-pin", "--finding",
                               "pairs-leak", "--finding", "promote-cost"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("### Counting leaks exactly all.\n\n✔ **holds**", done.stdout)
        self.assertIn("### They cost 70%.", done.stdout)


class Folder(Made):
    """What is measured is kept, and what was there is replaced whole."""

    def begin(self, findings, anew=False):
        taking = measure.Measuring(plan.make_plan(findings, SPECS, whole=False), self.folder, "/nowhere", quick=True, repetitions=None, commit="1", pin=False)
        taking.begin(anew)
        return taking

    def setUp(self):
        super().setUp()
        self.reclaim = measure.Measuring.reclaim
        measure.Measuring.reclaim = lambda *_: subprocess.CompletedProcess([], 0, "", "")
        self.addCleanup(setattr, measure.Measuring, "reclaim", self.reclaim)
        self.say = measure.say
        measure.say = lambda text: None
        self.addCleanup(setattr, measure, "say", self.say)

    def test_a_killed_count_is_taken_again_and_the_others_are_not(self):
        taking = self.begin([BY_NAME["pairs-leak"]])
        asked = [{"asked": dataclasses.asdict(count), "found": {}} for count in taking.plan.counts[:2]]
        with open(os.path.join(self.folder, "counts.jsonl"), "w", encoding="utf-8") as file:
            file.write(json.dumps(asked[0]) + "\n" + json.dumps(asked[1])[:-9])
        self.assertEqual(taking.counts_there(), {taking.plan.counts[0]})

    def test_who_ends_the_measuring_ends_what_measures(self):
        """Also at the worst of times, when the process is there and nothing yet holds it: the constructor's end is drawn out here."""
        begun, ended = (os.path.join(self.folder, name) for name in ("begun", "ended"))
        script = f"trap 'touch {ended}; exit' TERM; touch {begun}; for i in $(seq 100); do sleep 0.05; done"
        source = textwrap.dedent(f"""
            import os, signal, subprocess, sys, time
            sys.path.insert(0, {os.path.dirname(measure.__file__)!r})
            import measure
            class Late(subprocess.Popen):
                def __init__(self, *arguments, **named):
                    super().__init__(*arguments, **named)
                    while not os.path.exists({begun!r}):
                        time.sleep(0.01)
                    os.kill(os.getpid(), signal.SIGTERM)
                    time.sleep(0.01)
            subprocess.Popen = Late
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            measure.run_to_its_end(["sh", "-c", {script!r}])
            """)
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
        self.assertIn("KeyboardInterrupt", done.stderr)
        self.assertTrue(os.path.exists(ended))

    def test_another_plan_does_not_go_on_in_the_same_folder(self):
        self.begin([BY_NAME["pairs-leak"]])
        self.begin([BY_NAME["pairs-leak"]])
        with self.assertRaisesRegex(Problem, "another plan"):
            self.begin([BY_NAME["dom-leaks"]])
        self.begin([BY_NAME["dom-leaks"]], anew=True)

    def test_every_run_stands_beside_the_self_test_of_the_machine(self):
        taking = self.begin([BY_NAME["pairs-leak"]])
        with tempfile.TemporaryDirectory() as results:
            path = os.path.join(results, "self-test.json")
            taking.note_self_test(path)
            beside = [os.path.join(os.path.dirname(taking.run_folder(name)), "self-test.json") for name in (plan.SUITE, "mix")]
            self.assertFalse(any(map(os.path.exists, beside)))
            measure.write_text(path, "found")
            taking.note_self_test(path)
            self.assertTrue(all(map(os.path.exists, beside)))

    def test_the_old_reference_goes_and_what_is_large_stays_behind(self):
        source, target = os.path.join(self.folder, "reference.part"), os.path.join(self.folder, "reference")
        for path in ("suite/charts", "suite/latency", "probes/mix"):
            os.makedirs(os.path.join(source, path))
        os.makedirs(target)
        for name in ("reference.part/findings.md", "reference.part/suite/summary.json", "reference.part/suite/samples.jsonl", "reference.part/suite/latency/1",
                     "reference.part/suite/benchmark.json", "reference.part/probes/mix/summary.json", "reference.part/suite/charts/time.svg", "reference/old"):
            measure.write_text(os.path.join(self.folder, name), "x")
        measure.write_text(os.path.join(source, "suite/context.json"), f'"{source}/suite" "{source}/probes/mix" "/nowhere/bench_none" "{publish.TOP}/docs"')
        publish.publish(source, target, "/nowhere")
        with open(os.path.join(target, "context.json"), encoding="utf-8") as file:
            self.assertEqual(file.read(), '"results/reference" "results/reference/probes/mix" "build/release/bench_none" "./docs"')
        found = sorted(os.path.relpath(os.path.join(where, name), target) for where, _, names in os.walk(target) for name in names)
        self.assertEqual(found, ["charts/time.svg", "context.json", "findings.md", "probes/mix/summary.json", "samples.jsonl.gz", "summary.json"])
        self.assertEqual(os.listdir(self.folder), ["reference"])


class Committed(unittest.TestCase):
    def test_the_committed_page_is_made_of_the_committed_figures(self):
        folder = os.path.join(SOURCE, publish.REFERENCE)
        if not os.path.exists(os.path.join(folder, "reference.json")):
            self.skipTest("the committed reference is from before scripts/reference")
        with open(os.path.join(folder, "findings.md"), encoding="utf-8") as file:
            self.assertEqual(file.read(), page.page(FINDINGS, Evidence(folder)), "scripts/reference --rewrite makes it anew")


if __name__ == "__main__":
    unittest.main()
