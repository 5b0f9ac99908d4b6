/* Immortal objects live until their heap is freed, with all they refer to, and nothing counts them. */
#include "conformance.h"

static void immortalise(mm *m, mm_var *v)
{
    assert_false(mm_is_immortal(m, v));
    assert_int_equal(mm_immortalise(m, v), MM_OK);
    assert_true(mm_is_immortal(m, v));
}

static void an_immortal_object_outlives_its_last_reference(mm *m)
{
    MM_VARS(m, v, 3);

    new_labelled(m, v, 1, 7);
    new_atom(m, v + 1, 8);
    immortalise(m, v);
    immortalise(m, v + 1);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_left_now(m, 2, 0);
    assert_left_after_collecting(m, 2, 0);
}

static void an_immortal_object_keeps_its_type_and_contents(mm *m)
{
    mm_root *root = new_root(m);
    MM_VARS(m, v, 2);

    new_labelled(m, v, 1, 7);
    mm_store(m, v, 0, v);
    mm_root_set(m, root, v);
    immortalise(m, v);
    for (int i = 0; i < 5; i++) {
        reclaim_all(m);
        mm_root_get(m, v + 1, root);
        assert_true(mm_same(v, v + 1));
        assert_int_equal(label_of(m, v), 7);
        assert_int_equal(mm_type_of(m, v), node_type);
        assert_int_equal(mm_slot_count(m, v), 1);
        assert_slot(m, v, 0, v);
    }
    assert_int_equal(mm_immortalise(m, v), MM_OK); /* again: it is */
    assert_left_after_collecting(m, 1, 0);
}

/* Every operation that would count. */
static void nothing_counts_an_immortal_object(mm *m)
{
    MM_VARS(m, v, 4);

    new_node(m, v, 1);
    new_node(m, v + 1, 2);
    immortalise(m, v);
    for (int i = 0; i < 10; i++) {
        assert_references(m, v, MM_IMMORTAL);
        mm_set(m, v + 2, v);
        mm_store(m, v + 1, 0, v);
        mm_copy_slot(m, v + 1, 1, v + 1, 0);
        mm_load(m, v + 3, v + 1, 1);
        mm_take(m, v + 3, v + 1, 0);
        mm_unset(m, v + 1, 1);
        mm_clear(m, v + 2);
        mm_clear(m, v + 3);
        mm_set(m, v + 2, v);
        mm_store_move(m, v, 0, v + 2);
        mm_unset(m, v, 0);
    }
    assert_references(m, v, MM_IMMORTAL);
    assert_references(m, v + 1, 1);
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 1, 0);
}

static void children_of_immortal_objects_live_and_are_counted(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 2);
    new_ring_of(m, v + 1, node_type, 1, 3);
    mm_store(m, v, 0, v + 1);
    new_atom(m, v + 2, 8);
    mm_store_move(m, v, 1, v + 2);
    immortalise(m, v);
    assert_references(m, v + 1, 3);
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 5, 0);
    mm_load(m, v + 1, v, 0);
    assert_int_equal(label_of(m, v + 1), 0);
    mm_clear(m, v + 1);
    mm_unset(m, v, 1); /* only what it refers to lives */
    assert_left_now(m, 4, 0);
    mm_unset(m, v, 0);
    assert_left_after_collecting(m, 1, 3);
}

static void a_cycle_through_an_immortal_object_lives(mm *m)
{
    MM_VAR(m, v);

    new_ring(m, v, 10);
    immortalise(m, v);
    mm_clear(m, v);
    assert_left_after_collecting(m, 10, 0);
    assert_left_after_collecting(m, 10, 0);
}

static void garbage_may_refer_to_immortal_objects(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 0);
    new_atom(m, v + 1, 8);
    immortalise(m, v);
    immortalise(m, v + 1);
    for (int i = 0; i < 10; i++) {
        new_node(m, v + 2, 4);
        mm_store(m, v + 2, 0, v);
        mm_store(m, v + 2, 1, v + 1);
        mm_store(m, v + 2, 2, v);
        mm_store(m, v + 2, 3, v + 2);
    }
    mm_clear(m, v + 2);
    assert_left_after_collecting(m, 2, 10);
}

static void immortal_objects_are_never_finalised(mm *m)
{
    mm *other = heap_open("");

    (void)m;
    {
        const mm_type type = new_type(other, "noting", MM_CONTAINER, note_finaliser);
        const mm_type atom = new_type(other, "noting atom", MM_ATOM, note_finaliser);
        MM_VARS(other, v, 2);
        new_ring_of(other, v, type, 1, 3);
        immortalise(other, v);
        mm_clear(other, v);
        new_of(other, v + 1, atom, 0, 7);
        immortalise(other, v + 1);
        mm_clear(other, v + 1);
        reclaim_all(other);
        assert_int_equal(journal_length(), 0);
    }
    heap_end(other);
    assert_int_equal(journal_length(), strategy_traits.finalises_at_teardown ? 4 : 0);
}

static void weak_references_and_immortal_objects(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 0);
    immortalise(m, v);
    new_weak_calling(m, v + 1, v, NULL, note_callback);
    mm_clear(m, v);
    reclaim_all(m);
    mm_weak_load(m, v, v + 1);
    assert_false(mm_is_null(v));
    assert_references(m, v, MM_IMMORTAL);
    new_node(m, v + 2, 0); /* an immortal weak reference to what dies */
    new_labelled(m, v, 0, 7);
    new_weak_calling(m, v, v + 2, v, note_callback);
    immortalise(m, v);
    assert_leads_to(m, v, v + 2);
    mm_clear(m, v + 2);
    reclaim_all(m);
    mm_weak_load(m, v + 2, v);
    assert_int_equal(mm_is_null(v + 2), dies(false));
    assert_int_equal(journal_length(), dies(false));
    mm_clear(m, v + 2);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 3, 0);
}

static void immortal_objects_end_with_their_heap(mm *m)
{
    mm *other = heap_open("");

    (void)m;
    {
        MM_VARS(other, v, 3);
        for (int i = 0; i < 20; i++) {
            new_ring(other, v, 3);
            new_atom(other, v + 1, 100);
            new_node(other, v + 2, 3);
            if (i % 2 == 0)
                immortalise(other, v);
            if (i % 3 == 0)
                immortalise(other, v + 1);
            immortalise(other, v + 2);
            mm_store(other, v + 2, 0, v);
            mm_store(other, v + 2, 1, v + 1);
            mm_store(other, v + 2, 2, v + 2);
        }
    }
    reclaim_all(other);
    assert_int_equal(objects_live(other), 100);
    heap_end(other); /* what is not freed, the leak checker of a sanitizer build finds */
}

static void immortal_objects_can_be_frozen_and_saved(mm *m)
{
    MM_VARS(m, v, 2);

    new_ring(m, v, 2);
    immortalise(m, v);
    assert_int_equal(mm_freeze(m), MM_OK);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(mm_unfreeze(m), MM_OK);
    assert_left_after_collecting(m, 2, 0);
    assert_int_equal(mm_set_debug(mm_heap_of(m), MM_DEBUG_SAVE_ALL, NULL, NULL), MM_OK);
    new_ring(m, v, 2);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(mm_garbage_get(m, v, 0), MM_OK);
    immortalise(m, v);
    mm_clear(m, v);
    mm_garbage_clear(m);
    assert_left_after_collecting(m, 4, 0);
}

int test_immortal(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_immortal_object_outlives_its_last_reference),
        TEST(an_immortal_object_keeps_its_type_and_contents),
        TEST(nothing_counts_an_immortal_object),
        TEST(children_of_immortal_objects_live_and_are_counted),
        TEST(a_cycle_through_an_immortal_object_lives),
        TEST(garbage_may_refer_to_immortal_objects),
        TEST(immortal_objects_are_never_finalised),
        TEST(weak_references_and_immortal_objects),
        TEST(immortal_objects_end_with_their_heap),
    };
    const struct CMUnitTest freezing_tests[] = {
        TEST(immortal_objects_can_be_frozen_and_saved),
    };

    if (strategy_traits.mortal)
        return tests_left_out("immortal", "mortal");
    return TESTS_RUN("immortal objects", tests) +
           (strategy_traits.freezes ? TESTS_RUN("immortal objects, freezing", freezing_tests) : 0);
}
