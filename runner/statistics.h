/* The statistics behind every interval and verdict.
 *
 * Times of a benchmark are skewed and have outliers, so nothing here assumes a normal distribution:
 * the middle is the median, its interval is a bootstrap, and differences are judged by flipping
 * signs; those of separate runs by ranks, in rank_sum.h. */
#ifndef RECLAIM_RUNNER_STATISTICS_H
#define RECLAIM_RUNNER_STATISTICS_H

#include <stddef.h>

/* No interval and no verdict below it: with 5 pairs the smallest two-sided p is 0.0625. No more
 * pairs than the other are judged. */
enum { STATISTICS_SAMPLES_MIN = 6, STATISTICS_PAIRS_MAX = 1024 };

/* A median with its 95% interval. NAN where unknown; `low` and `high` are NAN below
 * STATISTICS_SAMPLES_MIN samples. */
typedef struct estimate {
    double median, low, high;
} estimate;

/* The median; NAN of no values. The order of `values` does not matter and is kept. */
double statistics_median(const double *values, size_t count);

/* The median with the percentile interval of its bootstrap, drawn with a fixed seed. Cost: O(count)
 * × 4,000. */
estimate statistics_estimate(const double *values, size_t count);

/* The ratio of two medians, second ÷ first, of samples that cannot be paired; for the interval both
 * are drawn anew. */
estimate statistics_ratio(const double *first, size_t first_count, const double *second,
                          size_t second_count);

/* Judges several series of paired differences at once: `differences[s * pairs + i]` is series `s`
 * in repetition `i`, NAN where it is missing. `p[s]` becomes the two-sided p value that the series
 * is symmetric about 0, already corrected for being one of many.
 *
 * Each difference is replaced by its signed rank among the magnitudes of all series; a series is
 * judged by the sum of its signed ranks. If nothing differs, every repetition could as well have
 * come out with all its signs reversed. So the signs of whole repetitions are flipped in every
 * possible way, and p is the share of flips in which the largest sum of all series reaches what was
 * observed; a series that is judged is left out for those after it (Westfall and Young's step-down
 * procedure, 1993). For one series this is Wilcoxon's signed-rank test. Ranks make it robust
 * against outliers; the common ranking lets a large difference be found among many comparisons with
 * 6 repetitions, where correcting 15 single tests by Holm's procedure would take 10.
 *
 * Exact up to 13 repetitions, by 8,000 random flips above. Cost: O(flips × series × pairs). */
void statistics_judge(const double *differences, size_t series, size_t pairs, double *p);

#endif
