/* mm_check.h: the heap verifier, forced collections and failing allocations. For the checked
 * flavour only. */
#ifndef MM_CHECK_H
#define MM_CHECK_H

#include "mm.h"

#if !MM_CHECKED
    #error "mm_check.h works in the checked flavour only"
#endif

#include "mm_inspect.h"

/* Verifies the whole heap: every reference leads to a live object of this heap; where objects are
 * counted, each count equals the slots, variables and roots that refer to it; the weak table and the
 * objects agree, and so do those whose finaliser is to come and their number; and whatever the
 * strategy's own structures promise (lists agree both ways, no working bit is left). True when all
 * holds; else the first violation in `message`, beginning with the invariant's name. Inside a
 * finaliser or callback, when objects are half dead, it checks nothing. Needs no memory. O(heap). */
bool mm_check(mm_heap *heap, char message[MM_MESSAGE_MAX]);

/* Runs a full collection before every `every`th allocation; 0 turns it off. Nothing for a strategy
 * without a collector. */
void mm_stress_collect(mm *m, uint64_t every);

/* The `attempt`th allocation of an object from now on fails, and with `thereafter` all later ones
 * too; 0: none fails any more. */
void mm_fail_allocation(mm_heap *heap, uint64_t attempt, bool thereafter);

/* The mark stack of the heap's collector holds at most `entries` from now on, so that it overflows
 * early; 0: no limit. Nothing for a strategy without one. */
void mm_limit_mark_stack(mm_heap *heap, size_t entries);

/* Finalisers and callbacks nest at most `nesting` deep from now on (1 or more) before others wait,
 * and what waits is run in at most `rounds` rounds before no more objects are made: see
 * common/finalise.h. */
void mm_limit_nesting(mm_heap *heap, uint32_t nesting, uint32_t rounds);

/* The allocations of objects asked for since the heap was made, failed ones included. */
uint64_t mm_allocation_attempts(const mm_heap *heap);

#endif
