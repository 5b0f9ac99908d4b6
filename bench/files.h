/* The specs of a workload's suite, and the recorded heaps beside the program that some of them
 * name. */
#ifndef RECLAIM_FILES_H
#define RECLAIM_FILES_H

#include "workloads/workload.h"

/* Calls `each` with every spec of the suite at this scale. */
void suite_each(const workload *w, workload_scale scale,
                void (*each)(void *context, const char *spec), void *context);

#endif
