"""The reference run and its findings; scripts/reference starts it, with the programs built."""

import argparse
import os
import signal
import sys
import tempfile

import check
import measure
import page
import plan
from evidence import Evidence
from problem import BAD_INPUT, Problem
from publish import REFERENCE, TOP, git, publish
from table import FINDINGS


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="scripts/reference", description="Makes results/reference anew: the suite on every strategy and peer, its report, "
                                     "and findings.md. An hour. Killed, the same command goes on.",
                                     epilog="Exit: 0 done, 1 it could not be done, 2 bad arguments, 130 interrupted.")
    parser.add_argument("--out", metavar="DIR", help=f"instead of {REFERENCE}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one repetition: whether it works; needs --out")
    parser.add_argument("--finding", action="append", metavar="NAME", help="measure what one finding needs, print it, keep nothing; may be repeated")
    parser.add_argument("--rewrite", action="store_true", help="only findings.md anew, from what the folder has")
    parser.add_argument("--list", action="store_true", help="the findings")
    parser.add_argument("--check", action="store_true", help="ask the programs whether they know every cell that is measured; measure nothing")
    parser.add_argument("--anew", action="store_true", help="start anew where an earlier command was killed")
    parser.add_argument("--allow-dirty", action="store_true", help="with changes that are not committed, too")
    parser.add_argument("--repetitions", type=int, metavar="N", help=f"of each cell; default {plan.REPETITIONS}, and no interval below 6")
    parser.add_argument("--no-pin", action="store_true", help="without real-time priority on a core, even where it is allowed")
    parser.add_argument("--programs", default="build/release", metavar="DIR", help="what is measured; default build/release, built by this command")
    asked = parser.parse_args(arguments)
    if asked.quick and not (asked.out or asked.finding):
        parser.error("--quick needs --out DIR: it is no reference")
    return asked


def choose(names):
    known = {finding.name: finding for finding in FINDINGS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Problem(f"there is no finding '{unknown[0]}'. Findings: {', '.join(known)}", BAD_INPUT)
    return [known[name] for name in names]


def commit(allow_dirty):
    """The commit that is measured; what is not committed nobody could repeat."""
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{REFERENCE}")
    if changed and not allow_dirty:
        raise Problem("these changes are not committed, so nobody could repeat what is measured (--allow-dirty measures all the same):\n" + changed)
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + (" with changes" if changed else "")


def rewrite(folder):
    evidence = Evidence(folder)
    measure.write_text(os.path.join(folder, "findings.md"), page.page(FINDINGS, evidence))
    return evidence


def measure_all(asked, target):
    of = plan.make_plan(FINDINGS, check.suite_of(asked.programs))
    taking = measure.Measuring(of, target + ".part", asked.programs, quick=asked.quick, repetitions=asked.repetitions, commit=commit(asked.allow_dirty or asked.quick), pin=not asked.no_pin)
    taking.begin(asked.anew)
    taking.note_self_test(os.path.join(os.path.dirname(target), "self-test.json"))
    taking.take()
    rewrite(taking.folder)
    publish(taking.folder, target, asked.programs)
    measure.say(f"findings: {os.path.join(target, 'findings.md')}")


def measure_some(asked):
    findings = choose(asked.finding)
    of = plan.make_plan(findings, check.suite_of(asked.programs), whole=False)
    with tempfile.TemporaryDirectory() as scratch:
        taking = measure.Measuring(of, scratch, asked.programs, quick=asked.quick, repetitions=asked.repetitions, commit=commit(True), pin=not asked.no_pin)
        taking.begin(anew=False)
        taking.take()
        evidence = Evidence(scratch)
        print("\n\n".join(page.finding_text(finding, page.judge(finding, evidence), evidence.asked_specs()) for finding in findings))


def main(arguments):
    asked = parse_arguments(arguments)
    target = os.path.normpath(asked.out or os.path.join(TOP, REFERENCE))
    if asked.list:
        for finding in FINDINGS:
            print(f"{finding.name:24} {finding.source:14} {finding.claim}")
    elif asked.check:
        print(check.check(FINDINGS, asked.programs))
    elif asked.rewrite:
        rewrite(target)
    elif asked.finding:
        measure_some(asked)
    else:
        measure_all(asked, target)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main(sys.argv[1:])
    except Problem as problem:
        print(f"scripts/reference: {problem}", file=sys.stderr)
        sys.exit(problem.code)
    except KeyboardInterrupt:
        print("scripts/reference: interrupted; the same command goes on", file=sys.stderr)
        sys.exit(130)
