#define _GNU_SOURCE
#include "mm.h"

#ifdef MM_COMMON_VARIABLES_H /* empty where variables are something else */

    #include <sys/mman.h>

static void visit_variable(mm_var *v, reference_visitor *visit, void *context)
{
    if (v->object != NULL)
        visit(&v->object, context);
}

static void visit_scope(mm_scope *scope, bool borrowed_too, reference_visitor *visit, void *context)
{
    if (scope->borrows && !borrowed_too)
        return;
    for (uint32_t i = 0; i < scope->count; i++) {
        mm_var *v = scope->variables + i;
        visit_variable(v, visit, context);
    #if MM_CHECKED
        if (v->container != NULL)
            visit(&v->container, context);
    #endif
    }
}

static void visit_ring(mm_root *ring, reference_visitor *visit, void *context)
{
    mm_root *root = ring;

    if (ring == NULL)
        return;
    do {
        visit_variable(&root->variable, visit, context);
        root = root->next;
    } while (root != ring);
}

static void visit_all(mm_heap *heap, bool borrowed_too, reference_visitor *visit, void *context)
{
    const garbage *saved = &heap->base.garbage;

    if (heap->base.mutator != NULL) {
        mm_scope *scope = heap->base.mutator->base.scopes;
        for (; scope != NULL; scope = scope->outer)
            visit_scope(scope, borrowed_too, visit, context);
    }
    visit_ring(heap->base.roots, visit, context);
    visit_ring(heap->base.immortals, visit, context);
    for (size_t i = 0; i < saved->count; i++)
        visit(saved->objects + i, context);
}

    #if !MM_FOREIGN
void object_use_huge_pages(mm_object *object, uint32_t slots)
{
    const uintptr_t page = 4096;
    uintptr_t first = ((uintptr_t)object->slots + page - 1) & ~(page - 1);
    uintptr_t end = (uintptr_t)(object->slots + slots) & ~(page - 1);

    madvise((void *)first, end - first, MADV_HUGEPAGE);
}
    #endif

void variables_each(mm_heap *heap, reference_visitor *visit, void *context)
{
    visit_all(heap, true, visit, context);
}

void variables_each_owner(mm_heap *heap, reference_visitor *visit, void *context)
{
    visit_all(heap, false, visit, context);
}
#endif
