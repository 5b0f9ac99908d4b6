/* Latency: percentiles, metered latency and minimum mutator utilisation against closed forms; then the
 * extra samples that they come from, as a run takes, keeps and refuses them. */
#define _GNU_SOURCE
#include "commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "noise.h"
#include "percentiles.h"
#include "recording.h"
#include "text.h"

/* -- percentiles -- */

/* 1 to n: the percentile is the rank. */
static percentiles of_first(size_t n, double pauses)
{
    double *values = must_allocate(n, sizeof *values);
    percentiles found;

    for (size_t i = 0; i < n; i++)
        values[i] = (double)(n - i);
    found = percentiles_of(values, n, pauses);
    free(values);
    return found;
}

static void test_percentiles_are_by_nearest_rank(void **state)
{
    percentiles found = of_first(10000, 20);

    (void)state;
    assert_near(found.p50, 5000);
    assert_near(found.p90, 9000);
    assert_near(found.p99, 9900);
    assert_near(found.p999, 9990);
    assert_near(found.max, 10000);
    found = of_first(3, 0);
    assert_near(found.p50, 2);
    assert_near(found.p90, 3);
    assert_true(isnan(percentiles_of(NULL, 0, 0).p50));
}

static void test_no_percentile_of_too_little(void **state)
{
    (void)state;
    assert_true(isnan(of_first(999, 100).p99));
    assert_near(of_first(1000, 0).p99, 990);
    assert_true(isnan(of_first(9999, 100).p999));
    assert_true(isnan(of_first(10000, 19).p999));
    assert_true(isnan(of_first(10000, NAN).p999)); /* nobody knows how many pauses there were */
}

/* -- metered latency -- */

enum { REQUESTS = 6 };

static void replay(const double *lengths, const double *gaps, double interval, double *latencies)
{
    recorded_run run = {
        .requests = REQUESTS, .lengths_ns = (double *)lengths, .gaps_ns = (double *)gaps};
    recorded_replay(&run, interval, latencies);
}

static const double no_gaps[REQUESTS];

static void test_a_fast_server_has_its_own_times(void **state)
{
    double lengths[REQUESTS] = {10, 10, 10, 10, 10, 10}, found[REQUESTS];

    (void)state;
    replay(lengths, no_gaps, 10, found);
    for (int i = 0; i < REQUESTS; i++)
        assert_near(found[i], 10);
}

/* One of 10 that takes 50 delays those after it by 40, 30, ...: each wins 10 of an interval of 20. */
static void test_a_pause_delays_who_arrives_meanwhile(void **state)
{
    double lengths[REQUESTS] = {10, 50, 10, 10, 10, 10}, found[REQUESTS];
    const double expected[REQUESTS] = {10, 50, 40, 30, 20, 10};

    (void)state;
    replay(lengths, no_gaps, 20, found);
    for (int i = 0; i < REQUESTS; i++)
        assert_near(found[i], expected[i]);
}

/* What the program does between two requests delays the second, unless there was time for it. */
static void test_gaps_are_work(void **state)
{
    double lengths[REQUESTS] = {10, 10, 10, 10, 10, 10}, found[REQUESTS];
    double gaps[REQUESTS] = {1000, 0, 15, 0, 5, 0};
    const double expected[REQUESTS] = {10, 10, 15, 10, 10, 10};

    (void)state;
    replay(lengths, gaps, 20, found);
    for (int i = 0; i < REQUESTS; i++)
        assert_near(found[i], expected[i]);
}

/* -- minimum mutator utilisation -- */

/* Pauses of `length` at every multiple of `period`, 100 of them. */
static double periodic(double period, double length, double window)
{
    double spans[200];

    for (int i = 0; i < 100; i++) {
        spans[2 * i] = i * period;
        spans[2 * i + 1] = i * period + length;
    }
    return utilisation_minimum(spans, 100, 100 * period, window);
}

static void test_utilisation_of_periodic_pauses(void **state)
{
    (void)state;
    assert_near(periodic(100, 20, 10), 0);
    assert_near(periodic(100, 20, 20), 0);
    assert_near(periodic(100, 20, 40), 0.5);
    assert_near(periodic(100, 20, 100), 0.8);
    assert_near(periodic(100, 20, 120), 1 - 40.0 / 120); /* two pauses fit */
    assert_near(periodic(100, 20, 10000), 0.8);          /* all of the work */
}

/* The worst window lies between two pauses of unequal length, or at an end of the work. */
static void test_utilisation_of_uneven_pauses(void **state)
{
    const double two[] = {50, 60, 70, 100}, last[] = {90, 100};

    (void)state;
    assert_near(utilisation_minimum(two, 2, 200, 50), 1 - 40.0 / 50);
    assert_near(utilisation_minimum(two, 2, 200, 30), 0);
    assert_near(utilisation_minimum(last, 1, 100, 50), 0.8);
    assert_near(utilisation_minimum(last, 1, 100, 100), 0.9);
    assert_near(utilisation_minimum(NULL, 0, 100, 50), 1);
}

/* Overlapping pauses count once; what reaches beyond the work is cut; the last collection is left out. */
static void test_spans_of_pauses(void **state)
{
    recorded_pause pauses[] = {
        {.began_ns = 10, .length_ns = 30}, {.began_ns = 20, .length_ns = 5},
        {.began_ns = 40, .length_ns = 5},  {.began_ns = 95, .length_ns = 50},
        {.began_ns = 120, .length_ns = 9}, {.began_ns = 60, .length_ns = 10}};
    recorded_run run = {.work_ns = 100, .pauses = pauses, .pauses_count = 6, .own_count = 5};
    const double expected[] = {10, 45, 95, 100};
    double spans[12];

    (void)state;
    assert_int_equal(recorded_spans(&run, spans), 2);
    for (int i = 0; i < 4; i++)
        assert_near(spans[i], expected[i]);
}

/* -- runs -- */

#define RUN "FAKE_RECORDS=latency"

static json_t *latency_of(const json_t *summary, size_t cell)
{
    return json_object_get(json_array_get(json_object_get(summary, "cells"), cell), "latency");
}

/* The fake program has one pause of 50 us in every hundred requests of 10 us. */
static void test_a_run_shows_latency(void **state)
{
    json_t *summary, *found, *trace;

    (void)state;
    add_programs("programs", "steady leaky");
    assert_code(run_after(RUN, "run --no-charts --out out --programs programs --workload temps "
                               "--repetitions 2 --latency 3"),
                0);
    assert_has(out_text, "latency of requests");
    summary = read_json("out/summary.json");
    found = latency_of(summary, 0);
    assert_near(json_number_of(found, "samples"), 3);
    assert_near(json_number_of(found, "requests"), 1200);
    assert_near(json_number_of(found, "pauses"), 4);
    assert_near(json_number_of(json_object_get(found, "request_ns"), "p50"), 10000);
    assert_near(json_number_of(json_object_get(found, "request_ns"), "max"), 60000);
    assert_near(json_number_of(json_object_get(found, "request_ns"), "p99"), 10000);
    assert_true(json_is_null(json_object_get(json_object_get(found, "request_ns"), "p999")));
    assert_true(json_is_null(json_object_get(found, "metered"))); /* there is no ideal */
    assert_near(json_number_of(found, "pause_ns_max"), 50000);
    assert_near(json_number_of(found, "collector_share"), 200.0 / 4200);
    trace = read_json("out/trace.json");
    assert_true(json_array_size(json_object_get(trace, "traceEvents")) > 800);
    json_decref(trace);
    json_decref(summary);
}

/* Of `steady` at 80% of the rate of the ideal, whose times are multiplied by `factor`. */
static json_t *metered_against(const char *factor)
{
    char *command = text_format("run --no-charts --out %s --programs programs --strategy "
                                "steady,explicit:factor=%s --workload temps --repetitions 1 "
                                "--latency 3",
                                factor, factor);
    char *path = text_format("%s/summary.json", factor);
    json_t *summary, *found;

    assert_code(run_after(RUN, command), 0);
    summary = read_json(path);
    found = json_incref(json_array_get(json_object_get(latency_of(summary, 0), "metered"), 1));
    json_decref(summary);
    free(path);
    free(command);
    return found;
}

static void test_metered_latency_needs_an_ideal_that_is_not_faster(void **state)
{
    json_t *slow, *fast;

    (void)state;
    add_programs("programs", "steady explicit");
    slow = metered_against("4");
    assert_string_equal(json_text_of(slow, "status"), "ok");
    assert_near(json_number_of(slow, "load"), 0.8);
    assert_near(json_number_of(slow, "p50"), 10000);
    assert_near(json_number_of(slow, "max"), 60000);
    fast = metered_against("0.1");
    assert_string_equal(json_text_of(fast, "status"), "saturated");
    assert_true(json_is_null(json_object_get(fast, "p50")));
    json_decref(slow);
    json_decref(fast);
}

static void test_a_report_is_the_same_again(void **state)
{
    char *before, *after;

    (void)state;
    add_programs("programs", "steady");
    assert_code(run_after(RUN, "run --no-charts --out out --programs programs --workload temps "
                               "--repetitions 1 --latency 1"),
                0);
    before = read_text("out/summary.json");
    assert_code(reclaim("report --no-charts out"), 0);
    after = read_text("out/summary.json");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void test_programs_that_cannot_record_are_not_asked(void **state)
{
    json_t *summary;

    (void)state;
    add_programs("programs", "steady");
    assert_code(reclaim("run --no-charts --out out --programs programs --workload temps "
                        "--repetitions 1 --latency 2"),
                0);
    summary = read_json("out/summary.json");
    assert_true(json_is_null(latency_of(summary, 0)));
    assert_int_not_equal(access("out/latency", F_OK), 0);
    json_decref(summary);
}

/* Its file is cut short: the cell stays what it is, and says what is missing and why. */
static void test_a_sample_that_ends_badly_is_told(void **state)
{
    (void)state;
    add_programs("programs", "half forgetful");
    assert_code(run_after(RUN, "run --no-charts --out out --programs programs --workload temps "
                               "--repetitions 1 --latency 2"),
                0);
    assert_has(out_text, "latency: failed: ");
    assert_has(out_text, "latency: its checksum ");
    assert_int_not_equal(access("out/latency/1-2.gz", F_OK), 0); /* it was not tried again */
}

static void assert_refused(const char *change, const char *message)
{
    assert_int_equal(system("rm -rf broken && cp -r out broken"), 0);
    assert_int_equal(system(change), 0);
    assert_code(reclaim("report --no-charts broken"), 1);
    assert_has(error_text, "broken/latency/0-1.gz");
    assert_has(error_text, message);
    assert_code(reclaim("run --no-charts --resume broken"), 1);
}

static void test_files_that_no_run_has_written_are_refused(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    assert_code(run_after(RUN, "run --no-charts --out out --programs programs --workload temps,dom "
                               "--repetitions 1 --latency 2"),
                0);
    assert_refused("truncate -s -20 broken/latency/0-1.gz", "damaged");
    assert_refused("truncate -s 0 broken/latency/0-1.gz", "not compressed");
    assert_refused("gunzip -c out/latency/0-1.gz > broken/latency/0-1.gz", "not compressed");
    assert_refused("echo '{}' | gzip > broken/latency/0-1.gz", "schema");
    assert_refused("gunzip -c out/latency/0-1.gz | sed 's/60000/60001/' | gzip > "
                   "broken/latency/0-1.gz",
                   "was changed");
    assert_refused("gunzip -c out/latency/0-1.gz | sed '1s/\"ok\"/\"leaked\"/' | gzip > "
                   "broken/latency/0-1.gz",
                   "was changed");
    assert_refused("cp out/latency/0-2.gz broken/latency/0-1.gz", "does not belong here");
    assert_refused("cp out/latency/1-1.gz broken/latency/0-1.gz", "does not belong here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentiles_are_by_nearest_rank),
        cmocka_unit_test(test_no_percentile_of_too_little),
        cmocka_unit_test(test_a_fast_server_has_its_own_times),
        cmocka_unit_test(test_a_pause_delays_who_arrives_meanwhile),
        cmocka_unit_test(test_gaps_are_work),
        cmocka_unit_test(test_utilisation_of_periodic_pauses),
        cmocka_unit_test(test_utilisation_of_uneven_pauses),
        cmocka_unit_test(test_spans_of_pauses),
        IN_FOLDER(test_a_run_shows_latency),
        IN_FOLDER(test_metered_latency_needs_an_ideal_that_is_not_faster),
        IN_FOLDER(test_a_report_is_the_same_again),
        IN_FOLDER(test_programs_that_cannot_record_are_not_asked),
        IN_FOLDER(test_a_sample_that_ends_badly_is_told),
        IN_FOLDER(test_files_that_no_run_has_written_are_refused),
    };
    int failed = cmocka_run_group_tests_name("latency", tests, NULL, NULL);

    free(out_text);
    free(error_text);
    return failed;
}
