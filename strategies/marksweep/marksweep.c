/* The collector: mark, then sweep.
 *
 * Invariant after marking: an object is marked exactly when a variable or root reaches it. Each
 * marked object with slots was pushed on the mark stack once; when it is popped its children are
 * marked. So a child of a popped object is marked, and what is not marked when the stack is empty is
 * unreachable. The sweep frees it and leaves the rest where it is.
 *
 * To mark is to wait for memory: the mark is in the object, and its children are anywhere. So a
 * reference is not followed at once. It waits in a ring of sixteen while its target is fetched into
 * the cache; the one that has waited longest is followed in its place. When the stack is empty the
 * ring is emptied too, and only when both are is marking done.
 *
 * Whoever marks an object counts it, in bytes for the trigger and in its pool for the sweep. The sweep
 * goes from pool to pool (docs/decisions, 19). One whose blocks are all marked is left alone, one
 * without a marked block is freed whole, and no object of either is touched. In the rest it meets the
 * objects in the order of their addresses (objects.h), so that the processor fetches ahead what it comes
 * to, and so that each pool's free blocks are in order for what is made next. Objects that are not in
 * pools are on a list, and met one by one.
 *
 *   collect:  turn the marks over
 *             mark from the roots, rescan while the stack overflowed
 *             settle: weak references, finalisers, and mark what those resurrect
 *             sweep
 *             set the next trigger
 *
 * What finalisers and callbacks make before the sweep is marked, so it is counted too: meanwhile every
 * allocation goes the slow way.
 *
 * Cost: O(live objects + their slots) to mark; to sweep, O(pools), O(objects) of the pools that are part
 * live, part garbage, and O(objects) of the list; one mark stack of at most the widest frontier, which is
 * given back after each collection. Without memory for the stack it still collects: an overflow makes the
 * collector walk the heap for marked objects with unmarked children, at worst once per stack-full of
 * objects.
 *
 * The trigger bounds the price of garbage: with live bytes L and factor f a collection of cost c·L
 * happens every (f − 1)·L bytes, so collecting costs c/(f − 1) per byte allocated, whatever L is.
 *
 * Rejected: clearing marks while sweeping (a write to every live object; turning the sense of the
 * mark over costs nothing); reversing pointers instead of a stack (Schorr and Waite 1967: three
 * writes an edge); one list of all objects, in the order they were made (docs/decisions, 17).
 * Sources: McCarthy 1960; Jones, Hosking and Moss, The Garbage Collection
 * Handbook, chapter 2; for the ring Cher, Hosking and Vijaykumar, "Software prefetching for
 * mark-sweep garbage collection", ASPLOS 2004. */
#include "mm.h"
#include "common/check.h"
#include "marksweep/objects.h"

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

/* Not while marking: then every allocation must go the slow way, and the collection's end sets the trigger. */
void strategy_trigger_changed(mm_heap *heap)
{
    if (heap->marking != NULL)
        return;
    if (heap->armed != heap->base.automatic)
        heap->bytes_until_collection += heap->armed ? NEVER : -NEVER;
    heap->armed = heap->base.automatic;
}

mm_status strategy_heap_open(mm_heap *heap)
{
    heap->mark_stack_max = SIZE_MAX / sizeof(mm_object *);
    heap->header_bytes = (uint32_t)sizeof(mm_object);
    if (heap->base.front.pool == NULL)
        heap->header_bytes += (uint32_t)sizeof(object_link);
    heap->bytes_until_collection = allowance(heap, 0);
    heap->armed = true;
    heap->base.automatic = settings_get(&heap->base.options, "automatic") != 0;
    strategy_trigger_changed(heap);
    return MM_OK;
}

static void free_pooled(mm_heap *heap, mm_object *object)
{
    front_free_inlined(&heap->base.front, object, sizeof *object, object_requested_bytes(object));
}

static void free_linked(mm_heap *heap, object_link *link)
{
    mutator_free(&heap->base.mutator->base, link, sizeof *link + sizeof(mm_object),
                 object_requested_bytes(object_behind(link)));
}

/* What is in pools goes with them. */
void strategy_heap_close(mm *m)
{
    mm_heap *heap = m->base.heap;

    for (object_link *link = heap->linked, *next; link != NULL; link = next) {
        next = link->next;
        free_linked(heap, link);
    }
    heap->linked = NULL;
}

/* References wait their turn in a ring before their target is looked at: meanwhile it comes into the cache. */
enum { FETCHED_AHEAD = 16 };

typedef struct marker {
    uint16_t marked;
    mark_stack stack;
    size_t bytes_marked; /* headers included */
    uint32_t header_bytes;
    uint32_t turn;
    mm_object *fetched[FETCHED_AHEAD]; /* NULL: none */
} marker;

static inline void count_marked(marker *k, const mm_object *object, size_t request)
{
    k->bytes_marked += k->header_bytes + request;
    if (!object->linked)
        pool_mark(object);
}

static inline void look_at(marker *k, mm_object *object)
{
    if (object->mark != k->marked) {
        object->mark = k->marked;
        count_marked(k, object, object_requested_bytes(object));
        if (object->slot_count != 0)
            mark_stack_push(&k->stack, object);
    }
}

static inline void mark(marker *k, mm_object *object)
{
    mm_object **place = k->fetched + k->turn++ % FETCHED_AHEAD, *earlier = *place;

    __builtin_prefetch(object, 1);
    *place = object;
    if (earlier != NULL)
        look_at(k, earlier);
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

static void look_at_fetched(marker *k)
{
    for (uint32_t i = 0; i < FETCHED_AHEAD; i++) {
        mm_object **place = k->fetched + k->turn++ % FETCHED_AHEAD, *object = *place;
        *place = NULL;
        if (object != NULL)
            look_at(k, object);
    }
}

static void scan_marked(marker *k)
{
    mm_object *object;

    do {
        while ((object = mark_stack_pop(&k->stack)) != NULL)
            mark_children(k, object);
        look_at_fetched(k);
    } while (k->stack.depth != 0);
}

/* Turns the marks over. What is made from here on counts as marked, so its allocation goes the slow way. */
static void begin_marking(mm_heap *heap, marker *k)
{
    *k = (marker){.marked = heap->marked ^= 1, .header_bytes = heap->header_bytes};
    mark_stack_open(&k->stack);
    k->stack.capacity_max = heap->mark_stack_max;
    heap->marking = k;
    heap->bytes_until_collection = -NEVER;
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
        object_walk walk = objects_walk(heap);
        k->stack.overflowed = false;
        for (mm_object *object; (object = objects_next(&walk)) != NULL;) {
            if (object->mark == k->marked) {
                mark_children(k, object);
                scan_marked(k);
            }
        }
    }
}

static void mark_reachable(mm_heap *heap, marker *k)
{
    mark_from_roots(heap, k);
    rescan_after_overflow(heap, k);
}

bool settle_is_reachable(const mm_heap *heap, const mm_object *object)
{
    return object->mark == heap->marked;
}

/* Finalisers may have written to any marked object, and made new ones: all are scanned again. */
void settle_mark_again(mm_heap *heap, void *context)
{
    marker *k = context;

    k->stack.overflowed = true;
    mark_reachable(heap, k);
}

/* The next object that is not marked; NULL at the end. */
static mm_object *next_unmarked(const mm_heap *heap, object_walk *walk)
{
    mm_object *object;

    while ((object = objects_next(walk)) != NULL && object->mark == heap->marked)
        continue;
    return object;
}

/* Keeps all that is not marked, if that is asked for and there is memory to. */
static void save_garbage(mm_heap *heap)
{
    object_walk walk = objects_walk(heap);
    uint64_t found = 0;

    while (next_unmarked(heap, &walk) != NULL)
        found++;
    if (!garbage_reserve(heap, found))
        return;
    walk = objects_walk(heap);
    for (mm_object *object; (object = next_unmarked(heap, &walk)) != NULL;) {
        object->mark = heap->marked;
        count_marked(heap->marking, object, object_requested_bytes(object));
        garbage_save(heap, object);
    }
}

/* What debugging asks for, before garbage is swept. Returns how many objects are saved. */
static uint64_t watch_garbage(mm_heap *heap)
{
    const garbage *g = &heap->base.garbage;
    size_t saved_before = g->count;

    if (garbage_reported(g)) {
        object_walk walk = objects_walk(heap);
        for (const mm_object *object; (object = next_unmarked(heap, &walk)) != NULL;)
            garbage_report(heap, object);
    }
    if (g->flags & MM_DEBUG_SAVE_ALL)
        save_garbage(heap);
    return g->count - saved_before;
}

static void sweep_list(mm_heap *heap, collection *c)
{
    object_link **place = &heap->linked, *link;

    while ((link = *place) != NULL) {
        c->visited++;
        if (object_behind(link)->mark == heap->marked) {
            place = &link->next;
        } else {
            c->reclaimed++;
            *place = link->next;
            free_linked(heap, link);
        }
    }
}

/* Frees the objects of a pool that are not marked; how many. */
static uint32_t free_unmarked(mm_heap *heap, pool_walk *walk)
{
    uint32_t freed = 0;
    mm_object *object;

    pool_walk_enter(walk);
    while ((object = front_walk_here(walk)) != NULL) {
        if (object->mark != heap->marked) {
            free_pooled(heap, object);
            freed++;
        }
    }
    return freed;
}

/* Frees all objects of a pool. Only for somebody's books is each of them looked at. */
static void free_pool(mm_heap *heap, pool_walk *walk)
{
    front *f = &heap->base.front;
    mm_object *object;

    if (MM_UNLIKELY(front_keeps_books(f))) {
        pool_walk_enter(walk);
        while ((object = front_walk_here(walk)) != NULL) {
            assert(object->mark != heap->marked && "marked, and not counted in its pool");
            front_forget(f, object, sizeof *object, object_requested_bytes(object));
        }
    }
    pool_free_all(f->pool, walk->pool);
}

/* All objects count as visited, those of pools that are not entered too: which pools those are differs by
 * flavour, since the registry's headers make objects larger. */
static void sweep_pools(mm_heap *heap, collection *c)
{
    pool_walk walk;

    front_walk_open(&heap->base.front, &walk);
    while (pool_walk_on(&walk)) {
        uint32_t in_use = walk.pool->in_use, marked = pool_take_marks(walk.pool);
        c->visited += in_use;
        c->reclaimed += in_use - marked;
        if (marked == 0) {
            free_pool(heap, &walk);
        } else if (marked != in_use) {
            uint32_t freed = free_unmarked(heap, &walk);
            assert(freed == in_use - marked && "marked, and not counted in its pool");
            (void)freed;
        }
    }
}

/* Frees what is not marked. */
static void sweep(mm_heap *heap, collection *c)
{
    sweep_list(heap, c);
    sweep_pools(heap, c);
}

static void set_next_trigger(mm_heap *heap, size_t bytes_live)
{
    heap->bytes_until_collection = allowance(heap, (double)bytes_live) + (heap->armed ? 0 : NEVER);
}

uint64_t strategy_collect(mm *m, uint32_t generation)
{
    mm_heap *heap = m->base.heap;
    collection c = collection_begin(m, generation);
    marker k;

    begin_marking(heap, &k);
    mark_reachable(heap, &k);
    settle_unreachable(m, &k);
    mark_stack_close(&k.stack);
    c.unreachable = watch_garbage(heap);
    heap->marking = NULL;
    sweep(heap, &c);
    set_next_trigger(heap, k.bytes_marked);
    c.unreachable += c.reclaimed;
    collection_end(m, &c);
    return c.unreachable;
}

mm_object *marksweep_allocate_slowly(mm *m, size_t request)
{
    mm_heap *heap = m->base.heap;
    mm_object *object;

    if (!heap->base.collecting)
        strategy_collect(m, 0);
    object = marksweep_allocate(m, request);
    if (object == NULL)
        return NULL;
    if (heap->marking != NULL)
        count_marked(heap->marking, object, request);
    else
        heap->bytes_until_collection -= (int64_t)(heap->header_bytes + request);
    return object;
}

#if MM_CHECKED
static bool check_pools(const mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    pool_walk walk;

    front_walk_open(&heap->base.front, &walk);
    while (pool_walk_on(&walk)) {
        if (walk.pool->marked != 0)
            return mm_violation(message, "working-counts: a pool still counts %u objects as marked",
                                walk.pool->marked);
    }
    return true;
}

bool strategy_check(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    uint64_t met = 0, live = heap->base.front.blocks_allocated - heap->base.front.blocks_freed;
    object_walk walk = objects_walk(heap);

    for (const mm_object *object; met <= live && (object = objects_next(&walk)) != NULL; met++) {
        if (object->mark != heap->marked)
            return mm_violation(message,
                                "working-bits: object %lu keeps a mark of another collection",
                                (unsigned long)mm_serial_of(object));
    }
    if (met != live)
        return mm_violation(message, "lists: a walk meets %lu objects, the heap has %lu",
                            (unsigned long)met, (unsigned long)live);
    return check_pools(heap, message);
}
#endif
