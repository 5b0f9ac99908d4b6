#include "latency_charts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "units.h"

enum { TIMELINE_COLUMNS = 125, KIND_CASCADE = 3, KIND_LAST = 4, KINDS = 5 };

static const double shortest_us = 1, longest_us = 1e6, row_height = 0.72;

static bool is_shown(const cell_summary *of)
{
    return of->latency.samples > 0 && of->status != STATUS_VOID;
}

bool latency_has_data(const summary *of)
{
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (is_shown(&of->cells[i]) && of->cells[i].latency.requests > 0)
            return true;
    }
    return false;
}

static bool has_utilisation(const cell_summary *of)
{
    return is_shown(of) && of->latency.windows > 0 && !isnan(of->latency.collector_share);
}

bool utilisation_has_data(const summary *of)
{
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (has_utilisation(&of->cells[i]))
            return true;
    }
    return false;
}

/* A time of 0 cannot stand on a logarithmic axis and is left out, as what is unknown. */
static void write_microseconds(FILE *out, double nanoseconds)
{
    if (nanoseconds > 0)
        fprintf(out, "\t%.6g", nanoseconds / 1e3);
    else
        fputs("\t?", out);
}

/* -- latency -- */

static const char *leak_note(const cell_summary *of)
{
    return of->status == STATUS_LEAKED ? ", LEAKS" : "";
}

void latency_write(FILE *out, const cell_summary *of)
{
    const latency_summary *latency = &of->latency;
    const metered_latency *metered = &latency->metered[LATENCY_LOADS / 2];
    char requests[UNIT_TEXT_MAX];

    if (!is_shown(of)) {
        fprintf(out, "\t%s\t?\t?\t?\t?\t?\t?\t?\t?",
                status_is_timed(of->status) ? "not recorded" : status_name(of->status));
        return;
    }
    unit_count(requests, (double)latency->requests);
    fprintf(out, "\t%s%s%s", requests, metered->status == METERED_SATURATED ? ", full" : "",
            leak_note(of));
    write_microseconds(out, latency->request_ns.p50);
    write_microseconds(out, latency->request_ns.p90);
    write_microseconds(out, latency->request_ns.p99);
    write_microseconds(out, latency->request_ns.p999);
    write_microseconds(out, latency->request_ns.max);
    write_microseconds(out, latency->lowest_ns.p99);
    write_microseconds(out, latency->highest_ns.p99);
    write_microseconds(out, metered->latency_ns.p99);
}

/* -- timeline -- */

/* From nothing at the shortest time to a full row at the longest. */
static double height_of(double length_us)
{
    double share = log10(length_us / shortest_us) / log10(longest_us / shortest_us);
    return row_height * fmin(fmax(share, 0.02), 1);
}

static int kind_of(const timeline_pause *of)
{
    if (of->pause.is_cascade)
        return KIND_CASCADE;
    if (of->is_last)
        return KIND_LAST;
    return of->pause.generation < KIND_CASCADE ? of->pause.generation : KIND_CASCADE - 1;
}

/* The note of a cell: how many pauses one run has, and the longest. */
static char *timeline_note(const cell_summary *of)
{
    const timeline *shown = &of->latency.shown;
    double longest = 0;
    size_t own = 0;
    char length[UNIT_TEXT_MAX], count[UNIT_TEXT_MAX];

    if (!is_shown(of))
        return text_copy(status_is_timed(of->status) ? "not recorded" : status_name(of->status));
    if (isnan(of->latency.collector_share))
        return text_copy("pauses unknown");
    for (size_t i = 0; i < shown->pauses_count; i++) {
        own += !shown->pauses[i].is_last;
        if (!shown->pauses[i].is_last)
            longest = fmax(longest, shown->pauses[i].pause.length_ns);
    }
    unit_count(count, (double)(own + shown->pauses_left_out));
    unit_duration(length, longest);
    return own > 0 ? text_format("%s, %s%s", count, length, leak_note(of))
                   : text_format("none%s", leak_note(of));
}

static void write_line(FILE *out, const char *prefix, const char *note, double at_ms,
                       double length_us, int kind, double end_ms)
{
    fprintf(out, "%s\t%s", prefix, note);
    if (isnan(at_ms))
        fputs("\t?\t?\t?\t?", out);
    else
        fprintf(out, "\t%.6g\t%.6g\t%.4f\t%d", at_ms, length_us, height_of(length_us), kind);
    if (isnan(end_ms))
        fputs("\t?\n", out);
    else
        fprintf(out, "\t%.6g\n", end_ms);
}

void timeline_write(FILE *out, const cell_summary *of, const char *prefix)
{
    const timeline *shown = &of->latency.shown;
    double end_ns = shown->work_ns + shown->teardown_ns;
    const timeline_pause **longest =
        must_allocate((size_t)TIMELINE_COLUMNS * KINDS, sizeof(timeline_pause *));
    char *note = timeline_note(of);

    /* One line that has the note and the end of the work, and no pause. */
    write_line(out, prefix, note, NAN, NAN, 0, is_shown(of) ? shown->work_ns / 1e6 : NAN);
    for (size_t i = 0; i < shown->pauses_count && is_shown(of); i++) {
        const timeline_pause *one = &shown->pauses[i];
        double column = fmin(one->pause.began_ns / end_ns, 1) * (TIMELINE_COLUMNS - 1);
        const timeline_pause **place = &longest[(size_t)column * KINDS + (size_t)kind_of(one)];
        if (*place == NULL || (*place)->pause.length_ns < one->pause.length_ns)
            *place = one;
    }
    for (size_t i = 0; i < (size_t)TIMELINE_COLUMNS * KINDS; i++) {
        if (longest[i] != NULL)
            write_line(out, prefix, "", longest[i]->pause.began_ns / 1e6,
                       longest[i]->pause.length_ns / 1e3, kind_of(longest[i]), NAN);
    }
    free(longest);
    free(note);
}

/* -- utilisation -- */

static size_t number_of_row(const plan *of, const char *row)
{
    size_t number = 0;

    for (size_t i = 0; strcmp(of->cells[i].row, row) != 0; i++) {
        size_t first = 0;
        while (strcmp(of->cells[first].row, of->cells[i].row) != 0)
            first++;
        number += first == i;
    }
    return number;
}

static void write_curve(FILE *out, const summary *of, const cell_summary *cell, size_t workload)
{
    for (size_t i = 0; i < cell->latency.windows; i++)
        fprintf(out, "%s\t%s%s\t%.6g\t%.4f\t%zu\t%zu\n", cell->of->spec, cell->of->row,
                leak_note(cell), cell->latency.window_ns[i] / 1e6,
                cell->latency.utilisation[i] * 100, workload,
                number_of_row(of->planned, cell->of->row));
}

void utilisation_write(FILE *out, const summary *of)
{
    size_t workloads = 0;
    bool any = false;

    for (size_t i = 0; i < of->planned->cell_count; i++) {
        bool drawn = false;
        for (size_t j = i; j < of->planned->cell_count && plan_starts_spec(of->planned, i); j++) {
            if (strcmp(of->planned->cells[j].spec, of->planned->cells[i].spec) != 0 ||
                !has_utilisation(&of->cells[j]))
                continue;
            fputs(any ? "\n\n" : "", out);
            any = drawn = true;
            write_curve(out, of, &of->cells[j], workloads);
        }
        workloads += drawn;
    }
}
