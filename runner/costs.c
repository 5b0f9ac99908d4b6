#include "costs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "extras.h"
#include "json.h"
#include "measurements.h"
#include "prices.h"
#include "summary.h"
#include "text.h"

/* -- the price samples of a cell -- */

static size_t price_kind_index(void)
{
    size_t kind = 0;

    while (kind < extra_kind_count && strcmp(extra_kinds[kind].schema, prices_schema) != 0)
        kind++;
    return kind;
}

/* The lists of all cells: that of sample `i` of cell `c`, or NULL, stands at c + i * cells. The caller
 * frees them. */
typedef struct lists {
    json_t **items;
    size_t cells, samples;
} lists;

static void free_lists(lists *of)
{
    for (size_t i = 0; i < of->cells * of->samples; i++)
        json_decref(of->items[i]);
    free(of->items);
    *of = (lists){0};
}

static bool read_lists(const plan *planned, const store *from, lists *read, problem *why)
{
    size_t kind = price_kind_index(), count;

    *read = (lists){.cells = planned->cell_count};
    if (kind < extra_kind_count && from->extras[kind].count > 0)
        read->samples = planned->extras[kind];
    count = read->cells * read->samples;
    read->items = must_allocate(count + 1, sizeof *read->items);
    for (size_t i = 0; i < count; i++) {
        size_t cell_index = i % read->cells, number = i / read->cells + 1;
        json_t *list = *extras_slot(from, kind, cell_index, number) != NULL
                           ? extras_read(from, planned, kind, cell_index, number, why)
                           : NULL;
        read->items[i] = list;
        if (why->text[0] != '\0' || (list != NULL && !prices_are_sound(list, why)))
            return false;
    }
    for (size_t i = 0; i < read->samples; i++) /* one round's, as prices of a machine vary */
        prices_pool(read->items + i * read->cells, read->cells);
    return true;
}

/* -- prices of one cell -- */

/* A list of the cell, in which its prices have their order, or NULL. */
static const json_t *first_list(const lists *from, size_t cell_index)
{
    for (size_t i = 0; i < from->samples; i++) {
        if (from->items[cell_index + i * from->cells] != NULL)
            return from->items[cell_index + i * from->cells];
    }
    return NULL;
}

static const size_t no_round = (size_t)-1;

/* What the cell pays of the price with this name: the least over its lists but that of one round, as a
 * machine that others use too can only add to it. */
static price_amount amount_of(const lists *from, size_t left_out, size_t cell_index,
                              const char *name, const json_t *counters)
{
    price_amount amount = {0, 0};
    bool known = false;

    for (size_t i = 0; i < from->samples; i++) {
        const json_t *price = prices_find(from->items[cell_index + i * from->cells], name);
        if (price == NULL || i == left_out)
            continue;
        price_amount paid = price_apply(price, counters);
        if (!known || paid.ns < amount.ns)
            amount = paid;
        known = true;
    }
    return amount;
}

static size_t group_index(cost_groups *groups, const char *name)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (strcmp(groups->names[i], name) == 0)
            return i;
    }
    if (groups->count == COST_GROUPS_MAX)
        return COST_GROUPS_MAX - 1;
    groups->names[groups->count] = text_copy(name);
    return groups->count++;
}

/* Whether anything was paid at all. */
static bool add_part(costs *to, cost_groups *groups, const json_t *price, price_amount paid,
                     price_amount by_ideal)
{
    cost_part *part = &to->parts[to->part_count];

    if (isnan(paid.ns) || isnan(by_ideal.ns))
        return false;
    if (paid.count == 0 && by_ideal.count == 0)
        return true;
    *part = (cost_part){.name = text_copy(json_text_of(price, "name")),
                        .unit = text_copy(json_text_of(price, "unit")),
                        .group = group_index(groups, json_text_of(price, "part")),
                        .count = paid.count,
                        .price_ns = paid.count > 0 ? paid.ns / paid.count : 0,
                        .ns = paid.ns,
                        .ideal_ns = by_ideal.ns};
    to->explained_ns += part->ns - part->ideal_ns;
    to->part_count++;
    return true;
}

/* -- one cell against its ideal -- */

static bool price_cell(costs *made, summary *into, const lists *from, size_t index, size_t ideal)
{
    cost_groups *groups = &into->cost_groups;
    const json_t *counters = into->cells[index].counters,
                 *ideal_counters = into->cells[ideal].counters;
    const json_t *list = first_list(from, index);
    const json_t *own = json_object_get(list, "prices");
    const json_t *other = json_object_get(first_list(from, ideal), "prices");
    bool known = true;

    made->parts =
        must_allocate(json_array_size(own) + json_array_size(other) + 1, sizeof *made->parts);
    for (size_t i = 0; i < json_array_size(own) && known; i++) {
        const char *name = json_text_of(json_array_get(own, i), "name");
        known = add_part(made, groups, json_array_get(own, i),
                         amount_of(from, no_round, index, name, counters),
                         amount_of(from, no_round, ideal, name, ideal_counters));
    }
    for (size_t i = 0; i < json_array_size(other) && known; i++) {
        const char *name = json_text_of(json_array_get(other, i), "name");
        if (prices_find(list, name) == NULL)
            known = add_part(made, groups, json_array_get(other, i), (price_amount){0, 0},
                             amount_of(from, no_round, ideal, name, ideal_counters));
    }
    return known;
}

/* What would be explained had one round of prices not been taken. */
static double explained_without(const costs *of, const summary *in, const lists *from,
                                size_t left_out, size_t index, size_t ideal)
{
    double sum = 0;

    for (size_t i = 0; i < of->part_count; i++) {
        const char *name = of->parts[i].name;
        sum += amount_of(from, left_out, index, name, in->cells[index].counters).ns -
               amount_of(from, left_out, ideal, name, in->cells[ideal].counters).ns;
    }
    return sum;
}

static void leave_rounds_out(costs *of, const summary *in, const lists *from, size_t index,
                             size_t ideal)
{
    of->explained_low = of->explained_high = NAN;
    for (size_t round = 0; from->samples > 1 && round < from->samples; round++) {
        double sum = explained_without(of, in, from, round, index, ideal);
        of->explained_low = fmin(of->explained_low, sum); /* of NAN and a number, the number */
        of->explained_high = fmax(of->explained_high, sum);
    }
}

/* The fastest repetition of the cell less that of the ideal; the interval is how far off it would be
 * without either. Prices are taken at their least too: where a machine is now fast and now slow, by
 * the minute, the middle of one and the middle of the other are of different machines. */
static cost_measured measured_over(const plan *planned, const store *from, size_t cell_index,
                                   size_t ideal_index)
{
    double *values = must_allocate(planned->repetitions, sizeof *values);
    double paid[2], by_ideal[2];

    measurements_get(planned, from, cell_index, "time_ns", "steady", values);
    statistics_least_two(values, planned->repetitions, paid);
    measurements_get(planned, from, ideal_index, "time_ns", "steady", values);
    statistics_least_two(values, planned->repetitions, by_ideal);
    free(values);
    return (cost_measured){.ns = paid[0] - by_ideal[0],
                           .low = paid[0] - by_ideal[1],
                           .high = paid[1] - by_ideal[0],
                           .ideal_ns = by_ideal[0]};
}

static void load_cell(summary *into, const store *from, const lists *prices, size_t index,
                      size_t ideal)
{
    costs *made;

    if (first_list(prices, index) == NULL || first_list(prices, ideal) == NULL)
        return;
    made = must_allocate(1, sizeof *made);
    made->group_names = into->cost_groups.names;
    made->measured = measured_over(into->planned, from, index, ideal);
    if (!isnan(made->measured.ns) && price_cell(made, into, prices, index, ideal)) {
        leave_rounds_out(made, into, prices, index, ideal);
        into->cells[index].costs = made;
    } else {
        costs_free(made);
    }
}

bool costs_load(summary *into, const store *from, problem *why)
{
    const plan *planned = into->planned;
    lists prices;
    bool read = read_lists(planned, from, &prices, why);

    into->cost_groups.names = must_allocate(COST_GROUPS_MAX, sizeof *into->cost_groups.names);
    for (size_t i = 0; i < planned->cell_count && read; i++) {
        const cell *ideal = plan_find_ideal(planned, &planned->cells[i]);
        if (ideal != NULL && status_is_timed(into->cells[i].status))
            load_cell(into, from, &prices, i, (size_t)(ideal - planned->cells));
    }
    free_lists(&prices);
    return read;
}

void costs_free(costs *made)
{
    for (size_t i = 0; made != NULL && i < made->part_count; i++) {
        free(made->parts[i].name);
        free(made->parts[i].unit);
    }
    if (made != NULL)
        free(made->parts);
    free(made);
}

void cost_groups_free(cost_groups *made)
{
    for (size_t i = 0; i < made->count; i++)
        free(made->names[i]);
    free(made->names);
    *made = (cost_groups){0};
}

/* -- what comes out -- */

double costs_of_group(const costs *of, size_t group)
{
    double sum = 0;

    for (size_t i = 0; i < of->part_count; i++)
        sum += of->parts[i].group == group ? of->parts[i].ns - of->parts[i].ideal_ns : 0;
    return sum;
}

static bool is_difference(const cost_measured *of)
{
    const double difference_min = 0.1;

    return !isnan(of->low) && (of->low > 0 || of->high < 0) &&
           fabs(of->ns) >= difference_min * of->ideal_ns;
}

bool costs_prices_differ(const costs *of)
{
    const double spread_max = 0.5;

    return is_difference(&of->measured) &&
           of->explained_high - of->explained_low > spread_max * fabs(of->measured.ns);
}

double costs_explained_share(const costs *of)
{
    return is_difference(&of->measured) && !costs_prices_differ(of)
               ? of->explained_ns / of->measured.ns
               : NAN;
}

static json_t *part_to_json(const cost_part *of)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name", of->name, "unit", of->unit, "count",
                     json_from_number(of->count), "price_ns", json_from_number(of->price_ns), "ns",
                     json_from_number(of->ns), "ideal_ns", json_from_number(of->ideal_ns));
}

json_t *costs_to_json(const costs *of)
{
    json_t *parts = json_array();

    if (of == NULL) {
        json_decref(parts);
        return json_null();
    }
    for (size_t i = 0; i < of->part_count; i++)
        json_array_append_new(parts, part_to_json(&of->parts[i]));
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "measured_ns",
        json_from_number(of->measured.ns), "measured_low", json_from_number(of->measured.low),
        "measured_high", json_from_number(of->measured.high), "ideal_ns",
        json_from_number(of->measured.ideal_ns), "explained_ns", json_from_number(of->explained_ns),
        "explained_low", json_from_number(of->explained_low), "explained_high",
        json_from_number(of->explained_high), "explained_share",
        json_from_number(costs_explained_share(of)), "parts", parts);
}
