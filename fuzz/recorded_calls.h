/* Inside record_<strategy>: the machine's calls of the object API, written down as C.
 *
 * This header is included ahead of the machine and its operations (by the compiler's -include) and
 * puts a macro in front of each operation: it prints the call, then makes it. So the operations are
 * written once, in operations.c, and what is recorded is exactly what was done. Printing comes
 * first: a call that never returns is the last line. */
#ifndef FUZZ_RECORDED_CALLS_H
#define FUZZ_RECORDED_CALLS_H

#include "recorder.h"

/* What user code does inside a call is part of that call, and not printed. */
#define RECORDED(call, ...) (recorder_call(__VA_ARGS__), call, recorder_return())
#define RECORDED_STATUS(call, ...) (recorder_call(__VA_ARGS__), recorder_status(call))

#undef MM_SCOPE_
#define MM_SCOPE_(m, name, count, borrows)                                             \
    mm_var name[count];                                                                \
    __attribute__((cleanup(recorder_left))) recorder_scope name##_recorded_;           \
    __attribute__((cleanup(strategy_scope_leave))) mm_scope name##_scope_;             \
    __attribute__((cleanup(recorder_leave), unused)) recorder_scope *name##_leaving_ = \
        &name##_recorded_;                                                             \
    strategy_scope_enter((m), &name##_scope_, name, (count), (borrows));               \
    recorder_enter(&name##_recorded_, #name, name, (count), (borrows))

#define mm_heap_new(options, out) (recorder_begin(options), mm_heap_new(options, out))

/* Knobs; one that is 0 says nothing. */
#define mm_stress_collect(m, every)                                                          \
    RECORDED(mm_stress_collect(m, every), (every) != 0 ? "mm_stress_collect(m, %u);" : NULL, \
             (unsigned)(every))
#define mm_limit_mark_stack(heap, entries)                                      \
    RECORDED(mm_limit_mark_stack(heap, entries),                                \
             (entries) != 0 ? "mm_limit_mark_stack(mm_heap_of(m), %u);" : NULL, \
             (unsigned)(entries))
#define mm_limit_nesting(heap, depth, rounds)                                                   \
    RECORDED(mm_limit_nesting(heap, depth, rounds), "mm_limit_nesting(mm_heap_of(m), %u, %u);", \
             (unsigned)(depth), (unsigned)(rounds))
#define mm_fail_allocation(heap, attempt, thereafter)                              \
    RECORDED(mm_fail_allocation(heap, attempt, thereafter),                        \
             (attempt) != 0 ? "mm_fail_allocation(mm_heap_of(m), %u, %u);" : NULL, \
             (unsigned)(attempt), (unsigned)(thereafter))

#define mm_set(m, dst, src) RECORDED(mm_set(m, dst, src), "mm_set(m, %v, %v);", (dst), (src))
#define mm_move(m, dst, src) RECORDED(mm_move(m, dst, src), "mm_move(m, %v, %v);", (dst), (src))
#define mm_clear(m, v) RECORDED(mm_clear(m, v), "mm_clear(m, %v);", (v))
#define mm_load(m, dst, obj, i) \
    RECORDED(mm_load(m, dst, obj, i), "mm_load(m, %v, %v, %u);", (dst), (obj), (unsigned)(i))
#define mm_take(m, dst, obj, i) \
    RECORDED(mm_take(m, dst, obj, i), "mm_take(m, %v, %v, %u);", (dst), (obj), (unsigned)(i))
#define mm_store(m, obj, i, src) \
    RECORDED(mm_store(m, obj, i, src), "mm_store(m, %v, %u, %v);", (obj), (unsigned)(i), (src))
#define mm_store_move(m, obj, i, src)                                                              \
    RECORDED(mm_store_move(m, obj, i, src), "mm_store_move(m, %v, %u, %v);", (obj), (unsigned)(i), \
             (src))
#define mm_fill(m, obj, i, src) \
    RECORDED(mm_fill(m, obj, i, src), "mm_fill(m, %v, %u, %v);", (obj), (unsigned)(i), (src))
#define mm_unset(m, obj, i) \
    RECORDED(mm_unset(m, obj, i), "mm_unset(m, %v, %u);", (obj), (unsigned)(i))
#define mm_copy_slot(m, dobj, di, sobj, si)                                                   \
    RECORDED(mm_copy_slot(m, dobj, di, sobj, si), "mm_copy_slot(m, %v, %u, %v, %u);", (dobj), \
             (unsigned)(di), (sobj), (unsigned)(si))
#define mm_borrow(m, v, obj, i) \
    RECORDED(mm_borrow(m, v, obj, i), "mm_borrow(m, %v, %v, %u);", (v), (obj), (unsigned)(i))
#define mm_root_get(m, dst, root) \
    RECORDED(mm_root_get(m, dst, root), "mm_root_get(m, %v, %r);", (dst), (root))
#define mm_root_set(m, root, src) \
    RECORDED(mm_root_set(m, root, src), "mm_root_set(m, %r, %v);", (root), (src))
#define mm_root_free(m, root) RECORDED(mm_root_free(m, root), "mm_root_free(m, %r);", (root))
#define mm_weak_load(m, dst, reference) \
    RECORDED(mm_weak_load(m, dst, reference), "mm_weak_load(m, %v, %v);", (dst), (reference))
#define mm_garbage_clear(m) RECORDED(mm_garbage_clear(m), "mm_garbage_clear(m);")
#define mm_request_begin(m) RECORDED(mm_request_begin(m), "mm_request_begin(m);")
#define mm_request_end(m) RECORDED(mm_request_end(m), "mm_request_end(m);")
#define mm_safepoint(m) RECORDED(mm_safepoint(m), "mm_safepoint(m);")
#define mm_program_end(m) RECORDED(mm_program_end(m), "mm_program_end(m);")

/* The allocation sites are of no interest here. */
#undef mm_new
#undef mm_weak_new
#define mm_new(m, dst, type, slots, bytes)                                                     \
    RECORDED_STATUS(mm_new(m, dst, type, slots, bytes), "status = mm_new(m, %v, %t, %u, %u);", \
                    (dst), (unsigned)(type), (unsigned)(slots), (unsigned)(bytes))
#define mm_immortalise(m, v) \
    RECORDED_STATUS(mm_immortalise(m, v), "status = mm_immortalise(m, %v);", (v))
#define mm_enable(m) RECORDED_STATUS(mm_enable(m), "status = mm_enable(m);")
#define mm_disable(m) RECORDED_STATUS(mm_disable(m), "status = mm_disable(m);")
#define mm_freeze(m) RECORDED_STATUS(mm_freeze(m), "status = mm_freeze(m);")
#define mm_unfreeze(m) RECORDED_STATUS(mm_unfreeze(m), "status = mm_unfreeze(m);")

#define mm_root_new(m, out) recorder_root(m, out)

/* A callback is code of the machine's own: the test has none in its place. If it does something,
 * that is noticed. */
#define mm_weak_new(m, dst, referent, context, callback)              \
    RECORDED_STATUS(mm_weak_new(m, dst, referent, context, callback), \
                    "status = mm_weak_new(m, %v, %v, %v, NULL);", (dst), (referent), (context))
#define mm_collect(m, generation, unreachable)                                                   \
    RECORDED_STATUS(mm_collect(m, generation, unreachable), "status = mm_collect(m, %u, NULL);", \
                    (unsigned)(generation))
#define mm_collect_all(m, unreachable) \
    RECORDED_STATUS(mm_collect_all(m, unreachable), "status = mm_collect_all(m, NULL);")
#define mm_garbage_get(m, dst, i)                                                            \
    RECORDED_STATUS(mm_garbage_get(m, dst, i), "status = mm_garbage_get(m, %v, %u);", (dst), \
                    (unsigned)(i))
#define mm_set_threshold(m, thresholds)                                        \
    RECORDED_STATUS(mm_set_threshold(m, thresholds),                           \
                    "status = mm_set_threshold(m, (uint32_t[]){%u, %u, %u});", \
                    (unsigned)(thresholds)[0], (unsigned)(thresholds)[1],      \
                    (unsigned)(thresholds)[2])

/* Lines about collections have nowhere to go; saved garbage matters. */
#define mm_set_debug(heap, flags, sink, context)                \
    (recorder_note_user_code(((flags)&MM_DEBUG_SAVE_ALL) != 0), \
     mm_set_debug(heap, flags, sink, context))

#define oracle_compare(o, for_good) (recorder_expect(o), oracle_compare(o, for_good))
#define oracle_after_operation(o) (recorder_expect(o), oracle_after_operation(o))

#endif
