"""What is measured for the findings: runs of `reclaim`, whose times are compared, and single counted programs, whose figures are the same
on every machine.

A finding declares what it needs. What is measured is the union of what all declare, beside the suite, which every finding may read.
"""

import dataclasses
import typing

STRATEGIES = ("none", "refcount", "generational", "manual", "marksweep", "explicit")
PEERS = ("cpython", "lua", "lua_generational", "boehm")
SUITE = "suite"  # the run that is the reference itself
EVERY = ("*",)   # every spec of the suite
REPETITIONS = 7  # an interval needs six; with more it takes longer than an hour

# Sizes for a first look, instead of those that the findings name: `scripts/reference --quick`. They replace parameters of the same name.
QUICK = {
    "temps": "n=20000", "window": "n=20000", "build": "n=20000", "dom": "documents=40", "pairs": "n=10000", "rings": "n=40000",
    "mix": "n=10000", "fat": "n=800", "gcbench": "stretch=10,long=8,array=1000,max=8", "splay": "n=500,keys=200", "lru": "n=10000,capacity=1000",
    "mutate": "n=5000,stores=20000", "promote_free": "n=2000,batches=5", "late": "n=8000,width=1000", "shape": "n=20000,levels=100",
    "finalize": "n=10000", "prefork": "n=10000,workers=2,requests=100", "heap": "mutations=1000",
}
QUICK_BACKDROP = "10000"


@dataclasses.dataclass(frozen=True)
class Run:
    """`reclaim run` of strategies on specs."""

    name: str
    strategies: tuple
    specs: tuple
    baseline: str = "generational"
    repetitions: int = REPETITIONS


@dataclasses.dataclass(frozen=True)
class Count:
    """One counted program on one spec; with `shape` what the workload is like, as that program sees it."""

    label: str
    spec: str
    shape: bool = False


@dataclasses.dataclass(frozen=True)
class Compare:
    """The times of one row of a run over those of another."""

    run: str
    below: str
    above: str


@dataclasses.dataclass(frozen=True)
class Finding:
    """A claim, what it needs, and the function that judges it from what was measured.

    `suite` names the specs of the suite that it reads (EVERY: all of them), and `suite_strategies` their rows. `shapes` names the programs
    whose view of the shape of all these specs it reads. `compares` are pairs of rows of a run that are compared within each repetition.
    """

    name: str
    source: str
    claim: str
    judge: typing.Callable
    runs: tuple = ()
    counts: tuple = ()
    suite: tuple = ()
    suite_strategies: tuple = STRATEGIES + PEERS
    shapes: tuple = ()
    compares: tuple = ()


@dataclasses.dataclass
class Plan:
    """All that is measured; of equal counts one."""

    runs: list
    counts: list
    compares: list


def counts_of(labels, specs, shape=False):
    """Each program on each spec."""
    return tuple(Count(label, spec, shape) for label in labels for spec in specs)


def split_spec(spec):
    """The name and the parameters of a spec or a label."""
    name, _, rest = spec.partition(":")
    return name, dict(part.split("=", 1) for part in rest.split(",")) if rest else {}


def join_spec(name, parameters):
    """The reverse of split_spec()."""
    return name + (":" + ",".join(f"{key}={value}" for key, value in parameters.items()) if parameters else "")


def same_spec(one, other):
    """Whether two specs name the same parameters, in whatever order."""
    return split_spec(one) == split_spec(other)


def quick_spec(spec):
    """The same at a size that takes no time."""
    name, parameters = split_spec(spec)
    smaller = split_spec(f"{name}:{QUICK[name]}")[1] if name in QUICK else {}
    if name == "rings" and "k" in parameters:
        smaller["n"] = str(max(int(smaller["n"]), 2 * int(parameters["k"])))
    if "backdrop" in parameters:
        smaller["backdrop"] = QUICK_BACKDROP
    return join_spec(name, {**parameters, **smaller})


def merge_runs(runs):
    """One run of each name; a finding that declares another run under a name that is taken is a mistake of this program."""
    merged = {}
    for run in runs:
        assert merged.setdefault(run.name, run) == run, f"two runs are called {run.name}"
    return list(merged.values())


def suite_specs(finding, specs):
    """What the finding reads of the suite, whose specs are `specs`."""
    return specs if finding.suite == EVERY else finding.suite


def suite_run(findings, specs, whole):
    """The suite as a run: all of it, or only what the findings read."""
    read = list(dict.fromkeys(spec for finding in findings for spec in suite_specs(finding, specs)))
    rows = [row for row in STRATEGIES + PEERS if whole or any(row in finding.suite_strategies for finding in findings if finding.suite)]
    return Run(SUITE, tuple(rows), tuple(specs if whole else read))


def make_plan(findings, specs, whole=True):
    """What these findings need, where the suite has these specs; `whole`: and all of the suite."""
    suite = suite_run(findings, specs, whole)
    runs = ([suite] if suite.specs else []) + merge_runs(run for finding in findings for run in finding.runs)
    counts = [count for finding in findings for count in finding.counts]
    counts += [count for finding in findings for count in counts_of(finding.shapes, suite_specs(finding, specs), shape=True)]
    return Plan(runs, list(dict.fromkeys(counts)), list(dict.fromkeys(pair for finding in findings for pair in finding.compares)))
