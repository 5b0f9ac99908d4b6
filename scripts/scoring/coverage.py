"""Which lines ran, and whether a bug made others run."""

import os
import subprocess

from failure import run
from kills import REPLAY_SECONDS_MAX, replaying


def line_counts(tree, program, inputs, folder):
    """How often each line ran: {file: {line: count}}; None when the program did not come to its end."""
    os.makedirs(folder, exist_ok=True)
    raw, merged = os.path.join(folder, "raw"), os.path.join(folder, "merged")
    environment = dict(os.environ, LLVM_PROFILE_FILE=raw)
    try:
        done = subprocess.run(replaying(program, inputs), env=environment, capture_output=True, timeout=REPLAY_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0:
        return None
    suffix = tree.compiler.partition("clang")[2]
    run([f"llvm-profdata{suffix}", "merge", "-o", merged, raw], log=True)
    lcov = run([f"llvm-cov{suffix}", "export", "-format=lcov", f"-instr-profile={merged}", program], log=True).stdout
    counts, lines = {}, {}
    for line in lcov.splitlines():
        if line.startswith("SF:"):
            lines = counts.setdefault(os.path.relpath(line[3:], tree.folder), {})
        elif line.startswith("DA:"):
            number, count = line[3:].split(",")[:2]
            lines[int(number)] = int(count)
    return counts


def was_reached(counts, bug):
    lines = counts.get(bug.target, {})
    return any(lines.get(number, 0) > 0 for number in bug.old_lines())


def depends_on_the_clock(folder):
    """The lines whose counts differ from run to run: {(file, line)}."""
    found = set()
    for top in ("strategies", "fuzz"):
        for inner, _, files in os.walk(os.path.join(folder, top)):
            for name in files:
                if name.endswith((".c", ".h")):
                    path = os.path.join(inner, name)
                    with open(path, encoding="utf-8") as file:
                        found |= {(os.path.relpath(path, folder), number) for number, line in enumerate(file, 1) if "_ns" in line}
    return found


def was_triggered(before, after, bug, ignored):
    """Whether lines other than the changed ones ran more or less often than without the bug. The hunk shifts what is behind it."""
    start, hunk = bug.hunk()
    end = start + sum(kind != "+" for kind, _ in hunk)
    shift = sum(kind == "+" for kind, _ in hunk) - sum(kind == "-" for kind, _ in hunk)
    for name, lines in before.items():
        for number, count in lines.items():
            if name == bug.target and start <= number < end or (name, number) in ignored:
                continue
            moved = number + (shift if name == bug.target and number >= end else 0)
            if after.get(name, {}).get(moved, 0) != count:
                return True
    return False
