/* What is marksweep's own: when it collects, its bounded mark stack, and its part of the verifier.
 */
#include "../conformance/conformance.h"

#include <string.h>

enum { REQUEST = 100, OBJECT_BYTES = sizeof(object_link) + sizeof(mm_object) + REQUEST };

/* Makes garbage until a collection has started; the objects it took, the one whose allocation
 * collected not counted. */
static uint64_t garbage_until_a_collection(mm *m)
{
    const uint64_t before = collections_run(m);
    uint64_t made = 0;
    MM_VAR(m, v);

    for (;; made++) {
        new_atom(m, v, REQUEST);
        mm_clear(m, v);
        if (collections_run(m) != before)
            return made;
    }
}

static void an_empty_heap_collects_after_the_minimum(mm *m)
{
    mm *other = heap_open("minimum=10000");

    (void)m;
    assert_int_equal(garbage_until_a_collection(other), 10000 / OBJECT_BYTES);
    heap_end(other);
}

/* Bytes that may be allocated beside `live` live ones: (factor - 1) times as many. */
static void assert_growth(const char *options, double growth)
{
    mm *m = heap_open(options);

    {
        MM_VARS(m, v, 100);
        for (int i = 0; i < 100; i++)
            new_atom(m, v + i, REQUEST);
        assert_int_equal(mm_collect(m, 0, NULL), MM_OK);
        assert_int_equal(garbage_until_a_collection(m), (uint64_t)(growth * 100));
    }
    heap_end(m);
}

static void a_live_heap_collects_when_it_has_grown_by_the_factor(mm *m)
{
    (void)m;
    assert_growth("minimum=1,factor=2", 1);
    assert_growth("minimum=1,factor=1.5", 0.5);
    assert_growth("minimum=1,factor=5", 4);
}

static void a_small_heap_is_spared_by_the_minimum(mm *m)
{
    mm *other = heap_open("minimum=10000,factor=2");

    (void)m;
    {
        MM_VAR(other, v);
        new_atom(other, v, REQUEST);
        assert_int_equal(mm_collect(other, 0, NULL), MM_OK);
        assert_int_equal(garbage_until_a_collection(other), 10000 / OBJECT_BYTES);
    }
    heap_end(other);
}

/* Memory that ran out is a reason to collect, whatever the trigger says. */
static void a_full_heap_collects_before_it_refuses(mm *m)
{
    mm *other = heap_open("heap_bytes_max=64KiB");

    (void)m;
    for (int i = 0; i < 10000; i++) {
        MM_VARS(other, v, 2);
        new_pair(other, v, v + 1);
    }
    assert_in_range(collections_run(other), 1, UINT64_MAX);
    heap_end(other);
}

/* A tree whose every level is wider than the mark stack. */
static void grow_tree(mm *m, mm_var *out, int depth)
{
    MM_VAR(m, child);

    new_node(m, out, 4);
    for (uint32_t i = 0; i < 4 && depth > 0; i++) {
        grow_tree(m, child, depth - 1);
        mm_store_move(m, out, i, child);
    }
}

static void a_mark_stack_of_any_size_finds_everything(mm *m)
{
    enum { NODES = 1 + 4 + 16 + 64 + 256 + 1024 };
    MM_VAR(m, tree);

    grow_tree(m, tree, 5);
    for (size_t entries = 0; entries <= 64; entries = 2 * entries + 1) {
        MM_VARS(m, lost, 2);
        mm_heap_of(m)->mark_stack_max = entries;
        new_pair(m, lost, lost + 1);
        mm_clear(m, lost);
        mm_clear(m, lost + 1);
        assert_collects(m, 2);
        assert_int_equal(objects_live(m), NODES);
        heap_verify(m);
    }
}

static void assert_violation(mm *m, const char *invariant)
{
    char message[MM_MESSAGE_MAX] = "";

    assert_false(mm_check(mm_heap_of(m), message));
    assert_memory_equal(message, invariant, strlen(invariant));
}

static void an_old_mark_is_found(mm *m)
{
    MM_VAR(m, v);

    new_node(m, v, 0);
    v->object->mark ^= 1;
    assert_violation(m, "working-bits:");
    v->object->mark ^= 1;
}

static void an_object_missing_from_the_list_is_found(mm *m)
{
    object_link *first;
    MM_VAR(m, v);

    new_node(m, v, 0);
    first = mm_heap_of(m)->linked;
    mm_heap_of(m)->linked = NULL;
    assert_violation(m, "lists:");
    mm_heap_of(m)->linked = first;
}

/* Objects of all sizes, in pools and beside them, every second of which dies. */
static void pools_are_swept_with_the_list(mm *m)
{
    enum { OBJECTS = 2000 };
    mm *other = heap_open("allocator=pool");

    (void)m;
    {
        MM_VARS(other, kept, OBJECTS / 2);
        MM_VAR(other, lost);
        for (uint32_t i = 0; i < OBJECTS / 2; i++) {
            new_atom(other, kept + i, i);
            new_atom(other, lost, i);
        }
        mm_clear(other, lost);
        heap_verify(other);
        assert_collects(other, OBJECTS / 2);
        heap_verify(other);
        assert_int_equal(objects_live(other), OBJECTS / 2);
        for (uint32_t i = 0; i < OBJECTS / 2; i++)
            assert_int_equal(kept[i].object->data_bytes, i);
    }
    assert_collects(other, OBJECTS / 2);
    heap_end(other);
}

/* Saved garbage is marked by no reference, and counted in its pool all the same. */
static void saved_garbage_stays_in_its_pool(mm *m)
{
    enum { SAVED = 200 };
    mm *other = heap_open("allocator=pool");

    (void)m;
    {
        MM_VAR(other, v);
        for (uint32_t i = 0; i < SAVED; i++)
            new_node(other, v, 1);
        mm_clear(other, v);
    }
    assert_int_equal(mm_set_debug(mm_heap_of(other), MM_DEBUG_SAVE_ALL, NULL, NULL), MM_OK);
    assert_collects(other, SAVED);
    assert_int_equal(mm_set_debug(mm_heap_of(other), 0, NULL, NULL), MM_OK);
    heap_verify(other);
    assert_int_equal(objects_live(other), SAVED);
    assert_collects(other, 0);
    assert_int_equal(objects_live(other), SAVED);
    heap_end(other);
}

static uint64_t violations_of_marks(mm *m, mm_var *v, uint32_t count)
{
    uint64_t wrong = 0;

    for (uint32_t i = 0; i < count; i++)
        wrong += v[i].object->mark != mm_heap_of(m)->marked;
    return wrong;
}

/* What is made together lies together, in pools that die or stay whole. */
static void pools_die_and_stay_whole(mm *m)
{
    enum { OBJECTS = 3000, ROUNDS = 5 };
    mm *other = heap_open("allocator=pool");

    (void)m;
    {
        MM_VARS(other, kept, OBJECTS);
        MM_VAR(other, lost);
        for (uint32_t i = 0; i < OBJECTS; i++)
            new_node(other, kept + i, 2);
        for (int round = 0; round < ROUNDS; round++) {
            for (uint32_t i = 0; i < OBJECTS; i++)
                new_node(other, lost, 2);
            mm_clear(other, lost);
            assert_collects(other, OBJECTS);
            heap_verify(other);
            assert_int_equal(objects_live(other), OBJECTS);
            assert_int_equal(violations_of_marks(other, kept, OBJECTS), 0);
        }
    }
    assert_collects(other, OBJECTS);
    heap_end(other);
}

/* The limit's books are right where a pool is freed whole. */
static void a_full_heap_of_pools_collects_before_it_refuses(mm *m)
{
    mm *other = heap_open("allocator=pool,heap_bytes_max=256KiB");

    (void)m;
    for (int i = 0; i < 50000; i++) {
        MM_VARS(other, v, 2);
        new_pair(other, v, v + 1);
    }
    assert_in_range(collections_run(other), 2, UINT64_MAX);
    assert_int_equal(mm_collect(other, 0, NULL), MM_OK);
    assert_int_equal(heap_stats(other).bytes_live, 0);
    heap_end(other);
}

static mm_root *kept_by_callback;

static void make_and_keep(mm *m, mm_var *reference, mm_var *context)
{
    MM_VAR(m, v);

    (void)reference, (void)context;
    new_node(m, v, 3);
    mm_root_set(m, kept_by_callback, v);
}

/* The collector has not marked it, and nothing else lives in its pool. */
static void what_a_callback_makes_among_garbage_stays(mm *m)
{
    enum { GARBAGE = 200 };
    mm *other = heap_open("allocator=pool");

    (void)m;
    kept_by_callback = new_root(other);
    {
        mm_type weakable = new_type(other, "weakable", MM_CONTAINER, NULL);
        MM_VARS(other, v, 2);
        new_of(other, v, weakable, 0, 0);
        new_weak_calling(other, v + 1, v, NULL, make_and_keep);
        for (uint32_t i = 0; i < GARBAGE; i++)
            new_node(other, v, 3);
        mm_clear(other, v);
        assert_collects(other, GARBAGE + 1);
        heap_verify(other);
        assert_int_equal(objects_live(other), 2);
        mm_root_get(other, v, kept_by_callback);
        assert_int_equal(mm_slot_count(other, v), 3);
    }
    mm_root_free(other, kept_by_callback);
    assert_collects(other, 2);
    heap_end(other);
}

/* Made by a callback as by the program: the next collection comes as soon. */
static void what_a_callback_makes_counts_for_the_trigger(mm *m)
{
    mm *other = heap_open("minimum=1,factor=2");
    size_t before;

    (void)m;
    kept_by_callback = new_root(other);
    {
        mm_type weakable = new_type(other, "weakable", MM_CONTAINER, NULL);
        MM_VARS(other, v, 2);
        assert_int_equal(mm_disable(other), MM_OK);
        new_of(other, v, weakable, 0, 0);
        new_weak_calling(other, v + 1, v, NULL, make_and_keep);
        mm_clear(other, v);
        assert_collects(other, 1);
        mm_clear(other, v + 1);
        assert_collects(other, 1);
        assert_int_equal(mm_enable(other), MM_OK);
        before = (size_t)mm_heap_of(other)->bytes_until_collection;
        assert_int_equal(before, sizeof(object_link) + sizeof(mm_object) + 3 * sizeof(void *));
    }
    mm_root_free(other, kept_by_callback);
    heap_end(other);
}

static void switch_automatic(mm *m, mm_var *reference, mm_var *context)
{
    (void)reference, (void)context;
    assert_int_equal(mm_is_enabled(m) ? mm_disable(m) : mm_enable(m), MM_OK);
    make_and_keep(m, reference, context);
}

/* Before the sweep the trigger is not to be touched; afterwards it is as the callback left it. */
static void a_callback_may_switch_automatic_collection(mm *m)
{
    mm *other = heap_open("allocator=pool,minimum=10000");

    (void)m;
    kept_by_callback = new_root(other);
    for (int enabled = 0; enabled <= 1; enabled++) {
        mm_type weakable = new_type(other, "weakable", MM_CONTAINER, NULL);
        MM_VARS(other, v, 2);
        new_of(other, v, weakable, 0, 0);
        new_weak_calling(other, v + 1, v, NULL, switch_automatic);
        mm_clear(other, v);
        assert_int_equal(mm_collect(other, 0, NULL), MM_OK);
        heap_verify(other);
        assert_int_equal(mm_is_enabled(other), enabled);
        assert_int_equal(mm_heap_of(other)->bytes_until_collection > 10000, !enabled);
    }
    mm_root_free(other, kept_by_callback);
    heap_end(other);
}

static void a_mark_left_in_a_pool_is_found(mm *m)
{
    mm *other = heap_open("allocator=pool");

    (void)m;
    {
        MM_VAR(other, v);
        new_node(other, v, 0);
        pool_mark(v->object);
        assert_violation(other, "working-counts:");
        pool_take_marks(pool_at((uintptr_t)v->object));
    }
    heap_end(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_heap_collects_after_the_minimum),
        TEST(a_live_heap_collects_when_it_has_grown_by_the_factor),
        TEST(a_small_heap_is_spared_by_the_minimum),
        TEST(a_full_heap_collects_before_it_refuses),
        TEST(a_mark_stack_of_any_size_finds_everything),
        TEST(an_old_mark_is_found),
        TEST(an_object_missing_from_the_list_is_found),
        TEST(pools_are_swept_with_the_list),
        TEST(saved_garbage_stays_in_its_pool),
        TEST(pools_die_and_stay_whole),
        TEST(a_full_heap_of_pools_collects_before_it_refuses),
        TEST(what_a_callback_makes_among_garbage_stays),
        TEST(what_a_callback_makes_counts_for_the_trigger),
        TEST(a_callback_may_switch_automatic_collection),
        TEST(a_mark_left_in_a_pool_is_found),
    };
    return TESTS_RUN("marksweep", tests);
}
