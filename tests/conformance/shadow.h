/* A program of random operations and the shadow of its heap: plain arrays of numbers that say which
 * object each variable, root and slot must name, and so which objects must be alive.
 *
 * The shadow never follows a pointer of the heap. Objects are numbered 1, 2, … in the order of
 * their making, as mm_serial() numbers them. A number that is left out belongs to an object that the
 * program never got: something else that it needs could not be made.
 *
 * Finalisers and weak callbacks only note that they were called. */
#ifndef SHADOW_H
#define SHADOW_H

#include "conformance.h"

enum {
    SHADOW_VARIABLES = 6,
    SHADOW_ROOTS = 2,
    SHADOW_SLOTS = 4, /* of an object, at most */
    SHADOW_OBJECTS = 2000
};

/* 0 stands for null, so the arrays of objects begin at 1. */
typedef struct shadow {
    uint32_t made;
    uint32_t slot_count[SHADOW_OBJECTS + 1];
    uint32_t slots[SHADOW_OBJECTS + 1][SHADOW_SLOTS];
    uint32_t variables[SHADOW_VARIABLES];
    uint32_t roots[SHADOW_ROOTS];
    bool finalisable[SHADOW_OBJECTS + 1];
    uint8_t finalised[SHADOW_OBJECTS + 1]; /* calls */
    bool weakable[SHADOW_OBJECTS + 1];
    uint32_t referent[SHADOW_OBJECTS + 1]; /* of a weak reference; 0: it is none */
    bool cleared[SHADOW_OBJECTS + 1];      /* it was seen to read null */
    bool watching[SHADOW_OBJECTS + 1];     /* it has a callback */
    uint8_t called[SHADOW_OBJECTS + 1];
} shadow;

/* Objects by number: true for those in the set. */
typedef bool shadow_set[SHADOW_OBJECTS + 1];

/* What variables and roots reach. */
void shadow_reachable(const shadow *s, shadow_set reachable);

/* What counting keeps: all but what dies when, over and over, unreferenced objects give up their
 * slots. */
void shadow_counted(const shadow *s, shadow_set counted);

typedef struct random_program {
    mm *m;
    mm_var *variables;
    mm_root *roots[SHADOW_ROOTS];
    uint64_t random;
    uint64_t failed_allocations;
    mm_type finalisable_node, finalisable_atom;
    shadow shadow;
} random_program;

/* Runs `operations` random operations from `seed` on `m`, compares heap and shadow after each one,
 * then drops everything and compares again. An allocation may fail; a failed one must have changed
 * nothing. Returns how many failed. */
uint64_t random_program_run(mm *m, uint64_t seed, uint32_t operations);

#endif
