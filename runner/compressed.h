/* Files in gzip's form, written whole or not at all. */
#ifndef RECLAIM_RUNNER_COMPRESSED_H
#define RECLAIM_RUNNER_COMPRESSED_H

#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

bool compressed_write(const char *path, const char *text, size_t length, problem *why);

/* What the file holds, NUL-terminated; the caller frees it. NULL and `why` filled when it cannot be
 * read, is not compressed, or is damaged (gzip keeps a check sum and the length). */
char *compressed_read(const char *path, size_t *length, problem *why);

#endif
