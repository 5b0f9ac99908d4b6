#include "latency_table.h"

#include <math.h>
#include <string.h>

#include "table.h"
#include "units.h"

enum { NAME_COLUMNS = 26, VALUE_COLUMNS = 7 };

static void print_value(FILE *out, double nanoseconds)
{
    char text[UNIT_TEXT_MAX];

    unit_duration(text, nanoseconds);
    fprintf(out, " %*s", VALUE_COLUMNS, text);
}

/* The 99th percentile, or else why there is none. */
static void print_metered(FILE *out, const metered_latency *of)
{
    if (of->status == METERED_SATURATED)
        fprintf(out, " %*s", VALUE_COLUMNS, "full");
    else
        print_value(out, of->latency_ns.p99);
}

static void print_row(FILE *out, const cell_summary *of)
{
    const latency_summary *latency = &of->latency;
    char requests[UNIT_TEXT_MAX];

    unit_count(requests, (double)latency->requests);
    fprintf(out, "  %-*.*s %*s", NAME_COLUMNS, NAME_COLUMNS, of->of->row, VALUE_COLUMNS, requests);
    print_value(out, latency->request_ns.p50);
    print_value(out, latency->request_ns.p99);
    print_value(out, latency->request_ns.p999);
    print_value(out, latency->request_ns.max);
    for (size_t load = 0; load < LATENCY_LOADS; load++)
        print_metered(out, &latency->metered[load]);
    fprintf(out, "%s\n", of->status == STATUS_LEAKED ? " LEAKED" : "");
}

static bool is_shown(const cell_summary *of)
{
    return of->latency.samples > 0 && of->status != STATUS_VOID;
}

static bool has_rows(const summary *of, const char *spec)
{
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        const cell_summary *row = &of->cells[i];
        if (strcmp(row->of->spec, spec) == 0 && (is_shown(row) || row->latency.problem != NULL))
            return true;
    }
    return false;
}

static void print_block(FILE *out, const summary *of, const char *spec)
{
    static const char *const columns[] = {"N",   "p50",    "p99",    "p99.9",
                                          "max", "at 50%", "at 80%", "at 95%"};

    if (!has_rows(of, spec))
        return;
    fprintf(out, "\n%-*.*s", NAME_COLUMNS + 2, NAME_COLUMNS + 2, spec);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        fprintf(out, " %*s", VALUE_COLUMNS, columns[i]);
    fputc('\n', out);
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        const cell_summary *row = &of->cells[i];
        if (strcmp(row->of->spec, spec) != 0)
            continue;
        if (is_shown(row))
            print_row(out, row);
        if (row->latency.problem != NULL)
            table_print_wrapped(out, row->latency.problem);
    }
}

static void print_cost(FILE *out, const summary *of)
{
    const estimate *cost = &of->latency_recording;

    if (isnan(cost->median))
        return;
    fprintf(out, "recording: throughput x %.3f", cost->median);
    if (!isnan(cost->low))
        fprintf(out, " [%.3f, %.3f]", cost->low, cost->high);
    fprintf(out, ", median of %zu pairs of samples with and without it\n", of->latency_pairs);
}

void latency_print(FILE *out, const summary *of)
{
    bool any = false;

    for (size_t i = 0; i < of->planned->cell_count; i++)
        any = any || has_rows(of, of->planned->cells[i].spec);
    if (!any)
        return;
    fprintf(out, "\nlatency of requests\n");
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (plan_starts_spec(of->planned, i))
            print_block(out, of, of->planned->cells[i].spec);
    }
    fprintf(
        out,
        "N: requests; no p99 below 1,000 of them, no p99.9 below 10,000 and 20 pauses; at 50%%: "
        "p99 when they\narrive at half the rate that the ideal sustains; full: it cannot "
        "keep up\n");
    print_cost(out, of);
}
