/* The operations of a strategy without counts: a variable or slot is just a copy of a pointer, and
 * unreachable objects are somebody else's business.
 *
 * With TRACING_ESSENTIALS_ONLY just the operations that nothing can be derived from are here, and
 * the rest comes from common/derived.h.
 *
 * A strategy includes this after common/variables.h and adds strategy_new(). There is no write
 * barrier: nothing here is incremental or generational, so nothing needs to know that a slot was
 * written. */
#ifndef MM_COMMON_TRACING_H
#define MM_COMMON_TRACING_H

#include "variables.h"

static inline void strategy_scope_enter(mm *m, mm_scope *scope, mm_var *variables, uint32_t count,
                                        bool borrows)
{
    scope_open(m, scope, variables, count, borrows);
}

static inline void strategy_scope_leave(mm_scope *scope)
{
    scope_close(scope);
}

static inline void strategy_set(mm *m, mm_var *dst, mm_var *src)
{
    (void)m;
    dst->object = src->object;
}

static inline void strategy_move(mm *m, mm_var *dst, mm_var *src)
{
    mm_object *object = src->object;

    (void)m;
    src->object = NULL;
    dst->object = object;
}

static inline void strategy_clear(mm *m, mm_var *v)
{
    (void)m;
    v->object = NULL;
}

static inline void strategy_load(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    (void)m;
    dst->object = obj->object->slots[i];
}

static inline void strategy_store(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    (void)m;
    obj->object->slots[i] = src->object;
}

#ifndef TRACING_ESSENTIALS_ONLY
    #define strategy_copy_slot strategy_copy_slot
static inline void strategy_copy_slot(mm *m, mm_var *dobj, uint32_t di, mm_var *sobj, uint32_t si)
{
    (void)m;
    dobj->object->slots[di] = sobj->object->slots[si];
}

    #define strategy_take strategy_take
static inline void strategy_take(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    mm_object *container = obj->object;

    (void)m;
    dst->object = container->slots[i];
    container->slots[i] = NULL;
}
#endif

static inline void strategy_borrow(mm *m, mm_var *v, mm_var *obj, uint32_t i)
{
    (void)m;
    variable_borrow(v, obj->object, i);
}

#endif
