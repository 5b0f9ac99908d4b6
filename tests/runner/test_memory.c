/* Memory over time on the command line: both programs of a cell are asked, what they saw is joined with
 * what the ideal saw, and everything is computed anew from what was kept. The fakes hold what
 * print_memory() says. */
#include "commands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

enum { BYTES = 1000 }; /* for each request */

static int open_run(void **state)
{
    if (make_root(state) != 0)
        return 1;
    setenv("FAKE_RECORDS", "memory", 1);
    add_programs("programs", "steady leaky explicit half");
    return 0;
}

static int close_run(void **state)
{
    unsetenv("FAKE_RECORDS");
    return remove_root(state);
}

static void run(const char *more)
{
    char *command =
        text_format("run --programs programs --workload temps --repetitions 1 --out out "
                    "--memory-samples 1 --no-charts %s",
                    more);

    assert_code(reclaim(command), 0);
    free(command);
}

/* What summary.json says of a cell; the caller releases the summary. */
static const json_t *memory_of(const json_t *summary, const char *row)
{
    const json_t *cells = json_object_get(summary, "cells");

    for (size_t i = 0; i < json_array_size(cells); i++) {
        if (strcmp(json_text_of(json_array_get(cells, i), "strategy"), row) == 0)
            return json_object_get(json_array_get(cells, i), "memory_over_time");
    }
    return NULL;
}

static void assert_number(const json_t *of, const char *name, double expected)
{
    double found = json_number_of(of, name);

    if (found != expected && !(isnan(found) && isnan(expected)))
        fail_msg("%s is %g, expected %g", name, found, expected);
}

static void assert_steady(const json_t *steady)
{
    const json_t *after = json_object_get(steady, "resident_bytes_after");

    assert_number(steady, "points", 5);
    assert_number(steady, "live_bytes_max", 2 * BYTES);
    assert_number(steady, "truly_live_bytes_max", 0);
    assert_number(steady, "held_bytes_max", 4 * BYTES);
    assert_number(steady, "resident_bytes_max", 4e6 + 4 * BYTES);
    assert_number(steady, "floating_bytes_mean", 2 * BYTES);
    assert_number(steady, "floating_bytes_max", 2 * BYTES);
    assert_number(steady, "lag_bytes", 2 * BYTES);
    assert_number(steady, "lag_requests", 2);
    assert_number(after, "teardown", 4000003);
    assert_number(after, "last_collect", 4000002);
    assert_number(after, "release", 4000001);
}

/* Two requests' garbage floats all the time, so each piece stays for two requests. */
static void test_figures(void **state)
{
    json_t *summary;

    (void)state;
    run("--strategy steady,leaky,explicit");
    summary = read_json("out/summary.json");
    assert_steady(memory_of(summary, "steady"));
    assert_number(memory_of(summary, "explicit"), "lag_bytes", 0);
    assert_number(memory_of(summary, "leaky"), "floating_bytes_max", 4 * BYTES);
    assert_number(memory_of(summary, "leaky"), "lag_bytes", NAN);
    assert_has(out_text, "garbage stays for");
    assert_has(out_text, "2.00 kB       never");
    json_decref(summary);
}

static void test_without_the_ideal_nobody_knows_what_floats(void **state)
{
    json_t *summary;

    (void)state;
    run("--strategy steady");
    summary = read_json("out/summary.json");
    assert_number(memory_of(summary, "steady"), "live_bytes_max", 2 * BYTES);
    assert_number(memory_of(summary, "steady"), "truly_live_bytes_max", NAN);
    assert_number(memory_of(summary, "steady"), "lag_bytes", NAN);
    assert_true(strstr(out_text, "garbage stays for") == NULL);
    json_decref(summary);
}

static void test_not_asked_for(void **state)
{
    json_t *summary;

    (void)state;
    assert_code(reclaim("run --programs programs --strategy steady --workload temps --scale test "
                        "--no-charts --out out"),
                0);
    summary = read_json("out/summary.json");
    assert_true(json_is_null(memory_of(summary, "steady")));
    assert_true(system("test -e out/memory") != 0);
    json_decref(summary);
}

/* What is lost is taken again, and the rest is not. */
static void test_resume(void **state)
{
    json_t *summary;

    (void)state;
    run("--strategy steady,explicit");
    assert_int_equal(system("rm out/memory/0-1.gz out/summary.json && touch -d 2001-01-01 "
                            "out/memory/0-0.gz"),
                     0);
    assert_code(reclaim("run --no-charts --resume out"), 0);
    assert_int_equal(
        system("test -s out/memory/0-1.gz && test out/memory/0-0.gz -ot out/context.json"), 0);
    summary = read_json("out/summary.json");
    assert_steady(memory_of(summary, "steady"));
    json_decref(summary);
}

static void test_damaged_file(void **state)
{
    (void)state;
    run("--strategy steady,explicit");
    assert_int_equal(system("printf x >>out/memory/0-1.gz; printf garbage >out/memory/1-0.gz"), 0);
    assert_code(reclaim("report --no-charts out"), 1);
    assert_has(error_text, "out/memory/");
}

/* A recording that is cut short is none, and the run says so in its place. */
static void test_half_a_recording(void **state)
{
    json_t *summary;

    (void)state;
    run("--strategy steady,explicit,half");
    summary = read_json("out/summary.json");
    assert_true(json_is_null(memory_of(summary, "half")));
    assert_steady(memory_of(summary, "steady"));
    json_decref(summary);
}

static void test_chart(void **state)
{
    (void)state;
    run("--strategy steady,leaky,explicit");
    assert_code(reclaim("report out"), 0);
    assert_file_has("out/charts/memory_over_time.tsv", "temps\tsteady\t0\t");
    assert_file_has("out/charts/memory_over_time.tsv", "\t0.004\t0.002\t0\t0.004\t4.004\n");
    assert_file_has("out/charts/memory_over_time.svg", "how much of it is garbage?");
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, open_run, close_run)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUN(test_figures),       WITH_RUN(test_without_the_ideal_nobody_knows_what_floats),
        WITH_RUN(test_not_asked_for), WITH_RUN(test_resume),
        WITH_RUN(test_damaged_file),  WITH_RUN(test_half_a_recording),
        WITH_RUN(test_chart),
    };
    int failed = cmocka_run_group_tests_name("memory", tests, NULL, NULL);

    free(out_text);
    free(error_text);
    return failed;
}
