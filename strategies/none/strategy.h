/* none: never reclaims. The lower bound of work, the upper bound of memory, and the template to
 * copy.
 *
 * Everything a strategy must supply is in this folder: the object header, the mutator and heap, the
 * traits, the options, strategy_new() and the opening and closing of a heap. What a variable or a
 * slot is comes from common/tracing.h: a plain copy of a pointer. */
#ifndef NONE_STRATEGY_H
#define NONE_STRATEGY_H

#include "common/heap.h"

/* The number of generations that mm_collect() accepts; none, since there is no collector. */
#define MM_GENERATIONS 0

struct mm_object {
    mm_type type;
    uint32_t slot_count;
    uint32_t data_bytes;
    uint32_t unused; /* keeps the payload aligned */
    mm_object *slots[];
};

struct mm {
    mutator_base base;
};

struct mm_heap {
    heap_base base;
    bool frames; /* the option: link scopes, as a tracing strategy must */
};

static const mm_traits strategy_traits = {
    .summary = "never reclaims: what the work costs without memory management",
    .timed = true,
    .generations = MM_GENERATIONS,
};

extern const setting strategy_settings[];
extern const size_t strategy_setting_count;

mm_status strategy_heap_open(mm_heap *heap);
void strategy_heap_close(mm *m);

/* The counted flavour links them in any case, for inspection. */
#define MM_SCOPES_LINKED(m) (MM_COUNTED || (m)->base.heap->frames)
#include "common/variables.h"
#include "common/tracing.h"

__attribute__((always_inline)) static inline mm_status
strategy_new(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint32_t bytes)
{
    mm_object *object = mutator_allocate(&m->base, sizeof *object, requested_bytes(slots, bytes));
    if (MM_UNLIKELY(object == NULL))
        return MM_NO_MEMORY;
    object_init(object, type, slots, bytes);
    dst->object = object;
    return MM_OK;
}

#endif
