#define _GNU_SOURCE
#include "allocators/pool/pool_inside.h"
#include "allocators/pool/pool_walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- Rings of arenas ---- */

static void arena_link(arena **ring, arena *a)
{
    if (*ring == NULL) {
        *ring = a->next = a->previous = a;
        return;
    }
    a->next = *ring;
    a->previous = a->next->previous;
    a->previous->next = a->next->previous = a;
}

static void arena_unlink(arena **ring, arena *a)
{
    if (*ring == a)
        *ring = a->next != a ? a->next : NULL;
    a->previous->next = a->next;
    a->next->previous = a->previous;
}

static arena **ring_of(pool_allocator *allocator, const arena *a)
{
    return a->free_count != 0 ? allocator->by_free + a->free_count : &allocator->all_full;
}

/* Moves an arena to the ring of its new number of free pools. */
static void arena_recount(pool_allocator *allocator, arena *a, uint32_t free_count)
{
    arena_unlink(ring_of(allocator, a), a);
    a->free_count = free_count;
    arena_link(ring_of(allocator, a), a);
    if (free_count != 0 && free_count < allocator->fewest_free)
        allocator->fewest_free = free_count;
}

/* ---- Arenas ---- */

/* Memory for an arena, at a multiple of its size: a larger mapping, whose ends are given back, unless the
 * system happens to choose such an address, as it does for most that follow another. */
static void *map_arena(void)
{
    const size_t bytes = POOL_ARENA_BYTES;
    char *mapping = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before;

    if (mapping == MAP_FAILED || (uintptr_t)mapping % bytes == 0)
        return mapping;
    munmap(mapping, bytes);
    mapping = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED)
        return mapping;
    before = bytes - (uintptr_t)mapping % bytes;
    munmap(mapping, before);
    if (before < bytes)
        munmap(mapping + before + bytes, bytes - before);
    return mapping + before;
}

static void arena_list(pool_allocator *allocator, arena *a)
{
    a->older = allocator->newest;
    if (a->older != NULL)
        a->older->newer = a;
    allocator->newest = a;
}

static void arena_unlist(pool_allocator *allocator, arena *a)
{
    if (a->older != NULL)
        a->older->newer = a->newer;
    if (a->newer != NULL)
        a->newer->older = a->older;
    else
        allocator->newest = a->older;
}

static arena *arena_open(pool_allocator *allocator)
{
    arena *a = malloc(sizeof *a);
    void *mapping;

    if (a == NULL)
        return NULL;
    mapping = map_arena();
    if (mapping == MAP_FAILED) {
        free(a);
        return NULL;
    }
    if (allocator->bytes_mapped >= POOL_HUGE_PAGES_FROM)
        madvise(mapping, POOL_ARENA_BYTES, MADV_HUGEPAGE); /* refused: no harm is done */
    *a = (arena){.pools = mapping, .free_count = POOL_ARENA_POOLS};
    arena_link(ring_of(allocator, a), a);
    arena_list(allocator, a);
    allocator->empty_count++;
    allocator->bytes_mapped += POOL_ARENA_BYTES;
    return a;
}

static void arena_close(pool_allocator *allocator, arena *a)
{
    arena_unlink(ring_of(allocator, a), a);
    arena_unlist(allocator, a);
    allocator->bytes_mapped -= POOL_ARENA_BYTES;
    UNPOISON(a->pools, POOL_ARENA_BYTES);
    munmap(a->pools, POOL_ARENA_BYTES);
    free(a);
}

/* The arena with the fewest free pools, made if there is none. */
static arena *fullest_arena(pool_allocator *allocator)
{
    for (uint32_t n = allocator->fewest_free; n <= POOL_ARENA_POOLS; n++) {
        if (allocator->by_free[n] != NULL) {
            allocator->fewest_free = n;
            return allocator->by_free[n];
        }
    }
    allocator->fewest_free = POOL_ARENA_POOLS;
    return arena_open(allocator);
}

/* ---- Pools ---- */

static pool *pool_of_arena(const arena *a, uint32_t i)
{
    return pool_at((uintptr_t)a->pools + (size_t)POOL_BYTES * i);
}

/* Of the pool's memory, what is behind the start of its header. */
static uint32_t pool_bytes(const pool *p)
{
    return POOL_BYTES - (uint32_t)((uintptr_t)p % POOL_BYTES);
}

static bool pool_has_room(const pool *p)
{
    return p->free != NULL || p->carved + pool_block_bytes(p->class) <= pool_bytes(p);
}

static bool is_alone(const pool *p)
{
    return p->next == p;
}

static void pool_link(pool_allocator *allocator, pool *p)
{
    pool **ring = allocator->usable + p->class;

    if (*ring == &allocator->none) {
        p->next = p->previous = p;
        p->settle_at = (uint32_t)POOL_NEVER;
    } else {
        p->next = *ring;
        p->previous = p->next->previous;
        p->previous->next = p->next->previous = p;
        p->settle_at = p->next->settle_at = 0;
    }
    p->linked = true;
    *ring = p;
}

static void pool_unlink(pool_allocator *allocator, pool *p)
{
    pool **ring = allocator->usable + p->class;

    if (*ring == p)
        *ring = !is_alone(p) ? p->next : &allocator->none;
    p->previous->next = p->next;
    p->next->previous = p->previous;
    if (is_alone(p->next))
        p->next->settle_at = (uint32_t)POOL_NEVER;
    p->settle_at = p->in_use - 1;
    p->linked = false;
}

/* An empty pool for the class, linked; NULL when there is no memory. */
__attribute__((noinline)) static pool *pool_take(pool_allocator *allocator, uint32_t class)
{
    arena *a = fullest_arena(allocator);
    pool *p;

    if (a == NULL)
        return NULL;
    p = a->free;
    if (p != NULL)
        a->free = p->next;
    else
        p = pool_of_arena(a, a->cut++);
    allocator->empty_count -= a->free_count == POOL_ARENA_POOLS;
    arena_recount(allocator, a, a->free_count - 1);
    *p = (pool){.arena = a, .class = (uint16_t) class, .carved = sizeof *p};
    POISON(p + 1, pool_bytes(p) - sizeof *p);
    pool_link(allocator, p);
    return p;
}

/* Gives an empty pool back to its arena, and that to the system when enough empty ones are kept. */
__attribute__((noinline)) static void pool_give_back(pool_allocator *allocator, pool *p)
{
    arena *a = p->arena;

    pool_unlink(allocator, p);
    p->class = POOL_CLASSES;
    p->next = a->free;
    a->free = p;
    arena_recount(allocator, a, a->free_count + 1);
    if (a->free_count < POOL_ARENA_POOLS)
        return;
    if (allocator->empty_count == POOL_EMPTY_ARENAS_MAX)
        arena_close(allocator, a);
    else
        allocator->empty_count++;
}

/* ---- Blocks ---- */

/* The first pool of the class that has room, or a new one. Full ones that it meets leave the ring. */
static pool *find_room(pool_allocator *allocator, uint32_t class)
{
    pool *p;

    while ((p = allocator->usable[class]) != &allocator->none) {
        if (pool_has_room(p))
            return p;
        pool_unlink(allocator, p);
    }
    return pool_take(allocator, class);
}

/* Puts blocks that were never in use on the list of free ones, in the order of their addresses: as
 * many as begin within the next stretch, and one at least. A page of memory is touched when it is about
 * to be used, and not before. */
static void pool_carve(pool *p)
{
    uint32_t size = pool_block_bytes(p->class), end = p->carved + POOL_CARVED_BYTES;
    block **last = &p->free;

    do {
        block *b = (block *)(void *)((char *)p + p->carved);
        *last = b;
        UNPOISON(b, sizeof *b);
        b->next = NULL;
        last = &b->next;
        p->carved += size;
    } while (p->carved < end && p->carved + size <= pool_bytes(p));
    POISON(p->free, (size_t)((char *)p + p->carved - (char *)p->free));
}

void *pool_allocate_slowly(pool_allocator *allocator, uint32_t class)
{
    pool *p = find_room(allocator, class);

    if (p == NULL)
        return NULL;
    if (p->free == NULL)
        pool_carve(p);
    return pool_allocate_fast(allocator, pool_block_bytes(class));
}

void pool_settle(pool_allocator *allocator, pool *p)
{
    if (!p->linked)
        pool_link(allocator, p);
    if (p->in_use == 0 && !is_alone(p))
        pool_give_back(allocator, p);
}

/* The pool is as pool_take() made it, so that its blocks are carved anew, in the order of their addresses. */
void pool_free_all(pool_allocator *allocator, pool *p)
{
    assert(p->marked == 0 && "frees blocks that are counted to stay");
    p->free = NULL;
    p->in_use = 0;
    p->carved = sizeof *p;
    POISON(p + 1, pool_bytes(p) - sizeof *p);
    pool_settle(allocator, p);
}

void *pool_allocate(pool_allocator *allocator, size_t bytes)
{
    return pool_allocate_fast(allocator, bytes != 0 ? bytes : 1);
}

void pool_free(pool_allocator *allocator, void *block, size_t bytes)
{
    const pool *p = pool_at((uintptr_t)block);

    assert(p->class == pool_class_of(bytes != 0 ? bytes : 1) && "freed with another size");
    (void)p, (void)bytes;
    pool_free_fast(allocator, block);
}

/* ---- The allocator ---- */

pool_allocator *pool_open(void)
{
    pool_allocator *allocator = calloc(1, sizeof *allocator);

    if (allocator == NULL)
        return NULL;
    allocator->fewest_free = POOL_ARENA_POOLS;
    for (uint32_t class = 0; class < POOL_CLASSES; class ++)
        allocator->usable[class] = &allocator->none;
    return allocator;
}

void pool_close(pool_allocator *allocator)
{
    while (allocator->newest != NULL)
        arena_close(allocator, allocator->newest);
    free(allocator);
}

size_t pool_bytes_mapped(const pool_allocator *allocator)
{
    return allocator->bytes_mapped;
}

size_t pool_bytes_in_use(const pool_allocator *allocator)
{
    size_t bytes = 0;

    for (const arena *a = allocator->newest; a != NULL; a = a->older) {
        for (uint32_t i = 0; i < a->cut; i++) {
            const pool *p = pool_of_arena(a, i);
            if (p->class < POOL_CLASSES)
                bytes += (size_t)p->in_use * pool_block_bytes(p->class);
        }
    }
    return bytes;
}

/* ---- Walking ---- */

/* The next free block, read past the poison. */
__attribute__((no_sanitize("address"))) static const block *next_free(const block *b)
{
    return b->next;
}

/* Notes which blocks of the walk's pool are free, by their list. */
static void note_free_blocks(pool_walk *walk, const pool *p)
{
    memset(walk->is_free, 0, sizeof walk->is_free);
    for (const block *b = p->free; b != NULL; b = next_free(b)) {
        uint32_t granule = (uint32_t)((uintptr_t)b % POOL_BYTES / POOL_ALIGNMENT);
        walk->is_free[granule / 64] |= UINT64_C(1) << granule % 64;
    }
}

void pool_walk_enter(pool_walk *walk)
{
    const pool *p = walk->pool;

    walk->block_bytes = pool_block_bytes(p->class);
    walk->first = (char *)p + sizeof *p;
    walk->at = (char *)p + p->carved;
    note_free_blocks(walk, p);
}

void pool_walk_open(pool_walk *walk, const pool_allocator *allocator)
{
    *walk = (pool_walk){.next_arena = allocator->newest};
}

/* An arena may be gone as soon as its last block in use has been given to the walker. So what is needed of
 * it is taken when the walk enters it, and its pools in use are counted down. */
static void walk_into_arena(pool_walk *walk, const arena *a)
{
    walk->arena = a;
    walk->next_arena = a->older;
    walk->pools_left = POOL_ARENA_POOLS - a->free_count;
    walk->pools_met = 0;
}

bool pool_walk_on(pool_walk *walk)
{
    while (walk->pools_left == 0) {
        if (walk->next_arena == NULL)
            return false;
        walk_into_arena(walk, walk->next_arena);
    }
    do
        walk->pool = pool_of_arena(walk->arena, walk->pools_met++);
    while (walk->pool->class == POOL_CLASSES);
    walk->pools_left--;
    return true;
}

/* ---- Verifying ---- */

__attribute__((format(printf, 2, 3))) static bool violation(char message[POOL_MESSAGE_MAX],
                                                            const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, POOL_MESSAGE_MAX, format, arguments);
    va_end(arguments);
    return false;
}

static bool is_usable(const pool_allocator *allocator, const pool *wanted)
{
    const pool *p = allocator->usable[wanted->class];

    if (p == &allocator->none)
        return false;
    do {
        if (p == wanted)
            return true;
        p = p->next;
    } while (p != allocator->usable[wanted->class]);
    return false;
}

static uint32_t expected_settling(const pool *p)
{
    if (!p->linked)
        return p->in_use - 1;
    return is_alone(p) ? (uint32_t)POOL_NEVER : 0;
}

static bool check_pool(const pool_allocator *allocator, const pool *p,
                       char message[POOL_MESSAGE_MAX])
{
    uint32_t size = pool_block_bytes(p->class), carved = (p->carved - (uint32_t)sizeof *p) / size;
    uint32_t on_list = 0;

    if (p->class >= POOL_CLASSES || p->carved > pool_bytes(p))
        return violation(message, "pool %p: class %u, %u bytes carved", (const void *)p, p->class,
                         p->carved);
    for (const block *b = p->free; b != NULL && on_list <= carved; b = next_free(b))
        on_list++;
    if (carved != p->in_use + on_list)
        return violation(message, "pool %p: %u blocks carved, %u in use, %u free", (const void *)p,
                         carved, p->in_use, on_list);
    if (p->marked > p->in_use)
        return violation(message, "pool %p: %u blocks marked, %u in use", (const void *)p,
                         p->marked, p->in_use);
    if (is_usable(allocator, p) != p->linked || (pool_has_room(p) && !p->linked))
        return violation(message, "pool %p: %s the usable ones", (const void *)p,
                         p->linked ? "said to be among" : "has room, and is not among");
    if (p->settle_at != expected_settling(p))
        return violation(message, "pool %p: settles at %u blocks in use, and %u are",
                         (const void *)p, p->settle_at, p->in_use);
    return true;
}

static bool is_free_in(const arena *a, const pool *wanted)
{
    for (const pool *p = a->free; p != NULL; p = p->next) {
        if (p == wanted)
            return true;
    }
    return false;
}

static bool check_arena(const pool_allocator *allocator, const arena *a, uint32_t expected_free,
                        char message[POOL_MESSAGE_MAX])
{
    uint32_t free_count = POOL_ARENA_POOLS - a->cut;

    if (a->free_count != expected_free)
        return violation(message, "arena %p: %u free pools, in the ring of %u",
                         (const void *)a->pools, a->free_count, expected_free);
    for (uint32_t i = 0; i < a->cut; i++) {
        const pool *p = pool_of_arena(a, i);
        if (is_free_in(a, p))
            free_count++;
        else if (!check_pool(allocator, p, message))
            return false;
    }
    if (free_count != a->free_count)
        return violation(message, "arena %p: counts %u free pools, has %u", (const void *)a->pools,
                         a->free_count, free_count);
    return true;
}

bool pool_check(const pool_allocator *allocator, char message[POOL_MESSAGE_MAX])
{
    size_t mapped = 0;

    for (uint32_t n = 0; n <= POOL_ARENA_POOLS; n++) {
        const arena *ring = n != 0 ? allocator->by_free[n] : allocator->all_full, *a = ring;
        if (ring != NULL && n != 0 && n < allocator->fewest_free)
            return violation(message, "arenas with %u free pools, and the fewest are %u", n,
                             allocator->fewest_free);
        while (a != NULL) {
            if (!check_arena(allocator, a, n, message))
                return false;
            mapped += POOL_ARENA_BYTES;
            a = a->next != ring ? a->next : NULL;
        }
    }
    if (mapped != allocator->bytes_mapped)
        return violation(message, "%zu bytes mapped, counted %zu", mapped, allocator->bytes_mapped);
    return true;
}
