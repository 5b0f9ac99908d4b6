/* What stops the program, and for how long: the longest so far always, each one where there is a log
 * (mm_set_log()). */
#ifndef MM_COMMON_LOG_H
#define MM_COMMON_LOG_H

#include "base.h"

struct mutator_base;

/* A request has ended that is at least as long as m->base.request_ns_notable. */
void log_request(struct mutator_base *base, uint64_t request_ns);

/* A cascade has ended whose clock was started; `dead` objects died in it. One that is part of a
 * collection is no pause of its own. */
void log_cascade(struct mutator_base *base, uint64_t started_ns, uint64_t dead);

void log_pause(mm_log *log, const mm_pause *pause);

#endif
