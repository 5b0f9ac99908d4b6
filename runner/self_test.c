#define _GNU_SOURCE
#include "self_test.h"

#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "comparison.h"
#include "context.h"
#include "interrupt.h"
#include "json.h"
#include "machine.h"
#include "measurements.h"
#include "programs.h"
#include "run.h"
#include "support/file.h"
#include "text.h"

const double self_test_different_max = 18.0 / 200, self_test_found_min = 0.9;

static const char schema[] = "reclaim.self-test/1";
static const char set_a[] = "a", set_b[] = "b", set_planted[] = "planted";

enum { WORKLOADS = 5 };

/* -- judging -- */

/* The `count` repetitions from `first` on that make one run, as a plan and a store of their own: records
 * and context are shared. */
typedef struct excerpt {
    plan planned;
    store from;
} excerpt;

static excerpt take_excerpt(const plan *planned, const store *from, size_t first, size_t count)
{
    excerpt made = {*planned, *from};

    made.planned.repetitions = count;
    made.from.records = from->records + first; /* so repetition 1 is `first` + 1 */
    return made;
}

/* All cells of set `a` against those of another, as one family. */
static comparison_list compare_sets(const excerpt *in, const char *other)
{
    comparison_list list = {0};

    for (size_t i = 0; i < in->planned.cell_count; i++) {
        size_t partner = plan_find_in_set(&in->planned, other, &in->planned.cells[i]);
        if (strcmp(in->planned.cells[i].set, set_a) == 0 && partner < in->planned.cell_count)
            comparisons_add_paired(&list, &in->planned, &in->from, i, partner, true);
    }
    comparisons_decide_paired(&list, &in->planned, in->planned.margin);
    return list;
}

static void count_run(self_test_trial *of, const excerpt *in)
{
    comparison_list equal = compare_sets(in, set_b), planted = compare_sets(in, set_planted);

    for (size_t i = 0; i < equal.count; i++)
        of->different +=
            equal.items[i].verdict == VERDICT_SLOWER || equal.items[i].verdict == VERDICT_FASTER;
    for (size_t i = 0; i < planted.count; i++)
        of->planted_found += planted.items[i].verdict == VERDICT_SLOWER;
    of->compared += equal.count;
    of->planted_compared += planted.count;
    free(equal.items);
    free(planted.items);
}

/* The median over the cells of each cell's median ratio: what the planted programs really take. */
static estimate ratio_of_planted(const plan *planned, const store *from)
{
    double *ratios = must_allocate(planned->repetitions, sizeof *ratios);
    double *medians = must_allocate(planned->cell_count, sizeof *medians);
    size_t count = 0;
    estimate ratio;

    for (size_t i = 0; i < planned->cell_count; i++) {
        size_t partner = plan_find_in_set(planned, set_planted, &planned->cells[i]);
        if (strcmp(planned->cells[i].set, set_a) != 0 || partner == planned->cell_count)
            continue;
        measurements_ratios(planned, from, partner, i, ratios);
        medians[count++] = measurements_estimate(ratios, planned->repetitions).median;
    }
    ratio = measurements_estimate(medians, count);
    free(ratios);
    free(medians);
    return ratio;
}

static self_test_trial try_repetitions(const plan *planned, const store *from, size_t repetitions)
{
    self_test_trial made = {.repetitions = repetitions};

    for (size_t first = 0; first + repetitions <= planned->repetitions; first += repetitions) {
        excerpt one = take_excerpt(planned, from, first, repetitions);
        count_run(&made, &one);
    }
    return made;
}

static bool are_equals_equal(const self_test_trial *of)
{
    return of->compared > 0 &&
           (double)of->different <= self_test_different_max * (double)of->compared;
}

static bool is_slowdown_found(const self_test_trial *of)
{
    return of->planted_compared > 0 &&
           (double)of->planted_found >= self_test_found_min * (double)of->planted_compared;
}

/* An earlier self-test beside this one has no say: where it failed, nothing would get a verdict, and
 * none could ever pass again. */
self_test self_test_judge(const plan *planned, const store *from)
{
    self_test made = {.planted_ratio = ratio_of_planted(planned, from)};
    plan unbiased = *planned;
    size_t repetitions = SELF_TEST_REPETITIONS;

    unbiased.context = json_copy(planned->context);
    json_object_del(unbiased.context, "self_test");
    do {
        made.trials[made.trial_count] = try_repetitions(&unbiased, from, repetitions);
        repetitions *= 2;
    } while (!is_slowdown_found(&made.trials[made.trial_count++]) &&
             made.trial_count < SELF_TEST_TRIALS_MAX &&
             repetitions * SELF_TEST_RUNS_MIN <= planned->repetitions);
    json_decref(unbiased.context);
    return made;
}

static const self_test_trial *last_trial(const self_test *of)
{
    return &of->trials[of->trial_count - 1];
}

bool self_test_passed(const self_test *of)
{
    bool passed = is_slowdown_found(last_trial(of));

    for (size_t i = 0; i < of->trial_count; i++)
        passed = passed && are_equals_equal(&of->trials[i]);
    return passed;
}

/* -- the result, beside the runs of this machine -- */

static char *result_path(const char *folder)
{
    char *copy = text_copy(folder);
    char *path = text_format("%s/self-test.json", dirname(copy));

    free(copy);
    return path;
}

static json_t *trial_to_json(const self_test_trial *of)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "repetitions", (json_int_t)of->repetitions,
                     "compared", (json_int_t)of->compared, "different", (json_int_t)of->different,
                     "planted_compared", (json_int_t)of->planted_compared, "planted_found",
                     (json_int_t)of->planted_found);
}

/* The figures of the last trial, which decided, and all trials. */
static json_t *result_to_json(const self_test *of, const plan *planned, const char *folder)
{
    json_t *value = json_pack("{s:s, s:O, s:s, s:O, s:o, s:f, s:b}", "schema", schema, "date",
                              json_object_get(planned->context, "date"), "folder", folder,
                              "machine", json_object_get(planned->context, "machine"),
                              "planted_ratio", measurements_estimate_to_json(&of->planted_ratio),
                              "margin", planned->margin, "passed", self_test_passed(of));
    json_t *decided = trial_to_json(last_trial(of)), *trials = json_array();

    for (size_t i = 0; i < of->trial_count; i++)
        json_array_append_new(trials, trial_to_json(&of->trials[i]));
    json_object_update(value, decided);
    json_object_set_new(value, "trials", trials);
    json_decref(decided);
    return value;
}

void self_test_note(json_t *context, const char *folder)
{
    char *path = result_path(folder);
    problem ignored;
    json_t *result = access(path, F_OK) == 0 ? json_read(path, schema, &ignored) : NULL;

    if (machine_is_same(json_object_get(result, "machine"), json_object_get(context, "machine"))) {
        json_object_del(result, "machine");
        json_object_set(context, "self_test", result);
    }
    json_decref(result);
    free(path);
}

char *self_test_describe(const json_t *context)
{
    const json_t *result = json_object_get(context, "self_test");

    if (!json_is_object(result))
        return text_copy("not self-tested: 'reclaim self-test' shows whether this machine tells "
                         "equal from slower");
    return text_format(
        "self-test of %.10s %s: %.0f of %.0f equals differ, %.0f of %.0f slowdowns found",
        json_text_of(result, "date"),
        json_is_true(json_object_get(result, "passed")) ? "passed" : "FAILED, so no verdicts",
        json_number_of(result, "different"), json_number_of(result, "compared"),
        json_number_of(result, "planted_found"), json_number_of(result, "planted_compared"));
}

char *self_test_caution(const json_t *context)
{
    const json_t *result = json_object_get(context, "self_test");
    double needed = json_number_of(result, "repetitions");
    double had = json_number_of(context, "repetitions");

    if (!json_is_true(json_object_get(result, "passed")) || !(needed > SELF_TEST_REPETITIONS) ||
        !(had < needed))
        return NULL;
    return text_format("The self-test needed %.0f repetitions to find slowdowns of 5%% on this "
                       "machine, and there are %.0f: 'no difference found' may be a difference.",
                       needed, had);
}

/* -- the command -- */

/* The strategies that have a planted program, and the first workloads of the quick suite: short, so
 * that there is time for many. */
static bool choose_cells(command_line *chosen, const char *folder, problem *why)
{
    json_t *folders = json_pack("[o]", json_sprintf("%s/planted", folder));
    program_list planted;
    bool found = programs_find(&planted, folders, why);

    for (size_t i = 0; found && i < planted.count; i++)
        json_array_append_new(chosen->strategies, json_string(planted.items[i].strategy));
    for (size_t i = 0; found && json_array_size(chosen->workloads) < WORKLOADS; i++) {
        const json_t *workload =
            json_array_get(json_object_get(planted.items[0].description, "workloads"), i);
        json_t *suite = json_object_get(json_object_get(workload, "suite"), "quick");
        if (workload == NULL)
            break;
        json_array_extend(chosen->workloads, suite);
    }
    programs_free(&planted);
    json_decref(folders);
    return found;
}

static bool set_number(command_line *chosen, const char *name, double value, problem *why)
{
    char message[SETTINGS_MESSAGE_MAX];
    char *assignment = text_format("%s=%.0f", name, value);
    bool accepted = settings_assign(&chosen->numbers, "self-test", assignment, message);

    free(assignment);
    return accepted || problem_input(why, "%s", message);
}

static bool choose_repetitions(command_line *chosen, problem *why)
{
    double asked = settings_get(&chosen->numbers, "repetitions");

    if (asked == 0)
        return set_number(chosen, "repetitions", SELF_TEST_REPETITIONS * SELF_TEST_RUNS, why);
    if (asked < SELF_TEST_REPETITIONS)
        return problem_input(why, "--repetitions %.0f: every %d make a comparison", asked,
                             SELF_TEST_REPETITIONS);
    return true;
}

/* What `reclaim run` would be asked for. */
static bool plan_test(command_line *chosen, problem *why)
{
    char own_folder[PATH_MAX];
    const char *folder = json_text_at(chosen->programs, 0);

    if (json_array_size(chosen->programs) > 1)
        return problem_input(why, "self-test takes one --programs DIR");
    if (folder[0] == '\0' && file_program_folder(own_folder, sizeof own_folder))
        folder = own_folder;
    if (!choose_cells(chosen, folder, why))
        return false;
    folder = text_copy(folder);
    json_array_clear(chosen->programs);
    json_array_append_new(chosen->programs, json_sprintf("%s=%s", set_a, folder));
    json_array_append_new(chosen->programs, json_sprintf("%s=%s", set_b, folder));
    json_array_append_new(chosen->programs, json_sprintf("%s=%s/planted", set_planted, folder));
    free((char *)folder);
    return choose_repetitions(chosen, why) &&
           set_number(chosen, "layout-period", SELF_TEST_REPETITIONS, why) &&
           settings_assign(&chosen->numbers, "self-test", "scale=quick", why->text);
}

static void print_trial(const self_test_trial *of)
{
    printf("%zu repetitions: equal programs in other layouts called different in %zu of %zu "
           "comparisons (at most %.0f),\n"
           "    programs slower by 5%% found in %zu of %zu (at least %.0f)\n",
           of->repetitions, of->different, of->compared,
           floor(self_test_different_max * (double)of->compared), of->planted_found,
           of->planted_compared, ceil(self_test_found_min * (double)of->planted_compared));
}

static void print_result(const self_test *of, const char *path)
{
    putchar('\n');
    for (size_t i = 0; i < of->trial_count; i++)
        print_trial(&of->trials[i]);
    printf("measured ratio of the slower ones: %.3f\n", of->planted_ratio.median);
    if (self_test_passed(of))
        printf("passed: differences that are found here can be believed, and %zu repetitions find "
               "one of 5%%\n",
               last_trial(of)->repetitions);
    else
        printf("FAILED: runs beside this one get no verdicts; 'reclaim doctor' says what makes the "
               "machine noisy%s\n",
               is_slowdown_found(last_trial(of)) ? "" : ", and --repetitions tries longer runs");
    printf("\nresult: %s\n", path);
}

static int conclude(const run *done, const command_line *asked, problem *why)
{
    self_test result = self_test_judge(&done->planned, &done->kept);
    json_t *value = result_to_json(&result, &done->planned, done->kept.folder);
    char *path = result_path(done->kept.folder);
    bool written = json_write(path, value, why);

    if (settings_get(&asked->numbers, "format") != 0)
        json_dumpf(value, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    else
        print_result(&result, path);
    free(path);
    json_decref(value);
    if (!written || !context_builds_unchanged(done->planned.context, why))
        return why->code;
    return self_test_passed(&result) ? EXIT_CODE_OK : EXIT_CODE_SLOWER;
}

int self_test_command(const command_line *asked, problem *why)
{
    command_line chosen = *asked;
    run begun = RUN_CLOSED;
    int code = EXIT_CODE_OK;

    interrupt_begin();
    if ((asked->resume || plan_test(&chosen, why)) && run_begin(&begun, &chosen, why))
        code = run_take_all(&begun, why) ? conclude(&begun, asked, why) : run_stopped(&begun, why);
    else
        code = why->code;
    run_end(&begun);
    return code;
}
