/* The machine runs an operation program on a fresh heap and on the model side by side, and has the
 * oracle compare them. */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#include "program.h"

#include <stdint.h>

/* What a program computed, for comparison with other strategies. */
typedef struct machine_digest {
    uint64_t graph;     /* what was reachable when the program ended */
    uint64_t finalised; /* which finalisers had been called after all garbage was collected */
    bool complete;      /* the strategy collects all garbage: `finalised` means something */
} machine_digest;

/* Runs `p`; ends the process at the first disagreement. Without `faults` no allocation is made to
 * fail: then the digest of a comparable program is the same for every strategy and under every other
 * knob. */
machine_digest machine_run(const program *p, bool faults);

/* The allocations of objects that the last run asked for, failed ones included. */
uint64_t machine_allocation_attempts(void);

#endif
