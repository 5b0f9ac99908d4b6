/* shape: what a single drop costs, by the shape of what is dropped.
 *
 *   chain   1,000,000 objects, each ─▶ the one before
 *   wide    one object ─▶ 1,000,000 others
 *   dense   1000 objects, each ─▶ all before it: 499,500 edges
 *
 * Shape: n objects (and the wide one) allocated, none surviving, none cyclic. All of it hangs on one
 * variable, which is read through and then cleared in a request of its own.
 *
 * What counts is counting's own pause: one decrement frees a million objects before it returns. A
 * chain is as deep as it is long, so whoever frees or marks by recursion dies of it. Chain and wide
 * have an edge an object, dense has 500: between them stands the cost of an edge against that of an
 * object. */
#include "workloads/turns.h"

typedef enum variant { CHAIN, WIDE, DENSE } variant;

static const setting parameters[] = {
    {.name = "variant",
     .unit = "",
     .help = "what is built and dropped",
     .fallback = CHAIN,
     .words_only = true,
     .words = {{"chain", CHAIN}, {"wide", WIDE}, {"dense", DENSE}}},
    {.name = "n",
     .unit = "objects",
     .help = "of a chain, or of what is wide",
     .fallback = 1e6,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    {.name = "levels",
     .unit = "objects",
     .help = "of what is dense",
     .fallback = 1000,
     .minimum = 1,
     .maximum = 30e3,
     .integer = true},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct shape {
    mm_type node;
    variant kind;
    uint32_t n, payload;
    mm_var *top; /* what everything hangs on */
    uint64_t checksum;
} shape;

/* ---- The three shapes: object `i` of n is added ---- */

static mm_status new_object(mm *m, const shape *s, uint32_t slots, uint64_t i, mm_var *out)
{
    if (mm_new(m, out, s->node, slots, s->payload) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, out) = i;
    return MM_OK;
}

static mm_status lengthen(mm *m, shape *s, uint32_t i)
{
    MM_VAR(m, made);

    if (new_object(m, s, 1, i, made) != MM_OK)
        return MM_NO_MEMORY;
    mm_fill(m, made, 0, s->top);
    mm_move(m, s->top, made);
    return MM_OK;
}

static mm_status widen(mm *m, shape *s, uint32_t i)
{
    MM_VAR(m, made);

    if (i == 0 && new_object(m, s, s->n, s->n, s->top) != MM_OK)
        return MM_NO_MEMORY;
    if (new_object(m, s, 1, i, made) != MM_OK)
        return MM_NO_MEMORY;
    mm_fill(m, s->top, i, made);
    return MM_OK;
}

/* The new one refers to the last, and to all that the last refers to. */
static mm_status thicken(mm *m, shape *s, uint32_t i)
{
    MM_VAR(m, made);

    if (new_object(m, s, i, i, made) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t k = 0; k + 1 < i; k++)
        mm_copy_slot(m, made, k, s->top, k);
    if (i > 0)
        mm_fill(m, made, i - 1, s->top);
    mm_move(m, s->top, made);
    return MM_OK;
}

/* ---- Reading and dropping ---- */

static void read_object(mm *m, shape *s, const mm_var *object)
{
    s->checksum = workload_checksum(s->checksum, *(uint64_t *)mm_data(m, object));
}

static void read_chain(mm *m, shape *s)
{
    MM_BORROW(m, next);
    mm_var *node = s->top;

    for (uint32_t i = 0; i < s->n; i++) {
        read_object(m, s, node);
        mm_borrow(m, next, node, 0);
        node = next;
    }
}

/* Reads the top object and all that it refers to. */
static void read_top(mm *m, shape *s)
{
    read_object(m, s, s->top);
    for (uint32_t i = 0; i < mm_slot_count(m, s->top); i++) {
        MM_BORROW(m, below);
        mm_borrow(m, below, s->top, i);
        read_object(m, s, below);
    }
}

static mm_status build(mm *m, shape *s)
{
    static mm_status (*const add[])(mm *, shape *, uint32_t) = {
        [CHAIN] = lengthen, [WIDE] = widen, [DENSE] = thicken};
    uint32_t per_request = s->kind == DENSE ? 4 : TURNS_PER_REQUEST;

    for (uint32_t i = 0; i < s->n; i++) {
        if (i % per_request == 0)
            mm_request_begin(m);
        if (add[s->kind](m, s, i) != MM_OK)
            return MM_NO_MEMORY;
        if (i % per_request == per_request - 1 || i == s->n - 1)
            mm_request_end(m);
    }
    return MM_OK;
}

static mm_status work(mm *m, shape *s)
{
    if (build(m, s) != MM_OK)
        return MM_NO_MEMORY;
    if (s->kind == CHAIN)
        read_chain(m, s);
    else
        read_top(m, s);
    mm_request_begin(m);
    mm_clear(m, s->top);
    mm_request_end(m);
    return MM_OK;
}

/* ---- The books ---- */

static uint64_t object_count(const settings *p)
{
    bool dense = (variant)settings_get(p, "variant") == DENSE;
    return (uint64_t)settings_get(p, dense ? "levels" : "n");
}

static workload_amount structure(const settings *p)
{
    variant kind = (variant)settings_get(p, "variant");
    uint64_t n = object_count(p), payload = (uint64_t)settings_get(p, "payload");
    uint64_t edges = kind == DENSE ? n * (n - 1) / 2 : n;
    workload_amount amount = {.objects = n, .bytes = edges * sizeof(void *) + n * payload};

    if (kind == WIDE)
        workload_add(&amount, 1, n * sizeof(void *) + payload);
    return amount;
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    workload_amount backdrop = backdrop_amount((uint64_t)settings_get(p, "backdrop"));

    (void)message;
    out->allocated = structure(p);
    workload_add(&out->allocated, backdrop.objects, backdrop.bytes);
    out->live_peak = out->allocated;
    return true;
}

static workload_result run(workload_run *run)
{
    mm *m = run->m;
    MM_VARS(m, v, 2);
    mm_var *backdrop = v + 1;
    shape s = {.kind = (variant)workload_parameter(run, "variant"),
               .n = (uint32_t)object_count(run->parameters),
               .payload = (uint32_t)workload_parameter(run, "payload"),
               .top = v};
    workload_forecast known = {0};

    if (mm_type_add(mm_heap_of(m), &(mm_type_info){.name = "node", .kind = MM_CONTAINER},
                    &s.node) != MM_OK ||
        backdrop_build(m, s.node, workload_parameter(run, "backdrop"), backdrop) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    workload_begin(run);
    if (work(m, &s) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    forecast(run->parameters, &known, run->message);
    run->account.allocated = known.allocated;
    run->account.live_work = backdrop_amount(workload_parameter(run, "backdrop"));
    run->account.checksum = s.checksum;
    workload_end(run);
    if (workload_parameter(run, "teardown") == 0) {
        run->account.live_end = run->account.live_work;
        if (keep_until_the_end(m, backdrop) != MM_OK)
            return WORKLOAD_NO_MEMORY;
    }
    return WORKLOAD_DONE;
}

const workload workload_shape = {
    .name = "shape",
    .story = "one drop that frees a million: a chain, something wide, something dense",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"shape:n=3000,backdrop=500", "shape:variant=wide,n=3000",
                                 "shape:variant=dense,levels=50"},
              [WORKLOAD_QUICK] = {"shape:n=100000"},
              [WORKLOAD_DEFAULT] = {"shape:n=300000", "shape:variant=dense"},
              [WORKLOAD_FULL] = {"shape", "shape:variant=wide", "shape:variant=dense"}},
    .forecast = forecast,
    .run = run,
};
