#define _GNU_SOURCE
#include "machine.h"

#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "json.h"
#include "text.h"

/* The first line of a small file of the system, null when there is none. */
static json_t *first_line(const char *path)
{
    char line[256];
    FILE *file = fopen(path, "re");
    json_t *text = NULL;

    if (file != NULL && fgets(line, sizeof line, file) != NULL)
        text = json_stringn(line, strcspn(line, "\n"));
    if (file != NULL)
        fclose(file);
    return text != NULL ? text : json_null();
}

/* The value of the first line "name : value" of /proc/cpuinfo; the caller frees it. NULL when there
 * is none. */
static char *processor_field(const char *name)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char *line = NULL, *value = NULL;
    size_t size = 0;

    while (file != NULL && value == NULL && getline(&line, &size, file) > 0) {
        const char *colon = strchr(line, ':');
        if (colon != NULL && text_starts_with(line, name)) {
            colon += 1 + strspn(colon + 1, " \t");
            value = text_copy_part(colon, strcspn(colon, "\n"));
        }
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return value;
}

static json_t *processor_model(void)
{
    char *model = processor_field("model name");
    json_t *text = model != NULL ? json_string(model) : json_null();

    free(model);
    return text;
}

/* Hypervisors announce themselves as a processor flag. */
static json_t *is_virtualised(void)
{
    char *flags = processor_field("flags");
    json_t *result =
        flags != NULL ? json_boolean(strstr(flags, " hypervisor") != NULL) : json_null();

    free(flags);
    return result;
}

static json_t *load_averages(void)
{
    double load[3] = {0, 0, 0};

    if (getloadavg(load, 3) != 3)
        return json_array();
    return json_pack("[f, f, f]", load[0], load[1], load[2]);
}

uint64_t machine_memory_bytes(void)
{
    uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    json_t *line = first_line("/sys/fs/cgroup/memory.max");
    uint64_t allowed = json_is_string(line) ? strtoull(json_string_value(line), NULL, 10) : 0;

    json_decref(line);
    return allowed > 0 && allowed < bytes ? allowed : bytes;
}

json_t *machine_describe(void)
{
    struct utsname system;

    uname(&system);
    return json_pack("{s:o, s:I, s:I, s:o, s:o, s:s, s:s, s:s, s:s, s:o}", "processor",
                     processor_model(), "cores", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN),
                     "memory_bytes", (json_int_t)machine_memory_bytes(), "governor",
                     first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
                     "virtualised", is_virtualised(), "architecture", system.machine, "system",
                     system.sysname, "kernel", system.release, "libc", gnu_get_libc_version(),
                     "load_average", load_averages());
}

bool machine_is_same(const json_t *one, const json_t *other)
{
    static const char *const names[] = {"processor", "cores", "memory_bytes", "architecture",
                                        "kernel"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *value = json_object_get(one, names[i]);
        if (value == NULL || !json_equal(value, json_object_get(other, names[i])))
            return false;
    }
    return true;
}
