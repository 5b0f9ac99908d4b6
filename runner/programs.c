#define _GNU_SOURCE
#include "programs.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "process.h"
#include "support/file.h"
#include "text.h"

static const char timed_prefix[] = "bench_";
static const char counted_prefix[] = "count_";
static const char schema[] = "reclaim.program/1";
static const double answer_seconds_max = 20;

json_t *program_describe(const char *path, problem *why)
{
    process_request request = {.timeout_seconds = answer_seconds_max, .keep_output = true};
    process_result result;
    json_t *description = NULL;
    char *end;

    arguments_add(&request.command, "%s", path);
    arguments_add(&request.command, "--describe");
    if (process_run(&request, &result, why)) {
        end = process_describe_end(&result);
        if (process_succeeded(&result))
            description =
                json_parse(result.output, result.output_length, "its description", schema, why);
        else
            problem_environment(why, "%s", end);
        free(end);
        free(result.output);
    }
    arguments_free(&request.command);
    return description;
}

static bool check_description(const program *described, problem *why)
{
    const char *flavour = described->counted ? "counted" : "timed";
    const char *found = json_text_of(described->description, "flavour");

    if (strcmp(found, flavour) != 0)
        return problem_environment(why, "its flavour is '%s', but its name says '%s'", found,
                                   flavour);
    if (described->strategy[0] == '\0')
        return problem_environment(why, "its description has no strategy");
    if (!json_is_array(json_object_get(described->description, "workloads")))
        return problem_environment(why, "its description has no workloads");
    return true;
}

static void understand(program *described)
{
    problem why;

    described->description = program_describe(described->path, &why);
    described->strategy = json_text_of(described->description, "strategy");
    if (described->description == NULL || !check_description(described, &why)) {
        json_decref(described->description);
        described->description = NULL;
        described->strategy = "";
        described->complaint = text_copy(why.text);
        return;
    }
    described->hand = strcmp(json_text_of(described->description, "kind"), "hand") == 0;
    described->peer = json_text_of(json_object_get(described->description, "traits"), "peer");
    described->ideal = strcmp(json_text_of(described->description, "kind"), "ideal") == 0;
    described->checking = json_is_false(json_object_get(described->description, "timed"));
}

char *program_layout_path(const char *path, size_t number)
{
    const char *name = strrchr(path, '/');

    if (number == 0 || name == NULL)
        return text_copy(path);
    return text_format("%.*s/layouts/%zu%s", (int)(name - path), path, number, name);
}

static bool has_layout(const char *path, size_t number)
{
    char *layout = program_layout_path(path, number);
    bool has = access(layout, X_OK) == 0;

    free(layout);
    return has;
}

static size_t count_layouts(const char *path)
{
    size_t count = 0;

    while (has_layout(path, count + 1))
        count++;
    return count;
}

static void add_program(program_list *list, const char *folder, const char *set, const char *name)
{
    program *added;

    list->items = reallocarray(list->items, list->count + 1, sizeof *list->items);
    if (list->items == NULL)
        abort();
    added = &list->items[list->count++];
    *added = (program){.path = text_format("%s/%s", folder, name),
                       .name = text_copy(name),
                       .set = text_copy(set),
                       .counted = text_starts_with(name, counted_prefix)};
    added->layouts = count_layouts(added->path);
    understand(added);
}

static int has_program_name(const struct dirent *entry)
{
    return text_starts_with(entry->d_name, timed_prefix) ||
           text_starts_with(entry->d_name, counted_prefix);
}

static bool is_program(const char *folder, const char *name)
{
    char *path = text_format("%s/%s", folder, name);
    struct stat status;
    bool result = stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;

    free(path);
    return result;
}

/* `only`: the name of the one that is wanted, or NULL. */
static bool find_in_folder(program_list *list, const char *folder, const char *set,
                           const char *only, problem *why)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, has_program_name, alphasort);
    size_t before = list->count;

    if (count < 0)
        return problem_input(why, "cannot read the programs' folder %s: %s", folder,
                             strerror(errno));
    for (int i = 0; i < count; i++) {
        if ((only == NULL || strcmp(entries[i]->d_name, only) == 0) &&
            is_program(folder, entries[i]->d_name))
            add_program(list, folder, set, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (list->count == before && only == NULL)
        return problem_input(why,
                             "%s has no programs bench_*; build them, or name their folder "
                             "with --programs DIR",
                             folder);
    return true;
}

/* `NAME=DIR` or `DIR`. The folder is made absolute: a resumed run may start elsewhere. */
static bool find_in_argument(program_list *list, const char *argument, const char *only,
                             problem *why)
{
    const char *equals = strchr(argument, '=');
    const char *folder = equals != NULL ? equals + 1 : argument;
    char *set = text_copy_part(argument, equals != NULL ? (size_t)(equals - argument) : 0);
    char *absolute = realpath(folder, NULL);
    bool found;

    if (strchr(set, '/') != NULL)
        found =
            problem_input(why, "--programs %s: the name '%s' must not have a slash", argument, set);
    else if (absolute == NULL)
        found = problem_input(why, "--programs %s: %s: %s", argument, folder, strerror(errno));
    else
        found = find_in_folder(list, absolute, set, only, why);
    free(set);
    free(absolute);
    return found;
}

static bool sets_differ(const json_t *folders, problem *why)
{
    for (size_t i = 0; i < json_array_size(folders); i++) {
        for (size_t j = 0; j < i; j++) {
            const char *a = json_text_at(folders, i), *b = json_text_at(folders, j);
            size_t length = strcspn(a, "=");
            if (strchr(a, '=') == NULL && strchr(b, '=') == NULL)
                return problem_input(why,
                                     "--programs %s and --programs %s: name them, as in "
                                     "--programs old=%s --programs new=%s",
                                     b, a, b, a);
            if (strncmp(a, b, length + 1) == 0 && a[length] == '=')
                return problem_input(why, "--programs: the name '%.*s' is given twice", (int)length,
                                     a);
        }
    }
    return true;
}

/* 0 for a strategy, 1 for an ideal, 2 for a program by hand. */
static int place_of(const program *candidate)
{
    return candidate->hand ? 2 : candidate->ideal;
}

/* Stable: what is no contender goes behind the strategies of its folder, otherwise the order of names
 * stays. */
static void move_contenders_first(program *items, size_t count)
{
    program *sorted = must_allocate(count, sizeof *sorted);
    size_t used = 0;

    for (int place = 0; place <= 2; place++) {
        for (size_t i = 0; i < count; i++) {
            if (place_of(&items[i]) == place)
                sorted[used++] = items[i];
        }
    }
    if (count > 0)
        memcpy(items, sorted, count * sizeof *items);
    free(sorted);
}

static bool find(program_list *list, const json_t *folders, const char *only, problem *why)
{
    char folder[PATH_MAX];

    *list = (program_list){0};
    if (!sets_differ(folders, why))
        return false;
    for (size_t i = 0; i < json_array_size(folders); i++) {
        size_t before = list->count;
        if (!find_in_argument(list, json_text_at(folders, i), only, why))
            return false;
        move_contenders_first(list->items + before, list->count - before);
    }
    if (json_array_size(folders) > 0)
        return true;
    if (!file_program_folder(folder, sizeof folder))
        return problem_environment(why, "cannot find my own folder: %s", strerror(errno));
    if (!find_in_folder(list, folder, "", only, why))
        return false;
    move_contenders_first(list->items, list->count);
    return true;
}

bool programs_find(program_list *list, const json_t *folders, problem *why)
{
    return find(list, folders, NULL, why);
}

bool programs_find_one(program_list *list, const json_t *folders, const char *name, problem *why)
{
    return find(list, folders, name, why);
}

void programs_free(program_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].path);
        free(list->items[i].name);
        free(list->items[i].set);
        free(list->items[i].complaint);
        json_decref(list->items[i].description);
    }
    free(list->items);
    *list = (program_list){0};
}

void programs_warn(const program_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].complaint != NULL)
            fprintf(stderr, "reclaim: %s is left out: %s\n", list->items[i].path,
                    list->items[i].complaint);
    }
}

const char *program_kind(const program *candidate)
{
    static const char *const names[] = {"strategy", "ideal", "hand"};
    return names[place_of(candidate)];
}

bool program_is_timed(const program *candidate)
{
    return candidate->description != NULL && !candidate->counted && !candidate->checking;
}

const program *programs_counting(const program_list *list, const program *timed)
{
    for (size_t i = 0; i < list->count; i++) {
        const program *candidate = &list->items[i];
        if (candidate->counted && candidate->description != NULL &&
            strcmp(candidate->set, timed->set) == 0 &&
            strcmp(candidate->strategy, timed->strategy) == 0)
            return candidate;
    }
    return NULL;
}

const json_t *program_workload(const program *owner, const char *name)
{
    const json_t *workloads = json_object_get(owner->description, "workloads");

    for (size_t i = 0; i < json_array_size(workloads); i++) {
        const json_t *workload = json_array_get(workloads, i);
        if (strcmp(json_text_of(workload, "name"), name) == 0)
            return workload;
    }
    return NULL;
}
