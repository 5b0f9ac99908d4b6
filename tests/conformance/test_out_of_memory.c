/* Out of memory, at every allocation of a program in turn and at the heap's limit: a failed call
 * leaves everything as it was, and the program can go on. */
#include "shadow.h"

/* A failed allocation leaves its destination, and everything else, as before. */
static void a_failed_new_changes_nothing(mm *m)
{
    MM_VARS(m, v, 2);

    new_labelled(m, v, 1, 8);
    new_labelled(m, v + 1, 0, 9);
    mm_store(m, v, 0, v + 1);
    mm_fail_allocation(mm_heap_of(m), 1, true);
    assert_int_equal(mm_new(m, v, node_type, 3, 8), MM_NO_MEMORY);
    assert_int_equal(mm_new(m, v + 1, atom_type, 0, 8), MM_NO_MEMORY);
    heap_verify(m);
    assert_int_equal(label_of(m, v), 8);
    assert_int_equal(label_of(m, v + 1), 9);
    assert_slot(m, v, 0, v + 1);
    assert_references(m, v, 1);
    assert_references(m, v + 1, 2);
    mm_fail_allocation(mm_heap_of(m), 0, false);
    new_node(m, v, 0);
    assert_left_after_collecting(m, 2, 0);
}

static void failures_are_transient_when_asked(mm *m)
{
    mm_status first, second;
    MM_VAR(m, v);

    mm_fail_allocation(mm_heap_of(m), 1, false);
    first = mm_new(m, v, node_type, 0, 0);
    second = mm_new(m, v, node_type, 0, 0);
    assert_true(first == MM_NO_MEMORY || has_collector()); /* which may collect and try again */
    assert_int_equal(second, MM_OK);
}

/* At each of the allocations that a call makes: the object's and those of side tables. */
static void a_failed_weak_reference_changes_nothing(mm *m)
{
    uint64_t attempt = 0;
    mm_status status;
    MM_VARS(m, v, 2);

    new_node(m, v, 0);
    new_labelled(m, v + 1, 0, 7);
    reclaim_all(m);
    do {
        mm_fail_allocation(mm_heap_of(m), ++attempt, true);
        status = mm_weak_new(m, v + 1, v, v + 1, note_callback);
        mm_fail_allocation(mm_heap_of(m), 0, false);
        heap_verify(m);
        if (status != MM_OK) {
            assert_int_equal(label_of(m, v + 1), 7);
            assert_references(m, v + 1, 1);
            assert_references(m, v, 1);
            assert_left_after_collecting(m, 2, 0);
        }
    } while (status == MM_NO_MEMORY);
    assert_int_equal(status, MM_OK);
    assert_in_range(attempt, strategy_traits.peer != NULL ? 2 : 3,
                    5); /* two tables, which stay grown, and the object */
    assert_leads_to(m, v + 1, v);
}

static void a_failed_finalisable_object_changes_nothing(mm *m)
{
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_finaliser);
    uint64_t attempt = 0;
    mm_status status;
    MM_VAR(m, v);

    new_labelled(m, v, 0, 7);
    reclaim_all(m);
    do {
        mm_fail_allocation(mm_heap_of(m), ++attempt, true);
        status = mm_new(m, v, type, 1, 8);
        mm_fail_allocation(mm_heap_of(m), 0, false);
        heap_verify(m);
        if (status != MM_OK) {
            assert_int_equal(label_of(m, v), 7);
            assert_references(m, v, 1);
            assert_left_after_collecting(m, 1, 0);
        }
    } while (status == MM_NO_MEMORY);
    assert_int_equal(status, MM_OK);
    assert_in_range(attempt, strategy_traits.peer != NULL ? 2 : 3, 4);
    *(uint64_t *)mm_data(m, v) = 8;
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false)); /* not for those that nobody has seen */
    assert_int_equal(journal_count(8), dies(false));
}

/* Tables that hold something already, and fail to grow. */
static void side_tables_that_cannot_grow_keep_what_they_hold(mm *m)
{
    enum { COUNT = 200 };
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_finaliser);
    uint64_t made = 0;
    MM_VARS(m, v, 3);

    new_node(m, v, 2 * COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        mm_fail_allocation(mm_heap_of(m), 2, true); /* an object is made, and no table grows */
        if (mm_new(m, v + 1, type, 0, 8) == MM_OK)
            *(uint64_t *)mm_data(m, v + 1) = made++;
        else
            mm_fail_allocation(mm_heap_of(m), 0, false);
        mm_fail_allocation(mm_heap_of(m), 2, true);
        if (!mm_is_null(v + 1) && mm_weak_new(m, v + 2, v + 1, NULL, note_callback) == MM_OK)
            mm_store_move(m, v, COUNT + i, v + 2);
        mm_fail_allocation(mm_heap_of(m), 0, false);
        if (mm_is_null(v + 1)) {
            new_of(m, v + 1, type, 0, made++);
            new_weak_calling(m, v + 2, v + 1, NULL, note_callback);
            mm_store_move(m, v, COUNT + i, v + 2);
        }
        mm_store_move(m, v, i, v + 1);
        heap_verify(m);
    }
    for (uint32_t i = 0; i < COUNT; i++)
        mm_unset(m, v, i);
    reclaim_all(m);
    assert_in_range(journal_length(), dies(false) ? made : 0, dies(false) ? 2 * COUNT : 0);
}

/* ---- Small programs that stop at the first failed allocation ---- */

typedef mm_status small_program(mm *m, mm_var *out);

static mm_status build_list(mm *m, mm_var *out)
{
    MM_VAR(m, node);

    for (int i = 0; i < 20; i++) {
        if (mm_new(m, node, node_type, 1, 8) != MM_OK)
            return MM_NO_MEMORY;
        mm_store(m, node, 0, out);
        mm_move(m, out, node);
    }
    return MM_OK;
}

static mm_status build_ring(mm *m, mm_var *out)
{
    MM_VARS(m, v, 2);

    if (mm_new(m, out, node_type, 1, 0) != MM_OK)
        return MM_NO_MEMORY;
    mm_store(m, out, 0, out);
    for (int i = 0; i < 20; i++) {
        if (mm_new(m, v, node_type, 1, 0) != MM_OK)
            return MM_NO_MEMORY;
        mm_take(m, v + 1, out, 0);
        mm_store_move(m, v, 0, v + 1);
        mm_store_move(m, out, 0, v);
    }
    return MM_OK;
}

static mm_status build_tree_of(mm *m, mm_var *out, int depth)
{
    MM_VARS(m, v, 2);

    if (mm_new(m, v, node_type, 2, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < 2 && depth > 0; i++) {
        if (build_tree_of(m, v + 1, depth - 1) != MM_OK)
            return MM_NO_MEMORY;
        mm_store_move(m, v, i, v + 1);
    }
    mm_move(m, out, v);
    return MM_OK;
}

static mm_status build_tree(mm *m, mm_var *out)
{
    return build_tree_of(m, out, 4);
}

static mm_status build_garbage(mm *m, mm_var *out)
{
    for (int i = 0; i < 20; i++) {
        MM_VARS(m, v, 2);
        if (mm_new(m, v, node_type, 1, 0) != MM_OK || mm_new(m, v + 1, node_type, 1, 0) != MM_OK)
            return MM_NO_MEMORY;
        mm_store(m, v, 0, v + 1);
        mm_store(m, v + 1, 0, v);
        mm_set(m, out, v);
    }
    return MM_OK;
}

/* Each object finalisable and referred to weakly, dropped in part. */
static mm_status build_watched(mm *m, mm_var *out)
{
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_finaliser);
    MM_VARS(m, v, 2);

    for (uint32_t i = 0; i < 20; i++) {
        if (mm_new(m, v, type, 2, 8) != MM_OK)
            return MM_NO_MEMORY;
        *(uint64_t *)mm_data(m, v) = i;
        if (mm_weak_new(m, v + 1, v, i % 2 != 0 ? out : NULL, note_callback) != MM_OK)
            return MM_NO_MEMORY;
        mm_store_move(m, v, 1, v + 1);
        if (i % 3 != 0)
            mm_store(m, v, 0, out);
        mm_move(m, out, v);
    }
    return MM_OK;
}

/* Runs a program with the allocation `attempt` failing; the heap must be in order, with and without
 * the program's result. */
static mm_status run_failing(small_program *run, uint64_t attempt, bool thereafter)
{
    mm *m = heap_open("");
    mm_status status;

    {
        MM_VAR(m, result);
        mm_fail_allocation(mm_heap_of(m), attempt, thereafter);
        status = run(m, result);
        heap_verify(m);
        mm_fail_allocation(mm_heap_of(m), 0, false);
        mm_clear(m, result);
        assert_int_equal(run(m, result), MM_OK); /* the heap is as good as new */
    }
    heap_end(m);
    return status;
}

static uint64_t allocations_of(small_program *run)
{
    mm *m = heap_open("");
    uint64_t attempts;

    {
        MM_VAR(m, result);
        assert_int_equal(run(m, result), MM_OK);
        attempts = mm_allocation_attempts(mm_heap_of(m));
    }
    heap_end(m);
    return attempts;
}

static void every_allocation_of_a_program_may_fail(mm *m)
{
    static small_program *const programs[] = {build_list, build_ring, build_tree, build_garbage,
                                              build_watched};

    (void)m;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        const uint64_t attempts = allocations_of(programs[i]);
        assert_in_range(attempts, 20, 100);
        for (uint64_t attempt = 1; attempt <= attempts; attempt++) {
            run_failing(programs[i], attempt, false);
            assert_int_equal(run_failing(programs[i], attempt, true), MM_NO_MEMORY);
        }
        assert_int_equal(run_failing(programs[i], attempts + 1, true), MM_OK);
    }
}

/* ---- Random programs that go on after a failure ---- */

static uint64_t failures_of(uint64_t seed, uint64_t attempt, bool thereafter)
{
    enum { OPERATIONS = 200 };
    mm *m = heap_open("");
    uint64_t failed;

    mm_fail_allocation(mm_heap_of(m), attempt, thereafter);
    failed = random_program_run(m, seed, OPERATIONS);
    heap_end(m);
    return failed;
}

static void random_programs_go_on_after_a_failure(mm *m)
{
    uint64_t failed = 0;

    (void)m;
    for (uint64_t attempt = 1; attempt <= 30; attempt++)
        failed += failures_of(attempt, attempt, false) + failures_of(attempt, attempt, true);
    assert_in_range(failed, 30, UINT64_MAX);
}

/* ---- The heap limit ---- */

static void the_heap_stays_within_its_limit(mm *m)
{
    enum { LIMIT = 1 << 16 };
    mm *limited = heap_open("heap_bytes_max=64KiB");
    uint64_t made = 0;

    (void)m;
    {
        MM_VARS(limited, v, 2);
        while (mm_new(limited, v, node_type, 1, 100) == MM_OK) {
            mm_store_move(limited, v, 0, v + 1);
            mm_move(limited, v + 1, v);
            made++;
        }
        assert_in_range(made, LIMIT / 2 / 108, LIMIT / 108);
        assert_int_equal(objects_live(limited), made);
        assert_in_range(heap_stats(limited).bytes_peak, LIMIT / 2, LIMIT);
        assert_true(mm_is_null(v));
    }
    heap_end(limited);
}

static void an_object_larger_than_the_limit_is_refused(mm *m)
{
    mm *limited = heap_open("heap_bytes_max=64KiB");

    (void)m;
    {
        MM_VAR(limited, v);
        assert_int_equal(mm_new(limited, v, node_type, UINT32_MAX, UINT32_MAX), MM_NO_MEMORY);
        assert_int_equal(mm_new(limited, v, atom_type, 0, 1 << 17), MM_NO_MEMORY);
        new_node(limited, v, 1);
    }
    heap_end(limited);
}

static void dropping_makes_room_under_the_limit(mm *m)
{
    mm *limited = heap_open("heap_bytes_max=64KiB");
    mm_status status = MM_OK;

    (void)m;
    for (int i = 0; i < 10000 && status == MM_OK; i++) {
        MM_VAR(limited, v);
        status = mm_new(limited, v, node_type, 1, 100);
    }
    assert_int_equal(status, strategy_traits.reclaims ? MM_OK : MM_NO_MEMORY);
    heap_end(limited);
}

int test_out_of_memory(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_failed_new_changes_nothing),
        TEST_WHERE(!strategy_traits.no_callbacks, a_failed_weak_reference_changes_nothing),
        TEST_WHERE(!strategy_traits.conservative, a_failed_finalisable_object_changes_nothing),
        TEST_WHERE(!strategy_traits.conservative, side_tables_that_cannot_grow_keep_what_they_hold),
        TEST(failures_are_transient_when_asked),
        TEST_WHERE(!strategy_traits.no_callbacks, every_allocation_of_a_program_may_fail),
        TEST(random_programs_go_on_after_a_failure),
    };
    const struct CMUnitTest limit_tests[] = {
        TEST(the_heap_stays_within_its_limit),
        TEST(an_object_larger_than_the_limit_is_refused),
        TEST(dropping_makes_room_under_the_limit),
    };

    return TESTS_RUN("out of memory", tests) +
           (strategy_traits.no_limit ? 0 : TESTS_RUN("heap limit", limit_tests));
}
