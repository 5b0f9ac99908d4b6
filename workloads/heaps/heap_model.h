/* The books of the `heap` workload: what its walks, its mutation and its drop do, on plain arrays.
 *
 * The workload rebuilds a heap_graph object for object, and does to its objects what these
 * functions do to the arrays. Neither follows the other's pointers, so their agreement is evidence.
 */
#ifndef RECLAIM_HEAP_MODEL_H
#define RECLAIM_HEAP_MODEL_H

#include "heap_snapshot.h"
#include "workloads/random.h"

/* A path from the root ends after this many references. */
enum { HEAP_PATH_MAX = 12 };

typedef struct heap_walk {
    uint64_t objects, slots; /* reached, each object once; the slots they have */
    uint64_t stack_max;      /* the longest that the stack of objects yet to visit became */
    uint64_t checksum;       /* over the objects' numbers, in the order of the visits */
} heap_walk;

/* The slots of an object. */
static inline uint32_t heap_slot_count(const heap_graph *g, uint32_t object)
{
    return g->first_edge[object + 1] - g->first_edge[object];
}

/* The payload that makes up an object's recorded size beside its slots; never less than the 8 bytes
 * in which it keeps its number. */
static inline uint32_t heap_payload_bytes(const heap_graph *g, uint32_t object)
{
    uint64_t slot_bytes = (uint64_t)heap_slot_count(g, object) * sizeof(void *);
    uint64_t bytes = g->bytes[object] > slot_bytes ? g->bytes[object] - slot_bytes : 0;

    return bytes < 8 ? 8 : (uint32_t)bytes;
}

/* What all objects request: slots and payload. */
uint64_t heap_requested_bytes(const heap_graph *g);

/* Visits what the root reaches, depth first: an object is marked when it is put on the stack and
 * visited when it is taken off, and its slots are looked at in order. `seen` has room for a flag an
 * object; it says afterwards which were reached. False when there is no memory. */
bool heap_model_walk(const heap_graph *g, uint8_t *seen, heap_walk *out);

/* Redirects `mutations` references: one slot of a random object becomes a copy of one of another.
 * Both objects are found by following random slots from the root (HEAP_PATH_MAX at most, up to the
 * last that has any), so they are reachable. Draws from `random` in this order for each: the path
 * and slot of the object written, the path and slot of the one read. */
void heap_model_mutate(heap_graph *g, uint64_t mutations, workload_random *random);

/* Counting's closure: which objects still have a count once nothing but slots refers to them (and,
 * when `root_held`, one variable to the root): those on cycles, or reachable from them. Flags into
 * `held`, their number and requested bytes into the results. False when there is no memory. */
bool heap_model_count(const heap_graph *g, bool root_held, uint8_t *held);

/* The number and requested bytes of the objects that `flags` names. */
void heap_model_sum(const heap_graph *g, const uint8_t *flags, uint64_t *objects, uint64_t *bytes);

#endif
