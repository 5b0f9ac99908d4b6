"""What a finding says when it is judged: a verdict, a table of figures, and sentences that hold because they were tested."""

import dataclasses

HOLDS, IN_PART, FAILS, UNKNOWN = "holds", "holds in part", "does not hold", "not measured"
VERDICTS = (HOLDS, IN_PART, FAILS, UNKNOWN)


@dataclasses.dataclass
class Judgement:
    """`columns` and `rows` are the table; `because` are whole sentences."""

    verdict: str
    because: list
    columns: tuple = ()
    rows: list = dataclasses.field(default_factory=list)


def verdict_of(*tests):
    """All of the tests, some, or none; where nothing could be tested nothing is said."""
    return UNKNOWN if not tests else HOLDS if all(tests) else IN_PART if any(tests) else FAILS


def row_name(row):
    return f"`{row}`"


def is_above(estimate, bound):
    """Whether the whole interval is; without one nothing is certain."""
    return estimate["has_interval"] and estimate["low"] > bound


def is_below(estimate, bound):
    return estimate["has_interval"] and estimate["high"] < bound


def inverse(ratio):
    """The same ratio the other way round."""
    return {"median": 1 / ratio["median"], "low": 1 / ratio["high"], "high": 1 / ratio["low"], "has_interval": ratio["has_interval"]}
