/* What each operation of mm.h does to variables and slots, null operands included. */
#include "conformance.h"

#include <stdio.h>

static void a_declared_variable_is_null(mm *m)
{
    MM_VARS(m, v, 3);

    for (int i = 0; i < 3; i++)
        assert_true(mm_is_null(v + i));
}

static void a_new_object_has_the_type_and_slots_asked_for(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 7);
    new_atom(m, v + 1, 12);
    assert_false(mm_is_null(v));
    assert_int_equal(mm_type_of(m, v), node_type);
    assert_int_equal(mm_slot_count(m, v), 7);
    assert_int_equal(mm_type_of(m, v + 1), atom_type);
    assert_int_equal(mm_slot_count(m, v + 1), 0);
}

static void slots_are_null_at_birth(mm *m)
{
    MM_VARS(m, v, 1);

    /* The second round gets memory that the first one dirtied, where memory comes back. */
    for (int round = 0; round < 2; round++) {
        new_node(m, v, 64);
        for (uint32_t i = 0; i < 64; i++) {
            assert_slot_null(m, v, i);
            mm_store(m, v, i, v);
            mm_unset(m, v, i);
        }
        for (uint32_t i = 0; i < 64; i++)
            assert_slot_null(m, v, i);
        mm_clear(m, v);
    }
}

static void a_container_may_have_no_slots(mm *m)
{
    MM_VAR(m, v);

    new_node(m, v, 0);
    assert_int_equal(mm_slot_count(m, v), 0);
}

static void new_replaces_what_the_variable_named(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 0);
    mm_set(m, v + 1, v);
    new_node(m, v, 0);
    assert_false(mm_same(v, v + 1));
    mm_clear(m, v + 1);
    assert_left_now(m, 1, 0);
}

static void same_compares_objects_not_contents(mm *m)
{
    MM_VARS(m, v, 4);

    assert_true(mm_same(v, v + 1));
    new_labelled(m, v, 0, 5);
    new_labelled(m, v + 1, 0, 5);
    mm_set(m, v + 2, v);
    assert_false(mm_same(v, v + 1));
    assert_false(mm_same(v, v + 3));
    assert_true(mm_same(v, v + 2));
    assert_true(mm_same(v, v));
}

static void set_makes_an_alias(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    mm_set(m, v + 1, v);
    assert_true(mm_same(v, v + 1));
    mm_store(m, v, 0, v + 1);
    assert_slot(m, v + 1, 0, v);
    mm_unset(m, v, 0);
}

static void set_from_null_makes_null(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 0);
    mm_set(m, v, v + 1);
    assert_true(mm_is_null(v));
    mm_set(m, v, v + 1);
    assert_true(mm_is_null(v));
    assert_left_now(m, 0, 0);
}

static void move_transfers_and_leaves_null(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 0);
    mm_set(m, v + 2, v);
    mm_move(m, v + 1, v);
    assert_true(mm_is_null(v));
    assert_true(mm_same(v + 1, v + 2));
    mm_move(m, v + 1, v); /* from null */
    assert_true(mm_is_null(v + 1));
    assert_references(m, v + 2, 1);
}

static void clear_makes_null_and_may_be_repeated(mm *m)
{
    MM_VAR(m, v);

    new_node(m, v, 0);
    mm_clear(m, v);
    assert_true(mm_is_null(v));
    mm_clear(m, v);
    assert_true(mm_is_null(v));
    assert_left_now(m, 0, 0);
}

static void store_then_load_gives_the_same_object(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 3);
    new_node(m, v + 1, 0);
    mm_store(m, v, 2, v + 1);
    assert_slot_null(m, v, 1);
    mm_load(m, v + 2, v, 2);
    assert_true(mm_same(v + 1, v + 2));
    assert_slot(m, v, 2, v + 1);
}

static void load_of_a_null_slot_makes_null(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_load(m, v + 1, v, 0);
    assert_true(mm_is_null(v + 1));
    assert_left_now(m, 1, 0);
}

static void store_of_null_empties_the_slot(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_store_move(m, v, 0, v + 1);
    mm_store(m, v, 0, v + 2);
    assert_slot_null(m, v, 0);
    mm_store_move(m, v, 0, v + 2);
    assert_slot_null(m, v, 0);
    assert_left_now(m, 1, 0);
}

static void take_empties_the_slot(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_store(m, v, 0, v + 1);
    mm_take(m, v + 2, v, 0);
    assert_true(mm_same(v + 1, v + 2));
    assert_slot_null(m, v, 0);
    assert_references(m, v + 1, 2);
    mm_take(m, v + 2, v, 0); /* of a null slot */
    assert_true(mm_is_null(v + 2));
}

static void store_move_empties_the_variable(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_set(m, v + 2, v + 1);
    mm_store_move(m, v, 0, v + 1);
    assert_true(mm_is_null(v + 1));
    assert_slot(m, v, 0, v + 2);
    assert_references(m, v + 2, 2);
}

static void fill_is_the_first_store_and_empties_the_variable(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_set(m, v + 2, v + 1);
    mm_fill(m, v, 0, v + 1);
    assert_true(mm_is_null(v + 1));
    assert_slot(m, v, 0, v + 2);
    assert_references(m, v + 2, 2);
}

static void unset_empties_the_slot_and_no_other(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 3);
    new_node(m, v + 1, 0);
    for (uint32_t i = 0; i < 3; i++)
        mm_store(m, v, i, v + 1);
    mm_unset(m, v, 1);
    assert_slot(m, v, 0, v + 1);
    assert_slot_null(m, v, 1);
    assert_slot(m, v, 2, v + 1);
    mm_unset(m, v, 1);
    assert_slot_null(m, v, 1);
}

static void storing_replaces_what_the_slot_held(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    new_node(m, v + 2, 0);
    mm_store_move(m, v, 0, v + 1);
    mm_store(m, v, 0, v + 2);
    assert_slot(m, v, 0, v + 2);
    assert_left_now(m, 2, 0);
}

static void copy_slot_stores_without_a_variable(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 2);
    new_node(m, v + 1, 2);
    new_node(m, v + 2, 0);
    mm_store(m, v, 1, v + 2);
    mm_copy_slot(m, v + 1, 0, v, 1);
    assert_slot(m, v + 1, 0, v + 2);
    assert_slot(m, v, 1, v + 2);
    assert_references(m, v + 2, 3);
    mm_copy_slot(m, v + 1, 0, v, 0); /* of a null slot */
    assert_slot_null(m, v + 1, 0);
    assert_references(m, v + 2, 2);
}

static void types_know_what_they_were_made_from(mm *m)
{
    const mm_type_info *node = mm_type_info_of(mm_heap_of(m), node_type);
    const mm_type_info *atom = mm_type_info_of(mm_heap_of(m), atom_type);

    assert_string_equal(node->name, "node");
    assert_int_equal(node->kind, MM_CONTAINER);
    assert_string_equal(atom->name, "atom");
    assert_int_equal(atom->kind, MM_ATOM);
    assert_true(mm_type_is_container(node_type));
    assert_false(mm_type_is_container(atom_type));
}

static void many_types_stay_apart(mm *m)
{
    enum { TYPES = 40 };
    static char names[TYPES][8];
    mm_type types[TYPES];
    MM_VAR(m, v);

    for (int i = 0; i < TYPES; i++) {
        mm_type_info info = {.name = names[i], .kind = i % 2 ? MM_ATOM : MM_CONTAINER};
        snprintf(names[i], sizeof names[i], "t%d", i);
        assert_int_equal(mm_type_add(mm_heap_of(m), &info, &types[i]), MM_OK);
    }
    for (int i = 0; i < TYPES; i++) {
        assert_int_equal(mm_new(m, v, types[i], 0, 0), MM_OK);
        assert_int_equal(mm_type_of(m, v), types[i]);
        assert_string_equal(mm_type_info_of(mm_heap_of(m), types[i])->name, names[i]);
        assert_int_equal(mm_type_is_container(types[i]), i % 2 == 0);
    }
}

static void a_heap_has_one_mutator_at_a_time(mm *m)
{
    mm_heap *heap;
    mm *first, *second = NULL;

    (void)m;
    make_way();
    assert_int_equal(mm_heap_new(NULL, &heap), MM_OK);
    assert_int_equal(mm_attach(heap, &first), MM_OK);
    assert_ptr_equal(mm_heap_of(first), heap);
    assert_int_equal(mm_attach(heap, &second), MM_INVALID);
    assert_null(second);
    mm_detach(first);
    assert_int_equal(mm_attach(heap, &second), MM_OK);
    mm_heap_free(heap);
}

static void heaps_do_not_know_of_each_other(mm *m)
{
    needs_two_heaps();
    mm *other = heap_open("");
    MM_VAR(m, mine);

    new_node(m, mine, 1);
    {
        MM_VARS(other, theirs, 2);
        new_pair(other, theirs, theirs + 1);
    }
    assert_left_now(m, 1, 0);
    heap_end(other);
    assert_left_after_collecting(m, 1, 0);
}

int test_operations(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_declared_variable_is_null),
        TEST(a_new_object_has_the_type_and_slots_asked_for),
        TEST(slots_are_null_at_birth),
        TEST(a_container_may_have_no_slots),
        TEST(new_replaces_what_the_variable_named),
        TEST(same_compares_objects_not_contents),
        TEST(set_makes_an_alias),
        TEST(set_from_null_makes_null),
        TEST(move_transfers_and_leaves_null),
        TEST(clear_makes_null_and_may_be_repeated),
        TEST(store_then_load_gives_the_same_object),
        TEST(load_of_a_null_slot_makes_null),
        TEST(store_of_null_empties_the_slot),
        TEST(take_empties_the_slot),
        TEST(store_move_empties_the_variable),
        TEST(fill_is_the_first_store_and_empties_the_variable),
        TEST(unset_empties_the_slot_and_no_other),
        TEST(storing_replaces_what_the_slot_held),
        TEST(copy_slot_stores_without_a_variable),
        TEST(types_know_what_they_were_made_from),
        TEST(many_types_stay_apart),
        TEST(a_heap_has_one_mutator_at_a_time),
        TEST(heaps_do_not_know_of_each_other),
    };
    return TESTS_RUN("operations", tests);
}
