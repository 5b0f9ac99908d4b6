/* What the files of price loops share, and no other includes. */
#ifndef RECLAIM_PRICE_PARTS_H
#define RECLAIM_PRICE_PARTS_H

#include "bench/price_loops.h"

enum {
    PAYLOAD_BYTES = 16,
    REFERENCE_TURNS = 4096,
    REPEATS = 9,       /* of a loop of references, and of small heaps */
    REPEATS_LARGE = 5, /* of a large heap */
    FAMILY = 4,        /* objects that are garbage together; divides all sizes of the heaps */
    CHUNK = 8,         /* live objects that one array holds */
    PRICE_WINDOW_MAX = 131072, /* what is larger is made, and then dropped as a whole */
    PRICE_BLOCKS = 3,          /* sizes that objects of the loops have */
};

typedef struct loops loops;

typedef struct pricing {
    mm *m;
    mm_type node, value;
    price_shape of_cell;
    uint32_t slots;                   /* of a node: as many as there are loops for */
    uint32_t payload;                 /* of a node and of a value */
    size_t block_bytes[PRICE_BLOCKS]; /* what malloc takes for them; 0: not known */
    bool scattered;                   /* the blocks that the loops get */
    bool grows; /* the cell's heap, until its only collection: nothing was given back before */
    const loops *of_slots;
    price_findings *found;
} pricing;

#define INLINED __attribute__((always_inline)) static inline

/* Keeps a variable in memory where a compiler would see that nobody looks. */
#define LOOKED_AT(v) __asm__ volatile("" : : "r"(v) : "memory")

INLINED mm_status make_node(const pricing *p, uint32_t slots, mm_var *out)
{
    return mm_new(p->m, out, p->node, slots, p->payload);
}

/* Sorts the values. */
double price_median(double *values, size_t count);

static inline uint32_t price_repeats(uint32_t objects)
{
    enum { SMALL_OBJECTS = 10000 };

    return objects > SMALL_OBJECTS ? REPEATS_LARGE : REPEATS;
}

/* How many of the rising sizes are measured: none that is more than one beyond what the cell has. */
size_t price_sizes(const pricing *p, const uint32_t *sizes, size_t count);

/* Each measures what its file is about into `found`; MM_NO_MEMORY where there is none. */
mm_status price_objects_by_hand(const pricing *p);
mm_status price_references(const pricing *p);

/* The price of a page's first touch. Fresh memory is there once: this is measured first. */
double price_fault(void);

/* The pages that this process has touched for the first time. */
long price_faults_so_far(void);

/* ---- bench/price_memory.c ---- */

/* Runs the cell's workload once on a heap of its own, and finds block_bytes, the share of its objects
 * that is far from the one before (0 where that cannot be found), whether its heap grows, and how
 * many objects it has then: the garbage among them is part of of_cell.live. */
void price_find_memory(const sample *of, pricing *p);

/* Free blocks become as large as they can. */
void price_join_free(void);

/* The next objects are far from each other, `objects` of each size: as many as there is memory for.
 * The array of their addresses is given back last, and is no block of theirs. */
void price_scatter(const pricing *p, uint32_t objects);

#endif
