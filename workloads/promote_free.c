/* promote_free: batch jobs: each builds up its objects, uses them, and drops them all.
 *
 *   batch[20,000] ─▶ item, each ─▶ the item before it
 *
 * Shape: 100 × 20,000 items allocated, none surviving, none cyclic, 2 edges an item. Counting frees
 * a batch the moment it is dropped; nothing is ever left for a collector to find.
 *
 * What counts is that a batch lives long enough to be promoted: while its 20,000 items are made a
 * generational collector looks at them 28 times and moves most to the oldest generation, for
 * nothing. It remembers them as survivors even when counting has freed them since, so full
 * collections come due that free nothing either (python/cpython#122569). */
#include "workloads/turns.h"

enum { ITEMS_PER_REQUEST = 256 };

static const setting parameters[] = {
    {.name = "n",
     .unit = "items",
     .help = "of each batch",
     .fallback = 20e3,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    {.name = "batches",
     .unit = "batches",
     .help = "built up, used and dropped",
     .fallback = 100,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct batches {
    mm_type node;
    uint32_t payload, items; /* of a batch */
    mm_var *batch, *last;    /* the one in the making, its last item */
    uint64_t checksum;
} batches;

static void use_batch(mm *m, batches *b)
{
    for (uint32_t i = 0; i < b->items; i++) {
        MM_BORROW(m, item);
        mm_borrow(m, item, b->batch, i);
        b->checksum = workload_checksum(b->checksum, *(uint64_t *)mm_data(m, item));
    }
}

/* Adds item `i` of all; the first of a batch begins it, the last ends it. */
static mm_status turn(mm *m, void *state, uint64_t i)
{
    batches *b = state;
    uint32_t place = (uint32_t)(i % b->items);
    MM_VAR(m, item);

    if (place == 0 && mm_new(m, b->batch, b->node, b->items, 0) != MM_OK)
        return MM_NO_MEMORY;
    if (mm_new(m, item, b->node, 1, b->payload) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, item) = i;
    mm_fill(m, item, 0, b->last);
    mm_set(m, b->last, item);
    mm_fill(m, b->batch, place, item);
    if (place == b->items - 1) {
        use_batch(m, b);
        mm_clear(m, b->last);
        mm_clear(m, b->batch);
    }
    return MM_OK;
}

static turns_books books(const settings *p)
{
    uint64_t items = (uint64_t)settings_get(p, "n");
    uint64_t count = (uint64_t)settings_get(p, "batches");
    size_t item = 2 * sizeof(void *) + (uint64_t)settings_get(p, "payload"); /* and its place */

    return (turns_books){
        .allocated = {.objects = count * (items + 1), .bytes = count * items * item}};
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    workload_amount all = books(p).allocated;
    uint64_t count = (uint64_t)settings_get(p, "batches");

    (void)message;
    turns_forecast(p, books(p), out);
    workload_add(&out->live_peak, all.objects / count, all.bytes / count);
    return true;
}

static workload_result run(workload_run *run)
{
    mm *m = run->m;
    MM_VARS(m, v, 2);
    batches b = {.payload = (uint32_t)workload_parameter(run, "payload"),
                 .items = (uint32_t)workload_parameter(run, "n"),
                 .batch = v,
                 .last = v + 1};

    if (mm_type_add(mm_heap_of(m), &(mm_type_info){.name = "node", .kind = MM_CONTAINER},
                    &b.node) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    return turns_run(run, turn,
                     &(turns){.count = b.items * workload_parameter(run, "batches"),
                              .per_request = ITEMS_PER_REQUEST,
                              .state = &b,
                              .checksum = &b.checksum,
                              .node = b.node,
                              .books = books(run->parameters)});
}

const workload workload_promote_free = {
    .name = "promote_free",
    .story = "batch jobs: held long enough to be promoted, then dropped",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"promote_free:n=1000,batches=3,backdrop=500"},
              [WORKLOAD_QUICK] = {"promote_free:batches=10"},
              [WORKLOAD_DEFAULT] = {"promote_free"},
              [WORKLOAD_FULL] = {"promote_free"}},
    .forecast = forecast,
    .run = run,
};
