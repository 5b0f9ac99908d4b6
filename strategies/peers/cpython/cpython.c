/* The interpreter and its collector, by its `gc` module.
 *
 * Before a heap starts nothing of the interpreter's own may take part: a full collection, then
 * gc.freeze() for what is left, then another full collection, since freezing leaves the number of
 * long-lived objects standing, by which full collections are put off. From there on CPython's
 * figures are those of the heap alone, to the last object.
 *
 * gc.collect() is called and not PyGC_Collect(), which does nothing while the collector is
 * disabled.
 *
 * Each collection is recorded by an entry in gc.callbacks. CPython makes a dictionary for these
 * calls, a tuple where an object dies that several weak references lead to, and another when its
 * module is told thresholds. All come from free lists, past the count that starts collections. But a
 * full collection empties the free lists, and what it frees there falls off the count, and what is
 * made next is counted: so while one runs its lists are kept empty, and filled again when it is
 * over. That observing changes nothing: see reserve_take().
 *
 * Sources: CPython 3.11, Doc/library/gc.rst and Doc/c-api/gcsupport.rst; PEP 587 for starting it.
 */
#include "interpreter.h"
#include "peers/sanitizer.h"

#include <string.h>

enum { TYPES_READY = 32, MEMORY_PYMALLOC = 0, MEMORY_MALLOC = 1 };

/* The tuples that come from free lists: two entries for each of the weak references, so many at a
 * time; and one of three entries. */
enum {
    REFERENCES_MAX = 9,
    REFERENCES_DEPTH = 4,
    TUPLES = (REFERENCES_MAX - 1) * REFERENCES_DEPTH + 1
};

const setting strategy_settings[] = {
    {.name = "threshold0",
     .unit = "objects",
     .help = "net allocations that start a collection of generation 0",
     .fallback = 700,
     .maximum = INT32_MAX,
     .integer = true,
     .words = {{"off", 0}}},
    {.name = "threshold1",
     .unit = "collections",
     .help = "of generation 0 that start one of generation 1",
     .fallback = 10,
     .maximum = INT32_MAX,
     .integer = true},
    {.name = "threshold2",
     .unit = "collections",
     .help = "of generation 1 that start one of generation 2",
     .fallback = 10,
     .maximum = INT32_MAX,
     .integer = true},
    {.name = "memory",
     .unit = "",
     .help = "the allocator beneath the objects",
     .fallback = MEMORY_PYMALLOC,
     .for_process = true,
     .words_only = true,
     .words = {{"pymalloc", MEMORY_PYMALLOC}, {"malloc", MEMORY_MALLOC}}},
    AUTOMATIC_SETTING,
    CADENCE_SETTING,
};
const size_t strategy_setting_count = sizeof strategy_settings / sizeof *strategy_settings;

mm_heap *cpython_heap;

/* The interpreter; all NULL before the first heap. */
static struct {
    bool started;
    int memory;
    PyObject *collect, *enable, *disable, *set_threshold;
    PyObject *freeze, *get_freeze_count;
    PyObject *generations[MM_GENERATIONS];    /* as numbers */
    PyObject *generation_key, *collected_key; /* of the dictionary that callbacks get */
    PyObject *tuples[TUPLES];                 /* of the free lists, while a full collection runs */
    PyObject *dictionary, *spare;             /* as long */
    struct generations *generations_found;
    collection running;
} interpreter;

/* ---- The interpreter's generations ----
 *
 * Lists of two words in front of each object, the lower two bits of the second being the object's
 * flags. Where they are, one object of the youngest generation tells, since they stand at fixed
 * distances in the interpreter's state (3.11's only, as all of this). */

typedef struct list_head {
    uintptr_t next, prev;
} list_head;

typedef struct generation {
    list_head list;
    int threshold, count;
} generation;

/* What the interpreter's state has of them, from its youngest generation on. */
typedef struct generations {
    generation collected[MM_GENERATIONS];
    list_head *youngest;
    generation permanent;
} generations;

/* ---- The free lists ---- */

static int spare_traverse(PyObject *self, visitproc visit, void *arg)
{
    (void)self, (void)visit, (void)arg;
    return 0;
}

static void spare_dealloc(PyObject *self)
{
    PyObject_GC_Del(self);
}

static PyTypeObject spare_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "reclaim.spare",
    .tp_basicsize = sizeof(PyObject),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_traverse = spare_traverse,
    .tp_dealloc = spare_dealloc,
};

static PyObject *take_tuple(Py_ssize_t size)
{
    PyObject *tuple = PyTuple_New(size);

    if (tuple != NULL)
        PyObject_GC_UnTrack(tuple);
    return tuple;
}

/* What gc.get_count() begins with; nobody else sees it before the generations are found. */
static int *youngest_count(void)
{
    static int unseen;

    return interpreter.generations_found != NULL
               ? &interpreter.generations_found->collected[0].count
               : &unseen;
}

/* The last full collection has left its two dictionaries on the free list, and the next has taken one
 * of them: the other goes, past the list. Otherwise it would in the middle of the collection, and
 * fall off the count. An empty dictionary owns nothing. */
static void free_other_dictionary(void)
{
    PyObject *other = PyDict_New();

    if (other != NULL)
        PyObject_GC_Del(other);
}

/* When a full collection begins, whose dictionary this is: takes what the free lists have, or makes
 * it, which is not the heap's doing. */
static void reserve_take(PyObject *dictionary)
{
    int taken = 0, count = *youngest_count();

    interpreter.dictionary = Py_NewRef(dictionary);
    free_other_dictionary();
    interpreter.spare = (PyObject *)PyObject_GC_New(PyObject, &spare_type);
    interpreter.tuples[taken++] = take_tuple(MM_GENERATIONS);
    for (int references = 2; references <= REFERENCES_MAX; references++) {
        for (int i = 0; i < REFERENCES_DEPTH; i++)
            interpreter.tuples[taken++] = take_tuple(2 * references);
    }
    *youngest_count() = count;
}

/* When it is over: puts them on the free lists. */
static void reserve_give_back(void)
{
    for (int i = 0; i < TUPLES; i++)
        Py_CLEAR(interpreter.tuples[i]);
    Py_CLEAR(interpreter.dictionary);
}

/* ---- Collections as they happen ---- */

static uint64_t entry_of(PyObject *info, PyObject *key)
{
    PyObject *number = PyDict_GetItemWithError(info, key);

    return number != NULL ? PyLong_AsUnsignedLongLong(number) : 0;
}

/* Whether collections are the heap's own, and not for making or ending it. */
static bool is_recorded(void)
{
    return cpython_heap != NULL && !cpython_heap->base.finalisation.ended;
}

static void collection_starts(uint32_t generation, PyObject *info)
{
    if (generation == MM_GENERATIONS - 1)
        reserve_take(info);
    if (!is_recorded())
        return;
    interpreter.running = collection_begin(cpython_heap->base.mutator, generation);
    cpython_visits = (visit_count){.open = true};
}

/* The end of a full collection has a dictionary of its own, which was counted: the spare object falls
 * off the count for it. */
static void collection_stops(uint32_t generation, uint64_t collected)
{
    Py_CLEAR(interpreter.spare);
    if (is_recorded()) {
        collection *c = &interpreter.running;
        c->visited = cpython_visits.visited;
        c->unreachable = c->reclaimed = collected;
        cpython_visits.open = false;
        collection_end(cpython_heap->base.mutator, c);
    }
    if (generation == MM_GENERATIONS - 1)
        reserve_give_back();
}

/* An entry of gc.callbacks: (phase, {"generation", "collected", "uncollectable"}). */
static PyObject *watch(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    PyObject *info = arguments[1];
    uint32_t generation = (uint32_t)entry_of(info, interpreter.generation_key);

    (void)self, (void)count;
    if (PyUnicode_CompareWithASCIIString(arguments[0], "start") == 0)
        collection_starts(generation, info);
    else
        collection_stops(generation, entry_of(info, interpreter.collected_key));
    Py_RETURN_NONE;
}

/* ---- Starting the interpreter ---- */

static bool initialise(int memory)
{
    PyPreConfig before;
    PyConfig config;
    PyStatus status;

    PyPreConfig_InitIsolatedConfig(&before);
    before.allocator = memory == MEMORY_MALLOC ? PYMEM_ALLOCATOR_MALLOC : PYMEM_ALLOCATOR_PYMALLOC;
    if (PyStatus_Exception(Py_PreInitialize(&before)))
        return false;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.install_signal_handlers = 0;
    config.pathconfig_warnings = 0;
    status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return !PyStatus_Exception(status);
}

static bool find_functions(PyObject *gc)
{
    const struct {
        const char *name;
        PyObject **place;
    } functions[] = {
        {"collect", &interpreter.collect}, {"enable", &interpreter.enable},
        {"disable", &interpreter.disable}, {"set_threshold", &interpreter.set_threshold},
        {"freeze", &interpreter.freeze},   {"get_freeze_count", &interpreter.get_freeze_count},
    };

    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        *functions[i].place = PyObject_GetAttrString(gc, functions[i].name);
        if (*functions[i].place == NULL)
            return false;
    }
    return true;
}

static bool add_watch(PyObject *gc)
{
    static PyMethodDef method = {.ml_name = "watch", .ml_flags = METH_FASTCALL};
    PyObject *callbacks = PyObject_GetAttrString(gc, "callbacks"), *entry;
    bool added;

    method.ml_meth = (PyCFunction)(void (*)(void))watch;
    entry = PyCFunction_New(&method, NULL);
    added = callbacks != NULL && entry != NULL && PyList_Append(callbacks, entry) == 0;
    Py_XDECREF(callbacks);
    Py_XDECREF(entry);
    return added;
}

static bool make_constants(void)
{
    for (long g = 0; g < MM_GENERATIONS; g++) {
        interpreter.generations[g] = PyLong_FromLong(g);
        if (interpreter.generations[g] == NULL)
            return false;
    }
    interpreter.generation_key = PyUnicode_InternFromString("generation");
    interpreter.collected_key = PyUnicode_InternFromString("collected");
    return interpreter.generation_key != NULL && interpreter.collected_key != NULL;
}

static bool start(int memory)
{
    PyObject *gc;
    bool ready;

    if (!initialise(memory))
        return false;
    interpreter.started = true;
    interpreter.memory = memory;
    gc = PyImport_ImportModule("gc");
    ready = gc != NULL && make_constants() && PyType_Ready(&spare_type) == 0 && objects_open() &&
            find_functions(gc) && add_watch(gc);
    Py_XDECREF(gc);
    return ready;
}

/* ---- The gc module ---- */

static void call(PyObject *function)
{
    PyObject *result = PyObject_CallNoArgs(function);

    assert(result != NULL && "a function of gc without arguments does not fail");
    Py_XDECREF(result);
}

static uint64_t collect(uint32_t generation)
{
    PyObject *result =
        PyObject_CallOneArg(interpreter.collect, interpreter.generations[generation]);
    uint64_t found = result != NULL ? PyLong_AsUnsignedLongLong(result) : 0;

    Py_XDECREF(result);
    return found;
}

static uint64_t frozen(void)
{
    PyObject *result = PyObject_CallNoArgs(interpreter.get_freeze_count);
    uint64_t count = result != NULL ? PyLong_AsUnsignedLongLong(result) : 0;

    Py_XDECREF(result);
    return count;
}

uint64_t strategy_collect(mm *m, uint32_t generation)
{
    (void)m;
    return collect(generation);
}

static void tell_thresholds(mm_heap *heap)
{
    Py_XDECREF(PyObject_CallFunction(interpreter.set_threshold, "III", heap->thresholds[0],
                                     heap->thresholds[1], heap->thresholds[2]));
    memcpy(heap->thresholds_told, heap->thresholds, sizeof heap->thresholds);
}

void strategy_trigger_changed(mm_heap *heap)
{
    if (heap->automatic_told != heap->base.automatic)
        call(heap->base.automatic ? interpreter.enable : interpreter.disable);
    heap->automatic_told = heap->base.automatic;
    if (memcmp(heap->thresholds_told, heap->thresholds, sizeof heap->thresholds) != 0)
        tell_thresholds(heap);
}

/* ---- Freezing ----
 *
 * gc.unfreeze() would thaw the interpreter's own objects with the heap's. So the heap's are moved by
 * hand from the permanent list to the oldest one. */

static const uintptr_t flag_bits = 3;

static list_head *head_of(PyObject *object)
{
    return (list_head *)(void *)object - 1;
}

static list_head *next_on_list(const list_head *gc)
{
    return (list_head *)gc->next;
}

static list_head *previous_on_list(const list_head *gc)
{
    return (list_head *)(gc->prev & ~flag_bits);
}

/* The generations are empty: the list of an object's own is a list of one. */
static generations *find_generations(void)
{
    PyObject *alone = PyObject_GC_New(PyObject, &spare_type);
    list_head *youngest;
    generations *found;

    if (alone == NULL)
        return NULL;
    PyObject_GC_Track(alone);
    youngest = next_on_list(head_of(alone));
    Py_DECREF(alone);
    found = (generations *)(void *)youngest;
    assert(found->youngest == youngest && "the interpreter's state is another than 3.11's");
    return found->youngest == youngest ? found : NULL;
}

static void append(list_head *list, list_head *gc)
{
    list_head *last = previous_on_list(list);

    last->next = (uintptr_t)gc;
    gc->prev = (uintptr_t)last | (gc->prev & flag_bits);
    gc->next = (uintptr_t)list;
    list->prev = (uintptr_t)gc;
}

static void take_off(list_head *gc)
{
    list_head *previous = previous_on_list(gc), *next = next_on_list(gc);

    previous->next = (uintptr_t)next;
    next->prev = (uintptr_t)previous | (next->prev & flag_bits);
}

static void thaw_the_heap(generations *from)
{
    list_head *frozen = &from->permanent.list, *oldest = &from->collected[MM_GENERATIONS - 1].list;

    for (list_head *gc = next_on_list(frozen), *next; gc != frozen; gc = next) {
        next = next_on_list(gc);
        if (objects_is_ours((PyObject *)(void *)(gc + 1))) {
            take_off(gc);
            append(oldest, gc);
        }
    }
}

/* As gc.get_count() has it, which makes a tuple that counts. */
uint32_t strategy_generation_count(const mm_heap *heap, uint32_t generation)
{
    (void)heap;
    return (uint32_t)interpreter.generations_found->collected[generation].count;
}

void strategy_freeze(mm_heap *heap)
{
    (void)heap;
    call(interpreter.freeze);
}

void strategy_unfreeze(mm_heap *heap)
{
    (void)heap;
    thaw_the_heap(interpreter.generations_found);
}

uint64_t strategy_freeze_count(const mm_heap *heap)
{
    uint64_t count = frozen();

    return count > heap->frozen_before ? count - heap->frozen_before : 0;
}

/* ---- Leaks ---- */

/* The interpreter is never ended, and what it keeps for its next start, it holds by pointers that
 * the leak checker does not know. That is what its library has allocated, and nothing else here. */
#if HAS_ADDRESS_SANITIZER
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libpython3";
}
#endif

/* ---- The heap ---- */

/* Everything that the interpreter has is out of the collector's sight, and its books read zero. */
static void put_interpreter_aside(void)
{
    call(interpreter.disable);
    collect(MM_GENERATIONS - 1);
    call(interpreter.freeze);
    collect(MM_GENERATIONS - 1);
}

mm_status strategy_heap_open(mm_heap *heap)
{
    static const char *const names[] = {"threshold0", "threshold1", "threshold2"};
    const settings *options = &heap->base.options;
    int memory = (int)settings_get(options, "memory");

    if (cpython_heap != NULL || (interpreter.started && interpreter.memory != memory))
        return MM_UNSUPPORTED;
    if ((!interpreter.started && !start(memory)) || !objects_prepare_types(TYPES_READY))
        return MM_NO_MEMORY;
    for (uint32_t g = 0; g < MM_GENERATIONS; g++)
        heap->thresholds[g] = (uint32_t)settings_get(options, names[g]);
    tell_thresholds(heap);
    put_interpreter_aside();
    if (interpreter.generations_found == NULL)
        interpreter.generations_found = find_generations();
    if (interpreter.generations_found == NULL)
        return MM_NO_MEMORY;
    heap->frozen_before = frozen();
    heap->base.automatic = settings_get(options, "automatic") != 0;
    cpython_heap = heap;
    strategy_trigger_changed(heap);
    return MM_OK;
}

/* What is left is on cycles: frozen or not, it goes. */
void strategy_heap_close(mm *m)
{
    if (m->base.heap->base.frozen)
        strategy_unfreeze(m->base.heap);
    call(interpreter.disable);
    while (collect(MM_GENERATIONS - 1) != 0)
        continue;
    objects_release_types();
    cpython_heap = NULL;
}
