/* A record is one line of samples.jsonl: a program's sample, and what the runner added. */
#ifndef RECLAIM_RUNNER_RECORD_H
#define RECLAIM_RUNNER_RECORD_H

#include <jansson.h>
#include <stdbool.h>

#include "problem.h"

/* Adds the check sum of everything in the record, as its last field. */
void record_seal(json_t *record);

/* Whether the check sum of a record that was read, which it then no longer has, fits (earlier
 * versions wrote none). `source` names the record in the message. */
bool record_is_unchanged(json_t *record, const char *source, problem *why);

/* Whether a record that was read can be what a run has written: its check sum (which earlier
 * versions did not have) fits, its status is known, and its times are those of its runs. Chance and
 * an editor are found out, an adversary is not. `source` names the line in the message. */
bool record_is_sound(json_t *record, const char *source, problem *why);

#endif
