/* The schedule that the runs of a sample follow, where the strategy follows one; elsewhere nothing
 * happens here. A counted program records its own, by one more run before the first. A timed one
 * reads the file that it was given, or has the counted program beside it record one. */
#ifndef RECLAIM_SCHEDULE_H
#define RECLAIM_SCHEDULE_H

#include "bench/sample.h"

/* Sees to it that the sample has its schedule. SAMPLE_OK; SAMPLE_OOM, SAMPLE_VOID or
 * SAMPLE_BAD_INPUT with a message. */
sample_status schedule_prepare(sample *s, char message[WORKLOAD_MESSAGE_MAX]);

/* Writes the schedule of a prepared sample. False with a message. */
bool schedule_write(const sample *s, const char *path, char message[WORKLOAD_MESSAGE_MAX]);

/* From now on a run on a new heap follows the schedule. False: no memory. */
bool schedule_follow(const sample *s, mm *m);

/* The run is over. False with a message when it was not the recorded one, or an object was freed too
 * early or too late, which checked programs see. */
bool schedule_end(const sample *s, mm *m, char message[WORKLOAD_MESSAGE_MAX]);

void schedule_free(sample *s);

#endif
