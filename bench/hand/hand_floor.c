/* hand_floor: malloc and free at the right places, by somebody who knows when each object dies. No
 * counts: the least that this work can cost with this allocator and this object layout. */
#include "bench/hand/hand.h"

const hand_program hand_written = {
    .summary = "malloc and free at the right places, written by hand in plain C",
    .leaks_cycles = false,
};

/* Whoever drops the root of a tree drops the tree, whose depth is known to be small. */
static void drop(hand_object *object)
{
    for (uint32_t i = 0; i < object->slot_count; i++) {
        if (object->slots[i] != NULL)
            drop(object->slots[i]);
    }
    hand_free(object);
}

static inline hand_object *alias(hand_object *object)
{
    return object;
}

static inline void drop_pair(hand_object *a, hand_object *b)
{
    hand_free(a);
    hand_free(b);
}

#include "bench/hand/programs.h"
