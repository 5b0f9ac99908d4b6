/* lua: the objects and the collector of Lua 5.4, behind the object API.
 *
 * An object is a full userdata: its user values are the slots, its block a small header and the
 * payload. A variable is a slot of Lua's stack, so that Lua's collector finds it; what is here of it
 * is its number, and whether it is null.
 *
 *   stack of a frame   1: nil | 2…top: variables of open scopes | …reserved: nil | scratch
 *
 * The frame reserves its slots ahead and keeps those of closed scopes nil. So a scope begins without
 * a call of Lua's, and its end takes one for each variable that is not null.
 *
 * A userdata has fewer than 65535 user values; the slots from WIDE on are in a table in the last.
 * A root that outlives scopes is an entry of the registry. lua.c has the collector's side. */
#ifndef LUA_STRATEGY_H
#define LUA_STRATEGY_H

#include <lauxlib.h>
#include <lua.h>

#include "common/heap.h"

#define MM_GENERATIONS 1
#define MM_FOREIGN 1

typedef struct lua_header {
    mm_type type;
    uint32_t slot_count;
} lua_header;

enum {
    LUA_NIL = 1, /* the slot of a frame's stack that is always nil */
    LUA_SCRATCH = 8,
    LUA_WIDE = 65533, /* slots that user values have, and then one for the table */
};

struct mm_var {
    lua_State *state;
    int index; /* above 0: in the stack; below: −index in the registry; 0: a root that is null */
    bool null;
#if MM_CHECKED
    bool borrows;
#endif
};

struct mm_scope {
    mm *m;
    mm_var *variables;
    uint32_t count;
#if MM_CHECKED
    mm_scope *outer;
#endif
};

struct mm_root {
    mm_root *previous, *next;
    mm_var variable;
};

struct mm {
    mutator_base base;
};

struct mm_heap {
    heap_base base;
    lua_State *state;
    int top, reserved; /* of the frame that runs; see above */
    int finalising;    /* the registry's entry of the metatable of objects with a finaliser */
    int counting;      /* that of the object whose death tells of a collection */
    int weak;          /* that of tables with weak values */
    uint64_t finaliser_calls;
    bool automatic_told;
#if MM_COUNTED
    char *userdata_made;  /* the block that Lua has allocated last for one */
    size_t block_to_data; /* bytes between the beginning of a userdata and ours, without user values */
    size_t block_to_data_1; /* the same with one, and for each more */
    size_t data_per_value;
#endif
};

static const mm_traits strategy_traits = {
    .summary = "Lua's own userdata and collector, from the system's library",
    .peer = LUA_RELEASE,
    .timed = true,
    .reclaims = true,
    .reclaims_cycles = true,
    .mortal = true,
    .watches_nothing = true,
    .no_callbacks = true,
    .visits_unknown = true,
    .pauses_unknown = true,
    .live_unknown = !MM_COUNTED,
    .no_limit = true,
    .death_by_collector = MM_WEAK_FIRST,
    .generations = MM_GENERATIONS,
};

extern const setting strategy_settings[];
extern const size_t strategy_setting_count;

mm_status strategy_heap_open(mm_heap *heap);
void strategy_heap_close(mm *m);
uint64_t strategy_collect(mm *m, uint32_t generation);
void strategy_trigger_changed(mm_heap *heap);

mm_status strategy_weak_new(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                            mm_weak_callback *callback);
void strategy_weak_load(mm *m, mm_var *dst, mm_var *reference);
bool strategy_is_finalized(mm *m, const mm_var *obj);

#if MM_CHECKED
uint64_t strategy_serial(const mm_var *v);
void strategy_each_object(mm_heap *heap, mm_object_visitor *visit, void *context);
    #define strategy_serial strategy_serial
#endif

/* Reserves slots of the frame's stack, `count` more than are in use at least. */
void lua_reserve(mm_heap *heap, uint32_t count);

/* strategy_set() and strategy_clear() where a root takes part. */
void lua_set_root(mm_heap *heap, mm_var *dst, mm_var *src);
void lua_clear_root(mm_var *v);

/* Objects that are more than a userdata: those with a finaliser or many slots, and all in the counted
 * flavours. */
mm_status lua_new_with_care(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint32_t bytes);

/* Pushes slot `i` from the table of an object with many; stores what is on the top there. */
int lua_push_wide(const mm_var *obj, uint32_t i);
void lua_pop_wide(const mm_var *obj, uint32_t i);

/* ---- Slots ---- */

/* Pushes slot `i`; returns the type of what it holds. */
static inline int lua_push_slot(const mm_var *obj, uint32_t i)
{
    if (MM_UNLIKELY(i >= LUA_WIDE))
        return lua_push_wide(obj, i);
    return lua_getiuservalue(obj->state, obj->index, (int)i + 1);
}

/* Slot `i` = what is on the top, which is popped. */
static inline void lua_pop_slot(const mm_var *obj, uint32_t i)
{
    if (MM_UNLIKELY(i >= LUA_WIDE))
        lua_pop_wide(obj, i);
    else
        lua_setiuservalue(obj->state, obj->index, (int)i + 1);
}

/* The variable = what is on the top, of type `type`, which is popped. */
static inline void lua_pop_variable(mm_var *v, int type)
{
    lua_replace(v->state, v->index);
    v->null = type == LUA_TNIL;
}

static inline lua_header *lua_header_of(const mm_var *obj)
{
    return (lua_header *)lua_touserdata(obj->state, obj->index);
}

/* ---- Variables ---- */

static inline void strategy_scope_enter(mm *m, mm_scope *scope, mm_var *variables, uint32_t count,
                                        bool borrows)
{
    mm_heap *heap = m->base.heap;
    lua_State *state = heap->state;
    int top = heap->top;

    if (MM_UNLIKELY(heap->reserved - top < (int)count))
        lua_reserve(heap, count);
    for (uint32_t i = 0; i < count; i++) {
        variables[i].state = state;
        variables[i].index = top + 1 + (int)i;
        variables[i].null = true;
#if MM_CHECKED
        variables[i].borrows = borrows;
#else
        (void)borrows;
#endif
    }
    heap->top = top + (int)count;
    scope->m = m;
    scope->variables = variables;
    scope->count = count;
#if MM_CHECKED
    scope->outer = m->base.scopes;
    m->base.scopes = scope;
#endif
}

static inline void strategy_scope_leave(mm_scope *scope)
{
    mm_var *variables = scope->variables;

#if MM_CHECKED
    assert(scope->m->base.scopes == scope && "scopes end innermost first");
    scope->m->base.scopes = scope->outer;
#endif
    for (uint32_t i = 0; i < scope->count; i++) {
        if (!variables[i].null)
            lua_copy(variables[i].state, LUA_NIL, variables[i].index);
    }
    scope->m->base.heap->top -= (int)scope->count;
}

static inline void strategy_set(mm *m, mm_var *dst, mm_var *src)
{
    if (MM_UNLIKELY(dst->index <= 0 || src->index <= 0)) {
        lua_set_root(m->base.heap, dst, src);
        return;
    }
    lua_copy(dst->state, src->index, dst->index);
    dst->null = src->null;
}

static inline void strategy_clear(mm *m, mm_var *v)
{
    (void)m;
    if (MM_UNLIKELY(v->index <= 0)) {
        lua_clear_root(v);
    } else if (!v->null) {
        lua_copy(v->state, LUA_NIL, v->index);
        v->null = true;
    }
}

static inline void strategy_move(mm *m, mm_var *dst, mm_var *src)
{
    if (dst == src)
        return;
    strategy_set(m, dst, src);
    strategy_clear(m, src);
}

static inline void strategy_load(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    (void)m;
    lua_pop_variable(dst, lua_push_slot(obj, i));
}

static inline void strategy_store(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    (void)m;
    lua_pushvalue(obj->state, src->index);
    lua_pop_slot(obj, i);
}

#define strategy_unset strategy_unset
static inline void strategy_unset(mm *m, mm_var *obj, uint32_t i)
{
    (void)m;
    lua_pushnil(obj->state);
    lua_pop_slot(obj, i);
}

#define strategy_take strategy_take
static inline void strategy_take(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    int type = lua_push_slot(obj, i);

    strategy_unset(m, obj, i);
    lua_pop_variable(dst, type);
}

#define strategy_copy_slot strategy_copy_slot
static inline void strategy_copy_slot(mm *m, mm_var *dobj, uint32_t di, mm_var *sobj, uint32_t si)
{
    (void)m;
    lua_push_slot(sobj, si);
    lua_pop_slot(dobj, di);
}

static inline void strategy_borrow(mm *m, mm_var *v, mm_var *obj, uint32_t i)
{
#if MM_CHECKED
    assert(v->borrows && "mm_borrow() writes variables of MM_BORROW only");
#endif
    strategy_load(m, v, obj, i);
}

static inline bool strategy_is_null(const mm_var *v)
{
    return v->null;
}

static inline bool strategy_same(const mm_var *a, const mm_var *b)
{
    if (a->null || b->null)
        return a->null == b->null;
    return lua_touserdata(a->state, a->index) == lua_touserdata(b->state, b->index);
}

static inline void *strategy_data(mm *m, const mm_var *obj)
{
    (void)m;
    return lua_header_of(obj) + 1;
}

static inline mm_type strategy_type_of(mm *m, const mm_var *obj)
{
    (void)m;
    return lua_header_of(obj)->type & ~(mm_type)OBJECT_FLAGS;
}

static inline uint32_t strategy_slot_count(mm *m, const mm_var *obj)
{
    (void)m;
    return lua_header_of(obj)->slot_count;
}

#if MM_CHECKED
static inline bool strategy_is_borrowed(const mm_var *v)
{
    return v->borrows;
}

static inline bool strategy_slot_is_null(mm *m, const mm_var *obj, uint32_t i)
{
    int type = lua_push_slot(obj, i);

    (void)m;
    lua_pop(obj->state, 1);
    return type == LUA_TNIL;
}
#endif

static inline mm_status strategy_new(mm *m, mm_var *dst, mm_type type, uint32_t slots,
                                     uint32_t bytes)
{
    lua_header *header;

    if (MM_COUNTED || MM_UNLIKELY((type & MM_TYPE_SPECIAL) || slots > LUA_WIDE))
        return lua_new_with_care(m, dst, type, slots, bytes);
    header = (lua_header *)lua_newuserdatauv(dst->state, sizeof *header + bytes, (int)slots);
    header->type = type;
    header->slot_count = slots;
    lua_pop_variable(dst, LUA_TUSERDATA);
    return MM_OK;
}

#endif
