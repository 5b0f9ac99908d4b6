/* The cascade: reclaiming an object and everything that dies with it, depth first, in constant
 * space.
 *
 * A dead object's own words serve as the stack. When slot i of a dying object holds a child that
 * dies too, the object's count (no longer needed) remembers i + 1, the slot (already given up)
 * remembers the object around it, and the walk goes on in the child:
 *
 *     outer ─▶ parent {count = i + 1, slots[i] = ─▶ grandparent …}
 *
 * Once the child is gone the walk comes back to the parent's next slot. A child in the *last* slot
 * needs no way back: the parent is freed first, so a list costs one visit per object and its memory
 * is still in the cache when it is freed. Death, as an observer sees it, is in the order of
 * CPython's nested deallocation: parent before child, slots in order.
 *
 * The idea of threading the way back through the structure itself: Schorr and Waite, CACM 1967. */
#include "mm.h"

#ifdef MM_COMMON_COUNTING_H /* empty for a strategy that does not count */

/* Gives up the slots from `*next` on until a child dies of it; returns that child, NULL when no
 * slot is left. `*next` becomes the slot after it. */
static mm_object *next_dying_child(mm_object *object, uint32_t *next)
{
    while (*next < object->slot_count) {
        mm_object *child = object->slots[(*next)++];
        if (child == NULL)
            continue;
        assert(child->count > 0 && "reference count below zero");
        if (--child->count == 0)
            return child;
    }
    return NULL;
}

static void note_cascade(mutator_base *base, uint64_t started_ns)
{
    uint64_t drop_ns = clock_now_ns() - started_ns;

    if (drop_ns > base->drop_ns_max && !base->heap->base.collecting)
        base->drop_ns_max = drop_ns;
}

void counting_reclaim(mm *m, mm_object *object)
{
    mm_object *outer = NULL;
    uint32_t next = 0;
    uint64_t dead = 1, started_ns = 0;

    counting_before_death(m, object);
    for (;;) {
        mm_object *child = next_dying_child(object, &next);
        if (child != NULL) {
            if (++dead == MM_CASCADE_UNTIMED + 1)
                started_ns = clock_now_ns();
            counting_before_death(m, child);
            if (next == object->slot_count) {
                counting_free(m, object);
            } else {
                object->count = next;
                object->slots[next - 1] = outer;
                outer = object;
            }
            object = child;
            next = 0;
            continue;
        }
        counting_free(m, object);
        if (outer == NULL)
            break;
        object = outer;
        next = object->count;
        outer = object->slots[next - 1];
    }
    if (MM_UNLIKELY(dead > MM_CASCADE_UNTIMED))
        note_cascade(&m->base, started_ns);
}
#endif
