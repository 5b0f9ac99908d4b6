"""Time over `explicit` of every row on every workload, and, where something takes less, why: each reason is tested before it is given."""

from evidence import attempt, count_text, known, list_text, ratio_text, share_text
from judging import is_below, row_name
from plan import SUITE

IDEAL = "explicit"


def reasons(cell, ideal):
    """Why this cell takes less than the ideal, in clauses. What they say of the cell is in its counters and traits."""
    counters, found = cell["counters"], []
    made = counters.get("objects_allocated") or 0
    leaked = counters.get("objects_leaked") or 0
    operations = counters.get("operations") or {}
    late = counters.get("reclaimed_by_last_collect") or 0
    if made and leaked > 0.01 * made:
        found.append(f"{share_text(leaked / made, 0)} of all objects are never freed")
    if cell["status"] == "uncollected" and not counters.get("reclaimed_by_count"):
        found.append("it does not collect in the steady runs")
    if made and late > 0.1 * made:
        found.append(f"{share_text(late / made, 0)} of all objects are freed together at the end, in an order that suits the allocator")
    overwrites = sum(operations.get(name, 0) for name in ("store", "store_move", "unset", "take"))
    if made and not counters.get("reclaimed_by_count") and overwrites > made:
        found.append(f"there are {overwrites / made:.1f} stores for each object, and a store need not read what it overwrites")
    if cell.get("peer"):
        found.append("the runtime brings an allocator of its own in place of malloc")
    if made and not counters.get("reclaimed_by_count") and leaked + late < 0.1 * made:
        found.append("objects are freed many at a time, in the order in which they were made")
    if not found and ideal["counters"].get("reclaimed_by_count") == counters.get("reclaimed_by_count"):
        found.append("it frees the same objects as early in another order")
    return found


def overhead(evidence, spec, row):
    return known(evidence.cell(spec, row)["overhead"], "overhead")


def cell_text(evidence, spec, row):
    """A ratio with its interval; in brackets where it leaks; else why there is none."""
    cell = evidence.find(spec, row)
    if cell is None:
        return "not run"
    if cell["status"] not in ("ok", "leaked", "uncollected"):
        return cell["status"]
    ratio = attempt(overhead, evidence, spec, row)
    if ratio is None:
        return "no ideal"
    return f"({ratio_text(ratio)})" if cell["status"] == "leaked" else ratio_text(ratio)


def rows_of(evidence):
    return [row for row in evidence.rows() if row != IDEAL]


def table(evidence):
    """Columns and lines."""
    rows = rows_of(evidence)
    lines = [[f"`{spec}`"] + [cell_text(evidence, spec, row) for row in rows] for spec in evidence.asked_specs()]
    return ["workload", *map(row_name, rows)], lines + mean_lines(evidence, rows)


def mean_lines(evidence, rows):
    """The geometric means of the summary, where it has them."""
    means = {mean["row"]: mean for mean in (evidence.summaries[SUITE].get("overhead") or {}).get("rows", [])}
    if not means:
        return []

    def text(mean):
        ratio = attempt(lambda: known(mean["geometric_mean"], "mean")) if mean else None
        return "–" if ratio is None else f"{ratio_text(ratio)}, {mean['k']} of {mean['n']}"
    return [["*geometric mean over those that all completed*"] + [text(means.get(row)) for row in rows]]


def below_ideal(evidence):
    """One sentence for each row that is certainly faster than the ideal on some workload: which, and why."""
    lines = []
    for row in rows_of(evidence):
        for spec in evidence.asked_specs():
            ratio = attempt(overhead, evidence, spec, row)
            if ratio is None or not is_below(ratio, 1):
                continue
            why = reasons(evidence.cell(spec, row), evidence.cell(spec, IDEAL))
            lines.append(f"{row_name(row)} on `{spec}`, {ratio_text(ratio)}: " + ("; ".join(why) if why else "no counter explains it") + ".")
    return lines


def without_ideal(evidence):
    """The workloads of which there is no ideal, with the reason that its cell gives."""
    lines = []
    for spec in evidence.asked_specs():
        cell = evidence.find(spec, IDEAL)
        if cell is not None and cell["status"] not in ("ok", "leaked", "uncollected"):
            lines.append(f"`{spec}`: {cell['reason']}.")
    return lines


def incomplete(evidence):
    """The cells that have no result, by reason."""
    by_reason = {}
    for cell in evidence.cells():
        if cell["status"] not in ("ok", "leaked", "uncollected"):
            by_reason.setdefault((cell["status"], cell["reason"]), []).append(cell)
    complete = len(evidence.cells()) - sum(map(len, by_reason.values()))
    lines = [f"{count_text(complete)} of {count_text(len(evidence.cells()))} cells are complete" + ("; the others say why not:" if by_reason else ".")]
    for (status, reason), cells in by_reason.items():
        rows = list(dict.fromkeys(row_name(cell["strategy"]) for cell in cells))
        specs = list(dict.fromkeys(f"`{cell['spec']}`" for cell in cells))
        lines.append(f"- {status}: {list_text(rows)} on {list_text(specs)}: {reason}")
    return lines
