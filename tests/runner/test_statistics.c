/* Statistics against values that are known from the literature or follow by hand. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "noise.h"
#include "statistics.h"
#include "text.h"

static void the_least_two_leave_out_what_is_no_value(void **state)
{
    double least[2];

    (void)state;
    statistics_least_two((double[]){NAN, 5, 3, NAN, 4, 3}, 6, least);
    assert_true(least[0] == 3 && least[1] == 3);
    statistics_least_two((double[]){2, 9, 7}, 3, least);
    assert_true(least[0] == 2 && least[1] == 7);
    statistics_least_two((double[]){NAN, 8}, 2, least);
    assert_true(least[0] == 8 && isnan(least[1]));
}

static void test_median(void **state)
{
    (void)state;
    assert_near(statistics_median((double[]){3, 1, 2}, 3), 2);
    assert_near(statistics_median((double[]){4, 1, 3, 2}, 4), 2.5);
    assert_near(statistics_median((double[]){7}, 1), 7);
    assert_true(isnan(statistics_median(NULL, 0)));
}

static void test_no_interval_below_six(void **state)
{
    (void)state;
    estimate five = statistics_estimate((double[]){1, 2, 3, 4, 5}, 5);
    assert_near(five.median, 3);
    assert_true(isnan(five.low) && isnan(five.high));
    estimate none = statistics_estimate(NULL, 0);
    assert_true(isnan(none.median));
}

/* The bootstrap of a median of 11 values is known exactly: it is below the third smallest with a
 * chance of 0.7%, below the fourth with one of 3.6%, so the 2.5% quantile is the third, or the
 * fourth where few resamples decide. */
static void test_interval_of_eleven(void **state)
{
    double values[] = {11, 1, 10, 2, 9, 3, 8, 4, 7, 5, 6};
    estimate found = statistics_estimate(values, COUNT_OF(values));

    (void)state;
    assert_near(found.median, 6);
    assert_near(found.low, 3);
    assert_near(found.high, 9);
    assert_near(values[0], 11); /* the input is kept */
}

static void test_interval_is_the_same_every_time(void **state)
{
    double values[] = {5.1, 5.3, 4.9, 5.0, 5.2, 9.7, 5.1};
    estimate one = statistics_estimate(values, COUNT_OF(values));
    estimate two = statistics_estimate(values, COUNT_OF(values));

    (void)state;
    assert_near(one.low, two.low);
    assert_near(one.high, two.high);
    assert_true(one.low <= one.median && one.median <= one.high);
}

/* As if one of each pair had been 0. */
static void judge_differences(const double *differences, size_t series, size_t pairs, double *p)
{
    double *zeros = must_allocate(series * pairs, sizeof *zeros);

    statistics_judge(zeros, differences, series, pairs, p);
    free(zeros);
}

/* Hollander and Wolfe (1973), page 29: nine pairs. Wilcoxon's signed-rank test has a two-sided p of
 * 10/256; the larger of the weighted differences' sum and Mann and Whitney's is reached in as many
 * of the 256 ways, which were counted by trying them all. */
static void test_one_series(void **state)
{
    static const double before[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    static const double after[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
    double p;

    (void)state;
    statistics_judge(before, after, 1, COUNT_OF(before), &p);
    assert_near(p, 10.0 / 256);
    statistics_judge(after, before, 1, COUNT_OF(before), &p);
    assert_near(p, 10.0 / 256);
}

/* A drift that moves both of a pair: each pair differs by a little, and the repetitions by much. Only
 * what is taken of the pairs sees it. */
static void test_a_difference_under_drift(void **state)
{
    double before[11], after[11], p;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        before[i] = 10 * (double)i;
        after[i] = before[i] + 1 + 0.01 * (double)i;
    }
    statistics_judge(before, after, 1, COUNT_OF(before), &p);
    assert_true(p < 0.005);
}

enum { JUDGED = 10, REPEATED = 15 };

/* A machine that is half as slow again for seconds: one of a pair in five is from such a time and the
 * other is not, on either side. A difference of 5% under a noise of 2% is still there in the rest, and
 * a comparison that is all noise does not hide it. */
static void test_differences_beside_a_disturbed_comparison(void **state)
{
    double before[JUDGED * REPEATED], after[JUDGED * REPEATED], p[JUDGED];
    random_state random = {.value = 11};
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < JUDGED * REPEATED; i++) {
        double spread = i < REPEATED ? 0.4 : 0.02;
        before[i] = spread * noise(&random) + (random_below(&random, 10) == 0 ? 0.4 : 0);
        after[i] = 0.05 + spread * noise(&random) + (random_below(&random, 10) == 0 ? 0.4 : 0);
    }
    statistics_judge(before, after, JUDGED, REPEATED, p);
    for (size_t i = 1; i < JUDGED; i++)
        found += p[i] < 0.05;
    assert_true(p[0] > 0.05 && found >= JUDGED - 2);
}

/* Disturbances that hit one of a pair: two of eleven differences point the wrong way and are the
 * largest, so signed ranks say nothing (p = 0.32). Pooled ranks see that all others are above. */
static void test_a_difference_under_disturbances(void **state)
{
    double before[11], after[11], p;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        before[i] = i % 5 == 2 ? 200 + (double)i : 100 + 0.1 * (double)(i * 7 % 11);
        after[i] = 105 + 0.1 * (double)(i * 5 % 11);
    }
    statistics_judge(before, after, 1, COUNT_OF(before), &p);
    assert_true(p < 0.05);
}

static void test_smallest_p(void **state)
{
    double p;

    (void)state;
    judge_differences((double[]){1, 2, 3, 4, 5, 6}, 1, 6, &p);
    assert_near(p, 2.0 / 64);
    judge_differences((double[]){-1, -2, -3, -4, -5}, 1, 5, &p);
    assert_near(p, 2.0 / 32);
}

static void test_ties_zeros_and_gaps(void **state)
{
    double p;

    (void)state;
    judge_differences((double[]){0, 0, 0, 0, 0, 0}, 1, 6, &p);
    assert_near(p, 1);
    judge_differences((double[]){1, 1, 1, 1, 1, 1}, 1, 6, &p);
    assert_near(p, 2.0 / 64);
    judge_differences((double[]){1, -1, 1, -1}, 1, 4, &p);
    assert_near(p, 1);
    judge_differences((double[]){1, 2, NAN, 3, 4, 5, 6}, 1, 7, &p);
    assert_near(p, 2.0 / 64);
}

/* Above 13 repetitions the flips are drawn; the result must be close to the exact one, 2^(1 - 16).
 */
static void test_many_repetitions(void **state)
{
    double differences[16], p;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(differences); i++)
        differences[i] = 1 + (double)i;
    judge_differences(differences, 1, COUNT_OF(differences), &p);
    assert_true(p > 0 && p < 0.001);
    for (size_t i = 0; i < COUNT_OF(differences); i += 2)
        differences[i] *= -1;
    judge_differences(differences, 1, COUNT_OF(differences), &p);
    assert_true(p > 0.5);
}

enum { SERIES = 15, PAIRS = 6, TRIALS = 400 };

/* Both of a pair with a noise of 2%, some disturbed, under a drift of the machine. */
static void make_noise(double *before, double *after, size_t series, size_t pairs,
                       random_state *random)
{
    for (size_t i = 0; i < series * pairs; i++) {
        double drift = 0.02 * (double)(i % pairs);
        before[i] = drift + 0.014 * noise(random);
        after[i] = drift + 0.014 * noise(random);
        if (random_below(random, 10) == 0)
            after[i] += 0.3;
        if (random_below(random, 10) == 0)
            before[i] += 0.3;
    }
}

/* One of 15 is a fifth slower, under a noise of 2%: 6 repetitions must find it, and nothing else.
 */
static void test_one_of_many_is_found(void **state)
{
    double before[SERIES * PAIRS], after[SERIES * PAIRS], p[SERIES];
    random_state random = {.value = 5};

    (void)state;
    for (size_t i = 0; i < SERIES * PAIRS; i++) {
        before[i] = 0.014 * noise(&random);
        after[i] = 0.014 * noise(&random);
    }
    for (size_t i = 0; i < PAIRS; i++)
        after[4 * PAIRS + i] += 0.18;
    statistics_judge(before, after, SERIES, PAIRS, p);
    for (size_t i = 0; i < SERIES; i++)
        assert_true((p[i] < 0.05) == (i == 4));
}

static void test_all_differ(void **state)
{
    double before[SERIES * PAIRS], after[SERIES * PAIRS], p[SERIES];
    random_state random = {.value = 6};

    (void)state;
    for (size_t i = 0; i < SERIES * PAIRS; i++) {
        before[i] = 0.014 * noise(&random);
        after[i] = 0.18 + 0.014 * noise(&random);
    }
    statistics_judge(before, after, SERIES, PAIRS, p);
    for (size_t i = 0; i < SERIES; i++)
        assert_true(p[i] < 0.05);
}

/* How many of the trials have any p below 0.05 where nothing differs. */
static int count_found(size_t series, size_t pairs, int trials)
{
    double *before = must_allocate(series * pairs, sizeof *before);
    double *after = must_allocate(series * pairs, sizeof *after);
    double *p = must_allocate(series, sizeof *p);
    random_state random = {.value = 7};
    int found = 0;

    for (int trial = 0; trial < trials; trial++) {
        double smallest = 1;
        make_noise(before, after, series, pairs, &random);
        statistics_judge(before, after, series, pairs, p);
        for (size_t i = 0; i < series; i++)
            smallest = fmin(smallest, p[i]);
        found += smallest < 0.05;
    }
    free(before);
    free(after);
    free(p);
    return found;
}

/* At most one family in 20 may have one; 7% of the trials leaves room for chance. With 6 pairs all series
 * have one scale, with 12 each its own. */
static void test_equals_are_rarely_found(void **state)
{
    (void)state;
    assert_true(count_found(SERIES, PAIRS, TRIALS) <= TRIALS * 7 / 100);
    assert_true(count_found(SERIES, 12, TRIALS) <= TRIALS * 7 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_two_leave_out_what_is_no_value),
        cmocka_unit_test(test_median),
        cmocka_unit_test(test_no_interval_below_six),
        cmocka_unit_test(test_interval_of_eleven),
        cmocka_unit_test(test_interval_is_the_same_every_time),
        cmocka_unit_test(test_one_series),
        cmocka_unit_test(test_a_difference_under_drift),
        cmocka_unit_test(test_differences_beside_a_disturbed_comparison),
        cmocka_unit_test(test_a_difference_under_disturbances),
        cmocka_unit_test(test_smallest_p),
        cmocka_unit_test(test_ties_zeros_and_gaps),
        cmocka_unit_test(test_many_repetitions),
        cmocka_unit_test(test_one_of_many_is_found),
        cmocka_unit_test(test_all_differ),
        cmocka_unit_test(test_equals_are_rarely_found),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
