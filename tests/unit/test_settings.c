/* Settings: what is accepted, what it means, how it is written back, and what a message says about
 * the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/settings.h"

static const setting table[] = {
    {.name = "size",
     .unit = "bytes",
     .help = "how much",
     .fallback = 4096,
     .minimum = 1,
     .maximum = 1e15,
     .integer = true,
     .words = {{"off", 0}}},
    {.name = "share", .unit = "", .help = "how many", .fallback = 0.5, .minimum = 0, .maximum = 1},
    {.name = "mode",
     .unit = "",
     .help = "which",
     .fallback = 1,
     .words_only = true,
     .words = {{"off", 0}, {"on", 1}}},
    {.name = "file", .unit = "", .help = "where", .text = true, .text_fallback = "a.txt"},
};

enum { ENTRIES = sizeof table / sizeof *table };

static settings fresh(void)
{
    settings values;

    settings_init(&values, table, ENTRIES);
    return values;
}

/* ---- What is accepted ---- */

static void assert_accepted(const char *assignment, const char *name, double expected)
{
    char message[SETTINGS_MESSAGE_MAX] = "";
    settings values = fresh();

    if (!settings_assign(&values, "owner", assignment, message))
        fail_msg("%s", message);
    assert_true(settings_get(&values, name) == expected);
}

static void every_value_begins_as_its_default(void **state)
{
    const settings values = fresh();

    (void)state;
    assert_true(settings_get(&values, "size") == 4096);
    assert_true(settings_get(&values, "share") == 0.5);
    assert_true(settings_get(&values, "mode") == 1);
    assert_string_equal(settings_get_text(&values, "file"), "a.txt");
}

static void numbers_are_accepted_in_any_notation(void **state)
{
    (void)state;
    assert_accepted("size=1000000", "size", 1e6);
    assert_accepted("size=1e6", "size", 1e6);
    assert_accepted("size=0x10", "size", 16);
    assert_accepted("share=.25", "share", 0.25);
    assert_accepted("share=0", "share", 0);
    assert_accepted("share=1", "share", 1);
}

static void suffixes_multiply(void **state)
{
    (void)state;
    assert_accepted("size=3k", "size", 3e3);
    assert_accepted("size=3M", "size", 3e6);
    assert_accepted("size=3G", "size", 3e9);
    assert_accepted("size=3B", "size", 3);
    assert_accepted("size=3KiB", "size", 3 * 1024);
    assert_accepted("size=3MiB", "size", 3 * 1048576);
    assert_accepted("size=3GiB", "size", 3.0 * 1073741824);
    assert_accepted("size=0.5KiB", "size", 512);
}

static void words_stand_for_values(void **state)
{
    (void)state;
    assert_accepted("size=off", "size", 0);
    assert_accepted("mode=off", "mode", 0);
    assert_accepted("mode=on", "mode", 1);
}

static void a_text_may_contain_anything(void **state)
{
    char message[SETTINGS_MESSAGE_MAX];
    settings values = fresh();

    (void)state;
    assert_true(settings_assign(&values, "owner", "file=b=c:d.txt", message));
    assert_string_equal(settings_get_text(&values, "file"), "b=c:d.txt");
}

/* ---- What is refused, and how ---- */

/* Refused, with a message that contains the texts, and without an effect. */
static void assert_refused(const char *assignment, const char *const *texts)
{
    char message[SETTINGS_MESSAGE_MAX] = "";
    settings values = fresh();
    const settings before = values;

    assert_false(settings_assign(&values, "owner", assignment, message));
    assert_memory_equal(&values, &before, sizeof values);
    assert_null(strchr(message, '\n'));
    for (; *texts != NULL; texts++) {
        if (strstr(message, *texts) == NULL)
            fail_msg("'%s' lacks '%s'", message, *texts);
    }
}

#define ASSERT_REFUSED(assignment, ...) \
    assert_refused((assignment), (const char *const[]){__VA_ARGS__, NULL})

static void an_unknown_name_is_answered_with_the_nearest_and_all(void **state)
{
    (void)state;
    ASSERT_REFUSED("shere=1", "owner", "'shere'", "did you mean 'share'?",
                   "size, share, mode, file");
    ASSERT_REFUSED("siz=1", "'siz'", "did you mean 'size'?");
    ASSERT_REFUSED("quarter=1", "'quarter'", "size, share, mode, file");
    ASSERT_REFUSED("=1", "''", "size, share, mode, file");
    ASSERT_REFUSED("", "''");
}

static void a_prefix_of_a_name_is_not_the_name(void **state)
{
    (void)state;
    ASSERT_REFUSED("sizes=1", "'sizes'", "did you mean 'size'?");
    ASSERT_REFUSED("mod=on", "'mod'", "did you mean 'mode'?");
}

static void an_owner_without_settings_says_so(void **state)
{
    char message[SETTINGS_MESSAGE_MAX] = "";
    settings none;

    (void)state;
    settings_init(&none, table, 0);
    assert_false(settings_assign(&none, "workload temps", "size=1", message));
    assert_non_null(strstr(message, "workload temps has no setting 'size'"));
    assert_non_null(strstr(message, "It has none."));
}

static void a_missing_value_is_refused(void **state)
{
    (void)state;
    ASSERT_REFUSED("size", "owner", "'size' needs a value", "size=VALUE");
    ASSERT_REFUSED("size=", "size=", "a whole number from 1 to", "bytes");
    ASSERT_REFUSED("file=", "file", "1 to 255 bytes");
}

static void a_value_out_of_range_is_answered_with_the_range(void **state)
{
    (void)state;
    ASSERT_REFUSED("share=1.01", "share=1.01", "0 to 1");
    ASSERT_REFUSED("share=-0.1", "share=-0.1", "0 to 1");
    ASSERT_REFUSED("size=-1", "size=-1", "a whole number from 1 to 1e+15 bytes", "off");
    ASSERT_REFUSED("size=2e15", "size=2e15");
    ASSERT_REFUSED("size=1.5", "size=1.5", "a whole number");
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    ASSERT_REFUSED("size=many", "size=many", "bytes");
    ASSERT_REFUSED("size=3 k", "size=3 k");
    ASSERT_REFUSED("size=3kk", "size=3kk");
    ASSERT_REFUSED("size=3kib", "size=3kib");
    ASSERT_REFUSED("share=nan", "share=nan");
    ASSERT_REFUSED("size=inf", "size=inf");
    ASSERT_REFUSED("size=1e999", "size=1e999");
    ASSERT_REFUSED("size=on", "size=on");
}

static void where_only_words_are_accepted_numbers_are_refused(void **state)
{
    (void)state;
    ASSERT_REFUSED("mode=1", "mode=1", "off, or on");
    ASSERT_REFUSED("mode=ON", "mode=ON", "off, or on");
}

static void too_long_a_text_is_refused_whole(void **state)
{
    char assignment[1000] = "file=";

    (void)state;
    memset(assignment + 5, 'x', SETTING_TEXT_MAX);
    ASSERT_REFUSED(assignment, "file", "1 to 255 bytes", "found 256");
}

static void a_long_answer_stays_within_its_message(void **state)
{
    char assignment[5000];

    (void)state;
    memset(assignment, 'x', sizeof assignment - 1);
    assignment[sizeof assignment - 1] = '\0';
    ASSERT_REFUSED(assignment, "owner has no setting 'xxx");
    memcpy(assignment, "size=", 5);
    ASSERT_REFUSED(assignment, "owner: size=xxx");
}

/* ---- Lists ---- */

static void a_list_sets_several(void **state)
{
    char message[SETTINGS_MESSAGE_MAX];
    settings values = fresh();

    (void)state;
    assert_true(settings_assign_list(&values, "owner", "share=1,mode=off,size=2k", message));
    assert_true(settings_get(&values, "share") == 1);
    assert_true(settings_get(&values, "mode") == 0);
    assert_true(settings_get(&values, "size") == 2000);
}

static void an_empty_list_changes_nothing(void **state)
{
    char message[SETTINGS_MESSAGE_MAX];
    settings values = fresh();
    const settings before = values;

    (void)state;
    assert_true(settings_assign_list(&values, "owner", "", message));
    assert_memory_equal(&values, &before, sizeof values);
}

static void the_last_of_two_assignments_stands(void **state)
{
    char message[SETTINGS_MESSAGE_MAX];
    settings values = fresh();

    (void)state;
    assert_true(settings_assign_list(&values, "owner", "size=1,size=2", message));
    assert_true(settings_get(&values, "size") == 2);
}

static void a_list_is_taken_whole_or_not_at_all(void **state)
{
    static const char *const wrong[] = {"share=1,mode=perhaps", "share=1,", ",share=1",
                                        "share=1,,mode=on", "share=1,sise=2"};
    char message[SETTINGS_MESSAGE_MAX];
    settings values = fresh();
    const settings before = values;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        message[0] = '\0';
        assert_false(settings_assign_list(&values, "owner", wrong[i], message));
        assert_string_not_equal(message, "");
        assert_memory_equal(&values, &before, sizeof values);
    }
}

/* ---- The canonical form ---- */

static void assert_canonical(const char *list, const char *expected)
{
    char message[SETTINGS_MESSAGE_MAX] = "", canonical[256];
    settings values = fresh();

    if (!settings_assign_list(&values, "owner", list, message))
        fail_msg("%s", message);
    assert_true(settings_canonical(&values, "thing", canonical, sizeof canonical));
    assert_string_equal(canonical, expected);
}

static void the_canonical_form_leaves_defaults_out(void **state)
{
    (void)state;
    assert_canonical("", "thing");
    assert_canonical("size=4KiB,mode=on", "thing");
    assert_canonical("file=a.txt", "thing");
}

static void the_canonical_form_has_the_order_of_the_table(void **state)
{
    (void)state;
    assert_canonical("file=b,share=0.1,size=1", "thing:size=1,share=0.1,file=b");
}

static void the_canonical_form_writes_words_and_plain_numbers(void **state)
{
    (void)state;
    assert_canonical("size=off", "thing:size=off");
    assert_canonical("mode=off", "thing:mode=off");
    assert_canonical("size=2k", "thing:size=2000");
    assert_canonical("size=1MiB", "thing:size=1048576");
    assert_canonical("share=0.125", "thing:share=0.125");
}

static void the_canonical_form_reads_back_as_itself(void **state)
{
    static const char list[] = "size=123456789,share=0.12345678901234567,mode=off,file=b";
    char message[SETTINGS_MESSAGE_MAX], canonical[256];
    settings values = fresh(), again = fresh();

    (void)state;
    assert_true(settings_assign_list(&values, "owner", list, message));
    assert_true(settings_canonical(&values, "", canonical, sizeof canonical));
    assert_true(settings_assign_list(&again, "owner", canonical + 1, message));
    assert_memory_equal(&values, &again, sizeof values);
}

static void a_canonical_form_that_does_not_fit_is_reported(void **state)
{
    char message[SETTINGS_MESSAGE_MAX], canonical[13];
    settings values = fresh();

    (void)state;
    assert_true(settings_assign(&values, "owner", "size=1", message));
    assert_true(settings_canonical(&values, "thing", canonical, sizeof canonical));
    assert_string_equal(canonical, "thing:size=1");
    assert_false(settings_canonical(&values, "thing", canonical, sizeof canonical - 1));
}

/* ---- Other defaults ---- */

static void changed_defaults_are_defaults(void **state)
{
    char message[SETTINGS_MESSAGE_MAX], canonical[64];
    settings values = fresh();

    (void)state;
    assert_true(settings_change_defaults(&values, "variant", "size=1,mode=off", message));
    assert_true(settings_get(&values, "size") == 1);
    assert_true(settings_canonical(&values, "variant", canonical, sizeof canonical));
    assert_string_equal(canonical, "variant");
    assert_true(settings_assign(&values, "variant", "mode=on", message));
    assert_true(settings_canonical(&values, "variant", canonical, sizeof canonical));
    assert_string_equal(canonical, "variant:mode=on");
}

static void wrong_defaults_are_refused_whole(void **state)
{
    char message[SETTINGS_MESSAGE_MAX] = "";
    settings values = fresh();
    const settings before = values;

    (void)state;
    assert_false(settings_change_defaults(&values, "variant", "size=1,mood=off", message));
    assert_non_null(strstr(message, "did you mean 'mode'?"));
    assert_memory_equal(&values, &before, sizeof values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_begins_as_its_default),
        cmocka_unit_test(numbers_are_accepted_in_any_notation),
        cmocka_unit_test(suffixes_multiply),
        cmocka_unit_test(words_stand_for_values),
        cmocka_unit_test(a_text_may_contain_anything),
        cmocka_unit_test(an_unknown_name_is_answered_with_the_nearest_and_all),
        cmocka_unit_test(a_prefix_of_a_name_is_not_the_name),
        cmocka_unit_test(an_owner_without_settings_says_so),
        cmocka_unit_test(a_missing_value_is_refused),
        cmocka_unit_test(a_value_out_of_range_is_answered_with_the_range),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(where_only_words_are_accepted_numbers_are_refused),
        cmocka_unit_test(too_long_a_text_is_refused_whole),
        cmocka_unit_test(a_long_answer_stays_within_its_message),
        cmocka_unit_test(a_list_sets_several),
        cmocka_unit_test(an_empty_list_changes_nothing),
        cmocka_unit_test(the_last_of_two_assignments_stands),
        cmocka_unit_test(a_list_is_taken_whole_or_not_at_all),
        cmocka_unit_test(the_canonical_form_leaves_defaults_out),
        cmocka_unit_test(the_canonical_form_has_the_order_of_the_table),
        cmocka_unit_test(the_canonical_form_writes_words_and_plain_numbers),
        cmocka_unit_test(the_canonical_form_reads_back_as_itself),
        cmocka_unit_test(a_canonical_form_that_does_not_fit_is_reported),
        cmocka_unit_test(changed_defaults_are_defaults),
        cmocka_unit_test(wrong_defaults_are_refused_whole),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
