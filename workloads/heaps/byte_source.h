/* Where a document's bytes come from: a file, gzipped or plain, or memory.
 *
 * zlib's gzread reads both kinds of file; this wrapper adds what it leaves to its callers: a
 * directory is refused, and a compressed file that ends too early is an error rather than the end
 * of the document. */
#ifndef RECLAIM_BYTE_SOURCE_H
#define RECLAIM_BYTE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/* Room for one sentence about what went wrong. */
#define BYTE_SOURCE_REASON_MAX 256

typedef struct byte_source {
    void *file;                /* a gzFile, or NULL when the bytes are in memory */
    const unsigned char *rest; /* in memory: what has not been read yet */
    size_t rest_size;
    size_t read_max; /* the most that one read of memory gives; tests put the seams between reads
                        anywhere */
} byte_source;

/* Opens the file `path`. On failure returns false with the reason, a clause without the path, in
 * `reason`. A source that was opened is closed by byte_source_close. */
bool byte_source_open(byte_source *source, const char *path, char reason[BYTE_SOURCE_REASON_MAX]);

/* Makes a source of `size` bytes in memory, which stay the caller's and must outlive it. */
void byte_source_of_memory(byte_source *source, const void *bytes, size_t size);

/* Reads up to `size` bytes into `buffer` and their number, 0 at the end of the document, into
 * `read`. On failure (an input/output error, a damaged or truncated gzip stream) returns false with
 * the reason. */
bool byte_source_read(byte_source *source, void *buffer, size_t size, size_t *read,
                      char reason[BYTE_SOURCE_REASON_MAX]);

/* True when what is read is not what the file holds but its decompressed contents. */
bool byte_source_is_compressed(const byte_source *source);

void byte_source_close(byte_source *source);

#endif
