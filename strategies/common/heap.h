/* The common beginning of every heap and every mutator, and what is done the same way for all of
 * them. */
#ifndef MM_COMMON_HEAP_H
#define MM_COMMON_HEAP_H

#include "base.h"
#include "cadence.h"
#include "collections.h"
#include "finalise.h"
#include "front.h"
#include "garbage.h"
#include "log.h"
#include "weak.h"

/* Every operation of the object API that is counted. */
/* clang-format off */
#define MM_OPERATIONS(X) \
    X(new) X(set) X(move) X(clear) X(load) X(take) X(store) X(store_move) X(unset) \
    X(copy_slot) X(borrow) X(root_new) X(root_get) X(root_set) X(root_free) \
    X(request_begin) X(request_end) X(safepoint) X(fill) X(weak_new) X(weak_load) X(immortalise)
/* clang-format on */

typedef enum mm_operation {
#define MM_OPERATION_ENUMERATOR(name) MM_OPERATION_##name,
    MM_OPERATIONS(MM_OPERATION_ENUMERATOR)
#undef MM_OPERATION_ENUMERATOR
        MM_OPERATION_COUNT
} mm_operation;

/* A strategy's `struct mm_heap` begins with this. */
typedef struct heap_base {
    mm *mutator; /* the one attached, or NULL */
    settings options;
    front front;
    mm_type_info *types; /* by mm_type_index() */
    uint32_t type_count, type_capacity;
    mm_root *roots;     /* a ring, or NULL */
    mm_root *immortals; /* another */
    weak_table weak;
    finalisation finalisation;
    garbage garbage;
    collection_totals collections;
    collection_watchers watchers;
    cadence cadence;
    bool automatic;  /* collections start by themselves */
    bool collecting; /* a collection is running: a nested one does nothing */
    bool settling;   /* marking is done, and what is made now counts as reached: see settle.h */
    bool frozen;     /* between mm_freeze() and mm_unfreeze() */
} heap_base;

/* A strategy's `struct mm` begins with this. */
typedef struct mutator_base {
    mm_heap *heap;
    mm_scope *scopes;     /* innermost linked scope */
    bool guarded;         /* a limit, a pool or a refusal: memory is not plainly from malloc */
    pool_allocator *pool; /* the front's, when it keeps no books: small blocks come from here */
    uint64_t request_started_ns, request_ns_max, requests;
    uint64_t drop_ns_max;
    uint64_t request_ns_notable; /* requests from this length on are noted: see log.c */
    mm_log *log;                 /* NULL: nothing is logged */
    void (*on_request)(mm *m, uint64_t request, void *context); /* at the end of each, or NULL */
    void *on_request_context;
#if MM_COUNTED
    uint64_t operations[MM_OPERATION_COUNT];
    uint64_t digest;            /* of every operation issued and its constant arguments, in order */
    uint64_t scopes_entered;    /* in all of the program's code */
    uint64_t operations_nested; /* issued by finalisers and callbacks: in neither of the above */
#endif
#if MM_CHECKED
    uint64_t collect_every; /* allocations between forced collections; 0: none forced */
    uint64_t allocations_until_collect;
#endif
} mutator_base;

#if MM_COUNTED
/* The arguments of mm_new() for the digest. A type is what the program knows of it: which of its
 * types it is, and of what kind; not how that is encoded here. */
static inline uint64_t digest_of_new(mm_type type, uint32_t slots, uint32_t bytes)
{
    uint64_t known = (uint64_t)(mm_type_index(type) - 1) << 1 | mm_type_is_container(type);
    return known << 48 ^ (uint64_t)slots << 32 ^ bytes;
}

/* One operation goes into the counts and into the digest: a multiply-and-rotate hash that depends
 * on the order. Those of finalisers and weak callbacks are counted apart: when such code runs, and
 * whether it does, is the strategy's affair, and the digest proves that the *program* did the same
 * everywhere. */
static inline void count_operation(mutator_base *base, mm_operation operation, uint64_t argument)
{
    uint64_t mixed = (argument + 1) * 0x9e3779b97f4a7c15u + operation;

    if (((const heap_base *)base->heap)->finalisation.nesting != 0) {
        base->operations_nested++;
        return;
    }
    base->operations[operation]++;
    base->digest = (base->digest ^ mixed) * 0xff51afd7ed558ccdu;
    base->digest = base->digest << 29 | base->digest >> 35;
}
#endif

/* Where the mutator's memory comes from, once it is attached and whenever the front has changed. */
static inline void mutator_meet_front(mutator_base *base)
{
    const front *f = &((const heap_base *)base->heap)->front;

    base->guarded = front_is_needed(f);
    base->pool = f->pool_alone ? f->pool : NULL;
}

/* Memory for the mutator's objects: the front's, or, where nothing is guarded, counted or
 * registered, malloc and free themselves behind one predictable test, and the pool itself behind
 * another two. Sizes as for front_allocate(). */
static inline void *mutator_allocate(mutator_base *base, size_t header, size_t request)
{
    if (MM_COUNTED || MM_REGISTRY)
        return front_allocate(&((heap_base *)base->heap)->front, header, request);
    if (MM_LIKELY(!base->guarded))
        return malloc(header + request);
    if (MM_LIKELY(base->pool != NULL && header + request <= POOL_BLOCK_BYTES_MAX))
        return pool_allocate_fast(base->pool, header + request);
    return front_allocate_guarded(&((heap_base *)base->heap)->front, header, request);
}

static inline void mutator_free(mutator_base *base, void *block, size_t header, size_t request)
{
    if (MM_COUNTED || MM_REGISTRY)
        front_free(&((heap_base *)base->heap)->front, block, header, request);
    else if (MM_LIKELY(!base->guarded))
        free(block);
    else if (MM_LIKELY(base->pool != NULL && header + request <= POOL_BLOCK_BYTES_MAX))
        pool_free_fast(base->pool, block);
    else
        front_free_guarded(&((heap_base *)base->heap)->front, block, header, request);
}

/* The options of every strategy: the heap limit, and where memory comes from. */
#define HEAP_SETTINGS HEAP_BYTES_MAX_SETTING, ALLOCATOR_SETTING

#define ALLOCATOR_SETTING                                                                  \
    {                                                                                      \
        .name = "allocator", .help = "where objects come from", .fallback = 0, .unit = "", \
        .words_only = true, .words = {{"malloc", 0}, {"pool", 1}},                         \
    }

#define HEAP_BYTES_MAX_SETTING                                                     \
    {                                                                              \
        .name = "heap_bytes_max", .unit = "bytes",                                 \
        .help = "the most that objects and their headers may take", .fallback = 0, \
        .minimum = 4096, .maximum = 1e15, .integer = true, .words = {{"off", 0}},  \
    }

/* Whether collections start by themselves, an option of every strategy with a collector. */
#define AUTOMATIC_SETTING                                                                          \
    {                                                                                              \
        .name = "automatic", .help = "collections start by themselves", .fallback = 1, .unit = "", \
        .words_only = true, .words = {{"off", 0}, {"on", 1}},                                      \
    }

/* The requested bytes of an object: what the program asked for, without any header. */
static inline size_t requested_bytes(uint32_t slot_count, uint32_t data_bytes)
{
    return (size_t)slot_count * sizeof(void *) + data_bytes;
}

#endif
