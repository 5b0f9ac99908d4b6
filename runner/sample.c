#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "matrix.h"
#include "process.h"
#include "programs.h"
#include "schedule.h"
#include "status.h"
#include "text.h"

static const char program_schema[] = "reclaim.sample/1";

enum { EXIT_VOID = 3, EXIT_NO_MEMORY = 4 };

/* A record without a sample: the cell, how it ended, and why. */
static json_t *empty_record(const cell *of, uint64_t seed, size_t repetition, status end,
                            const char *reason)
{
    json_t *record = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:n, s:n, s:[], s:{}}", "strategy", of->strategy,
        "label", of->label, "flavour", repetition == 0 ? "counted" : "timed", "workload",
        of->workload, "spec", of->spec, "seed", (json_int_t)seed, "status", status_name(end),
        "reason", reason, "time_ns", "cpu_ns", "runs", "counters");

    json_object_set(record, "options", json_object_get(of->record, "options"));
    json_object_set(record, "params", json_object_get(of->record, "params"));
    return record;
}

/* Whether malloc was served as it was when the run was planned. */
static bool check_allocator(const json_t *sample, const cell *of, problem *why)
{
    json_t *served = json_object_get(sample, "allocator");
    json_t *planned = json_object_get(of->record, "allocator");

    if (served == NULL || !json_is_object(planned) || json_equal(served, planned))
        return true;
    return problem_environment(why, "its allocator was %s %s, and the run was planned with %s %s",
                               json_text_of(served, "name"), json_text_of(served, "version"),
                               json_text_of(planned, "name"), json_text_of(planned, "version"));
}

/* Whether a sample is one of the cell that was asked for, with everything that a summary needs. */
static bool check_sample(const json_t *sample, const cell *of, size_t repetition, problem *why)
{
    status end = status_from_name(json_text_of(sample, "status"));
    bool has_times = isfinite(json_number_of(json_object_get(sample, "time_ns"), "steady")) &&
                     isfinite(json_number_of(json_object_get(sample, "cpu_ns"), "steady"));

    if (strcmp(json_text_of(sample, "label"), of->label) != 0 ||
        strcmp(json_text_of(sample, "spec"), of->spec) != 0)
        return problem_environment(why, "malformed sample: it is of %s on %s",
                                   json_text_of(sample, "label"), json_text_of(sample, "spec"));
    if (end > STATUS_OOM && end != STATUS_VOID)
        return problem_environment(why, "malformed sample: its status is '%s'",
                                   json_text_of(sample, "status"));
    if (!json_is_object(json_object_get(sample, "counters")))
        return problem_environment(why, "malformed sample: it has no counters");
    if (status_is_timed(end) && repetition > 0 && !has_times)
        return problem_environment(why, "malformed sample: it has no steady times");
    return check_allocator(sample, of, why);
}

/* The sample that the program wrote, or NULL and why it is none. */
static json_t *read_sample(const char *path, const cell *of, size_t repetition, problem *why)
{
    json_t *sample = json_read(path, program_schema, why);

    if (sample != NULL && !check_sample(sample, of, repetition, why)) {
        json_decref(sample);
        sample = NULL;
    }
    return sample;
}

/* A program that ended badly and left a sample explains itself there; its last words are the reason
 * where the sample has none. */
static bool has_sample(const process_result *result)
{
    return result->end == PROCESS_EXITED &&
           (result->code == 0 || result->code == EXIT_VOID || result->code == EXIT_NO_MEMORY);
}

static status status_of_end(const process_result *result)
{
    if (result->end == PROCESS_TIMED_OUT)
        return STATUS_TIMEOUT;
    if (result->end == PROCESS_EXITED && result->code == EXIT_NO_MEMORY)
        return STATUS_OOM;
    if (result->end == PROCESS_EXITED && result->code == EXIT_VOID)
        return STATUS_VOID;
    return STATUS_FAILED;
}

static json_t *record_without_sample(const plan *planned, const cell *of, size_t repetition,
                                     const process_result *result, const problem *reading)
{
    char *end = process_describe_end(result);
    status outcome = status_of_end(result);
    json_t *record =
        empty_record(of, planned->seed, repetition, outcome,
                     outcome == STATUS_FAILED && has_sample(result) ? reading->text : end);

    free(end);
    return record;
}

static bool is_without_reason(const json_t *sample)
{
    return !status_is_timed(status_from_name(json_text_of(sample, "status"))) &&
           json_text_of(sample, "reason")[0] == '\0';
}

static json_t *record_of(const plan *planned, const cell *of, size_t repetition, const char *path,
                         const process_result *result)
{
    problem reading = {0};
    json_t *record = has_sample(result) ? read_sample(path, of, repetition, &reading) : NULL;

    if (record == NULL)
        record = record_without_sample(planned, of, repetition, result, &reading);
    else if (is_without_reason(record))
        json_object_set_new(record, "reason", json_string(result->last_line));
    json_object_set_new(record, "schema", json_string(sample_schema));
    json_object_set_new(record, "program", json_string(of->set));
    json_object_set_new(record, "row", json_string(of->row));
    json_object_set_new(record, "repetition", json_integer((json_int_t)repetition));
    json_object_set_new(record, "elapsed_s", json_real(result->seconds));
    return record;
}

/* Exit code 1 is a program's way of saying that it could not write. If the folder takes nothing
 * from the runner either, the cell is not to blame, and recording it as failed would be wrong for
 * ever. */
static bool is_folder_to_blame(const process_result *result, const store *into, problem *why)
{
    return result->end == PROCESS_EXITED && result->code == EXIT_CODE_ENVIRONMENT &&
           !store_is_writable(into, why);
}

/* The counted sample comes first and leaves its schedule for the others. One that is gone, since the
 * run was resumed elsewhere, the program records anew. */
static void add_schedule(arguments *command, const store *into, size_t cell_index, bool records)
{
    char *path = store_schedule_path(into, cell_index);

    if (records || access(path, R_OK) == 0) {
        arguments_add(command, records ? "--record" : "--schedule");
        arguments_add(command, "%s", path);
    }
    free(path);
}

/* One process of a cell: what it is asked to write, and where. */
typedef struct call {
    size_t cell_index;
    size_t repetition; /* 0: of the counted program */
    const char *option;
    char *path;
    bool records_schedule;
    size_t layout;
} call;

static void add_arguments(arguments *command, const plan *planned, const store *into,
                          const call *asked)
{
    const cell *of = &planned->cells[asked->cell_index];
    bool counted = asked->repetition == 0;

    matrix_cell_arguments(command, counted ? of->counted : of->timed, of->label, of->spec,
                          planned->seed, counted ? 1 : planned->runs);
    arguments_add(command, "%s", asked->option);
    arguments_add(command, "%s", asked->path);
    if (of->ideal)
        add_schedule(command, into, asked->cell_index, asked->records_schedule);
}

/* False when the run cannot go on. */
static bool run_program(const plan *planned, const store *into, call *asked, process_result *result,
                        problem *why)
{
    const cell *of = &planned->cells[asked->cell_index];
    bool counted = asked->repetition == 0, ran;
    process_request request = {.preload = of->preload,
                               .folder = planned->folder,
                               .memory_bytes_max = planned->memory_bytes_max,
                               .timeout_seconds = planned->timeout_seconds,
                               .fresh_copy = true};
    char *layout_path;

    asked->layout = counted ? 0 : schedule_layout(planned, asked->cell_index, asked->repetition);
    layout_path = program_layout_path(counted ? of->counted : of->timed, asked->layout);
    request.program = layout_path;
    add_arguments(&request.command, planned, into, asked);
    unlink(asked->path); /* a killed run may have left one behind */
    ran = process_run(&request, result, why) && result->end != PROCESS_INTERRUPTED &&
          !is_folder_to_blame(result, into, why);
    arguments_free(&request.command);
    free(layout_path);
    return ran;
}

json_t *sample_take(const plan *planned, const store *into, size_t cell_index, size_t repetition,
                    problem *why)
{
    call asked = {.cell_index = cell_index,
                  .repetition = repetition,
                  .option = "--json",
                  .path = store_path(into, "sample.json"),
                  .records_schedule = repetition == 0};
    process_result result;
    json_t *record = NULL;

    if (run_program(planned, into, &asked, &result, why))
        record = record_of(planned, &planned->cells[cell_index], repetition, asked.path, &result);
    json_object_set_new(record, "layout", json_integer((json_int_t)asked.layout));
    unlink(asked.path);
    free(asked.path);
    return record;
}

/* -- extra samples -- */

/* What the program has recorded, or NULL and why it is nothing. */
static json_t *read_recorded(const char *path, size_t kind, const cell *of, problem *why)
{
    json_t *recorded = json_read(path, extra_kinds[kind].schema, why);

    if (recorded == NULL)
        return NULL;
    if (strcmp(json_text_of(recorded, "label"), of->label) == 0 &&
        strcmp(json_text_of(recorded, "spec"), of->spec) == 0 &&
        status_from_name(json_text_of(recorded, "status")) <= STATUS_VOID &&
        check_allocator(recorded, of, why) &&
        (extra_kinds[kind].is_sound == NULL || extra_kinds[kind].is_sound(recorded, why)))
        return recorded;
    if (why->text[0] == '\0')
        problem_environment(why, "malformed %s sample of %s on %s", extra_kinds[kind].name,
                            json_text_of(recorded, "label"), json_text_of(recorded, "spec"));
    json_decref(recorded);
    return NULL;
}

/* How it ended: as the program says, or else as its process did. */
static json_t *head_of(const plan *planned, const call *asked, const process_result *result,
                       const json_t *recorded, const problem *reading)
{
    const cell *of = &planned->cells[asked->cell_index];
    char *end = process_describe_end(result);
    bool silent = recorded == NULL && has_sample(result) && result->code == 0;
    const char *name =
        recorded != NULL ? json_text_of(recorded, "status") : status_name(status_of_end(result));
    const char *reason = recorded != NULL ? json_text_of(recorded, "reason")
                         : silent         ? reading->text
                                          : end;
    json_t *head = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:f, s:s, s:s}", "program", of->set,
                             "row", of->row, "label", of->label, "spec", of->spec, "seed",
                             (json_int_t)planned->seed, "layout", (json_int_t)asked->layout,
                             "elapsed_s", result->seconds, "status", name, "reason", reason);

    free(end);
    return head;
}

json_t *sample_take_extra(const plan *planned, const store *into, size_t kind, size_t cell_index,
                          size_t number, json_t **recorded, problem *why)
{
    char *option = text_format("--%s", extra_kinds[kind].name);
    call asked = {.cell_index = cell_index,
                  .repetition = number,
                  .option = option,
                  .path = store_path(into, "extra.json")};
    process_result result;
    problem reading = {0};
    json_t *head = NULL;

    *recorded = NULL;
    if (run_program(planned, into, &asked, &result, why)) {
        if (has_sample(&result))
            *recorded = read_recorded(asked.path, kind, &planned->cells[cell_index], &reading);
        head = head_of(planned, &asked, &result, *recorded, &reading);
    }
    unlink(asked.path);
    free(asked.path);
    free(option);
    return head;
}
