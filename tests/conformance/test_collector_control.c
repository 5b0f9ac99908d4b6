/* Control of the collector beyond collecting: freezing, callbacks, debug flags and saved garbage,
 * what is tracked; and the refusals of a strategy that lacks them. */
#include "conformance.h"

#include <stdio.h>
#include <string.h>

/* ---- Refusals ---- */

static void freezing_is_unsupported(mm *m)
{
    uint64_t count = 17;

    assert_int_equal(mm_freeze(m), MM_UNSUPPORTED);
    assert_int_equal(mm_unfreeze(m), MM_UNSUPPORTED);
    assert_int_equal(mm_get_freeze_count(m, &count), MM_UNSUPPORTED);
    assert_int_equal(count, 17);
}

static void tracking_is_unsupported(mm *m)
{
    bool tracked = true;
    MM_VAR(m, v);

    new_node(m, v, 1);
    assert_int_equal(mm_is_tracked(m, v, &tracked), MM_UNSUPPORTED);
    assert_true(tracked);
}

static void ignore_collection(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    (void)m, (void)phase, (void)info, (void)context;
}

static void ignore_line(const char *line, void *context)
{
    (void)line, (void)context;
}

static void watching_is_unsupported(mm *m)
{
    mm_heap *heap = mm_heap_of(m);

    assert_int_equal(mm_add_callback(heap, ignore_collection, NULL), MM_UNSUPPORTED);
    assert_int_equal(mm_remove_callback(heap, ignore_collection, NULL), MM_UNSUPPORTED);
    assert_int_equal(mm_set_debug(heap, MM_DEBUG_STATS, ignore_line, NULL), MM_UNSUPPORTED);
    assert_int_equal(mm_set_debug(heap, 0, NULL, NULL), MM_UNSUPPORTED);
    assert_int_equal(mm_get_debug(heap), 0);
}

static void without_saving_there_is_no_garbage(mm *m)
{
    MM_VARS(m, v, 2);

    new_pair(m, v, v + 1);
    mm_clear(m, v + 1);
    reclaim_all(m);
    assert_int_equal(mm_garbage_count(mm_heap_of(m)), 0);
    assert_int_equal(mm_garbage_get(m, v, 0), MM_INVALID);
    assert_false(mm_is_null(v));
    mm_garbage_clear(m);
    assert_left_after_collecting(m, 2, 0);
}

/* ---- Thresholds and generations out of their range ---- */

static void thresholds_out_of_range_change_nothing(mm *m)
{
    static const uint32_t wrong[][MM_GENERATIONS_MAX] = {
        {(uint32_t)MM_THRESHOLD_MAX + 1, 5, 5},
        {5, (uint32_t)-1, 5},
        {5, 5, (uint32_t)INT32_MIN},
    };
    const uint32_t most[] = {MM_THRESHOLD_MAX, MM_THRESHOLD_MAX, MM_THRESHOLD_MAX};
    uint32_t before[MM_GENERATIONS_MAX], after[MM_GENERATIONS_MAX];
    MM_VAR(m, v);

    assert_int_equal(mm_get_threshold(m, before), MM_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(mm_set_threshold(m, wrong[i]), MM_INVALID);
        assert_int_equal(mm_get_threshold(m, after), MM_OK);
        assert_memory_equal(before, after, sizeof before);
    }
    assert_int_equal(mm_set_threshold(m, most), MM_OK);
    assert_int_equal(mm_get_threshold(m, after), MM_OK);
    assert_memory_equal(most, after, sizeof after);
    new_chain(m, v, 2000);
    assert_int_equal(collections_run(m), 0);
}

static void generations_out_of_range_change_nothing(mm *m)
{
    const mm_stats before = heap_stats(m);
    uint64_t found = 17;

    assert_int_equal(mm_collect(m, strategy_traits.generations, &found), MM_INVALID);
    assert_int_equal(mm_collect(m, (uint32_t)-1, &found), MM_INVALID);
    assert_int_equal(found, 17);
    assert_memory_equal(heap_stats(m).collections, before.collections, sizeof before.collections);
}

/* ---- Freezing ---- */

static uint64_t frozen_count(mm *m)
{
    uint64_t count = UINT64_MAX;

    assert_int_equal(mm_get_freeze_count(m, &count), MM_OK);
    return count;
}

static void frozen_cycles_stay_until_unfrozen(mm *m)
{
    MM_VAR(m, v);

    assert_int_equal(frozen_count(m), 0);
    new_ring(m, v, 5);
    assert_int_equal(mm_freeze(m), MM_OK);
    assert_int_equal(frozen_count(m), 5);
    mm_clear(m, v);
    assert_collects(m, 0);
    assert_int_equal(objects_live(m), 5);
    new_ring(m, v, 3); /* what is made later is not frozen */
    mm_clear(m, v);
    assert_collects(m, 3);
    assert_int_equal(frozen_count(m), 5);
    heap_verify(m);
    assert_int_equal(mm_unfreeze(m), MM_OK);
    assert_int_equal(frozen_count(m), 0);
    heap_verify(m);
    assert_collects(m, 5);
    assert_int_equal(objects_live(m), 0);
}

static void frozen_objects_die_by_count(mm *m)
{
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_finaliser);
    MM_VARS(m, v, 2);

    new_of(m, v, type, 1, 7);
    new_weak_calling(m, v + 1, v, NULL, note_callback);
    assert_int_equal(mm_freeze(m), MM_OK);
    assert_int_equal(frozen_count(m), 2);
    mm_clear(m, v);
    ASSERT_JOURNAL(7, 0);
    assert_int_equal(frozen_count(m), 1);
    assert_leads_nowhere(m, v + 1);
    mm_clear(m, v + 1);
    assert_int_equal(frozen_count(m), 0);
    assert_int_equal(objects_live(m), 0);
}

static void what_frozen_objects_refer_to_lives(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    assert_int_equal(mm_freeze(m), MM_OK);
    new_ring(m, v + 1, 3);
    mm_store_move(m, v, 0, v + 1);
    assert_collects(m, 0);
    assert_int_equal(objects_live(m), 4);
    mm_unset(m, v, 0);
    assert_collects(m, 3);
    assert_int_equal(frozen_count(m), 1);
}

static void freezing_goes_by_the_rules(mm *m)
{
    uint32_t counts[MM_GENERATIONS_MAX];
    MM_VARS(m, v, 2);

    assert_int_equal(mm_unfreeze(m), MM_INVALID);
    new_ring(m, v, 2);
    assert_int_equal(mm_freeze(m), MM_OK);
    new_ring(m, v + 1, 3);
    assert_int_equal(mm_freeze(m), MM_OK); /* and more */
    assert_int_equal(frozen_count(m), 5);
    assert_int_equal(mm_get_count(m, counts), MM_OK);
    assert_int_equal(counts[0], 0);
    assert_int_equal(mm_unfreeze(m), MM_OK);
    assert_int_equal(mm_unfreeze(m), MM_INVALID);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_collects(m, 5);
    assert_int_equal(mm_freeze(m), MM_OK); /* of nothing is freezing too */
    assert_int_equal(mm_unfreeze(m), MM_OK);
}

static void freeze_inside(mm *m, mm_var *self)
{
    journal_note(label_of(m, self));
    journal_note((uint64_t)mm_freeze(m));
    journal_note((uint64_t)mm_unfreeze(m));
}

static void freezing_inside_of_a_collection_is_invalid(mm *m)
{
    const mm_type type = new_type(m, "freezing", MM_CONTAINER, freeze_inside);
    MM_VAR(m, v);

    new_ring_of(m, v, type, 1, 1);
    mm_clear(m, v);
    assert_collects(m, 1);
    ASSERT_JOURNAL(0, MM_INVALID, MM_INVALID);
    new_of(m, v, type, 1, 7);
    mm_clear(m, v); /* by count, in no collection */
    ASSERT_JOURNAL(0, MM_INVALID, MM_INVALID, 7, MM_OK, MM_OK);
    assert_int_equal(objects_live(m), 0);
}

static mm_root *saved;

static void save_self(mm *m, mm_var *self)
{
    mm_root_set(m, saved, self);
}

/* As in CPython, which tracks it anew. */
static void a_resurrected_object_is_not_frozen_any_more(mm *m)
{
    const mm_type type = new_type(m, "phoenix", MM_CONTAINER, save_self);
    MM_VAR(m, v);

    saved = new_root(m);
    new_of(m, v, type, 1, 7);
    assert_int_equal(mm_freeze(m), MM_OK);
    mm_clear(m, v);
    assert_int_equal(frozen_count(m), 0);
    heap_verify(m);
    mm_root_set(m, saved, v);
    assert_int_equal(objects_live(m), 0);
}

/* ---- Callbacks ---- */

typedef struct seen {
    uint64_t starts, stops, collected;
    uint32_t generation;
} seen;

static void note_collection(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    seen *s = context;
    uint64_t found = 17;

    assert_int_equal(info->uncollectable, 0);
    assert_int_equal(mm_collect(m, 0, &found), MM_OK);
    assert_int_equal(found, 0);
    s->generation = info->generation;
    if (phase == MM_GC_START) {
        assert_int_equal(info->collected, 0);
        assert_int_equal(s->starts, s->stops);
        s->starts++;
    } else {
        s->stops++;
        s->collected += info->collected;
    }
}

static void callbacks_are_told_of_each_collection(mm *m)
{
    mm_heap *heap = mm_heap_of(m);
    seen s = {0};
    uint64_t before;
    MM_VARS(m, v, 2);

    new_pair(m, v, v + 1);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    before = collections_run(m);
    assert_int_equal(mm_add_callback(heap, note_collection, &s), MM_OK);
    for (uint32_t g = 0; g < strategy_traits.generations; g++) {
        assert_int_equal(mm_collect(m, g, NULL), MM_OK);
        assert_int_equal(s.generation, g);
    }
    assert_int_equal(s.stops, strategy_traits.generations);
    assert_int_equal(s.stops, collections_run(m) - before);
    assert_in_range(s.collected, strategy_traits.moving ? 0 : 2, 2);
    assert_int_equal(mm_remove_callback(heap, note_collection, &s), MM_OK);
    assert_int_equal(mm_collect(m, 0, NULL), MM_OK);
    assert_int_equal(s.stops, strategy_traits.generations);
}

static void callbacks_are_told_of_collections_that_start_by_themselves(mm *m)
{
    mm *other = heap_open(has_counted_generations() ? "automatic=on,threshold0=10" : "");
    seen s = {0};
    uint64_t before = collections_run(other);

    (void)m;
    assert_int_equal(mm_add_callback(mm_heap_of(other), note_collection, &s), MM_OK);
    for (int i = 0; i < 100; i++) {
        MM_VAR(other, v);
        new_ring(other, v, 3);
    }
    assert_int_equal(s.starts, collections_run(other) - before);
    assert_int_equal(s.stops, s.starts);
    heap_end(other);
}

static void removing_takes_the_one_that_was_added(mm *m)
{
    mm_heap *heap = mm_heap_of(m);
    seen s[3] = {{0}};

    assert_int_equal(mm_remove_callback(heap, note_collection, s), MM_INVALID);
    for (int i = 0; i < 3; i++)
        assert_int_equal(mm_add_callback(heap, note_collection, s + i), MM_OK);
    assert_int_equal(mm_add_callback(heap, note_collection, s), MM_OK); /* twice */
    assert_int_equal(mm_remove_callback(heap, ignore_collection, s), MM_INVALID);
    assert_int_equal(mm_remove_callback(heap, note_collection, s + 1), MM_OK);
    assert_int_equal(mm_remove_callback(heap, note_collection, s + 1), MM_INVALID);
    assert_int_equal(mm_remove_callback(heap, note_collection, s), MM_OK);
    assert_int_equal(mm_collect(m, 0, NULL), MM_OK);
    assert_int_equal(s[0].stops, 1);
    assert_int_equal(s[1].stops, 0);
    assert_int_equal(s[2].stops, 1);
}

/* The context is a label to be noted, with 100 more at the end of the collection. */
static void note_label(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    (void)m, (void)info;
    journal_note(*(const uint64_t *)context + (phase == MM_GC_STOP ? 100 : 0));
}

static const uint64_t labels[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

/* At the first start removes itself and adds nine others: they are told of the stop. */
static void replace_itself(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    mm_heap *heap = mm_heap_of(m);

    note_label(m, phase, info, context);
    assert_int_equal(mm_remove_callback(heap, replace_itself, context), MM_OK);
    for (int i = 1; i < 10; i++)
        assert_int_equal(mm_add_callback(heap, note_label, (void *)(labels + i)), MM_OK);
    assert_int_equal(mm_remove_callback(heap, note_label, (void *)(labels + 9)), MM_OK);
}

static void callbacks_come_and_go_inside_of_callbacks(mm *m)
{
    static uint64_t last = 50;
    mm_heap *heap = mm_heap_of(m);

    assert_int_equal(mm_add_callback(heap, replace_itself, (void *)labels), MM_OK);
    assert_int_equal(mm_add_callback(heap, note_label, &last), MM_OK);
    assert_int_equal(mm_collect(m, 0, NULL), MM_OK);
    ASSERT_JOURNAL(1, 50, 150, 102, 103, 104, 105, 106, 107, 108, 109);
}

/* Moves what the root names behind a new object, and makes garbage. */
static void rearrange(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    MM_VARS(m, v, 2);

    (void)phase, (void)info, (void)context;
    mm_root_get(m, v + 1, saved);
    new_node(m, v, 1);
    mm_store_move(m, v, 0, v + 1);
    mm_root_set(m, saved, v);
    new_pair(m, v, v + 1);
}

static void callbacks_may_change_the_heap(mm *m)
{
    mm_heap *heap = mm_heap_of(m);
    MM_VAR(m, v);

    saved = new_root(m);
    new_labelled(m, v, 0, 7);
    mm_root_set(m, saved, v);
    mm_clear(m, v);
    assert_int_equal(mm_add_callback(heap, rearrange, NULL), MM_OK);
    for (int i = 0; i < 5; i++)
        collect_fully(m);
    assert_int_equal(mm_remove_callback(heap, rearrange, NULL), MM_OK);
    mm_root_get(m, v, saved);
    for (int i = 0; i < 10; i++)
        mm_load(m, v, v, 0);
    assert_int_equal(label_of(m, v), 7);
    assert_left_after_collecting(m, 11, 0);
}

/* ---- Debug flags ---- */

enum { LINES_MAX = 20 };

typedef struct lines {
    uint32_t count;
    char text[LINES_MAX][MM_MESSAGE_MAX];
} lines;

static void keep_line(const char *line, void *context)
{
    lines *l = context;

    assert_null(strchr(line, '\n'));
    if (l->count < LINES_MAX)
        snprintf(l->text[l->count], MM_MESSAGE_MAX, "%s", line);
    l->count++;
}

static void a_line_starts_and_ends_each_collection(mm *m)
{
    lines l = {0};

    assert_int_equal(mm_set_debug(mm_heap_of(m), MM_DEBUG_STATS, keep_line, &l), MM_OK);
    assert_int_equal(mm_get_debug(mm_heap_of(m)), MM_DEBUG_STATS);
    collect_fully(m);
    assert_int_equal(l.count, 2);
    assert_non_null(strstr(l.text[0], "collecting generation"));
    assert_non_null(strstr(l.text[1], "done, 0 unreachable, 0 uncollectable"));
    assert_int_equal(mm_set_debug(mm_heap_of(m), 0, NULL, NULL), MM_OK);
    collect_fully(m);
    assert_int_equal(l.count, 2);
}

static void a_line_is_said_for_each_unreachable_object(mm *m)
{
    mm_heap *heap = mm_heap_of(m);
    lines l = {0};
    MM_VARS(m, v, 2);

    new_pair(m, v, v + 1);
    assert_int_equal(mm_set_debug(heap, MM_DEBUG_COLLECTABLE, keep_line, &l), MM_OK);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_collects(m, 2);
    assert_int_equal(l.count, 2);
    assert_non_null(strstr(l.text[0], "collectable <node, 1 slots, 0 bytes>"));
    assert_non_null(strstr(l.text[1], "collectable <node, 1 slots, 0 bytes>"));
    collect_fully(m);
    assert_int_equal(l.count, 2);
}

static void nothing_is_uncollectable(mm *m)
{
    mm_heap *heap = mm_heap_of(m);
    lines l = {0};
    MM_VARS(m, v, 2);

    assert_int_equal(mm_set_debug(heap, MM_DEBUG_UNCOLLECTABLE, keep_line, &l), MM_OK);
    new_pair(m, v, v + 1);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_collects(m, 2);
    assert_int_equal(l.count, 0);
}

static void flags_out_of_range_change_nothing(mm *m)
{
    mm_heap *heap = mm_heap_of(m);
    lines l = {0};

    assert_int_equal(mm_set_debug(heap, MM_DEBUG_STATS, keep_line, &l), MM_OK);
    assert_int_equal(mm_set_debug(heap, 8, keep_line, &l), MM_INVALID);
    assert_int_equal(mm_set_debug(heap, MM_DEBUG_LEAK | 64, keep_line, &l), MM_INVALID);
    assert_int_equal(mm_set_debug(heap, MM_DEBUG_LEAK, NULL, NULL), MM_INVALID);
    assert_int_equal(mm_set_debug(heap, MM_DEBUG_COLLECTABLE, NULL, NULL), MM_INVALID);
    assert_int_equal(mm_get_debug(heap), MM_DEBUG_STATS);
    collect_fully(m);
    assert_int_equal(l.count, 2);
}

static void telling_of_garbage_is_unsupported(mm *m)
{
    mm_heap *heap = mm_heap_of(m);
    lines l = {0};

    assert_int_equal(mm_set_debug(heap, MM_DEBUG_SAVE_ALL, NULL, NULL), MM_UNSUPPORTED);
    assert_int_equal(mm_set_debug(heap, MM_DEBUG_COLLECTABLE, keep_line, &l), MM_UNSUPPORTED);
    assert_int_equal(mm_get_debug(heap), 0);
}

/* ---- Saved garbage ---- */

static void set_save_all(mm *m, bool on)
{
    assert_int_equal(mm_set_debug(mm_heap_of(m), on ? MM_DEBUG_SAVE_ALL : 0, NULL, NULL), MM_OK);
}

static void saved_garbage_can_be_inspected_and_given_up(mm *m)
{
    mm_heap *heap = mm_heap_of(m);
    MM_VARS(m, v, 2);

    new_ring_of(m, v, node_type, 1, 3);
    set_save_all(m, true);
    mm_clear(m, v);
    assert_collects(m, 3);
    assert_int_equal(mm_garbage_count(heap), 3);
    assert_int_equal(objects_live(m), 3);
    assert_collects(m, 0); /* reachable while it is saved */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(mm_garbage_get(m, v, i), MM_OK);
        journal_note(label_of(m, v));
        mm_load(m, v + 1, v, 0);
        assert_int_equal(label_of(m, v + 1), (label_of(m, v) + 1) % 3);
    }
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(journal_count(i), 1);
    assert_int_equal(mm_garbage_get(m, v, 3), MM_INVALID);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    set_save_all(m, false);
    mm_garbage_clear(m);
    assert_int_equal(mm_garbage_count(heap), 0);
    heap_verify(m);
    assert_int_equal(collect_fully(m), 3);
    assert_int_equal(objects_live(m), 0);
}

static void saved_garbage_was_finalised_and_is_not_read_weakly(mm *m)
{
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_finaliser);
    MM_VARS(m, v, 3);

    new_ring_of(m, v, type, 1, 1);
    new_weak_calling(m, v + 1, v, NULL, note_callback);
    set_save_all(m, true);
    mm_clear(m, v);
    assert_collects(m, 1);
    if (strategy_traits.death_by_collector == MM_WEAK_FIRST)
        assert_int_equal(journal_length(), 2);
    assert_leads_nowhere(m, v + 1);
    assert_int_equal(mm_garbage_get(m, v, 0), MM_OK);
    assert_true(mm_is_finalized(m, v));
    new_weak(m, v + 2, v); /* it may be referred to anew */
    assert_leads_to(m, v + 2, v);
    mm_clear(m, v);
    mm_garbage_clear(m);
    assert_collects(m, 1); /* saved again */
    assert_leads_nowhere(m, v + 2);
    assert_int_equal(mm_garbage_count(mm_heap_of(m)), 1);
    assert_int_equal(journal_length(), 2);
}

static void saved_garbage_ends_with_its_heap(mm *m)
{
    MM_VAR(m, v);

    set_save_all(m, true);
    new_ring(m, v, 100);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(mm_garbage_count(mm_heap_of(m)), 100);
    assert_int_equal(objects_live(m), 100);
}

static void garbage_that_cannot_be_saved_is_reclaimed(mm *m)
{
    MM_VAR(m, v);

    set_save_all(m, true);
    new_ring(m, v, 10);
    mm_clear(m, v);
    mm_fail_allocation(mm_heap_of(m), 1, true);
    assert_collects(m, 10);
    mm_fail_allocation(mm_heap_of(m), 0, false);
    assert_int_equal(mm_garbage_count(mm_heap_of(m)), 0);
    assert_int_equal(objects_live(m), 0);
}

/* ---- What is tracked ---- */

static bool is_tracked(mm *m, const mm_var *v)
{
    bool tracked = false;

    assert_int_equal(mm_is_tracked(m, v, &tracked), MM_OK);
    return tracked;
}

static void note_tracked(mm *m, mm_var *self)
{
    journal_note(is_tracked(m, self));
}

static void containers_are_tracked_and_atoms_are_not(mm *m)
{
    const mm_type type = new_type(m, "noting", MM_CONTAINER, note_tracked);
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    assert_true(is_tracked(m, v));
    new_weak(m, v + 1, v);
    assert_true(is_tracked(m, v + 1));
    new_atom(m, v + 1, 8);
    assert_false(is_tracked(m, v + 1));
    mm_store_move(m, v, 0, v + 1);
    reclaim_all(m);
    assert_true(is_tracked(m, v));
    new_of(m, v, type, 1, 7);
    mm_clear(m, v);
    ASSERT_JOURNAL(1); /* while it is finalised too */
}

/* What a collection finds is what is tracked: all unreachable objects where nothing else is known. */
static void collect_counts_what_it_tracks(mm *m)
{
    MM_VARS(m, v, 2);

    mm_disable(m);
    new_node(m, v, 2);
    mm_store(m, v, 0, v);
    new_atom(m, v + 1, 8);
    mm_store_move(m, v, 1, v + 1);
    mm_clear(m, v);
    assert_collects(m, strategy_traits.tracks ? 1 : 2);
    assert_int_equal(objects_live(m), 0);
}

int test_collector_control(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_saving_there_is_no_garbage),
    };
    const struct CMUnitTest no_collector_tests[] = {TEST(watching_is_unsupported)};
    const struct CMUnitTest no_freezing_tests[] = {TEST(freezing_is_unsupported)};
    const struct CMUnitTest no_tracking_tests[] = {TEST(tracking_is_unsupported)};
    const struct CMUnitTest collector_tests[] = {
        TEST(generations_out_of_range_change_nothing),
        TEST_WHERE(!strategy_traits.no_callbacks, callbacks_are_told_of_each_collection),
        TEST_WHERE(!strategy_traits.no_callbacks,
                   callbacks_are_told_of_collections_that_start_by_themselves),
        TEST_WHERE(!strategy_traits.no_callbacks, removing_takes_the_one_that_was_added),
        TEST_WHERE(!strategy_traits.no_callbacks, callbacks_come_and_go_inside_of_callbacks),
        TEST_WHERE(!strategy_traits.no_callbacks, callbacks_may_change_the_heap),
        TEST_WHERE(!strategy_traits.no_callbacks, a_line_starts_and_ends_each_collection),
        TEST_WHERE(!strategy_traits.no_callbacks, nothing_is_uncollectable),
        TEST_WHERE(!strategy_traits.no_callbacks, flags_out_of_range_change_nothing),
        TEST(collect_counts_what_it_tracks),
    };
    const struct CMUnitTest garbage_tests[] = {
        TEST(a_line_is_said_for_each_unreachable_object),
        TEST(saved_garbage_can_be_inspected_and_given_up),
        TEST(saved_garbage_was_finalised_and_is_not_read_weakly),
        TEST(saved_garbage_ends_with_its_heap),
        TEST(garbage_that_cannot_be_saved_is_reclaimed),
    };
    const struct CMUnitTest no_garbage_tests[] = {TEST(telling_of_garbage_is_unsupported)};
    const struct CMUnitTest threshold_tests[] = {TEST(thresholds_out_of_range_change_nothing)};
    const struct CMUnitTest freezing_tests[] = {
        TEST(frozen_cycles_stay_until_unfrozen),
        TEST(frozen_objects_die_by_count),
        TEST(what_frozen_objects_refer_to_lives),
        TEST(freezing_goes_by_the_rules),
        TEST(freezing_inside_of_a_collection_is_invalid),
        TEST(a_resurrected_object_is_not_frozen_any_more),
    };
    const struct CMUnitTest tracking_tests[] = {TEST(containers_are_tracked_and_atoms_are_not)};
    int failed = TESTS_RUN("collector control", tests);

    failed += has_collector() ? TESTS_RUN("collector control, collector", collector_tests)
                              : TESTS_RUN("collector control, none", no_collector_tests);
    failed += strategy_traits.freezes ? TESTS_RUN("collector control, freezing", freezing_tests)
                                      : TESTS_RUN("collector control, none", no_freezing_tests);
    failed += strategy_traits.tracks ? TESTS_RUN("collector control, tracking", tracking_tests)
                                     : TESTS_RUN("collector control, none", no_tracking_tests);
    failed += strategy_traits.reports_garbage
                  ? TESTS_RUN("collector control, garbage", garbage_tests)
                  : TESTS_RUN("collector control, none", no_garbage_tests);
    if (has_counted_generations())
        failed += TESTS_RUN("collector control, thresholds", threshold_tests);
    return failed;
}
