#include "extra_kinds.h"

#include "prices.h"

const extra_kind extra_kinds[] = {
    {"latency", "reclaim.latency/1", "latency", {0, 1, 3, 5}, false, NULL},
    {"memory", "reclaim.memory/1", "memory-samples", {0, 1, 1, 1}, true, NULL},
    {"prices", "reclaim.prices/1", "prices", {0, 1, 3, 5}, false, prices_are_sound},
};

const size_t extra_kind_count = sizeof extra_kinds / sizeof *extra_kinds;
