/* What a run of `reclaim curve` shows: the smallest heaps, and time against heap size. */
#ifndef RECLAIM_RUNNER_HEAP_CURVE_H
#define RECLAIM_RUNNER_HEAP_CURVE_H

#include <stdio.h>

#include "summary.h"

/* Whether the run is one. */
bool heap_curve_is_there(const plan *of);

/* The smallest heaps as a table; nothing for another run. */
void heap_curve_print(FILE *out, const plan *of);

/* The data of the chart: one block for each strategy on each workload. */
void heap_curve_write(FILE *out, const summary *of);

#endif
