/* What a collection found unreachable, told and kept for inspection: the debug flags of mm_gc.h. */
#ifndef MM_COMMON_GARBAGE_H
#define MM_COMMON_GARBAGE_H

#include "base.h"

/* Each object is kept alive by being here, as by a variable. */
typedef struct garbage {
    mm_object **objects;
    size_t count, capacity;
    uint32_t flags; /* of mm_debug_flag */
    mm_debug_sink *sink;
    void *sink_context;
} garbage;

void garbage_close(garbage *g);

/* Whether garbage_report() must be called for each object that a collection is about to reclaim. */
static inline bool garbage_reported(const garbage *g)
{
    return (g->flags & MM_DEBUG_COLLECTABLE) != 0;
}

void garbage_report(mm_heap *heap, const mm_object *object);

/* Room to save `count` more objects. False when they are not to be saved, or there is no memory: a
 * collection then reclaims them as ever. */
bool garbage_reserve(mm_heap *heap, uint64_t count);

/* Keeps an object for which there is room. On a counting strategy that is one more reference. */
void garbage_save(mm_heap *heap, mm_object *object);

#endif
