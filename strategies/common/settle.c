#include "mm.h"

#ifdef MM_COMMON_SETTLE_H /* empty for a strategy that does not trace */

static void clear_weak_references(mm *m)
{
    mm_heap *heap = m->base.heap;
    weak_table *table = &heap->base.weak;
    weak_queue callbacks = {0};

    if (!weak_table_in_use(table))
        return;
    for (uint32_t i = 1; i <= table->used; i++) {
        mm_object *reference = table->records[i].reference;
        if (reference != NULL && !settle_is_reachable(heap, reference))
            weak_forget(heap, reference);
    }
    for (uint32_t i = 1; i <= table->used; i++) {
        mm_object *referent = table->records[i].referent;
        if (referent != NULL && !settle_is_reachable(heap, referent))
            weak_clear(heap, referent, &callbacks);
    }
    finalisation_run_callbacks(m, &callbacks);
}

static void settle(mm *m, void *marker)
{
    mm_heap *heap = m->base.heap;

    clear_weak_references(m);
    if (!finalisation_pending(&heap->base.finalisation))
        return;
    if (finalisation_run_unreachable(m, settle_is_reachable) == 0)
        return;
    settle_mark_again(heap, marker);
    clear_weak_references(m);
}

void settle_unreachable(mm *m, void *marker)
{
    m->base.heap->base.settling = true;
    settle(m, marker);
    m->base.heap->base.settling = false;
}
#endif
