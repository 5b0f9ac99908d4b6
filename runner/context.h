/* context.json: the machine, the builds, the settings and the plan of a run. */
#ifndef RECLAIM_RUNNER_CONTEXT_H
#define RECLAIM_RUNNER_CONTEXT_H

#include "command_line.h"

/* Finds the programs, checks every cell, and returns the context of a new run. NULL and `why`
 * filled on bad input. */
json_t *context_new(const command_line *asked, problem *why);

/* Whether a run with this context may be completed by what is asked for now: no option may
 * contradict the recorded request, and the programs must be the same builds. */
bool context_can_resume(const json_t *context, const command_line *asked, problem *why);

/* Whether the programs are still the recorded builds; if not, `why` names the first that is not and
 * what differs. */
bool context_builds_unchanged(const json_t *context, problem *why);

#endif
