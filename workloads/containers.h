/* Growable vectors and hash tables, on the object API.
 *
 * A vector is two variables' worth of state: `storage`, an object whose slots are the elements, and
 * a length. It doubles when full, moving each element, so that appending costs O(1) amortised and
 * storage is at most half empty. */
#ifndef RECLAIM_CONTAINERS_H
#define RECLAIM_CONTAINERS_H

#include "workloads/workload.h"

enum { VECTOR_FIRST_CAPACITY = 8 };

typedef struct vector {
    mm_var *storage; /* a variable of the caller's; null while the capacity is 0 */
    mm_type type;    /* of storage objects */
    uint32_t length, capacity;
} vector;

/* An empty vector whose elements `storage` keeps alive. */
static inline vector vector_on(mm_var *storage, mm_type type)
{
    return (vector){.storage = storage, .type = type};
}

/* Makes room for `capacity` elements. May collect: yes. Errors: MM_NO_MEMORY, and the vector is as
 * it was. */
static inline mm_status vector_reserve(mm *m, vector *v, uint32_t capacity)
{
    MM_VAR(m, larger);

    if (capacity <= v->capacity)
        return MM_OK;
    if (mm_new(m, larger, v->type, capacity, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < v->length; i++) {
        MM_VAR(m, element);
        mm_take(m, element, v->storage, i);
        mm_fill(m, larger, i, element);
    }
    mm_move(m, v->storage, larger);
    v->capacity = capacity;
    return MM_OK;
}

/* The capacity after one more growth. */
static inline uint32_t vector_next_capacity(uint32_t capacity)
{
    return capacity != 0 ? 2 * capacity : VECTOR_FIRST_CAPACITY;
}

/* Appends the element and makes `element` null. May collect: yes. Errors: MM_NO_MEMORY, and nothing
 * has changed. */
static inline mm_status vector_push(mm *m, vector *v, mm_var *element)
{
    if (v->length == v->capacity &&
        vector_reserve(m, v, vector_next_capacity(v->capacity)) != MM_OK)
        return MM_NO_MEMORY;
    mm_fill(m, v->storage, v->length++, element);
    return MM_OK;
}

/* Removes the last element into `dst`. The vector is not empty. May collect: no. */
static inline void vector_pop(mm *m, vector *v, mm_var *dst)
{
    mm_take(m, dst, v->storage, --v->length);
}

/* What a vector that grew to `length` one by one has allocated, and what it still holds. */
static inline void vector_books(uint64_t length, workload_amount *allocated, workload_amount *live)
{
    uint32_t capacity = 0;

    *allocated = *live = (workload_amount){0};
    while (capacity < length) {
        capacity = vector_next_capacity(capacity);
        workload_add_array(allocated, capacity);
    }
    if (capacity != 0)
        workload_add_array(live, capacity);
}

/* ---- Hash tables ---- */

/* A table from 64-bit keys to objects. `storage` is an object whose slots are the buckets; a bucket
 * is a chain of entries {next, value | key}. It doubles when there are as many entries as buckets,
 * and relinks the entries it has. Its capacity is always a power of two. */
typedef struct table {
    mm_var *storage; /* a variable of the caller's; null while the capacity is 0 */
    mm_type type;    /* of storage and entries */
    uint32_t length, capacity;
} table;

enum { ENTRY_NEXT = 0, ENTRY_VALUE = 1, ENTRY_SLOTS = 2, TABLE_FIRST_CAPACITY = 8 };

static inline table table_on(mm_var *storage, mm_type type)
{
    return (table){.storage = storage, .type = type};
}

static inline uint32_t table_bucket(uint64_t key, uint32_t capacity)
{
    return (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (capacity - 1);
}

static inline uint64_t entry_key(mm *m, const mm_var *entry)
{
    return *(uint64_t *)mm_data(m, entry);
}

/* `entry` becomes the one of this key, or null; `before`, when that is not the first of its chain,
 * the one in front of it, else null. */
static inline void table_find(mm *m, const table *t, uint64_t key, mm_var *before, mm_var *entry)
{
    mm_clear(m, before);
    mm_clear(m, entry);
    if (t->capacity == 0)
        return;
    mm_load(m, entry, t->storage, table_bucket(key, t->capacity));
    while (!mm_is_null(entry) && entry_key(m, entry) != key) {
        mm_move(m, before, entry);
        mm_load(m, entry, before, ENTRY_NEXT);
    }
}

/* Puts an entry that is in no chain in front of its bucket's, and makes `entry` null. */
static inline void table_link(mm *m, mm_var *storage, uint32_t capacity, mm_var *entry)
{
    uint32_t bucket = table_bucket(entry_key(m, entry), capacity);

    mm_copy_slot(m, entry, ENTRY_NEXT, storage, bucket);
    mm_store_move(m, storage, bucket, entry);
}

/* Doubles the buckets. May collect: yes. Errors: MM_NO_MEMORY, and the table is as it was. */
static inline mm_status table_grow(mm *m, table *t)
{
    uint32_t capacity = t->capacity != 0 ? 2 * t->capacity : TABLE_FIRST_CAPACITY;
    MM_VARS(m, v, 3);
    mm_var *larger = v, *entry = v + 1, *next = v + 2;

    if (mm_new(m, larger, t->type, capacity, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < t->capacity; i++) {
        mm_take(m, entry, t->storage, i);
        while (!mm_is_null(entry)) {
            mm_take(m, next, entry, ENTRY_NEXT);
            table_link(m, larger, capacity, entry);
            mm_move(m, entry, next);
        }
    }
    mm_move(m, t->storage, larger);
    t->capacity = capacity;
    return MM_OK;
}

/* table[key] = value. May collect: yes. Errors: MM_NO_MEMORY; the table holds what it held. */
static inline mm_status table_put(mm *m, table *t, uint64_t key, mm_var *value)
{
    MM_VARS(m, v, 2);
    mm_var *before = v, *entry = v + 1;

    table_find(m, t, key, before, entry);
    if (!mm_is_null(entry)) {
        mm_store(m, entry, ENTRY_VALUE, value);
        return MM_OK;
    }
    if (t->length == t->capacity && table_grow(m, t) != MM_OK)
        return MM_NO_MEMORY;
    if (mm_new(m, entry, t->type, ENTRY_SLOTS, sizeof key) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, entry) = key;
    mm_store(m, entry, ENTRY_VALUE, value);
    table_link(m, t->storage, t->capacity, entry);
    t->length++;
    return MM_OK;
}

/* dst = table[key], or null when there is none. May collect: no. */
static inline void table_get(mm *m, const table *t, uint64_t key, mm_var *dst)
{
    MM_VARS(m, v, 2);

    table_find(m, t, key, v, v + 1);
    if (mm_is_null(v + 1))
        mm_clear(m, dst);
    else
        mm_load(m, dst, v + 1, ENTRY_VALUE);
}

/* Removes the entry of the key; false when there is none. May collect: no. */
static inline bool table_remove(mm *m, table *t, uint64_t key)
{
    MM_VARS(m, v, 2);
    mm_var *before = v, *entry = v + 1;

    table_find(m, t, key, before, entry);
    if (mm_is_null(entry))
        return false;
    if (mm_is_null(before))
        mm_copy_slot(m, t->storage, table_bucket(key, t->capacity), entry, ENTRY_NEXT);
    else
        mm_copy_slot(m, before, ENTRY_NEXT, entry, ENTRY_NEXT);
    t->length--;
    return true;
}

/* What the buckets of a table that grew to `length` entries have taken, and what they still take. */
static inline void table_books(uint64_t length, workload_amount *allocated, workload_amount *live)
{
    uint64_t capacity = 0;

    *allocated = *live = (workload_amount){0};
    while (capacity < length) {
        capacity = capacity != 0 ? 2 * capacity : TABLE_FIRST_CAPACITY;
        workload_add_array(allocated, capacity);
    }
    if (capacity != 0)
        workload_add_array(live, capacity);
}

#endif
