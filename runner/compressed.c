#include "compressed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "support/file.h"
#include "text.h"

/* Far above any recording, so that a file that unpacks into everything is refused. */
static const size_t unpacked_bytes_max = (size_t)1 << 30;

enum { GZIP_FORM = 16, FIRST_ROOM_BYTES = 1 << 16 };

/* The packed bytes, which the caller frees; `*size` is their number. */
static unsigned char *pack(const char *text, size_t length, size_t *size)
{
    z_stream stream = {.next_in = (unsigned char *)text, .avail_in = (uInt)length};
    unsigned char *packed = NULL;

    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP_FORM, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    *size = deflateBound(&stream, length);
    packed = must_allocate(*size, 1);
    stream.next_out = packed;
    stream.avail_out = (uInt)*size;
    if (deflate(&stream, Z_FINISH) == Z_STREAM_END) {
        *size = stream.total_out;
    } else {
        free(packed);
        packed = NULL;
    }
    deflateEnd(&stream);
    return packed;
}

bool compressed_write(const char *path, const char *text, size_t length, problem *why)
{
    size_t size = 0;
    unsigned char *packed = length <= unpacked_bytes_max ? pack(text, length, &size) : NULL;
    bool written;

    if (packed == NULL)
        return problem_environment(why, "cannot write %s: %zu bytes could not be packed", path,
                                   length);
    written = file_write_whole(path, packed, size);
    if (!written)
        problem_environment(why, "cannot write %s: %s; the finished samples are kept", path,
                            strerror(errno));
    free(packed);
    return written;
}

/* Reads on until the end; false when that is not where gzip says it is. */
static bool unpack(gzFile file, char **text, size_t *length)
{
    size_t room = 0;
    int got;

    for (*length = 0;; *length += (size_t)got) {
        if (*length + 1 >= room) {
            room = room == 0 ? FIRST_ROOM_BYTES : room * 2;
            *text = room <= unpacked_bytes_max ? realloc(*text, room) : NULL;
            if (*text == NULL)
                return false;
        }
        got = gzread(file, *text + *length, (unsigned)(room - *length - 1));
        if (got <= 0)
            break;
    }
    (*text)[*length] = '\0';
    return got == 0;
}

char *compressed_read(const char *path, size_t *length, problem *why)
{
    gzFile file = gzopen(path, "rb");
    char *text = NULL;
    bool whole, plain;

    if (file == NULL) {
        problem_environment(why, "cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    plain = gzdirect(file) != 0;
    whole = unpack(file, &text, length);
    /* What is cut short is only noticed when the file is closed. */
    whole = gzclose(file) == Z_OK && whole;
    if (plain || !whole) {
        problem_environment(why, "%s is %s", path,
                            plain ? "not compressed by gzip" : "damaged: it does not unpack");
        free(text);
        text = NULL;
    }
    return text;
}
