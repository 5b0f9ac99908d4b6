/* What is computed of overheads, in closed form: geometric means, the lower bound, prices; and how a run
 * takes prices. */
#include "commands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "costs.h"
#include "lower_bound.h"
#include "prices.h"
#include "statistics.h"

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b);
}

/* -- geometric means -- */

static void test_mean_of_two_workloads(void **state)
{
    const double ratios[] = {2, 2, 2, 2, 2, 2, 8, 8, 8, 8, 8, 8};
    estimate mean = statistics_geometric_mean(ratios, 2, 6);

    (void)state;
    assert_true(is_near(mean.median, 4));
    assert_true(is_near(mean.low, 2) && is_near(mean.high, 8)); /* one workload drawn twice */
}

static void test_mean_takes_medians(void **state)
{
    const double ratios[] = {1, 3, 100, NAN, 3, 3, 27, 27, 27, 27, 27, 27};

    (void)state;
    assert_true(is_near(statistics_geometric_mean(ratios, 2, 6).median, 9));
    assert_true(isnan(statistics_geometric_mean(ratios, 2, 6).low)); /* five samples of one */
    assert_true(isnan(statistics_geometric_mean(ratios + 6, 1, 6).low));
    assert_true(isnan(statistics_geometric_mean(ratios, 0, 6).median));
}

/* -- the lower bound -- */

static json_t *run_of(double time, double cpu, double teardown, double last, json_t *collector)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:o}", "time_ns", time, "cpu_ns", cpu, "teardown_ns",
                     teardown, "last_collect_ns", last, "collector_work_ns", collector);
}

static void assert_remainders(json_t *run, double time, double cpu)
{
    assert_true(is_near(lower_bound_remainder(run, LOWER_BOUND_TIME), time));
    assert_true(is_near(lower_bound_remainder(run, LOWER_BOUND_CPU), cpu));
    json_decref(run);
}

static void test_what_is_subtracted(void **state)
{
    (void)state;
    assert_remainders(run_of(100, 100, 10, 5, json_real(20)), 65, 65);
    assert_remainders(run_of(100, 100, 10, 5, json_null()), 85, 85);  /* it has no collector */
    assert_remainders(run_of(100, 80, 10, 5, json_real(20)), 65, 65); /* 35 less 20 not run */
    assert_remainders(run_of(100, 40, 10, 5, json_real(20)), 65, 40); /* not more than certain */
}

static void test_a_run_that_does_not_say(void **state)
{
    json_t *run = json_pack("{s:f, s:f}", "time_ns", 100.0, "cpu_ns", 100.0);

    (void)state;
    assert_true(isnan(lower_bound_remainder(run, LOWER_BOUND_TIME)));
    json_decref(run);
}

/* -- prices -- */

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);

    assert_non_null(value);
    return value;
}

static void test_a_price_on_its_curve(void **state)
{
    json_t *points = parse("[[10, 2.0], [1000, 4.0], [100000, 10.0]]");

    (void)state;
    assert_true(is_near(price_at(points, 1), 2) && is_near(price_at(points, 10), 2));
    assert_true(is_near(price_at(points, 100), 3)); /* half way in logarithms */
    assert_true(is_near(price_at(points, 10000), 7));
    assert_true(is_near(price_at(points, 1e9), 10));
    json_decref(points);
}

static void test_generations_stand_at_their_own_size(void **state)
{
    json_t *price = parse("{\"counters\": [\"visited\", \"-reclaimed\"], \"size\": [\"visited\", "
                          "\"collections\"], \"points\": [[10, 2.0], [1000, 4.0]]}");
    json_t *counters = parse("{\"visited\": [100, 1000, 0], \"reclaimed\": [40, 500, 0], "
                             "\"collections\": [10, 1, 0]}");
    price_amount paid = price_apply(price, counters);

    (void)state;
    assert_true(is_near(paid.count, 60 + 500));
    assert_true(is_near(paid.ns, 60 * 2.0 + 500 * 4.0));
    json_decref(price);
    json_decref(counters);
}

static void test_counters_inside_of_others(void **state)
{
    json_t *price = parse("{\"counters\": [\"operations.load\", \"faults\"], \"size\": [], "
                          "\"points\": [[0, 0.5]]}");
    json_t *counters = parse("{\"operations\": {\"load\": 6}, \"faults\": 4}");

    (void)state;
    assert_true(is_near(price_apply(price, counters).ns, 5));
    json_object_del(counters, "faults");
    assert_true(isnan(price_apply(price, counters).ns)); /* nobody knows it */
    json_decref(price);
    json_decref(counters);
}

/* Over an ideal of 100 ns, 8 of the difference being explained. */
static double share_of(double ns, double low, double high)
{
    costs of = {.measured = {.ns = ns, .low = low, .high = high, .ideal_ns = 100},
                .explained_ns = 8,
                .explained_low = NAN,
                .explained_high = NAN};

    return costs_explained_share(&of);
}

/* A difference of 20 ns over 100, explained to 18 and, without one round or another, to what is given. */
static costs costs_without_rounds(double low, double high)
{
    return (costs){.measured = {.ns = 20, .low = 19, .high = 21, .ideal_ns = 100},
                   .explained_ns = 18,
                   .explained_low = low,
                   .explained_high = high};
}

static void test_no_share_of_prices_that_differ(void **state)
{
    costs steady = costs_without_rounds(16, 26), noisy = costs_without_rounds(16, 26.1);
    costs nothing = costs_without_rounds(0, 100);

    (void)state;
    assert_true(is_near(costs_explained_share(&steady), 0.9) && !costs_prices_differ(&steady));
    assert_true(isnan(costs_explained_share(&noisy)) && costs_prices_differ(&noisy));
    nothing.measured.low = -1; /* there is no difference to have a share of */
    assert_true(isnan(costs_explained_share(&nothing)) && !costs_prices_differ(&nothing));
}

static void test_a_share_is_of_a_difference(void **state)
{
    (void)state;
    assert_true(is_near(share_of(10, 9, 11), 0.8) && is_near(share_of(-16, -17, -15), -0.5));
    assert_true(isnan(share_of(20, -1, 30))); /* it may be none */
    assert_true(isnan(share_of(9.9, 9, 11))); /* a tenth of the ideal is the least */
    assert_true(isnan(share_of(-9.9, -11, -9)));
    assert_true(isnan(share_of(20, NAN, NAN))); /* of one repetition nobody knows how sure it is */
}

/* A list with the price of the machine's page fault, and one of its own. */
static json_t *list_with(double fault_ns, double own_ns)
{
    return json_pack("{s:[{s:s, s:b, s:[[i, f]]}, {s:s, s:b, s:[[i, f]]}]}", "prices", "name",
                     "fault", "of_machine", 1, "points", 0, fault_ns, "name", "own", "of_machine",
                     0, "points", 0, own_ns);
}

static double ns_of(const json_t *list, const char *name)
{
    return price_at(json_object_get(prices_find(list, name), "points"), 0);
}

static void test_a_price_of_the_machine_is_one_for_all(void **state)
{
    json_t *lists[] = {list_with(12, 1), NULL, list_with(60, 2), list_with(15, 3)};

    (void)state;
    prices_pool(lists, COUNT_OF(lists));
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        if (lists[i] != NULL)
            assert_true(is_near(ns_of(lists[i], "fault"), 15));
    }
    assert_true(is_near(ns_of(lists[0], "own"), 1) && is_near(ns_of(lists[3], "own"), 3));
    assert_null(prices_find(lists[0], "another"));
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        json_decref(lists[i]);
}

static void test_bad_price_lists(void **state)
{
    static const struct {
        const char *list, *message;
    } bad[] = {
        {"{}", "without the array"},
        {"{\"prices\": [{\"name\": \"a\", \"unit\": \"u\"}]}", "lacks its name, part or unit"},
        {"{\"prices\": [{\"name\": \"a\", \"part\": \"p\", \"unit\": \"u\", \"counters\": []}]}",
         "'a' names no counters"},
        {"{\"prices\": [{\"name\": \"a\", \"part\": \"p\", \"unit\": \"u\", \"counters\": [\"c\"], "
         "\"size\": 3}]}",
         "its size is one counter"},
        {"{\"prices\": [{\"name\": \"a\", \"part\": \"p\", \"unit\": \"u\", \"counters\": [\"c\"], "
         "\"size\": [], \"points\": [[0, -1.0]]}]}",
         "no ns below 0"},
        {"{\"prices\": [{\"name\": \"a\", \"part\": \"p\", \"unit\": \"u\", \"counters\": [\"c\"], "
         "\"size\": [\"s\"], \"points\": [[5, 1.0], [5, 2.0]]}]}",
         "rising sizes"},
        {"{\"prices\": [{\"name\": \"a\", \"part\": \"p\", \"unit\": \"u\", \"counters\": [\"c\"], "
         "\"size\": [], \"points\": [[1, 1.0], [2, 2.0]]}]}",
         "no size to look it up by"},
        {"{\"prices\": [{\"name\": \"a\", \"part\": \"p\", \"unit\": \"u\", \"counters\": [\"c\"], "
         "\"size\": [\"s\"], \"of_machine\": true, \"points\": [[1, 1.0], [2, 2.0]]}]}",
         "is the machine's and has a curve"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        json_t *list = parse(bad[i].list);
        problem why = {0};
        assert_false(prices_are_sound(list, &why));
        assert_non_null(strstr(why.text, bad[i].message));
        json_decref(list);
    }
}

static void test_a_bad_price_is_refused_by_name(void **state)
{
    (void)state;
    add_programs("programs", "steady dear");
    assert_code(run_after("FAKE_RECORDS=prices",
                          "run --no-charts --out out --programs programs --workload temps "
                          "--repetitions 1 --prices 1"),
                0);
    assert_int_equal(system("gunzip -c out/prices/0-1.gz >dear; gunzip -c out/prices/1-1.gz >good"),
                     0);
    assert_file_has("dear", "\"status\":\"failed\"");
    assert_file_has("dear", "the price 'object made': its points are");
    assert_file_has("good", "\"status\":\"ok\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean_of_two_workloads),
        cmocka_unit_test(test_mean_takes_medians),
        cmocka_unit_test(test_what_is_subtracted),
        cmocka_unit_test(test_a_run_that_does_not_say),
        cmocka_unit_test(test_a_price_on_its_curve),
        cmocka_unit_test(test_generations_stand_at_their_own_size),
        cmocka_unit_test(test_counters_inside_of_others),
        cmocka_unit_test(test_a_price_of_the_machine_is_one_for_all),
        cmocka_unit_test(test_bad_price_lists),
        cmocka_unit_test(test_a_share_is_of_a_difference),
        cmocka_unit_test(test_no_share_of_prices_that_differ),
        IN_FOLDER(test_a_bad_price_is_refused_by_name),
    };

    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    free(out_text);
    free(error_text);
    return failed;
}
