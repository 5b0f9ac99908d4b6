/* What each loop's finding is the price of, and the list of all. */
#include "bench/prices.h"
#include "bench/price_loops.h"

#include <math.h>
#include <stdio.h>

#if PRICES_ABSENT

const char *prices_absence(void)
{
    #ifdef RECLAIM_HAND_WRITTEN
    return "a program by hand has no operations whose price could be measured";
    #else
    return sample_absence() != NULL ? sample_absence() : "a program that counts is never timed";
    #endif
}

bool prices_measure(const sample *of, price_list *measured, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)of, (void)measured;
    snprintf(message, WORKLOAD_MESSAGE_MAX, "%s", prices_absence());
    return false;
}

#else

/* A program measures them once. */
static price_findings found;

const char *prices_absence(void)
{
    if (sample_absence() != NULL)
        return sample_absence();
    if (strategy_traits.peer != NULL)
        return "what a foreign runtime does is not counted, so a price would explain nothing";
    return NULL;
}

/* ---- What each is the price of ---- */

    #define OBJECTS "objects: made and freed"
    #define REFERENCES "references and variables"
    #define LIVE "collector: live objects"
    #define GARBAGE "collector: garbage"

static const price_kind dropped_kind = {"object made, and freed when its last reference goes",
                                        OBJECTS,
                                        "object",
                                        {"reclaimed_by_count"},
                                        {"bytes_peak"},
                                        "bytes"};
static const price_kind made_kind = {
    "object made, for a collection to free", OBJECTS,  "object", {"reclaimed_by_collector"},
    {"visited_by_collector", "collections"}, "objects"};
/* What the last collection finds has stayed until the program let go of it. */
static const price_kind kept_kinds[] = {
    {"object made, for the last collection to free",
     OBJECTS,
     "object",
     {"reclaimed_by_last_collect"},
     {"visited_by_last_collect"},
     "objects"},
    {"object made, and never freed",
     OBJECTS,
     "object",
     {"objects_allocated", "-reclaimed_by_count", "-reclaimed_by_collector",
      "-reclaimed_by_last_collect"},
     {"objects_allocated"},
     "objects"},
};
static const price_kind visited_kinds[] = {
    {"live object visited",
     LIVE,
     "object",
     {"visited_by_collector", "-reclaimed_by_collector"},
     {"visited_by_collector", "collections"},
     "objects"},
    {"live object visited by the last collection",
     LIVE,
     "object",
     {"visited_by_last_collect", "-reclaimed_by_last_collect"},
     {"visited_by_last_collect"},
     "objects"},
};
static const price_kind reclaimed_kinds[] = {
    {"garbage found and freed",
     GARBAGE,
     "object",
     {"reclaimed_by_collector"},
     {"visited_by_collector", "collections"},
     "objects"},
    {"garbage found and freed by the last collection",
     GARBAGE,
     "object",
     {"reclaimed_by_last_collect"},
     {"visited_by_last_collect"},
     "objects"},
};
static const struct {
    price_kind kind;
    const double *ns;
} single_kinds[] = {
    {{"reference read into a variable",
      REFERENCES,
      "operation",
      {"operations.load", "operations.root_get"},
      {NULL},
      NULL},
     &found.load_ns},
    {{"reference stored",
      REFERENCES,
      "operation",
      {"operations.store", "operations.unset", "operations.root_set"},
      {NULL},
      NULL},
     &found.store_ns},
    {{"reference copied from slot to slot",
      REFERENCES,
      "operation",
      {"operations.copy_slot"},
      {NULL},
      NULL},
     &found.copy_slot_ns},
    {{"name given or deleted",
      REFERENCES,
      "operation",
      {"operations.set", "operations.clear"},
      {NULL},
      NULL},
     &found.alias_ns},
    {{"reference transferred",
      REFERENCES,
      "operation",
      {"operations.take", "operations.fill", "operations.move", "operations.store_move"},
      {NULL},
      NULL},
     &found.transfer_ns},
    {{"reference borrowed", REFERENCES, "operation", {"operations.borrow"}, {NULL}, NULL},
     &found.borrow_ns},
    {{"scope entered and left", REFERENCES, "scope", {"scopes"}, {NULL}, NULL}, &found.scope_ns},
    {{"page touched for the first time", "page faults", "page", {"page_faults"}, {NULL}, NULL},
     &found.fault_ns},
};

static void add_point(price *to, double size, double ns)
{
    to->points[to->point_count++] = (price_point){size, ns > 0 ? ns : 0};
}

static price *add_price(price_list *to, const price_kind *kind)
{
    to->items[to->count] = (price){.kind = kind};
    return &to->items[to->count++];
}

static void add_heap_curves(price_list *to, const price_kind *kinds, size_t count, const double *ns)
{
    for (size_t k = 0; k < count; k++) {
        price *added = add_price(to, &kinds[k]);
        for (size_t i = 0; i < found.heaps; i++)
            add_point(added, price_heaps[i], ns[i]);
    }
}

/* The loops of objects also do things that have a price of their own: each object of a loop has its
 * share of scopes, stores and transfers, by what the loop's functions say. */
static void take_out_references(void)
{
    bool in_boxes = found.slots == 0 && !strategy_traits.prompt, in_pairs = found.slots <= 1;
    double of_garbage = in_boxes ? found.scope_ns + 0.5 * found.transfer_ns
                                 : (in_pairs ? 1.5 : 0.5) * found.scope_ns +
                                       (in_pairs ? 1 : found.slots) * found.store_ns +
                                       (in_pairs ? 0.5 : 0.25) * found.transfer_ns;
    double of_chained = (7 * found.copy_slot_ns + found.store_ns) / 9,
           of_kept = found.scope_ns + found.transfer_ns + of_chained +
                     found.indexed_share * (found.copy_slot_ns - of_chained);

    if (strategy_traits.scheduled)
        return;
    for (size_t i = 0; i < found.windows; i++)
        found.window_ns[i] -= found.scope_ns + (price_windows[i] > 1 ? 1 : 0.5) * found.transfer_ns;
    for (size_t i = 0; i < found.heaps; i++) {
        found.made_ns[i] -= of_garbage;
        found.kept_ns[i] -= of_kept;
    }
}

static void list_prices(price_list *to)
{
    enum { BOX_HELD_BYTES = 88 };

    if (strategy_traits.prompt || strategy_traits.scheduled) {
        price *dropped = add_price(to, &dropped_kind);
        for (size_t i = 0; i < found.windows; i++)
            add_point(dropped, (double)price_windows[i] * BOX_HELD_BYTES, found.window_ns[i]);
    }
    add_heap_curves(to, &made_kind, 1, found.made_ns);
    add_heap_curves(to, kept_kinds, 2, found.kept_ns);
    if (strategy_traits.generations > 0)
        add_heap_curves(to, visited_kinds, 2, found.visited_ns);
    if (strategy_traits.reclaims_cycles) {
        add_heap_curves(to, &reclaimed_kinds[0], 1, found.reclaimed_ns);
        add_heap_curves(to, &reclaimed_kinds[1], 1, found.let_go_ns);
    }
    for (size_t i = 0; i < sizeof single_kinds / sizeof *single_kinds; i++) {
        price *added = add_price(to, &single_kinds[i].kind);
        add_point(added, 0, *single_kinds[i].ns);
        added->of_machine = single_kinds[i].ns == &found.fault_ns;
    }
}

/* ---- Measuring ---- */

/* The slots are those of an object without a payload such as most have. */
static bool find_shape(const sample *of, price_shape *shape, char message[WORKLOAD_MESSAGE_MAX])
{
    enum { PAYLOAD_BYTES = 16 };
    workload_forecast forecast = {0};
    const workload_amount *all = &forecast.allocated, *live = &forecast.live_peak;
    double bytes;

    if (!of->workload->forecast(&of->parameters, &forecast, message))
        return false;
    bytes = (double)(all->bytes - all->array_slots * sizeof(void *)) / (double)(all->objects + 1);
    *shape = (price_shape){
        .slots =
            bytes > PAYLOAD_BYTES ? (uint32_t)((bytes - PAYLOAD_BYTES) / sizeof(void *) + 0.5) : 0,
        .live = live->objects,
        .indexed_share = fmin((double)live->array_slots / (double)(live->objects + 1), 1),
        .array_grew = all->array_slots > live->array_slots};
    return true;
}

bool prices_measure(const sample *of, price_list *measured, char message[WORKLOAD_MESSAGE_MAX])
{
    price_shape shape;

    if (!find_shape(of, &shape, message))
        return false;
    *measured = (price_list){0};
    snprintf(message, WORKLOAD_MESSAGE_MAX, "out of memory while prices were measured");
    if (!price_loops_run(of, shape, &found))
        return false;
    take_out_references();
    list_prices(measured);
    snprintf(message, WORKLOAD_MESSAGE_MAX,
             "prices: a collection found other garbage than there was");
    return !found.wrong;
}

#endif
