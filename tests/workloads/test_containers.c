/* The containers of workloads/containers.h on one strategy, against plain arrays, with a collection
 * forced before every allocation and with allocations that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "mm_check.h"
#include "mm_gc.h"
#include "workloads/containers.h"

enum { KEYS = 40, STEPS = 3000, ELEMENTS = 100 };

typedef struct fixture {
    mm_heap *heap;
    mm *m;
    mm_type node, number;
} fixture;

static int open_fixture(void **state)
{
    static fixture f;

    assert_int_equal(mm_heap_new(NULL, &f.heap), MM_OK);
    assert_int_equal(mm_attach(f.heap, &f.m), MM_OK);
    assert_int_equal(
        mm_type_add(f.heap, &(mm_type_info){.name = "node", .kind = MM_CONTAINER}, &f.node), MM_OK);
    assert_int_equal(
        mm_type_add(f.heap, &(mm_type_info){.name = "number", .kind = MM_ATOM}, &f.number), MM_OK);
    mm_stress_collect(f.m, 1);
    *state = &f;
    return 0;
}

static int close_fixture(void **state)
{
    fixture *f = *state;
    char message[MM_MESSAGE_MAX] = "";

    if (!mm_check(f->heap, message))
        print_error("%s\n", message);
    mm_heap_free(f->heap);
    return message[0] == '\0' ? 0 : -1;
}

static mm_status new_number(fixture *f, mm_var *out, uint64_t value)
{
    if (mm_new(f->m, out, f->number, 0, sizeof value) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(f->m, out) = value;
    return MM_OK;
}

static void a_vector_keeps_its_elements_in_order(void **state)
{
    fixture *f = *state;
    MM_VARS(f->m, v, 2);
    vector numbers = vector_on(v, f->node);

    for (uint64_t i = 0; i < ELEMENTS; i++) {
        assert_int_equal(new_number(f, v + 1, i), MM_OK);
        assert_int_equal(vector_push(f->m, &numbers, v + 1), MM_OK);
        assert_true(mm_is_null(v + 1));
    }
    for (uint64_t i = ELEMENTS; i-- > 0;) {
        vector_pop(f->m, &numbers, v + 1);
        assert_int_equal(*(uint64_t *)mm_data(f->m, v + 1), i);
    }
    assert_int_equal(numbers.length, 0);
}

static void a_vector_allocates_what_its_books_say(void **state)
{
    fixture *f = *state;
    MM_VARS(f->m, v, 2);
    vector numbers = vector_on(v, f->node);
    workload_amount allocated, live;
    mm_stats before, after;

    mm_get_stats(f->heap, &before);
    for (uint64_t i = 0; i < ELEMENTS; i++) {
        assert_int_equal(new_number(f, v + 1, i), MM_OK);
        assert_int_equal(vector_push(f->m, &numbers, v + 1), MM_OK);
    }
    mm_get_stats(f->heap, &after);
    vector_books(ELEMENTS, &allocated, &live);
    assert_int_equal(after.objects_allocated - before.objects_allocated,
                     ELEMENTS + allocated.objects);
    assert_int_equal(live.bytes, numbers.capacity * sizeof(void *));
    assert_int_equal(live.array_slots, numbers.capacity);
    assert_int_equal(allocated.array_slots * sizeof(void *), allocated.bytes);
}

static void check_table(fixture *f, const table *t, const uint64_t expected[KEYS], mm_var *found)
{
    uint32_t length = 0;

    for (uint64_t key = 0; key < KEYS; key++) {
        table_get(f->m, t, key, found);
        assert_int_equal(!mm_is_null(found), expected[key] != 0);
        if (expected[key] != 0)
            assert_int_equal(*(uint64_t *)mm_data(f->m, found), expected[key]);
        length += expected[key] != 0;
    }
    assert_int_equal(t->length, length);
}

static void a_table_holds_what_was_put_and_not_removed(void **state)
{
    fixture *f = *state;
    MM_VARS(f->m, v, 2);
    table t = table_on(v, f->node);
    uint64_t expected[KEYS] = {0};
    workload_random random = {7};

    for (uint64_t i = 1; i <= STEPS; i++) {
        uint64_t key = workload_random_below(&random, KEYS);
        if (workload_random_below(&random, 3) == 0) {
            assert_int_equal(table_remove(f->m, &t, key), expected[key] != 0);
            expected[key] = 0;
        } else {
            assert_int_equal(new_number(f, v + 1, i), MM_OK);
            assert_int_equal(table_put(f->m, &t, key, v + 1), MM_OK);
            expected[key] = i;
        }
        if (i % 100 == 0)
            check_table(f, &t, expected, v + 1);
    }
    check_table(f, &t, expected, v + 1);
}

static void a_put_that_fails_changes_nothing(void **state)
{
    fixture *f = *state;
    MM_VARS(f->m, v, 3);
    table t = table_on(v, f->node);
    uint64_t expected[KEYS] = {0};

    for (uint64_t key = 0; key < KEYS; key++) {
        assert_int_equal(new_number(f, v + 1, key + 1), MM_OK);
        mm_fail_allocation(f->heap, 1, true);
        assert_int_equal(table_put(f->m, &t, key, v + 1), MM_NO_MEMORY);
        mm_fail_allocation(f->heap, 0, false);
        check_table(f, &t, expected, v + 2);
        assert_int_equal(table_put(f->m, &t, key, v + 1), MM_OK);
        expected[key] = key + 1;
    }
    check_table(f, &t, expected, v + 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_vector_keeps_its_elements_in_order),
        TEST(a_vector_allocates_what_its_books_say),
        TEST(a_table_holds_what_was_put_and_not_removed),
        TEST(a_put_that_fails_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
