#include "standings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "measurements.h"
#include "text.h"

enum { FIELDS_MAX = 3 };

/* What rows are ranked by. Of several fields the largest counts. */
typedef struct metric {
    const char *name, *group;
    const char *fields[FIELDS_MAX];
} metric;

static const metric metrics[] = {
    {"time", "time_ns", {"steady"}},
    {"memory", "counters", {"rss_peak_bytes"}},
    {"wait", "counters", {"request_ns_max", "pause_ns_max", "drop_ns_max"}},
};

/* Two ranked cells of one spec; `second` ÷ `first`. */
typedef struct pair {
    size_t first, second;
    size_t n;
    estimate ratio; /* all NAN where one of both is 0 at times */
    double p;
    verdict verdict;
} pair;

typedef struct contest {
    const metric *by;
    const summary *of;
    double *values;  /* cell_count × repetitions, NAN where there is none */
    double *medians; /* of each cell; NAN: it is not ranked */
    pair *pairs;
    size_t count;
} contest;

static size_t repetitions_of(const contest *in)
{
    return in->of->planned->repetitions;
}

/* -- values -- */

static void get_values(const contest *in, const store *from, size_t index)
{
    size_t repetitions = repetitions_of(in);
    double *values = in->values + index * repetitions;
    double *field = must_allocate(repetitions, sizeof *field);

    for (size_t i = 0; i < repetitions; i++)
        values[i] = NAN;
    for (size_t i = 0; i < FIELDS_MAX && in->by->fields[i] != NULL; i++) {
        measurements_get(in->of->planned, from, index, in->by->group, in->by->fields[i], field);
        for (size_t j = 0; j < repetitions; j++)
            values[j] = fmax(values[j], field[j]);
    }
    free(field);
}

static double median_of(const contest *in, size_t index)
{
    size_t repetitions = repetitions_of(in), count;
    double *known = must_allocate(repetitions, sizeof *known), median;

    memcpy(known, in->values + index * repetitions, repetitions * sizeof *known);
    count = measurements_compact(known, repetitions);
    median = statistics_median(known, count);
    free(known);
    return median;
}

static void get_all(contest *in, const store *from)
{
    size_t cells = in->of->planned->cell_count;

    in->values = must_allocate(cells * repetitions_of(in), sizeof *in->values);
    in->medians = must_allocate(cells, sizeof *in->medians);
    for (size_t i = 0; i < cells; i++) {
        get_values(in, from, i);
        in->medians[i] = summary_is_ranked(&in->of->cells[i]) ? median_of(in, i) : NAN;
    }
}

/* -- pairs -- */

static bool is_of_spec(const contest *in, size_t index, const char *spec)
{
    return !isnan(in->medians[index]) && strcmp(in->of->planned->cells[index].spec, spec) == 0;
}

static void add_pair(contest *in, size_t first, size_t second)
{
    in->pairs = reallocarray(in->pairs, in->count + 1, sizeof *in->pairs);
    if (in->pairs == NULL)
        abort();
    in->pairs[in->count++] = (pair){.first = first, .second = second, .p = NAN};
}

/* All pairs of ranked rows, spec by spec. */
static void find_pairs(contest *in)
{
    const plan *planned = in->of->planned;

    for (size_t start = 0; start < planned->cell_count; start++) {
        const char *spec = planned->cells[start].spec;
        if (!plan_starts_spec(planned, start))
            continue;
        for (size_t i = start; i < planned->cell_count; i++) {
            for (size_t j = i + 1; j < planned->cell_count && is_of_spec(in, i, spec); j++) {
                if (is_of_spec(in, j, spec))
                    add_pair(in, i, j);
            }
        }
    }
}

/* Logs of one cell of a pair, NAN where either has none; 1 is added since a wait may be 0. */
static void get_logs(const contest *in, size_t index, size_t other, double *logs)
{
    size_t repetitions = repetitions_of(in);

    for (size_t i = 0; i < repetitions; i++) {
        double value = in->values[index * repetitions + i];
        logs[i] = isnan(in->values[other * repetitions + i]) ? NAN : log1p(value);
    }
    measurements_fold_layouts(in->of->planned, index, other, logs);
}

static bool is_ever_zero(const double *logs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (logs[i] == 0)
            return true;
    }
    return false;
}

static void estimate_pair(pair *of, const double *before, const double *after, size_t repetitions)
{
    double *ratios = must_allocate(repetitions, sizeof *ratios);

    for (size_t i = 0; i < repetitions; i++)
        ratios[i] = exp(after[i] - before[i]);
    of->n = measurements_compact(ratios, repetitions);
    of->ratio = statistics_estimate(ratios, of->n);
    free(ratios);
}

/* The pairs are ordered by spec: how many from `first` on are of one. */
static size_t family_size(const contest *in, size_t first)
{
    const cell *cells = in->of->planned->cells;
    size_t end = first;

    while (end < in->count &&
           strcmp(cells[in->pairs[end].first].spec, cells[in->pairs[first].first].spec) == 0)
        end++;
    return end - first;
}

/* Whether the specs can be judged each by itself and p multiplied by their number. Twice as many
 * ways to exchange repetitions come with each further one, and the smallest p of all is one of them. */
static bool is_judged_by_spec(const contest *in, size_t specs)
{
    size_t independent = 0;

    for (size_t i = 0; i < in->count; i++)
        independent = in->pairs[i].n > independent ? in->pairs[i].n : independent;
    return independent > 0 && (double)specs * ldexp(1, 1 - (int)independent) < verdict_level;
}

static void judge(const contest *in, const double *before, const double *after, double *p)
{
    size_t repetitions = repetitions_of(in), specs = 0, size;

    for (size_t i = 0; i < in->count; i += family_size(in, i))
        specs++;
    if (!is_judged_by_spec(in, specs)) {
        statistics_judge(before, after, in->count, repetitions, p);
        return;
    }
    for (size_t i = 0; i < in->count; i += size) {
        size = family_size(in, i);
        statistics_judge(before + i * repetitions, after + i * repetitions, size, repetitions,
                         p + i);
        for (size_t j = i; j < i + size; j++)
            p[j] = fmin(1, p[j] * (double)specs);
    }
}

static void judge_pairs(contest *in)
{
    const plan *planned = in->of->planned;
    size_t repetitions = planned->repetitions;
    double *before = must_allocate(in->count * repetitions, sizeof *before);
    double *after = must_allocate(in->count * repetitions, sizeof *after);
    double *p = must_allocate(in->count, sizeof *p);

    for (size_t i = 0; i < in->count; i++) {
        double *first = before + i * repetitions, *second = after + i * repetitions;
        get_logs(in, in->pairs[i].first, in->pairs[i].second, first);
        get_logs(in, in->pairs[i].second, in->pairs[i].first, second);
        estimate_pair(&in->pairs[i], first, second, repetitions);
    }
    judge(in, before, after, p);
    for (size_t i = 0; i < in->count; i++) {
        pair *judged = &in->pairs[i];
        judged->p = p[i];
        judged->verdict = verdict_decide(judged->ratio.median, judged->p, judged->n,
                                         plan_self_test_failed(planned), planned->margin);
        if (is_ever_zero(before + i * repetitions, repetitions) ||
            is_ever_zero(after + i * repetitions, repetitions))
            judged->ratio = (estimate){NAN, NAN, NAN};
    }
    free(before);
    free(after);
    free(p);
}

/* -- who is first -- */

static const pair *find_pair(const contest *in, size_t one, size_t other)
{
    size_t i = 0;

    while (!(in->pairs[i].first == one && in->pairs[i].second == other) &&
           !(in->pairs[i].first == other && in->pairs[i].second == one))
        i++;
    return &in->pairs[i];
}

/* The verdict of `index` against `reference`. */
static verdict verdict_against(const contest *in, size_t index, size_t reference)
{
    const pair *both = find_pair(in, index, reference);

    if (both->second == index)
        return both->verdict;
    if (both->verdict == VERDICT_SLOWER)
        return VERDICT_FASTER;
    return both->verdict == VERDICT_FASTER ? VERDICT_SLOWER : both->verdict;
}

static bool is_beaten(const contest *in, size_t index)
{
    const char *spec = in->of->planned->cells[index].spec;

    for (size_t i = 0; i < in->of->planned->cell_count; i++) {
        if (i != index && is_of_spec(in, i, spec) &&
            verdict_against(in, index, i) == VERDICT_SLOWER)
            return true;
    }
    return false;
}

/* The smallest median of those that nobody beats: medians are taken over all repetitions and
 * verdicts over pairs, so that the smallest of all may be beaten. cell_count when the spec has
 * nobody to rank; where each is beaten by another, the smallest median. */
static size_t find_first(const contest *in, const char *spec)
{
    size_t cells = in->of->planned->cell_count, smallest = cells, unbeaten = cells;

    for (size_t i = 0; i < cells; i++) {
        if (!is_of_spec(in, i, spec))
            continue;
        if (smallest == cells || in->medians[i] < in->medians[smallest])
            smallest = i;
        if ((unbeaten == cells || in->medians[i] < in->medians[unbeaten]) && !is_beaten(in, i))
            unbeaten = i;
    }
    return unbeaten < cells ? unbeaten : smallest;
}

static estimate inverse(const estimate *of)
{
    return (estimate){1 / of->median, 1 / of->high, 1 / of->low};
}

static json_t *first_to_json(const contest *in, size_t index)
{
    return json_pack("{s:s, s:o, s:n, s:n, s:s, s:I}", "row", in->of->planned->cells[index].row,
                     "value", json_from_number(in->medians[index]), "ratio", "p", "verdict",
                     "first", "n", (json_int_t)in->of->cells[index].n);
}

static json_t *row_to_json(const contest *in, size_t index, size_t first)
{
    const pair *both = find_pair(in, index, first);
    estimate ratio = both->second == index ? both->ratio : inverse(&both->ratio);
    json_t *shown = isnan(ratio.median) ? json_null() : measurements_estimate_to_json(&ratio);

    return json_pack("{s:s, s:o, s:o, s:o, s:s, s:I}", "row", in->of->planned->cells[index].row,
                     "value", json_from_number(in->medians[index]), "ratio", shown, "p",
                     json_from_number(both->p), "verdict",
                     verdict_name(verdict_against(in, index, first)), "n", (json_int_t)both->n);
}

/* The unranked row with the smallest median that is not below the last one's; the order of the plan
 * where they are equal. */
static size_t find_next(const contest *in, const char *spec, size_t first, const bool *is_listed)
{
    size_t cells = in->of->planned->cell_count, next = cells;

    for (size_t i = 0; i < cells; i++) {
        if (i != first && !is_listed[i] && is_of_spec(in, i, spec) &&
            (next == cells || in->medians[i] < in->medians[next]))
            next = i;
    }
    return next;
}

static json_t *rows_to_json(const contest *in, const char *spec, size_t first)
{
    size_t cells = in->of->planned->cell_count, next;
    bool *is_listed = must_allocate(cells, sizeof *is_listed);
    json_t *rows = json_pack("[o]", first_to_json(in, first));

    while ((next = find_next(in, spec, first, is_listed)) < cells) {
        json_array_append_new(rows, row_to_json(in, next, first));
        is_listed[next] = true;
    }
    free(is_listed);
    return rows;
}

static void add_standing(const contest *in, const char *spec, json_t *to)
{
    size_t first = find_first(in, spec);

    if (first < in->of->planned->cell_count)
        json_array_append_new(to, json_pack("{s:s, s:s, s:o}", "metric", in->by->name, "spec", spec,
                                            "rows", rows_to_json(in, spec, first)));
}

json_t *standings_make(const summary *of, const store *from)
{
    json_t *made = json_array();

    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        contest in = {.by = &metrics[i], .of = of};
        get_all(&in, from);
        find_pairs(&in);
        judge_pairs(&in);
        for (size_t j = 0; j < of->planned->cell_count; j++) {
            if (plan_starts_spec(of->planned, j))
                add_standing(&in, of->planned->cells[j].spec, made);
        }
        free(in.values);
        free(in.medians);
        free(in.pairs);
    }
    return made;
}
