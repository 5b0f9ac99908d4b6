/* The machine runs an operation program on a fresh heap and on the model side by side, and has the
 * oracle compare them. */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#include "program.h"

#include <stdint.h>

/* Runs `p`; ends the process at the first disagreement. Returns a digest of the graph that was
 * reachable when the program ended. Without `faults` no allocation is made to fail: then the digest
 * is the same for every strategy and under every other knob. */
uint64_t machine_run(const program *p, bool faults);

/* The allocations of objects that the last run asked for, failed ones included. */
uint64_t machine_allocation_attempts(void);

#endif
