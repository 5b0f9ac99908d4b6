#!/usr/bin/env python3
"""Tests scripts/record_python_heap.py on programs run in processes of their own."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

RECORDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "record_python_heap.py")


# Two runs of one interpreter differ by what its caches, which go by addresses, happen to hold.
SLACK = 100


class Snapshot:
    """A snapshot as numbers, checked for consistency."""

    def __init__(self, path):
        with (gzip.open if path.endswith(".gz") else open)(path, "rt") as file:
            self.text = file.read()
        document = json.loads(self.text)
        meta = document["snapshot"]["meta"]
        node, edge = meta["node_fields"], meta["edge_fields"]
        self.strings = document["strings"]
        self.names = document["nodes"][node.index("name")::len(node)]
        self.kinds = [meta["node_types"][0][kind] for kind in document["nodes"][::len(node)]]
        self.sizes = document["nodes"][node.index("self_size")::len(node)]
        counts = document["nodes"][node.index("edge_count")::len(node)]
        places = document["edges"][edge.index("to_node")::len(edge)]
        edge_kinds = [meta["edge_types"][0][kind] for kind in document["edges"][::len(edge)]]
        assert len(counts) == document["snapshot"]["node_count"]
        assert sum(counts) == len(places) == document["snapshot"]["edge_count"]
        assert all(place % len(node) == 0 for place in places)
        self.edges, self.weak = [], []
        edges = iter(zip(edge_kinds, places))
        for index, count in enumerate(counts):
            row = [next(edges) for _ in range(count)]
            self.edges.append([place // len(node) for kind, place in row if kind != "weak"])
            self.weak.extend((index, place // len(node)) for kind, place in row if kind == "weak")

    def edge_count(self):
        return sum(map(len, self.edges))

    def reachable(self):
        seen, pending = {0}, [0]
        while pending:
            for target in self.edges[pending.pop()]:
                if target not in seen:
                    seen.add(target)
                    pending.append(target)
        return seen


class RecorderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(self.folder, "app.heapsnapshot")

    def run_program(self, program, *words, recorder=(RECORDER,), options=()):
        """Runs a program under the recorder, in an empty folder."""
        with open(os.path.join(self.folder, "app.py"), "w") as file:
            file.write(textwrap.dedent(program))
        environment = dict(os.environ, PYTHONHASHSEED="1", PYTHONDONTWRITEBYTECODE="1",
                           PYTHONPATH=os.path.dirname(RECORDER))
        command = [sys.executable, *recorder, *(("--out", self.path) if recorder else ()), *options, "app.py", *words]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)

    def record(self, program, *words, **how):
        result = self.run_program(program, *words, **how)
        self.assertEqual(result.returncode, 0, result.stderr)
        return Snapshot(self.path)

    def test_everything_is_reachable_from_the_root(self):
        snapshot = self.record("import json, logging")
        self.assertEqual(len(snapshot.reachable()), len(snapshot.sizes))
        self.assertEqual((snapshot.kinds[0], snapshot.sizes[0]), ("synthetic", 0))

    def test_adding_objects_adds_exactly_these(self):
        program = """
            import sys
            class Node:
                __slots__ = ("next",)
            nodes = [Node() for _ in range(int(sys.argv[1]))]
            for i, node in enumerate(nodes):
                node.next = nodes[i - 1]
            del i, node
        """
        some, more = self.record(program, "1000"), self.record(program, "21000")
        self.assertAlmostEqual(len(more.sizes) - len(some.sizes), 20000, delta=SLACK)
        # from the list, to the next one, to the type
        self.assertAlmostEqual(more.edge_count() - some.edge_count(), 20000 * 3, delta=SLACK)

    def test_keys_of_dictionaries_are_references(self):
        program = """
            import sys
            table = {str(i) + suffix: None for i in range(int(sys.argv[1])) for suffix in "ab"}
        """
        some, more = self.record(program, "1000"), self.record(program, "11000")
        self.assertAlmostEqual(len(more.sizes) - len(some.sizes), 20000, delta=SLACK)
        self.assertAlmostEqual(more.edge_count() - some.edge_count(), 40000, delta=SLACK)  # keys and None

    def test_garbage_is_left_out(self):
        program = """
            import gc, sys
            gc.disable()
            ring = [[] for _ in range(int(sys.argv[1]))]
            for i, link in enumerate(ring):
                link.append(ring[i - 1])
            del ring, i, link
        """
        some, more = self.record(program, "10"), self.record(program, "20000")
        self.assertAlmostEqual(len(more.sizes), len(some.sizes), delta=SLACK)

    def test_no_contents_are_written(self):
        snapshot = self.record("""
            class PrivateClass:
                private_attribute = "private contents"
            instance = PrivateClass()
            table = {"private key": 987654321987654321}
        """)
        self.assertEqual(snapshot.strings, [""])
        self.assertNotIn("rivate", snapshot.text)
        self.assertNotIn("98765432", snapshot.text)

    def test_names_of_types_only_when_asked(self):
        snapshot = self.record("""
            class PrivateClass:
                pass
            instance = PrivateClass()
        """, options=("--type-names",))
        names = {snapshot.strings[name] for name in snapshot.names}
        self.assertLess({"PrivateClass", "dict", "str", "list"}, names)

    def test_weak_references_are_weak(self):
        program = """
            import sys, weakref
            class Thing: pass
            things = [Thing() for _ in range(int(sys.argv[1]))]
            weak = [weakref.ref(thing) for thing in things]
        """
        some, more = self.record(program, "10"), self.record(program, "110")
        self.assertEqual(len(more.weak) - len(some.weak), 100)

    def test_program_sees_its_own_words_and_name(self):
        result = self.run_program("import sys; print(__name__, sys.argv)", "--out", "x")
        self.assertEqual(result.stdout, "__main__ ['app.py', '--out', 'x']\n")

    def test_recorded_however_the_program_ends(self):
        for ending, code in (("sys.exit(3)", 3), ("raise ValueError('oops')", 1), ("pass", 0)):
            with self.subTest(ending=ending):
                result = self.run_program(f"import sys; data = [[] for _ in range(1000)]; {ending}")
                self.assertEqual(result.returncode, code)
                empty = sum(1 for i, kind in enumerate(Snapshot(self.path).kinds) if kind == "array")
                self.assertGreater(empty, 1000)
                os.unlink(self.path)

    def test_runs_modules(self):
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
        result = subprocess.run([sys.executable, RECORDER, "--out", self.path, "-m", "json.tool", "-"],
                                input="[1]", cwd=self.folder, env=environment, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertGreater(len(Snapshot(self.path).sizes), 1000)

    def test_live_program_records_and_goes_on_undisturbed(self):
        result = self.run_program("""
            import gc, sys, threading, record_python_heap
            before = gc.isenabled(), gc.get_threshold(), sys.getswitchinterval()
            stop = threading.Event()
            worker = threading.Thread(target=stop.wait)
            worker.start()
            gc.collect()
            first = record_python_heap.record("one.heapsnapshot.gz")
            second = record_python_heap.record("two.heapsnapshot.gz")
            stop.set()
            worker.join()
            assert before == (gc.isenabled(), gc.get_threshold(), sys.getswitchinterval())
            assert abs(first[0] - second[0]) < 50, (first, second)
            gc.disable()
            record_python_heap.record("two.heapsnapshot.gz")
            assert not gc.isenabled()
        """, recorder=())
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ["app.py", "one.heapsnapshot.gz", "two.heapsnapshot.gz"])
        Snapshot(os.path.join(self.folder, "one.heapsnapshot.gz"))

    def test_runs_none_of_the_programs_code(self):
        result = self.run_program("""
            import record_python_heap
            class Meta(type):
                def __getattribute__(cls, name): print("Meta", name); return type.__getattribute__(cls, name)
                def __instancecheck__(cls, thing): print("instance"); return True
            class Loud(dict, metaclass=Meta):
                def __getattribute__(self, name): print("get", name); return object.__getattribute__(self, name)
                def __sizeof__(self): print("size"); return 1
                def __eq__(self, other): print("eq"); return True
                def __hash__(self): print("hash"); return 1
                def __len__(self): print("len"); return 1
                def __iter__(self): print("iter"); return iter(())
                def keys(self): print("keys"); return []
                def __bool__(self): print("bool"); return True
                @property
                def __class__(self): print("class"); return int
            loud = Loud({"a": 1})
            record_python_heap.record("app.heapsnapshot")
        """, recorder=())
        self.assertEqual((result.stdout, result.stderr), ("", ""))

    def test_tells_what_cannot_be_written(self):
        self.path = os.path.join(self.folder, "missing", "app.heapsnapshot")
        result = self.run_program("print('ran')")
        self.assertEqual((result.returncode, result.stdout), (0, "ran\n"))
        self.assertIn("record_python_heap: cannot record to", result.stderr)
        self.assertEqual(os.listdir(self.folder), ["app.py"])

    def test_tells_how_it_is_used(self):
        for words in ([], ["--out"], ["--wrong", "app.py"], ["-m"]):
            result = subprocess.run([sys.executable, RECORDER, *words], capture_output=True, text=True)
            self.assertEqual(result.returncode, 1)
            self.assertIn("usage: record_python_heap.py", result.stderr)


if __name__ == "__main__":
    unittest.main()
