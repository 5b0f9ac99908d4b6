/* hand_cpython: an extension module's own types and loops, without the object API: what the adapter
 * `cpython` is held against. */
#include <Python.h>

#include "bench/hand/turns.h"

static PyObject *gc_module;

static void call_gc(const char *name)
{
    Py_XDECREF(PyObject_CallMethod(gc_module, name, NULL));
}

static void stop_collector(void)
{
    call_gc("disable");
}

const hand_program hand_written = {
    .summary = "CPython's C API, used by hand",
    .leaks_cycles = false,
    .peer = "CPython " PY_VERSION MM_PEER_NOTE,
    .stop_collector = stop_collector,
};

typedef struct value {
    PyObject_VAR_HEAD uint64_t data[];
} value;

typedef struct node {
    PyObject_VAR_HEAD PyObject *slot;
    uint64_t data[];
} node;

static void value_dealloc(PyObject *self)
{
    note_free(0, (uint32_t)Py_SIZE(self));
    PyObject_Free(self);
}

static int node_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((node *)self)->slot);
    return 0;
}

static int node_clear(PyObject *self)
{
    Py_CLEAR(((node *)self)->slot);
    return 0;
}

static void node_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, node_dealloc) Py_XDECREF(((node *)self)->slot);
    note_free(1, (uint32_t)Py_SIZE(self));
    PyObject_GC_Del(self);
    Py_TRASHCAN_END
}

static PyTypeObject value_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "hand.value",
    .tp_basicsize = sizeof(value),
    .tp_itemsize = 1,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = value_dealloc,
};

static PyTypeObject node_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "hand.node",
    .tp_basicsize = sizeof(node),
    .tp_itemsize = 1,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = node_traverse,
    .tp_clear = node_clear,
    .tp_dealloc = node_dealloc,
};

static inline value *new_value(uint32_t bytes)
{
    value *made = PyObject_NewVar(value, &value_type, bytes);

    if (made != NULL)
        note_allocation(0, bytes);
    return made;
}

static inline node *new_node(uint32_t bytes)
{
    node *made = PyObject_GC_NewVar(node, &node_type, bytes);

    if (made == NULL)
        return NULL;
    note_allocation(1, bytes);
    made->slot = NULL;
    PyObject_GC_Track(made);
    return made;
}

static bool temps_turn(hand_context *c, uint64_t i)
{
    value *y = new_value(c->payload);
    node *x;

    if (y == NULL)
        return false;
    y->data[0] = i;
    x = new_node(0);
    if (x == NULL) {
        Py_DECREF(y);
        return false;
    }
    x->slot = (PyObject *)y;
    c->checksum = workload_checksum(c->checksum, ((value *)x->slot)->data[0]);
    Py_DECREF(x);
    return true;
}

static bool pairs_turn(hand_context *c, uint64_t i)
{
    node *a = new_node(c->payload), *b;

    if (a == NULL)
        return false;
    b = new_node(c->payload);
    if (b == NULL) {
        Py_DECREF(a);
        return false;
    }
    a->data[0] = 2 * i;
    b->data[0] = 2 * i + 1;
    Py_INCREF(a);
    b->slot = (PyObject *)a;
    a->slot = (PyObject *)b; /* b's own reference */
    c->checksum = workload_checksum(c->checksum, ((node *)a->slot)->data[0]);
    c->checksum = workload_checksum(c->checksum, ((node *)b->slot)->data[0]);
    Py_DECREF(a);
    return true;
}

/* ---- The interpreter, started as the adapter starts it ---- */

static bool start(void)
{
    PyPreConfig before;
    PyConfig config;
    PyStatus status;

    PyPreConfig_InitIsolatedConfig(&before);
    if (PyStatus_Exception(Py_PreInitialize(&before)))
        return false;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.pathconfig_warnings = 0;
    status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status) || PyType_Ready(&value_type) != 0 ||
        PyType_Ready(&node_type) != 0)
        return false;
    gc_module = PyImport_ImportModule("gc");
    return gc_module != NULL;
}

static bool open_runtime(void)
{
    if (gc_module == NULL && !start())
        return false;
    call_gc("enable");
    call_gc("collect");
    call_gc("freeze");
    call_gc("collect");
    return true;
}

static void close_runtime(void)
{
    call_gc("collect");
}
