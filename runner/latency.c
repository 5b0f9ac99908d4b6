#include "latency.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "extras.h"
#include "json.h"
#include "measurements.h"
#include "status.h"
#include "text.h"

const double latency_loads[LATENCY_LOADS] = {0.5, 0.8, 0.95};

static const double window_ns_min = 1e4, window_ns_max = 1e11;

/* Values that come sample by sample. */
typedef struct pool {
    double *values;
    size_t count;
} pool;

/* A cell in the making. */
typedef struct reading {
    latency_summary *made;
    double interval_ns; /* between requests of the ideal at full speed, NAN: unknown */
    pool lengths, metered[LATENCY_LOADS];
    double needed_ns, paused_ns, work_ns, shortest_work_ns; /* sums over the requests, the runs */
} reading;

size_t latency_kind(void)
{
    size_t kind = 0;

    while (strcmp(extra_kinds[kind].name, "latency") != 0)
        kind++;
    return kind;
}

/* -- the ideal -- */

/* The median of the steady runs' work, else the whole steady time: programs by others may not tell
 * their runs apart. */
static double work_of_record(const json_t *record)
{
    const json_t *runs = json_object_get(record, "runs");
    size_t count = json_array_size(runs);
    double *work = must_allocate(count + 1, sizeof *work), found = NAN;

    for (size_t i = 1; i < count; i++)
        work[i - 1] = json_number_of(json_array_get(runs, i), "work_ns");
    if (count > 1)
        found = statistics_median(work, count - 1);
    free(work);
    return isnan(found) ? json_number_of(json_object_get(record, "time_ns"), "steady") : found;
}

/* What the ideal on the same spec takes for a request, by its timed samples. */
static double ideal_interval_ns(const plan *planned, const store *from, const cell *like)
{
    const cell *ideal = like->ideal ? like : plan_find_ideal(planned, like);
    double *intervals = must_allocate(planned->repetitions, sizeof *intervals), median;
    size_t known = 0;

    for (size_t i = 1; i <= planned->repetitions && ideal != NULL; i++) {
        const json_t *record = *store_slot(from, (size_t)(ideal - planned->cells), i);
        bool timed = status_is_timed(status_from_name(json_text_of(record, "status")));
        double requests = json_number_of(json_object_get(record, "counters"), "requests");
        double interval = record != NULL && timed ? work_of_record(record) / requests : NAN;
        if (isfinite(interval) && interval > 0)
            intervals[known++] = interval;
    }
    median = statistics_median(intervals, known);
    free(intervals);
    return median;
}

/* -- one sample -- */

static double *grow(pool *of, size_t more)
{
    double *added;

    of->values = reallocarray(of->values, of->count + more + 1, sizeof *of->values);
    if (of->values == NULL)
        abort();
    added = of->values + of->count;
    of->count += more;
    return added;
}

static void widen(percentiles *lowest, percentiles *highest, const percentiles *of)
{
    double *low[] = {&lowest->p50, &lowest->p90, &lowest->p99, &lowest->p999, &lowest->max};
    double *high[] = {&highest->p50, &highest->p90, &highest->p99, &highest->p999, &highest->max};
    const double values[] = {of->p50, of->p90, of->p99, of->p999, of->max};

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        *low[i] = fmin(*low[i], values[i]);
        *high[i] = fmax(*high[i], values[i]);
    }
}

static void add_requests(reading *into, const recording *sample)
{
    latency_summary *made = into->made;
    size_t before = into->lengths.count;
    percentiles alone;
    double *own;

    for (size_t i = 0; i < sample->count; i++) {
        const recorded_run *run = &sample->runs[i];
        memcpy(grow(&into->lengths, run->requests), run->lengths_ns,
               run->requests * sizeof *run->lengths_ns);
        for (size_t load = 0; load < LATENCY_LOADS; load++)
            recorded_replay(run, into->interval_ns / latency_loads[load],
                            grow(&into->metered[load], run->requests));
        made->dropped += isnan(run->dropped) ? 0 : run->dropped;
    }
    own = must_allocate(into->lengths.count - before + 1, sizeof *own);
    memcpy(own, into->lengths.values + before, (into->lengths.count - before) * sizeof *own);
    alone = percentiles_of(own, into->lengths.count - before, made->pauses);
    widen(&made->lowest_ns, &made->highest_ns, &alone);
    free(own);
    if (into->lengths.count > before)
        into->needed_ns +=
            recording_ns_per_request(sample) * (double)(into->lengths.count - before);
}

static void add_utilisation(reading *into, const double *spans, size_t count, double work_ns)
{
    static const double steps[] = {1, 2, 5};
    latency_summary *made = into->made;
    size_t i = 0;

    into->shortest_work_ns = fmin(into->shortest_work_ns, work_ns);
    for (double decade = window_ns_min; decade <= window_ns_max; decade *= 10) {
        for (size_t step = 0; step < 3 && i < LATENCY_WINDOWS_MAX; step++) {
            double window = decade * steps[step];
            if (window > into->shortest_work_ns)
                break;
            made->window_ns[i] = window;
            made->utilisation[i] = fmin(i < made->windows ? made->utilisation[i] : 1,
                                        utilisation_minimum(spans, count, work_ns, window));
            i++;
        }
    }
    /* Only windows that fit into every run are comparable. */
    made->windows = made->windows == 0 || i < made->windows ? i : made->windows;
}

static void add_longest(latency_summary *made, const recorded_run *run)
{
    for (size_t i = 0; i < run->own_count; i++) {
        double *longest = run->pauses[i].is_cascade ? &made->drop_ns_max : &made->pause_ns_max;
        *longest = fmax(*longest, run->pauses[i].length_ns);
    }
}

static void add_pauses(reading *into, const recording *sample)
{
    for (size_t i = 0; i < sample->count && sample->pauses_known; i++) {
        const recorded_run *run = &sample->runs[i];
        double *spans = must_allocate(run->own_count + 1, 2 * sizeof *spans);
        size_t count = recorded_spans(run, spans);

        for (size_t j = 0; j < count; j++)
            into->paused_ns += spans[2 * j + 1] - spans[2 * j];
        into->work_ns += run->work_ns;
        into->made->pauses = fmax(into->made->pauses, (double)count);
        add_longest(into->made, run);
        add_utilisation(into, spans, count, run->work_ns);
        free(spans);
    }
}

/* Throughput with recording ÷ that of the timed sample beside it, which ran the same layout. */
static double recording_ratio(const recording *sample, const json_t *timed)
{
    double *times = must_allocate(sample->count + 1, sizeof *times), steady;

    for (size_t i = 0; i < sample->count; i++)
        times[i] = sample->runs[i].time_ns;
    steady = statistics_median(times, sample->count);
    free(times);
    if (!status_is_timed(status_from_name(json_text_of(timed, "status"))) || !(steady > 0))
        return NAN;
    return json_number_of(json_object_get(timed, "time_ns"), "steady") / steady;
}

/* -- the cell -- */

static void note_problem(latency_summary *made, char *text)
{
    free(made->problem);
    made->problem = text;
}

/* Whether the sample did the same work as the others. */
static bool did_the_same(latency_summary *made, const json_t *recorded, const char *checksum)
{
    const char *found = json_text_of(recorded, "checksum");

    if (found[0] == '\0' || checksum[0] == '\0' || strcmp(found, checksum) == 0)
        return true;
    note_problem(made, text_format("latency: its checksum %s differs from %s of the other "
                                   "samples: not the same work",
                                   found, checksum));
    return false;
}

static bool add_sample(reading *into, const plan *planned, const store *from, size_t cell_index,
                       size_t number, const char *checksum, problem *why)
{
    size_t kind = latency_kind();
    const json_t *head = *extras_slot(from, kind, cell_index, number);
    const json_t *beside =
        number <= planned->repetitions ? *store_slot(from, cell_index, number) : NULL;
    problem reading = {0};
    json_t *recorded = extras_read(from, planned, kind, cell_index, number, &reading);
    char *source = text_format("%s/latency/%zu-%zu.gz", from->folder, cell_index, number);
    recording sample = {0};
    bool sound = reading.text[0] == '\0';

    if (!sound)
        *why = reading;
    else if (recorded == NULL && head != NULL)
        note_problem(into->made, text_format("latency: %s: %s", json_text_of(head, "status"),
                                             json_text_of(head, "reason")));
    if (recorded != NULL)
        sound = recording_load(&sample, recorded, source, why);
    if (sound && recorded != NULL && did_the_same(into->made, recorded, checksum)) {
        if (into->made->samples++ == 0 && sample.count > 0)
            into->made->shown = timeline_of(&sample.runs[sample.count - 1]);
        add_pauses(into, &sample);
        add_requests(into, &sample);
        into->made->ratios[number - 1] = recording_ratio(&sample, beside);
    }
    recording_free(&sample);
    json_decref(recorded);
    free(source);
    return sound;
}

static void finish_metered(reading *into, size_t load)
{
    metered_latency *of = &into->made->metered[load];
    double interval_ns = into->interval_ns / latency_loads[load];

    of->latency_ns = percentiles_unknown;
    if (isnan(interval_ns) || into->lengths.count == 0)
        return;
    if (into->needed_ns / (double)into->lengths.count >= interval_ns) {
        of->status = METERED_SATURATED;
        return;
    }
    of->status = METERED_OK;
    of->latency_ns =
        percentiles_of(into->metered[load].values, into->metered[load].count, into->made->pauses);
}

static void finish(reading *into, size_t asked)
{
    latency_summary *made = into->made;
    double *ratios = must_allocate(asked + 1, sizeof *ratios);

    made->requests = into->lengths.count;
    made->request_ns = percentiles_of(into->lengths.values, into->lengths.count, made->pauses);
    for (size_t load = 0; load < LATENCY_LOADS; load++)
        finish_metered(into, load);
    made->collector_share = into->work_ns > 0 ? into->paused_ns / into->work_ns : NAN;
    memcpy(ratios, made->ratios, asked * sizeof *ratios);
    made->recording = measurements_estimate(ratios, asked);
    free(ratios);
}

static void begin(reading *into, const plan *planned)
{
    latency_summary *made = into->made;
    size_t asked = planned->extras[latency_kind()];

    *made = (latency_summary){.pauses = NAN,
                              .request_ns = percentiles_unknown,
                              .lowest_ns = percentiles_unknown,
                              .highest_ns = percentiles_unknown,
                              .pause_ns_max = NAN,
                              .drop_ns_max = NAN,
                              .collector_share = NAN,
                              .recording = {NAN, NAN, NAN},
                              .ratios = must_allocate(asked + 1, sizeof *made->ratios)};
    into->shortest_work_ns = INFINITY;
    for (size_t i = 0; i < asked; i++)
        made->ratios[i] = NAN;
}

bool latency_summarise(latency_summary *made, const plan *planned, const store *from,
                       size_t cell_index, const char *checksum, problem *why)
{
    reading into = {.made = made};
    size_t asked = planned->extras[latency_kind()];
    bool sound = true;

    begin(&into, planned);
    into.interval_ns = ideal_interval_ns(planned, from, &planned->cells[cell_index]);
    for (size_t i = 1; i <= asked && sound; i++)
        sound = add_sample(&into, planned, from, cell_index, i, checksum, why);
    finish(&into, asked);
    free(into.lengths.values);
    for (size_t load = 0; load < LATENCY_LOADS; load++)
        free(into.metered[load].values);
    return sound;
}

void latency_free(latency_summary *made)
{
    free(made->ratios);
    free(made->problem);
    timeline_free(&made->shown);
    made->ratios = NULL;
    made->problem = NULL;
}

/* -- summary.json -- */

static json_t *metered_to_json(const latency_summary *of)
{
    json_t *list = json_array();

    for (size_t i = 0; i < LATENCY_LOADS; i++) {
        const metered_latency *one = &of->metered[i];
        json_t *value = json_pack("{s:f, s:s}", "load", latency_loads[i], "status",
                                  one->status == METERED_OK ? "ok" : "saturated");
        json_t *numbers = percentiles_to_json(&one->latency_ns);
        json_object_update(value, numbers);
        json_decref(numbers);
        if (one->status != METERED_UNKNOWN)
            json_array_append(list, value);
        json_decref(value);
    }
    if (json_array_size(list) > 0)
        return list;
    json_decref(list);
    return json_null();
}

static json_t *utilisation_to_json(const latency_summary *of)
{
    json_t *list = json_array();

    if (isnan(of->collector_share)) {
        json_decref(list);
        return json_null();
    }
    for (size_t i = 0; i < of->windows; i++)
        json_array_append_new(list, json_pack("[o, o]", json_from_number(of->window_ns[i]),
                                              json_from_number(of->utilisation[i])));
    return list;
}

json_t *latency_to_json(const latency_summary *of)
{
    if (of->samples == 0)
        return json_null();
    return json_pack(
        "{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o}, s:o}",
        "samples", (json_int_t)of->samples, "requests", (json_int_t)of->requests, "pauses",
        json_from_number(of->pauses), "request_ns", percentiles_to_json(&of->request_ns),
        "request_ns_lowest", percentiles_to_json(&of->lowest_ns), "request_ns_highest",
        percentiles_to_json(&of->highest_ns), "metered", metered_to_json(of), "pause_ns_max",
        json_from_number(of->pause_ns_max), "drop_ns_max", json_from_number(of->drop_ns_max),
        "collector_share", json_from_number(of->collector_share), "utilisation",
        utilisation_to_json(of), "recording", "ratio", json_from_number(of->recording.median),
        "low", json_from_number(of->recording.low), "high", json_from_number(of->recording.high),
        "dropped", json_from_number(of->dropped));
}
