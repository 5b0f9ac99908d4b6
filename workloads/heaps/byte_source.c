#define _GNU_SOURCE
#include "byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static bool is_directory(int descriptor)
{
    struct stat status;

    return fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

bool byte_source_open(byte_source *source, const char *path, char reason[BYTE_SOURCE_REASON_MAX])
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);

    *source = (byte_source){0};
    if (descriptor < 0) {
        snprintf(reason, BYTE_SOURCE_REASON_MAX, "cannot be opened: %s", strerror(errno));
        return false;
    }
    if (is_directory(descriptor)) {
        snprintf(reason, BYTE_SOURCE_REASON_MAX, "is a directory, expected a file");
        close(descriptor);
        return false;
    }
    source->file = gzdopen(descriptor, "rb");
    if (source->file == NULL) {
        snprintf(reason, BYTE_SOURCE_REASON_MAX, "cannot be read: out of memory");
        close(descriptor);
        return false;
    }
    return true;
}

void byte_source_of_memory(byte_source *source, const void *bytes, size_t size)
{
    *source = (byte_source){.rest = bytes, .rest_size = size, .read_max = SIZE_MAX};
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t read_memory(byte_source *source, void *buffer, size_t size)
{
    size_t taken = smaller(smaller(size, source->rest_size), source->read_max);

    if (taken == 0)
        return 0; /* the memory may be NULL then */
    memcpy(buffer, source->rest, taken);
    source->rest += taken;
    source->rest_size -= taken;
    return taken;
}

/* zlib puts the name it knows the file by, here "<fd:3>", before its own words; the reader of the
 * message knows a better. */
static const char *without_name(const char *zlib_message)
{
    const char *colon = strstr(zlib_message, ": ");

    return colon == NULL ? zlib_message : colon + 2;
}

static bool read_file(byte_source *source, void *buffer, size_t size, size_t *read,
                      char reason[BYTE_SOURCE_REASON_MAX])
{
    int code = Z_OK;
    int got = gzread(source->file, buffer, (unsigned)size);
    int error = errno;
    const char *words = gzerror(source->file, &code);

    *read = got > 0 ? (size_t)got : 0;
    if (got > 0)
        return true;
    if (code == Z_BUF_ERROR) /* gzread itself reports this as an ordinary end of file */
        snprintf(reason, BYTE_SOURCE_REASON_MAX,
                 "the gzip stream ends too early, the file is truncated");
    else if (code == Z_ERRNO)
        snprintf(reason, BYTE_SOURCE_REASON_MAX, "cannot be read: %s", strerror(error));
    else if (code != Z_OK && code != Z_STREAM_END)
        snprintf(reason, BYTE_SOURCE_REASON_MAX, "the gzip stream is damaged: %s",
                 without_name(words));
    else
        return true;
    return false;
}

bool byte_source_read(byte_source *source, void *buffer, size_t size, size_t *read,
                      char reason[BYTE_SOURCE_REASON_MAX])
{
    if (source->file != NULL)
        return read_file(source, buffer, size, read, reason);
    *read = read_memory(source, buffer, size);
    return true;
}

bool byte_source_is_compressed(const byte_source *source)
{
    return source->file != NULL && !gzdirect(source->file);
}

void byte_source_close(byte_source *source)
{
    if (source->file != NULL)
        gzclose_r(source->file);
    *source = (byte_source){0};
}
