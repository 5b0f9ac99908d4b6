#include "summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "json.h"
#include "memory_over_time.h"
#include "measurements.h"
#include "text.h"

static const estimate unknown = {NAN, NAN, NAN};

static void set_status(cell_summary *of, status worst, char *reason)
{
    free(of->reason);
    of->status = worst;
    of->reason = reason;
}

/* -- one cell -- */

/* The worst status of the samples of a cell, with that sample's reason. */
static void find_status(cell_summary *of, const plan *planned, const store *from, size_t index)
{
    bool timed = false;

    set_status(of, STATUS_OK, text_copy(""));
    for (size_t i = 0; i <= planned->repetitions; i++) {
        const json_t *record = *store_slot(from, index, i);
        status of_sample = status_from_name(json_text_of(record, "status"));
        timed = timed || (record != NULL && i > 0);
        if (record != NULL && of_sample > of->status)
            set_status(
                of, of_sample,
                text_format("%s%s", i == 0 ? "counted: " : "", json_text_of(record, "reason")));
    }
    if (of->of->skipped[0] != '\0')
        set_status(of, STATUS_SKIPPED, text_copy(of->of->skipped));
    else if (!timed && status_is_timed(of->status))
        set_status(of, STATUS_MISSING, text_copy("not run yet"));
}

static void check_agreement(cell_summary *of, const plan *planned, const store *from, size_t index)
{
    char *disagreement = counters_disagreement(planned, from, index);

    if (disagreement != NULL)
        set_status(of, STATUS_VOID, disagreement);
}

/* -- cells of one spec -- */

static bool has_result(const cell_summary *of)
{
    return status_is_timed(of->status);
}

/* The first cell of the same spec that has a result and another `name` (checksum, digest), NULL
 * when all agree. */
static const cell_summary *find_dissenter(const summary *in, const cell_summary *of,
                                          const char *name)
{
    const char *expected = json_text_of(of->counters, name);

    for (size_t i = 0; i < in->planned->cell_count && expected[0] != '\0'; i++) {
        const cell_summary *other = &in->cells[i];
        const char *found = json_text_of(other->counters, name);
        if (strcmp(other->of->spec, of->of->spec) == 0 && has_result(other) && found[0] != '\0' &&
            strcmp(found, expected) != 0)
            return other;
    }
    return NULL;
}

/* Every strategy must have done the same work. When two differ nobody can say which of them is
 * right, so no cell of the spec counts. The reasons are collected before any status changes: a void
 * cell no longer has a voice. */
static void void_dissent(summary *in, const char *name)
{
    char **reasons = must_allocate(in->planned->cell_count, sizeof *reasons);

    for (size_t i = 0; i < in->planned->cell_count; i++) {
        const cell_summary *of = &in->cells[i];
        const cell_summary *other = has_result(of) ? find_dissenter(in, of, name) : NULL;
        if (other != NULL)
            reasons[i] = text_format("its %s %s differs from %s of %s: not the same work", name,
                                     json_text_of(of->counters, name),
                                     json_text_of(other->counters, name), other->of->row);
    }
    for (size_t i = 0; i < in->planned->cell_count; i++) {
        if (reasons[i] != NULL)
            set_status(&in->cells[i], STATUS_VOID, reasons[i]);
    }
    free(reasons);
}

/* -- times -- */

static estimate estimate_of(const plan *planned, const store *from, size_t index, const char *group,
                            const char *field)
{
    double *values = must_allocate(planned->repetitions, sizeof *values);
    estimate result;

    measurements_get(planned, from, index, group, field, values);
    result = measurements_estimate(values, planned->repetitions);
    free(values);
    return result;
}

static size_t count_times(const plan *planned, const store *from, size_t index)
{
    double *values = must_allocate(planned->repetitions, sizeof *values);
    size_t count;

    measurements_get(planned, from, index, "time_ns", "steady", values);
    count = measurements_compact(values, planned->repetitions);
    free(values);
    return count;
}

static void estimate_times(cell_summary *of, const plan *planned, const store *from, size_t index)
{
    of->time_ns = of->first_ns = of->cpu_ns = of->ratio = of->overhead = unknown;
    of->n = count_times(planned, from, index);
    if (of->status == STATUS_VOID)
        return;
    of->time_ns = estimate_of(planned, from, index, "time_ns", "steady");
    of->first_ns = estimate_of(planned, from, index, "time_ns", "first");
    of->cpu_ns = estimate_of(planned, from, index, "cpu_ns", "steady");
}

/* The time of a cell relative to that of another of the same spec, NULL: there is none. */
static estimate ratio_to(const summary *in, const store *from, size_t index, const cell *other)
{
    const plan *planned = in->planned;
    size_t reference = other != NULL ? (size_t)(other - planned->cells) : 0;
    double *ratios;
    estimate result;

    if (other == NULL || isnan(in->cells[reference].time_ns.median) ||
        isnan(in->cells[index].time_ns.median))
        return unknown;
    ratios = must_allocate(planned->repetitions, sizeof *ratios);
    measurements_ratios(planned, from, index, reference, ratios);
    result = measurements_estimate(ratios, planned->repetitions);
    free(ratios);
    return result;
}

static void estimate_ratios(summary *in, const store *from, size_t index)
{
    const plan *planned = in->planned;
    const cell *of = &planned->cells[index];

    in->cells[index].ratio =
        ratio_to(in, from, index, plan_find(planned, planned->baseline, of->spec));
    in->cells[index].overhead = ratio_to(in, from, index, plan_find_ideal(planned, of));
}

bool summary_is_ranked(const cell_summary *of)
{
    return of->status == STATUS_OK && !of->of->hand && !of->of->ideal && of->of->peer[0] == '\0' &&
           !isnan(of->time_ns.median);
}

static void estimate_lower_bounds(summary *in, const store *from, const bool *usable, size_t index)
{
    const plan *planned = in->planned;
    double *ratios = must_allocate(planned->repetitions, sizeof *ratios);

    for (int metric = 0; metric < LOWER_BOUND_METRICS; metric++) {
        size_t baseline =
            lower_bound_baseline(planned, from, index, usable, (lower_bound_metric)metric);
        in->cells[index].lower_bound[metric] = unknown;
        if (!usable[index] || baseline == planned->cell_count)
            continue;
        lower_bound_ratios(planned, from, index, baseline, (lower_bound_metric)metric, ratios);
        in->cells[index].lower_bound[metric] = measurements_estimate(ratios, planned->repetitions);
    }
    free(ratios);
}

/* What the cells take over the ideal and over the lower bound, each and together. */
static void estimate_overheads(summary *in, const store *from)
{
    size_t count = in->planned->cell_count;
    bool *usable = must_allocate(count, sizeof *usable);
    bool *completed = must_allocate(count, sizeof *completed);

    for (size_t i = 0; i < count; i++) {
        usable[i] = status_is_timed(in->cells[i].status);
        completed[i] = usable[i] && in->cells[i].status != STATUS_LEAKED;
    }
    for (size_t i = 0; i < count; i++)
        estimate_lower_bounds(in, from, usable, i);
    in->suite = suite_overhead_make(in->planned, from, completed, usable);
    free(usable);
    free(completed);
}

static bool is_best(const summary *in, const cell_summary *of)
{
    for (size_t i = 0; i < in->planned->cell_count; i++) {
        const cell_summary *other = &in->cells[i];
        if (summary_is_ranked(other) && strcmp(other->of->spec, of->of->spec) == 0 &&
            other->time_ns.median < of->time_ns.median)
            return false;
    }
    return summary_is_ranked(of);
}

static comparison_list compare(const summary *in, const store *from)
{
    size_t count = in->planned->cell_count;
    bool *is_valid = must_allocate(count, sizeof *is_valid);
    comparison_list comparisons;

    for (size_t i = 0; i < count; i++)
        is_valid[i] = status_is_timed(in->cells[i].status);
    comparisons = comparisons_make(in->planned, from, is_valid);
    free(is_valid);
    return comparisons;
}

summary summary_make(const plan *planned, const store *from)
{
    summary made = {.planned = planned, .latency_recording = unknown};

    made.cells = must_allocate(planned->cell_count, sizeof *made.cells);
    for (size_t i = 0; i < planned->cell_count; i++) {
        made.cells[i].of = &planned->cells[i];
        made.cells[i].counters = counters_merge(planned, from, i);
        find_status(&made.cells[i], planned, from, i);
        check_agreement(&made.cells[i], planned, from, i);
    }
    void_dissent(&made, "checksum");
    void_dissent(&made, "digest");
    for (size_t i = 0; i < planned->cell_count; i++)
        estimate_times(&made.cells[i], planned, from, i);
    for (size_t i = 0; i < planned->cell_count; i++) {
        estimate_ratios(&made, from, i);
        made.cells[i].best = is_best(&made, &made.cells[i]);
    }
    made.comparisons = compare(&made, from);
    estimate_overheads(&made, from);
    return made;
}

/* What recording costs, over the samples of all cells. */
static void estimate_recording(summary *made, size_t asked)
{
    size_t room = made->planned->cell_count * asked;
    double *ratios = must_allocate(room + 1, sizeof *ratios);

    for (size_t i = 0; i < room; i++)
        ratios[i] = made->cells[i / asked].latency.ratios[i % asked];
    made->latency_pairs = measurements_compact(ratios, room);
    made->latency_recording = statistics_estimate(ratios, made->latency_pairs);
    free(ratios);
}

bool summary_add_latency(summary *made, const store *from, problem *why)
{
    size_t asked = made->planned->extras[latency_kind()];
    bool sound = true;

    for (size_t i = 0; i < made->planned->cell_count && asked > 0 && sound; i++) {
        const char *checksum = json_text_of(made->cells[i].counters, "checksum");
        sound = latency_summarise(&made->cells[i].latency, made->planned, from, i, checksum, why);
    }
    if (sound && asked > 0)
        estimate_recording(made, asked);
    return sound;
}

void summary_free(summary *made)
{
    for (size_t i = 0; i < made->planned->cell_count; i++) {
        free(made->cells[i].reason);
        costs_free(made->cells[i].costs);
        json_decref(made->cells[i].counters);
        memory_over_time_free(made->cells[i].memory);
        latency_free(&made->cells[i].latency);
    }
    free(made->cells);
    free(made->comparisons.items);
    suite_overhead_free(&made->suite);
    cost_groups_free(&made->cost_groups);
    *made = (summary){0};
}

bool summary_has_untrusted(const summary *of)
{
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (of->cells[i].status == STATUS_VOID || of->cells[i].status == STATUS_FAILED)
            return true;
    }
    return false;
}

double summary_counter(const cell_summary *of, const char *name)
{
    const json_t *value = json_object_get(of->counters, name);
    double sum = 0;

    if (!json_is_array(value))
        return json_number_of(of->counters, name);
    for (size_t i = 0; i < json_array_size(value); i++)
        sum += json_number_value(json_array_get(value, i));
    return sum;
}

/* -- summary.json -- */

static json_t *lower_bounds_to_json(const cell_summary *of)
{
    return json_pack("{s:o, s:o}", "time",
                     json_from_number(of->lower_bound[LOWER_BOUND_TIME].median), "cpu",
                     json_from_number(of->lower_bound[LOWER_BOUND_CPU].median));
}

static json_t *cell_to_json(const cell_summary *of)
{
    json_t *value = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:O}",
        "strategy", of->of->row, "label", of->of->label, "program", of->of->set, "kind",
        json_text_of(of->of->record, "kind"), "workload", of->of->workload, "spec", of->of->spec,
        "status", status_name(of->status), "reason", of->reason, "best", of->best, "n",
        (json_int_t)of->n, "time_ns", measurements_estimate_to_json(&of->time_ns), "first_ns",
        measurements_estimate_to_json(&of->first_ns), "cpu_ns",
        measurements_estimate_to_json(&of->cpu_ns), "ratio",
        measurements_estimate_to_json(&of->ratio), "overhead",
        measurements_estimate_to_json(&of->overhead), "counters", of->counters);

    json_object_set_new(value, "lower_bound_overhead", lower_bounds_to_json(of));
    json_object_set_new(value, "costs", costs_to_json(of->costs));
    json_object_set_new(value, "latency",
                        of->status != STATUS_VOID ? latency_to_json(&of->latency) : json_null());
    json_object_set_new(value, "peer", json_string(of->of->peer));
    json_object_set(value, "axis", json_object_get(of->of->record, "axis"));
    json_object_set(value, "allocator", json_object_get(of->of->record, "allocator"));
    json_object_set(value, "params", json_object_get(of->of->record, "params"));
    json_object_set(value, "options", json_object_get(of->of->record, "options"));
    json_object_set_new(value, "memory_over_time", memory_over_time_to_json(of->memory));
    json_object_set(value, "heap", json_object_get(of->of->record, "heap"));
    return value;
}

json_t *summary_to_json(const summary *of)
{
    json_t *cells = json_array(), *verdicts = json_array();

    for (size_t i = 0; i < of->planned->cell_count; i++)
        json_array_append_new(cells, cell_to_json(&of->cells[i]));
    for (size_t i = 0; i < of->comparisons.count; i++)
        json_array_append_new(verdicts, comparison_to_json(&of->comparisons.items[i]));
    return json_pack("{s:s, s:s, s:I, s:f, s:{s:o, s:o, s:o, s:I}, s:o, s:o, s:o, s:O*}", "schema",
                     "reclaim.summary/1", "baseline", of->planned->baseline, "repetitions",
                     (json_int_t)of->planned->repetitions, "margin", of->planned->margin,
                     "latency_recording", "ratio", json_from_number(of->latency_recording.median),
                     "low", json_from_number(of->latency_recording.low), "high",
                     json_from_number(of->latency_recording.high), "pairs",
                     (json_int_t)of->latency_pairs, "cells", cells, "verdicts", verdicts,
                     "overhead", suite_overhead_to_json(&of->suite), "heaps",
                     json_object_get(of->planned->context, "heaps"));
}
