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

typedef struct pool {
    block *free;                  /* blocks that were in use before */
    struct pool *next, *previous; /* ring of the usable pools of its class; `next`: free pools */
    arena *arena;
    uint32_t in_use; /* blocks */
    uint32_t carved; /* bytes of the pool that are, or have been, blocks; header included */
    uint32_t class;  /* size class, 0 for the smallest */
    bool linked;     /* in the ring of usable pools */
} __attribute__((aligned(POOL_ALIGNMENT))) pool;

struct arena {
    arena *next, *previous; /* ring of the arenas with as many free pools */
    pool *free;
    char *pools;         /* the first, aligned */
    uint32_t free_count; /* pools, the uncut ones included */
    uint32_t cut;        /* pools that have been in use */
    void *mapping;
};

struct pool_allocator {
    pool *usable[POOL_CLASSES];           /* rings; NULL: none */
    arena *by_free[POOL_ARENA_POOLS + 1]; /* rings of arenas; index: free pools; 0 unused */
    arena *all_full;                      /* ring of arenas without a free pool */
    uint32_t fewest_free;                 /* no ring before this index has an arena */
    uint32_t empty_count;                 /* arenas whose pools are all free */
    size_t bytes_mapped;
};

/* A block when the first usable pool has none that was freed before. */
void *pool_allocate_slowly(pool_allocator *allocator, uint32_t class);

/* After freeing a block of a pool that is empty now, or was not in the ring. */
void pool_settle(pool_allocator *allocator, pool *p);

static inline uint32_t pool_class_of(size_t bytes)
{
    assert(bytes <= POOL_BLOCK_BYTES_MAX && "too large for a pool");
    return bytes != 0 ? (uint32_t)((bytes - 1) / POOL_ALIGNMENT) : 0;
}

/* pool_allocate(), inlined. */
static inline void *pool_allocate_fast(pool_allocator *allocator, size_t bytes)
{
    uint32_t class = pool_class_of(bytes);
    pool *p = allocator->usable[class];
    block *b;

    if (__builtin_expect(p == NULL || p->free == NULL, 0))
        return pool_allocate_slowly(allocator, class);
    b = p->free;
    UNPOISON(b, (class + 1) * POOL_ALIGNMENT);
    p->free = b->next;
    p->in_use++;
    return b;
}

/* pool_free(), inlined. */
static inline void pool_free_fast(pool_allocator *allocator, void *freed)
{
    pool *p = (pool *)((uintptr_t)freed & ~(uintptr_t)(POOL_BYTES - 1));
    block *b = freed;

    assert(p->in_use > 0 && "freed twice, or not of this allocator");
    b->next = p->free;
    p->free = b;
    POISON(b, (p->class + 1) * POOL_ALIGNMENT);
    if (__builtin_expect(--p->in_use == 0 || !p->linked, 0))
        pool_settle(allocator, p);
}

#endif
