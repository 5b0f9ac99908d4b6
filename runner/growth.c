#include "growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

static const char size_name[] = "n";

static double size_of(const cell_summary *of)
{
    return json_number_of(json_object_get(of->of->record, "params"), size_name);
}

/* Whether two cells run the same workload, but for its size. */
static bool same_workload(const cell_summary *a, const cell_summary *b)
{
    json_t *of_a = json_deep_copy(json_object_get(a->of->record, "params"));
    json_t *of_b = json_deep_copy(json_object_get(b->of->record, "params"));
    bool same;

    json_object_del(of_a, size_name);
    json_object_del(of_b, size_name);
    same = strcmp(a->of->workload, b->of->workload) == 0 && json_equal(of_a, of_b);
    json_decref(of_a);
    json_decref(of_b);
    return same;
}

static bool same_series(const cell_summary *a, const cell_summary *b)
{
    return strcmp(a->of->row, b->of->row) == 0 && same_workload(a, b);
}

static bool is_point(const cell_summary *of)
{
    return !isnan(size_of(of)) && !isnan(of->time_ns.median);
}

/* The points of the series that the cell is in. */
static size_t points_of(const summary *of, const cell_summary *like)
{
    size_t count = 0;

    for (size_t i = 0; i < of->planned->cell_count; i++)
        count += is_point(&of->cells[i]) && same_series(&of->cells[i], like);
    return count;
}

static bool is_in_series(const summary *of, size_t index)
{
    const cell_summary *candidate = &of->cells[index];
    return is_point(candidate) && points_of(of, candidate) >= GROWTH_SIZES_MIN;
}

/* Whether no cell before this one is in a series that is `same` as its. */
static bool is_first(const summary *of, size_t index,
                     bool (*same)(const cell_summary *a, const cell_summary *b))
{
    for (size_t i = 0; i < index; i++) {
        if (is_in_series(of, i) && same(&of->cells[i], &of->cells[index]))
            return false;
    }
    return true;
}

bool growth_has_series(const summary *of)
{
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (is_in_series(of, i))
            return true;
    }
    return false;
}

static int by_size(const void *a, const void *b)
{
    double x = size_of(*(const cell_summary *const *)a),
           y = size_of(*(const cell_summary *const *)b);
    return (x > y) - (x < y);
}

static void write_number(FILE *out, double value)
{
    if (isnan(value))
        fputs("\t?", out);
    else
        fprintf(out, "\t%.6g", value);
}

static void write_point(FILE *out, const cell_summary *of, int workload, bool is_last)
{
    double n = size_of(of);

    fprintf(out, "%s\t%s", of->of->workload, of->of->row);
    write_number(out, n);
    write_number(out, of->time_ns.median / n);
    write_number(out, of->time_ns.low / n);
    write_number(out, of->time_ns.high / n);
    write_number(out, summary_counter(of, "rss_peak_bytes") / n);
    fprintf(out, "\t%d\t%s\n", workload, is_last ? of->of->row : "");
}

static void write_series(FILE *out, const summary *of, const cell_summary *like, int workload)
{
    size_t count = 0;
    const cell_summary **points = must_allocate(of->planned->cell_count, sizeof(cell_summary *));

    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (is_point(&of->cells[i]) && same_series(&of->cells[i], like))
            points[count++] = &of->cells[i];
    }
    qsort(points, count, sizeof *points, by_size);
    for (size_t i = 0; i < count; i++)
        write_point(out, points[i], workload, i + 1 == count);
    free(points);
}

/* The series of the workload of cell `first`. */
static void write_workload(FILE *out, const summary *of, size_t first, int workload)
{
    for (size_t i = first; i < of->planned->cell_count; i++) {
        if (!is_in_series(of, i) || !same_workload(&of->cells[i], &of->cells[first]) ||
            !is_first(of, i, same_series))
            continue;
        fputs(i > first || workload > 0 ? "\n\n" : "", out);
        write_series(out, of, &of->cells[i], workload);
    }
}

void growth_write(FILE *out, const summary *of)
{
    int workload = 0;

    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (is_in_series(of, i) && is_first(of, i, same_workload))
            write_workload(out, of, i, workload++);
    }
}
