/* Mutations of operation programs that stay operation programs: whole operations are inserted,
 * deleted, repeated and swapped; operands are tweaked one at a time or retargeted to a variable
 * used nearby, since bugs live where operands are aliased; motifs of several operations are inserted
 * whole, since no step of theirs is of use without the others. Deterministic: the same arguments give
 * the same bytes. */
#ifndef FUZZ_MUTATOR_H
#define FUZZ_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

/* Mutates the input in `bytes`, which has room for `capacity`; returns its new size. What is no
 * program is replaced by one. */
size_t mutator_mutate(uint8_t *bytes, size_t size, size_t capacity, unsigned seed);

/* The beginning of one input and the end of another, cut between operations, into `out`; returns
 * its size, 0 when nothing fits. */
size_t mutator_cross(const uint8_t *first, size_t first_size, const uint8_t *second,
                     size_t second_size, uint8_t *out, size_t capacity, unsigned seed);

#endif
