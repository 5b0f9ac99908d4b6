/* `reclaim compare` as a person uses it: what it finds, what a gate sees, and what it refuses. */
#define _GNU_SOURCE
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "text.h"

/* Runs `programs` into a folder. */
static void run_into(const char *folder, const char *programs, const char *rest)
{
    char *arguments =
        text_format("run --no-charts --out %s --programs %s %s", folder, programs, rest);

    assert_code(reclaim(arguments), 0);
    free(arguments);
}

/* Two runs of 8 repetitions, of which the second has a `steady` that takes a fifth more. */
static void make_runs(void)
{
    add_programs("programs", "steady other");
    add_programs("slow", "steady other");
    run_into("a", "programs", "--workload temps,dom --repetitions 8");
    run_into("b", "slow", "--workload temps,dom --repetitions 8");
}

/* The verdict on a row and spec in JSON that was printed. */
static void assert_verdict(const char *row, const char *spec, const char *expected)
{
    json_t *all = json_loads(out_text, 0, NULL);
    const json_t *comparisons = json_object_get(all, "comparisons");
    size_t found = 0;

    for (size_t i = 0; i < json_array_size(comparisons); i++) {
        const json_t *one = json_array_get(comparisons, i);
        if (strcmp(json_text_of(one, "new"), row) == 0 &&
            strcmp(json_text_of(one, "spec"), spec) == 0) {
            assert_string_equal(json_text_of(one, "verdict"), expected);
            found++;
        }
    }
    assert_int_equal(found, 1);
    json_decref(all);
}

static void test_separate_runs(void **state)
{
    (void)state;
    make_runs();
    assert_code(reclaim("compare a b --format json"), 0);
    assert_verdict("steady", "temps", "slower");
    assert_verdict("steady", "dom", "slower");
    assert_verdict("other", "temps", "no difference found");
    assert_code(reclaim("compare b a --format json"), 0);
    assert_verdict("steady", "temps", "faster");
    assert_code(reclaim("compare a a"), 0);
    assert_has(out_text, "no difference found");
    assert_has(out_text, "the rank-sum test, corrected for 4 comparisons");
    assert_has(out_text, "separate runs");
    assert_has(out_text, "not self-tested");
}

static void test_gate(void **state)
{
    (void)state;
    make_runs();
    assert_code(reclaim("compare a b --fail-above 5%"), 5);
    assert_code(reclaim("compare a b --fail-above 0.5"), 0);
    assert_code(reclaim("compare b a --fail-above 5%"), 0);
    assert_code(reclaim("compare a b --fail-above 5% --margin 30%"), 0);
    assert_code(reclaim("compare a b --fail-above 5"), 2); /* 5% or 0.05: 5 would let all pass */
    assert_has(error_text, "fail-above");
    assert_code(reclaim("compare a b --margin wide"), 2);
    assert_has(error_text, "margin");
}

/* A gate that can judge nothing has not been passed. */
static void test_gate_without_verdicts(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    run_into("a", "programs", "--workload temps --repetitions 3");
    assert_code(reclaim("compare a a"), 0);
    assert_has(out_text, "too few samples");
    assert_code(reclaim("compare a a --fail-above 5%"), 3);
}

static void test_rows_of_one_run(void **state)
{
    (void)state;
    add_programs("programs", "steady other leaky");
    run_into("a", "programs", "--workload temps --repetitions 8");
    assert_code(reclaim("compare a --from steady --to other --format json"), 0);
    assert_has(out_text, "\"paired\": true");
    assert_code(reclaim("compare a --from steady --to leaky"), 0);
    assert_has(out_text, "not comparable");
    assert_code(reclaim("compare a --from steady --to nobody"), 2);
    assert_has(error_text, "'nobody' is not part of a");
    assert_code(reclaim("compare a"), 2);
    assert_has(error_text, "--from ROW and --to ROW");
}

static void test_builds_of_one_run(void **state)
{
    (void)state;
    add_programs("programs", "steady other");
    add_programs("slow", "steady other");
    run_into("a", "old=programs --programs new=slow", "--workload temps --repetitions 8");
    assert_code(reclaim("compare a --format json"), 0);
    assert_verdict("new/steady", "temps", "slower");
    assert_verdict("new/other", "temps", "no difference found");
    assert_code(reclaim("compare a --from new --to old --format json"), 0);
    assert_verdict("old/steady", "temps", "faster");
}

/* Replaces the first `from` in a file, with `sed`. */
static void edit(const char *file, const char *expression)
{
    char *command = text_format("sed -i '%s' %s", expression, file);

    assert_int_equal(system(command), 0);
    free(command);
}

static void test_other_machines(void **state)
{
    (void)state;
    make_runs();
    edit("b/context.json", "s/\"cores\": [0-9]*/\"cores\": 999/");
    assert_code(reclaim("compare a b"), 2);
    assert_has(error_text, "not comparable: a has machine's cores");
    assert_has(error_text, "and b has 999");
    assert_code(reclaim("compare a b --force"), 0);
    assert_has(out_text, "not the same cores");
}

static void test_other_seeds_and_scales(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    run_into("a", "programs", "--workload temps --repetitions 6");
    run_into("b", "programs", "--workload temps --repetitions 6 --seed 2");
    assert_code(reclaim("compare a b --force"), 2);
    assert_has(error_text, "a has seed 1 and b has seed 2");
    run_into("c", "programs", "--workload temps:n=5 --repetitions 6");
    assert_code(reclaim("compare a c"), 2);
    assert_has(error_text, "nothing to compare");
    run_into("d", "programs", "--workload temps --repetitions 6 --runs 4");
    assert_code(reclaim("compare a d"), 2);
    assert_has(error_text, "a has runs 3, and d has 4");
}

static void test_other_work(void **state)
{
    (void)state;
    make_runs();
    edit("b/samples.jsonl", "s/,\"check\":\"[0-9a-f]*\"//; s/\"checksum\":\"[0-9a-f]*\"/"
                            "\"checksum\":\"0123\"/");
    assert_code(reclaim("compare a b"), 0);
    assert_has(out_text, "not comparable");
    assert_has(out_text, "not the same work: checksum");
    assert_code(reclaim("compare a b --fail-above 5%"), 3);
}

static void test_edited_samples(void **state)
{
    (void)state;
    make_runs();
    edit("b/samples.jsonl", "5s/\"steady\":[0-9]*/\"steady\":1/");
    assert_code(reclaim("compare a b"), 1);
    assert_has(error_text, "samples.jsonl, line 5, was changed");
    edit("b/samples.jsonl",
         "5s/,\"check\":\"[0-9a-f]*\"//; 5s/\"status\":\"ok\"/\"status\":\"fine\"/");
    assert_code(reclaim("compare a b"), 1);
    assert_has(error_text, "has the status 'fine', which no sample has");
}

static void test_doubled_and_foreign_samples(void **state)
{
    (void)state;
    make_runs();
    assert_int_equal(system("tail -n 1 a/samples.jsonl >>a/samples.jsonl"), 0);
    assert_code(reclaim("compare a b"), 1);
    assert_has(error_text, "is a second sample of repetition");
    edit("b/samples.jsonl", "2s,reclaim.record/1,reclaim.record/7,");
    assert_code(reclaim("compare b b"), 1);
    assert_has(error_text, "has the schema 'reclaim.record/7'");
}

static void test_truncated_samples(void **state)
{
    (void)state;
    make_runs();
    assert_int_equal(truncate("b/samples.jsonl", 3000), 0);
    assert_code(reclaim("compare a b"), 2);
    assert_has(error_text, "b is not complete");
    assert_has(error_text, "its last line is cut short");
    assert_code(reclaim("compare a b --force"), 3);
    assert_has(out_text, "b is not complete");
    assert_has(out_text, "missing: not run yet");
    assert_code(reclaim("run --resume b --no-charts"), 0); /* nothing was lost by looking */
    assert_code(reclaim("compare a b"), 0);
}

static void test_no_run(void **state)
{
    (void)state;
    assert_code(reclaim("compare"), 2);
    assert_has(error_text, "needs the folder of a run");
    assert_code(reclaim("compare nowhere"), 2);
    assert_has(error_text, "nowhere is not the folder of a run");
    assert_code(reclaim("compare a b c"), 2);
    assert_has(error_text, "'c' is one too many");
}

static void test_chart(void **state)
{
    json_t *written;

    (void)state;
    make_runs();
    assert_code(run_after("PATH=/nowhere", "compare a b --out c"), 1);
    assert_has(error_text, "gnuplot is not there");
    assert_int_equal(access("c/comparison.svg", F_OK), -1);
    written = read_json("c/comparison.json");
    assert_string_equal(json_text_of(written, "schema"), "reclaim.comparison/1");
    json_decref(written);
    assert_code(reclaim("compare a b --out c"), 0);
    assert_int_equal(access("c/comparison.svg", F_OK), 0);
    assert_code(reclaim("compare a b --out a/context.json"), 1);
}

/* Where the machine failed its self-test, nothing is called slower. */
static void test_failed_self_test(void **state)
{
    (void)state;
    make_runs();
    edit("b/context.json", "s/\"seed\": 1,/\"seed\": 1, \"self_test\": {\"passed\": false},/");
    assert_code(reclaim("compare a b --fail-above 5%"), 3);
    assert_has(out_text, "no verdict");
    assert_has(out_text, "the self-test of this machine failed");
}

/* -- the self-test -- */

static void test_self_test(void **state)
{
    json_t *result;

    (void)state;
    add_programs("programs", "steady");
    add_programs("programs/planted", "steady");
    assert_code(reclaim("self-test --programs programs --repetitions 60 --out results/test"), 0);
    assert_has(out_text, "passed");
    result = read_json("results/self-test.json");
    assert_true(json_is_true(json_object_get(result, "passed")));
    assert_true(json_number_of(result, "compared") == 15);
    assert_true(json_number_of(result, "different") == 0);
    assert_true(json_number_of(result, "planted_found") == 15);
    json_decref(result);
    run_into("results/run", "programs", "--workload temps --repetitions 6");
    assert_has(out_text, "passed: 0 of 15 equals differ, 15 of 15 slowdowns found");
}

/* Where the planted slowdown is not found, runs beside the self-test get no verdicts. */
static void test_self_test_fails(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    add_programs("programs/planted", "steady");
    add_programs("slow", "steady");
    assert_code(run_after("FAKE_UNPLANTED=1",
                          "self-test --programs programs --repetitions 20 --out results/test"),
                5);
    assert_has(out_text, "FAILED");
    assert_has(out_text, "found in 0 of 5");
    run_into("results/run", "old=programs --programs new=slow", "--workload temps --repetitions 6");
    assert_has(out_text, "FAILED, so no verdicts");
    assert_has(out_text, "no verdict");
    edit("results/self-test.json", "s/\"cores\": [0-9]*/\"cores\": 999/");
    run_into("results/later", "old=programs --programs new=slow",
             "--workload temps --repetitions 6");
    assert_has(out_text, "not self-tested");
    assert_has(out_text, "slower");
}

/* A slowdown that 20 repetitions find in every other comparison and 40 in each: what is noted are 40,
 * and runs of fewer are told. */
static void test_self_test_that_needs_more_repetitions(void **state)
{
    json_t *result, *trials;

    (void)state;
    add_programs("programs", "steady");
    add_programs("programs/planted", "steady");
    assert_code(run_after("FAKE_TURNS=turns",
                          "self-test --programs programs --repetitions 200 --out results/test"),
                0);
    assert_has(out_text, "and 40 repetitions find one of 5%");
    result = read_json("results/self-test.json");
    trials = json_object_get(result, "trials");
    assert_int_equal(json_array_size(trials), 2);
    assert_true(json_number_of(json_array_get(trials, 0), "planted_found") <= 25);
    assert_true(json_number_of(result, "repetitions") == 40);
    assert_true(json_number_of(result, "planted_compared") == 25);
    json_decref(result);
    run_into("results/run", "programs", "--workload temps --repetitions 6");
    assert_has(out_text, "needed 40 repetitions");
    run_into("results/long", "programs", "--workload temps --repetitions 40");
    assert_null(strstr(out_text, "needed 40 repetitions"));
}

/* One that failed does not make the next one fail. */
static void test_self_test_after_a_failed_one(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    add_programs("programs/planted", "steady");
    assert_code(run_after("FAKE_UNPLANTED=1",
                          "self-test --programs programs --repetitions 20 --out results/test"),
                5);
    assert_code(reclaim("self-test --programs programs --repetitions 20 --out results/again"), 0);
    assert_has(out_text, "found in 5 of 5");
    assert_has(out_text, "passed");
}

static void test_self_test_without_planted_programs(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    assert_code(reclaim("self-test --programs programs"), 2);
    assert_has(error_text, "programs/planted");
    assert_code(reclaim("self-test --programs programs --repetitions 3"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_separate_runs),
        IN_FOLDER(test_gate),
        IN_FOLDER(test_gate_without_verdicts),
        IN_FOLDER(test_rows_of_one_run),
        IN_FOLDER(test_builds_of_one_run),
        IN_FOLDER(test_other_machines),
        IN_FOLDER(test_other_seeds_and_scales),
        IN_FOLDER(test_other_work),
        IN_FOLDER(test_edited_samples),
        IN_FOLDER(test_doubled_and_foreign_samples),
        IN_FOLDER(test_truncated_samples),
        IN_FOLDER(test_no_run),
        IN_FOLDER(test_chart),
        IN_FOLDER(test_failed_self_test),
        IN_FOLDER(test_self_test),
        IN_FOLDER(test_self_test_fails),
        IN_FOLDER(test_self_test_that_needs_more_repetitions),
        IN_FOLDER(test_self_test_after_a_failed_one),
        IN_FOLDER(test_self_test_without_planted_programs),
    };
    int failed = cmocka_run_group_tests_name("compare", tests, NULL, NULL);

    free(out_text);
    free(error_text);
    return failed;
}
