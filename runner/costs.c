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

/* All lists that were measured for a cell; the caller frees them. */
typedef struct lists {
    json_t **items;
    size_t count;
} lists;

static void free_lists(lists *of)
{
    for (size_t i = 0; i < of->count; i++)
        json_decref(of->items[i]);
    free(of->items);
    *of = (lists){0};
}

static bool read_lists(const plan *planned, const store *from, size_t cell_index, lists *read,
                       problem *why)
{
    size_t kind = price_kind_index(), samples = planned->extras[kind];

    read->items = must_allocate(samples + 1, sizeof *read->items);
    for (size_t i = 1; i <= samples && from->extras[kind].count > 0; i++) {
        json_t *list = *extras_slot(from, kind, cell_index, i) != NULL
                           ? extras_read(from, planned, kind, cell_index, i, why)
                           : NULL;
        if (list != NULL && prices_are_sound(list, why))
            read->items[read->count++] = list;
        else
            json_decref(list);
        if (why->text[0] != '\0')
            return false;
    }
    return true;
}

/* -- prices of one cell -- */

static const json_t *price_named(const json_t *list, const char *name)
{
    const json_t *prices = json_object_get(list, "prices");

    for (size_t i = 0; i < json_array_size(prices); i++) {
        const json_t *price = json_array_get(prices, i);
        if (strcmp(json_text_of(price, "name"), name) == 0)
            return price;
    }
    return NULL;
}

/* What the cell pays of the price with this name: the median over its lists. */
static price_amount amount_of(const lists *from, const char *name, const json_t *counters)
{
    double *values = must_allocate(from->count + 1, sizeof *values);
    price_amount amount = {0, 0};
    size_t known = 0;

    for (size_t i = 0; i < from->count; i++) {
        const json_t *price = price_named(from->items[i], name);
        if (price != NULL) {
            amount = price_apply(price, counters);
            values[known++] = amount.ns;
        }
    }
    if (known > 0)
        amount.ns = statistics_median(values, known);
    free(values);
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

static bool price_cell(costs *made, cost_groups *groups, const lists *paid, const json_t *counters,
                       const lists *ideal, const json_t *ideal_counters)
{
    const json_t *own = json_object_get(paid->items[0], "prices");
    const json_t *other = json_object_get(ideal->items[0], "prices");
    bool known = true;

    made->parts =
        must_allocate(json_array_size(own) + json_array_size(other) + 1, sizeof *made->parts);
    for (size_t i = 0; i < json_array_size(own) && known; i++) {
        const char *name = json_text_of(json_array_get(own, i), "name");
        known = add_part(made, groups, json_array_get(own, i), amount_of(paid, name, counters),
                         amount_of(ideal, name, ideal_counters));
    }
    for (size_t i = 0; i < json_array_size(other) && known; i++) {
        const char *name = json_text_of(json_array_get(other, i), "name");
        if (price_named(paid->items[0], name) == NULL)
            known = add_part(made, groups, json_array_get(other, i), (price_amount){0, 0},
                             amount_of(ideal, name, ideal_counters));
    }
    return known;
}

static estimate measured_over(const plan *planned, const store *from, size_t cell_index,
                              size_t ideal_index)
{
    size_t repetitions = planned->repetitions;
    double *values = must_allocate(repetitions, sizeof *values);
    double *ideal = must_allocate(repetitions, sizeof *ideal);
    estimate over;

    measurements_get(planned, from, cell_index, "time_ns", "steady", values);
    measurements_get(planned, from, ideal_index, "time_ns", "steady", ideal);
    for (size_t i = 0; i < repetitions; i++)
        values[i] -= ideal[i];
    over = measurements_estimate(values, repetitions);
    free(values);
    free(ideal);
    return over;
}

static bool load_cell(summary *into, const store *from, size_t index, size_t ideal_index,
                      problem *why)
{
    lists paid = {0}, ideal = {0};
    bool read = read_lists(into->planned, from, index, &paid, why) &&
                read_lists(into->planned, from, ideal_index, &ideal, why);

    if (read && paid.count > 0 && ideal.count > 0) {
        costs *made = must_allocate(1, sizeof *made);
        made->group_names = into->cost_groups.names;
        made->measured_ns = measured_over(into->planned, from, index, ideal_index);
        if (!isnan(made->measured_ns.median) &&
            price_cell(made, &into->cost_groups, &paid, into->cells[index].counters, &ideal,
                       into->cells[ideal_index].counters))
            into->cells[index].costs = made;
        else
            costs_free(made);
    }
    free_lists(&paid);
    free_lists(&ideal);
    return read;
}

bool costs_load(summary *into, const store *from, problem *why)
{
    const plan *planned = into->planned;
    bool read = true;

    into->cost_groups.names = must_allocate(COST_GROUPS_MAX, sizeof *into->cost_groups.names);
    for (size_t i = 0; i < planned->cell_count && read && price_kind_index() < extra_kind_count;
         i++) {
        const cell *ideal = plan_find_ideal(planned, &planned->cells[i]);
        if (ideal != NULL && status_is_timed(into->cells[i].status))
            read = load_cell(into, from, i, (size_t)(ideal - planned->cells), why);
    }
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

double costs_explained_share(const costs *of)
{
    const estimate *measured = &of->measured_ns;
    bool is_nothing = isnan(measured->low) || measured->median == 0 ||
                      (measured->low <= 0 && measured->high >= 0);

    return is_nothing ? NAN : of->explained_ns / measured->median;
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
        "{s:o, s:o, s:o, s:o, s:o, s:o}", "measured_ns", json_from_number(of->measured_ns.median),
        "measured_low", json_from_number(of->measured_ns.low), "measured_high",
        json_from_number(of->measured_ns.high), "explained_ns", json_from_number(of->explained_ns),
        "explained_share", json_from_number(costs_explained_share(of)), "parts", parts);
}
