#include "table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocators.h"
#include "json.h"
#include "self_test.h"
#include "text.h"
#include "units.h"

enum { NAME_COLUMNS = 29, COLLECTIONS_COLUMNS = 11, CELL_TEXT_MAX = 64 };

/* -- the columns of a row -- */

/* `text` cut to `columns`, with "..." where it was cut. */
static void cut(char *out, size_t size, const char *text, int columns)
{
    if ((int)strlen(text) <= columns)
        snprintf(out, size, "%s", text);
    else
        snprintf(out, size, "%.*s...", columns - 3, text);
}

/* Half the interval's width as a share of the median: the wider half where they differ. */
static void print_spread(char out[CELL_TEXT_MAX], const estimate *of)
{
    double share = fmax(of->high - of->median, of->median - of->low) / of->median * 100;

    if (isnan(of->low) || isnan(of->median))
        snprintf(out, CELL_TEXT_MAX, "-");
    else
        snprintf(out, CELL_TEXT_MAX, "%.*f%%", share < 9.95 ? 1 : 0, share);
}

static void print_ratio(char out[CELL_TEXT_MAX], double ratio, int digits)
{
    if (isnan(ratio))
        snprintf(out, CELL_TEXT_MAX, "-");
    else
        snprintf(out, CELL_TEXT_MAX, "%.*f", ratio < 99.995 ? digits : 0, ratio);
}

/* "1300+118+8", youngest generation first; their sum where that is too long. */
static void print_collections(char out[CELL_TEXT_MAX], const cell_summary *of)
{
    const json_t *generations = json_object_get(of->counters, "collections");
    size_t used = 0;

    snprintf(out, CELL_TEXT_MAX, "-");
    if (of->status == STATUS_VOID)
        return;
    for (size_t i = 0; i < json_array_size(generations) && used < CELL_TEXT_MAX; i++)
        used += (size_t)snprintf(out + used, CELL_TEXT_MAX - used, "%s%.0f", i > 0 ? "+" : "",
                                 json_number_value(json_array_get(generations, i)));
    if (used > COLLECTIONS_COLUMNS)
        unit_count(out, summary_counter(of, "collections"));
}

static const char *status_text(status of)
{
    return of == STATUS_LEAKED ? "LEAKED" : status_name(of);
}

/* A counter as a row shows it: none of a void cell means anything. */
static double shown_counter(const cell_summary *of, const char *name)
{
    return of->status != STATUS_VOID ? summary_counter(of, name) : NAN;
}

static void print_row(FILE *out, const cell_summary *of)
{
    char name[CELL_TEXT_MAX], time[UNIT_TEXT_MAX], spread[CELL_TEXT_MAX], ratio[CELL_TEXT_MAX],
        peak[UNIT_TEXT_MAX], leaked[UNIT_TEXT_MAX], pause[UNIT_TEXT_MAX],
        collections[CELL_TEXT_MAX];

    cut(name, sizeof name, of->of->row, NAME_COLUMNS);
    unit_duration(time, of->time_ns.median);
    print_spread(spread, &of->time_ns);
    print_ratio(ratio, of->ratio.median, 2);
    unit_bytes(peak, shown_counter(of, "rss_peak_bytes"));
    unit_count(leaked, shown_counter(of, "objects_leaked"));
    unit_duration(pause, shown_counter(of, "pause_ns_max"));
    print_collections(collections, of);
    fprintf(out, "%c %-*s %7s %6s %6s %7s %6s %7s %*s %s\n", of->best ? '*' : ' ', NAME_COLUMNS,
            name, time, spread, ratio, peak, leaked, pause, COLLECTIONS_COLUMNS, collections,
            status_text(of->status));
}

/* Broken at spaces where there are any. */
void table_print_wrapped(FILE *out, const char *text)
{
    static const size_t columns = TABLE_COLUMNS - 4;

    while (text[0] != '\0') {
        size_t length = strlen(text);
        if (length > columns) {
            for (length = columns; length > 0 && text[length] != ' '; length--)
                continue;
            length = length > 0 ? length : columns;
        }
        fprintf(out, "    %.*s\n", (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
}

/* Why a cell has no result, or none of its counted program; a leak or a collector that never ran
 * speaks for itself. */
static void print_reason(FILE *out, const cell_summary *of)
{
    if (!status_is_timed(of->status) && of->status != STATUS_MISSING)
        table_print_wrapped(out, of->reason);
    if (status_is_timed(of->status))
        table_print_wrapped(out, json_text_of(of->of->record, "uncounted"));
}

static const char measured_prefix[] = "measured_";

/* "copied_by_reads_bytes" in words, without its unit: "copied by reads". The caller frees it. */
static char *measure_words(const char *name, const char *unit)
{
    size_t end = unit != NULL ? (size_t)(unit - name) : strlen(name);
    const char *rest = unit != NULL ? strchr(unit + 1, '_') : NULL;
    char *words = text_format("%.*s%s", (int)end, name, rest != NULL ? rest : "");

    for (char *c = words; *c != '\0'; c++)
        *c = *c == '_' ? ' ' : *c;
    return words;
}

/* What the workload itself measured, on lines of its own: "copied by reads 42 MB, ...". */
static char *measured_text(const cell_summary *of)
{
    char *text = text_copy("");

    for (void *field = json_object_iter(of->counters); field != NULL;
         field = json_object_iter_next(of->counters, field)) {
        const char *name = json_object_iter_key(field), *bytes, *ns;
        double number = json_number_value(json_object_iter_value(field));
        char value[UNIT_TEXT_MAX], *words, *longer;
        if (!text_starts_with(name, measured_prefix))
            continue;
        name += sizeof measured_prefix - 1;
        bytes = strstr(name, "_bytes");
        ns = strstr(name, "_ns");
        (bytes != NULL ? unit_bytes : ns != NULL ? unit_duration : unit_count)(value, number);
        words = measure_words(name, bytes != NULL ? bytes : ns);
        longer = text_format("%s%s%s %s", text, text[0] != '\0' ? ", " : "", words, value);
        free(text);
        free(words);
        text = longer;
    }
    return text;
}

static void print_measured(FILE *out, const cell_summary *of)
{
    char *text = of->status != STATUS_VOID ? measured_text(of) : text_copy("");

    table_print_wrapped(out, text);
    free(text);
}

/* -- blocks -- */

static void print_header(FILE *out, const char *spec)
{
    if (strlen(spec) > NAME_COLUMNS + 2) {
        fprintf(out, "\n%.*s\n", TABLE_COLUMNS, spec);
        spec = "";
    } else {
        fprintf(out, "\n");
    }
    fprintf(out, "%-*s %7s %6s %6s %7s %6s %7s %*s %s\n", NAME_COLUMNS + 2, spec, "time", "+-95%",
            "x base", "peak", "leaked", "pause", COLLECTIONS_COLUMNS, "collections", "status");
}

static void print_block(FILE *out, const summary *of, const char *spec)
{
    const char *caveat = "";

    print_header(out, spec);
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        const cell_summary *row = &of->cells[i];
        if (strcmp(row->of->spec, spec) == 0) {
            caveat = json_text_of(row->of->record, "caveat");
            print_row(out, row);
            print_measured(out, row);
            print_reason(out, row);
        }
    }
    table_print_wrapped(out, caveat);
}

static size_t layouts_min(const plan *of)
{
    size_t least = of->cell_count > 0 ? of->cells[0].layouts : 0;

    for (size_t i = 0; i < of->cell_count; i++)
        least = of->cells[i].layouts < least ? of->cells[i].layouts : least;
    return least;
}

static void print_noise(FILE *out, const json_t *context)
{
    json_t *noisy = json_object_get(json_object_get(context, "doctor"), "noisy");
    char *names = text_copy("");

    for (void *field = json_object_iter(noisy); field != NULL;
         field = json_object_iter_next(noisy, field)) {
        char *longer =
            text_format("%s%s%s", names, names[0] != '\0' ? ", " : "", json_object_iter_key(field));
        free(names);
        names = longer;
    }
    if (names[0] != '\0')
        fprintf(out, "what made this machine noisy ('reclaim doctor'):\n");
    table_print_wrapped(out, names);
    free(names);
}

/* What stands behind the numbers, or does not. */
static void print_trust(FILE *out, const summary *of)
{
    char *tested = self_test_describe(of->planned->context);
    char *caution = self_test_caution(of->planned->context);
    size_t layouts = layouts_min(of->planned);

    if (layouts > 1)
        fprintf(out, "layouts: %zu of each program, in turn\n", layouts);
    else
        fprintf(out, "layouts: ONE of a program, so a small difference may be the layout's\n");
    fprintf(out, "%s\n", tested);
    if (caution != NULL)
        table_print_wrapped(out, caution);
    print_noise(out, of->planned->context);
    free(tested);
    free(caution);
}

/* Which rows are other runtimes, and of which version. */
static void print_peers(FILE *out, const plan *of)
{
    for (size_t i = 0; i < of->cell_count; i++) {
        const cell *row = &of->cells[i];
        size_t first = 0;
        while (strcmp(of->cells[first].strategy, row->strategy) != 0)
            first++;
        if (first == i && row->peer[0] != '\0' && !row->hand && row->skipped[0] == '\0')
            fprintf(out, "%.40s: a peer, %.50s\n", row->strategy, row->peer);
    }
}

static void print_left_out(FILE *out, const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        fprintf(out, "%s%s",
                i > 0 ? ", " : "peers that were not run (--peers): ", json_text_at(names, i));
    fputs(json_array_size(names) > 0 ? "\n" : "", out);
}

static void print_legend(FILE *out, const summary *of)
{
    char *allocators = allocators_text(of->planned);

    fprintf(out, "\n* fastest of those that are ok; one that leaks is never ranked\n"
                 "time: median of the steady runs; +-95%%: half of its 95%% interval, from 6 "
                 "repetitions on\n");
    if (of->planned->baseline[0] != '\0')
        fprintf(out, "x base: time relative to %.44s, paired within each repetition\n",
                of->planned->baseline);
    fprintf(out, "peak: resident memory; leaked: objects; pause: the longest; collections: by "
                 "generation\n");
    print_trust(out, of);
    if (allocators[0] != '\0')
        fprintf(out, "allocator: %s\n", allocators);
    free(allocators);
    print_peers(out, of->planned);
    print_left_out(out, json_object_get(of->planned->context, "left_out"));
}

/* -- verdicts -- */

static void print_interval(char out[CELL_TEXT_MAX], const estimate *of)
{
    if (isnan(of->low))
        snprintf(out, CELL_TEXT_MAX, "-");
    else
        snprintf(out, CELL_TEXT_MAX, "%.3f..%.3f", of->low, of->high);
}

static void print_comparison(FILE *out, const comparison *of)
{
    char pair[CELL_TEXT_MAX], label[CELL_TEXT_MAX], spec[CELL_TEXT_MAX], ratio[CELL_TEXT_MAX],
        interval[CELL_TEXT_MAX];

    snprintf(pair, sizeof pair, "%s/%s", of->new_set, of->old_set);
    cut(label, sizeof label, of->label, 24);
    cut(spec, sizeof spec, of->spec[0] != '\0' ? of->spec : "(all workloads)", 24);
    print_ratio(ratio, of->ratio.median, 3);
    print_interval(interval, &of->ratio);
    fprintf(out, "%-24s %-24s %-10.10s %6s %13s %s\n", label, spec, pair, ratio, interval,
            verdict_name(of->verdict));
}

/* The comparisons of one family that have times. */
static size_t family_size(const comparison_list *list, bool overall)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        bool is_overall = list->items[i].spec[0] == '\0';
        count += is_overall == overall && list->items[i].verdict != VERDICT_NOT_COMPARABLE;
    }
    return count;
}

static void print_verdict_rule(FILE *out, const summary *of)
{
    fprintf(out,
            "a difference: p < 0.05 by exchanged pairs, corrected for %zu comparisons, and over "
            "%.3g%% (--margin)\n",
            family_size(&of->comparisons, false), of->planned->margin * 100);
    if (of->planned->repetitions < STATISTICS_SAMPLES_MIN)
        fprintf(out, "a verdict needs at least %d repetitions (--repetitions)\n",
                STATISTICS_SAMPLES_MIN);
}

static void print_comparisons(FILE *out, const summary *of)
{
    if (of->comparisons.count == 0)
        return;
    fprintf(out, "\n%-24s %-24s %-10s %6s %13s %s\n", "strategy", "workload", "new/old", "ratio",
            "95% interval", "verdict");
    for (size_t i = 0; i < of->comparisons.count; i++)
        print_comparison(out, &of->comparisons.items[i]);
    print_verdict_rule(out, of);
}

void table_print(FILE *out, const summary *of)
{
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (plan_starts_spec(of->planned, i))
            print_block(out, of, of->planned->cells[i].spec);
    }
    print_legend(out, of);
    print_comparisons(out, of);
}
