/* A slowdown of known size, which a self-test has to find. Only the programs in planted/ have it: in all others
 * these are null. */
#ifndef RECLAIM_BENCH_PLANTED_SLOWDOWN_H
#define RECLAIM_BENCH_PLANTED_SLOWDOWN_H

#include <stdint.h>

/* The share of its time that a run takes longer. */
extern const double planted_share __attribute__((weak));

/* Called once, before the clocks stop, with the time that the run took. */
void planted_slowdown(uint64_t elapsed_ns) __attribute__((weak));

#endif
