/* When collections run that the strategy's own trigger did not start: the option `collect`.
 *
 * Workloads never collect; they mark their requests. A strategy with a collector lists
 * CADENCE_SETTING among its options and every collect= policy works for it: `end` (one full
 * collection when the program says it is over), `request` (one at the end of each request), a
 * number N (one at the end of every Nth request), `off`. */
#ifndef MM_COMMON_CADENCE_H
#define MM_COMMON_CADENCE_H

#include "base.h"

enum { CADENCE_OFF = 0, CADENCE_END = -1 };

#define CADENCE_SETTING                                                               \
    {                                                                                 \
        .name = "collect", .unit = "requests",                                        \
        .help = "full collection at the end of every Nth request, or of the program", \
        .fallback = CADENCE_OFF, .minimum = 1, .maximum = 1e9, .integer = true,       \
        .words = {{"off", CADENCE_OFF}, {"end", CADENCE_END}, {"request", 1}},        \
    }

typedef struct cadence {
    int64_t every; /* requests between collections, CADENCE_OFF or CADENCE_END */
    int64_t until; /* requests until the next one */
} cadence;

/* `value` is the option's value; CADENCE_OFF for a strategy that lacks it. */
static inline void cadence_open(cadence *c, double value)
{
    c->every = (int64_t)value;
    c->until = c->every;
}

/* At the end of a request: is a full collection due now? */
static inline bool cadence_request_ended(cadence *c)
{
    if (c->every <= 0 || --c->until > 0)
        return false;
    c->until = c->every;
    return true;
}

/* At the end of the program: is a full collection due? */
static inline bool cadence_program_ended(const cadence *c)
{
    return c->every == CADENCE_END;
}

#endif
