/* The programs `bench_*` and `count_*` of one or several folders, and what they say about
 * themselves. */
#ifndef RECLAIM_RUNNER_PROGRAMS_H
#define RECLAIM_RUNNER_PROGRAMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

/* One program. The texts without ownership of their own belong to `description`, which is NULL when
 * the program could not describe itself; `complaint` then says why, and every other field but path,
 * name, set, layouts and counted is empty. */
typedef struct program {
    char *path;
    char *name; /* the file's name */
    char *set;  /* the NAME of --programs NAME=DIR, or "" */
    json_t *description;
    char *complaint;
    const char *strategy;
    size_t
        layouts;  /* how often it is linked in another order: layouts/1/NAME, layouts/2/NAME, ... */
    bool counted; /* a count_* program */
    bool hand;    /* written by hand in plain C: the floor, not a strategy */
    bool ideal;   /* knows from a schedule when objects die: the limit, not a contender */
    bool checking;    /* a checking strategy: never timed */
    const char *peer; /* the runtime that it stands for or is written against, with its version; ""
                         for none */
} program;

typedef struct program_list {
    program *items;
    size_t count;
} program_list;

/* Describes every program of the `folders`, an array of texts `DIR` or `NAME=DIR`; without any, of
 * the folder of the running executable. Order: folder by folder, strategies before ideals before
 * programs by hand, then by name. Cost: each program is started once, which takes a second for all. */
bool programs_find(program_list *list, const json_t *folders, problem *why);

/* The same of the one program that is called `name`; none, where there is no such file. */
bool programs_find_one(program_list *list, const json_t *folders, const char *name, problem *why);
void programs_free(program_list *list);

/* One line on standard error for every program that could not describe itself. */
void programs_warn(const program_list *list);

/* "strategy", "ideal" or "hand". */
const char *program_kind(const program *candidate);

/* Whether a run can time it: a bench_* program that describes itself and is not for checking only.
 */
bool program_is_timed(const program *candidate);

/* The program that counts for `timed` (same set and strategy), or NULL. */
const program *programs_counting(const program_list *list, const program *timed);

/* The description of a workload by its name, NULL when the program does not have it. */
const json_t *program_workload(const program *owner, const char *name);

/* The file of layout `number` of the program at `path`; 0 is the program itself. The caller frees it.
 */
char *program_layout_path(const char *path, size_t number);

/* What the program at `path` answers to --describe. NULL and the reason when it gives no
 * description. */
json_t *program_describe(const char *path, problem *why);

#endif
