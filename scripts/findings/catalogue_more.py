"""What each workload of the catalogue must show, the second half: mixtures, payloads, old and large heaps, drops, servers, real heaps."""

from catalogue import COLLECTING, COLLECTIONS_COLUMNS, RACE, collections_rows, equality_sentence, leaked_share, time_rows
from evidence import attempt, bytes_text, count_text, factor_text, more_text, optional, ratio_text, share_text, time_text
from judging import UNKNOWN, Judgement, inverse, is_above, is_below, row_name, verdict_of
from plan import PEERS, SUITE, Count, Finding, Run, counts_of
from problem import Missing
from texts import CPYTHON_OFF, MEASURED, PREFORK, PREPARED, prefork_rows

# -- 7 mix --

SHARES = {"mix:cyclic=0": 0, "mix:cyclic=0.001": 0.001, "mix:cyclic=0.01": 0.01, "mix:cyclic=0.04": 0.04, "mix": 0.1, "mix:cyclic=0.3": 0.3,
          "mix:cyclic=1": 1}


def judge_mix_leak(evidence):
    found = {spec: leaked_share(evidence, "refcount", spec) for spec in SHARES}
    tests = [abs(found[spec] - share) <= 0.05 * share + 0.0005 for spec, share in SHARES.items()]
    rows = [[share_text(share), share_text(found[spec], 2),
             *[optional(lambda r=row, s=spec: share_text(leaked_share(evidence, r, s), 2)) for row in ("generational",) + PEERS]]
            for spec, share in SHARES.items()]
    return Judgement(verdict_of(*tests), [f"The share that leaks is the cyclic share at {sum(tests)} of {len(tests)} shares."],
                     ("cyclic", "`refcount` leaks", "`generational`", *map(row_name, PEERS)), rows)


def judge_mix_collections(evidence):
    def all_collections(label, spec):
        return sum(evidence.counter(label, spec, "collections"))
    most = {label: all_collections(label, "mix:cyclic=1") for label in COLLECTING}
    tests = [abs(all_collections(label, spec) - share * most[label]) <= 0.1 * share * most[label] + 1
             for spec, share in SHARES.items() for label in COLLECTING]
    rows = [[share_text(share), *[optional(lambda l=label, s=spec: count_text(all_collections(l, s))) for label in COLLECTING + ("marksweep",)]]
            for spec, share in SHARES.items()]
    return Judgement(verdict_of(*tests), [f"In proportion, within a tenth, in {sum(tests)} of {len(tests)} cases. What traces collects as "
                                          "often whatever is cyclic."] + equality_sentence(evidence, SHARES),
                     ("cyclic", *map(row_name, COLLECTING), "`marksweep`"), rows)


MIX = Run("mix", ("refcount", "generational", "marksweep", "explicit", "cpython", "lua", "boehm"), tuple(SHARES), "refcount")


def judge_break_even(evidence):
    ratios = {spec: evidence.estimate(spec, "generational", run=MIX.name) for spec in SHARES}
    dearer = [spec for spec, ratio in ratios.items() if is_above(ratio, 1)]
    cheaper = [spec for spec, ratio in ratios.items() if is_below(ratio, 1)]
    because = []
    if dearer:
        because.append(f"Collecting costs more than leaking up to a cyclic share of {share_text(max(SHARES[spec] for spec in dearer))}")
        because[-1] += f", and less from {share_text(min(SHARES[spec] for spec in cheaper))} on: what leaks takes fresh pages." if cheaper else "."
    crosses = bool(dearer) and bool(cheaper) and max(SHARES[spec] for spec in dearer) < min(SHARES[spec] for spec in cheaper)
    return Judgement(verdict_of(crosses), because or ["Collecting costs no more than leaking at any share."],
                     ("row", *[share_text(share) for share in SHARES.values()]), time_rows(evidence, MIX.name, MIX.strategies, SHARES))


# -- 8 fat --

BUFFER = 65536


def judge_fat_leak(evidence):
    leaked = evidence.counter("refcount", "fat", "bytes_leaked")
    return Judgement(verdict_of(abs(leaked - 1.3e9) <= 0.05e9), [f"`refcount` leaks {bytes_text(leaked)}."], ("row", "bytes leaked on `fat`"),
                     [[row_name(row), optional(lambda r=row: bytes_text(evidence.counter(r, "fat", "bytes_leaked")))] for row in ("refcount", "generational") + PEERS])


def judge_byte_blind(evidence):
    labels = ("generational", "cpython", "marksweep", "lua", "lua_generational", "boehm")
    held = {label: attempt(lambda l=label: evidence.counter(l, "fat", "bytes_peak") / BUFFER) for label in labels}
    threshold = evidence.cell("fat:n=4000", "generational")["options"]["threshold0"]
    expected = threshold / 2
    tests = [held[label] is not None and abs(held[label] - expected) <= 0.1 * expected for label in COLLECTING]
    least = min(value for value in held.values() if value is not None)
    because = [f"Half of the threshold, {count_text(threshold)} containers, is {count_text(expected)} buffers: two containers die with each."]
    if held["marksweep"] is not None and held["marksweep"] == least:
        because.append("`marksweep` starts by bytes and holds the fewest.")
    return Judgement(verdict_of(*tests), because, ("row", "buffers held at most on `fat`"),
                     [[row_name(label), "–" if value is None else count_text(value)] for label, value in held.items()])


# -- 9 gcbench --

NODES, LONG_LIVED = 15333862, 131071


def judge_gcbench(evidence):
    made = {label: attempt(evidence.counter, label, "gcbench", "objects_allocated") for label in ("generational", "cpython", "lua", "boehm")}
    tests = [value == NODES + 1 for value in made.values() if value is not None]  # and the array
    shape = evidence.shape("explicit", "gcbench")
    lives = shape["live"]["objects"]
    rows = [[row_name(label), "–" if value is None else count_text(value)] for label, value in made.items()]
    because = [f"Every row makes {count_text(NODES)} nodes and the array." if all(tests) else "The rows differ in what they make.",
               f"{count_text(lives)} objects live when the work is done."]
    return Judgement(verdict_of(*tests, lives in (LONG_LIVED, LONG_LIVED + 1)), because, ("row", "objects made"), rows)


# -- 10 splay --

SPLAY = "splay:n=8000,keys=2000"


def latency(evidence, row, name):
    """A percentile of the requests' latency, where the run has it."""
    found = evidence.cell(SPLAY, row).get("latency")
    value = ((found or {}).get("request_ns") or {}).get(name)
    return "–" if value is None else time_text(value)


def longest(evidence, row, name):
    value = evidence.cell(SPLAY, row)["counters"].get(name)
    return "–" if value is None else "none" if value == 0 else time_text(value)


def judge_splay(evidence):
    rows = [[row_name(row), optional(latency, evidence, row, "p50"), optional(latency, evidence, row, "p999"),
             optional(longest, evidence, row, "request_ns_max"), optional(longest, evidence, row, "pause_ns_max"),
             optional(lambda r=row: ratio_text(evidence.estimate(SPLAY, r)))] for row in RACE]
    steady = evidence.cell(SPLAY, "refcount")["counters"]["request_ns_max"]
    traced = evidence.cell(SPLAY, "marksweep")["counters"]["request_ns_max"]
    counted = evidence.cell(SPLAY, "generational")["counters"]
    because = [f"The longest request under `refcount` takes {time_text(steady)}, under `marksweep` {factor_text(traced / steady)} times as long."]
    if sum(counted["collections"]) == 0:
        because.append("`generational` does not collect at all here: as much dies by count as is made.")
    return Judgement(verdict_of(traced > 5 * steady), because, ("row", "request: median", "99.9%", "longest", "longest pause", "time over `generational`"), rows)


# -- 11 lru, 12 mutate, 13 promote_free --

def frees_nothing(evidence, spec):
    """Tests and sentences: collections that scan and free nothing."""
    tests, because = [], []
    for label in COLLECTING:
        freed = sum(evidence.counter(label, spec, "reclaimed_by_collector"))
        visited = evidence.counter(label, spec, "objects_visited")
        tests.append(freed == 0 and visited > 0)
        because.append(f"{row_name(label)} visits {count_text(visited)} objects in {count_text(sum(evidence.counter(label, spec, 'collections')))} "
                       f"collections and frees {count_text(freed)}.")
    return tests, because


def judge_lru(evidence):
    tests, because = frees_nothing(evidence, "lru")
    return Judgement(verdict_of(*tests), because, COLLECTIONS_COLUMNS, collections_rows(evidence, COLLECTING + ("marksweep", "lua", "lua_generational", "boehm"), ["lru"]))


MUTATE = "mutate:stores=500000"


def judge_mutate(evidence):
    return Judgement(UNKNOWN, ["No strategy here deletes by trial. What the strategies that are there take:"],
                     ("row", f"time over `generational` on `{MUTATE}`"), time_rows(evidence, SUITE, RACE, [MUTATE]))


def judge_promote_free(evidence):
    tests, because = frees_nothing(evidence, "promote_free")
    return Judgement(verdict_of(*tests), because, COLLECTIONS_COLUMNS, collections_rows(evidence, COLLECTING, ["promote_free"]))


def judge_promote_cost(evidence):
    ours = inverse(evidence.estimate("promote_free", "manual"))
    peer = inverse(evidence.estimate("promote_free", CPYTHON_OFF.strategies[1], run=CPYTHON_OFF.name))
    tests = [1.5 <= ratio["median"] <= 1.9 for ratio in (ours, peer)]
    because = [f"{name} takes {more_text(ratio)} than without automatic collection"
               + ("." if test else ", not 50% to 90%.") for (name, ratio), test in zip((("`generational`", ours), ("CPython", peer)), tests)]
    return Judgement(verdict_of(*tests), because, ("row", "time over the same without automatic collection"),
                     [["`generational`", ratio_text(ours)], ["`cpython`", ratio_text(peer)]])


# -- 14 late --

def judge_late(evidence):
    tests, because = [], []
    for label in COLLECTING:
        freed = evidence.counter(label, "late", "reclaimed_by_collector")
        tests.append(sum(freed[:2]) == 0 and freed[2] > 0)
        because.append(f"{row_name(label)}: full collections free {share_text(freed[2] / max(sum(freed), 1), 0)} of what collections free.")
    return Judgement(verdict_of(*tests), because + equality_sentence(evidence, ["late"]), COLLECTIONS_COLUMNS,
                     collections_rows(evidence, COLLECTING + ("marksweep", "lua", "lua_generational", "boehm"), ["late"]))


def held_over_live(evidence, row):
    """Of the run's recording of memory, where it has one."""
    memory = evidence.cell("late", row).get("memory_over_time") or {}
    if not memory.get("live_bytes_max") or not memory.get("truly_live_bytes_max"):
        raise Missing(f"the memory of {row} over time is not known")
    return memory["live_bytes_max"] / memory["truly_live_bytes_max"]


def judge_late_peak(evidence):
    live = evidence.shape("explicit", "late")["bytes_peak"]
    peaks = {row: attempt(lambda r=row: evidence.shape(r, "late")["bytes_peak"] / live) for row in ("refcount", "generational", "manual", "marksweep")}
    rows = [[row_name(row), "–" if peak is None else factor_text(peak)] for row, peak in peaks.items()]
    for row in PEERS:
        held = attempt(held_over_live, evidence, row)
        resident = attempt(lambda r=row: evidence.cell("late", r)["counters"]["rss_peak_bytes"])
        rows.append([row_name(row), factor_text(held) if held is not None else "–" if resident is None else f"not told; resident {bytes_text(resident)}"])
    return Judgement(verdict_of(1.7 <= peaks["generational"] <= 2.3), [f"`generational` holds {factor_text(peaks['generational'])} times what is live at most."],
                     ("row", "most bytes held over most bytes live"), rows)


# -- 15 shape --

DROPS = Run("drops", ("refcount", "generational", "marksweep", "explicit") + PEERS, ("shape", "shape:variant=wide", "shape:variant=dense"))
EDGES = {"shape": "n", "shape:variant=wide": "n", "shape:variant=dense": "levels"}


def freed_by_drop(evidence, spec):
    """What the one drop has to look at: objects of the chain and of what is wide, edges of what is dense."""
    number = evidence.cell(spec, "refcount", DROPS.name)["params"][EDGES[spec]]
    return number * (number - 1) / 2 if spec.endswith("dense") else number


def drop_text(evidence, spec, row):
    counters = evidence.cell(spec, row, DROPS.name)["counters"]
    drop = counters.get("drop_ns_max")
    if drop:
        return f"{time_text(drop)} ({drop / freed_by_drop(evidence, spec):.1f} ns)"
    return f"request of {time_text(counters['request_ns_max'])}"


def judge_drop(evidence):
    drops = {spec: evidence.cell(spec, "refcount", DROPS.name)["counters"]["drop_ns_max"] for spec in DROPS.specs}
    each = {spec: drop / freed_by_drop(evidence, spec) for spec, drop in drops.items()}
    rows = [[row_name(row), *[optional(drop_text, evidence, spec, row) for spec in DROPS.specs]] for row in DROPS.strategies]
    done = [evidence.cell(spec, row, DROPS.name)["status"] for spec in DROPS.specs for row in ("refcount", "generational")]
    because = [f"One decrement under `refcount` takes {time_text(max(drops.values()))} at most: {each['shape']:.1f} ns for each object of a chain, "
               f"{each['shape:variant=wide']:.1f} of something wide, {each['shape:variant=dense']:.1f} for each edge of something dense.",
               "No drop recurses: chains of ten million die on a stack of 256 KiB (`ctest --preset release -R deep`)."]
    return Judgement(verdict_of(max(drops.values()) > 1e6, len(done) == 6), because,
                     ("row", "chain (for each object)", "wide (for each object)", "dense (for each edge)"), rows)


# -- 16 finalize --

FINALIZE = ("finalize", "finalize:cyclic=0")


def judge_finalize(evidence):
    rows, tests = [], []
    for row in evidence.rows():
        cells = [evidence.find(spec, row) for spec in FINALIZE]
        rows.append([row_name(row)] + [status_text(cell) for cell in cells])
        tests += [cell["status"] in ("ok", "leaked", "uncollected") for cell in cells if cell is not None and cell["status"] != "skipped"]
    because = [f"{sum(tests)} of {len(tests)} cells agree with the workload's books: how many finalisers and callbacks ran, how many weak references lead "
               "nowhere, and one checksum of the final graph for all."]
    return Judgement(verdict_of(*tests), because, ("row", *[f"`{spec}`" for spec in FINALIZE]), rows)


def status_text(cell):
    if cell is None:
        return "–"
    if cell["status"] == "leaked":
        return f"as the books say; leaks {count_text(cell['counters']['objects_leaked'])}"
    if cell["status"] in ("ok", "uncollected"):
        return "as the books say"
    return f"{cell['status']}: {cell['reason']}"


# -- 17 prefork --

def judge_pages(evidence):
    def copied(row, state, name):
        return evidence.cell(PREPARED[state], row, PREFORK.name)["counters"][MEASURED[name]]
    counting, tracing = copied("refcount", "as it is", "copied while reading"), copied("marksweep", "as it is", "copied while reading")
    default = {row: copied(row, "as it is", "while serving") for row in COLLECTING}
    calm = {row: max(copied(row, state, "while serving") for state in ("disabled", "frozen")) for row in COLLECTING}
    because = [f"To look at a tenth of the objects `refcount` copies {bytes_text(counting)}, `marksweep` {bytes_text(tracing)}."]
    because += [f"While it serves {row_name(row)} copies {bytes_text(default[row])} as it is, at most {bytes_text(calm[row])} disabled or frozen."
                for row in COLLECTING]
    return Judgement(verdict_of(counting > 10 * tracing, *[default[row] > 10 * calm[row] for row in COLLECTING]), because,
                     ("row", "the collector", *MEASURED, "time"), prefork_rows(evidence))


# -- 18 heap --

def judge_heap(evidence):
    specs = [spec for spec in evidence.asked_specs() if spec.startswith("heap:")]
    tests, because, known_any = [], [], False
    for spec in specs:
        ratios = {row: attempt(evidence.estimate, spec, row, "overhead") for row in RACE if row != "explicit"}
        ratios = {row: ratio["median"] for row, ratio in ratios.items() if ratio is not None}
        tests.append(len(ratios) == len(RACE) - 1)
        known_any = known_any or bool(ratios)
        if ratios:
            least, most = min(ratios, key=ratios.get), max(ratios, key=ratios.get)
            because.append(f"`{spec}` costs from {factor_text(ratios[least])} ({row_name(least)}) to {factor_text(ratios[most])} times "
                           f"({row_name(most)}) what freeing by schedule takes.")
    if not known_any:
        raise Missing("the time of no row over `explicit` is known on a recorded heap")
    because.append("The shape is the program's; a snapshot has no lifetimes, and the mutation is made up.")
    rows = [[row_name(row)] + [optional(lambda r=row, s=spec: ratio_text(evidence.estimate(s, r, "overhead"))) for spec in specs] for row in RACE]
    return Judgement(verdict_of(*tests), because, ("row", *[f"time over `explicit` on `{spec}`" for spec in specs]), rows)


FINDINGS = (
    Finding("mix-leak", "mix", "Counting leaks the cyclic share.", judge_mix_leak, counts=counts_of(("refcount", "generational") + PEERS, SHARES)),
    Finding("mix-collections", "mix", "Collections are in proportion to the cyclic share.", judge_mix_collections,
            counts=counts_of(COLLECTING + ("marksweep",), SHARES)),
    Finding("break-even", "mix", "There is a share from which collecting is cheaper than leaking.", judge_break_even, runs=(MIX,)),
    Finding("fat-leak", "fat", "Counting leaks 1.3 GB.", judge_fat_leak, counts=counts_of(("refcount", "generational") + PEERS, ("fat",))),
    Finding("byte-blind", "fat", "Triggers that count objects hold about half of the threshold in buffers.", judge_byte_blind,
            counts=counts_of(("generational", "cpython", "marksweep", "lua", "lua_generational", "boehm"), ("fat",)), suite=("fat:n=4000",),
            suite_strategies=("generational",)),
    Finding("gcbench-nodes", "gcbench", "The anchor: 15,333,862 nodes, of which 131,071 live long.", judge_gcbench,
            counts=counts_of(("generational", "cpython", "lua", "boehm"), ("gcbench",)) + (Count("explicit", "gcbench", True),)),
    Finding("splay-latency", "splay", "Counting has a steady latency where full collections pause.", judge_splay, suite=(SPLAY,), suite_strategies=RACE),
    Finding("lru-nothing", "lru", "Generational collections scan and free nothing.", judge_lru,
            counts=counts_of(COLLECTING + ("marksweep", "lua", "lua_generational", "boehm"), ("lru",))),
    Finding("trial-deletion-mutate", "mutate", "Trial deletion that does not adapt scans the live graph over and over.", judge_mutate, suite=(MUTATE,),
            suite_strategies=RACE),
    Finding("promote-nothing", "promote_free", "Generational collections free nothing.", judge_promote_free, counts=counts_of(COLLECTING, ("promote_free",))),
    Finding("promote-cost", "promote_free", "They cost 70%.", judge_promote_cost, runs=(CPYTHON_OFF,), suite=("promote_free",),
            suite_strategies=("generational", "manual")),
    Finding("late-full", "late", "All is freed by full collections.", judge_late,
            counts=counts_of(COLLECTING + ("marksweep", "lua", "lua_generational", "boehm"), ("late",))),
    Finding("late-peak", "late", "The peak is about twice what is live.", judge_late_peak, suite=("late",), suite_strategies=("generational",) + PEERS,
            counts=counts_of(("explicit", "refcount", "generational", "manual", "marksweep"), ("late",), shape=True)),
    Finding("one-drop", "shape", "Counting has a pause of its own: one decrement that frees a million. No drop recurses.", judge_drop, runs=(DROPS,)),
    Finding("finalize-books", "finalize", "Finalisers, weak references and resurrection are right under load.", judge_finalize, suite=FINALIZE),
    Finding("dirty-pages", "prefork", "Counts and the heads of the collector dirty shared pages; freezing and disabling spare them.", judge_pages,
            runs=(PREFORK,)),
    Finding("heap-cost", "heap", "What the shape of a real program costs under each strategy.", judge_heap, suite=("heap:file=node-eslint", "heap:file=python-docutils"),
            suite_strategies=RACE),
)
