"""What was measured, as the findings ask for it, by the names of the plan; and figures as text."""

import json
import os

import measure
import plan
from problem import Missing, Problem

TIMED = ("ok", "leaked", "uncollected")


class Evidence:
    """A folder that Measuring has filled, or the reference that was made of it, where the suite's files stand at the top."""

    def __init__(self, folder):
        self.folder = folder
        self.reference = measure.read_json(os.path.join(folder, "reference.json"))
        if self.reference is None or self.reference.get("schema") != measure.SCHEMA:
            raise Problem(f"{folder} has no reference.json of {measure.SCHEMA}: scripts/reference makes one")
        self.size = plan.quick_spec if self.reference["scale"] == "quick" else lambda spec: spec
        apart = os.path.join(folder, plan.SUITE)
        self.suite_folder = apart if os.path.isdir(apart) else folder
        self.summaries = {plan.SUITE: measure.read_json(os.path.join(self.suite_folder, "summary.json"))}
        probes = os.path.join(folder, "probes")
        for name in sorted(os.listdir(probes)) if os.path.isdir(probes) else []:
            self.summaries[name] = measure.read_json(os.path.join(probes, name, "summary.json"))
        self.counted = dict(self.read_counts())
        compared = measure.read_json(os.path.join(folder, "compares.json")) or []
        self.compared = {plan.Compare(**entry["asked"]): entry["cells"] for entry in compared}

    def context(self):
        """That of the suite, or of any other run when there is no suite."""
        places = [self.suite_folder] + [os.path.join(self.folder, "probes", name) for name in self.summaries if name != plan.SUITE]
        return next(filter(None, (measure.read_json(os.path.join(place, "context.json")) for place in places)), {})

    def read_counts(self):
        path = os.path.join(self.folder, "counts.jsonl")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    entry = json.loads(line)
                    yield plan.Count(**entry["asked"]), entry["found"]

    # -- cells of a run --

    def cells(self, run=plan.SUITE):
        """All of a run, in its order."""
        if self.summaries.get(run) is None:
            raise Missing(f"the run {run} is not there")
        return self.summaries[run]["cells"]

    def specs(self, run=plan.SUITE):
        return list(dict.fromkeys(cell["spec"] for cell in self.cells(run)))

    def asked_specs(self):
        """Those of the suite, by the names of the plan."""
        return self.reference["suite"]

    def rows(self, run=plan.SUITE):
        return list(dict.fromkeys(cell["strategy"] for cell in self.cells(run)))

    def find(self, spec, row, run=plan.SUITE):
        """The cell of a row on a spec of the plan, None when the run has none."""
        wanted = self.size(spec)
        for cell in self.cells(run):
            if cell["strategy"] == row and plan.same_spec(cell["spec"], wanted):
                return cell
        return None

    def cell(self, spec, row, run=plan.SUITE):
        """The same, and it must have been measured."""
        found = self.find(spec, row, run)
        if found is None:
            raise Missing(f"{row} on {spec} is not in the run {run}")
        if found["status"] not in TIMED:
            raise Missing(f"{row} on {spec}: {found['status']}, {found['reason']}")
        return found

    def estimate(self, spec, row, field="ratio", run=plan.SUITE):
        """A median with its interval; `low` and `high` are the median where there is no interval."""
        return known(self.cell(spec, row, run)[field], f"{field} of {row} on {spec} in the run {run}")

    def compare(self, spec, below, above, run=plan.SUITE):
        """The time of one row over that of another, paired within each repetition."""
        for cell in self.compared.get(plan.Compare(run, below, above), []):
            if plan.same_spec(cell["spec"], self.size(spec)):
                return known(cell["ratio"], f"{below} over {above} on {spec}: {cell['reason']}")
        raise Missing(f"{below} over {above} on {spec} is not in the run {run}")

    # -- counted programs --

    def counters(self, label, spec):
        """The counters of a counted program; the cell must have run."""
        found = self.counted.get(plan.Count(label, spec))
        if found is None or found["status"] not in TIMED:
            raise Missing(f"{label} on {spec} was not counted" + (f": {found['reason']}" if found else ""))
        return found["counters"]

    def counter(self, label, spec, name):
        value = self.counters(label, spec).get(name)
        if value is None:
            raise Missing(f"{label} does not know {name} on {spec}")
        return value

    def shape(self, label, spec):
        found = self.counted.get(plan.Count(label, spec, True))
        if found is None or "lifetimes" not in found:
            raise Missing(f"the shape of {spec} as {label} sees it is not there" + (f": {found['reason']}" if found else ""))
        return found


def known(estimate, what):
    """A median with bounds."""
    if estimate is None or estimate.get("median") is None:
        raise Missing(f"{what} is not known")
    median = estimate["median"]
    bounds = {bound: estimate[bound] if estimate.get(bound) is not None else median for bound in ("low", "high")}
    return {"median": median, **bounds, "has_interval": estimate.get("low") is not None}


# -- figures as text --

def ratio_text(estimate, digits=2):
    """`1.10 [1.08, 1.13]`"""
    text = f"{estimate['median']:.{digits}f}"
    return f"{text} [{estimate['low']:.{digits}f}, {estimate['high']:.{digits}f}]" if estimate["has_interval"] else text


def factor_text(value):
    """A factor with three digits that mean something."""
    return f"{value:.2f}" if value < 10 else f"{value:.3g}"


def change_text(factor):
    """`12% more`, `5% less`"""
    return f"{100 * abs(factor - 1):.0f}% {'more' if factor >= 1 else 'less'}"


def more_text(estimate):
    return change_text(estimate["median"])


def count_text(value):
    return f"{value:,.0f}"


def share_text(value, digits=1):
    return f"{100 * value:.{digits}f}%"


def time_text(ns):
    for limit, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if ns >= limit:
            return f"{ns / limit:.3g} {unit}"
    return f"{ns:.3g} ns"


def bytes_text(value):
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= limit:
            return f"{value / limit:.3g} {unit}"
    return f"{value:.0f} B"


def generations_text(values):
    """`1298 + 118 + 10`, youngest first."""
    return " + ".join(count_text(value) for value in values) if values else "none"


def list_text(items):
    """`a, b and c`"""
    items = list(items)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else "none"


def attempt(figure, *arguments):
    """The figure, or None where it was not measured."""
    try:
        return figure(*arguments)
    except Missing:
        return None


def optional(figure, *arguments):
    """A figure as text, or a dash where there is none."""
    text = attempt(figure, *arguments)
    return "–" if text is None else text
