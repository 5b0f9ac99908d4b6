/* Requests and pauses as they end.
 *
 * A program that logs nothing and has no hook (mm_on_request()) pays nothing for it at a request: the comparison that finds the longest
 * request is there anyway, and with either its threshold, `request_ns_notable`, stays 0, so that every
 * request takes the way to log_request(). Rejected: asking at each request whether there is one.
 * At a collection or a cascade of 64 objects that question is too small to be measured. */
#include "mm.h"
#include "mm_gc.h"

/* Entries ahead of the one that is written whose line is fetched: the room is not in the caches. */
enum { FETCH_AHEAD = 16 };

void log_request(mutator_base *base, uint64_t request_ns)
{
    mm_log *log = base->log;

    if (request_ns > base->request_ns_max)
        base->request_ns_max = request_ns;
    if (log == NULL && base->on_request == NULL)
        base->request_ns_notable = base->request_ns_max + 1;
    if (log != NULL) {
        if (log->request_count + FETCH_AHEAD < log->request_room)
            __builtin_prefetch(log->requests + log->request_count + FETCH_AHEAD, 1);
        if (log->request_count < log->request_room)
            log->requests[log->request_count] = (mm_request){base->request_started_ns, request_ns};
        log->request_count++;
    }
    if (base->on_request != NULL)
        base->on_request(base->heap->base.mutator, base->requests, base->on_request_context);
}

void log_pause(mm_log *log, const mm_pause *pause)
{
    if (log->pause_count + FETCH_AHEAD < log->pause_room)
        __builtin_prefetch(log->pauses + log->pause_count + FETCH_AHEAD, 1);
    if (log->pause_count < log->pause_room)
        log->pauses[log->pause_count] = *pause;
    log->pause_count++;
}

void log_cascade(mutator_base *base, uint64_t started_ns, uint64_t dead)
{
    uint64_t drop_ns = clock_now_ns() - started_ns;

    if (base->heap->base.collecting)
        return;
    if (drop_ns > base->drop_ns_max)
        base->drop_ns_max = drop_ns;
    if (MM_UNLIKELY(base->log != NULL))
        log_pause(base->log, &(mm_pause){.began_ns = started_ns,
                                         .length_ns = drop_ns,
                                         .visited = dead,
                                         .reclaimed = dead,
                                         .kind = MM_PAUSE_CASCADE});
}

void mm_set_log(mm *m, mm_log *log)
{
    m->base.log = log;
    m->base.request_ns_notable = 0;
    if (log != NULL)
        log->request_count = log->pause_count = 0;
}
