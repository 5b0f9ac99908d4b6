"""Continuous fuzzing; scripts/fuzz starts it. docs/fuzzing.md says how to read what it prints."""

import argparse
import os
import signal
import sys

import builds
import campaign
import files
import finds
import ledger
import rate
from problem import BAD_INPUT, Problem, choose

SANITIZER_PRESETS = {"asan": "fuzz", "memory": "fuzz-memory", "plain": "fuzz-plain"}
ENGINES = [*SANITIZER_PRESETS, "afl"]


class Interrupted(Exception):
    pass


def whole_number(text):
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"takes a whole number from 1 on, not '{text}'")
    return int(text)


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description="Fuzzes every strategy; finds become minimised, named cases.",
                                     epilog="Exit: 0 no finds, 1 finds or it could not run, 2 bad arguments, 130 interrupted.")
    parser.add_argument("strategies", nargs="*", metavar="STRATEGY", help="only these; default: all, and the readers")
    parser.add_argument("--minutes", type=whole_number, default=10, metavar="N", help="in total; default 10")
    parser.add_argument("--seconds", type=whole_number, metavar="N", help="in total, for a quick look")
    parser.add_argument("--target", metavar="T", help="one kind: ops, oom, stress, inputs, pool, heap_reader, …")
    parser.add_argument("--build", action="append", metavar="B", choices=ENGINES,
                        help=f"only these builds ({', '.join(ENGINES)}); may be repeated")
    parser.add_argument("--jobs", type=whole_number, default=os.cpu_count(), metavar="N", help="processes of an engine; default: processors")
    parser.add_argument("--findings", default="fuzz/findings", metavar="DIR", help="corpora and finds; default fuzz/findings")
    parser.add_argument("--strategy-dir", action="append", default=[], metavar="DIR", help="a strategy outside the tree; may be repeated")
    parser.add_argument("--programs", metavar="DIR", help="build nothing: the targets of this folder, such as build/fuzz/fuzz")
    parser.add_argument("--report", action="store_true", help="fuzz nothing: print the page about the campaign in the folder, in Markdown")
    parser.add_argument("--keep", action="store_true", help="fuzz nothing: write the totals of the campaign in the folder beside those of others")
    parser.add_argument("--kept", default=ledger.KEPT_PATH, metavar="FILE", help=f"where those are, for --keep and --report; default {ledger.KEPT_PATH}")
    parser.add_argument("--rate", action="store_true", help="fuzz nothing: print how fast the ops targets run programs of 64 operations")
    parser.add_argument("--score", action="store_true", help="as the first argument: how many planted bugs are found; scripts/fuzz --score --help says the rest")
    options = parser.parse_args(arguments)
    if options.score:
        parser.error("--score has arguments of its own and comes first: scripts/fuzz --score [--strategy NAME] …")
    return options


def folders_of(options):
    """The folder of executables for each build; nothing is compiled yet."""
    if options.programs:
        return {"given": options.programs}
    wanted = options.build or ENGINES
    strategy_dirs = ";".join(map(os.path.abspath, options.strategy_dir))
    driver = builds.find_afl() if "afl" in wanted else None
    if wanted == ["afl"] and not driver:
        raise Problem("AFL++ is not installed: apt install afl++")
    clang = builds.find_clang()
    folders = {name: builds.configure(preset, clang, strategy_dirs) for name, preset in SANITIZER_PRESETS.items()
               if name in wanted or (name == "asan" and wanted == ["afl"])}
    if driver:
        folders["afl"] = builds.configure_afl(driver, strategy_dirs)
    elif "afl" in wanted:
        print("AFL++ is skipped: it is not installed (apt install afl++)")
    return folders


def choose_targets(options, targets):
    """The targets that were asked for, by name, with their kinds."""
    strategies, kinds = builds.strategies_of(targets), builds.kinds_of(targets)
    for strategy in options.strategies:
        choose("strategy", strategy, strategies)
    if options.target:
        choose("target", options.target, list(dict.fromkeys(kinds.values())))

    def is_wanted(name, kind):
        of_strategy = any(name == f"{kind}_{strategy}" for strategy in options.strategies or strategies)
        return (of_strategy or (name == kind and not options.strategies)) and options.target in (None, kind)

    return {name: kind for name, kind in kinds.items() if is_wanted(name, kind)}


def compile_all(folders, targets, kinds):
    """Compiles what the chosen targets need: fuzzer, replay program, recorder."""
    for build, folder in folders.items():
        programs = [name for name in kinds if name in targets[build]]
        if build != "afl":
            replays = [os.path.basename(targets[build][name].replay) for name in programs]
            others = {of(targets[build][name].replay, kinds[name]) for name in programs
                      for of in (campaign.recorder_of, campaign.replay_once_of)}
            programs += sorted({*replays, *(os.path.basename(path) for path in others if path)})
        builds.compile_targets(folder, programs)


def make_jobs(options, folders):
    """The jobs of a campaign: each target with the builds that take turns."""
    targets = {build: builds.read_targets(folder) for build, folder in folders.items()}
    base = next(iter(targets.values()))
    kinds = choose_targets(options, base)
    if not options.programs:
        compile_all(folders, targets, kinds)
    inputs_format = campaign.read_format(next(iter(folders.values())))
    known, jobs = builds.kinds_of(base), []
    for name, kind in kinds.items():
        by_build = {build: found[name] for build, found in targets.items() if name in found and build in (options.build or targets)}
        siblings = [other for other in known if known[other] == kind and other != name]
        if by_build:
            jobs.append(campaign.Job(base[name], kind, by_build, siblings, inputs_format))
    if not jobs:
        raise Problem("nothing is left to fuzz: no target of that kind is for these strategies in these builds", BAD_INPUT)
    return jobs


def tell_campaign(options):
    """Of a campaign in any state, also one that is running: keeps its totals, or prints the page."""
    lines = ledger.Ledger(options.findings).read()
    kept = ledger.read_kept(options.kept, ledger.campaign_of(lines))
    if not lines and (not kept or options.keep):
        raise Problem(f"{options.findings} has no ledger.jsonl with turns in it: it is no folder of a campaign, or the first turn has not ended")
    if options.keep:
        ledger.keep(lines, options.kept)
        return 0
    standing = ledger.Standing(lines, kept, lambda target: finds.count(options.findings, target))
    print(ledger.report(standing, "scripts/fuzz --report"), end="")
    return 0


def print_rate(options):
    options.target, options.build = "ops", options.build or ["asan"]
    folders = folders_of(options)
    targets = {build: builds.read_targets(folder) for build, folder in folders.items()}
    base = next(iter(targets.values()))
    kinds = choose_targets(options, base)
    if not options.programs:
        compile_all(folders, targets, kinds)
    for build, folder in folders.items():
        print(f"{build}:")
        rate.report([targets[build][name] for name in kinds if name in targets[build]], campaign.read_format(folder))
    return 0


def interrupt(number, _frame):
    raise Interrupted(number)


def fuzz(options):
    running = None
    lock = files.lock(options.findings)
    try:
        signal.signal(signal.SIGTERM, interrupt)
        signal.signal(signal.SIGINT, interrupt)
        jobs = make_jobs(options, folders_of(options))
        files.expect_room(options.findings)
        running = campaign.Campaign(options, jobs)
        running.open()
        seconds = options.seconds or options.minutes * 60
        print(f"fuzzing {len(jobs)} targets for {seconds} s, {options.jobs} processes at a time", flush=True)
        running.run(seconds)
        return running.summarise()
    except Interrupted as interrupted:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("\nstopped; nothing is lost")
        if running is not None:
            running.engine.end()
            running.summarise()
        return 128 + interrupted.args[0]
    finally:
        os.close(lock)


def main():
    options = parse_arguments(sys.argv[1:])
    if options.report or options.keep:
        return tell_campaign(options)
    return print_rate(options) if options.rate else fuzz(options)


def run():
    try:
        return main()
    except Problem as problem:
        print(f"scripts/fuzz: {problem}", file=sys.stderr)
        return problem.code
    except OSError as error:
        path = error.filename or "a file"
        problem = files.full_or_same(error, path)
        print(f"scripts/fuzz: {problem if isinstance(problem, Problem) else f'{path}: {error.strerror}'}", file=sys.stderr)
        return 1


sys.exit(run())
