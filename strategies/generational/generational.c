/* The cycle collector.
 *
 * Idea: if every reference to each object of a group comes from inside the group, the program
 * cannot reach the group. So count, for each container of the generations being collected, the
 * references that do *not* come from among them: its working count. A container left with a
 * positive one is referred to from outside (a variable, an older generation); it and all it reaches
 * are reachable. The rest is garbage, whatever its shape.
 *
 *   collect(g):  merge_younger           generations 0 to g become one list
 *                subtract_internal_refs  working count = count - references from inside
 *                move_unreachable        one walk, no stack: settles what is reachable,
 *                                        moves the rest aside
 *                promote_survivors       what is reachable goes to generation g + 1
 *                settle_garbage          weak references, finalisers, resurrection
 *                dispose_of_garbage      frees what is still not
 *
 * Invariants: 0 <= working count <= count. Between collections each tracked container is on exactly
 * one list, its generation bits name that list, and its other working bits are clear.
 *
 * subtract_internal_refs gives a container its working count when it first meets it as the target
 * of a slot; whether a target takes part is told by its generation bits. One that is never met so
 * needs none: it is referred to from outside only. CPython does this in two passes, update_refs and
 * subtract_refs; a collection is bound by its walks along the list, so one walk less is worth the
 * two bits. For the same reason both walks fetch ahead.
 *
 * move_unreachable walks the list once. A container with a positive working count is settled: its
 * children are given a working count of 1 if they are at 0, and those already moved aside are moved
 * back to the end of the list, so that the walk meets them again. One at 0 is moved aside, for now.
 * When the walk ends, what is aside is unreachable. `prev` holds the working count of what is not
 * settled, so ahead of the walk only `next` is followed; behind it `prev` is restored.
 *
 * settle_garbage has nothing to do where no weak reference and no finaliser is alive. Otherwise, in
 * CPython's order: weak references that are garbage are cleared and forgotten, those to garbage are
 * cleared, and only then the callbacks of the latter are called, so that none can reach garbage. The
 * finalisers of all garbage run, whatever those before them did. What a finaliser has made
 * reachable again is found by counting once more, among the garbage alone; it and all it reaches
 * joins generation g + 1, and the rest dies now.
 *
 * delete_garbage gives up what the garbage refers to outside itself and then frees it, container by
 * container. (CPython clears the slots of each and lets counting do the rest, since a type's own
 * code must run there; with slots that are all known it comes to the same objects and costs less.)
 *
 * When: the youngest generation's count (allocations - deallocations of containers) exceeds
 * threshold0; generation g > 0 if its younger neighbour was collected more than threshold g times
 * since; the oldest only if the survivors of middle collections since the last full one are at
 * least a quarter of what that one left (`quarter_rule`), which makes the cost of full collections
 * linear in the growth of the heap.
 *
 * Cost: O(containers in the collected generations + their slots); no memory. A container costs 16
 * bytes more than a counted object.
 * Sources: CPython 3.11's documentation of its garbage collector ("Garbage collector design");
 * bpo-4074 for the quarter rule. */
#include "mm.h"
#include "common/check.h"

/* How far a walk fetches ahead: long enough for memory to answer, short enough for the second cache
 * to keep. Containers of one list were made one after another, and so mostly lie. */
enum { FETCH_AHEAD_BYTES = 8192, FETCH_AHEAD_SLOTS = 256 };

static const char threshold_help[] = "collect when the generation's count exceeds this";

const setting strategy_settings[] = {
    {.name = "threshold0",
     .unit = "objects",
     .help = "collect when net container allocations exceed this; off: never by itself",
     .fallback = 700,
     .minimum = 0,
     .maximum = 1e9,
     .integer = true,
     .words = {{"off", 0}}},
    {.name = "threshold1",
     .unit = "collections",
     .help = threshold_help,
     .fallback = 10,
     .minimum = 0,
     .maximum = 1e9,
     .integer = true},
    {.name = "threshold2",
     .unit = "collections",
     .help = threshold_help,
     .fallback = 10,
     .minimum = 0,
     .maximum = 1e9,
     .integer = true},
    {.name = "quarter_rule",
     .help = "full collections wait until the heap has grown by a quarter",
     .unit = "",
     .fallback = 1,
     .words_only = true,
     .words = {{"off", 0}, {"on", 1}}},
    AUTOMATIC_SETTING,
    CADENCE_SETTING,
    HEAP_SETTINGS,
};
const size_t strategy_setting_count = sizeof strategy_settings / sizeof *strategy_settings;

/* ---- Lists ---- */

static void list_open(gc_head *list)
{
    list->next = list->prev = (uintptr_t)list;
}

static bool list_is_empty(const gc_head *list)
{
    return list->next == (uintptr_t)list;
}

/* Appends everything on `from` to `to` and leaves `from` empty. */
static void list_merge(gc_head *from, gc_head *to)
{
    if (!list_is_empty(from)) {
        gc_head *first = gc_next(from), *last = gc_previous(from), *to_last = gc_previous(to);
        to_last->next = (uintptr_t)first;
        first->prev = (uintptr_t)to_last | (first->prev & PREV_BITS);
        last->next = (uintptr_t)to;
        to->prev = (uintptr_t)last;
    }
    list_open(from);
}

/* At the end, with its own bits. */
static void list_append(gc_head *gc, gc_head *list)
{
    gc_head *last = gc_previous(list);

    last->next = (uintptr_t)gc;
    gc->prev = (uintptr_t)last | (gc->prev & PREV_BITS);
    gc->next = (uintptr_t)list;
    list->prev = (uintptr_t)gc;
}

/* ---- Working counts ---- */

static uintptr_t working_count(const gc_head *gc)
{
    return gc->prev >> WORKING_SHIFT;
}

static void set_working_count(gc_head *gc, uintptr_t count)
{
    gc->prev = count << WORKING_SHIFT | (gc->prev & PREV_GENERATION_BITS) | PREV_COLLECTING;
}

/* A container takes part from the moment that it is first met as a target. */
static void take_part(gc_head *gc)
{
    assert(gc_object(gc)->count > 0 && "a dead object is still tracked");
    if (!(gc->prev & PREV_COLLECTING))
        set_working_count(gc, gc_object(gc)->count);
}

/* The head of a slot's target, or NULL when that cannot be part of a cycle. */
static gc_head *container_head(mm_object *target)
{
    return target != NULL && mm_type_is_container(target->type) ? gc_head_of(target) : NULL;
}

/* Always inlined, as a compiler leaves out calls of functions that do nothing but this. */
__attribute__((always_inline)) static inline void fetch_ahead_of(const gc_head *gc)
{
    __builtin_prefetch((const void *)((uintptr_t)gc + FETCH_AHEAD_BYTES));
}

/* A large container's targets: nothing else tells the processor which will be needed. */
__attribute__((always_inline)) static inline void fetch_ahead_in(const mm_object *object,
                                                                 uint32_t slot)
{
    if (object->slot_count - slot > FETCH_AHEAD_SLOTS)
        __builtin_prefetch(object->slots[slot + FETCH_AHEAD_SLOTS]);
}

static bool is_older_than(const gc_head *gc, uint32_t g)
{
    return (gc->prev & PREV_GENERATION_BITS) > g << PREV_GENERATION_SHIFT;
}

/* Takes the references that the containers of `young`, which is generation `g` with all younger
 * ones, hold to each other out of their working counts. Returns how many containers there are. */
static uint64_t subtract_internal_refs(gc_head *young, uint32_t g)
{
    uint64_t visited = 0;

    for (gc_head *gc = gc_next(young); gc != young; gc = gc_next(gc)) {
        mm_object *object = gc_object(gc);
        uint32_t slot_count = object->slot_count;
        assert(object->count > 0 && "a dead object is still tracked");
        fetch_ahead_of(gc);
        visited++;
        for (uint32_t i = 0; i < slot_count; i++) {
            gc_head *child = container_head(object->slots[i]);
            fetch_ahead_in(object, i);
            if (child == NULL || is_older_than(child, g))
                continue;
            take_part(child);
            assert(working_count(child) > 0 && "more references inside than the count knows");
            child->prev -= 1 << WORKING_SHIFT;
        }
    }
    return visited;
}

/* ---- What is reachable ---- */

/* From the unreachable list back to the end of the one that the walk is on. */
static void move_back(gc_head *gc, gc_head *young)
{
    gc_head *last = gc_previous(young);

    gc_unlink(gc);
    last->next = (uintptr_t)gc;
    gc->next = (uintptr_t)young;
    young->prev = (uintptr_t)gc;
    set_working_count(gc, 1);
}

/* A settled container refers to these: none of them is unreachable. */
static void keep_children(mm_object *object, gc_head *young)
{
    for (uint32_t i = 0; i < object->slot_count; i++) {
        gc_head *child = container_head(object->slots[i]);
        fetch_ahead_in(object, i);
        if (child == NULL || !(child->prev & PREV_COLLECTING))
            continue;
        if (child->prev & PREV_ASIDE)
            move_back(child, young);
        else if (working_count(child) == 0)
            set_working_count(child, 1);
    }
}

/* Its working count is 0, so `prev` has nothing but bits. */
static void move_aside(gc_head *gc, gc_head *unreachable)
{
    gc_head *last = (gc_head *)unreachable->prev;

    last->next = (uintptr_t)gc;
    gc->prev |= (uintptr_t)last | PREV_ASIDE;
    gc->next = (uintptr_t)unreachable;
    unreachable->prev = (uintptr_t)gc;
}

/* Working counts again, for the containers of one list and the references among them: what the
 * program has done since may have changed any of them. Returns how many there are. */
static uint64_t recount(gc_head *list)
{
    uint64_t visited = 0;

    for (gc_head *gc = gc_next(list); gc != list; gc = gc_next(gc)) {
        set_working_count(gc, gc_object(gc)->count);
        gc->prev &= ~(uintptr_t)PREV_ASIDE;
        visited++;
    }
    for (gc_head *gc = gc_next(list); gc != list; gc = gc_next(gc)) {
        mm_object *object = gc_object(gc);
        for (uint32_t i = 0; i < object->slot_count; i++) {
            gc_head *child = container_head(object->slots[i]);
            if (child == NULL || !(child->prev & PREV_COLLECTING))
                continue;
            assert(working_count(child) > 0 && "more references inside than the count knows");
            child->prev -= 1 << WORKING_SHIFT;
        }
    }
    return visited;
}

/* Splits `young`, whose working counts stand, into what is reachable, which stays and belongs to
 * generation `to` from now on, and what is not. Returns how many containers stay. What was met only
 * as a member of the list has its previous where the others have a working count, and that is not 0
 * either: all references to it come from outside. */
static uint64_t move_unreachable(gc_head *young, gc_head *unreachable, uint32_t to)
{
    gc_head *previous = young;
    uint64_t survivors = 0;

    list_open(unreachable);
    for (gc_head *gc = gc_next(young), *next; gc != young; gc = next) {
        fetch_ahead_of(gc);
        if (working_count(gc) > 0) {
            keep_children(gc_object(gc), young);
            gc->prev = (uintptr_t)previous | to << PREV_GENERATION_SHIFT;
            previous = gc;
            next = gc_next(gc); /* only now: the children may have been appended behind it */
            survivors++;
        } else {
            next = gc_next(gc);
            previous->next = (uintptr_t)next;
            move_aside(gc, unreachable);
        }
    }
    young->prev = (uintptr_t)previous;
    return survivors;
}

/* ---- What the program has to say ---- */

/* Returns how many weak references, of those that live, were gone when they had called: CPython adds
 * them to what it has found. */
static uint64_t clear_weak_references(mm *m, gc_head *unreachable)
{
    mm_heap *heap = m->base.heap;
    weak_queue callbacks = {0};

    if (!weak_table_in_use(&heap->base.weak))
        return 0;
    for (gc_head *gc = gc_next(unreachable); gc != unreachable; gc = gc_next(gc)) {
        if (gc_object(gc)->type == MM_TYPE_WEAK)
            weak_forget(heap, gc_object(gc));
    }
    for (gc_head *gc = gc_next(unreachable); gc != unreachable; gc = gc_next(gc)) {
        if (gc_object(gc)->type & OBJECT_WEAKLY_REFERENCED)
            weak_clear(heap, gc_object(gc), &callbacks);
    }
    return finalisation_run_callbacks(m, &callbacks);
}

/* A finaliser may make others of the garbage die, by counting, and those leave the list they are on:
 * so each is moved to another list before its finaliser runs, and the first is always next. */
static void finalise_garbage(mm *m, gc_head *unreachable)
{
    gc_head seen;

    list_open(&seen);
    while (!list_is_empty(unreachable)) {
        mm_object *object = gc_object(gc_next(unreachable));
        gc_unlink(gc_head_of(object));
        list_append(gc_head_of(object), &seen);
        if (!finalisation_due(m->base.heap, object))
            continue;
        counting_increment(object);
        if (finalisation_run(m, object))
            counting_decrement(m, object);
    }
    list_merge(&seen, unreachable);
}

/* What is reachable again joins generation `to`. Returns how many are not. */
static uint64_t keep_resurrected(mm_heap *heap, gc_head *unreachable, uint32_t to)
{
    gc_head dead;
    uint64_t visited = recount(unreachable);
    uint64_t resurrected = move_unreachable(unreachable, &dead, to);

    list_merge(unreachable, &heap->generations[to].list);
    list_merge(&dead, unreachable);
    return visited - resurrected;
}

/* Leaves on the list what is to die; returns how many of the `found` that are; `*gone`: what has
 * died of being told. */
static uint64_t settle_garbage(mm *m, gc_head *unreachable, uint64_t found, uint32_t to,
                               uint64_t *gone)
{
    *gone = clear_weak_references(m, unreachable);
    if (!finalisation_pending(&m->base.heap->base.finalisation))
        return found;
    finalise_garbage(m, unreachable);
    found = keep_resurrected(m->base.heap, unreachable, to);
    clear_weak_references(m, unreachable); /* those that finalisers made */
    return found;
}

/* ---- Collecting ---- */

/* Whether a slot's target is on the unreachable list. */
static bool is_garbage(mm_object *target)
{
    return mm_type_is_container(target->type) && gc_head_of(target)->prev & PREV_ASIDE;
}

/* Gives up the references from garbage to what is not: atoms, and containers that live or that die
 * of it. References among the garbage need no giving up: both ends go. */
static void release_outside(mm *m, gc_head *unreachable)
{
    for (gc_head *gc = gc_next(unreachable); gc != unreachable; gc = gc_next(gc)) {
        mm_object *object = gc_object(gc);
        uint32_t slot_count = object->slot_count;
        for (uint32_t i = 0; i < slot_count; i++) {
            if (object->slots[i] != NULL && !is_garbage(object->slots[i]))
                counting_decrement(m, object->slots[i]);
        }
    }
}

/* The counts of generations fall as if each had died by itself. Immortal containers are on the list
 * only when the heap is freed, and are freed with the other immortal objects. */
static void free_containers(mm *m, gc_head *unreachable)
{
    uint32_t *count = &m->base.heap->generations[0].count;

    for (gc_head *gc = gc_next(unreachable), *next; gc != unreachable; gc = next) {
        mm_object *object = gc_object(gc);
        next = gc_next(gc);
        if (MM_UNLIKELY(object->type & OBJECT_IMMORTAL))
            continue;
        *count -= *count > 0;
        mutator_free(&m->base, gc, sizeof *gc + sizeof(mm_object), object_requested_bytes(object));
    }
}

static void delete_garbage(mm *m, gc_head *unreachable)
{
    release_outside(m, unreachable);
    free_containers(m, unreachable);
}

/* Keeps the garbage, as if each were held by a variable, in generation `to`. */
static void save_garbage(mm_heap *heap, gc_head *unreachable, uint32_t to)
{
    for (gc_head *gc = gc_next(unreachable); gc != unreachable; gc = gc_next(gc)) {
        garbage_save(heap, gc_object(gc));
        gc->prev = (uintptr_t)gc_previous(gc) | to << PREV_GENERATION_SHIFT;
    }
    list_merge(unreachable, &heap->generations[to].list);
}

/* Returns how many were reclaimed: all that were `found`, or none. */
static uint64_t dispose_of_garbage(mm *m, gc_head *unreachable, uint64_t found, uint32_t to)
{
    mm_heap *heap = m->base.heap;

    if (MM_UNLIKELY(garbage_reported(&heap->base.garbage))) {
        for (gc_head *gc = gc_next(unreachable); gc != unreachable; gc = gc_next(gc))
            garbage_report(heap, gc_object(gc));
    }
    if (garbage_reserve(heap, found)) {
        save_garbage(heap, unreachable, to);
        return 0;
    }
    delete_garbage(m, unreachable);
    return found;
}
/* Starts the counting of generations anew; returns the list of all that is collected. */
static gc_head *merge_younger(mm_heap *heap, uint32_t g)
{
    if (g + 1 < MM_GENERATIONS)
        heap->generations[g + 1].count++;
    for (uint32_t i = 0; i <= g; i++)
        heap->generations[i].count = 0;
    for (uint32_t i = 0; i < g; i++)
        list_merge(&heap->generations[i].list, &heap->generations[g].list);
    return &heap->generations[g].list;
}

/* The survivors of collecting `g` join generation `to`; a full collection counts them. */
static void promote_survivors(mm_heap *heap, uint32_t g, uint32_t to, uint64_t survivors)
{
    if (to == g) {
        heap->long_lived_pending = 0;
        heap->long_lived_total = survivors;
        return;
    }
    if (to == MM_GENERATIONS - 1)
        heap->long_lived_pending += survivors;
    list_merge(&heap->generations[g].list, &heap->generations[to].list);
}

uint64_t strategy_collect(mm *m, uint32_t g)
{
    mm_heap *heap = m->base.heap;
    collection c = collection_begin(m, g);
    uint32_t to = g + 1 < MM_GENERATIONS ? g + 1 : g;
    gc_head *young = merge_younger(heap, g), unreachable;
    uint64_t survivors, found, gone;

    c.visited = subtract_internal_refs(young, g);
    survivors = move_unreachable(young, &unreachable, to);
    promote_survivors(heap, g, to, survivors);
    found = settle_garbage(m, &unreachable, c.visited - survivors, to, &gone);
    c.reclaimed = gone + dispose_of_garbage(m, &unreachable, found, to);
    c.unreachable = gone + found;
    collection_end(m, &c);
    return c.unreachable;
}

void generational_collect_due(mm *m)
{
    mm_heap *heap = m->base.heap;

    for (uint32_t g = MM_GENERATIONS; g-- > 0;) {
        if (heap->generations[g].count <= heap->generations[g].threshold)
            continue;
        if (g + 1 == MM_GENERATIONS && heap->quarter_rule &&
            heap->long_lived_pending < heap->long_lived_total / 4)
            continue;
        strategy_collect(m, g);
        return;
    }
}

/* ---- The heap ---- */

void strategy_trigger_changed(mm_heap *heap)
{
    uint32_t threshold = heap->generations[0].threshold;
    bool may_collect = heap->base.automatic && threshold != 0 && !heap->base.collecting;

    heap->trigger = may_collect ? threshold : UINT32_MAX;
}

mm_status strategy_heap_open(mm_heap *heap)
{
    const settings *options = &heap->base.options;

    heap->generations[0].threshold = (uint32_t)settings_get(options, "threshold0");
    heap->generations[1].threshold = (uint32_t)settings_get(options, "threshold1");
    heap->generations[2].threshold = (uint32_t)settings_get(options, "threshold2");
    heap->quarter_rule = settings_get(options, "quarter_rule") != 0;
    heap->base.automatic = settings_get(options, "automatic") != 0;
    list_open(&heap->frozen);
    for (uint32_t g = 0; g < MM_GENERATIONS; g++)
        list_open(&heap->generations[g].list);
    strategy_trigger_changed(heap);
    return MM_OK;
}

void strategy_heap_close(mm *m)
{
    gc_head all;

    list_open(&all);
    list_merge(&m->base.heap->frozen, &all);
    for (uint32_t g = 0; g < MM_GENERATIONS; g++)
        list_merge(&m->base.heap->generations[g].list, &all);
    for (gc_head *gc = gc_next(&all); gc != &all; gc = gc_next(gc))
        gc->prev |= PREV_ASIDE;
    delete_garbage(m, &all);
    counting_free_immortals(m);
}

/* ---- Freezing ---- */

/* All of the list becomes part of another, of generation `to`. */
static void move_list(gc_head *from, gc_head *list, uint32_t to)
{
    for (gc_head *gc = gc_next(from); gc != from; gc = gc_next(gc))
        gc->prev = (uintptr_t)gc_previous(gc) | to << PREV_GENERATION_SHIFT;
    list_merge(from, list);
}

void strategy_freeze(mm_heap *heap)
{
    for (uint32_t g = 0; g < MM_GENERATIONS; g++) {
        move_list(&heap->generations[g].list, &heap->frozen, GENERATION_FROZEN);
        heap->generations[g].count = 0;
    }
}

void strategy_unfreeze(mm_heap *heap)
{
    uint32_t oldest = MM_GENERATIONS - 1;

    move_list(&heap->frozen, &heap->generations[oldest].list, oldest);
}

uint64_t strategy_freeze_count(const mm_heap *heap)
{
    uint64_t count = 0;

    for (const gc_head *gc = gc_next(&heap->frozen); gc != &heap->frozen; gc = gc_next(gc))
        count++;
    return count;
}

#if MM_CHECKED
static bool check_list(const gc_head *list, uint32_t g, uint64_t *listed,
                       char message[MM_MESSAGE_MAX])
{
    const gc_head *previous = list;

    for (gc_head *gc = gc_next(list); gc != list; previous = gc, gc = gc_next(gc)) {
        if ((gc->prev & PREV_BITS) != g << PREV_GENERATION_SHIFT)
            return mm_violation(message,
                                "working-bits: object %lu on the list of generation %u has others",
                                (unsigned long)mm_serial_of(gc_object(gc)), g);
        if (gc_previous(gc) != previous)
            return mm_violation(message, "lists: object %lu of generation %u has a wrong back link",
                                (unsigned long)mm_serial_of(gc_object(gc)), g);
        ++*listed;
    }
    if (gc_previous(list) != previous)
        return mm_violation(message, "lists: generation %u ends elsewhere than its head says", g);
    return true;
}

bool strategy_check(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    uint64_t listed = 0, containers = mm_count_containers(heap);

    for (uint32_t g = 0; g < MM_GENERATIONS; g++) {
        if (!check_list(&heap->generations[g].list, g, &listed, message))
            return false;
    }
    if (!check_list(&heap->frozen, GENERATION_FROZEN, &listed, message))
        return false;
    if (listed != containers)
        return mm_violation(message, "lists: the generations have %lu containers, the heap %lu",
                            (unsigned long)listed, (unsigned long)containers);
    return true;
}
#endif
