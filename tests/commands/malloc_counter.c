/* Preloaded into a sample program: counts its calls of malloc and free, and writes "MALLOCS FREES"
 * to the file that MALLOC_COUNTER names when it ends. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t mallocs, frees;
static void *(*next_malloc)(size_t);
static void (*next_free)(void *);

__attribute__((constructor)) static void find_next(void)
{
    *(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
    *(void **)&next_free = dlsym(RTLD_NEXT, "free");
}

void *malloc(size_t size)
{
    if (next_malloc == NULL)
        find_next();
    mallocs++;
    return next_malloc(size);
}

void free(void *block)
{
    if (next_free == NULL)
        find_next();
    frees += block != NULL;
    next_free(block);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("MALLOC_COUNTER");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    uint64_t m = mallocs, f = frees;

    if (file == NULL)
        return;
    fprintf(file, "%llu %llu\n", (unsigned long long)m, (unsigned long long)f);
    fclose(file);
}
