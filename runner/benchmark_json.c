#define _GNU_SOURCE
#include "benchmark_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counters.h"
#include "json.h"
#include "measurements.h"
#include "text.h"

/* Wall and processor times of a cell's samples, in the order of the repetitions. */
typedef struct times {
    double *real, *cpu;
    size_t count;
} times;

static times times_of(const plan *planned, const store *from, size_t index)
{
    times found = {.real = must_allocate(planned->repetitions, sizeof(double)),
                   .cpu = must_allocate(planned->repetitions, sizeof(double))};

    measurements_get(planned, from, index, "time_ns", "steady", found.real);
    measurements_get(planned, from, index, "cpu_ns", "steady", found.cpu);
    found.count = measurements_compact(found.real, planned->repetitions);
    measurements_compact(found.cpu, planned->repetitions);
    return found;
}

/* What iterations and aggregates of a cell have in common. */
static json_t *entry(const cell *of, size_t family, const times *measured, const char *suffix,
                     const char *run_type, double real, double cpu)
{
    char *name = text_format("%s/%s", of->row, of->spec);
    char *full = text_format("%s%s", name, suffix);
    json_t *value =
        json_pack("{s:s, s:I, s:i, s:s, s:s, s:I, s:i, s:i, s:f, s:f, s:s}", "name", full,
                  "family_index", (json_int_t)family, "per_family_instance_index", 0, "run_name",
                  name, "run_type", run_type, "repetitions", (json_int_t)measured->count, "threads",
                  1, "iterations", 1, "real_time", real, "cpu_time", cpu, "time_unit", "ns");

    free(name);
    free(full);
    return value;
}

/* The schema knows numbers only; arrays by generation are given as their sum. */
static void add_counters(json_t *value, const cell_summary *of)
{
    for (void *field = json_object_iter(of->counters); field != NULL;
         field = json_object_iter_next(of->counters, field)) {
        const char *name = json_object_iter_key(field);
        double counter = summary_counter(of, name);
        if (!isnan(counter))
            json_object_set_new(value, name, json_from_number(counter));
    }
}

static void add_iterations(json_t *into, const cell_summary *of, size_t family,
                           const times *measured)
{
    for (size_t i = 0; i < measured->count; i++) {
        json_t *value =
            entry(of->of, family, measured, "", "iteration", measured->real[i], measured->cpu[i]);
        json_object_set_new(value, "repetition_index", json_integer((json_int_t)i));
        add_counters(value, of);
        json_array_append_new(into, value);
    }
}

static double mean(const double *values, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

static double deviation(const double *values, size_t count)
{
    double middle = mean(values, count), sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (values[i] - middle) * (values[i] - middle);
    return count > 1 ? sqrt(sum / (double)(count - 1)) : 0;
}

static double variation(const double *values, size_t count)
{
    return deviation(values, count) / mean(values, count);
}

static void add_aggregates(json_t *into, const cell *of, size_t family, const times *measured)
{
    static const struct {
        const char *name, *unit;
        double (*compute)(const double *, size_t);
    } aggregates[] = {{"mean", "time", mean},
                      {"median", "time", statistics_median},
                      {"stddev", "time", deviation},
                      {"cv", "percentage", variation}};

    for (size_t i = 0; i < sizeof aggregates / sizeof *aggregates && measured->count > 1; i++) {
        char *suffix = text_format("_%s", aggregates[i].name);
        json_t *value = entry(of, family, measured, suffix, "aggregate",
                              aggregates[i].compute(measured->real, measured->count),
                              aggregates[i].compute(measured->cpu, measured->count));
        json_object_set_new(value, "aggregate_name", json_string(aggregates[i].name));
        json_object_set_new(value, "aggregate_unit", json_string(aggregates[i].unit));
        json_array_append_new(into, value);
        free(suffix);
    }
}

static json_t *context_of(const plan *planned)
{
    const json_t *machine = json_object_get(planned->context, "machine");
    char host[256] = "";

    gethostname(host, sizeof host - 1);
    return json_pack("{s:s, s:s, s:s, s:O*, s:b, s:[], s:O*, s:s}", "date",
                     json_text_of(planned->context, "date"), "host_name", host, "executable",
                     "reclaim", "num_cpus", json_object_get(machine, "cores"),
                     "cpu_scaling_enabled",
                     json_is_string(json_object_get(machine, "governor")) &&
                         strcmp(json_text_of(machine, "governor"), "performance") != 0,
                     "caches", "load_avg", json_object_get(machine, "load_average"),
                     "library_build_type", "release");
}

json_t *benchmark_to_json(const summary *of, const store *from)
{
    json_t *benchmarks = json_array();

    for (size_t i = 0; i < of->planned->cell_count; i++) {
        times measured = times_of(of->planned, from, i);
        if (of->cells[i].status != STATUS_VOID) {
            add_iterations(benchmarks, &of->cells[i], i, &measured);
            add_aggregates(benchmarks, of->cells[i].of, i, &measured);
        }
        free(measured.real);
        free(measured.cpu);
    }
    return json_pack("{s:o, s:o}", "context", context_of(of->planned), "benchmarks", benchmarks);
}
