#include "mm.h"

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

static void visit_all(mm_heap *heap, bool borrowed_too, reference_visitor *visit, void *context)
{
    mm_root *root = heap->base.roots;

    if (heap->base.mutator != NULL) {
        mm_scope *scope = heap->base.mutator->base.scopes;
        for (; scope != NULL; scope = scope->outer)
            visit_scope(scope, borrowed_too, visit, context);
    }
    if (root == NULL)
        return;
    do {
        visit_variable(&root->variable, visit, context);
        root = root->next;
    } while (root != heap->base.roots);
}

void variables_each(mm_heap *heap, reference_visitor *visit, void *context)
{
    visit_all(heap, true, visit, context);
}

void variables_each_owner(mm_heap *heap, reference_visitor *visit, void *context)
{
    visit_all(heap, false, visit, context);
}
