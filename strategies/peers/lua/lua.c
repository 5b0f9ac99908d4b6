/* The collector's side: options, finalisers, weak references, and the books of counted flavours.
 *
 * Lua tells of no collection. So in the counted flavours an object that nothing refers to is always
 * there: when its finaliser runs, a collection has ended, and another such object is made. In a
 * small heap, which Lua collects every hundred objects, that takes 3% of the time; so the timed
 * flavour does without. How long Lua stopped the program is not known; the requests' times show it.
 *
 * What Lua frees its allocator sees. In the counted flavours each block has a prefix that Lua knows
 * nothing of, and the prefix of an object leads to its *shadow* in the front's books; so the
 * figures of Lua's own books, by which it decides when to collect, are the same in all flavours.
 *
 * An object with a finaliser has a metatable with `__gc`. Lua calls it when a collection has found
 * the object unreachable and frees the object in the next one, so mm_collect() then collects twice.
 *
 * Lua raises an error when memory runs out, after a full collection of its own. Nothing here could
 * catch that without a protected call around every allocation, so it ends the process.
 *
 * Source: R. Ierusalimschy, L. H. de Figueiredo, W. Celes, Lua 5.4 Reference Manual, 2.5 and 4. */
#include "mm.h"
#include "mm_gc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODE_INCREMENTAL = 0, MODE_GENERATIONAL = 1, ROOM_FIRST = 64, EXIT_OOM = 4 };

/* The user values of a weak reference: its context, and a table that holds the referent weakly. */
enum { WEAK_CONTEXT = 1, WEAK_TABLE = 2, WEAK_VALUES = 2 };

const setting strategy_settings[] = {
    {.name = "mode",
     .unit = "",
     .help = "how Lua collects",
     .fallback = MODE_INCREMENTAL,
     .words_only = true,
     .words = {{"incremental", MODE_INCREMENTAL}, {"generational", MODE_GENERATIONAL}}},
    {.name = "pause",
     .unit = "percent",
     .help = "incremental: start a cycle when memory has grown to this share of what was left",
     .fallback = 200,
     .minimum = 100,
     .maximum = 1000,
     .integer = true},
    {.name = "step",
     .unit = "percent",
     .help = "incremental: work for each byte allocated",
     .fallback = 100,
     .minimum = 1,
     .maximum = 1000,
     .integer = true},
    {.name = "minor",
     .unit = "percent",
     .help = "generational: collect the young when memory has grown by this",
     .fallback = 20,
     .minimum = 1,
     .maximum = 100,
     .integer = true},
    {.name = "major",
     .unit = "percent",
     .help = "generational: collect all when memory has grown by this since the last time",
     .fallback = 100,
     .minimum = 1,
     .maximum = 1000,
     .integer = true},
    AUTOMATIC_SETTING,
    CADENCE_SETTING,
};
const size_t strategy_setting_count = sizeof strategy_settings / sizeof *strategy_settings;

static mm_heap *heap_of(lua_State *state)
{
    return *(mm_heap **)lua_getextraspace(state);
}

/* ---- Memory ---- */

#if MM_COUNTED
/* What stands for an object in the front's books. */
typedef struct lua_shadow {
    mm_type type;
    uint32_t slot_count, data_bytes;
} lua_shadow;

/* In front of each block that Lua has. */
typedef struct lua_prefix {
    lua_shadow *shadow; /* NULL: not an object of ours */
} __attribute__((aligned(16))) lua_prefix;

static lua_shadow *shadow_new(mm_heap *heap, mm_type type, uint32_t slots, uint32_t bytes)
{
    lua_shadow *shadow =
        front_allocate(&heap->base.front, sizeof *shadow, requested_bytes(slots, bytes));

    if (shadow != NULL)
        *shadow = (lua_shadow){.type = type, .slot_count = slots, .data_bytes = bytes};
    return shadow;
}

static void shadow_free(mm_heap *heap, lua_shadow *shadow)
{
    front_free(&heap->base.front, shadow, sizeof *shadow,
               requested_bytes(shadow->slot_count, shadow->data_bytes));
    heap->base.collections.reclaimed[0]++;
    heap->base.collections.reclaimed_ever++;
}

/* The prefix of an object's block. */
static lua_prefix *prefix_of(mm_heap *heap, lua_header *header)
{
    uint32_t values = header->type == MM_TYPE_WEAK ? WEAK_VALUES : header->slot_count;
    size_t offset = heap->block_to_data;

    if (values > LUA_WIDE)
        values = LUA_WIDE + 1;
    if (values != 0)
        offset = heap->block_to_data_1 + (values - 1) * heap->data_per_value;
    return (lua_prefix *)(void *)((char *)header - offset) - 1;
}

/* Bytes from the beginning of a userdata's block to what is ours of it; the collector is stopped.
 */
static size_t measure_userdata(mm_heap *heap, int values)
{
    char *data = lua_newuserdatauv(heap->state, 0, values);

    lua_pop(heap->state, 1);
    return (size_t)(data - heap->userdata_made);
}

/* Lua's header has members that depend on the number of user values. */
static void measure_header(mm_heap *heap)
{
    heap->block_to_data = measure_userdata(heap, 0);
    heap->block_to_data_1 = measure_userdata(heap, 1);
    heap->data_per_value = measure_userdata(heap, 2) - heap->block_to_data_1;
}

/* Of a block that is new, `old_size` is the type of what it is for. */
static void *allocate(void *context, void *block, size_t old_size, size_t size)
{
    mm_heap *heap = context;
    lua_prefix *old = block != NULL ? (lua_prefix *)block - 1 : NULL, *prefix;

    if (size == 0) {
        if (old != NULL && old->shadow != NULL)
            shadow_free(heap, old->shadow);
        free(old);
        return NULL;
    }
    prefix = realloc(old, sizeof *prefix + size);
    if (prefix == NULL)
        return NULL;
    if (old == NULL) {
        prefix->shadow = NULL;
        if (old_size == LUA_TUSERDATA)
            heap->userdata_made = (char *)(prefix + 1);
    }
    return prefix + 1;
}
#else
static void measure_header(mm_heap *heap)
{
    (void)heap;
}

static void *allocate(void *context, void *block, size_t old_size, size_t size)
{
    (void)context, (void)old_size;
    if (size != 0)
        return realloc(block, size);
    free(block);
    return NULL;
}
#endif

static int end_of_memory(lua_State *state)
{
    fprintf(stderr, "out of memory: Lua raises \"%s\"\n", lua_tostring(state, -1));
    _Exit(EXIT_OOM);
}

/* ---- Variables ---- */

static bool try_to_make_room(mm_heap *heap)
{
    lua_frame *frame = &heap->frame;
    int room = 2 * frame->room + ROOM_FIRST;
    int known = frame->dead != NULL ? frame->top : -1;
    bool *dead = realloc(frame->dead, ((size_t)room + 1) * sizeof *dead);

    if (dead == NULL)
        return false;
    memset(dead + known + 1, 0, (size_t)(room - known) * sizeof *dead);
    frame->dead = dead;
    if (!lua_checkstack(heap->state, room - frame->top + LUA_SCRATCH))
        return false;
    frame->room = room;
    return true;
}

void lua_make_room(mm_heap *heap)
{
    if (try_to_make_room(heap))
        return;
    fprintf(stderr, "out of memory: Lua's stack has no room for more than %d variables\n",
            heap->frame.top);
    _Exit(EXIT_OOM);
}

/* Pushes what a variable or root names; a root holds false for null. */
static void push(lua_State *state, const mm_var *v)
{
    if (v->null || v->index == 0)
        lua_pushnil(state);
    else if (v->index > 0)
        lua_pushvalue(state, v->index);
    else
        lua_rawgeti(state, LUA_REGISTRYINDEX, -v->index);
}

void lua_set_root(mm_heap *heap, mm_var *dst, mm_var *src)
{
    lua_State *state = heap->state;
    bool null = src->null || src->index == 0;

    lua_ready(heap);
    if (null && dst->index < 0)
        lua_pushboolean(state, 0);
    else
        push(state, src);
    if (dst->index >= 0) {
        lua_pushed(heap, dst, null);
        return;
    }
    lua_rawseti(state, LUA_REGISTRYINDEX, -dst->index);
    dst->null = null;
}

mm_root *strategy_root_allocate(mm *m)
{
    lua_State *state = m->base.heap->state;
    mm_root *root = calloc(1, sizeof *root);

    if (root == NULL)
        return NULL;
    lua_pushboolean(state, 0);
    root->variable =
        (mm_var){.state = state, .index = -luaL_ref(state, LUA_REGISTRYINDEX), .null = true};
    return root;
}

void strategy_root_release(mm_root *root)
{
    free(root);
}

void lua_clear_root(mm_var *v)
{
    luaL_unref(v->state, LUA_REGISTRYINDEX, -v->index);
    v->index = 0;
    v->null = true;
}

/* ---- Objects ---- */

int lua_push_wide(const mm_var *obj, uint32_t i)
{
    int type;

    lua_getiuservalue(obj->state, obj->index, LUA_WIDE + 1);
    type = lua_rawgeti(obj->state, -1, (lua_Integer)(i - LUA_WIDE) + 1);
    lua_remove(obj->state, -2);
    return type;
}

void lua_pop_wide(const mm_var *obj, uint32_t i)
{
    lua_getiuservalue(obj->state, obj->index, LUA_WIDE + 1);
    lua_insert(obj->state, -2);
    lua_rawseti(obj->state, -2, (lua_Integer)(i - LUA_WIDE) + 1);
    lua_pop(obj->state, 1);
}

/* A userdata on the top, complete but for a finaliser. */
static lua_header *push_object(lua_State *state, mm_type type, uint32_t slots, uint32_t bytes)
{
    bool wide = slots > LUA_WIDE;
    lua_header *header =
        lua_newuserdatauv(state, sizeof *header + bytes, wide ? LUA_WIDE + 1 : (int)slots);

    header->type = type;
    header->slot_count = slots;
    if (wide) {
        lua_createtable(state, (int)(slots - LUA_WIDE), 0);
        lua_setiuservalue(state, -2, LUA_WIDE + 1);
    }
    return header;
}

/* The same with its shadow; false when that cannot be had. */
static bool push_counted(mm_heap *heap, mm_type type, uint32_t slots, uint32_t bytes)
{
#if MM_COUNTED
    lua_shadow *shadow = shadow_new(heap, type, slots, bytes);

    if (shadow == NULL)
        return false;
    prefix_of(heap, push_object(heap->state, type, slots, bytes))->shadow = shadow;
#else
    push_object(heap->state, type, slots, bytes);
#endif
    return true;
}

mm_status lua_new_with_care(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint32_t bytes)
{
    mm_heap *heap = m->base.heap;

    if (slots > INT32_MAX / 2 || bytes > INT32_MAX)
        return MM_NO_MEMORY;
    lua_ready(heap);
    if (!push_counted(heap, type, slots, bytes))
        return MM_NO_MEMORY;
    if (type & MM_TYPE_SPECIAL) {
        lua_rawgeti(heap->state, LUA_REGISTRYINDEX, heap->finalising);
        lua_setmetatable(heap->state, -2);
    }
    lua_pushed(heap, dst, false);
    return MM_OK;
}

bool strategy_is_finalized(mm *m, const mm_var *obj)
{
    (void)m;
    return (lua_header_of(obj)->type & OBJECT_FINALIZED) != 0;
}

#if MM_COUNTED
registered *strategy_registered(const mm_var *v)
{
    return front_registered(prefix_of(heap_of(v->state), lua_header_of(v))->shadow);
}

void strategy_describe(const registered *block, mm_type *type, uint32_t *slot_count)
{
    const lua_shadow *shadow = (const lua_shadow *)(block + 1);

    *type = shadow->type;
    *slot_count = shadow->slot_count;
}
#endif

/* ---- Finalisers ---- */

/* A frame of our own in a function that Lua calls with one argument: that is the first variable. */
static lua_frame frame_enter(mm_heap *heap, mm_var *argument)
{
    lua_frame outer = heap->frame;

    lua_pushnil(heap->state);
    lua_insert(heap->state, LUA_NIL);
    heap->frame = (lua_frame){.top = LUA_NIL + 1, .real = LUA_NIL + 1};
    lua_make_room(heap);
    *argument = (mm_var){.state = heap->state, .index = LUA_NIL + 1};
    return outer;
}

static void frame_leave(mm_heap *heap, lua_frame outer)
{
    free(heap->frame.dead);
    heap->frame = outer;
}

/* `__gc` of objects with a finaliser. */
static int finalise(lua_State *state)
{
    mm_heap *heap = heap_of(state);
    bool collecting = heap->base.collecting;
    mm_var self;
    lua_frame outer;

    if (heap->base.finalisation.ended)
        return 0;
    outer = frame_enter(heap, &self);
    heap->finaliser_calls++;
    heap->base.collecting = true; /* a collection asked for finds nothing */
    heap->base.finalisation.calls++;
    heap->base.finalisation.nesting++;
    lua_header_of(&self)->type |= OBJECT_FINALIZED;
    mm_type_info_of(heap, lua_header_of(&self)->type)->finaliser(heap->base.mutator, &self);
    heap->base.finalisation.nesting--;
    heap->base.collecting = collecting;
    frame_leave(heap, outer);
    return 0;
}

/* Makes the object whose death tells of the next collection. */
static void await_collection(mm_heap *heap)
{
    if (!MM_COUNTED)
        return;
    lua_newuserdatauv(heap->state, 0, 0);
    lua_rawgeti(heap->state, LUA_REGISTRYINDEX, heap->counting);
    lua_setmetatable(heap->state, -2);
    lua_pop(heap->state, 1);
}

/* Its `__gc`. */
static int count_collection(lua_State *state)
{
    mm_heap *heap = heap_of(state);

    if (heap->base.finalisation.ended)
        return 0;
    heap->base.collections.collections[0]++;
    await_collection(heap);
    return 0;
}

/* ---- Weak references ---- */

mm_status strategy_weak_new(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                            mm_weak_callback *callback)
{
    mm_heap *heap = m->base.heap;
    lua_State *state = heap->state;

    if (callback != NULL)
        return MM_UNSUPPORTED;
    lua_ready(heap);
#if MM_COUNTED
    lua_shadow *shadow = shadow_new(heap, MM_TYPE_WEAK, 1, MM_WEAK_BYTES);
    if (shadow == NULL)
        return MM_NO_MEMORY;
#endif
    lua_header *header = push_object(state, MM_TYPE_WEAK, WEAK_VALUES, 0);
    header->slot_count = 1;
#if MM_COUNTED
    prefix_of(heap, header)->shadow = shadow;
#endif
    if (context != NULL) {
        push(state, context);
        lua_setiuservalue(state, -2, WEAK_CONTEXT);
    }
    lua_createtable(state, 1, 0);
    lua_rawgeti(state, LUA_REGISTRYINDEX, heap->weak);
    lua_setmetatable(state, -2);
    push(state, referent);
    lua_rawseti(state, -2, 1);
    lua_setiuservalue(state, -2, WEAK_TABLE);
    lua_pushed(heap, dst, false);
    return MM_OK;
}

void strategy_weak_load(mm *m, mm_var *dst, mm_var *reference)
{
    lua_State *state = m->base.heap->state;
    int type;

    lua_ready(m->base.heap);
    lua_getiuservalue(state, reference->index, WEAK_TABLE);
    type = lua_rawgeti(state, -1, 1);
    lua_remove(state, -2);
    lua_pushed(m->base.heap, dst, type == LUA_TNIL);
}

/* ---- Collections ---- */

uint64_t strategy_collect(mm *m, uint32_t generation)
{
    mm_heap *heap = m->base.heap;
    uint64_t before = heap->base.collections.reclaimed_ever, calls = heap->finaliser_calls;

    (void)generation;
    lua_pop_dead(heap);
    lua_gc(heap->state, LUA_GCCOLLECT);
    if (heap->finaliser_calls != calls)
        lua_gc(heap->state, LUA_GCCOLLECT);
    return MM_COUNTED ? heap->base.collections.reclaimed_ever - before : MM_UNKNOWN;
}

void strategy_trigger_changed(mm_heap *heap)
{
    if (heap->automatic_told == heap->base.automatic)
        return;
    heap->automatic_told = heap->base.automatic;
    lua_gc(heap->state, heap->base.automatic ? LUA_GCRESTART : LUA_GCSTOP);
}

/* ---- The heap ---- */

/* A metatable with one field, whose value is on the top and popped; its entry in the registry. */
static int make_metatable(lua_State *state, const char *field)
{
    lua_createtable(state, 0, 1);
    lua_insert(state, -2);
    lua_setfield(state, -2, field);
    return luaL_ref(state, LUA_REGISTRYINDEX);
}

static void make_metatables(mm_heap *heap)
{
    lua_pushcfunction(heap->state, finalise);
    heap->finalising = make_metatable(heap->state, "__gc");
    lua_pushcfunction(heap->state, count_collection);
    heap->counting = make_metatable(heap->state, "__gc");
    lua_pushliteral(heap->state, "v");
    heap->weak = make_metatable(heap->state, "__mode");
}

static void set_mode(mm_heap *heap)
{
    const settings *options = &heap->base.options;

    if (settings_get(options, "mode") == MODE_GENERATIONAL)
        lua_gc(heap->state, LUA_GCGEN, (int)settings_get(options, "minor"),
               (int)settings_get(options, "major"));
    else
        lua_gc(heap->state, LUA_GCINC, (int)settings_get(options, "pause"),
               (int)settings_get(options, "step"), 0);
}

/* Called by Lua, so that an error ends here and not the process. */
static int prepare(lua_State *state)
{
    mm_heap *heap = heap_of(state);

    lua_gc(state, LUA_GCSTOP);
    make_metatables(heap);
    measure_header(heap);
    set_mode(heap);
    await_collection(heap);
    lua_gc(state, LUA_GCRESTART);
    return 0;
}

mm_status strategy_heap_open(mm_heap *heap)
{
    heap->state = lua_newstate(allocate, heap);
    if (heap->state == NULL)
        return MM_NO_MEMORY;
    lua_atpanic(heap->state, end_of_memory);
    *(mm_heap **)lua_getextraspace(heap->state) = heap;
    heap->frame.top = heap->frame.real = LUA_NIL;
    lua_pushnil(heap->state);
    lua_pushcfunction(heap->state, prepare);
    if (lua_pcall(heap->state, 0, 0, 0) != LUA_OK || !try_to_make_room(heap)) {
        heap->base.finalisation.ended = true;
        lua_close(heap->state);
        free(heap->frame.dead);
        return MM_NO_MEMORY;
    }
    heap->automatic_told = true;
    heap->base.automatic = settings_get(&heap->base.options, "automatic") != 0;
    strategy_trigger_changed(heap);
    return MM_OK;
}

void strategy_heap_close(mm *m)
{
    lua_close(m->base.heap->state);
    free(m->base.heap->frame.dead);
}
