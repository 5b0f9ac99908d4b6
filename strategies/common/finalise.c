#include "mm.h"
#include "common/check.h"

enum { OBJECTS_FIRST_CAPACITY = 16 };

void finalisation_close(finalisation *f)
{
    free(f->objects);
    *f = (finalisation){0};
}

mm_status mm_refusal_(const mm *m)
{
    return m->base.heap->base.front.refusing ? MM_TOO_DEEP : MM_NO_MEMORY;
}

#if !MM_FOREIGN
/* ---- Bounds ---- */

static bool nests_too_deeply(const finalisation *f)
{
    #if MM_CHECKED
    if (f->nesting_max != 0)
        return f->nesting >= f->nesting_max;
    #endif
    return f->nesting >= NESTING_MAX;
}

static bool is_last_round(const finalisation *f, uint32_t round)
{
    #if MM_CHECKED
    if (f->rounds_max != 0)
        return round == f->rounds_max;
    #endif
    (void)f;
    return round == ROUNDS_MAX;
}

bool finalisation_due(const mm_heap *heap, const mm_object *object)
{
    return (object->type & (MM_TYPE_SPECIAL | OBJECT_FINALIZED)) == MM_TYPE_SPECIAL &&
           mm_type_index(object->type) != mm_type_index(MM_TYPE_WEAK) &&
           !heap->base.finalisation.ended;
}

/* ---- Making ---- */

/* Room for all pending objects and one more behind those in the list already. */
static bool reserve(front *front, finalisation *f)
{
    size_t needed = f->count + (MM_HAS_COUNTS ? f->pending : 0) + 1;
    size_t capacity = f->capacity != 0 ? 2 * f->capacity : OBJECTS_FIRST_CAPACITY;
    mm_object **objects;

    if (needed <= f->capacity)
        return true;
    if (capacity < needed)
        capacity = needed;
    objects = front_side_table(front, f->objects, capacity * sizeof *objects);
    if (objects == NULL)
        return false;
    f->objects = objects;
    f->capacity = capacity;
    return true;
}

mm_status mm_new_finalisable_(mm *m, mm_var *out, mm_type type, uint32_t slots, uint32_t bytes)
{
    finalisation *f = &m->base.heap->base.finalisation;
    MM_VAR(m, made);

    assert(type != MM_TYPE_WEAK && "mm_weak_new() makes weak references");
    if (!reserve(&m->base.heap->base.front, f))
        return MM_NO_MEMORY;
    if (strategy_new(m, made, type, slots, bytes) != MM_OK)
        return mm_refusal_(m);
    if (!reserve(&m->base.heap->base.front, f)) {
        /* a finaliser has used what there was, and the program has never seen the object */
        made->object->type |= OBJECT_FINALIZED;
        return MM_NO_MEMORY;
    }
    f->pending++;
    if (!MM_HAS_COUNTS)
        f->objects[f->count++] = made->object;
    out->object = made->object;
    made->object = NULL;
    return MM_OK;
}

/* ---- Calling ---- */

/* Whether it goes with the variable that is known to name it. */
static bool has_one_reference(const mm_object *object)
{
    #if MM_HAS_COUNTS
    return object->count == 1;
    #else
    (void)object;
    return false;
    #endif
}

/* The first of the queue. The callback has variables of its own, so that the weak reference stays
 * until it returns, whatever it does to them. True when it is gone then. */
static bool call_callback(mm *m, weak_queue *queue)
{
    mm_weak_callback *callback;
    MM_VAR(m, v);

    v->object = weak_queue_take(&m->base.heap->base.weak, queue, &callback);
    {
        MM_VARS(m, operands, 2);
        strategy_set(m, operands, v);
        strategy_load(m, operands + 1, v, 0);
        m->base.heap->base.finalisation.calls++;
        callback(m, operands, operands + 1);
    }
    return has_one_reference(v->object);
}

static void drain(mm *m);

/* Calls the finaliser. It has a variable of its own, so that the object stays until it returns,
 * whatever it does to `self`. True as for finalisation_run(). */
static bool call_finaliser(mm *m, mm_object *object)
{
    finalisation *f = &m->base.heap->base.finalisation;
    bool dies;
    MM_VAR(m, held);

    held->object = object;
    f->calls++;
    f->nesting++;
    {
        MM_VAR(m, self);
        strategy_set(m, self, held);
        mm_type_info_of(m->base.heap, object->type)->finaliser(m, self);
    }
    f->nesting--;
    drain(m); /* while it is held: what has waited may yet find it by a weak reference */
    dies = has_one_reference(held->object);
    if (dies)
        held->object = NULL;
    return dies;
}

static void refuse_allocation(mm *m, bool refuse)
{
    front_refuse(&m->base.heap->base.front, refuse);
    mutator_meet_front(&m->base);
}

/* All that waits now, and no more. */
static void run_round(mm *m)
{
    finalisation *f = &m->base.heap->base.finalisation;
    weak_queue callbacks = f->waiting;
    size_t end = f->count;

    f->waiting = (weak_queue){0};
    while (f->first < end) {
        mm_object *object = f->objects[f->first++];
        if (call_finaliser(m, object)) {
            mm_var last = {.object = object};
            strategy_clear(m, &last);
        }
    }
    while (callbacks.first != 0)
        call_callback(m, &callbacks);
    if (f->first == f->count)
        f->first = f->count = 0;
}

/* What waits runs as soon as nothing is running. */
static void drain(mm *m)
{
    finalisation *f = &m->base.heap->base.finalisation;

    if (f->nesting != 0 || !MM_HAS_COUNTS)
        return;
    f->nesting = 1;
    for (uint32_t round = 1; f->count != 0 || f->waiting.first != 0; round++) {
        if (is_last_round(f, round))
            refuse_allocation(m, true);
        run_round(m);
    }
    f->nesting = 0;
    if (m->base.heap->base.front.refusing)
        refuse_allocation(m, false);
}

bool finalisation_run(mm *m, mm_object *object)
{
    finalisation *f = &m->base.heap->base.finalisation;

    object->type |= OBJECT_FINALIZED;
    f->pending--;
    if (nests_too_deeply(f)) {
        f->objects[f->count++] = object;
        return false;
    }
    return call_finaliser(m, object);
}

uint64_t finalisation_run_callbacks(mm *m, weak_queue *queue)
{
    finalisation *f = &m->base.heap->base.finalisation;
    uint64_t gone = 0;

    if (queue->first == 0)
        return 0;
    if (nests_too_deeply(f)) {
        weak_queue_append(&m->base.heap->base.weak, &f->waiting, queue);
        return 0;
    }
    f->nesting++;
    while (queue->first != 0)
        gone += call_callback(m, queue);
    f->nesting--;
    drain(m);
    return gone;
}

/* ---- Tracing ---- */

/* Drops the entries that are NULL, keeping the order. */
static void compact(finalisation *f)
{
    size_t kept = 0;

    for (size_t i = 0; i < f->count; i++) {
        if (f->objects[i] != NULL)
            f->objects[kept++] = f->objects[i];
    }
    f->count = kept;
}

uint64_t finalisation_run_unreachable(mm *m,
                                      bool (*is_reachable)(const mm_heap *, const mm_object *))
{
    mm_heap *heap = m->base.heap;
    finalisation *f = &heap->base.finalisation;
    size_t end = f->count; /* what finalisers make comes behind, and lives */
    uint64_t calls = 0;

    for (size_t i = 0; i < end; i++) {
        mm_object *object = f->objects[i];
        if (is_reachable(heap, object))
            continue;
        f->objects[i] = NULL;
        finalisation_run(m, object);
        calls++;
    }
    compact(f);
    return calls;
}

void finalisation_moved(finalisation *f, mm_object *(*where)(mm_object *))
{
    for (size_t i = 0; i < f->count; i++)
        f->objects[i] = where(f->objects[i]);
}

    #if MM_CHECKED
bool finalisation_check(const mm_heap *heap, uint64_t due, char message[MM_MESSAGE_MAX])
{
    const finalisation *f = &heap->base.finalisation;

    if (f->pending != due)
        return mm_violation(message, "finalisers: %lu objects have one to come, counted %lu",
                            (unsigned long)due, (unsigned long)f->pending);
    if (f->count != (MM_HAS_COUNTS ? 0 : due) || f->first != 0 || f->waiting.first != 0)
        return mm_violation(message, "finalisers: %zu objects are listed and %lu are to be",
                            f->count, (unsigned long)(MM_HAS_COUNTS ? 0 : due));
    for (size_t i = 0; i < f->count; i++) {
        const registered *block = front_registered(strategy_block(f->objects[i]));
        if (block->magic != REGISTERED_LIVE || !finalisation_due(heap, f->objects[i]))
            return mm_violation(message, "finalisers: entry %zu is no object with one to come", i);
    }
    return true;
}
    #endif
#endif
