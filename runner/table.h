/* The printed table: what a person reads first. At most 100 columns, plain ASCII. */
#ifndef RECLAIM_RUNNER_TABLE_H
#define RECLAIM_RUNNER_TABLE_H

#include <stdio.h>

#include "summary.h"

enum { TABLE_COLUMNS = 100 };

/* One block for each spec, one row for each strategy; then, where builds are compared, the
 * verdicts. */
void table_print(FILE *out, const summary *of);

/* `text` indented, in lines that fit. */
void table_print_wrapped(FILE *out, const char *text);

#endif
