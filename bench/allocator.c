/* A preload that failed is a warning of the dynamic linker's and nothing else, so that what was asked
 * for proves nothing. What counts is the file that `malloc` was bound to, and whether the function that
 * tells a version lies in the same file: the program may have several libraries with such functions,
 * and only one of them serves it. */
#define _GNU_SOURCE
#include "bench/allocator.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "mm_gc.h"

/* Each copies what `symbol` tells into `version`. */
static void ask_glibc(void *symbol, char version[ALLOCATOR_VERSION_MAX])
{
    (void)symbol;
    snprintf(version, ALLOCATOR_VERSION_MAX, "%s", gnu_get_libc_version());
}

/* 209 is 2.0.9. */
static void ask_mimalloc(void *symbol, char version[ALLOCATOR_VERSION_MAX])
{
    int (*mi_version)(void);
    int number;

    memcpy(&mi_version, &symbol, sizeof symbol); /* the way to a function that ISO C leaves */
    number = mi_version();
    snprintf(version, ALLOCATOR_VERSION_MAX, "%d.%d.%d", number / 100, number / 10 % 10,
             number % 10);
}

/* "5.3.0-0-g54eaed1d8b56" is 5.3.0. */
static void ask_jemalloc(void *symbol, char version[ALLOCATOR_VERSION_MAX])
{
    int (*mallctl)(const char *, void *, size_t *, void *, size_t);
    const char *text = "";
    size_t size = sizeof text;

    memcpy(&mallctl, &symbol, sizeof symbol);
    if (mallctl("version", &text, &size, NULL, 0) == 0)
        snprintf(version, ALLOCATOR_VERSION_MAX, "%.*s", (int)strcspn(text, "-"), text);
}

/* Each gives free pages back to the system; `symbol` is the function that does. */
static void trim_glibc(void *symbol)
{
    (void)symbol;
    malloc_trim(0);
}

static void trim_mimalloc(void *symbol)
{
    void (*mi_collect)(bool force);

    memcpy(&mi_collect, &symbol, sizeof symbol);
    mi_collect(true);
}

/* 4096 stands for all arenas (MALLCTL_ARENAS_ALL). */
static void trim_jemalloc(void *symbol)
{
    int (*mallctl)(const char *, void *, size_t *, void *, size_t);

    memcpy(&mallctl, &symbol, sizeof symbol);
    mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    mallctl("arena.4096.purge", NULL, NULL, NULL, 0);
}

static const struct {
    const char *name, *symbol;
    void (*ask)(void *symbol, char version[ALLOCATOR_VERSION_MAX]);
    const char *trimming_symbol;
    void (*trim)(void *symbol);
} known[] = {
    {"glibc", "gnu_get_libc_version", ask_glibc, "malloc_trim", trim_glibc},
    {"mimalloc", "mi_version", ask_mimalloc, "mi_collect", trim_mimalloc},
    {"jemalloc", "mallctl", ask_jemalloc, "mallctl", trim_jemalloc},
};

/* The file that a symbol was bound to; false when there is no such symbol. */
static bool find_file(const char *name, void **symbol, Dl_info *file)
{
    *symbol = dlsym(RTLD_DEFAULT, name);
    return *symbol != NULL && dladdr(*symbol, file) != 0;
}

void allocator_identify(allocator_identity *out)
{
    static const char of_program;
    const char *slash;
    Dl_info serving, asked, program;
    void *symbol;

    *out = (allocator_identity){.name = "unknown"};
    if (!find_file("malloc", &symbol, &serving))
        return;
    snprintf(out->file, sizeof out->file, "%s", serving.dli_fname);
    slash = strrchr(out->file, '/');
    out->name = slash != NULL ? slash + 1 : out->file;
    if (dladdr(&of_program, &program) != 0 && program.dli_fbase == serving.dli_fbase) {
        out->name = "built into the program";
        out->file[0] = '\0'; /* each program is a file of its own, and the allocator the same */
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (find_file(known[i].symbol, &symbol, &asked) && asked.dli_fbase == serving.dli_fbase) {
            out->name = known[i].name;
            known[i].ask(symbol, out->version);
        }
    }
}

/* mallinfo2() answers for glibc's malloc even where that serves nobody. */
static bool has_books(void)
{
    static enum { NOT_ASKED, NONE, SOME } answer;
    allocator_identity identity;

    if (answer == NOT_ASKED) {
        allocator_identify(&identity);
        answer = strcmp(identity.name, "glibc") == 0 ? SOME : NONE;
    }
    return answer == SOME;
}

uint64_t allocator_retained_bytes(void)
{
    struct mallinfo2 info;

    if (!has_books())
        return MM_UNKNOWN;
    info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

bool allocator_release(void)
{
    allocator_identity identity;

    allocator_identify(&identity);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        void *symbol = dlsym(RTLD_DEFAULT, known[i].trimming_symbol);
        if (symbol == NULL || strcmp(identity.name, known[i].name) != 0)
            continue;
        known[i].trim(symbol);
        return true;
    }
    return false;
}
