#include "measurements.h"

#include <math.h>
#include <stdlib.h>

#include "json.h"
#include "status.h"
#include "text.h"

void measurements_get(const plan *planned, const store *from, size_t cell_index, const char *group,
                      const char *field, double *values)
{
    for (size_t i = 0; i < planned->repetitions; i++) {
        const json_t *record = *store_slot(from, cell_index, i + 1);
        bool timed = status_is_timed(status_from_name(json_text_of(record, "status")));
        values[i] = timed ? json_number_of(json_object_get(record, group), field) : NAN;
    }
}

void measurements_ratios(const plan *planned, const store *from, size_t cell_index,
                         size_t reference_index, double *ratios)
{
    double *reference = must_allocate(planned->repetitions, sizeof *reference);

    measurements_get(planned, from, cell_index, "time_ns", "steady", ratios);
    measurements_get(planned, from, reference_index, "time_ns", "steady", reference);
    for (size_t i = 0; i < planned->repetitions; i++)
        ratios[i] = reference[i] > 0 ? ratios[i] / reference[i] : NAN;
    free(reference);
}

static double mean_of_every(const double *values, size_t count, size_t first, size_t period)
{
    double sum = 0;
    size_t known = 0;

    for (size_t i = first; i < count; i += period) {
        if (!isnan(values[i])) {
            sum += values[i];
            known++;
        }
    }
    return known > 0 ? sum / (double)known : NAN;
}

void measurements_fold_layouts(const plan *planned, size_t cell_index, size_t other_index,
                               double *values)
{
    size_t one = planned->cells[cell_index].layouts, other = planned->cells[other_index].layouts;
    size_t period = one > other ? one : other;

    if (period == 0 || planned->layout_period > 0)
        return;
    for (size_t i = 0; i < period && i < planned->repetitions; i++)
        values[i] = mean_of_every(values, planned->repetitions, i, period);
    for (size_t i = period; i < planned->repetitions; i++)
        values[i] = NAN;
}

size_t measurements_compact(double *values, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (!isnan(values[i]))
            values[kept++] = values[i];
    }
    return kept;
}

estimate measurements_estimate(double *values, size_t count)
{
    return statistics_estimate(values, measurements_compact(values, count));
}

json_t *measurements_estimate_to_json(const estimate *of)
{
    return json_pack("{s:o, s:o, s:o}", "median", json_from_number(of->median), "low",
                     json_from_number(of->low), "high", json_from_number(of->high));
}
