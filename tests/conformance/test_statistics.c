/* What the heap and the mutator say about themselves. */
#include "conformance.h"

#include <string.h>

static void objects_and_bytes_are_counted_as_requested(mm *m)
{
    mm_stats stats;
    MM_VARS(m, v, 2);

    new_node(m, v, 3);
    new_atom(m, v + 1, 100);
    stats = heap_stats(m);
    assert_int_equal(stats.objects_allocated, 2);
    assert_int_equal(stats.bytes_allocated, 3 * sizeof(void *) + 100);
    assert_int_equal(stats.objects_live, 2);
    assert_int_equal(stats.bytes_live, stats.bytes_allocated);
    assert_in_range(stats.bytes_held, stats.bytes_live + 1, UINT64_MAX);
    assert_int_equal(stats.bytes_peak, stats.bytes_held);
}

static void the_traits_agree_with_each_other(mm *m)
{
    const mm_traits *traits = &strategy_traits;

    (void)m;
    assert_in_range(strlen(traits->summary), 1, 90);
    assert_in_range(traits->generations, 0, MM_GENERATIONS_MAX);
    assert_true(traits->reclaims || !traits->prompt);
    assert_true(traits->reclaims || !traits->reclaims_cycles);
    assert_true(traits->reclaims || traits->generations == 0);
    assert_true(traits->generations > 0 || !traits->reclaims_cycles);
}

static void the_options_agree_with_the_traits(mm *m)
{
    (void)m;
    assert_int_equal(has_option("heap_bytes_max"), !strategy_traits.no_limit);
    assert_int_equal(has_option("automatic"), has_collector());
    assert_int_equal(has_option("collect"), has_collector());
}

static void a_new_heap_has_done_nothing(mm *m)
{
    const mm_stats stats = heap_stats(m);

    assert_int_equal(stats.objects_allocated, 0);
    assert_int_equal(stats.objects_live, 0);
    assert_int_equal(stats.bytes_held, 0);
    assert_int_equal(stats.reclaimed_by_count, 0);
    assert_true(stats.objects_visited == (strategy_traits.visits_unknown ? MM_UNKNOWN : 0));
    assert_int_equal(stats.requests, 0);
    assert_int_equal(collections_run(m), 0);
}

static uint64_t reclaimed_by_collector(mm *m)
{
    const mm_stats stats = heap_stats(m);
    uint64_t sum = 0;

    for (uint32_t g = 0; g < MM_GENERATIONS_MAX; g++)
        sum += stats.reclaimed_by_collector[g];
    return sum;
}

static void allocations_minus_reclaimed_are_live(mm *m)
{
    mm_stats stats;
    MM_VARS(m, v, 3);

    new_chain(m, v, 50);
    new_pair(m, v + 1, v + 2);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    mm_clear(m, v + 2);
    assert_left_after_collecting(m, 0, 2);
    stats = heap_stats(m);
    assert_int_equal(stats.objects_allocated - stats.objects_live,
                     stats.reclaimed_by_count + reclaimed_by_collector(m));
    if (strategy_traits.prompt)
        assert_int_equal(stats.reclaimed_by_count, 50);
    if (!strategy_traits.counts)
        assert_int_equal(stats.reclaimed_by_count, 0);
}

static void the_peak_outlives_what_made_it(mm *m)
{
    uint64_t peak;
    MM_VAR(m, v);

    new_atom(m, v, 10000);
    peak = heap_stats(m).bytes_peak;
    mm_clear(m, v);
    assert_left_after_collecting(m, 0, 0);
    assert_int_equal(heap_stats(m).bytes_peak, peak);
    if (strategy_traits.reclaims && !strategy_traits.conservative)
        assert_int_equal(heap_stats(m).bytes_held, 0);
}

static void a_long_cascade_is_timed_where_counting_reclaims(mm *m)
{
    uint64_t started_ns;
    MM_VAR(m, chain);

    if (strategy_traits.peer != NULL) {
        assert_true(heap_stats(m).drop_ns_max == MM_UNKNOWN);
        return;
    }
    new_chain(m, chain, strategy_traits.timed ? 5000 : 500); /* each new object moves all */
    assert_int_equal(heap_stats(m).drop_ns_max, 0);
    started_ns = clock_now_ns();
    mm_clear(m, chain);
    if (strategy_traits.prompt)
        assert_in_range(heap_stats(m).drop_ns_max, 1, clock_now_ns() - started_ns);
    else
        assert_int_equal(heap_stats(m).drop_ns_max, 0);
}

static void empty_slots_are_no_part_of_a_cascade(mm *m)
{
    enum { SLOTS = MM_CASCADE_UNTIMED - 4, CHAIN = 20 };
    MM_VARS(m, v, 2);

    new_node(m, v, SLOTS);
    new_chain(m, v + 1, CHAIN);
    mm_store(m, v, SLOTS - 1, v + 1);
    mm_clear(m, v + 1);
    mm_clear(m, v);
    if (strategy_traits.peer == NULL)
        assert_int_equal(heap_stats(m).drop_ns_max, 0);
}

/* ---- Operations ---- */

static void run_each_operation_once(mm *m)
{
    mm_root *root;
    MM_VARS(m, v, 2);
    MM_BORROW(m, look);

    assert_int_equal(mm_root_new(m, &root), MM_OK);
    new_node(m, v, 2);
    mm_set(m, v + 1, v);
    mm_move(m, v, v + 1);
    mm_store(m, v, 0, v);
    mm_load(m, v + 1, v, 0);
    mm_store_move(m, v, 1, v + 1);
    mm_copy_slot(m, v, 0, v, 1);
    mm_take(m, v + 1, v, 1);
    mm_borrow(m, look, v, 1);
    mm_unset(m, v, 0);
    mm_fill(m, v, 0, v + 1);
    mm_root_set(m, root, v);
    mm_root_get(m, v + 1, root);
    mm_root_free(m, root);
    assert_int_equal(mm_weak_new(m, v + 1, v, NULL, NULL), MM_OK);
    mm_weak_load(m, v, v + 1);
    assert_int_equal(mm_immortalise(m, v), strategy_traits.mortal ? MM_UNSUPPORTED : MM_OK);
    mm_clear(m, v);
    mm_request_begin(m);
    mm_safepoint(m);
    mm_request_end(m);
}

static void each_operation_is_counted_under_its_name(mm *m)
{
    run_each_operation_once(m);
    for (int operation = 0; operation < MM_OPERATION_COUNT; operation++)
        assert_int_equal(mm_operation_counts(m)[operation], 1);
}

static void queries_are_no_operations(mm *m)
{
    uint64_t digest;
    MM_VAR(m, v);

    new_labelled(m, v, 1, 1);
    digest = mm_operation_digest(m);
    assert_false(mm_is_null(v));
    assert_true(mm_same(v, v));
    assert_int_equal(label_of(m, v), 1);
    assert_int_equal(mm_type_of(m, v), node_type);
    assert_int_equal(mm_slot_count(m, v), 1);
    assert_references(m, v, 1);
    assert_int_equal(mm_operation_digest(m), digest);
}

static void the_same_program_has_the_same_digest(mm *m)
{
    needs_two_heaps();
    mm *other = heap_open("");

    run_each_operation_once(m);
    run_each_operation_once(other);
    assert_int_equal(mm_operation_digest(m), mm_operation_digest(other));
    heap_end(other);
}

static void the_digest_depends_on_order_and_arguments(mm *m)
{
    uint64_t digests[3];

    (void)m;
    for (uint32_t variant = 0; variant < 3; variant++) {
        mm *other = heap_open("");
        {
            MM_VARS(other, v, 2);
            new_node(other, v, 2);
            if (variant == 1)
                mm_set(other, v + 1, v);
            mm_unset(other, v, variant == 2);
            if (variant != 1)
                mm_set(other, v + 1, v);
        }
        digests[variant] = mm_operation_digest(other);
        heap_end(other);
    }
    assert_int_not_equal(digests[0], digests[1]);
    assert_int_not_equal(digests[0], digests[2]);
}

/* ---- Serial numbers ---- */

static void note_serial(uint64_t serial, mm_type type, uint32_t slot_count, uint32_t generation,
                        void *context)
{
    uint64_t *last = context;

    assert_true(serial > *last);
    assert_int_equal(type, slot_count != 0 ? node_type : atom_type);
    if (strategy_traits.promotes)
        assert_int_equal(generation, slot_count != 0 ? 0 : MM_NO_GENERATION);
    *last = serial;
}

static void objects_are_visited_in_the_order_of_their_making(mm *m)
{
    uint64_t last = 0;
    MM_VARS(m, v, 10);

    for (uint32_t i = 0; i < 10; i++) {
        if (i % 3 == 0)
            new_atom(m, v + i, 8);
        else
            new_node(m, v + i, i);
    }
    mm_clear(m, v + 4);
    mm_each_object(mm_heap_of(m), note_serial, &last);
    assert_int_equal(last, 10);
}

static void serial_numbers_stay_with_their_objects(mm *m)
{
    MM_VARS(m, v, 5);

    assert_int_equal(mm_serial(v), 0);
    for (uint64_t i = 0; i < 5; i++)
        new_node(m, v + i, 0);
    for (int round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < 5; i++)
            assert_int_equal(mm_serial(v + i), i + 1);
        assert_left_after_collecting(m, 5, 0);
    }
}

int test_statistics(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_traits_agree_with_each_other),
        TEST(the_options_agree_with_the_traits),
        TEST(a_new_heap_has_done_nothing),
        TEST(objects_and_bytes_are_counted_as_requested),
        TEST(allocations_minus_reclaimed_are_live),
        TEST(the_peak_outlives_what_made_it),
        TEST(a_long_cascade_is_timed_where_counting_reclaims),
        TEST(empty_slots_are_no_part_of_a_cascade),
        TEST(each_operation_is_counted_under_its_name),
        TEST(queries_are_no_operations),
        TEST(the_same_program_has_the_same_digest),
        TEST(the_digest_depends_on_order_and_arguments),
        TEST(objects_are_visited_in_the_order_of_their_making),
        TEST(serial_numbers_stay_with_their_objects),
    };
    return TESTS_RUN("statistics", tests);
}
