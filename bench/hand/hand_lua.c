/* hand_lua: Lua's C API, without the object API: what the adapter `lua` is held against. */
#include <lauxlib.h>
#include <lua.h>

#include "bench/hand/turns.h"

typedef struct header {
    uint32_t type, slot_count;
} header;

static lua_State *state;

static void stop_collector(void)
{
    lua_gc(state, LUA_GCSTOP);
}

const hand_program hand_written = {
    .summary = "Lua's C API, used by hand",
    .leaks_cycles = false,
    .peer = LUA_RELEASE MM_PEER_NOTE,
    .stop_collector = stop_collector,
};

/* A new userdata on the top; its payload. */
static inline uint64_t *push_object(uint32_t type, uint32_t slots, uint32_t bytes)
{
    header *made = lua_newuserdatauv(state, sizeof *made + bytes, (int)slots);

    note_allocation(slots, bytes);
    made->type = type;
    made->slot_count = slots;
    return (uint64_t *)(made + 1);
}

static inline uint64_t *data_at(int index)
{
    return (uint64_t *)((header *)lua_touserdata(state, index) + 1);
}

static bool temps_turn(hand_context *c, uint64_t i)
{
    *push_object(HAND_ATOM, 0, c->payload) = i;
    push_object(HAND_CONTAINER, 1, 0);
    lua_insert(state, -2);
    lua_setiuservalue(state, -2, 1);
    lua_getiuservalue(state, -1, 1);
    c->checksum = workload_checksum(c->checksum, *data_at(-1));
    lua_settop(state, 0);
    return true;
}

static bool pairs_turn(hand_context *c, uint64_t i)
{
    enum { A = 1, B };

    push_object(HAND_CONTAINER, 1, c->payload);
    push_object(HAND_CONTAINER, 1, c->payload);
    *data_at(A) = 2 * i;
    *data_at(B) = 2 * i + 1;
    lua_pushvalue(state, A);
    lua_setiuservalue(state, B, 1);
    lua_setiuservalue(state, A, 1); /* pops b */
    lua_getiuservalue(state, A, 1);
    c->checksum = workload_checksum(c->checksum, *data_at(-1));
    lua_getiuservalue(state, -1, 1);
    c->checksum = workload_checksum(c->checksum, *data_at(-1));
    lua_settop(state, 0);
    return true;
}

static bool open_runtime(void)
{
    state = luaL_newstate();
    return state != NULL;
}

static void close_runtime(void)
{
    lua_gc(state, LUA_GCCOLLECT);
    lua_close(state);
}
