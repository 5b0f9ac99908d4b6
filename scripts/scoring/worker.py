"""One bug under one strategy: killed or not, by what, and what the sanitizers alone see of it."""

import json
import os

from bugs import DIGESTS, LOST_KILL, UNIT_TEST, notes
from coverage import depends_on_the_clock, line_counts, was_reached, was_triggered
from failure import Failure, run
from files import WORK, contents, read_json, write_file
from kills import REPLAY_SECONDS_MAX, blame, fuzz, minimise, replay, replay_each, replay_find
from results import SCHEMA, kill_count, killed, run_folder
from trees import Tree, commit

OPERATIONS_SHORT, MINIMISED_MAX = 10, 3  # a case this short is short enough; how many finds are tried for one
SURVIVED_MAX = 3  # seeds without any kill, after which the rest of them is not tried


def unchanged_program(tree, strategy, *others):
    """The program without any bug."""
    tree.make_unchanged(f"replay_{strategy}_ops", "fuzz_seeds", *others)
    return tree.program(f"replay_{strategy}_ops", unchanged=True)


class Worker:
    """The trees of one thread."""

    def __init__(self, number, arguments):
        self.folder = os.path.join(WORK, f"worker-{number}")
        self.arguments = arguments
        self.trees = {flavour: Tree(os.path.join(self.folder, flavour), flavour, arguments.clang) for flavour in ("fuzz", "bare", "cover")}
        self.sound, self.covered = set(), {}

    def score(self, bug, strategy, others):
        result = {"schema": SCHEMA, "bug": bug.name, "strategy": strategy, "class": bug.fields["Class"], "expected": bug.expected,
                  "key": self.arguments.key(bug), "commit": commit(), "runs": [], "replay": None, "bare": None, "operations": None, "text": None}
        if bug.expected == UNIT_TEST:
            result["replay"] = self.unit_test(bug)
        elif bug.expected == DIGESTS:
            result["replay"] = self.digests(bug)
        elif bug.sibling(LOST_KILL):
            result["replay"] = self.lost_kill(bug, strategy, others[bug.sibling(LOST_KILL)])
        else:
            self.fuzz(bug, strategy, result)
            if not killed(result) and bug.fields["Class"].startswith("harness"):
                result["replay"] = self.unit_test(bug)
            result["complete"] = False
        return result

    def complete(self, bug, strategy, result):
        """What else is told of a kill or a survivor; the builds for that are as dear as the kill."""
        self.coverage(bug, strategy, result)
        self.bare(bug, strategy, result)
        result["complete"] = True
        return result

    def built(self, tree, *targets):
        problem = tree.make(*targets)
        if problem:
            raise Failure(f"the build failed:\n{problem}")

    def unit_test(self, bug):
        tree = self.trees["fuzz"]
        tree.make_unchanged("test_fuzz")
        with tree.patched(bug):
            self.built(tree, "test_fuzz")
            done = run([tree.program("test_fuzz")], timeout=REPLAY_SECONDS_MAX)
            return UNIT_TEST if done.returncode != 0 else None

    def digests(self, bug):
        tree = self.trees["fuzz"]
        programs = [f"replay_{strategy}_ops" for strategy in bug.strategies]
        tree.make_unchanged("fuzz_seeds", *programs)
        with tree.patched(bug):
            self.built(tree, "fuzz_seeds", *programs)
            done = run([os.path.join(tree.folder, "fuzz", "compare_digests.sh"), *map(tree.program, programs), "--", *tree.corpora()])
            return DIGESTS if done.returncode != 0 else None

    def replay_kills(self, strategy, *bugs):
        tree = self.trees["fuzz"]
        unchanged_program(tree, strategy)
        with tree.patched(*bugs):
            self.built(tree, f"replay_{strategy}_ops", "fuzz_seeds")
            return replay_each(tree.program(f"replay_{strategy}_ops"), tree.corpora())

    def lost_kill(self, bug, strategy, other):
        """A bug that blinds the harness is seen by the inputs that no longer kill another, or that only something else sees then."""
        alone, blinded = self.replay_kills(strategy, other), self.replay_kills(strategy, other, bug)
        lost = sorted((blinded[path] or "nothing", alone[path]) for path in alone if alone[path] and blinded[path] != alone[path])
        lost.sort(key=lambda kinds: kinds[0] != "nothing")
        return f"lost kill: {lost[0][0]} instead of {lost[0][1]}" if lost else None

    def fuzz(self, bug, strategy, result):
        tree = self.trees["fuzz"]
        unchanged = unchanged_program(tree, strategy, f"ops_{strategy}", "fuzz_minimise", "fuzz_text")
        failed = None if strategy in self.sound else replay(unchanged, tree.corpora())
        if failed:
            raise Failure(f"the unchanged program fails on the corpus: {failed}")
        self.sound.add(strategy)
        with tree.patched(bug):
            self.built(tree, f"ops_{strategy}", f"replay_{strategy}_ops", "fuzz_seeds", "fuzz_minimise", "fuzz_text")
            result["replay"], find = replay_find(tree.program(f"replay_{strategy}_ops"), tree.corpora())
            result["replay"] = result["replay"] or self.replay_otherwise(strategy)
            tries = 1 if (bug.name, strategy) in notes() else SURVIVED_MAX
            for seed in range(1, self.arguments.seeds + 1):
                result["runs"].append(self.fuzz_once(bug, strategy, seed, unchanged))
                if len(result["runs"]) == tries and not kill_count(result):
                    break
            finds = {contents(done["input"]): done["input"] for done in result["runs"] if done["input"]}
            self.minimise(strategy, sorted(finds.values(), key=os.path.getsize) + [find] * bool(find), result)

    def replay_otherwise(self, strategy):
        """The other targets of the corpus of operation programs, as the tests replay them: each allocation fails once, each collects."""
        tree = self.trees["fuzz"]
        for kind in ("oom", "stress"):
            program = f"replay_{strategy}_{kind}"
            self.built(tree, program)
            what = replay(tree.program(program), tree.corpora()[:1])
            if what:
                return f"{what} ({kind})"
        return None

    def fuzz_once(self, bug, strategy, seed, unchanged):
        """The run that is there already, or a new one."""
        tree, folder = self.trees["fuzz"], run_folder(bug, strategy, seed)
        kept, key = read_json(os.path.join(folder, "run.json")), self.arguments.run_key(bug)
        if kept is None or kept["key"] != key:
            kept = dict(blame(fuzz(tree, strategy, seed, self.arguments.seconds, folder), tree.program(f"replay_{strategy}_ops"), unchanged), key=key)
            write_file(os.path.join(folder, "run.json"), json.dumps(kept) + "\n")
        return kept

    def minimise(self, strategy, finds, result):
        """The shortest case of the shortest finds; the one that the corpus has comes last."""
        folder = os.path.join(self.folder, "minimised")
        os.makedirs(folder, exist_ok=True)
        for find in finds[:MINIMISED_MAX - 1] + finds[MINIMISED_MAX - 1:][-1:]:
            operations, text = minimise(self.trees["fuzz"], strategy, find, folder)
            if operations is not None and (result["operations"] is None or operations < result["operations"]):
                result["operations"], result["text"] = operations, text
            if result["operations"] is not None and result["operations"] <= OPERATIONS_SHORT:
                break

    def kept_inputs(self, bug, strategy):
        folders = [os.path.join(run_folder(bug, strategy, seed), "corpus") for seed in range(1, self.arguments.seeds + 1)]
        return [folder for folder in folders if os.path.isdir(folder) and os.listdir(folder)]

    def coverage(self, bug, strategy, result):
        tree, scratch = self.trees["cover"], os.path.join(self.folder, "coverage")
        program = unchanged_program(tree, strategy)
        if strategy not in self.covered:
            self.covered[strategy] = line_counts(tree, program, tree.corpora(), scratch)
        before = self.covered[strategy]
        result["reached_by_corpus"] = before is not None and was_reached(before, bug)
        if killed(result):
            result["reached"] = result["triggered"] = True
            return
        inputs = tree.corpora() + self.kept_inputs(bug, strategy)
        before = line_counts(tree, program, inputs, scratch)
        ignored = depends_on_the_clock(tree.folder)
        with tree.patched(bug):
            self.built(tree, f"replay_{strategy}_ops")
            after = line_counts(tree, tree.program(f"replay_{strategy}_ops"), inputs, scratch)
        result["reached"] = before is not None and was_reached(before, bug)
        result["triggered"] = result["reached"] and (after is None or was_triggered(before, after, bug, ignored))

    def bare(self, bug, strategy, result):
        if not killed(result):
            return
        tree = self.trees["bare"]
        unchanged_program(tree, strategy)
        finds = [done["input"] for done in result["runs"] if done["input"]]
        with tree.patched(bug):
            self.built(tree, f"replay_{strategy}_ops", "fuzz_seeds")
            result["bare"] = replay(tree.program(f"replay_{strategy}_ops"), finds + tree.corpora()) or "nothing"
