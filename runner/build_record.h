/* Which build of a program made the samples: recorded with a run, and compared before the run is
 * resumed, since samples of two builds must never share a cell. */
#ifndef RECLAIM_RUNNER_BUILD_RECORD_H
#define RECLAIM_RUNNER_BUILD_RECORD_H

#include "programs.h"

/* Name, path and set of a program, its own account of its build, and a fingerprint of its file. */
json_t *build_record(const program *described);

/* Whether the program at the recorded path is still that build; if not, `why` names the difference.
 */
bool build_matches(const json_t *record, problem *why);

#endif
