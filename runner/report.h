/* Everything that is computed from the samples of a run, and the command `report` that does it
 * again. */
#ifndef RECLAIM_RUNNER_REPORT_H
#define RECLAIM_RUNNER_REPORT_H

#include "command_line.h"
#include "plan.h"
#include "store.h"

/* Writes summary.json and benchmark.json, prints the table, and draws the charts where wanted. What
 * fails is said in `why`, after everything else has been done. `is_trusted` becomes whether no cell
 * is void or failed. */
bool report_make(const plan *planned, const store *from, bool with_charts, bool *is_trusted,
                 problem *why);

exit_code report_command(const command_line *asked, problem *why);

#endif
