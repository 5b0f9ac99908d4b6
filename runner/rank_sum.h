/* Judging times of separate runs, which cannot be paired: the rank-sum test of Mann and Whitney, and
 * the correction for many such tests.
 *
 * Repetitions of one run are paired and judged by statistics_judge(), which is sharper: whatever
 * slowed a repetition down slowed both of a pair. */
#ifndef RECLAIM_RUNNER_RANK_SUM_H
#define RECLAIM_RUNNER_RANK_SUM_H

#include <stddef.h>

/* The two-sided p value that both samples were drawn from one distribution (Mann and Whitney 1947).
 * NAN when one of them is empty.
 *
 * Exact up to 60 values, ties included: p is the share of all ways to choose the ranks of the first
 * sample whose sum is as far from the middle as the observed one. By the normal approximation, with
 * the corrections for ties and continuity, above. */
double rank_sum_p(const double *a, size_t a_count, const double *b, size_t b_count);

/* Corrects p values in place for being one of many, by Holm's step-down procedure (1979), which
 * holds whatever the tests have to do with each other. NANs are not counted and stay. */
void holm_correct(double *p, size_t count);

#endif
