/* The plan of a run: its cells and its settings, as context.json holds them. A new run, a resumed
 * one and a report all read it from there, so there is one form of it. */
#ifndef RECLAIM_RUNNER_PLAN_H
#define RECLAIM_RUNNER_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "extra_kinds.h"
#include "problem.h"

extern const char plan_schema[];

/* One strategy with its options on one workload with its parameters: repetitions timed samples and
 * one counted. The texts belong to the plan's context. */
typedef struct cell {
    const char *set;      /* the NAME of --programs NAME=DIR, or "" */
    const char *strategy; /* "generational" */
    const char *label;    /* "generational:threshold0=2000" */
    const char
        *row; /* the label, after "NAME/" where there is a set: what tables and charts show */
    const char *workload; /* "dom" */
    const char *spec;     /* "dom:back=0.1" */
    const char *timed;    /* the path of the program bench_* */
    const char *counted;  /* the path of the program count_*, or "" */
    const char *skipped;  /* why it is never run, or "" */
    size_t
        layouts; /* in which the program is linked besides its own, and which take turns; 0: none */
    const char *preload;  /* the library that serves malloc, or "": the environment's */
    bool hand;            /* by a program written by hand, not by a strategy */
    bool ideal;           /* by a schedule: not by a contender */
    const char *peer;     /* the runtime that it stands for, with its version, or "" */
    const json_t *record; /* all of it: params and options too */
} cell;

typedef struct plan {
    json_t *context; /* owned */
    cell *cells;
    size_t cell_count;
    size_t repetitions;
    size_t extras[EXTRA_KINDS_MAX]; /* extra samples of each kind for a cell whose program can */
    uint64_t seed;
    unsigned runs;             /* of one process */
    uint64_t memory_bytes_max; /* 0: no limit */
    double timeout_seconds;
    size_t layout_period; /* repetitions after which the layouts are dealt anew; 0: never */
    double margin;        /* the smallest difference that counts, as a share */
    const char *baseline; /* a row, "" when there is none */
    const char *folder;   /* where the programs run */
} plan;

/* Takes over `context`, in every case. */
bool plan_load(plan *loaded, json_t *context, problem *why);
void plan_free(plan *loaded);

/* The cell with this row and spec, or NULL. */
const cell *plan_find(const plan *from, const char *row, const char *spec);

/* The cell of an ideal on the same spec and from the same set, or NULL. */
const cell *plan_find_ideal(const plan *from, const cell *like);

/* Whether the cell is to have this extra sample: see extras.h. */
bool plan_has_extra(const plan *of, size_t kind, size_t cell_index, size_t number);

/* The most repetitions or extra samples that a cell has. */
size_t plan_rounds(const plan *of);

/* Whether a self-test of this machine was there when the run was started, and failed: then the run's
 * differences get no verdict. */
bool plan_self_test_failed(const plan *of);

/* "old/refcount" or "refcount"; the caller frees it. */
char *plan_row(const char *set, const char *label);

/* The row without its set: what is the same cell in two sets has the same, and the same spec. */
const char *cell_contender(const cell *of);

/* The cell that is `like` in another set; cell_count when there is none. */
size_t plan_find_in_set(const plan *from, const char *set, const cell *like);

/* Whether the cell is the first of its spec: tables and charts have a block for each. */
bool plan_starts_spec(const plan *of, size_t cell_index);

#endif
