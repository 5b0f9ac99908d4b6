/* From the registry's blocks to the strategy's objects and back: a block is what malloc gave, an
 * object lies at the end of the strategy's header in it. */
#ifndef MM_COMMON_REGISTRY_H
#define MM_COMMON_REGISTRY_H

#include "mm.h"

#if MM_REGISTRY && defined(MM_COMMON_VARIABLES_H)

static inline mm_object *registry_object(const registered *block)
{
    #ifdef strategy_object_in
    return strategy_object_in(block);
    #else
    return (mm_object *)((char *)(block + 1) + block->header - sizeof(mm_object));
    #endif
}

static inline registered *registry_block(const mm_object *object)
{
    return front_registered(strategy_block((mm_object *)object));
}

static inline uint32_t registry_slot_count(mm_object *object)
{
    return strategy_slot_count(NULL, &(mm_var){.object = object});
}

#endif

#if MM_COUNTED
/* The type of the object that the block is, or stands for. */
mm_type registry_type(const registered *block);
#endif

#endif
