/* The mutator of operation programs for AFL++, by its interface for custom mutators: a library of
 * its own, compiled without instrumentation, that AFL_CUSTOM_MUTATOR_LIBRARY names. AFL++ goes on
 * with its own mutations beside it. */
#include "mutator.h"

#include "program.h"

#include <stdlib.h>
#include <string.h>

typedef struct state {
    uint32_t seed;
    uint8_t out[PROGRAM_BYTES_MAX];
} state;

void *afl_custom_init(void *afl, unsigned seed);
size_t afl_custom_fuzz(void *data, uint8_t *bytes, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t size_max);
void afl_custom_deinit(void *data);

void *afl_custom_init(void *afl, unsigned seed)
{
    state *s = calloc(1, sizeof *s);

    (void)afl;
    if (s != NULL)
        s->seed = seed;
    return s;
}

/* One time in four a crossing with another input of the queue. */
size_t afl_custom_fuzz(void *data, uint8_t *bytes, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t size_max)
{
    state *s = data;
    size_t capacity = size_max < sizeof s->out ? size_max : sizeof s->out, crossed = 0;

    s->seed = s->seed * 1664525u + 1013904223u; /* any full period will do: Numerical Recipes' */
    *out = s->out;
    if (other != NULL && s->seed >> 30 == 0)
        crossed = mutator_cross(bytes, size, other, other_size, s->out, capacity, s->seed >> 8);
    if (crossed != 0)
        return crossed;
    size = size < capacity ? size : capacity;
    memcpy(s->out, bytes, size);
    return mutator_mutate(s->out, size, capacity, s->seed >> 8);
}

void afl_custom_deinit(void *data)
{
    free(data);
}
