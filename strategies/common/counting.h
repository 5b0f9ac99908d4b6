/* Reference counting: the object header, the operations, and the cascade. Shared by every strategy
 * that counts eagerly.
 *
 * Invariant: between operations, object->count equals the variables that own the object + the slots
 * that hold it + the roots. An object is reclaimed by the very operation that gives up the last of
 * them, and its slots are given up in turn: the *cascade*.
 *
 *   increment   count + 1, unless the object is immortal
 *   decrement   count − 1; at 1 → counting_reclaim(), out of line, as for immortal objects
 *
 * An immortal object has the sign bit set and its count is never written: nothing of it is, so that
 * the page it is on stays clean and shared. One test of the sign an increment; a decrement tells
 * both cases from the rest by one comparison. Source: PEP 683.
 *
 * Transfers (move, take, store_move) touch no count; a borrowed variable has none. The new
 * reference always stands before the old one is given up: giving up may reclaim, and what is
 * reclaimed must not be what is about to be stored.
 *
 * The cascade uses neither C stack nor memory of its own (see counting.c), so a chain of ten
 * million objects dies in a few hundred bytes of stack.
 *
 * Rejected: deferring the cascade (Weizenbaum, "Symmetric list processor", CACM 1963): what dies
 * must be gone when the operation returns.
 * Source: Collins, "A method for overlapping and erasure of lists", CACM 1960.
 *
 * A strategy that includes this header defines, next to strategy_new():
 *   counting_before_finaliser(m, object)  its finaliser is about to run: it is like new
 *   counting_before_death(m, object)      nothing refers to it: take it off the lists
 *   counting_free(m, object)              its slots are given up: free the memory
 *
 * A count cannot overflow: 2³¹ references need 16 GiB of slots, and then make the object immortal. A
 * checked build asserts. */
#ifndef MM_COMMON_COUNTING_H
#define MM_COMMON_COUNTING_H

#include "heap.h"

struct mm_object {
    uint32_t count;
    mm_type type;
    uint32_t slot_count;
    uint32_t data_bytes;
    mm_object *slots[];
};

/* Inspection and the verifier want to know all variables; the algorithm does not. */
#define MM_SCOPES_LINKED(m) MM_COUNTED
#include "variables.h"

static const uint32_t COUNT_IMMORTAL = UINT32_C(1) << 31;

/* Gives up the last reference to an object, whose count is one: reclaims it and all that dies with
 * it. An immortal object stays as it is. Cost: O(objects that die + their slots), and what
 * finalisers and callbacks do. */
void counting_reclaim(mm *m, mm_object *object);

/* The count of a mortal object is at least 1. */
static inline bool counting_is_immortal(const mm_object *object)
{
    return (int32_t)object->count < 0;
}

static inline void counting_increment(mm_object *object)
{
    if (MM_UNLIKELY(counting_is_immortal(object)))
        return;
    assert(object->count < INT32_MAX && "reference count overflows");
    object->count++;
}

static inline void counting_decrement(mm *m, mm_object *object)
{
    assert(object->count != 0 && "reference count below zero");
    if ((int32_t)object->count > 1)
        object->count--;
    else
        counting_reclaim(m, object);
}

static inline mm_object *counting_increment_or_null(mm_object *object)
{
    if (object != NULL)
        counting_increment(object);
    return object;
}

/* Puts `value`, already counted, in `place` and gives up what was there. */
static inline void counting_replace(mm *m, mm_object **place, mm_object *value)
{
    mm_object *old = *place;

    *place = value;
    if (old != NULL)
        counting_decrement(m, old);
}

static inline void strategy_scope_enter(mm *m, mm_scope *scope, mm_var *variables, uint32_t count,
                                        bool borrows)
{
    scope_open(m, scope, variables, count, borrows);
}

static inline void strategy_scope_leave(mm_scope *scope)
{
    if (!scope->borrows) {
        for (uint32_t i = 0; i < scope->count; i++)
            counting_replace(scope->m, &scope->variables[i].object, NULL);
    }
    scope_close(scope);
}

static inline void strategy_set(mm *m, mm_var *dst, mm_var *src)
{
    counting_replace(m, &dst->object, counting_increment_or_null(src->object));
}

static inline void strategy_move(mm *m, mm_var *dst, mm_var *src)
{
    mm_object *object = src->object;

    src->object = NULL;
    counting_replace(m, &dst->object, object);
}

static inline void strategy_clear(mm *m, mm_var *v)
{
    counting_replace(m, &v->object, NULL);
}

static inline void strategy_load(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    counting_replace(m, &dst->object, counting_increment_or_null(obj->object->slots[i]));
}

static inline void strategy_store(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    counting_replace(m, &obj->object->slots[i], counting_increment_or_null(src->object));
}

#define strategy_take strategy_take
static inline void strategy_take(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    mm_object **slot = &obj->object->slots[i];
    mm_object *object = *slot;

    *slot = NULL;
    counting_replace(m, &dst->object, object);
}

#define strategy_store_move strategy_store_move
static inline void strategy_store_move(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    mm_object **slot = &obj->object->slots[i];
    mm_object *object = src->object;

    src->object = NULL;
    counting_replace(m, slot, object);
}

#define strategy_fill strategy_fill
static inline void strategy_fill(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    mm_object **slot = &obj->object->slots[i];

    (void)m;
    *slot = src->object;
    src->object = NULL;
}

#define strategy_unset strategy_unset
static inline void strategy_unset(mm *m, mm_var *obj, uint32_t i)
{
    counting_replace(m, &obj->object->slots[i], NULL);
}

#define strategy_copy_slot strategy_copy_slot
static inline void strategy_copy_slot(mm *m, mm_var *dobj, uint32_t di, mm_var *sobj, uint32_t si)
{
    counting_replace(m, &dobj->object->slots[di],
                     counting_increment_or_null(sobj->object->slots[si]));
}

/* mm_refcount(): what the header says. */
#define strategy_refcount strategy_refcount
static inline uint64_t strategy_refcount(mm *m, const mm_var *obj)
{
    (void)m;
    return counting_is_immortal(obj->object) ? MM_IMMORTAL : obj->object->count;
}

#define strategy_hold strategy_hold
static inline void strategy_hold(mm_object *object)
{
    counting_increment(object);
}

#define strategy_immortalise strategy_immortalise
static inline void strategy_immortalise(mm_object *object)
{
    object->count = COUNT_IMMORTAL;
}

/* When the heap is freed: gives up what immortal objects refer to; then frees them. */
void counting_release_immortals(mm *m);
void counting_free_immortals(mm *m);

static inline void strategy_borrow(mm *m, mm_var *v, mm_var *obj, uint32_t i)
{
    (void)m;
    variable_borrow(v, obj->object, i);
}

#endif
