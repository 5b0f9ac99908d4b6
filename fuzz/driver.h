/* What a fuzz target defines, for libFuzzer and for the replay driver alike. */
#ifndef FUZZ_DRIVER_H
#define FUZZ_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs one input; ends the process when a property does not hold. 0, or -1 for an input that no
 * corpus should keep. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an input computed, for comparison with other programs on the same input. */
typedef struct fuzz_digests {
    bool comparable; /* false: the rest means nothing */
    uint64_t result;
    uint64_t extra; /* more, where `has_extra`: not every program computes it */
    bool has_extra;
} fuzz_digests;

/* A target may define this too. False: the input is none. */
__attribute__((weak)) bool fuzz_digest(const uint8_t *data, size_t size, fuzz_digests *out);

#endif
