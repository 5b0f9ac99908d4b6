/* Lists of specs, units, and messages about unknown names. */
#include "unit.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "problem.h"
#include "specs.h"
#include "units.h"

/* Splits `list` and compares the items, separated by '|', with `expected`. */
static void assert_split(const char *list, const char *expected)
{
    json_t *items = json_array();
    char joined[256] = "";
    problem why;

    assert_true(specs_split("--strategy", list, items, &why));
    for (size_t i = 0; i < json_array_size(items); i++) {
        strcat(joined, i > 0 ? "|" : "");
        strcat(joined, json_text_at(items, i));
    }
    assert_string_equal(joined, expected);
    json_decref(items);
}

static void test_lists(void **state)
{
    (void)state;
    assert_split("a", "a");
    assert_split("a,b", "a|b");
    assert_split("a,b:x=1,y=2,c", "a|b:x=1,y=2|c");
    assert_split("a:x=1,b:y=2,z=3", "a:x=1|b:y=2,z=3");
    assert_split("heap:file=C:/a=b.gz,heap", "heap:file=C:/a=b.gz|heap");
    assert_split("old/a:x=1,new/a", "old/a:x=1|new/a");
}

static void assert_refused(const char *list, const char *part)
{
    json_t *items = json_array();
    problem why;

    assert_false(specs_split("--strategy", list, items, &why));
    assert_int_equal(why.code, EXIT_CODE_BAD_INPUT);
    assert_non_null(strstr(why.text, part));
    json_decref(items);
}

static void test_bad_lists(void **state)
{
    (void)state;
    assert_refused("", "empty item");
    assert_refused("a,,b", "empty item");
    assert_refused("a,", "empty item");
    assert_refused("\xff", "is not UTF-8");
    assert_refused("a:x=1,y=\xff", "is not UTF-8");
    assert_refused("x=1", "'x=1' is a parameter without a name");
    assert_refused("a,x=1", "NAME:x=1");
}

static void test_parts_of_a_spec(void **state)
{
    char *name = specs_name("dom:back=0.1");

    (void)state;
    assert_string_equal(name, "dom");
    assert_string_equal(specs_parameters("dom:back=0.1"), "back=0.1");
    assert_string_equal(specs_parameters("dom"), "");
    free(name);
}

static void test_units(void **state)
{
    char text[UNIT_TEXT_MAX];
    const struct {
        void (*print)(char *, double);
        double value;
        const char *expected;
    } cases[] = {
        {unit_duration, 61234567, "61.2 ms"},
        {unit_duration, 999.7, "1.00 us"},
        {unit_duration, 0, "0 ns"},
        {unit_duration, 1.5e9, "1.50 s"},
        {unit_duration, NAN, "-"},
        {unit_bytes, 412e6, "412 MB"},
        {unit_bytes, 7, "7 B"},
        {unit_bytes, 999999, "1.00 MB"},
        {unit_count, 9999, "9999"},
        {unit_count, 12345, "12.3 k"},
        {unit_count, 2e6, "2.00 M"},
        {unit_count, 0, "0"},
        {unit_time_left, 12.1, "about 13 s"},
        {unit_time_left, 200, "about 3 min"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cases[i].print(text, cases[i].value);
        assert_string_equal(text, cases[i].expected);
    }
}

static void test_unknown_names(void **state)
{
    const char *const names[] = {"refcount", "generational"};
    problem why;

    (void)state;
    problem_input(&why, "there is no strategy 'refcont'");
    problem_add_names(&why, "refcont", "Strategies", names, 2);
    assert_string_equal(why.text, "there is no strategy 'refcont'; did you mean 'refcount'? "
                                  "Strategies: refcount, generational");
    problem_input(&why, "there is no strategy 'zzz'");
    problem_add_names(&why, "zzz", "Strategies", NULL, 0);
    assert_string_equal(why.text, "there is no strategy 'zzz'. Strategies: none");
}

static void test_schemas(void **state)
{
    static const char old[] = "{\"schema\": \"reclaim.context/0\"}", broken[] = "{\"schema\"";
    problem why;

    (void)state;
    assert_null(json_parse(old, sizeof old - 1, "context.json", "reclaim.context/1", &why));
    assert_string_equal(why.text, "context.json has the schema 'reclaim.context/0'; this reclaim "
                                  "reads 'reclaim.context/1'");
    assert_null(json_parse(broken, sizeof broken - 1, "it", "reclaim.context/1", &why));
    assert_non_null(strstr(why.text, "it is not JSON"));
}

static void test_numbers(void **state)
{
    json_t *values = json_pack("[o, o, o]", json_from_number(0.1), json_from_number(61234567),
                               json_from_number(NAN));
    char *line = json_one_line(values);

    (void)state;
    assert_string_equal(line, "[0.1,61234567,null]");
    free(line);
    json_decref(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),           cmocka_unit_test(test_bad_lists),
        cmocka_unit_test(test_parts_of_a_spec), cmocka_unit_test(test_units),
        cmocka_unit_test(test_unknown_names),   cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests_name("texts", tests, NULL, NULL);
}
