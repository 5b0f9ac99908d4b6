"""The fixed subset of bugs that the corpus kills without a fuzzer."""

import os

from failure import Failure
from kills import replay
from trees import Tree


def replay_subset(bugs, folder):
    tree = Tree(os.path.join(folder, "tree"), "plain", os.environ.get("CC", "gcc"))
    lost = []
    for bug in bugs:
        strategy = bug.fields.get("Replay")
        if strategy:
            with tree.patched(bug):
                problem = tree.make(f"replay_{strategy}_ops", "fuzz_seeds")
                if problem:
                    raise Failure(f"{bug.file}: the build failed:\n{problem}")
                by = replay(tree.program(f"replay_{strategy}_ops"), tree.corpora())
            print(f"{bug.name} {strategy}: {by or 'SURVIVED'}", flush=True)
            lost += [] if by else [bug.name]
    if lost:
        raise Failure("the corpus no longer kills: " + " ".join(lost))
