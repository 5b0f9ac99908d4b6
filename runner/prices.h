/* A price list, as a program has measured it (`bench_X --prices`): what single operations cost, and
 * which counters of a sample each price is to be multiplied by. The texts come from the program; nothing
 * here knows what they mean. docs/contract.md has the form. */
#ifndef RECLAIM_RUNNER_PRICES_H
#define RECLAIM_RUNNER_PRICES_H

#include <jansson.h>
#include <stdbool.h>

#include "problem.h"

extern const char prices_schema[];

/* Whether a list that was read has what is needed to work with it; `why` names the price and what
 * is wrong with it. */
bool prices_are_sound(const json_t *list, problem *why);

/* The price with this name, or NULL. */
json_t *prices_find(const json_t *list, const char *name);

/* The lists of one round, NULL where there is none: prices that are the machine's and not a strategy's
 * (`of_machine`) become the median of all that have the same name, in each list. */
void prices_pool(json_t *const *lists, size_t count);

/* What one price of the list comes to. */
typedef struct price_amount {
    double count; /* of operations; NAN where a counter is unknown */
    double ns;    /* all of them together */
} price_amount;

/* How often a cell with these counters pays the price, and what that comes to. On a curve each
 * generation stands at its own size. */
price_amount price_apply(const json_t *price, const json_t *counters);

/* A price on its curve: between two points as the logarithm of the size, outside as the nearest. */
double price_at(const json_t *points, double size);

#endif
