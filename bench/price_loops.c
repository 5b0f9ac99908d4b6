/* The loops that prices are measured by.
 *
 *   making and dropping   a window of W objects in an array: each turn makes one in the place of the
 *                         oldest, which dies; W = 1: made and dropped at once
 *   making                into memory that is paged in and was never used, or that garbage gave back
 *   visiting              full collections of n live objects
 *   reclaiming            full collections of n objects on cycles, garbage all but a few
 *   references            one operation over 64 slots, all in the first-level cache
 *   page faults           the first touch of fresh pages
 *
 * The loops of objects are gone through twice, and the second time is measured: the first pages the
 * memory in, and nothing is given back to the system in between, since page faults have a price of
 * their own. Every price is the median of several repetitions. Automatic collection is off.
 *
 * Programs know the number of slots of what they make when they are compiled, and so do these loops:
 * there is one of each for every number of slots. A payload's size is a parameter in both. */
#define _GNU_SOURCE
#include "bench/price_loops.h"

#if !PRICES_ABSENT

    #include <malloc.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/resource.h>

enum {
    PAYLOAD_BYTES = 16,
    REFERENCE_SLOTS = 64,
    REFERENCE_TURNS = 4096,
    REPEATS = 9,       /* of a loop of references, and of small heaps */
    REPEATS_LARGE = 5, /* of a large heap */
    SMALL_OBJECTS = 10000,
    FAULT_BLOCKS = 262144,
    FAULT_BLOCK_BYTES = 48,
    PASSES = 2,
    BOX_OBJECTS = 2,
    FAMILY = 4, /* divides all sizes of the heaps */
    KEPT_EVERY = 64
};

const uint32_t price_windows[PRICE_WINDOWS] = {1, 512, 8192, 131072};
const uint32_t price_heaps[PRICE_HEAPS] = {64, 700, 8192, 32768, 65536, 131072};

/* ---- Medians ---- */

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_values);
    return values[count / 2];
}

/* Keeps a variable in memory where a compiler would see that nobody looks. */
    #define LOOKED_AT(v) __asm__ volatile("" : : "r"(v) : "memory")

/* ---- Making, and dropping at once or later ---- */

typedef struct loops loops;

typedef struct pricing {
    mm *m;
    mm_type node, value;
    uint32_t slots;   /* of a node: as many as the cell's objects have on average */
    uint32_t payload; /* of a node and of a value */
    const loops *of_slots;
    price_findings *found;
} pricing;

    #define INLINED __attribute__((always_inline)) static inline

INLINED mm_status make_node(const pricing *p, uint32_t slots, mm_var *out)
{
    return mm_new(p->m, out, p->node, slots, p->payload);
}

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

static uint32_t kept_of(uint32_t objects)
{
    return objects / KEPT_EVERY + 1;
}

/* As many objects become garbage as are made, once the array `kept` is full: a few of them are in the
 * place of older ones, so that the heap has live objects here and there. */
INLINED mm_status make_garbage(const pricing *p, uint32_t slots, uint32_t objects, mm_var *kept)
{
    mm *m = p->m;

    for (uint32_t i = 0; i < objects; i += slots == 1 ? 2 : FAMILY) {
        MM_VAR(m, made);
        if ((slots == 1 ? make_pair(p, i, made) : make_family(p, slots, i, made)) != MM_OK)
            return MM_NO_MEMORY;
        if (i % KEPT_EVERY == 0)
            mm_store_move(m, kept, i / KEPT_EVERY, made);
    }
    return MM_OK;
}

/* Each refers to the one before it and is in the array `all`, which is null at first. */
INLINED mm_status make_live(const pricing *p, uint32_t slots, uint32_t objects, mm_var *all)
{
    mm *m = p->m;

    if (mm_new(m, all, p->node, objects, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < objects; i++) {
        MM_VAR(m, made);
        if (make_node(p, slots, made) != MM_OK)
            return MM_NO_MEMORY;
        *(uint64_t *)mm_data(m, made) = i;
        if (i > 0)
            mm_copy_slot(m, made, 0, all, i - 1);
        mm_fill(m, all, i, made);
    }
    return MM_OK;
}

/* The same for one number of slots. */
struct loops {
    mm_status (*drop)(const pricing *, uint32_t turns);
    mm_status (*renew)(const pricing *, mm_var *window, uint32_t size);
    mm_status (*garbage)(const pricing *, uint32_t objects, mm_var *kept);
    mm_status (*live)(const pricing *, uint32_t objects, mm_var *all);
};

    #define DEFINE_LOOPS(slots)                                                            \
        static mm_status drop_##slots(const pricing *p, uint32_t turns)                    \
        {                                                                                  \
            return make_and_drop(p, slots, turns);                                         \
        }                                                                                  \
        static mm_status renew_##slots(const pricing *p, mm_var *window, uint32_t size)    \
        {                                                                                  \
            return renew_window(p, slots, window, size);                                   \
        }                                                                                  \
        static mm_status garbage_##slots(const pricing *p, uint32_t objects, mm_var *kept) \
        {                                                                                  \
            return make_garbage(p, slots, objects, kept);                                  \
        }                                                                                  \
        static mm_status live_##slots(const pricing *p, uint32_t objects, mm_var *all)     \
        {                                                                                  \
            return make_live(p, slots, objects, all);                                      \
        }
    #define LOOPS(slots)                                               \
        {                                                              \
            drop_##slots, renew_##slots, garbage_##slots, live_##slots \
        }

DEFINE_LOOPS(1)
DEFINE_LOOPS(2)
DEFINE_LOOPS(3)
DEFINE_LOOPS(4)
DEFINE_LOOPS(5)
DEFINE_LOOPS(6)
DEFINE_LOOPS(7)
DEFINE_LOOPS(8)
static const loops loops_of[] = {LOOPS(1), LOOPS(2), LOOPS(3), LOOPS(4),
                                 LOOPS(5), LOOPS(6), LOOPS(7), LOOPS(8)};
enum { SLOTS_MAX = sizeof loops_of / sizeof *loops_of };

static uint32_t repeats_of(uint32_t objects)
{
    return objects > SMALL_OBJECTS ? REPEATS_LARGE : REPEATS;
}

/* Small windows go around several times in one reading of the clock. */
static mm_status price_window(const pricing *p, uint32_t size, double *ns)
{
    double values[REPEATS];
    uint32_t repeats = repeats_of(size),
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
    *ns = median_of(values, repeats);
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

/* The first time fills `kept`, and is no different from later ones but for what becomes garbage. */
static mm_status price_garbage(const pricing *p, uint32_t objects, double *made_ns,
                               double *reclaimed_ns)
{
    double made[REPEATS], reclaimed[REPEATS];
    uint32_t repeats = repeats_of(objects);
    MM_VAR(p->m, kept);

    if (mm_new(p->m, kept, p->node, kept_of(objects), 0) != MM_OK ||
        p->of_slots->garbage(p, objects, kept) != MM_OK)
        return MM_NO_MEMORY;
    mm_collect(p->m, strategy_traits.generations - 1, NULL);
    for (uint32_t k = 0; k < repeats; k++) {
        uint64_t began_ns = clock_now_ns();
        if (p->of_slots->garbage(p, objects, kept) != MM_OK)
            return MM_NO_MEMORY;
        made[k] = (double)(clock_now_ns() - began_ns) / objects;
        reclaimed[k] = collect(p, objects, objects);
    }
    mm_clear(p->m, kept);
    mm_collect(p->m, strategy_traits.generations - 1, NULL);
    *made_ns = median_of(made, repeats);
    *reclaimed_ns = median_of(reclaimed, repeats);
    return MM_OK;
}

static mm_status price_live(const pricing *p, uint32_t objects, double *made_ns, double *visited_ns)
{
    double made[REPEATS], visited[REPEATS];
    uint32_t repeats = repeats_of(objects);

    for (uint32_t k = 0; k < repeats; k++) {
        MM_VAR(p->m, all);
        uint64_t began_ns = clock_now_ns();
        if (p->of_slots->live(p, objects, all) != MM_OK)
            return MM_NO_MEMORY;
        made[k] = (double)(clock_now_ns() - began_ns) / objects;
        if (strategy_traits.generations > 0)
            visited[k] = collect(p, objects, 0);
        mm_clear(p->m, all);
        if (strategy_traits.generations > 0)
            mm_collect(p->m, strategy_traits.generations - 1, NULL);
    }
    *made_ns = median_of(made, repeats);
    if (strategy_traits.generations > 0)
        *visited_ns = median_of(visited, repeats);
    return MM_OK;
}

static mm_status price_objects(const pricing *p)
{
    mm_status status = MM_OK;

    for (int i = 0; i < PRICE_WINDOWS && status == MM_OK; i++) {
        if (strategy_traits.prompt)
            status = price_window(p, price_windows[i], &p->found->window_ns[i]);
    }
    for (int i = 0; i < PRICE_HEAPS && status == MM_OK; i++) {
        status = price_live(p, price_heaps[i], &p->found->made_ns[i], &p->found->visited_ns[i]);
        if (status == MM_OK && strategy_traits.reclaims_cycles)
            status =
                price_garbage(p, price_heaps[i], &p->found->made_ns[i], &p->found->reclaimed_ns[i]);
    }
    return status;
}

/* ---- The same as a schedule does it ---- */

/* What a schedule makes of an object: a block, a header and empty slots. */
static uint32_t *make_block(uint32_t slots, uint32_t i)
{
    size_t header = 4 * sizeof(uint32_t), bytes = slots * sizeof(void *);
    uint32_t *made = malloc(header + bytes + PAYLOAD_BYTES);

    if (made == NULL)
        return NULL;
    made[0] = i;
    made[1] = slots;
    made[2] = PAYLOAD_BYTES;
    for (uint32_t k = 0; k < slots; k++)
        ((void **)(made + 4))[k] = NULL;
    return made;
}

/* Each turn frees what was in a place and makes what will be there. */
static bool renew_places(uint32_t **places, uint32_t slots, uint32_t size, uint32_t rounds)
{
    for (uint32_t k = 0; k < rounds; k++) {
        for (uint32_t i = 0; i < size; i++) {
            uint32_t *old = places[i];
            places[i] = make_block(slots * (i % 2), i);
            LOOKED_AT(places);
            free(old);
            if (places[i] == NULL)
                return false;
        }
    }
    return true;
}

static void free_places(uint32_t **places, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        free(places[i]);
        places[i] = NULL;
    }
}

static bool price_places(uint32_t **places, uint32_t slots, uint32_t size, double *renewed_ns,
                         double *made_ns)
{
    double renewed[REPEATS], made[REPEATS];
    uint32_t repeats = repeats_of(size),
             rounds = size < REFERENCE_TURNS ? REFERENCE_TURNS / size : 1;
    bool done = true;

    for (uint32_t k = 0; k < repeats && done; k++) {
        uint64_t began_ns = clock_now_ns(), made_at_ns;
        done = renew_places(places, slots, size, 1);
        made_at_ns = clock_now_ns();
        done = done && renew_places(places, slots, size, rounds);
        made[k] = (double)(made_at_ns - began_ns) / size;
        renewed[k] = (double)(clock_now_ns() - made_at_ns) / ((double)rounds * size);
        free_places(places, size);
    }
    *renewed_ns = median_of(renewed, repeats);
    *made_ns = median_of(made, repeats);
    return done;
}

/* A schedule of these loops would be as long as they are; what following it takes is what a program by
 * hand does that has the addresses in a table. */
static mm_status price_objects_by_hand(const pricing *p)
{
    uint32_t **places = calloc(price_windows[PRICE_WINDOWS - 1], sizeof *places);
    bool done = places != NULL;
    double unused;

    for (int i = 0; i < PRICE_WINDOWS && done; i++)
        done = price_places(places, p->slots, price_windows[i], &p->found->window_ns[i], &unused);
    for (int i = 0; i < PRICE_HEAPS && done; i++)
        done = price_places(places, p->slots, price_heaps[i], &unused, &p->found->made_ns[i]);
    if (places != NULL)
        free_places(places, price_windows[PRICE_WINDOWS - 1]);
    free(places);
    return done ? MM_OK : MM_NO_MEMORY;
}

/* ---- References ---- */

/* Defines price_NAME: nanoseconds for one turn of `body`, in which `i` goes round the slots of the
 * arrays `one` and `two`, and `a` and `b` are variables, not null. */
    #define DEFINE_REFERENCE_LOOP(name, body)                                             \
        static double price_##name(mm *m, mm_var *one, mm_var *two, mm_var *a, mm_var *b) \
        {                                                                                 \
            double values[REPEATS];                                                       \
            for (int k = 0; k < REPEATS; k++) {                                           \
                uint64_t began_ns = clock_now_ns();                                       \
                for (uint32_t turn = 0; turn < REFERENCE_TURNS; turn++) {                 \
                    uint32_t i = turn % REFERENCE_SLOTS;                                  \
                    (void)i, (void)two, (void)a, (void)b, (void)one;                      \
                    body;                                                                 \
                }                                                                         \
                values[k] = (double)(clock_now_ns() - began_ns) / REFERENCE_TURNS;        \
            }                                                                             \
            return median_of(values, REPEATS);                                            \
        }

DEFINE_REFERENCE_LOOP(load, mm_load(m, a, one, i))
DEFINE_REFERENCE_LOOP(store, mm_store(m, one, i, b))
DEFINE_REFERENCE_LOOP(copy_slot, mm_copy_slot(m, one, i, two, i ^ 1))
DEFINE_REFERENCE_LOOP(alias, mm_set(m, a, b); LOOKED_AT(a); mm_clear(m, a); LOOKED_AT(a))
DEFINE_REFERENCE_LOOP(transfer, mm_take(m, a, one, i); LOOKED_AT(a); mm_fill(m, one, i, a))

static double price_borrow(mm *m, mm_var *one, mm_var *two, mm_var *a, mm_var *b)
{
    double values[REPEATS];

    (void)two, (void)a, (void)b;
    for (int k = 0; k < REPEATS; k++) {
        MM_BORROW(m, seen);
        uint64_t began_ns = clock_now_ns();
        for (uint32_t turn = 0; turn < REFERENCE_TURNS; turn++) {
            mm_borrow(m, seen, one, turn % REFERENCE_SLOTS);
            LOOKED_AT(seen);
        }
        values[k] = (double)(clock_now_ns() - began_ns) / REFERENCE_TURNS;
    }
    return median_of(values, REPEATS);
}

DEFINE_REFERENCE_LOOP(scope, MM_VAR(m, inner); LOOKED_AT(inner))

static mm_status price_references(const pricing *p)
{
    mm *m = p->m;
    MM_VARS(m, v, 4);
    mm_var *one = v, *two = v + 1, *a = v + 2, *b = v + 3;

    if (p->of_slots->live(p, REFERENCE_SLOTS, one) != MM_OK ||
        p->of_slots->live(p, REFERENCE_SLOTS, two) != MM_OK || make_node(p, p->slots, b) != MM_OK)
        return MM_NO_MEMORY;
    p->found->load_ns = price_load(m, one, two, a, b);
    p->found->copy_slot_ns = price_copy_slot(m, one, two, a, b);
    p->found->borrow_ns = price_borrow(m, one, two, a, b);
    p->found->scope_ns = price_scope(m, one, two, a, b);
    p->found->alias_ns = price_alias(m, one, two, a, b) / 2;
    p->found->transfer_ns = price_transfer(m, one, two, a, b) / 2;
    p->found->store_ns = price_store(m, one, two, a, b);
    return MM_OK;
}

/* ---- Page faults ---- */

static long faults_so_far(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

/* A list of blocks, so that the program between two faults does something, as one that makes objects
 * does. Returns its head, NULL without memory. */
static void **make_chain(uint32_t blocks)
{
    void **head = NULL;

    for (uint32_t i = 0; i < blocks; i++) {
        void **made = malloc(FAULT_BLOCK_BYTES);
        if (made == NULL)
            break;
        memset(made, 1, FAULT_BLOCK_BYTES);
        made[0] = head;
        head = made;
    }
    return head;
}

static void free_chain(void **head)
{
    while (head != NULL) {
        void **next = head[0];
        free(head);
        head = next;
    }
}

/* The same work on fresh pages and on pages that are there: the difference is theirs. The first thing
 * that is measured, since it is the last time that memory is fresh. */
static double price_fault(void)
{
    uint64_t began_ns = clock_now_ns(), fresh_ns, again_ns;
    long faults = faults_so_far();
    void **chain = make_chain(FAULT_BLOCKS);

    faults = faults_so_far() - faults;
    fresh_ns = clock_now_ns() - began_ns;
    free_chain(chain);
    began_ns = clock_now_ns();
    chain = make_chain(FAULT_BLOCKS);
    again_ns = clock_now_ns() - began_ns;
    free_chain(chain);
    return faults > 0 && fresh_ns > again_ns ? (double)(fresh_ns - again_ns) / (double)faults : 0;
}

static mm_status price_all(const pricing *p)
{
    mm_status status = MM_OK;

    mm_disable(p->m); /* refused where there is no collector */
    for (int pass = 0; pass < PASSES && status == MM_OK; pass++)
        status = strategy_traits.scheduled ? price_objects_by_hand(p) : price_objects(p);
    return status == MM_OK ? price_references(p) : status;
}

/* ---- All of them ---- */

/* Memory that objects give back stays with the process. glibc's own; another allocator keeps it
 * anyway for as long as this takes. */
static void keep_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
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

bool price_loops_run(const settings *options, uint32_t slots, price_findings *found)
{
    pricing p = {.payload = PAYLOAD_BYTES, .found = found};
    mm_heap *heap;
    mm_status status;

    p.slots = slots < 1 ? 1 : slots > SLOTS_MAX ? SLOTS_MAX : slots;
    p.of_slots = &loops_of[p.slots - 1];
    keep_memory();
    *found = (price_findings){.slots = p.slots, .fault_ns = price_fault()};
    if (mm_heap_new(options, &heap) != MM_OK)
        return false;
    status = run_on(heap, p);
    mm_heap_free(heap);
    return status == MM_OK;
}

#endif
