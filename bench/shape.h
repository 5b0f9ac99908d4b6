/* `--shape`: what a workload is like, in figures. Counted programs only. */
#ifndef RECLAIM_BENCH_SHAPE_H
#define RECLAIM_BENCH_SHAPE_H

#include "bench/inspect.h"

/* Runs the workload and writes its figures, as text or as JSON. */
inspect_status shape_show(const inspection *asked, const sample *s,
                          char message[INSPECT_MESSAGE_MAX]);

#endif
