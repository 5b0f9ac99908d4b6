#include "timeline.h"

#include <stdlib.h>

#include "text.h"

static int by_length(double a, double b)
{
    return (a < b) - (a > b);
}

static int longer_pause(const void *a, const void *b)
{
    return by_length(((const timeline_pause *)a)->pause.length_ns,
                     ((const timeline_pause *)b)->pause.length_ns);
}

static int earlier_pause(const void *a, const void *b)
{
    size_t x = ((const timeline_pause *)a)->number, y = ((const timeline_pause *)b)->number;
    return (x > y) - (x < y);
}

static int longer_request(const void *a, const void *b)
{
    return by_length(((const timeline_request *)a)->length_ns,
                     ((const timeline_request *)b)->length_ns);
}

static int earlier_request(const void *a, const void *b)
{
    size_t x = ((const timeline_request *)a)->number, y = ((const timeline_request *)b)->number;
    return (x > y) - (x < y);
}

/* Keeps the first `most` in one order, in another; returns how many there are. */
static size_t keep(void *items, size_t count, size_t size, size_t most,
                   int (*chosen)(const void *, const void *),
                   int (*shown)(const void *, const void *))
{
    size_t kept = count < most ? count : most;

    qsort(items, count, size, chosen);
    qsort(items, kept, size, shown);
    return kept;
}

static void take_pauses(timeline *into, const recorded_run *run)
{
    into->pauses = must_allocate(run->pauses_count + 1, sizeof *into->pauses);
    for (size_t i = 0; i < run->pauses_count; i++)
        into->pauses[i] = (timeline_pause){run->pauses[i], i, i >= run->own_count};
    into->pauses_count = keep(into->pauses, run->pauses_count, sizeof *into->pauses,
                              TIMELINE_PAUSES_MAX, longer_pause, earlier_pause);
    into->pauses_left_out = run->pauses_count - into->pauses_count;
}

static void take_requests(timeline *into, const recorded_run *run)
{
    double at_ns = 0;

    into->requests = must_allocate(run->requests + 1, sizeof *into->requests);
    for (size_t i = 0; i < run->requests; i++) {
        at_ns += run->gaps_ns[i];
        into->requests[i] = (timeline_request){i, at_ns, run->lengths_ns[i]};
        at_ns += run->lengths_ns[i];
    }
    into->requests_count = keep(into->requests, run->requests, sizeof *into->requests,
                                TIMELINE_REQUESTS_MAX, longer_request, earlier_request);
    into->requests_left_out = run->requests - into->requests_count;
}

timeline timeline_of(const recorded_run *run)
{
    timeline made = {.work_ns = run->work_ns, .teardown_ns = run->teardown_ns};

    take_pauses(&made, run);
    take_requests(&made, run);
    return made;
}

void timeline_free(timeline *of)
{
    free(of->pauses);
    free(of->requests);
    *of = (timeline){0};
}
