/* pairs: a closure and its self, an exception and its frame: two objects that refer to each other,
 * dropped.
 *
 *   turn:  a ⇄ b        each read through the other, both names dropped
 *
 * Shape: 2 objects allocated a turn, none surviving, all cyclic, in components of 2. Pure counting
 * leaks exactly 2n objects. */
#include "workloads/turns.h"

static const setting parameters[] = {
    {.name = "n",
     .unit = "pairs",
     .help = "made and dropped",
     .fallback = 500e3,
     .minimum = 1,
     .maximum = 1e10,
     .integer = true},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct pairs {
    mm_type node;
    uint32_t payload;
    uint64_t checksum;
} pairs;

static mm_status turn(mm *m, void *state, uint64_t i)
{
    pairs *p = state;
    MM_VAR(m, a);
    MM_VAR(m, b);
    MM_BORROW(m, seen);
    MM_BORROW(m, back);

    if (mm_new(m, a, p->node, 1, p->payload) != MM_OK)
        return MM_NO_MEMORY;
    if (mm_new(m, b, p->node, 1, p->payload) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, a) = 2 * i;
    *(uint64_t *)mm_data(m, b) = 2 * i + 1;
    mm_store(m, b, 0, a);
    mm_fill(m, a, 0, b);
    mm_borrow(m, seen, a, 0);
    p->checksum = workload_checksum(p->checksum, *(uint64_t *)mm_data(m, seen));
    mm_borrow(m, back, seen, 0);
    p->checksum = workload_checksum(p->checksum, *(uint64_t *)mm_data(m, back));
    return MM_OK;
}

static turns_books books(const settings *p)
{
    uint64_t n = (uint64_t)settings_get(p, "n"), payload = (uint64_t)settings_get(p, "payload");
    workload_amount all = {.objects = 2 * n, .bytes = 2 * n * (sizeof(void *) + payload)};

    return (turns_books){.allocated = all, .leaked = all, .leaked_before_teardown = all};
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    turns_forecast(p, books(p), out);
    return true;
}

static workload_result run(workload_run *run)
{
    pairs p = {.payload = (uint32_t)workload_parameter(run, "payload")};

    if (mm_type_add(mm_heap_of(run->m), &(mm_type_info){.name = "node", .kind = MM_CONTAINER},
                    &p.node) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    return turns_run(run, turn,
                     &(turns){.count = workload_parameter(run, "n"),
                              .per_request = TURNS_PER_REQUEST,
                              .state = &p,
                              .checksum = &p.checksum,
                              .node = p.node,
                              .books = books(run->parameters)});
}

const workload workload_pairs = {
    .name = "pairs",
    .story = "a closure and its self, an exception and its frame: cycles of two",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"pairs:n=3000,backdrop=500"},
              [WORKLOAD_QUICK] = {"pairs:n=100000"},
              [WORKLOAD_DEFAULT] = {"pairs"},
              [WORKLOAD_FULL] = {"pairs", "pairs:backdrop=1000000"}},
    .forecast = forecast,
    .run = run,
};
