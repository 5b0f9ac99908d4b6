/* The one clock of pauses, cascades and requests. */
#ifndef MM_COMMON_CLOCK_H
#define MM_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of monotonic time. About 20 ns a call through the kernel's shared page. */
static inline uint64_t clock_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
