/* The allocator front: accounting, the limit, injected failures, and the registry's checks. Checked
 * flavour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mm.h"

enum { HEADER = 16 };

static int open_front(void **state)
{
    static front f;

    front_open(&f, 0);
    *state = &f;
    return 0;
}

static int close_front(void **state)
{
    front_close(*state);
    return 0;
}

static void blocks_are_counted_with_and_without_headers(void **state)
{
    front *f = *state;
    void *a = front_allocate(f, HEADER, 100), *b = front_allocate(f, HEADER, 20);

    assert_int_equal(f->blocks_allocated, 2);
    assert_int_equal(f->bytes_requested, 120);
    assert_int_equal(f->bytes_held, 120 + 2 * HEADER);
    front_free(f, a, HEADER, 100);
    assert_int_equal(f->blocks_freed, 1);
    assert_int_equal(f->bytes_given_back, 100);
    assert_int_equal(f->bytes_held, 20 + HEADER);
    assert_int_equal(f->bytes_peak, 120 + 2 * HEADER);
    front_free(f, b, HEADER, 20);
    assert_int_equal(f->bytes_held, 0);
}

static void blocks_are_aligned_for_any_type(void **state)
{
    front *f = *state;

    for (size_t request = 0; request < 40; request++)
        assert_int_equal((uintptr_t)front_allocate(f, HEADER, request) % _Alignof(max_align_t), 0);
}

static void closing_gives_back_what_was_never_freed(void **state)
{
    front f;

    (void)state;
    front_open(&f, 0);
    for (int i = 0; i < 100; i++)
        assert_non_null(front_allocate(&f, HEADER, 10));
    front_close(&f); /* the leak checker of a sanitizer build is the judge */
    assert_int_equal(f.bytes_held, 0);
}

static void the_limit_counts_headers_and_is_reached_exactly(void **state)
{
    front f;
    void *a;

    (void)state;
    front_open(&f, 2 * (HEADER + 100));
    a = front_allocate(&f, HEADER, 100);
    assert_non_null(a);
    assert_null(front_allocate(&f, HEADER, 101));
    assert_non_null(front_allocate(&f, HEADER, 100));
    assert_null(front_allocate(&f, 0, 1));
    assert_int_equal(f.blocks_allocated, 2);
    front_free(&f, a, HEADER, 100);
    assert_non_null(front_allocate(&f, HEADER, 100));
    front_close(&f);
}

static void one_failure_can_be_asked_for(void **state)
{
    front *f = *state;

    f->fail_at = 2;
    assert_non_null(front_allocate(f, HEADER, 1));
    assert_null(front_allocate(f, HEADER, 1));
    assert_non_null(front_allocate(f, HEADER, 1));
    assert_int_equal(f->attempts, 3);
    assert_int_equal(f->blocks_allocated, 2);
}

static void failures_for_good_can_be_asked_for(void **state)
{
    front *f = *state;

    f->fail_at = 2;
    f->fail_thereafter = true;
    assert_non_null(front_allocate(f, HEADER, 1));
    for (int i = 0; i < 3; i++)
        assert_null(front_allocate(f, HEADER, 1));
}

static void serial_numbers_count_successful_allocations(void **state)
{
    front *f = *state;

    f->fail_at = 2;
    assert_int_equal(front_registered(front_allocate(f, HEADER, 1))->serial, 1);
    assert_null(front_allocate(f, HEADER, 1));
    assert_int_equal(front_registered(front_allocate(f, HEADER, 1))->serial, 2);
}

static void a_copy_takes_the_place_of_its_block(void **state)
{
    front *f = *state;
    char *a = front_allocate(f, HEADER, 8), *copy;
    size_t held;

    front_allocate(f, HEADER, 8);
    memset(a, 'x', HEADER + 8);
    held = f->bytes_held;
    copy = front_copy_block(f, a, HEADER, 8);
    assert_non_null(copy);
    assert_ptr_not_equal(copy, a);
    assert_memory_equal(copy, a, HEADER + 8);
    front_discard_block(f, a, HEADER, 8);
    assert_int_equal(front_registered(copy)->serial, 1);
    assert_ptr_equal(f->blocks.next, front_registered(copy));
    assert_int_equal(f->blocks_allocated, 2);
    assert_int_equal(f->blocks_freed, 0);
    assert_int_equal(f->bytes_held, held);
}

int main(void)
{
#define FRONT_TEST(test) cmocka_unit_test_setup_teardown(test, open_front, close_front)
    const struct CMUnitTest tests[] = {
        FRONT_TEST(blocks_are_counted_with_and_without_headers),
        FRONT_TEST(blocks_are_aligned_for_any_type),
        FRONT_TEST(closing_gives_back_what_was_never_freed),
        FRONT_TEST(the_limit_counts_headers_and_is_reached_exactly),
        FRONT_TEST(one_failure_can_be_asked_for),
        FRONT_TEST(failures_for_good_can_be_asked_for),
        FRONT_TEST(serial_numbers_count_successful_allocations),
        FRONT_TEST(a_copy_takes_the_place_of_its_block),
    };
    return cmocka_run_group_tests_name("allocator front", tests, NULL, NULL);
}
