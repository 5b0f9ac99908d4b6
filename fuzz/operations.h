/* Inside the machine: its state, and what each operation does to heap and model.
 *
 * Every operation is written twice, once through the object API and once on the model's ids, side
 * by side. An operation that would be misuse in the state it meets (a null object, a slot that a
 * borrowed variable relies on) does nothing. */
#ifndef FUZZ_OPERATIONS_H
#define FUZZ_OPERATIONS_H

#include "oracle.h"

#include <assert.h>

enum { DEPTH_MAX = 6, PINS_MAX = 64 };

/* The owners of the model, by number. A block has its locals and, when it borrows, one variable
 * that keeps the container. */
enum {
    KEEPER = PROGRAM_LOCALS,
    BLOCK_OWNERS = PROGRAM_LOCALS + 1,
    OWNER_BLOCKS = PROGRAM_VARIABLES,
    OWNER_ROOTS = OWNER_BLOCKS + DEPTH_MAX * BLOCK_OWNERS,
    OWNER_SCRATCH = OWNER_ROOTS + PROGRAM_ROOTS,
    OWNERS = OWNER_SCRATCH + 2,
};
static_assert((int)OWNERS <= (int)MODEL_OWNERS_MAX, "every owner has a place in the model");

/* A slot that a borrowed variable relies on: it must not be written. */
typedef struct pin {
    uint32_t id, slot;
} pin;

typedef struct machine {
    const program *program;
    uint32_t next; /* operation */
    mm_heap *heap;
    mm *m;
    model model;
    oracle oracle;
    mm_root *roots[PROGRAM_ROOTS]; /* NULL: not made */
    uint32_t depth;                /* of blocks; 0 is the program itself */
    mm_var *borrowed;              /* of the innermost borrow block, or NULL */
    uint32_t borrowed_id;
    pin pins[PINS_MAX];
    uint32_t pin_count;
    bool in_request;
} machine;

/* What each operation does, by its code. */
typedef void perform(machine *x, const uint8_t operands[PROGRAM_OPERANDS]);
extern perform *const operations[OPERATION_COUNT];

/* Runs operations until the block's `leave`, or to the end of the program; the block's locals live
 * as long. */
void run_block(machine *x);

/* The first owner of the innermost block. */
static inline uint32_t block_owner(const machine *x)
{
    return OWNER_BLOCKS + x->depth * BLOCK_OWNERS;
}

/* Owners [first, first + count) are these variables from now on; NULL: are gone, and what they
 * named is given up. */
void name_variables(machine *x, uint32_t first, uint32_t count, mm_var *variables);

#endif
