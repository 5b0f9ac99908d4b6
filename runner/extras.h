/* The extra samples of a run (see extra_kinds.h): one file each, KIND/CELL-NUMBER.gz in its folder,
 * written under another name and renamed, so that a killed run has it whole or not at all.
 *
 * The file has two lines. The first is its head: which sample of which cell it is, how it ended, the
 * check sum of the second line, and as the last field its own. The second is what the program wrote,
 * or nothing where it ended badly. Only heads are kept in memory: what was recorded is read one file
 * at a time. */
#ifndef RECLAIM_RUNNER_EXTRAS_H
#define RECLAIM_RUNNER_EXTRAS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "extra_kinds.h"
#include "plan.h"
#include "store.h"

/* Makes room for the extra samples of `planned` and reads the heads of those that are there. False
 * when a file is not what a run has written. */
bool extras_load(store *from, const plan *planned, problem *why);

/* The head of an extra sample, NULL: not taken. Number 0 is the counted program's, 1 to
 * planned->extras[kind] are the timed one's. */
json_t **extras_slot(const store *in, size_t kind, size_t cell_index, size_t number);

/* Writes a head and what was recorded (NULL: nothing), and keeps the head in its slot; takes it over
 * in every case. */
bool extras_add(store *into, size_t kind, size_t cell_index, size_t number, json_t *head,
                const json_t *recorded, problem *why);

/* What was recorded; the caller releases it. NULL where nothing was, or with `why` filled where the
 * file is no longer what a run has written. */
json_t *extras_read(const store *from, const plan *planned, size_t kind, size_t cell_index,
                    size_t number, problem *why);

#endif
