#include "bench/files.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/file.h"

static bool has_suffix(const char *name, const char *suffix)
{
    size_t length = strlen(name), suffix_length = strlen(suffix);
    return length > suffix_length && strcmp(name + length - suffix_length, suffix) == 0;
}

/* Calls `each` with the spec once for every file of the kind in the programs' folder `heaps`, in
 * the order of their names, which stand in the spec without their suffix. */
static void each_file(const char *spec, const char *suffix,
                      void (*each)(void *context, const char *spec), void *context)
{
    char folder[PATH_MAX], filled[PATH_MAX];
    struct dirent **entries;
    const char *mark = strstr(spec, "%s");
    int count;

    if (!file_program_folder(folder, sizeof folder - sizeof "/heaps"))
        return;
    strcat(folder, "/heaps");
    count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (has_suffix(entries[i]->d_name, suffix)) {
            snprintf(filled, sizeof filled, "%.*s%.*s%s", (int)(mark - spec), spec,
                     (int)(strlen(entries[i]->d_name) - strlen(suffix)), entries[i]->d_name,
                     mark + 2);
            each(context, filled);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

void suite_each(const workload *w, workload_scale scale,
                void (*each)(void *context, const char *spec), void *context)
{
    for (size_t i = 0; i < WORKLOAD_SUITE_MAX && w->suite[scale][i] != NULL; i++) {
        const char *spec = w->suite[scale][i];
        if (strstr(spec, "%s") != NULL)
            each_file(spec, w->each_file, each, context);
        else
            each(context, spec);
    }
}
