/* cpython: the objects, the counting and the collector of the real CPython, behind the object API.
 *
 * Objects are what an extension module makes: static types, slots behind the header as in a tuple,
 * the payload behind the slots. Containers take part in the cycle collector, atoms do not. A
 * variable owns a reference, as a local variable of the interpreter does; nothing here runs
 * bytecode.
 *
 *   ordinary object   [refcnt ob_type slot_count data_bytes | slots... | payload | tail]
 *   weak reference    [PyWeakReference | callback | one slot]
 *
 * The two 4-byte numbers stand where a PyVarObject has its ob_size, so that an object costs no byte
 * more than one of CPython's own. `tail` exists where a type is weakable or an atom has a
 * finaliser. Weak references are instances of a subclass of weakref.ref, so that CPython's
 * collector treats them as its own; their slot stands elsewhere, which costs the others one
 * comparison an access.
 *
 * There is one interpreter in a process, and so one heap at a time. cpython.c has the interpreter
 * and the collector, objects.c the life and death of objects. */
#ifndef CPYTHON_STRATEGY_H
#define CPYTHON_STRATEGY_H

#include <Python.h>

#include "common/heap.h"

#define MM_GENERATIONS 3
#define MM_FOREIGN 1

/* An object of CPython's as we lay it out. */
struct mm_object {
    PyObject head;
    uint32_t slot_count;
    uint32_t data_bytes;
#if MM_COUNTED
    void *shadow; /* the block that stands for the object in the front's books */
#endif
    mm_object *slots[];
};

typedef struct cpython_weak {
    PyWeakReference reference;
    mm_weak_callback *callback;
#if MM_COUNTED
    void *shadow;
#endif
    mm_object *slots[1];
} cpython_weak;

/* A type of the heap's, or of CPython's view: each is a static type, since a heap type would be
 * counted at every object. */
typedef struct cpython_type {
    PyTypeObject python; /* first: an object's ob_type leads here */
    mm_type type;
    mm_finaliser *finaliser;
    bool weakable;
    struct cpython_type *variants; /* weakable: the same type for other sizes of object */
} cpython_type;

extern cpython_type cpython_weak_type;

/* The types of the heap by mm_type_index(). */
extern cpython_type **cpython_types;

struct mm {
    mutator_base base;
};

struct mm_heap {
    heap_base base;
    uint32_t thresholds[MM_GENERATIONS];
    uint32_t thresholds_told[MM_GENERATIONS]; /* what the interpreter knows */
    bool automatic_told;
    uint64_t frozen_before; /* objects of the interpreter's own that were frozen first */
};

static const mm_traits strategy_traits = {
    .summary = "CPython's own objects, counting and collector, from the system's library",
    .peer = "CPython " PY_VERSION MM_PEER_NOTE,
    .timed = true,
    .reclaims = true,
    .counts = true,
    .prompt = true,
    .reclaims_cycles = true,
    .tracks = true,
    .freezes = true,
    .one_heap = true,
    .mortal = true,
    .visits_unknown = !MM_COUNTED,
    .no_limit = true,
    .death_by_count = MM_FINALISER_FIRST,
    .death_by_collector = MM_WEAK_FIRST,
    .generations = MM_GENERATIONS,
};

extern const setting strategy_settings[];
extern const size_t strategy_setting_count;

mm_status strategy_heap_open(mm_heap *heap);
void strategy_heap_close(mm *m);
uint64_t strategy_collect(mm *m, uint32_t generation);
void strategy_trigger_changed(mm_heap *heap);
void strategy_freeze(mm_heap *heap);
void strategy_unfreeze(mm_heap *heap);
uint64_t strategy_freeze_count(const mm_heap *heap);
uint32_t strategy_generation_count(const mm_heap *heap, uint32_t generation);
#define strategy_freeze strategy_freeze

bool strategy_type_add(mm_heap *heap, const mm_type_info *info, mm_type type);
#define strategy_type_add strategy_type_add

mm_status strategy_weak_new(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                            mm_weak_callback *callback);
void strategy_weak_load(mm *m, mm_var *dst, mm_var *reference);
bool strategy_is_finalized(mm *m, const mm_var *obj);

static inline uint32_t *strategy_threshold(const mm_heap *heap, uint32_t generation)
{
    return (uint32_t *)&heap->thresholds[generation];
}

static inline bool cpython_is_weak(const mm_object *object)
{
    return object->head.ob_type == &cpython_weak_type.python;
}

#if MM_COUNTED
static inline void *cpython_shadow(mm_object *object)
{
    return cpython_is_weak(object) ? ((cpython_weak *)object)->shadow : object->shadow;
}
#endif

#if MM_REGISTRY
    /* The registry has the objects' shadows, and each leads back to its object. */
    #define strategy_block(object) cpython_shadow(object)
    #define strategy_object_in(block) (*(mm_object **)((block) + 1))
#endif

#if MM_CHECKED
/* Objects that the trashcan has put off so far, each as often as it was. */
extern uint64_t cpython_put_off;
    #define strategy_put_off(m) ((void)(m), cpython_put_off)
#endif

static inline mm_object **cpython_slot(mm_object *object, uint32_t i)
{
    if (MM_UNLIKELY(cpython_is_weak(object)))
        return ((cpython_weak *)object)->slots + i;
    return object->slots + i;
}

#define strategy_slot(object, i) cpython_slot((object), (i))
#define MM_SCOPES_LINKED(m) MM_COUNTED
#include "common/variables.h"

static inline void *strategy_data(mm *m, const mm_var *obj)
{
    (void)m;
    return obj->object->slots + obj->object->slot_count;
}

static inline mm_type strategy_type_of(mm *m, const mm_var *obj)
{
    (void)m;
    return ((const cpython_type *)obj->object->head.ob_type)->type;
}

static inline uint32_t strategy_slot_count(mm *m, const mm_var *obj)
{
    (void)m;
    return cpython_is_weak(obj->object) ? 1 : obj->object->slot_count;
}

/* ---- Making ---- */

/* A new weakable or finalisable object, and any in the counted flavours; NULL when there is no
 * memory. */
mm_object *cpython_new_with_care(mm *m, cpython_type *type, uint32_t slots, uint32_t bytes);

/* Puts `value`, whose reference goes along, in `place` and gives up what was there. */
static inline void cpython_replace(mm_object **place, mm_object *value)
{
    mm_object *old = *place;

    *place = value;
    Py_XDECREF((PyObject *)old);
}

static inline mm_object *cpython_alias(mm_object *object)
{
    Py_XINCREF((PyObject *)object);
    return object;
}

/* Sizes and empty slots of a new object. */
static inline void cpython_init(mm_object *object, uint32_t slots, uint32_t bytes)
{
    object->slot_count = slots;
    object->data_bytes = bytes;
    for (uint32_t i = 0; i < slots; i++)
        object->slots[i] = NULL;
}

static inline mm_status strategy_new(mm *m, mm_var *dst, mm_type type, uint32_t slots,
                                     uint32_t bytes)
{
    cpython_type *made_of = cpython_types[mm_type_index(type)];
    Py_ssize_t request = (Py_ssize_t)requested_bytes(slots, bytes);
    mm_object *object;

    if (MM_COUNTED || MM_UNLIKELY((type & MM_TYPE_SPECIAL) || made_of->weakable)) {
        object = cpython_new_with_care(m, made_of, slots, bytes);
        if (MM_UNLIKELY(object == NULL))
            return MM_NO_MEMORY;
    } else if (mm_type_is_container(type)) {
        object = (mm_object *)(void *)PyObject_GC_NewVar(PyVarObject, &made_of->python, request);
        if (MM_UNLIKELY(object == NULL)) {
            PyErr_Clear();
            return MM_NO_MEMORY;
        }
        cpython_init(object, slots, bytes);
        PyObject_GC_Track(object);
    } else {
        object = (mm_object *)(void *)PyObject_NewVar(PyVarObject, &made_of->python, request);
        if (MM_UNLIKELY(object == NULL)) {
            PyErr_Clear();
            return MM_NO_MEMORY;
        }
        cpython_init(object, 0, bytes);
    }
    cpython_replace(&dst->object, object);
    return MM_OK;
}

/* ---- Variables and slots ---- */

static inline void strategy_scope_enter(mm *m, mm_scope *scope, mm_var *variables, uint32_t count,
                                        bool borrows)
{
    scope_open(m, scope, variables, count, borrows);
}

static inline void strategy_scope_leave(mm_scope *scope)
{
    if (!scope->borrows) {
        for (uint32_t i = 0; i < scope->count; i++)
            cpython_replace(&scope->variables[i].object, NULL);
    }
    scope_close(scope);
}

static inline void strategy_set(mm *m, mm_var *dst, mm_var *src)
{
    (void)m;
    cpython_replace(&dst->object, cpython_alias(src->object));
}

static inline void strategy_move(mm *m, mm_var *dst, mm_var *src)
{
    mm_object *object = src->object;

    (void)m;
    src->object = NULL;
    cpython_replace(&dst->object, object);
}

static inline void strategy_clear(mm *m, mm_var *v)
{
    (void)m;
    cpython_replace(&v->object, NULL);
}

static inline void strategy_load(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    (void)m;
    cpython_replace(&dst->object, cpython_alias(*cpython_slot(obj->object, i)));
}

static inline void strategy_store(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    (void)m;
    cpython_replace(cpython_slot(obj->object, i), cpython_alias(src->object));
}

#define strategy_take strategy_take
static inline void strategy_take(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    mm_object **slot = cpython_slot(obj->object, i), *object = *slot;

    (void)m;
    *slot = NULL;
    cpython_replace(&dst->object, object);
}

#define strategy_store_move strategy_store_move
static inline void strategy_store_move(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    mm_object **slot = cpython_slot(obj->object, i), *object = src->object;

    (void)m;
    src->object = NULL;
    cpython_replace(slot, object);
}

#define strategy_fill strategy_fill
static inline void strategy_fill(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    (void)m;
    *cpython_slot(obj->object, i) = src->object;
    src->object = NULL;
}

#define strategy_unset strategy_unset
static inline void strategy_unset(mm *m, mm_var *obj, uint32_t i)
{
    (void)m;
    cpython_replace(cpython_slot(obj->object, i), NULL);
}

#define strategy_copy_slot strategy_copy_slot
static inline void strategy_copy_slot(mm *m, mm_var *dobj, uint32_t di, mm_var *sobj, uint32_t si)
{
    (void)m;
    cpython_replace(cpython_slot(dobj->object, di), cpython_alias(*cpython_slot(sobj->object, si)));
}

static inline void strategy_borrow(mm *m, mm_var *v, mm_var *obj, uint32_t i)
{
    (void)m;
    variable_borrow(v, obj->object, i);
}

#define strategy_refcount strategy_refcount
static inline uint64_t strategy_refcount(mm *m, const mm_var *obj)
{
    (void)m;
    return (uint64_t)Py_REFCNT((PyObject *)obj->object);
}

#define strategy_is_tracked strategy_is_tracked
static inline bool strategy_is_tracked(mm *m, const mm_var *obj)
{
    (void)m;
    return PyObject_GC_IsTracked((PyObject *)obj->object);
}

#endif
