#include "mm.h"
#include "common/check.h"

#include <string.h>

/* Places are 32 bits wide. */
enum { WEAK_FIRST_CAPACITY = 16, WEAK_CAPACITY_MAX = 1 << 30 };

void weak_table_close(weak_table *table)
{
    free(table->records);
    free(table->heads);
    *table = (weak_table){0};
}

#if !MM_FOREIGN
/* ---- The hash of referents ---- */

static uint32_t home_of(const weak_table *table, const mm_object *referent)
{
    uint64_t mixed = ((uintptr_t)referent >> 4) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 32) & table->head_mask;
}

/* The place of a referent's head, or the empty one where it would be. */
static uint32_t find_head(const weak_table *table, const mm_object *referent)
{
    uint32_t place = home_of(table, referent);

    while (table->heads[place] != 0 && table->records[table->heads[place]].referent != referent)
        place = (place + 1) & table->head_mask;
    return place;
}

/* Empties a place, and moves up those behind it that would no longer be found. */
static void remove_head(weak_table *table, uint32_t place)
{
    uint32_t hole = place;

    for (;;) {
        uint32_t home;
        place = (place + 1) & table->head_mask;
        if (table->heads[place] == 0)
            break;
        home = home_of(table, table->records[table->heads[place]].referent);
        if (((place - home) & table->head_mask) >= ((place - hole) & table->head_mask)) {
            table->heads[hole] = table->heads[place];
            hole = place;
        }
    }
    table->heads[hole] = 0;
    table->referents--;
}

static void rehash(weak_table *table)
{
    for (uint32_t i = 1; i <= table->used; i++) {
        const weak_record *record = table->records + i;
        if (record->reference != NULL && record->referent != NULL && record->newer == 0)
            table->heads[find_head(table, record->referent)] = i;
    }
}

/* ---- Room ---- */

static bool grow_heads(front *f, weak_table *table)
{
    uint32_t capacity = table->heads != NULL ? 2 * (table->head_mask + 1) : WEAK_FIRST_CAPACITY;
    uint32_t *heads = NULL;

    if (capacity <= WEAK_CAPACITY_MAX)
        heads = front_side_table(f, NULL, capacity * sizeof *heads);
    if (heads == NULL)
        return false;
    memset(heads, 0, capacity * sizeof *heads);
    free(table->heads);
    table->heads = heads;
    table->head_mask = capacity - 1;
    rehash(table);
    return true;
}

/* Room for one more record, and for one more referent in a table at most three quarters full. */
static bool reserve(front *f, weak_table *table)
{
    if (table->free == 0 && table->used + 1 >= table->capacity) {
        uint32_t capacity = table->capacity != 0 ? 2 * table->capacity : WEAK_FIRST_CAPACITY;
        weak_record *records = NULL;
        if (capacity <= WEAK_CAPACITY_MAX)
            records = front_side_table(f, table->records, capacity * sizeof *records);
        if (records == NULL)
            return false;
        table->records = records;
        table->capacity = capacity;
    }
    if (table->heads == NULL || (table->referents + 1) > (table->head_mask + 1) / 4 * 3)
        return grow_heads(f, table);
    return true;
}

/* ---- Records ---- */

static uint32_t *record_of(mm_object *reference)
{
    mm_var v = {.object = reference};
    return &((weak_payload *)strategy_data(NULL, &v))->record;
}

/* A record for a new weak reference, linked as its referent's newest. Room has been reserved. */
static void remember(weak_table *table, mm_object *reference, mm_object *referent,
                     mm_weak_callback *callback)
{
    uint32_t index = table->free, place = find_head(table, referent);
    uint32_t older = table->heads[place];

    if (index != 0)
        table->free = table->records[index].older;
    else
        index = ++table->used;
    table->records[index] = (weak_record){
        .referent = referent, .reference = reference, .callback = callback, .older = older};
    if (older != 0)
        table->records[older].newer = index;
    else
        table->referents++;
    table->heads[place] = index;
    table->live++;
    referent->type |= OBJECT_WEAKLY_REFERENCED;
    *record_of(reference) = index;
}

/* Takes a record that leads somewhere off its referent's list. */
static void unlink_record(weak_table *table, uint32_t index)
{
    weak_record *record = table->records + index;

    if (record->older != 0)
        table->records[record->older].newer = record->newer;
    if (record->newer != 0) {
        table->records[record->newer].older = record->older;
    } else {
        uint32_t place = find_head(table, record->referent);
        if (record->older != 0) {
            table->heads[place] = record->older;
        } else {
            record->referent->type &= ~(mm_type)OBJECT_WEAKLY_REFERENCED;
            remove_head(table, place);
        }
    }
    record->referent = NULL;
    record->newer = record->older = 0;
}

void weak_forget(mm_heap *heap, mm_object *reference)
{
    weak_table *table = &heap->base.weak;
    uint32_t index = *record_of(reference);

    if (index == 0)
        return;
    if (table->records[index].referent != NULL)
        unlink_record(table, index);
    table->records[index] = (weak_record){.older = table->free};
    table->free = index;
    table->live--;
    *record_of(reference) = 0;
}

static void enqueue(weak_table *table, weak_queue *queue, uint32_t index)
{
    table->records[index].older = 0;
    if (queue->last != 0)
        table->records[queue->last].older = index;
    else
        queue->first = index;
    queue->last = index;
}

void weak_clear(mm_heap *heap, mm_object *referent, weak_queue *queue)
{
    weak_table *table = &heap->base.weak;
    uint32_t place = find_head(table, referent), index = table->heads[place];

    assert(index != 0 && "the bit of the object and the weak table disagree");
    remove_head(table, place);
    referent->type &= ~(mm_type)OBJECT_WEAKLY_REFERENCED;
    while (index != 0) {
        weak_record *record = table->records + index;
        uint32_t older = record->older;
        record->referent = NULL;
        record->newer = record->older = 0;
        if (record->callback != NULL) {
            strategy_hold(record->reference);
            enqueue(table, queue, index);
        }
        index = older;
    }
}

mm_object *weak_queue_take(weak_table *table, weak_queue *queue, mm_weak_callback **callback)
{
    weak_record *record = table->records + queue->first;

    queue->first = record->older;
    if (queue->first == 0)
        queue->last = 0;
    *callback = record->callback;
    record->callback = NULL;
    record->older = 0;
    return record->reference;
}

void weak_queue_append(weak_table *table, weak_queue *to, weak_queue *from)
{
    if (from->first == 0)
        return;
    if (to->last != 0)
        table->records[to->last].older = from->first;
    else
        to->first = from->first;
    to->last = from->last;
    *from = (weak_queue){0};
}

void weak_table_moved(weak_table *table, mm_object *(*where)(mm_object *))
{
    if (table->heads == NULL)
        return;
    for (uint32_t i = 1; i <= table->used; i++) {
        weak_record *record = table->records + i;
        if (record->reference == NULL)
            continue;
        record->reference = where(record->reference);
        if (record->referent != NULL)
            record->referent = where(record->referent);
    }
    memset(table->heads, 0, (table->head_mask + 1) * sizeof *table->heads);
    rehash(table);
}

/* ---- The verifier ---- */

    #if MM_CHECKED
static bool is_live(const mm_object *object)
{
    return front_registered(strategy_block((mm_object *)object))->magic == REGISTERED_LIVE;
}

static bool is_weak_reference(const mm_object *object)
{
    return mm_type_index(object->type) == mm_type_index(MM_TYPE_WEAK);
}

/* Its neighbours on the list of its referent, or the hash, lead back to the record. */
static bool is_linked(const weak_table *table, uint32_t index)
{
    const weak_record *record = table->records + index;

    if (record->older != 0 && table->records[record->older].newer != index)
        return false;
    if (record->newer != 0)
        return table->records[record->newer].older == index &&
               table->records[record->newer].referent == record->referent;
    return table->heads[find_head(table, record->referent)] == index;
}

static bool check_record(const weak_table *table, uint32_t index, char message[MM_MESSAGE_MAX])
{
    const weak_record *record = table->records + index;

    if (!is_live(record->reference) || !is_weak_reference(record->reference) ||
        *record_of(record->reference) != index)
        return mm_violation(message, "weak: record %u belongs to no weak reference", index);
    if (record->referent == NULL) {
        if (record->newer != 0 || record->older != 0)
            return mm_violation(message, "weak: record %u is cleared and on a list", index);
        return true;
    }
    if (!is_live(record->referent) || !(record->referent->type & OBJECT_WEAKLY_REFERENCED))
        return mm_violation(message, "weak: record %u leads to no object that knows it", index);
    if (!is_linked(table, index))
        return mm_violation(message, "weak: record %u is not on the list of its referent", index);
    return true;
}

bool weak_table_check(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    const weak_table *table = &heap->base.weak;
    uint32_t live = 0, referents = 0;

    for (uint32_t i = 1; i <= table->used; i++) {
        const weak_record *record = table->records + i;
        if (record->reference == NULL)
            continue;
        if (!check_record(table, i, message))
            return false;
        live++;
        referents += record->referent != NULL && record->newer == 0;
    }
    if (live != table->live || referents != table->referents)
        return mm_violation(message, "weak: %u weak references to %u objects, counted %u to %u",
                            live, referents, table->live, table->referents);
    return true;
}
    #endif

/* ---- The object API, by the table or by the runtime that has weak references of its own ---- */

/* Room is reserved first, so that what fails for want of it has made nothing. Making the object may
 * collect, and a finaliser may use that room up, and write to any variable, that of the referent
 * too. */
static mm_status weak_new(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                          mm_weak_callback *callback)
{
    mm_heap *heap = m->base.heap;
    MM_VARS(m, own, 3);
    mm_var *made = own, *target = own + 1, *kept = own + 2;

    strategy_set(m, target, referent);
    if (context != NULL)
        strategy_set(m, kept, context);
    mm_stress_(m);
    if (!reserve(&heap->base.front, &heap->base.weak))
        return MM_NO_MEMORY;
    if (strategy_new(m, made, MM_TYPE_WEAK, MM_WEAK_SLOTS, MM_WEAK_BYTES) != MM_OK)
        return mm_refusal_(m);
    *record_of(made->object) = 0;
    if (!reserve(&heap->base.front, &heap->base.weak))
        return MM_NO_MEMORY;
    remember(&heap->base.weak, made->object, target->object, callback);
    strategy_store(m, made, 0, kept);
    strategy_move(m, dst, made);
    return MM_OK;
}

static void weak_load(mm *m, mm_var *dst, mm_var *reference)
{
    mm_var referent = {0};
    uint32_t index = *record_of(reference->object);

    if (index != 0)
        referent.object = m->base.heap->base.weak.records[index].referent;
    strategy_set(m, dst, &referent);
}
#else
static mm_status weak_new(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                          mm_weak_callback *callback)
{
    MM_VARS(m, own, 2);

    strategy_set(m, own, referent);
    if (context != NULL)
        strategy_set(m, own + 1, context);
    mm_stress_(m);
    return strategy_weak_new(m, dst, own, own + 1, callback);
}

static void weak_load(mm *m, mm_var *dst, mm_var *reference)
{
    strategy_weak_load(m, dst, reference);
}
#endif

/* The name is in parentheses, since the counted flavour has a macro of it. */
mm_status(mm_weak_new)(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                       mm_weak_callback *callback)
{
    MM_COUNT_(m, weak_new, callback != NULL);
    MM_CHECK_OWNER_(dst);
    assert(!mm_is_null(referent) && "a weak reference needs a referent");
    if (!mm_type_info_of(m->base.heap, mm_type_of(m, referent))->weakable)
        return MM_INVALID;
    return weak_new(m, dst, referent, context, callback);
}

void mm_weak_load(mm *m, mm_var *dst, mm_var *reference)
{
    MM_COUNT_(m, weak_load, 0);
    MM_CHECK_OWNER_(dst);
    assert(!mm_is_null(reference) && mm_type_of(m, reference) == MM_TYPE_WEAK &&
           "mm_weak_load() takes a weak reference");
    weak_load(m, dst, reference);
}
