/* What is left of a run, in samples and in seconds. */
#ifndef RECLAIM_RUNNER_REMAINING_H
#define RECLAIM_RUNNER_REMAINING_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"
#include "store.h"

/* Whether this sample is still to be taken. Of a cell that is skipped none is, and of one that has
 * ended badly (crashed, void, out of memory or time) no other: the work is the same in every
 * sample, so another one would most likely end the same way, and a time-out would cost its whole
 * time again. */
bool remaining_has(const plan *planned, const store *kept, size_t cell_index, size_t repetition);

/* The same of an extra sample: one that ended badly leaves the cell alone, but is not tried again
 * either. */
bool remaining_has_extra(const plan *planned, const store *kept, size_t kind, size_t cell_index,
                         size_t number);

/* How many samples are left, the extra ones among them. */
size_t remaining_samples(const plan *planned, const store *kept);

/* That so many are, and how they are taken: a sentence or two. The caller frees it. */
char *remaining_sentence(size_t samples, const char *folder);

/* How long they take, judged by the samples of the same cell where there are any, and by all others
 * where not. NAN before the first. */
double remaining_seconds(const plan *planned, const store *kept);

#endif
