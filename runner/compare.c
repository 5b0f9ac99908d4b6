#define _GNU_SOURCE
#include "compare.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare_report.h"
#include "json.h"
#include "remaining.h"
#include "self_test.h"
#include "text.h"

/* -- the runs -- */

static bool open_run(compared_run *opened, const char *folder, problem *why)
{
    json_t *context;

    opened->name = folder;
    context = store_open_to_read(&opened->from, folder, why);
    if (context == NULL)
        return false;
    opened->is_open = true;
    if (!plan_load(&opened->planned, context, why) ||
        !store_load_samples(&opened->from, &opened->planned, why))
        return false;
    opened->made = summary_make(&opened->planned, &opened->from);
    opened->is_summed_up = true;
    return true;
}

static void close_run(compared_run *opened)
{
    if (opened->is_summed_up)
        summary_free(&opened->made);
    if (opened->is_open) {
        plan_free(&opened->planned);
        store_close(&opened->from);
    }
}

static void free_compare(compare *of)
{
    for (size_t i = 0; i < of->count; i++)
        free(of->pairs[i].reason);
    free(of->pairs);
    free(of->judged.items);
    json_decref(of->notes);
    for (size_t i = 0; i < 2; i++)
        close_run(&of->runs[i]);
}

/* -- what makes a comparison of runs dishonest -- */

__attribute__((format(printf, 2, 3))) static void note(compare *of, const char *format, ...)
{
    va_list values;
    char *text = NULL;

    va_start(values, format);
    if (vasprintf(&text, format, values) >= 0)
        json_array_append_new(of->notes, json_string(text));
    va_end(values);
    free(text);
}

/* Whether both contexts have the same value at `group`.`name` ("" for the top). Where they do not,
 * that is refused, or noted when it was forced. */
static bool is_same_setting(compare *of, const char *group, const char *name, bool force,
                            problem *why)
{
    const json_t *contexts[] = {of->before->planned.context, of->after->planned.context};
    char *texts[2];
    bool same;

    for (size_t i = 0; i < 2; i++) {
        const json_t *in = group[0] != '\0' ? json_object_get(contexts[i], group) : contexts[i];
        texts[i] = json_one_line(json_object_get(in, name));
    }
    same = strcmp(texts[0], texts[1]) == 0;
    if (!same && force)
        note(of, "not the same %s: %s and %s", name, texts[0], texts[1]);
    else if (!same)
        problem_input(why,
                      "not comparable: %s has %s%s%s %s, and %s has %s; --force compares them all "
                      "the same, and says so",
                      of->before->name, group, group[0] != '\0' ? "'s " : "", name, texts[0],
                      of->after->name, texts[1]);
    free(texts[0]);
    free(texts[1]);
    return same || force;
}

/* Another machine, or samples of another kind, make other times; another seed makes other work,
 * which nothing can excuse. */
static bool are_comparable(compare *of, bool force, problem *why)
{
    static const char *const machine[] = {"processor", "cores", "memory_bytes", "architecture"};
    static const char *const noted[] = {"kernel", "libc", "governor"};
    bool comparable = true;

    if (of->before->planned.seed != of->after->planned.seed)
        return problem_input(why,
                             "not comparable: %s has seed %llu and %s has seed %llu, so they did "
                             "not do the same work",
                             of->before->name, (unsigned long long)of->before->planned.seed,
                             of->after->name, (unsigned long long)of->after->planned.seed);
    for (size_t i = 0; i < sizeof machine / sizeof *machine && comparable; i++)
        comparable = is_same_setting(of, "machine", machine[i], force, why);
    comparable = comparable && is_same_setting(of, "", "runs", force, why);
    for (size_t i = 0; i < sizeof noted / sizeof *noted && comparable; i++)
        is_same_setting(of, "machine", noted[i], true, why);
    return comparable;
}

static bool is_complete(compare *of, const compared_run *checked, bool force, problem *why)
{
    size_t left = remaining_samples(&checked->planned, &checked->from);

    if (left == 0 && !checked->from.torn)
        return true;
    if (!force)
        return problem_input(why,
                             "%s is not complete: %zu samples are missing%s. 'reclaim run --resume "
                             "%s' takes them; --force compares what is there",
                             checked->name, left,
                             checked->from.torn ? ", and its last line is cut short" : "",
                             checked->name);
    note(of, "%s is not complete: %zu samples are missing", checked->name, left);
    return true;
}

static void note_self_test(compare *of, const compared_run *of_run)
{
    const json_t *test = json_object_get(of_run->planned.context, "self_test");
    char *caution = self_test_caution(of_run->planned.context);

    if (!json_is_object(test))
        note(of, "%s: this machine was not self-tested ('reclaim self-test')", of_run->name);
    else if (plan_self_test_failed(&of_run->planned))
        note(of, "%s: the self-test of this machine failed, so nothing gets a verdict",
             of_run->name);
    if (caution != NULL)
        note(of, "%s: %s", of_run->name, caution);
    free(caution);
}

static void note_layouts(compare *of, const compared_run *of_run)
{
    for (size_t i = 0; i < of_run->planned.cell_count; i++) {
        if (of_run->planned.cells[i].layouts < 2) {
            note(of, "%s: %s has one layout only, so a difference may be the layout's",
                 of_run->name, of_run->planned.cells[i].row);
            return;
        }
    }
}

/* -- the pairs -- */

/* Whether a cell is what --from or --to names: its row, its label, or its set. NULL names all. */
static bool is_named(const cell *candidate, const char *name)
{
    return name == NULL || strcmp(candidate->row, name) == 0 ||
           strcmp(candidate->label, name) == 0 || strcmp(candidate->set, name) == 0;
}

/* The set before or after a comparison of sets, NULL where a row was named. */
static bool names_set(const plan *planned, const char *name)
{
    for (size_t i = 0; name != NULL && i < planned->cell_count; i++) {
        if (planned->cells[i].set[0] != '\0' && strcmp(planned->cells[i].set, name) == 0)
            return true;
    }
    return false;
}

/* The partner of `after`: on the same spec, and what --from names; where that leaves open which, of
 * the same label, or of the same row. */
static const cell_summary *find_partner(const compare *of, const command_line *asked,
                                        const cell *after)
{
    const plan *planned = &of->before->planned;
    bool is_row = asked->from != NULL && !names_set(planned, asked->from);

    for (size_t i = 0; i < planned->cell_count; i++) {
        const cell *candidate = &planned->cells[i];
        bool fits = is_row                ? is_named(candidate, asked->from)
                    : asked->from != NULL ? strcmp(candidate->set, asked->from) == 0 &&
                                                strcmp(candidate->label, after->label) == 0
                                          : strcmp(candidate->row, after->row) == 0;
        if (fits && strcmp(candidate->spec, after->spec) == 0)
            return &of->before->made.cells[i];
    }
    return NULL;
}

static char *other_work(const cell_summary *before, const cell_summary *after)
{
    static const char *const facts[] = {"checksum", "digest"};
    const json_t *parameters = json_object_get(before->of->record, "params");

    if (!json_equal(parameters, json_object_get(after->of->record, "params")))
        return text_copy("not the same work: the parameters' defaults differ");
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const char *a = json_text_of(before->counters, facts[i]);
        const char *b = json_text_of(after->counters, facts[i]);
        if (a[0] != '\0' && b[0] != '\0' && strcmp(a, b) != 0)
            return text_format("not the same work: %s %s and %s", facts[i], a, b);
    }
    return NULL;
}

/* Why the two are not comparable, or ""; the caller frees it. */
static char *reason_against(const cell_summary *before, const cell_summary *after)
{
    const cell_summary *both[] = {before, after};
    char *reason;

    for (size_t i = 0; i < 2; i++) {
        if (!status_is_timed(both[i]->status))
            return text_format("%s is %s: %s", both[i]->of->row, status_name(both[i]->status),
                               both[i]->reason);
    }
    reason = other_work(before, after);
    if (reason != NULL)
        return reason;
    for (size_t i = 0; i < 2; i++) {
        if (both[i]->status == STATUS_LEAKED && both[1 - i]->status != STATUS_LEAKED)
            return text_format("%s leaks, and skipped the work that %s did", both[i]->of->row,
                               both[1 - i]->of->row);
    }
    return text_copy("");
}

static void add_pair(compare *of, const cell_summary *before, const cell_summary *after)
{
    compared_pair added = {before, after, reason_against(before, after)};
    size_t old_index = (size_t)(before - of->before->made.cells);
    size_t new_index = (size_t)(after - of->after->made.cells);
    bool is_valid = added.reason[0] == '\0';

    of->pairs = reallocarray(of->pairs, of->count + 1, sizeof *of->pairs);
    if (of->pairs == NULL)
        abort();
    of->pairs[of->count++] = added;
    if (of->is_paired)
        comparisons_add_paired(&of->judged, &of->after->planned, &of->after->from, old_index,
                               new_index, is_valid);
    else
        comparisons_add_separate(&of->judged, &of->before->planned, &of->before->from, old_index,
                                 &of->after->planned, &of->after->from, new_index, is_valid);
}

static void find_pairs(compare *of, const command_line *asked)
{
    size_t alone = 0;

    for (size_t i = 0; i < of->after->planned.cell_count; i++) {
        const cell_summary *after = &of->after->made.cells[i];
        const cell_summary *before;
        if (!is_named(after->of, asked->to))
            continue;
        before = find_partner(of, asked, after->of);
        if (before == NULL)
            alone++;
        else if (before != after)
            add_pair(of, before, after);
    }
    if (alone > 0)
        note(of, "%zu cells of %s have no partner in %s and are left out", alone, of->after->name,
             of->before->name);
}

/* The rows of a run, each once; the caller frees the array. */
static const char **rows_of(const plan *planned, int *count)
{
    const char **rows = must_allocate(planned->cell_count, sizeof *rows);

    *count = 0;
    for (size_t i = 0; i < planned->cell_count; i++) {
        int known = 0;
        while (known < *count && strcmp(rows[known], planned->cells[i].row) != 0)
            known++;
        if (known == *count)
            rows[(*count)++] = planned->cells[i].row;
    }
    return rows;
}

static bool has_row(const compared_run *in, const char *option, const char *name, problem *why)
{
    const char **rows;
    int count;

    for (size_t i = 0; i < in->planned.cell_count; i++) {
        if (is_named(&in->planned.cells[i], name))
            return true;
    }
    rows = rows_of(&in->planned, &count);
    problem_input(why, "%s: '%s' is not part of %s", option, name, in->name);
    problem_add_names(why, name, "It has", rows, count);
    free(rows);
    return false;
}

/* -- the command -- */

/* One run without names means its builds: the first set that was named is the old one. */
static bool choose_within(const compare *of, command_line *asked, problem *why)
{
    const plan *planned = &of->after->planned;
    const char **rows;
    int count;

    if (asked->from != NULL && asked->to != NULL)
        return true;
    for (size_t i = 1; i < planned->cell_count && asked->from == NULL && asked->to == NULL; i++) {
        if (strcmp(planned->cells[i].set, planned->cells[0].set) != 0) {
            asked->from = planned->cells[0].set;
            asked->to = planned->cells[i].set;
            return true;
        }
    }
    rows = rows_of(planned, &count);
    problem_input(why, "within one run, name what to compare by --from ROW and --to ROW");
    problem_add_names(why, "", "It has", rows, count);
    free(rows);
    return false;
}

static bool load(compare *of, command_line *asked, problem *why)
{
    of->before = of->after = &of->runs[0];
    if (!open_run(of->before, asked->first_folder, why))
        return false;
    of->is_paired = asked->second_folder == NULL;
    if (of->is_paired)
        return choose_within(of, asked, why) && is_complete(of, of->after, asked->force, why);
    of->after = &of->runs[1];
    return open_run(of->after, asked->second_folder, why) &&
           are_comparable(of, asked->force, why) &&
           is_complete(of, of->before, asked->force, why) &&
           is_complete(of, of->after, asked->force, why);
}

static bool pair_and_judge(compare *of, const command_line *asked, problem *why)
{
    if (!has_row(of->before, "--from", asked->from, why) ||
        !has_row(of->after, "--to", asked->to, why))
        return false;
    find_pairs(of, asked);
    if (of->count == 0)
        return problem_input(why,
                             "nothing to compare: no workload of %s (scale %s) has the same "
                             "parameters in %s (scale %s)",
                             of->after->name, json_text_of(of->after->planned.context, "scale"),
                             of->before->name, json_text_of(of->before->planned.context, "scale"));
    if (of->is_paired)
        comparisons_decide_paired(&of->judged, &of->after->planned, of->margin);
    else
        comparisons_decide_separate(&of->judged,
                                    plan_self_test_failed(&of->before->planned) ||
                                        plan_self_test_failed(&of->after->planned),
                                    of->margin);
    return true;
}

static void note_all(compare *of)
{
    if (!of->is_paired)
        note(of, "separate runs: what has changed between them (load, temperature, neighbours) is "
                 "part of every difference; run both in one with --programs to be sure");
    note_self_test(of, of->before);
    note_layouts(of, of->before);
    if (of->is_paired)
        return;
    note_self_test(of, of->after);
    note_layouts(of, of->after);
}

/* A gate that could judge nothing has not been passed. */
static exit_code conclude(const compare *of)
{
    size_t judged = 0, untrusted = 0;

    for (size_t i = 0; i < of->count; i++) {
        const comparison *result = &of->judged.items[i];
        if (of->fail_above >= 0 && result->verdict == VERDICT_SLOWER &&
            result->ratio.median > 1 + of->fail_above)
            return EXIT_CODE_SLOWER;
        judged += result->verdict <= VERDICT_NO_DIFFERENCE;
        untrusted += of->pairs[i].before->status >= STATUS_FAILED ||
                     of->pairs[i].after->status >= STATUS_FAILED;
    }
    return untrusted > 0 || (judged == 0 && of->fail_above >= 0) ? EXIT_CODE_UNTRUSTED
                                                                 : EXIT_CODE_OK;
}

exit_code compare_command(const command_line *asked, problem *why)
{
    compare of = {.margin = settings_get(&asked->numbers, "margin"),
                  .fail_above = settings_get(&asked->numbers, "fail-above"),
                  .notes = json_array()};
    command_line chosen = *asked;
    exit_code code;

    if (load(&of, &chosen, why) && pair_and_judge(&of, &chosen, why)) {
        note_all(&of);
        code = compare_report(&of, &chosen, why) ? conclude(&of) : why->code;
    } else {
        code = why->code;
    }
    free_compare(&of);
    return code;
}
