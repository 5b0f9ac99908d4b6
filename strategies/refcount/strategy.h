/* refcount: pure reference counting. An object dies when its count becomes zero; a cycle never
 * does.
 *
 * All of it is in common/counting.h and counting.c; this folder adds where objects come from and
 * where they go. */
#ifndef REFCOUNT_STRATEGY_H
#define REFCOUNT_STRATEGY_H

#include "common/heap.h"

#define MM_GENERATIONS 0

struct mm {
    mutator_base base;
};

struct mm_heap {
    heap_base base;
};

static const mm_traits strategy_traits = {
    .summary = "pure reference counting: prompt, no pauses but cascades, leaks cycles",
    .timed = true,
    .reclaims = true,
    .counts = true,
    .prompt = true,
    .death_by_count = MM_FINALISER_FIRST,
    .generations = MM_GENERATIONS,
};

extern const setting strategy_settings[];
extern const size_t strategy_setting_count;

mm_status strategy_heap_open(mm_heap *heap);
void strategy_heap_close(mm *m);

#include "common/counting.h"

__attribute__((always_inline)) static inline mm_status
strategy_new(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint32_t bytes)
{
    mm_object *object = mutator_allocate(&m->base, sizeof *object, requested_bytes(slots, bytes));
    if (MM_UNLIKELY(object == NULL))
        return MM_NO_MEMORY;
    object->count = 1;
    object_init(object, type, slots, bytes);
    counting_replace(m, &dst->object, object);
    return MM_OK;
}

static inline void counting_before_finaliser(mm *m, mm_object *object)
{
    (void)m, (void)object; /* it is on no list */
}

static inline void counting_before_death(mm *m, mm_object *object)
{
    (void)m, (void)object; /* it is on no list */
}

__attribute__((always_inline)) static inline void counting_free(mm *m, mm_object *object)
{
    object_free(m, object, object, sizeof *object);
}

#endif
