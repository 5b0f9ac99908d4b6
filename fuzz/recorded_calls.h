/* Inside record_<strategy>: the machine's calls of the object API, written down as C.
 *
 * This header is included ahead of machine.c and operations.c (by the compiler's -include) and puts
 * a macro in front of each operation: it prints the call, then makes it. So the operations are
 * written once, in operations.c, and what is recorded is exactly what was done. Printing comes
 * first: a call that never returns is the last line. */
#ifndef FUZZ_RECORDED_CALLS_H
#define FUZZ_RECORDED_CALLS_H

#include "recorder.h"

#undef MM_SCOPE_
#define MM_SCOPE_(m, name, count, borrows)                                    \
    mm_var name[count];                                                       \
    __attribute__((cleanup(recorder_leave))) recorder_scope name##_recorded_; \
    __attribute__((cleanup(strategy_scope_leave))) mm_scope name##_scope_;    \
    strategy_scope_enter((m), &name##_scope_, name, (count), (borrows));      \
    recorder_enter(&name##_recorded_, #name, name, (count), (borrows))

#define mm_heap_new(options, out) (recorder_begin(options), mm_heap_new(options, out))
/* Knobs; one that is 0 says nothing. */
#define mm_stress_collect(m, every)                                                      \
    (recorder_say((every) != 0 ? "mm_stress_collect(m, %u);" : NULL, (unsigned)(every)), \
     mm_stress_collect(m, every))
#define mm_limit_mark_stack(heap, entries)                                           \
    (recorder_say((entries) != 0 ? "mm_limit_mark_stack(mm_heap_of(m), %u);" : NULL, \
                  (unsigned)(entries)),                                              \
     mm_limit_mark_stack(heap, entries))
#define mm_fail_allocation(heap, attempt, thereafter)                                   \
    (recorder_say((attempt) != 0 ? "mm_fail_allocation(mm_heap_of(m), %u, %u);" : NULL, \
                  (unsigned)(attempt), (unsigned)(thereafter)),                         \
     mm_fail_allocation(heap, attempt, thereafter))

#define mm_new(m, dst, type, slots, bytes)                                        \
    (recorder_say("status = mm_new(m, %v, %t, %u, %u);", (dst), (unsigned)(type), \
                  (unsigned)(slots), (unsigned)(bytes)),                          \
     recorder_status(mm_new(m, dst, type, slots, bytes)))
#define mm_set(m, dst, src) (recorder_say("mm_set(m, %v, %v);", (dst), (src)), mm_set(m, dst, src))
#define mm_move(m, dst, src) \
    (recorder_say("mm_move(m, %v, %v);", (dst), (src)), mm_move(m, dst, src))
#define mm_clear(m, v) (recorder_say("mm_clear(m, %v);", (v)), mm_clear(m, v))
#define mm_load(m, dst, obj, i) \
    (recorder_say("mm_load(m, %v, %v, %u);", (dst), (obj), (unsigned)(i)), mm_load(m, dst, obj, i))
#define mm_take(m, dst, obj, i) \
    (recorder_say("mm_take(m, %v, %v, %u);", (dst), (obj), (unsigned)(i)), mm_take(m, dst, obj, i))
#define mm_store(m, obj, i, src)                                            \
    (recorder_say("mm_store(m, %v, %u, %v);", (obj), (unsigned)(i), (src)), \
     mm_store(m, obj, i, src))
#define mm_store_move(m, obj, i, src)                                            \
    (recorder_say("mm_store_move(m, %v, %u, %v);", (obj), (unsigned)(i), (src)), \
     mm_store_move(m, obj, i, src))
#define mm_fill(m, obj, i, src) \
    (recorder_say("mm_fill(m, %v, %u, %v);", (obj), (unsigned)(i), (src)), mm_fill(m, obj, i, src))
#define mm_unset(m, obj, i) \
    (recorder_say("mm_unset(m, %v, %u);", (obj), (unsigned)(i)), mm_unset(m, obj, i))
#define mm_copy_slot(m, dobj, di, sobj, si)                                           \
    (recorder_say("mm_copy_slot(m, %v, %u, %v, %u);", (dobj), (unsigned)(di), (sobj), \
                  (unsigned)(si)),                                                    \
     mm_copy_slot(m, dobj, di, sobj, si))
#define mm_borrow(m, v, obj, i) \
    (recorder_say("mm_borrow(m, %v, %v, %u);", (v), (obj), (unsigned)(i)), mm_borrow(m, v, obj, i))

#define mm_root_new(m, out) recorder_root(m, out)
#define mm_root_get(m, dst, root) \
    (recorder_say("mm_root_get(m, %v, %r);", (dst), (root)), mm_root_get(m, dst, root))
#define mm_root_set(m, root, src) \
    (recorder_say("mm_root_set(m, %r, %v);", (root), (src)), mm_root_set(m, root, src))
#define mm_root_free(m, root) (recorder_say("mm_root_free(m, %r);", (root)), mm_root_free(m, root))

/* A callback is code of the machine's own: the test has none in its place. */
#define mm_weak_new(m, dst, referent, context, callback)                                       \
    (recorder_say("status = mm_weak_new(m, %v, %v, %v, NULL);", (dst), (referent), (context)), \
     recorder_status(mm_weak_new(m, dst, referent, context, callback)))
#define mm_weak_load(m, dst, reference) \
    (recorder_say("mm_weak_load(m, %v, %v);", (dst), (reference)), mm_weak_load(m, dst, reference))
#define mm_immortalise(m, v) \
    (recorder_say("status = mm_immortalise(m, %v);", (v)), recorder_status(mm_immortalise(m, v)))

#define mm_request_begin(m) (recorder_say("mm_request_begin(m);"), mm_request_begin(m))
#define mm_request_end(m) (recorder_say("mm_request_end(m);"), mm_request_end(m))
#define mm_safepoint(m) (recorder_say("mm_safepoint(m);"), mm_safepoint(m))
#define mm_program_end(m) (recorder_say("mm_program_end(m);"), mm_program_end(m))
#define mm_collect(m, generation, unreachable)                                  \
    (recorder_say("status = mm_collect(m, %u, NULL);", (unsigned)(generation)), \
     recorder_status(mm_collect(m, generation, unreachable)))
#define mm_collect_all(m, unreachable)                  \
    (recorder_say("status = mm_collect_all(m, NULL);"), \
     recorder_status(mm_collect_all(m, unreachable)))
#define mm_enable(m) (recorder_say("status = mm_enable(m);"), recorder_status(mm_enable(m)))
#define mm_disable(m) (recorder_say("status = mm_disable(m);"), recorder_status(mm_disable(m)))
#define mm_set_threshold(m, thresholds)                                      \
    (recorder_say("status = mm_set_threshold(m, (uint32_t[]){%u, %u, %u});", \
                  (unsigned)(thresholds)[0], (unsigned)(thresholds)[1],      \
                  (unsigned)(thresholds)[2]),                                \
     recorder_status(mm_set_threshold(m, thresholds)))
#define mm_freeze(m) (recorder_say("status = mm_freeze(m);"), recorder_status(mm_freeze(m)))
#define mm_unfreeze(m) (recorder_say("status = mm_unfreeze(m);"), recorder_status(mm_unfreeze(m)))

#define oracle_compare(o, what) (recorder_expect((o), (what)), oracle_compare(o, what))
#define oracle_after_operation(o) \
    (recorder_expect((o), COLLECTED_NOTHING), oracle_after_operation(o))

#endif
