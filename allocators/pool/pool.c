#define _GNU_SOURCE
#include "allocators/pool/pool.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

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
    uint32_t unused; /* the first block stays aligned */
} __attribute__((aligned(POOL_ALIGNMENT))) pool;

struct arena {
    arena *next, *previous; /* ring of the arenas with as many free pools; unlinked with none */
    pool *free;
    char *pools;         /* the first, aligned */
    uint32_t free_count; /* pools, the uncut ones included */
    uint32_t cut;        /* pools that have been in use */
    void *mapping;
};

struct pool_allocator {
    pool *usable[POOL_CLASSES];           /* rings; NULL: none */
    arena *by_free[POOL_ARENA_POOLS + 1]; /* rings of arenas; index: free pools; 0 unused */
    uint32_t fewest_free;                 /* no ring before this index has an arena */
    arena *all_full;                      /* ring of arenas without a free pool */
    size_t bytes_mapped, bytes_in_use;
};

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

static arena *arena_open(pool_allocator *allocator)
{
    arena *a = malloc(sizeof *a);
    void *mapping;

    if (a == NULL)
        return NULL;
    mapping =
        mmap(NULL, POOL_ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) {
        free(a);
        return NULL;
    }
    *a = (arena){
        .mapping = mapping,
        .pools = (char *)(((uintptr_t)mapping + POOL_BYTES - 1) & ~(uintptr_t)(POOL_BYTES - 1)),
        .free_count = POOL_ARENA_POOLS,
    };
    arena_link(ring_of(allocator, a), a);
    allocator->bytes_mapped += POOL_ARENA_BYTES;
    return a;
}

static void arena_close(pool_allocator *allocator, arena *a)
{
    arena_unlink(ring_of(allocator, a), a);
    allocator->bytes_mapped -= POOL_ARENA_BYTES;
    UNPOISON(a->mapping, POOL_ARENA_BYTES);
    munmap(a->mapping, POOL_ARENA_BYTES);
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

static uint32_t block_bytes(uint32_t class)
{
    return (class + 1) * POOL_ALIGNMENT;
}

static bool pool_has_room(const pool *p)
{
    return p->free != NULL || p->carved + block_bytes(p->class) <= POOL_BYTES;
}

static void pool_link(pool_allocator *allocator, pool *p)
{
    pool **ring = allocator->usable + p->class;

    if (*ring == NULL) {
        p->next = p->previous = p;
    } else {
        p->next = *ring;
        p->previous = p->next->previous;
        p->previous->next = p->next->previous = p;
    }
    *ring = p;
}

static void pool_unlink(pool_allocator *allocator, pool *p)
{
    pool **ring = allocator->usable + p->class;

    if (*ring == p)
        *ring = p->next != p ? p->next : NULL;
    p->previous->next = p->next;
    p->next->previous = p->previous;
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
        p = (pool *)(void *)(a->pools + (size_t)POOL_BYTES * a->cut++);
    arena_recount(allocator, a, a->free_count - 1);
    *p = (pool){.arena = a, .class = class, .carved = sizeof *p};
    POISON(p + 1, POOL_BYTES - sizeof *p);
    pool_link(allocator, p);
    return p;
}

/* Gives an empty pool back to its arena, and that to the system when it is the second empty one. */
__attribute__((noinline)) static void pool_give_back(pool_allocator *allocator, pool *p)
{
    arena *a = p->arena;

    pool_unlink(allocator, p);
    p->next = a->free;
    a->free = p;
    arena_recount(allocator, a, a->free_count + 1);
    if (a->free_count == POOL_ARENA_POOLS && a->next != a)
        arena_close(allocator, a);
}

/* ---- Blocks ---- */

static uint32_t class_of(size_t bytes)
{
    assert(bytes <= POOL_BLOCK_BYTES_MAX && "too large for a pool");
    return bytes != 0 ? (uint32_t)((bytes - 1) / POOL_ALIGNMENT) : 0;
}

void *pool_allocate(pool_allocator *allocator, size_t bytes)
{
    uint32_t class = class_of(bytes);
    pool *p = allocator->usable[class];
    block *b;

    if (__builtin_expect(p == NULL, 0)) {
        p = pool_take(allocator, class);
        if (p == NULL)
            return NULL;
    }
    b = p->free;
    if (b != NULL) {
        UNPOISON(b, block_bytes(class));
        p->free = b->next;
    } else {
        b = (block *)(void *)((char *)p + p->carved);
        UNPOISON(b, block_bytes(class));
        p->carved += block_bytes(class);
    }
    p->in_use++;
    allocator->bytes_in_use += block_bytes(class);
    if (__builtin_expect(!pool_has_room(p), 0))
        pool_unlink(allocator, p);
    return b;
}

void pool_free(pool_allocator *allocator, void *freed, size_t bytes)
{
    pool *p = (pool *)((uintptr_t)freed & ~(uintptr_t)(POOL_BYTES - 1));
    block *b = freed;
    bool had_room = pool_has_room(p);

    assert(p->class == class_of(bytes) && "freed with another size, or not of this allocator");
    assert(p->in_use > 0 && "freed twice");
    (void)bytes;
    b->next = p->free;
    p->free = b;
    p->in_use--;
    allocator->bytes_in_use -= block_bytes(p->class);
    POISON(b, block_bytes(p->class));
    if (__builtin_expect(!had_room, 0))
        pool_link(allocator, p);
    if (__builtin_expect(p->in_use == 0, 0) && p->next != p)
        pool_give_back(allocator, p);
}

/* ---- The allocator ---- */

pool_allocator *pool_open(void)
{
    pool_allocator *allocator = calloc(1, sizeof *allocator);

    if (allocator != NULL)
        allocator->fewest_free = POOL_ARENA_POOLS;
    return allocator;
}

void pool_close(pool_allocator *allocator)
{
    while (allocator->all_full != NULL)
        arena_close(allocator, allocator->all_full);
    for (uint32_t n = 1; n <= POOL_ARENA_POOLS; n++) {
        while (allocator->by_free[n] != NULL)
            arena_close(allocator, allocator->by_free[n]);
    }
    free(allocator);
}

size_t pool_bytes_mapped(const pool_allocator *allocator)
{
    return allocator->bytes_mapped;
}

size_t pool_bytes_in_use(const pool_allocator *allocator)
{
    return allocator->bytes_in_use;
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

/* The next free block, read past the poison. */
__attribute__((no_sanitize("address"))) static const block *next_free(const block *b)
{
    return b->next;
}

static bool is_usable(const pool_allocator *allocator, const pool *wanted)
{
    const pool *p = allocator->usable[wanted->class];

    if (p == NULL)
        return false;
    do {
        if (p == wanted)
            return true;
        p = p->next;
    } while (p != allocator->usable[wanted->class]);
    return false;
}

static bool check_pool(const pool_allocator *allocator, const pool *p, size_t *in_use,
                       char message[POOL_MESSAGE_MAX])
{
    uint32_t size = block_bytes(p->class), carved = (p->carved - (uint32_t)sizeof *p) / size;
    uint32_t on_list = 0;

    if (p->class >= POOL_CLASSES || p->carved > POOL_BYTES)
        return violation(message, "pool %p: class %u, %u bytes carved", (const void *)p, p->class,
                         p->carved);
    for (const block *b = p->free; b != NULL && on_list <= carved; b = next_free(b))
        on_list++;
    if (carved != p->in_use + on_list)
        return violation(message, "pool %p: %u blocks carved, %u in use, %u free", (const void *)p,
                         carved, p->in_use, on_list);
    if (is_usable(allocator, p) != pool_has_room(p))
        return violation(message, "pool %p: %s among the usable ones", (const void *)p,
                         pool_has_room(p) ? "missing" : "full, and");
    *in_use += (size_t)p->in_use * size;
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
                        size_t *in_use, char message[POOL_MESSAGE_MAX])
{
    uint32_t free_count = POOL_ARENA_POOLS - a->cut;

    if (a->free_count != expected_free)
        return violation(message, "arena %p: %u free pools, in the ring of %u", a->mapping,
                         a->free_count, expected_free);
    for (uint32_t i = 0; i < a->cut; i++) {
        const pool *p = (const pool *)(const void *)(a->pools + (size_t)POOL_BYTES * i);
        if (is_free_in(a, p))
            free_count++;
        else if (!check_pool(allocator, p, in_use, message))
            return false;
    }
    if (free_count != a->free_count)
        return violation(message, "arena %p: counts %u free pools, has %u", a->mapping,
                         a->free_count, free_count);
    return true;
}

bool pool_check(const pool_allocator *allocator, char message[POOL_MESSAGE_MAX])
{
    size_t in_use = 0, mapped = 0;

    for (uint32_t n = 0; n <= POOL_ARENA_POOLS; n++) {
        const arena *ring = n != 0 ? allocator->by_free[n] : allocator->all_full, *a = ring;
        if (ring != NULL && n != 0 && n < allocator->fewest_free)
            return violation(message, "arenas with %u free pools, and the fewest are %u", n,
                             allocator->fewest_free);
        while (a != NULL) {
            if (!check_arena(allocator, a, n, &in_use, message))
                return false;
            mapped += POOL_ARENA_BYTES;
            a = a->next != ring ? a->next : NULL;
        }
    }
    if (in_use != allocator->bytes_in_use || mapped != allocator->bytes_mapped)
        return violation(message, "%zu bytes in use and %zu mapped, counted %zu and %zu", in_use,
                         mapped, allocator->bytes_in_use, allocator->bytes_mapped);
    return true;
}
