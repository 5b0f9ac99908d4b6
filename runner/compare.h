/* The command `compare`: two runs, or two rows or two builds of one run. */
#ifndef RECLAIM_RUNNER_COMPARE_H
#define RECLAIM_RUNNER_COMPARE_H

#include "command_line.h"
#include "comparison.h"
#include "summary.h"

/* One of the runs, and what its samples say. */
typedef struct compared_run {
    const char *name; /* the folder as it was given */
    store from;
    plan planned;
    summary made;
    bool is_open, is_summed_up;
} compared_run;

/* Two cells that do the same work. */
typedef struct compared_pair {
    const cell_summary *before, *after;
    char *reason; /* why they cannot be compared, or ""; owned */
} compared_pair;

typedef struct compare {
    compared_run runs[2];
    compared_run *before, *after; /* the same one where there is one run */
    bool is_paired;
    double margin, fail_above; /* fail_above: below 0 when nothing was asked for */
    json_t *notes;             /* texts: what a reader must know before believing a verdict */
    compared_pair *pairs;
    size_t count;
    comparison_list judged; /* as many as pairs, in their order */
} compare;

/* Returns the exit code. */
exit_code compare_command(const command_line *asked, problem *why);

#endif
