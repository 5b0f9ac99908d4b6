#define _GNU_SOURCE
#include "overhead.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/file.h"
#include "text.h"

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

/* "1.23±2%": what leaks is in brackets, since it has not done all of the work. */
static void print_overhead(char out[CELL_TEXT_MAX], const cell_summary *of)
{
    const estimate *e = &of->overhead;
    double half = fmax(e->high - e->median, e->median - e->low) / e->median * 100;
    char text[CELL_TEXT_MAX / 2];

    if (isnan(e->median)) {
        snprintf(out, CELL_TEXT_MAX, "%s",
                 status_is_timed(of->status) ? "-" : status_name(of->status));
        return;
    }
    if (isnan(e->low))
        snprintf(text, sizeof text, "%.2f", e->median);
    else
        snprintf(text, sizeof text, "%.2f+-%.0f%%", e->median, half);
    snprintf(out, CELL_TEXT_MAX, of->status == STATUS_LEAKED ? "(%s)" : "%s", text);
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

bool overhead_write(const summary *of, const store *into, problem *why)
{
    char *text = NULL, *path = store_path(into, "overhead.tsv");
    size_t size = 0;
    FILE *out = has_overheads(of) ? open_memstream(&text, &size) : NULL;
    bool written = true;

    if (out != NULL) {
        fprintf(out, "# spec\tstrategy\tstatus\toverhead\tlow\thigh\n");
        for (size_t i = 0; i < of->planned->cell_count; i++) {
            if (!isnan(of->cells[i].overhead.median))
                write_line(out, &of->cells[i]);
        }
        written = fclose(out) == 0 && file_write_whole(path, text, size);
    }
    if (!written)
        problem_environment(why, "cannot write %s: %s", path, strerror(errno));
    free(text);
    free(path);
    return written;
}
