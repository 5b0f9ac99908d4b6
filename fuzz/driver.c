/* The replay driver: runs a fuzz target on files, with any compiler and without a fuzzing engine.
 *
 *   replay_X PATH…            runs every file; of folders all that is in them, by name
 *   replay_X --digest PATH…   prints a line per file: the digest of what it computed, a second one of
 *                             what not every program computes, and its name; `-` for a digest that
 *                             there is not
 *
 * Exit: 0 all inputs passed, 1 a file cannot be read, or there was not one input, 2 bad arguments.
 * An input that fails ends the process by a signal; its name is the last line on standard error. */
#include "driver.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096 };

/* Sanitizers end the process as a failed assertion does, so that the driver can name the input. Frames are
 * not kept after their return, as in the fuzzers: a conservative collector would not see the variables in them. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
    return "abort_on_error=1:dedup_token_length=3:detect_stack_use_after_return=0";
}

const char *__ubsan_default_options(void)
{
    return "abort_on_error=1:print_stacktrace=1";
}

/* The sanitizer's own interface; NULL without it. Looks for leaks now rather than at exit. */
__attribute__((weak)) int __lsan_do_recoverable_leak_check(void);
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

static const char *current_input;

static void write_text(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));

    (void)written;
}

static void name_input(int number)
{
    write_text("failed on input: ");
    write_text(current_input != NULL ? current_input : "none");
    write_text("\n");
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_signals(void)
{
    signal(SIGABRT, name_input);
    if (__lsan_do_recoverable_leak_check == NULL) { /* AddressSanitizer has its own handlers */
        signal(SIGSEGV, name_input);
        signal(SIGBUS, name_input);
        signal(SIGFPE, name_input);
    }
}

static _Noreturn void fail(const char *path)
{
    perror(path);
    exit(1);
}

/* The file's bytes in a block of exactly their size, so that reading past the end is noticed. */
static uint8_t *read_input(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    uint8_t *bytes;

    if (file == NULL || fstat(fileno(file), &status) != 0)
        fail(path);
    *size = (size_t)status.st_size;
    bytes = malloc(*size != 0 ? *size : 1);
    if (bytes == NULL || fread(bytes, 1, *size, file) != *size)
        fail(path);
    fclose(file);
    return bytes;
}

static size_t allocated_bytes(void)
{
    return __sanitizer_get_current_allocated_bytes != NULL
               ? __sanitizer_get_current_allocated_bytes()
               : 0;
}

/* Looking for leaks takes many times as long as an input: only where memory has grown. */
static void expect_no_leak(size_t allocated_before)
{
    if (allocated_bytes() > allocated_before && __lsan_do_recoverable_leak_check != NULL &&
        __lsan_do_recoverable_leak_check() != 0)
        abort();
}

static void print_digests(const char *path, const fuzz_digests *d)
{
    char result[17] = "-", extra[17] = "-";

    if (d->comparable)
        snprintf(result, sizeof result, "%016llx", (unsigned long long)d->result);
    if (d->comparable && d->has_extra)
        snprintf(extra, sizeof extra, "%016llx", (unsigned long long)d->extra);
    printf("%s %s %s\n", result, extra, path);
}

static void run_input(const char *path, bool digest)
{
    size_t size, allocated = allocated_bytes();
    uint8_t *bytes = read_input(path, &size);
    fuzz_digests digests = {0};

    current_input = path;
    if (!digest)
        LLVMFuzzerTestOneInput(bytes, size);
    else if (fuzz_digest(bytes, size, &digests))
        print_digests(path, &digests);
    free(bytes);
    expect_no_leak(allocated);
    current_input = NULL;
}

static bool is_folder(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        fail(path);
    return S_ISDIR(status.st_mode);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Returns the number of inputs run. */
static unsigned run_path(const char *path, bool digest)
{
    struct dirent **entries;
    int count;
    unsigned inputs = 0;

    if (!is_folder(path)) {
        run_input(path, digest);
        return 1;
    }
    count = scandir(path, &entries, not_hidden, alphasort);
    if (count < 0)
        fail(path);
    for (int i = 0; i < count; i++) {
        char inner[PATH_BYTES_MAX];
        snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        inputs += run_path(inner, digest);
        free(entries[i]);
    }
    free(entries);
    return inputs;
}

int main(int argc, char **argv)
{
    bool digest = argc > 1 && strcmp(argv[1], "--digest") == 0;
    unsigned inputs = 0;

    if (argc < 2 + digest || (digest && fuzz_digest == NULL)) {
        fprintf(stderr, "usage: %s %sFILE|FOLDER...\n", argv[0],
                fuzz_digest != NULL ? "[--digest] " : "");
        return 2;
    }
    catch_signals();
    for (int i = 1 + digest; i < argc; i++)
        inputs += run_path(argv[i], digest);
    fprintf(stderr, "replayed %u inputs\n", inputs);
    return inputs != 0 ? 0 : 1;
}
