/* New against old: what `--programs old=DIR --programs new=DIR` asks for.
 *
 * Both builds run one after the other within each repetition, so a comparison pairs their times by
 * repetition. The first set that was named is the old one; every other is compared with it. */
#ifndef RECLAIM_RUNNER_COMPARISON_H
#define RECLAIM_RUNNER_COMPARISON_H

#include <jansson.h>

#include "plan.h"
#include "statistics.h"
#include "store.h"

/* A difference is one that is significant (p below 0.05, corrected for the number of comparisons)
 * and larger than the margin. */
typedef enum verdict {
    VERDICT_SLOWER,
    VERDICT_FASTER,
    VERDICT_NO_DIFFERENCE,
    VERDICT_TOO_FEW_SAMPLES, /* no outcome of so few repetitions is significant */
    VERDICT_NOT_COMPARABLE   /* one of the two has no valid times */
} verdict;

typedef struct comparison {
    const char *label; /* the strategy */
    const char *spec;  /* "" for all workloads of the strategy together */
    const char *old_set, *new_set;
    size_t n;       /* repetitions in which both have a time */
    estimate ratio; /* new ÷ old; over all workloads the geometric mean of theirs */
    double p;       /* corrected for the size of the family; NAN when not comparable */
    verdict verdict;
    double *logs; /* of the ratio in each repetition, while the verdicts are being made; NULL when
                     not comparable */
} comparison;

typedef struct comparison_list {
    comparison *items; /* owned; the texts belong to the plan */
    size_t count;
} comparison_list;

/* `is_valid[i]` says whether the times of cell i mean anything. Two families are corrected on their
 * own: the single workloads, and the strategies over all their workloads. */
comparison_list comparisons_make(const plan *planned, const store *from, const bool *is_valid);

/* "slower", "no difference found", ... */
const char *verdict_name(verdict of);

/* As summary.json holds it. */
json_t *comparison_to_json(const comparison *of);

#endif
