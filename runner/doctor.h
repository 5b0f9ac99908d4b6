/* What makes a machine noisy: looked up where the system tells, and measured. */
#ifndef RECLAIM_RUNNER_DOCTOR_H
#define RECLAIM_RUNNER_DOCTOR_H

#include "command_line.h"

typedef enum finding { FINDING_FINE, FINDING_NOISY, FINDING_UNKNOWN } finding;

enum { CHECK_TEXT_MAX = 96, CHECKS_MAX = 16 };

/* One thing that was looked at. */
typedef struct check {
    const char *name;   /* "governor" */
    const char *why;    /* what it does to times */
    const char *advice; /* what to do about it */
    finding found;
    char value[CHECK_TEXT_MAX]; /* as the system tells it; "unknown" */
} check;

typedef struct diagnosis {
    check checks[CHECKS_MAX];
    size_t count;
} diagnosis;

/* Looks at everything; takes about half a second. `root` stands before the paths of the system's
 * files: "" for this machine. */
diagnosis doctor_look(const char *root);

/* For the context of a run: `{"noisy": {"virtualised": "yes"}, "unknown": ["governor"]}`. */
json_t *doctor_short_json(const diagnosis *of);

/* Returns the exit code: 0 whatever was found. */
exit_code doctor_command(const command_line *asked, problem *why);

#endif
