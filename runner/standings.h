/* Who comes first on each workload, and whom the run cannot tell apart from it: in time, in resident
 * memory, and in the longest wait. */
#ifndef RECLAIM_RUNNER_STANDINGS_H
#define RECLAIM_RUNNER_STANDINGS_H

#include <jansson.h>

#include "summary.h"

/* For summary.json, one entry for each metric and spec that has somebody to rank:
 *
 *   {"metric": "time", "spec": "pairs", "rows": [
 *     {"row": "marksweep", "value": 12700000, "ratio": null, "p": null, "verdict": "first", "n": 11},
 *     {"row": "generational", "value": 13400000, "ratio": {"median": …}, "p": 0.002, "verdict": "slower", "n": 11}]}
 *
 * The metrics are `time` (the steady time), `memory` (the resident peak), and `wait` (the longest of
 * the requests, pauses and cascades of a sample). The first row is one that no other is better than
 * by a verdict; the others are compared with it, the smallest value first.
 *
 * Every pair of ranked rows of every workload is judged, for each metric by itself, since choosing
 * the first and judging the others against it looks at all of them. The pairs of a workload are a
 * family of statistics_judge(), and p is multiplied by the number of workloads: noise differs between
 * workloads, and in one family of all of them the noisiest would hide small differences elsewhere.
 * Where there are too few repetitions for that, whatever they say, all pairs are one family. */
json_t *standings_make(const summary *of, const store *from);

#endif
