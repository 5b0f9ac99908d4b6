#include "mm.h"
#include "explicit/schedule.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/file.h"

static const char magic[8] = "mmsched";

/* ---- In memory ---- */

static void find_parts(mm_schedule *s)
{
    s->points = (mm_live_point *)(s->header + 1);
    s->births = (schedule_births *)(s->points + s->header->point_count);
    s->deaths = (schedule_deaths *)(s->births + s->header->birth_count);
}

/* Of the whole, padded to words. */
static uint64_t bytes_of(uint64_t points, uint64_t births, uint64_t deaths)
{
    uint64_t bytes = sizeof(schedule_header) + points * sizeof(mm_live_point) +
                     births * sizeof(schedule_births) + deaths * sizeof(schedule_deaths);

    return (bytes + 7) / 8 * 8;
}

mm_schedule *schedule_new(size_t points, size_t births, size_t deaths)
{
    uint64_t bytes = bytes_of(points, births, deaths);
    mm_schedule *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->header = calloc(1, bytes);
    if (s->header == NULL) {
        free(s);
        return NULL;
    }
    *s->header = (schedule_header){.version = SCHEDULE_VERSION,
                                   .bytes = bytes,
                                   .point_count = points,
                                   .birth_count = births,
                                   .death_count = deaths};
    memcpy(s->header->magic, magic, sizeof magic);
    find_parts(s);
    return s;
}

void mm_schedule_free(mm_schedule *schedule)
{
    if (schedule == NULL)
        return;
    if (schedule->mapped)
        munmap(schedule->header, schedule->header->bytes);
    else
        free(schedule->header);
    free(schedule);
}

mm_schedule_size mm_schedule_size_of(const mm_schedule *schedule)
{
    const schedule_header *header = schedule->header;

    return (mm_schedule_size){.objects = header->objects,
                              .references_given_up = header->references_given_up,
                              .bytes = header->bytes,
                              .table_bytes = header->places * sizeof(mm_object *)};
}

const mm_live_point *mm_schedule_live(const mm_schedule *schedule, size_t *count)
{
    *count = schedule->header->point_count;
    return schedule->points;
}

/* ---- In a file ---- */

/* Multiply and rotate, word by word, as the digest of operations does. */
static uint64_t checksum_of(const schedule_header *header)
{
    const uint64_t *word = &header->checksum + 1;
    const uint64_t *end = (const uint64_t *)((const char *)header + header->bytes);
    uint64_t sum = 0;

    for (; word < end; word++) {
        sum = (sum ^ *word) * 0x9e3779b97f4a7c15u;
        sum = sum << 29 | sum >> 35;
    }
    return sum;
}

__attribute__((format(printf, 2, 3))) static bool refuse(char message[MM_SCHEDULE_MESSAGE_MAX],
                                                         const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, MM_SCHEDULE_MESSAGE_MAX, format, arguments);
    va_end(arguments);
    return false;
}

bool mm_schedule_write(const mm_schedule *schedule, const mm_schedule_key *key, const char *path,
                       char message[MM_SCHEDULE_MESSAGE_MAX])
{
    schedule_header *header = schedule->header;

    header->seed = key->seed;
    snprintf(header->program, sizeof header->program, "%s", key->program);
    snprintf(header->build, sizeof header->build, "%s", key->build);
    header->checksum = checksum_of(header);
    if (file_write_whole(path, header, header->bytes))
        return true;
    return refuse(message, "cannot write the schedule %.128s: %s", path, strerror(errno));
}

/* Whether the file, of so many bytes, is a schedule and whole. */
static bool check_whole(const schedule_header *header, uint64_t bytes, const char *path,
                        char message[MM_SCHEDULE_MESSAGE_MAX])
{
    if (bytes < sizeof *header || memcmp(header->magic, magic, sizeof magic) != 0)
        return refuse(message, "%.128s is not a schedule", path);
    if (header->version != SCHEDULE_VERSION)
        return refuse(message, "%.128s is a schedule of version %" PRIu64 "; this is version %d",
                      path, header->version, SCHEDULE_VERSION);
    if (header->bytes != bytes)
        return refuse(message,
                      "the schedule %.128s is damaged: it has %" PRIu64 " bytes and should have "
                      "%" PRIu64,
                      path, bytes, header->bytes);
    if (header->checksum != checksum_of(header) ||
        bytes_of(header->point_count, header->birth_count, header->death_count) != bytes ||
        memchr(header->program, '\0', sizeof header->program) == NULL ||
        memchr(header->build, '\0', sizeof header->build) == NULL)
        return refuse(message, "the schedule %.128s is damaged: its checksum is wrong", path);
    return true;
}

static bool check_key(const schedule_header *header, const mm_schedule_key *key, const char *path,
                      char message[MM_SCHEDULE_MESSAGE_MAX])
{
    if (strcmp(header->program, key->program) != 0)
        return refuse(message, "%.128s is the schedule of %.128s, and this is %.128s", path,
                      header->program, key->program);
    if (header->seed != key->seed)
        return refuse(message,
                      "%.128s is the schedule of %.128s with seed %" PRIu64 ", and this is seed "
                      "%" PRIu64,
                      path, header->program, header->seed, key->seed);
    if (strcmp(header->build, key->build) != 0)
        return refuse(message,
                      "%.128s is a schedule of build %.64s, and this is build %.64s: record it "
                      "anew",
                      path, header->build, key->build);
    return true;
}

/* The file in memory; NULL with `errno` set. */
static schedule_header *map_file(const char *path, uint64_t *bytes)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC), reason;
    schedule_header *header = MAP_FAILED;
    struct stat status;

    *bytes = 0;
    if (descriptor < 0)
        return NULL;
    if (fstat(descriptor, &status) == 0) {
        *bytes = (uint64_t)status.st_size;
        errno = S_ISDIR(status.st_mode) ? EISDIR : 0;
        if (errno == 0 && *bytes != 0)
            header = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
    }
    reason = errno;
    close(descriptor);
    errno = reason;
    return header != MAP_FAILED ? header : NULL;
}

mm_schedule *mm_schedule_read(const char *path, const mm_schedule_key *key,
                              char message[MM_SCHEDULE_MESSAGE_MAX])
{
    uint64_t bytes;
    schedule_header *header = map_file(path, &bytes);
    mm_schedule *s = NULL;

    if (header == NULL && errno == 0) {
        refuse(message, "%.128s is empty, and no schedule", path);
        return NULL;
    }
    if (header == NULL) {
        refuse(message, "cannot read the schedule %.128s: %s", path, strerror(errno));
        return NULL;
    }
    if (check_whole(header, bytes, path, message) && check_key(header, key, path, message)) {
        s = calloc(1, sizeof *s);
        if (s == NULL)
            refuse(message, "out of memory for the schedule %.128s", path);
    }
    if (s == NULL) {
        munmap(header, bytes);
        return NULL;
    }
    *s = (mm_schedule){.header = header, .mapped = true};
    find_parts(s);
    return s;
}
