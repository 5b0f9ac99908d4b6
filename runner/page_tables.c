/* Tables that sort: a line for each cell, a column for each figure that any cell has. A column is a
 * path into the JSON of a cell, so that a figure is shown as soon as the summary has it. */
#include "page_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "json.h"
#include "units.h"

enum { FIELD_TEXT_MAX = 64 };

typedef enum form {
    FORM_DURATION,
    FORM_BYTES,
    FORM_COUNT,
    FORM_RATIO,
    FORM_SHARE,       /* 0 to 1, as per cent */
    FORM_SPREAD,      /* of an estimate: half of its interval */
    FORM_GENERATIONS, /* a number for each */
    FORM_METERED      /* a duration, or the word "saturated" */
} form;

typedef struct column {
    const char *title, *path;
    form as;
} column;

typedef struct table {
    const char *title;
    const column *columns;
    size_t count;
    bool open;
} table;

static const column times[] = {
    {"Time", "time_ns.median", FORM_DURATION},
    {"± 95%", "time_ns", FORM_SPREAD},
    {"× baseline", "ratio.median", FORM_RATIO},
    {"± 95%", "ratio", FORM_SPREAD},
    {"× limit", "overhead.median", FORM_RATIO},
    {"× lower bound", "lower_bound_overhead.time", FORM_RATIO},
    {"CPU × lower bound", "lower_bound_overhead.cpu", FORM_RATIO},
    {"Processor time", "cpu_ns.median", FORM_DURATION},
    {"First run", "first_ns.median", FORM_DURATION},
    {"n", "n", FORM_COUNT},
};

static const column spaces[] = {
    {"Resident peak", "counters.rss_peak_bytes", FORM_BYTES},
    {"Held at most", "memory_over_time.held_bytes_max", FORM_BYTES},
    {"Live at most", "memory_over_time.truly_live_bytes_max", FORM_BYTES},
    {"Floating, mean", "memory_over_time.floating_bytes_mean", FORM_BYTES},
    {"Floating, most", "memory_over_time.floating_bytes_max", FORM_BYTES},
    {"Lag", "memory_over_time.lag_bytes", FORM_BYTES},
    {"Lag, requests", "memory_over_time.lag_requests", FORM_COUNT},
    {"Asked for at most", "counters.bytes_peak", FORM_BYTES},
    {"Leaked objects", "counters.objects_leaked", FORM_COUNT},
    {"Leaked bytes", "counters.bytes_leaked", FORM_BYTES},
    {"Not given back", "counters.bytes_retained", FORM_BYTES},
    {"Resident after teardown", "memory_over_time.resident_bytes_after.teardown", FORM_BYTES},
    {"… last collection", "memory_over_time.resident_bytes_after.last_collect", FORM_BYTES},
    {"… release", "memory_over_time.resident_bytes_after.release", FORM_BYTES},
};

static const column waits[] = {
    {"Longest pause", "counters.pause_ns_max", FORM_DURATION},
    {"Longest request", "counters.request_ns_max", FORM_DURATION},
    {"Longest cascade", "counters.drop_ns_max", FORM_DURATION},
    {"Request: median", "latency.request_ns.p50", FORM_DURATION},
    {"90%", "latency.request_ns.p90", FORM_DURATION},
    {"99%", "latency.request_ns.p99", FORM_DURATION},
    {"99.9%", "latency.request_ns.p999", FORM_DURATION},
    {"Requests", "latency.requests", FORM_COUNT},
    {"99% at 50% load", "latency.metered.0", FORM_METERED},
    {"99% at 80% load", "latency.metered.1", FORM_METERED},
    {"99% at 95% load", "latency.metered.2", FORM_METERED},
    {"Collector's share", "latency.collector_share", FORM_SHARE},
    {"Speed while recording", "latency.recording.ratio", FORM_RATIO},
    {"Collections", "counters.collections", FORM_GENERATIONS},
    {"Collecting", "counters.collector_ns", FORM_DURATION},
};

static const column counts[] = {
    {"Allocated", "counters.objects_allocated", FORM_COUNT},
    {"Bytes", "counters.bytes_allocated", FORM_BYTES},
    {"Freed by count", "counters.reclaimed_by_count", FORM_COUNT},
    {"By collector", "counters.reclaimed_by_collector", FORM_COUNT},
    {"By last collection", "counters.reclaimed_by_last_collect", FORM_COUNT},
    {"Live at the end", "counters.objects_live", FORM_COUNT},
    {"Leaked", "counters.objects_leaked", FORM_COUNT},
    {"Visited", "counters.objects_visited", FORM_COUNT},
    {"Visited last", "counters.visited_by_last_collect", FORM_COUNT},
    {"Requests", "counters.requests", FORM_COUNT},
    {"Page faults", "counters.page_faults", FORM_COUNT},
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const table tables[] = {
    {"Time", times, COUNT_OF(times), true},
    {"Memory", spaces, COUNT_OF(spaces), false},
    {"Pauses and requests", waits, COUNT_OF(waits), false},
    {"Counters", counts, COUNT_OF(counts), false},
};

/* -- fields -- */

static bool is_void(const json_t *cell)
{
    return strcmp(json_text_of(cell, "status"), "void") == 0;
}

static void print_spread(char out[FIELD_TEXT_MAX], double share)
{
    if (isnan(share))
        snprintf(out, FIELD_TEXT_MAX, "–");
    else
        snprintf(out, FIELD_TEXT_MAX, "%.*f%%", share < 0.0995 ? 1 : 0, share * 100);
}

static double spread_of(const json_t *estimate)
{
    double median = json_number_of(estimate, "median");

    return isnan(json_number_of(estimate, "low")) ? (double)NAN
                                                  : fmax(json_number_of(estimate, "high") - median,
                                                         median - json_number_of(estimate, "low")) /
                                                        median;
}

static void print_generations(char out[FIELD_TEXT_MAX], const json_t *generations)
{
    size_t used = 0;

    snprintf(out, FIELD_TEXT_MAX, "–");
    for (size_t i = 0; i < json_array_size(generations) && used < FIELD_TEXT_MAX; i++)
        used += (size_t)snprintf(out + used, FIELD_TEXT_MAX - used, "%s%.0f", i > 0 ? "+" : "",
                                 json_number_value(json_array_get(generations, i)));
}

static double value_of(const json_t *cell, const column *in)
{
    const json_t *value = page_value_at(cell, in->path);

    if (is_void(cell) && strcmp(in->path, "n") != 0)
        return NAN;
    if (in->as == FORM_SPREAD)
        return spread_of(value);
    if (in->as == FORM_METERED)
        return strcmp(json_text_of(value, "status"), "saturated") == 0
                   ? (double)INFINITY
                   : json_number_of(value, "p99");
    if (in->as == FORM_GENERATIONS && json_array_size(value) == 0)
        return NAN;
    return page_number_at(cell, in->path);
}

static void print_ratio(char out[FIELD_TEXT_MAX], double ratio)
{
    snprintf(out, FIELD_TEXT_MAX, "%.*f", ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0, ratio);
}

static void print_field(char out[FIELD_TEXT_MAX], const json_t *cell, const column *in)
{
    double value = value_of(cell, in);
    char text[UNIT_TEXT_MAX];

    if (isnan(value)) {
        snprintf(out, FIELD_TEXT_MAX, "–");
    } else if (isinf(value)) {
        snprintf(out, FIELD_TEXT_MAX, "saturated");
    } else if (in->as == FORM_RATIO) {
        print_ratio(out, value);
    } else if (in->as == FORM_SPREAD || in->as == FORM_SHARE) {
        print_spread(out, value);
    } else if (in->as == FORM_GENERATIONS) {
        print_generations(out, page_value_at(cell, in->path));
    } else {
        (in->as == FORM_BYTES   ? unit_bytes
         : in->as == FORM_COUNT ? unit_count
                                : unit_duration)(text, value);
        snprintf(out, FIELD_TEXT_MAX, "%s", text);
    }
}

/* -- lines -- */

static const char *class_of(const json_t *cell)
{
    const char *status = json_text_of(cell, "status");

    if (strcmp(status, "leaked") == 0 || strcmp(status, "uncollected") == 0)
        return status;
    if (strcmp(status, "ok") != 0)
        return "bad";
    return strcmp(json_text_of(cell, "kind"), "strategy") != 0 ||
                   json_text_of(cell, "peer")[0] != '\0'
               ? "aside"
               : "ok";
}

static const char *remark_of(const json_t *cell)
{
    const char *kind = json_text_of(cell, "kind");

    if (strcmp(kind, "hand") == 0)
        return " (by hand)";
    if (strcmp(kind, "ideal") == 0)
        return " (limit)";
    return json_text_of(cell, "peer")[0] != '\0' ? " (peer)" : "";
}

static void write_field(FILE *out, const json_t *cell, const column *in)
{
    double value = value_of(cell, in);
    char text[FIELD_TEXT_MAX];

    print_field(text, cell, in);
    if (isnan(value))
        fputs("<td class=\"n\" data-v=\"\">", out);
    else
        fprintf(out, "<td class=\"n\" data-v=\"%.9g\">", isinf(value) ? 1e300 : value);
    html_print(out, "%s</td>", text);
}

static void write_line(FILE *out, const table *of, const bool *is_shown, const json_t *cell)
{
    html_print(out, "<tr class=\"%s\"><td>", class_of(cell));
    html_spec(out, json_text_of(cell, "spec"));
    html_print(out, "</td><th scope=\"row\">%s%s</th>", json_text_of(cell, "strategy"),
               remark_of(cell));
    for (size_t i = 0; i < of->count; i++) {
        if (is_shown[i])
            write_field(out, cell, &of->columns[i]);
    }
    html_print(out, "<td>%s</td></tr>\n", json_text_of(cell, "status"));
}

static bool has_column(const json_t *cells, const column *in)
{
    for (size_t i = 0; i < json_array_size(cells); i++) {
        if (!isnan(value_of(json_array_get(cells, i), in)))
            return true;
    }
    return false;
}

static void write_head(FILE *out, const char *title, const char *class)
{
    html_print(out, "<th scope=\"col\" class=\"%s\"><button type=\"button\">%s</button></th>",
               class, title);
}

static void write_table(FILE *out, const table *of, const json_t *cells)
{
    bool is_shown[COUNT_OF(waits)];

    html_print(out, "<details%s><summary>%s</summary>\n", of->open ? " open" : "", of->title);
    fputs("<div class=\"wide\"><table class=\"sortable\"><thead><tr>", out);
    write_head(out, "Workload", "");
    write_head(out, "Strategy", "");
    for (size_t i = 0; i < of->count; i++) {
        is_shown[i] = has_column(cells, &of->columns[i]);
        if (is_shown[i])
            write_head(out, of->columns[i].title, "n");
    }
    write_head(out, "Status", "");
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < json_array_size(cells); i++)
        write_line(out, of, is_shown, json_array_get(cells, i));
    fputs("</tbody></table></div></details>\n", out);
}

/* -- where the time goes, and the overheads over all workloads -- */

static void write_parts(FILE *out, const json_t *parts)
{
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        char time[UNIT_TEXT_MAX];
        unit_duration(time, json_number_of(part, "ns"));
        html_print(out, "%s%s %s", i > 0 ? ", " : "", json_text_of(part, "name"), time);
    }
}

static void write_cost(FILE *out, const json_t *cell, const json_t *costs)
{
    static const column measured = {"Measured", "costs.measured_ns", FORM_DURATION};
    static const column share = {"Explained", "costs.explained_share", FORM_SHARE};

    fputs("<tr><td>", out);
    html_spec(out, json_text_of(cell, "spec"));
    html_print(out, "</td><th scope=\"row\">%s</th>", json_text_of(cell, "strategy"));
    write_field(out, cell, &measured);
    write_field(out, cell, &share);
    fputs("<td>", out);
    write_parts(out, json_object_get(costs, "parts"));
    fputs("</td></tr>\n", out);
}

static void write_costs(FILE *out, const json_t *cells)
{
    bool any = false;

    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *cell = json_array_get(cells, i), *costs = json_object_get(cell, "costs");
        if (!json_is_object(costs) || is_void(cell))
            continue;
        if (!any) {
            fputs("<details><summary>Where the time goes</summary>\n<div class=\"wide\">"
                  "<table class=\"sortable\"><thead><tr>",
                  out);
            write_head(out, "Workload", "");
            write_head(out, "Strategy", "");
            write_head(out, "Measured", "n");
            write_head(out, "Explained", "n");
            write_head(out, "Parts", "");
            fputs("</tr></thead>\n<tbody>\n", out);
        }
        any = true;
        write_cost(out, cell, costs);
    }
    fputs(any ? "</tbody></table></div></details>\n" : "", out);
}

/* One line of the overheads over all workloads, which has `k` of `n` of them. */
static void write_mean(FILE *out, const json_t *row, const char *path)
{
    const json_t *mean = page_value_at(row, path);
    char text[FIELD_TEXT_MAX], low[FIELD_TEXT_MAX], high[FIELD_TEXT_MAX];

    print_ratio(text, json_number_of(mean, "median"));
    print_ratio(low, json_number_of(mean, "low"));
    print_ratio(high, json_number_of(mean, "high"));
    if (isnan(json_number_of(mean, "median")))
        fputs("<td class=\"n\" data-v=\"\">–</td>", out);
    else if (isnan(json_number_of(mean, "low")))
        html_print(out, "<td class=\"n\" data-v=\"%s\">%s</td>", text, text);
    else
        html_print(out, "<td class=\"n\" data-v=\"%s\">%s (%s to %s)</td>", text, text, low, high);
}

static void write_mean_table(FILE *out, const char *title, const json_t *rows,
                             const char *const *titles, const char *const *paths, size_t count)
{
    if (json_array_size(rows) == 0)
        return;
    html_print(out,
               "<details open><summary>%s</summary>\n<div class=\"wide\"><table "
               "class=\"sortable\"><thead><tr>",
               title);
    write_head(out, "Strategy", "");
    for (size_t i = 0; i < count; i++)
        write_head(out, titles[i], "n");
    write_head(out, "Workloads", "n");
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        html_print(out, "<tr><th scope=\"row\">%s</th>", json_text_of(row, "row"));
        for (size_t j = 0; j < count; j++)
            write_mean(out, row, paths[j]);
        fprintf(out, "<td class=\"n\" data-v=\"%.0f\">%.0f of %.0f</td></tr>\n",
                json_number_of(row, "k"), json_number_of(row, "k"), json_number_of(row, "n"));
    }
    fputs("</tbody></table></div></details>\n", out);
}

static void write_means(FILE *out, const json_t *overhead)
{
    static const char *const ideal_titles[] = {"Time over the limit, geometric mean"};
    static const char *const ideal_paths[] = {"geometric_mean"};
    static const char *const bound_titles[] = {"Time", "Processor time"};
    static const char *const bound_paths[] = {"time", "cpu"};

    write_mean_table(out, "Over all workloads that all compared strategies completed",
                     json_object_get(overhead, "rows"), ideal_titles, ideal_paths, 1);
    write_mean_table(out, "Over the lower bound (Cai et al. 2022)",
                     json_object_get(overhead, "lower_bound"), bound_titles, bound_paths, 2);
}

void page_write_tables(FILE *out, const page_source *from)
{
    const json_t *cells = json_object_get(from->summary, "cells");

    fputs("<section id=\"tables\">\n<h2>Tables</h2>\n<p class=\"note\">Medians over the "
          "repetitions; ± is half of the 95% interval. A click on a head sorts, another one turns "
          "the order round.</p>\n<p><label hidden>Rows with <input id=\"filter\" type=\"search\" "
          "placeholder=\"workload or strategy\"></label></p>\n",
          out);
    write_means(out, json_object_get(from->summary, "overhead"));
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        write_table(out, &tables[i], cells);
    write_costs(out, cells);
    fputs("</section>\n", out);
}
