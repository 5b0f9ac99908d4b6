"""What each workload of the catalogue must show, the smaller half: temporaries to rings, where a figure of the catalogue can be held
against a count. The other half is in catalogue_more.py."""

from evidence import attempt, count_text, generations_text, list_text, more_text, optional, ratio_text, share_text
from judging import UNKNOWN, Judgement, inverse, is_above, row_name, verdict_of
from plan import PEERS, SUITE, Finding, Run, counts_of
from texts import CPYTHON_OFF

COLLECTING = ("generational", "cpython")
RACE = ("refcount", "generational", "manual", "marksweep", "explicit") + PEERS


def collections_rows(evidence, labels, specs):
    """Collections and what they freed; the peers beside ours."""
    rows = []
    for spec in specs:
        for label in labels:
            rows.append([f"`{spec}`", row_name(label), optional(lambda l=label, s=spec: generations_text(evidence.counter(l, s, "collections"))),
                         optional(lambda l=label, s=spec: generations_text(evidence.counter(l, s, "reclaimed_by_collector"))),
                         optional(lambda l=label, s=spec: count_text(evidence.counter(l, s, "reclaimed_by_last_collect")))])
    return rows


COLLECTIONS_COLUMNS = ("workload", "row", "collections (0 + 1 + 2)", "freed by them", "by the last one")


def time_rows(evidence, run, rows, specs):
    """Times over the baseline of the run."""
    return [[row_name(row)] + [optional(lambda r=row, s=spec: ratio_text(evidence.estimate(s, r, run=run))) for spec in specs] for row in rows]


def equal_to_cpython(evidence, specs):
    """Whether `generational` collects and frees as CPython does, to the last object."""
    fields = ("collections", "reclaimed_by_collector", "reclaimed_by_last_collect")
    return all(evidence.counter("generational", spec, field) == evidence.counter("cpython", spec, field) for spec in specs for field in fields)


def equality_sentence(evidence, specs):
    equal = attempt(equal_to_cpython, evidence, specs)
    return [] if equal is None else ["`generational` and CPython collect and free alike to the last object." if equal else
                                     "`generational` and CPython differ in what they collect."]


# -- 1 temps --

def judge_net_trigger(evidence):
    collected = {label: sum(evidence.counter(label, "temps", "collections")) for label in COLLECTING}
    because = [f"{row_name(label)} collects {count_text(times)} times in the work." for label, times in collected.items()]
    return Judgement(verdict_of(*[times == 0 for times in collected.values()]), because, COLLECTIONS_COLUMNS,
                     collections_rows(evidence, COLLECTING + ("marksweep", "lua", "lua_generational", "boehm"), ["temps"]))


FEW_PERCENT = 0.05


def judge_close(evidence):
    ratios = {row: evidence.estimate("temps", row) for row in ("refcount", "manual")}
    tests = [1 - FEW_PERCENT <= ratio["median"] <= 1 + FEW_PERCENT for ratio in ratios.values()]
    because = [f"{row_name(row)} takes {ratio_text(ratio)} of the time of `generational`: "
               f"{'within' if test else 'not within'} {share_text(FEW_PERCENT, 0)}." for (row, ratio), test in zip(ratios.items(), tests)]
    collected = sum(evidence.cell("temps", "generational")["counters"]["collections"])
    if not tests[0] and ratios["refcount"]["median"] < 1 and collected == 0:
        because.append("No collection runs; what `generational` has more is the head of every container, linked and unlinked, and the counter.")
    return Judgement(verdict_of(*tests), because, ("row", "time over `generational` on `temps`"),
                     time_rows(evidence, SUITE, ("refcount", "generational", "manual", "explicit") + PEERS, ["temps"]))


BACKDROP = Run("backdrop", ("refcount", "generational", "marksweep") + PEERS, ("temps", "temps:backdrop=1000000"), "refcount")
TRACING = ("marksweep", "lua", "lua_generational", "boehm")


def collections_there(evidence, row):
    """How often the row collects without and with the backdrop: a heap that is large to begin with is collected seldom."""
    numbers = [sum(evidence.cell(spec, row, BACKDROP.name)["counters"]["collections"]) for spec in BACKDROP.specs]
    return f"{row_name(row)} collects {count_text(numbers[0])} times without and {count_text(numbers[1])} times with them"


def judge_backdrop(evidence):
    ratios = {row: [evidence.estimate(spec, row, run=BACKDROP.name) for spec in BACKDROP.specs] for row in ("generational",) + TRACING}
    pays = {row: is_above(pair[0], 1) for row, pair in ratios.items() if row in TRACING}
    more = {row: is_above(pair[1], pair[0]["high"]) for row, pair in ratios.items() if row in TRACING}
    because = [f"Without a backdrop {list_text(row_name(row) for row, test in pays.items() if test)} take longer than `refcount`"
               + (f", {list_text(row_name(row) for row, test in pays.items() if not test)} not." if not all(pays.values()) else ".")]
    less = [row for row, test in more.items() if not test]
    because.append("Beside a million live objects all of them pay more." if not less else
                   f"Beside a million live objects {list_text(row_name(row) for row in less)} not certainly more: "
                   + list_text(collections_there(evidence, row) for row in less) + ".")
    return Judgement(verdict_of(*pays.values(), *more.values()), because, ("row", "time over `refcount`: no backdrop", "1,000,000 live objects"),
                     time_rows(evidence, BACKDROP.name, BACKDROP.strategies, BACKDROP.specs))


# -- 2 window --

WINDOWS = ("window", "window:lifetime=exponential", "window:lifetime=lognormal", "window:n=8192")


def judge_window(evidence):
    filling = {label: evidence.counter(label, "window:n=8192", "collections") for label in COLLECTING}
    whole = {label: evidence.counter(label, "window", "collections") for label in COLLECTING}
    tests = [whole[label] == filling[label] and whole[label][0] == 11 for label in COLLECTING]
    because = [f"{row_name(label)} collects {count_text(sum(filling[label]))} times in the first 8192 requests, which fill the window, and "
               f"{count_text(sum(whole[label]) - sum(filling[label]))} times in all those after." for label in COLLECTING]
    return Judgement(verdict_of(*tests), because, COLLECTIONS_COLUMNS, collections_rows(evidence, COLLECTING, WINDOWS))


# -- 3 build --

HEADLINE = "build:n=10000000"
NO_QUARTER = "generational:quarter_rule=off"


def judge_quarter_rule(evidence):
    visits = {label: evidence.counter(label, HEADLINE, "objects_visited") / evidence.counter(label, HEADLINE, "objects_allocated")
              for label in ("generational", NO_QUARTER)}
    rule, without = visits.values()
    return Judgement(verdict_of(4.5 <= rule <= 7.5, without > 50), [f"{rule:.1f} visits per object with the rule, {without:.1f} without."],
                     ("row", f"visits per object on `{HEADLINE}`"), [[row_name(label), f"{value:.1f}"] for label, value in visits.items()])


PUBLISHED_BUILD = [1302, 118, 8]


def judge_build_collections(evidence):
    found = {label: evidence.counter(label, "build", "collections") for label in COLLECTING}
    tests = [all(abs(a - b) <= 0.02 * b for a, b in zip(collections, PUBLISHED_BUILD)) for collections in found.values()]
    because = [f"CPython 3.11.7 on the Python program, with the interpreter's own objects in its heap: {generations_text(PUBLISHED_BUILD)}."]
    return Judgement(verdict_of(*tests), because + equality_sentence(evidence, ["build"]), COLLECTIONS_COLUMNS,
                     collections_rows(evidence, COLLECTING, ["build"]))


def judge_build_cost(evidence):
    peer = inverse(evidence.estimate("build", CPYTHON_OFF.strategies[1], run=CPYTHON_OFF.name))
    ours = inverse(evidence.estimate("build", "manual"))
    because = [f"With automatic collection CPython takes {more_text(peer)} than without and one collection at the end, `generational` "
               f"{more_text(ours)}; the teardown is in both."]
    return Judgement(verdict_of(is_above(peer, 3)), because, ("row", "time over the same without automatic collection, on `build`"),
                     [["`cpython`", ratio_text(peer)], ["`generational`", ratio_text(ours)]])


# -- 4 dom --

PINNED = {0.001: 0.019, 0.01: 0.17, 0.05: 0.57, 0.1: 0.83, 0.25: 0.99}
DOMS = tuple(f"dom:back={share:g}" for share in PINNED)


def leaked_share(evidence, label, spec):
    return evidence.counter(label, spec, "objects_leaked") / evidence.counter(label, spec, "objects_allocated")


def judge_dom(evidence):
    found = {share: leaked_share(evidence, "refcount", f"dom:back={share:g}") for share in PINNED}
    tests = [abs(found[share] - expected) <= 0.02 for share, expected in PINNED.items()]
    rows = [[share_text(share), share_text(PINNED[share]), share_text(found[share])] +
            [optional(lambda r=row, s=share: share_text(leaked_share(evidence, r, f"dom:back={s:g}"))) for row in ("generational",) + PEERS]
            for share in PINNED]
    because = [f"Within two points at {sum(tests)} of {len(tests)} shares: one back-pointer holds its whole subtree and the parent."]
    return Judgement(verdict_of(*tests), because, ("back-pointers", "expected to leak", "`refcount`", "`generational`", *map(row_name, PEERS)), rows)


# -- 5 pairs --

def judge_pairs(evidence):
    labels = ("refcount", "generational", "marksweep") + PEERS
    leaked = leaked_share(evidence, "refcount", "pairs")
    rows = [[row_name(label), optional(lambda l=label: count_text(evidence.counter(l, "pairs", "objects_leaked")))] for label in labels]
    made = count_text(evidence.counter("refcount", "pairs", "objects_allocated"))
    return Judgement(verdict_of(leaked == 1), [f"`refcount` leaks {share_text(leaked, 0)} of {made} objects."],
                     ("row", "objects leaked on `pairs`"), rows)


def has_trial_deletion(evidence):
    return any("trial" in row for row in evidence.rows())


def judge_trial_deletion_on_pairs(evidence):
    if not has_trial_deletion(evidence):
        return Judgement(UNKNOWN, ["No strategy here deletes by trial. Among those that are there:"], ("row", "time over `generational` on `pairs`"),
                         time_rows(evidence, SUITE, RACE, ["pairs"]))
    best = [cell["strategy"] for cell in evidence.cells() if cell["best"] and cell["spec"] == evidence.size("pairs")]
    return Judgement(verdict_of(any("trial" in row for row in best)), [f"Fastest: {list_text(map(row_name, best))}."],
                     ("row", "time over `generational` on `pairs`"), time_rows(evidence, SUITE, evidence.rows(), ["pairs"]))


# -- 6 rings --

RINGS = {"rings:k=1": 0, "rings:k=2": 0, "rings": 0, "rings:k=1000": 1, "rings:k=20000": 2}
RING_FIGURES = {"rings": (890e3, 107e3, 0), "rings:k=1000": (0, 874e3, 116e3), "rings:k=20000": (0, 0, 920e3)}


def judge_rings(evidence):
    tests = []
    for spec, generation in RINGS.items():
        freed = evidence.counter("generational", spec, "reclaimed_by_collector")
        tests.append(freed.index(max(freed)) == generation and max(freed) > 0.8 * evidence.counter("generational", spec, "objects_allocated"))
    because = [f"On {sum(tests)} of {len(tests)} sizes more than four fifths are freed by the generation that the size decides: 0 up to a ring of "
               "20, 1 for rings of 1000, 2 for rings of 20,000."]
    return Judgement(verdict_of(*tests), because + equality_sentence(evidence, RINGS), COLLECTIONS_COLUMNS,
                     collections_rows(evidence, COLLECTING, RINGS))


def judge_ring_figures(evidence):
    tests = []
    for spec, published in RING_FIGURES.items():
        freed = evidence.counter("generational", spec, "reclaimed_by_collector")
        tests.append(all(abs(a - b) <= 0.01 * evidence.counter("generational", spec, "objects_allocated") for a, b in zip(freed, published)))
    because = [f"Within a hundredth of all objects on {sum(tests)} of {len(tests)} sizes."]
    if not all(tests):
        because.append("The published figures are of an interpreter with some thousand objects of its own in the heap, so that full collections wait "
                       "for more survivors; here the heap begins empty.")
    rows = [[f"`{spec}`", " / ".join(count_text(value) for value in published),
             *[optional(lambda l=label, s=spec: " / ".join(map(count_text, evidence.counter(l, s, "reclaimed_by_collector")))) for label in COLLECTING]]
            for spec, published in RING_FIGURES.items()]
    return Judgement(verdict_of(*tests), because, ("workload", "published", *map(row_name, COLLECTING)), rows)


FINDINGS = (
    Finding("net-trigger", "temps", "The trigger on net allocations never fires in the timed part.", judge_net_trigger,
            counts=counts_of(COLLECTING + ("marksweep", "lua", "lua_generational", "boehm"), ("temps",))),
    Finding("within-a-few-percent", "temps", "Counting, generational and manual are within a few per cent of one another.", judge_close,
            suite=("temps",), suite_strategies=("refcount", "generational", "manual", "explicit") + PEERS),
    Finding("tracing-pays", "temps", "Tracing strategies pay, and more beside a large live heap.", judge_backdrop, runs=(BACKDROP,)),
    Finding("window-fills", "window", "CPython collects 11 times while the window fills, then never.", judge_window,
            counts=counts_of(COLLECTING, WINDOWS)),
    Finding("quarter-rule", "build", "At ten million objects the quarter rule brings 5 to 7 visits per object; without it over 50.",
            judge_quarter_rule, counts=counts_of(("generational", NO_QUARTER), (HEADLINE,))),
    Finding("build-collections", "build", "A million objects take 1302, 118 and 8 collections.", judge_build_collections,
            counts=counts_of(COLLECTING, ("build",))),
    Finding("build-cost", "build", "Automatic collection costs CPython 238% there.", judge_build_cost, runs=(CPYTHON_OFF,), suite=("build",),
            suite_strategies=("generational", "manual")),
    Finding("dom-leaks", "dom", "Few back-pointers pin whole subtrees, so that counting leaks 1.9% of all objects at a share of 0.1% and 99% at 25%.",
            judge_dom, counts=counts_of(("refcount", "generational") + PEERS, DOMS)),
    Finding("pairs-leak", "pairs", "Counting leaks exactly all.", judge_pairs,
            counts=counts_of(("refcount", "generational", "marksweep") + PEERS, ("pairs",))),
    Finding("trial-deletion-pairs", "pairs", "Trial deletion is cheapest.", judge_trial_deletion_on_pairs, suite=("pairs",), suite_strategies=RACE),
    Finding("rings-generation", "rings", "The size of a ring, against the thresholds, decides which generation frees it.", judge_rings,
            counts=counts_of(COLLECTING, RINGS)),
    Finding("rings-figures", "rings", "Of a million objects 890k, 107k and 0 go at a size of 20; 0, 874k and 116k at 1000; 0, 0 and 920k at 20,000.",
            judge_ring_figures, counts=counts_of(COLLECTING, RING_FIGURES)),
)
