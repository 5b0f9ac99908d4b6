"""The planted bugs: patches of one hunk with a header, and what is said of those that survive."""

import os
import re
import subprocess

from files import ROOT

BUGS = os.path.join(ROOT, "fuzz", "bugs")
LOST_KILL, UNIT_TEST, DIGESTS = "lost kill of ", "unit test", "digests"


class Bug:
    def __init__(self, path):
        self.path = path
        self.file = os.path.basename(path)
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        head, _, self.diff = self.text.partition("\ndiff --git ")
        self.fields = dict(line.partition(": ")[::2] for line in head.splitlines())
        self.name = self.fields.get("Bug", "")
        self.expected = self.fields.get("Expected", "")
        self.strategies = self.fields.get("Strategies", "").split()
        self.target = self.diff.split()[0][2:] if self.diff else ""

    def sibling(self, prefix):
        return self.expected[len(prefix):] if self.expected.startswith(prefix) else None

    def hunk(self):
        """First line and lines of the hunk: (kind, text) with kind ' ', '-' or '+'."""
        start = int(re.search(r"^@@ -(\d+)", self.diff, re.M).group(1))
        body = self.diff.split("\n@@", 1)[1].split("\n")[1:]
        return start, [(line[:1] or " ", line[1:]) for line in body if line[:1] in " -+" and line]

    def old_lines(self):
        """The numbers of the lines that the bug changes in the unchanged file; of one that only adds, the line before and the one behind."""
        number, lines = self.hunk()
        changed, beside = [], []
        for kind, _ in lines:
            if kind == "+":
                beside += [number - 1, number]
            else:
                if kind == "-":
                    changed.append(number)
                number += 1
        return changed or beside


def strategies_known():
    with open(os.path.join(ROOT, "strategies", "CMakeLists.txt"), encoding="utf-8") as file:
        return re.findall(r"^reclaim_add_strategy\((\w+)", file.read(), re.M)


def read_bugs():
    return [Bug(os.path.join(BUGS, name)) for name in sorted(os.listdir(BUGS)) if name.endswith(".patch")]


def by_name(bugs):
    return {bug.name: bug for bug in bugs}


def git_apply(tree, bug, *options):
    """Applies the patch in `tree` as if no repository were around it. Returns what git has to say when it does not apply."""
    environment = dict(os.environ, GIT_CEILING_DIRECTORIES=os.path.dirname(tree), LC_ALL="C")
    if os.path.exists(os.path.join(tree, ".git")):
        environment.pop("GIT_CEILING_DIRECTORIES")
    done = subprocess.run(["git", "apply", "-p1", *options, bug.path], cwd=tree, env=environment, capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr.strip() or "git apply failed"


def notes():
    """What is said by hand of survivors: {(bug, strategy or ''): sentence}, from fuzz/bugs/survivors."""
    path, known = os.path.join(BUGS, "survivors"), {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    name, _, sentence = line.strip().partition(": ")
                    known[tuple((name.split() + [""])[:2])] = sentence
    return known
