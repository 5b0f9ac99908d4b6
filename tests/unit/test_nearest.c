/* Suggestions for mistyped names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/nearest.h"

static const char *const names[] = {"none", "refcount", "generational", "marksweep"};

static const char *nearest(const char *text)
{
    return nearest_name(text, names, sizeof names / sizeof *names);
}

static void a_name_is_nearest_to_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_ptr_equal(nearest(names[i]), names[i]);
}

static void a_letter_more_less_or_else_is_forgiven(void **state)
{
    (void)state;
    assert_string_equal(nearest("refcuont"), "refcount");
    assert_string_equal(nearest("refcont"), "refcount");
    assert_string_equal(nearest("refcounts"), "refcount");
    assert_string_equal(nearest("mark-sweep"), "marksweep");
    assert_string_equal(nearest("nono"), "none");
}

static void nothing_is_suggested_for_something_else(void **state)
{
    (void)state;
    assert_null(nearest("boehm"));
    assert_null(nearest(""));
    assert_null(nearest("count"));
}

static void no_names_no_suggestion(void **state)
{
    (void)state;
    assert_null(nearest_name("none", names, 0));
}

static void a_text_longer_than_any_name_is_no_problem(void **state)
{
    char text[1001];

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = 'n';
    text[sizeof text - 1] = '\0';
    assert_null(nearest(text));
}

static void the_first_of_equally_near_names_is_taken(void **state)
{
    static const char *const twins[] = {"slot", "slow"};

    (void)state;
    assert_string_equal(nearest_name("slox", twins, 2), "slot");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_nearest_to_itself),
        cmocka_unit_test(a_letter_more_less_or_else_is_forgiven),
        cmocka_unit_test(nothing_is_suggested_for_something_else),
        cmocka_unit_test(no_names_no_suggestion),
        cmocka_unit_test(a_text_longer_than_any_name_is_no_problem),
        cmocka_unit_test(the_first_of_equally_near_names_is_taken),
    };
    return cmocka_run_group_tests_name("nearest name", tests, NULL, NULL);
}
