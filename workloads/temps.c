/* temps: expression temporaries that die young.
 *
 *   turn:  x ─▶ y        both new, y read through x, both dropped
 *
 * Shape: 2 objects allocated a turn, none surviving, none cyclic; the live size is the backdrop.
 * What counts is the price of making, linking and dropping: a trigger on net allocations never
 * fires, one on gross allocations or bytes fires at a steady rate and pays for the backdrop each
 * time. */
#include "workloads/backdrop.h"
#include "workloads/workload.h"

enum { TURNS_PER_REQUEST = 256 };

static const setting parameters[] = {
    {.name = "n",
     .unit = "turns",
     .help = "pairs of temporaries made and dropped",
     .fallback = 1e6,
     .minimum = 1,
     .maximum = 1e10,
     .integer = true},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct temps {
    mm_type box, value;
    uint32_t payload;
    uint64_t checksum;
} temps;

static mm_status turn(mm *m, temps *t, uint64_t i)
{
    MM_VAR(m, x);
    MM_VAR(m, y);
    MM_BORROW(m, seen);

    if (mm_new(m, y, t->value, 0, t->payload) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, y) = i;
    if (mm_new(m, x, t->box, 1, 0) != MM_OK)
        return MM_NO_MEMORY;
    mm_fill(m, x, 0, y);
    mm_borrow(m, seen, x, 0);
    t->checksum = workload_checksum(t->checksum, *(uint64_t *)mm_data(m, seen));
    return MM_OK;
}

static mm_status turns(mm *m, temps *t, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (i % TURNS_PER_REQUEST == 0)
            mm_request_begin(m);
        if (turn(m, t, i) != MM_OK)
            return MM_NO_MEMORY;
        if (i % TURNS_PER_REQUEST == TURNS_PER_REQUEST - 1 || i == n - 1)
            mm_request_end(m);
    }
    return MM_OK;
}

static workload_amount turned_over(const settings *p)
{
    uint64_t n = (uint64_t)settings_get(p, "n"), payload = (uint64_t)settings_get(p, "payload");
    return (workload_amount){2 * n, n * (sizeof(void *) + payload)};
}

static void keep_books(workload_run *run, uint64_t checksum)
{
    workload_amount backdrop = backdrop_amount(workload_parameter(run, "backdrop"));
    workload_account *account = &run->account;

    account->allocated = turned_over(run->parameters);
    workload_add(&account->allocated, backdrop.objects, backdrop.bytes);
    account->live_work = backdrop;
    if (workload_parameter(run, "teardown") == 0)
        account->live_end = backdrop;
    account->checksum = checksum;
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    out->allocated = turned_over(p);
    out->live_peak = backdrop_amount((uint64_t)settings_get(p, "backdrop"));
    workload_add(&out->allocated, out->live_peak.objects, out->live_peak.bytes);
    return true;
}

static workload_result run(workload_run *run)
{
    mm *m = run->m;
    temps t = {.payload = (uint32_t)workload_parameter(run, "payload")};
    MM_VAR(m, backdrop);

    if (mm_type_add(mm_heap_of(m), &(mm_type_info){"box", MM_CONTAINER}, &t.box) != MM_OK ||
        mm_type_add(mm_heap_of(m), &(mm_type_info){"value", MM_ATOM}, &t.value) != MM_OK ||
        backdrop_build(m, t.box, workload_parameter(run, "backdrop"), backdrop) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    workload_begin(run);
    if (turns(m, &t, workload_parameter(run, "n")) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    keep_books(run, t.checksum);
    workload_end(run);
    if (workload_parameter(run, "teardown") == 0 && keep_until_the_end(m, backdrop) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    return WORKLOAD_DONE;
}

const workload workload_temps = {
    .name = "temps",
    .story = "expression temporaries that die young",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"temps:n=3000,backdrop=500"},
              [WORKLOAD_QUICK] = {"temps:n=200000"},
              [WORKLOAD_DEFAULT] = {"temps"},
              [WORKLOAD_FULL] = {"temps", "temps:backdrop=1000000"}},
    .forecast = forecast,
    .run = run,
};
