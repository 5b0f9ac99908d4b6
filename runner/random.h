/* A small generator with a fixed seed: the same seed gives the same order and the same intervals on
 * every machine. */
#ifndef RECLAIM_RUNNER_RANDOM_H
#define RECLAIM_RUNNER_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct random_state {
    uint64_t value;
} random_state;

/* SplitMix64 (Steele, Lea and Flood 2014): every seed is a good one. */
static inline uint64_t random_next(random_state *state)
{
    uint64_t mixed = state->value += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

/* A number below `bound` (at least 1, below 2^32). The bias of the multiplication, under bound /
 * 2^32, does not matter here. */
static inline size_t random_below(random_state *state, size_t bound)
{
    return (size_t)(((random_next(state) >> 32) * (uint64_t)bound) >> 32);
}

#endif
