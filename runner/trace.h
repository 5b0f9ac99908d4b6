/* trace.json: one run of each cell that has latency samples, in Chrome's trace event format, which
 * Perfetto (https://ui.perfetto.dev) and chrome://tracing open. A cell is a process; requests,
 * collections and cascades are its threads. */
#ifndef RECLAIM_RUNNER_TRACE_H
#define RECLAIM_RUNNER_TRACE_H

#include "store.h"
#include "summary.h"

/* Writes the file whole or not at all; nothing where no cell has any. */
bool trace_write(const summary *of, const store *into, problem *why);

#endif
