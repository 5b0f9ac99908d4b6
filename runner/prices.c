#include "prices.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "statistics.h"
#include "text.h"

const char prices_schema[] = "reclaim.prices/1";

/* -- soundness -- */

static bool are_texts(const json_t *list, size_t least, size_t most)
{
    if (!json_is_array(list) || json_array_size(list) < least || json_array_size(list) > most)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_text_at(list, i)[0] == '\0')
            return false;
    }
    return true;
}

static double point_size(const json_t *points, size_t i)
{
    return json_number_value(json_array_get(json_array_get(points, i), 0));
}

static double point_ns(const json_t *points, size_t i)
{
    return json_number_value(json_array_get(json_array_get(points, i), 1));
}

static bool is_point(const json_t *point)
{
    return json_array_size(point) == 2 && json_is_number(json_array_get(point, 0)) &&
           json_is_number(json_array_get(point, 1));
}

/* Pairs of numbers, prices not negative, sizes rising. */
static bool are_points(const json_t *points)
{
    for (size_t i = 0; i < json_array_size(points); i++) {
        if (!is_point(json_array_get(points, i)) || point_ns(points, i) < 0 ||
            point_size(points, i) < 0 ||
            (i > 0 && point_size(points, i) <= point_size(points, i - 1)))
            return false;
    }
    return json_array_size(points) > 0;
}

static bool is_sound(const json_t *price, problem *why)
{
    enum { COUNTERS_MAX = 64 };
    const char *name = json_text_of(price, "name");
    const json_t *points = json_object_get(price, "points");

    if (name[0] == '\0' || json_text_of(price, "part")[0] == '\0' ||
        json_text_of(price, "unit")[0] == '\0')
        return problem_environment(why, "a price lacks its name, part or unit");
    if (!are_texts(json_object_get(price, "counters"), 1, COUNTERS_MAX))
        return problem_environment(
            why, "the price '%s' names no counters to be multiplied by: an array of texts", name);
    if (!are_texts(json_object_get(price, "size"), 0, 2))
        return problem_environment(
            why, "the price '%s': its size is one counter, one over another, or []", name);
    if (!are_points(points))
        return problem_environment(
            why, "the price '%s': its points are [size, ns] with rising sizes and no ns below 0",
            name);
    if (json_is_true(json_object_get(price, "of_machine")) && json_array_size(points) != 1)
        return problem_environment(
            why, "the price '%s' is the machine's and has a curve; it is one number for all", name);
    return json_array_size(json_object_get(price, "size")) > 0 || json_array_size(points) == 1 ||
           problem_environment(why, "the price '%s' has a curve and no size to look it up by",
                               name);
}

bool prices_are_sound(const json_t *list, problem *why)
{
    const json_t *prices = json_object_get(list, "prices");

    if (!json_is_array(prices))
        return problem_environment(why, "a price list without the array 'prices'");
    for (size_t i = 0; i < json_array_size(prices); i++) {
        if (!is_sound(json_array_get(prices, i), why))
            return false;
    }
    return true;
}

json_t *prices_find(const json_t *list, const char *name)
{
    const json_t *prices = json_object_get(list, "prices");

    for (size_t i = 0; i < json_array_size(prices); i++) {
        json_t *price = json_array_get(prices, i);
        if (strcmp(json_text_of(price, "name"), name) == 0)
            return price;
    }
    return NULL;
}

/* -- prices of the machine -- */

static bool is_of_machine(const json_t *price)
{
    return json_is_true(json_object_get(price, "of_machine"));
}

/* The median of a price over all lists. */
static double pooled_ns(json_t *const *lists, size_t count, const char *name)
{
    double *values = must_allocate(count, sizeof *values), median;
    size_t known = 0;

    for (size_t i = 0; i < count; i++) {
        const json_t *price = prices_find(lists[i], name);
        if (is_of_machine(price))
            values[known++] = point_ns(json_object_get(price, "points"), 0);
    }
    median = statistics_median(values, known);
    free(values);
    return median;
}

static void set_in_all(json_t *const *lists, size_t count, const char *name, double ns)
{
    for (size_t i = 0; i < count; i++) {
        json_t *price = prices_find(lists[i], name);
        if (is_of_machine(price)) {
            json_object_set_new(price, "points", json_pack("[[f, f]]", 0.0, ns));
            json_object_set_new(price, "of_machine", json_false()); /* done */
        }
    }
}

void prices_pool(json_t *const *lists, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *prices = json_object_get(lists[i], "prices");
        for (size_t k = 0; k < json_array_size(prices); k++) {
            const json_t *price = json_array_get(prices, k);
            const char *name = json_text_of(price, "name");
            if (is_of_machine(price))
                set_in_all(lists, count, name, pooled_ns(lists, count, name));
        }
    }
}

/* -- counters -- */

/* "operations.load": a counter inside of another. */
static const json_t *find_counter(const json_t *counters, const char *path)
{
    const char *dot = strchr(path, '.');
    char outer[64];

    if (dot == NULL || (size_t)(dot - path) >= sizeof outer)
        return json_object_get(counters, path);
    memcpy(outer, path, (size_t)(dot - path));
    outer[dot - path] = '\0';
    return json_object_get(json_object_get(counters, outer), dot + 1);
}

/* All generations of a counter. */
static const size_t all = (size_t)-1;

static double counter_value(const json_t *counters, const char *path, size_t generation)
{
    const json_t *value = find_counter(counters, path);
    double sum = 0;

    if (json_is_number(value))
        return json_number_value(value);
    if (!json_is_array(value))
        return NAN;
    for (size_t i = 0; i < json_array_size(value); i++)
        sum +=
            generation == all || generation == i ? json_number_value(json_array_get(value, i)) : 0;
    return sum;
}

static double count_of(const json_t *price, const json_t *counters, size_t generation)
{
    const json_t *names = json_object_get(price, "counters");
    double sum = 0;

    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_text_at(names, i);
        bool less = name[0] == '-';
        double value = counter_value(counters, name + less, generation);
        sum += less ? -value : value;
    }
    return sum;
}

static double size_of(const json_t *size, const json_t *counters, size_t generation)
{
    double over =
        json_array_size(size) < 2 ? 1 : counter_value(counters, json_text_at(size, 1), generation);
    double value =
        json_array_size(size) == 0 ? 0 : counter_value(counters, json_text_at(size, 0), generation);

    return over > 0 ? value / over : 0;
}

/* -- prices -- */

double price_at(const json_t *points, double size)
{
    size_t count = json_array_size(points), above = 0;
    double low, high, share;

    while (above < count && point_size(points, above) < size)
        above++;
    if (above == 0)
        return point_ns(points, 0);
    if (above == count)
        return point_ns(points, count - 1);
    low = fmax(point_size(points, above - 1), 1);
    high = point_size(points, above);
    share = high > low ? log(fmax(size, low) / low) / log(high / low) : 1;
    return point_ns(points, above - 1) +
           share * (point_ns(points, above) - point_ns(points, above - 1));
}

static price_amount apply(const json_t *price, const json_t *counters, size_t generation)
{
    double count = count_of(price, counters, generation);
    double size = size_of(json_object_get(price, "size"), counters, generation);

    return (price_amount){count, count * price_at(json_object_get(price, "points"), size)};
}

price_amount price_apply(const json_t *price, const json_t *counters)
{
    const json_t *size = json_object_get(price, "size");
    const json_t *measure = find_counter(counters, json_text_at(size, 0));
    price_amount sum = {0, 0};

    if (!json_is_array(measure))
        return apply(price, counters, all);
    for (size_t g = 0; g < json_array_size(measure); g++) {
        price_amount one = apply(price, counters, g);
        sum.count += one.count;
        sum.ns += one.ns;
    }
    return sum;
}
