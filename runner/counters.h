/* The counters of a cell: merged from its counted and its timed samples, which must agree wherever
 * both know. */
#ifndef RECLAIM_RUNNER_COUNTERS_H
#define RECLAIM_RUNNER_COUNTERS_H

#include "plan.h"
#include "store.h"

/* Whether a counter is measured and so differs from run to run: a time, resident memory, page
 * faults, what a workload measures itself (`measured_…`). All others are facts about the work, the
 * same in every run. */
bool counter_is_measured(const char *name);

/* The counters of a cell: facts from whoever knows them, measurements as medians over the timed
 * samples. A new object. */
json_t *counters_merge(const plan *planned, const store *from, size_t cell_index);

/* Why two samples of the cell contradict each other ("collections is 3 counted, 4 timed in
 * repetition 2"); the caller frees it. NULL when they agree. */
char *counters_disagreement(const plan *planned, const store *from, size_t cell_index);

#endif
