/* The data of the charts of overheads: how much over the ideal, what is not beaten in time, memory and
 * pauses, where the time goes. Each writes the columns of one cell behind those that all charts
 * share. */
#ifndef RECLAIM_RUNNER_OVERHEAD_CHARTS_H
#define RECLAIM_RUNNER_OVERHEAD_CHARTS_H

#include <stdio.h>

#include "summary.h"

/* The overhead with its interval, 1 where it leaks, 1 for the ideal itself. */
void overhead_chart_write(FILE *out, const cell_summary *of);

/* Marks the cells that no other contender of the spec that does not leak beats: is at least as good as
 * in time, resident peak and longest pause, and better in one. */
void pareto_mark(summary *in);

/* Time, peak and the longest pause or drop, the interval of the time, how the cell looks, and the
 * three as texts. */
void pareto_chart_write(FILE *out, const cell_summary *of);

/* Measured time over the ideal in ms with its interval, the explained sum, and the begin and end of
 * each group's piece of the stack; then the names of the groups. */
void breakdown_chart_write(FILE *out, const cell_summary *of);

/* Whether any cell has what the chart shows. */
bool overhead_chart_has_data(const summary *of);
bool breakdown_chart_has_data(const summary *of);

#endif
