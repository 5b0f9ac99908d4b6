/* relocate: a checking strategy, never timed. At every operation that may collect, every reachable
 * object moves to a new address and its old memory is poisoned; unreachable objects are reclaimed
 * on the way.
 *
 * A program, test or piece of common code that holds an address across such an operation reads
 * 0xdd, or is stopped by AddressSanitizer. That the other strategies do not move is thereby proven
 * not to matter: the door stays open for copying collectors. */
#ifndef RELOCATE_STRATEGY_H
#define RELOCATE_STRATEGY_H

#include "common/heap.h"
#include "common/settle.h"

#define MM_GENERATIONS 1

struct mm_object {
    mm_object *next;    /* the heap's list of all objects */
    mm_object *forward; /* while a collection runs: NULL: not reached; where the object will be */
    mm_object *scan;    /* while a collection runs: the next object to be scanned */
    mm_type type;
    uint32_t slot_count;
    uint32_t data_bytes;
    uint32_t unused;
    mm_object *slots[];
};

struct mm {
    mutator_base base;
};

struct mm_heap {
    heap_base base;
    mm_object *objects;
    uint64_t every; /* the option: operations that may collect, per collection */
    uint64_t until; /* such operations until the next one; 0: automatic collection is off */
};

static const mm_traits strategy_traits = {
    .summary = "moves every object whenever it may: proves that nobody holds an address",
    .timed = false,
    .reclaims = true,
    .reclaims_cycles = true,
    .reports_garbage = true,
    .finalises_in_order = true,
    .death_by_collector = MM_WEAK_FIRST,
    .moving = true,
    .generations = MM_GENERATIONS,
};

extern const setting strategy_settings[];
extern const size_t strategy_setting_count;

mm_status strategy_heap_open(mm_heap *heap);
void strategy_heap_close(mm *m);
uint64_t strategy_collect(mm *m, uint32_t generation);
void strategy_trigger_changed(mm_heap *heap);
#define strategy_check strategy_check

#define MM_SCOPES_LINKED(m) true
#define TRACING_ESSENTIALS_ONLY /* speed does not matter here, and so derived.h is tried too */
#include "common/variables.h"
#include "common/tracing.h"

mm_status strategy_new(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint32_t bytes);

#define strategy_safepoint strategy_safepoint
void strategy_safepoint(mm *m);

#endif
