/* The leak finder. Counted programs only. leaks.c teaches how it tells a leak from what is none. */
#ifndef RECLAIM_LEAKS_H
#define RECLAIM_LEAKS_H

#include "bench/inspect.h"
#include "bench/watch.h"

#if MM_COUNTED

    #include "mm_inspect.h"

typedef enum leak_kind {
    LEAK_REACHABLE, /* grows, reachable, and is not used any more */
    LEAK_CYCLE,     /* grows, unreachable, and no collection gives it back */
    LEAK_CACHE,     /* grows, reachable, and is used again */
    LEAK_UNSTEADY,  /* grows, but not regularly enough to be sure */
    LEAK_SETTLED,   /* grew and stopped */
    LEAK_FLOATING,  /* unreachable until a collection comes by */
    LEAK_KINDS
} leak_kind;

/* What one kind of object does: those of one type that one site makes. */
typedef struct leak_finding {
    leak_kind kind;
    const char *type, *phase;
    const mm_site *site;      /* NULL: the strategy itself */
    uint64_t objects, bytes;  /* now; of LEAK_FLOATING at the most that there were */
    double per_1000_requests; /* growth in objects */
    double bytes_per_1000_requests;
    double used_again; /* the share of old enough ones that were */
    const char
        *kept_by; /* the type of the leaking objects that hold these, or NULL: a leak's part */
    bool carries; /* is used on the way, but only to hold what leaks */
    char *chain;  /* what holds an example, or NULL */
} leak_finding;

typedef struct leak_report {
    leak_finding *findings; /* the worst kind first, then by growth */
    size_t count, capacity;
    uint64_t requests, warm_up; /* looked at; of these, before anything was judged */
    uint32_t checkpoints;
} leak_report;

/* Runs the workload twice (to count its requests, then to look) and writes what was found. */
inspect_status leaks_find(const inspection *asked, const sample *s,
                          char message[INSPECT_MESSAGE_MAX]);

/* Whether anything in the report is a leak. */
bool leaks_any(const leak_report *report);

void leaks_write_text(const leak_report *report, const sample *s, const inspection *asked,
                      FILE *out);

/* False when there is no memory. */
bool leaks_write_json(const leak_report *report, const sample *s, FILE *out);

/* Shared with inspect.c. */
inspect_status inspection_deliver(const char *path, const char *bytes, size_t size,
                                  char message[INSPECT_MESSAGE_MAX]);
inspect_status inspection_judge(const watch *w, workload_result result,
                                char message[INSPECT_MESSAGE_MAX]);

#endif
#endif
