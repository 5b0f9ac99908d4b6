/* The registry as programs see it: all objects, and the end of each request. See mm_inspect.h;
 * empty in the timed flavour. */
#include "mm.h"

#if MM_COUNTED
    #include "common/registry.h"
    #include "mm_inspect.h"

uint64_t mm_serial(const mm_var *v)
{
    return v->object != NULL ? registry_block(v->object)->serial : 0;
}

void mm_each_object(mm_heap *heap, mm_object_visitor *visit, void *context)
{
    registered *ring = &heap->base.front.blocks;

    for (registered *block = ring->next; block != ring; block = block->next) {
        const mm_var named = {.object = registry_object(block)};
        visit(block->serial, strategy_type_of(heap->base.mutator, &named), named.object->slot_count,
              strategy_generation_of(heap, named.object), context);
    }
}

void mm_on_request(mm *m, mm_request_hook *hook, void *context)
{
    m->base.on_request = hook;
    m->base.on_request_context = context;
}

void mm_stop_program(mm *m)
{
    m->base.heap->base.front.stopped = true;
}
#endif
