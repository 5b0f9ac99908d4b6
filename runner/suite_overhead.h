/* What each strategy takes over the whole suite: the geometric mean of its overheads.
 *
 * A mean compares only what it is taken over, so all rows have the same workloads: those that every
 * compared strategy has completed without a leak and that have an ideal. Compared is every contender
 * (a strategy that is no ideal, and no program by hand) that has completed at least one of them: one
 * that leaks on all can be compared with nobody. How many workloads are left of how many is part of
 * the result. */
#ifndef RECLAIM_RUNNER_SUITE_OVERHEAD_H
#define RECLAIM_RUNNER_SUITE_OVERHEAD_H

#include <jansson.h>

#include "lower_bound.h"
#include "statistics.h"

typedef struct suite_row {
    const char *row;
    bool ideal;          /* shown beside the lower bound only: over itself it is 1 */
    estimate over_ideal; /* time over the ideal's of the same spec */
    estimate lower_bound[LOWER_BOUND_METRICS];
} suite_row;

typedef struct suite_overhead {
    const char *ideal; /* the row that stands for 1, "" when none ran */
    suite_row *rows;
    size_t row_count;
    const char **specs; /* that the means are taken over */
    size_t k, n;        /* how many those are, of how many that ran */
} suite_overhead;

/* `completed[i]`: cell i came to its end without a leak; `usable[i]`: it has times that mean
 * something. Empty (no rows) when no ideal ran. */
suite_overhead suite_overhead_make(const plan *planned, const store *from, const bool *completed,
                                   const bool *usable);
void suite_overhead_free(suite_overhead *made);

/* As summary.json holds it: null when there are no rows. */
json_t *suite_overhead_to_json(const suite_overhead *of);

#endif
