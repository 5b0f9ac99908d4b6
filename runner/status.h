/* How a sample or a cell came out. */
#ifndef RECLAIM_RUNNER_STATUS_H
#define RECLAIM_RUNNER_STATUS_H

#include <stdbool.h>

/* From the best to the worst: a cell has the worst status of its samples. */
typedef enum status {
    STATUS_OK,
    STATUS_UNCOLLECTED, /* it has a collector that never ran: the time says nothing about collecting
                         */
    STATUS_LEAKED,      /* it kept objects that nobody could reach any more */
    STATUS_OOM,
    STATUS_TIMEOUT,
    STATUS_FAILED,  /* crashed, or gave no sample */
    STATUS_VOID,    /* a check failed: its numbers mean nothing */
    STATUS_SKIPPED, /* predicted not to fit into memory, or nothing for this strategy */
    STATUS_MISSING, /* not run yet */
    STATUS_COUNT
} status;

/* "ok", "uncollected", ... */
const char *status_name(status of);

/* The status with this name, STATUS_COUNT when there is none. */
status status_from_name(const char *name);

/* Whether it has times that mean something. */
bool status_is_timed(status of);

#endif
