/* What CPython's own tests demand of its collector, of weak references and of finalisation, said for
 * the object API. Test by test (CPython 3.11, Lib/test), with what became of it here:
 *
 *   test_gc.py
 *     test_list, _dict, _tuple, _class, _newstyleclass, _instance, _newinstance, _method, _function,
 *     _frame                             garbage_of_every_shape_is_found: shapes, since an object
 *                                        here is slots whatever its type
 *     test_saveall                       garbage_is_saved_on_demand
 *     test_del, _del_newclass            finalisers_may_start_a_collection
 *     test_get_count                     counts_follow_what_is_made
 *     test_collect_generations           each_collection_counts_in_the_next_generation
 *     test_trashcan                      nested_objects_die_while_collections_run
 *     test_boom, _boom2, _boom_new, _boom2_new
 *                                        finalisers_may_unlink_the_garbage
 *     test_is_tracked                    atoms_are_not_tracked_and_containers_are
 *     test_is_finalized                  a_saved_object_is_known_to_be_finalised
 *     test_bug1055820b, c, d             callbacks_see_no_garbage,
 *                                        weak_references_in_garbage_are_cleared_with_it
 *     test_get_stats                     statistics_follow_collections
 *     test_freeze                        freezing_and_thawing_is_counted
 *     test_resurrection_only_happens_once_per_object    a_saved_object_dies_in_silence
 *     test_resurrection_is_transitive                   what_a_saved_object_refers_to_is_saved
 *     test_resurrection_does_not_block_cleanup_of_other_objects, test_38379
 *                                                       other_garbage_goes_and_is_counted
 *     test_collect (callbacks)           watchers_are_told_of_start_and_stop
 *     test_collect_garbage               watchers_are_told_what_was_found
 *     test_enable, _disable, test_isenabled    the_collector_is_switched
 *
 *   test_weakref.py
 *     test_basic_ref                     a_weak_reference_reads_null_when_its_object_is_gone
 *     test_basic_callback                a_callback_is_called_once
 *     test_multiple_callbacks            each_weak_reference_calls_its_own_callback
 *     test_multiple_selfref_callbacks    all_are_cleared_before_any_calls
 *     test_callback_in_cycle_1 to _4     weak_references_in_garbage_call_nobody
 *     test_callback_in_cycle_resurrection, test_callbacks_on_callback
 *                                        only_those_outside_of_the_garbage_call
 *     test_gc_during_ref_creation        weak_references_are_made_while_collections_run
 *     test_ref_created_during_del        a_dying_object_can_be_referred_to
 *     test_sf_bug_840829, test_callback_gcs    callbacks_may_collect
 *     test_trashcan_16602                callbacks_of_nested_objects_see_whole_objects
 *
 *   test_finalization.py
 *     SimpleFinalizationTest             one_object_is_finalised, with and without slots
 *     SelfCycleFinalizationTest, CycleChainFinalizationTest
 *                                        rings_are_finalised: every combination that occurs there
 *
 * These have nothing to do here: whatever is about the interpreter's shutdown, its threads, its main
 * module or its debug builds; legacy finalisers (tp_del), since there are none that make garbage
 * uncollectable; proxies, weak containers, weak methods and weakref.finalize, which are Python code on
 * what is tested here; identity, hashing and order of weak references, sharing of those without a
 * callback (here each is an object), getweakrefs() and exceptions in callbacks, which the API has
 * not; get_objects() and get_referents(), which test_graph.c asks for; test_bug21435 and
 * test_indirect_calls, which were crashes in the type system.
 *
 * A strategy is asked for what its traits promise; the figures of generations only of those that
 * count in three of them, CPython among them. */
#include "conformance.h"

static mm_root *saved; /* a list of what finalisers have saved */

static void open_saved(mm *m)
{
    saved = new_root(m);
}

/* Puts it in front of the list: a link is {what was saved, the rest}. */
static void save(mm *m, mm_var *self)
{
    MM_VARS(m, v, 2);

    mm_root_get(m, v, saved);
    new_node(m, v + 1, 2);
    mm_store(m, v + 1, 0, self);
    mm_store_move(m, v + 1, 1, v);
    mm_root_set(m, saved, v + 1);
}

static void drop_saved(mm *m)
{
    MM_VAR(m, nothing);

    mm_root_set(m, saved, nothing);
}

static void note_and_save(mm *m, mm_var *self)
{
    note_finaliser(m, self);
    save(m, self);
}

static void note_and_unlink(mm *m, mm_var *self)
{
    note_finaliser(m, self);
    mm_unset(m, self, 0);
}

/* Of labels 0 … count − 1 each was noted once. */
static void assert_each_noted_once(uint64_t count)
{
    assert_int_equal(journal_length(), count);
    for (uint64_t label = 0; label < count; label++)
        assert_int_equal(journal_count(label), 1);
}

/* ---- test_gc.py: what is found ---- */

static void garbage_of_every_shape_is_found(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1); /* a list that contains itself */
    mm_store(m, v, 0, v);
    mm_clear(m, v);
    assert_collects(m, 1);
    new_pair(m, v, v + 1); /* a tuple and the list in it */
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_collects(m, 2);
    new_ring(m, v, 3); /* an instance, its dictionary, a bound method in it */
    mm_clear(m, v);
    assert_collects(m, 3);
    assert_left_after_collecting(m, 0, 6);
}

static void garbage_is_saved_on_demand(mm *m)
{
    MM_VARS(m, v, 2);

    assert_int_equal(mm_set_debug(mm_heap_of(m), MM_DEBUG_SAVE_ALL, NULL, NULL), MM_OK);
    new_labelled(m, v, 1, 3);
    mm_store(m, v, 0, v);
    mm_clear(m, v);
    assert_int_equal(collect_fully(m), 1);
    assert_int_equal(mm_garbage_count(mm_heap_of(m)), 1);
    assert_int_equal(mm_garbage_get(m, v + 1, 0), MM_OK);
    assert_int_equal(label_of(m, v + 1), 3);
    mm_clear(m, v + 1);
    assert_int_equal(mm_set_debug(mm_heap_of(m), 0, NULL, NULL), MM_OK);
    mm_garbage_clear(m);
    assert_left_after_collecting(m, 0, 1);
}

/* ---- test_gc.py: generations ---- */

static void set_thresholds(mm *m, uint32_t youngest, uint32_t middle, uint32_t oldest)
{
    assert_int_equal(mm_set_threshold(m, (const uint32_t[]){youngest, middle, oldest}), MM_OK);
    assert_int_equal(mm_enable(m), MM_OK);
}

static void assert_counts(mm *m, uint32_t youngest, uint32_t middle, uint32_t oldest)
{
    uint32_t counts[MM_GENERATIONS_MAX];

    assert_int_equal(mm_get_count(m, counts), MM_OK);
    assert_int_equal(counts[0], youngest);
    assert_int_equal(counts[1], middle);
    assert_int_equal(counts[2], oldest);
}

static void finalisers_may_start_a_collection(mm *m)
{
    enum { COUNT = 20 };
    const mm_type type = new_type(m, "with a finaliser", MM_CONTAINER, note_and_save);

    open_saved(m);
    if (has_counted_generations())
        set_thresholds(m, 1, 1, 1);
    for (uint64_t i = 0; i < COUNT; i++) {
        MM_VAR(m, v);
        new_of(m, v, type, 1, i);
    }
    reclaim_all(m);
    if (dies(false))
        assert_each_noted_once(COUNT);
    drop_saved(m);
    assert_left_after_collecting(m, 0, 0);
}

static void counts_follow_what_is_made(mm *m)
{
    MM_VARS(m, v, 2);

    set_thresholds(m, 700, 10, 10);
    collect_fully(m);
    assert_counts(m, 0, 0, 0);
    new_node(m, v, 1);
    assert_counts(m, 1, 0, 0);
    new_atom(m, v + 1, 8); /* is not counted */
    assert_counts(m, 1, 0, 0);
    mm_clear(m, v);
    assert_counts(m, 0, 0, 0);
}

static void each_collection_counts_in_the_next_generation(mm *m)
{
    MM_VAR(m, v);

    set_thresholds(m, 700, 10, 10);
    collect_fully(m);
    new_node(m, v, 1);
    assert_int_equal(mm_collect(m, 0, NULL), MM_OK);
    assert_counts(m, 0, 1, 0);
    assert_int_equal(mm_collect(m, 1, NULL), MM_OK);
    assert_counts(m, 0, 0, 1);
    assert_int_equal(mm_collect(m, 2, NULL), MM_OK);
    assert_counts(m, 0, 0, 0);
}

/* Deeper than deallocation nests in CPython, and a collection at every turn. */
static void nested_objects_die_while_collections_run(mm *m)
{
    enum { STRUCTURES = 10, DEPTH = 300 };

    if (has_counted_generations())
        set_thresholds(m, 5, 2, 1);
    for (int i = 0; i < STRUCTURES; i++) {
        MM_VARS(m, v, 2);
        for (int j = 0; j < DEPTH; j++) {
            new_node(m, v + 1, 3);
            mm_store(m, v + 1, 0, v);
            mm_store_move(m, v + 1, 2, v);
            mm_move(m, v, v + 1);
        }
    }
    assert_left_after_collecting(m, 0, 0);
}

static void statistics_follow_collections(mm *m)
{
    const mm_stats before = heap_stats(m);
    mm_stats after;
    MM_VARS(m, v, 2);

    new_pair(m, v, v + 1);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_int_equal(mm_collect(m, 2, NULL), MM_OK);
    assert_int_equal(mm_collect(m, 0, NULL), MM_OK);
    after = heap_stats(m);
    assert_int_equal(after.collections[0], before.collections[0] + 1);
    assert_int_equal(after.collections[1], before.collections[1]);
    assert_int_equal(after.collections[2], before.collections[2] + 1);
    assert_int_equal(after.reclaimed_by_collector[2], before.reclaimed_by_collector[2] + 2);
    assert_int_equal(after.reclaimed_by_collector[0], before.reclaimed_by_collector[0]);
}

/* ---- test_gc.py: control ---- */

static void the_collector_is_switched(mm *m)
{
    assert_int_equal(mm_disable(m), MM_OK);
    assert_false(mm_is_enabled(m));
    assert_int_equal(mm_enable(m), MM_OK);
    assert_true(mm_is_enabled(m));
}

static void atoms_are_not_tracked_and_containers_are(mm *m)
{
    bool tracked = true;
    MM_VAR(m, v);

    new_atom(m, v, 8);
    assert_int_equal(mm_is_tracked(m, v, &tracked), MM_OK);
    assert_false(tracked);
    new_node(m, v, 0);
    assert_int_equal(mm_is_tracked(m, v, &tracked), MM_OK);
    assert_true(tracked);
}

static void freezing_and_thawing_is_counted(mm *m)
{
    uint64_t count = 17;
    MM_VAR(m, v);

    new_chain(m, v, 5);
    assert_int_equal(mm_freeze(m), MM_OK);
    assert_int_equal(mm_get_freeze_count(m, &count), MM_OK);
    assert_int_equal(count, 5);
    assert_int_equal(mm_unfreeze(m), MM_OK);
    assert_int_equal(mm_get_freeze_count(m, &count), MM_OK);
    assert_int_equal(count, 0);
}

/* The events that a watcher is told of, as labels. */
static void note_event(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    (void)m, (void)context;
    assert_int_equal(info->uncollectable, 0);
    journal_note(phase == MM_GC_START ? 100 + info->generation
                                      : 200 + 10 * info->generation + info->collected);
}

static void watchers_are_told_of_start_and_stop(mm *m)
{
    const uint32_t oldest = strategy_traits.generations - 1;

    collect_fully(m);
    assert_int_equal(mm_add_callback(mm_heap_of(m), note_event, NULL), MM_OK);
    assert_int_equal(mm_collect(m, oldest, NULL), MM_OK);
    assert_int_equal(mm_remove_callback(mm_heap_of(m), note_event, NULL), MM_OK);
    assert_int_equal(mm_collect(m, oldest, NULL), MM_OK);
    ASSERT_JOURNAL(100 + oldest, 200 + 10 * oldest);
}

static void watchers_are_told_what_was_found(mm *m)
{
    const uint32_t oldest = strategy_traits.generations - 1;
    MM_VARS(m, v, 2);

    new_pair(m, v, v + 1);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_int_equal(mm_add_callback(mm_heap_of(m), note_event, NULL), MM_OK);
    assert_int_equal(mm_collect(m, oldest, NULL), MM_OK);
    assert_int_equal(mm_remove_callback(mm_heap_of(m), note_event, NULL), MM_OK);
    ASSERT_JOURNAL(100 + oldest, 202 + 10 * oldest);
}

/* ---- test_gc.py: resurrection ---- */

static void a_saved_object_is_known_to_be_finalised(mm *m)
{
    const mm_type type = new_type(m, "lazarus", MM_CONTAINER, note_and_save);
    MM_VAR(m, v);

    open_saved(m);
    new_of(m, v, type, 1, 0);
    mm_store(m, v, 0, v);
    assert_false(mm_is_finalized(m, v));
    mm_clear(m, v);
    reclaim_all(m);
    if (!dies(true))
        return;
    mm_root_get(m, v, saved);
    mm_load(m, v, v, 0);
    assert_true(mm_is_finalized(m, v));
}

static void a_saved_object_dies_in_silence(mm *m)
{
    const mm_type type = new_type(m, "lazarus", MM_CONTAINER, note_and_save);
    MM_VAR(m, v);

    open_saved(m);
    new_of(m, v, type, 1, 0);
    mm_store(m, v, 0, v);
    mm_clear(m, v);
    reclaim_all(m);
    drop_saved(m);
    assert_left_after_collecting(m, 0, 1);
    assert_int_equal(journal_length(), dies(true));
}

static void what_a_saved_object_refers_to_is_saved(mm *m)
{
    const mm_type type = new_type(m, "lazarus", MM_CONTAINER, note_and_save);
    MM_VARS(m, v, 2);

    open_saved(m);
    new_of(m, v, type, 2, 0);
    mm_store(m, v, 0, v);
    new_labelled(m, v + 1, 0, 42); /* its cargo */
    mm_store_move(m, v, 1, v + 1);
    mm_clear(m, v);
    reclaim_all(m);
    if (!dies(true))
        return;
    mm_root_get(m, v, saved);
    mm_load(m, v, v, 0);
    mm_load(m, v + 1, v, 1);
    assert_int_equal(label_of(m, v + 1), 42);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    drop_saved(m);
    assert_left_after_collecting(m, 0, 2);
}

static void drop_rings(mm *m, mm_type type, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        MM_VAR(m, v);
        new_ring_of(m, v, type, 1, 2);
    }
}

static void other_garbage_goes_and_is_counted(mm *m)
{
    enum { COUNT = 100 };
    const mm_type zombie = new_type(m, "zombie", MM_CONTAINER, note_and_save);

    open_saved(m);
    if (has_collector())
        mm_disable(m);
    drop_rings(m, node_type, COUNT);
    assert_collects(m, 2 * COUNT);
    drop_rings(m, zombie, COUNT);
    if (has_counted_generations())
        assert_int_equal(collect_fully(m), 0); /* all of them are saved */
    drop_rings(m, node_type, COUNT);
    if (has_counted_generations())
        assert_int_equal(collect_fully(m), 2 * COUNT);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true) ? 2 * COUNT : 0);
    drop_saved(m);
    assert_left_after_collecting(m, 0, 6 * COUNT);
}

/* Two objects that refer to each other, of which each lets go of the other. */
static void finalisers_may_unlink_the_garbage(mm *m)
{
    const mm_type type = new_type(m, "unlinking", MM_CONTAINER, note_and_unlink);

    drop_rings(m, type, 1);
    reclaim_all(m);
    if (dies(true))
        assert_each_noted_once(2);
    assert_left_after_collecting(m, 0, 2);
}

/* ---- test_gc.py and test_weakref.py: weak references and garbage ---- */

static void note_and_see_nothing(mm *m, mm_var *reference, mm_var *context)
{
    assert_leads_nowhere(m, reference);
    note_callback(m, reference, context);
}

/* Two that know each other, each watched from outside. */
static void callbacks_see_no_garbage(mm *m)
{
    MM_VARS(m, v, 5);
    mm_var *a = v, *b = v + 1, *context = v + 4;

    new_pair(m, a, b);
    for (uint32_t i = 0; i < 2; i++) {
        new_labelled(m, context, 0, i);
        new_weak_calling(m, v + 2 + i, v + i, context, note_and_see_nothing);
    }
    mm_clear(m, a);
    mm_clear(m, b);
    reclaim_all(m);
    if (dies(true))
        assert_each_noted_once(2);
}

/* An old object is watched by a weak reference in young garbage: that calls nobody, neither when the
 * garbage goes nor later. */
static void weak_references_in_garbage_are_cleared_with_it(mm *m)
{
    MM_VARS(m, v, 3);
    mm_var *old = v, *garbage = v + 1, *reference = v + 2;

    new_node(m, old, 1);
    reclaim_all(m);
    new_node(m, garbage, 3);
    mm_store(m, garbage, 0, garbage);
    mm_store(m, garbage, 1, old);
    new_weak_calling(m, reference, old, garbage, note_and_see_nothing);
    mm_store_move(m, garbage, 2, reference);
    mm_clear(m, garbage);
    if (has_collector())
        assert_int_equal(mm_collect(m, 0, NULL), MM_OK);
    mm_clear(m, old);
    assert_left_after_collecting(m, 0, 3);
    assert_int_equal(journal_length(), 0);
}

static void a_weak_reference_reads_null_when_its_object_is_gone(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 0);
    new_weak(m, v + 1, v);
    new_weak(m, v + 2, v);
    assert_leads_to(m, v + 1, v);
    mm_clear(m, v);
    reclaim_all(m);
    if (!dies(false))
        return;
    assert_leads_nowhere(m, v + 1);
    assert_leads_nowhere(m, v + 2);
}

static void a_callback_is_called_once(mm *m)
{
    MM_VARS(m, v, 3);

    new_labelled(m, v + 2, 0, 0);
    for (int i = 0; i < 2; i++) {
        journal_clear();
        if (i == 0)
            new_node(m, v, 0);
        else
            new_ring(m, v, 3);
        new_weak_calling(m, v + 1, v, v + 2, note_and_see_nothing);
        mm_clear(m, v);
        reclaim_all(m);
        reclaim_all(m);
        assert_int_equal(journal_length(), dies(i != 0));
    }
}

static void each_weak_reference_calls_its_own_callback(mm *m)
{
    enum { COUNT = 5 };
    MM_VARS(m, v, COUNT + 2);
    mm_var *referent = v + COUNT, *context = v + COUNT + 1;

    new_node(m, referent, 0);
    for (uint64_t i = 0; i < COUNT; i++) {
        new_labelled(m, context, 0, i);
        new_weak_calling(m, v + i, referent, context, note_and_see_nothing);
    }
    mm_clear(m, referent);
    reclaim_all(m);
    if (dies(false))
        assert_each_noted_once(COUNT);
}

/* The context is a list of all weak references to the one object. */
static void expect_all_cleared(mm *m, mm_var *reference, mm_var *context)
{
    MM_VAR(m, other);

    assert_leads_nowhere(m, reference);
    for (uint32_t i = 0; i < mm_slot_count(m, context); i++) {
        mm_load(m, other, context, i);
        assert_leads_nowhere(m, other);
    }
    journal_note(0);
}

static void all_are_cleared_before_any_calls(mm *m)
{
    enum { COUNT = 4 };

    for (uint32_t cyclic = 0; cyclic < 2; cyclic++) {
        MM_VARS(m, v, 3);
        mm_var *referent = v, *list = v + 1, *reference = v + 2;
        journal_clear();
        new_node(m, list, COUNT);
        new_node(m, referent, cyclic);
        if (cyclic)
            mm_store(m, referent, 0, referent);
        for (uint32_t i = 0; i < COUNT; i++) {
            new_weak_calling(m, reference, referent, list, expect_all_cleared);
            mm_store_move(m, list, i, reference);
        }
        mm_clear(m, referent);
        reclaim_all(m);
        assert_int_equal(journal_length(), dies(cyclic) ? COUNT : 0);
    }
}

/* `obj` is watched by a weak reference in its own slot `i`, whose context is `context`. */
static void watch_itself(mm *m, mm_var *obj, uint32_t i, mm_var *context)
{
    MM_VAR(m, reference);

    new_weak_calling(m, reference, obj, context, note_callback);
    mm_store_move(m, obj, i, reference);
}

static void weak_references_in_garbage_call_nobody(mm *m)
{
    MM_VARS(m, v, 2);

    new_labelled(m, v, 2, 1); /* on a cycle with its own watcher, which holds it as its context */
    mm_store(m, v, 0, v);
    watch_itself(m, v, 1, v);
    mm_clear(m, v);
    new_ring_of(m, v, node_type, 2, 2); /* watched by its neighbour, with a live context */
    new_labelled(m, v + 1, 0, 2);
    watch_itself(m, v, 1, v + 1);
    mm_clear(m, v);
    new_labelled(m, v, 2, 3); /* the weak reference itself is on the cycle */
    watch_itself(m, v, 0, v);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), 0);
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 0, 2 + 4 + 2);
}

/* What garbage a finaliser saves is watched from inside and from outside. */
static void only_those_outside_of_the_garbage_call(mm *m)
{
    const mm_type type = new_type(m, "lazarus", MM_CONTAINER, save);
    MM_VARS(m, v, 3);
    mm_var *garbage = v, *outside = v + 1, *context = v + 2;

    open_saved(m);
    new_of(m, garbage, type, 2, 0);
    mm_store(m, garbage, 0, garbage);
    new_labelled(m, context, 0, 1);
    watch_itself(m, garbage, 1, context);
    new_labelled(m, context, 0, 2);
    new_weak_calling(m, outside, garbage, context, note_and_see_nothing);
    mm_clear(m, garbage);
    reclaim_all(m);
    if (dies(true))
        ASSERT_JOURNAL(2);
    drop_saved(m);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true));
}

static void weak_references_are_made_while_collections_run(mm *m)
{
    MM_VARS(m, v, 3);

    if (has_counted_generations())
        set_thresholds(m, 1, 1, 1);
    for (int i = 0; i < 50; i++) {
        new_ring(m, v, 2);
        new_ring(m, v + 1, 3); /* garbage for the collection that the next line may start */
        mm_clear(m, v + 1);
        new_weak(m, v + 1, v);
        new_weak_calling(m, v + 2, v, NULL, note_and_see_nothing);
        assert_leads_to(m, v + 1, v);
        assert_leads_to(m, v + 2, v);
    }
    heap_verify(m);
}

static void refer_to_self(mm *m, mm_var *self)
{
    MM_VAR(m, reference);

    note_finaliser(m, self);
    new_weak(m, reference, self);
    assert_leads_to(m, reference, self);
    save(m, reference);
}

static void a_dying_object_can_be_referred_to(mm *m)
{
    const mm_type type = new_type(m, "referring", MM_CONTAINER, refer_to_self);
    MM_VAR(m, v);

    open_saved(m);
    new_of(m, v, type, 0, 0);
    mm_clear(m, v);
    reclaim_all(m);
    if (!dies(false))
        return;
    ASSERT_JOURNAL(0);
    mm_root_get(m, v, saved);
    mm_load(m, v, v, 0);
    assert_leads_nowhere(m, v);
}

static void collect_in_a_callback(mm *m, mm_var *reference, mm_var *context)
{
    note_and_see_nothing(m, reference, context);
    if (has_collector())
        assert_int_equal(mm_collect(m, strategy_traits.generations - 1, NULL), MM_OK);
}

/* What is dying when the callback runs is not found once more. */
static void callbacks_may_collect(mm *m)
{
    for (uint32_t cyclic = 0; cyclic < 2; cyclic++) {
        const mm_type type = new_type(m, "finalised", MM_CONTAINER, note_finaliser);
        MM_VARS(m, v, 3);
        journal_clear();
        new_of(m, v, type, 1, 1);
        if (cyclic)
            mm_store(m, v, 0, v);
        new_labelled(m, v + 2, 0, 2);
        new_weak_calling(m, v + 1, v, v + 2, collect_in_a_callback);
        mm_clear(m, v);
        reclaim_all(m);
        assert_int_equal(journal_count(1), dies(cyclic));
        assert_int_equal(journal_count(2), dies(cyclic));
        heap_verify(m);
    }
}

/* The context is a weak reference to an object that may be dying as well. */
static void expect_whole_or_nothing(mm *m, mm_var *reference, mm_var *context)
{
    MM_VAR(m, found);

    assert_leads_nowhere(m, reference);
    mm_weak_load(m, found, context);
    if (!mm_is_null(found))
        assert_true(label_of(m, found) > 0);
}

/* Each holds the one before it, and is told when that dies; so deep that deaths are put off. */
static void callbacks_of_nested_objects_see_whole_objects(mm *m)
{
    enum { COUNT = 200 };
    MM_VARS(m, v, 3);
    mm_var *outer = v, *inner = v + 1, *own = v + 2;

    for (uint64_t i = 1; i <= COUNT; i++) {
        new_labelled(m, outer, 2, i);
        if (!mm_is_null(inner)) {
            new_weak(m, own, outer);
            new_weak_calling(m, own, inner, own, expect_whole_or_nothing);
            mm_store_move(m, outer, 1, own);
            mm_store_move(m, outer, 0, inner);
        }
        mm_move(m, inner, outer);
    }
    mm_clear(m, inner);
    assert_left_after_collecting(m, 0, 0);
}

/* ---- test_finalization.py ---- */

static void finalise_one(mm *m, mm_kind kind, mm_finaliser *finaliser)
{
    const mm_type type = new_type(m, "simple", kind, finaliser);
    MM_VARS(m, v, 2);

    journal_clear();
    open_saved(m);
    new_of(m, v, type, 0, 5);
    new_weak(m, v + 1, v);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_count(5), dies(false));
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false));
    drop_saved(m);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false)); /* saved or not, once */
    if (dies(false))
        assert_leads_nowhere(m, v + 1);
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 0, 0);
    mm_root_free(m, saved);
}

static void one_object_is_finalised(mm *m)
{
    static const mm_kind kinds[] = {MM_CONTAINER, MM_ATOM};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        finalise_one(m, kinds[i], note_finaliser);
        finalise_one(m, kinds[i], note_and_save);
    }
}

/* The members of a ring: `n` is finalised, `s` saves itself, `u` lets go of the next; `-` is plain. */
static const char *const rings[] = {
    "n",   "s",   "u",                        /* a cycle of one */
    "nnn", "sss", "uuu",                      /* all alike */
    "n-u", "ns-", "n-s", "-s-", "ss-", "u-u", /* mixed */
    "nus", "sun", "s-u",
};

static mm_type type_of_member(mm *m, char member)
{
    switch (member) {
    case 'n':
        return new_type(m, "noting", MM_CONTAINER, note_finaliser);
    case 's':
        return new_type(m, "saving", MM_CONTAINER, note_and_save);
    case 'u':
        return new_type(m, "unlinking", MM_CONTAINER, note_and_unlink);
    default:
        return node_type;
    }
}

static void make_ring(mm *m, mm_var *first, const char *members)
{
    MM_VARS(m, v, 2);
    mm_var *last = v, *next = v + 1;

    new_of(m, first, type_of_member(m, members[0]), 1, 0);
    mm_set(m, last, first);
    for (uint64_t i = 1; members[i] != '\0'; i++) {
        new_of(m, next, type_of_member(m, members[i]), 1, i);
        mm_store(m, last, 0, next);
        mm_move(m, last, next);
    }
    mm_store(m, last, 0, first);
}

static void assert_finalised_once(const char *members)
{
    uint64_t finalised = 0;

    for (uint64_t i = 0; members[i] != '\0'; i++) {
        bool has_finaliser = members[i] != '-' && dies(true);
        assert_int_equal(journal_count(i), has_finaliser);
        finalised += has_finaliser;
    }
    assert_int_equal(journal_length(), finalised);
}

static void finalise_ring(mm *m, const char *members)
{
    MM_VAR(m, v);

    journal_clear();
    open_saved(m);
    make_ring(m, v, members);
    mm_clear(m, v);
    reclaim_all(m);
    assert_finalised_once(members);
    drop_saved(m);
    reclaim_all(m);
    assert_finalised_once(members);
    mm_root_free(m, saved);
}

static void rings_are_finalised(mm *m)
{
    uint64_t members = 0;

    for (size_t i = 0; i < sizeof rings / sizeof *rings; i++) {
        finalise_ring(m, rings[i]);
        for (const char *member = rings[i]; *member != '\0'; member++)
            members++;
    }
    assert_left_after_collecting(m, 0, members);
}

/* ---- Groups ---- */

int test_as_cpython_tests(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finalisers_may_start_a_collection),
        TEST(nested_objects_die_while_collections_run),
        TEST(a_saved_object_is_known_to_be_finalised),
        TEST(a_saved_object_dies_in_silence),
        TEST(what_a_saved_object_refers_to_is_saved),
        TEST(finalisers_may_unlink_the_garbage),
        TEST(a_weak_reference_reads_null_when_its_object_is_gone),
        TEST(a_dying_object_can_be_referred_to),
        TEST(one_object_is_finalised),
        TEST(rings_are_finalised),
    };
    const struct CMUnitTest callback_tests[] = {
        TEST(callbacks_see_no_garbage),
        TEST(weak_references_in_garbage_are_cleared_with_it),
        TEST(a_callback_is_called_once),
        TEST(each_weak_reference_calls_its_own_callback),
        TEST(all_are_cleared_before_any_calls),
        TEST(weak_references_in_garbage_call_nobody),
        TEST(only_those_outside_of_the_garbage_call),
        TEST(weak_references_are_made_while_collections_run),
        TEST(callbacks_may_collect),
        TEST(callbacks_of_nested_objects_see_whole_objects),
    };

    if (strategy_traits.conservative)
        return tests_left_out("as CPython's tests", "conservative");
    return TESTS_RUN("as CPython's tests", tests) +
           (strategy_traits.no_callbacks
                ? tests_left_out("as CPython's tests, callbacks", "no_callbacks")
                : TESTS_RUN("as CPython's tests, callbacks", callback_tests));
}

int test_as_cpython_tests_once(void)
{
    const struct CMUnitTest tests[] = {
        TEST(garbage_of_every_shape_is_found),
        TEST(other_garbage_goes_and_is_counted),
        TEST_WHERE(strategy_traits.reports_garbage, garbage_is_saved_on_demand),
        TEST_WHERE(has_collector(), the_collector_is_switched),
        TEST_WHERE(strategy_traits.tracks, atoms_are_not_tracked_and_containers_are),
        TEST_WHERE(strategy_traits.freezes, freezing_and_thawing_is_counted),
        TEST_WHERE(has_collector() && !strategy_traits.no_callbacks,
                   watchers_are_told_of_start_and_stop),
        TEST_WHERE(has_collector() && !strategy_traits.no_callbacks,
                   watchers_are_told_what_was_found),
        TEST_WHERE(has_counted_generations(), counts_follow_what_is_made),
        TEST_WHERE(has_counted_generations(), each_collection_counts_in_the_next_generation),
        TEST_WHERE(has_counted_generations(), statistics_follow_collections),
    };

    if (strategy_traits.conservative)
        return tests_left_out("as CPython's tests, figures", "conservative");
    return TESTS_RUN("as CPython's tests, figures", tests);
}
