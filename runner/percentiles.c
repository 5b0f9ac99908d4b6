#include "percentiles.h"

#include <math.h>
#include <stdlib.h>

#include "json.h"

const percentiles percentiles_unknown = {NAN, NAN, NAN, NAN, NAN};

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Per mille, so that ranks are whole numbers without rounding. */
static double at(const double *sorted, size_t count, size_t per_mille)
{
    size_t rank = (count * per_mille + 999) / 1000;
    return sorted[rank > 0 ? rank - 1 : 0];
}

percentiles percentiles_of(double *values, size_t count, double pauses)
{
    percentiles of = percentiles_unknown;

    if (count == 0)
        return of;
    qsort(values, count, sizeof *values, compare_values);
    of.p50 = at(values, count, 500);
    of.p90 = at(values, count, 900);
    of.max = values[count - 1];
    if (count >= P99_REQUESTS_MIN)
        of.p99 = at(values, count, 990);
    if (count >= P999_REQUESTS_MIN && pauses >= P999_PAUSES_MIN)
        of.p999 = at(values, count, 999);
    return of;
}

json_t *percentiles_to_json(const percentiles *of)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "p50", json_from_number(of->p50), "p90",
                     json_from_number(of->p90), "p99", json_from_number(of->p99), "p999",
                     json_from_number(of->p999), "max", json_from_number(of->max));
}
