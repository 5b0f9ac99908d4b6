/* The test of Mann and Whitney and Holm's correction, against published values and values counted
 * by hand; and how often they find what is there and what is not. */
#include "unit.h"

#include <math.h>

#include "noise.h"
#include "rank_sum.h"
#include "statistics.h"

/* Hollander and Wolfe (1973), page 69: permeability of membranes at term and earlier; W = 35,
 * one-sided p 0.1272. */
static void test_published_example(void **state)
{
    static const double at_term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    static const double earlier[] = {1.15, 0.88, 0.90, 0.74, 1.21};

    (void)state;
    assert_near(rank_sum_p(at_term, COUNT_OF(at_term), earlier, COUNT_OF(earlier)),
                0.2544122544122544);
    assert_near(rank_sum_p(earlier, COUNT_OF(earlier), at_term, COUNT_OF(at_term)),
                0.2544122544122544);
}

/* Of the 924 ways to choose 6 of 12 ranks, two are as far apart as they can be. */
static void test_smallest_p(void **state)
{
    double low[] = {1, 2, 3, 4, 5, 6}, high[] = {7, 8, 9, 10, 11, 12};

    (void)state;
    assert_near(rank_sum_p(low, 6, high, 6), 2.0 / 924);
}

/* 328 of the 1716 ways, counted by trying them all. */
static void test_ties_are_exact(void **state)
{
    static const double a[] = {1, 2, 2, 3, 5, 5, 8}, b[] = {2, 4, 5, 6, 8, 9};

    (void)state;
    assert_near(rank_sum_p(a, COUNT_OF(a), b, COUNT_OF(b)), 328.0 / 1716);
    assert_near(rank_sum_p((double[]){3, 3, 3}, 3, (double[]){3, 3}, 2), 1);
}

/* Above 60 values; SciPy 1.10 gives the same with its method 'asymptotic'. */
static void test_many_values(void **state)
{
    double a[40], b[35], equal[70] = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(a); i++)
        a[i] = (double)(i * 37 % 101);
    for (size_t i = 0; i < COUNT_OF(b); i++)
        b[i] = (double)(i * 53 % 97 + 10);
    assert_near(rank_sum_p(a, COUNT_OF(a), b, COUNT_OF(b)), 0.4899577679683973);
    assert_near(rank_sum_p(equal, 40, equal + 40, 30), 1);
}

static void test_nothing_to_judge(void **state)
{
    (void)state;
    assert_true(isnan(rank_sum_p(NULL, 0, (double[]){1}, 1)));
    assert_near(rank_sum_p((double[]){1}, 1, (double[]){2}, 1), 1);
}

/* 0.01 × 4, then 0.02 × 3 raised to at least that, 0.04 × 2, 0.5. */
static void test_holm(void **state)
{
    double p[] = {0.5, 0.01, NAN, 0.04, 0.02}, one[] = {0.03}, certain[] = {0.9, 0.8};

    (void)state;
    holm_correct(p, COUNT_OF(p));
    assert_near(p[1], 0.04);
    assert_near(p[4], 0.06);
    assert_near(p[3], 0.08);
    assert_near(p[0], 0.5);
    assert_true(isnan(p[2]));
    holm_correct(one, 1);
    assert_near(one[0], 0.03);
    holm_correct(certain, 2);
    assert_near(certain[0], 1);
}

/* -- what is there and what is not, by simulation -- */

enum { TRIALS = 1000, SAMPLES = 11, COMPARED = 15 };

/* Times as they are: a floor, noise, and now and then a disturbance that only makes longer. */
static void make_times(double times[SAMPLES], double factor, random_state *random)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        times[i] = factor * (1 + 0.015 * fabs(noise(random)));
        if (random_below(random, 10) == 0)
            times[i] *= 1.3;
    }
}

/* One comparison in 20 at the most may have a p below 0.05 where nothing differs; 6.5% leaves room
 * for chance: three deviations of a thousand trials. */
static void test_equals_are_rarely_found(void **state)
{
    random_state random = {.value = 11};
    double before[SAMPLES], after[SAMPLES];
    int found = 0;

    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        make_times(before, 1, &random);
        make_times(after, 1, &random);
        found += rank_sum_p(before, SAMPLES, after, SAMPLES) < 0.05;
    }
    assert_true(found <= TRIALS * 65 / 1000);
    assert_true(found >= TRIALS * 3 / 100); /* it is a test of 5%, and not of nothing */
}

/* Nor one family in 20 after the correction. */
static void test_equal_families_are_rarely_found(void **state)
{
    random_state random = {.value = 12};
    double before[SAMPLES], after[SAMPLES], p[COMPARED];
    int found = 0;

    (void)state;
    for (int trial = 0; trial < TRIALS / 2; trial++) {
        double smallest = 1;
        for (size_t i = 0; i < COMPARED; i++) {
            make_times(before, 1, &random);
            make_times(after, 1, &random);
            p[i] = rank_sum_p(before, SAMPLES, after, SAMPLES);
        }
        holm_correct(p, COMPARED);
        for (size_t i = 0; i < COMPARED; i++)
            smallest = fmin(smallest, p[i]);
        found += smallest < 0.05;
    }
    assert_true(found <= TRIALS / 2 * 8 / 100);
}

/* 5% are found in nine of ten trials, and in six of ten as one of 15 comparisons. */
static void test_a_slowdown_is_found(void **state)
{
    random_state random = {.value = 13};
    double before[SAMPLES], after[SAMPLES];
    int found = 0, found_among_many = 0;

    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        double p;
        make_times(before, 1, &random);
        make_times(after, 1.05, &random);
        p = rank_sum_p(before, SAMPLES, after, SAMPLES);
        found += p < 0.05;
        found_among_many += p * COMPARED < 0.05;
    }
    assert_true(found >= TRIALS * 9 / 10);
    assert_true(found_among_many >= TRIALS * 6 / 10);
}

/* The interval of the ratio holds the truth about as often as it says: 95%, and never below 90. */
static void test_interval_of_a_ratio(void **state)
{
    random_state random = {.value = 14};
    double before[SAMPLES], after[SAMPLES];
    int inside = 0;

    (void)state;
    for (int trial = 0; trial < TRIALS / 2; trial++) {
        estimate ratio;
        make_times(before, 1, &random);
        make_times(after, 1.2, &random);
        ratio = statistics_ratio(before, SAMPLES, after, SAMPLES);
        inside += ratio.low <= 1.2 && 1.2 <= ratio.high;
    }
    assert_true(inside >= TRIALS / 2 * 90 / 100);
    assert_true(isnan(statistics_ratio(before, 5, after, SAMPLES).low));
    assert_near(statistics_ratio((double[]){2}, 1, (double[]){3}, 1).median, 1.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_example),
        cmocka_unit_test(test_smallest_p),
        cmocka_unit_test(test_ties_are_exact),
        cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_nothing_to_judge),
        cmocka_unit_test(test_holm),
        cmocka_unit_test(test_equals_are_rarely_found),
        cmocka_unit_test(test_equal_families_are_rarely_found),
        cmocka_unit_test(test_a_slowdown_is_found),
        cmocka_unit_test(test_interval_of_a_ratio),
    };
    return cmocka_run_group_tests_name("rank sum", tests, NULL, NULL);
}
