#include "bench/watch.h"

#include "bench/schedule.h"

#ifndef RECLAIM_HAND_WRITTEN

    #if MM_COUNTED
        #include "mm_inspect.h"
    #endif

static void work_begins(workload_run *run)
{
    watch *w = (watch *)run;
    w->look(w, WATCH_BEGIN);
}

static void work_ends(workload_run *run)
{
    watch *w = (watch *)run;
    w->look(w, WATCH_END);
}

static void request_ends(mm *m, uint64_t request, void *context)
{
    watch *w = context;

    (void)m;
    w->requests = request;
    if (!w->stopped)
        w->look(w, WATCH_REQUEST);
}

static bool open_heap(watch *w)
{
    if (mm_heap_new(&w->of->options, &w->heap) != MM_OK) {
        w->heap = NULL;
        return false;
    }
    if (mm_attach(w->heap, &w->run.m) != MM_OK || !schedule_follow(w->of, w->run.m))
        return false;
    mm_phase(w->run.m, "set-up");
    mm_on_request(w->run.m, request_ends, w);
    return true;
}

workload_result watch_run(watch *w)
{
    workload_result result;

    w->run.parameters = &w->of->parameters;
    w->run.seed = w->of->seed;
    w->run.begin = work_begins;
    w->run.end = work_ends;
    if (!open_heap(w))
        return WORKLOAD_NO_MEMORY;
    result = w->of->workload->run(&w->run);
    if (w->stopped)
        return WORKLOAD_DONE;
    if (result == WORKLOAD_DONE) {
        w->look(w, WATCH_TORN_DOWN);
        mm_program_end(w->run.m);
        mm_collect_all(w->run.m, NULL);
        w->look(w, WATCH_AFTER);
    }
    return result;
}

    #if MM_COUNTED
void watch_stop(watch *w)
{
    w->stopped = true;
    mm_stop_program(w->run.m);
}
    #endif

bool watch_end(watch *w)
{
    bool kept =
        w->heap == NULL || w->run.m == NULL || schedule_end(w->of, w->run.m, w->run.message);

    if (w->heap != NULL)
        mm_heap_free(w->heap);
    w->heap = NULL;
    return kept;
}

#endif
