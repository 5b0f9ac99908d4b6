#!/usr/bin/env python3
"""The score of the planted bugs, without a fuzzer: what it refuses, what it reads off a program that failed, what it keeps of earlier scores, what it draws."""

import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
import types
import unittest
import unittest.mock

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, f"{TOP}/scripts/scoring")
import bugs  # noqa: E402
import failure  # noqa: E402
import kills  # noqa: E402
import report  # noqa: E402
import results  # noqa: E402
import trees  # noqa: E402

SPEC = importlib.util.spec_from_file_location("scoring", f"{TOP}/scripts/scoring/__main__.py")
scoring = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(scoring)


def score(*arguments):
    return subprocess.run([sys.executable, f"{TOP}/scripts/score", *arguments], capture_output=True, text=True, check=False)


class Refused(unittest.TestCase):
    def test_a_compiler_that_is_not_there(self):
        """Before anything is built: once for all pairs."""
        done = score("--clang", "clang-99")
        self.assertEqual(done.returncode, 1)
        self.assertIn("missing: clang-99, llvm-profdata-99, llvm-cov-99.", done.stderr)

    def test_an_unknown_bug(self):
        done = score("--report", "no-such-bug")
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no bug 'no-such-bug'", done.stderr)

    def test_an_unknown_strategy(self):
        """It is not a score of the others."""
        done = score("--report", "--strategy", "refcount", "--strategy", "refcuont", "01")
        self.assertEqual(done.returncode, 2)
        self.assertIn("under 'refcuont', but under generational, refcount", done.stderr)

    def test_what_is_no_score(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write("{}")
            file.flush()
            done = score("--report", "--kept", file.name)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is no score", done.stderr)


class WhatFailed(unittest.TestCase):
    def test_the_first_that_speaks(self):
        for said, failed in (("fine\n", None),
                             ("violation: too-early: object 7\n==1==ERROR", "violation too-early"),
                             ("violation: mm_check: count of 3\n", "violation mm_check count"),
                             ("x.c:9: f: Assertion `a > 0 && \"twice\"' failed.", "assertion twice"),
                             ("SUMMARY: AddressSanitizer: heap-use-after-free a.c:1", "sanitizer heap-use-after-free"),
                             ("SUMMARY: AddressSanitizer: 48 byte(s) leaked in 1 allocation(s).", "sanitizer leak"),
                             ("SUMMARY: libFuzzer: timeout", "timeout"),
                             ("SUMMARY: libFuzzer: deadly signal", None)):
            self.assertEqual(kills.what_failed(said), failed, said)


class Kept(unittest.TestCase):
    def test_what_is_of_this_tree_stands(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "score.json")
            result = {"bug": "b", "strategy": "refcount", "key": ["tree", "patch", 60, 10], "complete": True, "runs": [{"seed": 1, "input": "/x", "key": []}]}
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"schema": results.SCHEMA, "results": [results.without_paths(result), {"bug": "c", "strategy": "none", "runs": []}]}, file)
            kept = results.read_kept(path)
        self.assertNotIn("input", kept["b", "refcount"]["runs"][0])
        self.assertTrue(scoring.is_whole(kept["b", "refcount"], ["tree", "patch", 60, 10]))
        self.assertFalse(scoring.is_whole(kept["b", "refcount"], ["another", "patch", 60, 10]))
        self.assertFalse(scoring.is_whole(dict(kept["b", "refcount"], complete=False), ["tree", "patch", 60, 10]))
        self.assertFalse(scoring.is_whole(kept["c", "none"], ["tree", "patch", 60, 10]))
        self.assertFalse(scoring.is_whole(None, []))


class Pairs(unittest.TestCase):
    """Of four bugs, one with an earlier result of another tree, and one of this very tree."""

    def score_all(self, worker):
        written = {}
        bug_of = {name: types.SimpleNamespace(name=name, strategies=["none"], expected="") for name in ("kept", "older", "new", "newer")}
        arguments = types.SimpleNamespace(jobs=1, key=lambda bug: "now", kept={("older", "none"): {"key": "then"}, ("kept", "none"): {"key": "now"}})
        with unittest.mock.patch.multiple(scoring, Worker=lambda *_: worker, read_result=lambda bug, _: written.get(bug.name), notes=dict,
                                          result_path=lambda bug, _: bug.name, write_file=lambda name, text: written.update({name: json.loads(text)})), \
                contextlib.redirect_stdout(io.StringIO()):
            scoring.score_all([(bug, "none") for bug in bug_of.values()], {}, arguments)

    def test_what_is_new_comes_first_and_what_is_renewed_is_done_for_good(self):
        done = []

        class Worker:
            def score(self, bug, strategy, _):
                done.append(f"score {bug.name}")
                return {"key": "now", "replay": "seen", "runs": [], "complete": False}

            def complete(self, bug, strategy, result):
                done.append(f"complete {bug.name}")
                return dict(result, complete=True)

        self.score_all(Worker())
        self.assertEqual(done, ["score new", "score newer", "complete new", "complete newer", "score older", "complete older"])

    def test_what_cannot_be_built_without_a_bug_ends_it(self):
        done = []

        class Worker:
            def score(self, bug, strategy, _):
                done.append(bug.name)
                raise failure.Fatal("the build without a bug failed")

        with self.assertRaises(failure.Fatal):
            self.score_all(Worker())
        self.assertEqual(done, ["new"])


class Chart(unittest.TestCase):
    def lines_of(self, results, notes):
        """What gnuplot is given: the lines of the data, and the arguments behind the picture."""
        drawn = {}
        with unittest.mock.patch.multiple(report, seeds_written=lambda: 45, notes=lambda: notes, write_file=lambda _, text: drawn.update(data=text),
                                          run=lambda command, **_: drawn.update(arguments=command[5:])):
            report.chart(results, "nowhere")
        return [line.split("\t") for line in drawn["data"].splitlines()], drawn["arguments"]

    def test_the_hardest_first_and_what_a_seed_kills_not_at_all(self):
        def result(bug, executions, replay=None):
            runs = [{"killed": count is not None, "executions": count} for count in executions]
            return {"bug": bug, "strategy": "none", "runs": runs, "replay": replay}

        lines, arguments = self.lines_of([
            result("equivalent", [None]), result("by-a-seed", [45, 3]), result("soon", [10, 100]), result("late", [7000, None]),
            result("known", [None], replay="violation"), {"bug": "not-fuzzed", "strategy": "none", "runs": [], "replay": "unit test"}],
            {("equivalent", "none"): "because"})
        self.assertEqual(lines, [["known (none)", "0", "?", "?", "?", "1", "by replay alone"], ["late (none)", "1", "7000", "7000", "7000", "0", "1 of 2 runs"],
                                 ["soon (none)", "2", "55.0", "10", "100", "0", ""], ["equivalent (none)", "3", "?", "?", "?", "2", "equivalent"]])
        self.assertEqual(arguments, ["45", "1"])


class Trees(unittest.TestCase):
    def test_a_build_that_is_put_back_keeps_its_links(self):
        """CMake makes them anew whenever it runs, and refuses to where a folder stands."""
        with tempfile.TemporaryDirectory() as folder:
            tree = trees.Tree(folder, "plain", "cc")
            tree.ready, tree.make = True, lambda *_: None
            os.makedirs(os.path.join(tree.build, "heaps"))
            os.symlink("heaps", os.path.join(tree.build, "link"))
            tree.make_unchanged("all")
            tree.restore()
            self.assertTrue(os.path.islink(os.path.join(tree.build, "link")))


class Bugs(unittest.TestCase):
    def test_the_lines_that_a_bug_changes(self):
        """Of one that only adds, the lines beside it."""
        bug = bugs.Bug.__new__(bugs.Bug)
        bug.diff = "a/x b/x\n@@ -10,4 +10,4 @@\n one\n-two\n+zwei\n three\n four"
        self.assertEqual(bug.old_lines(), [11])
        bug.diff = "a/x b/x\n@@ -10,2 +10,3 @@\n one\n+more\n two"
        self.assertEqual(bug.old_lines(), [10, 11])


if __name__ == "__main__":
    unittest.main()
