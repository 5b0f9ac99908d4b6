/* `reclaim inspect`: the heap of one run, as its counted program shows it. */
#ifndef RECLAIM_RUNNER_INSPECT_H
#define RECLAIM_RUNNER_INSPECT_H

#include "command_line.h"

/* Finds the counted program of the strategy and becomes it, so that a page of any size goes straight
 * to its reader and the exit code is the program's. Returns only when that failed. */
exit_code inspect_command(const command_line *asked, problem *why);

#endif
