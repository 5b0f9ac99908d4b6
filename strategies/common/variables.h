/* Variables, scopes and roots, for strategies whose variables are ordinary memory.
 *
 * A variable holds a pointer to its object. A scope is the group of variables that one MM_VARS
 * declares. Where the strategy must find its roots (MM_SCOPES_LINKED(m) is true), every scope is
 * linked to the one around it, so that the mutator's `scopes` is a shadow stack:
 *
 *   m->base.scopes ─▶ scope {variables[n]} ─▶ outer scope ─▶ … ─▶ NULL
 *
 * A counting strategy needs no links: its scopes give up what they own when they end, and
 * everything else is in the counts. It links them in the counted and checked flavours, for
 * inspection and for the verifier.
 * Linking costs three stores a scope and keeps the variables in memory; `none:frames=off` shows the
 * stores.
 * Source: Henderson, "Accurate garbage collection in an uncooperative environment", ISMM 2002.
 *
 * Before it includes this header a strategy defines MM_SCOPES_LINKED(m), and `struct mm_object`
 * with at least the members `type`, `slot_count`, `data_bytes` and, last, `slots[]`. Where objects
 * are another runtime's (MM_FOREIGN) it defines strategy_slot(object, i) instead. */
#ifndef MM_COMMON_VARIABLES_H
#define MM_COMMON_VARIABLES_H

#include "front.h"
#include "heap.h"

/* Where an object's block begins, for a strategy that keeps words in front of the object. */
#ifndef strategy_block
    #define strategy_block(object) ((void *)(object))
#endif

/* Where slot `i` of an object stands. */
#ifndef strategy_slot
    #define strategy_slot(object, i) (&(object)->slots[i])
#endif

struct mm_var {
    mm_object *object; /* NULL: the variable is null */
#if MM_CHECKED
    mm_object *container; /* borrowed from container->slots[index]; NULL: not borrowed now */
    uint32_t index;
    bool borrows; /* declared by MM_BORROW */
#endif
};

struct mm_scope {
    mm *m;
    mm_var *variables;
    uint32_t count;
    bool borrows;    /* its variables own nothing */
    mm_scope *outer; /* when linked */
#if MM_COUNTED
    const char *name, *function; /* as the program declared it, for inspection */
#endif
};

struct mm_root {
    mm_root *previous, *next; /* a ring of the heap */
    mm_var variable;
};

/* Called with a place that refers to an object, never null; may change where it leads. */
typedef void reference_visitor(mm_object **place, void *context);

/* Every variable of linked scopes, every root, every immortal object and all garbage that was saved.
 * In the checked flavour also the containers borrowed from, since a borrowed variable relies on them. */
void variables_each(mm_heap *heap, reference_visitor *visit, void *context);

/* Those of them that own what they name: all but borrowed variables. */
void variables_each_owner(mm_heap *heap, reference_visitor *visit, void *context);

/* A linked scope is on its own stack frame, and that is the idea: the cleanup unlinks it before the
 * frame ends, which gcc does not see. */
#ifndef __clang__
    #pragma GCC diagnostic push
    #pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif

/* Starts a scope: `count` null variables. */
static inline void scope_open(mm *m, mm_scope *scope, mm_var *variables, uint32_t count,
                              bool borrows)
{
    mutator_base *base = (mutator_base *)m;

    for (uint32_t i = 0; i < count; i++) {
        variables[i].object = NULL;
#if MM_CHECKED
        variables[i].container = NULL;
        variables[i].index = 0;
        variables[i].borrows = borrows;
#endif
    }
    scope->m = m;
    scope->variables = variables;
    scope->count = count;
    scope->borrows = borrows;
#if MM_COUNTED
    scope->name = scope->function = "";
#endif
    if (MM_SCOPES_LINKED(m)) {
        scope->outer = base->scopes;
        base->scopes = scope;
    }
}

#ifndef __clang__
    #pragma GCC diagnostic pop
#endif

#if MM_COUNTED
static inline void scope_name(mm_scope *scope, const char *name, const char *function)
{
    scope->name = name;
    scope->function = function;
}
#endif

/* A borrowed variable stops relying on its container: in the checked flavour the promise of
 * mm_borrow() is verified here. */
static inline void variable_end_borrow(mm_var *v)
{
#if MM_CHECKED
    if (v->container == NULL)
        return;
    assert(*strategy_slot(v->container, v->index) == v->object &&
           "the slot a variable was borrowed from has changed");
    front_registered(strategy_block(v->container))->pins--;
    if (v->object != NULL)
        front_registered(strategy_block(v->object))->pins--;
    v->container = NULL;
#else
    (void)v;
#endif
}

static inline void variable_borrow(mm_var *v, mm_object *container, uint32_t index)
{
    variable_end_borrow(v);
    v->object = *strategy_slot(container, index);
#if MM_CHECKED
    assert(v->borrows && "mm_borrow() writes variables of MM_BORROW only");
    v->container = container;
    v->index = index;
    front_registered(strategy_block(container))->pins++;
    if (v->object != NULL)
        front_registered(strategy_block(v->object))->pins++;
#endif
}

/* Ends a scope whose variables have been given up. Scopes end in the reverse order of their
 * beginning. */
static inline void scope_close(mm_scope *scope)
{
    if (scope->borrows) {
        for (uint32_t i = 0; i < scope->count; i++)
            variable_end_borrow(scope->variables + i);
    }
    if (MM_SCOPES_LINKED(scope->m)) {
        assert(((mutator_base *)scope->m)->scopes == scope && "scopes end innermost first");
        ((mutator_base *)scope->m)->scopes = scope->outer;
    }
}

/* ---- Queries that are the same wherever a variable holds a pointer ---- */

static inline bool strategy_is_null(const mm_var *v)
{
    return v->object == NULL;
}

static inline bool strategy_same(const mm_var *a, const mm_var *b)
{
    return a->object == b->object;
}

#ifndef MM_FOREIGN
static inline void *strategy_data(mm *m, const mm_var *obj)
{
    (void)m;
    return obj->object->slots + obj->object->slot_count;
}

static inline mm_type strategy_type_of(mm *m, const mm_var *obj)
{
    (void)m;
    return obj->object->type & ~(mm_type)OBJECT_FLAGS;
}

static inline uint32_t strategy_slot_count(mm *m, const mm_var *obj)
{
    (void)m;
    return obj->object->slot_count;
}
#endif

#if MM_COUNTED
/* The registry's block of a variable's object. */
static inline registered *strategy_registered(const mm_var *v)
{
    return front_registered(strategy_block(v->object));
}
#endif

#if MM_CHECKED
static inline bool strategy_is_borrowed(const mm_var *v)
{
    return v->borrows;
}

static inline bool strategy_slot_is_null(mm *m, const mm_var *obj, uint32_t i)
{
    (void)m;
    return *strategy_slot(obj->object, i) == NULL;
}
#endif

#ifndef MM_FOREIGN
/* The bytes the program asked for when it made this object. */
static inline size_t object_requested_bytes(const mm_object *object)
{
    return requested_bytes(object->slot_count, object->data_bytes);
}

/* mutator_free() of an object whose block begins `header` bytes before its slots, its own words
 * included. Its sizes are read only when somebody wants to know. */
static inline void object_free(mm *m, mm_object *object, void *block, size_t header)
{
    mutator_base *base = (mutator_base *)m;

    if (!MM_COUNTED && !MM_REGISTRY && MM_LIKELY(!base->guarded))
        free(block);
    else
        mutator_free(base, block, header, object_requested_bytes(object));
}

/* Slots from which on an object is huge: glibc takes blocks of this size (its largest possible
 * mmap threshold, 32 MiB) from the system each time anew, and each of their pages would fault. */
enum { OBJECT_HUGE_SLOTS = (32 << 20) / sizeof(void *) };

/* Asks for huge pages where the slots of a new object will be. Where the system has none, nothing. */
void object_use_huge_pages(mm_object *object, uint32_t slots);

/* Type, sizes and empty slots of a new object; the strategy's own words of the header are its own
 * affair. */
static inline void object_init(mm_object *object, mm_type type, uint32_t slots, uint32_t bytes)
{
    if (MM_UNLIKELY(slots >= OBJECT_HUGE_SLOTS))
        object_use_huge_pages(object, slots);
    object->type = type;
    object->slot_count = slots;
    object->data_bytes = bytes;
    for (uint32_t i = 0; i < slots; i++)
        object->slots[i] = NULL;
}
#endif

#endif
