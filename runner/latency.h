/* What the latency samples of a cell say, computed from their files each time. */
#ifndef RECLAIM_RUNNER_LATENCY_H
#define RECLAIM_RUNNER_LATENCY_H

#include "percentiles.h"
#include "plan.h"
#include "recording.h"
#include "statistics.h"
#include "store.h"
#include "timeline.h"

enum { LATENCY_LOADS = 3, LATENCY_WINDOWS_MAX = 48 };

/* The arrival rates of metered latency, as shares of what the ideal sustains. */
extern const double latency_loads[LATENCY_LOADS];

typedef enum metered_status { METERED_UNKNOWN, METERED_OK, METERED_SATURATED } metered_status;

typedef struct metered_latency {
    metered_status status; /* saturated: the program is slower than its requests arrive */
    percentiles latency_ns;
} metered_latency;

typedef struct latency_summary {
    size_t samples;  /* 0: none, and nothing else means anything */
    size_t requests; /* of all samples together */
    double
        pauses; /* in the work of one run: another run of the same seed repeats them. NAN: unknown */
    percentiles request_ns;
    percentiles lowest_ns, highest_ns; /* of the samples by themselves */
    metered_latency metered[LATENCY_LOADS];
    double pause_ns_max, drop_ns_max; /* the longest collection and cascade, the teardown's too */
    double collector_share;           /* of the work, taken by pauses */
    size_t windows;
    double window_ns[LATENCY_WINDOWS_MAX], utilisation[LATENCY_WINDOWS_MAX];
    estimate recording; /* throughput with recording ÷ without, paired */
    double *ratios;     /* what it is the estimate of, planned->extras[kind] values or NAN */
    double dropped;     /* requests and pauses that were not noted */
    timeline shown;     /* of one run */
    char *problem;      /* why there is less than was asked for, or NULL */
} latency_summary;

/* The number of the kind in extra_kinds. */
size_t latency_kind(void);

/* Reads the latency samples of a cell. False and `why` filled when a file is not what a run has
 * written. `checksum` is that of the cell's other samples. */
bool latency_summarise(latency_summary *made, const plan *planned, const store *from,
                       size_t cell_index, const char *checksum, problem *why);
void latency_free(latency_summary *made);

/* null without samples. */
json_t *latency_to_json(const latency_summary *of);

#endif
