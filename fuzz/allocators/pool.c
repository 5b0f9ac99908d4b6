/* Fuzzes the allocator `pool`: any order of allocating, freeing and sweeping.
 *
 * An input is operations of two bytes. The model is a table of the blocks in use, and each block carries its place in that table at both
 * of its ends.
 *
 * Properties: a block is aligned and no other's, so that what was written into it is there when it is freed; the bytes in use are the sum
 * of what was asked for, rounded to the size classes; a walk meets each block in use exactly once, and may free what it met; the
 * allocator's own invariants hold (pool_check()); once all is freed nothing is in use, and no more arenas stay than may. */
#include "allocators/pool/pool.h"
#include "allocators/pool/pool_walk.h"
#include "fuzz/driver.h"
#include "fuzz/property.h"

#include <string.h>

enum {
    BLOCKS_MAX = 16384,  /* of the largest class these are four arenas */
    MADE_MAX = 20000,    /* in one input: some of them are slow otherwise */
    MANY = 16,           /* blocks of one operation: this many times its second byte */
    LARGE_ARGUMENT = 256 /* the second byte is less */
};

typedef struct placed {
    char *at;
    uint32_t bytes;
} placed;

typedef struct state {
    pool_allocator *allocator;
    placed blocks[BLOCKS_MAX];
    uint32_t count; /* those in use */
    uint32_t made;
    size_t bytes; /* in use, rounded */
} state;

static size_t rounded(size_t bytes)
{
    size_t granules = (bytes + POOL_ALIGNMENT - 1) / POOL_ALIGNMENT;

    return (granules != 0 ? granules : 1) * POOL_ALIGNMENT;
}

/* The last of these bytes is the block's last, whatever was asked for. */
static void write_place(const placed *b, uint32_t place)
{
    memcpy(b->at, &place, sizeof place);
    memcpy(b->at + rounded(b->bytes) - sizeof place, &place, sizeof place);
}

static void check_place(const state *s, uint32_t place)
{
    const placed *b = s->blocks + place;
    uint32_t first, last;

    memcpy(&first, b->at, sizeof first);
    memcpy(&last, b->at + rounded(b->bytes) - sizeof last, sizeof last);
    CHECK(first == place && last == place, "overwritten");
}

/* False when this input has had enough. */
static bool allocate(state *s, uint32_t bytes)
{
    placed *b = s->blocks + s->count;

    if (s->count == BLOCKS_MAX || s->made == MADE_MAX)
        return false;
    *b = (placed){.at = pool_allocate(s->allocator, bytes), .bytes = bytes};
    CHECK(b->at != NULL, "memory");
    CHECK((uintptr_t)b->at % POOL_ALIGNMENT == 0, "aligned");
    write_place(b, s->count++);
    s->made++;
    s->bytes += rounded(bytes);
    return true;
}

/* The last of the table takes its place. */
static void forget(state *s, uint32_t place)
{
    s->bytes -= rounded(s->blocks[place].bytes);
    s->blocks[place] = s->blocks[--s->count];
    if (place != s->count)
        write_place(s->blocks + place, place);
}

static void free_block(state *s, uint32_t place)
{
    placed b = s->blocks[place];

    check_place(s, place);
    forget(s, place);
    pool_free(s->allocator, b.at, b.bytes);
}

static void free_every(state *s, uint32_t step)
{
    for (uint32_t place = s->count; place-- != 0;) {
        if (place % step == 0)
            free_block(s, place);
    }
}

static void free_class(state *s, size_t class_bytes)
{
    for (uint32_t place = s->count; place-- != 0;) {
        if (rounded(s->blocks[place].bytes) == class_bytes)
            free_block(s, place);
    }
}

/* Frees one of `step` blocks, in the order of the walk. */
static void sweep(state *s, uint32_t step)
{
    static bool is_met[BLOCKS_MAX];
    pool_walk walk;
    uint32_t met = 0, in_use = s->count;
    char *at;

    memset(is_met, 0, in_use * sizeof *is_met);
    pool_walk_open(&walk, s->allocator);
    while ((at = pool_walk_next(&walk)) != NULL) {
        uint32_t place;
        memcpy(&place, at, sizeof place);
        CHECK(place < s->count && s->blocks[place].at == at, "walk: no block in use");
        CHECK(!is_met[place], "walk: a block twice");
        is_met[place] = true;
        if (++met % step == 0) {
            is_met[place] = is_met[s->count - 1]; /* which takes its place */
            free_block(s, place);
        }
    }
    CHECK(met == in_use, "walk: a block is left out");
}

/* As a collector does it: runs of `run` blocks of the table stay, every `step`th of them. Pools without any go whole. */
static void collect(state *s, uint32_t step, uint32_t run)
{
    static bool stays[BLOCKS_MAX];
    pool_walk walk;
    void *at;

    for (uint32_t place = 0; place < s->count; place++) {
        stays[place] = place / run % step == 0;
        if (stays[place])
            pool_mark(s->blocks[place].at);
    }
    pool_walk_open(&walk, s->allocator);
    while (pool_walk_on(&walk)) {
        uint32_t in_use = walk.pool->in_use, marked = pool_take_marks(walk.pool);
        if (marked == 0) {
            pool_free_all(s->allocator, walk.pool);
        } else if (marked != in_use) {
            pool_walk_enter(&walk);
            while ((at = pool_walk_here(&walk)) != NULL) {
                uint32_t place;
                memcpy(&place, at, sizeof place);
                CHECK(place < s->count && s->blocks[place].at == at, "walk: no block in use");
                if (!stays[place])
                    pool_free(s->allocator, at, s->blocks[place].bytes);
            }
        }
    }
    for (uint32_t place = s->count; place-- != 0;) {
        if (!stays[place])
            forget(s, place);
    }
}

static void check_all(const state *s)
{
    char message[POOL_MESSAGE_MAX];

    if (!pool_check(s->allocator, message)) {
        fprintf(stderr, "%s\n", message);
        CHECK(false, "pool_check");
    }
    CHECK(pool_bytes_in_use(s->allocator) == s->bytes, "bytes in use");
    CHECK(pool_bytes_mapped(s->allocator) % POOL_ARENA_BYTES == 0 &&
              pool_bytes_mapped(s->allocator) >= s->bytes,
          "bytes mapped");
    for (uint32_t place = 0; place < s->count; place++)
        check_place(s, place);
}

static void run_operation(state *s, uint8_t code, uint8_t argument)
{
    uint32_t high = code >> 3;

    switch (code & 7) {
    case 0:
        allocate(s,
                 (high & 1) * LARGE_ARGUMENT + argument + (high >> 4)); /* the largest block too */
        break;
    case 1:
        for (uint32_t i = 0; i < (argument + 1u) * MANY; i++)
            allocate(s, (high + 1) * POOL_ALIGNMENT);
        break;
    case 2:
        if (s->count != 0)
            free_block(s, (high * LARGE_ARGUMENT + argument) % s->count);
        break;
    case 3:
        free_every(s, high + 1);
        break;
    case 4:
        sweep(s, high + 1);
        break;
    case 5:
        free_class(s, (high + 1) * POOL_ALIGNMENT);
        break;
    case 6:
        for (uint32_t i = 0; i < argument && allocate(s, high * POOL_ALIGNMENT); i++)
            free_block(s, s->count - 1); /* the same block again and again */
        break;
    default:
        if (high != 0)
            collect(s, high, argument + 1u);
        check_all(s);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static state s;

    s.count = s.made = 0;
    s.bytes = 0;
    s.allocator = pool_open();
    CHECK(s.allocator != NULL, "memory");
    for (size_t i = 0; i + 1 < size; i += 2)
        run_operation(&s, data[i], data[i + 1]);
    check_all(&s);
    free_every(&s, 1);
    check_all(&s);
    CHECK(pool_bytes_mapped(s.allocator) <=
              (size_t)(POOL_EMPTY_ARENAS_MAX + POOL_CLASSES) * POOL_ARENA_BYTES,
          "arenas kept");
    pool_close(s.allocator);
    return 0;
}
