/* Interning, as an interpreter does it: the integers from -5 to 256 and strings that look like
 * identifiers are one immortal object for each value; others are made anew. */
#include "conformance.h"

#include <ctype.h>
#include <string.h>

/* ---- The example: values, and the table of those that are shared ---- */

enum { SMALLEST = -5, LARGEST = 256, INTEGERS = LARGEST - SMALLEST + 1, BUCKETS = 64 };

typedef struct interner {
    mm *m;
    mm_type integer, string;
    mm_root *integers; /* a container, by value − SMALLEST */
    mm_root *strings;  /* a container of chains by hash; a link has the string and the next link */
} interner;

static void interner_open(interner *in, mm *m)
{
    MM_VAR(m, table);

    *in = (interner){.m = m,
                     .integer = new_type(m, "integer", MM_ATOM, NULL),
                     .string = new_type(m, "string", MM_ATOM, NULL),
                     .integers = new_root(m),
                     .strings = new_root(m)};
    new_node(m, table, INTEGERS);
    mm_root_set(m, in->integers, table);
    new_node(m, table, BUCKETS);
    mm_root_set(m, in->strings, table);
}

static int64_t integer_of(mm *m, const mm_var *v)
{
    return (int64_t)label_of(m, v);
}

static void new_integer(interner *in, mm_var *dst, int64_t value)
{
    const bool shared = value >= SMALLEST && value <= LARGEST;
    const uint32_t index = shared ? (uint32_t)(value - SMALLEST) : 0;
    MM_VARS(in->m, v, 2);

    mm_root_get(in->m, v, in->integers);
    if (shared) {
        mm_load(in->m, dst, v, index);
        if (!mm_is_null(dst))
            return;
    }
    new_of(in->m, v + 1, in->integer, 0, (uint64_t)value);
    if (shared) {
        assert_int_equal(mm_immortalise(in->m, v + 1), MM_OK);
        mm_store(in->m, v, index, v + 1);
    }
    mm_move(in->m, dst, v + 1);
}

static bool looks_like_an_identifier(const char *text)
{
    if (isdigit((unsigned char)*text) || *text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (!isalnum((unsigned char)*text) && *text != '_')
            return false;
    }
    return true;
}

static uint32_t bucket_of(const char *text)
{
    uint32_t hash = 0;

    for (; *text != '\0'; text++)
        hash = 31 * hash + (unsigned char)*text;
    return hash % BUCKETS;
}

/* dst = the interned string of this text, or null. */
static void find_string(interner *in, mm_var *dst, const char *text)
{
    MM_VARS(in->m, v, 2);

    mm_root_get(in->m, v, in->strings);
    for (mm_load(in->m, v, v, bucket_of(text)); !mm_is_null(v); mm_load(in->m, v, v, 1)) {
        mm_load(in->m, v + 1, v, 0);
        if (strcmp(mm_data(in->m, v + 1), text) == 0) {
            mm_move(in->m, dst, v + 1);
            return;
        }
    }
    mm_clear(in->m, dst);
}

static void intern(interner *in, mm_var *string, const char *text)
{
    MM_VARS(in->m, v, 2);

    assert_int_equal(mm_immortalise(in->m, string), MM_OK);
    mm_root_get(in->m, v, in->strings);
    new_node(in->m, v + 1, 2);
    mm_store(in->m, v + 1, 0, string);
    mm_copy_slot(in->m, v + 1, 1, v, bucket_of(text));
    mm_store_move(in->m, v, bucket_of(text), v + 1);
}

static void new_string(interner *in, mm_var *dst, const char *text)
{
    const uint32_t bytes = (uint32_t)strlen(text) + 1;
    const bool shared = looks_like_an_identifier(text);
    MM_VAR(in->m, v);

    if (shared) {
        find_string(in, dst, text);
        if (!mm_is_null(dst))
            return;
    }
    assert_int_equal(mm_new(in->m, v, in->string, 0, bytes), MM_OK);
    memcpy(mm_data(in->m, v), text, bytes);
    if (shared)
        intern(in, v, text);
    mm_move(in->m, dst, v);
}

/* ---- What it shows ---- */

static void equal_small_integers_are_one_object(mm *m)
{
    interner in;
    MM_VARS(m, v, 2);

    interner_open(&in, m);
    for (int64_t value = SMALLEST - 10; value <= LARGEST + 10; value++) {
        new_integer(&in, v, value);
        new_integer(&in, v + 1, value);
        assert_int_equal(integer_of(m, v), value);
        assert_int_equal(integer_of(m, v + 1), value);
        assert_int_equal(mm_same(v, v + 1), value >= SMALLEST && value <= LARGEST);
    }
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 2 + INTEGERS, 0);
}

static void equal_identifiers_are_one_object(mm *m)
{
    static const char *const identifiers[] = {"x", "self", "_private", "name2", "Node", "__del__"};
    static const char *const others[] = {"", "2nd", "hello world", "a-b", "caf\xc3\xa9"};
    interner in;
    MM_VARS(m, v, 2);

    interner_open(&in, m);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof identifiers / sizeof *identifiers; i++) {
            new_string(&in, v, identifiers[i]);
            new_string(&in, v + 1, identifiers[i]);
            assert_true(mm_same(v, v + 1));
            assert_string_equal(mm_data(m, v), identifiers[i]);
        }
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
            new_string(&in, v, others[i]);
            new_string(&in, v + 1, others[i]);
            assert_false(mm_same(v, v + 1));
            assert_string_equal(mm_data(m, v), mm_data(m, v + 1));
        }
    }
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 2 + 2 * 6, 0);
}

/* Many names for one number: no count, no object more. */
static void sharing_costs_no_count_and_no_object(mm *m)
{
    const uint32_t names = strategy_traits.timed ? 1000 : 100; /* each new object moves all */
    interner in;
    MM_VARS(m, v, 3);

    interner_open(&in, m);
    new_node(m, v, names);
    for (uint32_t i = 0; i < names; i++) {
        new_integer(&in, v + 1, 7);
        assert_references(m, v + 1, MM_IMMORTAL);
        mm_store_move(m, v, i, v + 1);
    }
    assert_left_after_collecting(m, 2 + 1 + 1, 0);
    for (uint32_t i = 0; i < names; i++) {
        new_integer(&in, v + 1, 1000);
        assert_references(m, v + 1, 1);
        mm_store_move(m, v, i, v + 1);
    }
    assert_left_after_collecting(m, 2 + 1 + 1 + names, 0);
    mm_clear(m, v);
    assert_left_now(m, 2 + 1, 0);
    assert_left_after_collecting(m, 2 + 1, 0);
}

int test_interning(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_small_integers_are_one_object),
        TEST(equal_identifiers_are_one_object),
        TEST(sharing_costs_no_count_and_no_object),
    };
    if (strategy_traits.mortal)
        return tests_left_out("interning", "mortal");
    return TESTS_RUN("interning", tests);
}
