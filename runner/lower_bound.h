/* The lower-bound overhead of each cell: what it takes over the least that the same work could take.
 *
 * Nobody can measure a program without its memory management, but it can be bounded. From the total
 * of every strategy is subtracted what that strategy says itself that memory management took; what
 * remains still has its barriers, counts and allocations in it, so that it is too much, and the
 * least of these remainders over all strategies is the closest bound known. A total over it is at
 * least by so much too high as it says: the true overhead is larger, never smaller.
 *
 * Subtracted is, in wall time,
 *
 *   the teardown            a workload only gives its names up there
 *   the last collection     with the full collections until one finds nothing
 *   collections before      as the collector's own two clock readings each say
 *
 * and nothing that may be the program's own: no allocation, no count, no barrier, no cascade within
 * the work. In processor time the charge is less by all that the process did not run: even if the
 * whole of that had fallen into collections, no more is subtracted than they took.
 *
 * The baseline of a spec is the strategy with the least median remainder, peers and programs by hand
 * left out; a cell's total is divided by that one's remainder of the same repetition. (The least of
 * every repetition would be lower the more strategies there are, by noise alone.)
 *
 * Source: Cai, Blackburn, Bond and Maas, "Distilling the Real Cost of Production Garbage Collectors",
 * ISPASS 2022. */
#ifndef RECLAIM_RUNNER_LOWER_BOUND_H
#define RECLAIM_RUNNER_LOWER_BOUND_H

#include "plan.h"
#include "store.h"

typedef enum lower_bound_metric {
    LOWER_BOUND_TIME, /* wall time */
    LOWER_BOUND_CPU,  /* processor time */
    LOWER_BOUND_METRICS
} lower_bound_metric;

/* The cell that is the baseline of the cell's spec and set; cell_count when no cell there has times
 * with their parts. `usable[i]` says whether cell i has a result that counts. */
size_t lower_bound_baseline(const plan *planned, const store *from, size_t cell_index,
                            const bool *usable, lower_bound_metric metric);

/* The cell's total over the remainder of `baseline` (cell_count: there is none), for each
 * repetition; NAN where either is unknown. `ratios` has room for all repetitions. */
void lower_bound_ratios(const plan *planned, const store *from, size_t cell_index, size_t baseline,
                        lower_bound_metric metric, double *ratios);

/* The remainder of one run of a sample, NAN when the run does not say what it is made of. */
double lower_bound_remainder(const json_t *run, lower_bound_metric metric);

#endif
