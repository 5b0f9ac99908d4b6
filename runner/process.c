/* A child talks over two pipes (standard output and standard error) and is watched through a
 * descriptor of the process itself, so one poll waits for whatever comes first: words, the end, the
 * deadline, or a request to stop. Waiting for the pipes to close instead would hang on a grandchild
 * that keeps them open. */
#define _GNU_SOURCE
#include "process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"
#include "support/file.h"
#include "text.h"

enum { OUTPUT_BYTES_MAX = 16 << 20, ERROR_BYTES_MAX = 64 << 10 };

/* What comes out of one pipe. Beyond `bytes_max` the older half is dropped: the last line is wanted
 * most. */
typedef struct capture {
    int descriptor; /* -1 once closed */
    char *bytes;
    size_t length, bytes_max;
} capture;

typedef struct child {
    pid_t id;
    int descriptor; /* readable once it has ended */
    capture output, errors;
} child;

void arguments_add(arguments *list, const char *format, ...)
{
    va_list values;

    assert(list->count < ARGUMENTS_MAX);
    va_start(values, format);
    if (vasprintf(&list->items[list->count], format, values) < 0)
        list->items[list->count] = text_copy("");
    list->count++;
    va_end(values);
}

void arguments_free(arguments *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    *list = (arguments){0};
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* -- a fresh copy: where a program's pages lie in physical memory was seen to make 7% of a
 * difference between two copies of one file, for as long as they stay in the page cache. Copied
 * anew for every sample, that becomes part of the spread, and says nothing about a strategy or a
 * build. -- */

/* A descriptor of a copy in memory of the program at `path`, or -1 where no room can be had for
 * one: the program itself will do, it is only less fair. */
static int copy_program(const char *path)
{
    int source = open(path, O_RDONLY | O_CLOEXEC), copy = -1;
    struct stat about;
    off_t done = 0;

    if (source >= 0 && fstat(source, &about) == 0)
        copy = memfd_create(path, MFD_CLOEXEC);
    while (copy >= 0 && done < about.st_size) {
        if (sendfile(copy, source, &done, (size_t)(about.st_size - done)) <= 0) {
            close(copy);
            copy = -1;
        }
    }
    if (source >= 0)
        close(source);
    return copy;
}

/* -- the child's side, between fork and exec: async-signal-safe calls only, but for one -- */

static void limit_memory(uint64_t bytes)
{
    struct rlimit limit = {bytes, bytes};
    struct rlimit no_core = {0, 0};

    setrlimit(RLIMIT_CORE, &no_core);
    if (bytes > 0)
        setrlimit(RLIMIT_DATA, &limit);
}

static void connect_streams(int output, int errors)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    dup2(nothing, STDIN_FILENO);
    dup2(output >= 0 ? output : nothing, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
}

/* In front of what the runner itself was given. */
static void preload_library(const char *library)
{
    static const char name[] = "LD_PRELOAD";
    const char *others = getenv(name);
    char libraries[PATH_MAX];

    snprintf(libraries, sizeof libraries, "%s%s%s", library, others != NULL ? ":" : "",
             others != NULL ? others : "");
    setenv(name, libraries, 1);
}

/* A copy does not stand where the program stands, so it is told where that is. This and the above come
 * before any limit is set, since setenv() may allocate; the runner has one thread, so nothing holds a
 * lock that it wants. */
static void tell_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];

    if (slash == NULL)
        return;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    setenv(FILE_PROGRAM_FOLDER_VARIABLE, folder, 1);
}

static const char *program_of(const process_request *request)
{
    return request->program != NULL ? request->program : request->command.items[0];
}

static _Noreturn void become(const process_request *request, pid_t runner, int copy, int output,
                             int errors)
{
    sigset_t none;
    const char *failed = "the working folder";

    setpgid(0, 0);
    /* If the runner died before this call, nobody would send the signal. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != runner)
        _exit(PROCESS_CANNOT_START);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (copy >= 0)
        tell_folder(request->command.items[0]);
    if (request->preload != NULL && request->preload[0] != '\0')
        preload_library(request->preload);
    limit_memory(request->memory_bytes_max);
    connect_streams(output, errors);
    if (request->folder == NULL || chdir(request->folder) == 0) {
        if (copy >= 0)
            fexecve(copy, request->command.items, environ);
        else
            execvp(program_of(request), request->command.items);
        failed = program_of(request);
    }
    dprintf(STDERR_FILENO, "cannot start: %s: %s\n", failed, strerror(errno));
    _exit(PROCESS_CANNOT_START);
}

/* -- the runner's side -- */

static bool open_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return true;
}

static void close_open(int descriptor)
{
    if (descriptor >= 0)
        close(descriptor);
}

static bool start(const process_request *request, child *started)
{
    int output[2] = {-1, -1}, errors[2] = {-1, -1};
    int copy = request->fresh_copy ? copy_program(program_of(request)) : -1;
    pid_t runner = getpid();

    *started = (child){.id = -1, .descriptor = -1};
    if ((!request->keep_output || open_pipe(output)) && open_pipe(errors))
        started->id = fork();
    if (started->id == 0)
        become(request, runner, copy, output[1], errors[1]);
    if (started->id > 0) {
        setpgid(started->id, started->id); /* here too: whoever comes first */
        started->descriptor = pidfd_open(started->id, 0);
    }
    close_open(copy);
    close_open(output[1]);
    close_open(errors[1]);
    started->output = (capture){.descriptor = output[0], .bytes_max = OUTPUT_BYTES_MAX};
    started->errors = (capture){.descriptor = errors[0], .bytes_max = ERROR_BYTES_MAX};
    return started->id > 0;
}

static void capture_append(capture *into, const char *bytes, size_t length)
{
    if (into->length + length > into->bytes_max) {
        size_t kept = into->length / 2;
        memmove(into->bytes, into->bytes + into->length - kept, kept);
        into->length = kept;
    }
    into->bytes = realloc(into->bytes, into->length + length + 1);
    if (into->bytes == NULL)
        abort();
    memcpy(into->bytes + into->length, bytes, length);
    into->length += length;
    into->bytes[into->length] = '\0';
}

/* Reads what is there now. */
static void capture_read(capture *from)
{
    char bytes[4096];
    ssize_t length;

    if (from->descriptor < 0)
        return;
    while ((length = read(from->descriptor, bytes, sizeof bytes)) > 0)
        capture_append(from, bytes, (size_t)length);
    if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(from->descriptor);
        from->descriptor = -1;
    }
}

static int milliseconds_until(double deadline)
{
    double left = (deadline - seconds_now()) * 1000;
    if (left <= 0)
        return 0;
    return left < 60000 ? (int)left + 1 : 60000;
}

static process_end wait_for_end(child *running, double deadline)
{
    for (;;) {
        struct pollfd watched[] = {{.fd = running->descriptor, .events = POLLIN},
                                   {.fd = interrupt_descriptor(), .events = POLLIN},
                                   {.fd = running->output.descriptor, .events = POLLIN},
                                   {.fd = running->errors.descriptor, .events = POLLIN}};
        int ready = poll(watched, sizeof watched / sizeof *watched, milliseconds_until(deadline));

        capture_read(&running->output);
        capture_read(&running->errors);
        if (ready > 0 && watched[0].revents != 0)
            return PROCESS_EXITED;
        if (interrupt_signal() != 0)
            return PROCESS_INTERRUPTED;
        if (seconds_now() >= deadline)
            return PROCESS_TIMED_OUT;
    }
}

/* Reaps the child and ends whatever it left behind in its group. */
static void reap(child *ended, process_result *result)
{
    int status = 0;

    /* Before waiting: as long as nobody has waited for the child, its number is not given to
     * another. */
    kill(-ended->id, SIGKILL);
    while (waitpid(ended->id, &status, 0) < 0 && errno == EINTR)
        continue;
    if (result->end != PROCESS_EXITED)
        return;
    if (WIFSIGNALED(status))
        result->end = PROCESS_SIGNALLED;
    result->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void keep_last_line(const capture *errors, char line[LAST_LINE_MAX])
{
    size_t end = errors->length, first;

    while (end > 0 && strchr(" \t\r\n", errors->bytes[end - 1]) != NULL)
        end--;
    for (first = end; first > 0 && errors->bytes[first - 1] != '\n';)
        first--;
    snprintf(line, LAST_LINE_MAX, "%.*s", (int)(end - first),
             errors->bytes != NULL ? errors->bytes + first : "");
}

static void finish(child *ended, const process_request *request, process_result *result)
{
    capture_read(&ended->output);
    capture_read(&ended->errors);
    close_open(ended->output.descriptor);
    close_open(ended->errors.descriptor);
    close_open(ended->descriptor);
    keep_last_line(&ended->errors, result->last_line);
    if (request->keep_output) {
        result->output_length = ended->output.length;
        result->output = ended->output.bytes != NULL ? ended->output.bytes : text_copy("");
    }
    free(ended->errors.bytes);
}

bool process_run(const process_request *request, process_result *result, problem *why)
{
    double began = seconds_now();
    child running;

    *result = (process_result){.timeout_seconds = request->timeout_seconds};
    if (!start(request, &running)) {
        close_open(running.output.descriptor);
        close_open(running.errors.descriptor);
        return problem_environment(why, "cannot start %s: %s", request->command.items[0],
                                   strerror(errno));
    }
    result->end = wait_for_end(&running, began + request->timeout_seconds);
    reap(&running, result);
    result->seconds = seconds_now() - began;
    finish(&running, request, result);
    return true;
}

bool process_succeeded(const process_result *result)
{
    return result->end == PROCESS_EXITED && result->code == 0;
}

char *process_describe_end(const process_result *result)
{
    const char *name, *line = result->last_line;

    switch (result->end) {
    case PROCESS_SIGNALLED:
        name = sigabbrev_np(result->code);
        return text_format("killed by SIG%s%s%s%s", name != NULL ? name : "?",
                           result->code == SIGKILL ? ", as the kernel does when memory runs out"
                                                   : "",
                           line[0] ? ": " : "", line);
    case PROCESS_TIMED_OUT:
        return text_format("no end within %.4g s", result->timeout_seconds);
    case PROCESS_INTERRUPTED:
        return text_copy("interrupted");
    case PROCESS_EXITED:
    default:
        return text_format("exit code %d%s%s", result->code, line[0] ? ": " : "", line);
    }
}
