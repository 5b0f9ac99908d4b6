/* Control of the collector: collect, enable, disable, the option `collect`; and the refusals of a
 * strategy that has none. */
#include "conformance.h"

/* ---- Without a collector every request for one is refused, and nothing changes ---- */

static void collecting_is_unsupported(mm *m)
{
    uint64_t found = 17;

    assert_int_equal(mm_collect(m, 0, &found), MM_UNSUPPORTED);
    assert_int_equal(mm_collect(m, 2, &found), MM_UNSUPPORTED);
    assert_int_equal(mm_collect_all(m, &found), MM_UNSUPPORTED);
    assert_int_equal(found, 17);
    assert_int_equal(collections_run(m), 0);
}

static void automatic_collection_is_unsupported(mm *m)
{
    assert_int_equal(mm_enable(m), MM_UNSUPPORTED);
    assert_false(mm_is_enabled(m));
    assert_int_equal(mm_disable(m), MM_UNSUPPORTED);
    assert_false(mm_is_enabled(m));
}

static void requests_and_the_end_of_the_program_collect_nothing(mm *m)
{
    mm_request_begin(m);
    mm_request_end(m);
    mm_program_end(m);
    assert_int_equal(collections_run(m), 0);
}

/* ---- Without generations ---- */

static void thresholds_are_unsupported(mm *m)
{
    uint32_t values[MM_GENERATIONS_MAX] = {1, 2, 3};

    assert_int_equal(mm_get_threshold(m, values), MM_UNSUPPORTED);
    assert_int_equal(mm_get_count(m, values), MM_UNSUPPORTED);
    assert_int_equal(mm_set_threshold(m, values), MM_UNSUPPORTED);
    for (uint32_t i = 0; i < MM_GENERATIONS_MAX; i++)
        assert_int_equal(values[i], i + 1);
}

/* ---- With a collector ---- */

static uint64_t collected(mm *m, uint32_t generation)
{
    uint64_t found = UINT64_MAX;

    assert_int_equal(mm_collect(m, generation, &found), MM_OK);
    return found;
}

static uint64_t collected_fully(mm *m)
{
    return collected(m, strategy_traits.generations - 1);
}

static void drop_pairs(mm *m, int count)
{
    MM_VARS(m, v, 2);

    for (int i = 0; i < count; i++) {
        new_pair(m, v, v + 1);
        mm_clear(m, v);
        mm_clear(m, v + 1);
    }
}

static void collect_returns_the_two_objects_of_a_dropped_pair(mm *m)
{
    assert_int_equal(mm_disable(m), MM_OK);
    drop_pairs(m, 1);
    assert_int_equal(objects_live(m), 2);
    assert_int_equal(collected_fully(m), 2);
    assert_int_equal(objects_live(m), 0);
}

static void collect_returns_nothing_when_there_is_nothing(mm *m)
{
    MM_VARS(m, v, 2);

    assert_int_equal(collected_fully(m), 0);
    new_pair(m, v, v + 1);
    assert_int_equal(collected_fully(m), 0);
    assert_int_equal(objects_live(m), 2);
}

static void collect_needs_no_place_for_its_result(mm *m)
{
    drop_pairs(m, 1);
    assert_int_equal(mm_collect(m, strategy_traits.generations - 1, NULL), MM_OK);
    assert_int_equal(mm_collect_all(m, NULL), MM_OK);
    assert_int_equal(objects_live(m), 0);
}

static void a_generation_that_does_not_exist_is_invalid(mm *m)
{
    uint64_t found = 17;

    assert_int_equal(mm_collect(m, strategy_traits.generations, &found), MM_INVALID);
    assert_int_equal(mm_collect(m, UINT32_MAX, &found), MM_INVALID);
    assert_int_equal(found, 17);
    assert_int_equal(collections_run(m), 0);
}

static void collect_all_returns_the_sum(mm *m)
{
    uint64_t found = 0;

    assert_int_equal(mm_disable(m), MM_OK);
    drop_pairs(m, 25);
    assert_int_equal(mm_collect_all(m, &found), MM_OK);
    assert_int_equal(found, 50);
    assert_int_equal(mm_collect_all(m, &found), MM_OK);
    assert_int_equal(found, 0);
}

static void each_collection_is_recorded_in_its_generation(mm *m)
{
    uint64_t collector_ns = 0;

    assert_int_equal(mm_disable(m), MM_OK);
    for (uint32_t g = 0; g < strategy_traits.generations; g++) {
        const uint64_t started_ns = clock_now_ns();
        mm_stats stats;
        drop_pairs(m, 3);
        assert_int_equal(collected(m, g), 6);
        stats = heap_stats(m);
        assert_int_equal(stats.collections[g], 1);
        assert_int_equal(stats.reclaimed_by_collector[g], 6);
        if (!strategy_traits.visits_unknown)
            assert_int_equal(stats.objects_visited, 6 * (g + 1));
        if (strategy_traits.pauses_unknown)
            continue;
        assert_in_range(stats.collector_ns - collector_ns, 1, clock_now_ns() - started_ns);
        collector_ns = stats.collector_ns;
        assert_in_range(stats.pause_ns_max, 1, stats.collector_ns);
    }
    assert_int_equal(collections_run(m), strategy_traits.generations);
}

/* Drops pairs until a collection starts by itself; the number of pairs it took. */
static int pairs_until_a_collection(mm *m)
{
    enum { PAIRS_MAX = 1000000 };
    const uint64_t before = collections_run(m);

    for (int pairs = 1; pairs <= PAIRS_MAX; pairs++) {
        drop_pairs(m, 1);
        if (collections_run(m) != before)
            return pairs;
    }
    fail_msg("%d dropped pairs started no collection", PAIRS_MAX);
    return 0;
}

static void garbage_cycles_start_a_collection_that_reclaims_them(mm *m)
{
    uint64_t pairs;

    assert_int_equal(mm_enable(m), MM_OK);
    pairs = (uint64_t)pairs_until_a_collection(m);
    assert_in_range(objects_live(m), 0, 3);
    assert_in_range(heap_stats(m).objects_allocated, 2 * pairs, 2 * pairs);
}

/* Most garbage is reclaimed, even where some of it may look as if it were referred to. */
static void collections_that_find_something_start_by_themselves(mm *m)
{
    enum { PAIRS = 200000 };
    uint64_t before = collections_run(m);

    assert_int_equal(mm_enable(m), MM_OK);
    drop_pairs(m, PAIRS);
    assert_in_range(collections_run(m) - before, 1, UINT64_MAX);
    if (!strategy_traits.live_unknown)
        assert_in_range(objects_live(m), 0, PAIRS);
}

static void disabled_no_collection_starts_by_itself(mm *m)
{
    int pairs;

    assert_int_equal(mm_enable(m), MM_OK);
    pairs = 2 * pairs_until_a_collection(m);
    assert_int_equal(mm_disable(m), MM_OK);
    assert_false(mm_is_enabled(m));
    assert_int_equal(mm_collect_all(m, NULL), MM_OK);
    const uint64_t before = collections_run(m);
    drop_pairs(m, pairs);
    mm_safepoint(m);
    assert_int_equal(collections_run(m), before);
    assert_int_equal(objects_live(m), 2 * pairs);
}

static void a_manual_collection_reclaims_what_was_dropped_while_disabled(mm *m)
{
    assert_int_equal(mm_disable(m), MM_OK);
    drop_pairs(m, 100);
    assert_int_equal(collected_fully(m), 200);
    assert_false(mm_is_enabled(m));
    assert_int_equal(objects_live(m), 0);
}

static void enabling_again_lets_collections_start(mm *m)
{
    assert_int_equal(mm_disable(m), MM_OK);
    drop_pairs(m, 100);
    assert_int_equal(mm_enable(m), MM_OK);
    assert_true(mm_is_enabled(m));
    pairs_until_a_collection(m);
    assert_in_range(objects_live(m), 0, 3);
}

static void switching_twice_is_switching_once(mm *m)
{
    assert_int_equal(mm_disable(m), MM_OK);
    assert_int_equal(mm_disable(m), MM_OK);
    assert_int_equal(mm_enable(m), MM_OK);
    pairs_until_a_collection(m);
    assert_int_equal(mm_enable(m), MM_OK);
    assert_int_equal(mm_disable(m), MM_OK);
    assert_int_equal(mm_collect_all(m, NULL), MM_OK);
    drop_pairs(m, 100);
    assert_int_equal(objects_live(m), 200);
}

/* ---- The option `collect`, which every strategy with a collector has ---- */

static void run_request(mm *m)
{
    mm_request_begin(m);
    drop_pairs(m, 2);
    mm_request_end(m);
}

static void collect_at_every_request_reclaims_its_garbage(mm *m)
{
    mm *other = heap_open("automatic=off,collect=request");

    (void)m;
    for (uint64_t i = 1; i <= 5; i++) {
        run_request(other);
        assert_int_equal(collections_run(other), i);
        assert_int_equal(objects_live(other), 0);
    }
    heap_end(other);
}

static void collect_at_every_third_request_waits_for_it(mm *m)
{
    mm *other = heap_open("automatic=off,collect=3");

    (void)m;
    for (uint64_t i = 1; i <= 9; i++) {
        run_request(other);
        assert_int_equal(collections_run(other), i / 3);
        assert_int_equal(objects_live(other), 4 * (i % 3));
    }
    mm_program_end(other);
    assert_int_equal(collections_run(other), 3);
    heap_end(other);
}

static void collect_at_the_end_waits_for_the_program(mm *m)
{
    mm *other = heap_open("automatic=off,collect=end");

    (void)m;
    run_request(other);
    run_request(other);
    assert_int_equal(collections_run(other), 0);
    mm_program_end(other);
    assert_int_equal(collections_run(other), 1);
    assert_int_equal(objects_live(other), 0);
    heap_end(other);
}

static void without_automatic_and_cadence_nothing_collects(mm *m)
{
    mm *other = heap_open("automatic=off,collect=off");

    (void)m;
    assert_false(mm_is_enabled(other));
    run_request(other);
    mm_program_end(other);
    assert_int_equal(collections_run(other), 0);
    assert_int_equal(objects_live(other), 4);
    heap_end(other);
}

static int test_without_a_collector(void)
{
    const struct CMUnitTest tests[] = {
        TEST(collecting_is_unsupported),
        TEST(automatic_collection_is_unsupported),
        TEST(requests_and_the_end_of_the_program_collect_nothing),
        TEST(thresholds_are_unsupported),
    };
    return TESTS_RUN("no collector", tests);
}

static int test_without_generations(void)
{
    const struct CMUnitTest tests[] = {TEST(thresholds_are_unsupported)};
    return TESTS_RUN("no generations", tests);
}

int test_collector(void)
{
    const struct CMUnitTest tests[] = {
        TEST(collect_returns_the_two_objects_of_a_dropped_pair),
        TEST(collect_returns_nothing_when_there_is_nothing),
        TEST(collect_needs_no_place_for_its_result),
        TEST(a_generation_that_does_not_exist_is_invalid),
        TEST(collect_all_returns_the_sum),
        TEST(each_collection_is_recorded_in_its_generation),
        TEST(garbage_cycles_start_a_collection_that_reclaims_them),
        TEST(disabled_no_collection_starts_by_itself),
        TEST(a_manual_collection_reclaims_what_was_dropped_while_disabled),
        TEST(enabling_again_lets_collections_start),
        TEST(switching_twice_is_switching_once),
        TEST(collect_at_every_request_reclaims_its_garbage),
        TEST(collect_at_every_third_request_waits_for_it),
        TEST(collect_at_the_end_waits_for_the_program),
        TEST(without_automatic_and_cadence_nothing_collects),
    };

    /* What a collection finds is nobody's to say. */
    const struct CMUnitTest conservative_tests[] = {
        TEST(a_generation_that_does_not_exist_is_invalid),
        TEST(collections_that_find_something_start_by_themselves),
        TEST(without_automatic_and_cadence_nothing_collects),
    };

    if (!has_collector())
        return test_without_a_collector();
    if (strategy_traits.conservative || strategy_traits.live_unknown)
        return TESTS_RUN("conservative collector", conservative_tests) + test_without_generations();
    return TESTS_RUN("collector", tests) +
           (strategy_traits.generations < 3 ? test_without_generations() : 0);
}
