/* prefork: a web server that loads its application once and then forks workers, to share its memory.
 *
 *   parent:  index ─▶ module, each ─▶ 256 objects, each ─▶ the one before it; n objects in all
 *   worker:  reads all objects of a tenth of the modules, then serves its requests: chains of 4
 *            temporaries, a tenth of them cyclic, and objects that it keeps, `grow` × n in all
 *
 * Shape: n objects and their modules allocated by the parent, all live until the teardown, none
 * cyclic. What a worker allocates is in no book: it ends with the worker.
 *
 * What counts is memory that is no longer shared. After a fork all pages are, until one side writes
 * to them; then the system copies the page. Counting writes to an object in order to look at it. A
 * collector writes to every object that it traverses, and full collections traverse what nobody
 * uses. `before_fork` says what the parent does against it, as servers on Python do:
 *   none     nothing
 *   disable  no collection starts by itself from here on
 *   freeze   what there is is taken out of all later collections
 * Where there is no collector neither has anything to do, and both are none. Where there is one that
 * cannot freeze, the cell is skipped.
 *
 * Measured are the bytes of formerly shared pages that the workers have copied, while they read and
 * while they serve, the dirty pages of their own, and the memory of parent and workers together
 * while all live (each page counted once: Pss). The figures are the kernel's, from smaps_rollup;
 * where it has none they are left out. Pages of several sizes would blur them, so transparent huge
 * pages are off for this process. */
#define _GNU_SOURCE
#include "mm_gc.h"
#include "workloads/backdrop.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef enum preparation { NONE, DISABLE, FREEZE } preparation;

enum { MODULE = 256, CHAINS = 8, CHAIN = 4, CYCLIC_OF_CHAINS = 10, WORKERS_MAX = 64 };

static const setting parameters[] = {
    {.name = "n",
     .unit = "objects",
     .help = "loaded before the fork",
     .fallback = 1e6,
     .minimum = MODULE,
     .maximum = 1e9,
     .integer = true},
    {.name = "workers",
     .unit = "processes",
     .help = "forked",
     .fallback = 4,
     .minimum = 1,
     .maximum = WORKERS_MAX,
     .integer = true},
    {.name = "requests",
     .unit = "requests",
     .help = "that each worker serves",
     .fallback = 5000,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    {.name = "reads",
     .unit = "share",
     .help = "of the modules that each worker reads",
     .fallback = 0.1,
     .minimum = 0,
     .maximum = 1},
    {.name = "grow",
     .unit = "share",
     .help = "of n that each worker adds for itself",
     .fallback = 0.3,
     .minimum = 0,
     .maximum = 10},
    {.name = "before_fork",
     .unit = "",
     .help = "what the parent does with the collector",
     .fallback = NONE,
     .words_only = true,
     .words = {{"none", NONE}, {"disable", DISABLE}, {"freeze", FREEZE}}},
    PAYLOAD_SETTING(48),
    TEARDOWN_SETTING,
};

typedef struct server {
    mm_type node;
    uint32_t modules, payload;
    uint64_t requests, kept_per_request;
    uint64_t read_bound; /* `reads` as a share of 2³² */
    workload_random random;
    mm_var *index;
} server;

/* What a worker says when it has served its requests. */
typedef struct worker_report {
    mm_status status;
    uint64_t checksum;
    uint64_t copied_by_reads, copied_by_serving; /* bytes */
    uint64_t collections, request_ns_max;
} worker_report;

/* What it says when all have. */
typedef struct worker_memory {
    uint64_t private_dirty, proportional; /* bytes */
} worker_memory;

typedef struct worker {
    pid_t process;
    int line; /* to and from it */
} worker;

/* ---- The kernel's figures ---- */

enum { PAGES_TEXT_MAX = 4096 };

/* /proc/self/smaps_rollup; without stdio, whose buffers would dirty pages. */
static bool read_pages(char text[PAGES_TEXT_MAX])
{
    int file = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, PAGES_TEXT_MAX - 1) : -1;

    if (file >= 0)
        close(file);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* A figure of it in bytes; MM_UNKNOWN when it is not there. */
static uint64_t pages_figure(const char *text, const char *name)
{
    const char *found = strstr(text, name);
    return found != NULL ? strtoull(found + strlen(name), NULL, 10) * 1024 : MM_UNKNOWN;
}

static uint64_t read_figure(const char *name)
{
    char text[PAGES_TEXT_MAX];
    return read_pages(text) ? pages_figure(text, name) : MM_UNKNOWN;
}

static const char shared_pages[] = "\nShared_Dirty:";

/* How much less than `before` is shared now. */
static uint64_t copied_since(uint64_t before)
{
    uint64_t now = read_figure(shared_pages);
    return before == MM_UNKNOWN ? MM_UNKNOWN : now < before ? before - now : 0;
}

/* ---- The application ---- */

static mm_status load_module(mm *m, const server *s, uint32_t number)
{
    MM_VARS(m, v, 3);
    mm_var *module = v, *made = v + 1, *last = v + 2;

    if (mm_new(m, module, s->node, MODULE, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < MODULE; i++) {
        if (mm_new(m, made, s->node, 1, s->payload) != MM_OK)
            return MM_NO_MEMORY;
        *(uint64_t *)mm_data(m, made) = (uint64_t)number * MODULE + i;
        mm_fill(m, made, 0, last);
        mm_set(m, last, made);
        mm_fill(m, module, i, made);
    }
    mm_fill(m, s->index, number, module);
    return MM_OK;
}

static mm_status load_application(mm *m, const server *s)
{
    if (mm_new(m, s->index, s->node, s->modules, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < s->modules; i++) {
        mm_request_begin(m);
        if (load_module(m, s, i) != MM_OK)
            return MM_NO_MEMORY;
        mm_request_end(m);
    }
    return MM_OK;
}

/* ---- A worker ---- */

/* Names each object of the module in turn, as an interpreter does with what it works with. */
static uint64_t read_module(mm *m, const server *s, uint32_t number, uint64_t checksum)
{
    MM_VARS(m, v, 2);
    mm_var *module = v, *object = v + 1;

    mm_load(m, module, s->index, number);
    for (uint32_t i = 0; i < MODULE; i++) {
        mm_load(m, object, module, i);
        checksum = workload_checksum(checksum, *(uint64_t *)mm_data(m, object));
    }
    return checksum;
}

static uint64_t read_modules(mm *m, server *s)
{
    uint64_t checksum = s->random.state;

    for (uint32_t i = 0; i < s->modules; i++) {
        if (workload_random_next(&s->random) >> 32 >= s->read_bound)
            continue;
        mm_request_begin(m);
        checksum = read_module(m, s, i, checksum);
        mm_request_end(m);
    }
    return checksum;
}

static mm_status new_linked(mm *m, const server *s, uint64_t number, mm_var *top)
{
    MM_VAR(m, made);

    if (mm_new(m, made, s->node, 1, s->payload) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, made) = number;
    mm_fill(m, made, 0, top);
    mm_move(m, top, made);
    return MM_OK;
}

static mm_status make_temporaries(mm *m, server *s, uint64_t request)
{
    MM_VARS(m, v, 2);
    mm_var *first = v, *last = v + 1;

    for (uint64_t i = 0; i < CHAIN; i++) {
        if (new_linked(m, s, request, first) != MM_OK)
            return MM_NO_MEMORY;
        if (i == 0)
            mm_set(m, last, first);
    }
    if (workload_random_below(&s->random, CYCLIC_OF_CHAINS) == 0)
        mm_store(m, last, 0, first);
    return MM_OK;
}

static mm_status serve_request(mm *m, server *s, uint64_t request, mm_var *kept)
{
    for (int i = 0; i < CHAINS; i++) {
        if (make_temporaries(m, s, request) != MM_OK)
            return MM_NO_MEMORY;
    }
    for (uint64_t i = 0; i < s->kept_per_request; i++) {
        if (new_linked(m, s, request, kept) != MM_OK)
            return MM_NO_MEMORY;
    }
    return MM_OK;
}

static mm_status serve(mm *m, server *s)
{
    MM_VAR(m, kept);

    for (uint64_t i = 0; i < s->requests; i++) {
        mm_request_begin(m);
        if (serve_request(m, s, i, kept) != MM_OK)
            return MM_NO_MEMORY;
        mm_request_end(m);
    }
    return MM_OK;
}

static worker_report work(mm *m, server *s)
{
    worker_report report = {0};
    uint64_t shared = read_figure(shared_pages);
    mm_stats stats;

    mm_reset_stats(mm_heap_of(m));
    report.checksum = read_modules(m, s);
    report.copied_by_reads = copied_since(shared);
    shared = read_figure(shared_pages);
    report.status = serve(m, s);
    report.copied_by_serving = copied_since(shared);
    mm_get_stats(mm_heap_of(m), &stats);
    for (uint32_t i = 0; i < strategy_traits.generations; i++)
        report.collections += stats.collections[i];
    report.request_ns_max = stats.request_ns_max;
    return report;
}

/* Works, reports, waits until all have, reports its memory, waits until all have. Whenever the
 * parent is gone, so is the worker. */
_Noreturn static void be_worker(mm *m, server s, uint64_t number, int line)
{
    worker_report report;
    worker_memory memory = {MM_UNKNOWN, MM_UNKNOWN};
    char text[PAGES_TEXT_MAX], go;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    s.random.state += number;
    report = work(m, &s);
    if (send(line, &report, sizeof report, MSG_NOSIGNAL) != sizeof report ||
        recv(line, &go, 1, 0) != 1)
        _exit(EXIT_FAILURE);
    if (read_pages(text)) {
        memory.private_dirty = pages_figure(text, "\nPrivate_Dirty:");
        memory.proportional = pages_figure(text, "\nPss:");
    }
    if (send(line, &memory, sizeof memory, MSG_NOSIGNAL) == sizeof memory)
        recv(line, &go, 1, 0);
    _exit(EXIT_SUCCESS);
}

/* ---- The parent ---- */

static bool start_worker(mm *m, const server *s, worker *workers, uint64_t number)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    workers[number].line = ends[0];
    workers[number].process = fork();
    if (workers[number].process == 0) {
        for (uint64_t i = 0; i <= number; i++)
            close(workers[i].line);
        be_worker(m, *s, number, ends[1]);
    }
    close(ends[1]);
    return workers[number].process > 0;
}

static void add_known(uint64_t *sum, uint64_t value)
{
    *sum = *sum == MM_UNKNOWN || value == MM_UNKNOWN ? MM_UNKNOWN : *sum + value;
}

static bool hear_reports(const worker *workers, uint64_t count, worker_report *sum)
{
    for (uint64_t i = 0; i < count; i++) {
        worker_report one;
        if (recv(workers[i].line, &one, sizeof one, MSG_WAITALL) != sizeof one ||
            one.status != MM_OK)
            return false;
        sum->checksum = workload_checksum(sum->checksum, one.checksum);
        add_known(&sum->copied_by_reads, one.copied_by_reads);
        add_known(&sum->copied_by_serving, one.copied_by_serving);
        sum->collections += one.collections;
        if (one.request_ns_max > sum->request_ns_max)
            sum->request_ns_max = one.request_ns_max;
    }
    return true;
}

static bool hear_memory(const worker *workers, uint64_t count, worker_memory *sum)
{
    sum->proportional = read_figure("\nPss:");
    for (uint64_t i = 0; i < count; i++) {
        worker_memory one;
        if (send(workers[i].line, "", 1, MSG_NOSIGNAL) != 1 ||
            recv(workers[i].line, &one, sizeof one, MSG_WAITALL) != sizeof one)
            return false;
        add_known(&sum->private_dirty, one.private_dirty);
        add_known(&sum->proportional, one.proportional);
    }
    return true;
}

static void measure(workload_run *run, const char *name, uint64_t value)
{
    if (value != MM_UNKNOWN)
        workload_measured(run, name, value);
}

/* Forks the workers and hears what they have done; false when one could not do it. */
static bool fork_workers(workload_run *run, const server *s)
{
    uint64_t count = workload_parameter(run, "workers"), started = 0;
    worker workers[WORKERS_MAX];
    worker_report report = {0};
    worker_memory memory = {0};
    bool done;

    while (started < count && start_worker(run->m, s, workers, started))
        started++;
    done = started == count && hear_reports(workers, count, &report) &&
           hear_memory(workers, count, &memory);
    for (uint64_t i = 0; i < started; i++) {
        close(workers[i].line);
        waitpid(workers[i].process, NULL, 0);
    }
    run->account.checksum = report.checksum;
    measure(run, "copied_by_reads_bytes", report.copied_by_reads);
    measure(run, "copied_by_serving_bytes", report.copied_by_serving);
    measure(run, "workers_private_dirty_bytes", memory.private_dirty);
    measure(run, "all_pss_bytes", memory.proportional);
    measure(run, "workers_collections", report.collections);
    measure(run, "workers_request_ns_max", report.request_ns_max);
    return done;
}

/* ---- The collector, before and after ---- */

/* Why this strategy cannot do it, or NULL. */
static const char *refusal(preparation before_fork)
{
    if (strategy_traits.scheduled)
        return "a schedule is of one process, and this workload goes on in several";
    if (before_fork == FREEZE && strategy_traits.generations > 0 && !strategy_traits.freezes)
        return "this strategy has a collector that cannot freeze; before_fork=none and "
               "before_fork=disable work";
    return NULL;
}

static void prepare(mm *m, preparation before_fork)
{
    if (before_fork == DISABLE)
        mm_disable(m);
    else if (before_fork == FREEZE)
        mm_freeze(m);
}

static void restore(mm *m, preparation before_fork, bool was_enabled)
{
    if (before_fork == DISABLE && was_enabled)
        mm_enable(m);
    else if (before_fork == FREEZE)
        mm_unfreeze(m);
}

/* ---- Books and run ---- */

static workload_amount application(const settings *p)
{
    uint64_t modules = (uint64_t)settings_get(p, "n") / MODULE, objects = modules * MODULE;
    uint64_t payload = (uint64_t)settings_get(p, "payload");

    /* each object has a slot, is in one of its module's, and each module in one of the index's */
    return (workload_amount){.objects = 1 + modules + objects,
                             .bytes = (2 * objects + modules) * sizeof(void *) + objects * payload};
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    out->allocated = out->live_peak = application(p);
    out->skip = refusal((preparation)settings_get(p, "before_fork"));
    return true;
}

static workload_result serve_all(workload_run *run, const server *s)
{
    mm *m = run->m;
    preparation before_fork = (preparation)workload_parameter(run, "before_fork");
    bool was_enabled = mm_is_enabled(m), done;

    workload_begin(run);
    if (load_application(m, s) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    prepare(m, before_fork);
    done = fork_workers(run, s);
    restore(m, before_fork, was_enabled);
    if (!done)
        return WORKLOAD_NO_MEMORY;
    run->account.allocated = run->account.live_work = application(run->parameters);
    workload_end(run);
    if (workload_parameter(run, "teardown") == 0) {
        run->account.live_end = run->account.live_work;
        if (keep_until_the_end(m, s->index) != MM_OK)
            return WORKLOAD_NO_MEMORY;
    }
    return WORKLOAD_DONE;
}

static workload_result run(workload_run *run)
{
    mm *m = run->m;
    MM_VAR(m, index);
    uint64_t n = workload_parameter(run, "n"), requests = workload_parameter(run, "requests");
    const char *why = refusal((preparation)workload_parameter(run, "before_fork"));
    server s = {
        .modules = (uint32_t)(n / MODULE),
        .payload = (uint32_t)workload_parameter(run, "payload"),
        .requests = requests,
        .kept_per_request =
            (uint64_t)(settings_get(run->parameters, "grow") * (double)n) / requests,
        .read_bound = (uint64_t)(settings_get(run->parameters, "reads") * 4294967296.0),
        .random = {run->seed},
        .index = index,
    };

    if (why != NULL) {
        snprintf(run->message, WORKLOAD_MESSAGE_MAX, "%s", why);
        return WORKLOAD_BAD_INPUT;
    }
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    if (mm_type_add(mm_heap_of(m), &(mm_type_info){.name = "node", .kind = MM_CONTAINER},
                    &s.node) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    return serve_all(run, &s);
}

const workload workload_prefork = {
    .name = "prefork",
    .story = "a web server that forks workers to share what it has loaded",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"prefork:n=5000,workers=2,requests=50,reads=0.5",
                                 "prefork:n=5000,workers=2,requests=50,before_fork=disable"},
              [WORKLOAD_QUICK] = {"prefork:n=50000,workers=2,requests=500"},
              [WORKLOAD_DEFAULT] = {"prefork:n=300000,workers=2,requests=1000,grow=0.4"},
              [WORKLOAD_FULL] = {"prefork", "prefork:before_fork=disable",
                                 "prefork:before_fork=freeze"}},
    .forecast = forecast,
    .run = run,
};
