#include "recording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

/* -- reading -- */

static bool load_numbers(const json_t *list, double *out)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        out[i] = json_number_value(item);
        if (!json_is_number(item) || out[i] < 0)
            return false;
    }
    return true;
}

static bool load_requests(recorded_run *run, const json_t *record)
{
    const json_t *lengths = json_object_get(record, "requests_ns");
    const json_t *gaps = json_object_get(record, "gaps_ns");

    run->requests = json_array_size(lengths);
    run->lengths_ns = must_allocate(run->requests + 1, sizeof *run->lengths_ns);
    run->gaps_ns = must_allocate(run->requests + 1, sizeof *run->gaps_ns);
    return json_is_array(lengths) && json_array_size(gaps) == run->requests &&
           load_numbers(lengths, run->lengths_ns) && load_numbers(gaps, run->gaps_ns);
}

static double number_at(const json_t *list, size_t index)
{
    const json_t *item = json_array_get(list, index);
    return json_is_number(item) ? json_number_value(item) : NAN;
}

static bool load_pause(recorded_pause *loaded, const json_t *event)
{
    const char *kind = json_text_at(event, 2);

    *loaded = (recorded_pause){.began_ns = number_at(event, 0),
                               .length_ns = number_at(event, 1),
                               .is_cascade = strcmp(kind, "cascade") == 0,
                               .visited = number_at(event, 4),
                               .reclaimed = number_at(event, 5)};
    loaded->generation = number_at(event, 3) > 0 ? (int)number_at(event, 3) : 0;
    return loaded->began_ns >= 0 && loaded->length_ns >= 0 &&
           (loaded->is_cascade || strcmp(kind, "collection") == 0);
}

static bool load_pauses(recorded_run *run, const json_t *record)
{
    const json_t *events = json_object_get(record, "events");
    double own = json_number_of(record, "own_events");

    run->pauses_count = json_array_size(events);
    run->own_count = own >= 0 && own <= (double)run->pauses_count ? (size_t)own : run->pauses_count;
    run->pauses = must_allocate(run->pauses_count + 1, sizeof *run->pauses);
    for (size_t i = 0; i < run->pauses_count; i++) {
        if (!load_pause(&run->pauses[i], json_array_get(events, i)))
            return false;
    }
    return json_is_array(events);
}

static bool load_run(recorded_run *run, const json_t *record)
{
    run->work_ns = json_number_of(record, "work_ns");
    run->teardown_ns = json_number_of(record, "teardown_ns");
    run->time_ns = json_number_of(record, "time_ns");
    run->dropped = json_number_of(record, "dropped");
    return run->work_ns > 0 && run->teardown_ns >= 0 && load_requests(run, record) &&
           load_pauses(run, record);
}

bool recording_load(recording *loaded, const json_t *recorded, const char *source, problem *why)
{
    const json_t *runs = json_object_get(recorded, "runs");

    *loaded =
        (recording){.count = json_array_size(runs),
                    .pauses_known = !json_is_false(json_object_get(recorded, "events_known"))};
    loaded->runs = must_allocate(loaded->count + 1, sizeof *loaded->runs);
    for (size_t i = 0; i < loaded->count; i++) {
        if (!load_run(&loaded->runs[i], json_array_get(runs, i))) {
            recording_free(loaded);
            return problem_environment(
                why,
                "%s: run %zu is malformed: it needs work_ns, teardown_ns, requests_ns, as many "
                "gaps_ns, and events",
                source, i + 1);
        }
    }
    return true;
}

void recording_free(recording *loaded)
{
    for (size_t i = 0; i < loaded->count; i++) {
        free(loaded->runs[i].lengths_ns);
        free(loaded->runs[i].gaps_ns);
        free(loaded->runs[i].pauses);
    }
    free(loaded->runs);
    *loaded = (recording){0};
}

/* -- metered latency -- */

double recording_ns_per_request(const recording *of)
{
    double sum = 0;
    size_t count = 0;

    for (size_t i = 0; i < of->count; i++) {
        const recorded_run *run = &of->runs[i];
        for (size_t j = 0; j < run->requests; j++)
            sum += run->lengths_ns[j] + (j > 0 ? run->gaps_ns[j] : 0);
        count += run->requests;
    }
    return count > 0 ? sum / (double)count : NAN;
}

void recorded_replay(const recorded_run *of, double interval_ns, double *latencies)
{
    double finished_ns = 0;

    for (size_t i = 0; i < of->requests; i++) {
        double arrived_ns = (double)i * interval_ns;
        double ready_ns = finished_ns + (i > 0 ? of->gaps_ns[i] : 0);
        finished_ns = fmax(arrived_ns, ready_ns) + of->lengths_ns[i];
        latencies[i] = finished_ns - arrived_ns;
    }
}

/* -- utilisation -- */

static int compare_begins(const void *a, const void *b)
{
    double x = ((const double *)a)[0], y = ((const double *)b)[0];
    return (x > y) - (x < y);
}

/* Joins those that touch or overlap; returns how many are left. */
static size_t join(double *spans, size_t count)
{
    size_t kept = 0;

    qsort(spans, count, 2 * sizeof *spans, compare_begins);
    for (size_t i = 0; i < count; i++) {
        double began = spans[2 * i], ended = spans[2 * i + 1];
        if (kept > 0 && began <= spans[2 * kept - 1]) {
            spans[2 * kept - 1] = fmax(spans[2 * kept - 1], ended);
        } else {
            spans[2 * kept] = began;
            spans[2 * kept + 1] = ended;
            kept++;
        }
    }
    return kept;
}

size_t recorded_spans(const recorded_run *of, double *spans)
{
    size_t count = 0;

    for (size_t i = 0; i < of->own_count; i++) {
        double began = of->pauses[i].began_ns, ended = began + of->pauses[i].length_ns;
        if (began >= of->work_ns)
            continue;
        spans[2 * count] = began;
        spans[2 * count + 1] = fmin(ended, of->work_ns);
        count++;
    }
    return join(spans, count);
}

/* The paused time before a moment that only moves forward. */
typedef struct cursor {
    const double *spans;
    size_t count, next; /* the first span that ends later */
    double before_ns;   /* of the spans before it */
} cursor;

static double paused_until(cursor *at, double moment_ns)
{
    while (at->next < at->count && at->spans[2 * at->next + 1] <= moment_ns) {
        at->before_ns += at->spans[2 * at->next + 1] - at->spans[2 * at->next];
        at->next++;
    }
    return at->before_ns +
           (at->next < at->count ? fmax(0, moment_ns - at->spans[2 * at->next]) : 0);
}

/* The longest paused time in a window that begins with a span, or (`ends`) ends with one. */
static double most_paused(const double *spans, size_t count, double work_ns, double window_ns,
                          bool ends)
{
    cursor first = {.spans = spans, .count = count}, last = first;
    double most = 0;

    for (size_t i = 0; i < count; i++) {
        double from = ends ? spans[2 * i + 1] - window_ns : spans[2 * i];
        from = fmin(fmax(from, 0), work_ns - window_ns);
        double paused = paused_until(&last, from + window_ns) - paused_until(&first, from);
        most = fmax(most, paused);
    }
    return most;
}

double utilisation_minimum(const double *spans, size_t count, double work_ns, double window_ns)
{
    double most = fmax(most_paused(spans, count, work_ns, window_ns, false),
                       most_paused(spans, count, work_ns, window_ns, true));

    return fmax(0, 1 - most / window_ns);
}
