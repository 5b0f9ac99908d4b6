"""The ledger of a campaign: one line of JSON for each turn that ended, and the report that is computed from them.

A line is appended whole, so whatever kills the campaign takes at most the figures of one turn. What that turn had learnt stands in the
corpus; `turn.json` says that it was on, so that it is not taken for something that was always known."""

import datetime
import json
import os
import subprocess

import files
from problem import Problem

AIM_CORE_HOURS = 2
AIM_QUIET_SHARE = 1 / 3  # of the campaign, at its end, without anything new
# What the fuzzers are made of: the rest of the tree may change without making the figures old.
SOURCES = ["strategies", "fuzz", "support", "allocators", "workloads", "runner", "cmake", "CMakeLists.txt", "CMakePresets.json",
           ":!fuzz/corpora", ":!fuzz/bugs", ":!*.md"]
BEGUN = ["target", "strategy", "build", "commit", "started"]  # what is known of a turn while it is on
FIELDS = [*BEGUN, "cpu_seconds", "executions", "covered_first", "covered", "covered_at", "inputs_new",
          "inputs_at"]
HEADING = ("| {} | core-hours | executions | last new edge at | after it | last new feature at | after it | open finds | commit |\n"
           "|---|---|---|---|---|---|---|---|---|")


def source_commit():
    """The commit that last changed what the fuzzers are made of, with a + when it was changed since."""
    def git(*arguments):
        return subprocess.run(["git", *arguments, "--", *SOURCES], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)

    try:
        commit = git("log", "-1", "--format=%h").stdout.decode().strip()
        return commit + ("+" if git("diff", "--quiet", "HEAD").returncode else "") if commit else "unknown"
    except FileNotFoundError:
        return "unknown"


class Ledger:
    def __init__(self, findings):
        self.path = os.path.join(findings, "ledger.jsonl")
        self.turn_path = os.path.join(findings, "turn.json")

    def begin(self, line):
        """Notes which turn is on; `line` has the fields that are known already."""
        files.write_json(self.turn_path, line)

    def end(self, line):
        files.append_line(self.path, json.dumps(line, sort_keys=True).encode())
        os.remove(self.turn_path)

    def unfinished(self):
        """The turn that was on when the campaign was killed; an empty object when none was."""
        turn = files.read_json(self.turn_path)
        missing = [field for field in BEGUN if field not in turn] if turn else []
        if missing:
            raise Problem(f"{self.turn_path} has no '{missing[0]}'. It only says which turn was on: remove it and go on.")
        return turn

    def read(self):
        """The lines of all turns. A torn last one is no line."""
        if not os.path.exists(self.path):
            return []
        lines = files.read(self.path).split(b"\n")[:-1]
        return [self.parse(number, line) for number, line in enumerate(lines, 1)]

    def parse(self, number, text):
        try:
            line = json.loads(text)
            missing = [field for field in FIELDS if field not in line]
        except (ValueError, TypeError) as error:
            raise Problem(f"{self.path}, line {number}, is no JSON object ({error}). It is the figures of one turn: remove the line.") from error
        if missing:
            raise Problem(f"{self.path}, line {number}, has no '{missing[0]}'. It is the figures of one turn: remove the line.")
        return line


class Totals:
    """Sums over some turns in their order, and where in them the last news was."""

    def __init__(self):
        self.cpu_seconds = self.executions = self.edge_at = self.feature_at = 0
        self.covered = {}  # by target and build, since each build has other edges

    def add(self, line):
        end = self.cpu_seconds + line["cpu_seconds"]
        key = line["target"], line["build"]
        known = self.covered.get(key, line["covered_first"] or line["covered"])
        if line["covered"] > known:
            rose = line["covered"] > line["covered_first"]
            self.edge_at = self.cpu_seconds + (line["covered_at"] * line["cpu_seconds"] if rose else 0)
        if line["inputs_new"]:
            self.feature_at = self.cpu_seconds + line["inputs_at"] * line["cpu_seconds"]
        self.covered[key] = max(known, line["covered"])
        self.cpu_seconds = end
        self.executions += line["executions"]

    def quiet_share(self, at):
        return 1 - at / self.cpu_seconds if self.cpu_seconds else 0

    def row(self, name, finds, commit):
        hours = [seconds / 3600 for seconds in (self.cpu_seconds, self.edge_at, self.feature_at)]
        return (f"| {name} | {hours[0]:.2f} | {self.executions:,} | {hours[1]:.2f} h | {self.quiet_share(self.edge_at):.0%} "
                f"| {hours[2]:.2f} h | {self.quiet_share(self.feature_at):.0%} | {finds} | {commit} |")

    def shortfalls(self, finds):
        """What is missing from a clean campaign, in words."""
        missing = []
        if self.cpu_seconds < AIM_CORE_HOURS * 3600:
            missing.append(f"{AIM_CORE_HOURS - self.cpu_seconds / 3600:.2f} core-hours to go")
        if self.quiet_share(self.feature_at) < AIM_QUIET_SHARE:
            missing.append("a new feature in the last third")
        if finds:
            missing.append(f"{finds} open finds")
        return missing


def totals_by(lines, field):
    totals = {}
    for line in lines:
        totals.setdefault(line[field], Totals()).add(line)
    return totals


def finds_by(lines, field, finds_of_target):
    """The number of open finds for each value of a field."""
    targets = {line["target"]: line[field] for line in lines}
    return {value: sum(finds_of_target(target) for target in targets if targets[target] == value) for value in targets.values()}


def table(lines, field, finds_of_target):
    """A Markdown table with a row for each value of the field."""
    found = finds_by(lines, field, finds_of_target)
    rows = [totals.row(name, found[name], lines[-1]["commit"]) for name, totals in totals_by(lines, field).items()]
    return "\n".join([HEADING.format(field), *rows])


def of_newest_commit(lines):
    return [line for line in lines if line["commit"] == lines[-1]["commit"]]


def verdict(lines, finds_of_target):
    """Whether it is a clean campaign; if not, what is missing from it."""
    found = finds_by(lines, "strategy", finds_of_target)
    missing = {name: totals.shortfalls(found[name]) for name, totals in totals_by(lines, "strategy").items()}
    lacking = [f"- {name}: {', '.join(words)}" for name, words in missing.items() if words]
    return "\n".join(["Not clean yet:", "", *lacking] if lacking else ["It is clean."])


def report(lines, finds_of_target, command):
    """The page about a campaign, in Markdown."""
    now = of_newest_commit(lines)
    builds = totals_by(now, "build")
    shares = ", ".join(f"`{name}` {totals.cpu_seconds / 3600:.2f} core-hours" for name, totals in builds.items())
    older = len(lines) - len(now)
    return f"""# The fuzzing campaign

Generated by `{command}` on {datetime.date.today()}, from {len(now)} turns; builds: {shares}.
{f"{older} turns on earlier commits are left out." if older else "There were none on earlier commits."}

A campaign is clean when every strategy was fuzzed for {AIM_CORE_HOURS} core-hours by all its targets, the last third of that brought no new
feature, and no find is open. Places are core-hours since the strategy's campaign began. A *new feature* is an input that was kept because it
reached an edge for the first time or so many times for the first time; a *new edge* is the stronger news. `commit` last changed what the
fuzzers are made of. What has no strategy is named by its target.

{table(now, "strategy", finds_of_target)}

{verdict(now, finds_of_target)}

## By target

{table(now, "target", finds_of_target)}
"""
