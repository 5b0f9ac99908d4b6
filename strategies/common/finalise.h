/* Finalisers and weak callbacks: the program's code that runs because an object dies.
 *
 * Such code may do anything a program may, so it may make other objects die, whose code runs inside
 * it, and so on. Two bounds keep that finite:
 *
 * - The C stack. Calls nest NESTING_MAX deep; what comes due deeper waits, still alive, and runs
 *   when the outermost call has returned, before the operation that started it all returns.
 *   CPython's trashcan has the same depth.
 * - A callback that brings about its own next call, without end. What waits is run in rounds, each
 *   for what the one before it left waiting. After ROUNDS_MAX of them, about a thousand levels, the
 *   heap makes no more objects until all is done: the program gets MM_TOO_DEEP, as Python's gets a
 *   RecursionError.
 *
 * Waiting needs no memory: room is reserved when a finalisable object is made, and callbacks wait as
 * records of the weak table.
 *
 * `objects`, on a counting strategy: those that wait, each held by one reference. On one that traces:
 * every object whose finaliser may still run, in the order they were made.
 *
 * At most once: OBJECT_FINALIZED is set before the call and never cleared. */
#ifndef MM_COMMON_FINALISE_H
#define MM_COMMON_FINALISE_H

#include "weak.h"

enum { NESTING_MAX = 50, ROUNDS_MAX = 20 };

typedef struct finalisation {
    mm_object **objects; /* first…count − 1 */
    size_t first, count, capacity;
    uint64_t pending;   /* objects whose finaliser may still run and that do not wait */
    weak_queue waiting; /* callbacks */
    uint64_t calls;     /* of finalisers and callbacks so far */
    uint32_t nesting;   /* calls on the C stack */
    bool ended;         /* the heap is being freed: nothing is called any more */
#if MM_CHECKED
    uint32_t nesting_max, rounds_max; /* 0: as above; tests set them low */
#endif
} finalisation;

void finalisation_close(finalisation *f);

/* Whether anything would be called if every object died now. */
static inline bool finalisation_pending(const finalisation *f)
{
    return f->pending != 0;
}

/* The memory of the list. */
static inline size_t finalisation_bytes(const finalisation *f)
{
    return f->capacity * sizeof *f->objects;
}

/* Whether the object has a finaliser that has not been called. */
bool finalisation_due(const mm_heap *heap, const mm_object *object);

/* Calls the object's finaliser, now or, when calls are nested too deeply, later. The caller's
 * reference to the object goes along. True when that reference is the only one again, and the
 * caller's: the object is to die. */
bool finalisation_run(mm *m, mm_object *object);

/* Calls the callbacks of `queue`, now or later, and empties it. Returns how many of the weak
 * references, on a strategy that counts, were gone when they had called. */
uint64_t finalisation_run_callbacks(mm *m, weak_queue *queue);

/* For a collector that traces: calls the finaliser of every object that `is_reachable` denies, in
 * the order they were made. Returns how many. */
uint64_t finalisation_run_unreachable(mm *m,
                                      bool (*is_reachable)(const mm_heap *, const mm_object *));

/* For a collector that moves: `where` gives the new address of an object. */
void finalisation_moved(finalisation *f, mm_object *(*where)(mm_object *));

#if MM_CHECKED
/* The verifier's part, while nothing is called: `due` is the number of objects of the heap whose
 * finaliser has not been called. */
bool finalisation_check(const mm_heap *heap, uint64_t due, char message[MM_MESSAGE_MAX]);
#endif

#endif
