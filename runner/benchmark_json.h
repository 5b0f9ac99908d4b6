/* The samples in the schema of Google Benchmark, so that its own compare tool reads them. */
#ifndef RECLAIM_RUNNER_BENCHMARK_JSON_H
#define RECLAIM_RUNNER_BENCHMARK_JSON_H

#include "summary.h"

/* One entry for each timed sample that counts, named "<row>/<spec>", and for each cell its mean,
 * median, standard deviation and coefficient of variation. */
json_t *benchmark_to_json(const summary *of, const store *from);

#endif
