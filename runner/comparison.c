#define _GNU_SOURCE
#include "comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "measurements.h"
#include "rank_sum.h"
#include "text.h"

const double verdict_level = 0.05;

const char *verdict_name(verdict of)
{
    static const char *const names[] = {"slower",          "faster",         "no difference found",
                                        "too few samples", "not comparable", "no verdict"};
    return names[of];
}

static bool is_same_strategy(const comparison *a, const comparison *b)
{
    return strcmp(a->label, b->label) == 0 && strcmp(a->new_set, b->new_set) == 0;
}

static comparison *add(comparison_list *list, comparison added)
{
    list->items = reallocarray(list->items, list->count + 1, sizeof *list->items);
    if (list->items == NULL)
        abort();
    list->items[list->count] = added;
    return &list->items[list->count++];
}

/* The logs of the times of a cell in each repetition, NAN where either of both cells has none. */
static double *logs_of(const plan *planned, const store *from, size_t cell_index,
                       size_t other_index)
{
    double *logs = must_allocate(planned->repetitions, sizeof *logs);
    double *other = must_allocate(planned->repetitions, sizeof *other);

    measurements_get(planned, from, cell_index, "time_ns", "steady", logs);
    measurements_get(planned, from, other_index, "time_ns", "steady", other);
    for (size_t i = 0; i < planned->repetitions; i++)
        logs[i] = isnan(other[i]) ? NAN : log(logs[i]);
    measurements_fold_layouts(planned, cell_index, other_index, logs);
    free(other);
    return logs;
}

/* The ratio of what waits to be judged: of one workload, or the geometric mean of several. */
static void estimate_ratio(comparison *of, size_t repetitions)
{
    double *ratios = must_allocate(repetitions, sizeof *ratios);

    for (size_t i = 0; i < repetitions; i++)
        ratios[i] = exp(of->new_logs[i] - of->old_logs[i]);
    of->n = measurements_compact(ratios, repetitions);
    of->ratio = statistics_estimate(ratios, of->n);
    free(ratios);
}

static void forget_logs(comparison *of)
{
    free(of->old_logs);
    free(of->new_logs);
    of->old_logs = of->new_logs = NULL;
}

static comparison *add_undecided(comparison_list *list, const cell *before, const cell *after)
{
    return add(list, (comparison){.label = cell_contender(after),
                                  .spec = after->spec,
                                  .old_set = before->set,
                                  .new_set = after->set,
                                  .ratio = {NAN, NAN, NAN},
                                  .p = NAN,
                                  .verdict = VERDICT_NOT_COMPARABLE});
}

comparison *comparisons_add_paired(comparison_list *list, const plan *planned, const store *from,
                                   size_t old_index, size_t new_index, bool is_valid)
{
    comparison *added = add_undecided(list, &planned->cells[old_index], &planned->cells[new_index]);

    if (!is_valid)
        return added;
    added->old_logs = logs_of(planned, from, old_index, new_index);
    added->new_logs = logs_of(planned, from, new_index, old_index);
    estimate_ratio(added, planned->repetitions);
    return added;
}

/* Adds the logs of a part to those of the whole, each divided by the number of parts. */
static void add_logs(comparison *whole, const comparison *part, size_t repetitions, size_t parts)
{
    for (size_t i = 0; i < repetitions; i++) {
        whole->old_logs[i] += part->old_logs[i] / (double)parts;
        whole->new_logs[i] += part->new_logs[i] / (double)parts;
    }
}

static size_t count_parts(const comparison_list *single, const comparison *like)
{
    size_t parts = 0;

    for (size_t i = 0; i < single->count; i++)
        parts += single->items[i].old_logs != NULL && is_same_strategy(&single->items[i], like);
    return parts;
}

/* All workloads of a strategy that could be compared, as one. Only where there are several of them.
 */
static void compare_strategy(comparison_list *overall, const plan *planned,
                             const comparison_list *single, const comparison *like)
{
    size_t repetitions = planned->repetitions, parts = count_parts(single, like);
    comparison *added;

    if (parts < 2)
        return;
    added = add(overall, *like);
    added->spec = "";
    added->old_logs = must_allocate(repetitions, sizeof *added->old_logs);
    added->new_logs = must_allocate(repetitions, sizeof *added->new_logs);
    for (size_t i = 0; i < single->count; i++) {
        if (single->items[i].old_logs != NULL && is_same_strategy(&single->items[i], like))
            add_logs(added, &single->items[i], repetitions, parts);
    }
    estimate_ratio(added, repetitions);
}

static bool has_strategy(const comparison_list *list, size_t before, const comparison *like)
{
    for (size_t i = 0; i < before; i++) {
        if (is_same_strategy(&list->items[i], like))
            return true;
    }
    return false;
}

verdict verdict_decide(double ratio, double p, size_t n, bool is_withheld, double margin)
{
    if (n < STATISTICS_SAMPLES_MIN)
        return VERDICT_TOO_FEW_SAMPLES;
    if (is_withheld)
        return VERDICT_WITHHELD;
    if (p >= verdict_level)
        return VERDICT_NO_DIFFERENCE;
    if (ratio > 1 + margin)
        return VERDICT_SLOWER;
    return ratio < 1 / (1 + margin) ? VERDICT_FASTER : VERDICT_NO_DIFFERENCE;
}

static verdict decide(const comparison *judged, bool is_withheld, double margin)
{
    return verdict_decide(judged->ratio.median, judged->p, judged->n, is_withheld, margin);
}

/* The logs are given up. */
void comparisons_decide_paired(comparison_list *family, const plan *planned, double margin)
{
    size_t repetitions = planned->repetitions, count = 0;
    double *before = must_allocate(family->count * repetitions, sizeof *before);
    double *after = must_allocate(family->count * repetitions, sizeof *after);
    double *p = must_allocate(family->count, sizeof *p);

    for (size_t i = 0; i < family->count; i++) {
        if (family->items[i].old_logs == NULL)
            continue;
        memcpy(before + count * repetitions, family->items[i].old_logs,
               repetitions * sizeof *before);
        memcpy(after + count++ * repetitions, family->items[i].new_logs,
               repetitions * sizeof *after);
    }
    statistics_judge(before, after, count, repetitions, p);
    for (size_t i = 0, next = 0; i < family->count; i++) {
        comparison *judged = &family->items[i];
        if (judged->old_logs == NULL)
            continue;
        judged->p = p[next++];
        judged->verdict = decide(judged, plan_self_test_failed(planned), margin);
        forget_logs(judged);
    }
    free(before);
    free(after);
    free(p);
}

/* -- separate runs -- */

/* The independent times of a cell; returns how many. */
static size_t independent_times(const plan *planned, const store *from, size_t cell_index,
                                double *times)
{
    measurements_get(planned, from, cell_index, "time_ns", "steady", times);
    measurements_fold_layouts(planned, cell_index, cell_index, times);
    return measurements_compact(times, planned->repetitions);
}

comparison *comparisons_add_separate(comparison_list *list, const plan *old_plan,
                                     const store *old_store, size_t old_index, const plan *new_plan,
                                     const store *new_store, size_t new_index, bool is_valid)
{
    comparison *added =
        add_undecided(list, &old_plan->cells[old_index], &new_plan->cells[new_index]);
    double *before = must_allocate(old_plan->repetitions, sizeof *before);
    double *after = must_allocate(new_plan->repetitions, sizeof *after);

    if (is_valid) {
        size_t old_n = independent_times(old_plan, old_store, old_index, before);
        size_t new_n = independent_times(new_plan, new_store, new_index, after);
        added->n = old_n < new_n ? old_n : new_n;
        added->ratio = statistics_ratio(before, old_n, after, new_n);
        added->p = rank_sum_p(before, old_n, after, new_n);
    }
    free(before);
    free(after);
    return added;
}

void comparisons_decide_separate(comparison_list *family, bool is_withheld, double margin)
{
    double *p = must_allocate(family->count, sizeof *p);

    for (size_t i = 0; i < family->count; i++)
        p[i] = family->items[i].p;
    holm_correct(p, family->count);
    for (size_t i = 0; i < family->count; i++) {
        family->items[i].p = p[i];
        if (!isnan(p[i]))
            family->items[i].verdict = decide(&family->items[i], is_withheld, margin);
    }
    free(p);
}

/* -- builds within a run -- */

static comparison_list compare_cells(const plan *planned, const store *from, const bool *is_valid)
{
    comparison_list single = {0};
    const char *old_set = planned->cell_count > 0 ? planned->cells[0].set : "";

    for (size_t i = 0; i < planned->cell_count; i++) {
        size_t before = plan_find_in_set(planned, old_set, &planned->cells[i]);
        if (strcmp(planned->cells[i].set, old_set) != 0 && before < planned->cell_count)
            comparisons_add_paired(&single, planned, from, before, i,
                                   is_valid[before] && is_valid[i]);
    }
    return single;
}

comparison_list comparisons_make(const plan *planned, const store *from, const bool *is_valid)
{
    comparison_list single = compare_cells(planned, from, is_valid), overall = {0};

    for (size_t i = 0; i < single.count; i++) {
        if (!has_strategy(&single, i, &single.items[i]))
            compare_strategy(&overall, planned, &single, &single.items[i]);
    }
    comparisons_decide_paired(&single, planned, planned->margin);
    comparisons_decide_paired(&overall, planned, planned->margin);
    for (size_t i = 0; i < overall.count; i++)
        add(&single, overall.items[i]);
    free(overall.items);
    return single;
}

json_t *comparison_to_json(const comparison *of)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:s}", "label", of->label, "spec",
                     of->spec, "old", of->old_set, "new", of->new_set, "n", (json_int_t)of->n,
                     "ratio", measurements_estimate_to_json(&of->ratio), "p",
                     json_from_number(of->p), "verdict", verdict_name(of->verdict));
}
