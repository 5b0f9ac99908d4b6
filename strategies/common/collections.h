/* The record of each collection, and the totals kept of them: how often, how long, how much. The
 * only thing that timed programs note about collecting, two clock readings a collection. */
#ifndef MM_COMMON_COLLECTIONS_H
#define MM_COMMON_COLLECTIONS_H

#include "base.h"
#include "clock.h"

typedef struct collection_totals {
    uint64_t collections[MM_GENERATIONS_MAX];
    uint64_t reclaimed[MM_GENERATIONS_MAX];
    uint64_t visited;
    uint64_t total_ns, pause_ns_max;
    uint64_t reclaimed_ever; /* never reset */
} collection_totals;

/* One collection: filled by the collector between begin and end. */
typedef struct collection {
    uint64_t started_ns;
    uint32_t generation;
    uint64_t visited;   /* objects looked at, each once */
    uint64_t reclaimed; /* of those, found unreachable and given back */
} collection;

static inline collection collection_begin(uint32_t generation)
{
    return (collection){.started_ns = clock_now_ns(), .generation = generation};
}

static inline void collection_end(const collection *c, collection_totals *totals)
{
    uint64_t pause_ns = clock_now_ns() - c->started_ns;

    totals->collections[c->generation]++;
    totals->reclaimed[c->generation] += c->reclaimed;
    totals->reclaimed_ever += c->reclaimed;
    totals->visited += c->visited;
    totals->total_ns += pause_ns;
    if (pause_ns > totals->pause_ns_max)
        totals->pause_ns_max = pause_ns;
}

#endif
