#define _GNU_SOURCE
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "context.h"
#include "extras.h"
#include "interrupt.h"
#include "json.h"
#include "plan.h"
#include "progress.h"
#include "remaining.h"
#include "report.h"
#include "sample.h"
#include "schedule.h"
#include "self_test.h"
#include "store.h"
#include "text.h"

enum { SIGNAL_EXIT_BASE = 128 };

/* -- taking the samples -- */

static bool take_extra(run *of, const progress *shown, size_t kind, size_t cell_index,
                       size_t number, problem *why)
{
    json_t *recorded = NULL, *head;
    bool taken;

    progress_sample(shown, cell_index, number, extra_kinds[kind].name);
    head = sample_take_extra(&of->planned, &of->kept, kind, cell_index, number, &recorded, why);
    taken = head != NULL && extras_add(&of->kept, kind, cell_index, number, head, recorded, why);
    json_decref(recorded);
    return taken;
}

static bool take(run *of, const progress *shown, size_t cell_index, size_t repetition, problem *why)
{
    json_t *record;

    progress_sample(shown, cell_index, repetition, "");
    record = sample_take(&of->planned, &of->kept, cell_index, repetition, why);
    return record != NULL && store_append(&of->kept, cell_index, repetition, record, why);
}

/* Whether this sample of a cell is left; `kind` is extra_kind_count for the timed one. */
static bool is_left(const run *of, size_t kind, size_t cell_index, size_t round)
{
    const plan *planned = &of->planned;

    if (kind < extra_kind_count)
        return round <= planned->extras[kind] &&
               remaining_has_extra(planned, &of->kept, kind, cell_index, round);
    return round <= planned->repetitions && remaining_has(planned, &of->kept, cell_index, round);
}

/* The sample of this round, and the extra ones beside it; the counted one is always first, since it
 * finds out what does not run, and records schedules. False when the run cannot go on. */
static bool take_cell(run *of, const progress *shown, size_t cell_index, size_t round, bool *any,
                      problem *why)
{
    size_t kinds[EXTRA_KINDS_MAX + 1];
    bool going = true;

    if (round == 0 && is_left(of, extra_kind_count, cell_index, 0)) {
        *any = true;
        going = interrupt_signal() == 0 && take(of, shown, cell_index, 0, why);
    }
    schedule_kinds(&of->planned, cell_index, round, kinds);
    for (size_t i = 0; i <= extra_kind_count && going; i++) {
        if (!is_left(of, kinds[i], cell_index, round))
            continue;
        *any = true;
        going = interrupt_signal() == 0 &&
                (kinds[i] == extra_kind_count
                     ? take(of, shown, cell_index, round, why)
                     : take_extra(of, shown, kinds[i], cell_index, round, why));
    }
    return going;
}

/* Every cell once, in random order. */
static bool take_repetition(run *of, progress *shown, size_t repetition, problem *why)
{
    size_t *order = must_allocate(of->planned.cell_count, sizeof *order);
    bool going = true, any = false;

    schedule_order(&of->planned, repetition, order);
    for (size_t i = 0; i < of->planned.cell_count && going; i++)
        going = take_cell(of, shown, order[i], repetition, &any, why);
    if (going && any)
        progress_repetition(shown, repetition);
    free(order);
    return going;
}

/* The counted samples first: they know most, and they find out early what does not run at all. */
bool run_take_all(run *of, problem *why)
{
    progress shown = progress_begin(&of->planned, &of->kept);
    bool going = true;

    for (size_t i = 0; i <= plan_rounds(&of->planned) && going; i++)
        going = take_repetition(of, &shown, i, why);
    progress_end(&shown);
    return going;
}

/* -- beginning -- */

/* results/20240131-235959, or results/self-test-20240131-235959 */
static char *default_folder(verb of)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm local;

    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
    return text_format("results/%s%s", of == VERB_SELF_TEST ? "self-test-" : "", stamp);
}

static bool begin_new(run *begun, const command_line *asked, problem *why)
{
    json_t *context = context_new(asked, why);
    char *folder;
    bool done;

    if (context == NULL || !plan_load(&begun->planned, context, why))
        return false;
    folder = asked->folder != NULL ? text_copy(asked->folder) : default_folder(asked->verb);
    self_test_note(context, folder);
    done = store_create(&begun->kept, folder, why) &&
           store_write_context(&begun->kept, context, why) &&
           store_load_samples(&begun->kept, &begun->planned, why) &&
           extras_load(&begun->kept, &begun->planned, why);
    free(folder);
    return done;
}

static bool begin_resumed(run *begun, const command_line *asked, problem *why)
{
    json_t *context = store_open(&begun->kept, asked->folder, why);

    return context != NULL && plan_load(&begun->planned, context, why) &&
           context_can_resume(context, asked, why) &&
           store_load_samples(&begun->kept, &begun->planned, why) &&
           extras_load(&begun->kept, &begun->planned, why);
}

bool run_begin(run *begun, const command_line *asked, problem *why)
{
    return asked->resume ? begin_resumed(begun, asked, why) : begin_new(begun, asked, why);
}

/* -- ending -- */

static void say_how_to_resume(const run *ended)
{
    fprintf(stderr,
            "reclaim: %zu samples are left; complete the run with 'reclaim %s --resume %s'\n",
            remaining_samples(&ended->planned, &ended->kept),
            ended->planned.layout_period > 0 ? "self-test" : "run", ended->kept.folder);
}

static int stopped_code(const problem *why)
{
    return interrupt_signal() != 0 ? SIGNAL_EXIT_BASE + interrupt_signal() : (int)why->code;
}

int run_stopped(const run *stopped, problem *why)
{
    if (interrupt_signal() != 0)
        fprintf(stderr, "reclaim: stopped by SIG%s\n", sigabbrev_np(interrupt_signal()));
    say_how_to_resume(stopped);
    return stopped_code(why);
}

void run_end(run *ended)
{
    store_close(&ended->kept);
    plan_free(&ended->planned);
}

static int end_interrupted(run *ended, problem *why)
{
    bool is_trusted;

    report_make(&ended->planned, &ended->kept, false, &is_trusted, why);
    return run_stopped(ended, why);
}

/* They can be recorded again, and are large. */
static void remove_schedules(const run *ended)
{
    for (size_t i = 0; i < ended->planned.cell_count; i++) {
        if (ended->planned.cells[i].ideal) {
            char *path = store_schedule_path(&ended->kept, i);
            unlink(path);
            free(path);
        }
    }
}

/* A build that was replaced while the run went on has mixed two builds in one cell: that must not
 * pass for a result. */
static int end_complete(run *ended, const command_line *asked, problem *why)
{
    bool is_trusted;

    remove_schedules(ended);
    if (!report_make(&ended->planned, &ended->kept, asked->charts, &is_trusted, why))
        return why->code;
    printf("\nresults: %s\nreport:  %s/report.html\n", ended->kept.folder, ended->kept.folder);
    if (!context_builds_unchanged(ended->planned.context, why))
        return why->code;
    return is_trusted ? EXIT_CODE_OK : EXIT_CODE_UNTRUSTED;
}

static int execute(run *begun, const command_line *asked, problem *why)
{
    if (run_take_all(begun, why))
        return end_complete(begun, asked, why);
    return interrupt_signal() != 0 ? end_interrupted(begun, why) : run_stopped(begun, why);
}

int run_command(const command_line *asked, problem *why)
{
    run begun = RUN_CLOSED;
    int code;

    interrupt_begin();
    code = run_begin(&begun, asked, why) ? execute(&begun, asked, why) : stopped_code(why);
    run_end(&begun);
    return code;
}
