/* Unit tests of what does not depend on a strategy: encoding, text form, mutator, model. */
#include "model.h"
#include "mutator.h"
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { INPUTS = 2000 };

/* Any bytes, but with a version that is known. */
static size_t some_input(uint32_t seed, uint8_t bytes[PROGRAM_BYTES_MAX])
{
    size_t size = PROGRAM_HEADER_BYTES + seed % (PROGRAM_BYTES_MAX - PROGRAM_HEADER_BYTES);

    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    bytes[KNOB_version] = PROGRAM_VERSION;
    return size;
}

static void expect_same_program(const program *a, const program *b)
{
    assert_memory_equal(a->knobs, b->knobs, sizeof a->knobs);
    assert_int_equal(a->operation_count, b->operation_count);
    assert_memory_equal(a->operations, b->operations, a->operation_count * sizeof *a->operations);
}

static void test_short_and_foreign_inputs_are_refused(void **state)
{
    uint8_t bytes[PROGRAM_BYTES_MAX] = {PROGRAM_VERSION};
    program p;

    (void)state;
    assert_true(program_decode(bytes, PROGRAM_HEADER_BYTES, &p));
    assert_false(program_decode(bytes, PROGRAM_HEADER_BYTES - 1, &p));
    bytes[KNOB_version] = 0;
    assert_false(program_decode(bytes, PROGRAM_HEADER_BYTES, &p));
    bytes[KNOB_version] = PROGRAM_VERSION + 1;
    assert_false(program_decode(bytes, PROGRAM_HEADER_BYTES, &p));
}

static void test_encoding_survives_the_way_there_and_back(void **state)
{
    uint8_t bytes[PROGRAM_BYTES_MAX];
    program p, again;

    (void)state;
    for (uint32_t seed = 0; seed < INPUTS; seed++) {
        assert_true(program_decode(bytes, some_input(seed, bytes), &p));
        assert_true(program_decode(bytes, program_encode(&p, bytes), &again));
        expect_same_program(&p, &again);
    }
}

static void test_every_operation_can_be_drawn(void **state)
{
    bool drawn[OPERATION_COUNT] = {false};

    (void)state;
    for (int byte = 0; byte < 256; byte++)
        drawn[program_code_of((uint8_t)byte)] = true;
    for (int code = 0; code < OPERATION_COUNT; code++)
        assert_true(drawn[code]);
}

static bool read_text(const char *text, program *p, char message[TEXT_MESSAGE_MAX])
{
    FILE *file = fmemopen((char *)text, strlen(text), "r");
    bool good = text_read(file, p, message);

    fclose(file);
    return good;
}

/* An old input means what it meant: with the tickets, the knobs and the shapes of its time. */
static void test_older_versions_keep_their_meaning(void **state)
{
    uint8_t bytes[PROGRAM_BYTES_MAX] = {0};
    static const uint8_t lengths[] = {0, 59, 61};
    program p;

    (void)state;
    for (uint8_t version = 1; version < PROGRAM_VERSION; version++) {
        memset(bytes, 200, sizeof bytes);
        bytes[KNOB_version] = version;
        bytes[PROGRAM_HEADER_BYTES] = lengths[version]; /* the first ticket again: `new` */
        bytes[PROGRAM_HEADER_BYTES + 2] = 7;            /* the first of seven shapes again */
        assert_true(program_decode(bytes, PROGRAM_HEADER_BYTES + PROGRAM_OPERATION_BYTES, &p));
        assert_int_equal(p.operations[0].code, OPERATION_new);
        assert_int_equal(p.operations[0].operands[1], SHAPE_PAIR);
        assert_int_equal(p.knobs[KNOB_keep_roots], 200);
        assert_int_equal(p.knobs[KNOB_nesting_max], 0);
        assert_int_equal(p.knobs[KNOB_quiet], 0);
        assert_int_equal(p.knobs[KNOB_version], PROGRAM_VERSION);
    }
}

static void test_programs_are_comparable_or_not(void **state)
{
    static const uint8_t last[PROGRAM_OPERANDS];
    program p;

    (void)state;
    program_open(&p);
    assert_true(program_is_comparable(&p));
    p.operations[p.operation_count++] = (operation){.code = OPERATION_fill};
    assert_true(program_is_comparable(&p));
    p.operations[p.operation_count++] = (operation){.code = OPERATION_weak_load};
    assert_false(program_is_comparable(&p));
    p.knobs[KNOB_quiet] = 1;
    assert_true(program_is_comparable(&p));
    assert_memory_equal(p.operations[1].operands, last, sizeof last);
}

/* Each ends, and names what it may. */
static void test_default_behaviours_are_operations(void **state)
{
    (void)state;
    for (int i = 0; i < PROGRAM_BEHAVIOURS; i++) {
        int length = 0;
        while (default_behaviours[i][length].code != OPERATION_leave) {
            const operation *o = default_behaviours[i] + length;
            for (int j = 0; j < PROGRAM_OPERANDS; j++)
                assert_true(o->operands[j] < operand_range(operation_table[o->code].operands[j]));
            length++;
            assert_true(length < DEFAULT_BEHAVIOUR_MAX);
        }
    }
}

static void test_text_survives_the_way_there_and_back(void **state)
{
    static char text[PROGRAM_OPERATIONS_MAX * TEXT_LINE_MAX];
    uint8_t bytes[PROGRAM_BYTES_MAX];
    char message[TEXT_MESSAGE_MAX];
    program p, again;

    (void)state;
    for (uint32_t seed = 1; seed < INPUTS; seed += 10) {
        FILE *file = fmemopen(text, sizeof text, "w");
        assert_true(program_decode(bytes, some_input(seed, bytes), &p));
        text_write(&p, file);
        fclose(file);
        assert_true(read_text(text, &again, message));
        expect_same_program(&p, &again);
    }
}

static void expect_refused(const char *text, const char *expected)
{
    char message[TEXT_MESSAGE_MAX];
    program p;

    assert_false(read_text(text, &p, message));
    if (strstr(message, expected) == NULL)
        fail_msg("\"%s\" does not contain \"%s\"", message, expected);
}

static void test_bad_text_is_refused_with_its_line(void **state)
{
    (void)state;
    expect_refused("new v0 pair 8\nnow v0\n", "line 2: found \"now\"");
    expect_refused("new v8 pair 8\n", "found \"v8\", accepted: v0 to v7");
    expect_refused("new v0 pear 8\n", "found \"pear\"");
    expect_refused("new v0 pair\n", "found \"end of line\"");
    expect_refused("new v0 pair 256\n", "accepted: 0 to 255");
    expect_refused("new_mortal v0 triple 0\n", "accepted: pair, box, atom or node");
    expect_refused("new v0 weak 0\n", "found \"weak\"");
    expect_refused("move v0 b\n", "found \"b\"");
    expect_refused("copy_slot v0 v0 1\n", "two slots");
    expect_refused("clear v0 v1\n", "no more operands");
    expect_refused("clear v0\nfail_at 1\n", "knobs before");
}

static void test_mutations_are_programs_and_repeatable(void **state)
{
    uint8_t bytes[PROGRAM_BYTES_MAX], again[PROGRAM_BYTES_MAX];
    size_t size = 0, capacity = 272;
    program p;

    (void)state;
    for (unsigned seed = 0; seed < 10 * INPUTS; seed++) {
        size_t before = size;
        memcpy(again, bytes, size);
        size = mutator_mutate(bytes, size, capacity, seed);
        assert_true(size >= PROGRAM_HEADER_BYTES && size <= capacity);
        assert_int_equal((size - PROGRAM_HEADER_BYTES) % PROGRAM_OPERATION_BYTES, 0);
        assert_true(program_decode(bytes, size, &p));
        assert_int_equal(mutator_mutate(again, before, capacity, seed), size);
        assert_memory_equal(bytes, again, size);
    }
}

static void test_mutations_use_what_there_is(void **state)
{
    uint8_t bytes[PROGRAM_BYTES_MAX];
    size_t size = 0, longest = 0;
    bool knob_turned = false, drawn[OPERATION_COUNT] = {false};
    program p;

    (void)state;
    for (unsigned seed = 0; seed < INPUTS; seed++) {
        size = mutator_mutate(bytes, size, sizeof bytes, seed);
        longest = size > longest ? size : longest;
        knob_turned = knob_turned || bytes[KNOB_collect_every] != 0;
        assert_true(program_decode(bytes, size, &p));
        for (uint32_t i = 0; i < p.operation_count; i++)
            drawn[p.operations[i].code] = true;
    }
    for (int code = 0; code < OPERATION_COUNT; code++)
        assert_true(drawn[code]);
    assert_true(longest > 400);
    assert_true(knob_turned);
    assert_int_equal(mutator_mutate(bytes, size, PROGRAM_HEADER_BYTES - 1, 1), 0);
}

static void test_crossing_cuts_between_operations(void **state)
{
    uint8_t first[PROGRAM_BYTES_MAX], second[PROGRAM_BYTES_MAX], out[PROGRAM_BYTES_MAX];
    program p;

    (void)state;
    for (uint32_t seed = 0; seed < INPUTS; seed++) {
        size_t first_size = some_input(seed, first), second_size = some_input(seed * 7 + 1, second);
        size_t size = mutator_cross(first, first_size, second, second_size, out, 272, seed);
        assert_true(size >= PROGRAM_HEADER_BYTES && size <= 272);
        assert_true(program_decode(out, size, &p));
        assert_memory_equal(out, first, KNOB_COUNT);
    }
    assert_int_equal(mutator_cross(first, 3, second, 3, out, sizeof out, 1), 0);
}

/* owner ─▶ 1 ─▶ 2    3 ⇄ 4 ─▶ 5    6 ─▶ 2 */
static void make_graph(model *k)
{
    model_open(k);
    for (int i = 0; i < 6; i++)
        model_add(k, 0, 2, 0);
    k->owners[0] = 1;
    *model_slot(k, 1, 1) = 2;
    *model_slot(k, 3, 0) = 4;
    *model_slot(k, 4, 0) = 3;
    *model_slot(k, 4, 1) = 5;
    *model_slot(k, 6, 0) = 2;
}

static void expect_set(const model_set *set, const char *expected)
{
    for (uint32_t id = 1; expected[id - 1] != '\0'; id++)
        assert_int_equal(model_has(set, id), expected[id - 1] != '-');
}

static void test_model_knows_reachability_and_counting(void **state)
{
    static model k;
    model_set all, set;
    uint32_t counts[MODEL_IDS_MAX + 1];

    (void)state;
    make_graph(&k);
    memset(&all, 0xff, sizeof all);
    model_reachable(&k, NULL, &set);
    expect_set(&set, "12----");
    model_counting_closure(&k, &all, &set);
    expect_set(&set, "12345-");
    model_count_references(&k, &set, counts);
    assert_int_equal(counts[2], 1);
    assert_int_equal(counts[4], 1);
    memset(&all, 0, sizeof all);
    model_put(&all, 4);
    model_reachable(&k, &all, &set);
    expect_set(&set, "12345-");
}

/* Saved garbage is kept, counted and reached as by an owner; an immortal object is kept whatever
 * counts say; a referent is no edge. */
static void test_model_knows_what_else_keeps_objects(void **state)
{
    static model k;
    model_set all, set;
    uint32_t counts[MODEL_IDS_MAX + 1];

    (void)state;
    make_graph(&k);
    memset(&all, 0xff, sizeof all);
    k.saved[k.saved_count++] = 4;
    k.objects[1].referent = 6;
    model_reachable(&k, NULL, &set);
    expect_set(&set, "12345-");
    model_count_references(&k, &all, counts);
    assert_int_equal(counts[4], 2);
    assert_int_equal(counts[6], 0);
    k.saved_count = 0;
    k.immortals[k.immortal_count++] = 6;
    model_counting_closure(&k, &all, &set);
    expect_set(&set, "123456");
    model_reachable(&k, NULL, &set);
    expect_set(&set, "12---6");
}

/* Counting on the way finds what is found without, and only what that refers to. */
static void test_model_counts_what_it_reaches(void **state)
{
    static model k;
    model_set reached, counted;
    uint32_t counts[MODEL_IDS_MAX + 1];

    (void)state;
    make_graph(&k);
    k.saved[k.saved_count++] = 5;
    model_reachable(&k, NULL, &reached);
    model_reachable_counted(&k, &counted, counts);
    expect_set(&reached, "12--5-");
    expect_set(&counted, "12--5-");
    assert_int_equal(counts[2], 1); /* object 6 is not reached */
    assert_int_equal(counts[4], 0);
    assert_int_equal(counts[5], 1);
}

static void test_model_works_with_sets(void **state)
{
    static model k;
    model_set set, other;

    (void)state;
    make_graph(&k);
    model_clear_set(&k, &set);
    expect_set(&set, "------");
    model_reachable(&k, NULL, &other);
    model_add_others(&k, &set, &other);
    expect_set(&set, "--3456");
    model_put(&set, 1);
    model_take_all(&k, &set, &other);
    expect_set(&set, "--3456");
    model_put(&set, 1);
    model_take_others(&k, &set, &other);
    expect_set(&set, "1-----");
    model_add_all(&k, &set, &other);
    expect_set(&set, "12----");
    assert_int_equal(model_first_outside(&k, &other, &set), 0);
}

/* Sets of more than one word; ids that do not exist are in none, whatever their bits are. */
static void test_model_goes_through_big_sets(void **state)
{
    static model k;
    model_set all, set;
    uint32_t sum = 0;

    (void)state;
    model_open(&k);
    for (int i = 0; i < 130; i++)
        model_add(&k, SHAPE_BOX, 1, 0);
    memset(&all, 0xff, sizeof all);
    MODEL_EACH (&k, &all, id)
        sum += id;
    assert_int_equal(sum, 130 * 131 / 2);
    model_clear_set(&k, &set);
    assert_int_equal(model_next(&k, &set, 1), 0);
    assert_int_equal(model_first_outside(&k, &all, &set), 1);
    model_put(&set, 63);
    model_put(&set, 64);
    model_put(&set, 130);
    assert_int_equal(model_next(&k, &set, 1), 63);
    assert_int_equal(model_next(&k, &set, 64), 64);
    assert_int_equal(model_next(&k, &set, 65), 130);
    assert_int_equal(model_next(&k, &set, 131), 0);
    model_drop(&set, 64);
    assert_false(model_has(&set, 64));
    model_add_others(&k, &set, &set);
    assert_true(model_equal(&k, &set, &all));
    model_drop(&set, 130);
    assert_false(model_equal(&k, &set, &all));
    assert_int_equal(model_first_outside(&k, &all, &set), 130);
}

static void expect_generations(const model *k, const char *expected)
{
    for (uint32_t id = 1; expected[id - 1] != '\0'; id++)
        assert_int_equal(k->objects[id].generation, expected[id - 1] - '0');
}

/* What survives joins the next generation, or stays in the oldest; what is frozen, or in none, stays
 * where it is. */
static void test_model_promotes(void **state)
{
    static model k;

    (void)state;
    make_graph(&k);
    k.objects[2].generation = 1;
    k.objects[3].generation = 2;
    k.objects[4].generation = MODEL_FROZEN;
    k.objects[5].generation = MODEL_ANY_GENERATION;
    model_promote(&k, 0);
    expect_generations(&k, "112341");
    k.objects[6].generation = 0;
    model_promote(&k, 1);
    expect_generations(&k, "222342");
    k.objects[6].generation = 0;
    model_promote(&k, 2);
    expect_generations(&k, "222342");
}

static void expect_range(model_range range, uint64_t least, uint64_t most)
{
    assert_int_equal(range.least, least);
    assert_int_equal(range.most, most);
}

static void test_model_counts_generations(void **state)
{
    model_counters c = {.counts = {5, 1, 2}, .survivors_known = true};

    (void)state;
    model_count_collection(&c, 1);
    assert_int_equal(c.counts[0], 0);
    assert_int_equal(c.counts[1], 0);
    assert_int_equal(c.counts[2], 3);
    model_count_collection(&c, 0);
    assert_int_equal(c.counts[1], 1);
    model_count_collection(&c, 2);
    assert_int_equal(c.counts[1] + c.counts[2], 0);
    expect_range(model_count_range(5, 3, 2, 2), 6, 6);
    expect_range(model_count_range(1, 2, 3, 3), 0, 2); /* freed first, or last */
    expect_range(model_count_range(4, 0, 1, 2), 2, 3); /* one of them may have been an atom */
}

/* The oldest that exceeds its threshold; the oldest of all waits for a quarter, rounded down. */
static void test_model_knows_what_is_due(void **state)
{
    static const uint32_t thresholds[MODEL_GENERATIONS] = {10, 1, 1};
    static const uint32_t counts[][MODEL_GENERATIONS] = {{11, 1, 1}, {11, 2, 1}, {11, 2, 2}};
    model_counters c = {.survivors_known = true};

    (void)state;
    for (uint32_t due = 0; due < MODEL_GENERATIONS; due++) {
        assert_int_equal(model_generation_due(counts[due], thresholds, false), due);
        assert_int_equal(model_generation_due(counts[due], thresholds, true), due < 2 ? due : 1);
    }
    assert_false(model_oldest_waits(&c));
    model_count_survivors(&c, 2, 11, true);
    assert_true(model_oldest_waits(&c));
    model_count_survivors(&c, 0, 5, false);
    assert_true(model_oldest_waits(&c) && c.survivors_known);
    model_count_survivors(&c, 1, 2, true);
    assert_false(model_oldest_waits(&c));
    model_count_survivors(&c, 1, 1, false);
    assert_false(c.survivors_known);
    model_count_survivors(&c, 2, 4, true);
    assert_true(c.survivors_known && model_oldest_waits(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_and_foreign_inputs_are_refused),
        cmocka_unit_test(test_encoding_survives_the_way_there_and_back),
        cmocka_unit_test(test_every_operation_can_be_drawn),
        cmocka_unit_test(test_older_versions_keep_their_meaning),
        cmocka_unit_test(test_programs_are_comparable_or_not),
        cmocka_unit_test(test_default_behaviours_are_operations),
        cmocka_unit_test(test_text_survives_the_way_there_and_back),
        cmocka_unit_test(test_bad_text_is_refused_with_its_line),
        cmocka_unit_test(test_mutations_are_programs_and_repeatable),
        cmocka_unit_test(test_mutations_use_what_there_is),
        cmocka_unit_test(test_crossing_cuts_between_operations),
        cmocka_unit_test(test_model_knows_reachability_and_counting),
        cmocka_unit_test(test_model_knows_what_else_keeps_objects),
        cmocka_unit_test(test_model_counts_what_it_reaches),
        cmocka_unit_test(test_model_works_with_sets),
        cmocka_unit_test(test_model_goes_through_big_sets),
        cmocka_unit_test(test_model_promotes),
        cmocka_unit_test(test_model_counts_generations),
        cmocka_unit_test(test_model_knows_what_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
