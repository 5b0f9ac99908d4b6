/* What a comparison looks like: a table, JSON, and a chart. */
#ifndef RECLAIM_RUNNER_COMPARE_REPORT_H
#define RECLAIM_RUNNER_COMPARE_REPORT_H

#include "compare.h"

/* Prints the table, or JSON where that was asked for, and writes comparison.json and the chart into
 * the folder, where one was named. False and `why` filled when something could not be written;
 * everything else is done first. */
bool compare_report(const compare *of, const command_line *asked, problem *why);

#endif
