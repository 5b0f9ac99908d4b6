/* Each chart is a file of data, NAME.tsv, and a script of gnuplot, NAME.gp, that draws it. The data
 * has one block for each spec and one line for each strategy, so that the scripts know neither.
 * Gnuplot draws into a temporary file that is renamed when it is whole. */
#define _GNU_SOURCE
#include "charts.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocators.h"
#include "growth.h"
#include "heap_curve.h"
#include "json.h"
#include "overhead_charts.h"
#include "latency_charts.h"
#include "memory_over_time.h"
#include "process.h"
#include "support/file.h"
#include "text.h"
#include "text_file.h"
#include "units.h"

static const double drawing_seconds_max =
    600; /* a whole suite over time took a minute on a busy core */

/* How a bar is filled; the scripts know the numbers. */
typedef enum look { LOOK_PLAIN, LOOK_BEST, LOOK_LEAKING, LOOK_UNCOLLECTED, LOOK_LIMIT } look;

/* -- data -- */

static look look_of(const cell_summary *of)
{
    if (of->status == STATUS_LEAKED)
        return LOOK_LEAKING;
    if (of->of->hand || of->of->ideal)
        return LOOK_LIMIT;
    if (of->status == STATUS_UNCOLLECTED)
        return LOOK_UNCOLLECTED;
    return of->best ? LOOK_BEST : LOOK_PLAIN;
}

/* A number, or the mark for a missing one. */
static void write_number(FILE *out, double value)
{
    if (isnan(value))
        fputs("\t?", out);
    else
        fprintf(out, "\t%.6g", value);
}

/* What stands behind the bar of a cell. */
static void write_time_note(FILE *out, const cell_summary *of)
{
    char leaked[UNIT_TEXT_MAX];

    unit_count(leaked, summary_counter(of, "objects_leaked"));
    if (!status_is_timed(of->status))
        fprintf(out, "\t%s", status_name(of->status));
    else if (isnan(of->ratio.median))
        fprintf(out, "\tno baseline");
    else if (of->status == STATUS_LEAKED)
        fprintf(out, "\t%.2f, leaks %s objects", of->ratio.median, leaked);
    else if (of->status == STATUS_UNCOLLECTED)
        fprintf(out, "\t%.2f, never collected", of->ratio.median);
    else
        fprintf(out, "\t%.2f%s", of->ratio.median, of->best ? ", fastest" : "");
}

static void write_time(FILE *out, const cell_summary *of)
{
    double ratio = status_is_timed(of->status) ? of->ratio.median : NAN;
    double low = isnan(of->ratio.low) ? ratio : of->ratio.low;
    double high = isnan(of->ratio.high) ? ratio : of->ratio.high;

    write_time_note(out, of);
    write_number(out, ratio);
    write_number(out, low);
    write_number(out, high);
    fprintf(out, "\t%d", look_of(of));
    write_number(out, fmax(1, high));
}

static double timed_counter(const cell_summary *of, const char *name)
{
    return status_is_timed(of->status) ? summary_counter(of, name) : NAN;
}

/* Where all that is left is leaked, what the allocator did not get back, headers and rounding
 * included; else the bytes that the program had asked for. */
static double leaked_bytes(const cell_summary *of)
{
    double leaked = timed_counter(of, "bytes_leaked");
    double retained = timed_counter(of, "bytes_retained");
    bool all_leaked = timed_counter(of, "objects_leaked") == timed_counter(of, "objects_live");

    return leaked > 0 && all_leaked && retained > leaked ? retained : leaked;
}

static void write_memory(FILE *out, const cell_summary *of)
{
    double peak = timed_counter(of, "rss_peak_bytes"), leaked = leaked_bytes(of);
    char peak_text[UNIT_TEXT_MAX], leaked_text[UNIT_TEXT_MAX];

    unit_bytes(peak_text, peak);
    unit_bytes(leaked_text, leaked);
    if (isnan(peak))
        fprintf(out, "\t%s", status_name(of->status));
    else if (leaked > 0)
        fprintf(out, "\t%s, leaks %s", peak_text, leaked_text);
    else
        fprintf(out, "\t%s", peak_text);
    write_number(out, peak / 1e6);
    write_number(out, leaked / 1e6);
    write_number(out, fmax(0, peak / 1e6));
}

static void write_collections(FILE *out, const cell_summary *of)
{
    const json_t *generations = json_object_get(of->counters, "collections");

    fputc('\t', out);
    if (!status_is_timed(of->status))
        fputs(status_name(of->status), out);
    else if (json_array_size(generations) == 0)
        fputs("no collector", out);
    for (size_t i = 0; i < json_array_size(generations) && status_is_timed(of->status); i++)
        fprintf(out, "%s%.0f", i > 0 ? " + " : "",
                json_number_value(json_array_get(generations, i)));
}

/* In microseconds. A time of 0 (nothing that long happened) cannot stand on a logarithmic axis and
 * is left out. */
static void write_pauses(FILE *out, const cell_summary *of)
{
    static const char *const names[] = {"pause_ns_max", "request_ns_max", "drop_ns_max"};

    write_collections(out, of);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        double nanoseconds = timed_counter(of, names[i]);
        write_number(out, nanoseconds > 0 ? nanoseconds / 1e3 : NAN);
    }
}

static bool has_heap_curve(const summary *of)
{
    return heap_curve_is_there(of->planned);
}

typedef struct chart {
    const char *name;
    const char *columns;
    void (*write)(FILE *out, const cell_summary *of); /* the one line of a cell, or NULL */
    /* Or else all of them: `prefix` is what the columns that all charts have begin with. */
    void (*write_lines)(FILE *out, const cell_summary *of, const char *prefix);
    /* Or, without either, blocks of its own. */
    void (*write_all)(FILE *out, const summary *of);
    bool (*has_data)(const summary *of); /* NULL: always */
    const char *question;                /* what the picture answers */
    const char *reading;                 /* how to read it, in a line */
} chart;

static const chart charts[] = {
    {"time", "ratio\tlow\thigh\tlook\tnote_at", .write = write_time,
     .question = "How much time does each strategy take?",
     .reading = "Time relative to the baseline, on a logarithmic axis; the black line is the 95% "
                "interval. Dark blue is the shortest median of those that are ranked; hatched "
                "orange leaks, cross-hatched green never collected, white is a limit."},
    {"memory", "peak_MB\tleaked_MB\tnote_at", .write = write_memory,
     .question = "How much memory does each strategy hold?",
     .reading = "The bar is the resident peak, its hatched part what was leaked. Every panel has "
                "its own scale."},
    {"pauses", "pause_us\trequest_us\tdrop_us", .write = write_pauses,
     .question = "How long does the program wait at most?",
     .reading =
         "Longest pause of the collector (filled circle), longest request (square), longest "
         "cascade of counts (triangle), logarithmic; on the right the number of collections."},
    {"growth", "n\tns\tlow\thigh\tbytes\tworkload\tlast", .write_all = growth_write,
     .has_data = growth_has_series,
     .question = "What does one object cost as there are more of them?",
     .reading = "Time and resident peak for each object. A level line is a cost in proportion."},
    {"latency", "p50_us\tp90_us\tp99_us\tp999_us\tmax_us\tp99_low_us\tp99_high_us\tmetered_p99_us",
     .write = latency_write, .has_data = latency_has_data,
     .question = "How long do requests take, most of them and the slowest?",
     .reading = "Percentiles of the requests of all samples, logarithmic; the triangle is the 99th "
                "percentile when requests arrive at 80% of the rate that the ideal sustains."},
    {"timeline", "at_ms\tlength_us\theight\tkind\twork_ms", .write_lines = timeline_write,
     .has_data = utilisation_has_data,
     .question = "When does memory management stop the program, and for how long?",
     .reading = "One row for each strategy over the time of a run; a line is a collection or a "
                "cascade of counts, its height how long it took, logarithmic."},
    {"utilisation", "window_ms\tutilisation_percent\tworkload_number\tstrategy_number",
     .write_all = utilisation_write, .has_data = utilisation_has_data,
     .question = "How much of any stretch of time is left to the program?",
     .reading =
         "Minimum mutator utilisation: of every window of that length, the worst share that was "
         "the program's own. Higher is better, and a line that starts late had longer pauses."},
    {"memory_over_time",
     "workload\trow\tallocated_MB\tlive_MB\ttruly_live_MB\theld_MB\tresident_MB",
     .write_all = memory_over_time_write, .has_data = memory_over_time_has_data,
     .question = "How much is held, and how much of it is garbage, as the program runs?",
     .reading = "What is held over what is truly live, as more is allocated: the gap is garbage "
                "that has not been freed."},
    {"heap_curve", "multiple\tms\tlow\thigh\tworkload\tmark\tstatus\tunit_MB\tlast\tnumber",
     .write_all = heap_curve_write, .has_data = has_heap_curve,
     .question = "How much time does more memory buy?",
     .reading = "Time over the size of the heap, in multiples of the least that suffices. Counting "
                "is a point beside the curves."},
    {"overhead", "overhead\tlow\thigh\tleaks\tideal", .write = overhead_chart_write,
     .has_data = overhead_chart_has_data,
     .question = "What does each strategy cost over the ideal, on each workload?",
     .reading = "Time over that of the ideal, which frees each object when it becomes unreachable: "
                "the darker, the dearer. Hatched cells leak."},
    {"pareto", "time_ns\tpeak_bytes\twait_ns\tlow\thigh\tlook\ttime\tpeak\twait",
     .write = pareto_chart_write,
     .question = "Time, memory or short waits: which strategies are beaten in all three?",
     .reading = "Dark strategies are not beaten: no other is at least as good in time, resident "
                "peak and longest wait together. What leaks is hatched, what is no contender "
                "white."},
    {"breakdown", "measured_ms\tlow\thigh\texplained_ms\tpieces and names",
     .write = breakdown_chart_write, .has_data = breakdown_chart_has_data,
     .question = "Where does the time over the ideal go?",
     .reading = "Each piece is how often an operation was counted, times its measured price, less "
                "what the ideal pays for the same; the diamond is what was measured."},
};

enum { CHART_COUNT = sizeof charts / sizeof *charts };

size_t charts_count(void)
{
    return CHART_COUNT;
}

chart_text charts_text(size_t index)
{
    const chart *of = &charts[index];

    return (chart_text){of->name, of->question != NULL ? of->question : of->name,
                        of->reading != NULL ? of->reading : ""};
}

/* The row, with the version of its allocator where it names one: charts are looked at far from the
 * run. The caller frees it. */
static char *shown_row(const cell *of)
{
    size_t axis_length = strlen(json_text_of(of->record, "axis"));
    char *allocator = allocator_text(of->record), *shown;

    if (axis_length == 0)
        shown = text_copy(of->row);
    else
        shown = text_format("%.*s%s", (int)(strlen(of->row) - axis_length), of->row, allocator);
    free(allocator);
    return shown;
}

/* The lines of one spec. */
static void write_block(FILE *out, const chart *of, const summary *from, const char *spec)
{
    int line = 0;

    for (size_t i = 0; i < from->planned->cell_count; i++) {
        const cell_summary *row = &from->cells[i];
        const char *caveat;
        char *shown, *prefix;
        if (strcmp(row->of->spec, spec) != 0)
            continue;
        shown = shown_row(row->of);
        caveat = json_text_of(row->of->record, "caveat");
        prefix =
            text_format("%s%s%s\t%s%s\t%d\t%s", spec, caveat[0] != '\0' ? ": " : "", caveat, shown,
                        row->of->peer[0] != '\0' ? " (peer)" : "", line++, from->planned->baseline);
        if (of->write != NULL) {
            fputs(prefix, out);
            of->write(out, row);
            fputc('\n', out);
        } else {
            of->write_lines(out, row, prefix);
        }
        free(prefix);
        free(shown);
    }
}

static bool has_data(const chart *of, const summary *from)
{
    return of->has_data == NULL || of->has_data(from);
}

/* A block for each spec, or what the chart has of its own: for growth, one for each series. They are separated by two empty lines, as
 * gnuplot's `index` wants it. */
static void write_blocks(FILE *out, const chart *of, const summary *from)
{
    if (of->write_all != NULL) {
        fprintf(out, "# workload\tstrategy\t%s\n", of->columns);
        of->write_all(out, from);
        return;
    }
    fprintf(out, "# spec\tstrategy\tline\tbaseline\tnote\t%s\n", of->columns);
    for (size_t i = 0; i < from->planned->cell_count; i++) {
        if (!plan_starts_spec(from->planned, i))
            continue;
        fputs(i > 0 ? "\n\n" : "", out);
        write_block(out, of, from, from->planned->cells[i].spec);
    }
}

static bool write_data(const chart *of, const summary *from, const char *path, problem *why)
{
    text_file file;

    text_file_open(&file);
    if (file.out != NULL)
        write_blocks(file.out, of, from);
    return text_file_write(&file, path, why);
}

/* -- pictures -- */

/* The folder of the scripts: where the sources are, or else `plot` beside the executable. The
 * caller frees it. */
static char *script_folder(void)
{
    char program[PATH_MAX];

    if (access(RECLAIM_PLOT_DIR, R_OK) == 0 || !file_program_folder(program, sizeof program))
        return text_copy(RECLAIM_PLOT_DIR);
    return text_format("%s/plot", program);
}

static bool refuse_drawing(const char *name, const process_result *result, problem *why)
{
    char *end;

    if (result->end == PROCESS_EXITED && result->code == PROCESS_CANNOT_START)
        return problem_environment(
            why, "no charts: gnuplot is not there. Install the package "
                 "gnuplot-nox, and repeat the command; after a run, 'reclaim report "
                 "DIR' draws them. Everything else is done");
    end = process_describe_end(result);
    problem_environment(why, "gnuplot did not draw %s.svg: %s", name, end);
    free(end);
    return false;
}

/* `gnuplot NAME.gp`, in the folder of the charts, with the folder of the scripts and the files as
 * arguments. */
bool charts_draw_one(const char *name, const char *folder, problem *why)
{
    char *scripts = script_folder();
    process_request request = {.folder = folder, .timeout_seconds = drawing_seconds_max};
    process_result result;
    char *part = text_format("%s/%s.svg.part", folder, name);
    char *whole = text_format("%s/%s.svg", folder, name);
    bool drawn = false;

    arguments_add(&request.command, "gnuplot");
    arguments_add(&request.command, "-c");
    arguments_add(&request.command, "%s/%s.gp", scripts, name);
    arguments_add(&request.command, "%s", scripts);
    arguments_add(&request.command, "%s.tsv", name);
    arguments_add(&request.command, "%s.svg.part", name);
    if (process_run(&request, &result, why))
        drawn = process_succeeded(&result) || refuse_drawing(name, &result, why);
    if (drawn && rename(part, whole) != 0)
        drawn = problem_environment(why, "cannot write %s: %s", whole, strerror(errno));
    unlink(part);
    arguments_free(&request.command);
    free(scripts);
    free(part);
    free(whole);
    return drawn;
}

/* A picture of other data than those beside it misleads: where none can be drawn now, there is none.
 */
static void remove_pictures(const char *folder)
{
    for (size_t i = 0; i < CHART_COUNT; i++) {
        char *path = text_format("%s/%s.svg", folder, charts[i].name);
        unlink(path);
        free(path);
    }
}

static bool write_all_data(const summary *of, const char *folder, problem *why)
{
    bool written = true;

    for (size_t i = 0; i < CHART_COUNT && written; i++) {
        char *path = text_format("%s/%s.tsv", folder, charts[i].name);
        written = !has_data(&charts[i], of) || write_data(&charts[i], of, path, why);
        free(path);
    }
    return written;
}

static bool draw_all(const summary *of, const char *folder, problem *why)
{
    bool drawn = true;

    for (size_t i = 0; i < CHART_COUNT && drawn; i++)
        drawn = !has_data(&charts[i], of) || charts_draw_one(charts[i].name, folder, why);
    return drawn;
}

bool charts_draw(const summary *of, const store *into, problem *why)
{
    char *folder = store_path(into, "charts");
    bool drawn = mkdir(folder, 0777) == 0 || errno == EEXIST ||
                 problem_environment(why, "cannot create %s: %s", folder, strerror(errno));

    if (drawn)
        remove_pictures(folder);
    drawn = drawn && write_all_data(of, folder, why) && draw_all(of, folder, why);
    free(folder);
    return drawn;
}
