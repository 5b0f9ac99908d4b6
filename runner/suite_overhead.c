#include "suite_overhead.h"

#include <stdlib.h>
#include <string.h>

#include "measurements.h"
#include "text.h"

/* -- which rows, which workloads -- */

static bool is_first_of_row(const plan *planned, size_t index)
{
    size_t i = 0;

    while (strcmp(planned->cells[i].row, planned->cells[index].row) != 0)
        i++;
    return i == index;
}

static const cell *first_ideal(const plan *planned)
{
    for (size_t i = 0; i < planned->cell_count; i++) {
        if (planned->cells[i].ideal)
            return &planned->cells[i];
    }
    return NULL;
}

/* Whether the row completed at least one workload. */
static bool completes_any(const plan *planned, const char *row, const bool *completed)
{
    for (size_t i = 0; i < planned->cell_count; i++) {
        if (completed[i] && strcmp(planned->cells[i].row, row) == 0)
            return true;
    }
    return false;
}

static void choose_rows(suite_overhead *made, const plan *planned, const bool *completed)
{
    made->rows = must_allocate(planned->cell_count + 1, sizeof *made->rows);
    for (size_t i = 0; i < planned->cell_count; i++) {
        const cell *of = &planned->cells[i];
        if (!of->hand && is_first_of_row(planned, i) && completes_any(planned, of->row, completed))
            made->rows[made->row_count++] = (suite_row){.row = of->row, .ideal = of->ideal};
    }
}

static bool is_complete(const plan *planned, const char *row, const char *spec,
                        const bool *completed)
{
    const cell *found = plan_find(planned, row, spec);

    return found != NULL && completed[found - planned->cells];
}

static bool all_complete(const suite_overhead *made, const plan *planned, const char *spec,
                         const bool *completed)
{
    for (size_t i = 0; i < made->row_count; i++) {
        if (!is_complete(planned, made->rows[i].row, spec, completed))
            return false;
    }
    return true;
}

static void choose_specs(suite_overhead *made, const plan *planned, const bool *completed)
{
    made->specs = must_allocate(planned->cell_count + 1, sizeof *made->specs);
    for (size_t i = 0; i < planned->cell_count; i++) {
        if (!plan_starts_spec(planned, i))
            continue;
        made->n++;
        if (all_complete(made, planned, planned->cells[i].spec, completed))
            made->specs[made->k++] = planned->cells[i].spec;
    }
}

/* -- the means -- */

/* What the ratios of a row are to. */
typedef enum over { OVER_LOWER_BOUND_TIME, OVER_LOWER_BOUND_CPU, OVER_IDEAL } over;

static void get_ratios(const plan *planned, const store *from, size_t index, const bool *usable,
                       over what, double *ratios)
{
    const cell *ideal = plan_find_ideal(planned, &planned->cells[index]);
    lower_bound_metric metric = what == OVER_LOWER_BOUND_CPU ? LOWER_BOUND_CPU : LOWER_BOUND_TIME;
    size_t baseline = what != OVER_IDEAL
                          ? lower_bound_baseline(planned, from, index, usable, metric)
                          : (size_t)(ideal - planned->cells);

    if (what == OVER_IDEAL)
        measurements_ratios(planned, from, index, baseline, ratios);
    else
        lower_bound_ratios(planned, from, index, baseline, metric, ratios);
}

static estimate mean_of_row(const suite_overhead *made, const plan *planned, const store *from,
                            const char *row, const bool *usable, over what)
{
    size_t repetitions = planned->repetitions;
    double *ratios = must_allocate(made->k * repetitions + 1, sizeof *ratios);
    estimate mean;

    for (size_t i = 0; i < made->k; i++) {
        const cell *of = plan_find(planned, row, made->specs[i]);
        get_ratios(planned, from, (size_t)(of - planned->cells), usable, what,
                   ratios + i * repetitions);
    }
    mean = statistics_geometric_mean(ratios, made->k, repetitions);
    free(ratios);
    return mean;
}

suite_overhead suite_overhead_make(const plan *planned, const store *from, const bool *completed,
                                   const bool *usable)
{
    const cell *ideal = first_ideal(planned);
    suite_overhead made = {.ideal = ideal != NULL ? ideal->row : ""};

    if (ideal == NULL)
        return made;
    choose_rows(&made, planned, completed);
    choose_specs(&made, planned, completed);
    for (size_t i = 0; i < made.row_count; i++) {
        suite_row *row = &made.rows[i];
        row->over_ideal = mean_of_row(&made, planned, from, row->row, usable, OVER_IDEAL);
        row->lower_bound[LOWER_BOUND_TIME] =
            mean_of_row(&made, planned, from, row->row, usable, OVER_LOWER_BOUND_TIME);
        row->lower_bound[LOWER_BOUND_CPU] =
            mean_of_row(&made, planned, from, row->row, usable, OVER_LOWER_BOUND_CPU);
    }
    return made;
}

void suite_overhead_free(suite_overhead *made)
{
    free(made->rows);
    free(made->specs);
    *made = (suite_overhead){0};
}

/* -- summary.json -- */

static json_t *specs_to_json(const suite_overhead *of)
{
    json_t *specs = json_array();

    for (size_t i = 0; i < of->k; i++)
        json_array_append_new(specs, json_string(of->specs[i]));
    return specs;
}

static json_t *row_to_json(const suite_overhead *of, const suite_row *row)
{
    return json_pack("{s:s, s:o, s:I, s:I, s:o}", "row", row->row, "geometric_mean",
                     measurements_estimate_to_json(&row->over_ideal), "k", (json_int_t)of->k, "n",
                     (json_int_t)of->n, "workloads", specs_to_json(of));
}

static json_t *bound_to_json(const suite_overhead *of, const suite_row *row)
{
    return json_pack("{s:s, s:o, s:o, s:I, s:I}", "row", row->row, "time",
                     measurements_estimate_to_json(&row->lower_bound[LOWER_BOUND_TIME]), "cpu",
                     measurements_estimate_to_json(&row->lower_bound[LOWER_BOUND_CPU]), "k",
                     (json_int_t)of->k, "n", (json_int_t)of->n);
}

json_t *suite_overhead_to_json(const suite_overhead *of)
{
    json_t *rows = json_array(), *bounds = json_array();

    for (size_t i = 0; i < of->row_count; i++) {
        if (!of->rows[i].ideal)
            json_array_append_new(rows, row_to_json(of, &of->rows[i]));
        json_array_append_new(bounds, bound_to_json(of, &of->rows[i]));
    }
    if (of->row_count > 0)
        return json_pack("{s:s, s:o, s:o}", "ideal", of->ideal, "rows", rows, "lower_bound",
                         bounds);
    json_decref(rows);
    json_decref(bounds);
    return json_null();
}
