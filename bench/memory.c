/* Memory over time. Nobody knows all of it: what the objects take is what a counted program counts, but
 * its registry takes more than they do; what the allocator has handed out and what is resident mean
 * something in the timed program only, which counts nothing. So each flavour makes a run of its own
 * and notes what it knows, at the same requests, and whoever has both joins them.
 *
 * Looks are at request ends, equally spaced, with one before the first and one when the work is done.
 * How many requests there will be is not known. So at first every request is looked at, and whenever
 * there is no more room every second look is dropped and the distance doubles: what is left depends on
 * the number of requests alone, and is the same for every program that does this work. */
#define _GNU_SOURCE
#include "bench/memory.h"

#include "bench/allocator.h"
#include "bench/sample_json.h"
#include "bench/schedule.h"
#include "bench/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef RECLAIM_HAND_WRITTEN

sample_status memory_record(sample *s, const char *path, bool *written,
                            char message[WORKLOAD_MESSAGE_MAX])
{
    (void)s, (void)path, (void)written;
    snprintf(message, WORKLOAD_MESSAGE_MAX, "a program written by hand has no heap to look at");
    return SAMPLE_BAD_INPUT;
}

#else

enum {
    LOOKS_MAX = 400
}; /* even; at least half of them are taken where there are as many requests */

/* MM_UNKNOWN: this flavour, strategy or allocator does not tell. */
typedef struct look {
    uint64_t request; /* that has ended, from 1; 0: the work begins */
    uint64_t bytes_allocated, bytes_live, objects_live, bytes_held, bytes_resident;
} look;

typedef struct recording {
    look begin, end;
    look at_requests[LOOKS_MAX];
    size_t count;
    uint64_t distance;        /* requests from one look to the next */
    uint64_t requests_before; /* that ended before the work began */
    look after_teardown, after_last_collect, after_release;
    uint64_t retained_before;
    uint64_t resident_before;
} recording;

/* ---- Looking ---- */

static uint64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    bool known = file != NULL && fscanf(file, "%*u %lu", &pages) == 1;

    if (file != NULL)
        fclose(file);
    return known ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : MM_UNKNOWN;
}

/* What the allocators have handed out since the heap was made and not got back: blocks with headers
 * and rounding, and tables. Where objects are counted or registered the registry would be in it, so
 * that the objects with the strategy's headers are all that is known. */
static uint64_t held_bytes(const recording *r, const watch *w, const mm_stats *stats)
{
    uint64_t retained = allocator_retained_bytes();

    if (MM_REGISTRY || strategy_traits.peer != NULL)
        return stats->bytes_held;
    if (retained == MM_UNKNOWN || r->retained_before == MM_UNKNOWN)
        return MM_UNKNOWN;
    return (retained > r->retained_before ? retained - r->retained_before : 0) +
           mm_bytes_pooled(w->heap);
}

static look look_now(const recording *r, const watch *w)
{
    mm_stats stats;

    mm_get_stats(w->heap, &stats);
    return (look){.request = w->requests - r->requests_before,
                  .bytes_allocated = stats.bytes_allocated,
                  .bytes_live = stats.bytes_live,
                  .objects_live = stats.objects_live,
                  .bytes_held = held_bytes(r, w, &stats),
                  .bytes_resident = resident_bytes()};
}

static void drop_every_second(recording *r)
{
    r->count /= 2;
    for (size_t i = 0; i < r->count; i++)
        r->at_requests[i] = r->at_requests[2 * i + 1];
    r->distance *= 2;
}

static void look_at_request(recording *r, const watch *w)
{
    uint64_t request = w->requests - r->requests_before;

    if (request % r->distance != 0)
        return;
    if (r->count == LOOKS_MAX)
        drop_every_second(r);
    if (request % r->distance == 0)
        r->at_requests[r->count++] = look_now(r, w);
}

static void notice(watch *w, watch_moment moment)
{
    recording *r = w->context;

    switch (moment) {
    case WATCH_BEGIN:
        r->count = 0;
        r->distance = 1;
        r->requests_before = w->requests;
        r->begin = look_now(r, w);
        break;
    case WATCH_REQUEST:
        if (r->distance != 0) /* the work has begun */
            look_at_request(r, w);
        break;
    case WATCH_END:
        r->end = look_now(r, w);
        r->distance = 0;
        break;
    case WATCH_TORN_DOWN:
        r->after_teardown = look_now(r, w);
        break;
    case WATCH_AFTER:
        r->after_last_collect = look_now(r, w);
        break;
    }
}

/* ---- Writing ---- */

static json_t *json_known(uint64_t value)
{
    return value == MM_UNKNOWN ? json_null() : json_integer((json_int_t)value);
}

static void append(json_t *columns, const look *l)
{
    const struct {
        const char *name;
        uint64_t value;
    } values[] = {
        {"request", l->request},       {"bytes_allocated", l->bytes_allocated},
        {"live_bytes", l->bytes_live}, {"live_objects", l->objects_live},
        {"held_bytes", l->bytes_held}, {"resident_bytes", l->bytes_resident},
    };

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        json_t *column = json_object_get(columns, values[i].name);
        if (column == NULL) {
            column = json_array();
            json_object_set_new(columns, values[i].name, column);
        }
        json_array_append_new(column, json_known(values[i].value));
    }
}

static json_t *points_json(const recording *r)
{
    json_t *columns = json_object();

    append(columns, &r->begin);
    for (size_t i = 0; i < r->count; i++)
        append(columns, &r->at_requests[i]);
    append(columns, &r->end);
    return columns;
}

static json_t *end_json(const look *l)
{
    return json_pack("{s:o, s:o, s:o}", "live_bytes", json_known(l->bytes_live), "held_bytes",
                     json_known(l->bytes_held), "resident_bytes", json_known(l->bytes_resident));
}

static json_t *recording_json(const sample *s, const recording *r, uint64_t checksum)
{
    json_t *document = sample_head_json(s, "reclaim.memory/1");

    json_object_update_new(
        document,
        json_pack("{s:o, s:I, s:o, s:o, s:{s:o, s:o, s:o}}", "checksum",
                  json_sprintf("%016" PRIx64, checksum), "requests", (json_int_t)r->end.request,
                  "resident_bytes_before", json_known(r->resident_before), "points", points_json(r),
                  "after", "teardown", end_json(&r->after_teardown), "last_collect",
                  end_json(&r->after_last_collect), "release", end_json(&r->after_release)));
    return document;
}

/* ---- One run ---- */

static sample_status judge(workload_result result, const watch *w,
                           char message[WORKLOAD_MESSAGE_MAX])
{
    if (result == WORKLOAD_NO_MEMORY) {
        snprintf(message, WORKLOAD_MESSAGE_MAX,
                 "out of memory: an allocation of the workload failed");
        return SAMPLE_OOM;
    }
    snprintf(message, WORKLOAD_MESSAGE_MAX, "%s", w->run.message);
    return result == WORKLOAD_DONE    ? SAMPLE_OK
           : result == WORKLOAD_WRONG ? SAMPLE_VOID
                                      : SAMPLE_BAD_INPUT;
}

static sample_status take(const sample *s, recording *r, uint64_t *checksum,
                          char message[WORKLOAD_MESSAGE_MAX])
{
    watch w = {.of = s, .look = notice, .context = r};
    sample_status status;

    r->retained_before = allocator_retained_bytes();
    r->resident_before = resident_bytes();
    status = judge(watch_run(&w), &w, message);
    *checksum = w.run.account.checksum;
    if (status == SAMPLE_OK) {
        r->after_release = (look){
            .bytes_live = MM_UNKNOWN, .bytes_held = MM_UNKNOWN, .bytes_resident = MM_UNKNOWN};
        if (allocator_release())
            r->after_release = look_now(r, &w);
    }
    if (!watch_end(&w) && status == SAMPLE_OK) {
        snprintf(message, WORKLOAD_MESSAGE_MAX, "%s", w.run.message);
        return SAMPLE_VOID;
    }
    return status;
}

sample_status memory_record(sample *s, const char *path, bool *written,
                            char message[WORKLOAD_MESSAGE_MAX])
{
    recording *r = calloc(1, sizeof *r);
    sample_status status = r != NULL ? sample_prepare(s, message) : SAMPLE_OOM;
    uint64_t checksum;

    *written = true;
    if (r == NULL)
        snprintf(message, WORKLOAD_MESSAGE_MAX, "out of memory");
    if (status == SAMPLE_OK)
        status = take(s, r, &checksum, message);
    if (status == SAMPLE_OK)
        *written = sample_write_json(recording_json(s, r, checksum), 1, path);
    free(r);
    return status;
}

#endif
