/* The system itself has no memory: malloc, calloc and realloc fail when a test says so, wherever
 * the strategy and the common code call them.
 *
 * A program of its own: it is linked with `--wrap`, so that every call of those three comes through
 * here first. */
#include "conformance.h"

/* ---- The allocator that says no ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

/* How the calls fail from now on. */
static struct {
    bool armed;
    uint64_t granted; /* calls that still succeed */
    uint64_t refused; /* calls that failed so far */
} supply;

static bool refuse(void)
{
    if (!supply.armed)
        return false;
    if (supply.granted > 0) {
        supply.granted--;
        return false;
    }
    supply.refused++;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuse() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return refuse() ? NULL : __real_realloc(block, size);
}

/* `granted` calls more succeed, then none. */
static void limit_supply(uint64_t granted)
{
    supply.armed = true;
    supply.granted = granted;
    supply.refused = 0;
}

static void restore_supply(void)
{
    supply.armed = false;
}

/* ---- Calls that may fail: at each of their allocations, changing nothing ---- */

static void a_heap_is_made_whole_or_not_at_all(mm *m)
{
    uint64_t failed = 0;
    mm_status status;
    mm_heap *heap;

    (void)m;
    make_way();
    do {
        heap = NULL;
        limit_supply(failed);
        status = mm_heap_new(NULL, &heap);
        restore_supply();
        assert_true((status == MM_OK) == (heap != NULL));
    } while (status == MM_NO_MEMORY && ++failed < 100);
    assert_int_equal(status, MM_OK);
    assert_in_range(failed, 1, 99);
    mm_heap_free(
        heap); /* what failed calls left behind, the leak checker of a sanitizer build finds */
}

static void attaching_can_fail_and_be_repeated(mm *m)
{
    mm_heap *heap;
    mm *other = NULL;

    (void)m;
    make_way();
    assert_int_equal(mm_heap_new(NULL, &heap), MM_OK);
    limit_supply(0);
    assert_int_equal(mm_attach(heap, &other), MM_NO_MEMORY);
    restore_supply();
    assert_null(other);
    assert_int_equal(mm_attach(heap, &other), MM_OK);
    mm_heap_free(heap);
}

#ifdef strategy_root_allocate
enum { ROOTS_COME_FROM_MALLOC = false };
#else
enum { ROOTS_COME_FROM_MALLOC = true };
#endif

static void a_root_is_made_or_not(mm *m)
{
    mm_root *root = NULL;

    limit_supply(0);
    assert_int_equal(mm_root_new(m, &root), MM_NO_MEMORY);
    restore_supply();
    assert_null(root);
    assert_int_equal(mm_root_new(m, &root), MM_OK);
}

static void failed_types_leave_the_others_in_place(mm *m)
{
    const mm_type_info info = {.name = "more", .kind = MM_CONTAINER};
    mm_type type = 12345;
    uint64_t failed = 0;

    limit_supply(0);
    for (int i = 0; i < 100 && failed == 0; i++)
        failed += mm_type_add(mm_heap_of(m), &info, &type) == MM_NO_MEMORY;
    restore_supply();
    assert_int_equal(failed, 1);
    assert_string_equal(mm_type_info_of(mm_heap_of(m), node_type)->name, "node");
    assert_int_equal(mm_type_add(mm_heap_of(m), &info, &type), MM_OK);
    assert_string_equal(mm_type_info_of(mm_heap_of(m), type)->name, "more");
}

static void a_new_object_is_made_or_not(mm *m)
{
    MM_VAR(m, v);

    new_labelled(m, v, 0, 1);
    limit_supply(0);
    assert_int_equal(mm_new(m, v, node_type, 1, 8), MM_NO_MEMORY);
    restore_supply();
    assert_int_equal(label_of(m, v), 1);
    assert_left_after_collecting(m, 1, 0);
}

static void an_object_is_immortal_or_not(mm *m)
{
    MM_VAR(m, v);

    new_node(m, v, 0);
    limit_supply(0);
    assert_int_equal(mm_immortalise(m, v), MM_NO_MEMORY);
    restore_supply();
    assert_false(mm_is_immortal(m, v));
    assert_references(m, v, 1);
    assert_int_equal(mm_immortalise(m, v), MM_OK);
    limit_supply(0);
    assert_int_equal(mm_immortalise(m, v), MM_OK); /* it is, and that takes no memory */
    restore_supply();
}

/* What an object that needs care takes at least; another runtime has tables of its own for that. */
enum { CARE_MIN = MM_FOREIGN ? 1 : 2 };

/* Whichever of the call's allocations fails. */
static void a_weak_reference_is_made_or_not(mm *m)
{
    uint64_t granted = 0;
    mm_status status;
    MM_VARS(m, v, 2);

    new_node(m, v, 0);
    do {
        limit_supply(granted);
        status = mm_weak_new(m, v + 1, v, v, strategy_traits.no_callbacks ? NULL : note_callback);
        restore_supply();
        heap_verify(m);
        assert_int_equal(mm_is_null(v + 1), status != MM_OK);
    } while (status == MM_NO_MEMORY && ++granted < 10);
    assert_int_equal(status, MM_OK);
    assert_in_range(granted, CARE_MIN, 9);
    assert_leads_to(m, v + 1, v);
}

static void a_finalisable_object_is_made_or_not(mm *m)
{
    const mm_type type = new_type(m, "noting", MM_ATOM, note_finaliser);
    uint64_t granted = 0;
    mm_status status;
    MM_VAR(m, v);

    do {
        limit_supply(granted);
        status = mm_new(m, v, type, 0, 8);
        restore_supply();
        heap_verify(m);
        assert_int_equal(mm_is_null(v), status != MM_OK);
    } while (status == MM_NO_MEMORY && ++granted < 10);
    assert_int_equal(status, MM_OK);
    assert_in_range(granted, CARE_MIN, 9);
}

static void ignore_collection(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    (void)m, (void)phase, (void)info, (void)context;
}

static void a_collection_callback_is_added_or_not(mm *m)
{
    mm_heap *heap = mm_heap_of(m);

    limit_supply(0);
    assert_int_equal(mm_add_callback(heap, ignore_collection, NULL), MM_NO_MEMORY);
    restore_supply();
    assert_int_equal(mm_remove_callback(heap, ignore_collection, NULL), MM_INVALID);
    assert_int_equal(mm_add_callback(heap, ignore_collection, NULL), MM_OK);
    assert_int_equal(mm_remove_callback(heap, ignore_collection, NULL), MM_OK);
}

/* ---- Everything else needs no memory at all ---- */

static void drop_the_next(mm *m, mm_var *self)
{
    journal_note(0);
    mm_unset(m, self, 0);
}

/* `out` = a chain deeper than calls nest; each finaliser drops the next, and each death is told. */
static void new_watched_chain(mm *m, mm_var *out, mm_var *references, uint32_t count)
{
    const mm_type type = new_type(m, "dropping", MM_CONTAINER, drop_the_next);
    MM_VARS(m, v, 2);

    new_node(m, references, count);
    for (uint32_t i = 0; i < count; i++) {
        new_of(m, v, type, 1, i);
        new_weak_calling(m, v + 1, v, NULL, note_callback);
        mm_store_move(m, references, i, v + 1);
        mm_store_move(m, v, 0, out);
        mm_move(m, out, v);
    }
}

static void finalisers_and_callbacks_need_no_memory(mm *m)
{
    enum { COUNT = 200 };
    uint64_t found = 0;
    MM_VARS(m, v, 3);

    new_watched_chain(m, v, v + 1, COUNT);
    limit_supply(0);
    mm_clear(m, v);
    if (has_collector())
        assert_int_equal(mm_collect(m, strategy_traits.generations - 1, &found), MM_OK);
    restore_supply();
    assert_int_equal(journal_length(), dies(false) ? 2 * COUNT : 0);
    for (uint32_t i = 0; i < COUNT && dies(false); i++) {
        mm_load(m, v + 2, v + 1, i);
        assert_leads_nowhere(m, v + 2);
    }
    heap_verify(m);
}

static void operations_need_no_memory(mm *m)
{
    MM_VARS(m, v, 3);
    MM_BORROW(m, look);

    new_pair(m, v, v + 1);
    limit_supply(0);
    mm_set(m, v + 2, v);
    mm_load(m, v, v + 1, 0);
    mm_store(m, v + 1, 0, v + 1);
    mm_take(m, v + 2, v + 1, 0);
    mm_copy_slot(m, v + 1, 0, v, 0);
    mm_borrow(m, look, v, 0);
    mm_store_move(m, v + 1, 0, v + 2);
    mm_unset(m, v + 1, 0);
    mm_safepoint(m);
    heap_verify(m);
    restore_supply();
    assert_slot(m, v, 0, look);
    assert_slot_null(m, v + 1, 0);
}

enum { FAN = 100, FANS = 100 };

/* An object that refers to `FANS` objects that refer to `FAN` each: more than one mark-stack
 * segment, wide and not deep. */
static void new_fans(mm *m, mm_var *out)
{
    MM_VARS(m, v, 2);

    new_node(m, out, FANS);
    for (uint32_t i = 0; i < FANS; i++) {
        new_node(m, v, FAN);
        for (uint32_t j = 0; j < FAN; j++) {
            new_labelled(m, v + 1, 1, i * FAN + j);
            mm_store(m, v + 1, 0, out);
            mm_store_move(m, v, j, v + 1);
        }
        mm_store_move(m, out, i, v);
    }
}

static void assert_fans(mm *m, mm_var *fans)
{
    MM_VARS(m, v, 2);

    for (uint32_t i = 0; i < FANS * FAN; i++) {
        mm_load(m, v, fans, i / FAN);
        mm_load(m, v + 1, v, i % FAN);
        assert_int_equal(label_of(m, v + 1), i);
        assert_slot(m, v + 1, 0, fans);
    }
}

/* Collects a heap of garbage beside a live structure while only `granted` allocations succeed. */
static void collect_with_supply(mm *m, uint64_t granted)
{
    enum { OBJECTS = 1 + FANS + FANS * FAN };
    uint64_t found = 0;
    MM_VAR(m, kept);

    assert_int_equal(mm_disable(m), MM_OK);
    new_fans(m, kept);
    {
        MM_VARS(m, lost, 3);
        new_fans(m, lost);
        new_ring(m, lost + 1, 1000);
        new_chain(m, lost + 2, 1000);
    }
    limit_supply(granted);
    assert_int_equal(mm_collect(m, strategy_traits.generations - 1, &found), MM_OK);
    restore_supply();
    if (!strategy_traits.conservative && !strategy_traits.live_unknown) {
        assert_int_equal(found, strategy_traits.prompt ? OBJECTS + 1000 : OBJECTS + 2000);
        assert_int_equal(objects_live(m), OBJECTS);
    }
    assert_fans(m, kept);
    heap_verify(m);
    assert_left_after_collecting(m, OBJECTS, 0);
}

static void collecting_needs_no_memory(mm *m)
{
    collect_with_supply(m, 0);
}

/* The supply ends in the middle of the collection. */
static void collecting_copes_when_memory_runs_out_on_the_way(mm *m)
{
    static const uint64_t supplies[] = {1, 2, 3, 10, 1000};

    (void)m;
    for (size_t i = 0; i < sizeof supplies / sizeof *supplies; i++) {
        mm *other = heap_open("");
        collect_with_supply(other, supplies[i]);
        heap_end(other);
    }
}

/* ---- Looking into a heap: whole or not at all ---- */

static void a_graph_is_copied_whole_or_not_at_all(mm *m)
{
    mm_graph *g = NULL;
    uint64_t failed = 0;
    mm_status status;
    mm_chain chain;
    MM_VARS(m, v, 2);

    new_ring(m, v, 10);
    new_chain(m, v + 1, 10);
    mm_clear(m, v);
    do {
        limit_supply(failed);
        status = mm_graph_new(mm_heap_of(m), &g);
        restore_supply();
    } while (status == MM_NO_MEMORY && ++failed < 100);
    assert_int_equal(status, MM_OK);
    assert_in_range(failed, 5, 99);
    for (uint32_t i = 0; i < g->node_count; i++) {
        limit_supply(0);
        assert_int_equal(mm_graph_chain(g, i, &chain), MM_NO_MEMORY);
        restore_supply();
    }
    mm_graph_free(g);
    heap_verify(m);
}

static void statistics_are_made_whole_or_not_at_all(mm *m)
{
    mm_snapshot *s = NULL;
    mm_statistic *rows;
    mm_difference *differences;
    size_t count;
    MM_VAR(m, v);

    new_ring(m, v, 10);
    limit_supply(1);
    assert_int_equal(mm_snapshot_take(mm_heap_of(m), &s), MM_NO_MEMORY);
    restore_supply();
    assert_int_equal(mm_snapshot_take(mm_heap_of(m), &s), MM_OK);
    for (uint64_t granted = 0; granted < 3; granted++) {
        limit_supply(granted);
        assert_int_equal(mm_snapshot_compare(s, s, MM_BY_SITE, &differences, &count), MM_NO_MEMORY);
        restore_supply();
    }
    limit_supply(0);
    assert_int_equal(mm_snapshot_statistics(s, MM_BY_SITE, &rows, &count), MM_NO_MEMORY);
    restore_supply();
    mm_snapshot_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_heap_is_made_whole_or_not_at_all),
        TEST(attaching_can_fail_and_be_repeated),
        TEST_WHERE(ROOTS_COME_FROM_MALLOC, a_root_is_made_or_not),
        TEST(failed_types_leave_the_others_in_place),
        TEST(a_new_object_is_made_or_not),
        TEST_WHERE(!strategy_traits.mortal, an_object_is_immortal_or_not),
        TEST_WHERE(!strategy_traits.oom_ends, a_weak_reference_is_made_or_not),
        TEST_WHERE(!strategy_traits.oom_ends, a_finalisable_object_is_made_or_not),
        TEST(operations_need_no_memory),
        TEST_WHERE(!strategy_traits.no_callbacks, finalisers_and_callbacks_need_no_memory),
        TEST_WHERE(!strategy_traits.no_graph, a_graph_is_copied_whole_or_not_at_all),
        TEST(statistics_are_made_whole_or_not_at_all),
    };
    const struct CMUnitTest collector_tests[] = {
        TEST_WHERE(!strategy_traits.no_callbacks, a_collection_callback_is_added_or_not),
        TEST_WHERE(!strategy_traits.oom_ends, collecting_needs_no_memory),
        TEST_WHERE(!strategy_traits.oom_ends, collecting_copes_when_memory_runs_out_on_the_way),
    };

    return TESTS_RUN("no memory", tests) +
           (has_collector() ? TESTS_RUN("no memory for the collector", collector_tests) : 0);
}
