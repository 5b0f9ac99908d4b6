#!/usr/bin/env python3
"""test_page.py RECLAIM RUN: report.html of a run, as a browser shows it. Exits with 77 where there is no Chromium."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import browser

BYTES_MAX = 5_000_000
HOSTILE = "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'>\"'&"

# The values of a column of a table in the order of its lines; null where a cell knows none.
COLUMN = """(function (table, title) {
  var heads = Array.from(document.querySelectorAll("table.sortable")[table].tHead.rows[0].cells);
  var column = heads.findIndex(function (head) { return head.textContent === title; });
  return Array.from(document.querySelectorAll("table.sortable")[table].tBodies[0].rows).map(function (row) {
    var value = row.cells[column].dataset.v;
    return value === "" ? null : value === undefined ? row.cells[column].textContent : Number(value);
  });
})"""
CLICK = """(function (table, title) {
  var heads = Array.from(document.querySelectorAll("table.sortable")[table].tHead.rows[0].cells);
  var head = heads.find(function (head) { return head.textContent === title; });
  head.querySelector("button").click();
  return head.getAttribute("aria-sort");
})"""


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="reclaim-page-")
        cls.folder = os.path.join(cls.root, "run")
        os.mkdir(cls.folder)
        with gzip.open(os.path.join(RUN, "samples.jsonl.gz"), "rb") as packed, open(os.path.join(cls.folder, "samples.jsonl"), "wb") as samples:
            shutil.copyfileobj(packed, samples)
        with open(os.path.join(RUN, "context.json"), encoding="utf-8") as file:
            context = json.load(file)
        context["machine"]["processor"] = HOSTILE
        context["command"].append(HOSTILE)
        with open(os.path.join(cls.folder, "context.json"), "w", encoding="utf-8") as file:
            json.dump(context, file)
        subprocess.run([RECLAIM, "report", cls.folder], check=True, stdout=subprocess.DEVNULL)
        cls.page = os.path.join(cls.folder, "report.html")
        with open(os.path.join(cls.folder, "summary.json"), encoding="utf-8") as file:
            cls.cells = json.load(file)["cells"]
        cls.window = browser.Browser(PROGRAM)

    @classmethod
    def tearDownClass(cls):
        cls.window.close()
        shutil.rmtree(cls.root)

    def setUp(self):
        self.window.resize(1280, 900)
        self.seconds = self.window.open(self.page)

    def evaluate(self, expression):
        return self.window.evaluate(expression)

    def column(self, table, title):
        return self.evaluate(f"{COLUMN}({table}, {json.dumps(title)})")

    def click(self, table, title):
        return self.evaluate(f"{CLICK}({table}, {json.dumps(title)})")

    def time_table(self):
        """The place of the table with the times, among those that sort."""
        return self.evaluate("Array.from(document.querySelectorAll('table.sortable')).findIndex("
                             "function (table) { return table.tHead.textContent.includes('First run'); })")

    def test_it_is_small_and_says_how_long_it_took(self):
        self.assertLess(os.path.getsize(self.page), BYTES_MAX)
        print(f"{os.path.getsize(self.page)} bytes, loaded in {self.seconds:.2f} s")

    def test_nothing_complains_and_nothing_is_fetched(self):
        self.click(self.time_table(), "Time")
        loud = [e for e in self.window.events
                if e["method"] in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")]
        fetched = [e["params"]["request"]["url"] for e in self.window.events if e["method"] == "Network.requestWillBeSent"]
        self.assertEqual(loud, [])
        self.assertEqual([url for url in fetched if not url.startswith(("data:", "file://" + self.page))], [])

    def test_every_workload_has_its_verdict(self):
        specs = list(dict.fromkeys(cell["spec"] for cell in self.cells))
        self.assertEqual(self.evaluate("Array.from(document.querySelectorAll('article h3')).map(e => e.textContent)"), specs)
        said = self.evaluate("Array.from(document.querySelectorAll('article dd:first-of-type')).map(e => e.textContent)")
        for spec, sentence in zip(specs, said, strict=True):
            self.assertRegex(sentence, "is the fastest|No difference found|Only .* is ranked|No verdict|Nothing is ranked", spec)

    def test_every_chart_is_a_picture_that_says_what_it_answers(self):
        pictures = self.window.draw_images()
        self.assertEqual(len(pictures), len([f for f in os.listdir(os.path.join(self.folder, "charts")) if f.endswith(".svg")]))
        self.assertTrue(all(alt.endswith("?") and drawn for alt, drawn in pictures), pictures)

    def test_a_click_sorts_and_another_turns_it_round(self):
        table = self.time_table()
        before = self.column(table, "Time")
        known = [value for value in before if value is not None]
        unknown = [None] * (len(before) - len(known))
        self.assertEqual(self.click(table, "Time"), "ascending")
        self.assertEqual(self.column(table, "Time"), sorted(known) + unknown)
        self.assertEqual(self.click(table, "Time"), "descending")
        self.assertEqual(self.column(table, "Time"), sorted(known, reverse=True) + unknown)
        self.click(table, "Workload")
        self.assertEqual(self.column(table, "Workload"), sorted(self.column(table, "Workload"), key=str.lower))
        self.assertEqual(self.evaluate(f"document.querySelectorAll('table.sortable')[{table}].querySelectorAll('[aria-sort]').length"), 1)

    def test_the_filter_leaves_the_rows_with_all_its_words(self):
        spec, row = self.cells[0]["spec"], self.cells[0]["strategy"]
        self.evaluate(f"""var filter = document.getElementById("filter");
            filter.value = {json.dumps(spec + " " + row)}; filter.dispatchEvent(new Event("input"))""")
        left = self.evaluate("Array.from(document.querySelectorAll('table.sortable tbody tr:not([hidden])')).map(e => e.textContent)")
        self.assertGreater(len(left), 0)
        self.assertTrue(all(spec in text and row in text for text in left))
        self.assertLess(len(left), self.evaluate("document.querySelectorAll('table.sortable tbody tr').length"))

    def test_a_phone_need_not_be_moved_sideways(self):
        self.window.resize(390, 844)
        self.window.open(self.page)
        self.assertLessEqual(self.evaluate("document.documentElement.scrollWidth"), 390)

    def test_paper_has_every_table(self):
        self.assertGreater(self.evaluate("document.querySelectorAll('details:not([open])').length"), 0)
        self.evaluate("document.getElementById('charts').remove()")  # the pictures take most of a minute
        self.window.print(os.path.join(self.root, "paper.pdf"))
        self.assertEqual(self.evaluate("document.querySelectorAll('details:not([open])').length"), 0)

    def test_texts_from_outside_stay_texts(self):
        self.assertIn(HOSTILE, self.evaluate("document.querySelector('.lead').textContent"))
        self.assertIn("onerror", self.evaluate("document.querySelector('#reproduce').textContent"))
        self.assertIsNone(self.evaluate("window.hit"))
        self.assertEqual(self.evaluate("document.scripts.length"), 1)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    RECLAIM, RUN = map(os.path.abspath, sys.argv[1:])
    PROGRAM = browser.find()
    if PROGRAM is None:
        print("skipped: there is no Chromium (package chromium)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
