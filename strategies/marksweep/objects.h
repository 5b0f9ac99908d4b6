/* All objects of a marksweep heap, one after the other: those that the pool allocator has, pool by pool in
 * the order of their addresses, and the rest along a list, newest first.
 *
 * Between marking and sweeping a walk meets every cache line of the heap once. In the order of
 * addresses the processor fetches them ahead; along a list through memory that has been used and
 * freed many times it waits for each. */
#ifndef MARKSWEEP_OBJECTS_H
#define MARKSWEEP_OBJECTS_H

#include "mm.h"

typedef struct object_walk {
    object_link *linked; /* the next on the list */
    pool_walk pooled;
} object_walk;

static inline mm_object *object_behind(object_link *link)
{
    return (mm_object *)(void *)(link + 1);
}

static inline object_walk objects_walk(const mm_heap *heap)
{
    object_walk walk = {.linked = heap->linked};

    front_walk_open(&heap->base.front, &walk.pooled);
    return walk;
}

/* The next object; NULL at the end. Nothing may be allocated or freed meanwhile. */
static inline mm_object *objects_next(object_walk *walk)
{
    object_link *link = walk->linked;

    if (link == NULL)
        return front_walk_next(&walk->pooled);
    walk->linked = link->next;
    return object_behind(link);
}

#endif
