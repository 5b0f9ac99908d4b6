/* lua: the objects and the collector of Lua 5.4, behind the object API.
 *
 * An object is a full userdata: its user values are the slots, its block a small header and the
 * payload. A variable is a slot of Lua's stack, so that Lua's collector finds it; what is here of
 * it is its number, and whether it is null.
 *
 *   stack of a frame   1: nil | 2…top: variables, nil for dead ones | …real: to be popped
 *
 * A variable has a slot from its first value on: whatever Lua pushes becomes the variable, and need
 * not be copied. It keeps its slot until it is null at the top, or its scope ends. Below the top it
 * then leaves a nil behind, which is dead and goes with the last variable above it. So a variable
 * takes at most one slot in its life, and dead slots lie only below live ones.
 *
 * What is above `top` is popped before the next value is pushed for a variable, or the collector
 * can run: many ends of scopes cost one call of Lua's, as in a program that was written for Lua.
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

/* Of a C function of ours that Lua calls, and of the program itself. */
typedef struct lua_frame {
    int top;    /* the last variable's slot */
    int real;   /* Lua's own top, between operations */
    int room;   /* slots that Lua has promised */
    bool *dead; /* by slot; only below `top` */
} lua_frame;

struct mm_var {
    lua_State *state;
    int index; /* above 0: in the stack; below: −index in the registry; 0: nowhere, and null */
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
    lua_frame frame; /* that runs */
    int finalising;  /* the registry's entry of the metatable of objects with a finaliser */
    int counting;    /* that of the object whose death tells of a collection */
    int weak;        /* that of tables with weak values */
    uint64_t finaliser_calls;
    bool automatic_told;
#if MM_COUNTED
    char *userdata_made; /* the block that Lua has allocated last for one */
    size_t
        block_to_data; /* bytes between the beginning of a userdata and ours, without user values */
    size_t block_to_data_1; /* the same with one, and for each more */
    size_t data_per_value;
#endif
};

static const mm_traits strategy_traits = {
    .summary = "Lua's own userdata and collector, from the system's library",
    .peer = LUA_RELEASE MM_PEER_NOTE,
    .timed = true,
    .reclaims = true,
    .reclaims_cycles = true,
    .mortal = true,
    .oom_ends = true,
    .frames_apart = true,
    .no_callbacks = true,
    .visits_unknown = true,
    .pauses_unknown = true,
    .collections_unknown = !MM_COUNTED,
    .live_unknown = !MM_COUNTED,
    .no_limit = true,
    .no_graph = true,
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

#if MM_COUNTED
registered *strategy_registered(const mm_var *v);
void strategy_describe(const registered *block, mm_type *type, uint32_t *slot_count);
    #define strategy_describe strategy_describe
#endif

/* Makes room for more slots in the frame. */
void lua_make_room(mm_heap *heap);

mm_root *strategy_root_allocate(mm *m);
void strategy_root_release(mm_root *root);
#define strategy_root_allocate strategy_root_allocate

/* strategy_set() and strategy_clear() where a root takes part. */
void lua_set_root(mm_heap *heap, mm_var *dst, mm_var *src);
void lua_clear_root(mm_var *v);

/* Objects that are more than a userdata: those with a finaliser or many slots, and all in the
 * counted flavours. */
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

/* ---- The stack ---- */

/* Pops what is dead above the last variable. */
static inline void lua_pop_dead(mm_heap *heap)
{
    if (heap->frame.real != heap->frame.top) {
        lua_settop(heap->state, heap->frame.top);
        heap->frame.real = heap->frame.top;
    }
}

/* Called before a value is pushed for a variable. */
static inline void lua_ready(mm_heap *heap)
{
    lua_pop_dead(heap);
    if (MM_UNLIKELY(heap->frame.top >= heap->frame.room))
        lua_make_room(heap);
}

/* The variable = what has been pushed. */
static inline void lua_pushed(mm_heap *heap, mm_var *v, bool null)
{
    v->null = null;
    if (v->index != 0) {
        lua_replace(heap->state, v->index);
        return;
    }
    heap->frame.real++;
    if (!null)
        v->index = ++heap->frame.top;
}

/* The variable gives up its slot. */
static inline void lua_free_slot(mm_heap *heap, mm_var *v)
{
    lua_frame *frame = &heap->frame;

    if (v->index == frame->top) {
        do
            frame->top--;
        while (MM_UNLIKELY(frame->dead[frame->top]) && (frame->dead[frame->top] = false, true));
    } else {
        if (!v->null)
            lua_copy(heap->state, LUA_NIL, v->index);
        frame->dead[v->index] = true;
    }
    v->index = 0;
    v->null = true;
}

static inline lua_header *lua_header_of(const mm_var *obj)
{
    return (lua_header *)lua_touserdata(obj->state, obj->index);
}

/* ---- Variables ---- */

static inline void strategy_scope_enter(mm *m, mm_scope *scope, mm_var *variables, uint32_t count,
                                        bool borrows)
{
    lua_State *state = m->base.heap->state;

    for (uint32_t i = 0; i < count; i++) {
        variables[i].state = state;
        variables[i].index = 0;
        variables[i].null = true;
#if MM_CHECKED
        variables[i].borrows = borrows;
#else
        (void)borrows;
#endif
    }
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
#if MM_CHECKED
    assert(scope->m->base.scopes == scope && "scopes end innermost first");
    scope->m->base.scopes = scope->outer;
#endif
    for (uint32_t i = scope->count; i-- > 0;) {
        if (scope->variables[i].index != 0)
            lua_free_slot(scope->m->base.heap, scope->variables + i);
    }
}

#if MM_COUNTED
/* Names are for the graph, which there is none of. */
static inline void scope_name(mm_scope *scope, const char *name, const char *function)
{
    (void)scope, (void)name, (void)function;
}
#endif

static inline void strategy_clear(mm *m, mm_var *v)
{
    mm_heap *heap = m->base.heap;

    if (MM_UNLIKELY(v->index < 0)) {
        lua_clear_root(v);
    } else if (v->index != 0 && v->index == heap->frame.top) {
        lua_free_slot(heap, v);
    } else if (!v->null) {
        lua_copy(heap->state, LUA_NIL, v->index);
        v->null = true;
    }
}

static inline void strategy_set(mm *m, mm_var *dst, mm_var *src)
{
    mm_heap *heap = m->base.heap;

    if (MM_UNLIKELY(src->index < 0 || dst->index < 0)) {
        lua_set_root(heap, dst, src);
    } else if (src->null) {
        strategy_clear(m, dst);
    } else if (dst->index != 0) {
        lua_copy(heap->state, src->index, dst->index);
        dst->null = false;
    } else {
        lua_ready(heap);
        lua_pushvalue(heap->state, src->index);
        lua_pushed(heap, dst, false);
    }
}

/* A variable without a slot takes over the other's. */
static inline void strategy_move(mm *m, mm_var *dst, mm_var *src)
{
    if (dst == src)
        return;
    if (dst->index == 0 && src->index > 0) {
        dst->index = src->index;
        dst->null = src->null;
        src->index = 0;
        src->null = true;
        return;
    }
    strategy_set(m, dst, src);
    strategy_clear(m, src);
}

static inline void strategy_load(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    mm_heap *heap = m->base.heap;

    lua_ready(heap);
    lua_pushed(heap, dst, lua_push_slot(obj, i) == LUA_TNIL);
}

static inline void strategy_store(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    (void)m;
    lua_pushvalue(obj->state, src->null ? LUA_NIL : src->index);
    lua_pop_slot(obj, i);
}

/* The last variable is popped into the slot. */
#define strategy_store_move strategy_store_move
static inline void strategy_store_move(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    lua_frame *frame = &m->base.heap->frame;

    if (src->index != 0 && src->index == frame->real && src != obj && i < LUA_WIDE) {
        lua_free_slot(m->base.heap, src);
        lua_pop_slot(obj, i);
        frame->real--;
        return;
    }
    strategy_store(m, obj, i, src);
    strategy_clear(m, src);
}

#define strategy_unset strategy_unset
static inline void strategy_unset(mm *m, mm_var *obj, uint32_t i)
{
    (void)m;
    lua_pushnil(obj->state);
    lua_pop_slot(obj, i);
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
    lua_ready(m->base.heap);
    header = (lua_header *)lua_newuserdatauv(dst->state, sizeof *header + bytes, (int)slots);
    header->type = type;
    header->slot_count = slots;
    lua_pushed(m->base.heap, dst, false);
    return MM_OK;
}

#endif
