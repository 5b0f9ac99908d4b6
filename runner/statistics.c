#include "statistics.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "text.h"

enum { RESAMPLES = 4000, PAIRS_EXACT = 13, RANDOM_FLIPS = 8000 };

static const double level = 0.05;

static int compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double *sorted_copy(const double *values, size_t count)
{
    double *copy = must_allocate(count, sizeof *copy);

    if (count > 0)
        memcpy(copy, values, count * sizeof *copy);
    qsort(copy, count, sizeof *copy, compare_numbers);
    return copy;
}

static double median_of_sorted(const double *sorted, size_t count)
{
    if (count == 0)
        return NAN;
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

double statistics_median(const double *values, size_t count)
{
    double *sorted = sorted_copy(values, count);
    double median = median_of_sorted(sorted, count);

    free(sorted);
    return median;
}

/* The value that has `rank` of the drawn ones before it, where `drawn[i]` says how often
 * `sorted[i]` was drawn. */
static double drawn_at_rank(const double *sorted, const unsigned *drawn, size_t rank)
{
    size_t i = 0;

    for (size_t seen = drawn[0]; seen <= rank; seen += drawn[i])
        i++;
    return sorted[i];
}

/* Draws indices into the sorted values and counts them, so that no resample has to be sorted. */
static double median_of_resample(const double *sorted, size_t count, unsigned *drawn,
                                 random_state *random)
{
    memset(drawn, 0, count * sizeof *drawn);
    for (size_t i = 0; i < count; i++)
        drawn[random_below(random, count)]++;
    return (drawn_at_rank(sorted, drawn, (count - 1) / 2) +
            drawn_at_rank(sorted, drawn, count / 2)) /
           2;
}

/* The medians of all resamples; the caller frees them. */
static double *resampled_medians(const double *sorted, size_t count, uint64_t seed)
{
    double *medians = must_allocate(RESAMPLES, sizeof *medians);
    unsigned *drawn = must_allocate(count, sizeof *drawn);
    random_state random = {.value = seed};

    for (size_t i = 0; i < RESAMPLES; i++)
        medians[i] = median_of_resample(sorted, count, drawn, &random);
    free(drawn);
    return medians;
}

/* Takes over what was found in the resamples. */
static void percentile_interval(double *resampled, estimate *result)
{
    qsort(resampled, RESAMPLES, sizeof *resampled, compare_numbers);
    result->low = resampled[(size_t)(level / 2 * RESAMPLES)];
    result->high = resampled[(size_t)((1 - level / 2) * RESAMPLES) - 1];
    free(resampled);
}

estimate statistics_estimate(const double *values, size_t count)
{
    double *sorted = sorted_copy(values, count);
    estimate result = {median_of_sorted(sorted, count), NAN, NAN};

    if (count >= STATISTICS_SAMPLES_MIN)
        percentile_interval(resampled_medians(sorted, count, 1), &result);
    free(sorted);
    return result;
}

estimate statistics_ratio(const double *first, size_t first_count, const double *second,
                          size_t second_count)
{
    double *below = sorted_copy(first, first_count), *above = sorted_copy(second, second_count);
    estimate result = {median_of_sorted(above, second_count) / median_of_sorted(below, first_count),
                       NAN, NAN};

    if (first_count >= STATISTICS_SAMPLES_MIN && second_count >= STATISTICS_SAMPLES_MIN) {
        double *divisors = resampled_medians(below, first_count, 1);
        double *ratios = resampled_medians(above, second_count, 2);
        for (size_t i = 0; i < RESAMPLES; i++)
            ratios[i] /= divisors[i];
        percentile_interval(ratios, &result);
        free(divisors);
    }
    free(below);
    free(above);
    return result;
}

/* -- judging differences -- */

/* The signed ranks of all series; the sums are what they are judged by. */
typedef struct family {
    size_t series, pairs;
    int64_t *ranks;  /* series × pairs */
    int64_t *sums;   /* observed, without sign */
    size_t *by_sum;  /* the series, the largest sum first */
    size_t *reached; /* flips in which the largest sum of this series and those behind it reached
                        the observed one */
} family;

typedef struct ranked_value {
    double magnitude;
    size_t place;
} ranked_value;

static int compare_ranked(const void *a, const void *b)
{
    return compare_numbers(&((const ranked_value *)a)->magnitude,
                           &((const ranked_value *)b)->magnitude);
}

/* Collects the differences that are neither missing nor zero, by magnitude. */
static size_t sort_magnitudes(const double *differences, size_t count, ranked_value *sorted)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (!isnan(differences[i]) && differences[i] != 0)
            sorted[kept++] = (ranked_value){fabs(differences[i]), i};
    }
    qsort(sorted, kept, sizeof *sorted, compare_ranked);
    return kept;
}

/* Twice the rank, with the sign of the difference. Ties share their mean rank, which may end in a
 * half; twice it never does. */
static void rank_differences(const double *differences, size_t count, int64_t *ranks)
{
    ranked_value *sorted = must_allocate(count, sizeof *sorted);
    size_t kept = sort_magnitudes(differences, count, sorted);

    for (size_t first = 0, last; first < kept; first = last + 1) {
        last = first;
        while (last + 1 < kept && sorted[last + 1].magnitude == sorted[first].magnitude)
            last++;
        for (size_t i = first; i <= last; i++) {
            int64_t rank = (int64_t)(first + 1 + last + 1);
            ranks[sorted[i].place] = differences[sorted[i].place] > 0 ? rank : -rank;
        }
    }
    free(sorted);
}

/* The sum of a series, without sign, when the repetitions whose bit is set in `flips` have the
 * opposite sign. */
static int64_t flipped_sum(const family *judged, size_t series, const uint64_t *flips)
{
    const int64_t *ranks = judged->ranks + series * judged->pairs;
    int64_t sum = 0;

    for (size_t i = 0; i < judged->pairs; i++)
        sum += (flips[i / 64] >> (i % 64) & 1) != 0 ? -ranks[i] : ranks[i];
    return sum < 0 ? -sum : sum;
}

static void order_by_sum(family *judged)
{
    for (size_t i = 0; i < judged->series; i++) {
        size_t place = i;
        for (; place > 0 && judged->sums[judged->by_sum[place - 1]] < judged->sums[i]; place--)
            judged->by_sum[place] = judged->by_sum[place - 1];
        judged->by_sum[place] = i;
    }
}

static void count_flip(family *judged, const uint64_t *flips)
{
    int64_t largest = 0;

    for (size_t i = judged->series; i-- > 0;) {
        size_t series = judged->by_sum[i];
        int64_t sum = flipped_sum(judged, series, flips);
        largest = sum > largest ? sum : largest;
        judged->reached[series] += largest >= judged->sums[series];
    }
}

/* Tries flips and returns how many; the observed signs are always among them. Flipping all
 * repetitions changes no sum, so half of all ways are enough: the last repetition keeps its sign.
 */
static size_t count_flips(family *judged)
{
    bool is_exact = judged->pairs <= PAIRS_EXACT;
    size_t tries = is_exact ? (size_t)1 << (judged->pairs - 1) : RANDOM_FLIPS;
    uint64_t *flips = must_allocate(judged->pairs / 64 + 1, sizeof *flips);
    random_state random = {.value = 1};

    for (size_t i = 0; i < tries; i++) {
        flips[0] = i;
        for (size_t j = 0; !is_exact && i > 0 && j <= judged->pairs / 64; j++)
            flips[j] = random_next(&random);
        count_flip(judged, flips);
    }
    free(flips);
    return tries;
}

static void step_down(const family *judged, size_t tries, double *p)
{
    double floor = 0;

    for (size_t i = 0; i < judged->series; i++) {
        size_t series = judged->by_sum[i];
        floor = fmax(floor, (double)judged->reached[series] / (double)tries);
        p[series] = floor;
    }
}

void statistics_judge(const double *differences, size_t series, size_t pairs, double *p)
{
    family judged = {.series = series, .pairs = pairs};
    static const uint64_t none[STATISTICS_PAIRS_MAX / 64 + 1];

    if (series == 0 || pairs == 0)
        return;
    judged.ranks = must_allocate(series * pairs, sizeof *judged.ranks);
    judged.sums = must_allocate(series, sizeof *judged.sums);
    judged.by_sum = must_allocate(series, sizeof *judged.by_sum);
    judged.reached = must_allocate(series, sizeof *judged.reached);
    rank_differences(differences, series * pairs, judged.ranks);
    for (size_t i = 0; i < series; i++)
        judged.sums[i] = flipped_sum(&judged, i, none);
    order_by_sum(&judged);
    step_down(&judged, count_flips(&judged), p);
    free(judged.ranks);
    free(judged.sums);
    free(judged.by_sum);
    free(judged.reached);
}
