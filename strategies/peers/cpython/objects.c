/* The life and death of objects: types, deallocation, traversal, finalisers, weak references.
 *
 * Deallocation follows CPython's own subtype_dealloc(): untrack, the trashcan, the finaliser
 * (tracked again meanwhile, since it may resurrect), weak references, slots. So does what the
 * collector calls.
 *
 * A static type is made once in the life of the interpreter and costs a few objects of its own. So
 * types come from a pool that is filled before a heap starts, where they are frozen with everything
 * else of the interpreter's; the heap's types only change what they say.
 *
 * A weakable type needs a fixed place for the list of weak references, and its objects have any
 * size: there is a variant of the type for each place that occurs. */
#include "interpreter.h"

#include <stdlib.h>

cpython_type **cpython_types;
visit_count cpython_visits;

static size_t types_capacity;
static cpython_type *free_types; /* linked by `variants` */
static size_t free_type_count;
static PyObject *weak_arguments; /* the tuple that makes a weak reference, reused */
static PyObject *weak_callback;  /* calls ours */

/* ---- Where things stand in an object ---- */

/* Behind the payload of objects that have one. */
typedef struct tail {
    PyObject *weak_references;
    uintptr_t finalised; /* of an atom; CPython's collector remembers it for containers */
} tail;

static cpython_type *type_of(const mm_object *object)
{
    return (cpython_type *)object->head.ob_type;
}

static bool has_tail(const cpython_type *type)
{
    return type->weakable || (type->finaliser != NULL && !mm_type_is_container(type->type));
}

static size_t tail_offset(uint32_t slots, uint32_t bytes)
{
    return offsetof(mm_object, slots) + ((requested_bytes(slots, bytes) + 7) & ~(size_t)7);
}

static tail *tail_of(mm_object *object)
{
    return (tail *)(void *)((char *)object + tail_offset(object->slot_count, object->data_bytes));
}

/* ---- The front's books ---- */

#if MM_COUNTED
/* A block of the front that stands for an object just made, and is freed with it: it is counted, and
 * may fail. Not before: making an object may collect, and what then runs meets only whole ones. */
static void *shadow_of(PyObject *object, uint32_t slots, uint32_t bytes)
{
    mm_object **shadow = front_allocate(&cpython_heap->base.front, sizeof(mm_object *),
                                        requested_bytes(slots, bytes));

    if (shadow != NULL)
        *shadow = (mm_object *)object;
    return shadow;
}

static void shadow_free(void *shadow, uint32_t slots, uint32_t bytes)
{
    front_free(&cpython_heap->base.front, shadow, sizeof(mm_object *),
               requested_bytes(slots, bytes));
}

static void object_forgotten(mm_object *object)
{
    shadow_free(object->shadow, object->slot_count, object->data_bytes);
}
#else
static void object_forgotten(mm_object *object)
{
    (void)object;
}
#endif

/* ---- Calling the program ---- */

/* Finalisers that are running: CPython notes a call only when it is over. */
typedef struct running {
    const mm_object *object;
    const struct running *outer;
} running;

static const running *innermost;

static bool is_running(const mm_object *object)
{
    const running *call = innermost;

    while (call != NULL && call->object != object)
        call = call->outer;
    return call != NULL;
}

static void call_finaliser(PyObject *self)
{
    mm *m = cpython_heap->base.mutator;
    mm_object *object = (mm_object *)self;
    const running call = {object, innermost};

    innermost = &call;
    cpython_heap->base.finalisation.calls++;
    cpython_heap->base.finalisation.nesting++;
    {
        MM_VAR(m, variable);
        variable->object = cpython_alias(object);
        type_of(object)->finaliser(m, variable);
    }
    cpython_heap->base.finalisation.nesting--;
    innermost = call.outer;
}

/* tp_finalize: CPython calls it once for an object that its collector can track. */
static void finalise(PyObject *self)
{
    mm_object *object = (mm_object *)self;

    cpython_visits.open = false;
    if (cpython_heap->base.finalisation.ended)
        return;
    if (!mm_type_is_container(type_of(object)->type)) {
        if (tail_of(object)->finalised)
            return;
        tail_of(object)->finalised = 1;
    }
    call_finaliser(self);
}

/* Called by CPython with a weak reference that lives on, at least until all that the call has named is
 * given up. */
static PyObject *call_weak_callback(PyObject *self, PyObject *reference)
{
    mm *m = cpython_heap->base.mutator;
    cpython_weak *weak = (cpython_weak *)(void *)reference;

    (void)self;
    cpython_visits.open = false;
    if (weak->callback != NULL && !cpython_heap->base.finalisation.ended) {
        cpython_heap->base.finalisation.calls++;
        cpython_heap->base.finalisation.nesting++;
        Py_INCREF(reference);
        {
            MM_VARS(m, operands, 2);
            operands[0].object = cpython_alias((mm_object *)(void *)reference);
            operands[1].object = cpython_alias(weak->slots[0]);
            weak->callback(m, operands, operands + 1);
        }
        Py_DECREF(reference);
        cpython_heap->base.finalisation.nesting--;
    }
    Py_RETURN_NONE;
}

/* ---- What CPython's collector asks of containers ---- */

static inline void note_visit(const PyObject *self, visitproc visit)
{
#if MM_COUNTED
    visit_count *visits = &cpython_visits;

    if (!visits->open)
        return;
    if (visits->first == NULL) {
        visits->first = self;
        visits->first_pass = visit;
    } else if (visit != visits->first_pass || self == visits->first) {
        visits->open = false;
        return;
    }
    visits->visited++;
#else
    (void)self, (void)visit;
#endif
}

static int container_traverse(PyObject *self, visitproc visit, void *arg)
{
    mm_object *object = (mm_object *)self;

    note_visit(self, visit);
    for (uint32_t i = 0; i < object->slot_count; i++)
        Py_VISIT(object->slots[i]);
    return 0;
}

static int container_clear(PyObject *self)
{
    mm_object *object = (mm_object *)self;

    for (uint32_t i = 0; i < object->slot_count; i++)
        cpython_replace(object->slots + i, NULL);
    return 0;
}

/* ---- Death ---- */

#if MM_CHECKED
uint64_t cpython_put_off;
#endif

/* What every deallocator begins with that goes through the trashcan. */
static inline void dying(PyObject *self)
{
#if MM_CHECKED
    enum { TRASHCAN_DEPTH = 50 }; /* _PyTrash_UNWIND_LEVEL */

    cpython_put_off += PyThreadState_Get()->trash_delete_nesting >= TRASHCAN_DEPTH;
#endif
    PyObject_GC_UnTrack(self);
}

static void container_dealloc(PyObject *self)
{
    dying(self);
    Py_TRASHCAN_BEGIN(self, container_dealloc) mm_object *object = (mm_object *)self;
    for (uint32_t i = 0; i < object->slot_count; i++)
        Py_XDECREF((PyObject *)object->slots[i]);
    object_forgotten(object);
    PyObject_GC_Del(self);
    Py_TRASHCAN_END
}

/* One that has a finaliser or is weakable. */
static void special_container_dealloc(PyObject *self)
{
    dying(self);
    Py_TRASHCAN_BEGIN(self, special_container_dealloc) mm_object *object = (mm_object *)self;
    bool resurrected = false;
    if (type_of(object)->finaliser != NULL) {
        PyObject_GC_Track(self);
        resurrected = PyObject_CallFinalizerFromDealloc(self) < 0;
        if (!resurrected)
            PyObject_GC_UnTrack(self);
    }
    if (!resurrected) {
        if (type_of(object)->weakable)
            PyObject_ClearWeakRefs(self);
        for (uint32_t i = 0; i < object->slot_count; i++)
            Py_XDECREF((PyObject *)object->slots[i]);
        object_forgotten(object);
        PyObject_GC_Del(self);
    }
    Py_TRASHCAN_END
}

static void atom_dealloc(PyObject *self)
{
    object_forgotten((mm_object *)self);
    PyObject_Free(self);
}

static void special_atom_dealloc(PyObject *self)
{
    const cpython_type *type = type_of((mm_object *)self);

    if (type->finaliser != NULL && PyObject_CallFinalizerFromDealloc(self) < 0)
        return;
    if (type->weakable)
        PyObject_ClearWeakRefs(self);
    object_forgotten((mm_object *)self);
    PyObject_Free(self);
}

/* ---- Types ---- */

static cpython_type *new_static_type(void)
{
    cpython_type *type = calloc(1, sizeof *type);

    if (type == NULL)
        return NULL;
    type->python = (PyTypeObject){
        PyVarObject_HEAD_INIT(NULL, 0).tp_name = "reclaim.object",
        .tp_basicsize = offsetof(mm_object, slots),
        .tp_itemsize = 1,
        .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    };
    if (PyType_Ready(&type->python) == 0)
        return type;
    PyErr_Clear();
    free(type);
    return NULL;
}

static void release_type(cpython_type *type)
{
    type->python.tp_name = "reclaim.object";
    type->variants = free_types;
    free_types = type;
    free_type_count++;
}

bool objects_prepare_types(size_t count)
{
    while (free_type_count < count) {
        cpython_type *type = new_static_type();
        if (type == NULL)
            return false;
        release_type(type);
    }
    return true;
}

/* A type out of the pool that says what is asked of it. */
static cpython_type *take_type(const mm_type_info *info, mm_type type)
{
    bool special = info->weakable || info->finaliser != NULL,
         container = info->kind == MM_CONTAINER;
    cpython_type *taken;

    if (!objects_prepare_types(1))
        return NULL;
    taken = free_types;
    free_types = taken->variants;
    free_type_count--;
    taken->type = type;
    taken->finaliser = info->finaliser;
    taken->weakable = info->weakable;
    taken->variants = NULL;
    taken->python.tp_name = info->name;
    taken->python.tp_flags &= ~Py_TPFLAGS_HAVE_GC;
    taken->python.tp_weaklistoffset = 0;
    taken->python.tp_finalize = info->finaliser != NULL ? finalise : NULL;
    if (container) {
        taken->python.tp_flags |= Py_TPFLAGS_HAVE_GC;
        taken->python.tp_traverse = container_traverse;
        taken->python.tp_clear = container_clear;
        taken->python.tp_dealloc = special ? special_container_dealloc : container_dealloc;
    } else {
        taken->python.tp_dealloc = special ? special_atom_dealloc : atom_dealloc;
    }
    return taken;
}

bool objects_is_ours(PyObject *object)
{
    destructor dealloc = Py_TYPE(object)->tp_dealloc;

    return dealloc == container_dealloc || dealloc == special_container_dealloc ||
           dealloc == cpython_weak_type.python.tp_dealloc;
}

bool strategy_type_add(mm_heap *heap, const mm_type_info *info, mm_type type)
{
    uint32_t index = mm_type_index(type);

    (void)heap;
    if (index == types_capacity) {
        size_t capacity = types_capacity != 0 ? 2 * types_capacity : 16;
        cpython_type **types = realloc(cpython_types, capacity * sizeof *types);
        if (types == NULL)
            return false;
        memset(types + types_capacity, 0, (capacity - types_capacity) * sizeof *types);
        cpython_types = types;
        types_capacity = capacity;
    }
    if (index == mm_type_index(MM_TYPE_WEAK))
        cpython_types[index] = &cpython_weak_type;
    else
        cpython_types[index] = take_type(info, type);
    return cpython_types[index] != NULL;
}

void objects_release_types(void)
{
    for (size_t i = 0; i < types_capacity; i++) {
        cpython_type *type = cpython_types[i], *next;
        for (; type != NULL && type != &cpython_weak_type; type = next) {
            next = type->variants;
            release_type(type);
        }
        cpython_types[i] = NULL;
    }
}

/* The variant of a weakable type whose objects have their weak references at `offset`. */
static cpython_type *variant_at(cpython_type *type, Py_ssize_t offset)
{
    const mm_type_info info = {.name = type->python.tp_name,
                               .kind = mm_type_is_container(type->type) ? MM_CONTAINER : MM_ATOM,
                               .weakable = true,
                               .finaliser = type->finaliser};
    cpython_type *variant = type;

    while (variant != NULL && variant->python.tp_weaklistoffset != offset)
        variant = variant->variants;
    if (variant != NULL)
        return variant;
    variant = take_type(&info, type->type);
    if (variant == NULL)
        return NULL;
    variant->python.tp_weaklistoffset = offset;
    variant->variants = type->variants;
    type->variants = variant;
    return variant;
}

/* ---- Making ---- */

static mm_object *new_object(cpython_type *type, uint32_t slots, uint32_t bytes)
{
    bool tailed = has_tail(type);
    size_t size = tailed ? tail_offset(slots, bytes) + sizeof(tail) - offsetof(mm_object, slots)
                         : requested_bytes(slots, bytes);
    mm_object *object = NULL;

    if (type->weakable)
        type = variant_at(type, (Py_ssize_t)tail_offset(slots, bytes));
    if (type != NULL && mm_type_is_container(type->type))
        object =
            (mm_object *)(void *)PyObject_GC_NewVar(PyVarObject, &type->python, (Py_ssize_t)size);
    else if (type != NULL)
        object = (mm_object *)(void *)PyObject_NewVar(PyVarObject, &type->python, (Py_ssize_t)size);
    if (object == NULL) {
        PyErr_Clear();
        return NULL;
    }
    cpython_init(object, slots, bytes);
    if (tailed)
        *tail_of(object) = (tail){0};
    return object;
}

#if MM_COUNTED
/* Gives back what nobody has seen yet. */
static void object_never_was(mm_object *object, const cpython_type *type)
{
    if (mm_type_is_container(type->type))
        PyObject_GC_Del(object);
    else
        PyObject_Free(object);
}
#endif

mm_object *cpython_new_with_care(mm *m, cpython_type *type, uint32_t slots, uint32_t bytes)
{
    mm_object *object;

    (void)m;
    object = new_object(type, slots, bytes);
    if (object == NULL)
        return NULL;
#if MM_COUNTED
    object->shadow = shadow_of((PyObject *)object, slots, bytes);
    if (object->shadow == NULL) {
        object_never_was(object, type);
        return NULL;
    }
#endif
    if (mm_type_is_container(type->type))
        PyObject_GC_Track(object);
    return object;
}

bool strategy_is_finalized(mm *m, const mm_var *obj)
{
    const cpython_type *type = type_of(obj->object);

    (void)m;
    if (type->finaliser == NULL)
        return false;
    if (mm_type_is_container(type->type))
        return PyObject_GC_IsFinalized((PyObject *)obj->object) || is_running(obj->object);
    return tail_of(obj->object)->finalised != 0;
}

/* ---- Weak references ---- */

static int weak_traverse(PyObject *self, visitproc visit, void *arg)
{
    cpython_weak *weak = (cpython_weak *)(void *)self;

    note_visit(self, visit);
    Py_VISIT(weak->slots[0]);
    return _PyWeakref_RefType.tp_traverse(self, visit, arg);
}

static int weak_clear_references(PyObject *self)
{
    cpython_replace(((cpython_weak *)(void *)self)->slots, NULL);
    return _PyWeakref_RefType.tp_clear(self);
}

/* The referent forgets it before the trashcan may put it off: a collection meanwhile would take it
 * from its list in the collector, where it is no more, to call it back. */
static void weak_dealloc(PyObject *self)
{
    cpython_weak *weak = (cpython_weak *)(void *)self;

    dying(self);
    _PyWeakref_ClearRef(&weak->reference);
    Py_TRASHCAN_BEGIN(self, weak_dealloc)
#if MM_COUNTED
        if (weak->shadow != NULL) shadow_free(weak->shadow, 1, MM_WEAK_BYTES);
#endif
    Py_XDECREF((PyObject *)weak->slots[0]);
    _PyWeakref_RefType.tp_dealloc(self);
    Py_TRASHCAN_END
}

cpython_type cpython_weak_type = {
    .python = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "reclaim.weak",
               .tp_basicsize = sizeof(cpython_weak),
               .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, .tp_traverse = weak_traverse,
               .tp_clear = weak_clear_references, .tp_dealloc = weak_dealloc},
    .type = MM_TYPE_WEAK,
};

bool objects_open(void)
{
    static PyMethodDef method = {
        .ml_name = "call_weak_callback", .ml_meth = call_weak_callback, .ml_flags = METH_O};

    cpython_weak_type.python.tp_base = &_PyWeakref_RefType;
    if (PyType_Ready(&cpython_weak_type.python) != 0)
        return false;
    weak_callback = PyCFunction_New(&method, NULL);
    weak_arguments = PyTuple_New(2);
    if (weak_callback == NULL || weak_arguments == NULL)
        return false;
    PyObject_GC_UnTrack(weak_arguments);
    return true;
}

/* A weak reference object with its arguments lent to the tuple, so that none is made. */
static cpython_weak *new_weak(mm_object *referent, bool called_back)
{
    PyObject *made;

    PyTuple_SET_ITEM(weak_arguments, 0, (PyObject *)referent);
    PyTuple_SET_ITEM(weak_arguments, 1, called_back ? weak_callback : Py_None);
    made = cpython_weak_type.python.tp_new(&cpython_weak_type.python, weak_arguments, NULL);
    PyTuple_SET_ITEM(weak_arguments, 0, NULL);
    PyTuple_SET_ITEM(weak_arguments, 1, NULL);
    if (made == NULL)
        PyErr_Clear();
    return (cpython_weak *)(void *)made;
}

mm_status strategy_weak_new(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                            mm_weak_callback *callback)
{
    cpython_weak *weak;

    (void)m;
    weak = new_weak(referent->object, callback != NULL);
    if (weak == NULL)
        return MM_NO_MEMORY;
#if MM_COUNTED
    weak->shadow = shadow_of((PyObject *)(void *)weak, 1, MM_WEAK_BYTES);
    if (weak->shadow == NULL) {
        Py_DECREF((PyObject *)(void *)weak);
        return MM_NO_MEMORY;
    }
#endif
    weak->callback = callback;
    weak->slots[0] = context != NULL ? cpython_alias(context->object) : NULL;
    cpython_replace(&dst->object, (mm_object *)(void *)weak);
    return MM_OK;
}

void strategy_weak_load(mm *m, mm_var *dst, mm_var *reference)
{
    PyObject *referent = PyWeakref_GET_OBJECT((PyObject *)reference->object);

    (void)m;
    if (referent == Py_None)
        referent = NULL;
    cpython_replace(&dst->object, cpython_alias((mm_object *)(void *)referent));
}
