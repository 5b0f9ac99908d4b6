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
 *   may live     after a full one:     reachable
 *                after a young one:    not what is younger than the collection before it,
 *                                      unless owners or older objects reach it
 *                otherwise:            closure if prompt, else everything
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
#include "model.h"
#include "program.h"

/* What a collection that just ran promises. */
typedef enum collected { COLLECTED_NOTHING, COLLECTED_YOUNG, COLLECTED_FULLY } collected;

typedef struct oracle {
    mm_heap *heap;
    mm *m;
    model *model;
    mm_type types[SHAPE_COUNT];
    mm_var *variables[MODEL_OWNERS_MAX]; /* by owner; NULL: a root, or not there now */
    const operation *operation;          /* now running, for messages; NULL outside */
    uint32_t operation_index;

    model_set alive; /* at the last comparison, and what was made since */
    uint32_t alive_count;
    uint32_t effort;      /* made since the last comparison */
    bool collected;       /* a collection ran since the last comparison */
    uint64_t collections; /* of any generation, as of the last operation */
    uint32_t made_since;  /* ids above this were made after the last collection */
    uint32_t young;       /* made_since, before the collection that just ran */
    bool may_collect;     /* the operation now running may, although automatic collection is off */
    uint64_t fail_at;     /* the allocation attempt that must fail; 0: none */
    bool fail_thereafter; /* and all later ones */
} oracle;

/* Ends the process with `violation: NAME: what` and the operation. */
_Noreturn __attribute__((format(printf, 3, 4))) void
oracle_violation(const oracle *o, const char *name, const char *format, ...);

/* `holds`, or a violation. */
#define ORACLE_EXPECT(o, holds, name, ...) \
    ((holds) ? (void)0 : oracle_violation((o), (name), __VA_ARGS__))

/* The oracle of a new heap. No allocation is to fail yet. */
void oracle_open(oracle *o, mm_heap *heap, mm *m, model *k);

/* An allocation ended with `status`: exactly the attempts that were to fail have failed. */
void oracle_allocated(oracle *o, mm_status status);

/* The object `id` was just made into `v`. */
void oracle_made(oracle *o, uint32_t id, mm_var *v);

/* The payload byte that an object is filled with. */
int oracle_payload(uint32_t id);

/* `v` names the object `id`, and all that the API tells about it is right. */
void oracle_expect_variable(const oracle *o, const mm_var *v, uint32_t id);

/* After every operation: statistics always, the whole comparison when it is due. */
void oracle_after_operation(oracle *o);

/* The whole comparison, now; right after a collection with what that promises. */
void oracle_compare(oracle *o, collected collected);

#endif
