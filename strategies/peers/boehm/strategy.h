/* boehm: the conservative collector of Boehm, Demers and Weiser (libgc), behind the object API.
 *
 * Objects are blocks of GC_MALLOC, those without slots of GC_MALLOC_ATOMIC. A variable is a pointer
 * in the program's own frame: the collector finds it because it looks at the whole stack, at all
 * registers and static data, and takes for a pointer what looks like one. So nothing is linked and
 * nothing registered, and nothing promises that what is unreachable is found.
 *
 * Roots that outlive scopes are in memory that the collector sees and does not reclaim. There is
 * one collector in a process, and so one heap at a time. boehm.c has the collector's side. */
#ifndef BOEHM_STRATEGY_H
#define BOEHM_STRATEGY_H

#define GC_THREADS /* as the library is built; a thread that opens a heap is registered by hand */
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>

#include "common/heap.h"

#define MM_GENERATIONS 1
#define MM_FOREIGN 1

struct mm_object {
    mm_type type;
    uint32_t slot_count;
    uint32_t data_bytes;
    uint32_t magic; /* BOEHM_OBJECT, where objects are told from the collector's own; else unused */
#if MM_COUNTED
    struct boehm_shadow *shadow;
#endif
    mm_object *slots[];
};

struct mm {
    mutator_base base;
};

struct mm_heap {
    heap_base base;
    bool enabled;    /* what the collector knows: automatic, or asked to collect */
    bool asked;      /* a collection that was asked for runs */
    bool registered; /* the thread's stack was made known for this heap */
#if MM_COUNTED
    struct boehm_shadow *shadows; /* of all objects that are not known to be reclaimed */
#endif
};

static const mm_traits strategy_traits = {
    .summary = "the conservative collector of Boehm, Demers and Weiser, from the system's library",
#define BOEHM_TEXT_(x) #x
#define BOEHM_TEXT(x) BOEHM_TEXT_(x)
    .peer = "libgc " BOEHM_TEXT(GC_VERSION_MAJOR) "." BOEHM_TEXT(GC_VERSION_MINOR) "." BOEHM_TEXT(
        GC_VERSION_MICRO) MM_PEER_NOTE,
    .timed = true,
    .reclaims = true,
    .reclaims_cycles = true,
    .conservative = true,
    .one_heap = true,
    .mortal = true,
    .no_callbacks = true,
    .visits_unknown = true,
    .live_unknown = !MM_COUNTED,
    .no_limit = true,
    .death_by_collector = MM_WEAK_FIRST,
    .generations = MM_GENERATIONS,
};

extern const setting strategy_settings[];
extern const size_t strategy_setting_count;

mm_status strategy_heap_open(mm_heap *heap);
void strategy_heap_close(mm *m);
uint64_t strategy_collect(mm *m, uint32_t generation);
void strategy_trigger_changed(mm_heap *heap);

mm_status strategy_weak_new(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                            mm_weak_callback *callback);
void strategy_weak_load(mm *m, mm_var *dst, mm_var *reference);
bool strategy_is_finalized(mm *m, const mm_var *obj);

/* Where an object is more than its block: it has a finaliser, or is counted. NULL when there is no
 * memory. */
mm_object *boehm_new_with_care(mm *m, mm_type type, uint32_t slots, uint32_t bytes);

#if MM_COUNTED
/* What stands for an object in the front's books, outside the collector's memory. */
typedef struct boehm_shadow {
    mm_object *object; /* NULL: still being made */
    struct boehm_shadow *next;
    uint32_t slot_count, data_bytes;
    bool reached; /* by the collection that is ending */
} boehm_shadow;
#endif

#if MM_REGISTRY
    #define strategy_block(object) ((void *)(object)->shadow)
    #define strategy_object_in(block) (((boehm_shadow *)((block) + 1))->object)
#endif

#define MM_SCOPES_LINKED(m) MM_COUNTED
#include "common/variables.h"
#include "common/tracing.h"

static inline void *strategy_data(mm *m, const mm_var *obj)
{
    (void)m;
    return obj->object->slots + obj->object->slot_count;
}

static inline mm_type strategy_type_of(mm *m, const mm_var *obj)
{
    (void)m;
    return obj->object->type & ~(mm_type)OBJECT_FLAGS;
}

static inline uint32_t strategy_slot_count(mm *m, const mm_var *obj)
{
    (void)m;
    return obj->object->slot_count;
}

/* The collector clears what it hands out, slots with it, unless it is to hold no pointers. */
static inline mm_object *boehm_allocate(mm_type type, uint32_t slots, uint32_t bytes)
{
    size_t size = sizeof(mm_object) + requested_bytes(slots, bytes);
    mm_object *object = mm_type_is_container(type) ? GC_MALLOC(size) : GC_MALLOC_ATOMIC(size);

    if (MM_UNLIKELY(object == NULL))
        return NULL;
    object->type = type;
    object->slot_count = slots;
    object->data_bytes = bytes;
    object->magic = 0;
    return object;
}

static inline mm_status strategy_new(mm *m, mm_var *dst, mm_type type, uint32_t slots,
                                     uint32_t bytes)
{
    mm_object *object;

    if (MM_COUNTED || MM_UNLIKELY(type & MM_TYPE_SPECIAL))
        object = boehm_new_with_care(m, type, slots, bytes);
    else
        object = boehm_allocate(type, slots, bytes);
    if (MM_UNLIKELY(object == NULL))
        return MM_NO_MEMORY;
    dst->object = object;
    return MM_OK;
}

#define strategy_root_allocate strategy_root_allocate
mm_root *strategy_root_allocate(mm *m);

static inline void strategy_root_release(mm_root *root)
{
    GC_FREE(root);
}

#endif
