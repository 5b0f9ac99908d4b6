#include "plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "statistics.h"
#include "text.h"

const char plan_schema[] = "reclaim.context/1";

char *plan_row(const char *set, const char *label)
{
    return set[0] != '\0' ? text_format("%s/%s", set, label) : text_copy(label);
}

/* 0 where nothing is said: contexts of earlier versions know no layouts. */
static size_t load_count(const json_t *object, const char *name)
{
    double count = json_number_of(object, name);
    return count > 0 && count < STATISTICS_PAIRS_MAX ? (size_t)count : 0;
}

static cell load_cell(const json_t *record)
{
    return (cell){.set = json_text_of(record, "program"),
                  .strategy = json_text_of(record, "strategy"),
                  .label = json_text_of(record, "label"),
                  .row = json_text_of(record, "row"),
                  .workload = json_text_of(record, "workload"),
                  .spec = json_text_of(record, "spec"),
                  .timed = json_text_of(record, "timed"),
                  .counted = json_text_of(record, "counted"),
                  .skipped = json_text_of(record, "skipped"),
                  .layouts = load_count(record, "layouts"),
                  .peer = json_text_of(record, "peer"),
                  .preload = json_text_of(record, "preload"),
                  .hand = strcmp(json_text_of(record, "kind"), "hand") == 0,
                  .ideal = strcmp(json_text_of(record, "kind"), "ideal") == 0,
                  .record = record};
}

/* The numbers that a plan needs, each with what it may be: context.json can be edited. */
static bool check_numbers(const json_t *context, problem *why)
{
    static const struct {
        const char *name;
        double minimum, maximum;
    } required[] = {{"repetitions", 1, STATISTICS_PAIRS_MAX},
                    {"seed", 0, 1e15},
                    {"runs", 1, 1e6},
                    {"memory_bytes_max", 0, 1e18},
                    {"timeout_s", 0, 1e9},
                    {"margin", 0, 1}};

    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        double value = json_number_of(context, required[i].name);
        if (isnan(value))
            return problem_environment(why, "context.json has no number '%s'", required[i].name);
        if (value < required[i].minimum || value > required[i].maximum)
            return problem_environment(why, "context.json: '%s' is %g; %g to %g are possible",
                                       required[i].name, value, required[i].minimum,
                                       required[i].maximum);
    }
    return true;
}

static bool load_settings(plan *loaded, problem *why)
{
    if (!check_numbers(loaded->context, why))
        return false;
    loaded->repetitions = (size_t)json_number_of(loaded->context, "repetitions");
    loaded->seed = (uint64_t)json_number_of(loaded->context, "seed");
    loaded->runs = (unsigned)json_number_of(loaded->context, "runs");
    loaded->memory_bytes_max = (uint64_t)json_number_of(loaded->context, "memory_bytes_max");
    loaded->timeout_seconds = json_number_of(loaded->context, "timeout_s");
    loaded->margin = json_number_of(loaded->context, "margin");
    loaded->layout_period = load_count(loaded->context, "layout_period");
    for (size_t kind = 0; kind < extra_kind_count; kind++)
        loaded->extras[kind] = load_count(loaded->context, extra_kinds[kind].option);
    loaded->baseline = json_text_of(loaded->context, "baseline");
    loaded->folder = json_text_of(loaded->context, "folder");
    return true;
}

bool plan_load(plan *loaded, json_t *context, problem *why)
{
    const json_t *records = json_object_get(context, "cells");

    *loaded = (plan){.context = context, .cell_count = json_array_size(records)};
    if (!load_settings(loaded, why))
        return false;
    loaded->cells = must_allocate(loaded->cell_count, sizeof *loaded->cells);
    for (size_t i = 0; i < loaded->cell_count; i++) {
        loaded->cells[i] = load_cell(json_array_get(records, i));
        if (loaded->cells[i].row[0] == '\0' || loaded->cells[i].spec[0] == '\0')
            return problem_environment(why, "context.json: cell %zu has no row or no spec", i);
    }
    return true;
}

void plan_free(plan *loaded)
{
    free(loaded->cells);
    json_decref(loaded->context);
    *loaded = (plan){0};
}

bool plan_has_extra(const plan *of, size_t kind, size_t cell_index, size_t number)
{
    const cell *asked = &of->cells[cell_index];
    const char *list = number == 0 ? "counted_records" : "records";

    return of->extras[kind] >= (number > 0 ? number : 1) &&
           (number > 0 || (extra_kinds[kind].counted && asked->counted[0] != '\0')) &&
           json_has_text(json_object_get(asked->record, list), extra_kinds[kind].name);
}

size_t plan_rounds(const plan *of)
{
    size_t rounds = of->repetitions;

    for (size_t kind = 0; kind < extra_kind_count; kind++)
        rounds = of->extras[kind] > rounds ? of->extras[kind] : rounds;
    return rounds;
}

bool plan_self_test_failed(const plan *of)
{
    return json_is_false(json_object_get(json_object_get(of->context, "self_test"), "passed"));
}

const cell *plan_find(const plan *from, const char *row, const char *spec)
{
    for (size_t i = 0; i < from->cell_count; i++) {
        const cell *candidate = &from->cells[i];
        if (strcmp(candidate->row, row) == 0 && strcmp(candidate->spec, spec) == 0)
            return candidate;
    }
    return NULL;
}

const char *cell_contender(const cell *of)
{
    size_t length = strlen(of->set);
    return of->row + (length > 0 ? length + 1 : 0);
}

const cell *plan_find_ideal(const plan *from, const cell *like)
{
    for (size_t i = 0; i < from->cell_count; i++) {
        const cell *candidate = &from->cells[i];
        if (candidate->ideal && strcmp(candidate->spec, like->spec) == 0 &&
            strcmp(candidate->set, like->set) == 0)
            return candidate;
    }
    return NULL;
}

size_t plan_find_in_set(const plan *planned, const char *set, const cell *like)
{
    size_t i = 0;

    while (i < planned->cell_count &&
           (strcmp(planned->cells[i].set, set) != 0 ||
            strcmp(cell_contender(&planned->cells[i]), cell_contender(like)) != 0 ||
            strcmp(planned->cells[i].spec, like->spec) != 0))
        i++;
    return i;
}

bool plan_starts_spec(const plan *of, size_t cell_index)
{
    size_t i = 0;

    while (strcmp(of->cells[i].spec, of->cells[cell_index].spec) != 0)
        i++;
    return i == cell_index;
}
