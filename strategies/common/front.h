/* The allocator front: the one door between a strategy and malloc, or the pool allocator.
 *
 * Every strategy allocates objects here, so that all of them pay the same allocator, and so that
 * limits, accounting, fault injection and the registry are written once. A strategy calls
 * mutator_allocate() and mutator_free() (heap.h), which in the timed flavour are malloc and free behind
 * one predictable test (is there a heap limit, or a pool?), the pool itself where nothing else is
 * asked of the front, and come here otherwise.
 *
 * The registry (MM_REGISTRY) puts a `registered` header before each block. It is how a heap knows
 * all its objects without asking the strategy, and gives back what pure counting leaks. The counted
 * flavour keeps there who made an object and when it was last used (mm_inspect.h); the checked one
 * notices a block freed twice. What the registry takes counts towards no limit and no statistic. */
#ifndef MM_COMMON_FRONT_H
#define MM_COMMON_FRONT_H

#include "base.h"

#include <stdlib.h>

#include "allocators/pool/pool_walk.h"

/* An allocation site: where in the program an object was made. The texts are literals. */
typedef struct mm_site {
    const char *file, *function;
    uint32_t line;
} mm_site;

/* Counts by powers of two: bucket 0 is of the value 0, bucket k of those from 2^(k−1) to 2^k − 1. */
enum { MM_BUCKETS = 65 };

typedef struct mm_histograms {
    uint64_t sizes[MM_BUCKETS]; /* of all objects made, in bytes as the program asked for them */
    uint64_t lifetimes[MM_BUCKETS]; /* of all objects reclaimed, in bytes allocated meanwhile */
} mm_histograms;

#if MM_REGISTRY
typedef struct registered {
    struct registered *previous, *next;
    uint64_t serial; /* 1 for the heap's first block, counting up */
    size_t request;  /* as given to front_allocate(), like `header` */
    uint32_t header;
    #if MM_COUNTED
    uint32_t index;      /* scratch of mm_graph_new() */
    uint64_t born;       /* bytes_requested when it was made */
    uint32_t made, used; /* the requests in which it was made, and last used; 0: before the first */
    const mm_site *site; /* NULL: the strategy itself made it */
    const char *phase;   /* of the program when it was made */
    #endif
    #if MM_CHECKED
    uint32_t magic;    /* REGISTERED_LIVE, or the block is not ours */
    uint32_t pins;     /* borrowed variables that rely on this block staying */
    uint64_t expected; /* scratch of the heap verifier */
    #endif
} __attribute__((aligned(16))) registered; /* the block behind it stays aligned for any type */

enum { REGISTERED_LIVE = 0x6d6d6f62, REGISTERED_FREED = 0x64656164 };
#endif

typedef struct front {
    bool limited;
    pool_allocator *pool;  /* where small blocks come from; NULL: malloc */
    bool pool_alone;       /* nothing is limited, refused, counted or registered: no books */
    bool refusing;         /* no block is given until it is taken back: see finalise.h */
    size_t bytes_held;     /* kept when limited or counted */
    size_t bytes_held_max; /* the heap limit; SIZE_MAX when there is none */
#if MM_COUNTED
    uint64_t blocks_allocated, blocks_freed;
    uint64_t bytes_requested, bytes_given_back;
    size_t bytes_peak;
    uint64_t traced_peak; /* the highest bytes_requested - bytes_given_back */
    mm_histograms histograms;
    const char *phase; /* of the program: what mm_phase() said last */
    uint32_t request;  /* the one that runs or ran last; 0: before the first */
    bool stopped;      /* every allocation fails: the program is to come to its end */
#endif
#if MM_CHECKED
    uint64_t attempts;    /* allocations asked for so far */
    uint64_t fail_at;     /* the attempt that fails; 0: none */
    bool fail_thereafter; /* and all later ones */
#endif
#if MM_REGISTRY
    registered blocks; /* head of a ring */
    uint64_t serial;
#endif
} front;

/* An empty front with a limit of `bytes_held_max` bytes (0: none). */
void front_open(front *f, size_t bytes_held_max);

/* Small blocks come from a pool allocator of this front's own from now on; none has been allocated
 * yet. False when there is no memory. */
bool front_use_pool(front *f);

/* Every allocation fails until that is taken back. */
void front_refuse(front *f, bool refuse);

/* Gives back every block still registered, and all that is in the pool allocator; with neither,
 * nothing. */
void front_close(front *f);

/* Whether a mutator must come here for its memory, whatever the flavour. */
static inline bool front_is_needed(const front *f)
{
    return f->limited || f->pool != NULL || f->refusing;
}

/* Whether a block of `bytes`, header and request together, is the pool allocator's. */
static inline bool front_pools(const front *f, size_t bytes)
{
#if MM_REGISTRY
    bytes += sizeof(registered);
#endif
    return f->pool != NULL && bytes <= POOL_BLOCK_BYTES_MAX;
}

/* A block of `header + request` bytes, aligned for any type, not cleared; NULL when there is no
 * memory or the heap limit would be passed. `header` is what the strategy adds to the `request` of
 * the program. Never collects. The mutator's way here is mutator_allocate(). */
void *front_allocate(front *f, size_t header, size_t request);

/* Frees a block of front_allocate(); the sizes are those it was allocated with. */
void front_free(front *f, void *block, size_t header, size_t request);

/* The same for the mutator that comes here although nothing is counted or registered: for a block
 * that is too large for the pool, or because of a limit or a refusal. */
void *front_allocate_guarded(front *f, size_t header, size_t request);
void front_free_guarded(front *f, void *block, size_t header, size_t request);

/* The same of any block, inlined. */
static inline void front_free_inlined(front *f, void *block, size_t header, size_t request)
{
    if (MM_UNLIKELY(!f->pool_alone))
        front_free(f, block, header, request);
    else if (MM_UNLIKELY(header + request > POOL_BLOCK_BYTES_MAX))
        free(block);
    else
        pool_free_fast(f->pool, block);
}

/* Memory beside the objects, as realloc() gives it: NULL when there is none. Faults can be injected
 * here too; it counts towards no limit and no statistic. */
void *front_side_table(front *f, void *old, size_t bytes);

/* For a strategy that moves objects: a copy of the block under the same serial number, and the end
 * of the old block, which counts as neither an allocation nor a free. NULL when there is no memory;
 * no limit and no injected fault applies, since a collection must not fail. */
void *front_copy_block(front *f, void *block, size_t header, size_t request);
void front_discard_block(front *f, void *block, size_t header, size_t request);

/* A walk over the pool allocator's blocks, of which there are none without one; the rules are
 * those of pool_walk.h. */
static inline void front_walk_open(const front *f, pool_walk *walk)
{
    if (f->pool != NULL)
        pool_walk_open(walk, f->pool);
    else
        *walk = (pool_walk){0};
}

/* The block as front_allocate() gave it, of one of the pool allocator's; NULL stays NULL. */
static inline void *front_block(void *pooled)
{
#if MM_REGISTRY
    return pooled != NULL ? (registered *)pooled + 1 : NULL;
#else
    return pooled;
#endif
}

/* The next block; NULL at the end. */
static inline void *front_walk_next(pool_walk *walk)
{
    return front_block(pool_walk_next(walk));
}

/* The next block of the pool entered; NULL at its end. */
static inline void *front_walk_here(pool_walk *walk)
{
    return front_block(pool_walk_here(walk));
}

/* Whether somebody wants to know of each block that is freed. If so front_forget() is called for all blocks of
 * a pool before it is freed whole. */
static inline bool front_keeps_books(const front *f)
{
    return !f->pool_alone;
}

/* Frees a block of the pool allocator in the books only. */
void front_forget(front *f, void *block, size_t header, size_t request);

#if MM_REGISTRY
static inline registered *front_registered(const void *block)
{
    return (registered *)block - 1;
}
#endif

#endif
