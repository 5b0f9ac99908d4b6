/* What a finished run left, as seen by whoever manages the memory: a strategy's statistics, or a
 * hand-written program's own counts. */
#ifndef RECLAIM_OBSERVED_H
#define RECLAIM_OBSERVED_H

#include "mm_gc.h"
#include "workloads/workload.h"

/* The hand-written programs' side; each defines these. Counts are kept in the counted flavour, else
 * MM_UNKNOWN. */
typedef struct hand_program {
    const char *summary;
    bool leaks_cycles;
    const char
        *peer; /* the runtime it is written against, NULL: plain C; what it frees is unknown */
    void (*stop_collector)(void); /* no collection starts by itself from then on; NULL: none does */
} hand_program;

extern const hand_program hand_written;

/* Its options: `automatic`, as the adapter's, where there is a collector that could be stopped. */
void hand_options_init(settings *options);

/* Does the work of `w`, in the place of its own function. */
workload_result hand_run(const workload *w, workload_run *run, const settings *options);

/* False with a message for parameters that no hand-written program takes. */
bool hand_accepts(const settings *parameters, char message[WORKLOAD_MESSAGE_MAX]);

/* Starts counting at zero; adds what has been counted since. */
void hand_reset(void);
void hand_observe(mm_stats *stats);

#endif
