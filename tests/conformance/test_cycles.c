/* The cycle problem: groups that refer to each other and that nobody else refers to. Counting alone
 * keeps exactly what is on such a cycle or reachable from one; a cycle collector reclaims it and
 * touches nothing that is reachable. */
#include "conformance.h"

static void a_dropped_pair_is_left_to_the_cycle_collector(mm *m)
{
    MM_VARS(m, v, 2);

    new_pair(m, v, v + 1);
    assert_references(m, v, 2);
    assert_references(m, v + 1, 2);
    mm_clear(m, v);
    assert_references(m, v + 1, 2);
    assert_left_now(m, 2, 0);
    mm_clear(m, v + 1);
    assert_left_now(m, 0, 2);
    assert_left_after_collecting(m, 0, 2);
}

static void a_self_reference_is_a_cycle(mm *m)
{
    MM_VAR(m, v);

    new_node(m, v, 1);
    mm_store(m, v, 0, v);
    assert_references(m, v, 2);
    mm_clear(m, v);
    assert_left_now(m, 0, 1);
    assert_left_after_collecting(m, 0, 1);
}

static void a_broken_cycle_is_acyclic_garbage(mm *m)
{
    MM_VARS(m, v, 2);

    new_pair(m, v, v + 1);
    mm_unset(m, v, 0);
    mm_clear(m, v);
    assert_left_now(m, 2, 0);
    mm_clear(m, v + 1);
    assert_left_now(m, 0, 0);
    assert_left_after_collecting(m, 0, 0);
}

/* A parent with `children` children, each with a reference back. */
static void new_family(mm *m, mm_var *parent, uint32_t children)
{
    MM_VAR(m, child);

    new_node(m, parent, children);
    for (uint32_t i = 0; i < children; i++) {
        new_node(m, child, 1);
        mm_store(m, child, 0, parent);
        mm_store_move(m, parent, i, child);
    }
}

static void back_pointers_keep_a_family_together(mm *m)
{
    MM_VARS(m, v, 2);

    new_family(m, v, 5);
    assert_references(m, v, 6);
    mm_load(m, v + 1, v, 3);
    mm_clear(m, v);
    assert_left_after_collecting(m, 6, 0);
    mm_clear(m, v + 1);
    assert_left_now(m, 0, 6);
    assert_left_after_collecting(m, 0, 6);
}

static void the_root_is_reclaimed_while_left_and_right_hold_each_other(mm *m)
{
    MM_VARS(m, v, 3);
    mm_var *root = v, *left = v + 1, *right = v + 2;

    new_node(m, root, 2);
    new_pair(m, left, right);
    mm_store_move(m, root, 0, left);
    mm_store_move(m, root, 1, right);
    mm_clear(m, root);
    assert_left_now(m, 0, 2);
    assert_left_after_collecting(m, 0, 2);
}

static void what_a_garbage_cycle_holds_shares_its_fate(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 3);
    mm_store(m, v, 0, v);
    new_chain(m, v + 1, 10);
    mm_store_move(m, v, 1, v + 1);
    new_atom(m, v + 1, 100);
    mm_store_move(m, v, 2, v + 1);
    mm_clear(m, v);
    assert_left_now(m, 0, 12);
    assert_left_after_collecting(m, 0, 12);
}

static void what_holds_a_garbage_cycle_dies_without_it(mm *m)
{
    MM_VARS(m, v, 3);

    new_pair(m, v, v + 1);
    mm_clear(m, v + 1);
    new_node(m, v + 2, 1);
    mm_store_move(m, v + 2, 0, v);
    assert_left_now(m, 3, 0);
    mm_clear(m, v + 2);
    assert_left_now(m, 0, 2);
    assert_left_after_collecting(m, 0, 2);
}

static void a_cycle_reachable_from_a_slot_survives(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    new_ring(m, v + 1, 20);
    mm_store_move(m, v, 0, v + 1);
    assert_left_after_collecting(m, 21, 0);
    mm_load(m, v + 1, v, 0);
    for (int i = 0; i < 20; i++)
        mm_load(m, v + 1, v + 1, 0);
    assert_slot(m, v, 0, v + 1);
}

static void a_ring_dies_when_its_last_name_goes(mm *m)
{
    uint64_t dropped = 0;
    MM_VARS(m, v, 2);

    for (uint32_t length = 1; length <= 64; length *= 4) {
        new_ring(m, v, length);
        mm_load(m, v + 1, v, 0);
        mm_clear(m, v);
        assert_left_after_collecting(m, length, dropped);
        mm_clear(m, v + 1);
        dropped += length;
        assert_left_after_collecting(m, 0, dropped);
    }
}

static void survivors_keep_what_garbage_shared_with_them(mm *m)
{
    MM_VARS(m, v, 3);

    new_labelled(m, v, 0, 42);
    new_pair(m, v + 1, v + 2);
    {
        MM_VARS(m, lost, 2);
        new_node(m, lost, 2);
        new_node(m, lost + 1, 2);
        mm_store(m, lost, 0, lost + 1);
        mm_store(m, lost + 1, 0, lost);
        mm_store(m, lost, 1, v);
        mm_store(m, lost + 1, 1, v + 1);
    }
    assert_left_now(m, 3, 2);
    assert_left_after_collecting(m, 3, 2);
    if (strategy_traits.reclaims_cycles) {
        assert_references(m, v, 1); /* before: 2, of which garbage held one */
        assert_references(m, v + 1, 2);
    }
    assert_int_equal(label_of(m, v), 42);
    assert_slot(m, v + 1, 0, v + 2);
}

/* 30 nodes, each referring to all: 900 references, and still nobody outside. */
static void a_clique_is_one_cycle(mm *m)
{
    enum { NODES = 30 };
    MM_VARS(m, v, NODES);

    for (uint32_t i = 0; i < NODES; i++)
        new_node(m, v + i, NODES);
    for (uint32_t i = 0; i < NODES; i++)
        for (uint32_t j = 0; j < NODES; j++)
            mm_store(m, v + i, j, v + j);
    for (uint32_t i = 0; i < NODES - 1; i++)
        mm_clear(m, v + i);
    assert_references(m, v + NODES - 1, NODES + 1);
    assert_left_after_collecting(m, NODES, 0);
    mm_clear(m, v + NODES - 1);
    assert_left_now(m, 0, NODES);
    assert_left_after_collecting(m, 0, NODES);
}

static void crossing_rings_die_together(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 2);
    for (uint32_t i = 0; i < 2; i++) {
        new_chain(m, v + 1, 10);
        mm_set(m, v + 2, v + 1);
        for (int step = 1; step < 10; step++)
            mm_load(m, v + 2, v + 2, 0);
        mm_store(m, v + 2, 0, v);
        mm_store_move(m, v, i, v + 1);
    }
    mm_clear(m, v + 2);
    assert_left_after_collecting(m, 21, 0);
    mm_clear(m, v);
    assert_left_now(m, 0, 21);
    assert_left_after_collecting(m, 0, 21);
}

static void repeated_collection_reaches_a_fixed_point(mm *m)
{
    MM_VAR(m, kept);

    new_ring(m, kept, 5);
    for (int i = 0; i < 10; i++) {
        MM_VARS(m, v, 2);
        new_pair(m, v, v + 1);
    }
    assert_left_after_collecting(m, 5, 20);
    assert_collects(m, 0);
    assert_left_after_collecting(m, 5, 20);
}

int test_cycles(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_dropped_pair_is_left_to_the_cycle_collector),
        TEST(a_self_reference_is_a_cycle),
        TEST(a_broken_cycle_is_acyclic_garbage),
        TEST(back_pointers_keep_a_family_together),
        TEST(the_root_is_reclaimed_while_left_and_right_hold_each_other),
        TEST(what_a_garbage_cycle_holds_shares_its_fate),
        TEST(what_holds_a_garbage_cycle_dies_without_it),
        TEST(a_cycle_reachable_from_a_slot_survives),
        TEST(a_ring_dies_when_its_last_name_goes),
        TEST(survivors_keep_what_garbage_shared_with_them),
        TEST(a_clique_is_one_cycle),
        TEST(crossing_rings_die_together),
        TEST(repeated_collection_reaches_a_fixed_point),
    };
    return TESTS_RUN("cycles", tests);
}
