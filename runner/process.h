/* One child process: started in its own process group, limited in time and memory, and gone when
 * the runner is gone. */
#ifndef RECLAIM_RUNNER_PROCESS_H
#define RECLAIM_RUNNER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "problem.h"

enum { ARGUMENTS_MAX = 64, LAST_LINE_MAX = 512 };

/* The exit code of a child whose program could not be started, as in a shell. */
enum { PROCESS_CANNOT_START = 127 };

/* A command line that is built piece by piece. The texts are owned. */
typedef struct arguments {
    char *items[ARGUMENTS_MAX + 1]; /* ends with NULL */
    size_t count;
} arguments;

/* Adds one argument, printed as by printf. One too many is a bug. */
void arguments_add(arguments *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arguments_free(arguments *list);

typedef struct process_request {
    arguments command;         /* [0] is a path, or a name that is looked up in PATH */
    const char *program;       /* the file to run when it is not [0], which it then only poses as */
    const char *preload;       /* a library for LD_PRELOAD, in front of what is there; NULL or "" */
    const char *folder;        /* the working folder; NULL: the runner's own */
    uint64_t memory_bytes_max; /* of private writable memory; 0: no limit */
    double timeout_seconds;
    bool keep_output; /* standard output is returned; otherwise it is thrown away */
    bool fresh_copy;  /* run a copy of the program, made for this run and gone with it */
} process_request;

typedef enum process_end {
    PROCESS_EXITED,
    PROCESS_SIGNALLED,
    PROCESS_TIMED_OUT,  /* killed after timeout_seconds */
    PROCESS_INTERRUPTED /* killed because the runner was asked to stop */
} process_end;

typedef struct process_result {
    process_end end;
    int code;     /* the exit code or the signal's number */
    char *output; /* what it printed, NUL-terminated; NULL unless asked for; the caller frees it */
    size_t output_length;
    char last_line[LAST_LINE_MAX]; /* the last line that is not empty on standard error */
    double seconds;                /* how long it ran */
    double timeout_seconds;        /* as requested */
} process_result;

/* Runs a child to its end. Returns false when it could not be started. */
bool process_run(const process_request *request, process_result *result, problem *why);

/* Whether it exited with 0. */
bool process_succeeded(const process_result *result);

/* How it ended, in a phrase: "killed by SIGSEGV", "exit code 1: <last line>". The caller frees it.
 */
char *process_describe_end(const process_result *result);

#endif
