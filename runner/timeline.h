/* What is shown of one run's events: its longest pauses and requests, so many that a viewer can open
 * them; all of them are in the files of the latency samples. */
#ifndef RECLAIM_RUNNER_TIMELINE_H
#define RECLAIM_RUNNER_TIMELINE_H

#include <stddef.h>

#include "recording.h"

enum { TIMELINE_PAUSES_MAX = 10000, TIMELINE_REQUESTS_MAX = 1000 };

typedef struct timeline_request {
    size_t number; /* 0 for the first of the run */
    double began_ns, length_ns;
} timeline_request;

typedef struct timeline_pause {
    recorded_pause pause;
    size_t number;
    bool is_last; /* of the sample program's last collection */
} timeline_pause;

/* In the order in which they began. */
typedef struct timeline {
    double work_ns, teardown_ns;
    timeline_pause *pauses;
    timeline_request *requests;
    size_t pauses_count, requests_count;
    size_t pauses_left_out, requests_left_out;
} timeline;

timeline timeline_of(const recorded_run *run);
void timeline_free(timeline *of);

#endif
