/* Collections: their beginning and end, the totals kept of them (how often, how long, how much), and
 * who is told. The totals are the only thing that timed programs note about collecting, two clock
 * readings a collection. */
#ifndef MM_COMMON_COLLECTIONS_H
#define MM_COMMON_COLLECTIONS_H

#include "base.h"
#include "clock.h"

typedef struct collection_totals {
    uint64_t collections[MM_GENERATIONS_MAX];
    uint64_t reclaimed[MM_GENERATIONS_MAX];
    uint64_t visited[MM_GENERATIONS_MAX];
    uint64_t total_ns, pause_ns_max;
    uint64_t reclaimed_ever; /* never reset */
} collection_totals;

/* One collection: filled by the collector between begin and end. */
typedef struct collection {
    uint64_t started_ns;
    uint32_t generation;
    uint64_t visited;     /* objects looked at, each once */
    uint64_t unreachable; /* of those, found unreachable and not resurrected */
    uint64_t reclaimed;   /* of those, given back: all, unless they were saved */
} collection;

typedef struct collection_watcher {
    mm_gc_callback *callback; /* NULL: removed while all are being told */
    void *context;
} collection_watcher;

typedef struct collection_watchers {
    collection_watcher *entries;
    uint32_t count, capacity;
    bool telling;
} collection_watchers;

void watchers_close(collection_watchers *watchers);

/* From here to collection_end() no other collection starts. Calls the callbacks of mm_gc.h. */
collection collection_begin(mm *m, uint32_t generation);

/* Adds the collection to the totals, and calls the callbacks. */
void collection_end(mm *m, const collection *c);

#endif
