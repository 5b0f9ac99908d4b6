/* Resurrection: a finaliser makes its object reachable again. What it reaches survives with it, the
 * rest dies in the same pass, and the finaliser is never called again. */
#include "conformance.h"

static mm_root *saved; /* where finalisers put what they save */

static void save_self(mm *m, mm_var *self)
{
    journal_note(label_of(m, self));
    mm_root_set(m, saved, self);
}

static void save_the_neighbour(mm *m, mm_var *self)
{
    MM_VAR(m, neighbour);

    journal_note(label_of(m, self));
    mm_load(m, neighbour, self, 0);
    mm_root_set(m, saved, neighbour);
}

/* Asserts what is saved, and drops it. */
static void assert_saved_and_drop(mm *m, uint64_t label)
{
    MM_VAR(m, v);

    mm_root_get(m, v, saved);
    assert_false(mm_is_null(v));
    assert_int_equal(label_of(m, v), label);
    mm_clear(m, v);
    mm_root_set(m, saved, v);
}

/* ---- One object ---- */

static void resurrect_once(mm *m, mm_kind kind, bool cyclic)
{
    const mm_type type = new_type(m, "phoenix", kind, save_self);
    MM_VAR(m, v);

    saved = new_root(m);
    new_of(m, v, type, kind == MM_CONTAINER, 7);
    if (cyclic)
        mm_store(m, v, 0, v);
    mm_clear(m, v);
    if (strategy_traits.prompt && !cyclic)
        ASSERT_JOURNAL(7);
    reclaim_all(m);
    if (!dies(cyclic))
        return;
    ASSERT_JOURNAL(7);
    mm_root_get(m, v, saved);
    assert_int_equal(label_of(m, v), 7);
    assert_true(mm_is_finalized(m, v));
    assert_references(m, v, cyclic ? 3 : 2);
    mm_clear(m, v);
    assert_left_after_collecting(m, 1, 0);
    assert_saved_and_drop(m, 7);
    reclaim_all(m);
    ASSERT_JOURNAL(7);
    assert_left_after_collecting(m, 0, 0);
}

static void a_resurrected_object_lives_and_dies_without_its_finaliser(mm *m)
{
    resurrect_once(m, MM_CONTAINER, false);
}

static void a_resurrected_atom_lives_and_dies_without_its_finaliser(mm *m)
{
    resurrect_once(m, MM_ATOM, false);
}

static void a_resurrected_cycle_lives_and_dies_without_its_finaliser(mm *m)
{
    resurrect_once(m, MM_CONTAINER, true);
}

static void store_self_in_itself(mm *m, mm_var *self)
{
    journal_note(label_of(m, self));
    mm_store(m, self, 0, self);
}

/* Its count is no longer zero, and so counting alone keeps it, as any cycle. */
static void a_finaliser_may_close_a_cycle(mm *m)
{
    const mm_type type = new_type(m, "closing", MM_CONTAINER, store_self_in_itself);
    MM_VAR(m, v);

    new_of(m, v, type, 1, 7);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false));
    assert_left_after_collecting(m, 0, 1);
}

/* ---- A group ---- */

/* 0 ⇄ 1 is garbage that leads to the chain 2 → 3; 1 saves 2. Only 2 and 3 survive. */
static void save_the_chain(mm *m, mm_var *self)
{
    MM_VAR(m, chain);

    journal_note(label_of(m, self));
    mm_load(m, chain, self, 1);
    if (!mm_is_null(chain))
        mm_root_set(m, saved, chain);
}

/* 0 ⇄ 1 → 2 → 3, dropped. */
static void drop_ring_with_chain(mm *m, mm_type type)
{
    MM_VARS(m, v, 3);

    new_of(m, v + 1, type, 2, 3);
    new_of(m, v, type, 2, 2);
    mm_store_move(m, v, 0, v + 1);
    new_ring_of(m, v + 2, type, 2, 2);
    mm_load(m, v + 1, v + 2, 0);
    mm_store_move(m, v + 1, 1, v);
}

static void only_what_the_resurrected_object_reaches_survives(mm *m)
{
    const mm_type type = new_type(m, "saving", MM_CONTAINER, save_the_chain);
    uint64_t found;
    MM_VARS(m, v, 2);

    saved = new_root(m);
    drop_ring_with_chain(m, type);
    found = collect_fully(m);
    if (!dies(true))
        return;
    assert_int_equal(journal_length(), 4);
    if (tests_forced_collections() == 0)
        assert_int_equal(found, 2);
    assert_int_equal(objects_live(m), 2);
    mm_root_get(m, v, saved);
    assert_references(m, v, 2);
    assert_int_equal(label_of(m, v), 2);
    mm_load(m, v + 1, v, 0);
    assert_references(m, v + 1, 2);
    assert_int_equal(label_of(m, v + 1), 3);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_saved_and_drop(m, 2);
    reclaim_all(m);
    assert_int_equal(journal_length(), 4);
    assert_left_after_collecting(m, 0, 0);
}

static void a_resurrected_ring_counts_as_nothing_found(mm *m)
{
    const mm_type type = new_type(m, "phoenix", MM_CONTAINER, save_self);
    MM_VAR(m, v);

    if (tests_forced_collections() != 0)
        return;
    saved = new_root(m);
    new_ring_of(m, v, type, 1, 5);
    mm_clear(m, v);
    assert_int_equal(collect_fully(m), 0);
    assert_int_equal(journal_length(), dies(true) ? 5 : 0);
    assert_int_equal(objects_live(m), 5);
    mm_root_set(m, saved, v);
    assert_int_equal(collect_fully(m), dies(true) ? 5 : 0);
    assert_int_equal(journal_length(), dies(true) ? 5 : 0);
    assert_left_after_collecting(m, 0, 5);
}

static void an_object_saved_by_its_neighbour_survives(mm *m)
{
    const mm_type type = new_type(m, "saving", MM_CONTAINER, save_the_neighbour);
    MM_VARS(m, v, 2);

    saved = new_root(m);
    new_of(m, v, type, 1, 1);
    new_of(m, v + 1, node_type, 1, 2);
    mm_store_move(m, v, 0, v + 1);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false));
    if (dies(false))
        assert_saved_and_drop(m, 2);
    assert_left_after_collecting(m, 0, 0);
}

/* The last finaliser to run decides which object is in the root; all of the ring is behind it. */
static void a_ring_where_each_saves_the_next_survives_whole(mm *m)
{
    enum { COUNT = 7 };
    const mm_type type = new_type(m, "saving", MM_CONTAINER, save_the_neighbour);
    MM_VAR(m, v);

    saved = new_root(m);
    new_ring_of(m, v, type, 1, COUNT);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true) ? COUNT : 0);
    assert_left_after_collecting(m, dies(true) ? COUNT : 0, COUNT);
    mm_root_set(m, saved, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true) ? COUNT : 0);
    assert_left_after_collecting(m, 0, COUNT);
}

/* Puts itself where the program can still see it: into slot 0 of the object in the root. */
static void join_the_living(mm *m, mm_var *self)
{
    MM_VAR(m, living);

    journal_note(label_of(m, self));
    mm_root_get(m, living, saved);
    mm_store(m, self, 0, living);
    mm_store(m, living, 0, self);
}

static void a_finaliser_may_tie_itself_to_what_lives(mm *m)
{
    const mm_type type = new_type(m, "joining", MM_CONTAINER, join_the_living);
    MM_VARS(m, v, 2);

    saved = new_root(m);
    new_of(m, v, node_type, 1, 1);
    mm_root_set(m, saved, v);
    new_of(m, v + 1, type, 1, 2);
    mm_clear(m, v + 1);
    reclaim_all(m);
    if (dies(false)) {
        mm_load(m, v + 1, v, 0);
        assert_int_equal(label_of(m, v + 1), 2);
        assert_slot(m, v + 1, 0, v);
    }
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, dies(false) ? 2 : 1, 0);
    mm_clear(m, v);
    mm_root_set(m, saved, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false));
    assert_left_after_collecting(m, 0, 2);
}

/* Stores itself in its neighbour, which dies too: that saves nobody. */
static void hide_with_the_neighbour(mm *m, mm_var *self)
{
    MM_VAR(m, neighbour);

    journal_note(label_of(m, self));
    mm_load(m, neighbour, self, 0);
    mm_store(m, neighbour, 1, self);
}

static void hiding_in_garbage_saves_nobody(mm *m)
{
    const mm_type type = new_type(m, "hiding", MM_CONTAINER, hide_with_the_neighbour);
    MM_VAR(m, v);

    new_ring_of(m, v, type, 2, 6);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true) ? 6 : 0);
    assert_left_after_collecting(m, 0, 6);
}

/* ---- By count, in a cascade ---- */

static void a_child_is_saved_in_the_middle_of_a_cascade(mm *m)
{
    const mm_type type = new_type(m, "phoenix", MM_CONTAINER, save_self);
    MM_VARS(m, v, 2);

    saved = new_root(m);
    new_node(m, v, 3);
    for (uint32_t i = 0; i < 3; i++) {
        new_of(m, v + 1, i == 1 ? type : node_type, 1, i);
        mm_store_move(m, v, i, v + 1);
    }
    new_of(m, v + 1, atom_type, 0, 9);
    mm_load(m, v + 1, v, 1);
    mm_clear(m, v + 1);
    mm_clear(m, v);
    reclaim_all(m);
    assert_left_after_collecting(m, dies(false) ? 1 : 0, 0);
    if (dies(false))
        assert_saved_and_drop(m, 1);
    assert_left_after_collecting(m, 0, 0);
}

/* ---- Weak references to what is resurrected ---- */

static void weak_references_to_the_resurrected(mm *m, bool cyclic, mm_death_order order)
{
    const mm_type type = new_type(m, "phoenix", MM_CONTAINER, save_self);
    MM_VARS(m, v, 3);

    saved = new_root(m);
    new_of(m, v, type, 1, 7);
    if (cyclic)
        mm_store(m, v, 0, v);
    new_weak_calling(m, v + 1, v, NULL, note_callback);
    mm_clear(m, v);
    reclaim_all(m);
    mm_root_get(m, v, saved);
    if (order == MM_FINALISER_FIRST) {
        ASSERT_JOURNAL(7);
        assert_leads_to(m, v + 1, v);
    } else if (order == MM_WEAK_FIRST) {
        ASSERT_JOURNAL(0, 7);
        assert_leads_nowhere(m, v + 1);
        new_weak(m, v + 2, v);
        assert_leads_to(m, v + 2, v);
    }
    mm_clear(m, v);
    mm_root_set(m, saved, v);
    reclaim_all(m);
    if (order != MM_DEATH_UNSEEN) {
        assert_int_equal(journal_length(), 2);
        assert_leads_nowhere(m, v + 1);
    }
}

static void weak_references_to_the_resurrected_follow_the_traits(mm *m)
{
    weak_references_to_the_resurrected(m, false,
                                       strategy_traits.prompt ? strategy_traits.death_by_count
                                                              : strategy_traits.death_by_collector);
}

static void weak_references_to_a_resurrected_cycle_follow_the_traits(mm *m)
{
    weak_references_to_the_resurrected(m, true, strategy_traits.death_by_collector);
}

/* The garbage 0 → weak reference → live object, and 0 is saved: its weak reference is cleared. */
static void a_resurrected_weak_reference_leads_nowhere(mm *m)
{
    const mm_type type = new_type(m, "phoenix", MM_CONTAINER, save_self);
    MM_VARS(m, v, 3);

    saved = new_root(m);
    new_node(m, v, 0);
    new_of(m, v + 1, type, 2, 7);
    mm_store(m, v + 1, 0, v + 1);
    new_weak_calling(m, v + 2, v, NULL, note_callback);
    mm_store_move(m, v + 1, 1, v + 2);
    mm_clear(m, v + 1);
    reclaim_all(m);
    if (!dies(true))
        return;
    mm_root_get(m, v + 1, saved);
    mm_load(m, v + 2, v + 1, 1);
    assert_leads_nowhere(m, v + 2);
    mm_clear(m, v);
    reclaim_all(m);
    ASSERT_JOURNAL(7);
    assert_leads_nowhere(m, v + 2);
}

/* ---- Again and again ---- */

static mm_root *other_ring;

/* Saves itself and drops a ring that lived until now: nothing of what was found is reclaimed, and
 * yet there is more to find. */
static void save_self_and_drop_the_ring(mm *m, mm_var *self)
{
    MM_VAR(m, nothing);

    save_self(m, self);
    mm_root_set(m, other_ring, nothing);
}

static void collect_all_goes_on_when_only_finalisers_ran(mm *m)
{
    const mm_type type = new_type(m, "dropping", MM_CONTAINER, save_self_and_drop_the_ring);
    MM_VAR(m, v);

    saved = new_root(m);
    other_ring = new_root(m);
    new_ring(m, v, 5);
    mm_root_set(m, other_ring, v);
    new_ring_of(m, v, type, 1, 1);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true));
    assert_int_equal(objects_live(m), dies(true) ? 1 : 6);
}

static void leave_a_ring_of_the_same_type(mm *m, mm_var *self)
{
    const mm_type type = mm_type_of(m, self);
    MM_VAR(m, v);

    journal_note(0);
    if (mm_new(m, v, type, 1, sizeof(uint64_t)) != MM_OK)
        return;
    mm_store(m, v, 0, v);
}

/* One ring a collection: somebody has to stop. */
static void collect_all_ends_when_finalisers_make_garbage_without_end(mm *m)
{
    const mm_type type = new_type(m, "leaving", MM_CONTAINER, leave_a_ring_of_the_same_type);
    MM_VAR(m, v);

    new_ring_of(m, v, type, 1, 1);
    mm_clear(m, v);
    assert_int_equal(mm_collect_all(m, NULL), MM_TOO_DEEP);
    assert_in_range(journal_length(), 100, 1000000);
    heap_verify(m);
    new_node(m, v, 0);
}

int test_resurrection(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_resurrected_object_lives_and_dies_without_its_finaliser),
        TEST(a_resurrected_atom_lives_and_dies_without_its_finaliser),
        TEST(a_resurrected_cycle_lives_and_dies_without_its_finaliser),
        TEST(a_finaliser_may_close_a_cycle),
        TEST(only_what_the_resurrected_object_reaches_survives),
        TEST(a_resurrected_ring_counts_as_nothing_found),
        TEST(an_object_saved_by_its_neighbour_survives),
        TEST(a_ring_where_each_saves_the_next_survives_whole),
        TEST(a_finaliser_may_tie_itself_to_what_lives),
        TEST(hiding_in_garbage_saves_nobody),
        TEST(a_child_is_saved_in_the_middle_of_a_cascade),
        TEST_WHERE(!strategy_traits.no_callbacks,
                   weak_references_to_the_resurrected_follow_the_traits),
        TEST_WHERE(!strategy_traits.no_callbacks,
                   weak_references_to_a_resurrected_cycle_follow_the_traits),
        TEST_WHERE(!strategy_traits.no_callbacks, a_resurrected_weak_reference_leads_nowhere),
        TEST(collect_all_goes_on_when_only_finalisers_ran),
    };
    const struct CMUnitTest collector_tests[] = {
        TEST(collect_all_ends_when_finalisers_make_garbage_without_end),
    };

    if (strategy_traits.conservative)
        return tests_left_out("resurrection", "conservative");
    return TESTS_RUN("resurrection", tests) +
           (has_collector() ? TESTS_RUN("resurrection, collector", collector_tests) : 0);
}
