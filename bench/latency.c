#include "bench/latency.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/sample_json.h"
#include "support/pages.h"

/* Where when to collect depends on addresses, two runs differ a little in what they collect. */
enum { SPARE_PAUSES = 1000 };

typedef struct recorded_run {
    mm_log log;
    uint64_t began_ns;   /* the work */
    uint64_t own_pauses; /* of the strategy: the others are the last collection's */
} recorded_run;

struct latency {
    int count;
    recorded_run runs[]; /* the first is cold: it has counts and no room */
};

/* -- recording -- */

latency *latency_new(int runs)
{
    latency *recorded = calloc(1, sizeof *recorded + (size_t)runs * sizeof *recorded->runs);

    if (recorded != NULL)
        recorded->count = runs;
    return recorded;
}

static void *map(uint64_t count, size_t size)
{
    return pages_map((count + 1) * size);
}

static void unmap(void *room, uint64_t count, size_t size)
{
    if (room != NULL)
        pages_unmap(room, (count + 1) * size);
}

void latency_free(latency *recorded)
{
    for (int i = 0; recorded != NULL && i < recorded->count; i++) {
        mm_log *log = &recorded->runs[i].log;
        unmap(log->requests, log->request_room, sizeof *log->requests);
        unmap(log->pauses, log->pause_room, sizeof *log->pauses);
    }
    free(recorded);
}

bool latency_reserve(latency *recorded, int index)
{
    const mm_log *cold = &recorded->runs[0].log;
    mm_log *log = &recorded->runs[index].log;

    if (index == 0)
        return true;
    log->request_room = cold->request_count;
    log->pause_room = cold->pause_count * 2 + SPARE_PAUSES;
    log->requests = map(log->request_room, sizeof *log->requests);
    log->pauses = map(log->pause_room, sizeof *log->pauses);
    return log->requests != NULL && log->pauses != NULL;
}

void latency_begin(latency *recorded, int index, mm *m)
{
    mm_set_log(m, &recorded->runs[index].log);
}

void latency_end(latency *recorded, int index, mm *m, uint64_t began_ns)
{
    mm_set_log(m, NULL);
    recorded->runs[index].began_ns = began_ns;
}

void latency_last_collection(latency *recorded, int index)
{
    recorded->runs[index].own_pauses = recorded->runs[index].log.pause_count;
}

/* -- the file -- */

static uint64_t at_most(uint64_t count, uint64_t room)
{
    return count < room ? count : room;
}

static json_t *whole(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* The requests' own times, and those between the end of one, or the beginning of the work, and the
 * next. */
static void add_requests(json_t *out, const recorded_run *run)
{
    json_t *lengths = json_array(), *gaps = json_array();
    uint64_t count = at_most(run->log.request_count, run->log.request_room);
    uint64_t ended_ns = run->began_ns;

    for (uint64_t i = 0; i < count; i++) {
        const mm_request *request = run->log.requests + i;
        uint64_t began_ns = request->began_ns > ended_ns ? request->began_ns : ended_ns;
        json_array_append_new(lengths, whole(request->length_ns));
        json_array_append_new(gaps, whole(began_ns - ended_ns));
        ended_ns = request->began_ns + request->length_ns;
    }
    json_object_set_new(out, "requests_ns", lengths);
    json_object_set_new(out, "gaps_ns", gaps);
}

/* What the adapter of a peer cannot know. */
static json_t *unless(bool unknown, uint64_t value)
{
    return unknown ? json_null() : whole(value);
}

static json_t *pauses_json(const recorded_run *run)
{
    static const char *const names[] = {"collection", "cascade"};
    json_t *pauses = json_array();

    for (uint64_t i = 0; i < at_most(run->log.pause_count, run->log.pause_room); i++) {
        const mm_pause *pause = run->log.pauses + i;
        uint64_t began_ns = pause->began_ns > run->began_ns ? pause->began_ns - run->began_ns : 0;
        json_array_append_new(pauses,
                              json_pack("[I, I, s, I, o, o]", (json_int_t)began_ns,
                                        (json_int_t)pause->length_ns, names[pause->kind],
                                        (json_int_t)pause->generation,
                                        unless(strategy_traits.visits_unknown, pause->visited),
                                        unless(strategy_traits.live_unknown, pause->reclaimed)));
    }
    return pauses;
}

static json_t *recorded_run_json(const sample *s, int index)
{
    const recorded_run *run = s->latency->runs + index;
    const sample_record *record = s->records + index;
    const mm_log *log = &run->log;
    uint64_t dropped = log->request_count - at_most(log->request_count, log->request_room) +
                       log->pause_count - at_most(log->pause_count, log->pause_room);
    json_t *out = json_pack("{s:I, s:I, s:I, s:I, s:I}", "time_ns", (json_int_t)record->time_ns,
                            "work_ns", (json_int_t)record->work_ns, "teardown_ns",
                            (json_int_t)record->teardown_ns, "last_collect_ns",
                            (json_int_t)record->last_collect_ns, "dropped", (json_int_t)dropped);

    add_requests(out, run);
    json_object_set_new(out, "own_events", whole(at_most(run->own_pauses, log->pause_room)));
    json_object_set_new(out, "events", pauses_json(run));
    return out;
}

/* Whether every collection and cascade passes through our hands. */
static bool pauses_are_known(void)
{
    return !sample_is_hand_written() && !strategy_traits.pauses_unknown;
}

bool latency_write(const sample *s, const char *path)
{
    json_t *document = sample_head_json(s, "reclaim.latency/1"), *runs = json_array();
    char checksum[32] = "";
    bool is_whole = s->runs_timed == s->runs && s->status < SAMPLE_OOM;

    if (is_whole)
        snprintf(checksum, sizeof checksum, "%016" PRIx64, s->records->account.checksum);
    for (int i = 1; i < s->runs && is_whole; i++)
        json_array_append_new(runs, recorded_run_json(s, i));
    json_object_set_new(document, "events_known", json_boolean(pauses_are_known()));
    json_object_set_new(document, "cascade_from_object",
                        pauses_are_known() && strategy_traits.peer == NULL
                            ? json_integer(MM_CASCADE_UNTIMED + 1)
                            : json_null());
    json_object_set_new(document, "checksum", json_string(checksum));
    json_object_set_new(document, "runs", runs);
    return sample_write_json(document, 0, path);
}
