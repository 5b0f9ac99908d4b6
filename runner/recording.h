/* What a latency sample has recorded (docs/contract.md, reclaim.latency/1), and what follows from one
 * of its runs: metered latency and mutator utilisation.
 *
 * Metered latency. The requests of a service do not wait for one another: they arrive. So each run is
 * replayed against a fixed schedule, request i arriving at i × interval. It begins when it has arrived,
 * the one before is finished, and the program has done what it did between the two; its latency is its
 * finish less its arrival. A pause then delays all that arrive meanwhile, and not only the request that
 * it fell into (Tene's "coordinated omission"; Cai et al. 2022 call this metered latency).
 *
 * Minimum mutator utilisation (Cheng and Blelloch, PLDI 2001): of all windows of one length within the
 * work, the least share that was the program's and not taken by pauses. As a function of where the
 * window lies the paused time is piecewise linear, so its maximum is where the window begins with a
 * pause or ends with one, or at either end of the work. */
#ifndef RECLAIM_RUNNER_RECORDING_H
#define RECLAIM_RUNNER_RECORDING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

typedef struct recorded_pause {
    double began_ns, length_ns; /* since the work began */
    bool is_cascade;
    int generation;
    double visited, reclaimed; /* NAN: unknown */
} recorded_pause;

typedef struct recorded_run {
    double work_ns, teardown_ns, time_ns;
    size_t requests;
    double *lengths_ns,
        *gaps_ns; /* of each request; before it, since the last one or the beginning */
    recorded_pause *pauses;
    size_t pauses_count, own_count; /* all; without those of the sample program's last collection */
    double dropped;                 /* requests and pauses for which there was no room */
} recorded_run;

typedef struct recording {
    recorded_run *runs;
    size_t count;
    bool pauses_known;
} recording;

/* From a file's JSON, which `source` names. False and `why` filled when it is malformed. */
bool recording_load(recording *loaded, const json_t *recorded, const char *source, problem *why);
void recording_free(recording *loaded);

/* The mean time from one request's end to the next one's at full speed: what a rate is held against. */
double recording_ns_per_request(const recording *of);

/* Fills `latencies` of all requests of the run, which arrive every `interval_ns`. */
void recorded_replay(const recorded_run *of, double interval_ns, double *latencies);

/* The pauses of the work, cut to it, in order and without overlap (a cascade within a cascade is one
 * pause), as alternating begins and ends into `spans`, which has room for two for each pause. Returns
 * how many there are. */
size_t recorded_spans(const recorded_run *of, double *spans);

/* The minimum mutator utilisation over windows of `window_ns`, which is not above `work_ns`. Cost:
 * O(count). */
double utilisation_minimum(const double *spans, size_t count, double work_ns, double window_ns);

#endif
