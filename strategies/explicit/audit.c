/* The proof by brute force, for tests: after every reference that the program gives up while it
 * follows a schedule, the variables are traced, and what they reach must be exactly what is left.
 * Since an object can become unreachable at no other time, each was then freed when it became so, and
 * neither earlier nor later. */
#include "mm.h"

#if MM_CHECKED

    #include "common/check.h"
    #include "common/mark_stack.h"
    #include "common/registry.h"
    #include "mm_schedule.h"

typedef struct auditor {
    mm_heap *heap;
    mark_stack stack;
    uint64_t reached;
} auditor;

static void reach(mm_object **place, void *context)
{
    auditor *a = context;
    registered *block = registry_block(*place);

    if (block->magic != REGISTERED_LIVE) {
        mm_violation(a->heap->violation, "early: an object that is reachable has been freed");
        return;
    }
    if (block->expected != 0)
        return;
    block->expected = 1;
    a->reached++;
    mark_stack_push(&a->stack, *place);
}

static void reach_all(auditor *a)
{
    mm_object *object;

    while ((object = mark_stack_pop(&a->stack)) != NULL) {
        for (uint32_t i = 0; i < object->slot_count; i++) {
            if (object->slots[i] != NULL)
                reach(object->slots + i, a);
        }
    }
}

static void name_first_unreached(auditor *a)
{
    registered *ring = &a->heap->base.front.blocks, *block = ring->next;

    while (block != ring && block->expected != 0)
        block = block->next;
    mm_violation(a->heap->violation, "late: object %lu is unreachable and has not been freed",
                 (unsigned long)block->serial);
}

void explicit_audit(mm *m)
{
    mm_heap *heap = m->base.heap;
    front *f = &heap->base.front;
    auditor a = {.heap = heap};
    uint64_t live = f->blocks_allocated - f->blocks_freed;

    if (heap->audited_objects == 0 || m->follower == NULL || heap->violation[0] != '\0')
        return;
    heap->audit_credit += heap->audited_objects;
    if (heap->audit_credit < live * (1 + live / heap->audited_objects))
        return;
    heap->audit_credit = 0;
    for (registered *block = f->blocks.next; block != &f->blocks; block = block->next)
        block->expected = 0;
    mark_stack_open(&a.stack);
    variables_each_owner(heap, reach, &a);
    reach_all(&a);
    if (heap->violation[0] == '\0' && a.stack.overflowed)
        mm_violation(heap->violation, "audit: there is no memory for it");
    else if (heap->violation[0] == '\0' && a.reached != live)
        name_first_unreached(&a);
    mark_stack_close(&a.stack);
    heap->audits++;
}

void mm_schedule_audit(mm_heap *heap, uint32_t objects)
{
    heap->audited_objects = objects;
}

uint64_t mm_schedule_audits(const mm_heap *heap)
{
    return heap->audits;
}

bool mm_schedule_audited(const mm_heap *heap, char message[MM_MESSAGE_MAX])
{
    return heap->violation[0] == '\0' || mm_violation(message, "%s", heap->violation);
}
#endif
