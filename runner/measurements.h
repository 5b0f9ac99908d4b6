/* Times out of the records of a cell, in the order of the repetitions, so that two cells can be
 * paired. */
#ifndef RECLAIM_RUNNER_MEASUREMENTS_H
#define RECLAIM_RUNNER_MEASUREMENTS_H

#include "plan.h"
#include "statistics.h"
#include "store.h"

/* One value for each repetition, NAN where the sample is missing or its times mean nothing. `group`
 * and `field` name the value in the sample ("time_ns", "steady"). `values` has room for all
 * repetitions. */
void measurements_get(const plan *planned, const store *from, size_t cell_index, const char *group,
                      const char *field, double *values);

/* steady time of a cell ÷ steady time of another in the same repetition, NAN where either is. */
void measurements_ratios(const plan *planned, const store *from, size_t cell_index,
                         size_t reference_index, double *ratios);

/* Repetitions that ran in the same layout are no independent witnesses of a build: what one layout
 * does to it, it does each time. So of those that share their layouts the first keeps the mean, and
 * the others become NAN. `cell_index` and `other_index` are the cells that `values` come from; the
 * same twice where it is one. */
void measurements_fold_layouts(const plan *planned, size_t cell_index, size_t other_index,
                               double *values);

/* Moves the values that are not NAN to the front and returns how many there are. */
size_t measurements_compact(double *values, size_t count);

/* Median and interval of the values that are not NAN. Reorders nothing but drops the NANs from
 * `values`. */
estimate measurements_estimate(double *values, size_t count);

/* `{"median": ..., "low": ..., "high": ...}`, null where unknown. */
json_t *measurements_estimate_to_json(const estimate *of);

#endif
