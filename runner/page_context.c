/* What the run was made on and with, how it was made, and how to make it again. */
#include "page_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "json.h"
#include "self_test.h"
#include "statistics.h"
#include "text.h"
#include "units.h"

/* A value of the context as text: a word, a number, a list, "unknown" for null. The caller frees it. */
static char *text_of(const json_t *value)
{
    if (json_is_string(value))
        return text_copy(json_string_value(value));
    if (value == NULL || json_is_null(value))
        return text_copy("unknown");
    if (json_is_boolean(value))
        return text_copy(json_is_true(value) ? "yes" : "no");
    if (json_is_number(value))
        return text_format("%.10g", json_number_value(value));
    return json_one_line(value);
}

/* -- context -- */

/* Takes over `value`. */
static void write_fact(FILE *out, const char *name, char *value)
{
    html_print(out, "<dt>%s</dt><dd>%s</dd>\n", name, value);
    free(value);
}

static char *bytes_text(double bytes)
{
    char text[UNIT_TEXT_MAX];

    unit_bytes(text, bytes);
    return text_copy(bytes == 0 ? "none" : text);
}

static char *load_text(const json_t *machine)
{
    const json_t *load = json_object_get(machine, "load_average");

    return json_array_size(load) == 3
               ? text_format("%.2f, %.2f, %.2f", json_number_value(json_array_get(load, 0)),
                             json_number_value(json_array_get(load, 1)),
                             json_number_value(json_array_get(load, 2)))
               : text_copy("unknown");
}

static void write_machine(FILE *out, const json_t *context)
{
    static const char *const names[][2] = {
        {"Processor", "processor"},     {"Cores", "cores"},      {"Architecture", "architecture"},
        {"Virtualised", "virtualised"}, {"System", "system"},    {"Kernel", "kernel"},
        {"C library", "libc"},          {"Governor", "governor"}};
    const json_t *machine = json_object_get(context, "machine");

    fputs("<h3>Machine</h3>\n<dl class=\"facts\">\n", out);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        write_fact(out, names[i][0], text_of(json_object_get(machine, names[i][1])));
    write_fact(out, "Memory", bytes_text(json_number_of(machine, "memory_bytes")));
    write_fact(out, "Load at the start", load_text(machine));
    write_fact(out, "Self-test", self_test_describe(context));
    fputs("</dl>\n", out);
}

static void write_plan(FILE *out, const json_t *context)
{
    static const char *const names[][2] = {
        {"Date", "date"},          {"Scale", "scale"},
        {"Seed", "seed"},          {"Repetitions", "repetitions"},
        {"Runs a sample", "runs"}, {"Baseline", "baseline"},
        {"Margin", "margin"},      {"Time limit, s", "timeout_s"}};

    fputs("<h3>Plan</h3>\n<dl class=\"facts\">\n", out);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        write_fact(out, names[i][0], text_of(json_object_get(context, names[i][1])));
    write_fact(out, "Memory limit", bytes_text(json_number_of(context, "memory_bytes_max")));
    fputs("</dl>\n", out);
}

static const json_t *build_of(const json_t *programs, size_t index)
{
    return json_object_get(json_array_get(programs, index), "build");
}

static bool starts_build(const json_t *programs, size_t index)
{
    size_t i = 0;

    while (!json_equal(build_of(programs, i), build_of(programs, index)))
        i++;
    return i == index;
}

/* Programs of one build stand together: "bench_none, count_none". */
static void write_programs_of(FILE *out, const json_t *programs, size_t first)
{
    for (size_t i = first; i < json_array_size(programs); i++) {
        const json_t *program = json_array_get(programs, i);
        const char *set = json_text_of(program, "set");
        if (json_equal(build_of(programs, i), build_of(programs, first)))
            html_print(out, "%s%s%s%s", i > first ? ", " : "", set, set[0] != '\0' ? "/" : "",
                       json_text_of(program, "name"));
    }
}

static void write_builds(FILE *out, const json_t *programs)
{
    fputs("<h3>Programs</h3>\n<div class=\"wide\"><table>\n<thead><tr><th>Commit</th>"
          "<th>Compiler</th><th>Flags</th><th>Build</th><th>Programs</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t i = 0; i < json_array_size(programs); i++) {
        const json_t *build = build_of(programs, i);
        if (!starts_build(programs, i))
            continue;
        html_print(out, "<tr><td>%s%s</td><td>%s</td><td>%s</td><td>%s</td><td>",
                   json_text_of(build, "commit"),
                   json_is_true(json_object_get(build, "dirty")) ? ", with changes" : "",
                   json_text_of(build, "compiler"), json_text_of(build, "flags"),
                   json_text_of(build, "type"));
        write_programs_of(out, programs, i);
        fputs("</td></tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

/* "threshold0=700, collect=0": the options of a cell, defaults included. The caller frees it. */
static char *options_text(const json_t *cell)
{
    json_t *options = json_object_get(cell, "options");
    char *text = text_copy("");

    for (void *field = json_object_iter(options); field != NULL;
         field = json_object_iter_next(options, field)) {
        char *value = text_of(json_object_iter_value(field));
        char *longer = text_format("%s%s%s=%s", text, text[0] != '\0' ? ", " : "",
                                   json_object_iter_key(field), value);
        free(value);
        free(text);
        text = longer;
    }
    return text;
}

static char *allocator_of(const json_t *cell)
{
    const json_t *allocator = json_object_get(cell, "allocator");

    if (json_is_object(allocator))
        return text_format("%s %s", json_text_of(allocator, "name"),
                           json_text_of(allocator, "version"));
    return text_copy(json_is_string(allocator) ? json_string_value(allocator) : "not recorded");
}

static const char *role_of(const json_t *cell)
{
    const char *kind = json_text_of(cell, "kind"), *peer = json_text_of(cell, "peer");

    if (strcmp(kind, "hand") == 0)
        return "by hand";
    if (strcmp(kind, "ideal") == 0)
        return "limit";
    return peer[0] != '\0' ? peer : "strategy";
}

static void write_rows(FILE *out, const json_t *cells)
{
    fputs("<h3>Strategies, their options and allocators</h3>\n<div class=\"wide\"><table>\n<thead>"
          "<tr><th>Row</th><th>Is</th><th>Allocator</th><th>Options</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *cell = json_array_get(cells, i);
        char *options, *allocator;
        if (!page_starts(cells, i, "strategy"))
            continue;
        options = options_text(cell);
        allocator = allocator_of(cell);
        html_print(out, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                   json_text_of(cell, "strategy"), role_of(cell), allocator, options);
        free(options);
        free(allocator);
    }
    fputs("</tbody></table></div>\n", out);
}

void page_write_context(FILE *out, const page_source *from)
{
    fputs("<section id=\"context\">\n<h2>Context</h2>\n", out);
    write_machine(out, from->context);
    write_plan(out, from->context);
    write_rows(out, json_object_get(from->summary, "cells"));
    write_builds(out, json_object_get(from->context, "programs"));
    fputs("</section>\n", out);
}

/* -- method, as answers to what an expert asks -- */

static void write_answer(FILE *out, const char *question, char *answer)
{
    html_print(out, "<dt>%s</dt><dd>%s</dd>\n", question, answer);
    free(answer);
}

/* How many cells have a collector, and in how many of them it ran. */
static char *collected_text(const json_t *cells)
{
    size_t with = 0, ran = 0;

    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *cell = json_array_get(cells, i);
        size_t generations = json_array_size(page_value_at(cell, "counters.collections"));
        with += generations > 0;
        ran += generations > 0 && page_number_at(cell, "counters.collections") > 0;
    }
    return text_format("Of %zu cell%s with a collector it ran in %zu. One in which it never ran "
                       "before the last collection is 'uncollected' and not ranked; the number of "
                       "collections stands in the tables.",
                       with, page_plural(with), ran);
}

static char *seeds_text(const page_source *from)
{
    return text_format("One seed, %.0f, for every cell. Per workload the digest of all operations "
                       "and the checksum of the final graph must be equal for all rows, else every "
                       "cell of it is void; void here: %zu.",
                       json_number_of(from->context, "seed"),
                       page_count_status(from->summary, "void"));
}

static char *cascades_text(const json_t *cells)
{
    const json_t *longest = NULL;
    double most = 0;
    char time[UNIT_TEXT_MAX];

    for (size_t i = 0; i < json_array_size(cells); i++) {
        double drop = page_number_at(json_array_get(cells, i), "counters.drop_ns_max");
        if (drop > most) {
            most = drop;
            longest = json_array_get(cells, i);
        }
    }
    unit_duration(time, most);
    if (longest == NULL)
        return text_copy("They count as waits, timed from a cascade's 64th object on. None was "
                         "that long here.");
    return text_format("They count as waits, timed from a cascade's 64th object on. The longest "
                       "here: %s, %s on %s.",
                       time, json_text_of(longest, "strategy"), json_text_of(longest, "spec"));
}

static char *allocators_of(const json_t *cells)
{
    char *text = text_copy("");

    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *cell = json_array_get(cells, i);
        char *allocator = allocator_of(cell), *longer;
        bool is_new = json_text_of(cell, "peer")[0] == '\0' && strstr(text, allocator) == NULL;
        longer = is_new ? text_format("%s%s%s", text, text[0] != '\0' ? ", " : "", allocator)
                        : text_copy(text);
        free(allocator);
        free(text);
        text = longer;
    }
    return text;
}

static char *allocator_text_of(const json_t *cells)
{
    char *names = allocators_of(cells);
    char *text =
        text_format("%s. A peer brings its own where it has one.",
                    strcmp(names, "not recorded") == 0 ? "This run did not record it" : names);

    free(names);
    return text;
}

static char *order_text(const json_t *context)
{
    return text_format("Each sample is a fresh process that makes %.0f whole runs on fresh heaps: "
                       "the first is reported apart, the median of the others is the sample's "
                       "time. In each of %.0f repetitions the cells run in a new random order; "
                       "nothing is ever the best of several.",
                       json_number_of(context, "runs"), json_number_of(context, "repetitions"));
}

static char *verdict_text(const json_t *context)
{
    return text_format(
        "A difference is called one when p is below 0.05 and the ratio beyond %.3g%%. Times are "
        "paired within repetitions; p comes from exchanging whole repetitions, two rank sums "
        "together, corrected for all pairs of ranked rows on all workloads (Westfall and Young's "
        "step-down, then by the number of workloads). It takes %d independent repetitions; those "
        "that share a layout count as one. "
        "'No difference found' is no proof that there is none. Intervals are 95%% bootstraps of "
        "the median.",
        json_number_of(context, "margin") * 100, STATISTICS_SAMPLES_MIN);
}

static double layouts_of(const json_t *context)
{
    const json_t *cells = json_object_get(context, "cells");
    double least = NAN;

    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *cell = json_array_get(cells, i);
        if (json_text_of(cell, "skipped")[0] == '\0')
            least = fmin(least, fmax(1, json_number_of(cell, "layouts")));
    }
    return least;
}

static char *layout_text(const json_t *context)
{
    double layouts = layouts_of(context);

    return layouts > 1 ? text_format("Each timed program is linked in %.0f layouts at least, which "
                                     "take turns over the repetitions.",
                                     layouts)
                       : text_copy("Here each program, or one at least, ran in one layout only: a "
                                   "difference of some per cent may be the layout's.");
}

void page_write_method(FILE *out, const page_source *from)
{
    const json_t *cells = json_object_get(from->summary, "cells");

    fputs("<section id=\"method\">\n<h2>Method, by objections</h2>\n<dl>\n", out);
    write_answer(out, "You never collected.", collected_text(cells));
    write_answer(out, "Your seeds differ.", seeds_text(from));
    write_answer(out, "Counting pauses too.", cascades_text(cells));
    write_answer(out, "Which allocator?", allocator_text_of(cells));
    write_answer(out, "Warm or cold? Best of how many?", order_text(from->context));
    write_answer(out, "Is that significant?", verdict_text(from->context));
    write_answer(out, "It is the code's layout.", layout_text(from->context));
    write_answer(out, "What is in the time?",
                 text_copy("The work, the teardown and the last collection, so that what a "
                           "strategy puts off is charged. Building what lives from the start, and "
                           "making and freeing the heap, are outside."));
    write_answer(out, "Counting slows the program.",
                 text_copy("Counters come from programs of their own, which are never timed, and "
                           "have to agree with the timed ones."));
    write_answer(out, "A leak makes it fast.",
                 text_copy("So what leaks is never ranked; its figures stand beside its leak."));
    fputs("</dl>\n</section>\n", out);
}

/* -- how to make it again -- */

static bool is_plain_word(const char *word)
{
    return word[0] != '\0' &&
           word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789_-+=:,./@%")] == '\0';
}

/* A word as a shell reads it. */
static void write_word(FILE *out, const char *word)
{
    if (is_plain_word(word)) {
        html_text(out, word);
        return;
    }
    html_text(out, "'");
    for (; *word != '\0'; word++)
        html_print(out, "%s", *word == '\'' ? "'\\''" : (char[]){*word, '\0'});
    html_text(out, "'");
}

/* The words of the run's command, by the program's usual name and without its folder: another run needs
 * another one. */
static void write_command(FILE *out, const json_t *command)
{
    fputs("build/release/reclaim", out);
    for (size_t i = 1; i < json_array_size(command); i++) {
        const char *word = json_text_at(command, i);
        if (strcmp(word, "--out") == 0 || strcmp(word, "--resume") == 0) {
            i++;
            continue;
        }
        if (text_starts_with(word, "--out="))
            continue;
        putc(' ', out);
        write_word(out, word);
    }
    putc('\n', out);
}

static void write_commits(FILE *out, const json_t *programs)
{
    for (size_t i = 0; i < json_array_size(programs); i++) {
        const json_t *build = json_object_get(json_array_get(programs, i), "build");
        const char *commit = json_text_of(build, "commit");
        size_t j = 0;
        while (strcmp(json_text_of(json_object_get(json_array_get(programs, j), "build"), "commit"),
                      commit) != 0)
            j++;
        if (i != j || commit[0] == '\0')
            continue;
        html_print(out, "git checkout %s%s\n", commit,
                   json_is_true(json_object_get(build, "dirty"))
                       ? "   # and the changes that no commit has"
                       : "");
    }
}

void page_write_reproduction(FILE *out, const page_source *from)
{
    fputs("<section id=\"reproduce\">\n<h2>Reproduce</h2>\n<pre>", out);
    write_commits(out, json_object_get(from->context, "programs"));
    fputs("scripts/setup bench\ncmake --preset release &amp;&amp; cmake --build --preset release\n",
          out);
    write_command(out, json_object_get(from->context, "command"));
    fputs("</pre>\n<p>The same work is done again: it hangs on the seed, not on the machine. With "
          "this "
          "run&#39;s folder, where the samples are:</p>\n<pre>build/release/reclaim run --resume ",
          out);
    write_word(out, from->folder);
    fputs("   # takes what is missing\nbuild/release/reclaim report ", out);
    write_word(out, from->folder);
    fputs("         # makes this page again\nbuild/release/reclaim compare ", out);
    write_word(out, from->folder);
    fputs(" OTHER-RUN\n</pre>\n</section>\n", out);
}
