/* The statistics behind every interval and verdict.
 *
 * Times of a benchmark are skewed and have outliers, so nothing here assumes a normal distribution:
 * the middle is the median, its interval is a bootstrap, and differences are judged
 * under every exchange of pairs; those of separate runs by rank_sum.h. */
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

/* The least value and the next, where NAN is no value; NAN: there is none. */
void statistics_least_two(const double *values, size_t count, double least[2]);

/* The median with the percentile interval of its bootstrap, drawn with a fixed seed. Cost: O(count)
 * × 4,000. */
estimate statistics_estimate(const double *values, size_t count);

/* The ratio of two medians, second ÷ first, of samples that cannot be paired; for the interval both
 * are drawn anew. */
estimate statistics_ratio(const double *first, size_t first_count, const double *second,
                          size_t second_count);

/* The geometric mean of the medians of several series of ratios: `values[s * pairs + i]` is that of
 * series `s` in repetition `i`, NAN where it is missing. For the interval both the series (another
 * choice of workloads) and the repetitions within each (the machine's noise) are drawn anew. NAN
 * without series, or when one of them has no value; no interval when there is but one series or one
 * with fewer than STATISTICS_SAMPLES_MIN values. Cost: O(series × pairs) × 4,000. */
estimate statistics_geometric_mean(const double *values, size_t series, size_t pairs);

/* Judges several series of pairs at once: `before[s * pairs + i]` and `after[…]` are those of series
 * `s` in repetition `i`, NAN where it is missing. `p[s]` becomes the two-sided p value that nothing
 * differs, already corrected for being one of many.
 *
 * If nothing differs, the two of each pair could as well have come out exchanged, in all series of a
 * repetition alike. So whole repetitions are exchanged in every possible way, and p is the share of
 * ways in which the largest sum of all series reaches what was observed; a series that is judged is
 * left out for those after it (Westfall and Young's step-down procedure, 1993).
 *
 * Two sums are taken of each series, and the larger counts, in the observed order as in all others: one
 * of the differences of the pairs, which sees a small one under a drift that moves both of a pair,
 * and Mann and Whitney's sum of pooled ranks, which is not misled where one of a pair is disturbed
 * and the other is not.
 *
 * Where there are ways enough to exchange the pairs (20 times as many as series), each series is taken by its
 * own scale, and its differences by weights that leave out the disturbed ones (Tukey's biweight). With
 * fewer repetitions ranks are common to all series (of each, less its median) and the differences are
 * Wilcoxon's signed ranks: that lets a large difference be found among many comparisons with 6
 * repetitions, where correcting 15 single tests by Holm's procedure would take 10.
 *
 * Exact up to 13 repetitions, by 8,000 random ways above. Cost: O(ways × series × pairs). */
void statistics_judge(const double *before, const double *after, size_t series, size_t pairs,
                      double *p);

#endif
