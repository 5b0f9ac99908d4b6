/* Finalisers and callbacks that do what no program should: the heap stays in order, each is called
 * once, and what would never end is ended. */
#include "conformance.h"

static mm_root *kept;    /* what nasty code puts away */
static mm_root *watched; /* a weak reference */

/* Fewer where each object costs more: when every allocation collects the whole heap, or every byte
 * is under a sanitizer's eye. */
static uint32_t fewer(uint32_t count)
{
    const bool quadratic = !strategy_traits.timed || tests_forced_collections() != 0;

#if defined(__SANITIZE_ADDRESS__)
    count /= 10;
#endif
    return quadratic ? count / 1000 : count;
}

/* ---- Self ---- */

static void clear_self(mm *m, mm_var *self)
{
    journal_note(label_of(m, self));
    mm_clear(m, self);
    assert_true(mm_is_null(self));
}

static void clear_self_twice_over(mm *m, mm_var *self)
{
    clear_self(m, self);
    new_node(m, self, 5); /* where the object was, if memory is taken again at once */
    mm_clear(m, self);
}

static void replace_self_by_the_child(mm *m, mm_var *self)
{
    journal_note(label_of(m, self));
    mm_load(m, self, self, 0);
}

static void move_self_away(mm *m, mm_var *self)
{
    MM_VAR(m, v);

    journal_note(label_of(m, self));
    mm_move(m, v, self);
}

/* Objects of this type whose finaliser puts another into `self`, at the same address if memory is
 * taken again at once, with more slots or fewer. */
static uint32_t replacements_left;

static void replace_self_by_another(mm *m, mm_var *self)
{
    const mm_type type = mm_type_of(m, self);
    MM_VAR(m, child);

    clear_self(m, self);
    if (replacements_left == 0)
        return;
    replacements_left--;
    new_of(m, self, type, 2 + replacements_left % 2, replacements_left);
    new_node(m, child, 0);
    mm_store_move(m, self, 1, child);
}

static void replace_self_by_a_plain_object(mm *m, mm_var *self)
{
    MM_VAR(m, child);

    clear_self(m, self);
    new_of(m, self, node_type, 2, 7);
    new_node(m, child, 0);
    mm_store_move(m, self, 1, child);
}

static void drop_finalisable(mm *m, mm_finaliser *finaliser, bool cyclic)
{
    const mm_type type = new_type(m, "nasty", MM_CONTAINER, finaliser);
    MM_VARS(m, v, 2);

    journal_clear();
    new_of(m, v, type, 2, 7);
    new_labelled(m, v + 1, 1, 8);
    if (cyclic)
        mm_store(m, v + 1, 0, v);
    mm_store_move(m, v, 0, v + 1);
    mm_clear(m, v);
    reclaim_all(m);
}

static void a_finaliser_may_do_anything_to_self(mm *m)
{
    static mm_finaliser *const finalisers[] = {
        clear_self,     clear_self_twice_over,          replace_self_by_the_child,
        move_self_away, replace_self_by_a_plain_object,
    };

    (void)m;
    for (size_t i = 0; i < 2 * (sizeof finalisers / sizeof *finalisers); i++) {
        mm *other = heap_open("");
        drop_finalisable(other, finalisers[i / 2], i % 2 != 0);
        assert_int_equal(journal_length(), dies(i % 2 != 0));
        assert_left_after_collecting(other, 0, i % 2 != 0 ? 2 : 0);
        heap_end(other);
    }
}

static void each_replacement_of_self_is_finalised(mm *m)
{
    enum { REPLACEMENTS = 5 };

    replacements_left = REPLACEMENTS;
    drop_finalisable(m, replace_self_by_another, false);
    assert_int_equal(journal_length(), dies(false) ? 1 + REPLACEMENTS : 0);
    replacements_left = REPLACEMENTS;
    drop_finalisable(m, replace_self_by_another, true);
    assert_int_equal(journal_length(), dies(true) ? 1 + REPLACEMENTS : 0);
    assert_left_after_collecting(m, 0, 2);
}

/* The second object of this type takes the place of the first: as large, with more slots, finalised
 * and saved by its own finaliser before it gets there. */
static void replace_self_by_a_finalised_one(mm *m, mm_var *self)
{
    const mm_type type = mm_type_of(m, self);
    MM_VARS(m, v, 2);

    journal_note(mm_slot_count(m, self));
    if (mm_slot_count(m, self) == 3) {
        mm_root_set(m, kept, self);
        return;
    }
    mm_clear(m, self);
    assert_int_equal(mm_new(m, v, type, 3, 8), MM_OK);
    for (uint32_t i = 0; i < 3; i++) {
        new_node(m, v + 1, 0);
        mm_store_move(m, v, i, v + 1);
    }
    mm_clear(m, v);
    mm_root_get(m, self, kept);
    mm_root_set(m, kept, v);
}

static void self_may_be_replaced_by_a_finalised_object(mm *m)
{
    const mm_type type = new_type(m, "replacing", MM_CONTAINER, replace_self_by_a_finalised_one);
    MM_VAR(m, v);

    kept = new_root(m);
    assert_int_equal(mm_new(m, v, type, 2, 16), MM_OK);
    mm_clear(m, v);
    if (strategy_traits.prompt)
        ASSERT_JOURNAL(2, 3);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false) ? 2 : 0);
    mm_root_set(m, kept, v); /* where a collection has finalised it later */
    assert_left_now(m, 0, 0);
    assert_left_after_collecting(m, 0, 0);
}

/* ---- Neighbours ---- */

static void empty_the_ring(mm *m, mm_var *self)
{
    MM_VARS(m, v, 2);

    journal_note(label_of(m, self));
    mm_set(m, v, self);
    while (!mm_is_null(v)) {
        mm_take(m, v + 1, v, 0);
        mm_move(m, v, v + 1);
    }
}

static void a_finaliser_may_empty_the_whole_ring(mm *m)
{
    enum { COUNT = 50 };
    const mm_type type = new_type(m, "emptying", MM_CONTAINER, empty_the_ring);
    uint64_t found;
    MM_VARS(m, v, 2);

    new_ring_of(m, v, type, 2, COUNT);
    mm_clear(m, v);
    found = collect_fully(m);
    if (dies(true) && tests_forced_collections() == 0) /* as in CPython: they died by count */
        assert_int_equal(found, strategy_traits.counts ? 0 : COUNT);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true) ? COUNT : 0);
    for (uint64_t i = 0; i < COUNT; i++)
        assert_int_equal(journal_count(i), dies(true));
    assert_left_after_collecting(m, 0, COUNT);
}

static void drop_the_neighbour(mm *m, mm_var *self)
{
    journal_note(label_of(m, self));
    mm_unset(m, self, 0);
}

static void a_finaliser_may_drop_what_dies_with_it(mm *m)
{
    enum { COUNT = 20 };
    const mm_type type = new_type(m, "dropping", MM_CONTAINER, drop_the_neighbour);
    const mm_type phoenix = new_type(m, "emptying", MM_CONTAINER, empty_the_ring);
    MM_VARS(m, v, 2);

    new_ring_of(m, v, type, 1, COUNT);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true) ? COUNT : 0);
    new_ring_of(m, v, type, 1, COUNT);
    new_of(m, v + 1, phoenix, 1, 100);
    mm_store(m, v + 1, 0, v);
    mm_store_move(m, v, 0, v + 1); /* and a ring of both */
    mm_clear(m, v);
    reclaim_all(m);
    for (uint64_t i = 0; i < COUNT; i++)
        assert_in_range(journal_count(i), dies(true), 2 * dies(false));
    assert_int_equal(journal_count(100), dies(true));
}

static void store_the_neighbour_and_self(mm *m, mm_var *self)
{
    MM_VARS(m, v, 2);

    journal_note(label_of(m, self));
    mm_load(m, v, self, 0);
    if (mm_is_null(v))
        return;
    mm_root_get(m, v + 1, kept);
    mm_store(m, v + 1, 0, v);
    mm_store(m, v + 1, 1, self);
    mm_unset(m, self, 0);
    mm_unset(m, v, 0);
}

/* Each overwrites what the one before it had saved. */
static void finalisers_may_compete_for_what_is_saved(mm *m)
{
    enum { COUNT = 20 };
    const mm_type type = new_type(m, "competing", MM_CONTAINER, store_the_neighbour_and_self);
    MM_VARS(m, v, 2);

    kept = new_root(m);
    new_node(m, v + 1, 2);
    mm_root_set(m, kept, v + 1);
    new_ring_of(m, v, type, 1, 2 * COUNT);
    for (uint32_t i = 0; i < 2 * COUNT; i++) {
        new_of(m, v + 1, type, 1, 100 + i); /* a partner each, so that there is a neighbour */
        mm_store(m, v + 1, 0, v);
        mm_load(m, v, v, 0);
    }
    mm_clear(m, v + 1);
    mm_clear(m, v);
    reclaim_all(m);
    for (uint64_t i = 0; i < 2 * COUNT; i++) {
        assert_in_range(journal_count(i), 0, 1);
        assert_in_range(journal_count(100 + i), 0, 1);
    }
    mm_root_set(m, kept, v);
    reclaim_all(m);
    if (strategy_traits.reclaims_cycles)
        assert_int_equal(objects_live(m), 0);
}

/* ---- Roots ---- */

static void save_self(mm *m, mm_var *self)
{
    journal_note(label_of(m, self));
    mm_root_set(m, kept, self);
}

static void a_root_being_freed_may_be_filled_again(mm *m)
{
    const mm_type type = new_type(m, "phoenix", MM_CONTAINER, save_self);
    MM_VAR(m, v);

    kept = new_root(m);
    new_of(m, v, type, 1, 7);
    mm_root_set(m, kept, v);
    mm_clear(m, v);
    if (!strategy_traits.prompt)
        return; /* the finaliser would find the root gone */
    mm_root_free(m, kept);
    heap_verify(m);
    ASSERT_JOURNAL(7);
    assert_left_after_collecting(m, 0, 0);
}

static void free_the_root(mm *m, mm_var *self)
{
    journal_note(label_of(m, self));
    if (kept != NULL)
        mm_root_free(m, kept);
    kept = NULL;
}

static void a_finaliser_may_free_a_root(mm *m)
{
    enum { COUNT = 5 };
    const mm_type type = new_type(m, "freeing", MM_CONTAINER, free_the_root);
    MM_VARS(m, v, 2);

    kept = new_root(m);
    new_ring_of(m, v, type, 1, COUNT);
    mm_root_set(m, kept, v);
    mm_clear(m, v);
    new_of(m, v, type, 1, 100);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false) + (dies(true) ? COUNT : 0));
    assert_left_after_collecting(m, 0, COUNT);
}

static void immortalise_self_and_neighbour(mm *m, mm_var *self)
{
    MM_VAR(m, v);

    journal_note(label_of(m, self));
    mm_load(m, v, self, 0);
    assert_int_equal(mm_immortalise(m, self), MM_OK);
    assert_int_equal(mm_immortalise(m, v), MM_OK);
}

static void a_finaliser_may_make_immortal(mm *m)
{
    uint64_t calls;
    const mm_type type = new_type(m, "ascending", MM_CONTAINER, immortalise_self_and_neighbour);
    MM_VARS(m, v, 2);

    new_ring_of(m, v, type, 1, 4);
    new_of(m, v + 1, type, 2, 100);
    mm_store_move(m, v + 1, 0, v);
    mm_clear(m, v + 1);
    reclaim_all(m);
    calls = journal_length(); /* counting has seen only the first die */
    assert_int_equal(calls, strategy_traits.prompt ? 1 : 5 * dies(false));
    assert_int_equal(objects_live(m), 5);
    reclaim_all(m);
    assert_int_equal(journal_length(), calls);
    assert_int_equal(objects_live(m), 5);
}

/* ---- Much work ---- */

static void make_a_million(mm *m, mm_var *self)
{
    const uint32_t count = fewer(1000000);
    MM_VARS(m, v, 2);

    journal_note(label_of(m, self));
    for (uint32_t i = 0; i < count; i++) {
        new_node(m, v, 1);
        if (i % 1000 == 0) {
            mm_store_move(m, v, 0, v + 1);
            mm_move(m, v + 1, v);
        }
    }
    for (uint32_t length = 0; length < (count + 999) / 1000; length++) {
        assert_false(mm_is_null(v + 1));
        mm_load(m, v + 1, v + 1, 0);
    }
    assert_true(mm_is_null(v + 1));
}

static void a_finaliser_may_make_a_million_objects(mm *m)
{
    for (int cyclic = 0; cyclic < 2; cyclic++) {
        drop_finalisable(m, make_a_million, cyclic != 0);
        assert_int_equal(journal_length(), dies(cyclic != 0));
    }
    assert_left_after_collecting(m, 0, 2);
}

static void make_and_drop_weak_references(mm *m, mm_var *self)
{
    MM_VARS(m, v, 3);

    journal_note(label_of(m, self));
    for (uint64_t i = 0; i < 50; i++) {
        new_labelled(m, v, 0, 100 + i);
        new_weak_calling(m, v + 1, v, v + 2, note_callback);
        new_weak(m, v + 2, self);
        if (i % 2 == 0)
            mm_clear(m, v);
        mm_clear(m, v + 2);
    }
}

static void a_finaliser_may_make_and_drop_weak_references(mm *m)
{
    for (int cyclic = 0; cyclic < 2; cyclic++) {
        drop_finalisable(m, make_and_drop_weak_references, cyclic != 0);
        assert_in_range(journal_length(), dies(cyclic != 0), dies(cyclic != 0) ? 51 : 0);
        assert_left_after_collecting(m, 0, cyclic ? 2 : 0);
    }
}

static void drop_the_next(mm *m, mm_var *self)
{
    journal_note(0);
    mm_unset(m, self, 0);
}

/* Deeper than the stack would bear: each is finalised inside the one before it, or waits. */
static void each_of_a_chain_may_drop_the_next(mm *m)
{
    const uint32_t count = fewer(200000);
    const mm_type type = new_type(m, "dropping", MM_CONTAINER, drop_the_next);
    MM_VARS(m, v, 2);

    mm_disable(m);
    for (uint32_t i = 0; i < count; i++) {
        new_of(m, v + 1, type, 1, i);
        mm_store_move(m, v + 1, 0, v);
        mm_move(m, v, v + 1);
    }
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false) ? count : 0);
    assert_left_after_collecting(m, 0, 0);
}

/* ---- Waiting ---- */

/* Drops the next of the chain, and then keeps what is watched, if it can still be read. */
static void drop_the_next_and_keep_the_watched(mm *m, mm_var *self)
{
    MM_VAR(m, v);

    journal_note(label_of(m, self));
    mm_unset(m, self, 0);
    mm_root_get(m, v, watched);
    mm_weak_load(m, v, v);
    mm_root_set(m, kept, v);
}

/* The chain is deeper than calls nest. What waits for its finaliser is alive: it may be found by a
 * weak reference, and is finalised nevertheless. */
static void what_waits_for_its_finaliser_can_be_kept(mm *m)
{
    enum { COUNT = 60 };
    const mm_type type = new_type(m, "chained", MM_CONTAINER, drop_the_next_and_keep_the_watched);

    for (uint64_t watch = 45; watch < COUNT; watch++) {
        MM_VARS(m, v, 3);
        journal_clear();
        kept = new_root(m);
        watched = new_root(m);
        for (uint64_t i = COUNT; i-- > 0;) {
            new_of(m, v + 1, type, 1, i);
            mm_store_move(m, v + 1, 0, v);
            mm_move(m, v, v + 1);
            if (i != watch)
                continue;
            new_weak(m, v + 2, v);
            mm_root_set(m, watched, v + 2);
        }
        mm_clear(m, v + 2);
        mm_clear(m, v);
        reclaim_all(m);
        if (watch <= NESTING_MAX) /* a later one is kept before anybody drops it */
            assert_int_equal(journal_length(), dies(false) ? COUNT : 0);
        mm_root_free(m, kept);
        mm_root_free(m, watched);
        reclaim_all(m);
        for (uint64_t i = 0; i < COUNT; i++)
            assert_int_equal(journal_count(i), dies(false));
    }
    assert_left_after_collecting(m, 0, 0);
}

/* ---- Callbacks ---- */

/* Empties the object in the root, and so drops what its slots held. */
static void empty_the_kept(mm *m, mm_var *reference, mm_var *context)
{
    MM_VAR(m, v);

    (void)reference, (void)context;
    journal_note(0);
    mm_root_get(m, v, kept);
    for (uint32_t i = 0; i < mm_slot_count(m, v); i++)
        mm_unset(m, v, i);
}

/* The children of a dying parent: the callback of the first drops what else keeps the second. */
static void a_callback_may_drop_what_dies_next(mm *m)
{
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_finaliser);

    for (uint32_t first = 0; first < 2; first++) {
        MM_VARS(m, v, 4);
        journal_clear();
        kept = new_root(m);
        new_node(m, v, 3);
        new_node(m, v + 1, 2);
        mm_root_set(m, kept, v + 1);
        for (uint32_t i = 0; i < 2; i++) {
            new_of(m, v + 2, type, 1, 7 + i);
            if (i == first) {
                new_weak_calling(m, v + 3, v + 2, NULL, empty_the_kept);
            } else {
                mm_store(m, v + 1, 0, v + 2);
                mm_store(m, v + 1, 1, v + 2);
            }
            mm_store_move(m, v, i, v + 2);
        }
        mm_clear(m, v + 1);
        mm_clear(m, v);
        reclaim_all(m);
        assert_int_equal(journal_length(), dies(false) ? 3 : 0);
        assert_left_after_collecting(m, 2, 0);
        mm_root_free(m, kept);
    }
}

/* Drops the other weak references to what died, which are about to be called too. */
static void dropping_the_rest_of_a_batch_calls_them_or_not(mm *m)
{
    enum { COUNT = 10 };
    MM_VARS(m, v, 3);

    kept = new_root(m);
    new_node(m, v, COUNT);
    mm_root_set(m, kept, v);
    new_ring(m, v + 1, 2);
    for (uint32_t i = 0; i < COUNT; i++) {
        new_weak_calling(m, v + 2, v + 1, NULL, empty_the_kept);
        mm_store_move(m, v, i, v + 2);
    }
    mm_clear(m, v + 1);
    reclaim_all(m);
    assert_in_range(journal_length(), dies(true), dies(true) ? COUNT : 0);
    mm_clear(m, v);
    assert_left_after_collecting(m, dies(true) ? 1 : 1 + COUNT, dies(true) ? 0 : 2);
}

/* ---- Without end ---- */

static mm_type endless_type;
static uint64_t calls, refusals;

static void drop_another_in_a_callback(mm *m, mm_var *reference, mm_var *context)
{
    mm_status status;
    MM_VARS(m, v, 2);

    (void)reference, (void)context;
    calls++;
    status = mm_new(m, v, node_type, 1, 0);
    if (status == MM_OK)
        status = mm_weak_new(m, v + 1, v, NULL, drop_another_in_a_callback);
    if (status != MM_OK) {
        assert_int_equal(status, MM_TOO_DEEP);
        refusals++;
        return;
    }
    mm_root_set(m, kept, v + 1); /* a tracing collector finds it later, and alive */
    mm_clear(m, v);
}

static void drop_another_in_a_finaliser(mm *m, mm_var *self)
{
    mm_status status;
    MM_VAR(m, v);

    (void)self;
    calls++;
    status = mm_new(m, v, endless_type, 1, 0);
    if (status == MM_OK)
        return;
    assert_int_equal(status, MM_TOO_DEEP);
    refusals++;
}

/* By count it ends inside of the operation that began it; by collections, in mm_collect_all(). */
static void assert_ended(mm *m)
{
    if (has_collector())
        assert_int_equal(mm_collect_all(m, NULL), strategy_traits.prompt ? MM_OK : MM_TOO_DEEP);
    heap_verify(m);
    if (dies(false))
        assert_in_range(calls, 100, 1000000);
    if (strategy_traits.prompt)
        assert_int_equal(refusals, 1);
    else
        assert_int_equal(refusals, 0);
}

static void a_callback_without_end_is_ended(mm *m)
{
    MM_VARS(m, v, 2);

    for (int round = 0; round < 2; round++) { /* twice: the heap is as good as new */
        calls = refusals = 0;
        kept = new_root(m);
        new_node(m, v, 0);
        new_weak_calling(m, v + 1, v, NULL, drop_another_in_a_callback);
        mm_clear(m, v);
        assert_ended(m);
        new_node(m, v, 0);
        mm_clear(m, v);
    }
}

static void a_finaliser_without_end_is_ended(mm *m)
{
    MM_VAR(m, v);

    endless_type = new_type(m, "endless", MM_CONTAINER, drop_another_in_a_finaliser);
    for (int round = 0; round < 2; round++) {
        calls = refusals = 0;
        new_of(m, v, endless_type, 1, 7);
        mm_clear(m, v);
        assert_ended(m);
        new_node(m, v, 0);
        mm_clear(m, v);
    }
}

/* CPython calls them for ever. */
static bool ends_what_has_no_end(void)
{
    return strategy_traits.peer == NULL || !strategy_traits.prompt;
}

int test_nasty_finalisers(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_finaliser_may_do_anything_to_self),
        TEST(each_replacement_of_self_is_finalised),
        TEST(self_may_be_replaced_by_a_finalised_object),
        TEST(a_finaliser_may_empty_the_whole_ring),
        TEST(a_finaliser_may_drop_what_dies_with_it),
        TEST(finalisers_may_compete_for_what_is_saved),
        TEST(a_root_being_freed_may_be_filled_again),
        TEST(a_finaliser_may_free_a_root),
        TEST_WHERE(!strategy_traits.mortal, a_finaliser_may_make_immortal),
        TEST(a_finaliser_may_make_a_million_objects),
        TEST_WHERE(!strategy_traits.no_callbacks, a_finaliser_may_make_and_drop_weak_references),
        TEST(each_of_a_chain_may_drop_the_next),
        TEST(what_waits_for_its_finaliser_can_be_kept),
        TEST_WHERE(!strategy_traits.no_callbacks, a_callback_may_drop_what_dies_next),
        TEST_WHERE(!strategy_traits.no_callbacks, dropping_the_rest_of_a_batch_calls_them_or_not),
        TEST_WHERE(!strategy_traits.no_callbacks && ends_what_has_no_end(),
                   a_callback_without_end_is_ended),
        TEST_WHERE(ends_what_has_no_end(), a_finaliser_without_end_is_ended),
    };
    if (strategy_traits.conservative)
        return tests_left_out("nasty finalisers", "conservative");
    return TESTS_RUN("nasty finalisers", tests);
}
