/* hand_counting: reference counting by hand. Borrows what it only looks at, transfers at last use,
 * and counts what is left: the work that a strategy which counts cannot avoid. Its cascade is the
 * one of common/counting.c, so that what is compared is the object API and not two ways to free a
 * tree. */
#include "bench/hand/hand.h"

const hand_program hand_written = {
    .summary = "reference counting written by hand in plain C",
    .leaks_cycles = true,
};

__attribute__((noinline)) static void run_cascade(hand_object *object, uint32_t next)
{
    hand_object *outer = NULL;

    for (;;) {
        while (next < object->slot_count) {
            hand_object *child = object->slots[next++];
            if (child == NULL || --child->count != 0)
                continue;
            if (child->slot_count == 0) {
                hand_free(child);
                continue;
            }
            if (next == object->slot_count) {
                hand_free(object);
            } else {
                object->count = next;
                object->slots[next - 1] = outer;
                outer = object;
            }
            object = child;
            next = 0;
        }
        hand_free(object);
        if (outer == NULL)
            return;
        object = outer;
        next = object->count;
        outer = object->slots[next - 1];
    }
}

/* Frees an object whose count is zero, and what dies with it, without recursion. */
__attribute__((noinline)) static void reclaim(hand_object *object)
{
    for (uint32_t i = 0; i < object->slot_count; i++) {
        hand_object *child = object->slots[i];
        if (child == NULL)
            continue;
        if (child->count == 1 && child->slot_count != 0) {
            run_cascade(object, i);
            return;
        }
        if (--child->count == 0)
            hand_free(child);
    }
    hand_free(object);
}

static inline void drop(hand_object *object)
{
    if (--object->count == 0)
        reclaim(object);
}

static inline hand_object *alias(hand_object *object)
{
    object->count++;
    return object;
}

/* `b` belongs to `a`, and `a` is held by `b` as well: neither count reaches zero. */
static inline void drop_pair(hand_object *a, hand_object *b)
{
    (void)b;
    drop(a);
}

#include "bench/hand/programs.h"
