#define _GNU_SOURCE
#include "bench/sample.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/allocator.h"
#include "bench/latency.h"
#include "bench/observed.h"
#include "bench/planted/slowdown.h"
#include "bench/schedule.h"

/* How far the allocator's books may be from ours in a program that does not count: its caches, and
 * its own headers. */
enum { RETAINED_SLACK_BYTES = 1 << 20, OBJECT_OVERHEAD_BYTES = 72 };

/* One run in the making. */
typedef struct run_state {
    workload_run run; /* first: the workload's hooks lead back here */
    sample *sample;
    sample_record *record;
    shim_run *clocks;
    mm_heap *heap;
    uint64_t began_ns, ended_ns; /* the work; 0: not yet */
    long page_faults;
    uint64_t retained_before; /* MM_UNKNOWN: the allocator does not say */
} run_state;

/* ---- What the process uses ---- */

static long page_faults_so_far(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

/* Not getrusage()'s ru_maxrss: over an exec the kernel keeps the highest of what ran in the process before, so that no program seems to
 * have held less than the one that started it. */
static uint64_t resident_peak_bytes(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    uint64_t kilobytes = MM_UNKNOWN;

    if (file == NULL)
        return MM_UNKNOWN;
    while (kilobytes == MM_UNKNOWN && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "VmHWM: %" SCNu64, &kilobytes);
    fclose(file);
    return kilobytes == MM_UNKNOWN ? MM_UNKNOWN : kilobytes * 1024;
}

/* ---- Verdicts ---- */

__attribute__((format(printf, 3, 4))) static void fail(sample *s, sample_status status,
                                                       const char *format, ...)
{
    va_list arguments;

    if (status <= s->status)
        return;
    s->status = status;
    va_start(arguments, format);
    vsnprintf(s->reason, sizeof s->reason, format, arguments);
    va_end(arguments);
}

/* What must still be held after the last collection, by the strategy's promises and the workload's
 * books. */
static workload_amount expected_at_end(const workload_account *account)
{
    workload_amount expected = account->live_end;
#ifdef RECLAIM_HAND_WRITTEN
    bool reclaims = true, reclaims_cycles = !hand_written.leaks_cycles;
#else
    bool reclaims = strategy_traits.reclaims || strategy_traits.scheduled;
    bool reclaims_cycles = strategy_traits.reclaims_cycles || strategy_traits.scheduled;
#endif

    if (!reclaims)
        return account->allocated;
    if (!reclaims_cycles)
        workload_add(&expected, account->leaked.objects, account->leaked.bytes);
    return expected;
}

static void check_equal(sample *s, const char *what, uint64_t found, uint64_t expected)
{
    if (found != MM_UNKNOWN && found != expected)
        fail(s, SAMPLE_VOID, "%s: %" PRIu64 ", and the workload's books say %" PRIu64, what, found,
             expected);
}

/* A conservative collector keeps what something on the stack seems to refer to. */
static bool may_leave_garbage(void)
{
    return !sample_is_hand_written() && strategy_traits.conservative;
}

/* What is left at the end: more than is reachable where something may only look like a reference.
 */
static void check_left(sample *s, const char *what, uint64_t found, uint64_t expected)
{
    char left[64];

    if (may_leave_garbage() && found > expected)
        return;
    snprintf(left, sizeof left, "%s left at the end", what);
    check_equal(s, left, found, expected);
}

/* A peer brings an allocator of its own, whose pages are not in malloc's books. */
static bool uses_another_allocator(void)
{
#ifdef RECLAIM_HAND_WRITTEN
    return hand_written.peer != NULL;
#else
    return strategy_traits.peer != NULL;
#endif
}

/* What the allocators have handed out for this run and not got back, by their own books. A registry
 * has headers of its own. */
static uint64_t retained_bytes(const run_state *state)
{
    uint64_t before = state->retained_before, after = allocator_retained_bytes();
    mm_stats stats;

    if (MM_REGISTRY || before == MM_UNKNOWN || uses_another_allocator())
        return MM_UNKNOWN;
    mm_get_stats(state->heap, &stats);
    before += stats.bytes_beside; /* stays as large as it once was, until the heap is freed */
    return (after > before ? after - before : 0) + mm_bytes_pooled(state->heap);
}

/* A program that does not count asks the allocator instead: what it has not got back must be what
 * the books say is left. */
static void check_retained(run_state *state, workload_amount expected)
{
    uint64_t retained = state->record->bytes_retained;
    uint64_t most =
        expected.bytes + expected.objects * OBJECT_OVERHEAD_BYTES + RETAINED_SLACK_BYTES;

    if (MM_COUNTED || retained == MM_UNKNOWN)
        return;
    if (retained + RETAINED_SLACK_BYTES < expected.bytes || retained > most)
        fail(state->sample, SAMPLE_VOID,
             "the allocator holds %" PRIu64
             " bytes for the heap at the end; by the workload's books %" PRIu64
             " objects of %" PRIu64 " bytes are left",
             retained, expected.objects, expected.bytes);
}

/* Finalisers and callbacks, where the strategy has them: each that the books say is due was called
 * once. */
static void check_deaths(run_state *state)
{
    const workload_account *account = &state->run.account;
    workload_deaths due = account->deaths, seen = state->run.seen;

    if (sample_is_hand_written() || !strategy_traits.reclaims)
        due = (workload_deaths){0};
    else if (!strategy_traits.reclaims_cycles)
        due = (workload_deaths){due.finalised - account->leaked_deaths.finalised,
                                due.cleared - account->leaked_deaths.cleared,
                                due.callbacks - account->leaked_deaths.callbacks};
    check_equal(state->sample, "finalisers called", seen.finalised, due.finalised);
    check_equal(state->sample, "weak references cleared", seen.cleared, due.cleared);
    check_equal(state->sample, "weak callbacks called", seen.callbacks, due.callbacks);
}

static void check_against_books(run_state *state)
{
    sample *s = state->sample;
    sample_record *record = state->record;
    const workload_account *account = &record->account;
    workload_amount expected = expected_at_end(account);

    check_equal(s, "objects allocated", record->stats.objects_allocated,
                account->allocated.objects);
    check_equal(s, "bytes allocated", record->stats.bytes_allocated, account->allocated.bytes);
    check_left(s, "objects", record->stats.objects_live, expected.objects);
    check_left(s, "bytes", record->stats.bytes_live, expected.bytes);
    record->bytes_retained = retained_bytes(state);
    check_retained(state, expected);
    check_deaths(state);
    if (expected.objects > account->live_end.objects)
        fail(s, SAMPLE_LEAKED, "%" PRIu64 " unreachable objects were never reclaimed",
             expected.objects - account->live_end.objects);
    record->leaked = (workload_amount){.objects = MM_UNKNOWN, .bytes = MM_UNKNOWN};
    if (record->stats.objects_live != MM_UNKNOWN) {
        record->leaked.objects = record->stats.objects_live - account->live_end.objects;
        record->leaked.bytes = record->stats.bytes_live - account->live_end.bytes;
    }
}

/* All runs of a sample do the same: the same graph, the same operations, the same collections. */
static void check_against_first_run(sample *s, const sample_record *record)
{
    const sample_record *first = s->records;

    if (record->account.checksum != first->account.checksum || record->digest != first->digest)
        fail(s, SAMPLE_VOID, "two runs of the same seed did different work");
    if (may_leave_garbage())
        return; /* what is reclaimed, and so when it is, depends on what memory looks like */
    if (memcmp(record->stats.collections, first->stats.collections,
               sizeof first->stats.collections) != 0 ||
        memcmp(record->stats.reclaimed_by_collector, first->stats.reclaimed_by_collector,
               sizeof first->stats.reclaimed_by_collector) != 0 ||
        record->stats.objects_visited != first->stats.objects_visited)
        fail(s, SAMPLE_VOID, "two runs of the same seed collected differently");
}

/* ---- One run ---- */

static void work_begins(workload_run *run)
{
    run_state *state = (run_state *)run;

    mm_reset_stats(state->heap);
    state->page_faults = page_faults_so_far();
    if (state->sample->latency != NULL)
        latency_begin(state->sample->latency, state->sample->runs_done, state->run.m);
    shim_clocks_start(state->clocks);
    state->began_ns = clock_now_ns();
}

static void work_ends(workload_run *run)
{
    run_state *state = (run_state *)run;
    mm_stats stats;

    state->ended_ns = clock_now_ns();
    mm_get_stats(state->heap, &stats);
    state->record->collector_work_ns = stats.collector_ns;
    if (MM_COUNTED && !sample_is_hand_written() &&
        stats.objects_live < run->account.live_work.objects)
        fail(state->sample, SAMPLE_VOID,
             "%" PRIu64 " objects are held when the work ends, and %" PRIu64 " are reachable",
             stats.objects_live, run->account.live_work.objects);
}

static bool open_heap(run_state *state)
{
    if (mm_heap_new(&state->sample->options, &state->heap) != MM_OK)
        return false;
    if (mm_attach(state->heap, &state->run.m) == MM_OK &&
        schedule_follow(state->sample, state->run.m)) {
        mm_phase(state->run.m, "set-up");
        return true;
    }
    mm_heap_free(state->heap);
    return false;
}

static uint64_t sum_by_generation(const uint64_t values[MM_GENERATIONS_MAX])
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < MM_GENERATIONS_MAX; i++) {
        if (values[i] == MM_UNKNOWN)
            return MM_UNKNOWN;
        sum += values[i];
    }
    return sum;
}

/* What was added between two readings of a statistic. */
static uint64_t known_difference(uint64_t after, uint64_t before)
{
    return after == MM_UNKNOWN || before == MM_UNKNOWN ? MM_UNKNOWN : after - before;
}

/* The last collection, after the program's own: so that nothing a strategy put off is left out of
 * its time. Its figures stand apart from those of the collections that the strategy itself found
 * due. */
static void collect_last(run_state *state)
{
    sample_record *record = state->record;
    mm_stats after;

    mm_program_end(state->run.m);
    mm_get_stats(state->heap, &record->stats);
    after = record->stats;
    if (state->sample->latency != NULL)
        latency_last_collection(state->sample->latency, state->sample->runs_done);
    if (!sample_is_hand_written() && strategy_traits.generations > 0) {
        if (sum_by_generation(record->stats.collections) == 0)
            fail(state->sample, SAMPLE_UNCOLLECTED, "no collection ran before the last one");
        mm_collect_all(state->run.m, NULL);
        mm_get_stats(state->heap, &after);
    }
    record->reclaimed_by_last_collect =
        known_difference(sum_by_generation(after.reclaimed_by_collector),
                         sum_by_generation(record->stats.reclaimed_by_collector));
    record->visited_by_last_collect =
        known_difference(after.objects_visited, record->stats.objects_visited);
    record->stats.objects_live = after.objects_live;
    record->stats.bytes_live = after.bytes_live;
    record->stats.bytes_held = after.bytes_held;
    record->stats.bytes_mapped = after.bytes_mapped;
    record->stats.reclaimed_by_count = after.reclaimed_by_count;
}

/* The digest of what was issued; a hand-written program's own counts in place of the heap's, which
 * it did not use. */
static void record_run(run_state *state)
{
    sample_record *record = state->record;

    record->account = state->run.account;
    memcpy(record->measured, state->run.measured, sizeof record->measured);
    record->measured_count = state->run.measured_count;
    record->digest = MM_UNKNOWN;
#if defined(RECLAIM_HAND_WRITTEN)
    hand_observe(&record->stats);
#elif MM_COUNTED
    record->digest = mm_operation_digest(state->run.m);
    record->scopes = mm_scope_count(state->run.m);
    memcpy(record->operations, mm_operation_counts(state->run.m), sizeof record->operations);
#endif
}

/* From the end of the workload's function to the stop of the clocks. */
static void finish_timed_part(run_state *state)
{
    uint64_t teardown_ended_ns = clock_now_ns();
    sample_record *record = state->record;

    collect_last(state);
    if (planted_slowdown != NULL)
        planted_slowdown(clock_now_ns() - state->began_ns);
    record->last_collect_ns = clock_now_ns() - teardown_ended_ns;
    shim_clocks_stop(state->clocks);
    if (state->sample->latency != NULL)
        latency_end(state->sample->latency, state->sample->runs_done, state->run.m,
                    state->began_ns);
    record->work_ns = state->ended_ns - state->began_ns;
    record->teardown_ns = teardown_ended_ns - state->ended_ns;
    record->page_faults = (uint64_t)(page_faults_so_far() - state->page_faults);
}

static void judge_result(run_state *state, workload_result result)
{
    sample *s = state->sample;

    if (result == WORKLOAD_NO_MEMORY)
        fail(s, SAMPLE_OOM, "out of memory: an allocation of the workload failed");
    else if (result == WORKLOAD_BAD_INPUT)
        fail(s, SAMPLE_BAD_INPUT, "%s", state->run.message);
    else if (result == WORKLOAD_WRONG)
        fail(s, SAMPLE_VOID, "%s", state->run.message);
    else if (state->began_ns == 0 || state->ended_ns == 0)
        fail(s, SAMPLE_VOID, "the workload did not mark where its work begins and ends");
}

static void ask_what_was_seen(run_state *state)
{
    const workload *w = state->sample->workload;

    if (!sample_is_hand_written() && w->settled != NULL)
        judge_result(state, w->settled(&state->run));
}

static void run_on_heap(run_state *state)
{
#ifdef RECLAIM_HAND_WRITTEN
    workload_result result =
        hand_run(state->sample->workload, &state->run, &state->sample->options);
#else
    workload_result result = state->sample->workload->run(&state->run);
#endif

    judge_result(state, result);
    if (result != WORKLOAD_DONE || state->ended_ns == 0) {
        if (state->began_ns != 0)
            shim_clocks_stop(state->clocks);
        schedule_end(state->sample, state->run.m, state->run.message);
        return;
    }
    finish_timed_part(state);
    record_run(state);
    if (!schedule_end(state->sample, state->run.m, state->run.message))
        fail(state->sample, SAMPLE_VOID, "%s", state->run.message);
    ask_what_was_seen(state);
    check_against_books(state);
    check_against_first_run(state->sample, state->record);
}

static void show_counters(run_state *state)
{
    const mm_stats *stats = &state->record->stats;

    shim_counter(state->clocks, "objects", (double)state->record->account.allocated.objects);
    if (sum_by_generation(stats->collections) != MM_UNKNOWN)
        shim_counter(state->clocks, "collections", (double)sum_by_generation(stats->collections));
    if (stats->pause_ns_max != MM_UNKNOWN)
        shim_counter(state->clocks, "pause_ns_max", (double)stats->pause_ns_max);
}

/* What this strategy cannot run at all is refused before it begins. */
sample_status sample_prepare(sample *s, char message[WORKLOAD_MESSAGE_MAX])
{
    const char *skip;
    uint64_t bytes_peak;

    if (!sample_forecast(s, &bytes_peak, &skip, message))
        return SAMPLE_BAD_INPUT;
    if (skip == NULL)
        return schedule_prepare(s, message);
    snprintf(message, WORKLOAD_MESSAGE_MAX, "%s", skip);
    return SAMPLE_BAD_INPUT;
}

static bool prepare(sample *s)
{
    char message[WORKLOAD_MESSAGE_MAX];
    sample_status status = sample_prepare(s, message);

    if (status != SAMPLE_OK)
        fail(s, status, "%s", message);
    if (status == SAMPLE_OK && s->latency != NULL && !latency_reserve(s->latency, s->runs_done)) {
        status = SAMPLE_OOM;
        fail(s, status, "out of memory: no room to record its requests");
    }
    return status == SAMPLE_OK;
}

/* Google Benchmark calls this once for each run. */
static const char *make_run(shim_run *clocks, void *context)
{
    sample *s = context;
    run_state state = {
        .run = {.parameters = &s->parameters,
                .seed = s->seed,
                .begin = work_begins,
                .end = work_ends},
        .sample = s,
        .record = s->records + s->runs_done,
        .clocks = clocks,
    };

    if (s->status >= SAMPLE_OOM)
        return s->reason;
#ifdef RECLAIM_HAND_WRITTEN
    hand_reset();
#endif
    if (!prepare(s))
        return s->reason;
    state.retained_before = allocator_retained_bytes();
    if (!open_heap(&state)) {
        fail(s, SAMPLE_OOM, "out of memory: no room for an empty heap");
        return s->reason;
    }
    run_on_heap(&state);
    mm_heap_free(state.heap);
    if (s->runs_done++ == 0)
        s->rss_peak_bytes = resident_peak_bytes();
    if (s->status >= SAMPLE_OOM)
        return s->reason;
    show_counters(&state);
    return NULL;
}

static void note_times(void *context, double real_ns, double cpu_ns)
{
    sample *s = context;

    s->records[s->runs_timed].time_ns = (uint64_t)real_ns;
    s->records[s->runs_timed].cpu_ns = (uint64_t)cpu_ns;
    s->runs_timed++;
}

/* ---- The sample ---- */

const char *sample_absence(void)
{
#ifdef RECLAIM_ABSENT
    return RECLAIM_ABSENT;
#else
    return NULL;
#endif
}

const char *sample_strategy(void)
{
#ifdef RECLAIM_HAND_WRITTEN
    return RECLAIM_HAND_WRITTEN;
#else
    return MM_STRATEGY_NAME;
#endif
}

bool sample_is_hand_written(void)
{
#ifdef RECLAIM_HAND_WRITTEN
    return true;
#else
    return false;
#endif
}

void sample_options_init(settings *options)
{
#ifdef RECLAIM_HAND_WRITTEN
    hand_options_init(options);
#else
    mm_options_init(options);
#endif
    if (sample_absence() != NULL)
        options->count = 0; /* nobody knows them */
}

void sample_register(sample *s)
{
    shim_register(s->spec, s->runs, make_run, note_times, s);
}

static int compare_values(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t median(uint64_t *values, size_t count)
{
    size_t middle = count / 2;

    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, compare_values);
    return count % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

uint64_t sample_steady(const sample *s, uint64_t (*value)(const sample_record *))
{
    uint64_t values[SAMPLE_RUNS_MAX];
    size_t count = 0;

    for (int i = s->runs_done > 1; i < s->runs_done; i++)
        values[count++] = value(s->records + i);
    return median(values, count);
}

uint64_t sample_steady_measured(const sample *s, size_t index)
{
    uint64_t values[SAMPLE_RUNS_MAX];
    size_t count = 0;

    for (int i = s->runs_done > 1; i < s->runs_done; i++)
        values[count++] = s->records[i].measured[index].value;
    return median(values, count);
}

/* ---- The forecast ---- */

/* What a schedule takes for each object at most, while it is recorded. */
enum { SCHEDULE_BYTES_MAX = 48 };

static double resident_bytes(workload_amount amount)
{
    enum { HEADER_AND_ROUNDING_BYTES = MM_COUNTED ? 128 : 48 };
    return (double)amount.bytes + (double)amount.objects * HEADER_AND_ROUNDING_BYTES;
}

/* Whether the options leave automatic collection on. */
static bool collects_by_itself(const settings *options)
{
    for (size_t i = 0; i < options->count; i++) {
        if (strcmp(options->table[i].name, "automatic") == 0)
            return options->values[i] != 0;
    }
    return true;
}

/* What one run holds at its highest, and what it leaves behind in the process. A collector is given
 * twice its live data: what floats between two collections is at most that at the default growth.
 * Where counting does most of the work, only what is cyclic floats at all. */
static void predict_run(const workload_forecast *f, const settings *options, double *peak,
                        double *left)
{
    double leaked = resident_bytes(f->leaked), live = resident_bytes(f->live_peak);
#ifdef RECLAIM_HAND_WRITTEN
    *left = hand_written.leaks_cycles ? leaked : 0;
    *peak = collects_by_itself(options) ? live + *left : resident_bytes(f->allocated);
#else
    if (strategy_traits.scheduled) {
        *left = 0;
        *peak = live + (double)f->allocated.objects * SCHEDULE_BYTES_MAX;
    } else if (!strategy_traits.reclaims) {
        *left = *peak = resident_bytes(f->allocated);
    } else if (!strategy_traits.reclaims_cycles) {
        *left = leaked;
        *peak = live + leaked;
    } else {
        double floating = strategy_traits.prompt && leaked < live ? leaked : live;
        *left = 0;
        *peak = live + floating + (collects_by_itself(options) ? 0 : leaked);
    }
#endif
}

/* A heap limit is kept, by the account of what the program asks for and the strategy's headers; the
 * registry and malloc's rounding come on top. */
static void limit_prediction(const settings *options, double *peak, double *left)
{
    enum { RESIDENT_PER_BYTE = MM_COUNTED ? 6 : 2 };

    for (size_t i = 0; i < options->count; i++) {
        double most = options->values[i] * RESIDENT_PER_BYTE;
        if (strcmp(options->table[i].name, "heap_bytes_max") != 0 || most == 0)
            continue;
        *peak = *peak < most ? *peak : most;
        *left = *left < most ? *left : most;
    }
}

bool sample_forecast(const sample *s, uint64_t *bytes_peak, const char **skip,
                     char message[WORKLOAD_MESSAGE_MAX])
{
    enum { PROGRAM_BYTES = 8 << 20 };
    workload_forecast forecast = {0};
    double peak, left;

#ifdef RECLAIM_HAND_WRITTEN
    if (!hand_accepts(&s->parameters, message))
        return false;
#endif
    if (!s->workload->forecast(&s->parameters, &forecast, message))
        return false;
    predict_run(&forecast, &s->options, &peak, &left);
    limit_prediction(&s->options, &peak, &left);
    *skip = sample_absence() != NULL ? sample_absence() : forecast.skip;
    *bytes_peak =
        (uint64_t)(PROGRAM_BYTES + peak + (s->runs - 1) * left + (double)forecast.other_bytes);
    return true;
}
