#include "mark_stack.h"

#include <stdlib.h>

enum { MARK_STACK_FIRST_CAPACITY = 1024 };

void mark_stack_open(mark_stack *stack)
{
    *stack = (mark_stack){.capacity_max = SIZE_MAX / sizeof(mm_object *)};
}

void mark_stack_close(mark_stack *stack)
{
    free(stack->entries);
    mark_stack_open(stack);
}

bool mark_stack_grow(mark_stack *stack)
{
    size_t capacity = stack->capacity != 0 ? 2 * stack->capacity : MARK_STACK_FIRST_CAPACITY;
    mm_object **entries;

    if (capacity > stack->capacity_max)
        capacity = stack->capacity_max;
    if (capacity <= stack->capacity)
        return false;
    entries = realloc(stack->entries, capacity * sizeof(mm_object *));
    if (entries == NULL)
        return false;
    stack->entries = entries;
    stack->capacity = capacity;
    return true;
}
