#define _GNU_SOURCE
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <limits.h>

static bool write_all(int descriptor, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

bool file_write_whole(const char *path, const void *bytes, size_t size)
{
    char temporary[PATH_MAX];
    int descriptor, reason;
    bool written;

    if (snprintf(temporary, sizeof temporary, "%s.%ld.part", path, (long)getpid()) >=
        (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return false;
    written = write_all(descriptor, bytes, size) && fsync(descriptor) == 0;
    reason = errno;
    if (close(descriptor) != 0 && written) {
        written = false;
        reason = errno;
    }
    if (written && rename(temporary, path) == 0)
        return true;
    if (written)
        reason = errno;
    unlink(temporary);
    errno = reason;
    return false;
}

bool file_program_folder(char *out, size_t size)
{
    const char *told = getenv(FILE_PROGRAM_FOLDER_VARIABLE);
    ssize_t length;
    char *slash;

    if (told != NULL && told[0] != '\0') {
        if ((size_t)snprintf(out, size, "%s", told) < size)
            return true;
        errno = ENAMETOOLONG;
        return false;
    }
    length = readlink("/proc/self/exe", out, size - 1);
    if (length < 0)
        return false;
    out[length] = '\0';
    slash = strrchr(out, '/');
    if (slash == NULL) {
        errno = ENOENT;
        return false;
    }
    *slash = '\0';
    return true;
}
