/* What was asked for: the verb, its options, and the help that describes them. One table holds
 * every option, so that parsing, help and messages cannot drift apart. */
#ifndef RECLAIM_RUNNER_COMMAND_LINE_H
#define RECLAIM_RUNNER_COMMAND_LINE_H

#include <jansson.h>
#include <stdbool.h>

#include "problem.h"
#include "support/settings.h"

typedef enum verb {
    VERB_NONE = 0, /* only --help or --version */
    VERB_LIST = 1,
    VERB_RUN = 2,
    VERB_REPORT = 4,
    VERB_INSPECT = 8,
    VERB_COMPARE = 16,
    VERB_SELF_TEST = 32,
    VERB_DOCTOR = 64,
    VERB_CURVE = 128
} verb;

typedef struct command_line {
    verb verb;
    bool help, version;
    bool resume, charts, peers;
    json_t *strategies, *workloads, *programs; /* arrays of texts: labels, specs, [NAME=]DIR */
    json_t *allocators;                        /* NAME or NAME=FILE */
    json_t *multiples;                         /* of `curve`: numbers */
    const char *baseline; /* NULL: not given. Points into argv, as the next does */
    const char *folder;   /* of the results; NULL: not given */
    const char *first_folder, *second_folder; /* of `compare`: the runs; the second may be NULL */
    const char *from, *to;                    /* of `compare`: rows or sets; NULL: not given */
    bool force;                               /* of `compare`: machines and settings may differ */
    settings numbers;                         /* every option that is a number or a word */
    json_t *inspection; /* of `inspect`: options and values, for the program to read */
    bool has_point;     /* among them --inspect or --leaks */
    json_t *words;      /* argv, for the record */
    json_t *request; /* the plan's options as they were written, by name: what a resumed run is held
                        against */
} command_line;

/* Parses argv. False and `why` filled on bad input; `parsed` must be freed in both cases. */
bool command_line_parse(command_line *parsed, int argc, char **argv, problem *why);
void command_line_free(command_line *parsed);

/* The name of the chosen scale, as suites have it. */
const char *command_line_scale(const command_line *parsed);

/* The help of a verb, or of all on VERB_NONE, to standard output. */
void command_line_print_help(verb of);

#endif
