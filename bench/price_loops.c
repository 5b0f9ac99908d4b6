/* The loops that prices of objects are measured by, and the run of all loops.
 *
 *   making and dropping   a window of W objects in an array: each turn makes one in the place of the
 *                         oldest, which dies; W = 1: made and dropped at once
 *   making and keeping    n objects, all of which stay
 *   visiting              full collections of n live objects
 *   making garbage        n objects on cycles
 *   reclaiming            full collections of them
 *
 * Of the latter four there are two prices, of objects that lie in the order in which they are made and of
 * scattered ones; price_memory.c finds how much of each the cell has.
 *
 * Each loop goes through unmeasured once: that pages its memory in, and nothing is given back to the
 * system in between, since page faults have a price of their own; those of a strategy that never
 * gives anything back are left out of its prices. Every price is the median of
 * several repetitions. Automatic collection is off.
 *
 * Programs know the number of slots of what they make when they are compiled, and so do these loops:
 * there is one of each for every number of slots. A payload's size is a parameter in both. */
#define _GNU_SOURCE
#include "bench/price_parts.h"

#if !PRICES_ABSENT

    #include <malloc.h>
    #include <stdlib.h>

enum { BOX_OBJECTS = 2 };

const uint32_t price_windows[PRICE_WINDOWS] = {1, 512, 8192, 131072, 655360};
const uint32_t price_heaps[PRICE_HEAPS] = {64, 700, 8192, 32768, 131072, 524288};

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double price_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_values);
    return values[count / 2];
}

size_t price_sizes(const pricing *p, const uint32_t *sizes, size_t count)
{
    enum { ALWAYS = 131072 };
    size_t measured = 1;

    while (measured < count && (sizes[measured] <= ALWAYS || sizes[measured - 1] < p->of_cell.live))
        measured++;
    return measured;
}

/* Of so many live objects, those that a large array refers to. */
static uint32_t price_indexed(const pricing *p, uint32_t objects)
{
    return (uint32_t)(p->of_cell.indexed_share * objects);
}

/* ---- Making, and dropping at once or later ---- */

/* A container that holds an atom, as most structures end in some: two objects. */
INLINED mm_status make_box(const pricing *p, uint32_t slots, uint32_t i, mm_var *out)
{
    mm *m = p->m;
    MM_VAR(m, value);

    if (mm_new(m, value, p->value, 0, p->payload) != MM_OK || make_node(p, slots, out) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, value) = i;
    mm_fill(m, out, 0, value);
    return MM_OK;
}

INLINED mm_status make_and_drop(const pricing *p, uint32_t slots, uint32_t turns)
{
    mm *m = p->m;

    for (uint32_t i = 0; i < turns; i++) {
        MM_VAR(m, made);
        if (make_box(p, slots, i, made) != MM_OK)
            return MM_NO_MEMORY;
    }
    return MM_OK;
}

/* Goes once around a window. */
INLINED mm_status renew_window(const pricing *p, uint32_t slots, mm_var *window, uint32_t size)
{
    mm *m = p->m;

    for (uint32_t i = 0; i < size; i++) {
        MM_VAR(m, made);
        if (make_box(p, slots, i, made) != MM_OK)
            return MM_NO_MEMORY;
        mm_store_move(m, window, i, made);
    }
    return MM_OK;
}

/* Two that refer to each other. */
INLINED mm_status make_pair(const pricing *p, uint32_t number, mm_var *out)
{
    mm *m = p->m;
    MM_VAR(m, a);
    MM_VAR(m, b);

    if (make_node(p, 1, a) != MM_OK || make_node(p, 1, b) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, a) = number;
    *(uint64_t *)mm_data(m, b) = number;
    mm_store(m, a, 0, b);
    mm_store(m, b, 0, a);
    mm_move(m, out, a);
    return MM_OK;
}

/* A parent and three that have it in their only slot, with `slots` each on average: where objects have
 * many slots, most have few, and garbage of two sizes takes longer to free than of one. */
INLINED mm_status make_family(const pricing *p, uint32_t slots, uint32_t number, mm_var *out)
{
    enum { CHILDREN = FAMILY - 1 };
    mm *m = p->m;
    MM_VARS(m, v, FAMILY);
    mm_var *parent = v + CHILDREN;
    uint32_t parent_slots = FAMILY * slots - CHILDREN;

    if (make_node(p, parent_slots, parent) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, parent) = number;
    for (uint32_t i = 0; i < CHILDREN; i++) {
        if (make_node(p, 1, v + i) != MM_OK)
            return MM_NO_MEMORY;
        *(uint64_t *)mm_data(m, v + i) = number;
        mm_store(m, v + i, 0, parent);
    }
    for (uint32_t k = 0; k < parent_slots; k++)
        mm_store(m, parent, k, v + k % CHILDREN);
    mm_move(m, out, parent);
    return MM_OK;
}

/* Objects that hardly have slots are half atoms; where counting reclaims, only cycles are garbage. */
INLINED mm_status make_garbage_of(const pricing *p, uint32_t slots, uint32_t number, mm_var *out)
{
    if (slots == 0 && !strategy_traits.prompt)
        return make_box(p, 1, number, out);
    return slots <= 1 ? make_pair(p, number, out) : make_family(p, slots, number, out);
}

INLINED mm_status make_garbage(const pricing *p, uint32_t slots, uint32_t objects)
{
    for (uint32_t i = 0; i < objects; i += slots <= 1 ? 2 : FAMILY) {
        MM_VAR(p->m, made);
        if (make_garbage_of(p, slots, i, made) != MM_OK)
            return MM_NO_MEMORY;
    }
    return MM_OK;
}

/* A new one behind `last`, and in its place. None is large: see price_join_free(). */
static mm_status append_array(const pricing *p, mm_var *first, mm_var *last)
{
    mm *m = p->m;
    MM_VAR(m, made);

    if (mm_new(m, made, p->node, CHUNK + 1, 0) != MM_OK)
        return MM_NO_MEMORY;
    if (mm_is_null(last))
        mm_set(m, first, made);
    else
        mm_store(m, last, CHUNK, made);
    mm_move(m, last, made);
    return MM_OK;
}

/* Each refers to the one before it, and is in one of the small arrays that begin at `all`, null at
 * first, and of which each refers to the next. */
INLINED mm_status make_chained(const pricing *p, uint32_t slots, uint32_t objects, mm_var *all)
{
    mm *m = p->m;
    MM_VAR(m, array);

    for (uint32_t i = 0; i < objects; i++) {
        MM_VAR(m, made);
        uint32_t place = i % CHUNK;
        if (place == 0 && append_array(p, all, array) != MM_OK)
            return MM_NO_MEMORY;
        if (make_node(p, slots, made) != MM_OK)
            return MM_NO_MEMORY;
        *(uint64_t *)mm_data(m, made) = i;
        if (place > 0)
            mm_copy_slot(m, made, 0, array, place - 1);
        mm_fill(m, array, place, made);
    }
    return MM_OK;
}

/* Each refers to the one before it, and is in one large array. */
INLINED mm_status make_indexed(const pricing *p, uint32_t slots, uint32_t objects, mm_var *index)
{
    mm *m = p->m;

    if (mm_new(m, index, p->node, objects, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < objects; i++) {
        MM_VAR(m, made);
        if (make_node(p, slots, made) != MM_OK)
            return MM_NO_MEMORY;
        *(uint64_t *)mm_data(m, made) = i;
        if (i > 0)
            mm_copy_slot(m, made, 0, index, i - 1);
        mm_fill(m, index, i, made);
    }
    return MM_OK;
}

/* Some of them in each of the two ways. */
INLINED mm_status make_live(const pricing *p, uint32_t slots, uint32_t objects, mm_var all[2])
{
    uint32_t indexed = price_indexed(p, objects);

    if (indexed > 0 && make_indexed(p, slots, indexed, &all[0]) != MM_OK)
        return MM_NO_MEMORY;
    return make_chained(p, slots, objects - indexed, &all[1]);
}

/* The same for one number of slots. */
struct loops {
    mm_status (*drop)(const pricing *, uint32_t turns);
    mm_status (*renew)(const pricing *, mm_var *window, uint32_t size);
    mm_status (*garbage)(const pricing *, uint32_t objects);
    mm_status (*live)(const pricing *, uint32_t objects, mm_var *all);
};

    #define DEFINE_LOOPS(slots)                                                         \
        static mm_status drop_##slots(const pricing *p, uint32_t turns)                 \
        {                                                                               \
            return make_and_drop(p, slots + (slots == 0), turns);                       \
        }                                                                               \
        static mm_status renew_##slots(const pricing *p, mm_var *window, uint32_t size) \
        {                                                                               \
            return renew_window(p, slots + (slots == 0), window, size);                 \
        }                                                                               \
        static mm_status garbage_##slots(const pricing *p, uint32_t objects)            \
        {                                                                               \
            return make_garbage(p, slots, objects);                                     \
        }                                                                               \
        static mm_status live_##slots(const pricing *p, uint32_t objects, mm_var *all)  \
        {                                                                               \
            return make_live(p, slots + (slots == 0), objects, all);                    \
        }
    #define LOOPS(slots)                                               \
        {                                                              \
            drop_##slots, renew_##slots, garbage_##slots, live_##slots \
        }

DEFINE_LOOPS(0)
DEFINE_LOOPS(1)
DEFINE_LOOPS(2)
DEFINE_LOOPS(3)
DEFINE_LOOPS(4)
DEFINE_LOOPS(5)
DEFINE_LOOPS(6)
DEFINE_LOOPS(7)
DEFINE_LOOPS(8)
static const loops loops_of[] = {LOOPS(0), LOOPS(1), LOOPS(2), LOOPS(3), LOOPS(4),
                                 LOOPS(5), LOOPS(6), LOOPS(7), LOOPS(8)};
enum { SLOTS_MAX = sizeof loops_of / sizeof *loops_of - 1 };

/* Small windows go around several times in one reading of the clock. */
static mm_status price_window(const pricing *p, uint32_t size, double *ns)
{
    double values[REPEATS];
    uint32_t repeats = price_repeats(size),
             rounds = size < REFERENCE_TURNS ? REFERENCE_TURNS / size : 1;
    MM_VAR(p->m, window);

    if (mm_new(p->m, window, p->node, size, 0) != MM_OK ||
        p->of_slots->renew(p, window, size) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t k = 0; k < repeats; k++) {
        uint64_t began_ns = clock_now_ns();
        mm_status status = size == 1 ? p->of_slots->drop(p, REFERENCE_TURNS) : MM_OK;
        for (uint32_t r = 0; r < rounds && size > 1 && status == MM_OK; r++)
            status = p->of_slots->renew(p, window, size);
        if (status != MM_OK)
            return status;
        values[k] = (double)(clock_now_ns() - began_ns) / ((double)rounds * size) / BOX_OBJECTS;
    }
    *ns = price_median(values, repeats);
    return MM_OK;
}

/* What is larger than the largest window has grown, and is let go of as a whole: one after the other dies
 * in the order in which they were made. */
static mm_status price_whole(const pricing *p, uint32_t size, double *ns)
{
    double values[REPEATS];
    uint32_t repeats = price_repeats(size);

    for (uint32_t k = 0; k <= repeats; k++) {
        uint64_t began_ns = clock_now_ns();
        MM_VAR(p->m, whole);
        if (mm_new(p->m, whole, p->node, size, 0) != MM_OK ||
            p->of_slots->renew(p, whole, size) != MM_OK)
            return MM_NO_MEMORY;
        mm_clear(p->m, whole);
        if (k > 0)
            values[k - 1] = (double)(clock_now_ns() - began_ns) / size / BOX_OBJECTS;
    }
    *ns = price_median(values, repeats);
    return MM_OK;
}

/* ---- A heap of live objects, and one of garbage ---- */

/* A full collection, in nanoseconds an object; it must find `garbage`. */
static double collect(const pricing *p, uint32_t objects, uint64_t garbage)
{
    uint64_t began_ns = clock_now_ns(), unreachable = 0;

    if (mm_collect(p->m, strategy_traits.generations - 1, &unreachable) != MM_OK ||
        unreachable != garbage)
        p->found->wrong = true;
    return (double)(clock_now_ns() - began_ns) / objects;
}

/* The free blocks that a loop of a heap finds; what it gives back itself it gets back as it was. */
static void set_out_blocks(const pricing *p, uint32_t objects)
{
    price_join_free();
    if (p->scattered)
        price_scatter(p, objects);
}

static mm_status price_garbage(const pricing *p, uint32_t objects, double *made_ns,
                               double *reclaimed_ns)
{
    double made[REPEATS + 1], reclaimed[REPEATS + 1];
    uint32_t repeats = price_repeats(objects);

    set_out_blocks(p, objects);
    for (uint32_t k = 0; k <= repeats; k++) {
        if (p->grows && !p->scattered) /* not in blocks as the last round gave them back */
            price_join_free();
        uint64_t began_ns = clock_now_ns();
        if (p->of_slots->garbage(p, objects) != MM_OK)
            return MM_NO_MEMORY;
        made[k] = (double)(clock_now_ns() - began_ns) / objects;
        reclaimed[k] = collect(p, objects, objects);
    }
    *made_ns = price_median(made + 1, repeats);
    *reclaimed_ns = price_median(reclaimed + 1, repeats);
    return MM_OK;
}

typedef struct heap_prices {
    double made_ns, reclaimed_ns;          /* of what is garbage at once */
    double kept_ns, visited_ns, let_go_ns; /* of what stays until all of it is let go of */
} heap_prices;

static uint32_t count_with_arrays(const pricing *p, uint32_t objects)
{
    uint32_t indexed = price_indexed(p, objects), chained = objects - indexed;

    return objects + (indexed > 0) + (chained + CHUNK - 1) / CHUNK;
}

/* Where nothing is given back every turn touches fresh pages, and those have a price of their own. */
static double less_faults(const pricing *p, uint64_t taken_ns, long faults_before)
{
    double of_faults = p->found->fault_ns * (double)(price_faults_so_far() - faults_before);

    return (double)taken_ns > of_faults ? (double)taken_ns - of_faults : 0;
}

/* An array that grows is replaced by a younger one. A collector that goes over its objects in the order in
 * which they were made then meets all of them before what refers to them, and those again. Where
 * only a collector takes the old one back, it follows references from the roots, in their order. */
static mm_status grow_index(const pricing *p, uint32_t indexed, mm_var *index)
{
    mm *m = p->m;
    MM_VAR(m, grown);
    MM_VAR(m, moved);

    if (indexed == 0 || !p->of_cell.array_grew || !strategy_traits.prompt)
        return MM_OK;
    if (mm_new(m, grown, p->node, indexed, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < indexed; i++) {
        mm_take(m, moved, index, i);
        mm_fill(m, grown, i, moved);
    }
    mm_move(m, index, grown);
    return MM_OK;
}

/* Live objects are made, and let go of. */
static mm_status make_and_let_go(const pricing *p, uint32_t objects, heap_prices *taken)
{
    uint32_t with_arrays = count_with_arrays(p, objects);
    bool collects = strategy_traits.generations > 0;
    long faults = price_faults_so_far();
    uint64_t began_ns = clock_now_ns();
    MM_VARS(p->m, all, 2);

    if (p->of_slots->live(p, objects, all) != MM_OK)
        return MM_NO_MEMORY;
    taken->kept_ns = less_faults(p, clock_now_ns() - began_ns, faults) / with_arrays;
    if (grow_index(p, price_indexed(p, objects), &all[0]) != MM_OK)
        return MM_NO_MEMORY;
    taken->visited_ns = collects ? collect(p, with_arrays, 0) : 0;
    mm_clear(p->m, &all[0]);
    mm_clear(p->m, &all[1]);
    taken->let_go_ns =
        collects ? collect(p, with_arrays, strategy_traits.prompt ? 0 : with_arrays) : 0;
    return MM_OK;
}

/* As many of the objects are in one large array as of the cell's: a collector that goes over the heap
 * and over its references meets each of these twice, at times that are far apart, and the others twice
 * in a row. What lives long was made while the heap grew, each object behind the one before: so it is visited, and
 * found to be garbage, in memory whose free blocks have been joined. It is made in blocks that were
 * given back, as the loop that page faults are measured by does. */
static mm_status price_live(const pricing *p, uint32_t objects, heap_prices *found)
{
    double made[REPEATS], visited[REPEATS], let_go[REPEATS];
    uint32_t repeats = price_repeats(objects);
    heap_prices taken = {0};

    set_out_blocks(p, objects);
    if (make_and_let_go(p, objects, &taken) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t k = 0; k < repeats; k++) {
        if (!p->scattered)
            price_join_free();
        if (make_and_let_go(p, objects, &taken) != MM_OK)
            return MM_NO_MEMORY;
        visited[k] = taken.visited_ns;
        let_go[k] = taken.let_go_ns;
        if (make_and_let_go(p, objects, &taken) != MM_OK)
            return MM_NO_MEMORY;
        made[k] = taken.kept_ns;
    }
    found->kept_ns = price_median(made, repeats);
    found->visited_ns = price_median(visited, repeats);
    found->let_go_ns = price_median(let_go, repeats);
    return MM_OK;
}

static mm_status price_heap(const pricing *p, uint32_t objects, heap_prices *found)
{
    mm_status status = MM_OK;

    *found = (heap_prices){0};
    if (strategy_traits.reclaims_cycles)
        status = price_garbage(p, objects, &found->made_ns, &found->reclaimed_ns);
    if (status == MM_OK)
        status = price_live(p, objects, found);
    if (strategy_traits.prompt) /* what is let go of died by counting; the rest is garbage as any */
        found->let_go_ns = found->reclaimed_ns;
    return status;
}

static double mix(double in_order, double scattered, double far_share)
{
    return in_order + far_share * (scattered - in_order);
}

/* As far apart as the cell's objects. */
static mm_status price_heap_of_cell(const pricing *p, size_t i)
{
    price_findings *found = p->found;
    heap_prices near, far;
    double share = found->far_share;
    pricing apart = *p;
    mm_status status = price_heap(p, price_heaps[i], &near);

    far = near;
    apart.scattered = true;
    if (status == MM_OK && share > 0)
        status = price_heap(&apart, price_heaps[i], &far);
    found->made_ns[i] = mix(near.made_ns, far.made_ns, share);
    found->reclaimed_ns[i] = mix(near.reclaimed_ns, far.reclaimed_ns, share);
    found->kept_ns[i] = mix(near.kept_ns, far.kept_ns, share);
    found->visited_ns[i] = mix(near.visited_ns, far.visited_ns, share);
    found->let_go_ns[i] = mix(near.let_go_ns, far.let_go_ns, share);
    return status;
}

static mm_status price_objects(const pricing *p)
{
    price_findings *found = p->found;
    mm_status status = MM_OK;

    for (size_t i = 0; i < found->heaps && status == MM_OK; i++)
        status = price_heap_of_cell(p, i);
    price_join_free();
    for (size_t i = 0; i < found->windows && status == MM_OK; i++) {
        if (strategy_traits.prompt)
            status = (price_windows[i] <= PRICE_WINDOW_MAX ? price_window : price_whole)(
                p, price_windows[i], &found->window_ns[i]);
    }
    return status;
}

/* ---- All of them ---- */

/* Memory that objects give back stays with the process. glibc's own; another allocator keeps it
 * anyway for as long as this takes. */
static void keep_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
}

static mm_status price_all(const pricing *p)
{
    mm_status status;

    mm_disable(p->m); /* refused where there is no collector */
    status = strategy_traits.scheduled ? price_objects_by_hand(p) : price_objects(p);
    return status == MM_OK ? price_references(p) : status;
}

static mm_status run_on(mm_heap *heap, pricing p)
{
    const mm_type_info node = {.name = "node", .kind = MM_CONTAINER},
                       value = {.name = "value", .kind = MM_ATOM};

    if (mm_attach(heap, &p.m) != MM_OK || mm_type_add(heap, &node, &p.node) != MM_OK ||
        mm_type_add(heap, &value, &p.value) != MM_OK)
        return MM_NO_MEMORY;
    return price_all(&p);
}

bool price_loops_run(const sample *of, price_shape shape, price_findings *found)
{
    uint32_t slots = shape.slots > SLOTS_MAX ? SLOTS_MAX : shape.slots;
    pricing p = {.payload = PAYLOAD_BYTES, .of_cell = shape, .found = found};
    mm_heap *heap;
    mm_status status;

    p.of_slots = &loops_of[slots];
    p.slots = slots < 1 ? 1 : slots;
    keep_memory();
    *found = (price_findings){.slots = slots,
                              .indexed_share = shape.indexed_share,
                              .windows = price_sizes(&p, price_windows, PRICE_WINDOWS),
                              .fault_ns = price_fault()};
    malloc_trim(0); /* or the blocks of the page faults would be the first that objects get */
    if (!strategy_traits.scheduled) /* recording its schedule takes longer than all loops */
        price_find_memory(of, &p);
    found->heaps = price_sizes(&p, price_heaps, PRICE_HEAPS);
    if (mm_heap_new(&of->options, &heap) != MM_OK)
        return false;
    status = run_on(heap, p);
    mm_heap_free(heap);
    return status == MM_OK;
}

#endif
