#define _GNU_SOURCE
#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "build_record.h"
#include "curve.h"
#include "doctor.h"
#include "extra_kinds.h"
#include "json.h"
#include "machine.h"
#include "matrix.h"
#include "plan.h"
#include "programs.h"
#include "text.h"

static const char default_baseline[] = "generational";

/* -- the settings -- */

static uint64_t memory_limit(const command_line *asked)
{
    double bytes = settings_get(&asked->numbers, "memory-limit");
    return bytes < 0 ? machine_memory_bytes() / 2 : (uint64_t)bytes;
}

static size_t repetitions_of(const command_line *asked)
{
    static const size_t by_scale[] = {1, 6, 11, 21};
    size_t wanted = (size_t)settings_get(&asked->numbers, "repetitions");

    return wanted > 0 ? wanted : by_scale[(size_t)settings_get(&asked->numbers, "scale")];
}

/* Runs of the scale quick take a few milliseconds, less than the start of their process: more of them
 * cost little and steady the sample. */
static unsigned runs_of(const command_line *asked)
{
    static const unsigned by_scale[] = {3, 7, 3, 3};
    unsigned wanted = (unsigned)settings_get(&asked->numbers, "runs");

    return wanted > 0 ? wanted : by_scale[(size_t)settings_get(&asked->numbers, "scale")];
}

/* How many extra samples of each kind a cell has. A self-test compares times and nothing else. */
static void add_extras(json_t *context, const command_line *asked)
{
    size_t scale = (size_t)settings_get(&asked->numbers, "scale");

    for (size_t kind = 0; kind < extra_kind_count && asked->verb == VERB_RUN; kind++) {
        double wanted = settings_get(&asked->numbers, extra_kinds[kind].option);
        size_t count = wanted < 0 ? extra_kinds[kind].by_scale[scale] : (size_t)wanted;
        json_object_set_new(context, extra_kinds[kind].option, json_integer((json_int_t)count));
    }
}

/* The first cell whose row is `label`, or else whose label is: with several sets, the first set's.
 * NULL when there is none. */
static const json_t *find_row(const json_t *cells, const char *label)
{
    static const char *const names[] = {"row", "label"};

    for (int by = 0; by < 2; by++) {
        for (size_t i = 0; i < json_array_size(cells); i++) {
            if (strcmp(json_text_of(json_array_get(cells, i), names[by]), label) == 0)
                return json_array_get(cells, i);
        }
    }
    return NULL;
}

static bool refuse_baseline(const json_t *cells, const char *label, problem *why)
{
    const char **names = must_allocate(json_array_size(cells), sizeof *names);
    int count = 0;

    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *candidate = json_array_get(cells, i);
        const char *row = json_text_of(candidate, "row");
        if (find_row(cells, row) == candidate)
            names[count++] = row;
    }
    problem_input(why, "--baseline: '%s' is not part of this run", label);
    problem_add_names(why, label, "It has", names, count);
    free(names);
    return false;
}

/* The row that times are relative to. Without the option and without the usual baseline in the run,
 * the first row is it. */
static const char *find_baseline(const command_line *asked, const json_t *cells, problem *why)
{
    const json_t *found =
        find_row(cells, asked->baseline != NULL ? asked->baseline : default_baseline);

    if (found == NULL && asked->baseline != NULL) {
        refuse_baseline(cells, asked->baseline, why);
        return NULL;
    }
    return json_text_of(found != NULL ? found : json_array_get(cells, 0), "row");
}

/* -- the context -- */

static json_t *date_now(void)
{
    char text[64];
    time_t now = time(NULL);
    struct tm local;

    localtime_r(&now, &local);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &local);
    return json_string(text);
}

static json_t *current_folder(void)
{
    char *folder = get_current_dir_name();
    json_t *text = json_string(folder != NULL ? folder : ".");

    free(folder);
    return text;
}

/* The builds of the programs that the cells run, and of no other. */
static json_t *used_programs(const program_list *programs, const json_t *cells)
{
    json_t *used = json_array();

    for (size_t i = 0; i < programs->count; i++) {
        bool is_used = false;
        for (size_t j = 0; j < json_array_size(cells) && !is_used; j++) {
            const json_t *of = json_array_get(cells, j);
            is_used = strcmp(json_text_of(of, "timed"), programs->items[i].path) == 0 ||
                      strcmp(json_text_of(of, "counted"), programs->items[i].path) == 0;
        }
        if (is_used)
            json_array_append_new(used, build_record(&programs->items[i]));
    }
    return used;
}

/* The names of the other runtimes that a run of all strategies has not been asked for. */
static json_t *peers_left_out(const command_line *asked, const program_list *programs)
{
    json_t *names = json_array();
    bool all = json_array_size(asked->strategies) == 0 && !asked->peers;

    for (size_t i = 0; i < programs->count && all; i++) {
        const program *candidate = &programs->items[i];
        if (program_is_timed(candidate) && candidate->peer[0] != '\0' && !candidate->hand &&
            !json_has_text(names, candidate->strategy))
            json_array_append_new(names, json_string(candidate->strategy));
    }
    return names;
}

/* `*heaps` is set for a curve only. */
static json_t *find_cells(const command_line *asked, const program_list *programs, json_t **heaps,
                          problem *why)
{
    matrix_request request = {.strategies = asked->strategies,
                              .peers = asked->peers,
                              .workloads = asked->workloads,
                              .allocators = asked->allocators,
                              .scale = command_line_scale(asked),
                              .seed = (uint64_t)settings_get(&asked->numbers, "seed"),
                              .runs = runs_of(asked),
                              .layouts_max = (size_t)settings_get(&asked->numbers, "layouts"),
                              .memory_bytes_max = memory_limit(asked)};
    curve_request curve = {.matrix = request,
                           .multiples = asked->multiples,
                           .timeout_seconds = settings_get(&asked->numbers, "timeout")};

    return asked->verb == VERB_CURVE ? curve_cells(&curve, programs, heaps, why)
                                     : matrix_cells(&request, programs, why);
}

/* Takes over `cells`. */
static json_t *make_context(const command_line *asked, const program_list *programs, json_t *cells,
                            const char *baseline)
{
    diagnosis found = doctor_look("");

    return json_pack(
        "{s:s, s:o, s:O, s:o, s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:s, s:O, s:I, s:o, "
        "s:o, s:o}",
        "schema", plan_schema, "date", date_now(), "command", asked->words, "folder",
        current_folder(), "machine", machine_describe(), "doctor", doctor_short_json(&found),
        "scale", command_line_scale(asked), "repetitions", (json_int_t)repetitions_of(asked),
        "seed", (json_int_t)settings_get(&asked->numbers, "seed"), "runs",
        (json_int_t)runs_of(asked), "memory_bytes_max", (json_int_t)memory_limit(asked),
        "timeout_s", settings_get(&asked->numbers, "timeout"), "margin",
        settings_get(&asked->numbers, "margin"), "baseline", baseline, "request", asked->request,
        "layout_period", (json_int_t)settings_get(&asked->numbers, "layout-period"), "programs",
        used_programs(programs, cells), "left_out", peers_left_out(asked, programs), "cells",
        cells);
}

json_t *context_new(const command_line *asked, problem *why)
{
    program_list programs;
    json_t *cells = NULL, *heaps = NULL, *context = NULL;
    const char *baseline = NULL;

    if (programs_find(&programs, asked->programs, why)) {
        programs_warn(&programs);
        cells = find_cells(asked, &programs, &heaps, why);
    }
    if (cells != NULL)
        baseline = find_baseline(asked, cells, why);
    if (baseline != NULL) {
        context = make_context(asked, &programs, json_incref(cells), baseline);
        json_object_set(context, "heaps", heaps);
        add_extras(context, asked);
    }
    json_decref(heaps);
    json_decref(cells);
    programs_free(&programs);
    return context;
}

/* -- resuming -- */

static bool same_request(json_t *then, json_t *now, problem *why)
{
    for (void *option = json_object_iter(now); option != NULL;
         option = json_object_iter_next(now, option)) {
        const char *name = json_object_iter_key(option);
        if (!json_equal(json_object_iter_value(option), json_object_get(then, name)))
            return problem_input(why,
                                 "cannot resume with another --%s: the run keeps the plan that "
                                 "it was started with. Leave the option out",
                                 name);
    }
    return true;
}

bool context_builds_unchanged(const json_t *context, problem *why)
{
    const json_t *programs = json_object_get(context, "programs");

    for (size_t i = 0; i < json_array_size(programs); i++) {
        if (!build_matches(json_array_get(programs, i), why))
            return false;
    }
    return true;
}

bool context_can_resume(const json_t *context, const command_line *asked, problem *why)
{
    return same_request(json_object_get(context, "request"), asked->request, why) &&
           context_builds_unchanged(context, why);
}
