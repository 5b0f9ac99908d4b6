/* What every strategy shares: status, types, traits, statistics.
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

/* The reference count of an immortal object. */
#define MM_IMMORTAL UINT64_MAX

typedef enum mm_status {
    MM_OK = 0,
    MM_NO_MEMORY,   /* nothing changed, except that a collection may have run */
    MM_UNSUPPORTED, /* the strategy's traits exclude the call; nothing changed */
    MM_INVALID,     /* an argument is out of its range; nothing changed */
    MM_TOO_DEEP /* as MM_NO_MEMORY: finalisers and callbacks are nested too deeply to make more */
} mm_status;

typedef struct mm mm;               /* a mutator */
typedef struct mm_heap mm_heap;     /* what stands behind it */
typedef struct mm_object mm_object; /* never seen through the object API */
typedef struct mm_var mm_var;       /* a variable: every operand is one */
typedef struct mm_root mm_root;     /* a variable that outlives scopes */
typedef struct mm_scope mm_scope;   /* the variables declared together */

/* A type of one heap, made by mm_type_add(). The low bits say what the hot paths would otherwise
 * look up: whether its objects may refer to others, and whether their death needs care. The rest is
 * the index into the heap's table. */
typedef uint32_t mm_type;

enum {
    MM_TYPE_CONTAINER = 1,
    MM_TYPE_SPECIAL = 2, /* has a finaliser, or is that of weak references */
    MM_TYPE_INDEX_SHIFT = 2,
    MM_TYPES_MAX = 1 << 24, /* of a heap: the bits above are flags */
    /* Weak references are containers of one slot, their context. Every heap has the type. */
    MM_TYPE_WEAK = MM_TYPE_CONTAINER | MM_TYPE_SPECIAL
};

/* Flags of one object, beside its type in the same word. */
enum {
    OBJECT_IMMORTAL = 1 << 28,
    OBJECT_FINALIZED = 1 << 29,         /* its finaliser has been called, or never will be */
    OBJECT_WEAKLY_REFERENCED = 1 << 30, /* the weak table knows it */
    OBJECT_FLAGS = OBJECT_IMMORTAL | OBJECT_FINALIZED | OBJECT_WEAKLY_REFERENCED,
    /* Set in the type word of an object whose death needs care, or that does not die. */
    OBJECT_SPECIAL = MM_TYPE_SPECIAL | OBJECT_WEAKLY_REFERENCED | OBJECT_IMMORTAL
};

typedef enum mm_kind {
    MM_ATOM,     /* no slots: numbers, strings; can be in no cycle */
    MM_CONTAINER /* any number of slots */
} mm_kind;

/* Called once in the life of an object, when it has become unreachable and before anything is
 * taken from it. `self` names it; the finaliser may store it, which *resurrects* it. It may do
 * whatever a program may: it works with `self`, its own variables and roots. */
typedef void mm_finaliser(mm *m, mm_var *self);

/* Called once when the referent of `reference`, a weak reference that lives on, is gone; mm_weak_load()
 * gives null already. `context` is what mm_weak_new() was given. */
typedef void mm_weak_callback(mm *m, mm_var *reference, mm_var *context);

typedef struct mm_type_info {
    const char *name; /* kept by the caller for as long as the heap lives */
    mm_kind kind;
    bool weakable;           /* mm_weak_new() takes its objects */
    mm_finaliser *finaliser; /* NULL: none */
} mm_type_info;

static inline bool mm_type_is_container(mm_type type)
{
    return (type & MM_TYPE_CONTAINER) != 0;
}

static inline uint32_t mm_type_index(mm_type type)
{
    return (type & ~(uint32_t)OBJECT_FLAGS) >> MM_TYPE_INDEX_SHIFT;
}

/* Told of each collection: before it starts, with the generation, and when it is over, with what it
 * found too. No collection runs meanwhile. */
typedef enum mm_gc_phase { MM_GC_START, MM_GC_STOP } mm_gc_phase;

typedef struct mm_gc_info {
    uint32_t generation;
    uint64_t collected;     /* unreachable objects found and not resurrected */
    uint64_t uncollectable; /* 0: there are none */
} mm_gc_info;

typedef void mm_gc_callback(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context);

/* Debug flags, with the numbers of Python's `gc` module. */
typedef enum mm_debug_flag {
    MM_DEBUG_STATS = 1,         /* a line for the start and the end of each collection */
    MM_DEBUG_COLLECTABLE = 2,   /* a line for each unreachable object */
    MM_DEBUG_UNCOLLECTABLE = 4, /* a line for each that cannot be reclaimed: there are none */
    MM_DEBUG_SAVE_ALL = 32,     /* unreachable objects are saved, not reclaimed */
    MM_DEBUG_LEAK = 38          /* the last three */
} mm_debug_flag;

/* Takes a line of debug output, without a newline; `line` is valid during the call only. It must
 * not use the heap. */
typedef void mm_debug_sink(const char *line, void *context);

/* What happens first to an object that dies: its finaliser runs, or the weak references to it are
 * cleared and their callbacks called. */
typedef enum mm_death_order {
    MM_DEATH_UNSEEN, /* no object dies so, or neither happens */
    MM_FINALISER_FIRST,
    MM_WEAK_FIRST
} mm_death_order;

/* Behind the version of a runtime that no test has run with. */
#ifndef MM_PEER_NOTE
    #define MM_PEER_NOTE ""
#endif

/* What a strategy promises: a constant, read by conformance tests, fuzzers and the sample programs.
 */
typedef struct mm_traits {
    const char *summary;
    const char *peer; /* the runtime behind the object API, with its version; NULL: this project */
    bool timed;       /* false: a checking strategy whose times mean nothing */
    bool reclaims;    /* gives memory back at all */
    bool counts;      /* keeps a reference count: mm_refcount() works */
    bool prompt;      /* acyclic garbage dies before the operation that made it returns */
    bool reclaims_cycles;    /* a full collection leaves exactly what is reachable */
    bool moving;             /* an object may move at any operation that may collect */
    bool tracks;             /* knows some objects to be in no cycle: mm_is_tracked() works */
    bool freezes;            /* mm_freeze() and its siblings work */
    bool reports_garbage;    /* MM_DEBUG_COLLECTABLE and MM_DEBUG_SAVE_ALL work */
    bool promotes;           /* CPython 3.11's generations: see mm_get_count() in mm_gc.h */
    bool finalises_in_order; /* a collection finalises what it found in the order it was made */
    bool scheduled;          /* reclaims by a schedule made before, and nothing without one: the
                                traits above are those without; see mm_schedule.h */
    bool one_heap;           /* a process has one heap at a time */
    bool conservative;   /* a full collection may leave objects that something seems to refer to */
    bool mortal;         /* mm_immortalise() is refused */
    bool oom_ends;       /* where memory runs out inside of it the process ends, with exit code 4 */
    bool frames_apart;   /* finalisers cannot name the variables of the code that they interrupt */
    bool no_callbacks;   /* mm_add_callback(), mm_set_debug() and weak callbacks are refused */
    bool visits_unknown; /* stats do not tell how many objects collections visited */
    bool collections_unknown; /* nor how many there were */
    bool pauses_unknown;      /* nor how long they stopped the program */
    bool live_unknown; /* nor which objects are alive; the heap verifier does not know either */
    bool no_limit;     /* the options heap_bytes_max and allocator are missing */
    bool no_graph;     /* mm_graph_new() is refused: objects are not ours to look into */
    mm_death_order death_by_count;     /* what dies as its count becomes zero */
    mm_death_order death_by_collector; /* what a collection finds unreachable */
    bool finalises_at_teardown;        /* mm_heap_free() runs the finalisers that have not run */
    uint32_t generations;              /* that mm_collect() accepts; 0: there is no collector */
    const char *fills_heap; /* options with which it collects only when the option heap_bytes_max is
                               reached, so that it trades space for time; NULL: it cannot */
} mm_traits;

/* Objects of a cascade before its clock starts: timing every decrement would cost more than the
 * decrement. */
enum { MM_CASCADE_UNTIMED = 63 };

/* What stops the program: a collection, or a cascade of counting that is long enough to be timed. */
typedef enum mm_pause_kind { MM_PAUSE_COLLECTION, MM_PAUSE_CASCADE } mm_pause_kind;

typedef struct mm_pause {
    uint64_t began_ns, length_ns; /* of monotonic time */
    uint64_t visited;             /* objects, as in mm_stats; of a cascade, what died in it */
    uint64_t reclaimed;
    uint32_t generation; /* 0 for a cascade */
    mm_pause_kind kind;
} mm_pause;

typedef struct mm_request {
    uint64_t began_ns, length_ns;
} mm_request;

/* Every request and pause in order, in room that the owner has reserved: noting one allocates
 * nothing. The numbers count on when the room is full, and what has none is not noted. */
typedef struct mm_log {
    mm_request *requests;
    mm_pause *pauses;
    uint64_t request_count, request_room;
    uint64_t pause_count, pause_room;
} mm_log;

/* Statistics of one heap. Arrays are by generation, youngest first. What a flavour does not count
 * is MM_UNKNOWN. */
typedef struct mm_stats {
    uint64_t objects_allocated; /* counted */
    uint64_t bytes_allocated;   /* counted: slots and payload as requested, without any header */
    uint64_t
        reclaimed_by_count; /* counted: objects whose count fell to zero outside a collection */
    uint64_t collections[MM_GENERATIONS_MAX];
    uint64_t reclaimed_by_collector[MM_GENERATIONS_MAX];
    uint64_t objects_visited;                          /* once per object and collection */
    uint64_t visited_by_collector[MM_GENERATIONS_MAX]; /* the same by generation */
    uint64_t collector_ns, pause_ns_max;
    uint64_t drop_ns_max; /* longest cascade; its first MM_CASCADE_UNTIMED objects are not in it */
    uint64_t requests, request_ns_max;
    uint64_t objects_live; /* counted, and where the strategy keeps it anyway */
    uint64_t bytes_live;   /* counted: as requested */
    uint64_t bytes_held;   /* counted: with headers */
    uint64_t bytes_peak;   /* counted: the highest bytes_held */
    uint64_t bytes_beside; /* held for weak references and finalisers, outside the objects */
    uint64_t bytes_mapped; /* in the arenas of the pool allocator */
} mm_stats;

#endif
