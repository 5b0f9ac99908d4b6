/* temps: expression temporaries that die young.
 *
 *   turn:  x ─▶ y        both new, y read through x, both dropped
 *
 * Shape: 2 objects allocated a turn, none surviving, none cyclic; the live size is the backdrop.
 * What counts is the price of making, linking and dropping: a trigger on net allocations never
 * fires, one on gross allocations or bytes fires at a steady rate and pays for the backdrop each
 * time. */
#include "workloads/turns.h"

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

static mm_status turn(mm *m, void *state, uint64_t i)
{
    temps *t = state;
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

static turns_books books(const settings *p)
{
    uint64_t n = (uint64_t)settings_get(p, "n"), payload = (uint64_t)settings_get(p, "payload");
    return (turns_books){.allocated = {.objects = 2 * n, .bytes = n * (sizeof(void *) + payload)}};
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    turns_forecast(p, books(p), out);
    return true;
}

static workload_result run(workload_run *run)
{
    mm_heap *heap = mm_heap_of(run->m);
    temps t = {.payload = (uint32_t)workload_parameter(run, "payload")};

    if (mm_type_add(heap, &(mm_type_info){.name = "box", .kind = MM_CONTAINER}, &t.box) != MM_OK ||
        mm_type_add(heap, &(mm_type_info){.name = "value", .kind = MM_ATOM}, &t.value) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    return turns_run(run, turn,
                     &(turns){.count = workload_parameter(run, "n"),
                              .per_request = TURNS_PER_REQUEST,
                              .state = &t,
                              .checksum = &t.checksum,
                              .node = t.box,
                              .books = books(run->parameters)});
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
