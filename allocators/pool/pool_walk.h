/* A walk over all pools, or over all blocks in use, in the order of their addresses within an arena: what a
 * collector needs to sweep.
 *
 *   pool_walk walk;
 *
 *   pool_walk_open(&walk, allocator);
 *   while ((block = pool_walk_next(&walk)) != NULL)
 *       …
 *
 * The block given last may be freed, and no other; nothing may be allocated meanwhile. No block says
 * whether it is in use: when the walk enters a pool it goes along the pool's list of free blocks and
 * notes them in a bitmap of its own, so that allocating and freeing pay nothing for it.
 *
 * The walk goes down a pool, so that a pool's list of free blocks, the last freed first, leads up.
 *
 * Sweeping. Most pools are all garbage or all live: what is made together lies together, and dies
 * together. So a collector that marks counts each marked block in its pool, and its sweep goes from
 * pool to pool. It enters only those where some blocks are marked and others are not; the rest it leaves
 * alone, or frees whole, and touches no block of either.
 *
 *   pool_mark(block)                        for each block that stays, once
 *   …
 *   pool_walk_open(&walk, allocator);
 *   while (pool_walk_on(&walk)) {
 *       in_use = walk.pool->in_use;
 *       marked = pool_take_marks(walk.pool);
 *       if (marked == 0)
 *           pool_free_all(allocator, walk.pool);
 *       else if (marked != in_use) {
 *           pool_walk_enter(&walk);
 *           while ((block = pool_walk_here(&walk)) != NULL)
 *               …
 *       }
 *   }
 *
 * Invariant: no pool counts more blocks than it has in use, and outside of collections none counts any.
 *
 * Cost: O(pools), and O(blocks) of those entered; 184 bytes, no memory. */
#ifndef RECLAIM_POOL_WALK_H
#define RECLAIM_POOL_WALK_H

#include "allocators/pool/pool_inside.h"

typedef struct pool_walk {
    const arena *arena, *next_arena;
    uint32_t pools_left; /* in use in the arena, and not met yet */
    uint32_t pools_met;  /* in the arena, free ones included */
    pool *pool;          /* met last */
    uint32_t block_bytes;
    char *at, *first; /* in the pool entered: the block given last, and where the first one lies */
    uint64_t is_free[POOL_BYTES / POOL_ALIGNMENT / 64];
} pool_walk;

void pool_walk_open(pool_walk *walk, const pool_allocator *allocator);

/* Goes on to the next pool, which may have no block in use; false when there is none. All blocks of it may be
 * freed, and no others. */
bool pool_walk_on(pool_walk *walk);

/* Enters that pool: pool_walk_here() gives its blocks. */
void pool_walk_enter(pool_walk *walk);

/* The next block in use of the pool entered; NULL at its end. */
static inline void *pool_walk_here(pool_walk *walk)
{
    while (walk->at != walk->first) {
        uint32_t granule;
        walk->at -= walk->block_bytes;
        granule = (uint32_t)((uintptr_t)walk->at % POOL_BYTES / POOL_ALIGNMENT);
        if (!(walk->is_free[granule / 64] >> granule % 64 & 1))
            return walk->at;
    }
    return NULL;
}

/* The next block in use; NULL at the end. */
static inline void *pool_walk_next(pool_walk *walk)
{
    void *block;

    while ((block = pool_walk_here(walk)) == NULL) {
        if (!pool_walk_on(walk))
            return NULL;
        pool_walk_enter(walk);
    }
    return block;
}

/* Counts a block in use as one that stays; any address in it will do. Each once between two sweeps. */
static inline void pool_mark(const void *in_block)
{
    pool_at((uintptr_t)in_block)->marked++;
}

/* How many blocks of the pool were counted; none is any more. */
static inline uint32_t pool_take_marks(pool *p)
{
    uint32_t marked = p->marked;

    assert(marked <= p->in_use && "a block was counted twice, or freed since");
    p->marked = 0;
    return marked;
}

/* Frees all blocks in use of a pool that counts none, O(1), and touches none. */
void pool_free_all(pool_allocator *allocator, pool *p);

#endif
