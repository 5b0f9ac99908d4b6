/* window: requests in flight: as many live at any time, each for a while.
 *
 *   window[8192] ─▶ request ─▶ service, shared by all
 *   turn:  a new request takes the place of one that is over
 *
 * Which one is over is decided by `lifetime`:
 *   fixed        the oldest: all live for 8192 turns
 *   exponential  lifetimes are drawn from the exponential distribution with that mean, and the
 *                request whose end comes first is over: old or young, the next turn may be its last
 *   lognormal    the same with the logarithm normally distributed, σ = 1: most are short, some very
 *                long, as in the services that were measured
 *
 * Shape: n requests allocated, `width` surviving until the teardown, none cyclic, one edge each.
 *
 * What counts is that the number of live objects is constant once the window is full. A trigger on
 * net allocations then never fires again: CPython's fires once for each 701 requests while the
 * window fills, 11 times, and no more. One on gross allocations pays for the window each time. Under
 * `lognormal` the generational hypothesis holds best, under `fixed` not at all.
 *
 * Which place each request takes is computed in the set-up, with a heap of the drawn ends. Drawing
 * is done in whole numbers, by straight lines between powers of two, so that every machine draws the
 * same: logarithms of a library differ in their last bit. */
#include "workloads/turns.h"

#include <stdlib.h>

typedef enum lifetime { FIXED, EXPONENTIAL, LOGNORMAL } lifetime;

enum { SERVICE_BYTES = 16 };

static const setting parameters[] = {
    {.name = "n",
     .unit = "requests",
     .help = "served",
     .fallback = 2e6,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    {.name = "width",
     .unit = "requests",
     .help = "in flight",
     .fallback = 8192,
     .minimum = 1,
     .maximum = 1e8,
     .integer = true},
    {.name = "lifetime",
     .unit = "",
     .help = "how long a request is in flight",
     .fallback = FIXED,
     .words_only = true,
     .words = {{"fixed", FIXED}, {"exponential", EXPONENTIAL}, {"lognormal", LOGNORMAL}}},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

/* ---- When each request is over ---- */

/* -log2 of a number drawn uniformly from (0, 1], in 65536ths: exponentially distributed. */
static uint64_t draw_exponential(workload_random *random)
{
    uint64_t drawn = workload_random_next(random) | 1;
    unsigned zeros = (unsigned)__builtin_clzll(drawn);
    uint64_t fraction = drawn << zeros << 1 >> 48;

    return ((uint64_t)(zeros + 1) << 16) - fraction;
}

/* 2 to a normally distributed power with σ = log2(e), in 65536ths: lognormal, σ = 1, median 1. The
 * normal one is the sum of twelve uniform ones. */
static uint64_t draw_lognormal(workload_random *random)
{
    enum { SIGMA = 94548 /* log2(e) × 65536 */, LEAST_EXPONENT = 16 };
    int64_t sum = 0;
    uint64_t power, mantissa;

    for (int i = 0; i < 12; i++)
        sum += (int64_t)(workload_random_next(random) >> 48);
    power = (uint64_t)((sum - 6 * 65536) * SIGMA / 65536 + LEAST_EXPONENT * 65536);
    mantissa = 65536 + (power & 0xffff);
    return mantissa << (power >> 16) >> LEAST_EXPONENT;
}

/* A lifetime in turns × 256, of the mean `width`. */
static uint64_t draw_lifetime(workload_random *random, lifetime kind, uint64_t width)
{
    enum { LN_2 = 45426, MEDIAN_OF_MEAN = 39750 /* exp(-1/2) */ }; /* in 65536ths */

    if (kind == EXPONENTIAL)
        return (draw_exponential(random) * LN_2 >> 16) * width >> 8;
    return (draw_lognormal(random) * MEDIAN_OF_MEAN >> 16) * width >> 8;
}

/* A request in flight: when it ends, and where it is. */
typedef struct flight {
    uint64_t end;
    uint32_t place;
} flight;

/* Puts `moved` where the first of the heap is, which ends first, and restores the order below. */
static void replace_first(flight *heap, uint64_t count, flight moved)
{
    uint64_t at = 0;

    for (uint64_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && heap[child + 1].end < heap[child].end)
            child++;
        if (heap[child].end >= moved.end)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

static void add_flight(flight *heap, uint64_t count, flight added)
{
    uint64_t at = count;

    for (; at > 0 && heap[(at - 1) / 2].end > added.end; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = added;
}

/* places[i] becomes the place that request i takes. */
static bool choose_places(uint32_t *places, uint64_t n, uint64_t width, lifetime kind,
                          workload_random random)
{
    flight *heap = malloc(width * sizeof *heap);

    for (uint64_t i = 0; heap != NULL && i < n; i++) {
        flight made = {.place = (uint32_t)(i % width)};
        if (kind != FIXED) {
            made.end = (i << 8) + draw_lifetime(&random, kind, width);
            if (i < width) {
                add_flight(heap, i, made);
            } else {
                made.place = heap[0].place;
                replace_first(heap, width, made);
            }
        }
        places[i] = made.place;
    }
    free(heap);
    return heap != NULL;
}

/* ---- The work ---- */

typedef struct window {
    mm_type request, service_type;
    uint32_t payload;
    uint32_t *places; /* by request */
    mm_var *requests, *service;
    uint64_t checksum;
} window;

/* Reads the request that is over, if there is one. */
static void finish(mm *m, window *w, uint32_t place)
{
    MM_BORROW(m, over);

    mm_borrow(m, over, w->requests, place);
    if (!mm_is_null(over))
        w->checksum = workload_checksum(w->checksum, *(uint64_t *)mm_data(m, over));
}

static mm_status turn(mm *m, void *state, uint64_t i)
{
    window *w = state;
    uint32_t place = w->places[i];
    MM_VAR(m, request);

    if (mm_new(m, request, w->request, 1, w->payload) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, request) = i;
    mm_store(m, request, 0, w->service);
    finish(m, w, place);
    mm_store_move(m, w->requests, place, request);
    return MM_OK;
}

static turns_books books(const settings *p)
{
    uint64_t n = (uint64_t)settings_get(p, "n"), width = (uint64_t)settings_get(p, "width");
    uint64_t live = n < width ? n : width;
    size_t request = sizeof(void *) + (uint64_t)settings_get(p, "payload");
    turns_books b = {0};

    workload_add_array(&b.live, width);
    workload_add(&b.live, 1, SERVICE_BYTES);
    b.allocated = b.live;
    workload_add(&b.allocated, n, n * request);
    workload_add(&b.live, live, live * request);
    return b;
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    turns_forecast(p, books(p), out);
    out->other_bytes = (uint64_t)settings_get(p, "n") * sizeof(uint32_t) +
                       (uint64_t)settings_get(p, "width") * sizeof(flight);
    return true;
}

static workload_result serve(workload_run *run, window *w)
{
    mm *m = run->m;
    MM_VARS(m, v, 2);

    w->requests = v;
    w->service = v + 1;
    if (mm_new(m, w->requests, w->request, (uint32_t)workload_parameter(run, "width"), 0) !=
            MM_OK ||
        mm_new(m, w->service, w->service_type, 0, SERVICE_BYTES) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    memset(mm_data(m, w->service), 0, SERVICE_BYTES);
    return turns_run(run, turn,
                     &(turns){.count = workload_parameter(run, "n"),
                              .per_request = TURNS_PER_REQUEST,
                              .state = w,
                              .checksum = &w->checksum,
                              .node = w->request,
                              .kept = w->requests,
                              .kept_count = 1,
                              .books = books(run->parameters)});
}

static workload_result run(workload_run *run)
{
    mm_heap *heap = mm_heap_of(run->m);
    uint64_t n = workload_parameter(run, "n");
    window w = {.payload = (uint32_t)workload_parameter(run, "payload"),
                .places = malloc(n * sizeof *w.places)};
    workload_result result = WORKLOAD_NO_MEMORY;

    if (w.places != NULL &&
        choose_places(w.places, n, workload_parameter(run, "width"),
                      (lifetime)workload_parameter(run, "lifetime"),
                      (workload_random){run->seed}) &&
        mm_type_add(heap, &(mm_type_info){.name = "request", .kind = MM_CONTAINER}, &w.request) ==
            MM_OK &&
        mm_type_add(heap, &(mm_type_info){.name = "service", .kind = MM_ATOM}, &w.service_type) ==
            MM_OK)
        result = serve(run, &w);
    free(w.places);
    return result;
}

const workload workload_window = {
    .name = "window",
    .story = "requests in flight: a constant number live, each for a while",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"window:n=3000,width=500,backdrop=500",
                                 "window:n=3000,width=500,lifetime=exponential",
                                 "window:n=3000,width=500,lifetime=lognormal"},
              [WORKLOAD_QUICK] = {"window:n=200000"},
              [WORKLOAD_DEFAULT] = {"window", "window:n=500000,lifetime=lognormal"},
              [WORKLOAD_FULL] = {"window", "window:lifetime=exponential",
                                 "window:lifetime=lognormal"}},
    .forecast = forecast,
    .run = run,
};
