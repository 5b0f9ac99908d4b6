/* The weak table: which weak reference leads to which object, outside the objects.
 *
 * An object that nothing refers to weakly pays one bit of its header (OBJECT_WEAKLY_REFERENCED). A
 * weak reference is an ordinary container of type MM_TYPE_WEAK; its one slot holds the context, its
 * payload the index of its record here. The table is the only place besides slots and variables
 * that holds addresses of objects, so a collector that moves them has one more place to correct.
 *
 *   referent ──hash──▶ newest record ──older──▶ record ──older──▶ … ──▶ 0
 *                         │ reference: the weak reference object
 *
 * Invariants: a record's reference lives; its referent is NULL, or lives and has the bit set. The
 * records of one referent are linked from the newest to the oldest, and `heads` finds the newest by
 * the referent's address. Index 0 is no record.
 *
 * Clearing an object's weak references takes their records off its list and leads them nowhere. The
 * callbacks to be called are queued, linked through `older`, which a cleared record does not need.
 *
 * Cost: O(1) expected for making, loading and clearing one; 32 bytes a record and 5 to 11 for the
 * hash. Making one may need memory, nothing else does.
 * Sources: for the order, CPython 3.11 (newest first, all cleared before the first callback); for
 * deletion from an open-addressed table without gravestones, Knuth, The Art of Computer Programming
 * vol. 3, 6.4, algorithm R. */
#ifndef MM_COMMON_WEAK_H
#define MM_COMMON_WEAK_H

#include "front.h"

typedef struct weak_record {
    mm_object *referent;  /* NULL: cleared */
    mm_object *reference; /* NULL: the record is free, and `older` the next free one */
    mm_weak_callback *callback;
    uint32_t newer, older; /* of the same referent */
} weak_record;

typedef struct weak_table {
    weak_record *records; /* 1…used */
    uint32_t used, capacity, free;
    uint32_t live;   /* records of weak references that live */
    uint32_t *heads; /* records by hash of their referent; 0: empty */
    uint32_t
        head_mask; /* the capacity of `heads`, a power of two, − 1; `heads` NULL: no capacity */
    uint32_t referents; /* heads in use */
} weak_table;

/* Weak references whose callbacks are to be called, oldest entry first; empty when all is zero. On
 * a counting strategy the queue holds a reference to each. */
typedef struct weak_queue {
    uint32_t first, last;
} weak_queue;

void weak_table_close(weak_table *table);

/* What the objects of `reference`'s type have as their payload. */
typedef struct weak_payload {
    uint32_t record; /* 0: leads nowhere for ever */
} weak_payload;

/* Whether any weak reference is alive: otherwise there is nothing to clear. */
static inline bool weak_table_in_use(const weak_table *table)
{
    return table->live != 0;
}

/* The memory of the table. */
static inline size_t weak_table_bytes(const weak_table *table)
{
    size_t heads = table->heads != NULL ? (size_t)table->head_mask + 1 : 0;

    return table->capacity * sizeof *table->records + heads * sizeof *table->heads;
}

/* Ends what the weak reference object leads to: it dies, or was found unreachable. Its callback is
 * never called. */
void weak_forget(mm_heap *heap, mm_object *reference);

/* Clears all weak references to an object and appends to `queue` those with a callback. */
void weak_clear(mm_heap *heap, mm_object *referent, weak_queue *queue);

/* Takes the first of the queue out: the weak reference and its callback. The queue's reference goes
 * to the caller. */
mm_object *weak_queue_take(weak_table *table, weak_queue *queue, mm_weak_callback **callback);

/* Appends all of `from`, which is empty then, to `to`. */
void weak_queue_append(weak_table *table, weak_queue *to, weak_queue *from);

/* For a collector that moves: `where` gives the new address of an object. */
void weak_table_moved(weak_table *table, mm_object *(*where)(mm_object *));

#if MM_CHECKED
/* The verifier's part: the invariants above, and that all counts of the table are right. */
bool weak_table_check(mm_heap *heap, char message[MM_MESSAGE_MAX]);
#endif

#endif
