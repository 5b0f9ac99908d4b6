/* Watching one run of a workload on a fresh heap, outside of any clock: for looking into the heap at
 * chosen moments. Not for programs written by hand, which have none. */
#ifndef RECLAIM_WATCH_H
#define RECLAIM_WATCH_H

#include "bench/sample.h"

typedef enum watch_moment {
    WATCH_BEGIN,     /* set-up is over */
    WATCH_REQUEST,   /* a request has ended */
    WATCH_END,       /* the work is done; the teardown is still to come */
    WATCH_TORN_DOWN, /* the teardown is over; the last collection is still to come */
    WATCH_AFTER      /* so is the last collection */
} watch_moment;

typedef struct watch watch;
struct watch {
    workload_run run; /* first: the workload's hooks lead back here */
    const sample *of;
    mm_heap *heap;
    uint64_t requests; /* that have ended */
    bool stopped;
    /* Called at every moment but the last two of a run that was stopped. */
    void (*look)(watch *w, watch_moment moment);
    void *context;
};

/* Makes the heap and runs the workload; the heap stands until watch_end(), whatever the result. A
 * run that was stopped is WORKLOAD_DONE. */
workload_result watch_run(watch *w);

#if MM_COUNTED
/* Nothing more is to be seen: the program comes to its end as for want of memory. */
void watch_stop(watch *w);
#endif

/* The heap's end. False when the run did not keep to its schedule: its `message` says how. */
bool watch_end(watch *w);

#endif
