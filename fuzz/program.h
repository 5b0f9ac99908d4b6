/* Operation programs: what the bytes of a fuzz input mean.
 *
 * An input is a header of knobs, one byte each, then operations of four bytes: [code, operand,
 * operand, operand]. Any bytes behind a header of a known version are a program: a code is taken
 * modulo the number of codes, an operand modulo what there is to name. Trailing bytes are ignored.
 * Fixed width keeps a mutation local: what is inserted, deleted or changed does not change the
 * meaning of what follows.
 *
 *   input     = knobs[16] operation*
 *   operation = code a b c
 *
 * The encoding only grows. New operations go to the end of PROGRAM_OPERATIONS and of the lottery in
 * program.c, and PROGRAM_VERSION goes up by one; an input of an older version is read with the
 * shorter lottery of its time and means what it always meant. */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROGRAM_VERSION = 3,
    PROGRAM_HEADER_BYTES = 16,
    PROGRAM_OPERATION_BYTES = 4,
    PROGRAM_OPERANDS = 3,
    PROGRAM_OPERATIONS_MAX = 512, /* later ones are ignored */
    PROGRAM_BYTES_MAX = PROGRAM_HEADER_BYTES + PROGRAM_OPERATIONS_MAX * PROGRAM_OPERATION_BYTES,
};

/* What an operand can name. */
enum {
    PROGRAM_VARIABLES = 8, /* v0…v7, for the whole program */
    PROGRAM_LOCALS = 4,    /* l0…l3, of the innermost block */
    PROGRAM_OWNERS = PROGRAM_VARIABLES + PROGRAM_LOCALS,
    PROGRAM_BORROWED = PROGRAM_OWNERS, /* b, the borrowed variable of the innermost borrow block */
    PROGRAM_ROOTS = 4,                 /* r0…r3 */
    PROGRAM_OPTIONS = 8,
    PROGRAM_BEHAVIOURS = 8,    /* what finalisers and callbacks do */
    PROGRAM_BEHAVIOUR_MAX = 8, /* operations of one */
    PROGRAM_WATCHERS = 4,      /* callbacks of collections */
};

/* The header, byte by byte. 0 always means "as it comes".
 *   version           PROGRAM_VERSION, or older; an input of another version is no program
 *   collect_every     a full collection before every Nth allocation
 *   fail_at           the Nth allocation fails
 *   fail_thereafter   odd: and all later ones
 *   option0…7         the strategy's own options, in the order of its table: 1 is the first value
 *                     that the option accepts, 2 the next
 *   mark_stack_max    the most entries of the collector's mark stack, if it has one
 *   keep_roots        odd: the heap is freed with its roots standing, its garbage uncollected
 *   nesting_max       how deep finalisers and callbacks nest before they wait
 *   quiet             odd: finalisers and callbacks do nothing, and what only some strategies would
 *                     find (by a weak reference or among saved garbage) is not used: strategies can
 *                     be compared */
#define PROGRAM_KNOBS(X) \
    X(version)           \
    X(collect_every)     \
    X(fail_at)           \
    X(fail_thereafter)   \
    X(option0)           \
    X(option1)           \
    X(option2)           \
    X(option3)           \
    X(option4)           \
    X(option5)           \
    X(option6)           \
    X(option7)           \
    X(mark_stack_max)    \
    X(keep_roots)        \
    X(nesting_max)       \
    X(quiet)

typedef enum knob {
#define KNOB_ENUMERATOR(name) KNOB_##name,
    PROGRAM_KNOBS(KNOB_ENUMERATOR)
#undef KNOB_ENUMERATOR
        KNOB_COUNT
} knob;

/* The kinds of operands, with their text forms. */
typedef enum operand_kind {
    OPERAND_NONE,
    OPERAND_OWNER,     /* v0…v7, l0…l3: a variable that may be written */
    OPERAND_SOURCE,    /* these, or b */
    OPERAND_SLOT,      /* a number, taken modulo the object's slots */
    OPERAND_SLOT_PAIR, /* i/j: two slots, each 0…15 and taken modulo its object's slots */
    OPERAND_ROOT,      /* r0…r3 */
    OPERAND_SHAPE,     /* the name of a plain shape */
    OPERAND_MORTAL,    /* the name of a shape with a finaliser */
    OPERAND_NUMBER     /* 0…255 */
} operand_kind;

/* Every operation: its name and its operands. Most are the object API's own; the rest:
 *   enter … leave    a block with four variables of its own, given up on leaving
 *   borrow … leave   a block in which b is borrowed from the slot
 *   reborrow         b moves on, to what a slot of its object holds
 *   chain            1 + N % 32 pairs, each with the one before in slot 0; dst names the last
 *   ring             the same, and the first has the last
 *   clique           as many objects, at most 16, that refer to each other and to themselves
 *   fan              one object that refers to as many boxes
 *   drop             clears every variable that can be named
 *   check            compares heap and model at once, however big the heap is
 *   behaviour N … leave  what finalisers and callbacks do that have the number N: see below
 *   new_mortal       an object with a finaliser, which does behaviour NUMBER % 8
 *   mortal_ring      1 + N % 32 of them, each with the one before in slot 0, the first with the last
 *   weak_new         0: without a callback; else one that does behaviour NUMBER − 1
 *   weak_with        a weak reference with the last operand as context, whose callback does the
 *                    behaviour of dst's number
 *   set_debug        the flags: 1 lines about collections, 2 about objects, 4 save all, 8 an unknown
 *   watch            callback N % 4 of collections, which does behaviour M; 0: nothing
 *   query            all that mm_gc.h tells of an object and of the heap
 *   resource … leave a block at whose end the object is released, by behaviour N % 8; N above 127:
 *                    but for that it is passed on to v0
 *
 * Behaviours. Program code that runs because an object dies is written as a block, at most 8
 * operations long. The program passes over the block where it meets it, and from then on the number
 * means it. There l0 is the dying object, the weak reference or the resource; l1 is the context of
 * a callback; blocks inside do nothing. Before it is defined, a number means what
 * default_behaviours in program.c says. */
#define PROGRAM_OPERATIONS(X)                \
    X(new, OWNER, SHAPE, NUMBER)             \
    X(set, OWNER, SOURCE, NONE)              \
    X(move, OWNER, OWNER, NONE)              \
    X(clear, OWNER, NONE, NONE)              \
    X(load, OWNER, SOURCE, SLOT)             \
    X(take, OWNER, SOURCE, SLOT)             \
    X(store, SOURCE, SLOT, SOURCE)           \
    X(store_move, SOURCE, SLOT, OWNER)       \
    X(unset, SOURCE, SLOT, NONE)             \
    X(copy_slot, SOURCE, SOURCE, SLOT_PAIR)  \
    X(borrow, SOURCE, SLOT, NONE)            \
    X(reborrow, SLOT, NONE, NONE)            \
    X(enter, NONE, NONE, NONE)               \
    X(leave, NONE, NONE, NONE)               \
    X(root_new, ROOT, NONE, NONE)            \
    X(root_get, OWNER, ROOT, NONE)           \
    X(root_set, ROOT, SOURCE, NONE)          \
    X(root_free, ROOT, NONE, NONE)           \
    X(request_begin, NONE, NONE, NONE)       \
    X(request_end, NONE, NONE, NONE)         \
    X(safepoint, NONE, NONE, NONE)           \
    X(collect, NUMBER, NONE, NONE)           \
    X(collect_all, NONE, NONE, NONE)         \
    X(enable, NONE, NONE, NONE)              \
    X(disable, NONE, NONE, NONE)             \
    X(set_threshold, NUMBER, NUMBER, NUMBER) \
    X(program_end, NONE, NONE, NONE)         \
    X(check, NONE, NONE, NONE)               \
    X(chain, OWNER, NUMBER, NONE)            \
    X(ring, OWNER, NUMBER, NONE)             \
    X(clique, OWNER, NUMBER, NONE)           \
    X(fan, OWNER, NUMBER, NONE)              \
    X(drop, NONE, NONE, NONE)                \
    X(fill, SOURCE, SLOT, OWNER)             \
    X(behaviour, NUMBER, NONE, NONE)         \
    X(new_mortal, OWNER, MORTAL, NUMBER)     \
    X(mortal_ring, OWNER, NUMBER, NUMBER)    \
    X(weak_new, OWNER, SOURCE, NUMBER)       \
    X(weak_with, OWNER, SOURCE, SOURCE)      \
    X(weak_load, OWNER, SOURCE, NONE)        \
    X(immortalise, SOURCE, NONE, NONE)       \
    X(freeze, NONE, NONE, NONE)              \
    X(unfreeze, NONE, NONE, NONE)            \
    X(set_debug, NUMBER, NONE, NONE)         \
    X(garbage_get, OWNER, NUMBER, NONE)      \
    X(garbage_clear, NONE, NONE, NONE)       \
    X(watch, NUMBER, NUMBER, NONE)           \
    X(unwatch, NUMBER, NONE, NONE)           \
    X(query, SOURCE, NONE, NONE)             \
    X(resource, SOURCE, NUMBER, NONE)

typedef enum operation_code {
#define OPERATION_ENUMERATOR(name, a, b, c) OPERATION_##name,
    PROGRAM_OPERATIONS(OPERATION_ENUMERATOR)
#undef OPERATION_ENUMERATOR
        OPERATION_COUNT
} operation_code;

typedef struct operation_info {
    const char *name;
    operand_kind operands[PROGRAM_OPERANDS];
} operation_info;

extern const operation_info operation_table[OPERATION_COUNT];
extern const char *const knob_names[KNOB_COUNT];

/* What `new` and `new_mortal` can make. Each shape is a type of the heap. */
typedef struct shape_info {
    const char *name;
    bool container;
    uint8_t slot_count;
    bool weakable;
} shape_info;

enum {
    SHAPE_PAIR,
    SHAPE_BOX,
    SHAPE_ATOM,
    SHAPE_TRIPLE,
    SHAPE_LEAF,
    SHAPE_NODE,
    SHAPE_TABLE,
    SHAPE_PLAIN_COUNT,
    SHAPE_MORTAL = SHAPE_PLAIN_COUNT, /* those with a finaliser */
    SHAPE_MORTAL_PAIR = SHAPE_MORTAL,
    SHAPE_MORTAL_BOX,
    SHAPE_MORTAL_ATOM,
    SHAPE_MORTAL_NODE,
    SHAPE_WEAK, /* a weak reference: no shape to choose */
    SHAPE_COUNT
};

static inline bool shape_is_mortal(uint32_t shape)
{
    return shape >= SHAPE_MORTAL && shape < SHAPE_WEAK;
}

extern const shape_info shape_table[SHAPE_COUNT];

/* An operation with its operands in range. */
typedef struct operation {
    uint8_t code; /* an operation_code */
    uint8_t operands[PROGRAM_OPERANDS];
} operation;

/* What a behaviour does that the program has not defined; ends with a `leave`. */
enum { DEFAULT_BEHAVIOUR_MAX = 3 };
extern const operation default_behaviours[PROGRAM_BEHAVIOURS][DEFAULT_BEHAVIOUR_MAX];

typedef struct program {
    uint8_t knobs[PROGRAM_HEADER_BYTES]; /* by knob; unused bytes are 0 */
    uint32_t operation_count;
    operation operations[PROGRAM_OPERATIONS_MAX];
} program;

/* An empty program of the current version, every other knob 0. */
void program_open(program *p);

/* The number of values of an operand: operands are taken modulo this. 256: any byte. */
unsigned operand_range(operand_kind kind);

/* Whether every strategy ends the program with the same reachable graph: nothing in it runs because
 * an object dies, or it is `quiet`. */
bool program_is_comparable(const program *p);

/* Reads an input; false when it is shorter than a header, or of an unknown version. */
bool program_decode(const uint8_t *bytes, size_t size, program *out);

/* Writes the canonical input of `p`, whose size it returns: what program_decode() makes of it is
 * `p` again, in the current version. */
size_t program_encode(const program *p, uint8_t bytes[PROGRAM_BYTES_MAX]);

/* An operation code for the byte, as program_decode() reads it in the current version; the mutator
 * draws new operations with it. */
uint8_t program_code_of(uint8_t byte);

#endif
