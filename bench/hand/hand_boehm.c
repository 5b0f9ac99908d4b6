/* hand_boehm: libgc's own API, without the object API: what the adapter `boehm` is held against. */
#define GC_THREADS /* as the library is built */
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>

#include "bench/hand/turns.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

static void stop_collector(void)
{
    GC_disable();
}

const hand_program hand_written = {
    .summary = "libgc's API, used by hand",
    .leaks_cycles = false,
    .peer = "libgc " TEXT(GC_VERSION_MAJOR) "." TEXT(GC_VERSION_MINOR) "." TEXT(GC_VERSION_MICRO)
        MM_PEER_NOTE,
    .stop_collector = stop_collector,
};

static inline hand_object *new_object(uint32_t type, uint32_t slots, uint32_t bytes)
{
    size_t size = sizeof(hand_object) + hand_request(slots, bytes);
    hand_object *object = type == HAND_ATOM ? GC_MALLOC_ATOMIC(size) : GC_MALLOC(size);

    if (object == NULL)
        return NULL;
    note_allocation(slots, bytes);
    object->type = type;
    object->slot_count = slots;
    object->data_bytes = bytes;
    return object;
}

static bool temps_turn(hand_context *c, uint64_t i)
{
    hand_object *y = new_object(HAND_ATOM, 0, c->payload), *x;

    if (y == NULL)
        return false;
    *hand_data(y) = i;
    x = new_object(HAND_CONTAINER, 1, 0);
    if (x == NULL)
        return false;
    x->slots[0] = y;
    c->checksum = workload_checksum(c->checksum, *hand_data(x->slots[0]));
    return true;
}

static bool pairs_turn(hand_context *c, uint64_t i)
{
    hand_object *a = new_object(HAND_CONTAINER, 1, c->payload);
    hand_object *b = a != NULL ? new_object(HAND_CONTAINER, 1, c->payload) : NULL;

    if (b == NULL)
        return false;
    *hand_data(a) = 2 * i;
    *hand_data(b) = 2 * i + 1;
    b->slots[0] = a;
    a->slots[0] = b;
    c->checksum = workload_checksum(c->checksum, *hand_data(a->slots[0]));
    c->checksum = workload_checksum(c->checksum, *hand_data(b->slots[0]));
    return true;
}

static bool open_runtime(void)
{
    GC_set_markers_count(1);
    GC_INIT();
    if (GC_is_disabled())
        GC_enable();
    GC_gcollect();
    return true;
}

static void close_runtime(void)
{
    GC_gcollect();
}
