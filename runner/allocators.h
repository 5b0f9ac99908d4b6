/* The allocators that a run compares: --allocator. An allocator is a library that serves malloc, put
 * into the child by LD_PRELOAD, or a word of the strategies' own option `allocator`. The dynamic linker
 * only warns when a library cannot be loaded, so that nothing is believed but what the child itself
 * says of the malloc that serves it. */
#ifndef RECLAIM_RUNNER_ALLOCATORS_H
#define RECLAIM_RUNNER_ALLOCATORS_H

#include <jansson.h>

#include "plan.h"
#include "programs.h"

typedef struct allocator {
    char *name;          /* as rows have it after '@' */
    char *preload;       /* the library, "" for none */
    const char *package; /* of Debian, that has the library; "" when nobody knows */
    bool is_option;      /* a word of the option `allocator` */
} allocator;

typedef struct allocator_list {
    allocator *items; /* at least one; without --allocator that is the environment's, of no name */
    size_t count;
} allocator_list;

/* Understands the values of --allocator, NAME or NAME=FILE. A word of the option `allocator` is known by
 * the programs that have it. */
bool allocators_choose(allocator_list *chosen, const json_t *wanted, const program_list *programs,
                       problem *why);
void allocators_free(allocator_list *chosen);

/* Splits "a,b=FILE" into the texts of an array. */
bool allocators_split(const char *option, const char *list, json_t *items, problem *why);

/* Why an allocator means nothing for a program, "" when it does mean something: the caller frees it.
 * Its cell is not run. */
char *allocator_reason_to_skip(const allocator *chosen, const program *timed);

/* Whether the program that gave `checked` was served by the allocator; `last_words` are what it left
 * on standard error, where the dynamic linker says what was wrong. */
bool allocator_is_proved(const allocator *chosen, const program *timed, const json_t *checked,
                         const char *last_words, problem *why);

/* "old/generational@mimalloc": the row of a cell; the caller frees it. */
char *allocator_row(const allocator *chosen, const char *set, const char *label);

/* "mimalloc 2.0.9", or "pool over glibc 2.36" for a word of the option: what the record of a cell says
 * of its allocator, "" when it does not. The caller frees it. */
char *allocator_text(const json_t *cell_record);

/* The texts of all cells, each once: "glibc 2.36, mimalloc 2.0.9". The caller frees it. */
char *allocators_text(const plan *of);

/* For context.json: the name of the axis, "" when there is none, and what served malloc. */
void allocator_record(const allocator *chosen, const json_t *checked, json_t *cell_record);

#endif
