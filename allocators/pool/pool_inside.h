/* The inside of the pool allocator, as far as its fast paths need it: those are inlined where memory
 * is allocated and freed millions of times. What the parts mean is in pool.h. */
#ifndef RECLAIM_POOL_INSIDE_H
#define RECLAIM_POOL_INSIDE_H

#include "allocators/pool/pool.h"

#include <assert.h>

#if defined(__SANITIZE_ADDRESS__)
    #define POOL_SANITIZED 1
#elif defined(__has_feature)
    #if __has_feature(address_sanitizer)
        #define POOL_SANITIZED 1
    #endif
#endif

/* What is free is poisoned, so that AddressSanitizer sees uses of it as it does with malloc. */
#ifdef POOL_SANITIZED
    #include <sanitizer/asan_interface.h>
    #define POISON(address, bytes) ASAN_POISON_MEMORY_REGION((address), (bytes))
    #define UNPOISON(address, bytes) ASAN_UNPOISON_MEMORY_REGION((address), (bytes))
#else
    #define POISON(address, bytes) ((void)(address), (void)(bytes))
    #define UNPOISON(address, bytes) ((void)(address), (void)(bytes))
#endif

typedef struct block {
    struct block *next;
} block;

typedef struct arena arena;

/* `settle_at` by what the pool is. That of the only usable one of its class never comes, so that a program
 * that makes and drops one object at a time stays on the fast paths.
 *
 *   in the ring with others   0: an empty pool goes back to its arena
 *   alone in the ring         POOL_NEVER
 *   not in the ring           one less than are in use: the first block freed brings it back */
enum { POOL_NEVER = -1 };

typedef struct pool {
    block *free;                  /* blocks that were in use before */
    struct pool *next, *previous; /* ring of the usable pools of its class; `next`: free pools */
    arena *arena;
    uint32_t in_use;    /* blocks */
    uint32_t settle_at; /* freeing down to as many blocks in use takes more than a push */
    uint32_t carved;    /* bytes of the pool that are, or have been, blocks; header included */
    uint32_t marked;    /* blocks in use that a collector has counted: see pool_walk.h */
    uint16_t class;     /* size class, 0 for the smallest; POOL_CLASSES: free, in its arena */
    bool linked;        /* in the ring of usable pools */
} __attribute__((aligned(POOL_ALIGNMENT))) pool;

/* So that a block of 64 bytes is one line and not in two. */
static_assert(sizeof(pool) == POOL_COLOUR_BYTES, "blocks begin with a cache line");

struct arena {
    arena *next, *previous; /* ring of the arenas with as many free pools */
    arena *older, *newer;   /* list of all arenas, by when they were opened */
    pool *free;
    char *pools;         /* the mapping */
    uint32_t free_count; /* pools, the uncut ones included */
    uint32_t cut;        /* pools that have been in use */
};

struct pool_allocator {
    pool *usable[POOL_CLASSES];           /* rings; &none: none */
    pool none;                            /* a pool that has nothing free, and never will */
    arena *by_free[POOL_ARENA_POOLS + 1]; /* rings of arenas; index: free pools; 0 unused */
    arena *all_full;                      /* ring of arenas without a free pool */
    arena *newest;                        /* list of all arenas */
    uint32_t fewest_free;                 /* no ring before this index has an arena */
    uint32_t empty_count;                 /* arenas whose pools are all free */
    size_t bytes_mapped;
};

/* The header of the pool that has this address. It lies behind 0 to 7 cache lines that are left empty, by
 * where the pool is: were all headers, and all first blocks, at the same distance from a page, the
 * processor would take one for another when it looks only at the low bits of an address, and they
 * would share few sets of its caches. */
static inline pool *pool_at(uintptr_t address)
{
    uintptr_t start = address & ~(uintptr_t)(POOL_BYTES - 1);
    uintptr_t colour = start / POOL_BYTES % POOL_COLOURS;

    return (pool *)(start + colour * POOL_COLOUR_BYTES);
}

/* A block when the first usable pool has none that was freed before. */
void *pool_allocate_slowly(pool_allocator *allocator, uint32_t class);

/* After freeing a block of a pool that has as many in use as its `settle_at`. */
void pool_settle(pool_allocator *allocator, pool *p);

static inline uint32_t pool_block_bytes(uint32_t class)
{
    return (class + 1) * POOL_ALIGNMENT;
}

static inline uint32_t pool_class_of(size_t bytes)
{
    assert(bytes > 0 && bytes <= POOL_BLOCK_BYTES_MAX && "not a size of a pool's block");
    return (uint32_t)((bytes - 1) / POOL_ALIGNMENT);
}

/* pool_allocate() of at least one byte, inlined. */
static inline void *pool_allocate_fast(pool_allocator *allocator, size_t bytes)
{
    uint32_t class = pool_class_of(bytes);
    pool *p = allocator->usable[class];
    block *b = p->free;

    if (__builtin_expect(b == NULL, 0))
        return pool_allocate_slowly(allocator, class);
    UNPOISON(b, (class + 1) * POOL_ALIGNMENT);
    p->free = b->next;
    p->in_use++;
    return b;
}

/* pool_free(), inlined. */
static inline void pool_free_fast(pool_allocator *allocator, void *freed)
{
    pool *p = pool_at((uintptr_t)freed);
    block *b = freed;

    assert(p->in_use > 0 && "freed twice, or not of this allocator");
    b->next = p->free;
    p->free = b;
    POISON(b, (p->class + 1) * POOL_ALIGNMENT);
    if (__builtin_expect(--p->in_use == p->settle_at, 0))
        pool_settle(allocator, p);
}

#endif
