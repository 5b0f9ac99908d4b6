#define _GNU_SOURCE
#include "matrix.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "allocators.h"
#include "json.h"
#include "plan.h"
#include "specs.h"
#include "text.h"
#include "units.h"

static const char check_schema[] = "reclaim.check/1";

/* Long: a check of a recorded heap may have to read all of it. */
static const double check_seconds_max = 120;

/* A program with the options and the allocator that it is to run with. */
typedef struct contender {
    const program *timed;
    const char *options; /* "name=value,name=value", or "" */
    const allocator *served_by;
} contender;

typedef struct contender_list {
    contender *items;
    size_t count;
    allocator_list allocators;
} contender_list;

/* -- the strategies -- */

/* Under each allocator. */
static void add_contender(contender_list *list, const program *timed, const char *options)
{
    size_t allocators = list->allocators.count;

    list->items = reallocarray(list->items, list->count + allocators, sizeof *list->items);
    if (list->items == NULL)
        abort();
    for (size_t i = 0; i < allocators; i++)
        list->items[list->count++] = (contender){timed, options, &list->allocators.items[i]};
}

/* Whether `wanted` ("refcount" or "old/refcount") means this program. */
static bool means_program(const char *wanted, const program *candidate)
{
    char *row = plan_row(candidate->set, candidate->strategy);
    bool means = strcmp(wanted, candidate->strategy) == 0 || strcmp(wanted, row) == 0;

    free(row);
    return means;
}

/* Why no program can be timed for `wanted`: it is for checking only, it could not describe itself,
 * or there is none. */
static bool refuse_strategy(const program_list *programs, const char *wanted, problem *why)
{
    const char **names = must_allocate(programs->count, sizeof *names);
    int count = 0;
    const program *broken = NULL, *checking = NULL;

    for (size_t i = 0; i < programs->count; i++) {
        const program *candidate = &programs->items[i];
        if (program_is_timed(candidate))
            names[count++] = candidate->strategy;
        else if (candidate->checking && means_program(wanted, candidate))
            checking = candidate;
        else if (candidate->complaint != NULL && !candidate->counted &&
                 strcmp(strchr(candidate->name, '_') + 1, wanted) == 0)
            broken = candidate;
    }
    if (checking != NULL) {
        problem_input(why, "strategy '%s' is for checking only and never timed", wanted);
    } else if (broken != NULL) {
        problem_input(why, "strategy '%s' cannot be run: %s does not describe itself: %s", wanted,
                      broken->path, broken->complaint);
    } else {
        problem_input(why, "there is no strategy '%s'", wanted);
        problem_add_names(why, wanted, "Strategies", names, count);
    }
    free(names);
    return false;
}

static bool add_wanted(contender_list *list, const program_list *programs, const char *label,
                       problem *why)
{
    char *wanted = specs_name(label);
    size_t before = list->count;
    bool found;

    for (size_t i = 0; i < programs->count; i++) {
        if (program_is_timed(&programs->items[i]) && means_program(wanted, &programs->items[i]))
            add_contender(list, &programs->items[i], specs_parameters(label));
    }
    found = list->count > before || refuse_strategy(programs, wanted, why);
    free(wanted);
    return found;
}

static bool choose_contenders(contender_list *list, const matrix_request *request,
                              const program_list *programs, problem *why)
{
    if (!allocators_choose(&list->allocators, request->allocators, programs, why))
        return false;
    for (size_t i = 0; i < json_array_size(request->strategies); i++) {
        if (!add_wanted(list, programs, json_text_at(request->strategies, i), why))
            return false;
    }
    for (size_t i = 0; i < programs->count && json_array_size(request->strategies) == 0; i++) {
        const program *candidate = &programs->items[i];
        if (program_is_timed(candidate) && (request->peers || candidate->peer[0] == '\0'))
            add_contender(list, candidate, "");
    }
    if (list->count == 0)
        return problem_input(why, "no program can be timed; 'reclaim list' says why");
    return true;
}

/* -- the workloads -- */

static void add_new_texts(json_t *into, const json_t *texts)
{
    for (size_t i = 0; i < json_array_size(texts); i++) {
        if (!json_has_text(into, json_text_at(texts, i)))
            json_array_append(into, json_array_get(texts, i));
    }
}

/* The suite of `scale` as all contenders have it together, in the order of their lists. */
static json_t *suite_specs(const contender_list *contenders, const char *scale)
{
    json_t *specs = json_array();

    for (size_t i = 0; i < contenders->count; i++) {
        const json_t *workloads =
            json_object_get(contenders->items[i].timed->description, "workloads");
        for (size_t j = 0; j < json_array_size(workloads); j++) {
            const json_t *suite = json_object_get(json_array_get(workloads, j), "suite");
            add_new_texts(specs, json_object_get(suite, scale));
        }
    }
    return specs;
}

static json_t *workload_names(const contender_list *contenders)
{
    json_t *names = json_array();

    for (size_t i = 0; i < contenders->count; i++) {
        const json_t *workloads =
            json_object_get(contenders->items[i].timed->description, "workloads");
        for (size_t j = 0; j < json_array_size(workloads); j++) {
            json_t *name = json_object_get(json_array_get(workloads, j), "name");
            if (!json_has_text(names, json_text_of(json_array_get(workloads, j), "name")))
                json_array_append(names, name);
        }
    }
    return names;
}

static bool workload_exists(const contender_list *contenders, const char *spec, problem *why)
{
    json_t *known = workload_names(contenders);
    size_t count = json_array_size(known);
    const char **names = must_allocate(count, sizeof *names);
    char *wanted = specs_name(spec);
    bool exists = json_has_text(known, wanted);

    for (size_t i = 0; i < count; i++)
        names[i] = json_text_at(known, i);
    if (!exists) {
        problem_input(why, "the chosen strategies have no workload '%s'", wanted);
        problem_add_names(why, wanted, "They have", names, (int)count);
    }
    free(names);
    free(wanted);
    json_decref(known);
    return exists;
}

static json_t *choose_specs(const matrix_request *request, const contender_list *contenders,
                            problem *why)
{
    json_t *specs;

    if (json_array_size(request->workloads) == 0)
        return suite_specs(contenders, request->scale);
    specs = json_array();
    for (size_t i = 0; i < json_array_size(request->workloads); i++) {
        if (!workload_exists(contenders, json_text_at(request->workloads, i), why)) {
            json_decref(specs);
            return NULL;
        }
    }
    add_new_texts(specs, request->workloads);
    return specs;
}

/* -- the cells -- */

/* One `--option NAME=VALUE` for every item of "name=value,name=value". */
static void add_options(arguments *list, const char *options)
{
    while (options[0] != '\0') {
        size_t length = strcspn(options, ",");
        arguments_add(list, "--option");
        arguments_add(list, "%.*s", (int)length, options);
        options += length + (options[length] == ',');
    }
}

void matrix_cell_arguments(arguments *list, const char *path, const char *label, const char *spec,
                           uint64_t seed, unsigned runs)
{
    arguments_add(list, "%s", path);
    arguments_add(list, "--workload");
    arguments_add(list, "%s", spec);
    add_options(list, specs_parameters(label));
    arguments_add(list, "--seed");
    arguments_add(list, "%" PRIu64, seed);
    arguments_add(list, "--runs");
    arguments_add(list, "%u", runs);
}

/* The last words of a program without its own name in front. */
static const char *without_name(const char *line, const char *name)
{
    size_t length = strlen(name);
    return text_starts_with(line, name) && text_starts_with(line + length, ": ") ? line + length + 2
                                                                                 : line;
}

/* The options of a contender, with that for its allocator; the caller frees it. */
static char *label_of(const contender *wanted)
{
    return text_format("%s:%s%s%s%s", wanted->timed->strategy, wanted->options,
                       wanted->served_by->is_option ? wanted->options[0] != '\0' ? "," : "" : "",
                       wanted->served_by->is_option ? "allocator=" : "",
                       wanted->served_by->is_option ? wanted->served_by->name : "");
}

/* What the program says about the cell, or NULL and its own words why not. */
static json_t *check_cell(const contender *wanted, const char *spec, const matrix_request *request,
                          problem *why)
{
    const program *timed = wanted->timed;
    process_request asked = {.timeout_seconds = check_seconds_max,
                             .keep_output = true,
                             .preload = wanted->served_by->preload};
    process_result result;
    char *label = label_of(wanted);
    json_t *checked = NULL;

    matrix_cell_arguments(&asked.command, timed->path, label, spec, request->seed, request->runs);
    arguments_add(&asked.command, "--check");
    if (process_run(&asked, &result, why)) {
        char *end = process_describe_end(&result);
        if (process_succeeded(&result))
            checked =
                json_parse(result.output, result.output_length, timed->name, check_schema, why);
        else if (result.end == PROCESS_EXITED && result.last_line[0] != '\0')
            problem_input(why, "%s refuses %s: %s", timed->name, spec,
                          without_name(result.last_line, timed->name));
        else
            problem_environment(why, "%s, asked about %s: %s", timed->name, spec, end);
        if (checked != NULL &&
            !allocator_is_proved(wanted->served_by, timed, checked, result.last_line, why)) {
            json_decref(checked);
            checked = NULL;
        }
        free(end);
        free(result.output);
    }
    arguments_free(&asked.command);
    free(label);
    return checked;
}

/* Why a checked cell is not run, "" when it is; the caller frees it. */
static char *reason_to_skip(const json_t *checked, uint64_t bytes_max)
{
    double bytes_peak = json_number_of(json_object_get(checked, "forecast"), "bytes_peak");
    char needed[UNIT_TEXT_MAX], allowed[UNIT_TEXT_MAX];

    if (json_text_of(checked, "skip")[0] != '\0')
        return text_copy(json_text_of(checked, "skip"));
    if (bytes_max == 0 || !(bytes_peak > (double)bytes_max))
        return text_copy("");
    unit_bytes(needed, bytes_peak);
    unit_bytes(allowed, (double)bytes_max);
    return text_format("needs about %s of memory; the limit is %s (--memory-limit)", needed,
                       allowed);
}

/* A counted program needs more memory than the timed one, for the registry of its objects. Why it
 * cannot count the cell, "" when it can; the caller frees it. Where the timed one is far from the limit
 * nobody is asked. */
static char *reason_not_to_count(const contender *wanted, const program *counting, const char *spec,
                                 const json_t *checked, const matrix_request *request)
{
    enum { COUNTED_SHARE = 4 };
    double bytes_peak = json_number_of(json_object_get(checked, "forecast"), "bytes_peak");
    contender counted = *wanted;
    json_t *answer;
    char *reason, *longer;
    problem ignored;

    if (counting == NULL || !(bytes_peak * COUNTED_SHARE > (double)request->memory_bytes_max))
        return text_copy("");
    counted.timed = counting;
    answer = check_cell(&counted, spec, request, &ignored);
    reason = reason_to_skip(answer, request->memory_bytes_max);
    json_decref(answer);
    if (reason[0] == '\0')
        return reason;
    longer = text_format("not counted: that %s", reason);
    free(reason);
    return longer;
}

static json_t *cell_record(const contender *wanted, const program *counting, const json_t *checked,
                           const matrix_request *request)
{
    const program *timed = wanted->timed;
    size_t layouts = timed->layouts < request->layouts_max ? timed->layouts : request->layouts_max;
    const json_t *forecast = json_object_get(checked, "forecast");
    char *row = allocator_row(wanted->served_by, timed->set, json_text_of(checked, "label"));
    char *skipped = reason_to_skip(checked, request->memory_bytes_max);
    json_t *record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "program",
                               timed->set, "row", row, "strategy", timed->strategy, "label",
                               json_text_of(checked, "label"), "kind", program_kind(timed), "peer",
                               timed->peer, "workload", json_text_of(checked, "workload"), "spec",
                               json_text_of(checked, "spec"), "timed", timed->path, "counted",
                               counting != NULL ? counting->path : "", "skipped", skipped);

    allocator_record(wanted->served_by, checked, record);
    json_object_set(record, "caveat", json_object_get(checked, "caveat"));
    json_object_set(record, "params", json_object_get(checked, "params"));
    json_object_set(record, "options", json_object_get(checked, "options"));
    json_object_set(record, "records", json_object_get(timed->description, "records"));
    if (counting != NULL)
        json_object_set(record, "counted_records",
                        json_object_get(counting->description, "records"));
    json_object_set_new(record, "layouts", json_integer((json_int_t)layouts));
    json_object_set_new(record, "forecast_bytes_peak",
                        json_from_number(json_number_of(forecast, "bytes_peak")));
    free(row);
    free(skipped);
    return record;
}

/* Two ways of writing the same cell are one cell: canonical forms decide. */
static bool has_cell(const json_t *cells, const json_t *record)
{
    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *other = json_array_get(cells, i);
        if (strcmp(json_text_of(other, "row"), json_text_of(record, "row")) == 0 &&
            strcmp(json_text_of(other, "spec"), json_text_of(record, "spec")) == 0)
            return true;
    }
    return false;
}

static bool add_cell(json_t *cells, const contender *wanted, const char *spec,
                     const matrix_request *request, const program_list *programs, problem *why)
{
    static const allocator unchanged = {.name = "", .preload = "", .package = ""};
    char *skipped = allocator_reason_to_skip(wanted->served_by, wanted->timed);
    contender asked = *wanted;
    const program *counting;
    json_t *checked, *record;
    char *uncounted;

    if (skipped[0] != '\0')
        asked.served_by = &unchanged;
    checked = check_cell(&asked, spec, request, why);
    if (checked == NULL) {
        free(skipped);
        return false;
    }
    counting = programs_counting(programs, wanted->timed);
    uncounted = reason_not_to_count(&asked, counting, spec, checked, request);
    record = cell_record(wanted, uncounted[0] == '\0' ? counting : NULL, checked, request);
    json_object_set_new(record, "uncounted", json_string(uncounted));
    if (skipped[0] != '\0')
        json_object_set_new(record, "skipped", json_string(skipped));
    if (!has_cell(cells, record))
        json_array_append(cells, record);
    json_decref(record);
    json_decref(checked);
    free(skipped);
    free(uncounted);
    return true;
}

/* A contender that does not have the workload is no cell of it. */
static bool add_cells(json_t *cells, const contender_list *contenders, const char *spec,
                      const matrix_request *request, const program_list *programs, problem *why)
{
    char *workload = specs_name(spec);
    bool added = true;

    for (size_t i = 0; i < contenders->count && added; i++) {
        if (program_workload(contenders->items[i].timed, workload) != NULL)
            added = add_cell(cells, &contenders->items[i], spec, request, programs, why);
    }
    free(workload);
    return added;
}

static json_t *all_cells(const contender_list *contenders, const json_t *specs,
                         const matrix_request *request, const program_list *programs, problem *why)
{
    json_t *cells = json_array();

    for (size_t i = 0; i < json_array_size(specs); i++) {
        if (!add_cells(cells, contenders, json_text_at(specs, i), request, programs, why)) {
            json_decref(cells);
            return NULL;
        }
    }
    if (json_array_size(cells) == 0) {
        problem_input(why, "nothing to run: the programs have no suite at the scale '%s'",
                      request->scale);
        json_decref(cells);
        return NULL;
    }
    return cells;
}

json_t *matrix_cells(const matrix_request *request, const program_list *programs, problem *why)
{
    contender_list contenders = {0};
    json_t *specs = NULL, *cells = NULL;

    if (choose_contenders(&contenders, request, programs, why))
        specs = choose_specs(request, &contenders, why);
    if (specs != NULL)
        cells = all_cells(&contenders, specs, request, programs, why);
    json_decref(specs);
    allocators_free(&contenders.allocators);
    free(contenders.items);
    return cells;
}
