/* mix: a service: most of what a request makes is acyclic, and some of it is not.
 *
 *   turn:  a ─▶ b ─▶ c ─▶ d        read from a to d, dropped;
 *          ▲──────────────┘        closed into a cycle for the share `cyclic` of the turns
 *
 * Shape: 4 objects allocated a turn, none surviving, the share `cyclic` of them in components of 4.
 * Which turns close is drawn, and the books draw the same: counting leaks 4 objects for each.
 *
 * What counts is the break-even: an acyclic chain costs a collector nothing, a cyclic one does, so
 * collections are in proportion to the share. Of the objects that programs make, those freed only
 * by the cycle collector are 4% in flask requests, 11% in docutils, 16% in graphql-core, 33% in
 * botocore clients. */
#include "workloads/turns.h"

enum { CHAIN = 4, CHAINS_PER_REQUEST = 128 };

static const setting parameters[] = {
    {.name = "n",
     .unit = "chains",
     .help = "of 4 objects, made and dropped",
     .fallback = 250e3,
     .minimum = 1,
     .maximum = 1e10,
     .integer = true},
    {.name = "cyclic",
     .unit = "share",
     .help = "of the chains that are closed into a cycle",
     .fallback = 0.1,
     .minimum = 0,
     .maximum = 1},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct mix {
    mm_type node;
    uint32_t payload;
    workload_random random;
    uint64_t cyclic_bound; /* `cyclic` as a share of 2³² */
    uint64_t checksum;
} mix;

static bool next_is_cyclic(mix *x)
{
    return workload_random_next(&x->random) >> 32 < x->cyclic_bound;
}

/* A chain that ends with the object numbered `number`; `last` becomes its end. */
static mm_status make_chain(mm *m, const mix *x, uint64_t number, mm_var *first, mm_var *last)
{
    for (uint64_t k = 0; k < CHAIN; k++) {
        MM_VAR(m, made);
        if (mm_new(m, made, x->node, 1, x->payload) != MM_OK)
            return MM_NO_MEMORY;
        *(uint64_t *)mm_data(m, made) = number - k;
        if (k == 0)
            mm_set(m, last, made);
        else
            mm_fill(m, made, 0, first);
        mm_move(m, first, made);
    }
    return MM_OK;
}

static mm_status turn(mm *m, void *state, uint64_t i)
{
    mix *x = state;
    MM_VARS(m, v, 2);
    mm_var *first = v, *last = v + 1, *node = first;
    MM_BORROW(m, next);

    if (make_chain(m, x, CHAIN * i + CHAIN - 1, first, last) != MM_OK)
        return MM_NO_MEMORY;
    if (next_is_cyclic(x))
        mm_store(m, last, 0, first);
    for (int k = 0; k < CHAIN; k++) {
        x->checksum = workload_checksum(x->checksum, *(uint64_t *)mm_data(m, node));
        mm_borrow(m, next, node, 0);
        node = next;
    }
    x->checksum = workload_checksum(x->checksum, !mm_is_null(node));
    return MM_OK;
}

static workload_amount chains(const settings *p, uint64_t count)
{
    uint64_t payload = (uint64_t)settings_get(p, "payload");
    return (workload_amount){.objects = CHAIN * count,
                             .bytes = CHAIN * count * (sizeof(void *) + payload)};
}

/* With an upper bound for what leaks. */
static turns_books estimate(const settings *p)
{
    workload_amount all = chains(p, (uint64_t)settings_get(p, "n"));
    workload_amount leaked = settings_get(p, "cyclic") > 0 ? all : (workload_amount){0};

    return (turns_books){.allocated = all, .leaked = leaked, .leaked_before_teardown = leaked};
}

static turns_books books(const settings *p, const mix *x)
{
    turns_books b = estimate(p);
    mix again = *x;
    uint64_t n = (uint64_t)settings_get(p, "n"), cyclic = 0;

    for (uint64_t i = 0; i < n; i++)
        cyclic += next_is_cyclic(&again);
    b.leaked = b.leaked_before_teardown = chains(p, cyclic);
    return b;
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    turns_forecast(p, estimate(p), out);
    return true;
}

static workload_result run(workload_run *run)
{
    mix x = {.payload = (uint32_t)workload_parameter(run, "payload"),
             .random = {run->seed},
             .cyclic_bound = (uint64_t)(settings_get(run->parameters, "cyclic") * 4294967296.0)};

    if (mm_type_add(mm_heap_of(run->m), &(mm_type_info){.name = "node", .kind = MM_CONTAINER},
                    &x.node) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    return turns_run(run, turn,
                     &(turns){.count = workload_parameter(run, "n"),
                              .per_request = CHAINS_PER_REQUEST,
                              .state = &x,
                              .checksum = &x.checksum,
                              .node = x.node,
                              .books = books(run->parameters, &x)});
}

const workload workload_mix = {
    .name = "mix",
    .story = "a service that makes some cycles among much that is acyclic",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"mix:n=1000,backdrop=500", "mix:n=1000,cyclic=1"},
              [WORKLOAD_QUICK] = {"mix:n=50000"},
              [WORKLOAD_DEFAULT] = {"mix:cyclic=0.01", "mix"},
              [WORKLOAD_FULL] = {"mix:cyclic=0", "mix:cyclic=0.001", "mix:cyclic=0.01",
                                 "mix:cyclic=0.04", "mix", "mix:cyclic=0.3", "mix:cyclic=1"}},
    .forecast = forecast,
    .run = run,
};
