#include "mm.h"
#include "mm_gc.h"

#include <stdarg.h>
#include <stdio.h>

void watchers_close(collection_watchers *watchers)
{
    free(watchers->entries);
    *watchers = (collection_watchers){0};
}

#if MM_GENERATIONS > 0
mm_status mm_add_callback(mm_heap *heap, mm_gc_callback *callback, void *context)
{
    collection_watchers *watchers = &heap->base.watchers;

    if (strategy_traits.no_callbacks)
        return MM_UNSUPPORTED;
    if (watchers->count == watchers->capacity) {
        uint32_t capacity = watchers->capacity != 0 ? 2 * watchers->capacity : 4;
        collection_watcher *entries = realloc(watchers->entries, capacity * sizeof *entries);
        if (entries == NULL)
            return MM_NO_MEMORY;
        watchers->entries = entries;
        watchers->capacity = capacity;
    }
    watchers->entries[watchers->count++] = (collection_watcher){callback, context};
    return MM_OK;
}

/* Drops the entries that were removed, keeping the order. */
static void compact(collection_watchers *watchers)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < watchers->count; i++) {
        if (watchers->entries[i].callback != NULL)
            watchers->entries[kept++] = watchers->entries[i];
    }
    watchers->count = kept;
}

mm_status mm_remove_callback(mm_heap *heap, mm_gc_callback *callback, void *context)
{
    collection_watchers *watchers = &heap->base.watchers;

    for (uint32_t i = 0; i < watchers->count; i++) {
        collection_watcher *watcher = watchers->entries + i;
        if (watcher->callback != callback || watcher->context != context)
            continue;
        watcher->callback = NULL;
        if (!watchers->telling)
            compact(watchers);
        return MM_OK;
    }
    return MM_INVALID;
}

/* A watcher may add or remove watchers: whoever is added is told from the next time on, and whoever
 * is removed at once no more. */
static void tell(mm *m, mm_gc_phase phase, const mm_gc_info *info)
{
    collection_watchers *watchers = &m->base.heap->base.watchers;
    uint32_t count = watchers->count;

    watchers->telling = true;
    for (uint32_t i = 0; i < count; i++) {
        collection_watcher watcher = watchers->entries[i];
        if (watcher.callback != NULL)
            watcher.callback(m, phase, info, watcher.context);
    }
    watchers->telling = false;
    compact(watchers);
}

__attribute__((format(printf, 2, 3))) static void say(const garbage *g, const char *format, ...)
{
    char line[MM_MESSAGE_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    g->sink(line, g->sink_context);
}

collection collection_begin(mm *m, uint32_t generation)
{
    mm_heap *heap = m->base.heap;

    heap->base.collecting = true;
    strategy_trigger_changed(heap);
    if (MM_UNLIKELY(heap->base.watchers.count != 0))
        tell(m, MM_GC_START, &(mm_gc_info){.generation = generation});
    if (MM_UNLIKELY(heap->base.garbage.flags & MM_DEBUG_STATS))
        say(&heap->base.garbage, "gc: collecting generation %u", generation);
    return (collection){.started_ns = clock_now_ns(), .generation = generation};
}

void collection_end(mm *m, const collection *c)
{
    mm_heap *heap = m->base.heap;
    collection_totals *totals = &heap->base.collections;
    uint64_t pause_ns = clock_now_ns() - c->started_ns;

    totals->collections[c->generation]++;
    totals->reclaimed[c->generation] += c->reclaimed;
    totals->reclaimed_ever += c->reclaimed;
    totals->visited[c->generation] += c->visited;
    totals->total_ns += pause_ns;
    if (pause_ns > totals->pause_ns_max)
        totals->pause_ns_max = pause_ns;
    if (MM_UNLIKELY(m->base.log != NULL))
        log_pause(m->base.log, &(mm_pause){.began_ns = c->started_ns,
                                           .length_ns = pause_ns,
                                           .visited = c->visited,
                                           .reclaimed = c->reclaimed,
                                           .generation = c->generation,
                                           .kind = MM_PAUSE_COLLECTION});
    if (MM_UNLIKELY(heap->base.garbage.flags & MM_DEBUG_STATS))
        say(&heap->base.garbage, "gc: done, %lu unreachable, 0 uncollectable, %.4f s",
            (unsigned long)c->unreachable, (double)pause_ns / 1e9);
    if (MM_UNLIKELY(heap->base.watchers.count != 0))
        tell(m, MM_GC_STOP,
             &(mm_gc_info){.generation = c->generation, .collected = c->unreachable});
    heap->base.collecting = false;
    strategy_trigger_changed(heap);
}

mm_status mm_set_debug(mm_heap *heap, uint32_t flags, mm_debug_sink *sink, void *context)
{
    const uint32_t told = MM_DEBUG_STATS | MM_DEBUG_COLLECTABLE | MM_DEBUG_UNCOLLECTABLE;
    garbage *g = &heap->base.garbage;

    if ((flags & ~(told | MM_DEBUG_SAVE_ALL)) != 0 || ((flags & told) != 0 && sink == NULL))
        return MM_INVALID;
    if ((flags & (MM_DEBUG_COLLECTABLE | MM_DEBUG_SAVE_ALL)) != 0 &&
        !strategy_traits.reports_garbage)
        return MM_UNSUPPORTED;
    if (flags != 0 && strategy_traits.no_callbacks)
        return MM_UNSUPPORTED;
    g->flags = flags;
    g->sink = sink;
    g->sink_context = context;
    return MM_OK;
}
#else
mm_status mm_add_callback(mm_heap *heap, mm_gc_callback *callback, void *context)
{
    (void)heap, (void)callback, (void)context;
    return MM_UNSUPPORTED;
}

mm_status mm_remove_callback(mm_heap *heap, mm_gc_callback *callback, void *context)
{
    (void)heap, (void)callback, (void)context;
    return MM_UNSUPPORTED;
}

mm_status mm_set_debug(mm_heap *heap, uint32_t flags, mm_debug_sink *sink, void *context)
{
    (void)heap, (void)flags, (void)sink, (void)context;
    return MM_UNSUPPORTED;
}
#endif

/* ---- Garbage that is watched ---- */

#if MM_GENERATIONS > 0 && !MM_FOREIGN
bool garbage_reserve(mm_heap *heap, uint64_t count)
{
    garbage *g = &heap->base.garbage;
    mm_object **objects;

    if (!(g->flags & MM_DEBUG_SAVE_ALL))
        return false;
    if (g->count + count <= g->capacity)
        return true;
    objects = front_side_table(&heap->base.front, g->objects, (g->count + count) * sizeof *objects);
    if (objects == NULL)
        return false;
    g->objects = objects;
    g->capacity = g->count + count;
    return true;
}

void garbage_save(mm_heap *heap, mm_object *object)
{
    strategy_hold(object);
    heap->base.garbage.objects[heap->base.garbage.count++] = object;
}

void garbage_report(mm_heap *heap, const mm_object *object)
{
    const mm_type_info *type = mm_type_info_of(heap, object->type);

    if (heap->base.garbage.flags & MM_DEBUG_COLLECTABLE)
        say(&heap->base.garbage, "gc: collectable <%s, %u slots, %u bytes>", type->name,
            object->slot_count, object->data_bytes);
}

#endif

uint32_t mm_get_debug(const mm_heap *heap)
{
    return heap->base.garbage.flags;
}

size_t mm_garbage_count(const mm_heap *heap)
{
    return heap->base.garbage.count;
}

#if MM_FOREIGN
mm_status mm_garbage_get(mm *m, mm_var *dst, size_t i)
{
    (void)m, (void)dst, (void)i;
    return MM_INVALID;
}

void mm_garbage_clear(mm *m)
{
    (void)m; /* none is ever saved */
}
#else
mm_status mm_garbage_get(mm *m, mm_var *dst, size_t i)
{
    const garbage *g = &m->base.heap->base.garbage;
    mm_var saved = {0};

    if (i >= g->count)
        return MM_INVALID;
    saved.object = g->objects[i];
    strategy_set(m, dst, &saved);
    return MM_OK;
}

void mm_garbage_clear(mm *m)
{
    garbage *g = &m->base.heap->base.garbage;

    while (g->count != 0) {
        mm_var last = {.object = g->objects[--g->count]};
        strategy_clear(m, &last);
    }
}
#endif

void garbage_close(garbage *g)
{
    free(g->objects);
    *g = (garbage){0};
}
