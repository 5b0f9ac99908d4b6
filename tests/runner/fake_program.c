/* A program that obeys docs/contract.md and measures nothing: it plays whatever its own file name
 * says. The tests link it under names such as `bench_crash` or `count_steady`; see `acts` for what
 * there is. A name that is not there behaves. */
#define _GNU_SOURCE
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/file.h"
#include "support/settings.h"

static const setting option_table[] = {
    {.name = "factor",
     .help = "times are multiplied by it",
     .fallback = 1,
     .minimum = 0.01,
     .maximum = 100},
    {.name = "sleep", .unit = "ms", .help = "how long a sample really takes", .maximum = 60000},
    {.name = "collect",
     .help = "when to collect",
     .words_only = true,
     .words = {{"end", 0}, {"off", 1}}},
    {.name = "heap_bytes_max",
     .unit = "bytes",
     .help = "what the heap may take",
     .minimum = 4096,
     .maximum = 1e15,
     .integer = true,
     .words = {{"off", 0}}},
};
enum { OPTIONS = sizeof option_table / sizeof *option_table };
static const setting temps_table[] = {
    {.name = "n",
     .unit = "objects",
     .help = "temporaries",
     .fallback = 1000,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
};
static const setting dom_table[] = {
    {.name = "documents",
     .unit = "documents",
     .help = "how many",
     .fallback = 200,
     .minimum = 1,
     .maximum = 1e6,
     .integer = true},
    {.name = "back",
     .unit = "share",
     .help = "nodes with a back-pointer",
     .fallback = 1,
     .maximum = 1},
};
static const setting heap_table[] = {
    {.name = "file",
     .help = "the recorded heap",
     .text = true,
     .text_fallback = "app.heapsnapshot.gz"},
};

typedef struct fake_workload {
    const char *name, *story;
    const setting *table;
    size_t count;
    const char *test, *quick, *full; /* suites as JSON arrays; the default one is the quick one */
} fake_workload;

static const fake_workload workloads[] = {
    {"temps", "short-lived temporaries", temps_table, 1, "[\"temps:n=10\"]", "[\"temps\"]",
     "[\"temps\",\"temps:n=1e6\"]"},
    {"dom", "parent/child back-pointers", dom_table, 2, "[\"dom:documents=8\"]",
     "[\"dom\",\"dom:back=0.1\"]", "[\"dom\"]"},
    {"heap", "a recorded heap", heap_table, 1, "[]",
     "[\"heap\",\"heap:file=node-npm.heapsnapshot.gz\"]", "[\"heap\"]"},
};
enum { WORKLOADS = sizeof workloads / sizeof *workloads };

typedef struct fake {
    const char *path;
    const char *strategy;
    bool counted;
    const fake_workload *workload;
    settings options, parameters;
    char label[512], spec[512];
    uint64_t seed;
    const char *file;                      /* of the sample */
    const char *latency, *memory, *prices; /* of the recording that was asked for, or NULL */
    bool check;
    const char *status, *reason;
    int exit_code;
} fake;

static bool plays(const fake *self, const char *act)
{
    return strcmp(self->strategy, act) == 0;
}

/* The heap that a strategy needs which collects when it is full; 0: it does not. */
static double heap_bytes_min(const fake *self)
{
    return plays(self, "tight") ? 2e6 : plays(self, "ample") ? 3e6 : 0;
}

/* Which the counted program takes too. */
static bool records_memory(void)
{
    return getenv("FAKE_RECORDS") != NULL && strcmp(getenv("FAKE_RECORDS"), "memory") == 0;
}

/* -- description -- */

static void print_settings(const char *name, const setting *table, size_t count)
{
    printf("\"%s\": [", name);
    for (size_t i = 0; i < count; i++) {
        printf("%s{\"name\": \"%s\", \"unit\": \"%s\", \"help\": \"%s\", ", i ? ", " : "",
               table[i].name, table[i].unit != NULL ? table[i].unit : "", table[i].help);
        if (table[i].text)
            printf("\"text\": true, \"default\": \"%s\"", table[i].text_fallback);
        else
            printf("\"default\": %.15g, \"minimum\": %.15g, \"maximum\": %.15g, \"integer\": %s",
                   table[i].fallback, table[i].minimum, table[i].maximum,
                   table[i].integer ? "true" : "false");
        printf(", \"words\": {");
        for (size_t j = 0; j < SETTING_WORDS_MAX && table[i].words[j].word != NULL; j++)
            printf("%s\"%s\": %.15g", j ? ", " : "", table[i].words[j].word,
                   table[i].words[j].value);
        printf("}}");
    }
    printf("]");
}

static int describe(const fake *self)
{
    bool hand = strncmp(self->strategy, "hand", 4) == 0;

    if (plays(self, "mute")) {
        fprintf(stderr, "%s: cannot describe itself today\n", self->path);
        return 1;
    }
    printf("{\"schema\": \"reclaim.program/%d\", \"strategy\": \"%s\", \"flavour\": \"%s\", "
           "\"kind\": \"%s\", \"timed\": %s, "
           "\"summary\": \"plays %s\", \"api_version\": 1, \"build\": {\"compiler\": \"gcc "
           "12.2.0\", \"flags\": \"-O2\", "
           "\"type\": \"release\", \"commit\": \"%s\", \"dirty\": false}, \"traits\": {%s}, ",
           plays(self, "future") ? 9 : 1, self->strategy, self->counted ? "counted" : "timed",
           hand                      ? "hand"
           : plays(self, "explicit") ? "ideal"
                                     : "strategy",
           plays(self, "checking") ? "false" : "true", self->strategy,
           getenv("FAKE_COMMIT") != NULL ? getenv("FAKE_COMMIT") : "1a2b3c4",
           plays(self, "foreign")      ? "\"peer\": \"Runtime 1.2\""
           : heap_bytes_min(self) != 0 ? "\"fills_heap\": \"collect=off\""
                                       : "");
    print_settings("options", option_table, OPTIONS);
    if (getenv("FAKE_RECORDS") != NULL && (!self->counted || records_memory()))
        printf(", \"records\": [\"%s\"]", getenv("FAKE_RECORDS"));
    printf(", \"workloads\": [");
    for (size_t i = 0; i < (hand ? 1 : WORKLOADS); i++) {
        const fake_workload *w = &workloads[i];
        printf("%s{\"name\": \"%s\", \"story\": \"%s\", ", i ? ", " : "", w->name, w->story);
        print_settings("parameters", w->table, w->count);
        printf(", \"suite\": {\"test\": %s, \"quick\": %s, \"default\": %s, \"full\": %s}}",
               w->test, w->quick, w->quick, w->full);
    }
    printf("]}\n");
    return 0;
}

/* -- cell and sample -- */

static void print_values(FILE *out, const settings *values)
{
    fprintf(out, "{");
    for (size_t i = 0; i < values->count; i++) {
        fprintf(out, "%s\"%s\": ", i ? ", " : "", values->table[i].name);
        if (values->table[i].text)
            fprintf(out, "\"%s\"", values->texts[i]);
        else
            fprintf(out, "%.15g", values->values[i]);
    }
    fprintf(out, "}");
}

static void print_cell(FILE *out, const fake *self)
{
    fprintf(out, "\"strategy\": \"%s\", \"label\": \"%s\", \"options\": ", self->strategy,
            self->label);
    print_values(out, &self->options);
    fprintf(out, ", \"workload\": \"%s\", \"spec\": \"%s\", \"params\": ", self->workload->name,
            self->spec);
    print_values(out, &self->parameters);
    fprintf(out, ", \"seed\": %llu", (unsigned long long)self->seed);
}

static int check(const fake *self)
{
    printf("{\"schema\": \"reclaim.check/1\", ");
    print_cell(stdout, self);
    printf(", \"runs\": 3, \"forecast\": {\"bytes_peak\": %s}}\n",
           plays(self, "huge") ? "1e15" : "1000000");
    return 0;
}

static uint64_t hash_text(const char *text, uint64_t hash)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash ^ (hash >> 29);
}

/* Between 0 and 1, different in every process. */
static double noise(void)
{
    struct timespec now;
    char text[64];

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "%ld %ld %ld", (long)getpid(), (long)now.tv_sec, now.tv_nsec);
    return (double)(hash_text(text, 0xcbf29ce484222325u) % 10000) / 10000;
}

/* What a program in a folder named `planted` takes, as a share of the others. With FAKE_TURNS=FILE
 * the slowdown comes and goes, as if noise hid it: of every 200 runs the first 100 have none and the
 * others twice as much. FILE keeps how many there were. */
static double planted_share(void)
{
    static double share; /* the same in all that one process says */
    const char *counter = getenv("FAKE_TURNS");
    FILE *turns = counter == NULL || share != 0 ? NULL : fopen(counter, "a");

    if (turns != NULL) {
        fseek(turns, 0, SEEK_END);
        share = ftell(turns) / 100 % 2 == 0 ? 1 : 1.1;
        fputc('.', turns);
        fclose(turns);
    }
    if (share != 0)
        return share;
    return getenv("FAKE_UNPLANTED") != NULL ? 1 : 1.05;
}

/* A time of its own for each strategy and workload, within 1%; in a folder whose name has "slow",
 * `steady` takes a fifth more; in one named `planted` all take a twentieth more. */
static double steady_time(const fake *self)
{
    double spread =
        (double)(hash_text(self->spec, hash_text(self->strategy, 0xcbf29ce484222325u)) % 1000) /
        1000;
    double time =
        1e7 * (1 + 3 * spread) * settings_get(&self->options, "factor") * (0.99 + 0.02 * noise());

    if (strstr(self->path, "slow") != NULL && plays(self, "steady"))
        time *= 1.2;
    if (strstr(self->path, "planted/") != NULL)
        time *= planted_share();
    return floor(time);
}

static void print_measured(FILE *out, const fake *self)
{
    double steady = steady_time(self);

    if (strcmp(self->status, "oom") == 0) {
        fprintf(out, ", \"time_ns\": null, \"cpu_ns\": null, \"runs\": []");
        return;
    }
    fprintf(out,
            ", \"time_ns\": {\"first\": %.0f, \"steady\": %.0f}, \"cpu_ns\": {\"first\": %.0f, "
            "\"steady\": %.0f}, \"runs\": []",
            2 * steady, steady, 1.9 * steady, 0.99 * steady);
}

static void print_counters(FILE *out, const fake *self)
{
    double steady = steady_time(self);
    uint64_t work = hash_text(self->spec, self->seed);
    bool leaks = strcmp(self->status, "leaked") == 0,
         hand = strncmp(self->strategy, "hand", 4) == 0;

    fprintf(out, ", \"counters\": {\"objects_allocated\": 1000000, \"bytes_allocated\": 48000000, "
                 "\"reclaimed_by_count\": ");
    fprintf(out, self->counted ? "900000" : "null");
    fprintf(out, ", \"reclaimed_by_collector\": %s, \"collections\": %s, ",
            leaks || hand ? "[]" : "[90000, 9000, 1000]",
            leaks || hand                              ? "[]"
            : plays(self, "twofaced") && self->counted ? "[1300, 118, 9]"
                                                       : "[1300, 118, 8]");
    fprintf(out,
            "\"objects_visited\": %s, \"requests\": 2000, \"objects_leaked\": %d, "
            "\"bytes_leaked\": %d, ",
            self->counted ? "5400000" : "null", leaks ? 900000 : 0, leaks ? 43200000 : 0);
    fprintf(out,
            "\"bytes_peak\": %s, \"collector_ns\": %.0f, \"pause_ns_max\": %.0f, "
            "\"request_ns_max\": %.0f, \"drop_ns_max\": %.0f, ",
            self->counted ? "51000000" : "null", steady / 10, leaks ? 0 : steady / 70, steady / 50,
            leaks ? steady / 500 : 0);
    fprintf(
        out,
        "\"rss_peak_bytes\": %.0f, \"page_faults\": 1234, \"checksum\": \"%016llx\", \"digest\": ",
        2e7 + (leaks ? 4.32e7 : 0) + 1e6 * noise(),
        (unsigned long long)(plays(self, "liar") ? work + 1 : work));
    if (self->counted)
        fprintf(out, "\"%016llx\"}", (unsigned long long)(work * 3));
    else
        fprintf(out, "null}");
}

static void print_sample(FILE *out, const fake *self)
{
    fprintf(out, "{\"schema\": \"reclaim.sample/1\", \"flavour\": \"%s\", ",
            self->counted ? "counted" : "timed");
    print_cell(out, self);
    fprintf(out, ", \"status\": \"%s\", \"reason\": \"%s\"", self->status, self->reason);
    print_measured(out, self);
    print_counters(out, self);
    fprintf(out, "}\n");
}

/* Requests of 10 us and one collection of 50 us in every hundredth. */
static void print_latency(FILE *out, const fake *self)
{
    enum { REQUESTS = 400, REQUEST_NS = 10000, PAUSE_NS = 50000, PAUSE_EVERY = 100 };
    const char *separator = "";
    uint64_t at_ns = 0;

    fprintf(out, "{\"schema\": \"reclaim.latency/1\", \"flavour\": \"timed\", ");
    print_cell(out, self);
    fprintf(out, ", \"status\": \"%s\", \"reason\": \"%s\", \"checksum\": \"%016llx\"",
            self->status, self->reason,
            (unsigned long long)(hash_text(self->spec, self->seed) + plays(self, "forgetful")));
    fprintf(out, ", \"runs\": [{\"requests_ns\": [");
    for (int i = 0; i < REQUESTS; i++)
        fprintf(out, "%s%d", i ? "," : "",
                i % PAUSE_EVERY == 0 ? REQUEST_NS + PAUSE_NS : REQUEST_NS);
    fprintf(out, "], \"gaps_ns\": [0");
    for (int i = 1; i < REQUESTS; i++)
        fprintf(out, ",0");
    fprintf(out, "], \"events\": [");
    for (int i = 0; i < REQUESTS; i++) {
        if (i % PAUSE_EVERY == 0) {
            fprintf(out, "%s[%llu,%d,\"collection\",0,100,50]", separator,
                    (unsigned long long)at_ns, PAUSE_NS);
            separator = ",";
            at_ns += PAUSE_NS;
        }
        at_ns += REQUEST_NS;
    }
    fprintf(out,
            "], \"work_ns\": %llu, \"teardown_ns\": 1000, \"last_collect_ns\": 1000, "
            "\"dropped\": 0}]}\n",
            (unsigned long long)at_ns);
}

/* Five looks at a program that allocates 1000 bytes for each of its requests and drops them at once.
 * `explicit` holds nothing, `leaky` all of it, and the others what two requests have allocated. */
static void print_memory(FILE *out, const fake *self)
{
    enum { LOOKS = 5, BYTES = 1000, RESIDENT = 4000000 };
    static const char *const names[] = {"request", "bytes_allocated", "live_bytes", "held_bytes",
                                        "resident_bytes"};

    fprintf(out, "{\"schema\": \"reclaim.memory/1\", \"flavour\": \"%s\", ",
            self->counted ? "counted" : "timed");
    print_cell(out, self);
    fprintf(out,
            ", \"status\": \"ok\", \"reason\": \"\", \"checksum\": \"%016llx\", "
            "\"requests\": 3, \"points\": {",
            (unsigned long long)hash_text(self->spec, self->seed));
    for (int c = 0; c < 5; c++) {
        fprintf(out, "%s\"%s\": [", c > 0 ? ", " : "", names[c]);
        for (int i = 0; i < LOOKS; i++) {
            int live = plays(self, "explicit") ? 0 : plays(self, "leaky") ? i * BYTES : 2 * BYTES;
            int values[] = {i, i * BYTES, live, 2 * live, RESIDENT + 2 * live};
            bool known = c == 0 || self->counted == (c < 3);
            fprintf(out, known ? "%s%d" : "%snull", i > 0 ? ", " : "", values[c]);
        }
        fprintf(out, "]");
    }
    fprintf(out, "}, \"after\": {\"teardown\": {\"resident_bytes\": 4000003}, \"last_collect\": "
                 "{\"resident_bytes\": 4000002}, \"release\": {\"resident_bytes\": 4000001}}}\n");
}

/* One price; `dear` asks less than nothing for it. */
static void print_prices(FILE *out, const fake *self)
{
    fprintf(out, "{\"schema\": \"reclaim.prices/1\", ");
    print_cell(out, self);
    fprintf(out,
            ", \"status\": \"ok\", \"reason\": \"\", \"prices\": [{\"name\": \"object made\", "
            "\"part\": \"objects\", \"unit\": \"object\", \"counters\": [\"objects_allocated\"], "
            "\"size\": [], \"points\": [[0, %d]]}]}\n",
            plays(self, "dear") ? -1 : 1);
}

static int write_sample(const fake *self)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *path = self->latency != NULL  ? self->latency
                       : self->memory != NULL ? self->memory
                       : self->prices != NULL ? self->prices
                                              : self->file;
    bool written;

    if (self->latency != NULL)
        print_latency(out, self);
    else if (self->memory != NULL)
        print_memory(out, self);
    else if (self->prices != NULL)
        print_prices(out, self);
    else
        print_sample(out, self);
    fclose(out);
    if (plays(self, "malformed") || (plays(self, "half") && path != self->file))
        size /= 2;
    written = file_write_whole(path, text, size);
    free(text);
    if (!written)
        fprintf(stderr, "%s: cannot write %s\n", self->path, path);
    return written ? self->exit_code : 1;
}

/* -- the acts -- */

static void act_leaky(fake *self)
{
    self->status = "leaked";
}

static void act_idle(fake *self)
{
    self->status = "uncollected";
}

static void act_void(fake *self)
{
    self->status = "void";
    self->reason = "live objects: expected 12, found 13";
    self->exit_code = 3;
}

static void act_crash(fake *self)
{
    (void)self;
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

static void act_hang(fake *self)
{
    (void)self;
    for (;;)
        pause();
}

/* Takes memory until there is no more. */
static void act_greedy(fake *self)
{
    enum { CHUNK = 8 << 20, CHUNKS_MAX = 4096 };
    for (int i = 0; i < CHUNKS_MAX; i++) {
        void *volatile chunk = malloc(CHUNK);
        if (chunk == NULL) {
            self->status = "oom";
            self->reason = "no memory for an object of 48 bytes";
            self->exit_code = 4;
            return;
        }
    }
}

static void act_exit1(fake *self)
{
    fprintf(stderr, "%s: the weather is bad\n", self->path);
    exit(1);
}

static void act_exit2(fake *self)
{
    fprintf(stderr, "%s: changed its mind\n", self->path);
    exit(2);
}

/* In a heap that is too small, or that is not filled as it should be. */
static void act_limited(fake *self)
{
    double limit = settings_get(&self->options, "heap_bytes_max");

    if (limit == 0 ||
        (limit >= heap_bytes_min(self) && settings_get(&self->options, "collect") == 1))
        return;
    self->status = "oom";
    self->reason = "out of memory: an allocation of the workload failed";
    self->exit_code = 4;
}

/* Runs out of memory before it can write a sample. */
static void act_exit4(fake *self)
{
    fprintf(stderr, "%s: out of memory before the first run\n", self->path);
    exit(4);
}

static const struct {
    const char *name;
    void (*play)(fake *self);
} acts[] = {{"leaky", act_leaky},  {"refcount", act_leaky}, {"none", act_leaky},
            {"idle", act_idle},    {"void", act_void},      {"crash", act_crash},
            {"hang", act_hang},    {"greedy", act_greedy},  {"exit1", act_exit1},
            {"exit2", act_exit2},  {"exit4", act_exit4},    {"tight", act_limited},
            {"ample", act_limited}};

static int take_sample(fake *self)
{
    usleep((useconds_t)(settings_get(&self->options, "sleep") * 1000));
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        if (plays(self, acts[i].name))
            acts[i].play(self);
    }
    return write_sample(self);
}

/* -- arguments -- */

static int refuse(const char *message)
{
    fprintf(stderr, "%s\n", message);
    return 2;
}

static bool choose_workload(fake *self, const char *spec, char message[SETTINGS_MESSAGE_MAX])
{
    size_t length = strcspn(spec, ":");
    char owner[128];

    for (size_t i = 0; i < WORKLOADS; i++) {
        if (strlen(workloads[i].name) == length && strncmp(workloads[i].name, spec, length) == 0)
            self->workload = &workloads[i];
    }
    if (self->workload == NULL) {
        snprintf(message, SETTINGS_MESSAGE_MAX, "no workload '%s'", spec);
        return false;
    }
    snprintf(owner, sizeof owner, "workload %s", self->workload->name);
    settings_init(&self->parameters, self->workload->table, self->workload->count);
    return settings_assign_list(&self->parameters, owner, spec + length + (spec[length] == ':'),
                                message) &&
           settings_canonical(&self->parameters, self->workload->name, self->spec,
                              sizeof self->spec);
}

static bool take_argument(fake *self, const char *name, const char *value,
                          char message[SETTINGS_MESSAGE_MAX])
{
    if (strcmp(name, "--workload") == 0)
        return choose_workload(self, value, message);
    if (strcmp(name, "--option") == 0)
        return settings_assign(&self->options, self->strategy, value, message);
    if (strcmp(name, "--seed") == 0)
        self->seed = strtoull(value, NULL, 10);
    if (strcmp(name, "--json") == 0)
        self->file = value;
    if (strcmp(name, "--latency") == 0)
        self->latency = value;
    if (strcmp(name, "--memory") == 0)
        self->memory = value;
    if (strcmp(name, "--prices") == 0)
        self->prices = value;
    return true;
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
    fake self = {.path = argv[0],
                 .strategy = strchr(name, '_') + 1,
                 .counted = name[0] == 'c',
                 .status = "ok",
                 .reason = ""};
    char message[SETTINGS_MESSAGE_MAX];

    settings_init(&self.options, option_table, OPTIONS);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--describe") == 0)
            return describe(&self);
        if (strcmp(argv[i], "--check") == 0)
            self.check = true;
        else if (i + 1 < argc && !take_argument(&self, argv[i], argv[i + 1], message))
            return refuse(message);
        else
            i++;
    }
    if (self.workload == NULL ||
        !settings_canonical(&self.options, self.strategy, self.label, sizeof self.label))
        return refuse("a workload is needed");
    return self.check ? check(&self) : take_sample(&self);
}
