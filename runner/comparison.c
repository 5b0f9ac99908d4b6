#define _GNU_SOURCE
#include "comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "measurements.h"
#include "text.h"

static const double level = 0.05;

const char *verdict_name(verdict of)
{
    static const char *const names[] = {"slower", "faster", "no difference found",
                                        "too few samples", "not comparable"};
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

/* The cell of the same label and spec in another set; cell_count when there is none. */
static size_t find_in_set(const plan *planned, const char *set, const cell *like)
{
    size_t i = 0;

    while (i < planned->cell_count &&
           (strcmp(planned->cells[i].set, set) != 0 ||
            strcmp(cell_contender(&planned->cells[i]), cell_contender(like)) != 0 ||
            strcmp(planned->cells[i].spec, like->spec) != 0))
        i++;
    return i;
}

/* Adds log(new ÷ old) of every repetition to `logs`; NAN stays NAN. */
static void add_logs(const plan *planned, const store *from, size_t new_index, size_t old_index,
                     double *logs)
{
    double *ratios = must_allocate(planned->repetitions, sizeof *ratios);

    measurements_ratios(planned, from, new_index, old_index, ratios);
    for (size_t i = 0; i < planned->repetitions; i++)
        logs[i] += log(ratios[i]);
    free(ratios);
}

/* Takes over `logs`, the sums of the logs over that many workloads: their geometric mean is what is
 * judged. */
static void set_logs(comparison *of, double *logs, size_t repetitions, size_t workloads)
{
    double *ratios = must_allocate(repetitions, sizeof *ratios);

    for (size_t i = 0; i < repetitions; i++) {
        logs[i] /= (double)workloads;
        ratios[i] = exp(logs[i]);
    }
    of->logs = logs;
    of->n = measurements_compact(ratios, repetitions);
    of->ratio = statistics_estimate(ratios, of->n);
    free(ratios);
}

static void compare_cell(comparison_list *list, const plan *planned, const store *from,
                         const bool *is_valid, size_t old_index, size_t new_index)
{
    const cell *before = &planned->cells[old_index], *after = &planned->cells[new_index];
    comparison *added = add(list, (comparison){.label = cell_contender(after),
                                               .spec = after->spec,
                                               .old_set = before->set,
                                               .new_set = after->set,
                                               .ratio = {NAN, NAN, NAN},
                                               .p = NAN,
                                               .verdict = VERDICT_NOT_COMPARABLE});
    double *logs;

    if (!is_valid[old_index] || !is_valid[new_index])
        return;
    logs = must_allocate(planned->repetitions, sizeof *logs);
    add_logs(planned, from, new_index, old_index, logs);
    set_logs(added, logs, planned->repetitions, 1);
}

/* All workloads of a strategy that could be compared, as one. Only where there are several of them.
 */
static void compare_strategy(comparison_list *overall, const plan *planned,
                             const comparison_list *single, const comparison *like)
{
    double *logs = must_allocate(planned->repetitions, sizeof *logs);
    size_t workloads = 0;

    for (size_t i = 0; i < single->count; i++) {
        const comparison *part = &single->items[i];
        if (part->logs == NULL || !is_same_strategy(part, like))
            continue;
        workloads++;
        for (size_t j = 0; j < planned->repetitions; j++)
            logs[j] += part->logs[j];
    }
    if (workloads > 1) {
        comparison *added = add(overall, *like);
        added->spec = "";
        set_logs(added, logs, planned->repetitions, workloads);
    } else {
        free(logs);
    }
}

static bool has_strategy(const comparison_list *list, size_t before, const comparison *like)
{
    for (size_t i = 0; i < before; i++) {
        if (is_same_strategy(&list->items[i], like))
            return true;
    }
    return false;
}

static verdict decide(const comparison *judged, double margin)
{
    if (judged->n < STATISTICS_SAMPLES_MIN)
        return VERDICT_TOO_FEW_SAMPLES;
    if (judged->p >= level)
        return VERDICT_NO_DIFFERENCE;
    if (judged->ratio.median > 1 + margin)
        return VERDICT_SLOWER;
    return judged->ratio.median < 1 / (1 + margin) ? VERDICT_FASTER : VERDICT_NO_DIFFERENCE;
}

/* Judges one family together, so that the p values are corrected for its size, and decides. The
 * logs are given up. */
static void decide_family(comparison_list *family, const plan *planned)
{
    size_t repetitions = planned->repetitions, count = 0;
    double *logs = must_allocate(family->count * repetitions, sizeof *logs);
    double *p = must_allocate(family->count, sizeof *p);

    for (size_t i = 0; i < family->count; i++) {
        if (family->items[i].logs != NULL)
            memcpy(logs + count++ * repetitions, family->items[i].logs, repetitions * sizeof *logs);
    }
    statistics_judge(logs, count, repetitions, p);
    for (size_t i = 0, next = 0; i < family->count; i++) {
        comparison *judged = &family->items[i];
        if (judged->logs == NULL)
            continue;
        judged->p = p[next++];
        judged->verdict = decide(judged, planned->margin);
        free(judged->logs);
        judged->logs = NULL;
    }
    free(logs);
    free(p);
}

static comparison_list compare_cells(const plan *planned, const store *from, const bool *is_valid)
{
    comparison_list single = {0};
    const char *old_set = planned->cell_count > 0 ? planned->cells[0].set : "";

    for (size_t i = 0; i < planned->cell_count; i++) {
        size_t before = find_in_set(planned, old_set, &planned->cells[i]);
        if (strcmp(planned->cells[i].set, old_set) != 0 && before < planned->cell_count)
            compare_cell(&single, planned, from, is_valid, before, i);
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
    decide_family(&single, planned);
    decide_family(&overall, planned);
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
