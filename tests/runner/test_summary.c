/* The way from samples to a summary: statuses, voiding, ratios, the best, verdicts, the order of
 * samples, and the store below them. */
#include "unit.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "schedule.h"
#include "standings.h"
#include "summary.h"
#include "text.h"

enum { REPETITIONS = 6 };

/* A run in a folder of its own. */
typedef struct fixture {
    char folder[64];
    plan planned;
    store kept;
} fixture;

static json_t *cell_record(const char *set, const char *label, const char *spec)
{
    char *row = plan_row(set, label);
    json_t *record =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "program", set, "row", row,
                  "strategy", label, "label", label, "kind", "strategy", "workload", spec, "spec",
                  spec, "timed", "/bin/true", "counted", "/bin/true", "skipped", "");
    free(row);
    return record;
}

static json_t *make_context(json_t *cells, int repetitions)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:f, s:s, s:s, s:o}", "schema", plan_schema,
                     "repetitions", repetitions, "seed", 1, "runs", 3, "memory_bytes_max", 0,
                     "timeout_s", 10, "margin", 0.03, "baseline", "base", "folder", "/", "cells",
                     cells);
}

static void begin_with_repetitions(fixture *made, json_t *cells, int repetitions)
{
    problem why = {0};
    json_t *context = make_context(cells, repetitions);

    strcpy(made->folder, "/tmp/reclaim-test-XXXXXX");
    assert_non_null(mkdtemp(made->folder));
    assert_true(store_create(&made->kept, made->folder, &why));
    assert_true(store_write_context(&made->kept, context, &why));
    assert_true(plan_load(&made->planned, context, &why));
    assert_true(store_load_samples(&made->kept, &made->planned, &why));
}

static void begin(fixture *made, json_t *cells)
{
    begin_with_repetitions(made, cells, REPETITIONS);
}

static void remove_file(const fixture *made, const char *name)
{
    char *path = text_format("%s/%s", made->folder, name);
    unlink(path);
    free(path);
}

static void end(fixture *made)
{
    store_close(&made->kept);
    plan_free(&made->planned);
    remove_file(made, "context.json");
    remove_file(made, "samples.jsonl");
    assert_int_equal(rmdir(made->folder), 0);
}

typedef struct sample {
    const char *status, *checksum;
    double time_ns;
    int collections;
} sample;

static const sample good = {"ok", "aa", 1000, 5};

static void add(fixture *to, size_t cell_index, size_t repetition, sample added)
{
    const cell *of = &to->planned.cells[cell_index];
    problem why = {0};
    json_t *record = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:{s:f, s:f}, s:{s:f, s:f}, s:{s:[i], s:s, s:i}}",
        "schema", sample_schema, "program", of->set, "label", of->label, "spec", of->spec,
        "repetition", (json_int_t)repetition, "status", added.status, "reason", "because",
        "time_ns", "first", added.time_ns * 2, "steady", added.time_ns, "cpu_ns", "first",
        added.time_ns * 2, "steady", added.time_ns, "counters", "collections", added.collections,
        "checksum", added.checksum, "objects_leaked", 0);

    assert_true(store_append(&to->kept, cell_index, repetition, record, &why));
}

static void add_all(fixture *to, size_t cell_index, sample added)
{
    for (size_t i = 0; i <= REPETITIONS; i++)
        add(to, cell_index, i, added);
}

static void begin_two(fixture *made)
{
    begin(made, json_pack("[o, o]", cell_record("", "base", "w"), cell_record("", "other", "w")));
}

static void test_ratio_and_best(void **state)
{
    fixture run;
    summary made;

    (void)state;
    begin_two(&run);
    add_all(&run, 0, good);
    add_all(&run, 1, (sample){"ok", "aa", 500, 5});
    made = summary_make(&run.planned, &run.kept);
    assert_int_equal(made.cells[1].status, STATUS_OK);
    assert_int_equal(made.cells[1].n, REPETITIONS);
    assert_true(made.cells[1].ratio.median == 0.5 && made.cells[1].ratio.low == 0.5);
    assert_true(made.cells[1].best && !made.cells[0].best);
    assert_false(summary_has_untrusted(&made));
    summary_free(&made);
    end(&run);
}

static void test_a_leak_is_never_best(void **state)
{
    fixture run;
    summary made;

    (void)state;
    begin_two(&run);
    add_all(&run, 0, good);
    add_all(&run, 1, (sample){"leaked", "aa", 500, 5});
    made = summary_make(&run.planned, &run.kept);
    assert_int_equal(made.cells[1].status, STATUS_LEAKED);
    assert_true(made.cells[0].best && !made.cells[1].best);
    summary_free(&made);
    end(&run);
}

static void test_the_worst_sample_decides(void **state)
{
    fixture run;
    summary made;

    (void)state;
    begin_two(&run);
    add_all(&run, 0, good);
    add(&run, 1, 0, good);
    add(&run, 1, 1, good);
    add(&run, 1, 2, (sample){"timeout", "", 0, 0});
    made = summary_make(&run.planned, &run.kept);
    assert_int_equal(made.cells[1].status, STATUS_TIMEOUT);
    assert_string_equal(made.cells[1].reason, "because");
    assert_int_equal(made.cells[1].n, 1);
    assert_true(isnan(made.cells[1].time_ns.low));
    assert_false(made.cells[1].best);
    summary_free(&made);
    end(&run);
}

static void test_counted_and_timed_disagree(void **state)
{
    fixture run;
    summary made;

    (void)state;
    begin_two(&run);
    add_all(&run, 0, good);
    add(&run, 1, 0, (sample){"ok", "aa", 1000, 6});
    add(&run, 1, 1, good);
    made = summary_make(&run.planned, &run.kept);
    assert_int_equal(made.cells[0].status, STATUS_OK);
    assert_int_equal(made.cells[1].status, STATUS_VOID);
    assert_string_equal(made.cells[1].reason,
                        "collections is [6] in the counted sample and [5] in timed sample 1");
    assert_true(isnan(made.cells[1].time_ns.median));
    assert_true(summary_has_untrusted(&made));
    summary_free(&made);
    end(&run);
}

static void test_other_work_voids_the_spec(void **state)
{
    fixture run;
    summary made;

    (void)state;
    begin(&run, json_pack("[o, o, o]", cell_record("", "base", "w"), cell_record("", "other", "w"),
                          cell_record("", "base", "v")));
    add_all(&run, 0, good);
    add_all(&run, 1, (sample){"ok", "bb", 1000, 5});
    add_all(&run, 2, (sample){"ok", "cc", 1000, 5});
    made = summary_make(&run.planned, &run.kept);
    assert_int_equal(made.cells[0].status, STATUS_VOID);
    assert_int_equal(made.cells[1].status, STATUS_VOID);
    assert_int_equal(made.cells[2].status, STATUS_OK);
    assert_string_equal(made.cells[0].reason,
                        "its checksum aa differs from bb of other: not the same work");
    summary_free(&made);
    end(&run);
}

static void test_cells_that_never_ran(void **state)
{
    fixture run;
    summary made;
    json_t *cells =
        json_pack("[o, o]", cell_record("", "base", "w"), cell_record("", "other", "w"));

    (void)state;
    json_object_set_new(json_array_get(cells, 1), "skipped", json_string("too large"));
    begin(&run, cells);
    add(&run, 0, 0, good);
    made = summary_make(&run.planned, &run.kept);
    assert_int_equal(made.cells[0].status, STATUS_MISSING);
    assert_int_equal(made.cells[1].status, STATUS_SKIPPED);
    assert_string_equal(made.cells[1].reason, "too large");
    summary_free(&made);
    end(&run);
}

static void test_verdicts(void **state)
{
    fixture run;
    summary made;

    (void)state;
    begin(&run,
          json_pack("[o, o, o, o]", cell_record("old", "a", "w"), cell_record("new", "a", "w"),
                    cell_record("old", "b", "w"), cell_record("new", "b", "w")));
    for (size_t i = 1; i <= REPETITIONS; i++) {
        double noise = i % 2 ? 1.01 : 0.99;
        add(&run, 0, i, (sample){"ok", "aa", 1000, 5});
        add(&run, 1, i, (sample){"ok", "aa", 1200 * noise, 5});
        add(&run, 2, i, (sample){"ok", "aa", 1000, 5});
        add(&run, 3, i, (sample){"ok", "aa", 1000 * noise, 5});
    }
    made = summary_make(&run.planned, &run.kept);
    assert_int_equal(made.comparisons.count, 2);
    assert_int_equal(made.comparisons.items[0].verdict, VERDICT_SLOWER);
    assert_int_equal(made.comparisons.items[1].verdict, VERDICT_NO_DIFFERENCE);
    summary_free(&made);
    end(&run);
}

/* The row at a place of the only standing in time, with its verdict: "name: slower". */
static void assert_place(const json_t *standings, size_t spec, size_t place, const char *expected)
{
    const json_t *rows = json_object_get(json_array_get(standings, spec), "rows");
    const json_t *row = json_array_get(rows, place);
    char *found = text_format("%s: %s", json_text_of(row, "row"), json_text_of(row, "verdict"));

    assert_string_equal(found, expected);
    free(found);
}

static json_t *make_standings(const fixture *run)
{
    summary made = summary_make(&run->planned, &run->kept);
    json_t *standings = standings_make(&made, &run->kept);

    summary_free(&made);
    return standings;
}

/* `far` is slower in every repetition, `near` in half of them; what leaks and what is another runtime
 * has no place. */
static void test_standings(void **state)
{
    static const char *const names[] = {"leaky", "near", "far", "base", "peer"};
    json_t *cells = json_array(), *standings;
    fixture run;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        json_array_append_new(cells, cell_record("", names[i], "w"));
    json_object_set_new(json_array_get(cells, 4), "peer", json_string("Other 1.0"));
    begin(&run, cells);
    for (size_t i = 1; i <= REPETITIONS; i++) {
        double noise = i % 2 ? 1.02 : 0.99;
        add(&run, 0, i, (sample){"leaked", "aa", 100, 5});
        add(&run, 1, i, (sample){"ok", "aa", 1000 * noise, 5});
        add(&run, 2, i, (sample){"ok", "aa", 2000 * noise, 5});
        add(&run, 3, i, (sample){"ok", "aa", 1000, 5});
        add(&run, 4, i, (sample){"ok", "aa", 500, 5});
    }
    standings = make_standings(&run);
    assert_int_equal(json_array_size(json_object_get(json_array_get(standings, 0), "rows")), 3);
    assert_place(standings, 0, 0, "base: first");
    assert_place(standings, 0, 1, "near: no difference found");
    assert_place(standings, 0, 2, "far: slower");
    json_decref(standings);
    end(&run);
}

/* A difference of 2% in every repetition is found beside a workload that is all noise. */
static void test_noise_elsewhere_hides_no_difference(void **state)
{
    json_t *cells =
        json_pack("[o, o, o, o]", cell_record("", "base", "v"), cell_record("", "other", "v"),
                  cell_record("", "base", "w"), cell_record("", "other", "w"));
    json_t *standings;
    fixture run;

    (void)state;
    begin_with_repetitions(&run, cells, 11);
    for (size_t i = 1; i <= 11; i++) {
        add(&run, 0, i, (sample){"ok", "aa", i % 2 ? 3000 : 300, 5});
        add(&run, 1, i, (sample){"ok", "aa", i / 2 % 2 ? 3000 : 300, 5});
        add(&run, 2, i, (sample){"ok", "bb", 1000 + (double)i, 5});
        add(&run, 3, i, (sample){"ok", "bb", 1040 + (double)i, 5});
    }
    standings = make_standings(&run);
    assert_place(standings, 1, 1, "other: slower");
    json_decref(standings);
    end(&run);
}

static void test_order_pairs_the_builds(void **state)
{
    fixture run;
    size_t order[4], first[4];
    bool differs = false;

    (void)state;
    begin(&run,
          json_pack("[o, o, o, o]", cell_record("old", "a", "w"), cell_record("old", "b", "w"),
                    cell_record("new", "a", "w"), cell_record("new", "b", "w")));
    schedule_order(&run.planned, 0, first);
    for (size_t repetition = 0; repetition < 20; repetition++) {
        schedule_order(&run.planned, repetition, order);
        assert_int_equal(order[0] % 2, order[1] % 2); /* cells 0 and 2 are `a`, 1 and 3 are `b` */
        assert_int_equal(order[2] % 2, order[3] % 2);
        assert_int_equal(order[0] + order[1] + order[2] + order[3], 6);
        differs = differs || memcmp(order, first, sizeof order) != 0;
    }
    assert_true(differs);
    end(&run);
}

/* The same strategy in two sets of programs, each linked in so many layouts. */
static void begin_with_layouts(fixture *made, int layouts)
{
    json_t *cells = json_pack("[o, o]", cell_record("old", "a", "w"), cell_record("new", "a", "w"));

    for (size_t i = 0; i < 2; i++)
        json_object_set_new(json_array_get(cells, i), "layouts", json_integer(layouts));
    begin(made, cells);
}

static void test_layouts_take_turns(void **state)
{
    size_t seen[REPETITIONS + 1] = {0};
    fixture run;

    (void)state;
    begin_with_layouts(&run, 4);
    for (size_t repetition = 1; repetition <= 4; repetition++) {
        size_t of_old = schedule_layout(&run.planned, 0, repetition);
        assert_in_range(of_old, 1, 4);
        assert_int_equal(seen[of_old]++, 0);
        assert_int_not_equal(of_old, schedule_layout(&run.planned, 1, repetition));
        assert_int_equal(of_old, schedule_layout(&run.planned, 0, repetition + 4));
    }
    run.planned.layout_period = 2;
    assert_int_not_equal(schedule_layout(&run.planned, 0, 1), schedule_layout(&run.planned, 0, 2));
    end(&run);
    begin_with_layouts(&run, 0);
    assert_int_equal(schedule_layout(&run.planned, 0, 1), 0);
    end(&run);
}

/* Three repetitions in each of two layouts are two witnesses and no more. */
static void test_repetitions_of_one_layout_count_once(void **state)
{
    static const struct {
        int layouts;
        size_t n;
        verdict expected;
    } expectations[] = {{0, REPETITIONS, VERDICT_SLOWER},
                        {2, 2, VERDICT_TOO_FEW_SAMPLES},
                        {12, REPETITIONS, VERDICT_SLOWER}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(expectations); i++) {
        fixture run;
        summary made;
        begin_with_layouts(&run, expectations[i].layouts);
        add_all(&run, 0, good);
        add_all(&run, 1, (sample){"ok", "aa", 1500, 5});
        made = summary_make(&run.planned, &run.kept);
        assert_int_equal(made.comparisons.count, 1);
        assert_int_equal(made.comparisons.items[0].n, expectations[i].n);
        assert_int_equal(made.comparisons.items[0].verdict, expectations[i].expected);
        summary_free(&made);
        end(&run);
    }
}

static void test_torn_line_is_dropped(void **state)
{
    fixture run;
    problem why = {0};
    char *path;
    int samples;

    (void)state;
    begin_two(&run);
    add(&run, 0, 1, good);
    path = store_path(&run.kept, "samples.jsonl");
    samples = open(path, O_WRONLY | O_APPEND);
    assert_int_equal(write(samples, "{\"schema\": \"recl", 16), 16);
    close(samples);
    store_close(&run.kept);
    json_decref(store_open(&run.kept, run.folder, &why));
    assert_true(store_load_samples(&run.kept, &run.planned, &why));
    assert_non_null(*store_slot(&run.kept, 0, 1));
    assert_null(*store_slot(&run.kept, 0, 2));
    add(&run, 0, 2, good); /* follows the first line, not the torn one */
    store_close(&run.kept);
    json_decref(store_open(&run.kept, run.folder, &why));
    assert_true(store_load_samples(&run.kept, &run.planned, &why));
    assert_non_null(*store_slot(&run.kept, 0, 2));
    free(path);
    end(&run);
}

static void test_folder_is_locked(void **state)
{
    fixture run;
    store other;
    problem why = {0};

    (void)state;
    begin_two(&run);
    assert_null(store_open(&other, run.folder, &why));
    assert_non_null(strstr(why.text, "another run is using"));
    store_close(&run.kept);
    assert_false(store_create(&other, run.folder, &why));
    assert_non_null(strstr(why.text, "is not empty"));
    end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratio_and_best),
        cmocka_unit_test(test_a_leak_is_never_best),
        cmocka_unit_test(test_the_worst_sample_decides),
        cmocka_unit_test(test_counted_and_timed_disagree),
        cmocka_unit_test(test_other_work_voids_the_spec),
        cmocka_unit_test(test_cells_that_never_ran),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_standings),
        cmocka_unit_test(test_noise_elsewhere_hides_no_difference),
        cmocka_unit_test(test_order_pairs_the_builds),
        cmocka_unit_test(test_layouts_take_turns),
        cmocka_unit_test(test_repetitions_of_one_layout_count_once),
        cmocka_unit_test(test_torn_line_is_dropped),
        cmocka_unit_test(test_folder_is_locked),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
