"""What the texts that explain Python's memory management claim about cost, and what comes of it here."""

from evidence import TIMED, attempt, bytes_text, change_text, generations_text, list_text, optional, ratio_text, share_text, time_text
from judging import FAILS, HOLDS, UNKNOWN, Judgement, is_above, is_below, row_name, verdict_of
from plan import EVERY, PEERS, SUITE, Compare, Finding, Run
from problem import Missing

PAUSE_NS = 1e6           # what is called a pause: a millisecond
MARGIN = 0.02            # the least difference of times that counts, as everywhere here
YOUNG_BYTES = 1 << 16    # who dies before so much was allocated after it dies young: some thousand objects, a youngest generation's worth


# -- counting makes no pauses --

def shown_time(cell, name):
    value = cell["counters"].get(name) if cell else None
    return "–" if value is None else "0" if value == 0 else time_text(value)


def judge_no_pauses(evidence):
    rows, drops = [], {}
    for spec in evidence.asked_specs():
        cells = {row: evidence.find(spec, row) for row in ("refcount", "generational", "marksweep", "cpython", "lua", "boehm")}
        if cells["refcount"] is None or cells["refcount"]["counters"].get("drop_ns_max") is None:
            continue
        drops[spec] = cells["refcount"]["counters"]["drop_ns_max"]
        rows.append([f"`{spec}`", shown_time(cells["refcount"], "drop_ns_max"), shown_time(cells["generational"], "pause_ns_max"),
                     shown_time(cells["marksweep"], "pause_ns_max")] +
                    [shown_time(cells[row], "request_ns_max") for row in ("refcount", "cpython", "lua", "boehm")])
    if not drops:
        raise Missing("how long drops took is not known")
    long = [spec for spec, drop in drops.items() if drop > PAUSE_NS]
    worst = max(drops, key=drops.get)
    because = [f"On {len(drops) - len(long)} of {len(drops)} workloads no drop of `refcount` took longer than {time_text(PAUSE_NS)}."]
    if long:
        because.append(f"The longest took {time_text(drops[worst])}, on `{worst}`: the decrement that ends a structure frees all of it, and the "
                       "program waits.")
    return Judgement(FAILS if long else HOLDS, because,
                     ("workload", "`refcount`: longest drop", "`generational`: longest pause", "`marksweep`: longest pause",
                      "longest request: `refcount`", "`cpython`", "`lua`", "`boehm`"), rows)


# -- counting costs something at every assignment --

ASSIGNED = "mutate:stores=2000000"
ASSIGNMENTS = Run("assignments", ("none", "refcount", "generational", "marksweep", "explicit") + PEERS, (ASSIGNED,), "none")
BY_HAND = Run("by_hand", ("hand_counting", "hand_floor"), ("temps", "gcbench:stretch=16,long=14,array=125000,max=14"), "hand_floor")


def store_price(evidence, row):
    """Nanoseconds for each of the stores beyond what `none` takes for it; `none` writes the slot and does nothing else."""
    ratio = evidence.estimate(ASSIGNED, row, run=ASSIGNMENTS.name)
    floor = evidence.cell(ASSIGNED, "none", ASSIGNMENTS.name)
    per_store = floor["time_ns"]["median"] / floor["params"]["stores"]
    return f"{(ratio['median'] - 1) * per_store:+.1f} ns"


def judge_assignments(evidence):
    rows = []
    for row in ASSIGNMENTS.strategies:
        rows.append([f"`{ASSIGNED}`", row_name(row),
                     optional(lambda row=row: ratio_text(evidence.estimate(ASSIGNED, row, run=ASSIGNMENTS.name)) + " of `none`"),
                     optional(lambda row=row: store_price(evidence, row))])
    counted = evidence.estimate(ASSIGNED, "refcount", run=ASSIGNMENTS.name)
    by_hand = {spec: evidence.estimate(spec, "hand_counting", run=BY_HAND.name) for spec in BY_HAND.specs}
    for spec, ratio in by_hand.items():
        rows.append([f"`{spec}`", "`hand_counting`", ratio_text(ratio) + " of `hand_floor`", "–"])
    tests = [is_above(counted, 1 + MARGIN)] + [is_above(ratio, 1 + MARGIN) for ratio in by_hand.values()]
    because = [f"Stores into random objects of a graph of 200,000 take `refcount` {ratio_text(counted)} times what they take without counts"
               + (": each touches the counts of two more objects, which are in no cache." if tests[0] else ": no difference beyond the margin.")]
    hidden = [spec for spec, ratio in by_hand.items() if not is_above(ratio, 1 + MARGIN)]
    if hidden:
        because.append(f"On {list_text(f'`{spec}`' for spec in hidden)} the same loops by hand with and without counts do not differ by more than "
                       f"{share_text(MARGIN, 0)} for certain: the object whose count changes has just been used.")
    return Judgement(verdict_of(*tests), because, ("workload", "row", "time", "more for each store than `none`"), rows)


# -- the generational hypothesis --

def young_share(shape):
    """The share of all objects that are dead before YOUNG_BYTES have been allocated since they were made."""
    return sum(count for below, count in shape["lifetimes"] if below <= YOUNG_BYTES) / shape["allocated"]["objects"]


def yields(evidence, spec, row):
    """What collections freed, by generation."""
    cell = evidence.find(spec, row)
    freed = cell["counters"].get("reclaimed_by_collector") if cell and cell.get("counters") else None
    collections = cell["counters"].get("collections") if freed else None
    return None if not collections or sum(collections) == 0 else freed


def judge_hypothesis(evidence):
    specs = evidence.asked_specs()
    shares = {spec: attempt(lambda spec=spec: young_share(evidence.shape("explicit", spec))) for spec in specs}
    freed = {spec: yields(evidence, spec, "generational") for spec in specs}
    lua = {spec: attempt(evidence.compare, spec, "lua_generational", "lua") for spec in specs}
    rows = [[f"`{spec}`", "–" if shares[spec] is None else share_text(shares[spec], 0), collected_text(freed[spec]),
             collected_text(yields(evidence, spec, "cpython")), "–" if lua[spec] is None else ratio_text(lua[spec])] for spec in specs]
    known_shares = [share for share in shares.values() if share is not None]
    young = [share for share in known_shares if share >= 0.5]
    fruitless = [spec for spec in specs if freed[spec] is not None and not sum(freed[spec][:2])]
    fruitful = [spec for spec in specs if freed[spec] is not None and sum(freed[spec][:2])]
    faster = [spec for spec in specs if lua[spec] is not None and is_below(lua[spec], 1 - MARGIN)]
    because = [f"On {len(young)} of the {len(known_shares)} workloads whose lifetimes are known most objects are dead before another "
               f"{YOUNG_BYTES // 1024} KiB have been allocated.",
               f"Collections of the two younger generations under `generational` free something on {len(fruitful)} workloads, and on "
               f"{len(fruitless)} nothing" + (f" ({list_text(f'`{spec}`' for spec in fruitless)})" if fruitless else "") + ".",
               f"Lua's generational mode is faster than its incremental one on {len(faster)} of {len(lua)}."]
    verdict = verdict_of(len(young) == len(known_shares), bool(young), not fruitless) if known_shares else UNKNOWN
    return Judgement(verdict, because, ("workload", "objects that die young", "`generational`: freed by collections of generation 0 + 1 + 2",
                                        "`cpython`", "time of `lua_generational` over `lua`"), rows)


def collected_text(freed):
    return "no collection" if freed is None else generations_text(freed)


# -- disabling the collector is faster --

OFF = ":automatic=off,collect=end"
DISABLED = tuple(Run(f"disabled_{peer}", (peer, peer + OFF), ("build", "pairs", "mix", "promote_free"), peer) for peer in ("cpython", "lua", "boehm"))
CPYTHON_OFF = DISABLED[0]


def judge_disabled(evidence):
    rows, ours = [], {}
    for spec in evidence.asked_specs():
        cells = [optional(lambda spec=spec: ratio_text(ours.setdefault(spec, evidence.estimate(spec, "manual"))))]
        for run in DISABLED:
            cells.append(optional(lambda spec=spec, run=run: ratio_text(evidence.estimate(spec, run.strategies[1], run=run.name)))
                         if spec in run.specs else "")
        rows.append([f"`{spec}`"] + cells)
    if not ours:
        raise Missing("the times of `manual` over `generational` are not known")
    faster = [spec for spec, ratio in ours.items() if is_below(ratio, 1 - MARGIN)]
    slower = [spec for spec, ratio in ours.items() if is_above(ratio, 1 + MARGIN)]
    because = [f"Off, and collected once at the end, is faster on {len(faster)} of {len(ours)} workloads and slower on {len(slower)}; "
               f"elsewhere no difference beyond {share_text(MARGIN, 0)} is certain."]
    if slower:
        leaky = [spec for spec in slower if reclaimed_late(evidence, spec)]
        because.append(f"On {len(leaky)} of those {len(slower)} the one collection at the end found more than a tenth of all objects: "
                       "until then the garbage took fresh pages instead of memory that was used before.")
    return Judgement(verdict_of(not slower and bool(faster), bool(faster)), because,
                     ("workload", "`manual` over `generational`", "`cpython`: off over on", "`lua`: off over on", "`boehm`: off over on"), rows)


def reclaimed_late(evidence, spec):
    counters = evidence.cell(spec, "manual")["counters"]
    return sum(counters["reclaimed_by_collector"]) + (counters["reclaimed_by_last_collect"] or 0) > 0.1 * counters["objects_allocated"]


# -- a tenth is saved by disabling it in servers that fork --

FORKED = "prefork:n=300000,workers=2,requests=1000,grow=0.4"
PREPARED = {"as it is": FORKED, "disabled": FORKED + ",before_fork=disable", "frozen": FORKED + ",before_fork=freeze"}
PREFORK = Run("prefork", ("refcount", "generational", "marksweep", "cpython", "lua", "boehm"), tuple(PREPARED.values()))
MEASURED = {"copied while reading": "measured_copied_by_reads_bytes", "while serving": "measured_copied_by_serving_bytes",
            "all memory (Pss)": "measured_all_pss_bytes"}


def prefork_row(evidence, row, state):
    cell = evidence.find(PREPARED[state], row, PREFORK.name)
    if cell is None or cell["status"] not in TIMED:
        why = f"{cell['status']}: {cell['reason']}" if cell else "not run"
        return [row_name(row), state, why] + [""] * len(MEASURED)
    return [row_name(row), state, *[bytes_text(cell["counters"][name]) for name in MEASURED.values()], time_text(cell["time_ns"]["median"])]


def prefork_rows(evidence):
    return [prefork_row(evidence, row, state) for row in PREFORK.strategies for state in PREPARED]


def saved(evidence, row, state, figure):
    """The share that the state saves over the server as it is."""
    def of(spec):
        cell = evidence.cell(spec, row, PREFORK.name)
        return cell["time_ns"]["median"] if figure == "time" else cell["counters"][figure]
    return 1 - of(PREPARED[state]) / of(PREPARED["as it is"])


def judge_forked(evidence):
    rows = prefork_rows(evidence)
    memory = {row: saved(evidence, row, "disabled", "measured_all_pss_bytes") for row in ("generational", "cpython")}
    time = {row: saved(evidence, row, "disabled", "time") for row in ("generational", "cpython")}
    because = [f"With the collector disabled before the fork {row_name(row)} takes {change_text(1 - memory[row])} memory and "
               f"{change_text(1 - time[row])} time." for row in memory]
    because.append("How much it is depends on whether a full collection comes due in a worker: here each worker grows by two fifths, so one does.")
    return Judgement(verdict_of(*[share >= 0.1 for share in memory.values()]), because,
                     ("row", "the collector", *MEASURED, "time"), rows)


FINDINGS = (
    Finding("no-pauses", "texts", "Reference counting makes no pauses.", judge_no_pauses, suite=EVERY,
            suite_strategies=("refcount", "generational", "marksweep", "cpython", "lua", "boehm")),
    Finding("assignments", "texts", "Reference counting costs something at every assignment.", judge_assignments, runs=(ASSIGNMENTS, BY_HAND)),
    Finding("hypothesis", "texts", "The generational hypothesis: most objects die young, so that collecting the young often is worth it.",
            judge_hypothesis, suite=EVERY, suite_strategies=("generational", "cpython", "lua", "lua_generational"), shapes=("explicit",),
            compares=(Compare(SUITE, "lua_generational", "lua"),)),
    Finding("disabled", "texts", "Disabling the collector is faster.", judge_disabled, suite=EVERY, suite_strategies=("generational", "manual"),
            runs=DISABLED),
    Finding("forked", "texts", "Disabling the collector in servers that fork saves a tenth.", judge_forked, runs=(PREFORK,)),
)
