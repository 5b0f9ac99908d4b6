#define _GNU_SOURCE
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must_have(void *memory)
{
    if (memory == NULL) {
        fputs("reclaim: out of memory; finished samples are kept\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

void *must_allocate(size_t count, size_t size)
{
    return must_have(calloc(count > 0 ? count : 1, size));
}

char *text_format(const char *format, ...)
{
    va_list values;
    char *text = NULL;

    va_start(values, format);
    if (vasprintf(&text, format, values) < 0)
        text = NULL;
    va_end(values);
    return must_have(text);
}

char *text_copy(const char *text)
{
    return must_have(strdup(text));
}

char *text_copy_part(const char *text, size_t length)
{
    return must_have(strndup(text, length));
}

bool text_starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

uint64_t text_hash(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *next = bytes;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ next[i]) * 0x100000001b3u;
    return hash;
}
