/* 5%, in time and not in instructions: how many instructions 5% are differs from machine to machine, and a workload that
 * waits for memory would hide them. So a run that came to its end works on for a twentieth of what
 * it took, disturbances included, as a program that is slower throughout would. */
#include "bench/planted/slowdown.h"

#include <time.h>

const double planted_share = 0.05;

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void planted_slowdown(uint64_t elapsed_ns)
{
    uint64_t end_ns = now_ns() + (uint64_t)((double)elapsed_ns * planted_share);

    while (now_ns() < end_ns)
        continue;
}
