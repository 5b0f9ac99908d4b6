/* What a person sees while a run goes on: the table from the first repetition on, and how long it
 * still takes.
 *
 * On a terminal, standard output holds the table, redrawn in place, and a line of progress.
 * Otherwise standard error gets one line for each repetition, and standard output the table once,
 * at the end. */
#ifndef RECLAIM_RUNNER_PROGRESS_H
#define RECLAIM_RUNNER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"
#include "store.h"

typedef struct progress {
    const plan *planned;
    const store *from;
    bool on_terminal;
    size_t lines_drawn; /* of the table that stands on the terminal */
} progress;

progress progress_begin(const plan *planned, const store *from);

/* Before a sample is taken; `kind` is the name of an extra one, or "". */
void progress_sample(const progress *shown, size_t cell_index, size_t repetition, const char *kind);

/* After a repetition; 0 is the counted one, which shows no table. */
void progress_repetition(progress *shown, size_t repetition);

/* Removes what is redrawn, so that the final table can be printed. */
void progress_end(progress *shown);

#endif
