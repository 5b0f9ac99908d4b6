/* The mark stack: last in, first out, and an overflow that is flagged instead of failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm.h"
#include "common/mark_stack.h"

/* Distinct addresses to push; the stack never looks at what they lead to. */
static char places[5000];

static mm_object *place(size_t i)
{
    return (mm_object *)(void *)&places[i];
}

static void an_empty_stack_pops_nothing(void **state)
{
    mark_stack stack;

    (void)state;
    mark_stack_open(&stack);
    assert_null(mark_stack_pop(&stack));
    mark_stack_close(&stack);
}

static void what_was_pushed_last_is_popped_first(void **state)
{
    mark_stack stack;

    (void)state;
    mark_stack_open(&stack);
    for (size_t i = 0; i < sizeof places; i++)
        mark_stack_push(&stack, place(i));
    for (size_t i = sizeof places; i-- > 0;)
        assert_ptr_equal(mark_stack_pop(&stack), place(i));
    assert_null(mark_stack_pop(&stack));
    assert_false(stack.overflowed);
    mark_stack_close(&stack);
}

static void beyond_its_limit_it_drops_and_says_so(void **state)
{
    mark_stack stack;

    (void)state;
    mark_stack_open(&stack);
    stack.capacity_max = 3;
    for (size_t i = 0; i < 3; i++)
        mark_stack_push(&stack, place(i));
    assert_false(stack.overflowed);
    mark_stack_push(&stack, place(3));
    assert_true(stack.overflowed);
    assert_ptr_equal(mark_stack_pop(&stack), place(2));
    mark_stack_push(&stack, place(4));
    assert_ptr_equal(mark_stack_pop(&stack), place(4));
    assert_ptr_equal(mark_stack_pop(&stack), place(1));
    mark_stack_close(&stack);
}

static void the_limit_may_lie_between_two_doublings(void **state)
{
    enum { LIMIT = 1500 };
    mark_stack stack;

    (void)state;
    mark_stack_open(&stack);
    stack.capacity_max = LIMIT;
    for (size_t i = 0; i < LIMIT; i++)
        mark_stack_push(&stack, place(i));
    assert_false(stack.overflowed);
    assert_int_equal(stack.depth, LIMIT);
    mark_stack_push(&stack, place(0));
    assert_true(stack.overflowed);
    mark_stack_close(&stack);
}

static void a_stack_without_room_drops_everything(void **state)
{
    mark_stack stack;

    (void)state;
    mark_stack_open(&stack);
    stack.capacity_max = 0;
    mark_stack_push(&stack, place(0));
    assert_true(stack.overflowed);
    assert_null(mark_stack_pop(&stack));
    mark_stack_close(&stack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_stack_pops_nothing),
        cmocka_unit_test(what_was_pushed_last_is_popped_first),
        cmocka_unit_test(beyond_its_limit_it_drops_and_says_so),
        cmocka_unit_test(the_limit_may_lie_between_two_doublings),
        cmocka_unit_test(a_stack_without_room_drops_everything),
    };
    return cmocka_run_group_tests_name("mark stack", tests, NULL, NULL);
}
