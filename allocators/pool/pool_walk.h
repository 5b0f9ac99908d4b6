/* A walk over all blocks in use, in the order of their addresses within an arena: what a collector needs to
 * sweep.
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
 * Cost: O(pools + blocks), 150 bytes, no memory. */
#ifndef RECLAIM_POOL_WALK_H
#define RECLAIM_POOL_WALK_H

#include "allocators/pool/pool_inside.h"

typedef struct pool_walk {
    const arena *arena, *next_arena;
    uint32_t pools_left; /* in use in the arena, and not entered yet */
    uint32_t pools_met;  /* in the arena, free ones included */
    uint32_t block_bytes;
    char *at, *first; /* in the pool: the block given last, and where the first one lies */
    uint64_t is_free[POOL_BYTES / POOL_ALIGNMENT / 64];
} pool_walk;

void pool_walk_open(pool_walk *walk, const pool_allocator *allocator);

/* Enters the next pool; false when there is none. */
bool pool_walk_on(pool_walk *walk);

/* The next block in use; NULL at the end. */
static inline void *pool_walk_next(pool_walk *walk)
{
    do {
        while (walk->at != walk->first) {
            uint32_t granule;
            walk->at -= walk->block_bytes;
            granule = (uint32_t)((uintptr_t)walk->at % POOL_BYTES / POOL_ALIGNMENT);
            if (!(walk->is_free[granule / 64] >> granule % 64 & 1))
                return walk->at;
        }
    } while (pool_walk_on(walk));
    return NULL;
}

#endif
