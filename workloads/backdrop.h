/* The backdrop: objects that stay live beside a workload, as in a program that has more to it. A
 * binary tree, so that it is neither deep nor wide. */
#ifndef RECLAIM_BACKDROP_H
#define RECLAIM_BACKDROP_H

#include "workloads/workload.h"

#include <string.h>

enum { BACKDROP_SLOTS = 2, BACKDROP_BYTES = 16 };

#define BACKDROP_SETTING                                                                          \
    {                                                                                             \
        .name = "backdrop", .unit = "objects", .help = "live beside the workload", .fallback = 0, \
        .minimum = 0, .maximum = 1e9, .integer = true,                                            \
    }

#define TEARDOWN_SETTING                                                              \
    {                                                                                 \
        .name = "teardown", .unit = "", .help = "what is live at the end is dropped", \
        .fallback = 1, .words_only = true, .words = {{"off", 0}, {"on", 1}},          \
    }

#define PAYLOAD_SETTING(default_bytes)                                                             \
    {                                                                                              \
        .name = "payload", .unit = "bytes", .help = "of each object", .fallback = (default_bytes), \
        .minimum = 8, .maximum = 1 << 20, .integer = true,                                         \
    }

/* What a backdrop of `count` objects requests. */
static inline workload_amount backdrop_amount(uint64_t count)
{
    return (workload_amount){.objects = count,
                             .bytes = count * (BACKDROP_SLOTS * sizeof(void *) + BACKDROP_BYTES)};
}

/* A tree of `count` objects of the container type into `out`; null for 0. May collect: yes. Errors:
 * MM_NO_MEMORY. */
static inline mm_status backdrop_build(mm *m, mm_type type, uint64_t count, mm_var *out)
{
    MM_VARS(m, v, 2);
    mm_var *node = v, *child = v + 1;
    uint64_t left = count / 2;

    if (count == 0)
        return MM_OK;
    if (mm_new(m, node, type, BACKDROP_SLOTS, BACKDROP_BYTES) != MM_OK)
        return MM_NO_MEMORY;
    memset(mm_data(m, node), 0, BACKDROP_BYTES);
    for (uint32_t i = 0; i < BACKDROP_SLOTS; i++) {
        if (backdrop_build(m, type, i == 0 ? left : count - 1 - left, child) != MM_OK)
            return MM_NO_MEMORY;
        mm_fill(m, node, i, child);
    }
    mm_move(m, out, node);
    return MM_OK;
}

/* Keeps what `v` names until the heap is freed: the parameter `teardown=off`. Errors: MM_NO_MEMORY.
 */
static inline mm_status keep_until_the_end(mm *m, mm_var *v)
{
    mm_root *root;

    if (mm_root_new(m, &root) != MM_OK)
        return MM_NO_MEMORY;
    mm_root_set(m, root, v);
    return MM_OK;
}

#endif
