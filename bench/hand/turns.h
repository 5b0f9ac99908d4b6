/* temps and pairs for a file that writes their turns by hand against another runtime's own API, to
 * hold that runtime's adapter against. It lays objects out as the adapter does.
 *
 * The file defines hand_written, the two turns, and open_runtime() and close_runtime(): a fresh
 * heap of the runtime's, and the end of it. close_runtime() runs after the turns, in the timed
 * part, and leaves nothing that could be collected. */
#ifndef RECLAIM_HAND_TURNS_H
#define RECLAIM_HAND_TURNS_H

#include "bench/hand/hand.h"

#include <stdio.h>

typedef struct hand_context {
    uint32_t payload;
    uint64_t checksum;
} hand_context;

static bool open_runtime(void);
static void close_runtime(void);
static bool temps_turn(hand_context *c, uint64_t i);
static bool pairs_turn(hand_context *c, uint64_t i);

static inline void note_allocation(uint32_t slots, uint32_t bytes)
{
#if MM_COUNTED
    hand_allocations++;
    hand_bytes_allocated += hand_request(slots, bytes);
#else
    (void)slots, (void)bytes;
#endif
}

static inline void note_free(uint32_t slots, uint32_t bytes)
{
#if MM_COUNTED
    hand_frees++;
    hand_bytes_freed += hand_request(slots, bytes);
#else
    (void)slots, (void)bytes;
#endif
}

__attribute__((always_inline)) static inline bool
make_turns(workload_run *run, hand_context *c, bool (*turn)(hand_context *c, uint64_t i))
{
    uint64_t n = workload_parameter(run, "n");

    for (uint64_t i = 0; i < n; i++) {
        if (i % HAND_TURNS_PER_REQUEST == 0)
            mm_request_begin(run->m);
        if (!turn(c, i))
            return false;
        if (i % HAND_TURNS_PER_REQUEST == HAND_TURNS_PER_REQUEST - 1 || i == n - 1)
            mm_request_end(run->m);
    }
    return true;
}

bool hand_accepts(const settings *parameters, char message[WORKLOAD_MESSAGE_MAX])
{
    if (settings_get(parameters, "teardown") != 0 && settings_get(parameters, "backdrop") == 0)
        return true;
    snprintf(
        message, WORKLOAD_MESSAGE_MAX,
        "only teardown=on and backdrop=0 are accepted: this program has nothing but the turns");
    return false;
}

workload_result hand_run(const workload *w, workload_run *run, const settings *options)
{
    hand_context c = {.payload = (uint32_t)workload_parameter(run, "payload")};
    workload_forecast books = {0};
    bool done;

    if (!hand_accepts(run->parameters, run->message))
        return WORKLOAD_BAD_INPUT;
    if (!open_runtime())
        return WORKLOAD_NO_MEMORY;
    if (settings_get(options, "automatic") == 0)
        hand_written.stop_collector();
    w->forecast(run->parameters, &books, run->message);
    run->account.allocated = books.allocated;
    run->account.leaked = books.leaked;
    workload_begin(run);
    if (strcmp(w->name, "temps") == 0)
        done = make_turns(run, &c, temps_turn);
    else
        done = make_turns(run, &c, pairs_turn);
    run->account.checksum = c.checksum;
    workload_end(run);
    close_runtime();
    return done ? WORKLOAD_DONE : WORKLOAD_NO_MEMORY;
}

#endif
