/* Bisection. A run with a heap limit ends with exit code 4 where memory runs out, by the account of the
 * strategy's own allocator front; that is the same in every run, so one run decides a size. Just above
 * the smallest heap a collector frees almost nothing at almost every allocation, and takes for ever.
 * So a probe that takes ten times as long as a run without a limit has failed too: a program that
 * thrashes does not run.
 *
 * The smallest of the smallest heaps of a workload is the unit for all strategies on it, so that equal
 * places on the axis are equal memory, and a strategy that needs more is seen to fail there. */
#define _GNU_SOURCE
#include "curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "plan.h"
#include "specs.h"
#include "text.h"
#include "units.h"

enum { EXIT_NO_MEMORY = 4, SLOWNESS_MAX = 10, HEAP_BYTES_MIN = 4096, MULTIPLES_MAX = 32 };

/* How near the smallest heap must be to one that was too small. */
static const double precision = 1.02;
static const double grace_seconds = 1;

static const char limit_option[] = "heap_bytes_max";

/* -- one cell and its probes -- */

typedef struct probed {
    const json_t *cell;
    const char *fills_heap;         /* options for it, or NULL: it does not trade */
    double bytes_held;              /* at the highest, without a limit */
    double seconds;                 /* of the counted run without a limit */
    double bytes_min, bytes_failed; /* NAN where it does not trade */
    size_t probes;
} probed;

/* A row or label with more options behind its own; the caller frees it. */
static char *with_options(const char *label, const char *options)
{
    if (options[0] == '\0')
        return text_copy(label);
    return text_format("%s%c%s", label, strchr(label, ':') == NULL ? ':' : ',', options);
}

/* With the options that let it fill its heap, where its user has not chosen any; and with a limit. */
static char *limited_label(const char *label, const char *fills_heap, double bytes_max)
{
    bool chosen = strchr(label, ':') != NULL || fills_heap == NULL;
    char *filling = with_options(label, chosen ? "" : fills_heap);
    char *limit = text_format("%s=%.0f", limit_option, bytes_max);
    char *limited = with_options(filling, limit);

    free(filling);
    free(limit);
    return limited;
}

/* One counted run; `path` is where its sample goes. */
static bool run_counted(const curve_request *asked, const json_t *cell, const char *label,
                        double seconds_max, const char *path, process_result *result, problem *why)
{
    process_request request = {.memory_bytes_max = asked->matrix.memory_bytes_max,
                               .timeout_seconds = seconds_max};
    bool ran;

    matrix_cell_arguments(&request.command, json_text_of(cell, "counted"), label,
                          json_text_of(cell, "spec"), asked->matrix.seed, 1);
    arguments_add(&request.command, "--json");
    arguments_add(&request.command, "%s", path);
    ran = process_run(&request, result, why);
    arguments_free(&request.command);
    if (ran && result->end == PROCESS_INTERRUPTED)
        return problem_environment(why, "stopped while heaps were probed; nothing is kept");
    return ran;
}

static bool refuse_end(const json_t *cell, const process_result *result, problem *why)
{
    char *end = process_describe_end(result);

    problem_environment(why, "%s on %s: %s", json_text_of(cell, "counted"),
                        json_text_of(cell, "spec"), end);
    free(end);
    return false;
}

static bool probe(const curve_request *asked, probed *of, double bytes_max, const char *path,
                  bool *fits, problem *why)
{
    double seconds = SLOWNESS_MAX * of->seconds + grace_seconds;
    char *label = limited_label(json_text_of(of->cell, "label"), of->fills_heap, bytes_max);
    process_result result;
    bool ran = run_counted(asked, of->cell, label, fmin(seconds, asked->timeout_seconds), path,
                           &result, why);

    free(label);
    of->probes++;
    if (!ran)
        return false;
    *fits = process_succeeded(&result);
    if (*fits || result.end == PROCESS_TIMED_OUT ||
        (result.end == PROCESS_EXITED && result.code == EXIT_NO_MEMORY))
        return true;
    return refuse_end(of->cell, &result, why);
}

static bool bisect(const curve_request *asked, probed *of, const char *path, problem *why)
{
    double too_small = HEAP_BYTES_MIN - 1, enough = fmax(of->bytes_held, HEAP_BYTES_MIN);
    bool fits;

    if (!probe(asked, of, enough, path, &fits, why))
        return false;
    if (!fits)
        return problem_environment(why,
                                   "%s on %s does not complete in the %.0f bytes that it holds "
                                   "without a limit",
                                   json_text_of(of->cell, "row"), json_text_of(of->cell, "spec"),
                                   enough);
    while (enough > too_small * precision && enough > HEAP_BYTES_MIN) {
        double middle = floor(sqrt(too_small * enough));
        if (!probe(asked, of, middle, path, &fits, why))
            return false;
        *(fits ? &enough : &too_small) = middle;
    }
    of->bytes_min = enough;
    of->bytes_failed = too_small;
    return true;
}

/* What it holds by itself, at the highest. */
static bool measure_held(const curve_request *asked, probed *of, const char *path, problem *why)
{
    process_result result;
    json_t *sample;

    if (!run_counted(asked, of->cell, json_text_of(of->cell, "label"), asked->timeout_seconds, path,
                     &result, why))
        return false;
    if (!process_succeeded(&result))
        return refuse_end(of->cell, &result, why);
    sample = json_read(path, "reclaim.sample/1", why);
    if (sample == NULL)
        return false;
    of->seconds = result.seconds;
    of->bytes_held = json_number_of(json_object_get(sample, "counters"), "bytes_peak");
    json_decref(sample);
    if (isnan(of->bytes_held))
        return problem_environment(why, "%s does not tell how much it holds (bytes_peak)",
                                   json_text_of(of->cell, "counted"));
    return true;
}

static void say_found(const probed *of)
{
    char held[UNIT_TEXT_MAX], least[UNIT_TEXT_MAX];

    unit_bytes(held, of->bytes_held);
    unit_bytes(least, of->bytes_min);
    if (isnan(of->bytes_min))
        fprintf(stderr, "%s on %s holds %s\n", json_text_of(of->cell, "row"),
                json_text_of(of->cell, "spec"), held);
    else
        fprintf(stderr, "%s on %s needs %s, found by %zu runs\n", json_text_of(of->cell, "row"),
                json_text_of(of->cell, "spec"), least, of->probes);
}

static bool probe_cell(const curve_request *asked, probed *of, const char *path, problem *why)
{
    of->bytes_min = of->bytes_failed = NAN;
    if (!measure_held(asked, of, path, why) ||
        (of->fills_heap != NULL && !bisect(asked, of, path, why)))
        return false;
    say_found(of);
    return true;
}

/* -- all of them -- */

static const char *filling_options(const program_list *programs, const json_t *cell)
{
    for (size_t i = 0; i < programs->count; i++) {
        const json_t *traits = json_object_get(programs->items[i].description, "traits");
        if (strcmp(programs->items[i].path, json_text_of(cell, "timed")) == 0)
            return json_string_value(json_object_get(traits, "fills_heap"));
    }
    return NULL;
}

/* Whether a limit can be set at all, and a counted program is there to find it. */
static bool can_be_limited(const json_t *cell)
{
    return json_text_of(cell, "skipped")[0] == '\0' && json_text_of(cell, "counted")[0] != '\0' &&
           json_object_get(json_object_get(cell, "options"), limit_option) != NULL;
}

static size_t choose(const json_t *cells, const program_list *programs, probed *list)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *cell = json_array_get(cells, i);
        if (can_be_limited(cell))
            list[count++] = (probed){.cell = cell, .fills_heap = filling_options(programs, cell)};
        else
            fprintf(stderr, "%s on %s is left out: %s\n", json_text_of(cell, "row"),
                    json_text_of(cell, "spec"),
                    json_text_of(cell, "skipped")[0] != '\0' ? json_text_of(cell, "skipped")
                                                             : "it takes no heap_bytes_max");
    }
    return count;
}

static bool probe_all(const curve_request *asked, probed *list, size_t count, problem *why)
{
    char folder[] = "/tmp/reclaim-curve-XXXXXX";
    bool going = mkdtemp(folder) != NULL ||
                 problem_environment(why, "cannot make a folder for the probes in /tmp");
    char *path = text_format("%s/sample.json", folder);

    for (size_t i = 0; i < count && going; i++)
        going = probe_cell(asked, &list[i], path, why);
    unlink(path);
    rmdir(folder);
    free(path);
    return going;
}

/* The unit of a workload: NAN where nothing trades on it. */
static double smallest_heap(const probed *list, size_t count, const char *spec)
{
    double smallest = NAN;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(json_text_of(list[i].cell, "spec"), spec) == 0)
            smallest = fmin(smallest, list[i].bytes_min); /* fmin passes over NAN */
    }
    return smallest;
}

/* -- the cells of the run -- */

/* The cell with this limit, checked by its program as every cell is. The row says how much it is, and
 * is the same on every workload. */
static bool add_limited(json_t *cells, const curve_request *asked, const program_list *programs,
                        const probed *of, double bytes_max, double unit, bool is_point,
                        problem *why)
{
    matrix_request matrix = asked->matrix;
    const char *row = json_text_of(of->cell, "row");
    double multiple = bytes_max / unit;
    char *label = limited_label(row, is_point ? NULL : of->fills_heap, bytes_max);
    json_t *strategies = json_pack("[s]", label);
    json_t *workloads = json_pack("[s]", json_text_of(of->cell, "spec")), *made, *cell;

    matrix.strategies = strategies;
    matrix.workloads = workloads;
    made = matrix_cells(&matrix, programs, why);
    cell = json_array_get(made, 0);
    if (cell != NULL) {
        if (!is_point)
            json_object_set_new(cell, "row", json_sprintf("%s@%.4gx", row, multiple));
        else
            json_object_set_new(cell, "row", json_string(row));
        json_object_set_new(cell, "heap",
                            json_pack("{s:s, s:o, s:f, s:b}", "strategy", row, "bytes_max",
                                      json_from_number(bytes_max), "multiple", multiple, "trades",
                                      !is_point));
        json_array_append(cells, cell);
    }
    json_decref(made);
    json_decref(strategies);
    json_decref(workloads);
    free(label);
    return cell != NULL;
}

static bool add_heaps(json_t *cells, const curve_request *asked, const program_list *programs,
                      const probed *of, double unit, problem *why)
{
    bool added = true;

    if (isnan(of->bytes_min))
        return add_limited(cells, asked, programs, of, fmax(of->bytes_held, HEAP_BYTES_MIN), unit,
                           true, why);
    for (size_t i = 0; i < json_array_size(asked->multiples) && added; i++) {
        double multiple = json_number_value(json_array_get(asked->multiples, i));
        added = add_limited(cells, asked, programs, of, ceil(multiple * unit), unit, false, why);
    }
    return added;
}

static json_t *found_json(const probed *list, size_t count)
{
    json_t *found = json_array();

    for (size_t i = 0; i < count; i++) {
        const probed *of = &list[i];
        double unit = smallest_heap(list, count, json_text_of(of->cell, "spec"));
        json_array_append_new(
            found, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:I}", "strategy",
                             json_text_of(of->cell, "row"), "spec", json_text_of(of->cell, "spec"),
                             "bytes_held", json_from_number(of->bytes_held), "bytes_min",
                             json_from_number(of->bytes_min), "bytes_failed",
                             json_from_number(of->bytes_failed), "unit_bytes",
                             json_from_number(unit), "probes", (json_int_t)of->probes));
    }
    return found;
}

static json_t *limited_cells(const curve_request *asked, const program_list *programs,
                             const probed *list, size_t count, problem *why)
{
    json_t *cells = json_array();

    for (size_t i = 0; i < count; i++) {
        double unit = smallest_heap(list, count, json_text_of(list[i].cell, "spec"));
        if (!isnan(unit) && !add_heaps(cells, asked, programs, &list[i], unit, why)) {
            json_decref(cells);
            return NULL;
        }
    }
    return cells;
}

static bool some_trade(const probed *list, size_t count, problem *why)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].fills_heap != NULL)
            return true;
    }
    return problem_input(why, "none of the chosen strategies collects when its heap is full, so "
                              "that none trades space for time; 'reclaim list' shows which do");
}

json_t *curve_cells(const curve_request *asked, const program_list *programs, json_t **found,
                    problem *why)
{
    json_t *plain = matrix_cells(&asked->matrix, programs, why), *cells = NULL;
    probed *list;
    size_t count;

    if (plain == NULL)
        return NULL;
    list = must_allocate(json_array_size(plain), sizeof *list);
    count = choose(plain, programs, list);
    if (some_trade(list, count, why) && probe_all(asked, list, count, why)) {
        cells = limited_cells(asked, programs, list, count, why);
        *found = found_json(list, count);
    }
    free(list);
    json_decref(plain);
    return cells;
}

json_t *curve_multiples(const char *text, problem *why)
{
    json_t *multiples = json_array();
    const char *rest = text;
    char *end;

    for (;; rest = end + 1) {
        double multiple = strtod(rest, &end);
        if (end == rest || (*end != ',' && *end != '\0') || !(multiple >= 1 && multiple <= 1000) ||
            json_array_size(multiples) == MULTIPLES_MAX)
            break;
        json_array_append_new(multiples, json_real(multiple));
        if (*end == '\0')
            return multiples;
    }
    json_decref(multiples);
    problem_input(why,
                  "--multiples '%s': it takes numbers from 1 to 1000, at most %d, such as 1.25,2,4",
                  text, MULTIPLES_MAX);
    return NULL;
}
