/* Which cells a run has: the strategies times the workloads that were asked for, each checked by
 * its program before anything runs. */
#ifndef RECLAIM_RUNNER_MATRIX_H
#define RECLAIM_RUNNER_MATRIX_H

#include <jansson.h>
#include <stdint.h>

#include "process.h"
#include "programs.h"

typedef struct matrix_request {
    const json_t *strategies; /* labels, each perhaps after "NAME/"; empty: all that can be timed */
    bool peers;               /* among all: other runtimes too */
    const json_t *workloads;  /* specs; empty: the suite of `scale` */
    const json_t *allocators; /* names or NAME=FILE; empty: the environment's, unnamed */
    const char *scale;
    uint64_t seed;
    unsigned runs;
    size_t layouts_max;        /* more layouts of a program than these are left alone */
    uint64_t memory_bytes_max; /* a cell that is predicted to need more is skipped; 0: none is */
} matrix_request;

/* The cells as an array for context.json, in the order of the strategies within each workload. NULL
 * and `why` filled when something that was asked for does not exist or a program refuses it. */
json_t *matrix_cells(const matrix_request *request, const program_list *programs, problem *why);

/* The arguments that select a cell, common to checking and running it. */
void matrix_cell_arguments(arguments *list, const char *path, const char *label, const char *spec,
                           uint64_t seed, unsigned runs);

#endif
