/* explicit: what a schedule frees is exactly what is unreachable, after every reference that a
 * program gives up; and a file that holds no such schedule is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mm_check.h"
#include "mm_gc.h"
#include "mm_schedule.h"

enum { VARIABLES = 6, SLOTS = 3, PROGRAMS = 400, STEPS = 400, AUDIT_ALL = 1 << 20 };

/* A program: makes and drops what it likes, with chance as its only input. */
typedef struct run {
    mm_heap *heap;
    mm *m;
    mm_type node, leaf;
    uint64_t random;
    uint32_t steps;
} run;

typedef void program(run *r);

static uint32_t chance(run *r, uint32_t below)
{
    r->random = r->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(r->random >> 33) % below;
}

static void open_run(run *r)
{
    assert_int_equal(mm_heap_new(NULL, &r->heap), MM_OK);
    assert_int_equal(mm_attach(r->heap, &r->m), MM_OK);
    assert_int_equal(
        mm_type_add(r->heap, &(mm_type_info){.name = "node", .kind = MM_CONTAINER}, &r->node),
        MM_OK);
    assert_int_equal(
        mm_type_add(r->heap, &(mm_type_info){.name = "leaf", .kind = MM_ATOM}, &r->leaf), MM_OK);
}

static mm_schedule *record(run r, program *body)
{
    mm_schedule *schedule = NULL;

    open_run(&r);
    assert_int_equal(mm_schedule_record(r.m), MM_OK);
    body(&r);
    assert_int_equal(mm_schedule_end_recording(r.m, &schedule), MM_OK);
    mm_heap_free(r.heap);
    return schedule;
}

/* What is live at the end of a program that follows the schedule. */
static mm_stats follow(run r, const mm_schedule *schedule, program *body)
{
    char message[MM_MESSAGE_MAX];
    mm_stats stats;

    open_run(&r);
    mm_schedule_audit(r.heap, AUDIT_ALL);
    assert_int_equal(mm_schedule_follow(r.m, schedule), MM_OK);
    body(&r);
    assert_true(mm_schedule_end_following(r.m));
    if (!mm_schedule_audited(r.heap, message) || !mm_check(r.heap, message))
        fail_msg("%s", message);
    assert_int_equal(mm_schedule_audits(r.heap), mm_schedule_size_of(schedule).references_given_up);
    mm_get_stats(r.heap, &stats);
    mm_heap_free(r.heap);
    return stats;
}

/* ---- Random programs ---- */

static void make(run *r, mm_var *dst)
{
    bool leaf = chance(r, 4) == 0;

    assert_int_equal(mm_new(r->m, dst, leaf ? r->leaf : r->node, leaf ? 0 : SLOTS, chance(r, 40)),
                     MM_OK);
}

static bool has_slots(run *r, const mm_var *v)
{
    return !mm_is_null(v) && mm_slot_count(r->m, v) > 0;
}

static void step(run *r, mm_var *v);

static void step_in_a_scope(run *r, mm_var *v)
{
    MM_VARS(r->m, own, VARIABLES);

    for (int i = 0; i < 3; i++)
        mm_set(r->m, own + i, v + chance(r, VARIABLES));
    for (uint32_t i = chance(r, 6); i > 0; i--)
        step(r, own);
    mm_set(r->m, v + chance(r, VARIABLES), own);
}

static void touch_slots(run *r, mm_var *a, mm_var *b, mm_var *c)
{
    uint32_t i = chance(r, SLOTS);

    switch (chance(r, 7)) {
    case 0:
        mm_load(r->m, a, b, i);
        return;
    case 1:
        mm_take(r->m, a, b, i);
        return;
    case 2:
        mm_unset(r->m, b, i);
        return;
    case 3:
        mm_store_move(r->m, b, i, a);
        return;
    case 4:
        if (has_slots(r, c))
            mm_copy_slot(r->m, c, chance(r, SLOTS), b, i);
        return;
    default:
        mm_store(r->m, b, i, a);
    }
}

static void step(run *r, mm_var *v)
{
    mm_var *a = v + chance(r, VARIABLES), *b = v + chance(r, VARIABLES),
           *c = v + chance(r, VARIABLES);

    switch (chance(r, 10)) {
    case 0:
    case 1:
        make(r, a);
        return;
    case 2:
        mm_set(r->m, a, b);
        return;
    case 3:
        mm_move(r->m, a, b);
        return;
    case 4:
        mm_clear(r->m, a);
        return;
    case 5:
        step_in_a_scope(r, v);
        return;
    default:
        if (has_slots(r, b))
            touch_slots(r, a, b, c);
    }
}

static void random_program(run *r)
{
    mm_root *root;
    MM_VARS(r->m, v, VARIABLES);

    assert_int_equal(mm_root_new(r->m, &root), MM_OK);
    for (uint32_t i = 0; i < r->steps; i++) {
        step(r, v);
        if (chance(r, 20) == 0)
            mm_root_set(r->m, root, v + chance(r, VARIABLES));
        if (chance(r, 20) == 0)
            mm_root_get(r->m, v + chance(r, VARIABLES), root);
    }
    if (chance(r, 2) == 0)
        mm_root_free(r->m, root);
}

static void every_random_program_frees_exactly_what_is_unreachable(void **state)
{
    uint64_t freed = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        run r = {.random = seed, .steps = 1 + (uint32_t)seed % STEPS};
        mm_schedule *schedule = record(r, random_program);
        mm_stats stats = follow(r, schedule, random_program);
        freed += stats.objects_allocated - stats.objects_live;
        mm_schedule_free(schedule);
    }
    assert_true(freed > PROGRAMS);
}

/* ---- Cycles, bulk deaths, survivors ---- */

static void ring_program(run *r)
{
    enum { RING = 100 };
    MM_VARS(r->m, v, 2);

    for (int rings = 0; rings < 5; rings++) {
        assert_int_equal(mm_new(r->m, v, r->node, SLOTS, 0), MM_OK);
        mm_set(r->m, v + 1, v);
        for (int i = 1; i < RING; i++) {
            MM_VAR(r->m, next);
            assert_int_equal(mm_new(r->m, next, r->node, SLOTS, 0), MM_OK);
            mm_store(r->m, v + 1, 0, next);
            mm_move(r->m, v + 1, next);
        }
        mm_store(r->m, v + 1, 0, v);
        mm_clear(r->m, v);
        mm_clear(r->m, v + 1);
    }
}

static void a_ring_dies_whole_when_its_last_name_goes(void **state)
{
    run r = {0};
    mm_schedule *schedule = record(r, ring_program);

    (void)state;
    assert_int_equal(follow(r, schedule, ring_program).objects_live, 0);
    mm_schedule_free(schedule);
}

static void keeping_program(run *r)
{
    mm_root *root;
    MM_VARS(r->m, v, 2);

    assert_int_equal(mm_root_new(r->m, &root), MM_OK);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(mm_new(r->m, v + 1, r->node, SLOTS, 0), MM_OK);
        mm_store(r->m, v + 1, 0, v);
        mm_move(r->m, v, v + 1);
    }
    mm_root_set(r->m, root, v);
}

static void what_lives_to_the_end_dies_with_the_heap(void **state)
{
    run r = {0};
    mm_schedule *schedule = record(r, keeping_program);

    (void)state;
    assert_int_equal(follow(r, schedule, keeping_program).objects_live, 10);
    mm_schedule_free(schedule);
}

static void nothing_program(run *r)
{
    (void)r;
}

static void a_program_without_objects_has_a_schedule(void **state)
{
    run r = {0};
    mm_schedule *schedule = record(r, nothing_program);

    (void)state;
    assert_int_equal(follow(r, schedule, nothing_program).objects_live, 0);
    mm_schedule_free(schedule);
}

/* ---- What is truly live ---- */

static void the_points_tell_what_is_live(void **state)
{
    run r = {0};
    mm_schedule *schedule = record(r, ring_program);
    size_t count;
    const mm_live_point *points = mm_schedule_live(schedule, &count);

    (void)state;
    assert_int_equal(count, 501);
    for (size_t i = 0; i < 500; i++) {
        assert_int_equal(points[i].objects_allocated, i + 1);
        assert_int_equal(points[i].objects_live, i % 100 + 1);
        assert_int_equal(points[i].bytes_live, (i % 100 + 1) * SLOTS * sizeof(void *));
    }
    assert_int_equal(points[500].objects_live, 0);
    mm_schedule_free(schedule);
}

static void many_rings_program(run *r)
{
    for (int i = 0; i < 40; i++)
        ring_program(r);
}

static void points_are_thinned_out_and_stay_right(void **state)
{
    run r = {0};
    mm_schedule *schedule = record(r, many_rings_program);
    size_t count;
    const mm_live_point *points = mm_schedule_live(schedule, &count);

    (void)state;
    assert_in_range(count, 1000, 2049);
    for (size_t i = 0; i + 1 < count; i++)
        assert_int_equal(points[i].objects_live, (points[i].objects_allocated - 1) % 100 + 1);
    mm_schedule_free(schedule);
}

/* ---- Other programs ---- */

static void another_program_is_noticed(void **state)
{
    run r = {.random = 5, .steps = 30}, other = {.random = 5, .steps = 60};
    mm_schedule *schedule = record(r, random_program);

    (void)state;
    open_run(&other);
    assert_int_equal(mm_schedule_follow(other.m, schedule), MM_OK);
    random_program(&other);
    assert_false(mm_schedule_end_following(other.m));
    mm_heap_free(other.heap);
    mm_schedule_free(schedule);
}

static void note_death(mm *m, mm_var *reference, mm_var *context)
{
    (void)m, (void)reference, (void)context;
}

static void a_program_with_weak_references_has_no_schedule(void **state)
{
    run r = {0};
    mm_schedule *schedule = NULL;
    mm_type weakable;

    (void)state;
    open_run(&r);
    assert_int_equal(mm_type_add(r.heap, &(mm_type_info){.name = "w", .weakable = true}, &weakable),
                     MM_OK);
    assert_int_equal(mm_schedule_record(r.m), MM_OK);
    {
        MM_VARS(r.m, v, 2);
        assert_int_equal(mm_new(r.m, v, weakable, 0, 0), MM_OK);
        assert_int_equal(mm_weak_new(r.m, v + 1, v, NULL, note_death), MM_OK);
    }
    assert_int_equal(mm_schedule_end_recording(r.m, &schedule), MM_UNSUPPORTED);
    mm_heap_free(r.heap);
}

static void only_a_new_heap_is_recorded_or_follows(void **state)
{
    run r = {0};
    mm_schedule *schedule = record(r, ring_program);

    (void)state;
    open_run(&r);
    ring_program(&r);
    assert_int_equal(mm_schedule_record(r.m), MM_INVALID);
    assert_int_equal(mm_schedule_follow(r.m, schedule), MM_INVALID);
    mm_heap_free(r.heap);
    mm_schedule_free(schedule);
}

/* ---- The audit itself ---- */

/* Two objects, the first of them with a second name when `steps` is 0, else the other; the names go
 * in an order that makes the first die at the second reference given up, or at the first. */
static void two_names_program(run *r)
{
    MM_VARS(r->m, v, 3);

    assert_int_equal(mm_new(r->m, v, r->node, SLOTS, 0), MM_OK);
    assert_int_equal(mm_new(r->m, v + 2, r->node, SLOTS, 0), MM_OK);
    mm_set(r->m, v + 1, r->steps == 0 ? v : v + 2);
    mm_clear(r->m, r->steps == 0 ? v + 1 : v);
    mm_clear(r->m, r->steps == 0 ? v : v + 1);
    mm_clear(r->m, v + 2);
}

/* The same operations, so no check of numbers sees it. */
static void the_audit_sees_an_object_that_is_freed_too_late(void **state)
{
    run r = {.steps = 0}, other = {.steps = 1};
    mm_schedule *schedule = record(r, two_names_program);
    char message[MM_MESSAGE_MAX];

    (void)state;
    open_run(&other);
    mm_schedule_audit(other.heap, AUDIT_ALL);
    assert_int_equal(mm_schedule_follow(other.m, schedule), MM_OK);
    two_names_program(&other);
    assert_true(mm_schedule_end_following(other.m));
    assert_false(mm_schedule_audited(other.heap, message));
    assert_non_null(strstr(message, "late"));
    mm_heap_free(other.heap);
    mm_schedule_free(schedule);
}

/* ---- Files ---- */

static const mm_schedule_key right_key = {.program = "rings", .seed = 1, .build = "here"};

typedef struct file {
    char path[64];
    unsigned char *bytes;
    size_t size;
} file;

static void write_bytes(const file *f)
{
    FILE *out = fopen(f->path, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(f->bytes, 1, f->size, out), f->size);
    assert_int_equal(fclose(out), 0);
}

static int open_file(void **state)
{
    static file f;
    char message[MM_SCHEDULE_MESSAGE_MAX];
    run r = {0};
    mm_schedule *schedule = record(r, ring_program);
    FILE *in;

    strcpy(f.path, "/tmp/test_explicit.XXXXXX");
    close(mkstemp(f.path));
    assert_true(mm_schedule_write(schedule, &right_key, f.path, message));
    mm_schedule_free(schedule);
    f.size = 0;
    f.bytes = malloc(1 << 20);
    in = fopen(f.path, "r");
    f.size = fread(f.bytes, 1, 1 << 20, in);
    fclose(in);
    *state = &f;
    return 0;
}

static int close_file(void **state)
{
    file *f = *state;

    unlink(f->path);
    free(f->bytes);
    return 0;
}

static void expect_refusal(const file *f, const mm_schedule_key *key, const char *reason)
{
    char message[MM_SCHEDULE_MESSAGE_MAX] = "";

    assert_null(mm_schedule_read(f->path, key, message));
    if (strstr(message, reason) == NULL)
        fail_msg("'%s' has no '%s'", message, reason);
}

static void a_schedule_is_followed_from_a_file(void **state)
{
    const file *f = *state;
    char message[MM_SCHEDULE_MESSAGE_MAX];
    mm_schedule *schedule = mm_schedule_read(f->path, &right_key, message);
    run r = {0};

    assert_non_null(schedule);
    assert_int_equal(follow(r, schedule, ring_program).objects_live, 0);
    mm_schedule_free(schedule);
}

static void a_schedule_of_something_else_is_refused(void **state)
{
    mm_schedule_key program = right_key, seed = right_key, build = right_key;

    program.program = "rings:k=3";
    seed.seed = 2;
    build.build = "there";
    expect_refusal(*state, &program, "is the schedule of rings, and this is rings:k=3");
    expect_refusal(*state, &seed, "with seed 1, and this is seed 2");
    expect_refusal(*state, &build, "of build here, and this is build there");
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    file *f = *state;
    char message[MM_SCHEDULE_MESSAGE_MAX];
    size_t whole = f->size;

    for (f->size = 0; f->size < whole; f->size += 1 + f->size / 8) {
        write_bytes(f);
        assert_null(mm_schedule_read(f->path, &right_key, message));
    }
    f->size = whole - 1;
    write_bytes(f);
    expect_refusal(f, &right_key, "is damaged");
}

static void a_bit_changed_anywhere_is_refused(void **state)
{
    file *f = *state;
    char message[MM_SCHEDULE_MESSAGE_MAX];

    for (size_t i = 0; i < f->size; i += 7) {
        f->bytes[i] ^= 0x10;
        write_bytes(f);
        assert_null(mm_schedule_read(f->path, &right_key, message));
        f->bytes[i] ^= 0x10;
    }
}

static void what_is_no_file_is_refused(void **state)
{
    file folder = {.path = "/tmp"}, missing = {.path = "/tmp/there/is/none"};

    (void)state;
    expect_refusal(&folder, &right_key, "Is a directory");
    expect_refusal(&missing, &right_key, "No such file");
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, open_file, close_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_random_program_frees_exactly_what_is_unreachable),
        cmocka_unit_test(a_ring_dies_whole_when_its_last_name_goes),
        cmocka_unit_test(what_lives_to_the_end_dies_with_the_heap),
        cmocka_unit_test(a_program_without_objects_has_a_schedule),
        cmocka_unit_test(the_points_tell_what_is_live),
        cmocka_unit_test(points_are_thinned_out_and_stay_right),
        cmocka_unit_test(another_program_is_noticed),
        cmocka_unit_test(a_program_with_weak_references_has_no_schedule),
        cmocka_unit_test(only_a_new_heap_is_recorded_or_follows),
        cmocka_unit_test(the_audit_sees_an_object_that_is_freed_too_late),
        FILE_TEST(a_schedule_is_followed_from_a_file),
        FILE_TEST(a_schedule_of_something_else_is_refused),
        FILE_TEST(a_file_cut_anywhere_is_refused),
        FILE_TEST(a_bit_changed_anywhere_is_refused),
        cmocka_unit_test(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
