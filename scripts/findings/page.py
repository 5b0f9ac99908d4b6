"""findings.md, from what was measured and nothing else: the same folder gives the same page."""

import commands
import overheads
from evidence import count_text
from judging import UNKNOWN, VERDICTS, Judgement
from problem import Missing

MARKS = {"holds": "✔", "holds in part": "◐", "does not hold": "✘", "not measured": "–"}

HEAD = """# Findings

Made by `scripts/reference` from the figures in this folder: what is claimed of ways of managing memory, and what was measured here, on the strategies of
this project and on the real runtimes beside them (*peers*). Ratios are medians of ratios paired within a repetition, with the 95% interval in
brackets; a verdict about a time needs the whole interval on one side. Counts are the same on every machine. ✔ holds, ◐ holds in
part, ✘ does not hold, – not measured. In a table *–* is what a runtime does not tell or has none of.

    scripts/reference --finding NAME     # measures what one finding needs and prints it
    scripts/reference --rewrite          # this page again, from the folder
    scripts/reference                    # everything again
"""


def judge(finding, evidence):
    """The judgement; a figure that is missing makes it `not measured`."""
    try:
        return finding.judge(evidence)
    except Missing as missing:
        return Judgement(UNKNOWN, [f"{missing}."])


def table_text(columns, rows):
    def line(cells):
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
    return "\n".join([line(columns), "|" + "---|" * len(columns)] + [line(row) for row in rows])


def finding_text(finding, judgement, suite):
    parts = [f"### {finding.claim}", f"{MARKS[judgement.verdict]} **{judgement.verdict}** (`{finding.name}`). " + " ".join(judgement.because)]
    if judgement.rows:
        parts.append(table_text(judgement.columns, judgement.rows))
    lines = commands.of(finding, suite)
    if lines:
        parts.append("```console\n" + "\n".join(f"$ {line}" for line in lines) + "\n```")
    return "\n\n".join(parts)


def how_measured(evidence):
    reference, context = evidence.reference, evidence.context()
    machine, build = context.get("machine", {}), (context.get("programs") or [{}])[0].get("build", {})
    lines = [f"Scale: {reference['scale']}. Commit {reference['commit']}, {build.get('compiler', '?')}, flags `{build.get('flags', '?')}`; "
             f"{machine.get('processor', '?')}, {machine.get('cores', '?')} cores, {machine.get('system', '')} {machine.get('kernel', '')}, glibc "
             f"{machine.get('libc', '?')}."]
    if reference["prefix"]:
        lines.append(f"Every run was started by `{' '.join(reference['prefix'])}`.")
    if evidence.summaries.get("suite"):
        lines.append(f"Each cell of the suite was run in {count_text(evidence.summaries['suite']['repetitions'])} processes (`--repetitions`), three runs "
                     "each.")
    if reference["scale"] == "quick":
        lines.append("**A quick look: sizes are tiny, and no verdict below means anything.**")
    if reference["seconds"]:
        lines.append(f"Measuring took {sum(reference['seconds'].values()) / 60:.0f} minutes in all.")
    return " ".join(lines)


def summary_text(judged):
    verdicts = [judgement.verdict for _, judgement in judged]
    counts = ", ".join(f"{verdicts.count(verdict)} {MARKS[verdict]} {verdict}" for verdict in VERDICTS if verdict in verdicts)
    rows = [[MARKS[judgement.verdict], finding.source, f"[{finding.claim}](#{anchor(finding.claim)})"] for finding, judgement in judged]
    return f"{len(judged)} claims: {counts}.\n\n" + table_text(("", "of", "claim"), rows)


def anchor(heading):
    """As GitHub makes it."""
    return "".join(c if c.isalnum() or c in "-_" else "-" if c == " " else "" for c in heading.lower())


def overhead_text(evidence):
    columns, rows = overheads.table(evidence)
    parts = ["## Time over `explicit`",
             "`explicit` frees each object the moment it becomes unreachable, by a schedule made before: what a perfect programmer would pay. In brackets: it "
             "leaks, so it has not done all of the work.", table_text(columns, rows)]
    for title, lines in (("There is no ideal of", overheads.without_ideal(evidence)), ("Certainly less than `explicit`, and why", overheads.below_ideal(evidence))):
        if lines:
            parts.append(f"{title}:\n\n" + "\n".join(f"- {line}" for line in lines))
    return "\n\n".join(parts)


def page(findings, evidence):
    """The whole page."""
    judged = [(finding, judge(finding, evidence)) for finding in findings]
    suite = evidence.asked_specs()
    parts = [HEAD + "\n" + how_measured(evidence), summary_text(judged), overhead_text(evidence),
             "## Cells\n\n" + "\n".join(overheads.incomplete(evidence)), "## What the texts claim"]
    parts += [finding_text(finding, judgement, suite) for finding, judgement in judged if finding.source == "texts"]
    parts.append("## What the workloads show")
    parts += [finding_text(finding, judgement, suite) for finding, judgement in judged if finding.source != "texts"]
    return "\n\n".join(parts) + "\n"
