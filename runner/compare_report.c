#include "compare_report.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "charts.h"
#include "json.h"
#include "measurements.h"
#include "table.h"
#include "text.h"
#include "text_file.h"
#include "units.h"

/* -- JSON -- */

static json_t *run_to_json(const compared_run *of)
{
    const json_t *context = of->planned.context;
    const json_t *program = json_array_get(json_object_get(context, "programs"), 0);
    json_t *value =
        json_pack("{s:s, s:s, s:I}", "folder", of->name, "date", json_text_of(context, "date"),
                  "repetitions", (json_int_t)of->planned.repetitions);

    json_object_set(value, "build", json_object_get(program, "build"));
    json_object_set(value, "machine", json_object_get(context, "machine"));
    json_object_set(value, "self_test", json_object_get(context, "self_test"));
    return value;
}

static json_t *pair_to_json(const compared_pair *of, const comparison *judged)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:s, s:s}", "spec", of->after->of->spec,
        "old", of->before->of->row, "new", of->after->of->row, "old_status",
        status_name(of->before->status), "new_status", status_name(of->after->status), "old_ns",
        measurements_estimate_to_json(&of->before->time_ns), "new_ns",
        measurements_estimate_to_json(&of->after->time_ns), "n", (json_int_t)judged->n, "ratio",
        measurements_estimate_to_json(&judged->ratio), "p", json_from_number(judged->p), "verdict",
        verdict_name(judged->verdict), "reason", of->reason);
}

static json_t *compare_to_json(const compare *of)
{
    json_t *comparisons = json_array();

    for (size_t i = 0; i < of->count; i++)
        json_array_append_new(comparisons, pair_to_json(&of->pairs[i], &of->judged.items[i]));
    return json_pack("{s:s, s:b, s:f, s:o, s:O, s:o, s:o, s:o}", "schema", "reclaim.comparison/1",
                     "paired", of->is_paired, "margin", of->margin, "fail_above",
                     of->fail_above >= 0 ? json_real(of->fail_above) : json_null(), "notes",
                     of->notes, "old", run_to_json(of->before), "new", run_to_json(of->after),
                     "comparisons", comparisons);
}

/* -- the table -- */

/* "old/refcount" and "new/refcount", or one name where both rows have it; the caller frees it. */
static char *names_of(const compared_pair *of)
{
    const char *before = of->before->of->row, *after = of->after->of->row;
    return strcmp(before, after) == 0 ? text_copy(after) : text_format("%s / %s", after, before);
}

static void print_pair(const compared_pair *of, const comparison *judged)
{
    char before[UNIT_TEXT_MAX], after[UNIT_TEXT_MAX], interval[UNIT_TEXT_MAX];
    char *names = names_of(of);

    unit_duration(before, of->before->time_ns.median);
    unit_duration(after, of->after->time_ns.median);
    snprintf(interval, sizeof interval, "-");
    if (!isnan(judged->ratio.low))
        snprintf(interval, sizeof interval, "%.3f..%.3f", judged->ratio.low, judged->ratio.high);
    printf("%-36.36s %8s %8s ", names, before, after);
    if (isnan(judged->ratio.median))
        printf("%6s", "-");
    else
        printf("%6.3f", judged->ratio.median);
    printf(" %14s %3zu %s\n", interval, judged->n, verdict_name(judged->verdict));
    if (of->reason[0] != '\0')
        table_print_wrapped(stdout, of->reason);
    free(names);
}

static void print_run(const char *what, const compared_run *of)
{
    const json_t *context = of->planned.context;
    const json_t *program = json_array_get(json_object_get(context, "programs"), 0);
    const json_t *build = json_object_get(program, "build");

    printf("%s: %s, %.16s, %zu repetitions, %s, commit %s%s\n", what, of->name,
           json_text_of(context, "date"), of->planned.repetitions, json_text_of(build, "compiler"),
           json_text_of(build, "commit"),
           json_is_true(json_object_get(build, "dirty")) ? " with changes" : "");
}

static size_t count_judged(const compare *of)
{
    size_t count = 0;

    for (size_t i = 0; i < of->count; i++)
        count += of->judged.items[i].verdict != VERDICT_NOT_COMPARABLE;
    return count;
}

static void print_rules(const compare *of)
{
    printf("\nratio: new / old, with its 95%% interval; n: independent repetitions\n"
           "a difference: p < 0.05 by %s, corrected for %zu comparisons, and over %.3g%% "
           "(--margin)\n",
           of->is_paired ? "exchanged pairs" : "the rank-sum test", count_judged(of),
           of->margin * 100);
    for (size_t i = 0; i < json_array_size(of->notes); i++) {
        char *line = text_format("note: %s", json_text_at(of->notes, i));
        table_print_wrapped(stdout, line);
        free(line);
    }
}

static void print_table(const compare *of)
{
    const char *spec = "";

    if (of->is_paired) {
        print_run("run", of->after);
    } else {
        print_run("old", of->before);
        print_run("new", of->after);
    }
    for (size_t i = 0; i < of->count; i++) {
        const char *next = of->pairs[i].after->of->spec;
        if (strcmp(next, spec) != 0)
            printf("\n%-36s %8s %8s %6s %14s %3s %s\n", next, "old", "new", "ratio", "95% interval",
                   "n", "verdict");
        spec = next;
        print_pair(&of->pairs[i], &of->judged.items[i]);
    }
    print_rules(of);
}

/* -- the chart -- */

/* How a bar is filled; the script knows the numbers. */
static int look_of(verdict of)
{
    return of == VERDICT_SLOWER ? 2 : of == VERDICT_FASTER ? 1 : 0;
}

static void write_line(FILE *out, const compared_pair *of, const comparison *judged, size_t line)
{
    char *names = names_of(of);
    double ratio = judged->ratio.median;

    fprintf(out, "%s\t%s\t%zu\t%s", of->after->of->spec, names, line, "old");
    if (isnan(ratio))
        fprintf(out, "\t%s\t?\t?\t?\t0\t1\n", verdict_name(judged->verdict));
    else
        fprintf(out, "\t%.3f, %s\t%.6g\t%.6g\t%.6g\t%d\t%.6g\n", ratio,
                verdict_name(judged->verdict), ratio,
                isnan(judged->ratio.low) ? ratio : judged->ratio.low,
                isnan(judged->ratio.high) ? ratio : judged->ratio.high, look_of(judged->verdict),
                fmax(1, isnan(judged->ratio.high) ? ratio : judged->ratio.high));
    free(names);
}

/* One block for each spec, separated by two empty lines. */
static void write_blocks(FILE *out, const compare *of)
{
    const char *spec = NULL;
    size_t line = 0;

    fprintf(out, "# spec\trows\tline\tbaseline\tnote\tratio\tlow\thigh\tlook\tnote_at\n");
    for (size_t i = 0; i < of->count; i++) {
        const char *next = of->pairs[i].after->of->spec;
        if (spec != NULL && strcmp(next, spec) != 0) {
            fputs("\n\n", out);
            line = 0;
        }
        spec = next;
        write_line(out, &of->pairs[i], &of->judged.items[i], line++);
    }
}

static bool write_chart_data(const compare *of, const char *path, problem *why)
{
    text_file file;

    text_file_open(&file);
    if (file.out != NULL)
        write_blocks(file.out, of);
    return text_file_write(&file, path, why);
}

static bool write_folder(const compare *of, const json_t *value, const command_line *asked,
                         problem *why)
{
    char *json = text_format("%s/comparison.json", asked->folder);
    char *data = text_format("%s/comparison.tsv", asked->folder);
    bool written =
        (mkdir(asked->folder, 0777) == 0 || errno == EEXIST ||
         problem_environment(why, "cannot create %s: %s", asked->folder, strerror(errno))) &&
        json_write(json, value, why) && write_chart_data(of, data, why) &&
        (!asked->charts || charts_draw_one("comparison", asked->folder, why));

    free(json);
    free(data);
    return written;
}

bool compare_report(const compare *of, const command_line *asked, problem *why)
{
    json_t *value = compare_to_json(of);
    bool done = true;

    if (settings_get(&asked->numbers, "format") != 0) {
        json_dumpf(value, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        putchar('\n');
    } else {
        print_table(of);
    }
    fflush(stdout);
    if (asked->folder != NULL)
        done = write_folder(of, value, asked, why);
    json_decref(value);
    return done;
}
