#define _GNU_SOURCE
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "record.h"
#include "support/file.h"
#include "text.h"

const char sample_schema[] = "reclaim.record/1";

char *store_path(const store *of, const char *name)
{
    return text_format("%s/%s", of->folder, name);
}

char *store_schedule_path(const store *of, size_t cell_index)
{
    return text_format("%s/cell-%zu.schedule", of->folder, cell_index);
}

/* -- the folder -- */

/* As `mkdir -p`. */
static bool make_folders(const char *folder, problem *why)
{
    char *path = text_copy(folder);
    bool made = true;

    for (char *slash = strchr(path + 1, '/'); made; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        made = mkdir(path, 0777) == 0 || errno == EEXIST;
        if (!made)
            problem_environment(why, "cannot create the output folder %s: %s", path,
                                strerror(errno));
        if (slash == NULL)
            break;
        *slash = '/';
    }
    free(path);
    return made;
}

/* The lock is on the folder itself, so it leaves no file behind and ends with the process. */
static bool lock_folder(store *opened, const char *folder, problem *why)
{
    *opened = (store){.folder = realpath(folder, NULL), .lock = -1, .samples = -1};
    opened->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened->folder == NULL || opened->lock < 0)
        return problem_environment(why, "cannot open the folder %s: %s", folder, strerror(errno));
    if (flock(opened->lock, LOCK_EX | LOCK_NB) != 0)
        return problem_environment(why, "another run is using %s", folder);
    return true;
}

static bool folder_is_empty(const char *folder, problem *why)
{
    DIR *listing = opendir(folder);
    const struct dirent *entry;
    bool empty = true;

    while (listing != NULL && empty && (entry = readdir(listing)) != NULL) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (!empty)
            problem_input(why,
                          "%s is not empty (it has %s); name a new folder with --out, or "
                          "continue the run in it with --resume",
                          folder, entry->d_name);
    }
    if (listing != NULL)
        closedir(listing);
    return empty;
}

bool store_create(store *opened, const char *folder, problem *why)
{
    *opened = (store){.lock = -1, .samples = -1};
    if (make_folders(folder, why) && lock_folder(opened, folder, why) &&
        folder_is_empty(folder, why))
        return true;
    store_close(opened);
    return false;
}

static json_t *open_existing(store *opened, const char *folder, bool to_read, problem *why)
{
    json_t *context = NULL;
    char *path = text_format("%s/context.json", folder);

    *opened = (store){.lock = -1, .samples = -1};
    if (access(path, F_OK) != 0)
        problem_input(why, "%s is not the folder of a run: it has no context.json", folder);
    else if (to_read || lock_folder(opened, folder, why))
        context = json_read(path, plan_schema, why);
    free(path);
    if (context == NULL)
        store_close(opened);
    return context;
}

json_t *store_open(store *opened, const char *folder, problem *why)
{
    return open_existing(opened, folder, false, why);
}

json_t *store_open_to_read(store *opened, const char *folder, problem *why)
{
    json_t *context = open_existing(opened, folder, true, why);

    if (context != NULL) {
        opened->folder = text_copy(folder);
        opened->reading = true;
    }
    return context;
}

bool store_write_context(const store *into, const json_t *context, problem *why)
{
    char *path = store_path(into, "context.json");
    bool written = json_write(path, context, why);

    free(path);
    return written;
}

bool store_is_writable(const store *tested, problem *why)
{
    static const char probe[65536]; /* more than any sample */
    char *path = store_path(tested, "probe");
    bool writable = file_write_whole(path, probe, sizeof probe);

    if (!writable)
        problem_environment(why, "cannot write into %s: %s; the finished samples are kept",
                            tested->folder, strerror(errno));
    unlink(path);
    free(path);
    return writable;
}

void store_close(store *opened)
{
    for (size_t i = 0; i < opened->record_count; i++)
        json_decref(opened->records[i]);
    free(opened->records);
    for (size_t kind = 0; kind < extra_kind_count; kind++) {
        for (size_t i = 0; i < opened->extras[kind].count; i++)
            json_decref(opened->extras[kind].heads[i]);
        free(opened->extras[kind].heads);
    }
    free(opened->folder);
    if (opened->samples >= 0)
        close(opened->samples);
    if (opened->lock >= 0)
        close(opened->lock);
    *opened = (store){.lock = -1, .samples = -1};
}

/* -- the samples -- */

json_t **store_slot(const store *in, size_t cell_index, size_t repetition)
{
    return &in->records[cell_index * in->stride + repetition];
}

/* The row of a sample's cell; the caller frees it. Older samples have none of their own. */
static char *row_of(const json_t *record)
{
    const char *row = json_text_of(record, "row");
    return row[0] != '\0'
               ? text_copy(row)
               : plan_row(json_text_of(record, "program"), json_text_of(record, "label"));
}

/* Puts a record that was read into its slot. */
static bool place_record(store *into, const plan *planned, json_t *record, const char *source,
                         problem *why)
{
    char *row = row_of(record);
    const cell *owner = plan_find(planned, row, json_text_of(record, "spec"));
    double repetition = json_number_of(record, "repetition");
    json_t **slot;

    free(row);
    if (owner == NULL || !(repetition >= 0 && repetition <= (double)planned->repetitions))
        return problem_environment(why,
                                   "%s is a sample of '%s' on '%s', repetition %g, which "
                                   "context.json does not have",
                                   source, json_text_of(record, "label"),
                                   json_text_of(record, "spec"), repetition);
    slot = store_slot(into, (size_t)(owner - planned->cells), (size_t)repetition);
    if (*slot != NULL)
        return problem_environment(why, "%s is a second sample of repetition %g of %s on %s",
                                   source, repetition, owner->row, owner->spec);
    *slot = json_incref(record);
    return true;
}

static bool read_line(store *into, const plan *planned, const char *line, size_t length,
                      unsigned number, problem *why)
{
    char *source = text_format("%s/samples.jsonl, line %u,", into->folder, number);
    json_t *record = json_parse(line, length, source, sample_schema, why);
    bool placed = record != NULL && record_is_sound(record, source, why) &&
                  place_record(into, planned, record, source, why);

    json_decref(record);
    free(source);
    return placed;
}

/* Reads every line that ends; `*whole` becomes their length. */
static bool read_lines(store *into, const plan *planned, FILE *file, off_t *whole, problem *why)
{
    char *line = NULL;
    size_t size = 0;
    unsigned number = 0;
    bool read_all = true;
    ssize_t length;

    while (read_all && (length = getline(&line, &size, file)) > 0 && line[length - 1] == '\n') {
        read_all = read_line(into, planned, line, (size_t)length, ++number, why);
        *whole += length;
    }
    into->torn = read_all && length > 0;
    free(line);
    return read_all;
}

/* A run that was put away; without its samples every cell would be missing. */
static bool refuse_compressed(const char *path, problem *why)
{
    char *compressed = text_format("%s.gz", path);
    bool there = access(path, F_OK) != 0 && access(compressed, F_OK) == 0;

    if (there)
        problem_input(why, "%s is compressed; 'gunzip -k %s' first", path, compressed);
    free(compressed);
    return there;
}

bool store_load_samples(store *from, const plan *planned, problem *why)
{
    char *path = store_path(from, "samples.jsonl");
    FILE *file = fopen(path, "re");
    off_t whole = 0;
    bool loaded;

    from->stride = planned->repetitions + 1;
    from->record_count = planned->cell_count * from->stride;
    from->records = must_allocate(from->record_count, sizeof *from->records);
    loaded =
        file != NULL ? read_lines(from, planned, file, &whole, why) : !refuse_compressed(path, why);
    if (file != NULL)
        fclose(file);
    if (loaded && !from->reading) {
        from->samples = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (from->samples < 0 || ftruncate(from->samples, whole) != 0)
            loaded = problem_environment(why, "cannot write %s: %s", path, strerror(errno));
    }
    free(path);
    return loaded;
}

/* One write; what a full disk took only in part is taken back, so that no torn line stays in the
 * middle. */
static bool append_line(const store *into, const char *line, size_t length)
{
    off_t before = lseek(into->samples, 0, SEEK_END);
    ssize_t written = write(into->samples, line, length);
    int reason = written < 0 ? errno : ENOSPC;

    if (written == (ssize_t)length)
        return true;
    if (written > 0 && ftruncate(into->samples, before) != 0)
        reason = errno;
    errno = reason;
    return false;
}

bool store_append(store *into, size_t cell_index, size_t repetition, json_t *record, problem *why)
{
    char *text, *line;
    bool written;

    record_seal(record);
    text = json_one_line(record);
    line = text_format("%s\n", text);
    written = append_line(into, line, strlen(line));

    if (written)
        *store_slot(into, cell_index, repetition) = record;
    else {
        problem_environment(why, "cannot write %s/samples.jsonl: %s; the finished samples are kept",
                            into->folder, strerror(errno));
        json_decref(record);
    }
    free(text);
    free(line);
    return written;
}
