/* The order of the samples within a repetition. */
#ifndef RECLAIM_RUNNER_SCHEDULE_H
#define RECLAIM_RUNNER_SCHEDULE_H

#include "plan.h"

/* Fills `order` with the indices of all cells, in an order that depends on nothing but the seed and
 * the repetition. It is random, so that a machine that slows down or speeds up hits all strategies
 * alike. Cells that differ in nothing but the set of programs stay together, in random order among
 * themselves: they are paired afterwards, and whatever drifts then hits both. */
void schedule_order(const plan *planned, size_t repetition, size_t *order);

/* Fills `kinds` with every kind of extra sample and extra_kind_count for the timed sample itself, in
 * random order: those of a cell follow one another, so that what recording costs can be told from
 * what the machine did meanwhile. */
void schedule_kinds(const plan *planned, size_t cell_index, size_t round,
                    size_t kinds[EXTRA_KINDS_MAX + 1]);

/* The layout of the program that a timed sample runs, 1 to the cell's `layouts`; 0 when it has none.
 * Each cell takes its layouts in an order of its own, the same again when all have had their turn.
 * Cells that differ in nothing but the set share that order and stand half of it apart, so two sets
 * of the same programs never meet in one layout. */
size_t schedule_layout(const plan *planned, size_t cell_index, size_t repetition);

#endif
