/* From the registry's blocks to the strategy's objects and back: a block is what malloc gave, an
 * object lies at the end of the strategy's header in it. */
#ifndef MM_COMMON_REGISTRY_H
#define MM_COMMON_REGISTRY_H

#include "variables.h"

#if MM_REGISTRY

static inline mm_object *registry_object(registered *block)
{
    return (mm_object *)((char *)(block + 1) + block->header - sizeof(mm_object));
}

static inline registered *registry_block(const mm_object *object)
{
    return front_registered(strategy_block((mm_object *)object));
}

#endif
#endif
