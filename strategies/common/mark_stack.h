/* The mark stack: objects that are marked but not yet scanned.
 *
 * Collecting needs no memory: a stack that cannot grow drops the object and raises `overflowed`.
 * The collector then finds marked objects with unmarked children by walking its heap, and goes on
 * from there until nothing overflows. Source: Jones, Hosking and Moss, The Garbage Collection
 * Handbook (2nd ed.), section 2.4, after Knuth 1973. */
#ifndef MM_COMMON_MARK_STACK_H
#define MM_COMMON_MARK_STACK_H

#include "base.h"

typedef struct mark_stack {
    mm_object **entries;
    size_t depth, capacity;
    size_t capacity_max; /* tests set it low to force the rescan */
    bool overflowed;
} mark_stack;

/* An empty stack with no memory of its own yet. */
void mark_stack_open(mark_stack *stack);
void mark_stack_close(mark_stack *stack);

/* Doubles the capacity; false when there is no memory for it, or capacity_max is reached. */
bool mark_stack_grow(mark_stack *stack);

static inline void mark_stack_push(mark_stack *stack, mm_object *object)
{
    if (MM_UNLIKELY(stack->depth == stack->capacity) && !mark_stack_grow(stack))
        stack->overflowed = true;
    else
        stack->entries[stack->depth++] = object;
}

/* The object pushed last, or NULL when the stack is empty. */
static inline mm_object *mark_stack_pop(mark_stack *stack)
{
    return stack->depth != 0 ? stack->entries[--stack->depth] : NULL;
}

#endif
