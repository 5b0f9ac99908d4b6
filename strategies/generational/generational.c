/* The cycle collector.
 *
 * Idea: if every reference to each object of a group comes from inside the group, the program
 * cannot reach the group. So count, for each container of the generations being collected, the
 * references that do *not* come from among them: working count = real count − references from
 * containers in the collection. A container left with a positive working count is referred to from
 * outside (a variable, an older generation); it and all it reaches are reachable. The rest is
 * garbage, whatever its shape.
 *
 *   collect(g):  merge the younger generations into g
 *                update_refs        working count = real count
 *                subtract_refs      minus the references from inside
 *                move_unreachable   one walk, no stack: settle what is reachable, move the rest
 * aside survivors go to generation g + 1 delete_garbage     clear the slots of each unreachable
 * container; counting does the rest
 *
 * Invariants: 0 ≤ working count ≤ real count; between collections all working bits are clear, and
 * each tracked container is on exactly one list.
 *
 * move_unreachable walks the list once. A container with a positive working count is settled: its
 * children are given a working count of 1 if they are at 0, and those already moved aside are moved
 * back to the end of the list, so that the walk meets them again. One at 0 is moved aside *for
 * now*. When the walk ends, what is aside is unreachable. `prev` holds the working count of what is
 * not settled, so only `next` links are followed ahead of the walk; behind it `prev` is restored.
 *
 * When: the youngest generation's count (allocations − deallocations of containers) exceeds
 * threshold0; generation g > 0 if it was collected around more than threshold g times in its
 * younger neighbour; the oldest only if the survivors of middle collections since the last full one
 * are at least a quarter of what that one left (`quarter_rule`), which makes the cost of full
 * collections linear in the growth of the heap.
 *
 * Cost: O(containers in the collected generations + their slots); no memory. A container costs 16
 * bytes more than a counted object. Sources: CPython 3.11's documentation of its garbage collector
 * ("Garbage collector design") and bpo-4074 for the quarter rule. */
#include "mm.h"
#include "common/check.h"

enum { NEXT_UNREACHABLE = 1, PREV_COLLECTING = 2, PREV_FLAGS = 3, WORKING_SHIFT = 2 };

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
    HEAP_BYTES_MAX_SETTING,
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

static gc_head *next_of(const gc_head *gc)
{
    return (gc_head *)(gc->next & ~(uintptr_t)NEXT_UNREACHABLE);
}

static gc_head *previous_of(const gc_head *gc)
{
    return (gc_head *)(gc->prev & ~(uintptr_t)PREV_FLAGS);
}

/* Takes a container off its list and appends it to `to`. */
static void list_move(gc_head *gc, gc_head *to)
{
    gc_head *previous = previous_of(gc), *next = next_of(gc), *to_last = previous_of(to);

    previous->next = (uintptr_t)next;
    next->prev = (uintptr_t)previous;
    to_last->next = (uintptr_t)gc;
    gc->prev = (uintptr_t)to_last;
    gc->next = (uintptr_t)to;
    to->prev = (uintptr_t)gc;
}

/* Appends everything on `from` to `to` and leaves `from` empty. */
static void list_merge(gc_head *from, gc_head *to)
{
    if (!list_is_empty(from)) {
        gc_head *first = next_of(from), *last = previous_of(from), *to_last = previous_of(to);
        to_last->next = (uintptr_t)first;
        first->prev = (uintptr_t)to_last;
        last->next = (uintptr_t)to;
        to->prev = (uintptr_t)last;
    }
    list_open(from);
}

/* ---- Working counts ---- */

static uintptr_t working_count(const gc_head *gc)
{
    return gc->prev >> WORKING_SHIFT;
}

static void set_working_count(gc_head *gc, uintptr_t count)
{
    gc->prev = count << WORKING_SHIFT | PREV_COLLECTING;
}

/* The head of a slot's target if it takes part in this collection and is not settled, else NULL. */
static gc_head *unsettled(mm_object *child)
{
    gc_head *gc;

    if (child == NULL || !mm_type_is_container(child->type))
        return NULL;
    gc = gc_head_of(child);
    return gc->prev & PREV_COLLECTING ? gc : NULL;
}

/* Returns the number of containers that take part. */
static uint64_t update_refs(gc_head *young)
{
    uint64_t visited = 0;

    for (gc_head *gc = next_of(young); gc != young; gc = next_of(gc)) {
        assert(gc_object(gc)->count > 0 && "a dead object is still tracked");
        set_working_count(gc, gc_object(gc)->count);
        visited++;
    }
    return visited;
}

static void subtract_refs(gc_head *young)
{
    for (gc_head *gc = next_of(young); gc != young; gc = next_of(gc)) {
        mm_object *object = gc_object(gc);
        for (uint32_t i = 0; i < object->slot_count; i++) {
            gc_head *child = unsettled(object->slots[i]);
            if (child == NULL)
                continue;
            assert(working_count(child) > 0 && "more references inside than the count knows");
            child->prev -= 1 << WORKING_SHIFT;
        }
    }
}

/* ---- What is reachable ---- */

static void list_append_unsettled(gc_head *list, gc_head *gc)
{
    gc_head *last = (gc_head *)list->prev;

    last->next = (uintptr_t)gc;
    gc->next = (uintptr_t)list;
    list->prev = (uintptr_t)gc;
    set_working_count(gc, 1);
}

/* Takes a container off the unreachable list, whose `next` links all carry the flag. */
static void take_back(gc_head *gc)
{
    gc_head *previous = previous_of(gc), *next = next_of(gc);

    previous->next = gc->next;
    next->prev = (uintptr_t)previous | (next->prev & PREV_FLAGS);
}

/* A settled container refers to these: none of them is unreachable. */
static void keep_children(mm_object *object, gc_head *young)
{
    for (uint32_t i = 0; i < object->slot_count; i++) {
        gc_head *child = unsettled(object->slots[i]);
        if (child == NULL)
            continue;
        if (child->next & NEXT_UNREACHABLE) {
            take_back(child);
            list_append_unsettled(young, child);
        } else if (working_count(child) == 0) {
            set_working_count(child, 1);
        }
    }
}

static void move_aside(gc_head *gc, gc_head *unreachable)
{
    gc_head *last = previous_of(unreachable);

    last->next = (uintptr_t)gc | NEXT_UNREACHABLE;
    gc->prev = (uintptr_t)last | PREV_COLLECTING;
    gc->next = (uintptr_t)unreachable | NEXT_UNREACHABLE;
    unreachable->prev = (uintptr_t)gc;
}

/* Splits `young`, whose working counts stand, into what is reachable (stays, with `prev` restored)
 * and what is not. */
static void move_unreachable(gc_head *young, gc_head *unreachable)
{
    gc_head *previous = young;

    list_open(unreachable);
    for (gc_head *gc = next_of(young); gc != young; gc = next_of(previous)) {
        if (working_count(gc) > 0) {
            keep_children(gc_object(gc), young);
            gc->prev = (uintptr_t)previous;
            previous = gc;
        } else {
            previous->next = gc->next;
            move_aside(gc, unreachable);
        }
    }
    young->prev = (uintptr_t)previous;
}

/* Makes the unreachable list an ordinary one; returns its length. */
static uint64_t clear_working_bits(gc_head *unreachable)
{
    uint64_t length = 0;

    unreachable->next &= ~(uintptr_t)NEXT_UNREACHABLE;
    for (gc_head *gc = next_of(unreachable); gc != unreachable; gc = next_of(gc)) {
        gc->next &= ~(uintptr_t)NEXT_UNREACHABLE;
        gc->prev &= ~(uintptr_t)PREV_FLAGS;
        length++;
    }
    return length;
}

/* ---- Collecting ---- */

/* Clearing the slots of one container breaks the cycles through it, and counting reclaims whatever
 * that releases. The extra reference keeps the container itself in place until its slots are done.
 */
static void clear_container(mm *m, mm_object *object)
{
    counting_increment(object);
    for (uint32_t i = 0; i < object->slot_count; i++)
        counting_replace(m, &object->slots[i], NULL);
    counting_decrement(m, object);
}

/* A container that other garbage still refers to outlives its own clearing; it waits on `survivors`
 * until that is cleared too. */
static void delete_garbage(mm *m, gc_head *unreachable, gc_head *survivors)
{
    while (!list_is_empty(unreachable)) {
        gc_head *gc = next_of(unreachable);
        clear_container(m, gc_object(gc));
        if (next_of(unreachable) == gc)
            list_move(gc, survivors);
    }
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

/* Returns the list that the survivors are on now. */
static gc_head *promote_survivors(mm_heap *heap, uint32_t g, uint64_t survivors)
{
    if (g + 1 == MM_GENERATIONS) {
        heap->long_lived_pending = 0;
        heap->long_lived_total = survivors;
        return &heap->generations[g].list;
    }
    if (g + 2 == MM_GENERATIONS)
        heap->long_lived_pending += survivors;
    list_merge(&heap->generations[g].list, &heap->generations[g + 1].list);
    return &heap->generations[g + 1].list;
}

uint64_t strategy_collect(mm *m, uint32_t g)
{
    mm_heap *heap = m->base.heap;
    collection c = collection_begin(g);
    gc_head *young, *older, unreachable;

    heap->base.collecting = true;
    strategy_trigger_changed(heap);
    young = merge_younger(heap, g);
    c.visited = update_refs(young);
    subtract_refs(young);
    move_unreachable(young, &unreachable);
    c.reclaimed = clear_working_bits(&unreachable);
    older = promote_survivors(heap, g, c.visited - c.reclaimed);
    delete_garbage(m, &unreachable, older);
    heap->base.collecting = false;
    strategy_trigger_changed(heap);
    collection_end(&c, &heap->base.collections);
    return c.reclaimed;
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
    for (uint32_t g = 0; g < MM_GENERATIONS; g++)
        list_open(&heap->generations[g].list);
    strategy_trigger_changed(heap);
    return MM_OK;
}

void strategy_heap_close(mm *m)
{
    gc_head all, cleared;

    list_open(&all);
    list_open(&cleared);
    for (uint32_t g = 0; g < MM_GENERATIONS; g++)
        list_merge(&m->base.heap->generations[g].list, &all);
    delete_garbage(m, &all, &cleared);
}

#if MM_CHECKED
static bool check_list(const gc_head *list, uint32_t g, uint64_t *listed,
                       char message[MM_MESSAGE_MAX])
{
    const gc_head *previous = list;

    for (gc_head *gc = next_of(list); gc != list; previous = gc, gc = next_of(gc)) {
        if (gc->next & NEXT_UNREACHABLE || gc->prev & PREV_FLAGS)
            return mm_violation(message, "working-bits: object %lu of generation %u keeps them",
                                (unsigned long)mm_serial_of(gc_object(gc)), g);
        if (previous_of(gc) != previous)
            return mm_violation(message, "lists: object %lu of generation %u has a wrong back link",
                                (unsigned long)mm_serial_of(gc_object(gc)), g);
        ++*listed;
    }
    if (previous_of(list) != previous)
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
    if (listed != containers)
        return mm_violation(message, "lists: the generations have %lu containers, the heap %lu",
                            (unsigned long)listed, (unsigned long)containers);
    return true;
}
#endif
