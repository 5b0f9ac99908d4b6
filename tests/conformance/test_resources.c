/* Resources bound to a scope are given back on every path out of it, once, in the reverse order of
 * their declaration, whatever the strategy; beside them, what a finaliser does instead. */
#include "conformance.h"

static void release(mm *m, mm_var *resource)
{
    assert_references(m, resource, 1);
    journal_note(label_of(m, resource));
}

/* Whoever else refers to it, it is given back. */
static void release_shared(mm *m, mm_var *resource)
{
    journal_note(label_of(m, resource));
}

static void open_resource(mm *m, mm_var *dst, uint64_t label)
{
    new_labelled(m, dst, 1, label);
}

/* ---- Every exit path ---- */

enum leaving { FALL_THROUGH, RETURN_EARLY, BREAK_OUT, GO_TO_END, FAIL_TO_MAKE, LEAVINGS };

static mm_status leave_with_two(mm *m, enum leaving how)
{
    mm_status status = MM_OK;
    MM_RESOURCE(m, outer, release);

    open_resource(m, outer, 1);
    for (int i = 0; i < 1; i++) {
        MM_RESOURCE(m, inner, release);
        open_resource(m, inner, 2);
        if (how == RETURN_EARLY)
            return MM_OK;
        if (how == BREAK_OUT)
            break;
        if (how == GO_TO_END)
            goto end;
        if (how == FAIL_TO_MAKE) {
            MM_RESOURCE(m, never, release);
            mm_fail_allocation(mm_heap_of(m), 1, true);
            status = mm_new(m, never, node_type, 0, 8);
            mm_fail_allocation(mm_heap_of(m), 0, false);
            if (status != MM_OK)
                return status;
        }
    }
end:
    return status;
}

static void every_path_out_of_a_scope_gives_back(mm *m)
{
    for (enum leaving how = FALL_THROUGH; how < LEAVINGS; how++) {
        journal_clear();
        assert_int_equal(leave_with_two(m, how), how == FAIL_TO_MAKE ? MM_NO_MEMORY : MM_OK);
        ASSERT_JOURNAL(2, 1);
        assert_left_now(m, 0, 0);
        assert_left_after_collecting(m, 0, 0);
    }
}

static void resources_are_given_back_in_reverse_order(mm *m)
{
    {
        MM_RESOURCE(m, first, release);
        MM_RESOURCE(m, second, release);
        MM_RESOURCE(m, third, release);
        open_resource(m, third, 3); /* by declaration, not by opening */
        open_resource(m, first, 1);
        open_resource(m, second, 2);
    }
    ASSERT_JOURNAL(3, 2, 1);
}

static void each_turn_of_a_loop_gives_back(mm *m)
{
    for (uint64_t i = 0; i < 5; i++) {
        MM_RESOURCE(m, resource, release);
        if (i == 1)
            continue;
        open_resource(m, resource, i);
        if (i == 3)
            break;
    }
    ASSERT_JOURNAL(0, 2, 3);
}

/* ---- Not given back ---- */

static void what_was_never_set_is_not_given_back(mm *m)
{
    {
        MM_RESOURCE(m, resource, release);
        assert_true(mm_is_null(resource));
    }
    assert_int_equal(journal_length(), 0);
}

static void open_and_return(mm *m, mm_var *out)
{
    MM_RESOURCE(m, resource, release);

    open_resource(m, resource, 7);
    mm_move(m, out, resource);
}

static void who_moves_a_resource_away_passes_the_duty_on(mm *m)
{
    {
        MM_RESOURCE(m, mine, release);
        open_and_return(m, mine);
        assert_int_equal(journal_length(), 0);
        assert_int_equal(label_of(m, mine), 7);
    }
    ASSERT_JOURNAL(7);
}

static void what_is_cleared_or_replaced_is_not_given_back(mm *m)
{
    {
        MM_RESOURCE(m, resource, release);
        open_resource(m, resource, 1);
        mm_clear(m, resource);
        open_resource(m, resource, 2);
        open_resource(m, resource, 3);
    }
    ASSERT_JOURNAL(3);
}

/* ---- Whoever else refers to it ---- */

static void a_shared_resource_is_given_back_and_lives_on(mm *m)
{
    MM_VAR(m, other);

    {
        MM_RESOURCE(m, resource, release_shared);
        open_resource(m, resource, 7);
        mm_store(m, resource, 0, resource); /* even on a cycle */
        mm_set(m, other, resource);
    }
    ASSERT_JOURNAL(7);
    assert_int_equal(label_of(m, other), 7);
    mm_clear(m, other);
    reclaim_all(m);
    ASSERT_JOURNAL(7);
    assert_left_after_collecting(m, 0, 1);
}

static void close_what_it_holds(mm *m, mm_var *resource)
{
    MM_VAR(m, held);

    mm_take(m, held, resource, 0);
    if (!mm_is_null(held))
        close_what_it_holds(m, held);
    journal_note(label_of(m, resource));
    mm_clear(m, resource); /* it may be given up here already */
}

static void giving_back_may_use_every_operation(mm *m)
{
    MM_VAR(m, v);

    {
        MM_RESOURCE(m, resource, close_what_it_holds);
        open_resource(m, resource, 1);
        for (uint64_t i = 2; i < 5; i++) {
            open_resource(m, v, i);
            mm_store_move(m, v, 0, resource);
            mm_move(m, resource, v);
        }
    }
    ASSERT_JOURNAL(1, 2, 3, 4);
    assert_left_after_collecting(m, 0, 0);
}

/* ---- The same by finalisers: when, depends on the strategy; and whether ---- */

static void a_finaliser_gives_back_when_the_strategy_likes(mm *m)
{
    const mm_type type = new_type(m, "file", MM_CONTAINER, note_finaliser);

    {
        MM_VAR(m, resource);
        new_of(m, resource, type, 1, 7);
    }
    if (strategy_traits.prompt)
        ASSERT_JOURNAL(7);
    {
        MM_VAR(m, resource);
        new_of(m, resource, type, 1, 8);
        mm_store(m, resource, 0, resource);
    }
    if (tests_forced_collections() == 0)
        assert_int_equal(journal_count(8), 0);
    reclaim_all(m);
    assert_int_equal(journal_count(7), dies(false));
    assert_int_equal(journal_count(8), dies(true));
}

static void a_resource_with_a_finaliser_is_given_back_first(mm *m)
{
    const mm_type type = new_type(m, "file", MM_CONTAINER, note_finaliser);

    {
        MM_RESOURCE(m, resource, release);
        new_of(m, resource, type, 1, 7);
    }
    assert_in_range(journal_length(), strategy_traits.prompt ? 2 : 1, 2);
    reclaim_all(m);
    assert_int_equal(journal_count(7), 1 + dies(false));
}

int test_resources(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_path_out_of_a_scope_gives_back),
        TEST(resources_are_given_back_in_reverse_order),
        TEST(each_turn_of_a_loop_gives_back),
        TEST(what_was_never_set_is_not_given_back),
        TEST(who_moves_a_resource_away_passes_the_duty_on),
        TEST(what_is_cleared_or_replaced_is_not_given_back),
        TEST(a_shared_resource_is_given_back_and_lives_on),
        TEST(giving_back_may_use_every_operation),
        TEST_WHERE(!strategy_traits.conservative, a_finaliser_gives_back_when_the_strategy_likes),
        TEST_WHERE(!strategy_traits.conservative, a_resource_with_a_finaliser_is_given_back_first),
    };
    return TESTS_RUN("resources", tests);
}
