/* Finalisers: called once, before anything is taken from the object or from its neighbours, and at
 * once where death is. Which objects are to die follows from the traits. */
#include "conformance.h"

/* What finalisers of this file work with beside `self`. */
static mm_root *shared;
static mm_type made_type;

/* ---- Once, in time ---- */

static void a_dropped_object_is_finalised_once(mm *m)
{
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_finaliser);
    MM_VAR(m, v);

    new_of(m, v, type, 1, 7);
    assert_false(mm_is_finalized(m, v));
    assert_int_equal(mm_type_of(m, v), type);
    mm_clear(m, v);
    if (strategy_traits.prompt)
        ASSERT_JOURNAL(7);
    reclaim_all(m);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false));
    assert_left_after_collecting(m, 0, 0);
}

static void what_is_reachable_is_not_finalised(mm *m)
{
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_finaliser);
    MM_VARS(m, v, 3);

    new_ring_of(m, v, type, 1, 3);
    new_of(m, v + 1, type, 0, 7);
    new_node(m, v + 2, 1);
    mm_store_move(m, v + 2, 0, v + 1);
    shared = new_root(m);
    mm_root_set(m, shared, v + 2);
    mm_clear(m, v + 2);
    reclaim_all(m);
    assert_int_equal(journal_length(), 0);
    mm_root_free(m, shared);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false));
    assert_left_after_collecting(m, 3, 0);
}

static void atoms_are_finalised_like_containers(mm *m)
{
    const mm_type type = new_type(m, "noting atom", MM_ATOM, note_finaliser);
    MM_VARS(m, v, 2);

    new_of(m, v, type, 0, 1);
    mm_clear(m, v);
    new_of(m, v, type, 0, 2);
    new_node(m, v + 1, 1);
    mm_store_move(m, v + 1, 0, v);
    mm_clear(m, v + 1);
    if (strategy_traits.prompt)
        ASSERT_JOURNAL(1, 2);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false) ? 2 : 0);
    assert_left_after_collecting(m, 0, 0);
}

static void objects_on_cycles_are_finalised(mm *m)
{
    enum { COUNT = 10 };
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_finaliser);
    MM_VAR(m, v);

    new_ring_of(m, v, type, 1, COUNT);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true) ? COUNT : 0);
    for (uint64_t i = 0; i < COUNT; i++)
        assert_int_equal(journal_count(i), dies(true));
    assert_left_after_collecting(m, 0, COUNT);
}

static void an_atom_behind_a_cycle_is_finalised_with_it(mm *m)
{
    const mm_type type = new_type(m, "noting atom", MM_ATOM, note_finaliser);
    MM_VARS(m, v, 2);

    new_node(m, v, 3);
    mm_store(m, v, 0, v);
    new_of(m, v + 1, type, 0, 7);
    mm_store(m, v, 1, v + 1);
    mm_store_move(m, v, 2, v + 1);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_count(7), dies(true));
    assert_int_equal(journal_length(), dies(true));
    assert_left_after_collecting(m, 0, 2);
}

/* ---- Every way to lose the last reference ---- */

static void lose_by_clear(mm *m, mm_var *v)
{
    mm_clear(m, v);
}

static void lose_by_set(mm *m, mm_var *v)
{
    MM_VAR(m, other);

    new_node(m, other, 0);
    mm_set(m, v, other);
}

static void lose_by_new(mm *m, mm_var *v)
{
    new_node(m, v, 0);
}

static void lose_by_leaving_a_scope(mm *m, mm_var *v)
{
    MM_VAR(m, inner);

    mm_move(m, inner, v);
}

static void lose_by_store(mm *m, mm_var *v)
{
    MM_VARS(m, w, 2);

    new_node(m, w, 1);
    mm_store_move(m, w, 0, v);
    mm_store(m, w, 0, w + 1);
}

static void lose_by_unset(mm *m, mm_var *v)
{
    MM_VAR(m, w);

    new_node(m, w, 1);
    mm_store_move(m, w, 0, v);
    mm_unset(m, w, 0);
}

static void lose_by_copy_slot(mm *m, mm_var *v)
{
    MM_VAR(m, w);

    new_node(m, w, 2);
    mm_store_move(m, w, 0, v);
    mm_copy_slot(m, w, 0, w, 1);
}

static void lose_by_take(mm *m, mm_var *v)
{
    MM_VAR(m, w);

    new_node(m, w, 1);
    mm_take(m, v, w, 0);
}

static void lose_by_load(mm *m, mm_var *v)
{
    MM_VAR(m, w);

    new_node(m, w, 1);
    mm_load(m, v, w, 0);
}

static void lose_with_the_container(mm *m, mm_var *v)
{
    MM_VAR(m, w);

    new_node(m, w, 1);
    mm_fill(m, w, 0, v);
    mm_clear(m, w);
}

static void lose_by_root_set(mm *m, mm_var *v)
{
    mm_root *root = new_root(m);

    mm_root_set(m, root, v);
    mm_clear(m, v);
    mm_root_set(m, root, v);
}

static void lose_by_root_free(mm *m, mm_var *v)
{
    mm_root *root = new_root(m);

    mm_root_set(m, root, v);
    mm_clear(m, v);
    mm_root_free(m, root);
}

static void lose_by_moving_over_it(mm *m, mm_var *v)
{
    MM_VAR(m, w);

    mm_move(m, v, w);
}

typedef void losing(mm *m, mm_var *v);

static void every_way_to_lose_the_last_reference_finalises(mm *m)
{
    static losing *const ways[] = {
        lose_by_clear,           lose_by_set,       lose_by_new,
        lose_by_store,           lose_by_unset,     lose_by_leaving_a_scope,
        lose_by_copy_slot,       lose_by_take,      lose_by_load,
        lose_by_root_set,        lose_by_root_free, lose_by_moving_over_it,
        lose_with_the_container,
    };
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_finaliser);

    for (uint64_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        MM_VAR(m, v);
        new_of(m, v, type, 1, i);
        ways[i](m, v);
        heap_verify(m);
        if (strategy_traits.prompt)
            assert_int_equal(journal_length(), i + 1);
        reclaim_all(m);
        assert_int_equal(journal_count(i), dies(false));
    }
}

/* ---- What a finaliser sees ---- */

enum { RING = 10 };

/* The whole ring is as the program left it, whoever of it is finalised already. */
static void walk_the_ring(mm *m, mm_var *self)
{
    MM_VARS(m, v, 2);
    mm_var *at = v, *atom = v + 1;

    mm_set(m, at, self);
    for (uint64_t i = 0; i < RING; i++) {
        const uint64_t label = label_of(m, at);
        mm_load(m, atom, at, 1);
        assert_int_equal(label_of(m, atom), 100 + label);
        mm_load(m, at, at, 0);
        assert_int_equal(label_of(m, at), (label + 1) % RING);
    }
    assert_true(mm_same(at, self));
    journal_note(label_of(m, self));
}

static void a_finaliser_sees_all_of_its_cycle_whole(mm *m)
{
    const mm_type type = new_type(m, "walking", MM_CONTAINER, walk_the_ring);
    MM_VARS(m, v, 2);

    new_ring_of(m, v, type, 2, RING);
    for (uint64_t i = 0; i < RING; i++) {
        new_of(m, v + 1, atom_type, 0, 100 + label_of(m, v));
        mm_store_move(m, v, 1, v + 1);
        mm_load(m, v, v, 0);
    }
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true) ? RING : 0);
    assert_left_after_collecting(m, 0, 2 * RING);
}

static void note_label_and_children(mm *m, mm_var *self)
{
    MM_VAR(m, child);
    uint64_t children = 0;

    for (uint32_t i = 0; i < mm_slot_count(m, self); i++) {
        mm_load(m, child, self, i);
        children = 10 * children + (mm_is_null(child) ? 0 : label_of(m, child));
    }
    journal_note(1000 * label_of(m, self) + children);
}

/* 1 → (2 → 4, 3 → 5): as nested calls would do it, parent before child and slots in order. */
static void a_cascade_finalises_parents_before_children(mm *m)
{
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_label_and_children);
    MM_VARS(m, v, 6);

    for (uint64_t i = 1; i <= 5; i++)
        new_of(m, v + i, type, 2, i);
    mm_store_move(m, v + 2, 0, v + 4);
    mm_store_move(m, v + 3, 1, v + 5);
    mm_store_move(m, v + 1, 0, v + 2);
    mm_store_move(m, v + 1, 1, v + 3);
    mm_clear(m, v + 1);
    if (strategy_traits.prompt)
        ASSERT_JOURNAL(1023, 2040, 4000, 3005, 5000);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false) ? 5 : 0);
    assert_left_after_collecting(m, 0, 0);
}

enum { LOOKING_SLOTS = 1, NODE_SLOTS = 3 };

static void expect_whole(uint64_t serial, mm_type type, uint32_t slot_count, uint32_t generation,
                         void *context)
{
    const mm_type *looking = context;

    (void)serial, (void)generation;
    assert_true(type == node_type || type == *looking);
    assert_int_equal(slot_count, type == node_type ? NODE_SLOTS : LOOKING_SLOTS);
}

static void look_at_all_objects(mm *m, mm_var *self)
{
    mm_type type = mm_type_of(m, self);

    mm_each_object(mm_heap_of(m), expect_whole, &type);
    journal_note(label_of(m, self));
}

/* The object that is being made is not among them, or is whole. */
static void finalisers_see_whole_objects_while_one_is_made(mm *m)
{
    const mm_type type = new_type(m, "looking", MM_CONTAINER, look_at_all_objects);
    MM_VARS(m, v, 2);

    if (strategy_traits.promotes)
        assert_int_equal(mm_enable(m), MM_OK); /* off from the start in some */
    new_ring_of(m, v, type, LOOKING_SLOTS, 3);
    mm_clear(m, v);
    for (int i = 0; i < 5000 && journal_length() == 0; i++) {
        new_node(m, v + 1, NODE_SLOTS);
        mm_store_move(m, v + 1, 0, v);
        mm_move(m, v, v + 1);
    }
    if (strategy_traits.promotes)
        assert_int_equal(journal_length(), 3); /* making a node has collected */
}

static void expect_to_be_alone(mm *m, mm_var *self)
{
    assert_true(mm_is_finalized(m, self));
    assert_references(m, self, 2);
    assert_int_equal(mm_slot_count(m, self), 3);
    journal_note(label_of(m, self));
}

static void the_object_is_marked_and_held_while_it_is_finalised(mm *m)
{
    const mm_type type = new_type(m, "counting", MM_CONTAINER, expect_to_be_alone);
    MM_VAR(m, v);

    new_of(m, v, type, 3, 7);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false));
}

/* ---- Before weak references are cleared, or after ---- */

/* Notes 1 where the object can still be read by its weak reference, 0 where it cannot. */
static void try_the_weak_reference(mm *m, mm_var *self)
{
    MM_VAR(m, found);

    mm_root_get(m, found, shared);
    mm_weak_load(m, found, found);
    assert_true(mm_is_null(found) || mm_same(found, self));
    journal_note(!mm_is_null(found));
}

static void note_cleared(mm *m, mm_var *reference, mm_var *context)
{
    (void)context;
    assert_leads_nowhere(m, reference);
    journal_note(100);
}

/* Asserts in which order an object died whose finaliser and weak callback both note. */
static void assert_order(mm_death_order order)
{
    if (order == MM_FINALISER_FIRST)
        ASSERT_JOURNAL(1, 100);
    else if (order == MM_WEAK_FIRST)
        ASSERT_JOURNAL(100, 0);
    else
        assert_int_equal(journal_length(), 0);
}

/* `v` = an object that refers to itself, or not, watched by a weak reference in `shared`. */
static void new_watched(mm *m, mm_var *v, mm_kind kind, bool cyclic)
{
    const mm_type type = new_type(m, "trying", kind, try_the_weak_reference);
    MM_VAR(m, w);

    new_of(m, v, type, kind == MM_CONTAINER, 7);
    new_weak_calling(m, w, v, NULL, note_cleared);
    shared = new_root(m);
    mm_root_set(m, shared, w);
    if (cyclic)
        mm_store(m, v, 0, v);
}

static void a_dropped_object_dies_in_the_order_of_the_traits(mm *m)
{
    static const mm_kind kinds[] = {MM_CONTAINER, MM_ATOM};

    for (int i = 0; i < 2; i++) {
        MM_VAR(m, v);
        journal_clear();
        new_watched(m, v, kinds[i], false);
        mm_clear(m, v);
        reclaim_all(m);
        assert_order(strategy_traits.prompt ? strategy_traits.death_by_count
                                            : strategy_traits.death_by_collector);
    }
}

static void a_dropped_cycle_dies_in_the_order_of_the_traits(mm *m)
{
    MM_VAR(m, v);

    new_watched(m, v, MM_CONTAINER, true);
    mm_clear(m, v);
    reclaim_all(m);
    assert_order(strategy_traits.death_by_collector);
}

/* ---- What a finaliser may do ---- */

/* A list in `shared`, longer by one for each object finalised. */
static void prepend_a_new_node(mm *m, mm_var *self)
{
    MM_VARS(m, v, 2);

    new_of(m, v, node_type, 1, label_of(m, self));
    mm_root_get(m, v + 1, shared);
    mm_store_move(m, v, 0, v + 1);
    mm_root_set(m, shared, v);
    for (int i = 0; i < 20; i++)
        new_node(m, v, 1); /* and some that nobody keeps */
}

static void objects_made_by_finalisers_survive(mm *m)
{
    enum { COUNT = 10 };
    const mm_type type = new_type(m, "making", MM_CONTAINER, prepend_a_new_node);
    uint64_t length = 0;
    MM_VAR(m, v);

    shared = new_root(m);
    new_ring_of(m, v, type, 1, COUNT);
    mm_clear(m, v);
    for (uint64_t i = 0; i < COUNT; i++)
        new_of(m, v, type, 0, 100 + i);
    mm_clear(m, v);
    reclaim_all(m);
    for (mm_root_get(m, v, shared); !mm_is_null(v); mm_load(m, v, v, 0))
        length++;
    assert_int_equal(length, (dies(false) + dies(true)) * COUNT);
    assert_left_after_collecting(m, length, COUNT);
}

/* Changes what the program can still reach: empties it and puts another object into it. */
static void refill_the_shared_node(mm *m, mm_var *self)
{
    MM_VARS(m, v, 2);

    mm_root_get(m, v, shared);
    mm_unset(m, v, 1);
    new_of(m, v + 1, node_type, 0, label_of(m, self));
    mm_store(m, v, 0, v + 1);
}

static void finalisers_change_what_lives(mm *m)
{
    const mm_type type = new_type(m, "changing", MM_CONTAINER, refill_the_shared_node);
    MM_VARS(m, v, 3);

    shared = new_root(m);
    new_node(m, v, 2);
    for (uint32_t i = 0; i < 2; i++) {
        new_node(m, v + 1, 0);
        mm_store_move(m, v, i, v + 1);
    }
    mm_root_set(m, shared, v);
    new_of(m, v + 2, type, 1, 7);
    mm_store(m, v + 2, 0, v + 2);
    mm_clear(m, v + 2);
    reclaim_all(m);
    mm_load(m, v + 1, v, 0);
    if (dies(true)) {
        assert_int_equal(label_of(m, v + 1), 7);
        assert_slot_null(m, v, 1);
    }
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, dies(true) ? 2 : 3, dies(true) ? 0 : 1);
}

/* Adds a type, uses it at once, and so forces the table of types to move. */
static void add_types(mm *m, mm_var *self)
{
    MM_VAR(m, v);

    (void)self;
    for (int i = 0; i < 40; i++) {
        made_type = new_type(m, "made", MM_CONTAINER, NULL);
        new_of(m, v, made_type, 1, 7);
    }
    journal_note(1);
}

static void finalisers_add_types(mm *m)
{
    const mm_type type = new_type(m, "adding", MM_CONTAINER, add_types);
    MM_VAR(m, v);

    new_of(m, v, type, 0, 7);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false));
}

/* ---- Collections within finalisers ---- */

static void collect_inside(mm *m, mm_var *self)
{
    const mm_stats before = heap_stats(m);
    uint64_t found = UINT64_MAX;
    MM_VARS(m, v, 2);

    (void)self;
    new_pair(m, v, v + 1);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_int_equal(mm_collect(m, strategy_traits.generations - 1, &found), MM_OK);
    assert_int_equal(found, 0);
    assert_int_equal(mm_collect(m, 0, NULL), MM_OK);
    assert_int_equal(mm_collect(m, strategy_traits.generations, NULL), MM_INVALID);
    assert_int_equal(heap_stats(m).objects_live, before.objects_live + 2);
    assert_memory_equal(heap_stats(m).collections, before.collections, sizeof before.collections);
    journal_note(1);
}

static void a_collection_inside_of_one_finds_nothing(mm *m)
{
    const mm_type type = new_type(m, "collecting", MM_CONTAINER, collect_inside);
    MM_VAR(m, v);

    new_ring_of(m, v, type, 1, 3);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true) ? 3 : 0);
    assert_left_after_collecting(m, 0, 3);
}

static void collect_in_a_cascade(mm *m, mm_var *self)
{
    uint64_t found;

    (void)self;
    if (has_collector())
        assert_int_equal(mm_collect_all(m, &found), MM_OK);
    journal_note(label_of(m, self));
}

/* Death by count starts no collection, so that finalisers can: in the middle of a cascade, while
 * what is half dead is in nobody's way. */
static void a_cascade_may_be_interrupted_by_collections(mm *m)
{
    const mm_type type = new_type(m, "collecting", MM_CONTAINER, collect_in_a_cascade);
    MM_VARS(m, v, 3);

    for (uint64_t i = 0; i < 10; i++) {
        new_of(m, v + 1, type, 3, i);
        new_pair(m, v + 2, v);
        mm_load(m, v, v, 0);
        mm_store_move(m, v + 1, 0, v + 2);
        mm_store_move(m, v + 1, 2, v);
        mm_move(m, v, v + 1);
    }
    for (uint64_t i = 0; i < 10; i++) {
        new_of(m, v + 1, type, 3, 100 + i);
        mm_store_move(m, v + 1, i % 3, v);
        mm_move(m, v, v + 1);
    }
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false) ? 20 : 0);
    assert_left_after_collecting(m, 0, 20);
}

/* ---- The end of a heap ---- */

static void a_freed_heap_calls_nothing_but_what_the_traits_say(mm *m)
{
    mm *other = heap_open("");

    (void)m;
    {
        const mm_type type = new_type(other, "noting", MM_CONTAINER, note_finaliser);
        const mm_type atom = new_type(other, "noting atom", MM_ATOM, note_finaliser);
        MM_VARS(other, v, 3);
        shared = new_root(other);
        new_ring_of(other, v, type, 2, 5);
        new_of(other, v + 1, atom, 0, 7);
        mm_store_move(other, v, 1, v + 1);
        new_weak_calling(other, v + 1, v, v, note_callback);
        new_node(other, v + 2, 2);
        mm_store(other, v + 2, 0, v);
        mm_store(other, v + 2, 1, v + 1);
        mm_root_set(other, shared, v + 2);
        mm_root_set(other, new_root(other), v);
    }
    heap_verify(other);
    assert_int_equal(journal_length(), 0);
    heap_end(other);
    assert_int_equal(journal_length(), strategy_traits.finalises_at_teardown ? 6 : 0);
}

int test_finalisers(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_dropped_object_is_finalised_once),
        TEST(what_is_reachable_is_not_finalised),
        TEST(atoms_are_finalised_like_containers),
        TEST(objects_on_cycles_are_finalised),
        TEST(an_atom_behind_a_cycle_is_finalised_with_it),
        TEST(every_way_to_lose_the_last_reference_finalises),
        TEST(a_finaliser_sees_all_of_its_cycle_whole),
        TEST(a_cascade_finalises_parents_before_children),
        TEST(finalisers_see_whole_objects_while_one_is_made),
        TEST(the_object_is_marked_and_held_while_it_is_finalised),
        TEST_WHERE(!strategy_traits.no_callbacks, a_dropped_object_dies_in_the_order_of_the_traits),
        TEST_WHERE(!strategy_traits.no_callbacks, a_dropped_cycle_dies_in_the_order_of_the_traits),
        TEST(objects_made_by_finalisers_survive),
        TEST(finalisers_change_what_lives),
        TEST(finalisers_add_types),
        TEST(a_cascade_may_be_interrupted_by_collections),
        TEST_WHERE(!strategy_traits.no_callbacks,
                   a_freed_heap_calls_nothing_but_what_the_traits_say),
    };
    const struct CMUnitTest collector_tests[] = {
        TEST(a_collection_inside_of_one_finds_nothing),
    };

    if (strategy_traits.conservative)
        return tests_left_out("finalisers", "conservative");
    return TESTS_RUN("finalisers", tests) +
           (has_collector() ? TESTS_RUN("finalisers, collector", collector_tests) : 0);
}
