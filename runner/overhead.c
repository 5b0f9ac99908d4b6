#include "overhead.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text_file.h"

enum { SPEC_COLUMNS = 24, RATIO_COLUMNS = 11, CELL_TEXT_MAX = 64 };

static bool has_overheads(const summary *of)
{
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (!isnan(of->cells[i].overhead.median))
            return true;
    }
    return false;
}

/* -- the table -- */

/* Whether the cell is the first of its row: the table has a column for each but the ideals'. */
static bool starts_column(const plan *of, size_t index)
{
    size_t i = 0;

    while (strcmp(of->cells[i].row, of->cells[index].row) != 0)
        i++;
    return i == index && !of->cells[index].ideal;
}

/* "1.23+-2%" */
static void print_estimate(char out[CELL_TEXT_MAX], const estimate *of)
{
    double half = fmax(of->high - of->median, of->median - of->low) / of->median * 100;

    if (isnan(of->median))
        snprintf(out, CELL_TEXT_MAX, "-");
    else if (isnan(of->low))
        snprintf(out, CELL_TEXT_MAX, "%.2f", of->median);
    else
        snprintf(out, CELL_TEXT_MAX, "%.2f+-%.0f%%", of->median, half);
}

/* What leaks is in brackets, since it has not done all of the work. What was timed has an overhead,
 * unless there is no ideal that was. */
static void print_overhead(char out[CELL_TEXT_MAX], const cell_summary *of)
{
    char text[CELL_TEXT_MAX];

    if (isnan(of->overhead.median)) {
        snprintf(out, CELL_TEXT_MAX, "%s",
                 status_is_timed(of->status) ? "no ideal" : status_name(of->status));
        return;
    }
    print_estimate(text, &of->overhead);
    snprintf(out, CELL_TEXT_MAX, of->status == STATUS_LEAKED ? "(%.60s)" : "%.60s", text);
}

static const cell_summary *find(const summary *of, const char *row, const char *spec)
{
    const cell *found = plan_find(of->planned, row, spec);

    return found != NULL ? &of->cells[found - of->planned->cells] : NULL;
}

static void print_line(FILE *out, const summary *of, const char *spec)
{
    fprintf(out, "%-*.*s", SPEC_COLUMNS, SPEC_COLUMNS - 1, spec);
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        const cell_summary *shown;
        char text[CELL_TEXT_MAX] = "-";
        if (!starts_column(of->planned, i))
            continue;
        shown = find(of, of->planned->cells[i].row, spec);
        if (shown != NULL)
            print_overhead(text, shown);
        fprintf(out, " %*s", RATIO_COLUMNS, text);
    }
    fprintf(out, "\n");
}

/* -- the whole suite -- */

static const suite_row *find_row(const suite_overhead *of, const char *row)
{
    for (size_t i = 0; i < of->row_count; i++) {
        if (strcmp(of->rows[i].row, row) == 0)
            return &of->rows[i];
    }
    return NULL;
}

/* A geometric mean below each column. `what` is 0 for the mean over the ideal, else one more than
 * the metric of the lower bound. */
static void print_means(FILE *out, const summary *of, const char *title, int what)
{
    fprintf(out, "%-*s", SPEC_COLUMNS, title);
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        const suite_row *row;
        char text[CELL_TEXT_MAX] = "-";
        if (!starts_column(of->planned, i))
            continue;
        row = find_row(&of->suite, of->planned->cells[i].row);
        if (row != NULL && of->suite.k > 0)
            print_estimate(text, what == 0 ? &row->over_ideal : &row->lower_bound[what - 1]);
        fprintf(out, " %*s", RATIO_COLUMNS, text);
    }
    fprintf(out, "\n");
}

static void print_suite(FILE *out, const summary *of)
{
    const suite_overhead *suite = &of->suite;

    print_means(out, of, "geometric mean", 0);
    print_means(out, of, "over the lower bound", 1 + LOWER_BOUND_TIME);
    print_means(out, of, "  in processor time", 1 + LOWER_BOUND_CPU);
    fprintf(out,
            "means over %zu of %zu workloads: those that all compared strategies completed without "
            "a leak\n",
            suite->k, suite->n);
}

void overhead_print(FILE *out, const summary *of)
{
    if (!has_overheads(of))
        return;
    fprintf(out, "\n%-*s", SPEC_COLUMNS, "time over the ideal");
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (starts_column(of->planned, i))
            fprintf(out, " %*.*s", RATIO_COLUMNS, RATIO_COLUMNS, of->planned->cells[i].row);
    }
    fprintf(out, "\n");
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (plan_starts_spec(of->planned, i))
            print_line(out, of, of->planned->cells[i].spec);
    }
    print_suite(out, of);
    fprintf(out,
            "median, paired within each repetition, and half of its 95%% interval; in brackets: "
            "it leaks\n");
}

/* -- the file -- */

static void write_line(FILE *out, const cell_summary *of)
{
    const estimate *e = &of->overhead;

    fprintf(out, "%s\t%s\t%s\t%.6g", of->of->spec, of->of->row, status_name(of->status), e->median);
    if (isnan(e->low))
        fprintf(out, "\t?\t?\n");
    else
        fprintf(out, "\t%.6g\t%.6g\n", e->low, e->high);
}

static void write_lines(FILE *out, const summary *of)
{
    fprintf(out, "# spec\tstrategy\tstatus\toverhead\tlow\thigh\n");
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (!isnan(of->cells[i].overhead.median))
            write_line(out, &of->cells[i]);
    }
}

bool overhead_write(const summary *of, const store *into, problem *why)
{
    text_file file;
    char *path;
    bool written;

    if (!has_overheads(of))
        return true;
    path = store_path(into, "overhead.tsv");
    text_file_open(&file);
    if (file.out != NULL)
        write_lines(file.out, of);
    written = text_file_write(&file, path, why);
    free(path);
    return written;
}
