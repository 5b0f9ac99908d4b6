/* Files that are written whole or not at all. */
#ifndef RECLAIM_SUPPORT_FILE_H
#define RECLAIM_SUPPORT_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes `size` bytes to `path`: into a temporary file beside it, synchronised, then renamed over
 * it, so that a killed process or a full disk leaves the old file or none, never half of one. A
 * symbolic link stays, and the file it leads to is replaced; a device or a pipe (/dev/stdout) is
 * written to as it is. On failure returns false with `errno` set and removes the temporary file. */
bool file_write_whole(const char *path, const void *bytes, size_t size);

/* The environment variable that tells a program which runs from a copy where it really stands. */
#define FILE_PROGRAM_FOLDER_VARIABLE "RECLAIM_PROGRAM_FOLDER"

/* The folder of the running program, without a trailing slash, into `out`: what the variable says,
 * else where the executable lies. False with `errno` set on failure. */
bool file_program_folder(char *out, size_t size);

#endif
