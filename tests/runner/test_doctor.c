/* What the doctor makes of the files of a system: each test writes those that it needs below a
 * folder of its own, and all others cannot be read. */
#define _GNU_SOURCE
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "json.h"
#include "text.h"

static void write_system_file(const char *path, const char *text)
{
    char *command = text_format("mkdir -p \"$(dirname 'system%s')\"", path);
    char *place = text_format("system%s", path);
    FILE *file;

    assert_int_equal(system(command), 0);
    file = fopen(place, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(command);
    free(place);
}

static void assert_found(const char *name, finding expected, const char *value)
{
    diagnosis made = doctor_look("system");

    for (size_t i = 0; i < made.count; i++) {
        if (strcmp(made.checks[i].name, name) == 0) {
            assert_int_equal(made.checks[i].found, expected);
            assert_has(made.checks[i].value, value);
            return;
        }
    }
    fail_msg("there is no check '%s'", name);
}

static void test_what_cannot_be_read_is_unknown(void **state)
{
    diagnosis made = doctor_look("nowhere");
    json_t *noted = doctor_short_json(&made);

    (void)state;
    for (size_t i = 0; i < made.count; i++) {
        bool is_measured = strcmp(made.checks[i].name, "noise floor") == 0;
        assert_true(is_measured == (made.checks[i].found != FINDING_UNKNOWN));
    }
    assert_int_equal(json_array_size(json_object_get(noted, "unknown")), made.count - 1);
    json_decref(noted);
}

static void test_governor_and_turbo(void **state)
{
    (void)state;
    write_system_file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    assert_found("governor", FINDING_FINE, "performance");
    write_system_file("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
    assert_found("governor", FINDING_NOISY, "powersave");
    write_system_file("/sys/devices/system/cpu/cpufreq/boost", "1\n");
    assert_found("turbo", FINDING_NOISY, "on");
    write_system_file("/sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
    assert_found("turbo", FINDING_FINE, "off");
    write_system_file("/sys/devices/system/cpu/smt/active", "1\n");
    assert_found("SMT", FINDING_NOISY, "on");
}

static void test_load_and_pressure(void **state)
{
    (void)state;
    write_system_file("/proc/loadavg", "3.50 1.00 1.00 1/100 1\n");
    assert_found("load", FINDING_NOISY, "3.50");
    write_system_file("/proc/loadavg", "0.10 1.00 1.00 1/100 1\n");
    assert_found("load", FINDING_FINE, "0.10");
    write_system_file("/proc/pressure/memory", "some avg10=12.50 avg60=0.00 avg300=0.00 total=1\n");
    assert_found("memory pressure", FINDING_NOISY, "12.5%");
    write_system_file("/proc/pressure/memory", "nonsense\n");
    assert_found("memory pressure", FINDING_UNKNOWN, "unknown");
}

static void test_memory(void **state)
{
    (void)state;
    write_system_file("/proc/meminfo", "MemTotal: 9 kB\nSwapTotal: 5000 kB\nSwapFree: 2000 kB\n");
    assert_found("swap", FINDING_NOISY, "3 MB");
    write_system_file("/proc/meminfo", "MemTotal: 9 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    assert_found("swap", FINDING_FINE, "0 MB");
    write_system_file("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
    assert_found("huge pages", FINDING_NOISY, "always");
    write_system_file("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    assert_found("huge pages", FINDING_FINE, "madvise");
    write_system_file("/proc/sys/kernel/randomize_va_space", "0\n");
    assert_found("address randomisation", FINDING_NOISY, "not in full");
}

static void test_virtual_machine(void **state)
{
    (void)state;
    write_system_file("/proc/cpuinfo", "model name : x\nflags : fpu hypervisor sse\n");
    assert_found("virtualised", FINDING_NOISY, "yes");
    write_system_file("/proc/cpuinfo", "model name : x\nflags : fpu sse\n");
    assert_found("virtualised", FINDING_FINE, "no");
    write_system_file("/proc/stat", "cpu 50 0 0 40 0 0 0 10 0 0\ncpu0 50 0 0 40 0 0 0 10 0 0\n");
    assert_found("steal", FINDING_NOISY, "10.00%");
    assert_found("busy cores", FINDING_FINE, "0 of 1 busy");
}

static void test_command(void **state)
{
    json_t *said;

    (void)state;
    assert_code(reclaim("doctor"), 0);
    assert_has(out_text, "noise floor");
    assert_code(reclaim("doctor --format json"), 0);
    said = json_loads(out_text, 0, NULL);
    assert_string_equal(json_text_of(said, "schema"), "reclaim.doctor/1");
    json_decref(said);
    add_programs("programs", "steady");
    assert_code(reclaim("run --no-charts --programs programs --workload temps --repetitions 1 "
                        "--out out"),
                0);
    said = read_json("out/context.json");
    assert_true(json_is_object(json_object_get(json_object_get(said, "doctor"), "noisy")));
    json_decref(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_what_cannot_be_read_is_unknown),
        IN_FOLDER(test_governor_and_turbo),
        IN_FOLDER(test_load_and_pressure),
        IN_FOLDER(test_memory),
        IN_FOLDER(test_virtual_machine),
        IN_FOLDER(test_command),
    };
    int failed = cmocka_run_group_tests_name("doctor", tests, NULL, NULL);

    free(out_text);
    free(error_text);
    return failed;
}
