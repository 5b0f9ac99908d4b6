/* Small programs as the texts on Python's memory management show them, where no other file has them:
 * slots against a dictionary, globals, work in finalisers, a leak that is found. */
#include "conformance.h"

/* ---- Fixed slots against a dictionary for each instance ---- */

enum { ATTRIBUTES = 3, INSTANCES = 50 };

/* An instance whose attributes are its own slots. */
static void new_slotted(mm *m, mm_var *dst)
{
    MM_VAR(m, value);

    new_node(m, dst, ATTRIBUTES);
    for (uint32_t i = 0; i < ATTRIBUTES; i++) {
        new_atom(m, value, 8);
        mm_store_move(m, dst, i, value);
    }
}

/* An instance with a dictionary: names and values in a table of a size that is a power of two. */
static void new_with_dictionary(mm *m, mm_var *dst)
{
    MM_VAR(m, dictionary);
    MM_VAR(m, value);

    new_node(m, dst, 1);
    new_node(m, dictionary, 2 * 8);
    for (uint32_t i = 0; i < ATTRIBUTES; i++) {
        new_atom(m, value, 8);
        mm_store_move(m, dictionary, 2 * i + 1, value);
    }
    mm_store_move(m, dst, 0, dictionary);
}

typedef void making(mm *m, mm_var *dst);

static uint64_t bytes_of_instances(mm *m, making *make)
{
    const uint64_t before = heap_stats(m).bytes_live;
    MM_VARS(m, v, 2);

    new_node(m, v, INSTANCES);
    for (uint32_t i = 0; i < INSTANCES; i++) {
        make(m, v + 1);
        mm_store_move(m, v, i, v + 1);
    }
    return heap_stats(m).bytes_live - before;
}

static void slots_take_fewer_bytes_than_a_dictionary(mm *m)
{
    const uint64_t slotted = bytes_of_instances(m, new_slotted);
    uint64_t with_dictionary;

    assert_left_now(m, 0, 0);
    reclaim_all(m);
    with_dictionary = bytes_of_instances(m, new_with_dictionary);
    assert_int_equal(slotted, INSTANCES * (sizeof(void *) + ATTRIBUTES * (sizeof(void *) + 8)));
    assert_int_equal(with_dictionary, slotted + INSTANCES * (1 + 16 - ATTRIBUTES) * sizeof(void *));
}

/* One container for each instance, or two, and then cycles have more ways to go. */
static void slots_are_fewer_containers_to_look_at(mm *m)
{
    MM_VARS(m, v, 3);

    new_slotted(m, v);
    assert_left_now(m, 1 + ATTRIBUTES, 0);
    new_with_dictionary(m, v + 1);
    assert_left_now(m, 1 + ATTRIBUTES + 2 + ATTRIBUTES, 0);
    mm_load(m, v + 2, v + 1, 0);
    mm_store_move(m, v + 1, 0, v + 1); /* the dictionary alone is held now */
    assert_left_after_collecting(m, 1 + ATTRIBUTES + 1 + ATTRIBUTES, 1);
    mm_store(m, v + 2, 0, v + 2); /* and refers to itself */
    mm_clear(m, v + 2);
    assert_left_after_collecting(m, 1 + ATTRIBUTES, 2 + ATTRIBUTES);
}

/* ---- Globals ---- */

/* One more entry of a cache that forgets nothing. */
static void cache_an_entry(mm *m, mm_root *cache)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 2);
    mm_root_get(m, v + 1, cache);
    mm_store_move(m, v, 0, v + 1);
    new_atom(m, v + 1, 8);
    mm_store_move(m, v, 1, v + 1);
    mm_root_set(m, cache, v);
}

static void an_unbounded_cache_is_a_leak_that_no_strategy_reclaims(mm *m)
{
    mm_root *cache = new_root(m);

    for (uint64_t entries = 1; entries <= 50; entries++) {
        cache_an_entry(m, cache);
        assert_left_after_collecting(m, 2 * entries, 0);
    }
    mm_root_free(m, cache);
    assert_left_now(m, 0, 0);
    assert_left_after_collecting(m, 0, 0);
}

static void a_bounded_cache_levels_off(mm *m)
{
    enum { BOUND = 8 };
    mm_root *cache = new_root(m);
    MM_VARS(m, v, 2);

    new_node(m, v, BOUND);
    mm_root_set(m, cache, v);
    mm_clear(m, v);
    for (uint32_t i = 0; i < 10 * BOUND; i++) {
        mm_root_get(m, v, cache);
        new_atom(m, v + 1, 8);
        mm_store_move(m, v, i % BOUND, v + 1);
        mm_clear(m, v);
        assert_left_now(m, 1 + (i < BOUND ? i + 1 : BOUND), 0);
    }
    assert_left_after_collecting(m, 1 + BOUND, 0);
}

/* ---- Finding a leak: objects before, run, collect, objects after ---- */

static void handle_a_request(mm *m, mm_root *log, bool leaks)
{
    MM_VARS(m, v, 2);

    new_pair(m, v, v + 1);
    if (leaks)
        cache_an_entry(m, log);
}

static uint64_t growth_of_requests(mm *m, mm_root *log, bool leaks)
{
    uint64_t before;

    reclaim_all(m);
    before = objects_live(m);
    for (int i = 0; i < 10; i++)
        handle_a_request(m, log, leaks);
    reclaim_all(m);
    return objects_live(m) - before;
}

static void repeated_growth_is_a_leak(mm *m)
{
    mm_root *log = new_root(m);
    const uint64_t cycles =
        dies(true) ? 0 : 20; /* pairs are a leak too, where nobody collects them */

    for (int round = 0; round < 3; round++) {
        assert_int_equal(growth_of_requests(m, log, false), cycles);
        assert_int_equal(growth_of_requests(m, log, true), 20 + cycles);
    }
}

/* ---- Work in finalisers ---- */

static void work(mm *m, mm_var *self)
{
    MM_VAR(m, v);

    new_chain(m, v, 100);
    journal_note(label_of(m, self));
}

/* Whoever gives up the last reference waits for it, and sees what it has done. */
static void the_work_of_a_finaliser_is_done_inside_the_operation(mm *m)
{
    const mm_type type = new_type(m, "working", MM_CONTAINER, work);
    MM_VARS(m, v, 2);

    for (uint64_t i = 0; i < 10; i++) {
        new_of(m, v, type, 0, i);
        new_node(m, v + 1, 1);
        mm_store_move(m, v + 1, 0, v);
        mm_clear(m, v + 1);
        if (strategy_traits.prompt)
            assert_int_equal(journal_length(), i + 1);
    }
    assert_left_now(m, 0, 0);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false) ? 10 : 0);
}

/* With finalisers, weak references and cycles together: off, work, on, and all is found. */
static void what_dies_while_collections_are_off_is_found_after(mm *m)
{
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_finaliser);
    MM_VARS(m, v, 2);

    mm_disable(m);
    new_node(m, v + 1, 10);
    for (uint32_t i = 0; i < 10; i++) {
        MM_VAR(m, reference);
        new_ring_of(m, v, type, 1, 2);
        new_weak(m, reference, v);
        mm_store_move(m, v + 1, i, reference);
    }
    mm_clear(m, v);
    if (tests_forced_collections() == 0)
        assert_int_equal(journal_length(), 0);
    mm_enable(m);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true) ? 20 : 0);
    for (uint32_t i = 0; i < 10 && dies(true); i++) {
        mm_load(m, v, v + 1, i);
        assert_leads_nowhere(m, v);
    }
    mm_clear(m, v);
    assert_left_after_collecting(m, 11, 20);
}

int test_examples(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WHERE(!strategy_traits.conservative, slots_take_fewer_bytes_than_a_dictionary),
        TEST(slots_are_fewer_containers_to_look_at),
        TEST(an_unbounded_cache_is_a_leak_that_no_strategy_reclaims),
        TEST(a_bounded_cache_levels_off),
        TEST_WHERE(!strategy_traits.conservative, repeated_growth_is_a_leak),
        TEST_WHERE(!strategy_traits.conservative,
                   the_work_of_a_finaliser_is_done_inside_the_operation),
        TEST_WHERE(!strategy_traits.conservative,
                   what_dies_while_collections_are_off_is_found_after),
    };
    return TESTS_RUN("examples", tests);
}
