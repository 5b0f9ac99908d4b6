/* The collector: mark, then sweep.
 *
 * Invariant after marking: an object is marked exactly when a variable or root reaches it. Each
 * marked object was pushed on the mark stack once; when it is popped its children are marked. So a
 * child of a popped object is marked, and what is not marked when the stack is empty is
 * unreachable. The sweep frees it and leaves the rest in the list, in order.
 *
 *   collect:  turn the marks over
 *             mark from the roots, rescan while the stack overflowed
 *             settle: weak references, finalisers, and mark what those resurrect
 *             sweep
 *             set the next trigger
 *
 * Cost: O(live objects + their slots) to mark, O(all objects) to sweep, one mark stack of at most
 * the widest frontier; the stack is given back after each collection. Without memory for the stack
 * it still collects: an overflow makes the collector walk the list for marked objects with unmarked
 * children, at worst once per stack-full of objects.
 *
 * The trigger bounds the price of garbage: with live bytes L and factor f a collection of cost c·L
 * happens every (f − 1)·L bytes, so collecting costs c/(f − 1) per byte allocated, whatever L is.
 *
 * Rejected: clearing marks while sweeping (a write to every live object; turning the sense of the
 * mark over costs nothing); reversing pointers instead of a stack (Schorr and Waite 1967: three
 * writes an edge).
 * Sources: McCarthy 1960; Jones, Hosking and Moss, The Garbage Collection
 * Handbook, chapter 2. */
#include "mm.h"
#include "common/check.h"

enum { MINIMUM_BYTES_DEFAULT = 4 << 20 };

const setting strategy_settings[] = {
    {.name = "factor",
     .unit = "times",
     .help = "collect when the heap has grown to this multiple of what was live",
     .fallback = 2,
     .minimum = 1.01,
     .maximum = 100},
    {.name = "minimum",
     .unit = "bytes",
     .help = "the least allocation between two collections",
     .fallback = MINIMUM_BYTES_DEFAULT,
     .minimum = 1,
     .maximum = 1e15,
     .integer = true},
    AUTOMATIC_SETTING,
    CADENCE_SETTING,
    HEAP_SETTINGS,
};
const size_t strategy_setting_count = sizeof strategy_settings / sizeof *strategy_settings;

/* Added to bytes_until_collection while automatic collection is off: more than any heap allocates.
 */
static const int64_t NEVER = INT64_C(1) << 62;

/* The allocation allowed until the next collection, when `bytes_live` are live now. */
static int64_t allowance(const mm_heap *heap, double bytes_live)
{
    double by_growth = (settings_get(&heap->base.options, "factor") - 1) * bytes_live;
    double minimum = settings_get(&heap->base.options, "minimum");

    return (int64_t)(by_growth > minimum ? by_growth : minimum);
}

void strategy_trigger_changed(mm_heap *heap)
{
    if (heap->armed != heap->base.automatic)
        heap->bytes_until_collection += heap->armed ? NEVER : -NEVER;
    heap->armed = heap->base.automatic;
}

mm_status strategy_heap_open(mm_heap *heap)
{
    heap->mark_stack_max = SIZE_MAX / sizeof(mm_object *);
    heap->bytes_until_collection = allowance(heap, 0);
    heap->armed = true;
    heap->base.automatic = settings_get(&heap->base.options, "automatic") != 0;
    strategy_trigger_changed(heap);
    return MM_OK;
}

static void free_object(mm_heap *heap, mm_object *object)
{
    mutator_free(&heap->base.mutator->base, object, sizeof *object, object_requested_bytes(object));
}

void strategy_heap_close(mm *m)
{
    mm_heap *heap = m->base.heap;

    for (mm_object *object = heap->objects, *next; object != NULL; object = next) {
        next = object->next;
        free_object(heap, object);
    }
    heap->objects = NULL;
}

typedef struct marker {
    uint32_t marked;
    mark_stack stack;
} marker;

static inline void mark(marker *k, mm_object *object)
{
    if (object->mark != k->marked) {
        object->mark = k->marked;
        mark_stack_push(&k->stack, object);
    }
}

static void mark_root(mm_object **place, void *context)
{
    mark(context, *place);
}

static inline void mark_children(marker *k, mm_object *object)
{
    for (uint32_t i = 0; i < object->slot_count; i++) {
        if (object->slots[i] != NULL)
            mark(k, object->slots[i]);
    }
}

static void scan_marked(marker *k)
{
    mm_object *object;

    while ((object = mark_stack_pop(&k->stack)) != NULL)
        mark_children(k, object);
}

static void mark_from_roots(mm_heap *heap, marker *k)
{
    variables_each(heap, mark_root, k);
    scan_marked(k);
}

/* After an overflow some marked objects were never scanned; which ones is unknown, so every marked
 * object's children are looked at. */
static void rescan_after_overflow(mm_heap *heap, marker *k)
{
    while (k->stack.overflowed) {
        k->stack.overflowed = false;
        for (mm_object *object = heap->objects; object != NULL; object = object->next) {
            if (object->mark == k->marked) {
                mark_children(k, object);
                scan_marked(k);
            }
        }
    }
}

bool settle_is_reachable(const mm_heap *heap, const mm_object *object)
{
    return object->mark == heap->marked;
}

/* Finalisers may have written to any marked object, and made new ones: all are scanned again. */
void settle_mark_again(mm_heap *heap, void *context)
{
    marker *k = context;

    mark_from_roots(heap, k);
    k->stack.overflowed = true;
    rescan_after_overflow(heap, k);
}

/* Keeps all that is not marked, if that is asked for and there is memory to. */
static void save_garbage(mm_heap *heap)
{
    uint64_t found = 0;

    for (mm_object *object = heap->objects; object != NULL; object = object->next)
        found += object->mark != heap->marked;
    if (!garbage_reserve(heap, found))
        return;
    for (mm_object *object = heap->objects; object != NULL; object = object->next) {
        if (object->mark == heap->marked)
            continue;
        object->mark = heap->marked;
        garbage_save(heap, object);
    }
}

/* What debugging asks for, before garbage is swept. Returns how many objects are saved. */
static uint64_t watch_garbage(mm_heap *heap)
{
    const garbage *g = &heap->base.garbage;
    size_t saved_before = g->count;

    if (garbage_reported(g)) {
        for (mm_object *object = heap->objects; object != NULL; object = object->next) {
            if (object->mark != heap->marked)
                garbage_report(heap, object);
        }
    }
    if (g->flags & MM_DEBUG_SAVE_ALL)
        save_garbage(heap);
    return g->count - saved_before;
}

/* Frees what is not marked; returns the bytes that stay. */
static size_t sweep(mm_heap *heap, collection *c)
{
    mm_object **link = &heap->objects;
    size_t bytes_live = 0;

    while (*link != NULL) {
        mm_object *object = *link;
        c->visited++;
        if (object->mark == heap->marked) {
            bytes_live += sizeof *object + object_requested_bytes(object);
            link = &object->next;
        } else {
            *link = object->next;
            free_object(heap, object);
            c->reclaimed++;
        }
    }
    return bytes_live;
}

static void set_next_trigger(mm_heap *heap, size_t bytes_live)
{
    heap->bytes_until_collection = allowance(heap, (double)bytes_live) + (heap->armed ? 0 : NEVER);
}

uint64_t strategy_collect(mm *m, uint32_t generation)
{
    mm_heap *heap = m->base.heap;
    collection c = collection_begin(m, generation);
    marker k = {.marked = heap->marked ^= 1};

    mark_stack_open(&k.stack);
    k.stack.capacity_max = heap->mark_stack_max;
    mark_from_roots(heap, &k);
    rescan_after_overflow(heap, &k);
    settle_unreachable(m, &k);
    mark_stack_close(&k.stack);
    c.unreachable = watch_garbage(heap);
    set_next_trigger(heap, sweep(heap, &c));
    c.unreachable += c.reclaimed;
    collection_end(m, &c);
    return c.unreachable;
}

mm_object *marksweep_allocate_slowly(mm *m, size_t request)
{
    mm_heap *heap = m->base.heap;
    size_t size = sizeof(mm_object) + request;
    mm_object *object;

    if (!heap->base.collecting)
        strategy_collect(m, 0);
    object = mutator_allocate(&m->base, sizeof *object, request);
    if (object != NULL)
        heap->bytes_until_collection -= (int64_t)size;
    return object;
}

#if MM_CHECKED
bool strategy_check(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    uint64_t listed = 0, live = heap->base.front.blocks_allocated - heap->base.front.blocks_freed;

    for (mm_object *object = heap->objects; object != NULL && listed <= live;
         object = object->next) {
        if (object->mark != heap->marked)
            return mm_violation(message,
                                "working-bits: object %lu keeps a mark of another collection",
                                (unsigned long)mm_serial_of(object));
        listed++;
    }
    if (listed != live)
        return mm_violation(message, "lists: the list has %lu objects, the heap %lu",
                            (unsigned long)listed, (unsigned long)live);
    return true;
}
#endif
