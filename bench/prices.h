/* What single operations of this strategy cost, on this machine, now: `bench_X --prices FILE`.
 *
 * Each price comes from a loop that does one thing, written against the object API and compiled into
 * the same program as the workloads, so that the compiler inlines it as it does there. A price may
 * depend on how much memory is in play; then it is a curve over that size. The text beside each says
 * what it is the price of, and which counters of a sample it is to be multiplied by, so that who
 * reads the file needs to know no strategy. docs/decisions/0018 says what was tried. */
#ifndef RECLAIM_PRICES_H
#define RECLAIM_PRICES_H

#include "bench/sample.h"

enum { PRICE_POINTS_MAX = 8, PRICE_COUNTERS_MAX = 5, PRICES_MAX = 24 };

/* The price of something when `size` is in play. */
typedef struct price_point {
    double size, ns;
} price_point;

/* What a price is of. Every text is a literal. */
typedef struct price_kind {
    const char *name; /* "visit of a live object" */
    const char *part; /* what charts add it up with: "collector: live objects" */
    const char *unit; /* what is counted: "object" */
    /* Counters of a sample, added up; one with a '-' before it is subtracted. An array stands for
     * its generations, each taken by itself where `size` is by generation too. */
    const char *counters[PRICE_COUNTERS_MAX];
    /* Where on the curve: one counter, or one divided by another. NULL: the price is one number. */
    const char *size[2];
    const char *size_unit;
} price_kind;

typedef struct price {
    const price_kind *kind;
    price_point points[PRICE_POINTS_MAX]; /* by rising size */
    size_t point_count;
    bool
        of_machine; /* all programs that run beside each other pay the same, whatever the strategy */
} price;

typedef struct price_list {
    price items[PRICES_MAX];
    size_t count;
} price_list;

/* Why this program has no prices, or NULL. */
const char *prices_absence(void);

/* Measures all of them, for a sample with its options. False with a message. */
bool prices_measure(const sample *of, price_list *measured, char message[WORKLOAD_MESSAGE_MAX]);

/* Writes them, whole or not at all; false with errno set. */
bool write_prices(const sample *with, const price_list *measured, const char *path);

#endif
