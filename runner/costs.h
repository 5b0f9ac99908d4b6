/* Where the time of a cell goes: counted operations times their measured prices, beside what was
 * measured as a whole.
 *
 * A program has a cost even with the best memory management, so what is explained is the time over
 * the ideal of the same spec: for each price, what the cell pays less what the ideal pays for the
 * same thing. Both were measured beside their samples, in the same rounds; all of it at the fastest
 * that it was seen. */
#ifndef RECLAIM_RUNNER_COSTS_H
#define RECLAIM_RUNNER_COSTS_H

#include <jansson.h>

#include "plan.h"
#include "statistics.h"
#include "store.h"

struct summary;

/* One price of a cell. Times are nanoseconds of one run, the least over the price samples. */
typedef struct cost_part {
    char *name, *unit;
    size_t group;    /* index into cost_groups */
    double count;    /* how often the cell pays it */
    double price_ns; /* what it pays each time, on average */
    double ns;       /* the product */
    double ideal_ns; /* what the ideal pays for the same */
} cost_part;

/* The fastest repetition of the cell less that of the ideal, and how far off that would be had the
 * fastest of either not been taken. Nanoseconds; `low` and `high` are NAN of one repetition. */
typedef struct cost_measured {
    double ns, low, high;
    double ideal_ns; /* the ideal's own time */
} cost_measured;

typedef struct costs {
    cost_measured measured;
    double explained_ns; /* the sum of ns - ideal_ns */
    /* The least and the most that it would be had any one round of prices not been taken; NAN where
     * there is one. */
    double explained_low, explained_high;
    cost_part *parts;
    size_t part_count;
    char *const *group_names; /* COST_GROUPS_MAX, NULL where there is none */
} costs;

/* What charts add prices up by, in the order in which programs name it. */
typedef struct cost_groups {
    char **names;
    size_t count;
} cost_groups;

enum { COST_GROUPS_MAX = 8 };

/* Fills in the costs of every cell that has prices and an ideal that has some; the others keep NULL.
 * False when a price sample is no longer what the run has written. */
bool costs_load(struct summary *into, const store *from, problem *why);

void costs_free(costs *made);
void cost_groups_free(cost_groups *made);

/* What a group of prices takes over the ideal. */
double costs_of_group(const costs *of, size_t group);

/* Explained over measured; NAN where what was measured is not told from nothing, or is less than a
 * tenth of the ideal's time: prices are known to some percent of a whole program, and a share of hardly
 * anything would be made of their errors. NAN too where leaving out one round of prices or another
 * moves the sum by more than half of what was measured. */
double costs_explained_share(const costs *of);

/* Whether it is only for the last of these reasons that there is no share. */
bool costs_prices_differ(const costs *of);

/* As summary.json holds it; null of NULL. */
json_t *costs_to_json(const costs *of);

#endif
