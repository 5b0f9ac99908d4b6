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

/* A cascade in progress: how many objects have died so far, and when the 64th did. */
typedef struct cascade {
    uint64_t dead;
    uint64_t started_ns;
} cascade;

static inline void note_death(mm *m, cascade *c, mm_object *object)
{
    if (++c->dead == MM_CASCADE_UNTIMED + 1)
        c->started_ns = clock_now_ns();
    counting_before_death(m, object);
}

/* Gives up the slots from `*next` on until a child with slots of its own dies of it; returns that
 * child, NULL when no slot is left. A child without slots that dies is freed on the spot. `*next`
 * becomes the slot after the child's. */
static inline mm_object *next_dying_child(mm *m, cascade *c, mm_object *object, uint32_t *next)
{
    while (*next < object->slot_count) {
        mm_object *child = object->slots[(*next)++];
        if (child == NULL)
            continue;
        assert(child->count > 0 && "reference count below zero");
        if (--child->count != 0)
            continue;
        note_death(m, c, child);
        if (child->slot_count != 0)
            return child;
        counting_free(m, child);
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
    cascade c = {0};
    mm_object *outer = NULL;
    uint32_t next = 0;

    note_death(m, &c, object);
    for (;;) {
        mm_object *child = next_dying_child(m, &c, object, &next);
        if (child != NULL) {
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
    if (MM_UNLIKELY(c.dead > MM_CASCADE_UNTIMED))
        note_cascade(&m->base, c.started_ns);
}
#endif
