#include "record.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "statistics.h"
#include "status.h"
#include "text.h"

static const char check_name[] = "check";

/* Programs write whole nanoseconds. */
static const double rounding_ns = 1;

/* Over the record's line; the caller frees the text. */
static char *check_sum(const json_t *record)
{
    char *line = json_one_line(record);
    uint64_t hash = text_hash(TEXT_HASH_START, line, strlen(line));

    free(line);
    return text_format("%016" PRIx64, hash);
}

void record_seal(json_t *record)
{
    char *sum = check_sum(record);

    json_object_set_new(record, check_name, json_string(sum));
    free(sum);
}

/* The sum is taken out of the record first: it is of all the rest. */
static bool has_its_check_sum(json_t *record)
{
    char *noted = text_copy(json_text_of(record, check_name)), *found;
    bool same;

    json_object_del(record, check_name);
    found = check_sum(record);
    same = noted[0] == '\0' || strcmp(noted, found) == 0;
    free(noted);
    free(found);
    return same;
}

/* The median of all runs but the first, NAN when the record does not show enough runs. */
static double steady_of_runs(const json_t *runs)
{
    size_t count = json_array_size(runs);
    double *times = must_allocate(count, sizeof *times), steady = NAN;

    for (size_t i = 1; i < count; i++)
        times[i - 1] = json_number_of(json_array_get(runs, i), "time_ns");
    if (count > 1)
        steady = statistics_median(times, count - 1);
    free(times);
    return steady;
}

static bool has_sound_times(const json_t *record, const char *source, problem *why)
{
    double steady = json_number_of(json_object_get(record, "time_ns"), "steady");
    double of_runs = steady_of_runs(json_object_get(record, "runs"));

    if (!(isfinite(steady) && steady > 0))
        return problem_environment(why, "%s has no steady time, though its status is '%s'", source,
                                   json_text_of(record, "status"));
    if (!isnan(of_runs) && fabs(steady - of_runs) > rounding_ns)
        return problem_environment(why,
                                   "%s was changed: its time_ns.steady is %.0f, and the median of "
                                   "its steady runs is %.0f",
                                   source, steady, of_runs);
    return true;
}

bool record_is_unchanged(json_t *record, const char *source, problem *why)
{
    return has_its_check_sum(record) ||
           problem_environment(
               why, "%s was changed after it was written: its check sum does not fit", source);
}

bool record_is_sound(json_t *record, const char *source, problem *why)
{
    status end = status_from_name(json_text_of(record, "status"));

    if (!record_is_unchanged(record, source, why))
        return false;
    if (end > STATUS_VOID)
        return problem_environment(why, "%s has the status '%s', which no sample has", source,
                                   json_text_of(record, "status"));
    if (status_is_timed(end) && json_number_of(record, "repetition") > 0)
        return has_sound_times(record, source, why);
    return true;
}
