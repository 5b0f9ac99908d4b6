/* What each strategy takes over the ideal on each workload: a table of ratios, and overhead.tsv. */
#ifndef RECLAIM_RUNNER_OVERHEAD_H
#define RECLAIM_RUNNER_OVERHEAD_H

#include <stdio.h>

#include "summary.h"

/* Prints one line for each spec and one column for each strategy; nothing when no ideal ran. */
void overhead_print(FILE *out, const summary *of);

/* Writes overhead.tsv, a line for each cell that has a ratio; nothing when no ideal ran. */
bool overhead_write(const summary *of, const store *into, problem *why);

#endif
