"""Whether the list of bugs is complete and every patch applies; and patches whose surroundings have moved, written anew."""

import os
import re
import shutil
import subprocess

from bugs import LOST_KILL, git_apply, notes, strategies_known
from failure import Failure
from files import ROOT, WORK

BUGS_MIN, CITED_MIN, REPLAYED_MIN = 48, 16, 12
REQUIRED = ("Bug", "Breaks", "Class", "Strategies", "Expected")
OPTIONAL = ("After", "Replay")
EXPECTED = re.compile(r"violation [a-z_-]+|assertion|sanitizer|timeout|unit test|digests|none|lost kill of ([a-z-]+)")


def header_faults(bug, names, known):
    for key in REQUIRED:
        if not bug.fields.get(key):
            yield f"no {key}:"
    for key in bug.fields:
        if key and key not in REQUIRED + OPTIONAL:
            yield f"unknown field {key}:"
    if not re.fullmatch(r"\d\d-" + re.escape(bug.name) + r"\.patch", bug.file):
        yield f"the file is not called NN-{bug.name}.patch"
    for strategy in bug.strategies:
        if strategy not in known:
            yield f"unknown strategy {strategy}; there are: {' '.join(known)}"
    if bug.fields.get("Replay") and bug.fields["Replay"] not in bug.strategies:
        yield "Replay: names none of its strategies"
    if not EXPECTED.fullmatch(bug.expected):
        yield f"Expected: found '{bug.expected}', accepted: {EXPECTED.pattern}"
    if bug.sibling(LOST_KILL) and bug.sibling(LOST_KILL) not in names:
        yield f"there is no bug {bug.sibling(LOST_KILL)}"
    if len(re.findall(r"^@@ ", bug.diff, re.M)) != 1:
        yield "not one hunk"


def check(bugs):
    known, names = strategies_known(), [bug.name for bug in bugs]
    faults = []
    for bug in bugs:
        faults += [f"{bug.file}: {fault}" for fault in header_faults(bug, names, known)]
        refused = git_apply(ROOT, bug, "--check")
        if refused:
            faults.append(f"{bug.file}: does not apply; scripts/score --refresh mends what has only moved\n{refused}")
    faults += [f"two bugs are called {name}" for name in sorted(set(names)) if names.count(name) > 1]
    faults += [f"survivors: there is no bug {name}" for name, _ in notes() if name not in names]
    for count, least, what in ((len(bugs), BUGS_MIN, "bugs"),
                               (sum("After" in bug.fields for bug in bugs), CITED_MIN, "bugs with After:"),
                               (sum("Replay" in bug.fields for bug in bugs), REPLAYED_MIN, "bugs with Replay:")):
        if count < least:
            faults.append(f"{count} {what}, at least {least} are wanted")
    if faults:
        raise Failure("\n".join(faults))
    print(f"{len(bugs)} planted bugs, all apply")


def refresh(bugs):
    """Writes the hunk of each patch anew, for a tree in which its lines or their surroundings have moved."""
    for bug in bugs:
        if git_apply(ROOT, bug, "--check") is None:
            continue
        scratch = os.path.join(WORK, "refresh")
        shutil.rmtree(scratch, ignore_errors=True)
        for side in "ab":
            os.makedirs(os.path.join(scratch, side, os.path.dirname(bug.target)))
            shutil.copy(os.path.join(ROOT, bug.target), os.path.join(scratch, side, bug.target))
        done = subprocess.run(["patch", "-p1", "-s", "-f", "-F3", "--no-backup-if-mismatch", "-i", bug.path],
                              cwd=os.path.join(scratch, "b"), capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{bug.file}: by hand, {done.stdout.strip()}")
            continue
        diff = subprocess.run(["diff", "-u", f"a/{bug.target}", f"b/{bug.target}"], cwd=scratch, capture_output=True, text=True).stdout
        diff = re.sub(r"^(---|\+\+\+) (\S+)\t.*$", r"\1 \2", diff, flags=re.M)
        with open(bug.path, "w", encoding="utf-8") as file:
            file.write(bug.text.partition("\ndiff --git ")[0] + f"\ndiff --git a/{bug.target} b/{bug.target}\n" + diff)
        print(f"{bug.file}: refreshed")
