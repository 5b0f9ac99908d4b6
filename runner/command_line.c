#include "command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocators.h"
#include "curve.h"
#include "json.h"
#include "specs.h"
#include "text.h"

/* -- the tables -- */

static const setting numbers[] = {
    {.name = "scale",
     .unit = "",
     .help = "the suite to run without --workload: test, quick, default or full",
     .fallback = 2,
     .words_only = true,
     .words = {{"test", 0}, {"quick", 1}, {"default", 2}, {"full", 3}}},
    {.name = "repetitions",
     .unit = "",
     .help = "timed samples of each cell; 1, 6, 11 or 21 by scale",
     .minimum = 1,
     .maximum = 500,
     .integer = true},
    {.name = "latency",
     .unit = "",
     .help = "samples of each cell that record every request and pause; 0, 1, 3 or 5 by scale",
     .fallback = -1,
     .maximum = 500,
     .integer = true},
    {.name = "prices",
     .unit = "",
     .help = "samples of each cell that measure what single operations cost; 0, 1, 3 or 5 by scale",
     .fallback = -1,
     .maximum = 500,
     .integer = true},
    {.name = "memory-samples",
     .unit = "",
     .help = "runs of each cell that look at what it holds over time; 0 at the scale test, else 1",
     .fallback = -1,
     .maximum = 1,
     .integer = true},
    {.name = "seed",
     .unit = "",
     .help = "of the workloads and of the order of the samples; 1",
     .fallback = 1,
     .maximum = 1e15,
     .integer = true},
    {.name = "runs",
     .unit = "",
     .help = "whole runs of one process, of which the first is cold; 3, or 7 at the scale quick",
     .minimum = 3,
     .maximum = 1000,
     .integer = true},
    {.name = "layouts",
     .unit = "",
     .help = "how many layouts of a program take turns, or off for the linker's own; all there are",
     .fallback = 1000,
     .minimum = 1,
     .maximum = 1000,
     .integer = true,
     .words = {{"off", 0}}},
    {.name = "layout-period",
     .unit = "repetitions",
     .help = "after which the layouts are dealt anew: set by self-test",
     .maximum = 500,
     .integer = true},
    {.name = "memory-limit",
     .unit = "bytes",
     .help = "of one process, such as 8GiB, or off; half of the machine's",
     .fallback = -1,
     .minimum = 1e6,
     .maximum = 1e18,
     .words = {{"off", 0}}},
    {.name = "timeout",
     .unit = "s",
     .help = "of one sample; 300",
     .fallback = 300,
     .minimum = 0.1,
     .maximum = 1e6},
    {.name = "margin",
     .unit = "",
     .help = "the smallest difference that counts, such as 5%; 2%",
     .fallback = 0.02,
     .maximum = 1},
    {.name = "fail-above",
     .unit = "",
     .help = "exit with 5 when anything is slower by more than this, such as 5%",
     .fallback = -1,
     .maximum = 1},
    {.name = "format",
     .unit = "",
     .help = "text or json",
     .words_only = true,
     .words = {{"text", 0}, {"json", 1}}},
};

typedef struct verb_entry {
    const char *name;
    verb verb;
    const char *usage, *help;
} verb_entry;

static const verb_entry verbs[] = {
    {"list", VERB_LIST, "[OPTION]...",
     "strategies and workloads, with their options and parameters"},
    {"run", VERB_RUN, "[OPTION]...",
     "run strategies on workloads, print the table, draw the charts"},
    {"curve", VERB_CURVE, "[OPTION]...",
     "time against heap size: find the smallest heaps, then run at multiples of them"},
    {"report", VERB_REPORT, "[OPTION]... DIR",
     "recompute summary, table and charts from the samples in DIR"},
    {"compare", VERB_COMPARE, "[OPTION]... DIR [DIR]",
     "two runs, or two rows or builds within a run: is the second slower?"},
    {"self-test", VERB_SELF_TEST, "[OPTION]...",
     "does this machine tell equal builds from slower ones? Takes minutes"},
    {"doctor", VERB_DOCTOR, "[OPTION]...",
     "what makes this machine noisy, and what to do about it"},
    {"inspect", VERB_INSPECT, "--strategy LABEL --workload SPEC [OPTION]...",
     "look into the heap of one run, or find its leaks (--leaks)"},
};

typedef struct command_option command_option;
typedef bool option_reader(command_line *parsed, const command_option *option, const char *value,
                           problem *why);

struct command_option {
    const char *name;
    const char *argument; /* NULL: a flag */
    const char *help;     /* NULL: the help of the number of the same name */
    int verbs;
    option_reader *read;
};

static option_reader read_number, read_share, read_labels, read_specs, read_allocators,
    read_programs, read_baseline, read_folder, read_from, read_to, read_force, read_resume,
    read_no_charts, read_peers, read_multiples, read_help, read_point, read_leaks, read_inspection;

static const command_option options[] = {
    {"strategy", "LABEL,...", "strategies to run, as NAME or NAME:OPTION=VALUE,...; all",
     VERB_RUN | VERB_CURVE, read_labels},
    {"strategy", "LABEL", "as NAME or NAME:OPTION=VALUE,...", VERB_INSPECT, read_labels},
    {"workload", "SPEC", "as NAME or NAME:PARAMETER=VALUE,...", VERB_INSPECT, read_specs},
    {"at", "POINT",
     "begin (set-up is over), request:N (the Nth has ended), end (the work is done) or after "
     "(teardown and last collection are over); end",
     VERB_INSPECT, read_point},
    {"compare-with", "POINT", "show the growth since an earlier point too", VERB_INSPECT,
     read_inspection},
    {"type", "NAME", "show the objects of one type", VERB_INSPECT, read_inspection},
    {"object", "SERIAL", "show one object, what refers to it and what keeps it", VERB_INSPECT,
     read_inspection},
    {"leaks", NULL, "find leaks instead, over the whole run; exits with 6 when there is one",
     VERB_INSPECT, read_leaks},
    {"requests", "N", "with --leaks: look at the first N requests only", VERB_INSPECT,
     read_inspection},
    {"format", "FORMAT", "text, json, dot (for graphviz) or heapsnapshot (for Chrome's DevTools)",
     VERB_INSPECT, read_inspection},
    {"top", "N", "rows of a table, objects of a picture", VERB_INSPECT, read_inspection},
    {"output", "FILE", "write to FILE, whole or not at all, instead of standard output",
     VERB_INSPECT, read_inspection},
    {"multiples", "X,...", "of the smallest heap, to run at; 1.25,1.5,2,3,4,6", VERB_CURVE,
     read_multiples},
    {"peers", NULL, "without --strategy: other runtimes too, such as CPython",
     VERB_RUN | VERB_CURVE, read_peers},
    {"workload", "SPEC,...", "workloads to run, as NAME or NAME:PARAMETER=VALUE,...; the suite",
     VERB_RUN | VERB_CURVE, read_specs},
    {"scale", "SCALE", NULL, VERB_RUN | VERB_CURVE, read_number},
    {"repetitions", "N", NULL, VERB_RUN | VERB_CURVE, read_number},
    {"repetitions", "N", "every 20 make 10 comparisons of equal programs; 400", VERB_SELF_TEST,
     read_number},
    {"latency", "N", NULL, VERB_RUN, read_number},
    {"prices", "N", NULL, VERB_RUN, read_number},
    {"memory-samples", "N", NULL, VERB_RUN, read_number},
    {"seed", "N", NULL, VERB_RUN | VERB_CURVE | VERB_INSPECT, read_number},
    {"runs", "K", NULL, VERB_RUN | VERB_CURVE, read_number},
    {"allocator", "NAME,...",
     "run each strategy under each: glibc, mimalloc, jemalloc, a word of the strategies' option "
     "allocator, or NAME=FILE",
     VERB_RUN, read_allocators},
    {"baseline", "LABEL", "the strategy that times are relative to; generational",
     VERB_RUN | VERB_CURVE, read_baseline},
    {"programs", "[NAME=]DIR",
     "the folder of the bench_* and count_*; several with names are compared",
     VERB_RUN | VERB_CURVE | VERB_LIST, read_programs},
    {"programs", "DIR", "the folder of the programs, with planted/ in it", VERB_SELF_TEST,
     read_programs},
    {"programs", "DIR", "the folder of the count_*", VERB_INSPECT, read_programs},
    {"memory-limit", "SIZE", NULL, VERB_RUN | VERB_CURVE, read_number},
    {"layouts", "N", NULL, VERB_RUN | VERB_CURVE, read_number},
    {"timeout", "SECONDS", NULL, VERB_RUN | VERB_CURVE, read_number},
    {"margin", "SHARE", NULL, VERB_RUN | VERB_CURVE | VERB_COMPARE, read_share},
    {"out", "DIR", "a new folder for the results; results/TIME",
     VERB_RUN | VERB_CURVE | VERB_SELF_TEST, read_folder},
    {"resume", NULL, "complete the run in DIR, given here or by --out",
     VERB_RUN | VERB_CURVE | VERB_SELF_TEST, read_resume},
    {"from", "ROW", "the strategy or build that is compared with", VERB_COMPARE, read_from},
    {"to", "ROW", "the strategy or build that is judged", VERB_COMPARE, read_to},
    {"fail-above", "SHARE", NULL, VERB_COMPARE, read_share},
    {"force", NULL, "compare runs of different machines or settings, and say so", VERB_COMPARE,
     read_force},
    {"out", "DIR", "a folder for comparison.json and the chart, comparison.svg; none", VERB_COMPARE,
     read_folder},
    {"no-charts", NULL, "draw no charts", VERB_RUN | VERB_CURVE | VERB_REPORT | VERB_COMPARE,
     read_no_charts},
    {"format", "FORMAT", NULL, VERB_LIST | VERB_COMPARE | VERB_SELF_TEST | VERB_DOCTOR,
     read_number},
    {"help", NULL, "this text",
     VERB_LIST | VERB_RUN | VERB_CURVE | VERB_REPORT | VERB_INSPECT | VERB_COMPARE |
         VERB_SELF_TEST | VERB_DOCTOR,
     read_help},
};

enum {
    VERB_COUNT = sizeof verbs / sizeof *verbs,
    OPTION_COUNT = sizeof options / sizeof *options,
    NUMBER_COUNT = sizeof numbers / sizeof *numbers,
    FIRST_OPTION = 256 /* above every character that getopt_long returns */
};

/* -- the options -- */

static bool read_number(command_line *parsed, const command_option *option, const char *value,
                        problem *why)
{
    char message[SETTINGS_MESSAGE_MAX];
    char *assignment = text_format("%s=%s", option->name, value);
    bool accepted = settings_assign(&parsed->numbers, "command line", assignment, message);

    free(assignment);
    return accepted || problem_input(why, "%s", message);
}

/* "5%" or "0.05". */
static bool read_share(command_line *parsed, const command_option *option, const char *value,
                       problem *why)
{
    size_t length = strlen(value);
    char *end, *share;
    double percent = strtod(value, &end);
    bool accepted;

    if (length < 2 || strcmp(end, "%") != 0)
        return read_number(parsed, option, value, why);
    share = text_format("%.12g", percent / 100);
    accepted = read_number(parsed, option, share, why);
    free(share);
    return accepted;
}

static bool read_labels(command_line *parsed, const command_option *option, const char *value,
                        problem *why)
{
    (void)option;
    return specs_split("--strategy", value, parsed->strategies, why);
}

static bool read_specs(command_line *parsed, const command_option *option, const char *value,
                       problem *why)
{
    (void)option;
    return specs_split("--workload", value, parsed->workloads, why);
}

static bool read_allocators(command_line *parsed, const command_option *option, const char *value,
                            problem *why)
{
    return allocators_split(option->name, value, parsed->allocators, why);
}

static bool read_multiples(command_line *parsed, const command_option *option, const char *value,
                           problem *why)
{
    json_t *multiples = curve_multiples(value, why);

    (void)option;
    if (multiples == NULL)
        return false;
    json_decref(parsed->multiples);
    parsed->multiples = multiples;
    return true;
}

static bool read_programs(command_line *parsed, const command_option *option, const char *value,
                          problem *why)
{
    if (json_array_append_new(parsed->programs, json_string(value)) != 0)
        return problem_input(why, "--%s: '%s' is not UTF-8", option->name, value);
    return true;
}

static bool read_baseline(command_line *parsed, const command_option *option, const char *value,
                          problem *why)
{
    (void)option;
    (void)why;
    parsed->baseline = value;
    return true;
}

static bool read_folder(command_line *parsed, const command_option *option, const char *value,
                        problem *why)
{
    if (parsed->folder != NULL)
        return problem_input(why, "--%s: the folder is given twice, as %s and as %s", option->name,
                             parsed->folder, value);
    parsed->folder = value;
    return true;
}

static bool read_from(command_line *parsed, const command_option *option, const char *value,
                      problem *why)
{
    (void)option;
    (void)why;
    parsed->from = value;
    return true;
}

static bool read_to(command_line *parsed, const command_option *option, const char *value,
                    problem *why)
{
    (void)option;
    (void)why;
    parsed->to = value;
    return true;
}

static bool read_force(command_line *parsed, const command_option *option, const char *value,
                       problem *why)
{
    (void)option;
    (void)value;
    (void)why;
    parsed->force = true;
    return true;
}

static bool read_resume(command_line *parsed, const command_option *option, const char *value,
                        problem *why)
{
    (void)option;
    (void)value;
    (void)why;
    parsed->resume = true;
    return true;
}

static bool read_no_charts(command_line *parsed, const command_option *option, const char *value,
                           problem *why)
{
    (void)option;
    (void)value;
    (void)why;
    parsed->charts = false;
    return true;
}

static bool read_peers(command_line *parsed, const command_option *option, const char *value,
                       problem *why)
{
    (void)option;
    (void)value;
    (void)why;
    parsed->peers = true;
    return true;
}

/* What only the program can judge goes to it as it is. */
static void pass_on(command_line *parsed, const char *option, const char *value)
{
    json_array_append_new(parsed->inspection, json_sprintf("--%s", option));
    if (value != NULL)
        json_array_append_new(parsed->inspection, json_string(value));
}

static bool read_inspection(command_line *parsed, const command_option *option, const char *value,
                            problem *why)
{
    json_t *text = json_string(value);

    if (text == NULL)
        return problem_input(why, "--%s: '%s' is not UTF-8", option->name, value);
    json_decref(text);
    pass_on(parsed, option->name, value);
    return true;
}

static bool read_point(command_line *parsed, const command_option *option, const char *value,
                       problem *why)
{
    (void)option;
    (void)why;
    pass_on(parsed, "inspect", value);
    parsed->has_point = true;
    return true;
}

static bool read_leaks(command_line *parsed, const command_option *option, const char *value,
                       problem *why)
{
    (void)option;
    (void)value;
    (void)why;
    pass_on(parsed, "leaks", NULL);
    parsed->has_point = true;
    return true;
}

static bool read_help(command_line *parsed, const command_option *option, const char *value,
                      problem *why)
{
    (void)option;
    (void)value;
    (void)why;
    parsed->help = true;
    return true;
}

/* Where the results are and how they are shown is no part of the plan. */
static bool is_part_of_plan(const command_option *option)
{
    bool is_shown = option->read == read_folder || strcmp(option->name, "format") == 0;

    return (option->argument != NULL && !is_shown) || option->read == read_peers;
}

static void note_request(command_line *parsed, const command_option *option, const char *value)
{
    json_t *values = json_object_get(parsed->request, option->name);

    if (!is_part_of_plan(option))
        return;
    if (values == NULL) {
        values = json_array();
        json_object_set_new(parsed->request, option->name, values);
    }
    json_array_append_new(values, json_string(value != NULL ? value : ""));
}

/* -- parsing -- */

static bool refuse_option(const char *written, verb of, problem *why)
{
    const char *names[OPTION_COUNT];
    char *name = text_copy_part(written, strcspn(written, "="));
    int count = 0;

    for (int i = 0; i < OPTION_COUNT; i++) {
        if (options[i].verbs & (int)of)
            names[count++] = options[i].name;
    }
    problem_input(why, "there is no option '%s'", name);
    problem_add_names(why, name + strspn(name, "-"), "Options", names, count);
    free(name);
    return false;
}

static void fill_getopt_table(verb of, struct option table[OPTION_COUNT + 1])
{
    int count = 0;

    for (int i = 0; i < OPTION_COUNT; i++) {
        if (options[i].verbs & (int)of)
            table[count++] = (struct option){
                options[i].name, options[i].argument != NULL ? required_argument : no_argument,
                NULL, FIRST_OPTION + i};
    }
    table[count] = (struct option){0};
}

static bool accept_option(command_line *parsed, int found, const char *written, problem *why)
{
    const command_option *option;

    if (found == '?' && optopt >= FIRST_OPTION)
        return problem_input(why, "--%s takes no value", options[optopt - FIRST_OPTION].name);
    if (found == '?' && optopt != 0)
        return problem_input(why, "there is no option '-%c': every option starts with --", optopt);
    if (found == '?')
        return refuse_option(written, parsed->verb, why);
    if (found == ':')
        return problem_input(why, "%s needs a value", written);
    option = &options[found - FIRST_OPTION];
    note_request(parsed, option, optarg);
    return option->read(parsed, option, optarg, why);
}

static bool parse_options(command_line *parsed, int argc, char **argv, problem *why)
{
    struct option table[OPTION_COUNT + 1];
    int found;

    fill_getopt_table(parsed->verb, table);
    opterr = 0;
    optind = 1;
    for (;;) {
        found = getopt_long(argc, argv, ":", table, NULL);
        if (found == -1)
            return true;
        if (!accept_option(parsed, found, argv[optind - 1], why))
            return false;
    }
}

static const char *verb_name(verb of)
{
    for (int i = 0; i < VERB_COUNT; i++) {
        if (verbs[i].verb == of)
            return verbs[i].name;
    }
    return "";
}

/* One or two folders of runs; where the results go is told by --out. */
static bool parse_runs(command_line *parsed, int argc, char **argv, problem *why)
{
    if (parsed->help)
        return true;
    if (optind == argc)
        return problem_input(why, "compare needs the folder of a run, or of two");
    if (argc - optind > 2)
        return problem_input(why, "compare takes one run or two; '%s' is one too many",
                             argv[optind + 2]);
    parsed->first_folder = argv[optind];
    if (argc - optind == 2)
        parsed->second_folder = argv[optind + 1];
    return true;
}

/* A word behind the options can only be the folder of results. */
static bool parse_folder(command_line *parsed, int argc, char **argv, problem *why)
{
    bool takes_folder = parsed->verb == VERB_REPORT || parsed->resume;

    for (int i = optind; i < argc; i++) {
        if (!takes_folder)
            return problem_input(why,
                                 "what is '%s'? Every option starts with --; 'reclaim %s --help' "
                                 "shows them",
                                 argv[i], verb_name(parsed->verb));
        if (!read_folder(parsed, &options[0], argv[i], why))
            return false;
    }
    if (takes_folder && parsed->folder == NULL && !parsed->help)
        return problem_input(why, "%s needs the folder of a run",
                             parsed->verb == VERB_REPORT ? "report" : "--resume");
    return true;
}

static bool parse_verb(command_line *parsed, const char *word, problem *why)
{
    const char *names[VERB_COUNT];

    for (int i = 0; i < VERB_COUNT; i++) {
        names[i] = verbs[i].name;
        if (strcmp(word, verbs[i].name) == 0)
            parsed->verb = verbs[i].verb;
    }
    if (parsed->verb != VERB_NONE)
        return true;
    problem_input(why, "there is no command '%s'", word);
    problem_add_names(why, word, "Commands", names, VERB_COUNT);
    return false;
}

bool command_line_parse(command_line *parsed, int argc, char **argv, problem *why)
{
    *parsed = (command_line){.charts = true,
                             .strategies = json_array(),
                             .workloads = json_array(),
                             .programs = json_array(),
                             .allocators = json_array(),
                             .multiples = json_pack("[f, f, i, i, i, i]", 1.25, 1.5, 2, 3, 4, 6),
                             .inspection = json_array(),
                             .words = json_array(),
                             .request = json_object()};
    settings_init(&parsed->numbers, numbers, NUMBER_COUNT);
    for (int i = 0; i < argc; i++)
        json_array_append_new(parsed->words, json_string(argv[i]));
    if (argc < 2)
        return problem_input(why, "what shall it do? 'reclaim --help' shows the commands");
    parsed->help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
    parsed->version = strcmp(argv[1], "--version") == 0;
    if (parsed->help || parsed->version)
        return true;
    return parse_verb(parsed, argv[1], why) && parse_options(parsed, argc - 1, argv + 1, why) &&
           (parsed->verb == VERB_COMPARE ? parse_runs(parsed, argc - 1, argv + 1, why)
                                         : parse_folder(parsed, argc - 1, argv + 1, why));
}

void command_line_free(command_line *parsed)
{
    json_decref(parsed->strategies);
    json_decref(parsed->workloads);
    json_decref(parsed->programs);
    json_decref(parsed->allocators);
    json_decref(parsed->multiples);
    json_decref(parsed->inspection);
    json_decref(parsed->words);
    json_decref(parsed->request);
}

const char *command_line_scale(const command_line *parsed)
{
    double scale = settings_get(&parsed->numbers, "scale");
    const setting_word *word = numbers[0].words;

    while (word->value != scale)
        word++;
    return word->word;
}

/* -- help -- */

static const char *help_of(const command_option *option)
{
    for (int i = 0; i < NUMBER_COUNT && option->help == NULL; i++) {
        if (strcmp(numbers[i].name, option->name) == 0)
            return numbers[i].help;
    }
    return option->help;
}

static void print_options(verb of)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        char *usage = text_format("--%s%s%s", options[i].name, options[i].argument ? " " : "",
                                  options[i].argument ? options[i].argument : "");
        if (options[i].verbs & (int)of)
            printf("  %-22s %s\n", usage, help_of(&options[i]));
        free(usage);
    }
}

static void print_overview(void)
{
    printf("reclaim measures strategies of memory management side by side, on identical work.\n\n"
           "usage: reclaim COMMAND [OPTION]...\n\n");
    for (int i = 0; i < VERB_COUNT; i++)
        printf("  %-9s %s\n", verbs[i].name, verbs[i].help);
    printf("\n'reclaim COMMAND --help' shows the options of a command; 'reclaim --version' the "
           "version.\n\n"
           "exit codes: 0 done; 1 the environment failed (a file, a folder, a tool); 2 bad input;\n"
           "3 the run is complete but a cell is void or failed; 4 out of memory (inspect); 5 "
           "slower than "
           "--fail-above\n(compare), or the self-test failed; 6 a leak was found (inspect "
           "--leaks); 130 "
           "interrupted\n");
}

void command_line_print_help(verb of)
{
    if (of == VERB_NONE)
        print_overview();
    for (int i = 0; i < VERB_COUNT; i++) {
        if (verbs[i].verb == of) {
            printf("usage: reclaim %s %s\n\n%s\n\n", verbs[i].name, verbs[i].usage, verbs[i].help);
            print_options(of);
        }
    }
    if (of == VERB_RUN)
        printf("\nLists are separated by commas, as are parameters: in 'a,b:x=1,y=2,c' an element "
               "without '='\nstarts a new item, so it means a, b:x=1,y=2 and c. Both options may "
               "be repeated.\n");
}
