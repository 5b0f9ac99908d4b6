#include "units.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

typedef struct unit {
    const char *name;
    double factor;
} unit;

/* Three significant digits: 412, 41.2, 4.12. */
static int decimals(double scaled)
{
    if (scaled >= 99.95)
        return 0;
    return scaled >= 9.995 ? 1 : 2;
}

/* Three significant digits of `value` in the largest unit that it reaches; whole numbers of the
 * smallest unit stay whole. The units ascend. */
static void print_scaled(char out[UNIT_TEXT_MAX], double value, const unit *units, size_t count)
{
    size_t i = 0;
    double scaled;

    if (!isfinite(value)) {
        snprintf(out, UNIT_TEXT_MAX, "-");
        return;
    }
    /* 999.5 of a unit would round to 1000 of it, which is 1 of the next. */
    while (i + 1 < count && value >= 0.9995 * units[i + 1].factor)
        i++;
    scaled = value / units[i].factor;
    snprintf(out, UNIT_TEXT_MAX, "%.*f%s%s", i == 0 && value == floor(value) ? 0 : decimals(scaled),
             scaled, units[i].name[0] ? " " : "", units[i].name);
}

void unit_duration(char out[UNIT_TEXT_MAX], double nanoseconds)
{
    static const unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    print_scaled(out, nanoseconds, units, sizeof units / sizeof *units);
}

void unit_bytes(char out[UNIT_TEXT_MAX], double bytes)
{
    static const unit units[] = {{"B", 1}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}};
    print_scaled(out, bytes, units, sizeof units / sizeof *units);
}

void unit_count(char out[UNIT_TEXT_MAX], double count)
{
    static const unit units[] = {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}};

    if (isfinite(count) && count < 10000)
        snprintf(out, UNIT_TEXT_MAX, "%.0f", count);
    else
        print_scaled(out, count, units, sizeof units / sizeof *units);
}

void unit_time_left(char out[UNIT_TEXT_MAX], double seconds)
{
    if (seconds < 90)
        snprintf(out, UNIT_TEXT_MAX, "about %.0f s", ceil(seconds));
    else if (seconds < 5400)
        snprintf(out, UNIT_TEXT_MAX, "about %.0f min", seconds / 60);
    else
        snprintf(out, UNIT_TEXT_MAX, "about %.1f h", seconds / 3600);
}
