/* Google Benchmark for C: the only door to the only C++ of the project.
 *
 * One benchmark is one cell; one iteration is one whole run on a fresh heap, so its number of
 * iterations is pinned to 1 and its repetitions are the runs. Google Benchmark keeps the clocks,
 * the flags and the output formats. */
#ifndef RECLAIM_BENCHMARK_SHIM_H
#define RECLAIM_BENCHMARK_SHIM_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The clocks of the run that is going on: stopped when it begins. */
typedef struct shim_run shim_run;

void shim_clocks_start(shim_run *run);
void shim_clocks_stop(shim_run *run);

/* A named figure beside the run's times, in Google Benchmark's output. */
void shim_counter(shim_run *run, const char *name, double value);

/* Makes one whole run; starts and stops the clocks once. NULL, or why the run failed: no later run
 * is made then. */
typedef const char *shim_body(shim_run *run, void *context);

/* Told once for each finished run, in order, after the last: wall and processor time between start
 * and stop, in nanoseconds. */
typedef void shim_observer(void *context, double real_ns, double cpu_ns);

/* Adds a benchmark of `runs` runs. */
void shim_register(const char *name, int runs, shim_body *body, shim_observer *observer,
                   void *context);

/* Hands Google Benchmark the arguments it knows (`argv[0]` and `--benchmark_…`). False when one is
 * left over. */
bool shim_initialize(int *argc, char **argv);

/* Runs what is registered. `quiet`: prints nothing. */
void shim_run_all(bool quiet);

#ifdef __cplusplus
}
#endif
#endif
