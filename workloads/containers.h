/* Growable vectors, on the object API.
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
        workload_add(allocated, 1, (uint64_t)capacity * sizeof(void *));
        *live = (workload_amount){1, (uint64_t)capacity * sizeof(void *)};
    }
}

#endif
