/* Percentiles of latencies, and which of them there is enough to know. */
#ifndef RECLAIM_RUNNER_PERCENTILES_H
#define RECLAIM_RUNNER_PERCENTILES_H

#include <jansson.h>
#include <stddef.h>

/* Below these a percentile is the accident of a few requests, or of the few pauses that hit them. */
enum { P99_REQUESTS_MIN = 1000, P999_REQUESTS_MIN = 10000, P999_PAUSES_MIN = 20 };

/* NAN where there is nothing, or too little. */
typedef struct percentiles {
    double p50, p90, p99, p999, max;
} percentiles;

extern const percentiles percentiles_unknown;

/* Of `count` values, which are sorted here; `pauses` that may have made some of them long, NAN where
 * nobody knows. By nearest rank: the smallest value that at least that share of all do not exceed.
 * Cost: O(n log n). */
percentiles percentiles_of(double *values, size_t count, double pauses);

json_t *percentiles_to_json(const percentiles *of);

#endif
