/* Fuzzes what reads a recorded run: `reclaim report` and `reclaim run --resume`.
 *
 * An input is the text of context.json, a form feed, and the text of samples.jsonl.
 *
 * Property: any such files are refused with one line that names the folder or the file, or become a
 * summary that can be printed and written; the samples stay as they were but for a torn last line.
 */
#include "fuzz/property.h"

#include "fuzz/driver.h"
#include "benchmark_json.h"
#include "json.h"
#include "summary.h"
#include "table.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void remove_folder(void)
{
    char *command = text_format("rm -rf '%s'", folder);

    if (system(command) != 0)
        perror(folder);
    free(command);
}

/* In memory where there is such a place: a million small files are written. */
static void make_folder(void)
{
    snprintf(folder, sizeof folder, "%s/run_reader-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    CHECK(mkdtemp(folder) != NULL, "folder");
    atexit(remove_folder);
}

static void write_file(const char *name, const uint8_t *bytes, size_t size)
{
    char *path = text_format("%s/%s", folder, name);
    FILE *file = fopen(path, "wb");

    CHECK(file != NULL && fwrite(bytes, 1, size, file) == size, "file");
    fclose(file);
    free(path);
}

static off_t size_of(const char *name)
{
    char *path = text_format("%s/%s", folder, name);
    struct stat status;
    bool there = stat(path, &status) == 0;

    free(path);
    return there ? status.st_size : -1;
}

static void print_summary(const plan *planned, const store *from)
{
    summary made = summary_make(planned, from);
    FILE *nowhere = fopen("/dev/null", "w");
    json_t *as_json = summary_to_json(&made), *as_benchmark = benchmark_to_json(&made, from);

    CHECK(as_json != NULL && as_benchmark != NULL && nowhere != NULL, "summary");
    table_print(nowhere, &made);
    fclose(nowhere);
    json_decref(as_json);
    json_decref(as_benchmark);
    summary_free(&made);
}

static bool read_run(problem *why)
{
    store from;
    plan planned = {0};
    json_t *context = store_open(&from, folder, why);
    bool done = context != NULL && plan_load(&planned, context, why) &&
                store_load_samples(&from, &planned, why);

    if (done)
        print_summary(&planned, &from);
    plan_free(&planned);
    store_close(&from);
    return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *feed = size != 0 ? memchr(data, '\f', size) : NULL;
    size_t context_size = feed != NULL ? (size_t)(feed - data) : size;
    size_t samples_size = feed != NULL ? size - context_size - 1 : 0;
    problem why = {0};

    if (folder[0] == '\0')
        make_folder();
    write_file("context.json", data, context_size);
    write_file("samples.jsonl", feed != NULL ? feed + 1 : data, samples_size);
    if (!read_run(&why)) {
        CHECK(why.code == EXIT_CODE_ENVIRONMENT || why.code == EXIT_CODE_BAD_INPUT, "code");
        CHECK(strstr(why.text, "context.json") != NULL || strstr(why.text, folder) != NULL,
              "message");
        CHECK(size_of("samples.jsonl") == (off_t)samples_size, "samples-lost");
    }
    return 0;
}
