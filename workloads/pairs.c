/* pairs: a closure and its self, an exception and its frame: two objects that refer to each other,
 * dropped.
 *
 *   turn:  a ⇄ b        each read through the other, both names dropped
 *
 * Shape: 2 objects allocated a turn, none surviving, all cyclic, in components of 2. Pure counting
 * leaks exactly 2n objects. */
#include "workloads/backdrop.h"
#include "workloads/workload.h"

enum { TURNS_PER_REQUEST = 256 };

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

static mm_status turn(mm *m, pairs *p, uint64_t i)
{
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

static mm_status turns(mm *m, pairs *p, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (i % TURNS_PER_REQUEST == 0)
            mm_request_begin(m);
        if (turn(m, p, i) != MM_OK)
            return MM_NO_MEMORY;
        if (i % TURNS_PER_REQUEST == TURNS_PER_REQUEST - 1 || i == n - 1)
            mm_request_end(m);
    }
    return MM_OK;
}

static workload_amount turned_over(const settings *p)
{
    uint64_t n = (uint64_t)settings_get(p, "n"), payload = (uint64_t)settings_get(p, "payload");
    return (workload_amount){2 * n, 2 * n * (sizeof(void *) + payload)};
}

static void keep_books(workload_run *run, uint64_t checksum)
{
    workload_amount backdrop = backdrop_amount(workload_parameter(run, "backdrop"));
    workload_account *account = &run->account;

    account->allocated = account->leaked = turned_over(run->parameters);
    workload_add(&account->allocated, backdrop.objects, backdrop.bytes);
    account->live_work = backdrop;
    if (workload_parameter(run, "teardown") == 0)
        account->live_end = backdrop;
    account->checksum = checksum;
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    out->allocated = out->leaked = turned_over(p);
    out->live_peak = backdrop_amount((uint64_t)settings_get(p, "backdrop"));
    workload_add(&out->allocated, out->live_peak.objects, out->live_peak.bytes);
    return true;
}

static workload_result run(workload_run *run)
{
    mm *m = run->m;
    pairs p = {.payload = (uint32_t)workload_parameter(run, "payload")};
    MM_VAR(m, backdrop);

    if (mm_type_add(mm_heap_of(m), &(mm_type_info){"node", MM_CONTAINER}, &p.node) != MM_OK ||
        backdrop_build(m, p.node, workload_parameter(run, "backdrop"), backdrop) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    workload_begin(run);
    if (turns(m, &p, workload_parameter(run, "n")) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    keep_books(run, p.checksum);
    workload_end(run);
    if (workload_parameter(run, "teardown") == 0 && keep_until_the_end(m, backdrop) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    return WORKLOAD_DONE;
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
