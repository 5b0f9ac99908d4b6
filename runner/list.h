/* The command `list`: what the programs say they can do. */
#ifndef RECLAIM_RUNNER_LIST_H
#define RECLAIM_RUNNER_LIST_H

#include "command_line.h"

/* Prints to standard output; returns the exit code. */
exit_code list_command(const command_line *asked, problem *why);

#endif
