/* Allocation sites: snapshots, their statistics and differences, traced memory. */
#include "conformance.h"

#include <string.h>

static uint32_t line_made; /* where made_here() makes an object */

static void made_here(mm *m, mm_var *dst, uint32_t slots)
{
    line_made = __LINE__ + 1;
    assert_int_equal(mm_new(m, dst, node_type, slots, 8), MM_OK);
}

static mm_snapshot *snapshot(mm *m)
{
    mm_snapshot *taken = NULL;

    assert_int_equal(mm_snapshot_take(mm_heap_of(m), &taken), MM_OK);
    return taken;
}

/* The only rows, or the sum of all. */
static mm_statistic sum_of(const mm_snapshot *s, mm_grouping by, size_t *count)
{
    mm_statistic *rows, sum = {0};

    assert_int_equal(mm_snapshot_statistics(s, by, &rows, count), MM_OK);
    for (size_t i = 0; i < *count; i++) {
        sum.objects += rows[i].objects;
        sum.bytes += rows[i].bytes;
        assert_true(i == 0 || rows[i - 1].bytes >= rows[i].bytes);
    }
    free(rows);
    return sum;
}

static void an_empty_heap_has_no_groups(mm *m)
{
    mm_snapshot *s = snapshot(m);
    size_t count;

    assert_int_equal(sum_of(s, MM_BY_SITE, &count).objects, 0);
    assert_int_equal(count, 0);
    mm_snapshot_free(s);
}

static void an_object_knows_where_it_was_made(mm *m)
{
    MM_VARS(m, v, 3);
    mm_snapshot *s;
    mm_statistic *rows;
    size_t count;

    for (int i = 0; i < 3; i++)
        made_here(m, v + i, 1);
    s = snapshot(m);
    assert_int_equal(mm_snapshot_statistics(s, MM_BY_SITE, &rows, &count), MM_OK);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].file, "tests/conformance/test_sites.c");
    assert_string_equal(rows[0].function, "made_here");
    assert_int_equal(rows[0].line, line_made);
    assert_int_equal(rows[0].objects, 3);
    assert_int_equal(rows[0].bytes, 3 * (sizeof(void *) + 8));
    assert_null(rows[0].type);
    assert_null(rows[0].phase);
    free(rows);
    mm_snapshot_free(s);
}

static void two_lines_are_two_sites_of_one_file(mm *m)
{
    MM_VARS(m, v, 2);
    mm_snapshot *s;
    size_t count;

    made_here(m, v, 0);
    assert_int_equal(mm_new(m, v + 1, node_type, 0, 0), MM_OK);
    s = snapshot(m);
    assert_int_equal(sum_of(s, MM_BY_SITE, &count).objects, 2);
    assert_int_equal(count, 2);
    sum_of(s, MM_BY_FILE, &count);
    assert_int_equal(count, 1);
    sum_of(s, MM_BY_TYPE, &count);
    assert_int_equal(count, 1);
    mm_snapshot_free(s);
}

static void a_site_survives_collections(mm *m)
{
    MM_VAR(m, v);
    mm_snapshot *s;
    mm_statistic *rows;
    size_t count;

    made_here(m, v, 0);
    assert_left_after_collecting(m, 1, 0);
    s = snapshot(m);
    assert_int_equal(mm_snapshot_statistics(s, MM_BY_SITE, &rows, &count), MM_OK);
    assert_int_equal(rows[0].line, line_made);
    free(rows);
    mm_snapshot_free(s);
}

static void objects_belong_to_the_phase_that_made_them(mm *m)
{
    MM_VARS(m, v, 3);
    mm_snapshot *s;
    mm_statistic *rows;
    size_t count;

    mm_phase(m, "build");
    made_here(m, v, 4);
    mm_phase(m, "serve");
    made_here(m, v + 1, 1);
    made_here(m, v + 2, 1);
    s = snapshot(m);
    assert_int_equal(mm_snapshot_statistics(s, MM_BY_PHASE, &rows, &count), MM_OK);
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].phase, "build");
    assert_int_equal(rows[0].objects, 1);
    assert_string_equal(rows[1].phase, "serve");
    assert_int_equal(rows[1].objects, 2);
    free(rows);
    mm_snapshot_free(s);
}

static void every_grouping_sums_up_to_the_traced_memory(mm *m)
{
    static const mm_grouping groupings[] = {MM_BY_SITE, MM_BY_TYPE, MM_BY_PHASE, MM_BY_FILE};
    MM_VARS(m, v, 3);
    uint64_t current, peak;
    mm_snapshot *s;
    size_t count;

    new_chain(m, v, 10);
    new_ring(m, v + 1, 5);
    new_atom(m, v + 2, 100);
    s = snapshot(m);
    mm_traced_memory(mm_heap_of(m), &current, &peak);
    for (size_t i = 0; i < sizeof groupings / sizeof *groupings; i++) {
        mm_statistic sum = sum_of(s, groupings[i], &count);
        assert_int_equal(sum.objects, objects_live(m));
        assert_int_equal(sum.bytes, current);
    }
    mm_snapshot_free(s);
}

static void two_snapshots_differ_by_what_happened_between(mm *m)
{
    MM_VARS(m, v, 3);
    mm_snapshot *before, *after;
    mm_difference *rows;
    size_t count;

    new_atom(m, v, 100);
    made_here(m, v + 1, 0);
    before = snapshot(m);
    made_here(m, v + 2, 0);
    after = snapshot(m);
    assert_int_equal(mm_snapshot_compare(before, after, MM_BY_SITE, &rows, &count), MM_OK);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].now.line, line_made);
    assert_int_equal(rows[0].now.objects, 2);
    assert_int_equal(rows[0].objects, 1);
    assert_int_equal(rows[0].bytes, 8);
    free(rows);
    assert_int_equal(mm_snapshot_compare(after, before, MM_BY_TYPE, &rows, &count), MM_OK);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].objects, -1);
    assert_int_equal(rows[0].bytes, -8);
    free(rows);
    assert_int_equal(mm_snapshot_compare(before, before, MM_BY_TYPE, &rows, &count), MM_OK);
    assert_int_equal(count, 0);
    free(rows);
    mm_snapshot_free(before);
    mm_snapshot_free(after);
}

static void a_group_that_is_gone_has_no_objects_now(mm *m)
{
    MM_VAR(m, v);
    mm_snapshot *before, *after;
    mm_difference *rows;
    size_t count;

    if (!strategy_traits.reclaims)
        return;
    made_here(m, v, 0);
    before = snapshot(m);
    mm_clear(m, v);
    assert_left_after_collecting(m, 0, 0);
    after = snapshot(m);
    assert_int_equal(mm_snapshot_compare(before, after, MM_BY_SITE, &rows, &count), MM_OK);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].now.objects, 0);
    assert_int_equal(rows[0].now.bytes, 0);
    assert_int_equal(rows[0].objects, -1);
    assert_string_equal(rows[0].now.function, "made_here");
    free(rows);
    mm_snapshot_free(before);
    mm_snapshot_free(after);
}

static void the_peak_begins_anew_when_it_is_reset(mm *m)
{
    uint64_t current, peak;
    MM_VAR(m, v);

    new_atom(m, v, 1000);
    mm_clear(m, v);
    assert_left_after_collecting(m, 0, 0);
    mm_traced_memory(mm_heap_of(m), &current, &peak);
    assert_int_equal(peak, 1000);
    assert_int_equal(current, strategy_traits.reclaims ? 0 : 1000);
    mm_traced_reset_peak(mm_heap_of(m));
    mm_traced_memory(mm_heap_of(m), &current, &peak);
    assert_int_equal(peak, current);
    new_atom(m, v, 10);
    mm_traced_memory(mm_heap_of(m), &current, &peak);
    assert_int_equal(peak, current);
}

/* ---- Requests ---- */

static void note_request(mm *m, uint64_t request, void *context)
{
    uint64_t *last = context;

    (void)m;
    assert_int_equal(request, *last + 1);
    *last = request;
}

static void each_request_is_noticed_at_its_end(mm *m)
{
    uint64_t last = 0;

    mm_on_request(m, note_request, &last);
    for (uint64_t i = 1; i <= 3; i++) {
        mm_request_begin(m);
        assert_int_equal(last, i - 1);
        mm_request_end(m);
        assert_int_equal(last, i);
    }
    mm_on_request(m, NULL, NULL);
    mm_request_begin(m);
    mm_request_end(m);
    assert_int_equal(last, 3);
}

static void a_stopped_program_gets_no_memory(mm *m)
{
    MM_VAR(m, v);

    new_node(m, v, 0);
    mm_stop_program(m);
    assert_int_equal(mm_new(m, v, node_type, 0, 0), MM_NO_MEMORY);
    assert_int_equal(mm_new(m, v, atom_type, 0, 8), MM_NO_MEMORY);
    assert_left_after_collecting(m, 1, 0);
}

int test_sites(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_heap_has_no_groups),
        TEST(an_object_knows_where_it_was_made),
        TEST(two_lines_are_two_sites_of_one_file),
        TEST(a_site_survives_collections),
        TEST(objects_belong_to_the_phase_that_made_them),
        TEST(every_grouping_sums_up_to_the_traced_memory),
        TEST(two_snapshots_differ_by_what_happened_between),
        TEST_WHERE(!strategy_traits.conservative, a_group_that_is_gone_has_no_objects_now),
        TEST_WHERE(!strategy_traits.conservative, the_peak_begins_anew_when_it_is_reset),
        TEST(each_request_is_noticed_at_its_end),
        TEST(a_stopped_program_gets_no_memory),
    };
    return TESTS_RUN("allocation sites", tests);
}
