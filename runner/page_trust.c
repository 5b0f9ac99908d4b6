/* What an honest run says against itself. A reader meets it before the first figure; a page without
 * objections says what was looked at. */
#include "page_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "json.h"
#include "remaining.h"
#include "self_test.h"
#include "statistics.h"
#include "text.h"

typedef enum weight {
    WEIGHT_FINE,
    WEIGHT_CAUTION, /* figures hold, but say less */
    WEIGHT_BAD      /* some figures must not be believed */
} weight;

typedef struct objections {
    const page_source *from;
    FILE *list;
    weight worst;
    size_t count;
} objections;

/* Takes over `text`, which becomes a sentence's beginning. */
static void object(objections *to, weight how, char *text)
{
    text[0] = (char)toupper((unsigned char)text[0]);
    html_print(to->list, how == WEIGHT_BAD ? "<li class=\"bad\">%s</li>\n" : "<li>%s</li>\n", text);
    to->worst = how > to->worst ? how : to->worst;
    to->count++;
    free(text);
}

/* "a on x, b on y", at most four of the cells with a status. The caller frees it. */
static char *cells_with(const json_t *summary, const char *status, bool with_reason)
{
    const json_t *cells = json_object_get(summary, "cells");
    size_t count = page_count_status(summary, status), shown = 0;
    char *text = text_copy(""), *longer;

    for (size_t i = 0; i < json_array_size(cells) && shown < 4; i++) {
        const json_t *cell = json_array_get(cells, i);
        const char *reason = with_reason ? json_text_of(cell, "reason") : "";
        if (strcmp(json_text_of(cell, "status"), status) != 0)
            continue;
        longer = text_format("%s%s%s on %s%s%s%s", text, shown > 0 ? ", " : "",
                             json_text_of(cell, "strategy"), json_text_of(cell, "spec"),
                             reason[0] != '\0' ? " (" : "", reason, reason[0] != '\0' ? ")" : "");
        free(text);
        text = longer;
        shown++;
    }
    if (count > shown) {
        longer = text_format("%s, and %zu more", text, count - shown);
        free(text);
        text = longer;
    }
    return text;
}

/* `meaning` is said of one cell and of several. */
static void object_to_status(objections *to, weight how, const char *status,
                             const char *const meaning[2])
{
    size_t count = page_count_status(to->from->summary, status);
    char *cells;

    if (count == 0)
        return;
    cells = cells_with(to->from->summary, status, how == WEIGHT_BAD);
    object(
        to, how,
        text_format("%zu cell%s %s: %s.", count, page_plural(count), meaning[count != 1], cells));
    free(cells);
}

static void object_to_cells(objections *to)
{
    static const char *const are_void[] = {
        "is void, since a check failed, and nothing that it measured is shown",
        "are void, since a check failed, and nothing that they measured is shown"};
    static const char *const failed[] = {"crashed or gave no sample", "crashed or gave no sample"};
    static const char *const oom[] = {"ran out of memory", "ran out of memory"};
    static const char *const timeout[] = {"took longer than allowed", "took longer than allowed"};
    static const char *const skipped[] = {"was not run", "were not run"};
    static const char *const uncollected[] = {
        "has a collector that never ran, and is not ranked, as its time says nothing of collecting",
        "have a collector that never ran, and are not ranked, as their times say nothing of "
        "collecting"};

    object_to_status(to, WEIGHT_BAD, "void", are_void);
    object_to_status(to, WEIGHT_BAD, "failed", failed);
    object_to_status(to, WEIGHT_CAUTION, "oom", oom);
    object_to_status(to, WEIGHT_CAUTION, "timeout", timeout);
    object_to_status(to, WEIGHT_CAUTION, "skipped", skipped);
    object_to_status(to, WEIGHT_CAUTION, "uncollected", uncollected);
}

static void object_to_gaps(objections *to)
{
    size_t left = to->from->samples_left;

    if (left > 0)
        object(to, WEIGHT_BAD, remaining_sentence(left, to->from->folder));
    if (to->from->torn)
        object(to, WEIGHT_BAD, text_copy(STORE_TORN_SENTENCE));
    if (to->from->no_charts[0] != '\0')
        object(to, WEIGHT_CAUTION, text_copy(to->from->no_charts));
}

static void object_to_repetitions(objections *to)
{
    double repetitions = json_number_of(to->from->context, "repetitions");

    if (!(repetitions >= STATISTICS_SAMPLES_MIN))
        object(to, WEIGHT_CAUTION,
               text_format("%.0f repetition%s: no interval and no verdict, which take %d. Medians "
                           "only.",
                           repetitions, repetitions == 1 ? "" : "s", STATISTICS_SAMPLES_MIN));
}

static void object_to_self_test(objections *to)
{
    const json_t *test = json_object_get(to->from->context, "self_test");
    char *caution = self_test_caution(to->from->context);

    if (caution != NULL)
        object(to, WEIGHT_CAUTION, caution);
    if (json_is_object(test) && json_is_true(json_object_get(test, "passed")))
        return;
    if (!json_is_object(test))
        object(to, WEIGHT_CAUTION,
               text_copy("This machine was not self-tested: 'reclaim self-test' shows whether it "
                         "tells equal programs from slower ones."));
    else
        object(to, WEIGHT_BAD, self_test_describe(to->from->context));
}

static void object_to_noise(objections *to)
{
    json_t *noisy = (json_t *)page_value_at(to->from->context, "doctor.noisy");
    char *names = text_copy("");

    for (void *field = json_object_iter(noisy); field != NULL;
         field = json_object_iter_next(noisy, field)) {
        char *longer = text_format("%s%s%s (%s)", names, names[0] != '\0' ? ", " : "",
                                   json_object_iter_key(field),
                                   json_string_value(json_object_iter_value(field)) != NULL
                                       ? json_string_value(json_object_iter_value(field))
                                       : "yes");
        free(names);
        names = longer;
    }
    if (names[0] != '\0')
        object(to, WEIGHT_CAUTION, text_format("What made this machine noisy: %s.", names));
    free(names);
}

static void object_to_layouts(objections *to)
{
    const json_t *cells = json_object_get(to->from->context, "cells");
    size_t alone = 0, run = 0;

    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *cell = json_array_get(cells, i);
        bool is_run = json_text_of(cell, "skipped")[0] == '\0';
        run += is_run;
        alone += is_run && !(json_number_of(cell, "layouts") > 1);
    }
    if (alone > 0)
        object(to, WEIGHT_CAUTION,
               text_format("%s ran in one layout of the program, so that a small difference may "
                           "be the layout's.",
                           alone == run ? "All cells" : "Some cells"));
}

/* -- builds -- */

static size_t count_builds(const json_t *programs, const char *field, const char **value)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(programs); i++) {
        const json_t *build = json_object_get(json_array_get(programs, i), "build");
        const char *found = json_text_of(build, field);
        bool known = false;
        for (size_t j = 0; j < i && !known; j++)
            known =
                strcmp(json_text_of(json_object_get(json_array_get(programs, j), "build"), field),
                       found) == 0;
        if (!known)
            *value = found;
        count += !known;
    }
    return count;
}

static bool has_dirty_build(const json_t *programs)
{
    for (size_t i = 0; i < json_array_size(programs); i++) {
        const json_t *build = json_object_get(json_array_get(programs, i), "build");
        if (json_is_true(json_object_get(build, "dirty")))
            return true;
    }
    return false;
}

static bool lacks_commit(const json_t *programs)
{
    for (size_t i = 0; i < json_array_size(programs); i++) {
        const json_t *build = json_object_get(json_array_get(programs, i), "build");
        if (json_text_of(build, "commit")[0] == '\0')
            return true;
    }
    return json_array_size(programs) == 0;
}

static bool has_several_sets(const json_t *programs)
{
    for (size_t i = 1; i < json_array_size(programs); i++) {
        if (strcmp(json_text_of(json_array_get(programs, i), "set"),
                   json_text_of(json_array_get(programs, 0), "set")) != 0)
            return true;
    }
    return false;
}

static void object_to_builds(objections *to)
{
    static const char *const fields[] = {"compiler", "flags", "type", "commit"};
    const json_t *programs = json_object_get(to->from->context, "programs");
    const char *value = "";

    if (lacks_commit(programs))
        object(to, WEIGHT_CAUTION, text_copy("Of which commit the programs are is not recorded."));
    if (has_dirty_build(programs))
        object(to, WEIGHT_CAUTION,
               text_copy("The programs were built from a tree with changes that no commit has."));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (count_builds(programs, fields[i], &value) > 1 && !has_several_sets(programs))
            object(to, WEIGHT_CAUTION,
                   text_format("The programs were not all built alike: they differ in %s.",
                               fields[i]));
    }
    if (count_builds(programs, "type", &value) == 1 && value[0] != '\0' &&
        strcmp(value, "Release") != 0 && strcmp(value, "release") != 0)
        object(to, WEIGHT_BAD,
               text_format("The programs are no release build, but '%s': their times mean little.",
                           value));
}

/* -- the banner -- */

static const char *headline_of(const objections *of)
{
    static const char *const headlines[] = {[WEIGHT_FINE] =
                                                "Checked: nothing speaks against these figures",
                                            [WEIGHT_CAUTION] = "Read these figures with care",
                                            [WEIGHT_BAD] = "Not all of this can be believed"};

    return headlines[of->worst];
}

static void write_banner(FILE *out, const objections *of, const char *list)
{
    static const char *const classes[] = {"fine", "caution", "bad"};
    char *tested = self_test_describe(of->from->context);

    html_print(out,
               "<section class=\"trust %s\" aria-label=\"Can this be believed?\">\n<h2>%s</h2>\n",
               classes[of->worst], headline_of(of));
    if (of->count > 0)
        fprintf(out, "<ul>\n%s</ul>\n", list);
    else
        html_print(out,
                   "<p>Every cell agrees with its workload&#39;s books and with all other "
                   "strategies; the run is complete; %s.</p>\n",
                   tested);
    fputs("</section>\n", out);
    free(tested);
}

void page_write_trust(FILE *out, const page_source *from)
{
    objections made = {.from = from};
    char *list = NULL;
    size_t size = 0;

    made.list = open_memstream(&list, &size);
    if (made.list == NULL)
        abort();
    object_to_gaps(&made);
    object_to_cells(&made);
    object_to_repetitions(&made);
    object_to_self_test(&made);
    object_to_builds(&made);
    object_to_layouts(&made);
    object_to_noise(&made);
    fclose(made.list);
    write_banner(out, &made, list);
    free(list);
}
