/* journal_STRATEGY: what its collector and its deaths did in operation programs, as text to compare
 * with another strategy that promises the same.
 *
 *   journal_STRATEGY PATH…       the programs in these files and folders
 *   journal_STRATEGY --seeds N   N programs made from the seeds 1 to N
 *
 * For each program a line with its name, then one line for each collection, each value returned to
 * the program, each finaliser and each weak callback, in the order in which they come, and the totals
 * at the end. Objects have the numbers in which the program made them.
 *
 * What one of the strategies has not is left out of the programs for all: immortal objects, saved
 * garbage, allocations that fail, a bound on nested finalisers, and options but the thresholds. */
#include "machine.h"
#include "mutator.h"

#include "mm_gc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES_MAX = 4096, THRESHOLDS = 3, MUTATIONS = 60, DEPTH_COMPARED_MAX = 45 };

/* From where calls nest so deep that they wait a journal ends, and from where the runtime puts off
 * deaths for itself: in which order they wait no two runtimes agree. */
static bool ended;
static uint64_t put_off_before;

static uint64_t put_off_so_far(void)
{
#ifdef strategy_put_off
    return strategy_put_off(NULL);
#else
    return 0;
#endif
}

static bool end_with(const char *why)
{
    puts(why);
    return true;
}

static void write_event(machine_event event, uint32_t which, uint64_t count)
{
    bool is_call = event == MACHINE_FINALISED || event == MACHINE_CALLED_BACK;

    if (!ended && put_off_so_far() != put_off_before)
        ended = end_with("put off");
    if (!ended && is_call && count > DEPTH_COMPARED_MAX)
        ended = end_with("nested too deeply");
    if (ended)
        return;
    switch (event) {
    case MACHINE_FINALISED:
        printf("finaliser of %u\n", which);
        break;
    case MACHINE_CALLED_BACK:
        printf("callback of %u\n", which);
        break;
    case MACHINE_COLLECTED:
        printf("generation %u: %lu\n", which, (unsigned long)count);
        break;
    case MACHINE_RETURNED:
        printf("returned %lu\n", (unsigned long)count);
        break;
    case MACHINE_RECLAIMED:
        if (which < MM_GENERATIONS_MAX)
            printf("reclaimed in generation %u: %lu\n", which, (unsigned long)count);
        else
            printf("reclaimed by count: %lu\n", (unsigned long)count);
        break;
    }
}

static bool is_left_out(uint8_t code)
{
    return code == OPERATION_immortalise || code == OPERATION_set_debug;
}

static void leave_out_what_differs(program *p)
{
    static const knob left_out[] = {KNOB_fail_at, KNOB_fail_thereafter, KNOB_mark_stack_max,
                                    KNOB_nesting_max};

    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        p->knobs[left_out[i]] = 0;
    for (int i = THRESHOLDS; i < PROGRAM_OPTIONS; i++)
        p->knobs[KNOB_option0 + i] = 0;
    for (uint32_t i = 0; i < p->operation_count; i++) {
        if (is_left_out(p->operations[i].code))
            p->operations[i] = (operation){.code = OPERATION_safepoint};
    }
}

static void write_journal(const char *name, const uint8_t *bytes, size_t size)
{
    static program p;

    printf("program %s\n", name);
    if (!program_decode(bytes, size, &p))
        return;
    leave_out_what_differs(&p);
    ended = false;
    put_off_before = put_off_so_far();
    machine_run(&p, NULL);
}

/* The file's name, without its folders. */
static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static bool read_program(const char *path)
{
    uint8_t bytes[PROGRAM_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL)
        return false;
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    write_journal(last_part(path), bytes, size);
    return true;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool read_folder(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, not_hidden, alphasort);
    bool done = count >= 0;

    for (int i = 0; i < count; i++) {
        char inner[PATH_BYTES_MAX];
        snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        done = done && read_program(inner);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return done;
}

static bool read_path(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 &&
           (S_ISDIR(status.st_mode) ? read_folder(path) : read_program(path));
}

/* A program that grew from nothing by mutations. */
static void make_program(unsigned seed)
{
    uint8_t bytes[PROGRAM_BYTES_MAX];
    program nothing;
    char name[32];
    size_t size;

    program_open(&nothing);
    size = program_encode(&nothing, bytes);
    for (unsigned i = 0; i < MUTATIONS; i++)
        size = mutator_mutate(bytes, size, sizeof bytes, seed * MUTATIONS + i);
    snprintf(name, sizeof name, "%u", seed);
    write_journal(name, bytes, size);
}

int main(int count, char **arguments)
{
    machine_observe(write_event);
    if (count == 3 && strcmp(arguments[1], "--seeds") == 0) {
        for (unsigned seed = 1; seed <= (unsigned)atoi(arguments[2]); seed++)
            make_program(seed);
        return 0;
    }
    if (count < 2) {
        fprintf(stderr, "usage: %s FILE|FOLDER... | --seeds N\n", arguments[0]);
        return 2;
    }
    for (int i = 1; i < count; i++) {
        if (!read_path(arguments[i])) {
            perror(arguments[i]);
            return 1;
        }
    }
    return 0;
}
