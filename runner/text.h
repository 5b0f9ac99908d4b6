/* Small texts on the heap. Running out of memory ends the runner with a message: it holds a few
 * hundred kilobytes, and every finished sample is already on disk. */
#ifndef RECLAIM_RUNNER_TEXT_H
#define RECLAIM_RUNNER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As calloc, but never NULL. */
void *must_allocate(size_t count, size_t size);

/* A new text, printed as by printf; the caller frees it. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_copy(const char *text);
char *text_copy_part(const char *text, size_t length);

/* Continues a hash (FNV-1a) over some bytes; it begins with TEXT_HASH_START. */
#define TEXT_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t text_hash(uint64_t hash, const void *bytes, size_t length);

bool text_starts_with(const char *text, const char *start);

#endif
