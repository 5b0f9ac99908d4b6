/* The three generations of a counting strategy, in the terms of CPython's collector: when a
 * collection starts, what it takes along, and where its survivors go. Every heap starts enabled
 * with the thresholds that a test states. */
#include "conformance.h"

static void set_thresholds(mm *m, uint32_t youngest, uint32_t middle, uint32_t oldest)
{
    const uint32_t thresholds[MM_GENERATIONS_MAX] = {youngest, middle, oldest};

    assert_int_equal(mm_set_threshold(m, thresholds), MM_OK);
    assert_int_equal(mm_enable(m), MM_OK);
}

static void assert_counts(mm *m, uint32_t youngest, uint32_t middle, uint32_t oldest)
{
    uint32_t counts[MM_GENERATIONS_MAX];

    assert_int_equal(mm_get_count(m, counts), MM_OK);
    assert_int_equal(counts[0], youngest);
    assert_int_equal(counts[1], middle);
    assert_int_equal(counts[2], oldest);
}

static void assert_collections(mm *m, uint64_t youngest, uint64_t middle, uint64_t oldest)
{
    const mm_stats stats = heap_stats(m);

    assert_int_equal(stats.collections[0], youngest);
    assert_int_equal(stats.collections[1], middle);
    assert_int_equal(stats.collections[2], oldest);
}

/* Puts `count` new containers in front of `list`: net allocations, all reachable. */
static void grow(mm *m, mm_var *list, uint64_t count)
{
    MM_VAR(m, first);

    for (uint64_t i = 0; i < count; i++) {
        new_node(m, first, 1);
        mm_store_move(m, first, 0, list);
        mm_move(m, list, first);
    }
}

/* The containers that a collection of `generation` looks at. */
static uint64_t visited_by_collecting(mm *m, uint32_t generation)
{
    const uint64_t before = heap_stats(m).objects_visited;

    assert_int_equal(mm_collect(m, generation, NULL), MM_OK);
    return heap_stats(m).objects_visited - before;
}

/* ---- Thresholds ---- */

static void the_declared_thresholds_are_700_10_10(mm *m)
{
    static const char *const names[] = {"threshold0", "threshold1", "threshold2"};
    static const double declared[] = {700, 10, 10};
    settings table;

    (void)m;
    settings_init(&table, strategy_settings, strategy_setting_count);
    for (int g = 0; g < MM_GENERATIONS_MAX; g++)
        assert_true(settings_get(&table, names[g]) == declared[g]);
}

static void thresholds_begin_as_the_options_say(mm *m)
{
    mm *other = heap_open("threshold0=123,threshold1=4,threshold2=5");
    uint32_t thresholds[MM_GENERATIONS_MAX];

    (void)m;
    assert_int_equal(mm_get_threshold(other, thresholds), MM_OK);
    assert_int_equal(thresholds[0], 123);
    assert_int_equal(thresholds[1], 4);
    assert_int_equal(thresholds[2], 5);
    heap_end(other);
}

static void thresholds_read_back_as_set(mm *m)
{
    uint32_t thresholds[MM_GENERATIONS_MAX];

    set_thresholds(m, 1, MM_THRESHOLD_MAX, 0);
    assert_int_equal(mm_get_threshold(m, thresholds), MM_OK);
    assert_int_equal(thresholds[0], 1);
    assert_int_equal(thresholds[1], MM_THRESHOLD_MAX);
    assert_int_equal(thresholds[2], 0);
}

static void threshold_zero_stops_collections_while_still_enabled(mm *m)
{
    MM_VAR(m, list);

    set_thresholds(m, 0, 10, 10);
    grow(m, list, 5000);
    assert_collections(m, 0, 0, 0);
    assert_true(mm_is_enabled(m));
    assert_int_equal(visited_by_collecting(m, 2), 5000);
}

/* ---- What counts ---- */

static void counts_are_net_allocations_of_containers(mm *m)
{
    MM_VARS(m, v, 3);

    set_thresholds(m, 700, 10, 10);
    assert_counts(m, 0, 0, 0);
    for (int i = 0; i < 3; i++)
        new_node(m, v + i, 0);
    assert_counts(m, 3, 0, 0);
    mm_clear(m, v);
    assert_counts(m, 2, 0, 0);
}

static void atoms_are_not_tracked(mm *m)
{
    MM_VAR(m, atom);

    set_thresholds(m, 10, 10, 10);
    for (int i = 0; i < 1000; i++)
        new_atom(m, atom, 16);
    assert_counts(m, 0, 0, 0);
    assert_collections(m, 0, 0, 0);
    assert_int_equal(visited_by_collecting(m, 2), 0);
}

static void the_count_stops_at_zero(mm *m)
{
    MM_VAR(m, list);

    set_thresholds(m, 700, 10, 10);
    grow(m, list, 50);
    assert_int_equal(visited_by_collecting(m, 0), 50);
    assert_counts(m, 0, 1, 0);
    mm_clear(m, list);
    assert_counts(m, 0, 1, 0);
    grow(m, list, 1);
    assert_counts(m, 1, 1, 0);
}

static void a_collection_counts_in_the_next_older_generation(mm *m)
{
    for (uint32_t i = 1; i <= 3; i++) {
        visited_by_collecting(m, 0);
        assert_counts(m, 0, i, 0);
    }
    visited_by_collecting(m, 1);
    assert_counts(m, 0, 0, 1);
    visited_by_collecting(m, 0);
    assert_counts(m, 0, 1, 1);
    visited_by_collecting(m, 2);
    assert_counts(m, 0, 0, 0);
}

/* ---- When ---- */

static void a_collection_starts_when_the_count_exceeds_the_threshold(mm *m)
{
    MM_VAR(m, list);

    set_thresholds(m, 700, 10, 10);
    grow(m, list, 700);
    assert_collections(m, 0, 0, 0);
    grow(m, list, 1);
    assert_collections(m, 1, 0, 0);
}

static void temporaries_start_nothing(mm *m)
{
    MM_VARS(m, v, 2);

    set_thresholds(m, 700, 10, 10);
    grow(m, v, 698);
    for (int i = 0; i < 100000; i++) {
        new_node(m, v + 1, 0);
        mm_clear(m, v + 1);
    }
    assert_collections(m, 0, 0, 0);
    grow(m, v, 3);
    assert_collections(m, 1, 0, 0);
}

static void the_new_object_is_not_part_of_the_collection_it_starts(mm *m)
{
    MM_VARS(m, v, 2);

    set_thresholds(m, 1, 10, 10);
    new_node(m, v, 0);
    assert_collections(m, 0, 0, 0);
    new_node(m, v + 1, 0);
    assert_collections(m, 1, 0, 0);
    assert_int_equal(heap_stats(m).objects_visited, 1);
    assert_int_equal(visited_by_collecting(m, 0), 1); /* the new object, still in the youngest */
}

static void eleven_collections_of_the_youngest_come_before_one_of_the_middle(mm *m)
{
    MM_VAR(m, list);

    set_thresholds(m, 700, 10, 10);
    grow(m, list, 11 * 701);
    assert_collections(m, 11, 0, 0);
    grow(m, list, 701);
    assert_collections(m, 11, 1, 0);
    grow(m, list, 11 * 701);
    assert_collections(m, 22, 1, 0);
}

static void the_oldest_comes_after_eleven_of_the_middle(mm *m)
{
    MM_VAR(m, list);

    set_thresholds(m, 99, 10, 10);
    grow(m, list, 11 * 12 * 100);
    assert_collections(m, 121, 11, 0);
    grow(m, list, 100);
    assert_collections(m, 121, 11, 1);
}

/* ---- Who ---- */

static void survivors_are_promoted_until_the_oldest(mm *m)
{
    MM_VAR(m, list);

    set_thresholds(m, 0, 0, 0);
    grow(m, list, 3);
    assert_int_equal(visited_by_collecting(m, 0), 3);
    assert_int_equal(visited_by_collecting(m, 0), 0);
    assert_int_equal(visited_by_collecting(m, 1), 3);
    assert_int_equal(visited_by_collecting(m, 1), 0);
    assert_int_equal(visited_by_collecting(m, 2), 3);
    assert_int_equal(visited_by_collecting(m, 2), 3);
}

static void collecting_a_generation_collects_the_younger_ones(mm *m)
{
    MM_VAR(m, list);

    set_thresholds(m, 0, 0, 0);
    grow(m, list, 100);
    visited_by_collecting(m, 1); /* 100 in the oldest */
    grow(m, list, 10);
    visited_by_collecting(m, 0); /* 10 in the middle */
    grow(m, list, 1);
    assert_int_equal(visited_by_collecting(m, 1), 11);
    grow(m, list, 1);
    assert_int_equal(visited_by_collecting(m, 2), 112);
}

static void a_young_cycle_held_by_an_old_object_survives(mm *m)
{
    MM_VARS(m, v, 2);

    set_thresholds(m, 0, 0, 0);
    new_node(m, v, 1);
    visited_by_collecting(m, 2);
    new_ring(m, v + 1, 5);
    mm_store_move(m, v, 0, v + 1);
    assert_int_equal(visited_by_collecting(m, 0), 5);
    assert_int_equal(objects_live(m), 6);
}

static void an_old_garbage_cycle_waits_for_its_generation(mm *m)
{
    uint64_t found;
    MM_VARS(m, v, 2);

    set_thresholds(m, 0, 0, 0);
    new_pair(m, v, v + 1);
    visited_by_collecting(m, 1);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_int_equal(mm_collect(m, 1, &found), MM_OK);
    assert_int_equal(found, 0);
    assert_int_equal(mm_collect(m, 2, &found), MM_OK);
    assert_int_equal(found, 2);
}

/* The young part of a cycle through two generations is held by the old part until both are
 * collected. */
static void a_cycle_across_generations_waits_for_the_older_one(mm *m)
{
    uint64_t found;
    MM_VARS(m, v, 2);

    set_thresholds(m, 0, 0, 0);
    new_node(m, v, 1);
    visited_by_collecting(m, 0);
    new_node(m, v + 1, 1);
    mm_store(m, v, 0, v + 1);
    mm_store(m, v + 1, 0, v);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_int_equal(mm_collect(m, 0, &found), MM_OK);
    assert_int_equal(found, 0);
    assert_int_equal(mm_collect(m, 1, &found), MM_OK);
    assert_int_equal(found, 2);
}

/* ---- The quarter rule ---- */

enum { STEP = 100, MIDDLE_EVERY = 2 * STEP };

/* Grows `list` so that every second trigger collects the middle generation; the objects it took
 * until the next full collection. */
static uint64_t growth_until_full(mm *m, mm_var *list)
{
    enum { GROWTH_MAX = 100000 };
    const uint64_t before = heap_stats(m).collections[2];
    uint64_t grown = 0;

    set_thresholds(m, STEP - 1, 0, 0);
    for (; heap_stats(m).collections[2] == before && grown < GROWTH_MAX; grown++)
        grow(m, list, 1);
    return grown;
}

/* Grows `list` by `count` objects without a collection, then collects everything. */
static void grow_and_collect(mm *m, mm_var *list, uint64_t count)
{
    set_thresholds(m, 0, 0, 0);
    grow(m, list, count);
    assert_int_equal(mm_collect(m, 2, NULL), MM_OK);
}

/* A middle collection at growth 200k promotes all but the newest object: 200k − 1 are pending. */
static void a_full_collection_waits_for_a_quarter_of_the_long_lived(mm *m)
{
    MM_VAR(m, list);

    grow_and_collect(m, list, 7999); /* 1999 pending ≥ 7999 / 4: after ten middle collections */
    assert_int_equal(growth_until_full(m, list), 10 * MIDDLE_EVERY + STEP);
}

static void below_a_quarter_the_full_collection_is_skipped(mm *m)
{
    MM_VAR(m, list);

    grow_and_collect(m, list, 8000); /* 1999 pending < 8000 / 4: one middle collection more */
    assert_int_equal(growth_until_full(m, list), 11 * MIDDLE_EVERY + STEP);
}

static void what_waits_is_counted_anew_after_a_full_collection(mm *m)
{
    MM_VAR(m, list);

    grow_and_collect(m, list, 8000);
    set_thresholds(m, STEP - 1, 0, 0);
    grow(m, list, 2000); /* 1999 of them pending */
    assert_int_equal(heap_stats(m).collections[2], 1);
    grow_and_collect(m, list, 0);
    /* 2599 pending ≥ 10000 / 4: after thirteen middle collections */
    assert_int_equal(growth_until_full(m, list), 13 * MIDDLE_EVERY + STEP);
}

static void without_the_quarter_rule_full_collections_do_not_wait(mm *m)
{
    mm *other = heap_open("quarter_rule=off");

    (void)m;
    {
        MM_VAR(other, list);
        grow_and_collect(other, list, 8000);
        assert_int_equal(growth_until_full(other, list), MIDDLE_EVERY + STEP);
    }
    heap_end(other);
}

static void a_manual_full_collection_ignores_the_quarter_rule(mm *m)
{
    MM_VAR(m, list);

    set_thresholds(m, 0, 0, 0);
    grow(m, list, 1000);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(visited_by_collecting(m, 2), 1000);
        assert_collections(m, 0, 0, i);
    }
}

/* Each full collection but the first needs a heap a quarter larger than the last one left. */
static void growing_without_garbage_needs_few_full_collections(mm *m)
{
    enum { OBJECTS = 200000, FIRST_FULL = 11 * 11 * 701 };
    uint64_t full_max = 1;
    MM_VAR(m, list);

    set_thresholds(m, 700, 10, 10);
    grow(m, list, OBJECTS);
    for (uint64_t size = FIRST_FULL; size < OBJECTS; size += size / 4)
        full_max++;
    assert_in_range(heap_stats(m).collections[2], 1, full_max);
    assert_int_equal(objects_live(m), OBJECTS);
}

int test_generations(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_declared_thresholds_are_700_10_10),
        TEST(thresholds_begin_as_the_options_say),
        TEST(thresholds_read_back_as_set),
        TEST(threshold_zero_stops_collections_while_still_enabled),
        TEST(counts_are_net_allocations_of_containers),
        TEST(atoms_are_not_tracked),
        TEST(the_count_stops_at_zero),
        TEST(a_collection_counts_in_the_next_older_generation),
        TEST(a_collection_starts_when_the_count_exceeds_the_threshold),
        TEST(temporaries_start_nothing),
        TEST(the_new_object_is_not_part_of_the_collection_it_starts),
        TEST(eleven_collections_of_the_youngest_come_before_one_of_the_middle),
        TEST(the_oldest_comes_after_eleven_of_the_middle),
        TEST(survivors_are_promoted_until_the_oldest),
        TEST(collecting_a_generation_collects_the_younger_ones),
        TEST(a_young_cycle_held_by_an_old_object_survives),
        TEST(an_old_garbage_cycle_waits_for_its_generation),
        TEST(a_cycle_across_generations_waits_for_the_older_one),
        TEST(a_full_collection_waits_for_a_quarter_of_the_long_lived),
        TEST(below_a_quarter_the_full_collection_is_skipped),
        TEST(what_waits_is_counted_anew_after_a_full_collection),
        TEST_WHERE(has_option("quarter_rule"),
                   without_the_quarter_rule_full_collections_do_not_wait),
        TEST(a_manual_full_collection_ignores_the_quarter_rule),
        TEST(growing_without_garbage_needs_few_full_collections),
    };

    return has_counted_generations() ? TESTS_RUN("generations", tests) : 0;
}
