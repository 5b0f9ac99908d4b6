/* pool: a small-object allocator of arenas, pools and size classes, after the design of CPython's.
 *
 * Terms. A *block* is what the caller gets. All blocks of one *size class* (a multiple of 16 bytes)
 * are the same size. A *pool* is 16 KiB of blocks of one class, at a multiple of its size, with a
 * header. An *arena* is 2 MiB of address space, at a multiple of its size, cut into pools.
 *
 *   arena  │ pool 0 │ pool 1 │ … │ pool 127 │
 *   pool   │ 0 to 7 empty lines │ header │ block │ block │ … │ not yet carved │
 *   block  in use, or free: its first word leads to the next free block of its pool
 *
 * One allocator belongs to one thread and owns its arenas: freeing it gives back everything, whatever
 * was freed before. There is no global state. The caller tells the size of a block when it frees it.
 *
 * Invariants
 *   carved(pool)  = blocks in use + blocks on its free list
 *   marked(pool) <= blocks in use
 *   usable[class]   holds the pools of the class that have a free or uncarved block, and maybe some
 *                   that have filled up and not been met since
 *   by_free[n]      holds exactly the arenas with n > 0 free pools
 *   free(arena)   = pools on its free list + pools not yet cut
 *
 * A pool whose last block is freed goes back to its arena, unless it is the only usable one of its
 * class: a program that makes and drops one object would otherwise pay for a pool each time. New
 * pools are taken from the arena that has the fewest free ones, so that the emptiest arenas get the
 * chance to become empty. Up to 8 empty arenas are kept, more are unmapped: a collector that empties
 * many at once is about to fill them again.
 *
 * Colours. Pools lie at multiples of 16 KiB, so that equal places in two of them have the same low
 * address bits. A processor that looks for an earlier store to the address of a load compares these
 * bits first, and waits when they are equal; and such places share one set of its first cache. So the
 * header of a pool, and with it the first block, lies behind 0 to 7 empty cache lines, by the pool's
 * address (the colouring of slabs: Bonwick 1994).
 *
 * Cost: allocating and freeing are a handful of instructions and O(1) always, but for the system
 * calls of an arena per 128 pools. Memory: at most 15 bytes a block lost to rounding, 64 bytes a
 * pool to its header and 224 on average to its colour, together 1.8%.
 *
 * Sources: the facts about CPython's obmalloc (arenas of 1 MiB, pools of 16 KiB, 32 classes of 16 to
 * 512 bytes, arenas ordered by free pools); Wilson, Johnstone, Neely and Boles, "Dynamic storage
 * allocation: a survey and critical review", IWMM 1995, on segregated storage; Bonwick, "The slab
 * allocator: an object-caching kernel memory allocator", USENIX Summer 1994, on colours. */
#ifndef RECLAIM_POOL_H
#define RECLAIM_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    POOL_ALIGNMENT = 16,        /* of every block, and the step of the size classes, bytes */
    POOL_BLOCK_BYTES_MAX = 512, /* the largest block; what is larger is not this allocator's */
    POOL_CLASSES = POOL_BLOCK_BYTES_MAX / POOL_ALIGNMENT,
    POOL_BYTES = 16 << 10,
    POOL_COLOURS = 8,            /* places where a pool's header may lie */
    POOL_COLOUR_BYTES = 64,      /* between them: a cache line */
    POOL_CARVED_BYTES = 1 << 10, /* made into free blocks at a time, at least one block */
    POOL_ARENA_BYTES = 2 << 20,
    POOL_EMPTY_ARENAS_MAX = 8,      /* that are kept */
    POOL_HUGE_PAGES_FROM = 2 << 20, /* bytes mapped from which on arenas ask for huge pages */
    POOL_ARENA_POOLS = POOL_ARENA_BYTES / POOL_BYTES
};

typedef struct pool_allocator pool_allocator;

/* A new allocator without memory of its own yet; NULL when there is none. */
pool_allocator *pool_open(void);

/* Gives back all arenas, with every block that is still in use. */
void pool_close(pool_allocator *allocator);

/* A block of at least `bytes`, which is at most POOL_BLOCK_BYTES_MAX (0 counts as 1), aligned to
 * POOL_ALIGNMENT, not cleared; NULL when there is no memory. */
void *pool_allocate(pool_allocator *allocator, size_t bytes);

/* Frees a block that was allocated with the same `bytes`. */
void pool_free(pool_allocator *allocator, void *block, size_t bytes);

/* Bytes of arenas mapped now, O(1); of blocks in use, as rounded to their class, O(pools). */
size_t pool_bytes_mapped(const pool_allocator *allocator);
size_t pool_bytes_in_use(const pool_allocator *allocator);

enum { POOL_MESSAGE_MAX = 160 };

/* Verifies the invariants above. True when all hold; else the first violation in `message`.
 * O(arenas × pools + free blocks); needs no memory. */
bool pool_check(const pool_allocator *allocator, char message[POOL_MESSAGE_MAX]);

#endif
