/* The machine that a run is made on: what may explain its times. */
#ifndef RECLAIM_RUNNER_MACHINE_H
#define RECLAIM_RUNNER_MACHINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Model, cores, memory, frequency governor, virtualised or not, kernel, C library, load. What
 * cannot be read is null. */
json_t *machine_describe(void);

/* Whether two descriptions are of the same machine with the same kernel, in whatever state. */
bool machine_is_same(const json_t *one, const json_t *other);

/* The memory that this process may use: the machine's, or less where a control group says so. */
uint64_t machine_memory_bytes(void);

#endif
