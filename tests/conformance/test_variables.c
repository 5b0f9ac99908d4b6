/* Variables, scopes, roots and borrowing: what holds an object, for how long, and what does not. */
#include "conformance.h"

/* ---- Scopes give up their variables on every path ---- */

enum leaving { BY_FALLING_OFF, BY_EARLY_RETURN, BY_NESTED_RETURN, BY_GOTO };

static void leave_two_scopes(mm *m, enum leaving how)
{
    MM_VARS(m, outer, 2);

    new_node(m, outer, 0);
    new_node(m, outer + 1, 0);
    if (how == BY_EARLY_RETURN)
        return;
    {
        MM_VAR(m, inner);
        new_node(m, inner, 0);
        if (how == BY_NESTED_RETURN)
            return;
        if (how == BY_GOTO)
            goto out;
    }
    assert_left_now(m, 2, 0);
out:
    assert_false(mm_is_null(outer));
}

static void every_way_out_of_a_function_gives_up_its_variables(mm *m)
{
    for (int how = BY_FALLING_OFF; how <= BY_GOTO; how++) {
        leave_two_scopes(m, (enum leaving)how);
        assert_left_now(m, 0, 0);
    }
    assert_left_after_collecting(m, 0, 0);
}

static void break_and_continue_give_up_the_variables_of_the_loop(mm *m)
{
    for (int i = 0; i < 10; i++) {
        MM_VARS(m, turn, 2);
        assert_true(mm_is_null(turn));
        new_node(m, turn, 0);
        if (i % 2 == 0)
            continue;
        new_node(m, turn + 1, 0);
        if (i == 7)
            break;
    }
    assert_left_now(m, 0, 0);
    assert_left_after_collecting(m, 0, 0);
}

static void an_inner_scope_ends_before_the_outer_one(mm *m)
{
    MM_VAR(m, outer);

    new_node(m, outer, 1);
    {
        MM_VAR(m, inner);
        new_node(m, inner, 0);
        mm_store(m, outer, 0, inner);
        assert_references(m, inner, 2);
    }
    mm_load(m, outer, outer, 0);
    assert_references(m, outer, 1);
    assert_left_now(m, 1, 0);
}

static uint64_t sum_of_labels(mm *m, mm_var *list)
{
    MM_VAR(m, rest);

    if (mm_is_null(list))
        return 0;
    mm_load(m, rest, list, 0);
    return label_of(m, list) + sum_of_labels(m, rest);
}

static void recursion_has_variables_of_its_own(mm *m)
{
    MM_VARS(m, v, 2);

    for (uint64_t i = 1; i <= 200; i++) {
        new_labelled(m, v + 1, 1, i);
        mm_store_move(m, v + 1, 0, v);
        mm_move(m, v, v + 1);
    }
    assert_int_equal(sum_of_labels(m, v), 200 * 201 / 2);
    assert_references(m, v, 1);
}

static void objects_that_only_variables_hold_survive_collections(mm *m)
{
    MM_VARS(m, v, 50);

    for (uint64_t i = 0; i < 50; i++)
        new_labelled(m, v + i, 0, i);
    assert_left_after_collecting(m, 50, 0);
    for (uint64_t i = 0; i < 50; i++)
        assert_int_equal(label_of(m, v + i), i);
}

static void results_survive_the_function_that_made_them(mm *m)
{
    MM_VAR(m, chain);

    new_chain(m, chain, 100);
    assert_left_after_collecting(m, 100, 0);
    assert_references(m, chain, 1);
}

/* ---- Roots ---- */

static mm_root *root_of_a_chain(mm *m, uint32_t length)
{
    mm_root *root;
    MM_VAR(m, chain);

    assert_int_equal(mm_root_new(m, &root), MM_OK);
    new_chain(m, chain, length);
    mm_root_set(m, root, chain);
    return root;
}

static void a_root_is_null_at_birth(mm *m)
{
    mm_root *root;
    MM_VAR(m, v);

    new_node(m, v, 0);
    assert_int_equal(mm_root_new(m, &root), MM_OK);
    mm_root_get(m, v, root);
    assert_true(mm_is_null(v));
    mm_root_free(m, root);
}

static void a_root_outlives_the_scope_that_filled_it(mm *m)
{
    mm_root *root = root_of_a_chain(m, 10);
    MM_VAR(m, v);

    assert_left_after_collecting(m, 10, 0);
    mm_root_get(m, v, root);
    assert_references(m, v, 2);
    mm_clear(m, v);
    mm_root_free(m, root);
    assert_left_now(m, 0, 0);
    assert_left_after_collecting(m, 0, 0);
}

static void setting_a_root_gives_up_what_it_held(mm *m)
{
    mm_root *root = root_of_a_chain(m, 10);
    MM_VAR(m, v);

    mm_root_set(m, root, v);
    assert_left_now(m, 0, 0);
    new_node(m, v, 0);
    mm_root_set(m, root, v);
    mm_clear(m, v);
    assert_left_after_collecting(m, 1, 0);
    mm_root_free(m, root);
}

static void roots_end_in_any_order(mm *m)
{
    static const int order[] = {2, 0, 4, 3, 1};
    mm_root *roots[5];

    for (int i = 0; i < 5; i++)
        roots[i] = root_of_a_chain(m, 10);
    for (uint64_t ended = 0; ended < 5; ended++) {
        mm_root_free(m, roots[order[ended]]);
        assert_left_after_collecting(m, 40 - 10 * ended, 0);
    }
}

static void a_freed_heap_takes_its_roots_along(mm *m)
{
    mm *other = heap_open("");

    (void)m;
    root_of_a_chain(other, 10);
    root_of_a_chain(other, 10);
    heap_end(other); /* the leak checker of a sanitizer build is the judge */
}

/* ---- Borrowing ---- */

static void a_borrowed_variable_owns_nothing(mm *m)
{
    MM_VARS(m, v, 2);
    MM_BORROW(m, look);

    assert_true(mm_is_null(look));
    new_node(m, v, 1);
    new_labelled(m, v + 1, 0, 1);
    mm_store(m, v, 0, v + 1);
    mm_borrow(m, look, v, 0);
    assert_true(mm_same(look, v + 1));
    assert_int_equal(label_of(m, look), 1);
    assert_references(m, v + 1, 2);
}

static void a_borrowed_variable_can_be_the_source_of_every_operation(mm *m)
{
    mm_root *root;
    MM_VARS(m, v, 4);
    MM_BORROW(m, look);

    assert_int_equal(mm_root_new(m, &root), MM_OK);
    new_node(m, v, 1);
    new_node(m, v + 1, 1);
    mm_store(m, v, 0, v + 1);
    new_node(m, v + 2, 1);
    mm_borrow(m, look, v, 0);
    mm_set(m, v + 3, look);
    assert_references(m, v + 1, 3);
    mm_store(m, v + 2, 0, look);
    mm_root_set(m, root, look);
    assert_references(m, v + 1, 5);
    mm_store(m, look, 0, v + 2);
    assert_slot(m, v + 1, 0, v + 2);
    mm_load(m, v + 3, look, 0);
    assert_true(mm_same(v + 3, v + 2));
    mm_unset(m, look, 0);
    mm_root_free(m, root);
}

static void borrowing_walks_a_list_without_counting(mm *m)
{
    uint32_t length = 1;
    MM_VAR(m, chain);
    MM_BORROW(m, look);

    new_chain(m, chain, 100);
    for (mm_borrow(m, look, chain, 0); !mm_is_null(look); mm_borrow(m, look, look, 0)) {
        assert_references(m, look, 1);
        length++;
    }
    assert_int_equal(length, 100);
}

static void a_borrowed_variable_follows_its_object_through_collections(mm *m)
{
    MM_VAR(m, v);
    MM_VAR(m, other);
    MM_BORROW(m, look);

    new_labelled(m, other, 0, 77);
    new_node(m, v, 1);
    mm_store_move(m, v, 0, other);
    mm_borrow(m, look, v, 0);
    for (int i = 0; i < 20; i++) {
        new_node(m, other, 1);
        mm_safepoint(m);
        assert_int_equal(label_of(m, look), 77);
        assert_slot(m, v, 0, look);
    }
    assert_left_after_collecting(m, 3, 0);
}

static void a_borrow_ends_with_its_block(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_store_move(m, v, 0, v + 1);
    {
        MM_BORROW(m, look);
        mm_borrow(m, look, v, 0);
    }
    mm_unset(m, v, 0); /* would be misuse while it is borrowed */
    assert_left_now(m, 1, 0);
}

static void borrowing_anew_releases_the_slot_borrowed_before(mm *m)
{
    MM_VARS(m, v, 2);
    MM_BORROW(m, look);

    new_node(m, v, 2);
    new_node(m, v + 1, 0);
    mm_store(m, v, 0, v + 1);
    mm_borrow(m, look, v, 0);
    mm_borrow(m, look, v, 1);
    assert_true(mm_is_null(look));
    mm_unset(m, v, 0);
    assert_references(m, v + 1, 1);
}

/* ---- Requests and safepoints ---- */

static void safepoints_keep_what_is_reachable(mm *m)
{
    MM_VAR(m, chain);

    new_chain(m, chain, 100);
    for (int i = 0; i < 10; i++)
        mm_safepoint(m);
    assert_left_after_collecting(m, 100, 0);
}

static void requests_are_counted_and_timed(mm *m)
{
    const uint64_t started_ns = clock_now_ns();
    MM_VAR(m, v);

    for (int i = 0; i < 3; i++) {
        mm_request_begin(m);
        new_chain(m, v, 10);
        mm_request_end(m);
    }
    assert_int_equal(heap_stats(m).requests, 3);
    assert_in_range(heap_stats(m).request_ns_max, 1, clock_now_ns() - started_ns);
}

int test_variables(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_way_out_of_a_function_gives_up_its_variables),
        TEST(break_and_continue_give_up_the_variables_of_the_loop),
        TEST(an_inner_scope_ends_before_the_outer_one),
        TEST(recursion_has_variables_of_its_own),
        TEST(objects_that_only_variables_hold_survive_collections),
        TEST(results_survive_the_function_that_made_them),
        TEST(a_root_is_null_at_birth),
        TEST(a_root_outlives_the_scope_that_filled_it),
        TEST(setting_a_root_gives_up_what_it_held),
        TEST(roots_end_in_any_order),
        TEST(a_freed_heap_takes_its_roots_along),
        TEST(a_borrowed_variable_owns_nothing),
        TEST(a_borrowed_variable_can_be_the_source_of_every_operation),
        TEST(borrowing_walks_a_list_without_counting),
        TEST(a_borrowed_variable_follows_its_object_through_collections),
        TEST(a_borrow_ends_with_its_block),
        TEST(borrowing_anew_releases_the_slot_borrowed_before),
        TEST(safepoints_keep_what_is_reachable),
        TEST(requests_are_counted_and_timed),
    };
    return TESTS_RUN("variables, scopes and roots", tests);
}
