#!/usr/bin/env python3
"""Prints the shape of heap snapshots as rows of the table in README.md beside this file.

    workloads/heaps/shape.py app.heapsnapshot.gz ...
"""

import gzip
import json
import sys


def main():
    print("| heap | objects | references | weak | bytes | objects in cycles | components | largest |")
    print("|---|---|---|---|---|---|---|---|")
    for path in sys.argv[1:]:
        print(row(path))


def row(path):
    sizes, edges, weak_count = read(path)
    cycles = [size for size in Components(edges).sizes if size > 1]
    share = 100 * sum(cycles) / len(sizes)
    name = path.rsplit("/", 1)[-1]
    return (f"| `{name}` | {len(sizes):,} | {sum(map(len, edges)):,} | {weak_count:,} | {sum(sizes):,} "
            f"| {sum(cycles):,} ({share:.1f}%) | {len(cycles):,} | {max(cycles, default=0):,} |")


def read(path):
    """Returns the size of each object, the list of what each refers to, and the number of weak references."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as file:
        snapshot = json.load(file)
    meta = snapshot["snapshot"]["meta"]
    node, edge = meta["node_fields"], meta["edge_fields"]
    weak = meta["edge_types"][edge.index("type")].index("weak")
    sizes = snapshot["nodes"][node.index("self_size")::len(node)]
    counts = snapshot["nodes"][node.index("edge_count")::len(node)]
    kinds = snapshot["edges"][edge.index("type")::len(edge)]
    targets = [place // len(node) for place in snapshot["edges"][edge.index("to_node")::len(edge)]]
    edges, next_edge = [], 0
    for count in counts:
        own = range(next_edge, next_edge + count)
        edges.append([targets[i] for i in own if kinds[i] != weak])
        next_edge += count
    return sizes, edges, kinds.count(weak)


class Components:
    """Tarjan's algorithm for strongly connected components, with a stack of its own instead of recursion."""

    def __init__(self, edges):
        self.edges = edges
        self.order = {}  # when each object was entered
        self.low = {}  # the earliest entered object of its component that each is known to lead to
        self.open = []  # objects whose component is not complete
        self.is_open = set()
        self.path = []  # from where the walk started, each object with the references still to follow
        self.sizes = []
        for start in range(len(edges)):
            if start not in self.order:
                self.walk(start)

    def walk(self, start):
        self.enter(start)
        while self.path:
            index, rest = self.path[-1]
            target = next(rest, None)
            if target is None:
                self.leave(index)
            elif target not in self.order:
                self.enter(target)
            elif target in self.is_open:
                self.low[index] = min(self.low[index], self.order[target])

    def enter(self, index):
        self.order[index] = self.low[index] = len(self.order)
        self.open.append(index)
        self.is_open.add(index)
        self.path.append((index, iter(self.edges[index])))

    def leave(self, index):
        self.path.pop()
        if self.path:
            parent = self.path[-1][0]
            self.low[parent] = min(self.low[parent], self.low[index])
        if self.low[index] == self.order[index]:
            self.close(index)

    def close(self, first):
        size = 0
        while first in self.is_open:
            self.is_open.discard(self.open.pop())
            size += 1
        self.sizes.append(size)


if __name__ == "__main__":
    main()
