/* Inside the machine: its state, and what each operation does to heap and model.
 *
 * Every operation is written twice, once through the object API and once on the model's ids, side
 * by side. The model goes first: finalisers and callbacks run when a new reference stands and the old
 * one is being given up, and must find the model as they find the heap. An operation that would be
 * misuse in the state it meets (a null object, a slot that a borrowed variable relies on) does
 * nothing. */
#ifndef FUZZ_OPERATIONS_H
#define FUZZ_OPERATIONS_H

#include "machine.h"
#include "oracle.h"

#include <assert.h>

/* Of user code no more than CALLS_MAX calls do anything in one program: one in ten has more, finalisers
 * that make their like or callbacks that make garbage in each collection, and they would take half of
 * the time. */
enum { DEPTH_MAX = 6, PINS_MAX = 64, FRAMES_MAX = 8, CALLS_MAX = 128 };

/* The owners of the model, by number. A block has its locals and, when it borrows or has a resource,
 * one variable that keeps the object. A *frame* is a finaliser or callback that is running: it has
 * its locals and a few variables for operations that need their own. */
enum {
    KEEPER = PROGRAM_LOCALS,
    BLOCK_OWNERS = PROGRAM_LOCALS + 1,
    SCRATCHES = 3,
    FRAME_OWNERS = PROGRAM_LOCALS + SCRATCHES,
    OWNER_BLOCKS = PROGRAM_VARIABLES,
    OWNER_ROOTS = OWNER_BLOCKS + DEPTH_MAX * BLOCK_OWNERS,
    OWNER_SCRATCH = OWNER_ROOTS + PROGRAM_ROOTS,
    OWNER_FRAMES = OWNER_SCRATCH + SCRATCHES,
    OWNERS = OWNER_FRAMES + FRAMES_MAX * FRAME_OWNERS,
};
static_assert((int)OWNERS <= (int)MODEL_OWNERS_MAX, "every owner has a place in the model");

/* A slot that a borrowed variable relies on: it must not be written. */
typedef struct pin {
    uint32_t id, slot;
} pin;

typedef struct machine machine;

/* A callback of collections, as its context; may be registered more than once. */
typedef struct watcher {
    machine *machine;
    uint8_t behaviour;
    uint32_t registered;
} watcher;

/* The registrations of all of them, in order. */
enum { REGISTERED_MAX = 3, TURNS_MAX = PROGRAM_WATCHERS * REGISTERED_MAX };

typedef struct turn {
    const watcher *watcher;
    bool due; /* to be told of the present event */
} turn;

struct machine {
    const program *program;
    uint32_t next; /* operation */
    mm_heap *heap;
    mm *m;
    model model;
    oracle oracle;
    mm_root *roots[PROGRAM_ROOTS]; /* NULL: not made */
    uint32_t depth;                /* of blocks; 0 is the program itself */
    uint32_t locals;               /* the first owner of the innermost block or frame */
    uint32_t scratch;              /* the first of the owners for operations that need their own */
    mm_var *borrowed;              /* of the innermost borrow block, or NULL */
    uint32_t borrowed_id;
    pin pins[PINS_MAX];
    uint32_t pin_count;
    uint32_t reserved_objects, reserved_slots; /* of objects that are being made */
    uint32_t bodies[PROGRAM_BEHAVIOURS];       /* where each is defined; 0: it is not */
    watcher watchers[PROGRAM_WATCHERS];
    turn turns[TURNS_MAX];
    uint32_t turn_count;
    bool telling, watchers_changed; /* callbacks are being called; some came or went meanwhile */
    uint32_t releases;              /* of the innermost block's resource */
    uint8_t resource_behaviour;     /* of the one that is released next */
    bool in_request;
};

/* What each operation does, by its code. */
typedef void perform(machine *x, const uint8_t operands[PROGRAM_OPERANDS]);
extern perform *const operations[OPERATION_COUNT];

#define OPERATION_DECLARATION(name, a, b, c) perform do_##name;
PROGRAM_OPERATIONS(OPERATION_DECLARATION)
#undef OPERATION_DECLARATION

/* Runs operations until the block's `leave`, or to the end of the program; the block's locals live
 * as long. */
void run_block(machine *x);

/* Starts and ends a block around what runs in it; false when blocks are nested too deeply, or not
 * allowed here. */
bool enter_block(machine *x);
void leave_block(machine *x);

/* ---- Operands ---- */

/* The model looks at no owners of frames that are not running. */
static inline void set_frames(machine *x, uint32_t frames)
{
    x->oracle.frames = frames;
    x->model.owner_count = OWNER_FRAMES + frames * FRAME_OWNERS;
}

/* The first owner of the innermost block, which a frame is not. */
static inline uint32_t block_owner(const machine *x)
{
    return OWNER_BLOCKS + x->depth * BLOCK_OWNERS;
}

static inline uint32_t owner(const machine *x, uint8_t operand)
{
    return operand < PROGRAM_VARIABLES ? operand : x->locals + operand - PROGRAM_VARIABLES;
}

/* The variable of an owner; NULL while there is none. */
static inline mm_var *variable(const machine *x, uint32_t owner)
{
    return x->oracle.variables[owner];
}

/* A variable to read, and what it names. NULL and 0 when there is none, or user code cannot name it. */
typedef struct source {
    mm_var *variable;
    uint32_t id;
} source;

source source_of(const machine *x, uint8_t operand);

/* A variable to write, as its owner; false when it cannot be written now. */
bool pick_owner(const machine *x, uint8_t operand, uint32_t *owner);

/* The slot that an operand picks; false when there is none. */
bool pick_slot(const machine *x, source obj, uint8_t operand, uint32_t *slot);

/* Owners [first, first + count) are these variables from now on; NULL: are gone, and what they
 * named is given up. */
void name_variables(machine *x, uint32_t first, uint32_t count, mm_var *variables);

/* ---- Steps of operations ---- */

/* While an object is made into `dst` the program cannot use that variable: what it names is about to
 * be replaced, sooner or later, while user code may run. */
typedef struct making {
    uint32_t dst, old, slots;
    mm_var *variable;
    uint64_t attempts, unknown, collections;
    uint32_t calls, freezes;
} making;

/* False when the program has made enough. */
bool making_begin(machine *x, making *k, uint32_t dst, uint32_t shape, uint32_t slots);

/* The call was refused before it tried. */
void making_cancel(machine *x, const making *k);

/* With the status of the call; returns the new object's id, or 0 when it failed. */
uint32_t making_end(machine *x, const making *k, mm_status status, uint32_t shape, uint32_t bytes);

/* A new object into an owner; false when the allocation failed or the program has made enough. */
bool make(machine *x, uint32_t dst, uint32_t shape, uint32_t slots, uint32_t bytes);

/* dst becomes the last of `length` objects, each with the one before in slot 0; `first` (an owner)
 * names the first. False when there are none. */
bool make_chain(machine *x, uint32_t dst, uint32_t shape, uint32_t length, uint32_t first,
                uint32_t bytes);

/* obj[i] = what `src` names, if the object still has such a slot. */
void link_slot(machine *x, uint32_t obj, uint32_t i, uint32_t src);

/* dst = what `src` names, which becomes null. */
void transfer(machine *x, uint32_t dst, uint32_t src);

/* The variable becomes null. */
void forget(machine *x, uint32_t v);

/* A motif is a function of the machine, its destination and a size; it works with scratch
 * variables of its own. */
typedef void motif(machine *x, uint32_t dst, uint32_t size, uint32_t number);
void with_scratch(machine *x, uint32_t dst, uint32_t size, uint32_t number, motif *motif);

/* Tells whoever observes the run. */
void tell_observer(machine_event event, uint32_t which, uint64_t count);

/* ---- User code: what the heap calls ---- */

enum { MOTIF_MAX = 32 };

/* Of every type with a finaliser; of every weak reference with a callback; of collections, with a
 * `watcher`; of resources. They belong to the machine opened last. */
void run_finaliser(mm *m, mm_var *self);
void run_callback(mm *m, mm_var *reference, mm_var *context);
void run_watcher(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context);
void run_release(mm *m, mm_var *resource);

/* For a new heap: from now on user code is that of this machine. */
void user_code_open(machine *x);

/* Keeps the machine's own callback of collections behind all others. */
void user_code_watch_last(machine *x);

#endif
