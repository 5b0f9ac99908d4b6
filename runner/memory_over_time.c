/* Floating garbage is what is held and no longer reachable: live bytes of the strategy less those of the
 * ideal at the same request. How long garbage stays, nobody has to follow object by object: by Little's
 * law the mean number of things in a place is the rate at which they come times the mean time that
 * they stay. So with F bytes floating on average, and g bytes of garbage for each byte that the program
 * allocates, garbage stays for F / g bytes of allocation. The mean is over the work alone, by the
 * trapezoids between looks; what floats when the work ends counts as if it went then, which is when the
 * last collection comes. Where garbage never goes (a leak), it stays for ever and has no mean.
 * Source: J. D. C. Little, "A proof for the queuing formula L = λW", Operations Research 1961. */
#define _GNU_SOURCE
#include "memory_over_time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "extras.h"
#include "json.h"
#include "text.h"
#include "units.h"

enum { COUNTED = 0, TIMED = 1, SPEC_COLUMNS = 24, LAG_COLUMNS = 11 };

/* What all lines of the chart have together, so that the picture of a whole suite stays under 3 MB; and
 * the fewest of a line. */
enum { CHART_POINTS = 32000, CHART_POINTS_MIN = 100 };

/* A number for each look, NAN where nobody knows it. */
typedef enum column { REQUEST, ALLOCATED, LIVE, TRULY_LIVE, HELD, RESIDENT, COLUMNS } column;

typedef enum moment { TEARDOWN, LAST_COLLECT, RELEASE, MOMENTS } moment;

typedef struct memory_over_time {
    size_t count; /* looks */
    double *columns[COLUMNS];
    double resident_after[MOMENTS];
    double floating_mean, floating_max; /* bytes; NAN where nobody knows what is reachable */
    double lag_bytes, lag_requests;     /* NAN where nobody knows, or it leaks */
    bool leaks;
} memory_over_time;

/* -- reading -- */

static size_t memory_kind(void)
{
    size_t kind = 0;

    while (kind < extra_kind_count && strcmp(extra_kinds[kind].name, "memory") != 0)
        kind++;
    return kind;
}

/* What a program has recorded. `*recorded` is NULL where there is nothing. */
static bool read_recorded(const plan *planned, const store *from, size_t cell_index, size_t number,
                          json_t **recorded, problem *why)
{
    problem reading = {0};

    *recorded = NULL;
    if (*extras_slot(from, memory_kind(), cell_index, number) == NULL)
        return true;
    *recorded = extras_read(from, planned, memory_kind(), cell_index, number, &reading);
    if (*recorded == NULL && reading.text[0] != '\0') {
        *why = reading;
        return false;
    }
    return true;
}

static const json_t *points_of(const json_t *recorded, const char *name)
{
    return json_object_get(json_object_get(recorded, "points"), name);
}

/* Whether two programs have done the same work and looked at the same moments of it. */
static bool belongs_to(const json_t *a, const json_t *b)
{
    return json_equal(points_of(a, "request"), points_of(b, "request")) &&
           strcmp(json_text_of(a, "checksum"), json_text_of(b, "checksum")) == 0;
}

static void fill(memory_over_time *of, column into, const json_t *recorded, const char *name)
{
    const json_t *values = points_of(recorded, name);

    for (size_t i = 0; i < of->count && i < json_array_size(values); i++) {
        const json_t *value = json_array_get(values, i);
        if (json_is_number(value) && isnan(of->columns[into][i]))
            of->columns[into][i] = json_number_value(value);
    }
}

static void fill_after(memory_over_time *of, const json_t *timed)
{
    static const char *const names[MOMENTS] = {"teardown", "last_collect", "release"};
    const json_t *after = json_object_get(timed, "after");

    for (int i = 0; i < MOMENTS; i++)
        of->resident_after[i] = json_number_of(json_object_get(after, names[i]), "resident_bytes");
}

/* Each of the three may be NULL. What the timed program does not know of what is held, the counted one
 * does: objects with their headers. */
static memory_over_time *join(const json_t *counted, const json_t *timed, const json_t *ideal)
{
    const json_t *leader = timed != NULL ? timed : counted;
    memory_over_time *made = must_allocate(1, sizeof *made);

    made->count = json_array_size(points_of(leader, "request"));
    for (int i = 0; i < COLUMNS; i++) {
        made->columns[i] = must_allocate(made->count, sizeof *made->columns[i]);
        for (size_t j = 0; j < made->count; j++)
            made->columns[i][j] = NAN;
    }
    if (!belongs_to(counted, leader))
        counted = NULL;
    if (!belongs_to(ideal, leader))
        ideal = NULL;
    fill(made, REQUEST, leader, "request");
    fill(made, ALLOCATED, counted, "bytes_allocated");
    fill(made, ALLOCATED, ideal, "bytes_allocated");
    fill(made, LIVE, counted, "live_bytes");
    fill(made, TRULY_LIVE, ideal, "live_bytes");
    fill(made, HELD, timed, "held_bytes");
    fill(made, HELD, counted, "held_bytes");
    fill(made, RESIDENT, timed, "resident_bytes");
    fill_after(made, timed);
    return made;
}

/* -- figures -- */

static double floating_at(const memory_over_time *of, size_t look)
{
    return of->columns[LIVE][look] - of->columns[TRULY_LIVE][look];
}

/* The mean of what floats, over the work as `clock` counts it. */
static double mean_floating(const memory_over_time *of, column clock)
{
    const double *at = of->columns[clock];
    double area = 0, length = of->count > 0 ? at[of->count - 1] - at[0] : 0;

    for (size_t i = 1; i < of->count; i++)
        area += (at[i] - at[i - 1]) * (floating_at(of, i) + floating_at(of, i - 1)) / 2;
    return length > 0 ? area / length : NAN;
}

static double largest(const memory_over_time *of, column from)
{
    double most = NAN;

    for (size_t i = 0; i < of->count; i++)
        most = fmax(most, of->columns[from][i]); /* fmax passes over NAN */
    return most;
}

/* All that has become unreachable during the work. */
static double garbage_bytes(const memory_over_time *of)
{
    const double *allocated = of->columns[ALLOCATED], *live = of->columns[TRULY_LIVE];
    size_t last = of->count - 1;

    return allocated[last] - allocated[0] - (live[last] - live[0]);
}

/* By Little's law, in units of `clock`. */
static double lag(const memory_over_time *of, column clock)
{
    const double *at = of->columns[clock];
    double garbage = of->count > 0 ? garbage_bytes(of) : NAN;

    return garbage > 0 ? mean_floating(of, clock) * (at[of->count - 1] - at[0]) / garbage : NAN;
}

static void compute(memory_over_time *of, bool leaks)
{
    of->leaks = leaks;
    of->floating_mean = mean_floating(of, ALLOCATED);
    of->floating_max = NAN;
    for (size_t i = 0; i < of->count; i++)
        of->floating_max = fmax(of->floating_max, floating_at(of, i));
    of->lag_bytes = leaks ? NAN : lag(of, ALLOCATED);
    of->lag_requests = leaks ? NAN : lag(of, REQUEST);
}

/* -- all cells -- */

static bool read_cell(summary *into, const store *from, size_t index, problem *why)
{
    const plan *planned = into->planned;
    const cell *ideal_cell = plan_find_ideal(planned, &planned->cells[index]);
    json_t *counted = NULL, *timed = NULL, *ideal = NULL;
    bool done =
        read_recorded(planned, from, index, COUNTED, &counted, why) &&
        read_recorded(planned, from, index, TIMED, &timed, why) &&
        (ideal_cell == NULL ||
         read_recorded(planned, from, (size_t)(ideal_cell - planned->cells), COUNTED, &ideal, why));

    if (done && (counted != NULL || timed != NULL)) {
        into->cells[index].memory = join(counted, timed, ideal);
        compute(into->cells[index].memory, into->cells[index].status == STATUS_LEAKED);
    }
    json_decref(counted);
    json_decref(timed);
    json_decref(ideal);
    return done;
}

bool memory_over_time_read(summary *into, const store *from, problem *why)
{
    size_t kind = memory_kind();
    bool done = true;

    for (size_t i = 0; i < into->planned->cell_count && done; i++) {
        if (kind < extra_kind_count && into->planned->extras[kind] > 0)
            done = read_cell(into, from, i, why);
    }
    return done;
}

void memory_over_time_free(memory_over_time *of)
{
    for (int i = 0; of != NULL && i < COLUMNS; i++)
        free(of->columns[i]);
    free(of);
}

json_t *memory_over_time_to_json(const memory_over_time *of)
{
    if (of == NULL)
        return json_null();
    return json_pack(
        "{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:{s:o, s:o, s:o}}", "points",
        (json_int_t)of->count, "live_bytes_max", json_from_number(largest(of, LIVE)),
        "truly_live_bytes_max", json_from_number(largest(of, TRULY_LIVE)), "held_bytes_max",
        json_from_number(largest(of, HELD)), "resident_bytes_max",
        json_from_number(largest(of, RESIDENT)), "floating_bytes_mean",
        json_from_number(of->floating_mean), "floating_bytes_max",
        json_from_number(of->floating_max), "lag_bytes", json_from_number(of->lag_bytes),
        "lag_requests", json_from_number(of->lag_requests), "leaks", of->leaks,
        "resident_bytes_after", "teardown", json_from_number(of->resident_after[TEARDOWN]),
        "last_collect", json_from_number(of->resident_after[LAST_COLLECT]), "release",
        json_from_number(of->resident_after[RELEASE]));
}

/* -- the table -- */

static bool starts_row(const plan *of, size_t index)
{
    size_t i = 0;

    while (strcmp(of->cells[i].row, of->cells[index].row) != 0)
        i++;
    return i == index;
}

/* Programs by hand have no heap to look at. */
static bool is_column(const plan *of, size_t index)
{
    return starts_row(of, index) && !of->cells[index].hand && !of->cells[index].ideal;
}

static bool has_lags(const summary *of)
{
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (of->cells[i].memory != NULL && !isnan(of->cells[i].memory->floating_mean))
            return true;
    }
    return false;
}

static void print_lag(FILE *out, const summary *of, const char *row, const char *spec)
{
    const cell *found = plan_find(of->planned, row, spec);
    const memory_over_time *memory =
        found != NULL ? of->cells[found - of->planned->cells].memory : NULL;
    char text[UNIT_TEXT_MAX] = "-";

    if (memory != NULL && memory->leaks)
        snprintf(text, sizeof text, "never");
    else if (memory != NULL)
        unit_bytes(text, memory->lag_bytes);
    fprintf(out, " %*s", LAG_COLUMNS, text);
}

void memory_over_time_print(FILE *out, const summary *of)
{
    const plan *planned = of->planned;

    if (!has_lags(of))
        return;
    fprintf(out, "\n%-*s", SPEC_COLUMNS, "garbage stays for");
    for (size_t i = 0; i < planned->cell_count; i++) {
        if (is_column(planned, i))
            fprintf(out, " %*.*s", LAG_COLUMNS, LAG_COLUMNS, planned->cells[i].row);
    }
    fprintf(out, "\n");
    for (size_t i = 0; i < planned->cell_count; i++) {
        if (!plan_starts_spec(planned, i))
            continue;
        fprintf(out, "%-*.*s", SPEC_COLUMNS, SPEC_COLUMNS - 1, planned->cells[i].spec);
        for (size_t j = 0; j < planned->cell_count; j++) {
            if (is_column(planned, j))
                print_lag(out, of, planned->cells[j].row, planned->cells[i].spec);
        }
        fprintf(out, "\n");
    }
    fprintf(out,
            "reclaim lag: the mean allocation while a piece of garbage stays; never: it leaks\n");
}

/* -- the chart -- */

bool memory_over_time_has_data(const summary *of)
{
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (of->cells[i].memory != NULL && !isnan(largest(of->cells[i].memory, ALLOCATED)))
            return true;
    }
    return false;
}

/* The place of a row among all rows: its colour is the same in every panel. */
static int number_of_row(const plan *of, const char *row)
{
    int number = 0;

    for (size_t i = 0; strcmp(of->cells[i].row, row) != 0; i++)
        number += starts_row(of, i);
    return number;
}

static void write_bytes(FILE *out, double bytes)
{
    if (isnan(bytes))
        fputs("\t?", out);
    else
        fprintf(out, "\t%.6g", bytes / 1e6);
}

/* The looks from `first` up to `end` as two points of each line: the least and the most, in the order in
 * which they came, at the first look and at the last. */
static void two_points(const memory_over_time *of, size_t first, size_t end,
                       double points[2][COLUMNS])
{
    for (int j = 0; j < COLUMNS; j++) {
        const double *values = of->columns[j];
        size_t least = first, most = first;
        for (size_t i = first; i < end; i++) {
            least = values[i] < values[least] ? i : least;
            most = values[i] > values[most] ? i : most;
        }
        points[0][j] = values[least < most ? least : most];
        points[1][j] = values[least < most ? most : least];
    }
}

static void write_point(FILE *out, const char *prefix, const double point[COLUMNS])
{
    fputs(prefix, out);
    for (int j = ALLOCATED; j < COLUMNS; j++)
        write_bytes(out, point[j]);
    fputc('\n', out);
}

/* At most `points` of them. */
static void write_cell(FILE *out, const plan *planned, const cell_summary *of, int workload,
                       size_t points)
{
    const memory_over_time *memory = of->memory;
    char *prefix = text_format("%s\t%s\t%d\t%d", of->of->spec, of->of->row, workload,
                               number_of_row(planned, of->of->row));
    size_t buckets = memory->count > points ? points / 2 : memory->count;

    for (size_t i = 0; i < buckets; i++) {
        double pair[2][COLUMNS];
        two_points(memory, i * memory->count / buckets, (i + 1) * memory->count / buckets, pair);
        write_point(out, prefix, pair[0]);
        if (memory->count > points)
            write_point(out, prefix, pair[1]);
    }
    free(prefix);
}

static size_t points_of_a_line(const summary *of)
{
    size_t lines = 1;

    for (size_t i = 0; i < of->planned->cell_count; i++)
        lines += of->cells[i].memory != NULL;
    return CHART_POINTS / lines > CHART_POINTS_MIN ? CHART_POINTS / lines : CHART_POINTS_MIN;
}

/* The cells of one workload; returns how many there are. */
static int write_workload(FILE *out, const summary *of, const char *spec, int workload,
                          size_t points)
{
    int written = 0;

    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (of->cells[i].memory == NULL || strcmp(of->cells[i].of->spec, spec) != 0)
            continue;
        fputs(workload + written++ > 0 ? "\n\n" : "", out);
        write_cell(out, of->planned, &of->cells[i], workload, points);
    }
    return written;
}

void memory_over_time_write(FILE *out, const summary *of)
{
    size_t points = points_of_a_line(of);
    int workload = 0;

    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (plan_starts_spec(of->planned, i))
            workload += write_workload(out, of, of->planned->cells[i].spec, workload, points) > 0;
    }
}
