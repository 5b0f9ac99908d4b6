/* mm_gc.h for every strategy: arguments checked against the traits, statistics put together from
 * the front and the totals. */
#include "mm_gc.h"

#include <string.h>

#if MM_GENERATIONS > 0
/* Finalisers that leave new garbage each time would keep it going. */
enum { COLLECT_ALL_PASSES_MAX = 1000, COLLECTIONS_WHEN_UNKNOWN = 3 };

mm_status mm_collect(mm *m, uint32_t generation, uint64_t *unreachable)
{
    uint64_t found = 0;

    if (generation >= MM_GENERATIONS)
        return MM_INVALID;
    if (!m->base.heap->base.collecting)
        found = strategy_collect(m, generation);
    if (unreachable != NULL)
        *unreachable = found;
    return MM_OK;
}

/* Where it is not known what a collection finds: as many as finish what finalisers leave. */
static mm_status collect_unseen(mm *m, uint64_t *unreachable)
{
    for (uint32_t i = 0; i < COLLECTIONS_WHEN_UNKNOWN; i++)
        mm_collect(m, MM_GENERATIONS - 1, NULL);
    if (unreachable != NULL)
        *unreachable = MM_UNKNOWN;
    return MM_OK;
}

/* A collection that found nothing may still have run finalisers and callbacks, which save what was
 * found and let go of something else: so it was the last only if it called nothing either. */
mm_status mm_collect_all(mm *m, uint64_t *unreachable)
{
    const finalisation *f = &m->base.heap->base.finalisation;
    uint64_t sum = 0;
    uint32_t passes = 0;
    bool more;

    if (strategy_traits.live_unknown)
        return collect_unseen(m, unreachable);
    do {
        uint64_t found = 0, calls = f->calls;
        mm_collect(m, MM_GENERATIONS - 1, &found);
        sum += found;
        more = found != 0 || f->calls != calls;
    } while (more && ++passes < COLLECT_ALL_PASSES_MAX);
    if (unreachable != NULL)
        *unreachable = sum;
    return more ? MM_TOO_DEEP : MM_OK;
}

mm_status mm_enable(mm *m)
{
    m->base.heap->base.automatic = true;
    strategy_trigger_changed(m->base.heap);
    return MM_OK;
}

mm_status mm_disable(mm *m)
{
    m->base.heap->base.automatic = false;
    strategy_trigger_changed(m->base.heap);
    return MM_OK;
}

bool mm_is_enabled(const mm *m)
{
    return m->base.heap->base.automatic;
}
#else
mm_status mm_collect(mm *m, uint32_t generation, uint64_t *unreachable)
{
    (void)m, (void)generation, (void)unreachable;
    return MM_UNSUPPORTED;
}

mm_status mm_collect_all(mm *m, uint64_t *unreachable)
{
    (void)m, (void)unreachable;
    return MM_UNSUPPORTED;
}

mm_status mm_enable(mm *m)
{
    (void)m;
    return MM_UNSUPPORTED;
}

mm_status mm_disable(mm *m)
{
    (void)m;
    return MM_UNSUPPORTED;
}

bool mm_is_enabled(const mm *m)
{
    (void)m;
    return false;
}
#endif

#if MM_GENERATIONS == 3
mm_status mm_get_threshold(const mm *m, uint32_t thresholds[MM_GENERATIONS_MAX])
{
    for (uint32_t i = 0; i < MM_GENERATIONS_MAX; i++)
        thresholds[i] = *strategy_threshold(m->base.heap, i);
    return MM_OK;
}

mm_status mm_set_threshold(mm *m, const uint32_t thresholds[MM_GENERATIONS_MAX])
{
    for (uint32_t i = 0; i < MM_GENERATIONS_MAX; i++) {
        if (thresholds[i] > MM_THRESHOLD_MAX)
            return MM_INVALID;
    }
    for (uint32_t i = 0; i < MM_GENERATIONS_MAX; i++)
        *strategy_threshold(m->base.heap, i) = thresholds[i];
    strategy_trigger_changed(m->base.heap);
    return MM_OK;
}

mm_status mm_get_count(const mm *m, uint32_t counts[MM_GENERATIONS_MAX])
{
    for (uint32_t i = 0; i < MM_GENERATIONS_MAX; i++)
        counts[i] = strategy_generation_count(m->base.heap, i);
    return MM_OK;
}
#else
mm_status mm_get_threshold(const mm *m, uint32_t thresholds[MM_GENERATIONS_MAX])
{
    (void)m, (void)thresholds;
    return MM_UNSUPPORTED;
}

mm_status mm_set_threshold(mm *m, const uint32_t thresholds[MM_GENERATIONS_MAX])
{
    (void)m, (void)thresholds;
    return MM_UNSUPPORTED;
}

mm_status mm_get_count(const mm *m, uint32_t counts[MM_GENERATIONS_MAX])
{
    (void)m, (void)counts;
    return MM_UNSUPPORTED;
}
#endif

uint64_t mm_bytes_pooled(const mm_heap *heap)
{
    const pool_allocator *pool = heap->base.front.pool;

    return pool != NULL ? pool_bytes_in_use(pool) : 0;
}

static void stats_of_front(const heap_base *base, mm_stats *out)
{
    const pool_allocator *pool = base->front.pool;

    out->bytes_mapped = pool != NULL ? pool_bytes_mapped(pool) : 0;
#if MM_COUNTED
    const front *f = &base->front;

    out->objects_allocated = f->blocks_allocated;
    out->bytes_allocated = f->bytes_requested;
    out->reclaimed_by_count = f->blocks_freed - base->collections.reclaimed_ever;
    out->objects_live = f->blocks_allocated - f->blocks_freed;
    out->bytes_live = f->bytes_requested - f->bytes_given_back;
    out->bytes_held = f->bytes_held;
    out->bytes_peak = f->bytes_peak;
#else
    out->objects_allocated = out->bytes_allocated = out->reclaimed_by_count = MM_UNKNOWN;
    out->objects_live = out->bytes_live = out->bytes_held = out->bytes_peak = MM_UNKNOWN;
    if (base->front.limited)
        out->bytes_held = base->front.bytes_held;
#endif
}

void mm_get_stats(const mm_heap *heap, mm_stats *out)
{
    const collection_totals *totals = &heap->base.collections;
    const mm *m = heap->base.mutator;

    *out = (mm_stats){
        .collector_ns = totals->total_ns,
        .pause_ns_max = totals->pause_ns_max,
    };
    memcpy(out->collections, totals->collections, sizeof out->collections);
    memcpy(out->visited_by_collector, totals->visited, sizeof out->visited_by_collector);
    for (uint32_t g = 0; g < MM_GENERATIONS_MAX; g++)
        out->objects_visited += totals->visited[g];
    memcpy(out->reclaimed_by_collector, totals->reclaimed, sizeof out->reclaimed_by_collector);
    if (m != NULL) {
        out->drop_ns_max = m->base.drop_ns_max;
        out->requests = m->base.requests;
        out->request_ns_max = m->base.request_ns_max;
    }
    out->bytes_beside =
        weak_table_bytes(&heap->base.weak) + finalisation_bytes(&heap->base.finalisation);
    stats_of_front(&heap->base, out);
    if (strategy_traits.peer != NULL)
        out->drop_ns_max = MM_UNKNOWN; /* cascades are the peer's own affair */
    if (strategy_traits.visits_unknown) {
        out->objects_visited = MM_UNKNOWN;
        for (uint32_t g = 0; g < MM_GENERATIONS_MAX; g++)
            out->visited_by_collector[g] = MM_UNKNOWN;
    }
    for (uint32_t g = 0; g < MM_GENERATIONS_MAX && strategy_traits.collections_unknown; g++)
        out->collections[g] = MM_UNKNOWN;
    if (strategy_traits.pauses_unknown)
        out->collector_ns = out->pause_ns_max = MM_UNKNOWN;
    if (strategy_traits.live_unknown) {
        out->objects_live = out->bytes_live = out->bytes_held = out->bytes_peak = MM_UNKNOWN;
        out->reclaimed_by_count = MM_UNKNOWN;
        for (uint32_t g = 0; g < MM_GENERATIONS_MAX; g++)
            out->reclaimed_by_collector[g] = MM_UNKNOWN;
    }
}

void mm_reset_stats(mm_heap *heap)
{
    mm *m = heap->base.mutator;

    heap->base.collections =
        (collection_totals){.reclaimed_ever = heap->base.collections.reclaimed_ever};
    if (m != NULL)
        m->base.drop_ns_max = m->base.requests = m->base.request_ns_max =
            m->base.request_ns_notable = 0;
}

void mm_on_request(mm *m, mm_request_hook *hook, void *context)
{
    m->base.on_request = hook;
    m->base.on_request_context = context;
    m->base.request_ns_notable = 0;
}

#ifdef strategy_freeze
mm_status mm_freeze(mm *m)
{
    if (m->base.heap->base.collecting)
        return MM_INVALID;
    strategy_freeze(m->base.heap);
    m->base.heap->base.frozen = true;
    return MM_OK;
}

mm_status mm_unfreeze(mm *m)
{
    if (m->base.heap->base.collecting || !m->base.heap->base.frozen)
        return MM_INVALID;
    strategy_unfreeze(m->base.heap);
    m->base.heap->base.frozen = false;
    return MM_OK;
}

mm_status mm_get_freeze_count(const mm *m, uint64_t *count)
{
    *count = strategy_freeze_count(m->base.heap);
    return MM_OK;
}
#else
mm_status mm_freeze(mm *m)
{
    (void)m;
    return MM_UNSUPPORTED;
}

mm_status mm_unfreeze(mm *m)
{
    (void)m;
    return MM_UNSUPPORTED;
}

mm_status mm_get_freeze_count(const mm *m, uint64_t *count)
{
    (void)m, (void)count;
    return MM_UNSUPPORTED;
}
#endif

mm_status mm_is_tracked(mm *m, const mm_var *obj, bool *tracked)
{
#ifdef strategy_is_tracked
    *tracked = strategy_is_tracked(m, obj);
    return MM_OK;
#else
    (void)m, (void)obj, (void)tracked;
    return MM_UNSUPPORTED;
#endif
}

bool mm_is_finalized(mm *m, const mm_var *obj)
{
#if MM_FOREIGN
    return strategy_is_finalized(m, obj);
#else
    (void)m;
    return (obj->object->type & OBJECT_FINALIZED) != 0;
#endif
}

mm_status mm_refcount(mm *m, const mm_var *obj, uint64_t *count)
{
#ifdef strategy_refcount
    *count = strategy_refcount(m, obj);
    return MM_OK;
#else
    (void)m, (void)obj, (void)count;
    return MM_UNSUPPORTED;
#endif
}

#if MM_COUNTED
const uint64_t *mm_operation_counts(const mm *m)
{
    return m->base.operations;
}

uint64_t mm_operation_digest(const mm *m)
{
    return m->base.digest;
}

uint64_t mm_scope_count(const mm *m)
{
    return m->base.scopes_entered;
}

uint64_t mm_nested_operations(const mm *m)
{
    return m->base.operations_nested;
}
#endif
