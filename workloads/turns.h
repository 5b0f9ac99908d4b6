/* Workloads made of turns: the same small thing done over and over beside a backdrop. What a turn
 * leaves behind is in a variable of the workload, or nowhere. They have the parameters `backdrop`
 * and `teardown`. */
#ifndef RECLAIM_TURNS_H
#define RECLAIM_TURNS_H

#include "workloads/backdrop.h"

enum { TURNS_PER_REQUEST = 256 };

/* Makes turn `i`. Errors: MM_NO_MEMORY. */
typedef mm_status turn_function(mm *m, void *state, uint64_t i);

/* What all turns together allocate (with what was set up for them), what is reachable when they are
 * done, and what of all this counting leaks when the teardown has dropped that, and when not. */
typedef struct turns_books {
    workload_amount allocated, live, leaked, leaked_before_teardown;
} turns_books;

/* Turns to be made. */
typedef struct turns {
    uint64_t count, per_request;
    void *state;
    uint64_t *checksum; /* in the state: what the turns have read */
    mm_type node;       /* a container type, for the backdrop */
    mm_var *kept;       /* an array: what the turns leave behind */
    int kept_count;
    turns_books books;
} turns;

/* Inlined with its turn: an indirect call would cost as much as an operation. */
__attribute__((always_inline)) static inline mm_status turns_make(mm *m, turn_function *turn,
                                                                  const turns *t)
{
    for (uint64_t i = 0; i < t->count;) {
        uint64_t end = t->count - i < t->per_request ? t->count : i + t->per_request;
        mm_request_begin(m);
        for (; i < end; i++) {
            if (turn(m, t->state, i) != MM_OK)
                return MM_NO_MEMORY;
        }
        mm_request_end(m);
    }
    return MM_OK;
}

static inline void turns_forecast(const settings *p, turns_books books, workload_forecast *out)
{
    workload_amount backdrop = backdrop_amount((uint64_t)settings_get(p, "backdrop"));

    out->allocated = books.allocated;
    out->live_peak = books.live;
    out->leaked = books.leaked;
    workload_add(&out->allocated, backdrop.objects, backdrop.bytes);
    workload_add(&out->live_peak, backdrop.objects, backdrop.bytes);
}

static inline void turns_keep_books(workload_run *run, const turns *t)
{
    workload_forecast known = {0};

    turns_forecast(run->parameters, t->books, &known);
    run->account.allocated = known.allocated;
    run->account.leaked = known.leaked;
    run->account.live_work = known.live_peak;
    run->account.checksum = *t->checksum;
    if (workload_parameter(run, "teardown") == 0) {
        run->account.live_end = known.live_peak;
        run->account.leaked = t->books.leaked_before_teardown;
    }
}

/* The whole run. */
__attribute__((always_inline)) static inline workload_result
turns_run(workload_run *run, turn_function *turn, const turns *t)
{
    mm *m = run->m;
    MM_VAR(m, backdrop);

    if (backdrop_build(m, t->node, workload_parameter(run, "backdrop"), backdrop) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    workload_begin(run);
    if (turns_make(m, turn, t) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    turns_keep_books(run, t);
    workload_end(run);
    if (workload_parameter(run, "teardown") != 0)
        return WORKLOAD_DONE;
    for (int i = 0; i < t->kept_count; i++) {
        if (keep_until_the_end(m, t->kept + i) != MM_OK)
            return WORKLOAD_NO_MEMORY;
    }
    return keep_until_the_end(m, backdrop) == MM_OK ? WORKLOAD_DONE : WORKLOAD_NO_MEMORY;
}

#endif
