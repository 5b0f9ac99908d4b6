/* The loops that prices are measured by, and what they find out. A program by hand has none, as it is not
 * written against the object API; a program that counts has none, as it is never timed. */
#ifndef RECLAIM_PRICE_LOOPS_H
#define RECLAIM_PRICE_LOOPS_H

#include "bench/sample.h"

#if defined(RECLAIM_HAND_WRITTEN) || MM_COUNTED
    #define PRICES_ABSENT 1
#else
    #define PRICES_ABSENT 0
#endif

/* The sizes of the curves, in objects. */
enum { PRICE_WINDOWS = 5, PRICE_HEAPS = 6 };
extern const uint32_t price_windows[PRICE_WINDOWS], price_heaps[PRICE_HEAPS];

/* Nanoseconds an object, an operation or a page, with all that the loop does. */
typedef struct price_findings {
    uint32_t slots;        /* of a container in the loops */
    double far_share;      /* of the cell's objects: see price_memory.c */
    double indexed_share;  /* of the live objects in the loops: see price_live() */
    size_t windows, heaps; /* how many of the sizes were measured */
    double window_ns[PRICE_WINDOWS];
    /* of n that stay until all are let go of; of n that are garbage at once */
    double kept_ns[PRICE_HEAPS], visited_ns[PRICE_HEAPS], let_go_ns[PRICE_HEAPS];
    double made_ns[PRICE_HEAPS], reclaimed_ns[PRICE_HEAPS];
    double load_ns, store_ns, copy_slot_ns, alias_ns, transfer_ns, borrow_ns, scope_ns, fault_ns;
    bool wrong; /* a collection found something else than was there */
} price_findings;

/* What a cell's objects are like. */
typedef struct price_shape {
    uint32_t slots;       /* on average, without large arrays; loops have the nearest number */
    uint64_t live;        /* objects alive at once, at most */
    double indexed_share; /* of these, those that one large array refers to */
    bool array_grew;      /* which is younger then than most of them */
} price_shape;

/* Runs all of them for a cell of this shape. False when there is no memory. */
bool price_loops_run(const sample *of, price_shape shape, price_findings *found);

#endif
