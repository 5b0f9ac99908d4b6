"""Time over `explicit` of every row on every workload, and, where something takes less, why: each reason is tested before it is given."""

from evidence import attempt, count_text, known, list_text, ratio_text, share_text, TIMED
from judging import is_below, row_name
from plan import SUITE

IDEAL = "explicit"
# The ideal, and Lua, take each object from malloc.
OWN_ALLOCATORS = {"cpython": "objects come from pymalloc", "boehm": "objects come from blocks of libgc's own"}


def leaves_unfreed(counters, made):
    leaked = (counters.get("objects_leaked") or 0) / made
    return f"{share_text(leaked)} of all objects are never freed" if leaked >= 0.005 else None


def frees_together(counters, made):
    """In one collection at the end, the strategy's only one or the last."""
    late = counters.get("reclaimed_by_last_collect") or 0
    if sum(counters.get("collections") or []) == 1:
        late += sum(counters.get("reclaimed_by_collector") or [])
    return f"{share_text(late / made, 0)} of all objects are freed together, in one collection at the end" if late >= 0.1 * made else None


def frees_in_batches(counters, made):
    freed = sum(counters.get("reclaimed_by_collector") or [])
    if counters.get("reclaimed_by_count") or freed < 0.1 * made or sum(counters["collections"]) < 2:
        return None
    return f"{share_text(freed / made, 0)} of all objects are freed many at a time, in {count_text(sum(counters['collections']))} collections"


def stores_blindly(counters, made):
    """A store under a tracing collector writes; counting, and the clock of a schedule, read what is overwritten."""
    operations = counters.get("operations") or {}
    stores = sum(operations.get(name, 0) for name in ("store", "store_move", "unset", "copy_slot"))
    if counters.get("reclaimed_by_count") or counters.get("collections") == [] or stores < 2 * made:
        return None
    return f"there are {stores / made:.1f} stores for each object, and none reads what it overwrites"


def frees_likewise(counters, made):
    if (counters.get("reclaimed_by_count") or 0) < 0.99 * made:
        return None
    return "it frees the same objects as promptly; following the schedule has a cost, and within a drop the order differs"


def reasons(cell):
    """Why this cell takes less than the ideal, in clauses; each is there because a counter says so."""
    counters = cell["counters"]
    made = max(counters.get("objects_allocated") or 0, 1)
    found = [reason(counters, made) for reason in (leaves_unfreed, frees_together, frees_in_batches, stores_blindly, frees_likewise)]
    found.append(OWN_ALLOCATORS.get(cell["strategy"]))
    if cell["status"] == "uncollected" and counters.get("collections") and not counters.get("reclaimed_by_count"):
        found.append("in its steady runs it never collects before the last collection")
    return [reason for reason in found if reason]


def overhead(evidence, spec, row):
    return known(evidence.cell(spec, row)["overhead"], "overhead")


def cell_text(evidence, spec, row):
    """A ratio with its interval; in brackets where it leaks; else why there is none."""
    cell = evidence.find(spec, row)
    if cell is None:
        return "not run"
    if cell["status"] not in TIMED:
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
    """For each row that is certainly faster than the ideal somewhere: where, and why. Workloads with the same reasons stand together."""
    lines = []
    for row in rows_of(evidence):
        by_reason = {}
        for spec in evidence.asked_specs():
            ratio = attempt(overhead, evidence, spec, row)
            if ratio is not None and is_below(ratio, 1):
                why = "; ".join(reasons(evidence.cell(spec, row))) or "no counter explains it"
                by_reason.setdefault(why, []).append(f"`{spec}` ({ratio['median']:.2f})")
        lines += [f"{row_name(row)} on {list_text(specs)}: {why}." for why, specs in by_reason.items()]
    return lines


def without_ideal(evidence):
    """The workloads of which there is no ideal, with the reason that its cell gives."""
    lines = []
    for spec in evidence.asked_specs():
        cell = evidence.find(spec, IDEAL)
        if cell is not None and cell["status"] not in TIMED:
            lines.append(f"`{spec}`: {cell['reason']}.")
    return lines


def incomplete(evidence):
    """The cells that have no result, by reason."""
    by_reason = {}
    for cell in evidence.cells():
        if cell["status"] not in TIMED:
            by_reason.setdefault((cell["status"], cell["reason"]), []).append(cell)
    complete = len(evidence.cells()) - sum(map(len, by_reason.values()))
    lines = [f"{count_text(complete)} of {count_text(len(evidence.cells()))} cells are complete" + ("; the others say why not:" if by_reason else ".")]
    for (status, reason), cells in by_reason.items():
        rows = list(dict.fromkeys(row_name(cell["strategy"]) for cell in cells))
        specs = list(dict.fromkeys(f"`{cell['spec']}`" for cell in cells))
        lines.append(f"- {status}: {list_text(rows)} on {list_text(specs)}: {reason}")
    return lines
