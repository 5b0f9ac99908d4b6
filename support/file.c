#define _GNU_SOURCE
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Closes it; on failure `errno` is that of the first thing that went wrong. */
static bool write_and_close(int descriptor, const void *bytes, size_t size, bool synchronise)
{
    bool written = write_all(descriptor, bytes, size) && (!synchronise || fsync(descriptor) == 0);
    int reason = errno;

    if (close(descriptor) != 0 && written)
        return false;
    errno = reason;
    return written;
}

/* A device or a pipe, /dev/stdout say, is written to: a file in its place would be another thing. */
static bool write_directly(const char *path, const void *bytes, size_t size)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);

    return descriptor >= 0 && write_and_close(descriptor, bytes, size, false);
}

static bool write_and_rename(const char *path, const void *bytes, size_t size)
{
    char temporary[PATH_MAX];
    int descriptor, reason;

    if (snprintf(temporary, sizeof temporary, "%s.%ld.part", path, (long)getpid()) >=
        (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return false;
    if (write_and_close(descriptor, bytes, size, true) && rename(temporary, path) == 0)
        return true;
    reason = errno;
    unlink(temporary);
    errno = reason;
    return false;
}

bool file_write_whole(const char *path, const void *bytes, size_t size)
{
    char target[PATH_MAX];
    struct stat there;

    if (stat(path, &there) != 0)
        return write_and_rename(path, bytes, size);
    if (!S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode))
        return write_directly(path, bytes, size);
    return realpath(path, target) != NULL && write_and_rename(target, bytes, size);
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
