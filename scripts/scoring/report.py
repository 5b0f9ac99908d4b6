"""The table, the JSON and the chart."""

import json
import os
import shutil
import statistics

from bugs import notes
from failure import Failure, run
from files import ROOT, WORK, write_file
from results import SCHEMA, always_killed, kill_count, killed, read_result, seen_by, without_paths
from trees import commit
from worker import OPERATIONS_SHORT, SURVIVED_MAX

SECONDS_SOON = 60  # the median of a pair's kills should be below
KILLED, BY_REPLAY, SURVIVED = range(3)  # marks of the chart


def spread(values, unit):
    if not values:
        return "–"
    text = f"{statistics.median(values):,.{unit}f}"
    return text if len(values) == 1 or min(values) == max(values) else f"{text} ({min(values):,.{unit}f}–{max(values):,.{unit}f})"


def row(result):
    finds = [done for done in result["runs"] if done["killed"]]
    sign = {True: "yes", False: "no", None: "–"}
    return [result["bug"], result["strategy"], result["class"], sign[result.get("reached")], sign[result.get("triggered")],
            "yes" if killed(result) else "**no**", seen_by(result) or "–", sign[bool(result["replay"])],
            f"{len(finds)}/{len(result['runs'])}" if result["runs"] else "–",
            spread([done["executions"] for done in finds if done["executions"] is not None], 0),
            spread([done["seconds"] for done in finds], 1),
            str(result["operations"]) if result["operations"] is not None else "–", result["bare"] or "–", result["commit"]]


COLUMNS = ["bug", "strategy", "class", "reached", "triggered", "detected", "by", "replay alone", "seeds", "executions", "seconds",
           "operations", "bare", "tree"]


def table(rows):
    return "\n".join(["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)] + ["| " + " | ".join(cells) + " |" for cells in rows])


def survivors(results):
    known, lines = notes(), []
    for result in results:
        if not killed(result):
            why = known.get((result["bug"], result["strategy"])) or known.get((result["bug"], "")) or "not explained yet"
            state = "triggered; " if result.get("triggered") else "reached, not triggered; " if result.get("reached") else \
                "not reached; " if "reached" in result else ""
            lines.append(f"- **{result['bug']}** ({result['strategy']}; {state}expected: {result['expected']}): {why}")
    return "\n".join(lines) or "None."


def count_by(results, name):
    counts = {}
    for result in results:
        counts.setdefault(name(result), []).append(killed(result))
    return "\n".join(f"| {key} | {sum(values)} | {len(values)} |" for key, values in sorted(counts.items()))


def first_oracle(result):
    words = seen_by(result).partition(",")[0].split()
    return words[0] if words[0] == "assertion" else " ".join(words[:3 if "mm_check" in words else 2]).rstrip(":")


def as_expected(result):
    """Whether the first to see it is the one that was named beforehand."""
    seen = seen_by(result).partition(",")[0].replace("mm_check ", "" if result["expected"] != "violation mm_check" else "mm_check ")
    return seen.startswith(result["expected"].partition(" of ")[0])


def seeds_written():
    return len(os.listdir(os.path.join(ROOT, "fuzz", "corpora", "ops", "seeds")))


def by_a_seed(result, written):
    """Whether every kill came before anything but the seeds had run."""
    return kill_count(result) > 0 and all((done["executions"] or 0) <= written for done in result["runs"] if done["killed"])


def summary(results):
    found, bugs = [result for result in results if killed(result)], {}
    medians = {result["bug"] + " (" + result["strategy"] + ")": statistics.median(done["seconds"] for done in result["runs"] if done["killed"])
               for result in results if kill_count(result)}
    late = sorted(name for name, seconds in medians.items() if seconds >= SECONDS_SOON)
    written = seeds_written()
    by_seeds = sum(by_a_seed(result, written) for result in results if kill_count(result))
    short = [result["operations"] for result in found if result["operations"] is not None]
    long = [f"{result['bug']} ({result['operations']})" for result in found if (result["operations"] or 0) > OPERATIONS_SHORT]
    for result in results:
        bugs.setdefault(result["bug"], []).append(killed(result))
    bare, fuzzed = [result for result in found if result["bare"]], [result for result in results if result["runs"]]
    spoiled = sum("spoiled" in done for result in results for done in result["runs"])
    return "\n".join([f"- {spoiled} runs ended in a failure that the unchanged program has too, and count as survived."] * (spoiled > 0) + [
        f"- {sum(map(any, bugs.values()))} of {len(bugs)} bugs are detected under at least one of their strategies, {sum(map(all, bugs.values()))} under all of them.",
        f"- {len(found)} of {len(results)} pairs of bug and strategy are detected, {sum(bool(result['replay']) for result in found)} by replaying the committed corpus alone.",
        f"- {sum(always_killed(result) for result in results)} of {len(results)} pairs are killed for every seed, by replay or by fuzzing.",
        f"- Fuzzing from the seeds written by hand alone: of {len(fuzzed)} pairs {sum(kill_count(result) == len(result['runs']) for result in fuzzed)} are killed by every run, "
        f"{sum(0 < kill_count(result) < len(result['runs']) for result in fuzzed)} by some, {sum(kill_count(result) == 0 for result in fuzzed)} by none.",
        f"- In {by_seeds} of {len(medians)} every kill came within {written} executions, as many as there are seeds: one of those kills it by itself, and nothing was searched for.",
        f"- The median of a pair's kills is below {SECONDS_SOON} s of one core for {len(medians) - len(late)} of {len(medians)}" + (f"; not for {', '.join(late)}" if late else "") + ".",
        f"- Minimised, {sum(length <= OPERATIONS_SHORT for length in short)} of {len(short)} cases have at most {OPERATIONS_SHORT} operations" + (f"; more have {', '.join(long)}" if long else "") + ".",
        f"- {sum(map(as_expected, found))} of {len(found)} are first seen by what was expected to see them.",
        f"- On the very inputs of the kills, sanitizers without assertions, verifier and model see {sum(result['bare'] != 'nothing' for result in bare)} of {len(bare)}."])


def command_of(arguments):
    return f"scripts/score --seeds {arguments.seeds} --seconds {arguments.seconds}" + " --first" * arguments.first


def gaps(found, pairs, arguments):
    """What is missing, and what is of an earlier tree."""
    results = [result for _, result in found]
    older = sum(result["key"] != arguments.key(bug) for bug, result in found)
    bugs, missing = {bug.name for bug, _ in pairs}, len(pairs) - len(results)
    reached = len({result["bug"] for result in results})
    gap = f"\nThe score is not complete: {missing} pairs have not been run, and {len(bugs) - reached} bugs under none of their strategies." if missing else ""
    unexplained = sum(not result.get("complete", True) for result in results)
    gap += f"\nOf {unexplained} results it is not known yet what the sanitizers alone would have seen." if unexplained else ""
    age = f"\n{older} of them {'is' if older == 1 else 'are'} of an earlier state of the tree, which each line names: it has changed since, or the patch." if older else ""
    return age + gap


def page(found, pairs, arguments):
    results = [result for _, result in found]
    oracles = [first_oracle(result) for result in results if killed(result)]
    return f"""# Planted bugs: the score

Generated by `{command_of(arguments)}`; the bugs are in `fuzz/bugs`, the columns are explained by `scripts/score --help`.
Results of {len(results)} of {len(pairs)} pairs of bug and strategy. In each the committed corpus was replayed, which is a kill after 0 executions for
every seed where it is one; and each was fuzzed {arguments.seeds} times, from the seeds written by hand and nothing else, for at most {arguments.seconds} s of one
core; what the first {SURVIVED_MAX} have not killed was left at that. The tree is that of commit {commit()}.{gaps(found, pairs, arguments)}

{summary(results)}

| class | detected | tried |
|---|---|---|
{count_by(results, lambda result: result["class"])}

| first seen by | pairs |
|---|---|
{"".join(f"| {name} | {oracles.count(name)} |" + chr(10) for name in sorted(set(oracles)))}
![How many executions until a planted bug is found?](fuzzing-score.svg)

## Survivors

{survivors(results)}

## All

{table([row(result) for result in results])}
"""


def report(pairs, arguments):
    found = ((bug, read_result(bug, strategy) or arguments.kept.get((bug.name, strategy))) for bug, strategy in pairs)
    found = [(bug, result) for bug, result in found if result is not None]
    results = [result for _, result in found]
    if not results:
        raise Failure("no results yet")
    write_file(os.path.join(arguments.out, "fuzzing-score.md"), page(found, pairs, arguments))
    write_file(os.path.join(arguments.out, "fuzzing-score.json"),
               json.dumps({"schema": SCHEMA, "command": command_of(arguments), "commit": commit(), "results": [without_paths(result) for result in results]}, indent=1) + "\n")
    chart(results, arguments.out)
    print(summary(results))


def chart(results, out):
    """One line for each pair that was fuzzed and that no seed kills by itself, the hardest first; what is proven equivalent comes last."""
    written = seeds_written()
    searched = [result for result in results if result["runs"] and not by_a_seed(result, written)]
    fuzzed = sorted(searched, key=lambda result: (kind_of_mark(result) == SURVIVED, kind_of_mark(result) == KILLED, -(statistics.median(kills(result) or [0])),
                                                  result["bug"], result["strategy"]))
    lines = []
    for number, result in enumerate(fuzzed):
        counts = kills(result)
        cells = [statistics.median(counts), min(counts), max(counts)] if counts else ["?"] * 3
        lines.append("\t".join(map(str, [f"{result['bug']} ({result['strategy']})", number, *cells, kind_of_mark(result), note(result)])))
    data = os.path.join(WORK, "score.tsv")
    write_file(data, "\n".join(lines) + "\n")
    left_out = sum(bool(result["runs"]) for result in results) - len(fuzzed)
    if lines and shutil.which("gnuplot"):
        run(["gnuplot", "-c", os.path.join(ROOT, "scripts", "plot", "score.gp"), data, os.path.join(out, "fuzzing-score.svg"), str(written), str(left_out)], log=True)


def kills(result):
    return [max(done["executions"] or 1, 1) for done in result["runs"] if done["killed"]]


def kind_of_mark(result):
    return KILLED if kills(result) else BY_REPLAY if result["replay"] else SURVIVED


def note(result):
    """What the mark alone would not say."""
    found, tried = len(kills(result)), len(result["runs"])
    if kind_of_mark(result) == KILLED:
        return "" if found == tried else f"{found} of {tried} runs"
    if kind_of_mark(result) == BY_REPLAY:
        return "by replay alone"
    return "equivalent" if (result["bug"], result["strategy"]) in notes() or (result["bug"], "") in notes() else "survives"
