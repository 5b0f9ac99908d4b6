"""scripts/cost: reading callgrind's file, and what counts as grown. Run by ctest."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../scripts/cost")
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("cost", SCRIPT)
cost = importlib.util.module_from_spec(importlib.util.spec_from_loader("cost", loader))
loader.exec_module(cost)

CALLGRIND = """# callgrind format
version: 1
events: Ir Dr Dw
summary: 170 40 30

fl=(1) a.c
fn=(1) sweep
10 100 20 10
+3 20 5 5
cfn=(2) free
calls=2 0
11 999 99 99
* 10 5 5
fl=(2) b.c
fn=(2)
0 40 10 10

totals: 170 40 30
"""


def cell(instructions, data=10.0, **functions):
    return {"instructions": instructions, "data": data, "functions": functions}


class ReadingTest(unittest.TestCase):
    def test_totals_and_what_a_function_takes_itself(self):
        counts = cost.parse_counts(CALLGRIND.splitlines())
        self.assertEqual(counts, {"instructions": 170, "data": 70, "functions": {"sweep": 130, "free": 40}})

    def test_a_file_that_was_cut_is_refused(self):
        with self.assertRaisesRegex(cost.Problem, "no totals"):
            cost.parse_counts(CALLGRIND.splitlines()[:8])

    def test_nothing_counted_is_no_cost(self):
        with self.assertRaisesRegex(cost.Problem, "no function make_run"):
            cost.finish_counts({"instructions": 0, "data": 0, "functions": {}}, 100)

    def test_lists_of_specs(self):
        self.assertEqual(cost.split_specs("temps,pairs:n=1,payload=2,dom"), ["temps", "pairs:n=1,payload=2", "dom"])


class GateTest(unittest.TestCase):
    def judge(self, before, after, limit=0.03):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = cost.judge("key", before, after, limit)
        return code, said.getvalue()

    def test_growth_names_the_function(self):
        code, said = self.judge({"refcount temps": cell(100, free=50.0, malloc=50.0)},
                                {"refcount temps": cell(104, free=50.0, malloc=46.0, decay=8.0)})
        self.assertEqual(code, 1)
        self.assertIn("instructions +4.0%", said)
        self.assertLess(said.index("+8.00  decay"), said.index("-4.00  malloc"))

    def test_data_references_count_too(self):
        self.assertEqual(self.judge({"a b": cell(100, 10)}, {"a b": cell(100, 10.5)})[0], 1)

    def test_little_growth_and_any_gain_pass(self):
        before = {"a b": cell(100), "a c": cell(100)}
        code, said = self.judge(before, {"a b": cell(102.9), "a c": cell(50)})
        self.assertEqual(code, 0)
        self.assertIn("0 grew", said)
        self.assertIn("1 shrank", said)

    def test_new_cells_do_not_fail(self):
        code, said = self.judge({}, {"a b": cell(100)})
        self.assertEqual(code, 0)
        self.assertIn("1 are new", said)

    def test_shares(self):
        self.assertEqual(cost.share("3%"), 0.03)
        self.assertEqual(cost.share("0.03"), 0.03)
        with self.assertRaises(ValueError):
            cost.share("-1")


class FilesTest(unittest.TestCase):
    def test_what_is_written_is_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "baseline.json")
            value = {"key": {"a b": cell(1.5, free=1.0)}, "other": {}}
            cost.write_json(path, value)
            self.assertEqual(cost.read_baseline(path), value)
            self.assertEqual(os.listdir(folder), ["baseline.json"])

    def test_a_broken_baseline_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "baseline.json")
            with open(path, "w", encoding="utf-8") as file:
                file.write("{")
            with self.assertRaisesRegex(cost.Problem, "baseline.json cannot be read"):
                cost.read_baseline(path)

    def test_a_folder_without_programs(self):
        with self.assertRaisesRegex(cost.Problem, "has no programs bench_"):
            cost.cells_of("/nowhere", [], [])

    def test_missing_valgrind(self):
        path, os.environ["PATH"] = os.environ["PATH"], "/nowhere"
        try:
            with self.assertRaisesRegex(cost.Problem, "valgrind is missing"):
                cost.main(["--programs", "/nowhere"])
        finally:
            os.environ["PATH"] = path

    def test_the_committed_baseline_is_whole(self):
        with open(cost.BASELINE, encoding="utf-8") as file:
            for cells in json.load(file).values():
                for counts in cells.values():
                    self.assertGreater(counts["instructions"], 0)
                    self.assertGreater(counts["data"], 0)


if __name__ == "__main__":
    unittest.main()
