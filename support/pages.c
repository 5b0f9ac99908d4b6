#define _GNU_SOURCE
#include "support/pages.h"

#include <sys/mman.h>

enum { PAGE_BYTES_LEAST = 4096 };

void *pages_map(size_t bytes)
{
    volatile char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (pages == MAP_FAILED)
        return NULL;
    for (size_t i = 0; i < bytes; i += PAGE_BYTES_LEAST)
        pages[i] = 0;
    return (void *)pages;
}

void pages_unmap(void *pages, size_t bytes)
{
    munmap(pages, bytes);
}
