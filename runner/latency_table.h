/* What requests and pauses were like, as lines below the table. */
#ifndef RECLAIM_RUNNER_LATENCY_TABLE_H
#define RECLAIM_RUNNER_LATENCY_TABLE_H

#include <stdio.h>

#include "summary.h"

/* Nothing where no cell has a latency sample. */
void latency_print(FILE *out, const summary *of);

#endif
