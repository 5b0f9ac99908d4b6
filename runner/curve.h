/* `reclaim curve`: time against heap size. For each workload the smallest heap is found in which each
 * strategy that trades space for time completes it; then those strategies run at multiples of the
 * smallest of these, and all others in the heap that they hold by themselves. */
#ifndef RECLAIM_RUNNER_CURVE_H
#define RECLAIM_RUNNER_CURVE_H

#include <jansson.h>

#include "matrix.h"

/* How a run at several heap sizes is asked for, beside what every run is asked for. */
typedef struct curve_request {
    matrix_request matrix;
    const json_t *multiples; /* of the smallest heap */
    double timeout_seconds;  /* of a probe at most */
} curve_request;

/* Finds the smallest heaps, which takes minutes, and returns the cells as an array for context.json.
 * Each has a `heap`: the `strategy` whose curve or point it is, its `bytes_max`, and the `multiple` that
 * these are. `*found` becomes what the probes found, for context.json too. NULL and `why` filled when
 * there is nothing to trade, or a program fails otherwise than for want of memory. */
json_t *curve_cells(const curve_request *asked, const program_list *programs, json_t **found,
                    problem *why);

/* "1.25,2,4" as an array of numbers; NULL and `why` filled when it is none. */
json_t *curve_multiples(const char *text, problem *why);

#endif
