/* What a fuzz target defines, for libFuzzer and for the replay driver alike. */
#ifndef FUZZ_DRIVER_H
#define FUZZ_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs one input; ends the process when a property does not hold. 0, or -1 for an input that no
 * corpus should keep. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A target may define this too: the digest of what the input computed, for comparison with other
 * programs on the same input. False: the input has none. */
__attribute__((weak)) bool fuzz_digest(const uint8_t *data, size_t size, uint64_t *digest);

#endif
