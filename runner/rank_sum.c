#include "rank_sum.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "text.h"

enum { VALUES_EXACT = 60 };

typedef struct pooled_value {
    double value;
    bool of_first;
} pooled_value;

/* Both samples together. Ranks are counted double, so that the mean rank of ties is whole. */
typedef struct pool {
    size_t count, first_count;
    size_t *ranks;       /* ascending, each twice the rank */
    size_t observed_sum; /* of the first sample's */
    double ties;         /* the sum of t³ - t over all groups of t equal values */
} pool;

static int compare_pooled(const void *a, const void *b)
{
    double left = ((const pooled_value *)a)->value, right = ((const pooled_value *)b)->value;
    return (left > right) - (left < right);
}

static void rank_pooled(pool *of, const pooled_value *sorted)
{
    for (size_t first = 0, last; first < of->count; first = last + 1) {
        last = first;
        while (last + 1 < of->count && sorted[last + 1].value == sorted[first].value)
            last++;
        for (size_t i = first; i <= last; i++) {
            of->ranks[i] = first + 1 + last + 1;
            of->observed_sum += sorted[i].of_first ? of->ranks[i] : 0;
        }
        of->ties += pow((double)(last - first + 1), 3) - (double)(last - first + 1);
    }
}

static pool make_pool(const double *a, size_t a_count, const double *b, size_t b_count)
{
    pool made = {.count = a_count + b_count, .first_count = a_count};
    pooled_value *sorted = must_allocate(made.count, sizeof *sorted);

    for (size_t i = 0; i < made.count; i++)
        sorted[i] =
            i < a_count ? (pooled_value){a[i], true} : (pooled_value){b[i - a_count], false};
    qsort(sorted, made.count, sizeof *sorted, compare_pooled);
    made.ranks = must_allocate(made.count, sizeof *made.ranks);
    rank_pooled(&made, sorted);
    free(sorted);
    return made;
}

/* How far a (doubled) sum of the first sample's ranks is from its expectation. */
static double distance(const pool *of, size_t sum)
{
    return fabs((double)sum - (double)of->first_count * (double)(of->count + 1));
}

/* `ways[k * sums + s]` counts the ways to choose k of the ranks seen so far with the sum s. */
static double exact_p(const pool *of)
{
    size_t sums = of->count * (of->count + 1) + 1;
    double *ways = must_allocate((of->first_count + 1) * sums, sizeof *ways);
    const double *complete = ways + of->first_count * sums;
    double all = 0, as_far = 0;

    ways[0] = 1;
    for (size_t i = 0; i < of->count; i++) {
        for (size_t k = of->first_count; k >= 1; k--) {
            for (size_t s = sums - 1; s >= of->ranks[i]; s--)
                ways[k * sums + s] += ways[(k - 1) * sums + s - of->ranks[i]];
        }
    }
    for (size_t s = 0; s < sums; s++) {
        all += complete[s];
        as_far += distance(of, s) >= distance(of, of->observed_sum) ? complete[s] : 0;
    }
    free(ways);
    return as_far / all;
}

static double normal_p(const pool *of)
{
    double n = (double)of->first_count, m = (double)(of->count - of->first_count), all = n + m;
    double variance = n * m / 12 * (all + 1 - of->ties / (all * (all - 1)));
    double beyond = fmax(0, distance(of, of->observed_sum) / 2 - 0.5);

    return variance > 0 ? erfc(beyond / sqrt(variance) / sqrt(2)) : 1;
}

double rank_sum_p(const double *a, size_t a_count, const double *b, size_t b_count)
{
    pool both;
    double p;

    if (a_count == 0 || b_count == 0)
        return NAN;
    both = make_pool(a, a_count, b, b_count);
    p = both.count <= VALUES_EXACT ? exact_p(&both) : normal_p(&both);
    free(both.ranks);
    return p;
}

static int compare_by_value(const void *a, const void *b)
{
    double left = **(double *const *)a, right = **(double *const *)b;
    return (left > right) - (left < right);
}

void holm_correct(double *p, size_t count)
{
    double **ordered = must_allocate(count, sizeof *ordered);
    double floor = 0;
    size_t tests = 0;

    for (size_t i = 0; i < count; i++) {
        if (!isnan(p[i]))
            ordered[tests++] = &p[i];
    }
    qsort(ordered, tests, sizeof *ordered, compare_by_value);
    for (size_t i = 0; i < tests; i++) {
        floor = fmin(1, fmax(floor, *ordered[i] * (double)(tests - i)));
        *ordered[i] = floor;
    }
    free(ordered);
}
