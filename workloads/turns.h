/* Workloads made of turns: the same small thing done n times beside a backdrop, and nothing of it
 * left. They have the parameters `n`, `backdrop` and `teardown`. */
#ifndef RECLAIM_TURNS_H
#define RECLAIM_TURNS_H

#include "workloads/backdrop.h"

enum { TURNS_PER_REQUEST = 256 };

/* Makes turn `i`. Errors: MM_NO_MEMORY. */
typedef mm_status turn_function(mm *m, void *state, uint64_t i);

/* Inlined with its turn: an indirect call would cost as much as an operation. */
__attribute__((always_inline)) static inline mm_status turns_make(mm *m, turn_function *turn,
                                                                  void *state, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (i % TURNS_PER_REQUEST == 0)
            mm_request_begin(m);
        if (turn(m, state, i) != MM_OK)
            return MM_NO_MEMORY;
        if (i % TURNS_PER_REQUEST == TURNS_PER_REQUEST - 1 || i == n - 1)
            mm_request_end(m);
    }
    return MM_OK;
}

/* What all turns together allocate, and what of it pure counting leaks. */
typedef struct turns_books {
    workload_amount allocated, leaked;
} turns_books;

static inline void turns_forecast(const settings *p, turns_books books, workload_forecast *out)
{
    out->live_peak = backdrop_amount((uint64_t)settings_get(p, "backdrop"));
    out->allocated = books.allocated;
    workload_add(&out->allocated, out->live_peak.objects, out->live_peak.bytes);
    out->leaked = books.leaked;
}

static inline void turns_keep_books(workload_run *run, turns_books books)
{
    workload_forecast known = {0};

    turns_forecast(run->parameters, books, &known);
    run->account.allocated = known.allocated;
    run->account.leaked = known.leaked;
    run->account.live_work = known.live_peak;
    if (workload_parameter(run, "teardown") == 0)
        run->account.live_end = known.live_peak;
}

/* The whole run; `node` is a container type for the backdrop, `*checksum` is what the turns left. */
__attribute__((always_inline)) static inline workload_result
turns_run(workload_run *run, mm_type node, turn_function *turn, void *state, uint64_t *checksum,
          turns_books books)
{
    mm *m = run->m;
    MM_VAR(m, backdrop);

    if (backdrop_build(m, node, workload_parameter(run, "backdrop"), backdrop) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    workload_begin(run);
    if (turns_make(m, turn, state, workload_parameter(run, "n")) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    turns_keep_books(run, books);
    run->account.checksum = *checksum;
    workload_end(run);
    if (workload_parameter(run, "teardown") == 0 && keep_until_the_end(m, backdrop) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    return WORKLOAD_DONE;
}

#endif
