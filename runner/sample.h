/* Taking one sample: one process, and what becomes of it. */
#ifndef RECLAIM_RUNNER_SAMPLE_H
#define RECLAIM_RUNNER_SAMPLE_H

#include "plan.h"
#include "store.h"

/* Runs one sample of a cell (repetition 0: the counted one) and returns its record: the program's
 * sample with `program`, `repetition`, `layout` and `elapsed_s` added, or, when the program gave none, the
 * same form with its end as status and reason. NULL when the run cannot go on: the runner was asked
 * to stop (`why` is then untouched), or the folder takes no more files. */
json_t *sample_take(const plan *planned, const store *into, size_t cell_index, size_t repetition,
                    problem *why);

/* The same of an extra sample, which runs in the layout of the repetition of its number. Returns its
 * head; `*recorded` becomes what the program wrote, NULL where it ended badly. */
json_t *sample_take_extra(const plan *planned, const store *into, size_t kind, size_t cell_index,
                          size_t number, json_t **recorded, problem *why);

#endif
