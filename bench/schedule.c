#define _GNU_SOURCE
#include "bench/schedule.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/build_info.h"
#include "support/file.h"

#if !MM_SCHEDULED

sample_status schedule_prepare(sample *s, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)s, (void)message;
    return SAMPLE_OK;
}

bool schedule_write(const sample *s, const char *path, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)s, (void)path, (void)message;
    return false;
}

bool schedule_follow(const sample *s, mm *m)
{
    (void)s, (void)m;
    return true;
}

bool schedule_end(const sample *s, mm *m, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)s, (void)m, (void)message;
    return true;
}

void schedule_free(sample *s)
{
    (void)s;
}

#else

    #include "mm_schedule.h"

typedef struct build_name {
    char text[64];
} build_name;

/* What does the same operations: one commit; of files that differ from it nobody knows more. */
static mm_schedule_key key_of(const sample *s, build_name *build)
{
    snprintf(build->text, sizeof build->text, "%.40s%s", this_build.commit,
             this_build.dirty ? " (changed)" : "");
    return (mm_schedule_key){.program = s->spec, .seed = s->seed, .build = build->text};
}

static bool read_schedule(sample *s, const char *path, char message[WORKLOAD_MESSAGE_MAX])
{
    char reason[MM_SCHEDULE_MESSAGE_MAX];
    build_name build;
    mm_schedule_key key = key_of(s, &build);

    s->schedule = mm_schedule_read(path, &key, reason);
    if (s->schedule == NULL)
        snprintf(message, WORKLOAD_MESSAGE_MAX, "%s", reason);
    return s->schedule != NULL;
}

bool schedule_write(const sample *s, const char *path, char message[WORKLOAD_MESSAGE_MAX])
{
    build_name build;
    mm_schedule_key key = key_of(s, &build);

    return mm_schedule_write(s->schedule, &key, path, message);
}

    #if MM_COUNTED

static void pass_over(workload_run *run)
{
    (void)run; /* no clock runs while recording */
}

static sample_status judge_recording(workload_result result, mm_status recorded,
                                     const workload_run *run, char message[WORKLOAD_MESSAGE_MAX])
{
    if (result == WORKLOAD_BAD_INPUT || result == WORKLOAD_WRONG) {
        snprintf(message, WORKLOAD_MESSAGE_MAX, "%s", run->message);
        return result == WORKLOAD_WRONG ? SAMPLE_VOID : SAMPLE_BAD_INPUT;
    }
    if (recorded == MM_UNSUPPORTED) {
        snprintf(message, WORKLOAD_MESSAGE_MAX,
                 "there is no schedule of a program with finalisers or weak references");
        return SAMPLE_BAD_INPUT;
    }
    if (result == WORKLOAD_DONE && recorded == MM_OK)
        return SAMPLE_OK;
    snprintf(message, WORKLOAD_MESSAGE_MAX, "out of memory while the schedule was recorded");
    return SAMPLE_OOM;
}

/* One whole run, in which deaths are found out and nothing else is. */
static sample_status make_schedule(sample *s, char message[WORKLOAD_MESSAGE_MAX])
{
    workload_run run = {
        .parameters = &s->parameters, .seed = s->seed, .begin = pass_over, .end = pass_over};
    workload_result result = WORKLOAD_NO_MEMORY;
    mm_status recorded = MM_NO_MEMORY;
    mm_heap *heap;

    if (mm_heap_new(NULL, &heap) != MM_OK)
        return judge_recording(result, recorded, &run, message);
    if (mm_attach(heap, &run.m) == MM_OK && mm_schedule_record(run.m) == MM_OK) {
        result = s->workload->run(&run);
        if (result == WORKLOAD_DONE)
            mm_program_end(run.m);
        recorded = mm_schedule_end_recording(run.m, &s->schedule);
    }
    mm_heap_free(heap);
    return judge_recording(result, recorded, &run, message);
}

    #else

extern char **environ;

/* `count_<strategy>` beside this program. */
static bool counted_program(char path[PATH_MAX])
{
    size_t length;

    if (!file_program_folder(path, PATH_MAX))
        return false;
    length = strlen(path);
    return snprintf(path + length, PATH_MAX - length, "/count_%s", sample_strategy()) <
           (int)(PATH_MAX - length);
}

/* Has the counted program write the schedule into `path`. It says itself what goes wrong. */
static bool have_recorded(const sample *s, char *path)
{
    char program[PATH_MAX], seed[24];
    char *arguments[] = {program, "--workload", (char *)s->spec, "--seed", seed, "--record",
                         path,    NULL};
    pid_t child;
    int status;

    snprintf(seed, sizeof seed, "%" PRIu64, s->seed);
    if (!counted_program(program) ||
        posix_spawn(&child, program, NULL, NULL, arguments, environ) != 0)
        return false;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static sample_status make_schedule(sample *s, char message[WORKLOAD_MESSAGE_MAX])
{
    const char *folder = getenv("TMPDIR");
    char path[PATH_MAX];
    int file;
    bool made;

    snprintf(path, sizeof path, "%s/reclaim-schedule-XXXXXX", folder != NULL ? folder : "/tmp");
    file = mkstemp(path);
    if (file < 0) {
        snprintf(message, WORKLOAD_MESSAGE_MAX, "cannot write the schedule %.256s: %s", path,
                 strerror(errno));
        return SAMPLE_BAD_INPUT;
    }
    close(file);
    snprintf(message, WORKLOAD_MESSAGE_MAX,
             "no schedule was recorded by count_%s, which must stand beside this program; one that "
             "it wrote with --record FILE is taken with --schedule FILE",
             sample_strategy());
    made = have_recorded(s, path) && read_schedule(s, path, message);
    unlink(path);
    return made ? SAMPLE_OK : SAMPLE_BAD_INPUT;
}

    #endif

sample_status schedule_prepare(sample *s, char message[WORKLOAD_MESSAGE_MAX])
{
    if (s->schedule != NULL)
        return SAMPLE_OK;
    if (s->schedule_file != NULL)
        return read_schedule(s, s->schedule_file, message) ? SAMPLE_OK : SAMPLE_BAD_INPUT;
    return make_schedule(s, message);
}

bool schedule_follow(const sample *s, mm *m)
{
    #if MM_CHECKED
    enum { AUDITED_OBJECTS = 2048 };
    mm_schedule_audit(mm_heap_of(m), AUDITED_OBJECTS);
    #endif
    return mm_schedule_follow(m, s->schedule) == MM_OK;
}

/* Of the audits, where there were any; followed or not. */
static bool deaths_were_right(const mm_heap *heap, char message[WORKLOAD_MESSAGE_MAX])
{
    #if MM_CHECKED
    char violation[MM_MESSAGE_MAX];

    if (!mm_schedule_audited(heap, violation)) {
        snprintf(message, WORKLOAD_MESSAGE_MAX, "%s", violation);
        return false;
    }
    #else
    (void)heap, (void)message;
    #endif
    return true;
}

bool schedule_end(const sample *s, mm *m, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)s;
    if (mm_schedule_end_following(m))
        return deaths_were_right(mm_heap_of(m), message);
    snprintf(message, WORKLOAD_MESSAGE_MAX,
             "the run did other work than the one that was recorded");
    return false;
}

void schedule_free(sample *s)
{
    mm_schedule_free(s->schedule);
    s->schedule = NULL;
}

#endif
