/* `reclaim curve`: the smallest heaps are found, and every strategy runs in the heaps that it should. The
 * fake `tight` needs 2 MB and `ample` 3 MB; both hold 51 MB when nothing limits them, as do the others. */
#include "commands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

static const double need_of_tight = 2e6, need_of_ample = 3e6, precision = 1.02;

static json_t *context;

static int open_run(void **state)
{
    if (make_root(state) != 0)
        return 1;
    add_programs("programs", "steady leaky tight ample hand_floor");
    return 0;
}

static int close_run(void **state)
{
    json_decref(context);
    context = NULL;
    return remove_root(state);
}

static void run_curve(const char *more)
{
    char *command = text_format(
        "curve --programs programs --workload temps --repetitions 1 --out out %s", more);

    assert_code(reclaim(command), 0);
    context = read_json("out/context.json");
    free(command);
}

static const json_t *heap_of(const char *strategy)
{
    const json_t *heaps = json_object_get(context, "heaps");

    for (size_t i = 0; i < json_array_size(heaps); i++) {
        if (strcmp(json_text_of(json_array_get(heaps, i), "strategy"), strategy) == 0)
            return json_array_get(heaps, i);
    }
    fail_msg("no heap of %s was looked for", strategy);
    return NULL;
}

static void assert_found(const char *strategy, double needed)
{
    double least = json_number_of(heap_of(strategy), "bytes_min");

    if (!(least >= needed && least <= needed * precision + 1))
        fail_msg("%s needs %.0f, and %.0f was found", strategy, needed, least);
}

static void assert_cell(const char *row, const char *expected_status, double bytes_max)
{
    json_t *summary = read_json("out/summary.json");
    const json_t *cells = json_object_get(summary, "cells"), *found = NULL;

    for (size_t i = 0; i < json_array_size(cells); i++) {
        if (strcmp(json_text_of(json_array_get(cells, i), "strategy"), row) == 0)
            found = json_array_get(cells, i);
    }
    if (found == NULL)
        fail_msg("there is no row %s", row);
    assert_string_equal(json_text_of(found, "status"), expected_status);
    assert_true(json_number_of(json_object_get(found, "options"), "heap_bytes_max") == bytes_max);
    assert_true(json_number_of(json_object_get(found, "heap"), "bytes_max") == bytes_max);
    json_decref(summary);
}

static void assert_smallest_heaps(void)
{
    assert_found("tight", need_of_tight);
    assert_found("ample", need_of_ample);
    assert_true(isnan(json_number_of(heap_of("steady"), "bytes_min")));
    assert_true(json_number_of(heap_of("steady"), "bytes_held") == 51e6);
    assert_has(error_text, "hand_floor on temps is left out: it takes no heap_bytes_max");
    assert_has(out_text, "smallest");
}

static void assert_rows(void)
{
    double unit = json_number_of(heap_of("ample"), "unit_bytes");

    assert_true(unit == json_number_of(heap_of("tight"), "bytes_min"));
    assert_cell("tight@1.25x", "ok", ceil(1.25 * unit));
    assert_cell("tight@4x", "ok", 4 * unit);
    assert_cell("ample@1.25x", "oom", ceil(1.25 * unit));
    assert_cell("ample@4x", "ok", 4 * unit);
    assert_cell("steady", "ok", 51e6);
    assert_cell("leaky", "leaked", 51e6);
}

static void assert_chart(void)
{
    assert_file_has("out/charts/heap_curve.tsv", "temps\tample\t1.25\t?\t?\t?\t0\t0\toom\t");
    assert_file_has("out/charts/heap_curve.tsv", "leaky (leaks)");
    assert_file_has("out/charts/heap_curve.svg", "How much time does a strategy take");
}

/* The plan is in the context: a run of heaps is reported and resumed as any other. */
static void assert_resumes(void)
{
    assert_int_equal(system("head -n 5 out/samples.jsonl >part && mv part out/samples.jsonl"), 0);
    assert_code(reclaim("run --no-charts --resume out"), 0);
    assert_int_equal(count_lines("out/samples.jsonl"), 2 * 6 - 1); /* no memory: not timed */
    assert_has(out_text, "tight@1.25x");
}

/* One run for all of it: each takes some hundred processes. */
static void test_curve(void **state)
{
    (void)state;
    run_curve("--multiples 1.25,4");
    assert_smallest_heaps();
    assert_rows();
    assert_chart();
    assert_resumes();
}

static void refuse(const char *arguments, const char *message)
{
    char *command =
        text_format("curve --programs programs --workload temps --out out %s", arguments);

    assert_code(reclaim(command), 2);
    assert_has(error_text, message);
    free(command);
}

static void test_bad_input(void **state)
{
    (void)state;
    refuse("--multiples 0.5", "--multiples '0.5': it takes numbers from 1 to 1000");
    refuse("--multiples 2,,3", "it takes numbers from 1 to 1000");
    refuse("--multiples 2x", "it takes numbers from 1 to 1000");
    refuse("--strategy steady,leaky", "none trades space for time");
    refuse("--strategy nothing", "there is no strategy 'nothing'");
    assert_true(system("test -e out") != 0);
}

/* Interrupted before there is a run that could be resumed. */
static void test_interrupt_of_probes(void **state)
{
    (void)state;
    assert_code(run_after("timeout --preserve-status --signal INT 1",
                          "curve --programs programs --workload temps --strategy "
                          "tight:sleep=60000 --out out"),
                130);
    assert_true(system("test -e out/samples.jsonl") != 0);
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, open_run, close_run)

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_RUN(test_curve), WITH_RUN(test_interrupt_of_probes),
                                       WITH_RUN(test_bad_input)};
    int failed = cmocka_run_group_tests_name("curve", tests, NULL, NULL);

    free(out_text);
    free(error_text);
    return failed;
}
