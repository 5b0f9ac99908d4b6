"""The ledger of a campaign: one line of JSON for each turn that ended, and the report that is computed from them.

A line is appended whole, so whatever kills the campaign takes at most the figures of one turn. What that turn had learnt stands in the
corpus; `turn.json` says that it was on, so that it is not taken for something that was always known.

The totals of a campaign can be *kept*: a line for each strategy in a file of the tree, where those of other campaigns stay. They add up as far as
they are of the same code: a fingerprint of that strategy's sources, whatever the commit. The fuzzers have a fingerprint of their own: what others
than today's have done to a strategy was done to it all the same, and the report says how much of it was done by today's. A campaign that begins
with other corpora, or other fuzzers, learns again what an earlier one had learnt, and that counts as new: the sum looks less quiet than it is,
never more."""

import datetime
import hashlib
import json
import os
import re
import subprocess

import files
from problem import Problem

AIM_CORE_HOURS = 2
AIM_QUIET_SHARE = 1 / 3  # of the campaign, at its end, without anything new
# What is fuzzed, and what the fuzzers are made of: the rest of the tree may change without making the figures old. Of the workloads `inputs` reads
# the tables of parameters, and nothing else does; and no strategy is fuzzed on the allocator of the project, which has a target of its own.
STRATEGY_SOURCES = ["strategies/*.h", "strategies/common", "support"]
READER_SOURCES = ["allocators", "runner", "workloads/heaps", "workloads/*.[ch]", "support"]
FUZZER_SOURCES = ["fuzz", "cmake", "CMakeLists.txt", "CMakePresets.json", ":!fuzz/corpora", ":!fuzz/bugs"]
REGISTRATIONS = "strategies/CMakeLists.txt"
BEGUN = ["target", "strategy", "build", "commit", "code", "fuzzers", "started"]  # what is known of a turn while it is on
KEPT = ["campaign", "strategy", "code", "fuzzers", "commit", "cpu_seconds", "executions", "edge_at", "feature_at", "targets"]
KEPT_PATH = "docs/fuzzing-ledger.jsonl"
FIELDS = [*BEGUN, "cpu_seconds", "executions", "covered_first", "covered", "covered_at", "inputs_new",
          "inputs_at"]
HEADING = ("| {} | core-hours | by these fuzzers | executions | last new edge at | after it | last new feature at | after it | open finds | commit |\n"
           "|---|---|---|---|---|---|---|---|---|---|")


def git(*arguments):
    """Its output, empty where there is none or no git."""
    try:
        return subprocess.run(["git", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    except FileNotFoundError:
        return b""


def head():
    """The commit that is checked out, with a + when files were changed since."""
    commit = git("rev-parse", "--short", "HEAD").decode().strip()
    return commit + ("+" if git("status", "--porcelain", "--untracked-files=no") else "") if commit else "unknown"


def registration(strategy):
    """The line that registers a strategy of the tree, and the strategy whose folder it has."""
    try:
        text = files.read(REGISTRATIONS).decode()
    except OSError:
        return "", strategy
    line = re.search(rf"^reclaim_add_strategy\({re.escape(strategy)}\b.*$", text, re.M)
    base = line and re.search(r" FROM (\w+)", line[0])
    return line[0] if line else "", base[1] if base else strategy


def registered():
    """The strategies of the tree."""
    return re.findall(r"^reclaim_add_strategy\((\w+)", files.read(REGISTRATIONS).decode(), re.M) if os.path.exists(REGISTRATIONS) else []


def contents(folder):
    """Of a strategy outside the tree."""
    paths = sorted(os.path.join(inside, name) for inside, _, names in os.walk(folder) for name in names)
    return b"".join(os.path.relpath(path, folder).encode() + files.read(path) for path in paths)


def fingerprint(paths, more=b""):
    """Of files of the tree as they are now, but for documents."""
    paths = ["--", *paths, ":!*.md"]
    return hashlib.sha256(more + git("ls-files", "--stage", *paths) + git("diff", "HEAD", *paths)).hexdigest()[:12]


def code_of(strategy, strategy_dirs):
    """A fingerprint of a strategy's sources; of the readers', where `strategy` is a target that has none."""
    line, base = registration(strategy)
    for folder in strategy_dirs:
        if os.path.basename(os.path.abspath(folder)) == strategy:
            line, base = contents(folder).hex(), strategy
    own = [f"strategies/{base}", f"strategies/peers/{base}", *STRATEGY_SOURCES] if line else READER_SOURCES
    return fingerprint(own, line.encode())


def code_of_fuzzers():
    return fingerprint(FUZZER_SOURCES)


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


def read_kept(path, but=None):
    """What campaigns have left there, without that of one of them."""
    if not os.path.exists(path):
        return []
    entries = []
    for number, text in enumerate(files.read(path).splitlines(), 1):
        try:
            entry = json.loads(text)
            missing = [field for field in KEPT if field not in entry]
        except (ValueError, TypeError) as error:
            raise Problem(f"{path}, line {number}, is no JSON object ({error})") from error
        if missing:
            raise Problem(f"{path}, line {number}, has no '{missing[0]}'")
        entries.append(entry)
    return [entry for entry in entries if entry["campaign"] != but]


def campaign_of(lines):
    """When it began, which is what names a campaign."""
    return int(lines[0]["started"]) if lines else None


def keep(lines, path):
    """Puts the totals of a campaign beside those of others; what it had there before is replaced."""
    entries = read_kept(path, campaign_of(lines))
    for (strategy, code, fuzzers), of_code in grouped(lines, lambda line: (line["strategy"], line["code"], line["fuzzers"])).items():
        targets = {name: total.figures() for name, total in totals_by(of_code, "target").items()}
        entries.append({"campaign": campaign_of(lines), "strategy": strategy, "code": code, "fuzzers": fuzzers, "commit": of_code[-1]["commit"],
                        **totals_by(of_code, "strategy")[strategy].figures(), "targets": targets})
    files.write_whole(path, "".join(json.dumps(entry, sort_keys=True) + "\n" for entry in entries).encode())


class Totals:
    """Sums over some turns in their order, and where in them the last news was."""

    def __init__(self):
        self.cpu_seconds = self.executions = self.edge_at = self.feature_at = 0
        self.covered = {}  # by target, build and fuzzers, since each has other edges

    def add(self, line):
        end = self.cpu_seconds + line["cpu_seconds"]
        key = line["target"], line["build"], line["fuzzers"]
        known = self.covered.get(key, line["covered_first"] or line["covered"])
        if line["covered"] > known:
            rose = line["covered"] > line["covered_first"]
            self.edge_at = self.cpu_seconds + (line["covered_at"] * line["cpu_seconds"] if rose else 0)
        if line["inputs_new"]:
            self.feature_at = self.cpu_seconds + line["inputs_at"] * line["cpu_seconds"]
        self.covered[key] = max(known, line["covered"])
        self.cpu_seconds = end
        self.executions += line["executions"]

    def add_kept(self, figures):
        if figures["edge_at"]:
            self.edge_at = self.cpu_seconds + figures["edge_at"]
        if figures["feature_at"]:
            self.feature_at = self.cpu_seconds + figures["feature_at"]
        self.cpu_seconds += figures["cpu_seconds"]
        self.executions += figures["executions"]

    def figures(self):
        return {"cpu_seconds": round(self.cpu_seconds, 1), "executions": self.executions, "edge_at": round(self.edge_at, 1),
                "feature_at": round(self.feature_at, 1)}

    def quiet_share(self, at):
        return 1 - at / self.cpu_seconds if self.cpu_seconds else 0

    def row(self, name, seconds_by_these, finds, commit):
        hours, by_these, edge_at, feature_at = [seconds / 3600 for seconds in (self.cpu_seconds, seconds_by_these, self.edge_at, self.feature_at)]
        return (f"| {name} | {hours:.2f} | {by_these:.2f} | {self.executions:,} | {edge_at:.2f} h | {self.quiet_share(self.edge_at):.0%} "
                f"| {feature_at:.2f} h | {self.quiet_share(self.feature_at):.0%} | {finds} | {commit} |")

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


def grouped(lines, key):
    groups = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return groups


def totals_by(lines, field, kept=()):
    """The totals for each value of `strategy` or `target`, after what was kept of it."""
    totals = {}
    for entry in kept:
        figures = {entry["strategy"]: entry} if field == "strategy" else entry["targets"]
        for name, figures_of_name in figures.items():
            totals.setdefault(name, Totals()).add_kept(figures_of_name)
    for line in lines:
        totals.setdefault(line[field], Totals()).add(line)
    return totals


def newest_codes(lines, kept):
    """The code of each strategy, as it was fuzzed last, with the commit."""
    return {entry["strategy"]: (entry["code"], entry["commit"]) for entry in [*kept, *lines]}


def of_newest_code(entries, codes):
    return [entry for entry in entries if entry["code"] == codes[entry["strategy"]][0]]


class Standing:
    """How far all campaigns have come together, on the newest code of each strategy. `finds_of_target` counts the open ones."""

    def __init__(self, lines, kept, finds_of_target):
        self.codes = newest_codes(lines, kept)
        self.fuzzers = next((entry["fuzzers"] for entry in reversed([*kept, *lines])), None)
        self.lines, self.kept = of_newest_code(lines, self.codes), of_newest_code(kept, self.codes)
        self.left_out = len(lines) - len(self.lines), len(kept) - len(self.kept)
        self.finds_of_target = finds_of_target
        self.strategy_of = {target: entry["strategy"] for entry in self.kept for target in entry["targets"]}
        self.strategy_of.update((line["target"], line["strategy"]) for line in self.lines)

    def totals(self, field):
        return totals_by(self.lines, field, self.kept)

    def totals_by_these(self, field):
        """Of what the newest fuzzers have done alone."""
        lines, kept = ([entry for entry in entries if entry["fuzzers"] == self.fuzzers] for entries in (self.lines, self.kept))
        return totals_by(lines, field, kept)

    def finds(self, field, name):
        return sum(self.finds_of_target(target) for target, strategy in self.strategy_of.items()
                   if name == (strategy if field == "strategy" else target))

    def commit(self, field, name):
        return self.codes[name if field == "strategy" else self.strategy_of[name]][1]

    def table(self, field):
        """In Markdown, with a row for each value of the field."""
        by_these = self.totals_by_these(field)
        rows = [totals.row(name, by_these.get(name, Totals()).cpu_seconds, self.finds(field, name), self.commit(field, name))
                for name, totals in self.totals(field).items()]
        return "\n".join([HEADING.format(field), *rows])

    def verdict(self):
        """Whether it is a clean campaign; if not, what is missing from it."""
        missing = {name: totals.shortfalls(self.finds("strategy", name)) for name, totals in self.totals("strategy").items()}
        lacking = [f"- {name}: {', '.join(words)}" for name, words in missing.items() if words]
        return "\n".join(["Not clean yet:", "", *lacking] if lacking else ["It is clean."])


def counted(number, noun):
    return f"{number} {noun}" + "s" * (number != 1)


def report(standing, command):
    """The page about the campaigns, in Markdown."""
    builds = ", ".join(f"`{name}` {totals.cpu_seconds / 3600:.2f} core-hours" for name, totals in totals_by(standing.lines, "build").items())
    campaigns = len({entry["campaign"] for entry in standing.kept})
    turns, entries = standing.left_out
    untried = ", ".join(name for name in registered() if name not in standing.codes)
    return f"""# The fuzzing campaign

Generated by `{command}` on {datetime.date.today()}, from {counted(len(standing.lines), 'turn')}{f" ({builds})" if builds else ""} and the totals of {counted(campaigns, 'campaign')} before.
{f"{counted(turns, 'turn')} and {counted(entries, 'total')} on earlier code are left out." if turns or entries else "There were none on earlier code."}

A campaign is clean when every strategy was fuzzed for {AIM_CORE_HOURS} core-hours by all its targets, the last third of that brought no new
feature, and no find is open. Places are core-hours since the strategy's campaign began. A *new feature* is an input that was kept because it
reached an edge for the first time or so many times for the first time; a *new edge* is the stronger news. Code is the same as long as the
strategy has not changed; `commit` is the last that was fuzzed with it. *By these fuzzers* is what the newest fuzzers have done of it: earlier ones
differ in what they look for, and what they had learnt the newer learn again. What has no strategy is named by its target.

{standing.table("strategy")}

{standing.verdict()}
{f"{chr(10)}Strategies that had no turn: {untried}.{chr(10)}" if untried else ""}
## By target

{standing.table("target")}
"""
