/* The cascade: reclaiming an object and everything that dies with it, depth first, in constant
 * space.
 *
 * An object whose death needs care (it has a finaliser, or weak references lead to it, or it is one)
 * passes through last_rites() first, in CPython's order: the finaliser, while everything is as it
 * was; then, unless that made a new reference, weak references are cleared and their callbacks
 * called; only then its slots are given up. The program's code runs there, in the middle of a
 * cascade, and cannot see it: what is dying is referred to by nothing.
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

/* Gives up one reference to `child`. True when that was the last one; its count stays at 1. */
static inline bool give_up_child(mm_object *child)
{
    int32_t count = (int32_t)child->count;

    assert(count != 0 && "reference count below zero");
    if (count > 1)
        child->count = (uint32_t)count - 1;
    return count == 1;
}

/* False: the object does not die now, or has died already. */
__attribute__((noinline)) static bool last_rites(mm *m, mm_object *object)
{
    mm_heap *heap = m->base.heap;
    weak_queue callbacks = {0};

    if (object->type & OBJECT_IMMORTAL)
        return false;
    if (finalisation_due(heap, object)) {
        counting_before_finaliser(m, object);
        if (!finalisation_run(m, object))
            return false;
    }
    counting_before_death(m, object);
    if (heap->base.finalisation.ended)
        return true;
    if (object->type & OBJECT_WEAKLY_REFERENCED)
        weak_clear(heap, object, &callbacks);
    if (mm_type_index(object->type) == mm_type_index(MM_TYPE_WEAK))
        weak_forget(heap, object);
    finalisation_run_callbacks(m, &callbacks);
    return true;
}

/* Nothing refers to the object any more: whether it is to be freed. */
static inline bool prepare_death(mm *m, mm_object *object)
{
    if (MM_UNLIKELY(object->type & OBJECT_SPECIAL))
        return last_rites(m, object);
    counting_before_death(m, object);
    return true;
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
            if (!give_up_child(child))
                continue;
            if (MM_UNLIKELY(untimed-- == 0))
                started_ns = start_clock();
            if (!prepare_death(m, child))
                continue;
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
        log_cascade(&m->base, started_ns, MM_CASCADE_UNTIMED - untimed);
}

/* An object that dies without a trace: nothing else dies with it, and no code runs. */
static inline bool dies_quietly(const mm_object *object)
{
    return (object->slot_count | (object->type & OBJECT_SPECIAL)) == 0;
}

void counting_reclaim(mm *m, mm_object *object)
{
    uint32_t slot_count = object->slot_count, dead = 0;

    if (!prepare_death(m, object))
        return;
    if (slot_count >= MM_CASCADE_UNTIMED) {
        run_cascade(m, object, 0, MM_CASCADE_UNTIMED - 1);
        return;
    }
    for (uint32_t i = 0; i < slot_count; i++) {
        mm_object *child = object->slots[i];
        if (child == NULL)
            continue;
        if (child->count != 1) {
            give_up_child(child);
        } else if (MM_LIKELY(dies_quietly(child))) {
            counting_before_death(m, child);
            counting_free(m, child);
            dead++;
        } else {
            run_cascade(m, object, i, MM_CASCADE_UNTIMED - 1 - dead);
            return;
        }
    }
    counting_free(m, object);
}

static void each_immortal(mm *m, void (*act)(mm *m, mm_object *object))
{
    mm_root *ring = m->base.heap->base.immortals, *root = ring;

    if (ring == NULL)
        return;
    do {
        act(m, root->variable.object);
        root = root->next;
    } while (root != ring);
}

static void release_slots(mm *m, mm_object *object)
{
    for (uint32_t i = 0; i < object->slot_count; i++)
        counting_replace(m, object->slots + i, NULL);
}

void counting_release_immortals(mm *m)
{
    each_immortal(m, release_slots);
}

void counting_free_immortals(mm *m)
{
    each_immortal(m, counting_free);
}
#endif
