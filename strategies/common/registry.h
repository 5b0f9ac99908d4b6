/* From the registry's blocks to the strategy's objects and back: a block is what malloc gave, an
 * object lies at the end of the strategy's header in it. */
#ifndef MM_COMMON_REGISTRY_H
#define MM_COMMON_REGISTRY_H

#include "front.h"

#if MM_REGISTRY && defined(strategy_serial) /* no pointer leads to an object */
static inline mm_type registry_type(const registered *block)
{
    return strategy_block_type(block);
}
#elif MM_REGISTRY

    #ifndef strategy_object_in
        #define strategy_object_in(block) \
            ((mm_object *)((char *)((block) + 1) + (block)->header - sizeof(mm_object)))
    #endif

static inline mm_object *registry_object(const registered *block)
{
    return strategy_object_in(block);
}

static inline registered *registry_block(const mm_object *object)
{
    return front_registered(strategy_block((mm_object *)object));
}

static inline mm_type registry_type(const registered *block)
{
    return strategy_type_of(NULL, &(mm_var){.object = registry_object(block)});
}

static inline uint32_t registry_slot_count(mm_object *object)
{
    return strategy_slot_count(NULL, &(mm_var){.object = object});
}

#endif
#endif
