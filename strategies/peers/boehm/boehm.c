/* The collector's side: its events, finalisers, weak references, and the books of counted flavours.
 *
 * The collector tells of its own work by events, in the middle of it: they record times and nothing
 * else. What it reclaims it does not tell, since it does not look at what is dead. In the counted
 * flavours each object has a *shadow* outside of its memory; when a collection ends, the reachable
 * objects are enumerated, and shadows that none of them has are garbage and freed.
 *
 * Finalisers are registered without an order, so that objects on cycles are finalised too: in the
 * default order libgc never finalises them, nor frees them. They run in the allocation after the
 * collection, or in mm_collect().
 *
 * A weak reference holds its referent disguised, where the collector knows that it is to be cleared
 * (a "disappearing link").
 *
 * Sources: H.-J. Boehm and M. Weiser, "Garbage collection in an uncooperative environment",
 * Software Practice and Experience 1988; gc/gc.h and gc/gc_mark.h of libgc 8.2. */
#include "mm.h"
#include "mm_gc.h"
#include "peers/sanitizer.h"

#include <gc/gc_mark.h>

enum { BOEHM_OBJECT = 0x6d6d6f62 };

const setting strategy_settings[] = {
    {.name = "incremental",
     .unit = "",
     .help = "marks in small steps between allocations; for the whole process",
     .fallback = 0,
     .for_process = true,
     .words_only = true,
     .words = {{"off", 0}, {"on", 1}}},
    {.name = "divisor",
     .unit = "",
     .help = "collect when a heap's part of this size has been allocated; less memory when higher",
     .fallback = 3,
     .minimum = 1,
     .maximum = 1000,
     .integer = true},
    {.name = "markers",
     .unit = "threads",
     .help = "that mark together; for the whole process",
     .fallback = 1,
     .minimum = 1,
     .maximum = 16,
     .integer = true,
     .for_process = true},
    AUTOMATIC_SETTING,
    CADENCE_SETTING,
};
const size_t strategy_setting_count = sizeof strategy_settings / sizeof *strategy_settings;

/* The process's collector. */
static struct {
    mm_heap *heap;   /* the one that stands, or NULL */
    uintptr_t heaps; /* that there have been, this one included */
    uint64_t finaliser_calls;
    bool started;
    bool incremental;
    unsigned markers;
    bool whole; /* the collection that runs began as a whole one, not as a step */
    bool running;
    collection now;
} collector;

/* ---- Counted flavours: who is alive ---- */

#if MM_COUNTED
static void GC_CALLBACK note_reached(void *block, size_t size, void *context)
{
    mm_object *object = block;

    (void)context;
    if (size >= sizeof *object && object->magic == BOEHM_OBJECT)
        object->shadow->reached = true;
}

static void free_shadow(mm_heap *heap, boehm_shadow *shadow, uint32_t slots, uint32_t bytes)
{
    front_free(&heap->base.front, shadow, sizeof *shadow, requested_bytes(slots, bytes));
}

/* Frees the shadows of what was not reached; returns how many. The objects' own words are still
 * there, since they have only just been found dead. */
static uint64_t sweep_shadows(mm_heap *heap)
{
    boehm_shadow **link = &heap->shadows;
    uint64_t swept = 0;

    GC_enumerate_reachable_objects_inner(note_reached, NULL);
    while (*link != NULL) {
        boehm_shadow *shadow = *link;
        mm_object *object = shadow->object;
        if (shadow->reached || object == NULL) {
            shadow->reached = false;
            link = &shadow->next;
            continue;
        }
        *link = shadow->next;
        object->magic = 0;
        free_shadow(heap, shadow, shadow->slot_count, shadow->data_bytes);
        swept++;
    }
    return swept;
}

static void forget_all(mm_heap *heap)
{
    for (boehm_shadow *shadow = heap->shadows, *next; shadow != NULL; shadow = next) {
        next = shadow->next;
        shadow->object->magic = 0;
        free_shadow(heap, shadow, shadow->slot_count, shadow->data_bytes);
    }
    heap->shadows = NULL;
}
#else
static uint64_t sweep_shadows(mm_heap *heap)
{
    (void)heap;
    return 0;
}

static void forget_all(mm_heap *heap)
{
    (void)heap;
}
#endif

/* ---- Collections as they happen ---- */

static void begin(bool whole)
{
    if (!collector.running)
        collector.whole = whole;
    collector.running = true;
    collector.now = collection_begin(collector.heap->base.mutator, 0);
}

static void end(void)
{
    collector.now.reclaimed = collector.now.unreachable = sweep_shadows(collector.heap);
    collection_end(collector.heap->base.mutator, &collector.now);
    collector.running = false;
}

/* A whole collection lies between START and END; one made in steps between the start of its last
 * mark, of which earlier ones may have been given up, and the end of its sweep. */
static void GC_CALLBACK watch(GC_EventType event)
{
    if (collector.heap == NULL)
        return;
    switch (event) {
    case GC_EVENT_START:
        begin(true);
        break;
    case GC_EVENT_MARK_START:
        if (!collector.running || !collector.whole)
            begin(false);
        break;
    case GC_EVENT_RECLAIM_END:
        if (collector.running && !collector.whole)
            end();
        break;
    case GC_EVENT_END:
        if (collector.running)
            end();
        break;
    default:
        break;
    }
}

uint64_t strategy_collect(mm *m, uint32_t generation)
{
    mm_heap *heap = m->base.heap;
    uint64_t before = heap->base.collections.reclaimed_ever, calls;

    (void)generation;
    heap->asked = true;
    strategy_trigger_changed(heap);
    calls = collector.finaliser_calls;
    GC_gcollect();
    GC_invoke_finalizers();
    if (collector.finaliser_calls != calls)
        GC_gcollect(); /* what was finalised is freed by the next collection */
    heap->asked = false;
    strategy_trigger_changed(heap);
    return MM_COUNTED ? heap->base.collections.reclaimed_ever - before : MM_UNKNOWN;
}

/* GC_disable() and GC_enable() count, and a collector that was enabled once too often is disabled. */
static void set_enabled(mm_heap *heap, bool enabled)
{
    if (heap->enabled == enabled)
        return;
    heap->enabled = enabled;
    if (enabled)
        GC_enable();
    else
        GC_disable();
}

void strategy_trigger_changed(mm_heap *heap)
{
    set_enabled(heap, heap->base.automatic || heap->asked);
}

/* ---- Making ---- */

static void call_finaliser(mm_heap *heap, mm_object *object)
{
    bool collecting = heap->base.collecting;
    MM_VAR(heap->base.mutator, self);

    collector.finaliser_calls++;
    self->object = object;
    self->object->type |= OBJECT_FINALIZED;
    heap->base.collecting = true; /* a collection asked for finds nothing */
    heap->base.finalisation.calls++;
    heap->base.finalisation.nesting++;
    mm_type_info_of(heap, self->object->type)->finaliser(heap->base.mutator, self);
    heap->base.finalisation.nesting--;
    heap->base.collecting = collecting;
}

/* An object may outlast its heap, if something looks like a reference to it: `context` is the
 * number of its heap. */
static void GC_CALLBACK finalise(void *block, void *context)
{
    if (collector.heap != NULL && (uintptr_t)context == collector.heaps)
        call_finaliser(collector.heap, block);
}

static void register_finaliser(mm_heap *heap, mm_object *object)
{
    if (mm_type_info_of(heap, object->type)->finaliser != NULL)
        GC_REGISTER_FINALIZER_NO_ORDER(object, finalise, (void *)collector.heaps, NULL, NULL);
}

/* What a weak reference really has as its payload, which is more than it has in the books. */
typedef struct weak_link {
    GC_hidden_pointer referent; /* 0: cleared */
} weak_link;

mm_object *boehm_new_with_care(mm *m, mm_type type, uint32_t slots, uint32_t bytes)
{
    mm_heap *heap = m->base.heap;
    uint32_t room = type == MM_TYPE_WEAK ? sizeof(weak_link) : bytes;
    mm_object *object;
#if MM_COUNTED
    boehm_shadow *shadow =
        front_allocate(&heap->base.front, sizeof *shadow, requested_bytes(slots, bytes));

    if (shadow == NULL)
        return NULL;
    *shadow = (boehm_shadow){.slot_count = slots, .data_bytes = bytes};
    object = boehm_allocate(type, slots, room);
    if (object == NULL) {
        free_shadow(heap, shadow, slots, bytes);
        return NULL;
    }
    shadow->object = object;
    shadow->next = heap->shadows;
    heap->shadows = shadow;
    object->shadow = shadow;
    object->magic = BOEHM_OBJECT;
#else
    object = boehm_allocate(type, slots, room);
    if (object == NULL)
        return NULL;
#endif
    object->data_bytes = bytes;
    if (type & MM_TYPE_SPECIAL)
        register_finaliser(heap, object);
    return object;
}

bool strategy_is_finalized(mm *m, const mm_var *obj)
{
    (void)m;
    return (obj->object->type & OBJECT_FINALIZED) != 0;
}

/* mm_root_new() may not collect, nor run what an earlier collection has left to be finalised. */
mm_root *strategy_root_allocate(mm *m)
{
    mm_root *root;

    (void)m;
    GC_set_finalize_on_demand(1);
    GC_disable();
    root = GC_MALLOC_UNCOLLECTABLE(sizeof *root);
    GC_enable();
    GC_set_finalize_on_demand(0);
    return root;
}

/* ---- Weak references ---- */

static weak_link *link_of(const mm_var *reference)
{
    return strategy_data(NULL, reference);
}

mm_status strategy_weak_new(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                            mm_weak_callback *callback)
{
    MM_VAR(m, made);

    if (callback != NULL)
        return MM_UNSUPPORTED;
    if (strategy_new(m, made, MM_TYPE_WEAK, MM_WEAK_SLOTS, MM_WEAK_BYTES) != MM_OK)
        return MM_NO_MEMORY;
    link_of(made)->referent = GC_HIDE_POINTER(referent->object);
    if (GC_general_register_disappearing_link((void **)&link_of(made)->referent,
                                              referent->object) == GC_NO_MEMORY)
        return MM_NO_MEMORY;
    if (context != NULL)
        strategy_store(m, made, 0, context);
    strategy_move(m, dst, made);
    return MM_OK;
}

/* With the collector's lock, so that it does not clear the link between reading and revealing it.
 */
static void *GC_CALLBACK reveal(void *link)
{
    GC_hidden_pointer referent = ((weak_link *)link)->referent;

    return referent != 0 ? GC_REVEAL_POINTER(referent) : NULL;
}

void strategy_weak_load(mm *m, mm_var *dst, mm_var *reference)
{
    (void)m;
    dst->object = GC_call_with_alloc_lock(reveal, link_of(reference));
}

/* ---- The heap ---- */

static void start(unsigned markers)
{
    GC_set_warn_proc(GC_ignore_warn_proc);
    GC_set_markers_count(markers);
    collector.markers = markers;
#if HAS_ADDRESS_SANITIZER
    GC_set_no_dls(
        1); /* static data: the sanitizer's are megabytes, and none of ours names objects */
#endif
    GC_INIT();
    GC_allow_register_threads();
    GC_set_on_collection_event(watch);
    collector.started = true;
}

/* Another thread's stack than the one that started the collector. */
static bool register_thread(void)
{
    struct GC_stack_base base;

    return !GC_thread_is_registered() && GC_get_stack_base(&base) == GC_SUCCESS &&
           GC_register_my_thread(&base) == GC_SUCCESS;
}

/* Pages that are watched for writes must not be written to once they are free, and the counted
 * flavours mark what they have found dead: they collect as a whole. */
static bool is_incremental(const mm_heap *heap)
{
    return !MM_COUNTED && settings_get(&heap->base.options, "incremental") != 0;
}

mm_status strategy_heap_open(mm_heap *heap)
{
    bool incremental = is_incremental(heap);
    unsigned markers = (unsigned)settings_get(&heap->base.options, "markers");

    if (collector.heap != NULL || (collector.incremental && !incremental) ||
        (collector.started && collector.markers != markers))
        return MM_UNSUPPORTED;
    if (!collector.started)
        start(markers);
    heap->registered = register_thread();
    if (incremental && !collector.incremental)
        GC_enable_incremental();
    collector.incremental = incremental;
    GC_set_free_space_divisor((GC_word)settings_get(&heap->base.options, "divisor"));
    GC_gcollect();
    heap->enabled = true;
    heap->base.automatic = settings_get(&heap->base.options, "automatic") != 0;
    strategy_trigger_changed(heap);
    collector.heap = heap;
    collector.heaps++;
    return MM_OK;
}

void strategy_heap_close(mm *m)
{
    mm_heap *heap = m->base.heap;

    collector.heap = NULL;
    set_enabled(heap, true);
    forget_all(heap);
    GC_gcollect();
    GC_invoke_finalizers(); /* they do nothing any more */
    if (heap->registered)
        GC_unregister_my_thread();
}
