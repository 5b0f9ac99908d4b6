/* The three documents of the contract (docs/contract.md) as JSON. */
#ifndef RECLAIM_SAMPLE_JSON_H
#define RECLAIM_SAMPLE_JSON_H

#include <jansson.h>

#include "bench/sample.h"

/* Each prints to standard output; false when that could not be written or memory ran out. */
bool print_description(void);
bool print_check(const sample *s, uint64_t bytes_peak, const char *skip);

/* What every file of a sample begins with: which cell it is, how it ended, and with what checksum.
 * Owned by the caller, NULL without memory. */
json_t *sample_head_json(const sample *s, const char *schema);

/* Writes a document, which it takes over, whole or not at all, indented by that many spaces; false
 * with `errno` set. */
bool sample_write_json(json_t *document, size_t indent, const char *path);

/* Writes the sample whole or not at all; false with `errno` set. */
bool write_sample(const sample *s, const char *path);

#endif
