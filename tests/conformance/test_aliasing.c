/* One variable or slot in two roles of one operation: the new value always stands before the old
 * one is given up, so that nothing dies on the way to its new place. */
#include "conformance.h"

/* `a` is the only name of an object whose slot 0 is the only reference to a second one, labelled.
 */
static void new_holder(mm *m, mm_var *a, uint64_t label)
{
    MM_VAR(m, held);

    new_labelled(m, held, 1, label);
    new_node(m, a, 1);
    mm_store_move(m, a, 0, held);
}

static void set_to_itself_changes_nothing(mm *m)
{
    MM_VAR(m, a);

    new_labelled(m, a, 0, 1);
    mm_set(m, a, a);
    assert_int_equal(label_of(m, a), 1);
    assert_references(m, a, 1);
    assert_left_now(m, 1, 0);
}

static void move_to_itself_changes_nothing(mm *m)
{
    MM_VAR(m, a);

    new_labelled(m, a, 0, 2);
    mm_move(m, a, a);
    assert_int_equal(label_of(m, a), 2);
    assert_references(m, a, 1);
    assert_left_now(m, 1, 0);
}

static void null_to_itself_stays_null(mm *m)
{
    MM_VAR(m, a);

    mm_set(m, a, a);
    mm_move(m, a, a);
    assert_true(mm_is_null(a));
}

static void new_into_the_last_name_of_an_object_replaces_it(mm *m)
{
    MM_VAR(m, a);

    new_holder(m, a, 3);
    new_labelled(m, a, 0, 4);
    assert_int_equal(label_of(m, a), 4);
    assert_left_now(m, 1, 0);
}

static void load_through_its_own_destination_keeps_the_child(mm *m)
{
    MM_VAR(m, a);

    new_holder(m, a, 5);
    mm_load(m, a, a, 0);
    assert_int_equal(label_of(m, a), 5);
    assert_references(m, a, 1);
    assert_left_now(m, 1, 0);
}

static void load_of_a_null_slot_through_its_own_destination_drops_the_object(mm *m)
{
    MM_VAR(m, a);

    new_node(m, a, 1);
    mm_load(m, a, a, 0);
    assert_true(mm_is_null(a));
    assert_left_now(m, 0, 0);
}

static void take_through_its_own_destination_keeps_the_child(mm *m)
{
    MM_VAR(m, a);

    new_holder(m, a, 6);
    mm_take(m, a, a, 0);
    assert_int_equal(label_of(m, a), 6);
    assert_references(m, a, 1);
    assert_left_now(m, 1, 0);
}

static void take_of_a_self_reference_keeps_the_object(mm *m)
{
    MM_VAR(m, a);

    new_labelled(m, a, 1, 7);
    mm_store(m, a, 0, a);
    mm_take(m, a, a, 0);
    assert_int_equal(label_of(m, a), 7);
    assert_slot_null(m, a, 0);
    assert_references(m, a, 1);
}

static void load_of_a_self_reference_keeps_the_object(mm *m)
{
    MM_VAR(m, a);

    new_labelled(m, a, 1, 8);
    mm_store(m, a, 0, a);
    mm_load(m, a, a, 0);
    assert_int_equal(label_of(m, a), 8);
    assert_references(m, a, 2);
    mm_unset(m, a, 0);
}

static void store_of_the_container_in_itself_is_a_self_reference(mm *m)
{
    MM_VAR(m, a);

    new_holder(m, a, 9);
    mm_store(m, a, 0, a);
    assert_slot(m, a, 0, a);
    assert_references(m, a, 2);
    mm_unset(m, a, 0);
    assert_references(m, a, 1);
    assert_left_now(m, 1, 0);
}

static void fill_of_the_container_with_itself_leaves_a_cycle(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    mm_set(m, v + 1, v);
    mm_fill(m, v, 0, v);
    assert_true(mm_is_null(v));
    assert_slot(m, v + 1, 0, v + 1);
    assert_references(m, v + 1, 2);
}

static void store_move_of_the_container_into_itself_leaves_a_cycle(mm *m)
{
    MM_VAR(m, a);

    new_node(m, a, 1);
    mm_store_move(m, a, 0, a);
    assert_true(mm_is_null(a));
    assert_left_now(m, 0, 1);
    assert_left_after_collecting(m, 0, 1);
}

static void storing_what_the_slot_holds_keeps_it(mm *m)
{
    MM_VARS(m, v, 2);

    new_holder(m, v, 10);
    mm_load(m, v + 1, v, 0);
    mm_store(m, v, 0, v + 1);
    assert_references(m, v + 1, 2);
    mm_store_move(m, v, 0, v + 1);
    mm_load(m, v + 1, v, 0);
    assert_int_equal(label_of(m, v + 1), 10);
    assert_references(m, v + 1, 2);
}

static void copying_a_slot_onto_itself_keeps_what_it_holds(mm *m)
{
    MM_VAR(m, a);

    new_holder(m, a, 11);
    mm_copy_slot(m, a, 0, a, 0);
    mm_load(m, a, a, 0);
    assert_int_equal(label_of(m, a), 11);
    assert_left_now(m, 1, 0);
}

static void copying_within_one_object_shares_the_child(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 2);
    new_labelled(m, v + 1, 0, 12);
    mm_store(m, v, 0, v + 1);
    mm_copy_slot(m, v, 1, v, 0);
    assert_slot(m, v, 1, v + 1);
    assert_references(m, v + 1, 3);
}

static void a_child_may_replace_its_parent_in_the_slot(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    new_holder(m, v + 1, 13);
    mm_store_move(m, v, 0, v + 1);
    {
        MM_BORROW(m, middle);
        mm_borrow(m, middle, v, 0);
        mm_load(m, v + 1, middle, 0);
    }
    mm_store_move(m, v, 0, v + 1);
    mm_load(m, v + 1, v, 0);
    assert_int_equal(label_of(m, v + 1), 13);
    assert_left_now(m, 2, 0);
}

static void a_root_may_be_read_into_the_variable_it_was_set_from(mm *m)
{
    mm_root *root;
    MM_VAR(m, a);

    new_labelled(m, a, 0, 14);
    assert_int_equal(mm_root_new(m, &root), MM_OK);
    mm_root_set(m, root, a);
    mm_root_get(m, a, root);
    mm_root_set(m, root, a);
    assert_int_equal(label_of(m, a), 14);
    assert_references(m, a, 2);
    mm_root_free(m, root);
    assert_references(m, a, 1);
}

int test_aliasing(void)
{
    const struct CMUnitTest tests[] = {
        TEST(set_to_itself_changes_nothing),
        TEST(move_to_itself_changes_nothing),
        TEST(null_to_itself_stays_null),
        TEST(new_into_the_last_name_of_an_object_replaces_it),
        TEST(load_through_its_own_destination_keeps_the_child),
        TEST(load_of_a_null_slot_through_its_own_destination_drops_the_object),
        TEST(take_through_its_own_destination_keeps_the_child),
        TEST(take_of_a_self_reference_keeps_the_object),
        TEST(load_of_a_self_reference_keeps_the_object),
        TEST(store_of_the_container_in_itself_is_a_self_reference),
        TEST(fill_of_the_container_with_itself_leaves_a_cycle),
        TEST(store_move_of_the_container_into_itself_leaves_a_cycle),
        TEST(storing_what_the_slot_holds_keeps_it),
        TEST(copying_a_slot_onto_itself_keeps_what_it_holds),
        TEST(copying_within_one_object_shares_the_child),
        TEST(a_child_may_replace_its_parent_in_the_slot),
        TEST(a_root_may_be_read_into_the_variable_it_was_set_from),
    };
    return TESTS_RUN("aliasing", tests);
}
