/* mm_gc.h: control of the collector and its statistics, in the names of Python's `gc` module.
 *
 *
 *   Python              here                  Python                here
 *   gc.collect          mm_collect            gc.freeze             mm_freeze
 *   gc.enable           mm_enable             gc.unfreeze           mm_unfreeze
 *   gc.disable          mm_disable            gc.get_freeze_count   mm_get_freeze_count
 *   gc.isenabled        mm_is_enabled         gc.get_stats          mm_get_stats
 *   gc.get_count        mm_get_count          gc.callbacks          mm_add_callback, mm_remove_callback
 *   gc.get_threshold    mm_get_threshold      gc.set_debug          mm_set_debug, mm_get_debug
 *   gc.set_threshold    mm_set_threshold      gc.garbage            mm_garbage_count, _get, _clear
 *   gc.is_tracked       mm_is_tracked         sys.getrefcount       mm_refcount (less the argument)
 *   gc.is_finalized     mm_is_finalized
 *
 * gc.get_objects, gc.get_referrers and gc.get_referents are in mm_inspect.h.
 *
 * What the traits exclude is refused with MM_UNSUPPORTED, never silently ignored. Only
 * mm_add_callback() can fail for want of memory. */
#ifndef MM_GC_H
#define MM_GC_H

#include "mm.h"

/* Collects `generation` and all younger ones; the oldest (strategy_traits.generations − 1) is a
 * full collection. `*unreachable` (may be NULL) becomes the number of unreachable objects found.
 * Works while automatic collection is disabled. Inside a collection it finds 0 and changes nothing.
 * May collect: yes. Errors: MM_UNSUPPORTED without a collector, MM_INVALID for a generation that
 * does not exist. Cost: the strategy's README. */
mm_status mm_collect(mm *m, uint32_t generation, uint64_t *unreachable);

/* Full collections until one finds nothing and calls no finaliser and no callback; `*unreachable`
 * (may be NULL) is their sum. Where it is not known what they find (the trait `live_unknown`), a few,
 * and `*unreachable` is MM_UNKNOWN. Errors: MM_UNSUPPORTED; MM_TOO_DEEP when finalisers leave new
 * garbage behind each time, after the thousandth collection. */
mm_status mm_collect_all(mm *m, uint64_t *unreachable);

/* Automatic collection on and off; the state. A strategy that collects when memory runs out
 * (marksweep) does so in either state. Errors: MM_UNSUPPORTED without a collector, where
 * mm_is_enabled() is false. */
mm_status mm_enable(mm *m);
mm_status mm_disable(mm *m);
bool mm_is_enabled(const mm *m);

/* The thresholds by generation, youngest first. A threshold of 0 for generation 0 stops automatic
 * collection while mm_is_enabled() stays true. Errors: MM_UNSUPPORTED unless the strategy has three
 * generations; mm_set_threshold(): MM_INVALID, and none is changed, when one is above
 * MM_THRESHOLD_MAX. */
enum { MM_THRESHOLD_MAX = INT32_MAX };
mm_status mm_get_threshold(const mm *m, uint32_t thresholds[MM_GENERATIONS_MAX]);
mm_status mm_set_threshold(mm *m, const uint32_t thresholds[MM_GENERATIONS_MAX]);

/* The counters that are held against the thresholds. Errors: as above.
 * With the trait `promotes` they are CPython 3.11's. Youngest: containers made less containers freed,
 * never below 0; the others: collections of the next younger one; each since its own generation was
 * last collected or frozen. A container is made in the youngest generation, after the collection
 * that making it started; what survives the collection of one joins the next, or stays in the
 * oldest. When the first counter exceeds its threshold, the oldest generation whose counter does is
 * collected; but the oldest of all only once the survivors of middle collections have come to a
 * quarter of what the last full one left, unless the option `quarter_rule` is off. */
mm_status mm_get_count(const mm *m, uint32_t counts[MM_GENERATIONS_MAX]);

/* All statistics of the heap so far. Cost: O(1). */
void mm_get_stats(const mm_heap *heap, mm_stats *out);

/* Bytes in blocks of the pool allocator that are in use. Cost: O(pools), a look at each. */
uint64_t mm_bytes_pooled(const mm_heap *heap);

/* Forgets the collections, pauses, cascades and requests so far, so that statistics begin here;
 * counts of objects and bytes stay. */
void mm_reset_stats(mm_heap *heap);

/* Called at the end of every request with its number, 1 for the first since the heap was made or
 * since mm_reset_stats(); it may do whatever a program may, collecting included, and its time is in
 * no request. NULL: nothing any more. */
typedef void mm_request_hook(mm *m, uint64_t request, void *context);
void mm_on_request(mm *m, mm_request_hook *hook, void *context);

/* From now on every request and pause goes into `log`, which is emptied first and must stay until
 * another is set; NULL: nothing is logged. Cascades are in it from the 64th object on, and not before:
 * what one took until then is not in its length. Where the trait `pauses_unknown` is set there are
 * requests only. */
void mm_set_log(mm *m, mm_log *log);

/* Freezing: every tracked object moves to a permanent generation that no collection looks at. There
 * it still dies when its count becomes zero; a cycle stays. What is made later is not frozen.
 * mm_unfreeze() moves the frozen objects to the oldest generation. For a server that forks workers:
 * without collections over them, the pages of what was built before stay shared.
 * Errors: MM_UNSUPPORTED unless the trait `freezes` is set; MM_INVALID inside a collection, and from
 * mm_unfreeze() when nothing was frozen since the last one. Cost: O(objects). */
mm_status mm_freeze(mm *m);
mm_status mm_unfreeze(mm *m);
mm_status mm_get_freeze_count(const mm *m, uint64_t *count);

/* `callback` is told of each collection from now on; remove names the same two. Adding inside a
 * callback takes effect with the next event, removing at once. Errors: MM_UNSUPPORTED without a
 * collector, or with the trait `no_callbacks`; MM_NO_MEMORY; MM_INVALID when there is nothing such to remove. */
mm_status mm_add_callback(mm_heap *heap, mm_gc_callback *callback, void *context);
mm_status mm_remove_callback(mm_heap *heap, mm_gc_callback *callback, void *context);

/* Debugging: `flags` of mm_debug_flag; lines go to `sink`, which may be NULL when no flag asks for
 * any. Errors: MM_UNSUPPORTED without a collector or with the trait `no_callbacks`, and for
 * COLLECTABLE and SAVE_ALL unless the trait `reports_garbage` is set; MM_INVALID for other flags, or
 * lines without a sink. */
mm_status mm_set_debug(mm_heap *heap, uint32_t flags, mm_debug_sink *sink, void *context);
uint32_t mm_get_debug(const mm_heap *heap);

/* The objects that MM_DEBUG_SAVE_ALL has kept: how many; dst = the `i`th (MM_INVALID when there is
 * none); all given up. They are reachable while they are here. Their finalisers have run and weak
 * references to them are cleared. Without memory to save them a collection reclaims them as ever. */
size_t mm_garbage_count(const mm_heap *heap);
mm_status mm_garbage_get(mm *m, mm_var *dst, size_t i);
void mm_garbage_clear(mm *m);

/* Whether the collector looks at the object; atoms can be in no cycle, and one that counts leaves
 * them alone. Errors: MM_UNSUPPORTED unless the trait `tracks` is set. */
mm_status mm_is_tracked(mm *m, const mm_var *obj, bool *tracked);

/* Whether the object's finaliser has been called, or waits until those have returned that it would
 * nest in too deeply. */
bool mm_is_finalized(mm *m, const mm_var *obj);

/* The references to the object of `obj`, this variable's included: variables that own it, slots,
 * roots. MM_IMMORTAL for an immortal object. Errors: MM_UNSUPPORTED without counts. */
mm_status mm_refcount(mm *m, const mm_var *obj, uint64_t *count);

#if MM_COUNTED
/* How often the program issued each operation, by mm_operation, and the digest of all of them in
 * order. What finalisers and weak callbacks issue is in neither, since it depends on the strategy
 * when they run and whether they do; mm_nested_operations() is how much it was. */
const uint64_t *mm_operation_counts(const mm *m);
uint64_t mm_operation_digest(const mm *m);

/* Scopes that the program has entered: declarations by MM_VAR, MM_VARS and MM_BORROW. They are no
 * operations, but a strategy that links them pays for each. */
uint64_t mm_scope_count(const mm *m);
uint64_t mm_nested_operations(const mm *m);
#endif

#endif
