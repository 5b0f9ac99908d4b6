/* What every strategy shares: status, types, traits, statistics, and the common beginnings of a
 * heap and of a mutator.
 *
 * Flavours. The same source is compiled three ways, and these two macros tell them apart:
 *   timed    MM_COUNTED 0, MM_CHECKED 0   only what the strategy needs to work
 *   counted  MM_COUNTED 1, MM_CHECKED 0   operations, objects and bytes are counted
 *   checked  MM_COUNTED 1, MM_CHECKED 1   and assertions, heap verifier, poisoning, fault injection
 * MM_REGISTRY says that every object is on one list of the heap's allocator front, whatever the
 * strategy does: always when counted or checked, so that a heap can be looked into, and in every
 * flavour of a sanitizer build, so that what a strategy leaks by design is given back when its heap
 * is freed. */
#ifndef MM_COMMON_BASE_H
#define MM_COMMON_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/settings.h"

#ifndef MM_COUNTED
    #define MM_COUNTED 0
#endif
#ifndef MM_CHECKED
    #define MM_CHECKED 0
#endif
#ifndef MM_REGISTRY
    #define MM_REGISTRY MM_COUNTED
#endif

#if MM_CHECKED && defined(NDEBUG)
    #error "the checked flavour needs assertions: compile it without NDEBUG"
#endif

#define MM_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define MM_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum { MM_GENERATIONS_MAX = 3, MM_MESSAGE_MAX = 256 };

/* A statistic that this flavour or strategy does not know. */
#define MM_UNKNOWN UINT64_MAX

typedef enum mm_status {
    MM_OK = 0,
    MM_NO_MEMORY,   /* nothing changed, except that a collection may have run */
    MM_UNSUPPORTED, /* the strategy's traits exclude the call; nothing changed */
    MM_INVALID      /* an argument is out of its range; nothing changed */
} mm_status;

typedef struct mm mm;               /* a mutator */
typedef struct mm_heap mm_heap;     /* what stands behind it */
typedef struct mm_object mm_object; /* never seen through the object API */
typedef struct mm_var mm_var;       /* a variable: every operand is one */
typedef struct mm_root mm_root;     /* a variable that outlives scopes */
typedef struct mm_scope mm_scope;   /* the variables declared together */

/* A type of one heap, made by mm_type_add(). The lowest bit says whether its objects may refer to
 * others, so that the hot paths need not look it up; the rest is the index into the heap's table.
 */
typedef uint32_t mm_type;

typedef enum mm_kind {
    MM_ATOM,     /* no slots: numbers, strings; can be in no cycle */
    MM_CONTAINER /* any number of slots */
} mm_kind;

typedef struct mm_type_info {
    const char *name; /* kept by the caller for as long as the heap lives */
    mm_kind kind;
} mm_type_info;

static inline bool mm_type_is_container(mm_type type)
{
    return (type & 1) != 0;
}

/* What a strategy promises: a constant, read by conformance tests, fuzzers and the sample programs.
 */
typedef struct mm_traits {
    const char *summary;
    bool timed;           /* false: a checking strategy whose times mean nothing */
    bool reclaims;        /* gives memory back at all */
    bool counts;          /* keeps a reference count: mm_refcount() works */
    bool prompt;          /* acyclic garbage dies before the operation that made it returns */
    bool reclaims_cycles; /* a full collection leaves exactly what is reachable */
    bool moving;          /* an object may move at any operation that may collect */
    uint32_t generations; /* that mm_collect() accepts; 0: there is no collector */
} mm_traits;

/* Statistics of one heap. Arrays are by generation, youngest first. What a flavour does not count
 * is MM_UNKNOWN. */
typedef struct mm_stats {
    uint64_t objects_allocated; /* counted */
    uint64_t bytes_allocated;   /* counted: slots and payload as requested, without any header */
    uint64_t
        reclaimed_by_count; /* counted: objects whose count fell to zero outside a collection */
    uint64_t collections[MM_GENERATIONS_MAX];
    uint64_t reclaimed_by_collector[MM_GENERATIONS_MAX];
    uint64_t objects_visited; /* once per object and collection */
    uint64_t collector_ns, pause_ns_max;
    uint64_t drop_ns_max; /* longest cascade; its first MM_CASCADE_UNTIMED objects are not in it */
    uint64_t requests, request_ns_max;
    uint64_t objects_live; /* counted, and where the strategy keeps it anyway */
    uint64_t bytes_live;   /* counted: as requested */
    uint64_t bytes_held;   /* counted: with headers */
    uint64_t bytes_peak;   /* counted: the highest bytes_held */
} mm_stats;

#endif
