/* The oracle: does the heap agree with the model?
 *
 * It accepts, it does not predict. A strategy may reclaim when it likes, within bounds that follow
 * from its traits and from what happened since the last comparison. With three sets of the model,
 *
 *   everything   alive at the last comparison, or made since
 *   closure      what reference counting keeps of that
 *   reachable    what owners reach
 *
 * every comparison demands  must live ⊆ alive ⊆ may live:
 *
 *   must live    no collection since:  closure if prompt, else everything
 *                a collection:         reachable
 *   may live     closure if prompt, else everything; less what a collection was bound to take
 *
 * Saved garbage and immortal objects count as owners. Frozen objects die by counting alone, so what
 * they reach stays too. A collection is bound to take what neither owners nor what it leaves alone
 * (objects that are frozen or older than it) reached as it began, nor has reached since: see rites.h.
 * User code inside it may resurrect some of that, and may make new garbage, which is left for the
 * next one. Collecting until none runs leaves exactly the reachable.
 *
 * So counting is held to exactly its closure, one that never reclaims to everything, and a
 * collector to exactly what is reachable as soon as it has run. A comparison also runs the heap
 * verifier, asks every variable for null, type, sizes, payload and reference count, and adds up the
 * statistics. It costs as much as the heap is big, so it is made once as much has been done: after
 * each operation of a small program. */
#ifndef FUZZ_ORACLE_H
#define FUZZ_ORACLE_H

#include "mm_check.h"
#include "mm_gc.h"
#include "mm_inspect.h"
#include "model.h"
#include "program.h"

/* The collection now running, as it began. */
typedef struct running_collection {
    uint32_t generation;
    uint32_t made_before; /* ids above this were made since */
    model_set kept;       /* what it must find reachable */
    bool exact;           /* it began outside of user code, and finds all the rest unreachable */
    model_set held;       /* kept, or reachable since */
    bool bound;           /* exact, and something is not held: that it must take */
    uint64_t freed;       /* objects, ever, before */
    uint32_t last_finalised;
    uint64_t attempts; /* allocations before */
    uint32_t debug_changes;
    uint32_t lines, object_lines;
    uint64_t found;  /* what it said when it was over */
    uint32_t called; /* weak callbacks: their weak references may be among what it found */
} running_collection;

/* What ages.h knows. */
typedef struct container_making {
    bool container;
    uint64_t unknown; /* objects that the model did not know, before */
} container_making;

enum { MAKINGS_MAX = 16 };

typedef struct ages {
    model_counters counters; /* at the last look */
    bool quarter_rule;
    bool known;                           /* the two that follow, which the last look counted */
    uint64_t containers_seen, freed_seen; /* made, and objects freed, ever */
    uint64_t containers;                  /* made that the model knows */
    uint32_t atoms;                       /* alive at the last comparison, or made since */
    container_making makings[MAKINGS_MAX];
    uint32_t making_count;
    uint64_t visited, reclaimed; /* before the collection now running */
    uint32_t calls;
} ages;

typedef struct oracle {
    mm_heap *heap;
    mm *m;
    model *model;
    mm_type types[SHAPE_COUNT];
    mm_var *variables[MODEL_OWNERS_MAX]; /* by owner; NULL: a root, or not there now */
    const operation *operation;          /* now running, for messages; NULL outside */
    uint32_t operation_index;

    uint32_t ids[MODEL_IDS_MAX + 1];   /* by serial number; 0: being made */
    model_set weak_references;         /* all there ever were */
    uint32_t hidden[MODEL_OWNERS_MAX]; /* ids that variables being written may still keep */
    uint32_t hidden_count;
    model_object ghost; /* see oracle_not_made(); SHAPE_COUNT: none that is not in the model */

    model_set alive; /* at the last comparison, and what was made since */
    uint32_t alive_count;
    uint32_t effort;        /* made since the last comparison */
    uint32_t nested_effort; /* the same inside user code */
    bool collected;         /* a collection ran since the last comparison */
    uint64_t collections;   /* so far, of any generation */
    uint64_t reclaimed;     /* by those that nobody tells of */
    uint32_t made_since;    /* ids above this were made after the last collection began */
    uint32_t young;         /* made_since, before the collection that just ran */
    model_set taken;        /* what collections since the last comparison were bound to take */
    bool may_collect;     /* the operation now running may, although automatic collection is off */
    uint64_t fail_at;     /* the allocation attempt that must fail; 0: none */
    bool fail_thereafter; /* and all later ones */

    bool careful;    /* something has been made that needs looking after when it dies */
    uint32_t frames; /* finalisers and callbacks that are running */
    uint32_t calls;  /* those so far that did something */
    uint32_t nesting_max;
    uint32_t entered;       /* in this operation: the most that they can have nested */
    bool waited;            /* in this operation some may have waited until others had returned */
    uint64_t put_off;       /* deaths that the runtime has put off before this operation */
    bool unreachable_noted; /* the set is not empty */
    model_set unreachable;  /* at some point since the operation or the collection began */
    bool collecting;
    running_collection collection;
    uint32_t debug_flags, debug_changes, lines, object_lines;
    uint32_t freezes; /* so far */
    bool freezing, clearing_garbage, closed;
    ages ages;
} oracle;

/* Whether the runtime behind the heap has put off deaths in this operation, for reasons of its own that
 * the model does not know. Until its turn comes such an object is neither finalised nor found by a
 * collection; weak references to it read null, and lead to it again when its finaliser runs. */
bool oracle_puts_off(const oracle *o);

/* Ends the process with `violation: NAME: what` and the operation. */
_Noreturn __attribute__((format(printf, 3, 4))) void
oracle_violation(const oracle *o, const char *name, const char *format, ...);

/* `holds`, or a violation. */
#define ORACLE_EXPECT(o, holds, name, ...) \
    ((holds) ? (void)0 : oracle_violation((o), (name), __VA_ARGS__))

/* The oracle of a new heap. No allocation is to fail yet. */
void oracle_open(oracle *o, mm_heap *heap, mm *m, model *k);

/* An allocation ended with `status`, after `attempts` that were made before it and `calls` of user
 * code: exactly the attempts that were to fail have failed. */
void oracle_allocated(oracle *o, mm_status status, uint64_t attempts, uint32_t calls);

/* Whether the latest attempt at an allocation was to fail. */
bool oracle_attempt_failed(const oracle *o);

/* The object `id` was just made into `v`. */
void oracle_made(oracle *o, uint32_t id, mm_var *v);

/* The objects there have been that the model does not know: those being made, and a ghost. */
uint64_t oracle_unknown(const oracle *o);

/* The making of such an object failed, but it was already there: a *ghost*, which the program has
 * never seen. There is at most one, since no more than one failure is the first. */
void oracle_not_made(oracle *o, uint32_t shape, uint32_t slots, uint32_t bytes);

/* While the variable of an owner is written there is no telling what it names; then it is back. */
void oracle_hide(oracle *o, uint32_t owner);
void oracle_show(oracle *o, uint32_t owner, mm_var *variable, uint32_t id);

/* The payload byte that an object is filled with. */
int oracle_payload(uint32_t id);

/* The object that `v` names, 0 for null. */
uint32_t oracle_id(const oracle *o, const mm_var *v);

/* `v` names the object `id`, and all that the API tells about it is right. */
void oracle_expect_variable(const oracle *o, const mm_var *v, uint32_t id);

/* After every operation: statistics always, the whole comparison when it is due. Inside user code:
 * what the variables name, when that is due. */
void oracle_after_operation(oracle *o);

/* The whole comparison, now. `for_good`: right after collecting until nothing was left to do. */
void oracle_compare(oracle *o, bool for_good);

/* The objects that are there now, the dying ones too. */
void oracle_present(const oracle *o, model_set *out);

/* What a strategy keeps of what is alive, as long as it does not collect. */
void oracle_kept_uncollected(const oracle *o, model_set *out);

static inline uint64_t oracle_sum(const uint64_t by_generation[MM_GENERATIONS_MAX])
{
    return by_generation[0] + by_generation[1] + by_generation[2];
}

#endif
