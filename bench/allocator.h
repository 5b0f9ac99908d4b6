/* The allocator that serves malloc in this process: the C library's, or one that was preloaded. */
#ifndef RECLAIM_ALLOCATOR_H
#define RECLAIM_ALLOCATOR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum { ALLOCATOR_VERSION_MAX = 32 };

typedef struct allocator_identity {
    const char *name;                    /* "glibc", "mimalloc", "jemalloc"; else the file's name,
                                            or that it is built into the program */
    char version[ALLOCATOR_VERSION_MAX]; /* "" when it is none of the three */
    char file[PATH_MAX];                 /* where malloc comes from; "" when built in */
} allocator_identity;

/* Asks the dynamic linker where malloc comes from, and that file for its version. */
void allocator_identify(allocator_identity *out);

/* Bytes that malloc has handed out and not got back, by its own books; MM_UNKNOWN when it keeps none
 * that can be asked. Cost: O(free blocks). */
uint64_t allocator_retained_bytes(void);

/* Asks malloc to give what it keeps free back to the system, by its own call: malloc_trim() and its
 * like. False where it has none that is known. */
bool allocator_release(void);

#endif
