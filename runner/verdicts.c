#include "verdicts.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "json.h"
#include "sentence.h"
#include "statistics.h"
#include "text.h"
#include "units.h"

/* Longer lists than this are cut. */
enum { NAMES_MAX = 6 };

/* -- the summary -- */

static const json_t *find_cell(const json_t *summary, const char *row, const char *spec)
{
    const json_t *cells = json_object_get(summary, "cells");

    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *cell = json_array_get(cells, i);
        if (strcmp(json_text_of(cell, "strategy"), row) == 0 &&
            strcmp(json_text_of(cell, "spec"), spec) == 0)
            return cell;
    }
    return NULL;
}

/* The rows that are ranked by a metric, the first first; empty when there are none. */
static const json_t *find_rows(const json_t *summary, const char *spec, const char *metric)
{
    const json_t *all = json_object_get(summary, "standings");

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *standing = json_array_get(all, i);
        if (strcmp(json_text_of(standing, "metric"), metric) == 0 &&
            strcmp(json_text_of(standing, "spec"), spec) == 0)
            return json_object_get(standing, "rows");
    }
    return NULL;
}

static bool has_verdict(const json_t *row, const char *verdict)
{
    return strcmp(json_text_of(row, "verdict"), verdict) == 0;
}

static bool is_first(const json_t *row)
{
    return has_verdict(row, "first") || has_verdict(row, "no difference found");
}

static size_t count_verdicts(const json_t *rows, const char *verdict)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(rows); i++)
        count += has_verdict(json_array_get(rows, i), verdict);
    return count;
}

/* The first row with this verdict, NULL when there is none. */
static const json_t *next_row(const json_t *rows, const char *verdict)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (has_verdict(json_array_get(rows, i), verdict))
            return json_array_get(rows, i);
    }
    return NULL;
}

/* -- what rows are ranked by -- */

typedef struct wording {
    const char *metric;
    void (*unit)(char out[UNIT_TEXT_MAX], double value);
    const char *best;  /* "X " … ": 12.7 ms." */
    const char *times; /* "1.06 times " … */
    const char *least; /* "The " … " is X's" */
} wording;

static void unit_wait(char out[UNIT_TEXT_MAX], double nanoseconds)
{
    if (nanoseconds == 0)
        snprintf(out, UNIT_TEXT_MAX, "none seen");
    else
        unit_duration(out, nanoseconds);
}

static const wording by_time = {"time", unit_duration, "is the fastest", "as long",
                                "shortest median time"};
static const wording by_memory = {"memory", unit_bytes, "has the smallest resident peak", "as much",
                                  "smallest resident peak"};
static const wording by_wait = {"wait", unit_wait, "has the shortest worst wait", "as long",
                                "shortest worst wait"};

/* "1.06", "13.7", "137" */
static void print_ratio(FILE *out, double ratio)
{
    fprintf(out, "%.*f", ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0, ratio);
}

/* "; 95%: 1.01 to 1.09", nothing where there is no interval */
static void print_interval(sentence *made, const json_t *row, const char *before)
{
    if (isnan(cell_number(row, "ratio", "low")))
        return;
    fprintf(made->out, "%s95%%: ", before);
    print_ratio(made->out, cell_number(row, "ratio", "low"));
    fputs(" to ", made->out);
    print_ratio(made->out, cell_number(row, "ratio", "high"));
}

/* ", 1.06 times as long (95%: 1.01 to 1.09)"; nothing where there is no ratio. */
static void print_times(sentence *made, const wording *in, const json_t *row)
{
    double ratio = cell_number(row, "ratio", "median");

    if (isnan(ratio))
        return;
    fputs(", ", made->out);
    print_ratio(made->out, ratio);
    fprintf(made->out, " times %s", in->times);
    if (!isnan(cell_number(row, "ratio", "low"))) {
        print_interval(made, row, " (");
        fputc(')', made->out);
    }
}

static void print_value(sentence *made, const wording *in, const json_t *row)
{
    char value[UNIT_TEXT_MAX];

    in->unit(value, json_number_of(row, "value"));
    fputs(value, made->out);
}

/* "a (13.4 ms) and b (14.8 ms; ratio 1.01; 95%: 0.97 to 1.05)" */
static void print_equal(sentence *made, const wording *in, const json_t *row, bool with_ratio)
{
    sentence_name(made, json_text_of(row, "row"));
    fputs(" (", made->out);
    print_value(made, in, row);
    if (with_ratio && !isnan(cell_number(row, "ratio", "median"))) {
        fputs("; ratio ", made->out);
        print_ratio(made->out, cell_number(row, "ratio", "median"));
        print_interval(made, row, "; ");
    }
    fputc(')', made->out);
}

static void list_equals(sentence *made, const wording *in, const json_t *rows)
{
    size_t count = count_verdicts(rows, "no difference found") + 1, shown = 0;
    size_t listed = count > NAMES_MAX ? NAMES_MAX : count;

    made->items = 0;
    for (size_t i = 0; i < json_array_size(rows) && shown < listed; i++) {
        const json_t *row = json_array_get(rows, i);
        if (!is_first(row))
            continue;
        shown++;
        sentence_separate(made, count);
        print_equal(made, in, row, !has_verdict(row, "first") && count == 2);
    }
    if (listed < count)
        fprintf(made->out, " and %zu more", count - listed);
}

/* Why the rows have no order. */
static void print_no_verdict(sentence *made, const wording *in, const json_t *rows)
{
    const json_t *first = json_array_get(rows, 0), *second = json_array_get(rows, 1);
    double n = json_number_of(second, "n");

    if (has_verdict(second, "no verdict"))
        fputs("No verdict, since this machine failed its self-test.", made->out);
    else
        fprintf(made->out, "No verdict from %.0f independent repetition%s: it takes %d.", n,
                n == 1 ? "" : "s", STATISTICS_SAMPLES_MIN);
    fprintf(made->out, " The %s is that of ", in->least);
    print_equal(made, in, first, false);
    fputs("; next is ", made->out);
    print_equal(made, in, second, false);
    fputc('.', made->out);
}

static void print_slower(sentence *made, const wording *in, const json_t *rows)
{
    const json_t *next = next_row(rows, "slower");

    if (next == NULL)
        return;
    fputs(" Next is ", made->out);
    sentence_name(made, json_text_of(next, "row"));
    fputs(" with ", made->out);
    print_value(made, in, next);
    print_times(made, in, next);
    fputc('.', made->out);
}

static void print_standing(sentence *made, const wording *in, const json_t *rows)
{
    const json_t *first = json_array_get(rows, 0);
    size_t count = json_array_size(rows), equal = count_verdicts(rows, "no difference found");
    size_t slower = count_verdicts(rows, "slower"), unjudged = count - 1 - equal - slower;

    if (count > 1 && unjudged == count - 1) {
        print_no_verdict(made, in, rows);
        return;
    }
    if (count == 1) {
        fputs("Only ", made->out);
        sentence_name(made, json_text_of(first, "row"));
        fputs(" is ranked: ", made->out);
        print_value(made, in, first);
    } else if (equal > 0) {
        fputs("No difference found between ", made->out);
        list_equals(made, in, rows);
    } else {
        sentence_name(made, json_text_of(first, "row"));
        fprintf(made->out, " %s: ", in->best);
        print_value(made, in, first);
    }
    fputc('.', made->out);
    print_slower(made, in, rows);
    if (unjudged > 0)
        fprintf(made->out, " %zu %s not judged against it.", unjudged,
                unjudged == 1 ? "other was" : "others were");
}

static void print_ranking(sentence *made, const wording *in, const json_t *summary,
                          const char *spec)
{
    const json_t *rows = find_rows(summary, spec, in->metric);

    if (json_array_size(rows) > 0)
        print_standing(made, in, rows);
}

/* -- throughput -- */

/* How far the first is from the limit. */
static void print_overhead(sentence *made, const json_t *summary, const char *spec)
{
    const json_t *rows = find_rows(summary, spec, "time");
    const char *row = json_text_of(json_array_get(rows, 0), "row");
    double overhead = cell_number(find_cell(summary, row, spec), "overhead", "median");

    if (isnan(overhead))
        return;
    fputc(' ', made->out);
    sentence_name(made, row);
    fputs(" takes ", made->out);
    print_ratio(made->out, overhead);
    fputs(" times as long as the limit.", made->out);
}

char *verdict_throughput(const json_t *summary, const char *spec)
{
    sentence made;

    sentence_begin(&made);
    print_ranking(&made, &by_time, summary, spec);
    if (sentence_is_empty(&made))
        fputs("Nothing is ranked: no strategy collected, leaked nothing and has a result.",
              made.out);
    else
        print_overhead(&made, summary, spec);
    return sentence_end(&made);
}

/* -- tail latency -- */

static double p99_of(const json_t *cell)
{
    return cell_number(json_object_get(cell, "latency"), "request_ns", "p99");
}

static bool has_p99(const json_t *cell)
{
    return cell_is_timed(cell) && cell_is_contender(cell) && !isnan(p99_of(cell));
}

static void print_p99(sentence *made, const json_t *cell)
{
    char p99[UNIT_TEXT_MAX], worst[UNIT_TEXT_MAX];
    double p999 = cell_number(json_object_get(cell, "latency"), "request_ns", "p999");

    unit_duration(p99, p99_of(cell));
    unit_duration(worst, p999);
    sentence_name(made, json_text_of(cell, "strategy"));
    fprintf(made->out, " %s", p99);
    if (!isnan(p999))
        fprintf(made->out, " (99.9%%: %s)", worst);
}

char *verdict_tail(const json_t *summary, const char *spec)
{
    sentence made;

    sentence_begin(&made);
    print_ranking(&made, &by_wait, summary, spec);
    sentence_list_cells(&made, summary, spec, "Of all requests 99% took at most: ", has_p99,
                        print_p99);
    return sentence_end(&made);
}

/* -- memory -- */

static double floating_of(const json_t *cell)
{
    return cell_number(cell, "memory_over_time", "floating_bytes_mean");
}

static bool has_floating(const json_t *cell)
{
    return cell_is_timed(cell) && cell_is_contender(cell) && !isnan(floating_of(cell));
}

static void print_floating(sentence *made, const json_t *cell)
{
    char mean[UNIT_TEXT_MAX], most[UNIT_TEXT_MAX];

    unit_bytes(mean, floating_of(cell));
    unit_bytes(most, cell_number(cell, "memory_over_time", "floating_bytes_max"));
    sentence_name(made, json_text_of(cell, "strategy"));
    fprintf(made->out, " %s (at most %s)", mean, most);
}

char *verdict_memory(const json_t *summary, const char *spec)
{
    sentence made;

    sentence_begin(&made);
    print_ranking(&made, &by_memory, summary, spec);
    sentence_list_cells(&made, summary, spec, "Floating garbage, on average: ", has_floating,
                        print_floating);
    return sentence_end(&made);
}

/* -- at a glance -- */

static bool is_undecided(const json_t *rows)
{
    return json_array_size(rows) > 1 && !is_first(json_array_get(rows, 1)) &&
           next_row(rows, "slower") == NULL;
}

/* The names of the rows that come first and are `also` first in another order, where one is given. */
static char *list_first(const json_t *rows, const json_t *also, size_t *count)
{
    sentence made;

    sentence_begin(&made);
    *count = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        bool is_wanted = is_first(row);
        for (size_t j = 0; j < json_array_size(also) && is_wanted; j++) {
            const json_t *other = json_array_get(also, j);
            if (strcmp(json_text_of(other, "row"), json_text_of(row, "row")) == 0)
                is_wanted = is_first(other);
        }
        if (is_wanted)
            fprintf(made.out, "%s%s", (*count)++ > 0 ? ", " : "", json_text_of(row, "row"));
    }
    return sentence_end(&made);
}

char *verdict_first(const json_t *summary, const char *spec, const char *metric, const char **why)
{
    const json_t *rows = find_rows(summary, spec, metric);
    size_t count;
    char *names;

    *why = "";
    if (json_array_size(rows) == 0 || is_undecided(rows)) {
        *why = json_array_size(rows) == 0 ? "nothing ranked" : "no verdict";
        return text_copy("");
    }
    names = list_first(rows, NULL, &count);
    *why = count > 1 ? "no difference found" : json_array_size(rows) == 1 ? "the only one" : "";
    return names;
}

char *verdict_recommended(const json_t *summary, const char *spec, const char **why)
{
    const json_t *rows = find_rows(summary, spec, "time");
    char *names = verdict_first(summary, spec, "time", why);
    size_t count;

    if (strcmp(*why, "no difference found") == 0) {
        char *smaller = list_first(rows, find_rows(summary, spec, "memory"), &count);
        if (count > 0) {
            free(names);
            *why = count == 1 ? "no difference found in time; least memory" : "no difference found";
            return smaller;
        }
        free(smaller);
    } else if (names[0] != '\0' && (*why)[0] == '\0') {
        *why = "fastest";
    }
    return names;
}

char *verdict_most_prompt(const json_t *summary, const char *spec, char share[VERDICT_SHARE_MAX])
{
    const json_t *rows = find_rows(summary, spec, "time");
    double most = 0;
    sentence made;

    sentence_begin(&made);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *row = json_text_of(json_array_get(rows, i), "row");
        most = fmax(most, verdict_prompt_share(find_cell(summary, row, spec)));
    }
    share[0] = '\0';
    if (most > 0)
        verdict_share_text(share, most);
    for (size_t i = 0; i < json_array_size(rows) && most > 0; i++) {
        const char *row = json_text_of(json_array_get(rows, i), "row");
        if (verdict_prompt_share(find_cell(summary, row, spec)) == most)
            fprintf(made.out, "%s%s", made.items++ > 0 ? ", " : "", row);
    }
    return sentence_end(&made);
}
