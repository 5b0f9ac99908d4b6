/* mm_gc.h: control of the collector and its statistics, in the names of Python's `gc` module.
 *
 * What the traits exclude is refused with MM_UNSUPPORTED, never silently ignored. No function here
 * can fail for want of memory. */
#ifndef MM_GC_H
#define MM_GC_H

#include "mm.h"

/* Collects `generation` and all younger ones; the oldest (strategy_traits.generations − 1) is a
 * full collection. `*unreachable` (may be NULL) becomes the number of unreachable objects found.
 * Works while automatic collection is disabled. Inside a collection it finds 0 and changes nothing.
 * May collect: yes. Errors: MM_UNSUPPORTED without a collector, MM_INVALID for a generation that
 * does not exist. Cost: the strategy's README. */
mm_status mm_collect(mm *m, uint32_t generation, uint64_t *unreachable);

/* Full collections until one finds nothing; `*unreachable` (may be NULL) is their sum. Errors:
 * MM_UNSUPPORTED. */
mm_status mm_collect_all(mm *m, uint64_t *unreachable);

/* Automatic collection on and off; the state. A strategy that collects when memory runs out
 * (marksweep) does so in either state. Errors: MM_UNSUPPORTED without a collector, where
 * mm_is_enabled() is false. */
mm_status mm_enable(mm *m);
mm_status mm_disable(mm *m);
bool mm_is_enabled(const mm *m);

/* The thresholds by generation, youngest first. A threshold of 0 for generation 0 stops automatic
 * collection while mm_is_enabled() stays true. Errors: MM_UNSUPPORTED unless the strategy has three
 * generations. */
mm_status mm_get_threshold(const mm *m, uint32_t thresholds[MM_GENERATIONS_MAX]);
mm_status mm_set_threshold(mm *m, const uint32_t thresholds[MM_GENERATIONS_MAX]);

/* The counters that are held against the thresholds. Errors: as above. */
mm_status mm_get_count(const mm *m, uint32_t counts[MM_GENERATIONS_MAX]);

/* All statistics of the heap so far. Cost: O(1). */
void mm_get_stats(const mm_heap *heap, mm_stats *out);

/* Forgets the collections, pauses, cascades and requests so far, so that statistics begin here;
 * counts of objects and bytes stay. */
void mm_reset_stats(mm_heap *heap);

/* The references to the object of `obj`, this variable's included: variables that own it, slots,
 * roots. Errors: MM_UNSUPPORTED without counts. */
mm_status mm_refcount(mm *m, const mm_var *obj, uint64_t *count);

#if MM_COUNTED
/* How often each operation was issued, by mm_operation, and the digest of all of them in order. */
const uint64_t *mm_operation_counts(const mm *m);
uint64_t mm_operation_digest(const mm *m);
#endif

#endif
