/* The same work as three workloads, written by hand in plain C, to hold the object API against.
 *
 * A hand-written program takes the parameters, the requests and the checksum of the workload it
 * stands beside, so that its samples are comparable and a difference in the work voids them. It has
 * no variables, no scopes, no heap: what a runtime author writes who knows the data structure. Both
 * programs lay an object out exactly as the counting strategies do. */
#ifndef RECLAIM_HAND_H
#define RECLAIM_HAND_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/observed.h"
#include "workloads/backdrop.h"
#include "workloads/workload.h"

typedef struct hand_object {
    uint32_t count; /* unused where nothing is counted */
    uint32_t type;
    uint32_t slot_count;
    uint32_t data_bytes;
    struct hand_object *slots[];
} hand_object;

enum { HAND_ATOM, HAND_CONTAINER, HAND_TURNS_PER_REQUEST = 256, HAND_NODES_PER_REQUEST = 512 };

#if MM_COUNTED
extern uint64_t hand_allocations, hand_frees, hand_bytes_allocated, hand_bytes_freed;
#endif

static inline size_t hand_request(uint32_t slots, uint32_t bytes)
{
    return slots * sizeof(hand_object *) + bytes;
}

/* A new object with empty slots and a count of 1, or NULL. */
static inline hand_object *hand_new(uint32_t type, uint32_t slots, uint32_t bytes)
{
    hand_object *object = malloc(sizeof *object + hand_request(slots, bytes));

    if (MM_UNLIKELY(object == NULL))
        return NULL;
#if MM_COUNTED
    hand_allocations++;
    hand_bytes_allocated += hand_request(slots, bytes);
#endif
    object->count = 1;
    object->type = type;
    object->slot_count = slots;
    object->data_bytes = bytes;
    for (uint32_t i = 0; i < slots; i++)
        object->slots[i] = NULL;
    return object;
}

static inline void hand_free(hand_object *object)
{
#if MM_COUNTED
    hand_frees++;
    hand_bytes_freed += hand_request(object->slot_count, object->data_bytes);
#endif
    free(object);
}

static inline uint64_t *hand_data(hand_object *object)
{
    return (uint64_t *)(object->slots + object->slot_count);
}

#endif
