/* The kinds of extra samples. Beside the timed and the counted samples a cell may have others, each
 * one more process of the same program with one more option, which writes what it has recorded into
 * a file of its own. A kind is one line in the table. */
#ifndef RECLAIM_RUNNER_EXTRA_KINDS_H
#define RECLAIM_RUNNER_EXTRA_KINDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

enum { EXTRA_KINDS_MAX = 4, EXTRA_SCALES = 4 };

typedef struct extra_kind {
    /* What a program that can do it lists under `records` in its description; its option is
     * `--NAME FILE`, and the folder in the results has that name. */
    const char *name;
    const char *schema; /* of what the program writes */
    const char *option; /* of `reclaim run`, how many a cell; the name in context.json too */
    size_t by_scale[EXTRA_SCALES]; /* how many where the option is not given */
    bool counted;                  /* the counted program takes one first, as sample number 0 */
    /* Refuses what a program wrote and nobody could work with; NULL: nothing but its schema, label,
     * spec and status is looked at. */
    bool (*is_sound)(const json_t *recorded, problem *why);
} extra_kind;

extern const extra_kind extra_kinds[];
extern const size_t extra_kind_count;

#endif
