/* Memory over time: what the memory samples of a run say together. A cell's counted program knows what
 * its objects take, its timed program what the allocator has handed out and what is resident, and the
 * ideal's counted program what is reachable; all of them have looked at the same requests. */
#ifndef RECLAIM_RUNNER_MEMORY_OVER_TIME_H
#define RECLAIM_RUNNER_MEMORY_OVER_TIME_H

#include <jansson.h>
#include <stdio.h>

#include "summary.h"

/* Reads the memory samples into the cells of a summary. False and `why` filled where a file is no longer
 * what the run has written. */
bool memory_over_time_read(summary *into, const store *from, problem *why);

void memory_over_time_free(struct memory_over_time *of);

/* As summary.json holds it for a cell; null for NULL. */
json_t *memory_over_time_to_json(const struct memory_over_time *of);

/* How long garbage stays, as a table of workloads and strategies; nothing where nobody knows. */
void memory_over_time_print(FILE *out, const summary *of);

/* For the chart: whether there is any, and one block for each cell. */
bool memory_over_time_has_data(const summary *of);
void memory_over_time_write(FILE *out, const summary *of);

#endif
