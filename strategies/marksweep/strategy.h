/* marksweep: tracing from the variables, no counts.
 *
 * Every object is on one list. When the bytes allocated since the last collection exceed (factor −
 * 1) × what was live then, but at least `minimum`, a collection marks what roots reach and sweeps
 * the list of the rest. The mutator pays nothing per write; it pays for linking scopes, and for
 * time between collections in which garbage floats. marksweep.c teaches the collector. */
#ifndef MARKSWEEP_STRATEGY_H
#define MARKSWEEP_STRATEGY_H

#include "common/heap.h"
#include "common/mark_stack.h"
#include "common/settle.h"

#define MM_GENERATIONS 1

struct mm_object {
    mm_object *next; /* the heap's list of all objects */
    mm_type type;
    uint32_t slot_count;
    uint32_t data_bytes;
    uint32_t
        mark; /* equal to the heap's `marked`: reached by the last collection, or newer than it */
    mm_object *slots[];
};

struct mm {
    mutator_base base;
};

struct mm_heap {
    heap_base base;
    mm_object *objects;
    int64_t bytes_until_collection; /* below zero: the next allocation collects first */
    bool armed;                     /* automatic collection is in bytes_until_collection */
    uint32_t
        marked; /* 0 or 1; turns over as a collection begins, so that no mark is ever cleared */
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

/* The slow way to memory: collects because it is time to, or because the allocator has none left.
 * NULL when that did not help. */
mm_object *marksweep_allocate_slowly(mm *m, size_t request);

static inline mm_status strategy_new(mm *m, mm_var *dst, mm_type type, uint32_t slots,
                                     uint32_t bytes)
{
    mm_heap *heap = m->base.heap;
    size_t request = requested_bytes(slots, bytes);
    mm_object *object = NULL;

    heap->bytes_until_collection -= (int64_t)(sizeof *object + request);
    if (MM_LIKELY(heap->bytes_until_collection >= 0))
        object = mutator_allocate(&m->base, sizeof *object, request);
    if (MM_UNLIKELY(object == NULL)) {
        object = marksweep_allocate_slowly(m, request);
        if (object == NULL)
            return MM_NO_MEMORY;
    }
    object->mark = heap->marked;
    object_init(object, type, slots, bytes);
    object->next = heap->objects;
    heap->objects = object;
    dst->object = object;
    return MM_OK;
}

#endif
