#include "lower_bound.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "measurements.h"
#include "status.h"
#include "text.h"

static double known_or_nothing(double value)
{
    return isnan(value) ? 0 : value;
}

double lower_bound_remainder(const json_t *run, lower_bound_metric metric)
{
    double time = json_number_of(run, "time_ns"), cpu = json_number_of(run, "cpu_ns");
    double charge = json_number_of(run, "teardown_ns") + json_number_of(run, "last_collect_ns") +
                    known_or_nothing(json_number_of(run, "collector_work_ns"));
    double remainder = time - charge;

    if (metric == LOWER_BOUND_CPU)
        remainder = cpu - fmax(0, charge - fmax(0, time - cpu));
    return remainder > 0 ? remainder : NAN;
}

/* The median remainder of the steady runs of one sample. */
static double remainder_of_sample(const json_t *record, lower_bound_metric metric)
{
    const json_t *runs = json_object_get(record, "runs");
    size_t count = json_array_size(runs), known = 0;
    double *values = must_allocate(count + 1, sizeof *values), median;

    for (size_t i = 1; i < count; i++) {
        double value = lower_bound_remainder(json_array_get(runs, i), metric);
        if (!isnan(value))
            values[known++] = value;
    }
    median = statistics_median(values, known);
    free(values);
    return median;
}

static void get_remainders(const plan *planned, const store *from, size_t cell_index,
                           lower_bound_metric metric, double *values)
{
    for (size_t i = 0; i < planned->repetitions; i++) {
        const json_t *record = *store_slot(from, cell_index, i + 1);
        bool timed = status_is_timed(status_from_name(json_text_of(record, "status")));
        values[i] = timed ? remainder_of_sample(record, metric) : NAN;
    }
}

static double median_remainder(const plan *planned, const store *from, size_t cell_index,
                               lower_bound_metric metric)
{
    double *values = must_allocate(planned->repetitions, sizeof *values), median;

    get_remainders(planned, from, cell_index, metric, values);
    median = statistics_median(values, measurements_compact(values, planned->repetitions));
    free(values);
    return median;
}

static bool may_be_baseline(const cell *candidate, const cell *like)
{
    return !candidate->hand && candidate->peer[0] == '\0' &&
           strcmp(candidate->spec, like->spec) == 0 && strcmp(candidate->set, like->set) == 0;
}

size_t lower_bound_baseline(const plan *planned, const store *from, size_t cell_index,
                            const bool *usable, lower_bound_metric metric)
{
    size_t found = planned->cell_count;
    double least = INFINITY;

    for (size_t i = 0; i < planned->cell_count; i++) {
        double remainder;
        if (!usable[i] || !may_be_baseline(&planned->cells[i], &planned->cells[cell_index]))
            continue;
        remainder = median_remainder(planned, from, i, metric);
        if (remainder < least) {
            least = remainder;
            found = i;
        }
    }
    return found;
}

void lower_bound_ratios(const plan *planned, const store *from, size_t cell_index, size_t baseline,
                        lower_bound_metric metric, double *ratios)
{
    double *remainders = must_allocate(planned->repetitions, sizeof *remainders);

    for (size_t i = 0; i < planned->repetitions; i++)
        remainders[i] = NAN;
    measurements_get(planned, from, cell_index, metric == LOWER_BOUND_TIME ? "time_ns" : "cpu_ns",
                     "steady", ratios);
    if (baseline < planned->cell_count)
        get_remainders(planned, from, baseline, metric, remainders);
    for (size_t i = 0; i < planned->repetitions; i++)
        ratios[i] /= remainders[i];
    free(remainders);
}
