/* marksweep: tracing from the variables, no counts.
 *
 * When the bytes allocated since the last collection exceed (factor − 1) × what was live then, but at
 * least `minimum`, a collection marks what roots reach and sweeps the rest. The mutator pays nothing
 * per write; it pays for linking scopes, and for time between collections in which garbage floats.
 * marksweep.c teaches the collector, objects.h how it finds all objects.
 *
 *   pooled   [type slots bytes mark | slots... | payload]        found by a walk over the pools
 *   linked   [next][type slots bytes mark | slots... | payload]  on the heap's list: malloc's */
#ifndef MARKSWEEP_STRATEGY_H
#define MARKSWEEP_STRATEGY_H

#include "common/heap.h"
#include "common/mark_stack.h"
#include "common/settle.h"

#define MM_GENERATIONS 1

struct mm_object {
    mm_type type;
    uint32_t slot_count;
    uint32_t data_bytes;
    uint16_t
        mark; /* equal to the heap's `marked`: reached by the last collection, or newer than it */
    uint16_t linked; /* 1: behind a link */
    mm_object *slots[];
};

/* Before an object that is not the pool allocator's. */
typedef struct object_link {
    struct object_link *next;
} object_link;

#define strategy_block(object) ((void *)((object_link *)(void *)(object) - (object)->linked))

struct mm {
    mutator_base base;
};

struct mm_heap {
    heap_base base;
    object_link *linked;            /* the list of all objects that are not in pools */
    struct marker *marking;         /* of the collection that has not swept yet; NULL: none */
    int64_t bytes_until_collection; /* below zero: the next allocation goes the slow way */
    bool armed;                     /* automatic collection is in bytes_until_collection */
    uint16_t
        marked; /* 0 or 1; turns over as a collection begins, so that no mark is ever cleared */
    uint32_t header_bytes; /* that an object is charged with */
    size_t mark_stack_max; /* entries; tests set it low */
};

static const mm_traits strategy_traits = {
    .summary = "mark and sweep: traces from the variables, stops the program, keeps no counts",
    .timed = true,
    .reclaims = true,
    .reclaims_cycles = true,
    .reports_garbage = true,
    .finalises_in_order = true,
    .death_by_collector = MM_WEAK_FIRST,
    .generations = MM_GENERATIONS,
    .fills_heap = "automatic=off",
};

extern const setting strategy_settings[];
extern const size_t strategy_setting_count;

mm_status strategy_heap_open(mm_heap *heap);
void strategy_heap_close(mm *m);
uint64_t strategy_collect(mm *m, uint32_t generation);
void strategy_trigger_changed(mm_heap *heap);
#define strategy_check strategy_check

/* mm_limit_mark_stack(): where the limit stands. */
#define strategy_mark_stack_max(heap) (&(heap)->mark_stack_max)

#define MM_SCOPES_LINKED(m) true
#include "common/variables.h"
#include "common/tracing.h"

/* The slow way to memory: collects because it is time to, or because the allocator has none left; counts
 * the object as marked if a collection is running. NULL when there is no memory. */
mm_object *marksweep_allocate_slowly(mm *m, size_t request);

/* Memory for an object that both collector and sweep know where to find: the pool allocator's, or with a
 * link before it. NULL when there is none. */
__attribute__((always_inline)) static inline mm_object *marksweep_allocate(mm *m, size_t request)
{
    mm_heap *heap = m->base.heap;
    bool linked = !front_pools(&heap->base.front, sizeof(mm_object) + request);
    size_t header = sizeof(mm_object) + (linked ? sizeof(object_link) : 0);
    object_link *link = mutator_allocate(&m->base, header, request);
    mm_object *object;

    if (MM_UNLIKELY(link == NULL))
        return NULL;
    object = (mm_object *)(void *)(linked ? link + 1 : link);
    if (linked) {
        link->next = heap->linked;
        heap->linked = link;
    }
    object->linked = linked;
    return object;
}

__attribute__((always_inline)) static inline mm_status
strategy_new(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint32_t bytes)
{
    mm_heap *heap = m->base.heap;
    size_t request = requested_bytes(slots, bytes);
    mm_object *object = NULL;

    heap->bytes_until_collection -= (int64_t)(heap->header_bytes + request);
    if (MM_LIKELY(heap->bytes_until_collection >= 0))
        object = marksweep_allocate(m, request);
    if (MM_UNLIKELY(object == NULL)) {
        object = marksweep_allocate_slowly(m, request);
        if (object == NULL)
            return MM_NO_MEMORY;
    }
    object->mark = heap->marked;
    object_init(object, type, slots, bytes);
    dst->object = object;
    return MM_OK;
}

#endif
