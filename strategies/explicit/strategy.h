/* explicit: frees each object the moment it becomes unreachable, as a schedule says that an earlier
 * run of the same program has made. What a perfect programmer with `malloc` and `free` would pay:
 * the limit that overheads are ratios to.
 *
 * The clock is the number of references that the program has given up: non-null values of variables,
 * slots and roots that were overwritten, cleared or left behind at the end of a scope. An object
 * can become unreachable at no other time, transfers of references leave it reachable by the
 * variable that names the object they go into, and the program gives up the same references whatever the
 * strategy. So following a schedule takes
 *
 *   giving up a reference   count down to the next death; at 0 free those that are due
 *   a new object            write its address to the next *place*, so that its death finds it
 *
 * and nothing else: no counts, no lists, no marks, no linked scopes. explicit.c follows a schedule,
 * recorder.c makes one, schedule.h has the form of it.
 *
 * Without a schedule a heap reclaims nothing. */
#ifndef EXPLICIT_STRATEGY_H
#define EXPLICIT_STRATEGY_H

#include "common/heap.h"

#define MM_GENERATIONS 0
#define MM_SCHEDULED 1 /* mm_schedule.h works */

struct mm_object {
    mm_type type;
    uint32_t slot_count;
    uint32_t data_bytes;
    uint32_t tracked; /* the recorder's number of the object; also keeps the payload aligned */
    mm_object *slots[];
};

typedef struct follower follower;
typedef struct death_recorder death_recorder;

struct mm {
    mutator_base base;
    uint64_t until_death; /* references to be given up before the next death; 0: none will come */
    mm_object **place, **places_end; /* the next new object's, and the end of the run of places */
    mm_object **dead, **dead_last;   /* the range of places whose objects die next; the last such */
    uint32_t dead_count;             /* its length */
    uint32_t dead_quickly;           /* the same, or 0 when it takes more than to call free() */
    uint32_t dead_after;             /* references to be given up between two such deaths */
    int32_t dead_stride;             /* from one such range to the next */
    mm_object *spare;                /* the place of all objects that need none */
    follower *follower;              /* NULL: there is no schedule */
#if MM_COUNTED
    death_recorder *recorder; /* NULL: nothing is recorded */
#endif
};

struct mm_heap {
    heap_base base;
    follower *follower; /* NULL: there is no schedule */
#if MM_CHECKED
    uint32_t audited_objects;       /* see mm_schedule_audit() */
    uint64_t audit_credit;          /* objects that may be looked at */
    uint64_t audits;                /* made so far */
    char violation[MM_MESSAGE_MAX]; /* the first that was found, or empty */
#endif
};

static const mm_traits strategy_traits = {
    .summary = "frees each object the moment it becomes unreachable, by a schedule made before",
    .timed = true,
    .scheduled = MM_SCHEDULED,
    .generations = MM_GENERATIONS,
};

extern const setting strategy_settings[];
extern const size_t strategy_setting_count;

mm_status strategy_heap_open(mm_heap *heap);
void strategy_heap_close(mm *m);

/* The recorder and the verifier want to know the variables; following a schedule does not. */
#define MM_SCOPES_LINKED(m) MM_COUNTED
#include "common/variables.h"

/* Frees what is due, and counts down to what comes next. */
void explicit_free_due(mm *m, mm_object *object);

/* The run of places is over: sets the next one up. */
void explicit_next_places(mm *m);

/* An object could not be made, so the program will not do what the recorded one did. */
void explicit_stop(mm *m);

#if MM_COUNTED
void recorder_lose(mm *m, mm_object *object);
void recorder_add(mm *m, mm_object *object);
#endif
#if MM_CHECKED
/* After each reference that was given up: exactly what is reachable is left. */
void explicit_audit(mm *m);
#endif

/* A reference to the object has been given up. */
static inline void explicit_lose(mm *m, mm_object *object)
{
#if MM_COUNTED
    if (m->recorder != NULL)
        recorder_lose(m, object);
#endif
    if (--m->until_death == 0)
        explicit_free_due(m, object);
#if MM_CHECKED
    explicit_audit(m);
#endif
}

/* Puts `value` in `place` and gives up what was there. */
static inline void explicit_replace(mm *m, mm_object **place, mm_object *value)
{
    mm_object *old = *place;

    *place = value;
    if (old != NULL)
        explicit_lose(m, old);
}

static inline mm_object *explicit_take(mm_object **place)
{
    mm_object *object = *place;

    *place = NULL;
    return object;
}

static inline void strategy_scope_enter(mm *m, mm_scope *scope, mm_var *variables, uint32_t count,
                                        bool borrows)
{
    scope_open(m, scope, variables, count, borrows);
}

static inline void strategy_scope_leave(mm_scope *scope)
{
    if (!scope->borrows) {
        for (uint32_t i = 0; i < scope->count; i++)
            explicit_replace(scope->m, &scope->variables[i].object, NULL);
    }
    scope_close(scope);
}

static inline void strategy_set(mm *m, mm_var *dst, mm_var *src)
{
    explicit_replace(m, &dst->object, src->object);
}

static inline void strategy_move(mm *m, mm_var *dst, mm_var *src)
{
    explicit_replace(m, &dst->object, explicit_take(&src->object));
}

static inline void strategy_clear(mm *m, mm_var *v)
{
    explicit_replace(m, &v->object, NULL);
}

static inline void strategy_load(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    explicit_replace(m, &dst->object, obj->object->slots[i]);
}

static inline void strategy_store(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    explicit_replace(m, &obj->object->slots[i], src->object);
}

#define strategy_take strategy_take
static inline void strategy_take(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    explicit_replace(m, &dst->object, explicit_take(&obj->object->slots[i]));
}

/* Transferring a reference gives none up, except into an object's own slot, by its own name. */
#define strategy_store_move strategy_store_move
static inline void strategy_store_move(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    mm_object **slot = &obj->object->slots[i];

    if (MM_UNLIKELY(src == obj)) {
        explicit_replace(m, slot, src->object);
        explicit_replace(m, &src->object, NULL);
        return;
    }
    explicit_replace(m, slot, explicit_take(&src->object));
}

#define strategy_fill strategy_fill
static inline void strategy_fill(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    if (MM_UNLIKELY(src == obj))
        strategy_store_move(m, obj, i, src);
    else
        obj->object->slots[i] = explicit_take(&src->object);
}

#define strategy_unset strategy_unset
static inline void strategy_unset(mm *m, mm_var *obj, uint32_t i)
{
    explicit_replace(m, &obj->object->slots[i], NULL);
}

#define strategy_copy_slot strategy_copy_slot
static inline void strategy_copy_slot(mm *m, mm_var *dobj, uint32_t di, mm_var *sobj, uint32_t si)
{
    explicit_replace(m, &dobj->object->slots[di], sobj->object->slots[si]);
}

static inline void strategy_borrow(mm *m, mm_var *v, mm_var *obj, uint32_t i)
{
    (void)m;
    variable_borrow(v, obj->object, i);
}

__attribute__((always_inline)) static inline mm_status
strategy_new(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint32_t bytes)
{
    mm_object *object = mutator_allocate(&m->base, sizeof *object, requested_bytes(slots, bytes));
    if (MM_UNLIKELY(object == NULL)) {
        explicit_stop(m);
        return MM_NO_MEMORY;
    }
    object_init(object, type, slots, bytes);
#if MM_COUNTED
    if (m->recorder != NULL)
        recorder_add(m, object);
#endif
    if (MM_UNLIKELY(m->place == m->places_end))
        explicit_next_places(m);
    *m->place++ = object;
    explicit_replace(m, &dst->object, object);
    return MM_OK;
}

#endif
