/* The pool allocator: sizes and alignment, what is reused, what goes back to the system, and random
 * programs of allocations and frees whose blocks keep their contents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "allocators/pool/pool_walk.h"

static int open_allocator(void **state)
{
    *state = pool_open();
    return *state == NULL;
}

static int close_allocator(void **state)
{
    pool_close(*state);
    return 0;
}

static void verify(const pool_allocator *allocator)
{
    char message[POOL_MESSAGE_MAX];

    if (!pool_check(allocator, message))
        fail_msg("%s", message);
}

static void every_size_is_aligned_and_its_own(void **state)
{
    char *blocks[POOL_BLOCK_BYTES_MAX + 1];

    for (size_t bytes = 0; bytes <= POOL_BLOCK_BYTES_MAX; bytes++) {
        blocks[bytes] = pool_allocate(*state, bytes);
        assert_non_null(blocks[bytes]);
        assert_int_equal((uintptr_t)blocks[bytes] % POOL_ALIGNMENT, 0);
        memset(blocks[bytes], (int)bytes, bytes);
    }
    verify(*state);
    for (size_t bytes = 0; bytes <= POOL_BLOCK_BYTES_MAX; bytes++) {
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal((unsigned char)blocks[bytes][i], bytes & 0xff);
        pool_free(*state, blocks[bytes], bytes);
    }
    assert_int_equal(pool_bytes_in_use(*state), 0);
    verify(*state);
}

static void the_block_freed_last_is_used_first(void **state)
{
    void *first = pool_allocate(*state, 40), *second = pool_allocate(*state, 40);

    pool_free(*state, first, 40);
    pool_free(*state, second, 40);
    assert_ptr_equal(pool_allocate(*state, 33), second);
    assert_ptr_equal(pool_allocate(*state, 48), first);
}

static void the_last_pool_of_a_class_is_kept(void **state)
{
    size_t mapped;

    pool_free(*state, pool_allocate(*state, 16), 16);
    mapped = pool_bytes_mapped(*state);
    for (int i = 0; i < 1000; i++)
        pool_free(*state, pool_allocate(*state, 16), 16);
    assert_int_equal(pool_bytes_mapped(*state), mapped);
    assert_int_equal(mapped, POOL_ARENA_BYTES);
}

/* Enough blocks of the largest class for several arenas. */
enum { ARENAS = 40, MANY = ARENAS * POOL_ARENA_BYTES / POOL_BLOCK_BYTES_MAX };

static void empty_arenas_go_back_to_the_system(void **state)
{
    static void *blocks[MANY];

    for (int i = 0; i < MANY; i++)
        blocks[i] = pool_allocate(*state, POOL_BLOCK_BYTES_MAX);
    assert_true(pool_bytes_mapped(*state) > ARENAS * POOL_ARENA_BYTES);
    verify(*state);
    for (int i = 0; i < MANY; i++)
        pool_free(*state, blocks[i], POOL_BLOCK_BYTES_MAX);
    verify(*state);
    assert_in_range(pool_bytes_mapped(*state), POOL_ARENA_BYTES,
                    (POOL_EMPTY_ARENAS_MAX + 1) * POOL_ARENA_BYTES);
}

static void one_block_left_keeps_its_arena_only(void **state)
{
    static void *blocks[MANY];

    for (int i = 0; i < MANY; i++)
        blocks[i] = pool_allocate(*state, POOL_BLOCK_BYTES_MAX);
    for (int i = 0; i < MANY; i++) {
        if (i != MANY / 2)
            pool_free(*state, blocks[i], POOL_BLOCK_BYTES_MAX);
    }
    verify(*state);
    assert_int_equal(pool_bytes_in_use(*state), POOL_BLOCK_BYTES_MAX);
    assert_in_range(pool_bytes_mapped(*state), POOL_ARENA_BYTES,
                    (POOL_EMPTY_ARENAS_MAX + 2) * POOL_ARENA_BYTES);
}

typedef struct allocation {
    unsigned char *block;
    size_t bytes;
} allocation;

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void toggle(pool_allocator *allocator, allocation *a, uint32_t bytes, unsigned char fill)
{
    if (a->block == NULL) {
        *a = (allocation){pool_allocate(allocator, bytes), bytes};
        memset(a->block, fill, bytes);
        return;
    }
    for (size_t i = 0; i < a->bytes; i++)
        assert_int_equal(a->block[i], fill);
    pool_free(allocator, a->block, a->bytes);
    a->block = NULL;
}

static void random_programs_keep_every_block(void **state)
{
    enum { PLACES = 5000, STEPS = 300000, PHASE = 50000 };
    static allocation places[PLACES];

    for (uint32_t seed = 1; seed <= 3; seed++) {
        uint32_t random = seed;
        memset(places, 0, sizeof places);
        for (uint32_t step = 0; step < STEPS; step++) {
            uint32_t place = next_random(&random) % PLACES;
            uint32_t bytes = next_random(&random) % (POOL_BLOCK_BYTES_MAX + 1);
            bool shrinking = step / PHASE % 2 == 1; /* places are emptied, and hardly filled */
            if (places[place].block != NULL || !shrinking || step % 16 == 0)
                toggle(*state, places + place, bytes, (unsigned char)place);
            if (step % 10000 == 0)
                verify(*state);
        }
        for (uint32_t place = 0; place < PLACES; place++) {
            if (places[place].block != NULL)
                toggle(*state, places + place, 0, (unsigned char)place);
        }
        assert_int_equal(pool_bytes_in_use(*state), 0);
        verify(*state);
    }
}

/* ---- Sweeping ---- */

/* Frees what is not marked, as pool_walk.h says: `is_marked` is asked of blocks of mixed pools only. Returns
 * how many pools were entered. */
static int sweep(pool_allocator *allocator, bool is_marked(const void *block, size_t bytes))
{
    int entered = 0;
    pool_walk walk;

    pool_walk_open(&walk, allocator);
    while (pool_walk_on(&walk)) {
        uint32_t in_use = walk.pool->in_use, marked = pool_take_marks(walk.pool);
        if (marked == 0) {
            pool_free_all(allocator, walk.pool);
        } else if (marked != in_use) {
            entered++;
            pool_walk_enter(&walk);
            for (void *block; (block = pool_walk_here(&walk)) != NULL;) {
                if (!is_marked(block, walk.block_bytes))
                    pool_free(allocator, block, walk.block_bytes);
            }
        }
    }
    return entered;
}

/* The first byte of a block says whether it is marked, and so do all others. */
static bool is_marked_by_its_contents(const void *block, size_t bytes)
{
    const unsigned char *contents = block;

    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(contents[i], contents[0]);
    return contents[0] == 1;
}

static bool is_never_asked(const void *block, size_t bytes)
{
    (void)block, (void)bytes;
    fail_msg("a pool was entered that is all garbage or all marked");
    return true;
}

enum { BLOCK = 64, POOL_BLOCKS_MAX = POOL_BYTES / BLOCK, POOLS = 300 };

/* Blocks until there are POOLS pools of them, those of the last one too; the number of blocks. */
static uint32_t fill_pools(pool_allocator *allocator, unsigned char **blocks)
{
    const pool *last = NULL;
    uint32_t count = 0;

    for (uint32_t pools = 0;; count++) {
        blocks[count] = pool_allocate(allocator, BLOCK);
        pools += pool_at((uintptr_t)blocks[count]) != last;
        last = pool_at((uintptr_t)blocks[count]);
        if (pools > POOLS)
            break;
    }
    pool_free(allocator, blocks[count], BLOCK);
    return count;
}

static void a_pool_without_a_mark_is_freed_whole(void **state)
{
    static unsigned char *blocks[(POOLS + 1) * POOL_BLOCKS_MAX];
    uint32_t count = fill_pools(*state, blocks), kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        bool marked = (uintptr_t)blocks[i] / POOL_BYTES % 3 == 0;
        if (marked)
            pool_mark(blocks[i] + BLOCK - 1);
        kept += marked;
        memset(blocks[i], marked, BLOCK);
    }
    verify(*state);
    assert_int_equal(sweep(*state, is_never_asked), 0);
    verify(*state);
    assert_int_equal(pool_bytes_in_use(*state), (size_t)kept * BLOCK);
    for (uint32_t i = 0; i < count; i++) {
        if ((uintptr_t)blocks[i] / POOL_BYTES % 3 == 0)
            assert_true(is_marked_by_its_contents(blocks[i], BLOCK));
    }
    sweep(*state, is_never_asked);
    assert_int_equal(pool_bytes_in_use(*state), 0);
    verify(*state);
}

static void arenas_freed_whole_go_back_to_the_system(void **state)
{
    for (int i = 0; i < MANY; i++)
        assert_non_null(pool_allocate(*state, POOL_BLOCK_BYTES_MAX));
    assert_true(pool_bytes_mapped(*state) > ARENAS * POOL_ARENA_BYTES);
    sweep(*state, is_never_asked);
    verify(*state);
    assert_int_equal(pool_bytes_in_use(*state), 0);
    assert_in_range(pool_bytes_mapped(*state), POOL_ARENA_BYTES,
                    (POOL_EMPTY_ARENAS_MAX + 1) * POOL_ARENA_BYTES);
}

/* What is carved anew is as good as what was never in use. */
static void a_pool_freed_whole_is_used_again_from_its_beginning(void **state)
{
    void *first = pool_allocate(*state, BLOCK), *second = pool_allocate(*state, BLOCK);

    pool_free(*state, first, BLOCK);
    pool_free(*state, second, BLOCK);
    assert_ptr_equal(pool_allocate(*state, BLOCK), second);
    sweep(*state, is_never_asked);
    verify(*state);
    assert_ptr_equal(pool_allocate(*state, BLOCK), first);
    assert_ptr_equal(pool_allocate(*state, BLOCK), second);
}

/* Blocks of all classes in runs that are marked or not, and of a few sizes one by one, swept and made again. */
static void random_sweeps_keep_what_is_marked(void **state)
{
    enum { ROUNDS = 30, MADE = 20000, RUN = 2000 };

    for (uint32_t random = 1, round = 0; round < ROUNDS; round++) {
        size_t kept = 0;
        int entered;
        for (uint32_t i = 0, run = 0; i < MADE; i++) {
            uint32_t bytes = next_random(&random) % 3 == 0 ? i % POOL_BLOCK_BYTES_MAX + 1 : 48;
            unsigned char *block;
            if (i % RUN == 0)
                run = next_random(&random) % 3;
            bytes = (bytes + POOL_ALIGNMENT - 1) / POOL_ALIGNMENT * POOL_ALIGNMENT;
            block = pool_allocate(*state, bytes);
            memset(block, run == 2 ? (int)(next_random(&random) & 1) : (int)run, bytes);
            if (block[0] == 1) {
                pool_mark(block);
                kept += bytes;
            }
        }
        verify(*state);
        entered = sweep(*state, is_marked_by_its_contents);
        assert_in_range(entered, 1, INT32_MAX);
        verify(*state);
        assert_int_equal(pool_bytes_in_use(*state), kept);
        sweep(*state, is_never_asked); /* the marks are taken: now all is garbage */
        assert_int_equal(pool_bytes_in_use(*state), 0);
        verify(*state);
    }
}

static void a_mark_too_many_is_found(void **state)
{
    char message[POOL_MESSAGE_MAX] = "";
    unsigned char *block = pool_allocate(*state, BLOCK);

    pool_mark(block);
    verify(*state);
    pool_mark(block);
    assert_false(pool_check(*state, message));
    assert_non_null(strstr(message, "2 blocks marked, 1 in use"));
}

static void closing_gives_back_what_is_in_use(void **state)
{
    for (int i = 0; i < MANY; i++)
        assert_non_null(pool_allocate(*state, 100));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_allocator, close_allocator)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_size_is_aligned_and_its_own),
        TEST(the_block_freed_last_is_used_first),
        TEST(the_last_pool_of_a_class_is_kept),
        TEST(empty_arenas_go_back_to_the_system),
        TEST(one_block_left_keeps_its_arena_only),
        TEST(random_programs_keep_every_block),
        TEST(a_pool_without_a_mark_is_freed_whole),
        TEST(arenas_freed_whole_go_back_to_the_system),
        TEST(a_pool_freed_whole_is_used_again_from_its_beginning),
        TEST(random_sweeps_keep_what_is_marked),
        TEST(a_mark_too_many_is_found),
        TEST(closing_gives_back_what_is_in_use),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
