/* build: loading a large document: everything that is made stays.
 *
 *   document ─▶ storage of a vector ─▶ n elements, each ─▶ one of 16 shared names
 *
 * Shape: n elements, all surviving until the end, none cyclic, 1 edge an element beside the
 * vector's. A collector that looks at live data during growth looks in vain: with
 * growth-proportional full collections the visits per object stay constant, without they grow with
 * n. */
#include "workloads/backdrop.h"
#include "workloads/containers.h"

enum { NAMES = 16, NAME_BYTES = 16, ELEMENTS_PER_REQUEST = 256 };

static const setting parameters[] = {
    {.name = "n",
     .unit = "objects",
     .help = "appended",
     .fallback = 1e6,
     .minimum = 1,
     .maximum = 2e9,
     .integer = true},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct build {
    mm_type element, name;
    uint32_t payload;
    workload_random random;
} build;

/* `names` becomes an object whose slots are the shared names. */
static mm_status make_names(mm *m, const build *b, mm_var *names)
{
    MM_VAR(m, name);

    if (mm_new(m, names, b->element, NAMES, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < NAMES; i++) {
        if (mm_new(m, name, b->name, 0, NAME_BYTES) != MM_OK)
            return MM_NO_MEMORY;
        memset(mm_data(m, name), (int)i, NAME_BYTES);
        mm_fill(m, names, i, name);
    }
    return MM_OK;
}

static mm_status append_element(mm *m, build *b, vector *document, mm_var *names, uint64_t i)
{
    MM_VAR(m, element);

    if (mm_new(m, element, b->element, 1, b->payload) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, element) = i;
    mm_copy_slot(m, element, 0, names, (uint32_t)workload_random_below(&b->random, NAMES));
    return vector_push(m, document, element);
}

static mm_status append_all(mm *m, build *b, vector *document, mm_var *names, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (i % ELEMENTS_PER_REQUEST == 0)
            mm_request_begin(m);
        if (append_element(m, b, document, names, i) != MM_OK)
            return MM_NO_MEMORY;
        if (i % ELEMENTS_PER_REQUEST == ELEMENTS_PER_REQUEST - 1 || i == n - 1)
            mm_request_end(m);
    }
    return MM_OK;
}

/* Each element's number and the name it refers to. */
static uint64_t read_back(mm *m, const vector *document)
{
    uint64_t checksum = 0;

    for (uint32_t i = 0; i < document->length; i++) {
        MM_BORROW(m, element);
        MM_BORROW(m, name);
        mm_borrow(m, element, document->storage, i);
        mm_borrow(m, name, element, 0);
        checksum = workload_checksum(checksum, *(uint64_t *)mm_data(m, element));
        checksum = workload_checksum(checksum, *(uint8_t *)mm_data(m, name));
    }
    return checksum;
}

/* Elements, names and the vector's storage: what is allocated and what of it stays. */
static void amounts(const settings *p, workload_amount *allocated, workload_amount *live)
{
    uint64_t n = (uint64_t)settings_get(p, "n"), payload = (uint64_t)settings_get(p, "payload");
    workload_amount backdrop = backdrop_amount((uint64_t)settings_get(p, "backdrop"));

    vector_books(n, allocated, live);
    for (int i = 0; i < 2; i++) {
        workload_amount *amount = i == 0 ? allocated : live;
        workload_add(amount, n, n * (sizeof(void *) + payload));
        workload_add(amount, 1 + NAMES, NAMES * (sizeof(void *) + NAME_BYTES));
        workload_add(amount, backdrop.objects, backdrop.bytes);
    }
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    amounts(p, &out->allocated, &out->live_peak);
    workload_add(&out->live_peak, 0,
                 out->live_peak.bytes / 4); /* old and new storage while it grows */
    return true;
}

static workload_result run(workload_run *run)
{
    mm *m = run->m;
    mm_heap *heap = mm_heap_of(m);
    build b = {.payload = (uint32_t)workload_parameter(run, "payload"), .random = {run->seed}};
    MM_VARS(m, v, 3);
    mm_var *storage = v, *names = v + 1, *backdrop = v + 2;
    vector document;

    if (mm_type_add(heap, &(mm_type_info){.name = "element", .kind = MM_CONTAINER}, &b.element) !=
            MM_OK ||
        mm_type_add(heap, &(mm_type_info){.name = "name", .kind = MM_ATOM}, &b.name) != MM_OK ||
        backdrop_build(m, b.element, workload_parameter(run, "backdrop"), backdrop) != MM_OK ||
        make_names(m, &b, names) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    document = vector_on(storage, b.element);
    workload_begin(run);
    if (append_all(m, &b, &document, names, workload_parameter(run, "n")) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    run->account.checksum = read_back(m, &document);
    amounts(run->parameters, &run->account.allocated, &run->account.live_work);
    workload_end(run);
    if (workload_parameter(run, "teardown") == 0) {
        run->account.live_end = run->account.live_work;
        for (int i = 0; i < 3; i++) {
            if (keep_until_the_end(m, v + i) != MM_OK)
                return WORKLOAD_NO_MEMORY;
        }
    }
    return WORKLOAD_DONE;
}

const workload workload_build = {
    .name = "build",
    .story = "loading a large document: append only",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"build:n=3000,backdrop=500"},
              [WORKLOAD_QUICK] = {"build:n=100000"},
              [WORKLOAD_DEFAULT] = {"build"},
              [WORKLOAD_FULL] = {"build", "build:n=10000000"}},
    .forecast = forecast,
    .run = run,
};
