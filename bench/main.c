/* bench_<strategy>, count_<strategy>, bench_hand_<name>: describes itself, checks a cell, or runs
 * samples. The contract is docs/contract.md. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/files.h"
#include "bench/inspect.h"
#include "bench/latency.h"
#include "bench/memory.h"
#include "bench/prices.h"
#include "bench/sample.h"
#include "bench/sample_json.h"
#include "bench/schedule.h"
#include "support/nearest.h"

enum { EXIT_ENVIRONMENT = 1, EXIT_BAD_INPUT = 2, EXIT_VOID = 3, EXIT_OOM = 4, EXIT_LEAK_FOUND = 6 };
enum { SAMPLES_MAX = 64, WORKLOADS_MAX = 64, COUNTED_RUNS = 1, TIMED_RUNS_MIN = 3 };

typedef struct command {
    const char *program;
    const char *json, *latency, *memory, *prices; /* files, or NULL */
    const char *record, *schedule;                /* likewise */
    bool describe, check;
    inspection inspected;
    settings options;
    uint64_t seed;
    int runs;
    sample samples[SAMPLES_MAX];
    size_t sample_count;
    char *benchmark_arguments[64];
    int benchmark_argument_count;
} command;

static const char usage[] =
    "usage: %s [--workload SPEC]... [--option NAME=VALUE]... [--seed N] [--runs K]\n"
    "          [--json FILE] [--latency FILE] [--memory FILE] [--check] [--describe] "
    "[--benchmark_...]\n"
    "       %s --workload SPEC (--inspect POINT | --leaks | --shape) [--format FORMAT]...\n"
    "\n"
    "Runs workloads on the strategy `%s`; without --workload, its suite at the default scale.\n"
    "One run is a whole workload on a fresh heap; the first is cold, the later ones steady.\n"
    "\n"
    "  --workload SPEC   name or name:param=value,...; may be repeated\n"
    "  --option N=V      sets an option of the strategy\n"
    "  --seed N          of the workload's random numbers (default 1)\n"
    "  --runs K          whole runs in this process (default %d, at least %d)\n"
    "  --schedule FILE   the schedule to follow, for a strategy that follows one\n"
    "  --record FILE     writes the schedule to FILE (a counted program)\n"
    "  --prices FILE     writes what single operations cost to FILE, and runs no workload\n"
    "  --json FILE       writes the one sample to FILE and prints nothing\n"
    "  --latency FILE    writes every request and pause of the steady runs to FILE (a timed "
    "program)\n"
    "  --memory FILE     writes what one run holds at its requests to FILE, outside of any timing\n"
    "  --check           validates, predicts memory, prints JSON, runs nothing\n"
    "  --describe        what this program is and takes, as JSON\n"
    "\n"
    "Counted programs look into the heap of one run:\n"
    "  --inspect POINT   begin, request:N, end or after; with --compare-with POINT, --type NAME,\n"
    "                    --object SERIAL\n"
    "  --leaks           the leak finder; with --requests N\n"
    "  --shape           sizes, lifetimes, references, stores: what the workload is like\n"
    "  --format FORMAT   text, json, dot or heapsnapshot\n"
    "  --top N           rows of a table, objects of a picture\n"
    "  --output FILE     writes to FILE instead of standard output\n"
    "\n"
    "Google Benchmark's --benchmark_filter, _repetitions, _out, _out_format, _format, "
    "_list_tests,\n"
    "_color, _counters_tabular, _time_unit, _context and _report_aggregates_only work as usual.\n"
    "\n"
    "Exit: 0 done, 1 FILE cannot be written, 2 bad input, 3 void result, 4 out of memory, 6 "
    "--leaks\n"
    "found one.\n";

static int runs_min(void)
{
    return MM_COUNTED ? COUNTED_RUNS : TIMED_RUNS_MIN;
}

static int bad_input(const command *c, const char *message)
{
    fprintf(stderr, "%s: %s\n", c->program, message);
    return EXIT_BAD_INPUT;
}

static const workload *find_workload(const char *name, char message[SETTINGS_MESSAGE_MAX])
{
    const char *names[WORKLOADS_MAX], *close;
    int used;

    for (size_t i = 0; i < workload_count; i++) {
        if (strcmp(workload_table[i]->name, name) == 0)
            return workload_table[i];
        names[i] = workload_table[i]->name;
    }
    close = nearest_name(name, names, workload_count);
    used = snprintf(message, SETTINGS_MESSAGE_MAX,
                    "there is no workload '%.64s'%s%s%s. There are:", name,
                    close ? "; did you mean '" : "", close ? close : "", close ? "'?" : "");
    for (size_t i = 0; i < workload_count && used < SETTINGS_MESSAGE_MAX; i++)
        used += snprintf(message + used, SETTINGS_MESSAGE_MAX - (size_t)used, "%s %s", i ? "," : "",
                         names[i]);
    return NULL;
}

/* Adds the sample that `spec` names; its options, seed and runs are set when all arguments have
 * been read. */
static bool add_sample(command *c, const char *spec, char message[SETTINGS_MESSAGE_MAX])
{
    sample *s = c->samples + c->sample_count;
    char name[64], owner[80];
    size_t length = strcspn(spec, ":");

    if (c->sample_count == SAMPLES_MAX) {
        snprintf(message, SETTINGS_MESSAGE_MAX, "more than %d workloads", SAMPLES_MAX);
        return false;
    }
    snprintf(name, sizeof name, "%.*s", (int)(length < 63 ? length : 63), spec);
    s->workload = find_workload(name, message);
    if (s->workload == NULL)
        return false;
    snprintf(owner, sizeof owner, "workload %s", name);
    settings_init(&s->parameters, s->workload->parameters, s->workload->parameter_count);
    if (spec[length] == ':' &&
        !settings_assign_list(&s->parameters, owner, spec + length + 1, message))
        return false;
    c->sample_count++;
    return settings_canonical(&s->parameters, s->workload->name, s->spec, sizeof s->spec);
}

static bool parse_whole(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-' && *out >= minimum &&
           *out <= maximum;
}

static bool parse_number(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                         uint64_t *out, char message[SETTINGS_MESSAGE_MAX])
{
    if (parse_whole(text, minimum, maximum, out))
        return true;
    snprintf(message, SETTINGS_MESSAGE_MAX,
             "%s %.64s is not accepted: it takes a whole number from %" PRIu64 " to %" PRIu64,
             option, text, minimum, maximum);
    return false;
}

/* A flag of Google Benchmark's: passed on when it means something here. */
static bool take_benchmark_flag(command *c, char *flag, char message[SETTINGS_MESSAGE_MAX])
{
    static const struct {
        const char *prefix, *reason;
    } meaningless[] = {
        {"--benchmark_min_time", "one iteration is one whole run on a fresh heap, so time cannot "
                                 "decide how many there are; use --runs"},
        {"--benchmark_min_warmup_time", "the first run is the cold one and is reported as such"},
        {"--benchmark_enable_random_interleaving", "a process is one sample; `reclaim run` "
                                                   "interleaves processes"},
        {"--benchmark_perf_counters", "runs are whole processes' work; use perf itself"},
    };
    static const char repetitions[] = "--benchmark_repetitions=";

    for (size_t i = 0; i < sizeof meaningless / sizeof *meaningless; i++) {
        if (strncmp(flag, meaningless[i].prefix, strlen(meaningless[i].prefix)) == 0) {
            snprintf(message, SETTINGS_MESSAGE_MAX, "%s would mean nothing: %s",
                     meaningless[i].prefix, meaningless[i].reason);
            return false;
        }
    }
    if (strncmp(flag, repetitions, sizeof repetitions - 1) == 0) {
        uint64_t runs;
        if (!parse_number("--benchmark_repetitions", flag + sizeof repetitions - 1,
                          (uint64_t)runs_min(), SAMPLE_RUNS_MAX, &runs, message))
            return false;
        c->runs = (int)runs;
        return true;
    }
    if (c->benchmark_argument_count == 62) {
        snprintf(message, SETTINGS_MESSAGE_MAX, "too many --benchmark_ flags");
        return false;
    }
    c->benchmark_arguments[c->benchmark_argument_count++] = flag;
    return true;
}

enum {
    OPTION_WORKLOAD = 256,
    OPTION_OPTION,
    OPTION_SEED,
    OPTION_RUNS,
    OPTION_JSON,
    OPTION_LATENCY,
    OPTION_MEMORY,
    OPTION_HELP,
    OPTION_INSPECT,
    OPTION_LEAKS,
    OPTION_COMPARE_WITH,
    OPTION_SHAPE,
    OPTION_FORMAT,
    OPTION_TYPE,
    OPTION_OBJECT,
    OPTION_TOP,
    OPTION_REQUESTS,
    OPTION_OUTPUT,
    OPTION_RECORD,
    OPTION_SCHEDULE,
    OPTION_PRICES
};

/* One option of looking into the heap. */
static bool take_inspection(inspection *asked, int option, char message[SETTINGS_MESSAGE_MAX])
{
    switch (option) {
    case OPTION_INSPECT:
        asked->at = optarg;
        return true;
    case OPTION_LEAKS:
        asked->leaks = true;
        return true;
    case OPTION_SHAPE:
        asked->shape = true;
        return true;
    case OPTION_COMPARE_WITH:
        asked->compare_with = optarg;
        return true;
    case OPTION_FORMAT:
        asked->format = optarg;
        return true;
    case OPTION_TYPE:
        asked->type = optarg;
        return true;
    case OPTION_OBJECT:
        return parse_number("--object", optarg, 1, INT64_MAX, &asked->object, message);
    case OPTION_TOP:
        return parse_number("--top", optarg, 1, 1000000000, &asked->top, message);
    case OPTION_REQUESTS:
        return parse_number("--requests", optarg, 1, INT64_MAX, &asked->requests, message);
    case OPTION_OUTPUT:
    default:
        asked->output = optarg;
        return true;
    }
}

/* One option of ours. False with a message on bad input. */
static bool take_option(command *c, int option, char message[SETTINGS_MESSAGE_MAX])
{
    char owner[80];
    uint64_t number;

    switch (option) {
    case OPTION_WORKLOAD:
        return add_sample(c, optarg, message);
    case OPTION_OPTION:
        if (sample_absence() != NULL) { /* nobody knows its options */
            snprintf(message, SETTINGS_MESSAGE_MAX, "%s", sample_absence());
            return false;
        }
        snprintf(owner, sizeof owner, "strategy %s", sample_strategy());
        return settings_assign(&c->options, owner, optarg, message);
    case OPTION_SEED:
        return parse_number("--seed", optarg, 0, INT64_MAX, &c->seed, message);
    case OPTION_RUNS:
        if (!parse_number("--runs", optarg, (uint64_t)runs_min(), SAMPLE_RUNS_MAX, &number,
                          message))
            return false;
        c->runs = (int)number;
        return true;
    case OPTION_JSON:
        c->json = optarg;
        return true;
    case OPTION_LATENCY:
        c->latency = optarg;
        return true;
    case OPTION_MEMORY:
        c->memory = optarg;
        return true;
    case OPTION_RECORD:
        c->record = optarg;
        return true;
    case OPTION_SCHEDULE:
        c->schedule = optarg;
        return true;
    case OPTION_PRICES:
        c->prices = optarg;
        return true;
    default:
        return take_inspection(&c->inspected, option, message);
    }
}

/* Takes Google Benchmark's flags out of the arguments, so that getopt sees only ours. */
static bool split_arguments(command *c, int *argc, char **argv, char message[SETTINGS_MESSAGE_MAX])
{
    int kept = 1;

    c->benchmark_arguments[c->benchmark_argument_count++] = argv[0];
    for (int i = 1; i < *argc; i++) {
        if (strncmp(argv[i], "--benchmark_", 12) != 0)
            argv[kept++] = argv[i];
        else if (!take_benchmark_flag(c, argv[i], message))
            return false;
    }
    argv[kept] = NULL;
    *argc = kept;
    return true;
}

/* Whether what is asked about the heap can be asked, and of one run only. */
static int check_inspection(const command *c)
{
    static const inspection nothing;
    char message[INSPECT_MESSAGE_MAX];

    if (!inspection_asked(&c->inspected)) {
        if (memcmp(&c->inspected, &nothing, sizeof nothing) != 0)
            return bad_input(c, "--compare-with, --format, --type, --object, --top, --requests and "
                                "--output go with --inspect, --leaks or --shape");
        return EXIT_SUCCESS;
    }
    if (!inspection_check(&c->inspected, message))
        return bad_input(c, message);
    if (c->json != NULL || c->latency != NULL || c->check || c->sample_count != 1)
        return bad_input(c,
                         "--inspect, --leaks and --shape take exactly one --workload, and none of "
                         "--json, --latency and --check");
    return EXIT_SUCCESS;
}

/* Whether this program records or follows a schedule, of one workload. */
static bool check_schedule(const command *c)
{
    if (c->record == NULL && c->schedule == NULL)
        return true;
    if (!MM_SCHEDULED)
        bad_input(c,
                  "--schedule and --record mean nothing here: this strategy follows no schedule");
    else if (c->record != NULL && !MM_COUNTED)
        bad_input(c, "--record is for the counted program, count_" MM_STRATEGY_NAME
                     "; this one takes what it has written with --schedule");
    else if (c->record != NULL && c->schedule != NULL)
        bad_input(c, "--record and --schedule: choose one of them");
    else if (c->sample_count != 1)
        bad_input(c, "--schedule and --record take exactly one --workload");
    else
        return true;
    return false;
}

/* Whether what is to be recorded can be, of one workload. */
static bool check_recordings(const command *c)
{
    bool asked =
        c->json != NULL || c->latency != NULL || c->memory != NULL || c->check || c->prices != NULL;

    if (asked && c->sample_count != 1)
        bad_input(c,
                  "--json, --latency, --memory, --prices and --check take exactly one --workload");
    else if (c->latency != NULL && MM_COUNTED)
        bad_input(c, "--latency is for the timed program: this one counts, and its times mean "
                     "nothing");
    else if (c->memory != NULL &&
             (c->json != NULL || c->latency != NULL || c->check || inspection_asked(&c->inspected)))
        bad_input(c, "--memory makes a run of its own: it goes with none of --json, --latency, "
                     "--check, --inspect, --leaks and --shape");
    else if (c->prices != NULL &&
             (c->json != NULL || c->latency != NULL || c->memory != NULL || c->check))
        bad_input(c, "--prices runs no workload: it goes with none of --json, --latency, --memory "
                     "and --check");
    else if (c->prices != NULL && prices_absence() != NULL)
        bad_input(c, prices_absence());
    else if (c->memory != NULL && sample_is_hand_written())
        bad_input(c, "--memory means nothing here: a program written by hand has no heap to look "
                     "at");
    else
        return true;
    return false;
}

static int parse_arguments(command *c, int argc, char **argv)
{
    static int describe, check;
    static const struct option options[] = {
        {"workload", required_argument, NULL, OPTION_WORKLOAD},
        {"option", required_argument, NULL, OPTION_OPTION},
        {"seed", required_argument, NULL, OPTION_SEED},
        {"runs", required_argument, NULL, OPTION_RUNS},
        {"json", required_argument, NULL, OPTION_JSON},
        {"latency", required_argument, NULL, OPTION_LATENCY},
        {"memory", required_argument, NULL, OPTION_MEMORY},
        {"record", required_argument, NULL, OPTION_RECORD},
        {"schedule", required_argument, NULL, OPTION_SCHEDULE},
        {"prices", required_argument, NULL, OPTION_PRICES},
        {"check", no_argument, &check, 1},
        {"describe", no_argument, &describe, 1},
        {"help", no_argument, NULL, OPTION_HELP},
        {"inspect", required_argument, NULL, OPTION_INSPECT},
        {"shape", no_argument, NULL, OPTION_SHAPE},
        {"leaks", no_argument, NULL, OPTION_LEAKS},
        {"compare-with", required_argument, NULL, OPTION_COMPARE_WITH},
        {"format", required_argument, NULL, OPTION_FORMAT},
        {"type", required_argument, NULL, OPTION_TYPE},
        {"object", required_argument, NULL, OPTION_OBJECT},
        {"top", required_argument, NULL, OPTION_TOP},
        {"requests", required_argument, NULL, OPTION_REQUESTS},
        {"output", required_argument, NULL, OPTION_OUTPUT},
        {NULL, 0, NULL, 0},
    };
    char message[SETTINGS_MESSAGE_MAX];
    int option;

    if (!split_arguments(c, &argc, argv, message))
        return bad_input(c, message);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return EXIT_BAD_INPUT;
        if (option == 0)
            continue; /* a flag, which getopt has set */
        if (option == OPTION_HELP) {
            printf(usage, c->program, c->program, sample_strategy(), c->runs, runs_min());
            exit(EXIT_SUCCESS);
        }
        if (!take_option(c, option, message))
            return bad_input(c, message);
    }
    c->describe = describe;
    c->check = check;
    if (optind < argc) {
        snprintf(message, sizeof message,
                 "'%.64s' is not an option; workloads are named by --workload", argv[optind]);
        return bad_input(c, message);
    }
    return check_recordings(c) && check_schedule(c) ? check_inspection(c) : EXIT_BAD_INPUT;
}

static void add_suite_spec(void *context, const char *spec)
{
    char message[SETTINGS_MESSAGE_MAX];

    if (!add_sample(context, spec, message))
        fprintf(stderr, "suite: %s\n",
                message); /* a test runs every suite, so this is seen there */
}

/* What was read from the command line goes into every sample. False when there is no memory. */
static bool complete_samples(command *c)
{
    for (size_t i = 0; c->sample_count == 0 && i < workload_count; i++)
        suite_each(workload_table[i], WORKLOAD_DEFAULT, add_suite_spec, c);
    for (size_t i = 0; i < c->sample_count; i++) {
        sample *s = c->samples + i;
        s->options = c->options;
        s->seed = c->seed;
        s->runs = c->runs;
        s->schedule_file = c->schedule;
        s->records = calloc((size_t)c->runs, sizeof *s->records);
        if (c->latency != NULL)
            s->latency = latency_new(c->runs);
        if (s->records == NULL || (c->latency != NULL && s->latency == NULL))
            return false;
        if (!settings_canonical(&s->options, sample_strategy(), s->label, sizeof s->label))
            return false;
    }
    return true;
}

static int exit_code_of(sample_status status)
{
    switch (status) {
    case SAMPLE_BAD_INPUT:
        return EXIT_BAD_INPUT;
    case SAMPLE_VOID:
        return EXIT_VOID;
    case SAMPLE_OOM:
        return EXIT_OOM;
    default:
        return EXIT_SUCCESS;
    }
}

/* Whether what the samples show goes into files only. */
static bool is_silent(const command *c)
{
    return c->json != NULL || c->latency != NULL;
}

/* Writes the files that were asked for. */
static bool write_files(const command *c)
{
    const sample *s = c->samples;
    const char *failed = NULL;

    if (s->status == SAMPLE_BAD_INPUT)
        return true;
    if (c->json != NULL && !write_sample(s, c->json))
        failed = c->json;
    else if (c->latency != NULL && !latency_write(s, c->latency))
        failed = c->latency;
    if (failed != NULL)
        fprintf(stderr, "%s: cannot write %s: %s\n", c->program, failed, strerror(errno));
    return failed == NULL;
}

/* Says how the samples came out; the worst decides the exit code. */
static int conclude(const command *c)
{
    sample_status worst = SAMPLE_OK;

    for (size_t i = 0; i < c->sample_count; i++) {
        const sample *s = c->samples + i;
        if (s->status > worst)
            worst = s->status;
        if (s->status != SAMPLE_OK && (!is_silent(c) || s->status >= SAMPLE_OOM))
            fprintf(stderr, "%s: %s: %s\n", c->program, s->spec, s->reason);
    }
    return exit_code_of(worst);
}

static int run_samples(command *c)
{
    int count = c->benchmark_argument_count;

    if (!shim_initialize(&count, c->benchmark_arguments)) {
        char message[SETTINGS_MESSAGE_MAX];
        snprintf(message, sizeof message, "Google Benchmark knows no flag '%.128s'",
                 c->benchmark_arguments[1]);
        return bad_input(c, message);
    }
    for (size_t i = 0; i < c->sample_count; i++)
        sample_register(c->samples + i);
    shim_run_all(is_silent(c));
    return write_files(c) ? conclude(c) : EXIT_ENVIRONMENT;
}

static int check_sample(const command *c)
{
    char message[WORKLOAD_MESSAGE_MAX];
    const char *skip;
    uint64_t bytes_peak;

    if (!sample_forecast(c->samples, &bytes_peak, &skip, message))
        return bad_input(c, message);
    return print_check(c->samples, bytes_peak, skip) ? EXIT_SUCCESS : EXIT_ENVIRONMENT;
}

static int inspect_sample(command *c)
{
    static const int codes[] = {
        [INSPECT_DONE] = EXIT_SUCCESS,
        [INSPECT_LEAK_FOUND] = EXIT_LEAK_FOUND,
        [INSPECT_ENVIRONMENT] = EXIT_ENVIRONMENT,
        [INSPECT_BAD_INPUT] = EXIT_BAD_INPUT,
        [INSPECT_VOID] = EXIT_VOID,
        [INSPECT_OOM] = EXIT_OOM,
    };
    char message[INSPECT_MESSAGE_MAX];
    sample_status prepared = schedule_prepare(c->samples, message);
    inspect_status status;

    if (prepared != SAMPLE_OK) {
        fprintf(stderr, "%s: %s\n", c->program, message);
        return exit_code_of(prepared);
    }
    status = inspection_run(&c->inspected, c->samples, message);

    if (status != INSPECT_DONE && status != INSPECT_LEAK_FOUND)
        fprintf(stderr, "%s: %s\n", c->program, message);
    return codes[status];
}

static int record_memory(command *c)
{
    char message[WORKLOAD_MESSAGE_MAX];
    bool written;
    sample_status status = memory_record(c->samples, c->memory, &written, message);

    if (status != SAMPLE_OK)
        fprintf(stderr, "%s: %s: %s\n", c->program, c->samples->spec, message);
    if (!written)
        fprintf(stderr, "%s: cannot write %s: %s\n", c->program, c->memory, strerror(errno));
    return written ? exit_code_of(status) : EXIT_ENVIRONMENT;
}

/* The schedule of the one sample into its file; a run may follow. */
static int record_schedule(command *c)
{
    char message[WORKLOAD_MESSAGE_MAX];
    sample_status status = schedule_prepare(c->samples, message);

    if (status == SAMPLE_OK && schedule_write(c->samples, c->record, message))
        return EXIT_SUCCESS;
    fprintf(stderr, "%s: %s\n", c->program, message);
    return status == SAMPLE_OK ? EXIT_ENVIRONMENT : exit_code_of(status);
}

static int take_prices(command *c)
{
    char message[WORKLOAD_MESSAGE_MAX];
    price_list measured;

    if (!prices_measure(c->samples, &measured, message)) {
        fprintf(stderr, "%s: %s\n", c->program, message);
        return EXIT_OOM;
    }
    if (!write_prices(c->samples, &measured, c->prices)) {
        fprintf(stderr, "%s: cannot write %s: %s\n", c->program, c->prices, strerror(errno));
        return EXIT_ENVIRONMENT;
    }
    return EXIT_SUCCESS;
}

static int run_command(command *c, int argc, char **argv)
{
    int status = parse_arguments(c, argc, argv);

    if (status != EXIT_SUCCESS)
        return status;
    if (c->describe)
        return print_description() ? EXIT_SUCCESS : EXIT_ENVIRONMENT;
    if (sample_absence() != NULL && !c->check)
        return bad_input(c, sample_absence());
    if (!complete_samples(c)) {
        fprintf(stderr, "%s: out of memory\n", c->program);
        return EXIT_OOM;
    }
    if (c->record != NULL) {
        status = record_schedule(c);
        if (status != EXIT_SUCCESS || c->json == NULL)
            return status;
    }
    if (c->prices != NULL)
        return take_prices(c);
    if (inspection_asked(&c->inspected))
        return inspect_sample(c);
    if (c->memory != NULL)
        return record_memory(c);
    return c->check ? check_sample(c) : run_samples(c);
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    command *c = calloc(1, sizeof *c);
    int status;

    if (c == NULL)
        return EXIT_OOM;
    c->program = slash != NULL ? slash + 1 : argv[0];
    c->seed = 1;
    c->runs = runs_min();
    sample_options_init(&c->options);
    status = run_command(c, argc, argv);
    for (size_t i = 0; i < c->sample_count; i++) {
        free(c->samples[i].records);
        latency_free(c->samples[i].latency);
        schedule_free(c->samples + i);
    }
    free(c);
    return status;
}
