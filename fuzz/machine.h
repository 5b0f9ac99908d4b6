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

/* Which allocation of objects is made to fail. */
typedef struct machine_failure {
    uint64_t attempt; /* 1 is the first; 0: none */
    bool thereafter;  /* and all that follow */
} machine_failure;

/* What the program's own knobs say. */
machine_failure machine_failure_of(const program *p);

/* Runs `p`; ends the process at the first disagreement. Without a `failure` (NULL) the digest of a
 * comparable program is the same for every strategy and under every other knob. */
machine_digest machine_run(const program *p, const machine_failure *failure);

/* What happens while a program runs, in order. */
typedef enum machine_event {
    MACHINE_FINALISED,   /* object `which` has its finaliser called, `count` calls deep */
    MACHINE_CALLED_BACK, /* weak reference `which` calls back, `count` calls deep */
    MACHINE_COLLECTED,   /* a collection of generation `which` has found `count` unreachable */
    MACHINE_RETURNED,    /* the program asked for a collection, and was told `count` */
    MACHINE_RECLAIMED    /* at the end: `count` by collections of generation `which`, or, behind
                            the last of them, by counting */
} machine_event;

typedef void machine_observer(machine_event event, uint32_t which, uint64_t count);

/* Who is told in the runs from now on; NULL: nobody. */
void machine_observe(machine_observer *observer);

/* The allocations of objects that the last run asked for, failed ones included. */
uint64_t machine_allocation_attempts(void);

#endif
