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
    };
    return TESTS_RUN("marksweep", tests);
}
