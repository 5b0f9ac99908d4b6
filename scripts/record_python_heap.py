#!/usr/bin/env python3
"""Records the shape of a running CPython program's heap as a V8 heap snapshot without its contents.

    import record_python_heap
    record_python_heap.record("app.heapsnapshot.gz")        records right here, for instance in a signal's handler

    python3 record_python_heap.py [--out FILE] [--type-names] app.py ...        records when the program ends
    python3 record_python_heap.py [--out FILE] [--type-names] -m module ...     the same

Needs CPython 3.9 or later and nothing beside this file. A name that ends in .gz makes a gzip file.

What is recorded
    Every object that the cycle collector tracks and everything reached from there by following references, strings
    and numbers included; its size as sys.getsizeof tells it; its kind; each reference. No string of the program's is
    written: no contents, no names of attributes, variables or files. The names of types are left out too, unless
    type_names asks for them, since those of a program's own classes may be private.

Roots
    Node 0 stands for the interpreter. It refers to each object that is held from where the collector cannot see: by a
    running function, the interpreter itself, or an extension. Such objects are told as the cycle collector tells
    them: their reference count is higher than the number of references to them that were found. Everything that is
    written can be reached from there; cyclic garbage that awaits collection cannot, and is left out.

What it does to the program
    It stands still while its objects are walked (about three seconds for a million): automatic collection and the
    switching of threads are suspended, and restored after. No collection is made and none of the program's code is
    run. Memory: about 180 bytes for each object, given back at the end. The file is written after that, while
    other threads run. A failure leaves no file behind, or the one that was there before.

Limits
    What an extension type does not show to the collector is missing, and what it holds so appears as held by node 0.
    So do the names and tables inside types, and the local names of functions. Keys that dictionaries share
    count as references of each. Objects that gc.freeze() has hidden are found only where others, or sys.modules,
    refer to them. This module is part of the program, and so of the recording. Not for builds without the global
    interpreter lock, nor for other implementations of Python.
"""

import array
import contextlib
import gc
import gzip
import itertools
import json
import operator
import os
import runpy
import sys
import types
import weakref

__all__ = ["record"]

DEFAULT_FILE = "heap-%d.heapsnapshot.gz"

# V8's own layout, so that its readers accept the file; what does not apply here is 0.
NODE_FIELDS = ["type", "name", "id", "self_size", "edge_count", "trace_node_id", "detachedness"]
NODE_KINDS = ["hidden", "array", "string", "object", "code", "closure", "regexp", "number", "native", "synthetic",
              "concatenated string", "sliced string", "symbol", "bigint", "object shape"]
EDGE_FIELDS = ["type", "name_or_index", "to_node"]
EDGE_KINDS = ["context", "element", "property", "internal", "hidden", "shortcut", "weak"]

# The first entry that a type is derived from decides.
KIND_OF_TYPES = [
    ((str,), "string"),
    ((int, float, complex), "number"),
    ((bytes, bytearray, memoryview, array.array), "native"),
    ((list, tuple, dict, set, frozenset), "array"),
    ((types.FunctionType, types.BuiltinFunctionType, types.MethodType), "closure"),
    ((types.CodeType,), "code"),
    ((type,), "object shape"),
    ((object,), "object"),
]

# A code object does not show these to the collector, but holds them. Its other attributes are made when asked for.
CODE_REFERENCES = ("co_consts", "co_names", "co_filename", "co_name", "co_qualname")

# Written at a time; enough to make the calls cheap.
LINES_PER_WRITE = 8192


def record(path, type_names=False):
    """Writes the shape of this process's heap to `path`; returns the number of objects and of references.

    `type_names` adds the name of each object's type. Raises OSError when the file cannot be written, which then
    does not exist, or is what it was before.
    """
    _check_interpreter()
    collecting, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(1000)
    try:
        heap = _walk(type_names)
    finally:
        sys.setswitchinterval(interval)
        if collecting:
            gc.enable()
    _write_whole(os.fspath(path), heap)
    return len(heap.sizes) - 1, len(heap.targets)


def _check_interpreter():
    if sys.implementation.name != "cpython":
        raise RuntimeError(f"expected CPython, this is {sys.implementation.name}")
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        raise RuntimeError("expected an interpreter with its global lock, which keeps the heap still")


class _Heap:
    """The graph as it is written. Object 0 is the interpreter; `first` and `targets` are rows of references."""

    def __init__(self):
        self.kinds = bytearray()
        self.names = array.array("I")  # indices into `strings`
        self.sizes = array.array("Q")
        self.first = array.array("Q", [0])
        self.targets = array.array("I")
        self.weak = {}  # from a weak reference to what it refers to
        self.strings = [""]

    def add(self, kind, name, size, targets):
        self.kinds.append(NODE_KINDS.index(kind))
        self.names.append(name)
        self.sizes.append(size)
        self.targets.extend(targets)
        self.first.append(len(self.targets))


def _walk(type_names):
    """Finds the objects and their references, and copies what is kept of them."""
    objects, first, targets, weak = _find_objects()
    roots = _find_roots(objects, targets)
    number = _number_reachable(roots, first, targets)
    heap = _Heap()
    describe = _Describer(heap, type_names)
    heap.add("synthetic", 0, 0, [number[root] for root in roots])
    for index, thing in enumerate(objects):
        if number[index] == 0:
            continue
        row = targets[first[index]:first[index + 1]]
        heap.add(*describe(thing), [number[target] for target in row])
        if index in weak and number[weak[index]] != 0:
            heap.weak[number[index]] = number[weak[index]]
    return heap


# ---- finding the objects -----------------------------------------------------------------------------------------


def _find_objects():
    """Returns the objects, the rows of references between them, and the weak references.

    Objects are told apart by their addresses, which stay theirs since the list holds them. What this function itself
    needs is not part of the program: it has the number -1.
    """
    first, targets, weak, number = array.array("Q", [0]), array.array("I"), {}, {}
    objects = gc.get_objects()
    objects.append(sys.modules)
    for own in (first, targets, weak, number, objects):
        number[id(own)] = -1
    objects = _number_tracked(objects, number)
    number[id(objects)] = -1
    for index, thing in enumerate(objects):  # which grows meanwhile
        for referent in _references(thing):
            target = number.get(id(referent))
            if target is None:
                target = number[id(referent)] = len(objects)
                objects.append(referent)
            if target >= 0:
                targets.append(target)
        first.append(len(targets))
        if issubclass(type(thing), weakref.ReferenceType):
            weak[index] = id(weakref.ReferenceType.__call__(thing))
    dead = id(None)
    weak = {i: number[a] for i, a in weak.items() if a != dead and number.get(a, -1) >= 0}
    return objects, first, targets, weak


def _number_tracked(candidates, number):
    """Returns the candidates that have no number yet, and numbers them."""
    objects = []
    for thing in candidates:
        if id(thing) not in number:
            number[id(thing)] = len(objects)
            objects.append(thing)
    return objects


def _references(thing):
    kind = type(thing)
    if kind is types.CodeType:
        return [getattr(thing, name) for name in CODE_REFERENCES if hasattr(thing, name)]
    referents = gc.get_referents(thing)
    if issubclass(kind, dict) and not _shows_keys(thing, referents):
        referents.extend(dict.keys(thing))
    return referents


def _shows_keys(dictionary, referents):
    """A dictionary hides its keys from the collector as long as all are strings, which cannot be part of a cycle."""
    for key in dict.keys(dictionary):
        return _occurrences(key, referents) > _occurrences(key, dict.values(dictionary))
    return True


def _occurrences(thing, things):
    return sum(map(operator.is_, things, itertools.repeat(thing)))


def _find_roots(objects, targets):
    """Returns the indices of the objects that are held by more than the references found."""
    found = array.array("I", bytes(targets.itemsize * len(objects)))
    for target in targets:
        found[target] += 1
    own = _reference_counts([object()])[0]
    return [index for index, count in enumerate(_reference_counts(objects)) if count - own > found[index]]


def _reference_counts(objects):
    """Reads the counts, which include the list's reference and those of this very function."""
    counts = array.array("Q")
    for thing in objects:
        counts.append(sys.getrefcount(thing))
    return counts


def _number_reachable(roots, first, targets):
    """Returns each object's number in the file, from 1 in the order they have, or 0 for one that no root leads to."""
    number = array.array("I", bytes(targets.itemsize * (len(first) - 1)))
    pending = list(roots)
    for root in roots:
        number[root] = 1
    while pending:
        index = pending.pop()
        for target in targets[first[index]:first[index + 1]]:
            if number[target] == 0:
                number[target] = 1
                pending.append(target)
    reached = 0
    for index, mark in enumerate(number):
        reached += mark
        number[index] = reached if mark else 0
    return number


# ---- describing an object ----------------------------------------------------------------------------------------


class _Describer:
    """Tells an object's kind, the index of its type's name, and its size, without running any code of the program's."""

    def __init__(self, heap, type_names):
        self.heap = heap
        self.type_names = type_names
        self.known = {}  # by the type's address: its kind, the index of its name, how to measure its objects

    def __call__(self, thing):
        kind = type(thing)
        if id(kind) not in self.known:
            self.known[id(kind)] = (_kind_of(kind), self.name_of(kind), _measure_of(kind))
        name, index, measure = self.known[id(kind)]
        return name, index, measure(thing)

    def name_of(self, kind):
        if not self.type_names:
            return 0
        self.heap.strings.append(type.__dict__["__qualname__"].__get__(kind))
        return len(self.heap.strings) - 1


def _kind_of(kind):
    return next(name for types_, name in KIND_OF_TYPES if issubclass(kind, types_))


def _measure_of(kind):
    """sys.getsizeof, unless a class of the program's would answer it."""
    for base in type.__dict__["__mro__"].__get__(kind) or ():  # an extension may forget to complete a type
        method = type.__dict__["__dict__"].__get__(base).get("__sizeof__")
        if method is not None:
            return _size if type(method) is types.MethodDescriptorType else object.__sizeof__
    return object.__sizeof__


def _size(thing):
    try:
        return sys.getsizeof(thing)
    except Exception:  # an extension's mistake, which must not cost the recording
        return object.__sizeof__(thing)


# ---- writing -----------------------------------------------------------------------------------------------------


def _write_whole(path, heap):
    """Writes beside `path` and renames, so that there is never half a file."""
    temporary = f"{path}.{os.getpid()}.part"
    try:
        with open(temporary, "wb") as file:
            if path.endswith(".gz"):
                with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                    _write(packed, heap)
            else:
                _write(file, heap)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _write(file, heap):
    header = json.dumps(_header(len(heap.sizes), len(heap.targets) + len(heap.weak)), separators=(",", ":"))
    file.write(f'{{"snapshot":{header}'.encode())
    _write_section(file, "nodes", _node_lines(heap))
    _write_section(file, "edges", _edge_lines(heap))
    for empty in ("trace_function_infos", "trace_tree", "samples", "locations"):
        _write_section(file, empty, iter(()))
    _write_section(file, "strings", map(json.dumps, heap.strings))
    file.write(b"}\n")


def _write_section(file, name, lines):
    file.write(f',\n"{name}":['.encode())
    separator = ""
    while some := list(itertools.islice(lines, LINES_PER_WRITE)):
        file.write((separator + "\n,".join(some)).encode())
        separator = "\n,"
    file.write(b"]")


def _header(node_count, edge_count):
    meta = {
        "node_fields": NODE_FIELDS,
        "node_types": [NODE_KINDS, "string", "number", "number", "number", "number", "number"],
        "edge_fields": EDGE_FIELDS,
        "edge_types": [EDGE_KINDS, "string_or_number", "node"],
        "trace_function_info_fields": ["function_id", "name", "script_name", "script_id", "line", "column"],
        "trace_node_fields": ["id", "function_info_index", "count", "size", "children"],
        "sample_fields": ["timestamp_us", "last_assigned_id"],
        "location_fields": ["object_index", "script_id", "line", "column"],
    }
    return {"meta": meta, "node_count": node_count, "edge_count": edge_count, "trace_function_count": 0}


def _node_lines(heap):
    for index, (kind, name, size) in enumerate(zip(heap.kinds, heap.names, heap.sizes)):
        edge_count = heap.first[index + 1] - heap.first[index] + (index in heap.weak)
        yield f"{kind},{name},{2 * index + 1},{size},{edge_count},0,0"


def _edge_lines(heap):
    sequences = (NODE_KINDS.index("array"), NODE_KINDS.index("synthetic"))
    element, attribute, weak = map(EDGE_KINDS.index, ("element", "property", "weak"))
    for index, kind in enumerate(heap.kinds):
        edge = element if kind in sequences else attribute
        for target in heap.targets[heap.first[index]:heap.first[index + 1]]:
            yield f"{edge},0,{target * len(NODE_FIELDS)}"
        if index in heap.weak:
            yield f"{weak},0,{heap.weak[index] * len(NODE_FIELDS)}"


# ---- the command -------------------------------------------------------------------------------------------------

USAGE = "usage: record_python_heap.py [--out FILE] [--type-names] PROGRAM.py|-m MODULE [ARGUMENT...]"


def _main(words):
    path, type_names = DEFAULT_FILE % os.getpid(), False
    while words and words[0] in ("--out", "--type-names"):
        option = words.pop(0)
        if option == "--type-names":
            type_names = True
        elif words:
            path = words.pop(0)
    is_module = words[:1] == ["-m"]
    program = words[is_module:]
    if not program or program[0].startswith("-"):
        sys.exit(USAGE)
    # What the program leaves behind is recorded while something still holds it: the result holds its variables, or the
    # exception that ended it holds its running functions.
    try:
        kept = _run(program, is_module)
    finally:
        _record_and_report(path, type_names)
    del kept


def _run(program, is_module):
    sys.argv = program
    if is_module:
        sys.path[0] = os.getcwd()
        return runpy.run_module(program[0], run_name="__main__", alter_sys=True)
    sys.path[0] = os.path.dirname(os.path.abspath(program[0]))
    return runpy.run_path(program[0], run_name="__main__")


def _record_and_report(path, type_names):
    try:
        objects, references = record(path, type_names)
        print(f"record_python_heap: wrote {path}, {objects} objects, {references} references", file=sys.stderr)
    except (OSError, RuntimeError) as error:
        print(f"record_python_heap: cannot record to {path}: {error}", file=sys.stderr)


if __name__ == "__main__":
    _main(sys.argv[1:])
