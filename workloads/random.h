/* Random numbers and checksums: the same on every strategy, machine and compiler. */
#ifndef RECLAIM_RANDOM_H
#define RECLAIM_RANDOM_H

#include <stdint.h>

typedef struct workload_random {
    uint64_t state; /* the seed, at first */
} workload_random;

/* SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
static inline uint64_t workload_random_next(workload_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Uniform below `bound`, which is at most 2³² (Lemire's multiplication, without the rejection: the
 * bias is below bound / 2³²). */
static inline uint64_t workload_random_below(workload_random *random, uint64_t bound)
{
    return (workload_random_next(random) >> 32) * bound >> 32;
}

/* One more value goes into a checksum that depends on the order. */
static inline uint64_t workload_checksum(uint64_t checksum, uint64_t value)
{
    checksum = (checksum ^ value) * 0x9e3779b97f4a7c15u;
    return checksum ^ checksum >> 29;
}

#endif
