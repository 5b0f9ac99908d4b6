/* The command `run`: plan, take the samples, report. */
#ifndef RECLAIM_RUNNER_RUN_H
#define RECLAIM_RUNNER_RUN_H

#include "command_line.h"

/* Returns the exit code; `why` is filled when it is not 0, with an empty text when everything has
 * been said. */
int run_command(const command_line *asked, problem *why);

#endif
