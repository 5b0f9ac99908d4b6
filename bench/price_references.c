/* The prices of references, and of pages touched for the first time.
 *
 *   references   one operation over 64 slots, all in the first-level cache
 *   page faults  the first touch of fresh pages, less the same work on pages that are there */
#define _GNU_SOURCE
#include "bench/price_parts.h"

#if !PRICES_ABSENT

    #include <stdlib.h>
    #include <string.h>
    #include <sys/resource.h>

enum { REFERENCE_SLOTS = 64, FAULT_BLOCKS = 262144, FAULT_BLOCK_BYTES = 48 };

/* ---- References ---- */

/* Defines price_NAME: nanoseconds for one turn of `body`, in which `i` goes round the slots of the
 * arrays `one` and `two`, `a` and `b` are variables, not null, and `seen` may borrow. */
    #define DEFINE_REFERENCE_LOOP(name, body)                                             \
        static double price_##name(mm *m, mm_var *one, mm_var *two, mm_var *a, mm_var *b) \
        {                                                                                 \
            double values[REPEATS];                                                       \
            for (int k = 0; k < REPEATS; k++) {                                           \
                MM_BORROW(m, seen);                                                       \
                uint64_t began_ns = clock_now_ns();                                       \
                for (uint32_t turn = 0; turn < REFERENCE_TURNS; turn++) {                 \
                    uint32_t i = turn % REFERENCE_SLOTS;                                  \
                    (void)i, (void)two, (void)a, (void)b, (void)one;                      \
                    body;                                                                 \
                }                                                                         \
                values[k] = (double)(clock_now_ns() - began_ns) / REFERENCE_TURNS;        \
            }                                                                             \
            return price_median(values, REPEATS);                                         \
        }

DEFINE_REFERENCE_LOOP(load, mm_load(m, a, one, i))
DEFINE_REFERENCE_LOOP(store, mm_store(m, one, i, b))
DEFINE_REFERENCE_LOOP(copy_slot, mm_copy_slot(m, one, i, two, i ^ 1))
DEFINE_REFERENCE_LOOP(alias, mm_set(m, a, b); LOOKED_AT(a); mm_clear(m, a); LOOKED_AT(a))
DEFINE_REFERENCE_LOOP(transfer, mm_take(m, a, one, i); LOOKED_AT(a); mm_fill(m, one, i, a))
DEFINE_REFERENCE_LOOP(borrow, mm_borrow(m, seen, one, i); LOOKED_AT(seen))

DEFINE_REFERENCE_LOOP(scope, MM_VAR(m, inner); LOOKED_AT(inner))

/* All of its slots refer to something. */
static mm_status make_array(const pricing *p, mm_var *out)
{
    if (mm_new(p->m, out, p->node, REFERENCE_SLOTS, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < REFERENCE_SLOTS; i++) {
        MM_VAR(p->m, made);
        if (make_node(p, p->slots, made) != MM_OK)
            return MM_NO_MEMORY;
        mm_fill(p->m, out, i, made);
    }
    return MM_OK;
}

mm_status price_references(const pricing *p)
{
    mm *m = p->m;
    MM_VARS(m, v, 4);
    mm_var *one = v, *two = v + 1, *a = v + 2, *b = v + 3;

    if (make_array(p, one) != MM_OK || make_array(p, two) != MM_OK ||
        make_node(p, p->slots, b) != MM_OK)
        return MM_NO_MEMORY;
    p->found->load_ns = price_load(m, one, two, a, b);
    p->found->copy_slot_ns = price_copy_slot(m, one, two, a, b);
    p->found->borrow_ns = price_borrow(m, one, two, a, b);
    p->found->scope_ns = price_scope(m, one, two, a, b);
    p->found->alias_ns = price_alias(m, one, two, a, b) / 2;
    p->found->transfer_ns = price_transfer(m, one, two, a, b) / 2;
    p->found->store_ns = price_store(m, one, two, a, b);
    return MM_OK;
}

/* ---- Page faults ---- */

long price_faults_so_far(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

/* A list of blocks, so that the program between two faults does something, as one that makes objects
 * does. Returns its head, NULL without memory. */
static void **make_chain(uint32_t blocks)
{
    void **head = NULL;

    for (uint32_t i = 0; i < blocks; i++) {
        void **made = malloc(FAULT_BLOCK_BYTES);
        if (made == NULL)
            break;
        memset(made, 1, FAULT_BLOCK_BYTES);
        made[0] = head;
        head = made;
    }
    return head;
}

static void free_chain(void **head)
{
    while (head != NULL) {
        void **next = head[0];
        free(head);
        head = next;
    }
}

/* The same work on fresh pages and on pages that are there: the difference is theirs. The first thing
 * that is measured, since it is the last time that memory is fresh. */
double price_fault(void)
{
    uint64_t began_ns = clock_now_ns(), fresh_ns, again_ns;
    long faults = price_faults_so_far();
    void **chain = make_chain(FAULT_BLOCKS);

    faults = price_faults_so_far() - faults;
    fresh_ns = clock_now_ns() - began_ns;
    free_chain(chain);
    began_ns = clock_now_ns();
    chain = make_chain(FAULT_BLOCKS);
    again_ns = clock_now_ns() - began_ns;
    free_chain(chain);
    return faults > 0 && fresh_ns > again_ns ? (double)(fresh_ns - again_ns) / (double)faults : 0;
}

#endif
