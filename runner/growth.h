/* How time and memory per object grow: a workload that a run has at several sizes `n`, all its other
 * parameters the same, is a series. */
#ifndef RECLAIM_RUNNER_GROWTH_H
#define RECLAIM_RUNNER_GROWTH_H

#include <stdio.h>

#include "summary.h"

enum { GROWTH_SIZES_MIN = 3 };

/* Whether the run has a series of at least GROWTH_SIZES_MIN sizes. */
bool growth_has_series(const summary *of);

/* The series as blocks for gnuplot, separated by two empty lines, each in the order of n. Columns:
 * workload, row, n, time / n in ns with the ends of its interval, resident peak / n in bytes, number of
 * the workload, and the row again behind the last point. */
void growth_write(FILE *out, const summary *of);

#endif
