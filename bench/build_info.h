/* What this build is made of; written by the build. */
#ifndef RECLAIM_BUILD_INFO_H
#define RECLAIM_BUILD_INFO_H

#include <stdbool.h>

typedef struct build_info {
    const char *commit; /* "unknown" outside a repository */
    bool dirty;         /* tracked files differ from the commit */
    const char *compiler, *flags, *type;
} build_info;

extern const build_info this_build;

#endif
