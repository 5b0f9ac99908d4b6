/* report.html and the sentences in it, from the JSON of a summary: what is said of which figures, what
 * is shown when something is missing, and that no text from outside becomes part of the page. */
#define _GNU_SOURCE
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "html.h"
#include "json.h"
#include "page.h"
#include "support/file.h"
#include "text.h"
#include "verdicts.h"

/* -- summaries -- */

static json_t *estimate_json(double median)
{
    return json_pack("{s:f, s:f, s:f}", "median", median, "low", median * 0.9, "high",
                     median * 1.1);
}

static json_t *cell_json(const char *row, const char *status, double time_ns)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:{s:i, s:i, s:i, "
                     "s:[i], s:i, s:[i], s:i, s:i, s:i}}",
                     "strategy", row, "kind", "strategy", "peer", "", "workload", "w", "spec", "w",
                     "status", status, "reason", "", "n", 11, "time_ns", estimate_json(time_ns),
                     "ratio", estimate_json(1), "overhead", json_null(), "counters",
                     "rss_peak_bytes", 5000000, "objects_leaked",
                     strcmp(status, "leaked") == 0 ? 1 : 0, "bytes_leaked", 24,
                     "reclaimed_by_collector", 38, "reclaimed_by_count", 62, "collections", 3,
                     "reclaimed_by_last_collect", 0, "request_ns_max", 9000, "drop_ns_max", 0);
}

static json_t *row_json(const char *row, double value, const char *verdict, double ratio)
{
    return json_pack("{s:s, s:f, s:o, s:s, s:i}", "row", row, "value", value, "ratio",
                     ratio > 0 ? estimate_json(ratio) : json_null(), "verdict", verdict, "n", 11);
}

/* Takes over the arrays. */
static json_t *summary_json(json_t *cells, json_t *time_rows)
{
    return json_pack("{s:i, s:s, s:o, s:[{s:s, s:s, s:o}]}", "repetitions", 11, "baseline", "a",
                     "cells", cells, "standings", "metric", "time", "spec", "w", "rows", time_rows);
}

static json_t *two_rows(const char *verdict, double ratio)
{
    return summary_json(
        json_pack("[o, o]", cell_json("a", "ok", 12.7e6), cell_json("b", "ok", 13.4e6)),
        json_pack("[o, o]", row_json("a", 12.7e6, "first", 0),
                  row_json("b", 13.4e6, verdict, ratio)));
}

static json_t *context_json(void)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:f, s:{s:s, s:i, s:f}, s:[s, s], s:[{s:s, s:i}], "
                     "s:{s:b, s:s}, s:[{s:s, s:s, s:{s:s, s:s, s:s, s:b}}]}",
                     "date", "2026-11-20T15:27:30+0000", "repetitions", 11, "seed", 1, "runs", 3,
                     "margin", 0.02, "machine", "processor", "P", "cores", 1, "memory_bytes", 8e9,
                     "command", "/x/reclaim", "run", "cells", "skipped", "", "layouts", 16,
                     "self_test", "passed", 1, "date", "2026-11-20", "programs", "name", "bench_a",
                     "set", "", "build", "commit", "c0ffee", "compiler", "GNU 12", "type",
                     "Release", "dirty", 0);
}

/* -- sentences -- */

static void assert_says(char *found, const char *expected)
{
    assert_string_equal(found, expected);
    free(found);
}

static void assert_throughput(json_t *summary, const char *expected)
{
    assert_says(verdict_throughput(summary, "w"), expected);
    json_decref(summary);
}

static void the_fastest_has_its_lead_over_the_next(void **state)
{
    (void)state;
    assert_throughput(two_rows("slower", 1.06),
                      "<b>a</b> is the fastest: 12.7 ms. Next is <b>b</b> with 13.4 ms, 1.06 times "
                      "as long (95%: 0.95 to 1.17).");
}

static void no_difference_found_is_said(void **state)
{
    (void)state;
    assert_throughput(two_rows("no difference found", 1.06),
                      "No difference found between <b>a</b> (12.7 ms) and <b>b</b> (13.4 ms; ratio "
                      "1.06; 95%: 0.95 to 1.17).");
}

static void three_equals_and_one_slower(void **state)
{
    json_t *rows = json_pack("[o, o, o, o]", row_json("a", 10e6, "first", 0),
                             row_json("b", 11e6, "no difference found", 1.1),
                             row_json("c", 12e6, "no difference found", 1.2),
                             row_json("d", 500e6, "slower", 50));

    (void)state;
    assert_throughput(summary_json(json_array(), rows),
                      "No difference found between <b>a</b> (10.0 ms), <b>b</b> (11.0 ms) and "
                      "<b>c</b> (12.0 ms). Next is <b>d</b> with 500 ms, 50.0 times as long (95%: "
                      "45.0 to 55.0).");
}

static void too_few_repetitions_give_no_verdict(void **state)
{
    json_t *summary = two_rows("too few samples", 1.5);
    json_t *rows =
        json_object_get(json_array_get(json_object_get(summary, "standings"), 0), "rows");

    (void)state;
    json_object_set_new(json_array_get(rows, 1), "n", json_integer(1));
    assert_throughput(summary,
                      "No verdict from 1 independent repetition: it takes 6. The shortest median "
                      "time is that of <b>a</b> (12.7 ms); next is <b>b</b> (13.4 ms).");
}

static void a_failed_self_test_gives_no_verdict(void **state)
{
    (void)state;
    assert_throughput(two_rows("no verdict", 1.5),
                      "No verdict, since this machine failed its self-test. The shortest median "
                      "time is that of <b>a</b> (12.7 ms); next is <b>b</b> (13.4 ms).");
}

static void alone_is_no_victory(void **state)
{
    (void)state;
    assert_throughput(summary_json(json_array(), json_pack("[o]", row_json("a", 5e6, "first", 0))),
                      "Only <b>a</b> is ranked: 5.00 ms.");
    assert_throughput(summary_json(json_array(), json_array()),
                      "Nothing is ranked: no strategy collected, leaked nothing and has a result.");
}

static void what_is_not_ranked_is_said_with_the_reason(void **state)
{
    json_t *cells = json_pack("[o, o, o]", cell_json("a", "leaked", 1e6),
                              cell_json("b", "uncollected", 2e6), cell_json("c", "void", 0));
    json_t *summary = summary_json(cells, json_array());

    (void)state;
    json_object_set_new(json_array_get(cells, 2), "reason", json_string("1 < 2"));
    assert_says(verdict_unranked(summary, "w"),
                "Leaked: <b>a</b> (1 object, 24 B). Never collected, so the time says nothing of "
                "collecting: <b>b</b> (2.00 ms). No result: <b>c</b> (void: 1 &lt; 2).");
    json_decref(summary);
}

static void prompt_is_what_counts_freed(void **state)
{
    json_t *cell = cell_json("a", "ok", 1e6);
    json_t *summary = summary_json(json_pack("[o]", cell), json_array());

    (void)state;
    assert_says(verdict_promptness(summary, "w"),
                "Freed at once, by count, of all that died: <b>a</b> 62%.");
    json_object_set_new(json_object_get(cell, "counters"), "reclaimed_by_count", json_null());
    assert_says(verdict_promptness(summary, "w"), "");
    json_object_set_new(json_object_get(cell, "counters"), "reclaimed_by_count",
                        json_integer(1000000));
    assert_says(verdict_promptness(summary, "w"),
                "Freed at once, by count, of all that died: <b>a</b> over 99.9%.");
    json_decref(summary);
}

static void what_others_measured_is_said_when_it_is_there(void **state)
{
    json_t *cell = cell_json("a", "ok", 1e6);
    json_t *summary = summary_json(json_pack("[o]", cell), json_array());

    (void)state;
    assert_says(verdict_tail(summary, "w"), "");
    json_object_set_new(cell, "latency",
                        json_pack("{s:{s:f, s:n}}", "request_ns", "p99", 1200.0, "p999"));
    json_object_set_new(cell, "memory_over_time",
                        json_pack("{s:f, s:f, s:f}", "floating_bytes_mean", 2e6,
                                  "floating_bytes_max", 3e6, "lag_bytes", 4e6));
    assert_says(verdict_tail(summary, "w"), "Of all requests 99% took at most: <b>a</b> 1.20 us.");
    assert_says(verdict_memory(summary, "w"),
                "Floating garbage, on average: <b>a</b> 2.00 MB (at most 3.00 MB).");
    json_decref(summary);
}

static void a_recommendation_is_no_more_than_the_verdicts(void **state)
{
    json_t *summary = two_rows("slower", 1.5);
    const char *why;

    (void)state;
    assert_says(verdict_recommended(summary, "w", &why), "a");
    assert_string_equal(why, "fastest");
    json_decref(summary);
    summary = two_rows("no difference found", 1.01);
    assert_says(verdict_recommended(summary, "w", &why), "a, b");
    assert_string_equal(why, "no difference found");
    json_array_append_new(json_object_get(summary, "standings"),
                          json_pack("{s:s, s:s, s:[o, o]}", "metric", "memory", "spec", "w", "rows",
                                    row_json("b", 1e6, "first", 0),
                                    row_json("a", 2e6, "slower", 2)));
    assert_says(verdict_recommended(summary, "w", &why), "b");
    json_decref(summary);
    summary = two_rows("too few samples", 1.5);
    assert_says(verdict_recommended(summary, "w", &why), "");
    assert_string_equal(why, "no verdict");
    json_decref(summary);
}

/* -- the page -- */

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/reclaim-page-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    char *command = text_format("rm -r %s", folder);
    int code = system(command);

    (void)state;
    free(command);
    return code;
}

/* The page of a summary; takes over both. The caller frees it. */
static char *make_page(json_t *summary, json_t *context, page_source source)
{
    char *path = text_format("%s/report.html", folder), *text = NULL;
    problem why = {.code = 0};
    size_t size = 0;
    FILE *file;

    source.summary = summary;
    source.context = context;
    source.folder = folder;
    source.no_charts = source.no_charts != NULL ? source.no_charts : "";
    assert_true(page_make(&source, &why));
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(getdelim(&text, &size, '\0', file) > 0);
    fclose(file);
    free(path);
    json_decref(summary);
    json_decref(context);
    return text;
}

static void assert_page_has(const char *page, const char *part)
{
    if (strstr(page, part) == NULL)
        fail_msg("the page has no '%s'", part);
}

static void assert_page_has_not(const char *page, const char *part)
{
    if (strstr(page, part) != NULL)
        fail_msg("the page has '%s'", part);
}

static void a_good_run_is_called_checked(void **state)
{
    char *page = make_page(two_rows("slower", 1.06), context_json(), (page_source){0});

    (void)state;
    assert_page_has(page, "class=\"trust fine\"");
    assert_page_has(page, "is the fastest: 12.7 ms");
    assert_page_has(page, "git checkout c0ffee\n");
    assert_page_has(page, "2 strategies (a, b) on 1 workload, 11 times each");
    free(page);
}

static void a_void_cell_is_said_first_and_shows_nothing(void **state)
{
    json_t *summary = two_rows("slower", 1.06);
    json_t *cell = json_array_get(json_object_get(summary, "cells"), 0);
    char *page;

    (void)state;
    json_object_set_new(cell, "status", json_string("void"));
    json_object_set_new(cell, "reason", json_string("its checksum differs"));
    page = make_page(summary, context_json(), (page_source){0});
    assert_page_has(page, "class=\"trust bad\"");
    assert_page_has(page, "1 cell is void");
    assert_page_has(page, "a on w (its checksum differs)");
    assert_page_has(page, "<th scope=\"row\">a</th><td class=\"n\" data-v=\"\">–</td>");
    free(page);
}

/* Nothing that speaks against a run may leave its page without an objection. */
static void every_objection_is_raised(void **state)
{
    static const struct {
        const char *change, *said;
    } cases[] = {
        {"{\"repetitions\": 1}", "1 repetition: no interval"},
        {"{\"self_test\": null}", "was not self-tested"},
        {"{\"self_test\": {\"passed\": false}}", "FAILED, so no verdicts"},
        {"{\"self_test\": {\"passed\": true, \"repetitions\": 80}}", "needed 80 repetitions"},
        {"{\"doctor\": {\"noisy\": {\"governor\": \"powersave\"}}}", "governor (powersave)"},
        {"{\"cells\": [{\"skipped\": \"\", \"layouts\": 0}]}", "All cells ran in one layout"},
        {"{\"programs\": [{\"set\": \"\", \"build\": {\"dirty\": true}}]}",
         "changes that no commit has"},
        {"{\"programs\": [{\"set\": \"\", \"build\": {\"commit\": \"a\"}}, "
         "{\"set\": \"\", \"build\": {\"commit\": \"b\"}}]}",
         "they differ in commit"},
        {"{\"programs\": [{\"set\": \"\", \"build\": {\"type\": \"Debug\"}}]}", "no release build"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *context = context_json(), *change = json_loads(cases[i].change, 0, NULL);
        char *page;
        json_object_update(context, change);
        json_decref(change);
        page = make_page(two_rows("slower", 1.06), context, (page_source){0});
        assert_page_has_not(page, "class=\"trust fine\"");
        assert_page_has(page, cases[i].said);
        free(page);
    }
}

static void an_incomplete_run_says_so(void **state)
{
    char *page = make_page(two_rows("slower", 1.06), context_json(),
                           (page_source){.samples_left = 1, .torn = true});

    (void)state;
    assert_page_has(page, "class=\"trust bad\"");
    assert_page_has(page, "not complete: 1 sample is missing");
    assert_page_has(page, "was cut short");
    free(page);
}

static void a_summary_with_nothing_is_a_page(void **state)
{
    char *page = make_page(json_object(), json_object(), (page_source){0});

    (void)state;
    assert_page_has(page, "</html>");
    free(page);
    page = make_page(json_pack("{s:[{}]}", "cells"), context_json(), (page_source){0});
    assert_page_has(page, "Nothing is ranked");
    free(page);
}

static void tables_have_what_the_summary_has(void **state)
{
    json_t *summary = two_rows("slower", 1.06);
    json_t *cell = json_array_get(json_object_get(summary, "cells"), 0);
    char *page = make_page(json_deep_copy(summary), context_json(), (page_source){0});

    (void)state;
    assert_page_has_not(page, "99% at 80% load");
    assert_page_has_not(page, "Where the time goes");
    free(page);
    json_object_set_new(cell, "latency",
                        json_pack("{s:[{s:s, s:f}, {s:s, s:n}]}", "metered", "status", "ok", "p99",
                                  5000.0, "status", "saturated", "p99"));
    json_object_set_new(cell, "costs",
                        json_pack("{s:f, s:f, s:[{s:s, s:f}]}", "measured_ns", 1e6,
                                  "explained_share", 0.8, "parts", "name", "barriers", "ns", 2e5));
    json_object_set_new(summary, "overhead",
                        json_pack("{s:[{s:s, s:o, s:i, s:i}]}", "rows", "row", "a",
                                  "geometric_mean", estimate_json(1.5), "k", 7, "n", 9));
    page = make_page(summary, context_json(), (page_source){0});
    assert_page_has(page, "99% at 80% load");
    assert_page_has(page, ">saturated</td>");
    assert_page_has(page, "<td>barriers 200 us</td>");
    assert_page_has(page, "1.50 (1.35 to 1.65)");
    assert_page_has(page, "7 of 9");
    free(page);
}

static void overheads_are_of_whom_they_are(void **state)
{
    json_t *summary = two_rows("slower", 1.06);
    json_t *cell = json_array_get(json_object_get(summary, "cells"), 0);

    (void)state;
    json_object_set_new(cell, "overhead", estimate_json(1.97));
    assert_throughput(summary,
                      "<b>a</b> is the fastest: 12.7 ms. Next is <b>b</b> with 13.4 ms, 1.06 times "
                      "as long (95%: 0.95 to 1.17). <b>a</b> takes 1.97 times as long as the "
                      "limit.");
}

/* -- texts from outside -- */

static const char hostile[] = "\"'><script>alert(1)</script><b onload=x>&lt;%s\x7f";

/* Puts `hostile` behind every text of a value, and in place of every name within `names`. */
static void spoil(json_t *value)
{
    const char *name;
    json_t *part;
    size_t i;

    json_object_foreach(value, name, part)
    {
        if (json_is_string(part) && strcmp(name, "status") != 0 && strcmp(name, "verdict") != 0 &&
            strcmp(name, "metric") != 0 && strcmp(name, "kind") != 0)
            json_string_set(part, hostile);
        else
            spoil(part);
    }
    json_array_foreach(value, i, part)
    {
        if (json_is_string(part))
            json_string_set(part, hostile);
        else
            spoil(part);
    }
}

static void no_text_from_outside_is_markup(void **state)
{
    json_t *cells = json_pack("[o, o, o]", cell_json("a", "ok", 1e6), cell_json("b", "void", 1e6),
                              cell_json("c", "leaked", 1e6));
    json_t *summary = summary_json(cells, json_pack("[o]", row_json("a", 1e6, "first", 0)));
    json_t *context = context_json();
    char *page, *first;

    (void)state;
    json_object_set_new(json_array_get(cells, 0), "costs",
                        json_pack("{s:[{s:s}]}", "parts", "name", ""));
    json_object_set_new(json_array_get(cells, 0), "options", json_pack("{s:s}", hostile, ""));
    json_object_set_new(
        summary, "overhead",
        json_pack("{s:[{s:s}], s:[{s:s}]}", "rows", "row", "", "lower_bound", "row", ""));
    spoil(summary);
    spoil(context);
    json_object_set_new(context, "doctor", json_pack("{s:{s:s}}", "noisy", hostile, hostile));
    page = make_page(summary, context, (page_source){.no_charts = hostile});
    assert_page_has_not(page, "alert(1)</script>");
    assert_page_has_not(page, "<b onload");
    assert_page_has(page, "&quot;&#39;&gt;&lt;script&gt;");
    first = strstr(page, "<script");
    assert_null(strstr(first + 1, "<script"));
    free(page);
}

static void a_command_is_quoted_as_a_shell_reads_it(void **state)
{
    json_t *context = context_json();
    char *page;

    (void)state;
    json_object_set_new(context, "command",
                        json_pack("[s, s, s, s, s, s]", "/x/reclaim", "run", "--out", "gone",
                                  "--workload", "it's $HOME"));
    page = make_page(two_rows("slower", 1.06), context, (page_source){0});
    assert_page_has(page,
                    "build/release/reclaim run --workload &#39;it&#39;\\&#39;&#39;s $HOME&#39;\n");
    free(page);
}

/* -- pictures -- */

static void put_chart(const char *name, const char *svg, size_t size)
{
    char *charts = text_format("%s/charts", folder);
    char *path = text_format("%s/%s.svg", charts, name);

    mkdir(charts, 0777);
    assert_true(file_write_whole(path, svg, size));
    free(path);
    free(charts);
}

static void a_picture_is_an_image_and_no_part_of_the_page(void **state)
{
    static const char svg[] =
        "<svg id=\"x\">\n  <g a=\"b\">\n </g>\n<script>alert(1)</script> 50%é&lt;</svg>";
    char *page;

    (void)state;
    put_chart("time", svg, sizeof svg - 1);
    page = make_page(two_rows("slower", 1.06), context_json(), (page_source){0});
    assert_page_has(
        page,
        "<img loading=\"lazy\" decoding=\"async\" alt=\"How much time does each strategy take?\" "
        "src=\"data:image/svg+xml,"
        "%3Csvg id=%22x%22%3E %3Cscript%3Ealert(1)%3C/script%3E 50%25%C3%A9&amp;lt;%3C/svg%3E\">");
    free(page);
}

static void a_picture_that_is_too_large_is_named(void **state)
{
    size_t size = 4000000;
    char *svg = malloc(size), *page;

    (void)state;
    memset(svg, 'x', size);
    put_chart("memory", svg, size);
    put_chart("time", "<svg></svg>", 11);
    page = make_page(two_rows("slower", 1.06), context_json(), (page_source){0});
    assert_true(strlen(page) < 100000);
    assert_page_has(page, "too large for this page: charts/memory.svg");
    assert_page_has(page, "%3Csvg%3E");
    free(page);
    free(svg);
}

/* A picture that is there although this run could not draw any shows other figures. */
static void without_charts_there_is_a_reason_and_no_picture(void **state)
{
    char *page;

    (void)state;
    put_chart("time", "<svg></svg>", 11);
    page = make_page(two_rows("slower", 1.06), context_json(),
                     (page_source){.no_charts = "no charts: gnuplot is not there"});
    assert_page_has_not(page, "<img");
    assert_page_has(page, "no charts: gnuplot is not there");
    assert_page_has(page, "class=\"trust caution\"");
    free(page);
}

static void base_64_has_its_endings(void **state)
{
    static const char *const expected[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        html_base64(out, (const unsigned char *)"foob", i);
        fclose(out);
        assert_string_equal(text, expected[i]);
        free(text);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fastest_has_its_lead_over_the_next),
        cmocka_unit_test(no_difference_found_is_said),
        cmocka_unit_test(three_equals_and_one_slower),
        cmocka_unit_test(too_few_repetitions_give_no_verdict),
        cmocka_unit_test(a_failed_self_test_gives_no_verdict),
        cmocka_unit_test(alone_is_no_victory),
        cmocka_unit_test(what_is_not_ranked_is_said_with_the_reason),
        cmocka_unit_test(prompt_is_what_counts_freed),
        cmocka_unit_test(what_others_measured_is_said_when_it_is_there),
        cmocka_unit_test(a_recommendation_is_no_more_than_the_verdicts),
        cmocka_unit_test(overheads_are_of_whom_they_are),
        cmocka_unit_test(base_64_has_its_endings),
        IN_FOLDER(a_good_run_is_called_checked),
        IN_FOLDER(a_void_cell_is_said_first_and_shows_nothing),
        IN_FOLDER(every_objection_is_raised),
        IN_FOLDER(an_incomplete_run_says_so),
        IN_FOLDER(a_summary_with_nothing_is_a_page),
        IN_FOLDER(tables_have_what_the_summary_has),
        IN_FOLDER(no_text_from_outside_is_markup),
        IN_FOLDER(a_command_is_quoted_as_a_shell_reads_it),
        IN_FOLDER(a_picture_is_an_image_and_no_part_of_the_page),
        IN_FOLDER(a_picture_that_is_too_large_is_named),
        IN_FOLDER(without_charts_there_is_a_reason_and_no_picture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
