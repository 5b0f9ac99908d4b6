/* generational: reference counting plus the three-generation cycle collector of CPython 3.11, step
 * for step.
 *
 * Counting (common/counting.h) reclaims everything but cycles. Containers, which alone can form
 * cycles, have a `gc_head` of two words in front of the object and are *tracked*: linked into the
 * youngest of three generations. When the net number of container allocations since the last
 * collection exceeds a threshold, a collection looks for groups of containers that are referred to
 * only by each other. generational.c teaches the collector.
 *
 *   atom        [count type slots bytes | payload]
 *   container   [next prev][count type slots bytes | slots... | payload]
 *
 * `next` is the next container of the same list; 0: untracked. The generation is 0 to 2, or 3 for
 * frozen: on a list that is never collected. `prev` by phase:
 *
 *   bits   between collections           in the generations being collected
 *   63..4  the previous of the list      the working count; the previous again once settled
 *   3..2   the container's generation    the same
 *   1      0                             PREV_ASIDE: on the unreachable list, for now
 *   0      0                             PREV_COLLECTING: takes part and is not settled yet
 *
 * Blocks and list heads are aligned to 16 bytes, so the four low bits of an address are free. */
#ifndef GENERATIONAL_STRATEGY_H
#define GENERATIONAL_STRATEGY_H

#include "common/heap.h"

#define MM_GENERATIONS 3

typedef struct gc_head {
    uintptr_t next, prev;
} __attribute__((aligned(16))) gc_head;

typedef struct generation {
    gc_head list; /* head of a ring */
    uint32_t threshold;
    uint32_t count; /* youngest: net container allocations; others: collections of the next younger
                       one; since the last collection */
} generation;

struct mm {
    mutator_base base;
};

struct mm_heap {
    heap_base base;
    generation generations[MM_GENERATIONS];
    gc_head frozen; /* a list too */
    uint32_t
        trigger; /* the youngest generation's threshold, or UINT32_MAX while nothing may collect */
    bool quarter_rule;
    uint64_t long_lived_total;   /* survivors of the last full collection */
    uint64_t long_lived_pending; /* survivors of middle collections since */
};

static const mm_traits strategy_traits = {
    .summary = "reference counting plus CPython 3.11's three-generation cycle collector",
    .timed = true,
    .reclaims = true,
    .counts = true,
    .prompt = true,
    .reclaims_cycles = true,
    .reports_garbage = true,
    .promotes = true,
    .tracks = true,
    .freezes = true,
    .death_by_count = MM_FINALISER_FIRST,
    .death_by_collector = MM_WEAK_FIRST,
    .generations = MM_GENERATIONS,
};

extern const setting strategy_settings[];
extern const size_t strategy_setting_count;

mm_status strategy_heap_open(mm_heap *heap);
void strategy_heap_close(mm *m);
uint64_t strategy_collect(mm *m, uint32_t generation);
void strategy_trigger_changed(mm_heap *heap);
void strategy_freeze(mm_heap *heap);
void strategy_unfreeze(mm_heap *heap);
uint64_t strategy_freeze_count(const mm_heap *heap);
#define strategy_freeze strategy_freeze
#define strategy_check strategy_check

/* Collects the oldest generation that is due. */
void generational_collect_due(mm *m);

/* The block of an object begins with its gc_head, if it has one. */
#define strategy_block(object) \
    (mm_type_is_container((object)->type) ? (void *)gc_head_of(object) : (void *)(object))

static inline gc_head *gc_head_of(mm_object *object)
{
    return (gc_head *)(void *)object - 1;
}

static inline mm_object *gc_object(gc_head *gc)
{
    return (mm_object *)(void *)(gc + 1);
}

#include "common/counting.h"

/* The four low bits of `prev`. */
enum {
    PREV_COLLECTING = 1,
    PREV_ASIDE = 2,
    PREV_GENERATION_SHIFT = 2,
    PREV_GENERATION_BITS = 3 << PREV_GENERATION_SHIFT,
    GENERATION_FROZEN = 3,
    PREV_BITS = 15,
    WORKING_SHIFT = 4
};

static inline gc_head *gc_next(const gc_head *gc)
{
    return (gc_head *)gc->next;
}

static inline gc_head *gc_previous(const gc_head *gc)
{
    return (gc_head *)(gc->prev & ~(uintptr_t)PREV_BITS);
}

/* Takes a container off its list; its own words stay as they were. */
static inline void gc_unlink(gc_head *gc)
{
    gc_head *previous = gc_previous(gc), *next = gc_next(gc);

    previous->next = (uintptr_t)next;
    next->prev = (uintptr_t)previous | (next->prev & PREV_BITS);
}

/* Appends a new container to the youngest generation. */
static inline void gc_track(mm_heap *heap, mm_object *object)
{
    gc_head *gc = gc_head_of(object), *list = &heap->generations[0].list;
    gc_head *last = (gc_head *)list->prev;

    last->next = (uintptr_t)gc;
    gc->prev = (uintptr_t)last;
    gc->next = (uintptr_t)list;
    list->prev = (uintptr_t)gc;
}

__attribute__((always_inline)) static inline mm_status
strategy_new(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint32_t bytes)
{
    mm_heap *heap = m->base.heap;
    size_t request = requested_bytes(slots, bytes);
    mm_object *object;

    if (!mm_type_is_container(type)) {
        object = mutator_allocate(&m->base, sizeof *object, request);
        if (MM_UNLIKELY(object == NULL))
            return MM_NO_MEMORY;
        object_init(object, type, slots, bytes);
    } else {
        gc_head *gc = mutator_allocate(&m->base, sizeof *gc + sizeof *object, request);
        if (MM_UNLIKELY(gc == NULL))
            return MM_NO_MEMORY;
        object = gc_object(gc);
        object_init(object, type, slots, bytes);
        if (MM_UNLIKELY(++heap->generations[0].count > heap->trigger)) {
            /* It is not tracked yet, so no part of that, but whole for whoever looks at all objects. */
            gc->next = 0;
            object->count = 1;
            generational_collect_due(m);
        }
        gc_track(heap, object);
    }
    object->count = 1;
    counting_replace(m, &dst->object, object);
    return MM_OK;
}

/* As in CPython, an object that may be resurrected starts again in the youngest generation. */
static inline void counting_before_finaliser(mm *m, mm_object *object)
{
    if (mm_type_is_container(object->type)) {
        gc_unlink(gc_head_of(object));
        gc_track(m->base.heap, object);
    }
}

static inline void counting_before_death(mm *m, mm_object *object)
{
    (void)m;
    if (mm_type_is_container(object->type)) {
        gc_head *gc = gc_head_of(object);
        gc_unlink(gc);
        gc->next = 0;
    }
}

__attribute__((always_inline)) static inline void counting_free(mm *m, mm_object *object)
{
    mm_heap *heap = m->base.heap;

    if (!mm_type_is_container(object->type)) {
        object_free(m, object, object, sizeof *object);
        return;
    }
    if (heap->generations[0].count > 0)
        heap->generations[0].count--;
    object_free(m, object, gc_head_of(object), sizeof(gc_head) + sizeof *object);
}

#define strategy_is_tracked strategy_is_tracked
static inline bool strategy_is_tracked(mm *m, const mm_var *obj)
{
    (void)m;
    return mm_type_is_container(obj->object->type) && gc_head_of(obj->object)->next != 0;
}

static inline uint32_t *strategy_threshold(const mm_heap *heap, uint32_t generation)
{
    return (uint32_t *)&heap->generations[generation].threshold;
}

static inline uint32_t strategy_generation_count(const mm_heap *heap, uint32_t generation)
{
    return heap->generations[generation].count;
}

/* Inspection: the generation that a container is in. */
#if MM_COUNTED
    #define strategy_generation_of strategy_generation_of
static inline uint32_t strategy_generation_of(const mm_heap *heap, const mm_object *object)
{
    const gc_head *gc = (const gc_head *)(const void *)object - 1;

    (void)heap;
    if (!mm_type_is_container(object->type) || gc->next == 0)
        return UINT32_MAX;
    return (uint32_t)(gc->prev & PREV_GENERATION_BITS) >> PREV_GENERATION_SHIFT;
}
#endif

#endif
