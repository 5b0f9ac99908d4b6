/* New against old.
 *
 * Within a run, both run in each repetition, so a comparison pairs their times by repetition; of
 * separate runs it compares all times with all. Repetitions that share a layout count as one. */
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
    VERDICT_NOT_COMPARABLE,  /* one of the two has no valid times */
    VERDICT_WITHHELD         /* the self-test failed on this machine */
} verdict;

/* A p value below it is significant. */
extern const double verdict_level;

/* The verdict on a ratio with its corrected p value, from n independent repetitions. */
verdict verdict_decide(double ratio, double p, size_t n, bool is_withheld, double margin);

typedef struct comparison {
    const char *label; /* the strategy */
    const char *spec;  /* "" for all workloads of the strategy together */
    const char *old_set, *new_set;
    size_t n;       /* independent repetitions that both have */
    estimate ratio; /* new ÷ old; over all workloads the geometric mean of theirs */
    double p;       /* corrected for the size of the family; NAN when not comparable */
    verdict verdict;
    double *old_logs, *new_logs; /* of the times in each repetition, while the verdicts are being
                                    made; NULL when not comparable */
} comparison;

typedef struct comparison_list {
    comparison *items; /* owned; the texts belong to the plan */
    size_t count;
} comparison_list;

/* What `--programs old=DIR --programs new=DIR` asks for: the first set that was named is the old one;
 * every other is compared with it. `is_valid[i]` says whether the times of cell i mean anything. Two
 * families are corrected on their own: the single workloads, and the strategies over all their
 * workloads. */
comparison_list comparisons_make(const plan *planned, const store *from, const bool *is_valid);

/* Adds one comparison of two cells of a run, which waits for its verdict; of an invalid one there is
 * none to wait for. */
comparison *comparisons_add_paired(comparison_list *list, const plan *planned, const store *from,
                                   size_t old_index, size_t new_index, bool is_valid);

/* Decides all that were added so, as one family. */
void comparisons_decide_paired(comparison_list *family, const plan *planned, double margin);

/* The same for cells of separate runs. */
comparison *comparisons_add_separate(comparison_list *list, const plan *old_plan,
                                     const store *old_store, size_t old_index, const plan *new_plan,
                                     const store *new_store, size_t new_index, bool is_valid);
void comparisons_decide_separate(comparison_list *family, bool is_withheld, double margin);

/* "slower", "no difference found", ... */
const char *verdict_name(verdict of);

/* As summary.json holds it. */
json_t *comparison_to_json(const comparison *of);

#endif
