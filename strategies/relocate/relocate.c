/* The collector: mark what roots reach, copy it object by object, then poison and free every old
 * block.
 *
 *   collect:  mark · settle weak references and finalisers · copy · redirect · free the old blocks
 *
 * Invariants: once marking is done, `forward` is NULL exactly where nothing reaches the object. Once
 * copying is done it is the new address, and since all that a reachable object refers to is
 * reachable, every reference can be redirected by one look. Objects stay where they are while the
 * program's code runs, in settling: afterwards no old address is left anywhere.
 *
 * An object for which there is no memory stays where it is (`forward` = itself): collecting cannot
 * fail, it only checks less. Marking links the objects to be scanned through themselves.
 *
 * Rejected: copying while tracing (Cheney, CACM 1970), since finalisers see whole objects, and those
 * that died would refer to where others were. */
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
    HEAP_SETTINGS,
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

/* ---- Mark ---- */

/* Reached: stays, and its children are to be looked at. */
static void mark(mm_object **to_scan, mm_object *object)
{
    if (object->forward != NULL)
        return;
    object->forward = object;
    object->scan = *to_scan;
    *to_scan = object;
}

static void mark_root(mm_object **place, void *context)
{
    mark(context, *place);
}

static void mark_children(mm_object **to_scan, const mm_object *object)
{
    for (uint32_t i = 0; i < object->slot_count; i++) {
        if (object->slots[i] != NULL)
            mark(to_scan, object->slots[i]);
    }
}

static void mark_from_roots(mm_heap *heap, mm_object *to_scan)
{
    variables_each(heap, mark_root, &to_scan);
    while (to_scan != NULL) {
        mm_object *object = to_scan;
        to_scan = object->scan;
        mark_children(&to_scan, object);
    }
}

bool settle_is_reachable(const mm_heap *heap, const mm_object *object)
{
    (void)heap;
    return object->forward != NULL;
}

void settle_mark_again(mm_heap *heap, void *context)
{
    mm_object *to_scan = NULL;

    (void)context;
    for (const mm_object *object = heap->objects; object != NULL; object = object->next) {
        if (object->forward != NULL)
            mark_children(&to_scan, object);
    }
    mark_from_roots(heap, to_scan);
}

/* What debugging asks for. Saved objects are reached from where they are saved. */
static uint64_t watch_garbage(mm_heap *heap)
{
    const garbage *g = &heap->base.garbage;
    size_t saved_before = g->count;
    uint64_t found = 0;

    for (mm_object *object = heap->objects; object != NULL; object = object->next) {
        if (object->forward != NULL)
            continue;
        garbage_report(heap, object);
        found++;
    }
    if (garbage_reserve(heap, found)) {
        for (mm_object *object = heap->objects; object != NULL; object = object->next) {
            if (object->forward != NULL)
                continue;
            object->forward = object;
            garbage_save(heap, object);
        }
    }
    return g->count - saved_before;
}

/* ---- Move ---- */

static mm_object *where(mm_object *object)
{
    return object->forward;
}

static void redirect(mm_object **place, void *context)
{
    (void)context;
    *place = (*place)->forward;
}

static void copy_reachable(mm_heap *heap)
{
    for (mm_object *object = heap->objects; object != NULL; object = object->next) {
        mm_object *copy;
        if (object->forward == NULL)
            continue;
        copy = front_copy_block(&heap->base.front, object, sizeof *object,
                                object_requested_bytes(object));
        if (copy != NULL)
            object->forward = copy;
    }
}

/* Every place that refers to a reachable object: slots of copies, variables, side tables. */
static void redirect_references(mm_heap *heap)
{
    for (mm_object *object = heap->objects; object != NULL; object = object->next) {
        mm_object *place = object->forward;
        for (uint32_t i = 0; place != NULL && i < place->slot_count; i++) {
            if (place->slots[i] != NULL)
                redirect(place->slots + i, NULL);
        }
    }
    variables_each(heap, redirect, NULL);
    weak_table_moved(&heap->base.weak, where);
    finalisation_moved(&heap->base.finalisation, where);
}

/* Frees the old block of each object that moved, and each object that nothing reached; rebuilds the
 * list. */
static void free_old_blocks(mm_heap *heap, collection *c)
{
    front *front = &heap->base.front;
    mm_object *survivors = NULL;

    for (mm_object *object = heap->objects, *next; object != NULL; object = next) {
        mm_object *place = object->forward;
        size_t request = object_requested_bytes(object);

        next = object->next;
        c->visited++;
        if (place == NULL) {
            front_free(front, object, sizeof *object, request);
            c->reclaimed++;
            continue;
        }
        if (place != object)
            front_discard_block(front, object, sizeof *object, request);
        place->forward = NULL;
        place->next = survivors;
        survivors = place;
    }
    heap->objects = survivors;
}

uint64_t strategy_collect(mm *m, uint32_t generation)
{
    mm_heap *heap = m->base.heap;
    collection c = collection_begin(m, generation);

    mark_from_roots(heap, NULL);
    settle_unreachable(m, NULL);
    c.unreachable = watch_garbage(heap);
    copy_reachable(heap);
    redirect_references(heap);
    free_old_blocks(heap, &c);
    c.unreachable += c.reclaimed;
    collection_end(m, &c);
    return c.unreachable;
}

void strategy_safepoint(mm *m)
{
    mm_heap *heap = m->base.heap;

    if (heap->base.collecting || heap->until == 0 || --heap->until != 0)
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
    object->forward = heap->base.settling ? object : NULL;
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
