/* A run: plan, take the samples, report. And the command `run`. */
#ifndef RECLAIM_RUNNER_RUN_H
#define RECLAIM_RUNNER_RUN_H

#include "command_line.h"
#include "plan.h"
#include "store.h"

typedef struct run {
    plan planned;
    store kept;
} run;

/* Nothing is open yet. */
#define RUN_CLOSED ((run){.kept = {.lock = -1, .samples = -1}})

/* Plans a new run, or opens the one that shall be resumed. The run must be ended in every case. */
bool run_begin(run *begun, const command_line *asked, problem *why);
void run_end(run *ended);

/* Takes the samples that are left. False when it was interrupted or cannot go on. */
bool run_take_all(run *of, problem *why);

/* Says how to go on after that; returns the exit code. */
int run_stopped(const run *stopped, problem *why);

/* Returns the exit code; `why` is filled when it is not 0, with an empty text when everything has
 * been said. */
int run_command(const command_line *asked, problem *why);

#endif
