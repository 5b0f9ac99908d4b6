#include "heap_curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "units.h"

/* What the probes found: see curve.h. */
static const json_t *heaps_of(const plan *of)
{
    return json_object_get(of->context, "heaps");
}

bool heap_curve_is_there(const plan *of)
{
    return json_array_size(heaps_of(of)) > 0;
}

/* -- the table -- */

void heap_curve_print(FILE *out, const plan *of)
{
    const json_t *heaps = heaps_of(of);

    if (!heap_curve_is_there(of))
        return;
    fprintf(out, "\n%-24s %-24s %10s %10s %6s\n", "heap", "", "holds", "smallest", "x");
    for (size_t i = 0; i < json_array_size(heaps); i++) {
        const json_t *found = json_array_get(heaps, i);
        double least = json_number_of(found, "bytes_min");
        double unit = json_number_of(found, "unit_bytes");
        char held[UNIT_TEXT_MAX], smallest[UNIT_TEXT_MAX];
        unit_bytes(held, json_number_of(found, "bytes_held"));
        unit_bytes(smallest, least);
        fprintf(out, "%-24.24s %-24.24s %10s %10s", json_text_of(found, "spec"),
                json_text_of(found, "strategy"), held, smallest);
        if (isnan(least))
            fprintf(out, " %6s\n", "-");
        else
            fprintf(out, " %6.2f\n", least / unit);
    }
    fprintf(out,
            "holds: at the highest, without a limit; smallest: the least heap_bytes_max in which "
            "it\ncompletes, to 2%%; x: of the smallest of the workload, which the rows are "
            "multiples of\n");
}

/* -- the chart -- */

static const json_t *heap_of(const cell_summary *of)
{
    return json_object_get(of->of->record, "heap");
}

static double multiple_of(const cell_summary *of)
{
    return json_number_of(heap_of(of), "multiple");
}

static bool is_of(const cell_summary *of, const json_t *found)
{
    return strcmp(json_text_of(heap_of(of), "strategy"), json_text_of(found, "strategy")) == 0 &&
           strcmp(of->of->spec, json_text_of(found, "spec")) == 0;
}

static void write_number(FILE *out, double value)
{
    if (isnan(value))
        fputs("\t?", out);
    else
        fprintf(out, "\t%.6g", value);
}

/* How a point is drawn; the script knows the numbers. */
typedef enum mark { MARK_CURVE, MARK_POINT, MARK_LEAKING } mark;

static mark mark_of(const cell_summary *of)
{
    if (json_is_true(json_object_get(heap_of(of), "trades")))
        return MARK_CURVE;
    return of->status == STATUS_LEAKED ? MARK_LEAKING : MARK_POINT;
}

/* One strategy on one workload. */
typedef struct series {
    const json_t *found;    /* by the probes */
    int workload, strategy; /* their numbers in the chart */
} series;

static void write_point(FILE *out, const cell_summary *of, const series *shown, bool is_last)
{
    double time = status_is_timed(of->status) ? of->time_ns.median / 1e6 : NAN;
    const char *strategy = json_text_of(shown->found, "strategy");

    fprintf(out, "%s\t%s", of->of->spec, strategy);
    write_number(out, multiple_of(of));
    write_number(out, time);
    write_number(out, isnan(of->time_ns.low) ? time : of->time_ns.low / 1e6);
    write_number(out, isnan(of->time_ns.high) ? time : of->time_ns.high / 1e6);
    fprintf(out, "\t%d\t%d\t%s", shown->workload, mark_of(of), status_name(of->status));
    write_number(out, json_number_of(shown->found, "unit_bytes") / 1e6);
    fprintf(out, "\t%s%s\t%d\n", is_last ? strategy : "-",
            is_last && of->status == STATUS_LEAKED ? " (leaks)" : "", shown->strategy);
}

/* Where the last probe ran out of memory. */
static void write_failed_probe(FILE *out, const series *shown)
{
    double unit = json_number_of(shown->found, "unit_bytes");

    fprintf(out, "%s\t%s", json_text_of(shown->found, "spec"),
            json_text_of(shown->found, "strategy"));
    write_number(out, json_number_of(shown->found, "bytes_failed") / unit);
    fprintf(out, "\t?\t?\t?\t%d\t%d\t%s", shown->workload, MARK_CURVE, status_name(STATUS_OOM));
    write_number(out, unit / 1e6);
    fprintf(out, "\t-\t%d\n", shown->strategy);
}

static size_t last_timed(const summary *of, const json_t *found)
{
    size_t last = of->planned->cell_count;

    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (is_of(&of->cells[i], found) && status_is_timed(of->cells[i].status))
            last = i;
    }
    return last;
}

static void write_series(FILE *out, const summary *of, const series *shown)
{
    size_t last = last_timed(of, shown->found);

    if (!isnan(json_number_of(shown->found, "bytes_failed")))
        write_failed_probe(out, shown);
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (is_of(&of->cells[i], shown->found))
            write_point(out, &of->cells[i], shown, i == last);
    }
}

/* The place of a strategy among all of them: its colour is the same on every workload. */
static int number_of_strategy(const json_t *heaps, const char *strategy)
{
    json_t *seen = json_array();
    int number;

    for (size_t i = 0; !json_has_text(seen, strategy); i++) {
        json_t *name = json_object_get(json_array_get(heaps, i), "strategy");
        if (!json_has_text(seen, json_string_value(name)))
            json_array_append(seen, name);
    }
    number = (int)json_array_size(seen) - 1;
    json_decref(seen);
    return number;
}

void heap_curve_write(FILE *out, const summary *of)
{
    const json_t *heaps = heaps_of(of->planned);
    const char *spec = "", *separator = "";
    int workload = -1;

    for (size_t i = 0; i < json_array_size(heaps); i++) {
        const json_t *found = json_array_get(heaps, i);
        series shown = {found, workload,
                        number_of_strategy(heaps, json_text_of(found, "strategy"))};
        if (isnan(json_number_of(found, "unit_bytes")))
            continue; /* nothing trades on this workload */
        if (strcmp(spec, json_text_of(found, "spec")) != 0)
            shown.workload = ++workload;
        spec = json_text_of(found, "spec");
        fputs(separator, out);
        separator = "\n\n";
        write_series(out, of, &shown);
    }
}
