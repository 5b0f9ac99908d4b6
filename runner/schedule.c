#include "schedule.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "text.h"

static void shuffle(size_t *items, size_t count, random_state *random)
{
    for (size_t left = count; left > 1; left--) {
        size_t chosen = random_below(random, left);
        size_t moved = items[chosen];
        items[chosen] = items[left - 1];
        items[left - 1] = moved;
    }
}

static bool differ_in_set_only(const cell *a, const cell *b)
{
    return strcmp(cell_contender(a), cell_contender(b)) == 0 && strcmp(a->spec, b->spec) == 0;
}

/* The first cell of each group, and no other. */
static size_t find_leaders(const plan *planned, size_t *leaders)
{
    size_t count = 0;

    for (size_t i = 0; i < planned->cell_count; i++) {
        size_t j = 0;
        while (!differ_in_set_only(&planned->cells[j], &planned->cells[i]))
            j++;
        if (i == j)
            leaders[count++] = i;
    }
    return count;
}

/* Appends the group of a leader in random order; returns its size. */
static size_t place_group(const plan *planned, size_t leader, size_t *order, random_state *random)
{
    size_t count = 0;

    for (size_t i = leader; i < planned->cell_count; i++) {
        if (differ_in_set_only(&planned->cells[leader], &planned->cells[i]))
            order[count++] = i;
    }
    shuffle(order, count, random);
    return count;
}

void schedule_order(const plan *planned, size_t repetition, size_t *order)
{
    random_state random = {.value = planned->seed * 0x100000001b3u + repetition};
    size_t *leaders = must_allocate(planned->cell_count, sizeof *leaders);
    size_t groups = find_leaders(planned, leaders);

    shuffle(leaders, groups, &random);
    for (size_t i = 0, placed = 0; i < groups; i++)
        placed += place_group(planned, leaders[i], order + placed, &random);
    free(leaders);
}

void schedule_kinds(const plan *planned, size_t cell_index, size_t round,
                    size_t kinds[EXTRA_KINDS_MAX + 1])
{
    random_state random = {.value = (planned->seed + round) * 0x100000001b3u + cell_index};

    for (size_t i = 0; i <= extra_kind_count; i++)
        kinds[i] = i;
    shuffle(kinds, extra_kind_count + 1, &random);
}

/* -- layouts -- */

/* How many cells that differ in the set only stand before this one. */
static size_t place_in_group(const plan *planned, size_t cell_index)
{
    size_t place = 0;

    for (size_t i = 0; i < cell_index; i++)
        place += differ_in_set_only(&planned->cells[i], &planned->cells[cell_index]);
    return place;
}

size_t schedule_layout(const plan *planned, size_t cell_index, size_t repetition)
{
    const cell *of = &planned->cells[cell_index];
    size_t deal = planned->layout_period > 0 ? (repetition - 1) / planned->layout_period : 0;
    uint64_t of_label = text_hash(planned->seed, of->label, strlen(of->label));
    random_state random = {.value = text_hash(of_label, of->spec, strlen(of->spec)) + deal};
    size_t turn, chosen, *layouts;

    if (of->layouts == 0)
        return 0;
    turn = repetition - 1 - deal * planned->layout_period +
           place_in_group(planned, cell_index) * (of->layouts / 2);
    layouts = must_allocate(of->layouts, sizeof *layouts);
    for (size_t i = 0; i < of->layouts; i++)
        layouts[i] = i + 1;
    shuffle(layouts, of->layouts, &random);
    chosen = layouts[turn % of->layouts];
    free(layouts);
    return chosen;
}
