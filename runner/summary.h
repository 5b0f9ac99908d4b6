/* What the samples of a run say: for each cell its status, times, ratio to the baseline and
 * counters; and, where builds are compared, the verdicts. Always computed from the raw samples,
 * never stored and updated. */
#ifndef RECLAIM_RUNNER_SUMMARY_H
#define RECLAIM_RUNNER_SUMMARY_H

#include <jansson.h>

#include "comparison.h"
#include "costs.h"
#include "latency.h"
#include "plan.h"
#include "statistics.h"
#include "status.h"
#include "store.h"
#include "suite_overhead.h"

typedef struct cell_summary {
    const cell *of;
    status status;
    char *reason; /* for every status but ok; "" when there is nothing to say */
    size_t n;     /* timed samples that count */
    estimate time_ns, first_ns,
        cpu_ns; /* steady runs, first runs, processor time of steady runs; all NAN in a void cell */
    estimate ratio;    /* of the time to the baseline's, paired within each repetition */
    estimate overhead; /* likewise, to that of the ideal */
    estimate lower_bound[LOWER_BOUND_METRICS]; /* overhead over the least the work could take */
    bool unbeaten;           /* in time, memory and pauses together: see overhead_charts.h */
    costs *costs;            /* where the time goes; NULL: nobody has said */
    json_t *counters;        /* merged from the counted and the timed samples */
    latency_summary latency; /* empty until summary_add_latency() */
    struct memory_over_time *memory; /* see memory_over_time.h; NULL: nobody has looked */
    bool best; /* the shortest time among the strategies of this spec that are ok: one that leaks
                  never is */
} cell_summary;

typedef struct summary {
    const plan *planned;
    estimate latency_recording; /* throughput with recording ÷ without, of all cells */
    size_t latency_pairs;
    cell_summary *cells; /* as many as the plan has, in its order */
    comparison_list comparisons;
    suite_overhead suite;
    cost_groups cost_groups;
} summary;

/* The plan and the store must outlive the summary. */
summary summary_make(const plan *planned, const store *from);
/* Adds what the latency samples say; reads their files. False and `why` filled when one is not what a
 * run has written. */
bool summary_add_latency(summary *made, const store *from, problem *why);

void summary_free(summary *made);

/* As summary.json holds it. */
json_t *summary_to_json(const summary *of);

/* Whether a cell is void or has failed: the run is complete, but not to be trusted whole. */
bool summary_has_untrusted(const summary *of);

/* Whether a cell stands in any order. Only what is ok does; programs by hand and ideals are the
 * limit, and a peer brings another runtime's work along, so none of them is a contender. */
bool summary_is_ranked(const cell_summary *of);

/* A counter of a cell as a number, NAN when nobody knows it; of an array, the sum. */
double summary_counter(const cell_summary *of, const char *name);

#endif
