#include "overhead_charts.h"

#include <math.h>
#include <string.h>

#include "units.h"

static void write_number(FILE *out, double value)
{
    if (isnan(value))
        fputs("\t?", out);
    else
        fprintf(out, "\t%.6g", value);
}

static bool leaks(const cell_summary *of)
{
    return of->status == STATUS_LEAKED;
}

/* -- how much over the ideal -- */

void overhead_chart_write(FILE *out, const cell_summary *of)
{
    const estimate *e = &of->overhead;

    if (isnan(e->median))
        fprintf(out, "\t%s", status_is_timed(of->status) ? "no ideal" : status_name(of->status));
    else
        fprintf(out, "\t%.*f%s",
                e->median < 9.995   ? 2
                : e->median < 99.95 ? 1
                                    : 0,
                e->median, leaks(of) ? " leaks" : "");
    write_number(out, e->median);
    write_number(out, e->low);
    write_number(out, e->high);
    fprintf(out, "\t%d\t%d", leaks(of), of->of->ideal);
}

bool overhead_chart_has_data(const summary *of)
{
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (!isnan(of->cells[i].overhead.median))
            return true;
    }
    return false;
}

/* -- time, memory, pauses -- */

enum { PARETO_AXES = 3 };

static void get_axes(const cell_summary *of, double axes[PARETO_AXES])
{
    axes[0] = of->time_ns.median;
    axes[1] = summary_counter(of, "rss_peak_bytes");
    axes[2] = fmax(summary_counter(of, "pause_ns_max"), summary_counter(of, "drop_ns_max"));
}

static bool is_contender(const cell_summary *of)
{
    return status_is_timed(of->status) && !leaks(of) && !of->of->hand && !of->of->ideal;
}

/* At least as good everywhere, and better somewhere. */
static bool beats(const cell_summary *one, const cell_summary *other)
{
    double a[PARETO_AXES], b[PARETO_AXES];
    bool better = false;

    get_axes(one, a);
    get_axes(other, b);
    for (int i = 0; i < PARETO_AXES; i++) {
        if (a[i] > b[i])
            return false;
        better = better || a[i] < b[i];
    }
    return better;
}

/* The cells of a summary stand in one array, in the order of the plan: those of a spec around it. */
static bool is_unbeaten(const cell_summary *of, const cell_summary *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_contender(&all[i]) && strcmp(all[i].of->spec, of->of->spec) == 0 &&
            beats(&all[i], of))
            return false;
    }
    return is_contender(of);
}

void pareto_mark(summary *in)
{
    for (size_t i = 0; i < in->planned->cell_count; i++)
        in->cells[i].unbeaten = is_unbeaten(&in->cells[i], in->cells, in->planned->cell_count);
}

/* 0 beaten, 1 not beaten, 2 leaking, 3 no contender. */
static int look_of(const cell_summary *of)
{
    if (leaks(of))
        return 2;
    return of->of->hand || of->of->ideal ? 3 : of->unbeaten;
}

void pareto_chart_write(FILE *out, const cell_summary *of)
{
    char time[UNIT_TEXT_MAX], memory[UNIT_TEXT_MAX], wait[UNIT_TEXT_MAX];
    double axes[PARETO_AXES] = {NAN, NAN, NAN};

    if (status_is_timed(of->status))
        get_axes(of, axes);
    unit_duration(time, axes[0]);
    unit_bytes(memory, axes[1]);
    unit_duration(wait, axes[2]);
    fprintf(out, "\t%s", leaks(of) ? "leaks" : of->unbeaten ? "not beaten" : "");
    for (int i = 0; i < PARETO_AXES; i++)
        write_number(out, axes[i]);
    write_number(out, of->time_ns.low);
    write_number(out, of->time_ns.high);
    fprintf(out, "\t%d\t%s\t%s\t%s", look_of(of), time, memory, wait);
}

/* -- where the time goes -- */

/* Pieces that cost stand to the right of 0, those that save time to the left. */
static void write_pieces(FILE *out, const costs *of)
{
    double right = 0, left = 0;

    for (size_t group = 0; group < COST_GROUPS_MAX; group++) {
        double piece = of != NULL ? costs_of_group(of, group) / 1e6 : NAN;
        double *side = piece < 0 ? &left : &right;
        write_number(out, isnan(piece) ? NAN : *side);
        *side += isnan(piece) ? 0 : piece;
        write_number(out, isnan(piece) ? NAN : *side);
    }
}

/* "83% explained", or "83 to 96% explained" where leaving out a round of prices moves it. */
static void write_explained(FILE *out, const costs *of)
{
    double low = round(100 * fmin(of->explained_ns, of->explained_low) / of->measured.ns);
    double high = round(100 * fmax(of->explained_ns, of->explained_high) / of->measured.ns);

    if (low == high)
        fprintf(out, "\t%.0f%% explained", low);
    else
        fprintf(out, "\t%.0f to %.0f%% explained", fmin(low, high), fmax(low, high));
}

static void write_share(FILE *out, const cell_summary *of)
{
    double share = of->costs != NULL ? costs_explained_share(of->costs) : NAN;

    if (of->costs == NULL)
        fprintf(out, "\t%s", status_is_timed(of->status) ? "no prices" : status_name(of->status));
    else if (!isnan(share))
        write_explained(out, of->costs);
    else if (isnan(of->costs->measured.low))
        fputs("\tone repetition", out);
    else
        fprintf(out, "\t%s",
                costs_prices_differ(of->costs) ? "prices unsure" : "hardly a difference");
    fputs(of->costs != NULL && leaks(of) ? ", leaks" : "", out);
}

void breakdown_chart_write(FILE *out, const cell_summary *of)
{
    const costs *c = of->costs;

    write_share(out, of);
    write_number(out, c != NULL ? c->measured.ns / 1e6 : NAN);
    write_number(out, c != NULL ? c->measured.low / 1e6 : NAN);
    write_number(out, c != NULL ? c->measured.high / 1e6 : NAN);
    write_number(out, c != NULL ? c->explained_ns / 1e6 : NAN);
    write_pieces(out, c);
    for (size_t group = 0; group < COST_GROUPS_MAX; group++)
        fprintf(out, "\t%s",
                c != NULL && c->group_names[group] != NULL ? c->group_names[group] : "");
}

bool breakdown_chart_has_data(const summary *of)
{
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (of->cells[i].costs != NULL)
            return true;
    }
    return false;
}
