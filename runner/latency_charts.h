/* The data of the charts of latency, mutator utilisation and the timeline. */
#ifndef RECLAIM_RUNNER_LATENCY_CHARTS_H
#define RECLAIM_RUNNER_LATENCY_CHARTS_H

#include <stdbool.h>
#include <stdio.h>

#include "summary.h"

/* Whether any cell has a latency sample; whether one has pauses that are known. */
bool latency_has_data(const summary *of);
bool utilisation_has_data(const summary *of);

/* What stands behind the columns that all charts have: one line for a cell. */
void latency_write(FILE *out, const cell_summary *of);

/* All lines of a cell; `prefix` is what the columns that all charts have begin with. */
void timeline_write(FILE *out, const cell_summary *of, const char *prefix);

/* One block for each cell. */
void utilisation_write(FILE *out, const summary *of);

#endif
