/* The latency sample (--latency FILE): a sample whose steady runs note every request, collection and
 * long cascade as it ends.
 *
 * The cold run only counts them, so that the room for the others is there, and its pages touched,
 * before their clocks start: noting allocates nothing. The room comes from the system, not from
 * malloc, which is what is measured. */
#ifndef RECLAIM_LATENCY_H
#define RECLAIM_LATENCY_H

#include "bench/sample.h"

typedef struct latency latency;

/* For a sample of that many runs; NULL without memory. */
latency *latency_new(int runs);
void latency_free(latency *recorded);

/* Makes the room for run `index`; false without memory. */
bool latency_reserve(latency *recorded, int index);

/* The work of run `index` begins now, just before the clocks start; and the run has ended, just
 * after they have stopped. */
void latency_begin(latency *recorded, int index, mm *m);
void latency_end(latency *recorded, int index, mm *m, uint64_t began_ns);

/* What comes from here on is the sample program's own last collection, not the strategy's. */
void latency_last_collection(latency *recorded, int index);

/* Writes what was recorded whole or not at all; false with `errno` set. */
bool latency_write(const sample *s, const char *path);

#endif
