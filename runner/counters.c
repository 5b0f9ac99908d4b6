#include "counters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "statistics.h"
#include "status.h"
#include "text.h"

bool counter_is_measured(const char *name)
{
    return text_starts_with(name, "measured_") || strstr(name, "_ns") != NULL ||
           strcmp(name, "rss_peak_bytes") == 0 || strcmp(name, "bytes_retained") == 0 ||
           strcmp(name, "page_faults") == 0;
}

/* The counters of a sample that came to its end, NULL of any other. */
static json_t *counters_of(const store *from, size_t cell_index, size_t repetition)
{
    const json_t *record = *store_slot(from, cell_index, repetition);
    status end = status_from_name(json_text_of(record, "status"));

    return status_is_timed(end) ? json_object_get(record, "counters") : NULL;
}

static json_t *median_counter(const plan *planned, const store *from, size_t cell_index,
                              const char *name)
{
    double *values = must_allocate(planned->repetitions, sizeof *values);
    size_t count = 0;
    double median;

    for (size_t i = 1; i <= planned->repetitions; i++) {
        double value = json_number_of(counters_of(from, cell_index, i), name);
        if (!isnan(value))
            values[count++] = value;
    }
    median = statistics_median(values, count);
    free(values);
    return json_from_number(round(median));
}

/* The first sample that knows a fact gives it; times of the counted sample (repetition 0) are never
 * shown. */
static void merge_counter(const plan *planned, const store *from, size_t cell_index,
                          const char *name, json_t *value, json_t *merged)
{
    const json_t *known = json_object_get(merged, name);

    if (known != NULL && !json_is_null(known))
        return;
    if (counter_is_measured(name))
        json_object_set_new(merged, name, median_counter(planned, from, cell_index, name));
    else
        json_object_set(merged, name, value);
}

json_t *counters_merge(const plan *planned, const store *from, size_t cell_index)
{
    json_t *merged = json_object();

    for (size_t i = 0; i <= planned->repetitions; i++) {
        json_t *counters = counters_of(from, cell_index, i);
        for (void *field = json_object_iter(counters); field != NULL;
             field = json_object_iter_next(counters, field))
            merge_counter(planned, from, cell_index, json_object_iter_key(field),
                          json_object_iter_value(field), merged);
    }
    return merged;
}

/* The first fact that two sets of counters both know and that differs, NULL when there is none. */
static const char *first_contradiction(json_t *facts, const json_t *others)
{
    for (void *field = json_object_iter(facts); field != NULL;
         field = json_object_iter_next(facts, field)) {
        const char *name = json_object_iter_key(field);
        const json_t *fact = json_object_iter_value(field), *other = json_object_get(others, name);
        if (!counter_is_measured(name) && !json_is_null(fact) && other != NULL &&
            !json_is_null(other) && !json_equal(fact, other))
            return name;
    }
    return NULL;
}

static char *describe_contradiction(const char *name, const json_t *facts, const json_t *others,
                                    bool counted, size_t repetition)
{
    char *expected = json_one_line(json_object_get(facts, name));
    char *found = json_one_line(json_object_get(others, name));
    char *text = text_format("%s is %s in the %s sample and %s in timed sample %zu", name, expected,
                             counted ? "counted" : "first timed", found, repetition);

    free(expected);
    free(found);
    return text;
}

char *counters_disagreement(const plan *planned, const store *from, size_t cell_index)
{
    json_t *reference = NULL;
    bool counted = false;

    for (size_t i = 0; i <= planned->repetitions; i++) {
        json_t *counters = counters_of(from, cell_index, i);
        const char *name = first_contradiction(reference, counters);
        if (name != NULL)
            return describe_contradiction(name, reference, counters, counted, i);
        if (reference == NULL) {
            reference = counters;
            counted = i == 0;
        }
    }
    return NULL;
}
