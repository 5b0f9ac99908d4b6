/* `--inspect`, `--leaks` and `--shape`: looking into the heap of one run. Counted programs only; the others
 * refuse by name. docs/contract.md says what they print. */
#ifndef RECLAIM_INSPECT_H
#define RECLAIM_INSPECT_H

#include "bench/sample.h"

enum { INSPECT_MESSAGE_MAX = 1024 };

/* What the command line asks for; NULL or 0 where it does not say. */
typedef struct inspection {
    const char *at, *compare_with; /* points: begin, request:N, end, after */
    bool leaks, shape;
    uint64_t requests; /* the first of them are looked at by the leak finder */
    const char *format, *type, *output;
    uint64_t object, top;
} inspection;

typedef enum inspect_status {
    INSPECT_DONE,
    INSPECT_LEAK_FOUND,  /* printed; by the leak finder only */
    INSPECT_ENVIRONMENT, /* the output cannot be written */
    INSPECT_BAD_INPUT,
    INSPECT_VOID, /* the workload found its own data damaged */
    INSPECT_OOM
} inspect_status;

static inline bool inspection_asked(const inspection *asked)
{
    return asked->at != NULL || asked->leaks || asked->shape;
}

/* Whether the options fit together and this program can do it; false with a message. */
bool inspection_check(const inspection *asked, char message[INSPECT_MESSAGE_MAX]);

/* Runs the workload of `s` and writes what was asked for, whole or not at all. All but INSPECT_DONE
 * and INSPECT_LEAK_FOUND come with a message. */
inspect_status inspection_run(const inspection *asked, const sample *s,
                              char message[INSPECT_MESSAGE_MAX]);

#endif
