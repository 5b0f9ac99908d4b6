/* The cascade: reclaiming an object and everything that dies with it, depth first, in constant
 * space.
 *
 * Most objects die alone, or with children that have no slots: counting_reclaim() frees those on
 * the spot. When a child dies that has slots of its own, run_cascade() takes over.
 *
 * A dead object's own words serve as the stack. When slot i of a dying object holds a child that
 * dies too, the object's count (no longer needed) remembers i + 1, the slot (already given up)
 * remembers the object around it, and the walk goes on in the child:
 *
 *     outer --> parent {count = i + 1, slots[i] = --> grandparent ...}
 *
 * Once the child is gone the walk comes back to the parent's next slot. A child in the *last* slot
 * needs no way back: the parent is freed first, so a list costs one visit per object and its memory
 * is still in the cache when it is freed. Death, as an observer sees it, is in the order of
 * CPython's nested deallocation: parent before child, slots in order.
 *
 * The idea of threading the way back through the structure itself: Schorr and Waite, CACM 1967. */
#include "mm.h"

#ifdef MM_COMMON_COUNTING_H /* empty for a strategy that does not count */

/* Out of line, since it runs once in a long cascade and would take registers from all of them. */
__attribute__((noinline)) static uint64_t start_clock(void)
{
    return clock_now_ns();
}

__attribute__((noinline)) static void note_cascade(mutator_base *base, uint64_t started_ns)
{
    uint64_t drop_ns = clock_now_ns() - started_ns;

    if (drop_ns > base->drop_ns_max && !base->heap->base.collecting)
        base->drop_ns_max = drop_ns;
}

/* Goes on with a dying object at slot `next`; the clock starts when `untimed` more have died. */
__attribute__((noinline)) static void run_cascade(mm *m, mm_object *object, uint32_t next,
                                                  uint64_t untimed)
{
    mm_object *outer = NULL;
    uint64_t started_ns = 0;

    for (;;) {
        while (next < object->slot_count) {
            mm_object *child = object->slots[next++];
            if (child == NULL)
                continue;
            assert(child->count > 0 && "reference count below zero");
            if (--child->count != 0)
                continue;
            if (MM_UNLIKELY(untimed-- == 0))
                started_ns = start_clock();
            counting_before_death(m, child);
            if (child->slot_count == 0) {
                counting_free(m, child);
                continue;
            }
            if (next == object->slot_count) {
                counting_free(m, object);
            } else {
                object->count = next;
                object->slots[next - 1] = outer;
                outer = object;
            }
            object = child;
            next = 0;
        }
        counting_free(m, object);
        if (outer == NULL)
            break;
        object = outer;
        next = object->count;
        outer = object->slots[next - 1];
    }
    if (MM_UNLIKELY(started_ns != 0))
        note_cascade(&m->base, started_ns);
}

void counting_reclaim(mm *m, mm_object *object)
{
    uint64_t untimed = MM_CASCADE_UNTIMED - 1; /* this object is the first */

    counting_before_death(m, object);
    for (uint32_t i = 0; i < object->slot_count; i++) {
        mm_object *child = object->slots[i];
        if (child == NULL)
            continue;
        assert(child->count > 0 && "reference count below zero");
        if (child->count == 1 && (child->slot_count != 0 || untimed == 0)) {
            run_cascade(m, object, i, untimed);
            return;
        }
        if (--child->count != 0)
            continue;
        untimed--;
        counting_before_death(m, child);
        counting_free(m, child);
    }
    counting_free(m, object);
}
#endif
