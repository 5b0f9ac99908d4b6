#include "inspect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "matrix.h"
#include "process.h"
#include "programs.h"
#include "specs.h"
#include "text.h"

static bool one_of(const json_t *items, const char *option, const char *example, problem *why)
{
    if (json_array_size(items) == 1)
        return true;
    return problem_input(why, "inspect takes exactly one --%s, such as %s; found %zu", option,
                         example, json_array_size(items));
}

static bool check_request(const command_line *asked, problem *why)
{
    if (json_array_size(asked->programs) > 1)
        return problem_input(why, "inspect takes one --programs; found %zu",
                             json_array_size(asked->programs));
    return one_of(asked->workloads, "workload", "dom:back=0.1", why) &&
           one_of(asked->strategies, "strategy", "refcount", why);
}

static bool has_heap(const program *candidate)
{
    return candidate->description != NULL && candidate->counted && !candidate->hand;
}

/* The counted program of a strategy; NULL and `why` filled when there is none. */
static const program *find_counted(const program_list *programs, const char *strategy, problem *why)
{
    const char **names = must_allocate(programs->count, sizeof *names);
    const program *found = NULL;
    int count = 0;

    for (size_t i = 0; i < programs->count; i++) {
        const program *candidate = &programs->items[i];
        if (!has_heap(candidate))
            continue;
        names[count++] = candidate->strategy;
        if (strcmp(candidate->strategy, strategy) == 0)
            found = candidate;
    }
    if (found == NULL) {
        problem_input(why, "there is no strategy '%s' with a counted program", strategy);
        problem_add_names(why, strategy, "Strategies", names, count);
    }
    free(names);
    return found;
}

static void build_arguments(const command_line *asked, const program *counted, arguments *list)
{
    matrix_cell_arguments(list, counted->path, json_text_at(asked->strategies, 0),
                          json_text_at(asked->workloads, 0),
                          (uint64_t)settings_get(&asked->numbers, "seed"), 1);
    for (size_t i = 0; i < json_array_size(asked->inspection); i++)
        arguments_add(list, "%s", json_text_at(asked->inspection, i));
    if (!asked->has_point) {
        arguments_add(list, "--inspect");
        arguments_add(list, "end");
    }
}

static void become(const command_line *asked, const program *counted, problem *why)
{
    arguments list = {0};

    build_arguments(asked, counted, &list);
    fflush(stdout);
    execv(counted->path, list.items);
    problem_environment(why, "cannot start %s: %s", counted->path, strerror(errno));
    arguments_free(&list);
}

/* Finds the one program that is called after the strategy; where it is missing or another's, all, which
 * may know the name that is meant. False and `why` filled when neither can be. */
static bool find_programs(const command_line *asked, const char *strategy, program_list *programs,
                          problem *why)
{
    char *name = text_format("count_%s", strategy);
    bool found = programs_find_one(programs, asked->programs, name, why);

    free(name);
    if (!found)
        return false;
    if (programs->count == 1 && has_heap(programs->items) &&
        strcmp(programs->items->strategy, strategy) == 0)
        return true;
    programs_free(programs);
    return programs_find(programs, asked->programs, why);
}

exit_code inspect_command(const command_line *asked, problem *why)
{
    program_list programs = {0};
    const program *counted = NULL;
    char *strategy = NULL;

    if (check_request(asked, why)) {
        strategy = specs_name(json_text_at(asked->strategies, 0));
        if (find_programs(asked, strategy, &programs, why))
            counted = find_counted(&programs, strategy, why);
    }
    if (counted != NULL)
        become(asked, counted, why);
    free(strategy);
    programs_free(&programs);
    return why->code;
}
