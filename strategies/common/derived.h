/* Operations that follow from the others. A strategy that has a better one of its own defines it
 * and says so with `#define strategy_take strategy_take`. */
#ifndef MM_COMMON_DERIVED_H
#define MM_COMMON_DERIVED_H

/* Whether objects, finalisers and weak references are those of another runtime, behind which there
 * is no mm_object of ours. The strategy then brings what common code does elsewhere:
 *   strategy_data, _type_of, _slot_count        queries of variables
 *   strategy_weak_new, strategy_weak_load       mm.h's, arguments checked
 *   strategy_is_finalized                       mm_gc.h's
 * and, with common/variables.h, strategy_slot(object, i): where a slot stands. */
#ifndef MM_FOREIGN
    #define MM_FOREIGN 0
#endif

/* Whether objects have counts, as in counting.h. */
#ifdef MM_COMMON_COUNTING_H
    #define MM_HAS_COUNTS 1
#else
    #define MM_HAS_COUNTS 0
#endif

/* One more reference to an object from outside variables and slots, given up as a variable. Where
 * nothing is counted whoever holds it sees to it that no collection runs meanwhile. */
#ifndef strategy_hold
static inline void strategy_hold(mm_object *object)
{
    (void)object;
}
#endif

/* An object becomes immortal: it is a root now, and that is all where nothing is counted. */
#ifndef strategy_immortalise
static inline void strategy_immortalise(mm_object *object)
{
    (void)object;
}
#endif

/* Inspection: the generation that an object is in; all ones: none. */
#if MM_COUNTED && !defined(strategy_generation_of)
static inline uint32_t strategy_generation_of(const mm_heap *heap, const mm_object *object)
{
    (void)heap, (void)object;
    return UINT32_MAX;
}
#endif

#ifndef strategy_unset
static inline void strategy_unset(mm *m, mm_var *obj, uint32_t i)
{
    mm_var nothing = {0};
    strategy_store(m, obj, i, &nothing);
}
#endif

#ifndef strategy_take
static inline void strategy_take(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    mm_var taken[1];
    __attribute__((cleanup(strategy_scope_leave))) mm_scope scope;

    strategy_scope_enter(m, &scope, taken, 1, false);
    strategy_load(m, taken, obj, i);
    strategy_unset(m, obj, i);
    strategy_move(m, dst, taken);
}
#endif

#ifndef strategy_store_move
static inline void strategy_store_move(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    strategy_store(m, obj, i, src);
    strategy_clear(m, src);
}
#endif

#ifndef strategy_fill
static inline void strategy_fill(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    strategy_store_move(m, obj, i, src);
}
#endif

#ifndef strategy_copy_slot
static inline void strategy_copy_slot(mm *m, mm_var *dobj, uint32_t di, mm_var *sobj, uint32_t si)
{
    mm_var copied[1];
    __attribute__((cleanup(strategy_scope_leave))) mm_scope scope;

    strategy_scope_enter(m, &scope, copied, 1, false);
    strategy_load(m, copied, sobj, si);
    strategy_store(m, dobj, di, copied);
}
#endif

/* Memory for a root, all zero or NULL, where a collector must find it by itself. */
#ifndef strategy_root_allocate
static inline mm_root *strategy_root_allocate(mm *m)
{
    (void)m;
    return (mm_root *)calloc(1, sizeof(mm_root));
}

static inline void strategy_root_release(mm_root *root)
{
    free(root);
}
#endif

#ifndef strategy_safepoint
static inline void strategy_safepoint(mm *m)
{
    (void)m;
}
#endif

#endif
