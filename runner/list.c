#include "list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "plan.h"
#include "programs.h"
#include "text.h"

static const char *const scales[] = {"test", "quick", "default", "full"};

/* -- text -- */

/* The default of an option or a parameter: its word where it has one. The caller frees it. */
static char *default_text(json_t *setting)
{
    const json_t *value = json_object_get(setting, "default");
    json_t *words = json_object_get(setting, "words");

    if (json_is_string(value))
        return text_copy(json_string_value(value));
    for (void *word = json_object_iter(words); word != NULL;
         word = json_object_iter_next(words, word)) {
        if (json_number_value(json_object_iter_value(word)) == json_number_value(value))
            return text_copy(json_object_iter_key(word));
    }
    return text_format("%.15g", json_number_value(value));
}

/* "0 to 1e+09", "off", "a text": what a setting accepts. */
static void print_range(json_t *setting)
{
    json_t *words = json_object_get(setting, "words");
    bool has_range = json_number_of(setting, "minimum") < json_number_of(setting, "maximum");

    if (json_is_true(json_object_get(setting, "text")))
        printf("a text");
    else if (has_range)
        printf("%g to %g", json_number_of(setting, "minimum"), json_number_of(setting, "maximum"));
    for (void *word = json_object_iter(words); word != NULL;
         word = json_object_iter_next(words, word)) {
        printf("%s%s", has_range ? ", " : "", json_object_iter_key(word));
        has_range = true;
    }
}

static void print_settings(const json_t *settings)
{
    for (size_t i = 0; i < json_array_size(settings); i++) {
        json_t *setting = json_array_get(settings, i);
        const char *unit = json_text_of(setting, "unit");
        char *fallback = default_text(setting);

        printf("      %s=%s%s%s  (", json_text_of(setting, "name"), fallback, unit[0] ? " " : "",
               unit);
        print_range(setting);
        printf(")  %s\n", json_text_of(setting, "help"));
        free(fallback);
    }
}

static void print_program(const program *listed)
{
    char *row = plan_row(listed->set, listed->strategy);
    const char *fills_heap =
        json_text_of(json_object_get(listed->description, "traits"), "fills_heap");

    printf("  %-24s %s%s%s%s%s%s\n", row, json_text_of(listed->description, "summary"),
           listed->checking ? " (for checking only, never timed)" : "",
           listed->ideal ? " (an ideal, never ranked)" : "",
           listed->peer[0] != '\0' ? " [peer: " : "", listed->peer,
           listed->peer[0] != '\0' ? "]" : "");
    print_settings(json_object_get(listed->description, "options"));
    if (fills_heap[0] != '\0')
        printf(
            "      trades space for time (reclaim curve): with %s it collects when heap_bytes_max "
            "is reached\n",
            fills_heap);
    free(row);
}

static void print_suite(json_t *suite)
{
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        const json_t *specs = json_object_get(suite, scales[i]);
        if (json_array_size(specs) == 0)
            continue;
        printf("      --scale %-8s", scales[i]);
        for (size_t j = 0; j < json_array_size(specs); j++)
            printf(" %s", json_text_at(specs, j));
        printf("\n");
    }
}

static void print_workload(const json_t *workload)
{
    printf("  %-24s %s\n", json_text_of(workload, "name"), json_text_of(workload, "story"));
    print_settings(json_object_get(workload, "parameters"));
    print_suite(json_object_get(workload, "suite"));
}

static bool is_listed(const program *candidate)
{
    return candidate->description != NULL && !candidate->counted;
}

/* Each workload of any program, as the first that has it describes it. */
static json_t *all_workloads(const program_list *programs)
{
    json_t *all = json_array(), *names = json_array();

    for (size_t i = 0; i < programs->count; i++) {
        const json_t *workloads = json_object_get(programs->items[i].description, "workloads");
        for (size_t j = 0; j < json_array_size(workloads) && is_listed(&programs->items[i]); j++) {
            json_t *workload = json_array_get(workloads, j);
            if (json_has_text(names, json_text_of(workload, "name")))
                continue;
            json_array_append(names, json_object_get(workload, "name"));
            json_array_append(all, workload);
        }
    }
    json_decref(names);
    return all;
}

static void print_text(const program_list *programs)
{
    json_t *workloads = all_workloads(programs);

    printf("strategies (--strategy NAME:OPTION=VALUE,...)\n");
    for (size_t i = 0; i < programs->count; i++) {
        if (is_listed(&programs->items[i]))
            print_program(&programs->items[i]);
    }
    printf("\nworkloads (--workload NAME:PARAMETER=VALUE,...)\n");
    for (size_t i = 0; i < json_array_size(workloads); i++)
        print_workload(json_array_get(workloads, i));
    json_decref(workloads);
}

/* -- JSON -- */

static json_t *strategy_to_json(const program_list *programs, const program *listed)
{
    json_t *value = json_pack("{s:s, s:s, s:s, s:b, s:b, s:s}", "name", listed->strategy, "program",
                              listed->set, "kind", program_kind(listed), "timed", !listed->checking,
                              "counted", programs_counting(programs, listed) != NULL, "summary",
                              json_text_of(listed->description, "summary"));

    json_object_set(value, "traits", json_object_get(listed->description, "traits"));
    json_object_set(value, "options", json_object_get(listed->description, "options"));
    return value;
}

static void print_json(const program_list *programs)
{
    json_t *strategies = json_array(), *problems = json_array(), *all;

    for (size_t i = 0; i < programs->count; i++) {
        const program *listed = &programs->items[i];
        if (is_listed(listed))
            json_array_append_new(strategies, strategy_to_json(programs, listed));
        if (listed->complaint != NULL)
            json_array_append_new(problems, json_pack("{s:s, s:s}", "program", listed->path,
                                                      "reason", listed->complaint));
    }
    all = json_pack("{s:s, s:o, s:o, s:o}", "schema", "reclaim.list/1", "strategies", strategies,
                    "workloads", all_workloads(programs), "problems", problems);
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    printf("\n");
    json_decref(all);
}

exit_code list_command(const command_line *asked, problem *why)
{
    program_list programs;
    bool found = programs_find(&programs, asked->programs, why);

    if (found) {
        programs_warn(&programs);
        if (settings_get(&asked->numbers, "format") == 1)
            print_json(&programs);
        else
            print_text(&programs);
    }
    programs_free(&programs);
    return found ? EXIT_CODE_OK : why->code;
}
