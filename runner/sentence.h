/* Sentences that are put together from the cells of a summary, as HTML. */
#ifndef RECLAIM_RUNNER_SENTENCE_H
#define RECLAIM_RUNNER_SENTENCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* A text that grows: what is written to `out` is added to it. */
typedef struct sentence {
    FILE *out;
    char *text;
    size_t size;
    size_t items; /* of the list that is being written */
} sentence;

void sentence_begin(sentence *made);

/* The text, which the caller frees. */
char *sentence_end(sentence *made);

bool sentence_is_empty(sentence *made);

/* Writes what stands before the next item of a list of `count`: ", ", " and ", or nothing. */
void sentence_separate(sentence *made, size_t count);

/* Writes a name, bold. */
void sentence_name(sentence *made, const char *name);

/* Writes `head` and then, by `each`, every cell of a spec that `wanted` is true of, and a full stop;
 * nothing when there is none. */
void sentence_list_cells(sentence *made, const json_t *summary, const char *spec, const char *head,
                         bool (*wanted)(const json_t *cell),
                         void (*each)(sentence *made, const json_t *cell));

/* A number in a group of a cell, NAN when it is not there. */
double cell_number(const json_t *cell, const char *group, const char *name);

/* The same of a counter; of one by generation, the sum. */
double cell_counter(const json_t *cell, const char *name);

bool cell_has_status(const json_t *cell, const char *status);

/* Whether it is a strategy: no limit, no program by hand, no peer. */
bool cell_is_contender(const json_t *cell);

/* Whether it has times that mean something. */
bool cell_is_timed(const json_t *cell);

#endif
