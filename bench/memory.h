/* `--memory`: what one run holds over its requests, and what stays resident when it is over. */
#ifndef RECLAIM_BENCH_MEMORY_H
#define RECLAIM_BENCH_MEMORY_H

#include "bench/sample.h"

/* Makes one run on a fresh heap, outside of any clock, and writes what was seen into `path`, whole
 * or not at all; `errno` is set where that failed. SAMPLE_OK; SAMPLE_OOM, SAMPLE_VOID or
 * SAMPLE_BAD_INPUT with a message. */
sample_status memory_record(sample *s, const char *path, bool *written,
                            char message[WORKLOAD_MESSAGE_MAX]);

#endif
