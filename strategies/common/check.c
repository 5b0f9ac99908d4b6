/* The heap verifier and the knobs that make rare things common: see mm_check.h. Empty outside the
 * checked flavour. */
#include "mm.h"

#if MM_CHECKED
    #include "common/check.h"
    #include "common/registry.h"
    #include "mm_check.h"
    #include "mm_gc.h"

    #include <stdarg.h>
    #include <stdio.h>

bool mm_violation(char message[MM_MESSAGE_MAX], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, MM_MESSAGE_MAX, format, arguments);
    va_end(arguments);
    return false;
}

    #ifdef MM_COMMON_VARIABLES_H
static mm_type type_of(mm_object *object)
{
    return strategy_type_of(NULL, &(mm_var){.object = object});
}

uint64_t mm_serial_of(const mm_object *object)
{
    return registry_block(object)->serial;
}

uint64_t mm_count_containers(const mm_heap *heap)
{
    const registered *ring = &heap->base.front.blocks;
    uint64_t containers = 0;

    for (registered *block = ring->next; block != ring; block = block->next)
        containers += mm_type_is_container(type_of(registry_object(block)));
    return containers;
}
    #endif

/* The registry agrees with itself and with what the front counted. */
static bool check_registry(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    front *f = &heap->base.front;
    uint64_t blocks = 0, live = f->blocks_allocated - f->blocks_freed;
    size_t bytes = 0;

    for (registered *block = f->blocks.next; block != &f->blocks; block = block->next) {
        if (block->magic != REGISTERED_LIVE || block->next->previous != block)
            return mm_violation(message, "registry: the block after object %lu is damaged",
                                (unsigned long)block->previous->serial);
        block->expected = 0;
        bytes += block->header + block->request;
        blocks++;
    }
    if (blocks != live || bytes != f->bytes_held)
        return mm_violation(message, "live-count: %lu objects of %zu bytes, counted %lu of %zu",
                            (unsigned long)blocks, bytes, (unsigned long)live, f->bytes_held);
    return true;
}

    #ifndef MM_COMMON_VARIABLES_H
/* What stands behind the registry is out of sight. */
static bool check_objects(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    (void)heap, (void)message;
    return true;
}
    #else
static void expect_reference(mm_object **place, void *context)
{
    (void)context;
    registry_block(*place)->expected++;
}

/* Each slot leads to a live object of a known type; on the way the references are counted. */
static bool check_slots(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    registered *ring = &heap->base.front.blocks;

    for (registered *block = ring->next; block != ring; block = block->next) {
        mm_object *object = registry_object(block);
        if (mm_type_index(type_of(object)) >= heap->base.type_count)
            return mm_violation(message, "type: object %lu has type %u of %u",
                                (unsigned long)block->serial, mm_type_index(type_of(object)),
                                heap->base.type_count);
        for (uint32_t i = 0; i < registry_slot_count(object); i++) {
            mm_object **slot = strategy_slot(object, i);
            if (*slot == NULL)
                continue;
            if (registry_block(*slot)->magic != REGISTERED_LIVE)
                return mm_violation(message, "reachable: slot %u of object %lu leads to no object",
                                    i, (unsigned long)block->serial);
            expect_reference(slot, NULL);
        }
    }
    return true;
}

        #ifdef MM_COMMON_COUNTING_H
/* An object's flag and its count agree on whether it is immortal. */
static bool check_immortality(const mm_object *object, char message[MM_MESSAGE_MAX])
{
    if ((object->count == COUNT_IMMORTAL) == ((object->type & OBJECT_IMMORTAL) != 0))
        return true;
    return mm_violation(message, "immortal: object %lu has count %u",
                        (unsigned long)mm_serial_of(object), object->count);
}
        #else
static bool check_immortality(const mm_object *object, char message[MM_MESSAGE_MAX])
{
    (void)object, (void)message;
    return true;
}
        #endif

static bool check_counts(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
        #ifdef strategy_refcount
    registered *ring = &heap->base.front.blocks;

    variables_each_owner(heap, expect_reference, NULL);
    for (registered *block = ring->next; block != ring; block = block->next) {
        mm_object *object = registry_object(block);
        uint64_t count = strategy_refcount(NULL, &(mm_var){.object = object});
        if (!check_immortality(object, message))
            return false;
        if (count != MM_IMMORTAL && count != block->expected)
            return mm_violation(message, "count: object %lu has count %lu and %lu references",
                                (unsigned long)block->serial, (unsigned long)count,
                                (unsigned long)block->expected);
    }
        #else
    (void)heap, (void)message;
    (void)check_immortality;
        #endif
    return true;
}

        #if MM_FOREIGN
/* Weak references and finalisers are the other runtime's. */
static bool check_side_tables(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    (void)heap, (void)message;
    return true;
}
        #else
/* What the weak table and the list of finalisers say of objects, and what objects say of them. */
static bool check_side_tables(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    registered *ring = &heap->base.front.blocks;
    uint64_t due = 0, weakly_referenced = 0;

    for (registered *block = ring->next; block != ring; block = block->next) {
        const mm_object *object = registry_object(block);
        due += finalisation_due(heap, object);
        weakly_referenced += (object->type & OBJECT_WEAKLY_REFERENCED) != 0;
    }
    if (weakly_referenced != heap->base.weak.referents)
        return mm_violation(message, "weak: %lu objects are referred to weakly, the table has %u",
                            (unsigned long)weakly_referenced, heap->base.weak.referents);
    return weak_table_check(heap, message) && finalisation_check(heap, due, message);
}
        #endif

static bool check_objects(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    return check_slots(heap, message) && check_counts(heap, message) &&
           check_side_tables(heap, message);
}
    #endif

/* The pool allocator's own lists hold, and what is in use there is what the registry has, each block
 * rounded up to its class. */
static bool check_pool(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    const pool_allocator *pool = heap->base.front.pool;
    registered *ring = &heap->base.front.blocks;
    size_t expected = 0, found;

    if (pool == NULL)
        return true;
    if (!pool_check(pool, message))
        return false;
    for (registered *block = ring->next; block != ring; block = block->next) {
        size_t bytes = sizeof *block + block->header + block->request;
        if (bytes <= POOL_BLOCK_BYTES_MAX)
            expected += (bytes + POOL_ALIGNMENT - 1) / POOL_ALIGNMENT * POOL_ALIGNMENT;
    }
    found = pool_bytes_in_use(pool);
    if (found != expected)
        return mm_violation(message, "pool: %zu bytes are in use, the objects take %zu", found,
                            expected);
    return true;
}

bool mm_check(mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    if (heap->base.collecting || heap->base.finalisation.nesting != 0)
        return true;
    if (!check_registry(heap, message) || !check_objects(heap, message) ||
        !check_pool(heap, message))
        return false;
    #ifdef strategy_check
    return strategy_check(heap, message);
    #else
    return true;
    #endif
}

void mm_stress_collect(mm *m, uint64_t every)
{
    m->base.collect_every = MM_GENERATIONS > 0 ? every : 0;
    m->base.allocations_until_collect = every;
}

void mm_stress_(mm *m)
{
    if (m->base.collect_every == 0 || --m->base.allocations_until_collect != 0)
        return;
    m->base.allocations_until_collect = m->base.collect_every;
    mm_collect(m, MM_GENERATIONS - 1, NULL);
}

void mm_fail_allocation(mm_heap *heap, uint64_t attempt, bool thereafter)
{
    front *f = &heap->base.front;

    f->fail_at = attempt != 0 ? f->attempts + attempt : 0;
    f->fail_thereafter = thereafter;
}

void mm_limit_mark_stack(mm_heap *heap, size_t entries)
{
    #ifdef strategy_mark_stack_max
    *strategy_mark_stack_max(heap) = entries != 0 ? entries : SIZE_MAX / sizeof(mm_object *);
    #else
    (void)heap, (void)entries;
    #endif
}

void mm_limit_nesting(mm_heap *heap, uint32_t nesting, uint32_t rounds)
{
    heap->base.finalisation.nesting_max = nesting;
    heap->base.finalisation.rounds_max = rounds;
}

uint64_t mm_allocation_attempts(const mm_heap *heap)
{
    return heap->base.front.attempts;
}
#endif
