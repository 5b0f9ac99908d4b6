/* lru: a cache that drops what was not used for longest: a hash table, and a list in the order of
 * use.
 *
 *   table[131,072] ─▶ entry ─▶ node          entry: the key; node: the key and the value
 *   ends ⇄ node ⇄ node ⇄ … ⇄ ends            the latest used first
 *
 *   turn:  the next key is inserted, which drops the node at the end of a full list; then a random
 *          recent key is looked up, and moved to the front when it is there
 *
 * Shape: 2n objects allocated, 200,000 live from the time when the cache is full, none cyclic
 * garbage as long as the cache stands: a node that is dropped is taken out of both its neighbours,
 * and dies by counting. Only the teardown drops the list as it is; then counting leaks the nodes.
 *
 * What counts is that the oldest die and the young survive, contrary to the generational hypothesis:
 * every collection finds everything alive. While the cache fills collections come due as in
 * `build`; later allocations and deallocations are balanced, and only a trigger on gross allocations
 * or bytes looks at the 200,000 again and again. */
#include "workloads/containers.h"
#include "workloads/turns.h"

enum { KEYS_PER_REQUEST = 64 };
enum { PREVIOUS_SLOT, NEXT_SLOT, NODE_SLOTS };

static const setting parameters[] = {
    {.name = "n",
     .unit = "keys",
     .help = "inserted",
     .fallback = 1e6,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    {.name = "capacity",
     .unit = "keys",
     .help = "in the cache",
     .fallback = 100e3,
     .minimum = 1,
     .maximum = 1e8,
     .integer = true},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct lru {
    mm_type node;
    uint32_t payload, capacity;
    workload_random random;
    table keys;
    mm_var *ends; /* the list is a ring through this object */
    uint64_t checksum;
} lru;

/* ---- The list ---- */

/* Takes the node out of both its neighbours; it keeps referring to them. */
static void unlink_node(mm *m, mm_var *node)
{
    MM_VAR(m, previous);
    MM_VAR(m, next);

    mm_load(m, previous, node, PREVIOUS_SLOT);
    mm_load(m, next, node, NEXT_SLOT);
    mm_store(m, previous, NEXT_SLOT, next);
    mm_store(m, next, PREVIOUS_SLOT, previous);
}

static void link_first(mm *m, mm_var *ends, mm_var *node)
{
    MM_VAR(m, first);

    mm_load(m, first, ends, NEXT_SLOT);
    mm_store(m, node, PREVIOUS_SLOT, ends);
    mm_store(m, node, NEXT_SLOT, first);
    mm_store(m, first, PREVIOUS_SLOT, node);
    mm_store(m, ends, NEXT_SLOT, node);
}

/* ---- The cache ---- */

static uint64_t node_key(mm *m, const mm_var *node)
{
    return *(uint64_t *)mm_data(m, node);
}

static void drop_last(mm *m, lru *l)
{
    MM_VAR(m, last);

    mm_load(m, last, l->ends, PREVIOUS_SLOT);
    l->checksum = workload_checksum(l->checksum, node_key(m, last));
    table_remove(m, &l->keys, node_key(m, last));
    unlink_node(m, last);
}

static mm_status insert(mm *m, lru *l, uint64_t key)
{
    MM_VAR(m, node);

    if (l->keys.length == l->capacity)
        drop_last(m, l);
    if (mm_new(m, node, l->node, NODE_SLOTS, l->payload) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, node) = key;
    link_first(m, l->ends, node);
    return table_put(m, &l->keys, key, node);
}

static void look_up(mm *m, lru *l, uint64_t key)
{
    MM_VAR(m, node);

    table_get(m, &l->keys, key, node);
    if (mm_is_null(node))
        return;
    l->checksum = workload_checksum(l->checksum, node_key(m, node));
    unlink_node(m, node);
    link_first(m, l->ends, node);
}

static mm_status turn(mm *m, void *state, uint64_t i)
{
    lru *l = state;
    uint64_t recent = 2 * (uint64_t)l->capacity <= i ? 2 * (uint64_t)l->capacity : i + 1;

    if (insert(m, l, i) != MM_OK)
        return MM_NO_MEMORY;
    look_up(m, l, i - workload_random_below(&l->random, recent));
    return MM_OK;
}

static turns_books books(const settings *p)
{
    uint64_t n = (uint64_t)settings_get(p, "n");
    uint64_t capacity = (uint64_t)settings_get(p, "capacity");
    uint64_t payload = (uint64_t)settings_get(p, "payload"), live = n < capacity ? n : capacity;
    size_t node = NODE_SLOTS * sizeof(void *) + payload;
    size_t entry = ENTRY_SLOTS * sizeof(void *) + sizeof(uint64_t);
    turns_books b = {.leaked = {.objects = live + 1, .bytes = (live + 1) * node}};

    table_books(live, &b.allocated, &b.live);
    workload_add(&b.allocated, 2 * n + 1, n * (node + entry) + node);
    workload_add(&b.live, 2 * live + 1, live * (node + entry) + node);
    return b;
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    turns_forecast(p, books(p), out);
    workload_add(&out->live_peak, 0, out->live_peak.bytes / 4); /* both tables while it grows */
    return true;
}

/* The list's ends, which is all there is of an empty list. */
static mm_status make_ends(mm *m, const lru *l, mm_var *ends)
{
    if (mm_new(m, ends, l->node, NODE_SLOTS, l->payload) != MM_OK)
        return MM_NO_MEMORY;
    memset(mm_data(m, ends), 0, l->payload);
    mm_store(m, ends, PREVIOUS_SLOT, ends);
    mm_store(m, ends, NEXT_SLOT, ends);
    return MM_OK;
}

static workload_result run(workload_run *run)
{
    mm *m = run->m;
    MM_VARS(m, v, 2);
    lru l = {.payload = (uint32_t)workload_parameter(run, "payload"),
             .capacity = (uint32_t)workload_parameter(run, "capacity"),
             .random = {run->seed},
             .ends = v + 1};

    if (mm_type_add(mm_heap_of(m), &(mm_type_info){.name = "node", .kind = MM_CONTAINER},
                    &l.node) != MM_OK ||
        make_ends(m, &l, l.ends) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    l.keys = table_on(v, l.node);
    return turns_run(run, turn,
                     &(turns){.count = workload_parameter(run, "n"),
                              .per_request = KEYS_PER_REQUEST,
                              .state = &l,
                              .checksum = &l.checksum,
                              .node = l.node,
                              .kept = v,
                              .kept_count = 2,
                              .books = books(run->parameters)});
}

const workload workload_lru = {
    .name = "lru",
    .story = "a cache that drops what was not used for longest",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"lru:n=2000,capacity=300,backdrop=500",
                                 "lru:n=100,capacity=300,teardown=off"},
              [WORKLOAD_QUICK] = {"lru:n=100000,capacity=20000"},
              [WORKLOAD_DEFAULT] = {"lru:n=200000"},
              [WORKLOAD_FULL] = {"lru"}},
    .forecast = forecast,
    .run = run,
};
