/* The collector: copy what roots reach, object by object, then poison and free every old block.
 *
 * Invariant while copying (Cheney, CACM 1970, with malloc in the place of the new semispace): an
 * object with a `forward` has moved; objects on the scan list have moved but their slots still lead
 * to old addresses. When the scan list is empty no reachable slot or variable does.
 *
 *   collect:  move what roots name · redirect slots until none is left · free the old blocks
 *
 * An object for which there is no memory stays where it is (`forward` = itself): collecting cannot
 * fail, it only checks less. */
#include "mm.h"
#include "common/check.h"

#include <string.h>

const setting strategy_settings[] = {
    {.name = "every",
     .unit = "operations",
     .help = "operations that may collect, per move of the whole heap",
     .fallback = 1,
     .minimum = 1,
     .maximum = 1e15,
     .integer = true},
    AUTOMATIC_SETTING,
    CADENCE_SETTING,
    HEAP_BYTES_MAX_SETTING,
};
const size_t strategy_setting_count = sizeof strategy_settings / sizeof *strategy_settings;

void strategy_trigger_changed(mm_heap *heap)
{
    heap->until = heap->base.automatic ? heap->every : 0;
}

mm_status strategy_heap_open(mm_heap *heap)
{
    heap->every = (uint64_t)settings_get(&heap->base.options, "every");
    heap->base.automatic = settings_get(&heap->base.options, "automatic") != 0;
    strategy_trigger_changed(heap);
    return MM_OK;
}

void strategy_heap_close(mm *m)
{
    mm_heap *heap = m->base.heap;

    for (mm_object *object = heap->objects, *next; object != NULL; object = next) {
        next = object->next;
        front_free(&heap->base.front, object, sizeof *object, object_requested_bytes(object));
    }
    heap->objects = NULL;
}

typedef struct mover {
    front *front;
    mm_object *to_scan;
    mm_object *survivors; /* the list of all objects, as it will be */
} mover;

/* Where a reachable object is after this collection; moves it there if it has not moved yet. */
static mm_object *moved(mover *v, mm_object *object)
{
    mm_object *copy;

    if (object->forward != NULL)
        return object->forward;
    copy = front_copy_block(v->front, object, sizeof *object, object_requested_bytes(object));
    if (copy == NULL)
        copy = object;
    object->forward = copy;
    copy->scan = v->to_scan;
    v->to_scan = copy;
    return copy;
}

static void move_reference(mm_object **place, void *context)
{
    *place = moved(context, *place);
}

static void redirect_slots(mover *v)
{
    while (v->to_scan != NULL) {
        mm_object *object = v->to_scan;
        v->to_scan = object->scan;
        for (uint32_t i = 0; i < object->slot_count; i++) {
            if (object->slots[i] != NULL)
                object->slots[i] = moved(v, object->slots[i]);
        }
    }
}

/* Frees the old block of each object that moved, and each object that nothing reached; rebuilds the
 * list. */
static void free_old_blocks(mm_heap *heap, mover *v, collection *c)
{
    for (mm_object *object = heap->objects, *next; object != NULL; object = next) {
        mm_object *place = object->forward;
        size_t request = object_requested_bytes(object);

        next = object->next;
        c->visited++;
        if (place == NULL) {
            front_free(v->front, object, sizeof *object, request);
            c->reclaimed++;
            continue;
        }
        if (place != object)
            front_discard_block(v->front, object, sizeof *object, request);
        place->forward = NULL;
        place->next = v->survivors;
        v->survivors = place;
    }
    heap->objects = v->survivors;
}

uint64_t strategy_collect(mm *m, uint32_t generation)
{
    mm_heap *heap = m->base.heap;
    collection c = collection_begin(generation);
    mover v = {.front = &heap->base.front};

    heap->base.collecting = true;
    variables_each(heap, move_reference, &v);
    redirect_slots(&v);
    free_old_blocks(heap, &v, &c);
    heap->base.collecting = false;
    collection_end(&c, &heap->base.collections);
    return c.reclaimed;
}

void strategy_safepoint(mm *m)
{
    mm_heap *heap = m->base.heap;

    if (heap->until == 0 || --heap->until != 0)
        return;
    heap->until = heap->every;
    strategy_collect(m, 0);
}

mm_status strategy_new(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint32_t bytes)
{
    mm_heap *heap = m->base.heap;
    mm_object *object;

    strategy_safepoint(m);
    object = front_allocate(&heap->base.front, sizeof *object, requested_bytes(slots, bytes));
    if (object == NULL)
        return MM_NO_MEMORY;
    object->forward = NULL;
    object_init(object, type, slots, bytes);
    object->next = heap->objects;
    heap->objects = object;
    dst->object = object;
    return MM_OK;
}

#if MM_CHECKED
bool strategy_check(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    uint64_t listed = 0, live = heap->base.front.blocks_allocated - heap->base.front.blocks_freed;

    for (mm_object *object = heap->objects; object != NULL && listed <= live;
         object = object->next) {
        if (object->forward != NULL)
            return mm_violation(message, "working-bits: object %lu keeps a forwarding address",
                                (unsigned long)mm_serial_of(object));
        listed++;
    }
    if (listed != live)
        return mm_violation(message, "lists: the list has %lu objects, the heap %lu",
                            (unsigned long)listed, (unsigned long)live);
    return true;
}
#endif
