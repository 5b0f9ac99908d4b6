/* What a run says of a workload, in sentences made from the figures of summary.json.
 *
 * A sentence claims a difference only where standings.h gives a verdict; the rest is "no difference
 * found", or why there is none. Names for tables are plain text, sentences are HTML in which every name is
 * escaped and bold; the caller frees both. "" means that the summary has nothing to say there. */
#ifndef RECLAIM_RUNNER_VERDICTS_H
#define RECLAIM_RUNNER_VERDICTS_H

#include <jansson.h>

/* Which rows come first by a metric ("time", "memory", "wait"), for a table: "refcount",
 * "refcount, manual". `*why` becomes a short remark behind it ("no difference found"), a constant. */
char *verdict_first(const json_t *summary, const char *spec, const char *metric, const char **why);

/* The row to take where nothing else is wanted than time, and less memory where time does not
 * decide. */
char *verdict_recommended(const json_t *summary, const char *spec, const char **why);

enum { VERDICT_SHARE_MAX = 16 };

/* The ranked rows that free the largest share of their garbage the moment it becomes garbage, and that
 * share, "62%"; both "" when none frees anything so. */
char *verdict_most_prompt(const json_t *summary, const char *spec, char share[VERDICT_SHARE_MAX]);

char *verdict_throughput(const json_t *summary, const char *spec);
char *verdict_tail(const json_t *summary, const char *spec);
char *verdict_memory(const json_t *summary, const char *spec);
char *verdict_promptness(const json_t *summary, const char *spec);

/* Who leaked how much, who never collected, and who has no result and why. */
char *verdict_unranked(const json_t *summary, const char *spec);

/* The limits and the peers beside them, with their times and peaks. */
char *verdict_limits(const json_t *summary, const char *spec);

/* The share of what died that a cell freed by count, at once, 0 to 1; NAN when it does not tell, or
 * when nothing died. */
double verdict_prompt_share(const json_t *cell);

/* A share as "62%": never "100%" or "0%" of what is only nearly so. */
void verdict_share_text(char out[VERDICT_SHARE_MAX], double share);

#endif
