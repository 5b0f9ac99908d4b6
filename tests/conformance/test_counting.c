/* What makes and gives up references, told step by step: each count is read where counts are kept,
 * and everywhere the objects that must live do, and acyclic garbage is gone when it must be. */
#include "conformance.h"

static void the_life_of_a_count(mm *m)
{
    MM_VARS(m, v, 3);
    mm_var *a = v, *b = v + 1, *c = v + 2;

    new_node(m, a, 0);
    assert_references(m, a, 1);
    mm_set(m, b, a);
    assert_references(m, a, 2);
    mm_set(m, c, a);
    assert_references(m, a, 3);
    mm_clear(m, b);
    assert_references(m, a, 2);
    mm_clear(m, c);
    assert_references(m, a, 1);
    assert_left_now(m, 1, 0);
    mm_clear(m, a);
    assert_left_now(m, 0, 0);
    assert_left_after_collecting(m, 0, 0);
}

static void the_last_reference_takes_the_children_along(mm *m)
{
    MM_VARS(m, v, 3);
    mm_var *root = v, *kept = v + 1, *child = v + 2;

    new_node(m, root, 2);
    new_node(m, kept, 0);
    mm_store(m, root, 0, kept);
    new_chain(m, child, 10);
    mm_store_move(m, root, 1, child);
    assert_left_now(m, 12, 0);
    mm_clear(m, root);
    assert_references(m, kept, 1);
    assert_left_now(m, 1, 0);
    assert_left_after_collecting(m, 1, 0);
}

static void references_seen_by_a_callee(mm *m, mm_var *borrowed, uint64_t expected)
{
    assert_references(m, borrowed, expected);
    {
        MM_VAR(m, local);
        mm_set(m, local, borrowed);
        assert_references(m, borrowed, expected + 1);
    }
    assert_references(m, borrowed, expected);
}

static void passing_borrows_and_naming_counts(mm *m)
{
    MM_VAR(m, a);

    new_node(m, a, 0);
    references_seen_by_a_callee(m, a, 1);
    assert_references(m, a, 1);
}

static void return_new_object(mm *m, mm_var *out)
{
    MM_VAR(m, local);

    new_node(m, local, 0);
    mm_move(m, out, local);
}

static void returning_transfers(mm *m)
{
    MM_VAR(m, a);

    return_new_object(m, a);
    assert_references(m, a, 1);
    return_new_object(m, a);
    assert_references(m, a, 1);
    assert_left_now(m, 1, 0);
}

/* A query does not count its own argument: getrefcount() of Python reads one more. */
static void three_names_and_a_slot_make_four(mm *m)
{
    MM_VARS(m, v, 4);

    new_node(m, v, 0);
    mm_set(m, v + 1, v);
    mm_set(m, v + 2, v);
    new_node(m, v + 3, 1);
    mm_store(m, v + 3, 0, v);
    assert_references(m, v, 4);
    mm_unset(m, v + 3, 0);
    assert_references(m, v, 3);
}

static void every_slot_counts_by_itself(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 5);
    new_node(m, v + 1, 0);
    for (uint32_t i = 0; i < 5; i++) {
        mm_store(m, v, i, v + 1);
        assert_references(m, v + 1, 2 + i);
    }
    mm_clear(m, v);
    assert_references(m, v + 1, 1);
}

static void reassignment_gives_up_the_old_object(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 0);
    mm_set(m, v + 1, v);
    new_node(m, v + 2, 0);
    mm_set(m, v, v + 2);
    assert_references(m, v + 1, 1);
    assert_references(m, v + 2, 2);
    mm_set(m, v + 1, v + 2);
    assert_left_now(m, 1, 0);
}

static void leaving_a_scope_gives_up_its_names(mm *m)
{
    MM_VAR(m, a);

    new_node(m, a, 0);
    {
        MM_VARS(m, more, 8);
        for (int i = 0; i < 8; i++)
            mm_set(m, more + i, a);
        assert_references(m, a, 9);
    }
    assert_references(m, a, 1);
}

static void dropping_a_container_gives_up_its_contents(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 0);
    new_node(m, v + 1, 1);
    mm_store(m, v + 1, 0, v);
    new_node(m, v + 2, 1);
    mm_store_move(m, v + 2, 0, v + 1);
    assert_references(m, v, 2);
    mm_clear(m, v + 2);
    assert_references(m, v, 1);
    assert_left_now(m, 1, 0);
}

static void transfers_leave_the_count_alone(mm *m)
{
    MM_VARS(m, v, 4);

    new_node(m, v, 0);
    mm_set(m, v + 1, v);
    new_node(m, v + 2, 1);
    mm_move(m, v + 3, v);
    assert_references(m, v + 1, 2);
    mm_store_move(m, v + 2, 0, v + 3);
    assert_references(m, v + 1, 2);
    mm_take(m, v, v + 2, 0);
    assert_references(m, v + 1, 2);
}

static void sharing_keeps_a_child_until_the_last_parent_goes(mm *m)
{
    MM_VARS(m, parents, 5);
    MM_VAR(m, child);

    new_node(m, child, 0);
    for (int i = 0; i < 5; i++) {
        new_node(m, parents + i, 1);
        mm_store(m, parents + i, 0, child);
    }
    mm_clear(m, child);
    for (uint64_t left = 5; left > 0; left--) {
        assert_left_now(m, left + 1, 0);
        mm_clear(m, parents + left - 1);
    }
    assert_left_now(m, 0, 0);
    assert_left_after_collecting(m, 0, 0);
}

/* A tree of depth 10 with shared leaves dies whole, whichever slots its branches are in. */
static void grow_tree(mm *m, mm_var *out, int depth, mm_var *leaf)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 3);
    if (depth == 0)
        mm_store(m, v, 1, leaf);
    for (uint32_t i = 0; i < 2 && depth > 0; i++) {
        grow_tree(m, v + 1, depth - 1, leaf);
        mm_store_move(m, v, (uint32_t)depth % 2 + i, v + 1);
    }
    mm_move(m, out, v);
}

static void a_tree_dies_whole_and_leaves_what_others_hold(mm *m)
{
    enum { DEPTH = 7, NODES = (1 << (DEPTH + 1)) - 1 };
    MM_VARS(m, v, 2);

    new_node(m, v + 1, 0);
    grow_tree(m, v, DEPTH, v + 1);
    assert_left_now(m, NODES + 1, 0);
    assert_references(m, v + 1, 1 + (1 << DEPTH));
    mm_clear(m, v);
    assert_references(m, v + 1, 1);
    assert_left_now(m, 1, 0);
    assert_left_after_collecting(m, 1, 0);
}

int test_counting(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_life_of_a_count),
        TEST(the_last_reference_takes_the_children_along),
        TEST(passing_borrows_and_naming_counts),
        TEST(returning_transfers),
        TEST(three_names_and_a_slot_make_four),
        TEST(every_slot_counts_by_itself),
        TEST(reassignment_gives_up_the_old_object),
        TEST(leaving_a_scope_gives_up_its_names),
        TEST(dropping_a_container_gives_up_its_contents),
        TEST(transfers_leave_the_count_alone),
        TEST(sharing_keeps_a_child_until_the_last_parent_goes),
        TEST(a_tree_dies_whole_and_leaves_what_others_hold),
    };
    return TESTS_RUN("counting", tests);
}
