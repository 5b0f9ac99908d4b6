/* Why something could not be done, in one line for a person, and what the process exits with
 * because of it. Functions that can fail take a `problem *` and return false after filling it; only
 * main prints it. */
#ifndef RECLAIM_RUNNER_PROBLEM_H
#define RECLAIM_RUNNER_PROBLEM_H

#include <stdbool.h>

enum { PROBLEM_TEXT_MAX = 1024 };

/* The exit codes of `reclaim`; `inspect` exits as the program does, 6 when it found a leak. An interrupted run exits with 128 + the signal's number, as a shell
 * expects. */
typedef enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_ENVIRONMENT = 1, /* a file, a folder, a process or a tool failed */
    EXIT_CODE_BAD_INPUT = 2,   /* the command asks for something that does not exist */
    EXIT_CODE_UNTRUSTED = 3,   /* the run is complete, but a cell of it is void or failed */
    EXIT_CODE_SLOWER = 5       /* compare found what --fail-above forbids; or a self-test failed */
} exit_code;

typedef struct problem {
    exit_code code;
    char text[PROBLEM_TEXT_MAX];
} problem;

/* Both fill `why` and return false, so that a caller can `return problem_input(why, ...)`. A text
 * that is too long is cut. */
bool problem_input(problem *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool problem_environment(problem *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "; did you mean 'NAME'?" and "It has: a, b": the second half of every message about an unknown
 * name, appended to `why`. `kind` says what the names are ("strategies"). */
void problem_add_names(problem *why, const char *wanted, const char *kind, const char *const *names,
                       int count);

#endif
