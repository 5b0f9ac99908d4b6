/* The machine that a run is made on: what may explain its times. */
#ifndef RECLAIM_RUNNER_MACHINE_H
#define RECLAIM_RUNNER_MACHINE_H

#include <jansson.h>
#include <stdint.h>

/* Model, cores, memory, frequency governor, virtualised or not, kernel, C library, load. What
 * cannot be read is null. */
json_t *machine_describe(void);

/* The memory that this process may use: the machine's, or less where a control group says so. */
uint64_t machine_memory_bytes(void);

#endif
