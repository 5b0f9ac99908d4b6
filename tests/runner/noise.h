/* Noise for tests of statistics: drawn from a fixed seed, so that a test never fails by chance. */
#ifndef RECLAIM_TESTS_RUNNER_NOISE_H
#define RECLAIM_TESTS_RUNNER_NOISE_H

#include <math.h>

#include "random.h"
#include "unit.h"

static inline void assert_near(double found, double expected)
{
    if (!(fabs(found - expected) < 1e-9))
        fail_msg("found %.12g, expected %.12g", found, expected);
}

/* Roughly normal with deviation 1, by adding twelve uniform numbers. */
static inline double noise(random_state *random)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += (double)random_below(random, 1000000) / 1e6;
    return sum;
}

#endif
