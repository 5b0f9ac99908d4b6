/* Making and ending heaps, mutators, types, roots and requests: the same for every strategy. */
#include "mm.h"
#include "mm_gc.h"

#include <string.h>

#ifndef MM_OPTION_DEFAULTS
    #define MM_OPTION_DEFAULTS ""
#endif

void mm_options_init(settings *options)
{
    char message[SETTINGS_MESSAGE_MAX];
    bool known;

    settings_init(options, strategy_settings, strategy_setting_count);
    known = settings_change_defaults(options, "this variant", MM_OPTION_DEFAULTS, message);
    assert(known && "DEFAULTS of the variant name an option or value that its base does not have");
    (void)known;
}

/* The value of an option that some strategies lack. */
static double option_or(const settings *options, const char *name, double otherwise)
{
    for (size_t i = 0; i < options->count; i++) {
        if (strcmp(options->table[i].name, name) == 0)
            return options->values[i];
    }
    return otherwise;
}

/* The first type of every heap, so that its number is a constant. */
static bool add_weak_type(mm_heap *heap)
{
    const mm_type_info info = {.name = "weak reference", .kind = MM_CONTAINER};
    mm_type type;

    if (mm_type_add(heap, &info, &type) != MM_OK)
        return false;
    assert((type | MM_TYPE_SPECIAL) == MM_TYPE_WEAK && "it is not the first type");
    return true;
}

mm_status mm_heap_new(const settings *options, mm_heap **out)
{
    mm_heap *heap = calloc(1, sizeof *heap);
    mm_status status;

    if (heap == NULL)
        return MM_NO_MEMORY;
    if (options != NULL)
        heap->base.options = *options;
    else
        mm_options_init(&heap->base.options);
    front_open(&heap->base.front, (size_t)option_or(&heap->base.options, "heap_bytes_max", 0));
    if (option_or(&heap->base.options, "allocator", 0) != 0 && !front_use_pool(&heap->base.front)) {
        free(heap);
        return MM_NO_MEMORY;
    }
    cadence_open(&heap->base.cadence, option_or(&heap->base.options, "collect", CADENCE_OFF));
    status = strategy_heap_open(heap);
    if (status != MM_OK) {
        front_close(&heap->base.front);
        free(heap);
        return status;
    }
    if (!add_weak_type(heap)) {
        mm_heap_free(heap);
        return MM_NO_MEMORY;
    }
    *out = heap;
    return MM_OK;
}

/* Links a root into a ring. */
static void root_insert(mm_root **ring, mm_root *root)
{
    if (*ring == NULL) {
        *ring = root->previous = root->next = root;
        return;
    }
    root->next = *ring;
    root->previous = root->next->previous;
    root->previous->next = root;
    root->next->previous = root;
}

/* Frees a root, which names nothing that must be given up. */
static void root_remove(mm_root **ring, mm_root *root)
{
    if (*ring == root)
        *ring = root->next == root ? NULL : root->next;
    root->previous->next = root->next;
    root->next->previous = root->previous;
    strategy_root_release(root);
}

void mm_heap_free(mm_heap *heap)
{
    mm last = {.base = {.heap = heap}};

    mutator_meet_front(&last.base);
    if (heap->base.mutator != NULL)
        mm_detach(heap->base.mutator);
    heap->base.mutator = &last; /* giving up references takes a mutator */
    heap->base.finalisation.ended = true;
    mm_garbage_clear(&last);
    while (heap->base.roots != NULL)
        mm_root_free(&last, heap->base.roots);
    strategy_heap_close(&last);
    while (heap->base.immortals != NULL)
        root_remove(&heap->base.immortals, heap->base.immortals);
    weak_table_close(&heap->base.weak);
    finalisation_close(&heap->base.finalisation);
    garbage_close(&heap->base.garbage);
    watchers_close(&heap->base.watchers);
    front_close(&heap->base.front);
    free(heap->base.types);
    free(heap);
}

mm_status mm_attach(mm_heap *heap, mm **out)
{
    mm *m;

    if (heap->base.mutator != NULL)
        return MM_INVALID;
    m = calloc(1, sizeof *m);
    if (m == NULL)
        return MM_NO_MEMORY;
    m->base.heap = heap;
    mutator_meet_front(&m->base);
    heap->base.mutator = m;
    *out = m;
    return MM_OK;
}

void mm_detach(mm *m)
{
    assert(m->base.scopes == NULL && "a mutator ends after its scopes");
    m->base.heap->base.mutator = NULL;
    free(m);
}

mm_status mm_type_add(mm_heap *heap, const mm_type_info *info, mm_type *out)
{
    heap_base *base = &heap->base;

    if (base->type_count == MM_TYPES_MAX)
        return MM_NO_MEMORY;
    if (base->type_count == base->type_capacity) {
        uint32_t capacity = base->type_capacity != 0 ? 2 * base->type_capacity : 8;
        mm_type_info *types = realloc(base->types, capacity * sizeof *types);
        if (types == NULL)
            return MM_NO_MEMORY;
        base->types = types;
        base->type_capacity = capacity;
    }
    base->types[base->type_count] = *info;
    *out = base->type_count << MM_TYPE_INDEX_SHIFT;
    *out |= info->kind == MM_CONTAINER ? MM_TYPE_CONTAINER : 0;
    *out |= info->finaliser != NULL ? MM_TYPE_SPECIAL : 0;
#ifdef strategy_type_add
    if (!strategy_type_add(heap, info, *out))
        return MM_NO_MEMORY;
#endif
    base->type_count++;
    return MM_OK;
}

const mm_type_info *mm_type_info_of(const mm_heap *heap, mm_type type)
{
    assert(mm_type_index(type) < heap->base.type_count && "a type of another heap");
    return heap->base.types + mm_type_index(type);
}

mm_status mm_root_new(mm *m, mm_root **out)
{
    mm_root *root = strategy_root_allocate(m);

    MM_COUNT_(m, root_new, 0);
    if (root == NULL)
        return MM_NO_MEMORY;
    root_insert(&m->base.heap->base.roots, root);
    *out = root;
    return MM_OK;
}

void mm_root_get(mm *m, mm_var *dst, mm_root *root)
{
    MM_COUNT_(m, root_get, 0);
    MM_CHECK_OWNER_(dst);
    strategy_set(m, dst, &root->variable);
}

void mm_root_set(mm *m, mm_root *root, mm_var *src)
{
    MM_COUNT_(m, root_set, 0);
    strategy_set(m, &root->variable, src);
}

void mm_root_free(mm *m, mm_root *root)
{
    MM_COUNT_(m, root_free, 0);
    while (!strategy_is_null(&root->variable)) /* a finaliser may put another object there */
        strategy_clear(m, &root->variable);
    root_remove(&m->base.heap->base.roots, root);
}

#if MM_FOREIGN
mm_status mm_immortalise(mm *m, mm_var *v)
{
    MM_COUNT_(m, immortalise, 0);
    (void)v;
    return MM_UNSUPPORTED;
}

bool mm_is_immortal(mm *m, const mm_var *v)
{
    (void)m, (void)v;
    return false;
}
#else
mm_status mm_immortalise(mm *m, mm_var *v)
{
    mm_root *root;

    MM_COUNT_(m, immortalise, 0);
    assert(!mm_is_null(v) && "only an object can be immortal");
    if (mm_is_immortal(m, v))
        return MM_OK;
    root = calloc(1, sizeof *root);
    if (root == NULL)
        return MM_NO_MEMORY;
    strategy_set(m, &root->variable, v);
    v->object->type |= OBJECT_IMMORTAL;
    strategy_immortalise(v->object);
    root_insert(&m->base.heap->base.immortals, root);
    return MM_OK;
}

bool mm_is_immortal(mm *m, const mm_var *v)
{
    (void)m;
    return (v->object->type & OBJECT_IMMORTAL) != 0;
}
#endif

/* A full collection by the option `collect`. */
static void collect_by_cadence(mm *m)
{
    mm_status status = mm_collect(m, MM_GENERATIONS - 1, NULL);
    assert(status == MM_OK && "only a strategy with a collector has the option `collect`");
    (void)status;
}

void mm_request_end(mm *m)
{
    mutator_base *base = &m->base;
    uint64_t request_ns;

    MM_COUNT_(m, request_end, 0);
    strategy_safepoint(m);
    if (cadence_request_ended(&base->heap->base.cadence))
        collect_by_cadence(m);
    base->requests++;
    request_ns = clock_now_ns() - base->request_started_ns;
    if (MM_UNLIKELY(request_ns >= base->request_ns_notable))
        log_request(base, request_ns);
}

void mm_program_end(mm *m)
{
    if (cadence_program_ended(&m->base.heap->base.cadence))
        collect_by_cadence(m);
}
