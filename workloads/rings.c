/* rings: structures that close on themselves, from an object that knows itself to a graph of
 * thousands, made and dropped.
 *
 *   turn:  o ◀─ o ◀─ o ◀─ … ◀─ o        k objects, each read once around the ring, then dropped
 *          └───────────────────▶┘
 *
 * Shape: n objects allocated, none surviving, all cyclic, in components of k (the last one takes
 * what is left of n). Pure counting leaks exactly n objects.
 *
 * What counts is k against a generational collector's thresholds, since a ring can only be found
 * when all of it is in the generations that are collected, and its variable is gone. One of 20 is
 * nearly always whole and dead when the youngest generation is collected. One of 1000 is longer
 * than the youngest generation, so part of it has been promoted before it is complete and generation
 * 1 must free it; one of 20,000 outlives that too and only dies in full collections. */
#include "workloads/turns.h"

enum { OBJECTS_PER_REQUEST = 512 };

static const setting parameters[] = {
    {.name = "n",
     .unit = "objects",
     .help = "made and dropped",
     .fallback = 1e6,
     .minimum = 1,
     .maximum = 1e10,
     .integer = true},
    {.name = "k",
     .unit = "objects",
     .help = "of each ring",
     .fallback = 20,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct rings {
    mm_type node;
    uint32_t payload;
    uint64_t n, k;
    uint64_t checksum;
} rings;

/* `count` objects in a ring, numbered from `number` on; `first` and `last` become the ones made
 * first and last. Each refers to the one made before it, and the first to the last. */
static mm_status close_ring(mm *m, const rings *r, uint64_t number, uint64_t count, mm_var *first,
                            mm_var *last)
{
    MM_VAR(m, made);

    for (uint64_t i = 0; i < count; i++) {
        if (mm_new(m, made, r->node, 1, r->payload) != MM_OK)
            return MM_NO_MEMORY;
        *(uint64_t *)mm_data(m, made) = number + i;
        if (i == 0)
            mm_set(m, first, made);
        else
            mm_fill(m, made, 0, last);
        mm_move(m, last, made);
    }
    mm_store(m, first, 0, last);
    return MM_OK;
}

static uint64_t read_around(mm *m, mm_var *first, uint64_t count, uint64_t checksum)
{
    MM_BORROW(m, next);
    mm_var *node = first;

    for (uint64_t i = 0; i < count; i++) {
        mm_borrow(m, next, node, 0);
        node = next;
        checksum = workload_checksum(checksum, *(uint64_t *)mm_data(m, node));
    }
    return checksum;
}

static mm_status turn(mm *m, void *state, uint64_t i)
{
    rings *r = state;
    uint64_t number = i * r->k, count = r->n - number < r->k ? r->n - number : r->k;
    MM_VAR(m, first);
    MM_VAR(m, last);

    if (close_ring(m, r, number, count, first, last) != MM_OK)
        return MM_NO_MEMORY;
    r->checksum = read_around(m, first, count, r->checksum);
    return MM_OK;
}

static turns_books books(const settings *p)
{
    uint64_t n = (uint64_t)settings_get(p, "n"), payload = (uint64_t)settings_get(p, "payload");
    workload_amount all = {.objects = n, .bytes = n * (sizeof(void *) + payload)};

    return (turns_books){.allocated = all, .leaked = all, .leaked_before_teardown = all};
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    uint64_t n = (uint64_t)settings_get(p, "n"), k = (uint64_t)settings_get(p, "k");
    uint64_t ring = k < n ? k : n;

    (void)message;
    turns_forecast(p, books(p), out);
    workload_add(&out->live_peak, ring,
                 ring * (sizeof(void *) + (uint64_t)settings_get(p, "payload")));
    return true;
}

static workload_result run(workload_run *run)
{
    rings r = {.payload = (uint32_t)workload_parameter(run, "payload"),
               .n = workload_parameter(run, "n"),
               .k = workload_parameter(run, "k")};

    if (mm_type_add(mm_heap_of(run->m), &(mm_type_info){.name = "node", .kind = MM_CONTAINER},
                    &r.node) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    return turns_run(
        run, turn,
        &(turns){.count = (r.n + r.k - 1) / r.k,
                 .per_request = r.k < OBJECTS_PER_REQUEST ? OBJECTS_PER_REQUEST / r.k : 1,
                 .state = &r,
                 .checksum = &r.checksum,
                 .node = r.node,
                 .books = books(run->parameters)});
}

const workload workload_rings = {
    .name = "rings",
    .story = "structures that close on themselves: cycles of k objects",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"rings:n=3000,backdrop=500", "rings:n=2500,k=1000",
                                 "rings:n=500,k=1"},
              [WORKLOAD_QUICK] = {"rings:n=200000,k=1000"},
              [WORKLOAD_DEFAULT] = {"rings", "rings:k=1000"},
              [WORKLOAD_FULL] = {"rings:k=1", "rings:k=2", "rings", "rings:k=1000",
                                 "rings:k=20000"}},
    .forecast = forecast,
    .run = run,
};
