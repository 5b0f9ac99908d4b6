#define _GNU_SOURCE
#include "doctor.h"

#include <glob.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "statistics.h"
#include "table.h"
#include "text.h"

enum { CORES_MAX = 1024, ROUNDS = 64 };

/* What counts as noisy. A core that the doctor itself keeps busy for a moment must not. */
static const double load_max = 0.5, busy_max = 0.1, steal_max = 0.005, pressure_percent_max = 1,
                    noise_max = 0.02;
static const double look_seconds = 0.2, round_seconds = 0.002;

/* -- what the system tells -- */

/* The first line of a file below `root`, without its end. False when it cannot be read. */
static bool read_line(const char *root, const char *file, char line[CHECK_TEXT_MAX])
{
    char *path = text_format("%s%s", root, file);
    FILE *in = fopen(path, "re");
    bool got = in != NULL && fgets(line, CHECK_TEXT_MAX, in) != NULL;

    if (got)
        line[strcspn(line, "\n")] = '\0';
    if (in != NULL)
        fclose(in);
    free(path);
    return got;
}

__attribute__((format(printf, 3, 4))) static void set(check *of, bool is_noisy, const char *format,
                                                      ...)
{
    va_list values;

    of->found = is_noisy ? FINDING_NOISY : FINDING_FINE;
    va_start(values, format);
    vsnprintf(of->value, sizeof of->value, format, values);
    va_end(values);
}

/* Every core has one; the first that is not `performance` is shown. */
static void look_at_governor(check *of, const char *root)
{
    char *pattern = text_format("%s/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor", root);
    char line[CHECK_TEXT_MAX];
    glob_t files;

    if (glob(pattern, 0, NULL, &files) == 0) {
        for (size_t i = 0; i < files.gl_pathc && of->found != FINDING_NOISY; i++) {
            if (read_line("", files.gl_pathv[i], line))
                set(of, strcmp(line, "performance") != 0, "%s", line);
        }
        globfree(&files);
    }
    free(pattern);
}

static void look_at_turbo(check *of, const char *root)
{
    char line[CHECK_TEXT_MAX];

    if (read_line(root, "/sys/devices/system/cpu/intel_pstate/no_turbo", line))
        set(of, strcmp(line, "0") == 0, "%s", strcmp(line, "0") == 0 ? "on" : "off");
    else if (read_line(root, "/sys/devices/system/cpu/cpufreq/boost", line))
        set(of, strcmp(line, "1") == 0, "%s", strcmp(line, "1") == 0 ? "on" : "off");
}

static void look_at_smt(check *of, const char *root)
{
    char line[CHECK_TEXT_MAX];

    if (read_line(root, "/sys/devices/system/cpu/smt/active", line))
        set(of, strcmp(line, "1") == 0, "%s", strcmp(line, "1") == 0 ? "on" : "off");
}

static void look_at_virtualisation(check *of, const char *root)
{
    char *path = text_format("%s/proc/cpuinfo", root), *line = NULL;
    FILE *in = fopen(path, "re");
    size_t size = 0;

    while (in != NULL && of->found == FINDING_UNKNOWN && getline(&line, &size, in) > 0) {
        if (text_starts_with(line, "flags"))
            set(of, strstr(line, " hypervisor") != NULL, "%s",
                strstr(line, " hypervisor") != NULL ? "yes" : "no");
    }
    if (in != NULL)
        fclose(in);
    free(line);
    free(path);
}

static void look_at_load(check *of, const char *root)
{
    char line[CHECK_TEXT_MAX];
    double load;

    if (read_line(root, "/proc/loadavg", line) && sscanf(line, "%lf", &load) == 1)
        set(of, load > load_max, "%.2f in the last minute, %ld cores", load,
            sysconf(_SC_NPROCESSORS_ONLN));
}

/* "some avg10=0.00 avg60=...": the share of time in which somebody waited. */
static void look_at_pressure(check *of, const char *root, const char *file)
{
    char line[CHECK_TEXT_MAX];
    double percent;

    if (read_line(root, file, line) && sscanf(line, "some avg10=%lf", &percent) == 1)
        set(of, percent > pressure_percent_max, "waiting %.1f%% of the last 10 s", percent);
}

static void look_at_cpu_pressure(check *of, const char *root)
{
    look_at_pressure(of, root, "/proc/pressure/cpu");
}

static void look_at_memory_pressure(check *of, const char *root)
{
    look_at_pressure(of, root, "/proc/pressure/memory");
}

static void look_at_huge_pages(check *of, const char *root)
{
    char line[CHECK_TEXT_MAX];

    if (!read_line(root, "/sys/kernel/mm/transparent_hugepage/enabled", line))
        return;
    if (strstr(line, "[always]") != NULL)
        set(of, true, "always");
    else
        set(of, false, "%s", strstr(line, "[madvise]") != NULL ? "madvise" : "never");
}

static void look_at_address_randomisation(check *of, const char *root)
{
    char line[CHECK_TEXT_MAX];

    if (read_line(root, "/proc/sys/kernel/randomize_va_space", line))
        set(of, strcmp(line, "2") != 0, "%s", strcmp(line, "2") == 0 ? "on" : "not in full");
}

/* Kilobytes of "SwapTotal:   123 kB", NAN when there is no such line. */
static double memory_field(const char *root, const char *name)
{
    char *path = text_format("%s/proc/meminfo", root), *line = NULL;
    FILE *in = fopen(path, "re");
    double value = NAN;
    size_t size = 0;

    while (in != NULL && isnan(value) && getline(&line, &size, in) > 0) {
        if (text_starts_with(line, name))
            value = strtod(line + strlen(name), NULL);
    }
    if (in != NULL)
        fclose(in);
    free(line);
    free(path);
    return value;
}

static void look_at_swap(check *of, const char *root)
{
    double used = memory_field(root, "SwapTotal:") - memory_field(root, "SwapFree:");

    if (!isnan(used))
        set(of, used > 0, "%.0f MB in use", used / 1e3);
}

/* -- what the processors do meanwhile -- */

/* Ticks since the system started. */
typedef struct core_ticks {
    double busy, idle, stolen;
} core_ticks;

/* Fills `cores` from /proc/stat: [0] is all together. Returns how many, 0 when it cannot be read. */
static size_t read_ticks(const char *root, core_ticks cores[CORES_MAX])
{
    char *path = text_format("%s/proc/stat", root), *line = NULL;
    FILE *in = fopen(path, "re");
    size_t size = 0, count = 0;

    while (in != NULL && count < CORES_MAX && getline(&line, &size, in) > 0 &&
           text_starts_with(line, "cpu")) {
        double user, nice, system, idle, wait, hard, soft, stolen;
        if (sscanf(line, "%*s %lf %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &system, &idle, &wait,
                   &hard, &soft, &stolen) == 8)
            cores[count++] = (core_ticks){user + nice + system + hard + soft, idle + wait, stolen};
    }
    if (in != NULL)
        fclose(in);
    free(line);
    free(path);
    return count;
}

static void wait_seconds(double seconds)
{
    struct timespec pause = {0, (long)(seconds * 1e9)};
    nanosleep(&pause, NULL);
}

/* The cores that somebody uses while the doctor sleeps. */
static void look_at_cores(check *of, const char *root)
{
    static core_ticks before[CORES_MAX], after[CORES_MAX];
    size_t count = read_ticks(root, before), busy = 0;

    wait_seconds(look_seconds);
    if (count < 2 || read_ticks(root, after) != count)
        return;
    for (size_t i = 1; i < count; i++) {
        double used = after[i].busy - before[i].busy, idle = after[i].idle - before[i].idle;
        busy += used + idle > 0 && used / (used + idle) > busy_max;
    }
    set(of, busy > 0, "%zu of %zu busy", busy, count - 1);
}

/* What a hypervisor gave to others while something here wanted to run. */
static void look_at_steal(check *of, const char *root)
{
    static core_ticks since_start[CORES_MAX];
    double all, share;

    if (read_ticks(root, since_start) == 0)
        return;
    all = since_start[0].busy + since_start[0].idle + since_start[0].stolen;
    share = all > 0 ? since_start[0].stolen / all : 0;
    set(of, share > steal_max, "%.2f%% since the start", share * 100);
}

/* -- the noise itself -- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Work that touches no memory: the same number of dependent multiplications each time. */
static double seconds_of_work(uint64_t steps)
{
    double began = seconds_now();
    uint64_t value = 1;

    for (uint64_t i = 0; i < steps; i++) {
        value = value * 6364136223846793005u + 1442695040888963407u;
        __asm__ volatile("" : "+r"(value));
    }
    return seconds_now() - began;
}

static int compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* How much longer than the median the slowest tenth takes. */
static double measure_noise(void)
{
    double rounds[ROUNDS];
    uint64_t trial = 1 << 16, steps;

    seconds_of_work(trial); /* so that the processor has speeded up */
    steps = (uint64_t)((double)trial * round_seconds / fmax(seconds_of_work(trial), 1e-6));
    for (size_t i = 0; i < ROUNDS; i++)
        rounds[i] = seconds_of_work(steps);
    qsort(rounds, ROUNDS, sizeof *rounds, compare_numbers);
    return rounds[ROUNDS * 9 / 10] / statistics_median(rounds, ROUNDS) - 1;
}

static void look_at_noise(check *of, const char *root)
{
    double noise = measure_noise();

    (void)root;
    set(of, noise > noise_max, "one of ten is slower by %.1f%% or more", noise * 100);
}

/* -- all of it -- */

static const struct {
    check described;
    void (*look)(check *of, const char *root);
} looks[] = {
    {{.name = "governor",
      .why = "the frequency follows the load, and so do times",
      .advice = "cpupower frequency-set --governor performance"},
     look_at_governor},
    {{.name = "turbo",
      .why = "the highest frequency lasts until the processor is warm",
      .advice = "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 > "
                "/sys/devices/system/cpu/cpufreq/boost"},
     look_at_turbo},
    {{.name = "SMT",
      .why = "two threads of one core slow each other down",
      .advice = "echo off > /sys/devices/system/cpu/smt/control"},
     look_at_smt},
    {{.name = "virtualised",
      .why = "other machines share the processor, its caches and its memory",
      .advice = "measure on a machine of its own; here, believe ratios within a run only"},
     look_at_virtualisation},
    {{.name = "steal",
      .why = "the hypervisor gives the processor to others in between",
      .advice = "a machine with processors of its own"},
     look_at_steal},
    {{.name = "load",
      .why = "other programs take the processor and the caches",
      .advice = "stop them, or wait; taskset and chrt keep them off one core"},
     look_at_load},
    {{.name = "busy cores",
      .why = "somebody else is running right now",
      .advice = "top shows who; a run needs one idle core, better two"},
     look_at_cores},
    {{.name = "processor pressure",
      .why = "programs wait for a processor",
      .advice = "as for load"},
     look_at_cpu_pressure},
    {{.name = "memory pressure",
      .why = "the kernel takes pages away and brings them back",
      .advice = "more memory, or fewer programs"},
     look_at_memory_pressure},
    {{.name = "swap", .why = "pages may have to come back from disk", .advice = "swapoff --all"},
     look_at_swap},
    {{.name = "huge pages",
      .why = "whether memory comes in 4 KiB or 2 MiB pages depends on what ran before",
      .advice = "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"},
     look_at_huge_pages},
    {{.name = "address randomisation",
      .why = "without it all samples share one placement, whose luck looks like a result",
      .advice = "echo 2 > /proc/sys/kernel/randomize_va_space"},
     look_at_address_randomisation},
    {{.name = "noise floor",
      .why = "the same work, timed again and again, is not equally fast",
      .advice = "what stands above; if nothing does, more repetitions"},
     look_at_noise},
};

diagnosis doctor_look(const char *root)
{
    diagnosis made = {.count = sizeof looks / sizeof *looks};

    for (size_t i = 0; i < made.count; i++) {
        made.checks[i] = looks[i].described;
        made.checks[i].found = FINDING_UNKNOWN;
        snprintf(made.checks[i].value, CHECK_TEXT_MAX, "unknown");
        looks[i].look(&made.checks[i], root);
    }
    return made;
}

/* -- what is said -- */

static const char *const findings[] = {"fine", "noisy", "unknown"};

json_t *doctor_short_json(const diagnosis *of)
{
    json_t *noisy = json_object(), *unknown = json_array();

    for (size_t i = 0; i < of->count; i++) {
        const check *one = &of->checks[i];
        if (one->found == FINDING_NOISY)
            json_object_set_new(noisy, one->name, json_string(one->value));
        else if (one->found == FINDING_UNKNOWN)
            json_array_append_new(unknown, json_string(one->name));
    }
    return json_pack("{s:o, s:o}", "noisy", noisy, "unknown", unknown);
}

static json_t *diagnosis_to_json(const diagnosis *of)
{
    json_t *checks = json_array();

    for (size_t i = 0; i < of->count; i++)
        json_array_append_new(
            checks, json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", of->checks[i].name, "finding",
                              findings[of->checks[i].found], "value", of->checks[i].value, "why",
                              of->checks[i].why, "advice", of->checks[i].advice));
    return json_pack("{s:s, s:o}", "schema", "reclaim.doctor/1", "checks", checks);
}

static void print_diagnosis(const diagnosis *of)
{
    size_t noisy = 0, unknown = 0;

    for (size_t i = 0; i < of->count; i++) {
        const check *one = &of->checks[i];
        char *advice = text_format("%s: %s", one->why, one->advice);
        printf("%-8s %-22s %s\n", findings[one->found], one->name, one->value);
        if (one->found == FINDING_NOISY)
            table_print_wrapped(stdout, advice);
        noisy += one->found == FINDING_NOISY;
        unknown += one->found == FINDING_UNKNOWN;
        free(advice);
    }
    printf("\n%zu things make this machine noisy, %zu are unknown\n", noisy, unknown);
    printf("'reclaim self-test' shows whether differences can be believed all the same\n");
}

exit_code doctor_command(const command_line *asked, problem *why)
{
    diagnosis made = doctor_look("");
    json_t *value;

    (void)why;
    if (settings_get(&asked->numbers, "format") == 0) {
        print_diagnosis(&made);
        return EXIT_CODE_OK;
    }
    value = diagnosis_to_json(&made);
    json_dumpf(value, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(value);
    return EXIT_CODE_OK;
}
