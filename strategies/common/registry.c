/* The registry as programs see it: all objects, and the end of each request. See mm_inspect.h;
 * empty in the timed flavour. */
#include "mm.h"

#if MM_COUNTED
    #include "common/registry.h"
    #include "mm_inspect.h"

uint64_t mm_serial(const mm_var *v)
{
    return strategy_is_null(v) ? 0 : strategy_registered(v)->serial;
}

    #ifndef strategy_describe
static inline void strategy_describe(const registered *block, mm_type *type, uint32_t *slot_count)
{
    const mm_var named = {.object = registry_object(block)};

    *type = strategy_type_of(NULL, &named);
    *slot_count = strategy_slot_count(NULL, &named);
}

static inline uint32_t generation_of(const mm_heap *heap, const registered *block)
{
    return strategy_generation_of(heap, registry_object(block));
}
    #else
static inline uint32_t generation_of(const mm_heap *heap, const registered *block)
{
    (void)heap, (void)block;
    return MM_NO_GENERATION;
}
    #endif

mm_type registry_type(const registered *block)
{
    mm_type type;
    uint32_t slot_count;

    strategy_describe(block, &type, &slot_count);
    return type;
}

void mm_each_object(mm_heap *heap, mm_object_visitor *visit, void *context)
{
    registered *ring = &heap->base.front.blocks;

    for (registered *block = ring->next; block != ring; block = block->next) {
        mm_type type;
        uint32_t slot_count;

        strategy_describe(block, &type, &slot_count);
        visit(block->serial, type, slot_count, generation_of(heap, block), context);
    }
}

void mm_stop_program(mm *m)
{
    m->base.heap->base.front.stopped = true;
}
#endif
