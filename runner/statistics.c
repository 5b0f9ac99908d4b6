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

void statistics_least_two(const double *values, size_t count, double least[2])
{
    least[0] = least[1] = NAN;
    for (size_t i = 0; i < count; i++) {
        if (isnan(least[0]) || values[i] < least[0]) {
            least[1] = least[0];
            least[0] = values[i];
        } else if (isnan(least[1]) || values[i] < least[1]) {
            least[1] = values[i];
        }
    }
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

/* -- many series -- */

/* The values of one series that are there, sorted; its draws have room for as many. */
typedef struct series {
    double *sorted;
    size_t count;
} series;

static series *sort_each(const double *values, size_t count, size_t pairs)
{
    series *each = must_allocate(count + 1, sizeof *each);

    for (size_t s = 0; s < count; s++) {
        each[s].sorted = must_allocate(pairs + 1, sizeof *each[s].sorted);
        for (size_t i = 0; i < pairs; i++) {
            if (!isnan(values[s * pairs + i]))
                each[s].sorted[each[s].count++] = values[s * pairs + i];
        }
        qsort(each[s].sorted, each[s].count, sizeof *each[s].sorted, compare_numbers);
    }
    return each;
}

static void free_each(series *each, size_t count)
{
    for (size_t s = 0; s < count; s++)
        free(each[s].sorted);
    free(each);
}

static double mean_of_resample(const series *each, size_t count, unsigned *drawn,
                               random_state *random)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        const series *of = &each[random_below(random, count)];
        sum += log(median_of_resample(of->sorted, of->count, drawn, random));
    }
    return exp(sum / (double)count);
}

static double *resampled_means(const series *each, size_t count, size_t pairs)
{
    double *means = must_allocate(RESAMPLES, sizeof *means);
    unsigned *drawn = must_allocate(pairs, sizeof *drawn);
    random_state random = {.value = 1};

    for (size_t i = 0; i < RESAMPLES; i++)
        means[i] = mean_of_resample(each, count, drawn, &random);
    free(drawn);
    return means;
}

estimate statistics_geometric_mean(const double *values, size_t count, size_t pairs)
{
    series *each = sort_each(values, count, pairs);
    estimate result = {NAN, NAN, NAN};
    size_t fewest = count > 1 ? pairs : 0;
    double sum = 0;

    for (size_t s = 0; s < count; s++) {
        sum += log(median_of_sorted(each[s].sorted, each[s].count));
        fewest = each[s].count < fewest ? each[s].count : fewest;
    }
    if (count > 0)
        result.median = exp(sum / (double)count);
    if (!isnan(result.median) && fewest >= STATISTICS_SAMPLES_MIN)
        percentile_interval(resampled_means(each, count, pairs), &result);
    free_each(each, count);
    return result;
}

/* -- judging pairs -- */

/* A series is judged by two statistics. Each is a sum over the repetitions, of scores that change
 * sign when the two of a pair are exchanged; the scores of one statistic have a common scale, so
 * that the larger of both sums can be taken. */
enum { STATISTICS = 2 };

typedef struct family {
    size_t series, pairs;
    double *scores[STATISTICS]; /* series × pairs */
    double *observed;           /* of each series: the larger of its sums, without sign */
    size_t *by_observed;        /* the series, the largest first */
    size_t
        *reached; /* flips in which a series or one of those behind it reached its observed sum */
} family;

/* A sum that is equal but for rounding has been reached. */
static const double rounding = 1e-9;

typedef struct ranked_value {
    double value;
    size_t place;
} ranked_value;

static int compare_ranked(const void *a, const void *b)
{
    return compare_numbers(&((const ranked_value *)a)->value, &((const ranked_value *)b)->value);
}

/* The rank of each value that is not NAN, from 1 on; ties share their mean rank, and NANs have 0. */
static void rank_values(const double *values, size_t count, double *ranks)
{
    ranked_value *sorted = must_allocate(count, sizeof *sorted);
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        ranks[i] = 0;
        if (!isnan(values[i]))
            sorted[kept++] = (ranked_value){values[i], i};
    }
    qsort(sorted, kept, sizeof *sorted, compare_ranked);
    for (size_t first = 0, last; first < kept; first = last + 1) {
        last = first;
        while (last + 1 < kept && sorted[last + 1].value == sorted[first].value)
            last++;
        for (size_t i = first; i <= last; i++)
            ranks[sorted[i].place] = (double)(first + 1 + last + 1) / 2;
    }
    free(sorted);
}

/* Wilcoxon's: the ranks of the differences' magnitudes, with their signs. */
static void score_by_signed_ranks(const double *before, const double *after, size_t count,
                                  double *scores)
{
    double *magnitudes = must_allocate(count, sizeof *magnitudes);

    for (size_t i = 0; i < count; i++)
        magnitudes[i] = after[i] != before[i] ? fabs(after[i] - before[i]) : NAN;
    rank_values(magnitudes, count, scores);
    for (size_t i = 0; i < count; i++)
        scores[i] = after[i] < before[i] ? -scores[i] : scores[i];
    free(magnitudes);
}

/* Tukey's biweight: the differences, by weights that fall from 1 at 0 to nothing at three times the median
 * magnitude. What hits one of a pair only, and hits it hard, is not counted at all. */
static void score_by_weighted_differences(const double *before, const double *after, size_t count,
                                          double *scores)
{
    static const double reach = 3;
    double *magnitudes = must_allocate(count, sizeof *magnitudes), far;
    size_t known = 0;

    for (size_t i = 0; i < count; i++) {
        scores[i] = after[i] - before[i];
        if (!isnan(scores[i]))
            magnitudes[known++] = fabs(scores[i]);
    }
    far = reach * statistics_median(magnitudes, known);
    for (size_t i = 0; i < count; i++) {
        double share = scores[i] / far;
        scores[i] = fabs(share) < 1 ? scores[i] * pow(1 - share * share, 2) : 0;
    }
    free(magnitudes);
}

/* Fills `pooled` with the values of a series, first those before and then those after, each less the
 * median of all of them. A pair of which one is missing is no pair. */
static void pool_series(const double *before, const double *after, size_t pairs, double *pooled)
{
    double *known = must_allocate(2 * pairs, sizeof *known), middle;
    size_t count = 0;

    for (size_t i = 0; i < pairs; i++) {
        if (!isnan(before[i]) && !isnan(after[i])) {
            known[count++] = before[i];
            known[count++] = after[i];
        }
    }
    middle = statistics_median(known, count);
    for (size_t i = 0; i < pairs; i++) {
        bool is_pair = !isnan(before[i]) && !isnan(after[i]);
        pooled[i] = is_pair ? before[i] - middle : NAN;
        pooled[pairs + i] = is_pair ? after[i] - middle : NAN;
    }
    free(known);
}

/* Mann and Whitney's: the rank of one among all values of both, less the rank of the other. */
static void score_by_pooled_ranks(const double *before, const double *after, size_t series,
                                  size_t pairs, double *scores)
{
    size_t count = 2 * series * pairs;
    double *pooled = must_allocate(count, sizeof *pooled);
    double *ranks = must_allocate(count, sizeof *ranks);

    for (size_t i = 0; i < series; i++)
        pool_series(before + i * pairs, after + i * pairs, pairs, pooled + 2 * i * pairs);
    rank_values(pooled, count, ranks);
    for (size_t i = 0; i < series; i++) {
        for (size_t j = 0; j < pairs; j++)
            scores[i * pairs + j] = ranks[(2 * i + 1) * pairs + j] - ranks[2 * i * pairs + j];
    }
    free(pooled);
    free(ranks);
}

/* To the square sum 1. */
static void scale(double *scores, size_t count)
{
    double squares = 0;

    for (size_t i = 0; i < count; i++)
        squares += scores[i] * scores[i];
    for (size_t i = 0; i < count && squares > 0; i++)
        scores[i] /= sqrt(squares);
}

/* All series by one scale: a large difference stands out among many small ones. */
static void score_in_common(const family *judged, const double *before, const double *after)
{
    size_t count = judged->series * judged->pairs;

    score_by_signed_ranks(before, after, count, judged->scores[0]);
    score_by_pooled_ranks(before, after, judged->series, judged->pairs, judged->scores[1]);
    for (size_t i = 0; i < STATISTICS; i++)
        scale(judged->scores[i], count);
}

/* Each series by its own noise, so that a disturbed one does not hide the others. */
static void score_each(const family *judged, const double *before, const double *after)
{
    for (size_t s = 0; s < judged->series; s++) {
        size_t first = s * judged->pairs;
        score_by_weighted_differences(before + first, after + first, judged->pairs,
                                      judged->scores[0] + first);
        score_by_pooled_ranks(before + first, after + first, 1, judged->pairs,
                              judged->scores[1] + first);
        for (size_t i = 0; i < STATISTICS; i++)
            scale(judged->scores[i] + first, judged->pairs);
    }
}

/* Whether a series that differs in every pair would be found when each is judged by its own scale: any of
 * the others may come out as it does, in one of all ways to exchange the pairs. */
static bool has_ways_for_each(const family *judged, const double *before, const double *after)
{
    size_t fewest = judged->pairs;

    for (size_t s = 0; s < judged->series; s++) {
        size_t count = 0;
        for (size_t i = s * judged->pairs; i < (s + 1) * judged->pairs; i++)
            count += !isnan(before[i]) && !isnan(after[i]);
        fewest = count < fewest ? count : fewest;
    }
    return fewest > 0 && (double)judged->series <= level * pow(2, (double)fewest - 1);
}

/* The larger sum of a series, without sign, when the pairs of the repetitions whose bit is set in
 * `flips` are exchanged. */
static double flipped_sum(const family *judged, size_t series, const uint64_t *flips)
{
    double largest = 0;

    for (size_t statistic = 0; statistic < STATISTICS; statistic++) {
        const double *scores = judged->scores[statistic] + series * judged->pairs;
        double sum = 0;
        for (size_t i = 0; i < judged->pairs; i++)
            sum += (flips[i / 64] >> (i % 64) & 1) != 0 ? -scores[i] : scores[i];
        largest = fmax(largest, fabs(sum));
    }
    return largest;
}

static void order_by_observed(family *judged)
{
    for (size_t i = 0; i < judged->series; i++) {
        size_t place = i;
        for (; place > 0 && judged->observed[judged->by_observed[place - 1]] < judged->observed[i];
             place--)
            judged->by_observed[place] = judged->by_observed[place - 1];
        judged->by_observed[place] = i;
    }
}

static void count_flip(family *judged, const uint64_t *flips)
{
    double largest = 0;

    for (size_t i = judged->series; i-- > 0;) {
        size_t series = judged->by_observed[i];
        largest = fmax(largest, flipped_sum(judged, series, flips));
        judged->reached[series] += largest >= judged->observed[series] - rounding;
    }
}

/* Tries flips and returns how many; the observed order is always among them. Flipping all
 * repetitions changes no sum, so half of all ways are enough: the last repetition keeps its order.
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
        size_t series = judged->by_observed[i];
        floor = fmax(floor, (double)judged->reached[series] / (double)tries);
        p[series] = floor;
    }
}

static void score_all(family *judged, const double *before, const double *after)
{
    static const uint64_t none[STATISTICS_PAIRS_MAX / 64 + 1];

    for (size_t i = 0; i < STATISTICS; i++)
        judged->scores[i] =
            must_allocate(judged->series * judged->pairs, sizeof *judged->scores[i]);
    if (has_ways_for_each(judged, before, after))
        score_each(judged, before, after);
    else
        score_in_common(judged, before, after);
    for (size_t i = 0; i < judged->series; i++)
        judged->observed[i] = flipped_sum(judged, i, none);
}

void statistics_judge(const double *before, const double *after, size_t series, size_t pairs,
                      double *p)
{
    family judged = {.series = series, .pairs = pairs};

    if (series == 0 || pairs == 0)
        return;
    judged.observed = must_allocate(series, sizeof *judged.observed);
    judged.by_observed = must_allocate(series, sizeof *judged.by_observed);
    judged.reached = must_allocate(series, sizeof *judged.reached);
    score_all(&judged, before, after);
    order_by_observed(&judged);
    step_down(&judged, count_flips(&judged), p);
    for (size_t i = 0; i < STATISTICS; i++)
        free(judged.scores[i]);
    free(judged.observed);
    free(judged.by_observed);
    free(judged.reached);
}
