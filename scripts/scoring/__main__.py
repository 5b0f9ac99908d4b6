"""How many of the planted bugs in fuzz/bugs do the fuzzers find, how soon, and what sees them?

Each bug is a patch of one hunk. For each of its strategies it is applied to a copy of the tree, the fuzz program is built with the
sanitizers, and two things are asked. Does replaying the committed corpus kill it (by `ops`; if not, what is written by hand by `oom` and
`stress`, as in the tests)? That is the same for every seed and counts as a kill after 0 executions. And how soon does fuzzing find it, once per seed? That starts from the seeds written by hand alone: the regressions
and the covering corpus know the bug already, or its like. A bug that neither kills has survived.

A fuzzing run, and then a result, is a file of its own, written when it is complete, so that a score which was killed goes on where it
stopped; what is older than the tree or the patch is made again. A score takes hours: with --kept the results of an earlier one, of the tree
that its column names, stand for what has not been run on this tree yet; what has neither is run first, and what is of this very tree is not run again. Seconds are those of one core (user and system), whatever else runs.

What the columns mean:
  reached    the changed lines ran: in the unchanged program on the committed corpus, or, for a bug that survived, on what fuzzing kept
  triggered  it was killed; or, on those same inputs, some other line ran more or less often than in the unchanged program
  detected   a run ended in a violation, a failed assertion, a sanitizer's report, a leak or a timeout, and which
  seeds      how many of the fuzzing runs killed it, and their executions and seconds: the median, the least and the most; what the first
             three have not killed is not tried with more, and what is known to survive, with the reason, once
  operations of the shortest program that kills it, after minimising
  tree       the commit whose fuzzers and strategies were run
  bare       what the sanitizers say to the inputs of the kills when assertions, verifier and model are off
Python 3.9, standard library only."""

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys

from bugs import DIGESTS, UNIT_TEST, by_name, notes, read_bugs
from check import check, refresh
from failure import Failure, Fatal, Usage
from files import ROOT, write_file
from report import report
from results import read_kept, read_result, result_path, seen_by
from subset import replay_subset
from trees import tree_digest
from worker import Worker


def pairs_of(bugs, arguments):
    for bug in bugs:
        strategies = [name for name in bug.strategies if not arguments.strategy or name in arguments.strategy]
        alone = bug.expected in (UNIT_TEST, DIGESTS) or arguments.first
        for strategy in strategies[:1] if alone else strategies:
            yield bug, strategy


def is_whole(kept, key):
    """Whether an earlier score has the result for this very tree. One that is not completed has lost the inputs that would complete it."""
    return kept is not None and kept["key"] == key and kept.get("complete", True)


def score_all(pairs, others, arguments):
    workers, total, fatal = queue.Queue(), len(pairs), []
    known = {name for name, _ in notes()}

    def turn(numbered):
        """Every bug once, then under its other strategies; what is known to take long, or to survive, comes last."""
        bug, strategy = numbered[1]
        return strategy != bug.strategies[0], bug.expected == "timeout" or bug.name in known

    def is_new(numbered):
        bug, strategy = numbered[1]
        return (bug.name, strategy) not in arguments.kept

    in_turn = sorted(enumerate(pairs, 1), key=turn)
    for number in range(arguments.jobs):
        workers.put(Worker(number, arguments))

    def one(numbered, completing):
        number, (bug, strategy) = numbered
        kept = read_result(bug, strategy)
        current = kept is not None and kept["key"] == arguments.key(bug)
        if not current and is_whole(arguments.kept.get((bug.name, strategy)), arguments.key(bug)):
            return
        if fatal or current != completing or current and kept.get("complete", True):
            return
        worker = workers.get()
        try:
            result = worker.complete(bug, strategy, kept) if completing else worker.score(bug, strategy, others)
            write_file(result_path(bug, strategy), json.dumps(result, indent=1) + "\n")
            print(f"{number}/{total} {bug.name} {strategy}: {seen_by(result) or 'SURVIVED'}{', completed' * completing}", flush=True)
        except Fatal as failure:
            fatal.append(failure)
        except (Failure, subprocess.TimeoutExpired) as failure:
            print(f"{number}/{total} {bug.name} {strategy}: no result, {failure}", flush=True)
        finally:
            workers.put(worker)

    def renew(numbered):
        """What has an earlier result already is done for good, one after the other: stopped at any time, it need not be done again."""
        for completing in (False, True):
            one(numbered, completing)

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for completing in (False, True):
            list(pool.map(functools.partial(one, completing=completing), filter(is_new, in_turn)))
        list(pool.map(renew, [numbered for numbered in in_turn if not is_new(numbered)]))
    if fatal:
        raise fatal[0]


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 on")
    return number


def read_arguments():
    parser = argparse.ArgumentParser(prog="scripts/score", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bug", nargs="*", help="names of bugs, or their numbers; default: all")
    parser.add_argument("--seeds", type=positive, default=1, help="fuzzing runs for each bug and strategy; default 1")
    parser.add_argument("--seconds", type=positive, default=30, help="of each run, on one core; default 30")
    parser.add_argument("--jobs", type=positive, default=1, help="bugs at once, each with trees of its own; default 1")
    parser.add_argument("--strategy", action="append", help="only this one; may be repeated")
    parser.add_argument("--first", action="store_true", help="only the first strategy of each bug")
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "score"), help="where the table, the JSON and the chart go")
    parser.add_argument("--clang", default="clang-19", help="the compiler, whose suffix llvm-profdata and llvm-cov share; default clang-19")
    parser.add_argument("--kept", metavar="FILE", help="the JSON of an earlier score, whose results stand for those that are not there yet")
    does = parser.add_mutually_exclusive_group()
    does.add_argument("--check", action="store_true", help="only verify that every patch applies and is complete")
    does.add_argument("--refresh", action="store_true", help="write patches anew whose surroundings have moved")
    does.add_argument("--replay", metavar="FOLDER", help="replay the corpus on the fixed subset, building there by CC, without a fuzzer")
    does.add_argument("--report", action="store_true", help="write table, JSON and chart from the results there are")
    return parser.parse_args()


def chosen(bugs, names):
    if not names:
        return bugs
    known = {key: bug for bug in bugs for key in (bug.name, bug.file[:2])}
    for name in names:
        if name not in known:
            raise Usage(f"there is no bug '{name}' in fuzz/bugs")
    return [known[name] for name in names]


def expect_strategies(bugs, names):
    known = sorted({name for bug in bugs for name in bug.strategies})
    for name in names or []:
        if name not in known:
            raise Usage(f"none of these bugs is scored under '{name}', but under {', '.join(known)}")


def demand_tools(clang):
    suffix = clang.partition("clang")[2]
    missing = [name for name in (clang, f"llvm-profdata{suffix}", f"llvm-cov{suffix}", "cmake", "ninja", "git", "prlimit", "setarch") if not shutil.which(name)]
    if missing:
        raise Failure(f"missing: {', '.join(missing)}. 'scripts/setup fuzz' installs clang-19 and what goes with it; --clang names another")


def main():
    arguments = read_arguments()
    everything = read_bugs()
    bugs = chosen(everything, arguments.bug)
    expect_strategies(bugs, arguments.strategy)
    if arguments.check:
        return check(bugs)
    if arguments.refresh:
        return refresh(bugs)
    if arguments.replay:
        return replay_subset(bugs, os.path.abspath(arguments.replay))
    digest = tree_digest()
    arguments.run_key = lambda bug: [digest, hashlib.sha256(bug.diff.encode()).hexdigest()[:16], arguments.seconds]
    arguments.key = lambda bug: [*arguments.run_key(bug), arguments.seeds]
    arguments.kept = read_kept(arguments.kept)
    pairs = list(pairs_of(bugs, arguments))
    if not arguments.report:
        demand_tools(arguments.clang)
        score_all(pairs, by_name(everything), arguments)
    return report(pairs, arguments)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        print(f"scripts/score: {failure}", file=sys.stderr)
        sys.exit(2 if isinstance(failure, Usage) else 1)
    except KeyboardInterrupt:
        sys.exit("scripts/score: stopped; finished results are kept")
