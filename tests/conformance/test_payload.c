/* The payload is the program's: the memory manager keeps every byte, wherever the object goes. */
#include "conformance.h"

static const uint32_t sizes[] = {0, 1, 7, 8, 9, 31, 100, 4096, 70000};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void fill(mm *m, const mm_var *obj, uint32_t bytes, uint32_t seed)
{
    unsigned char *data = mm_data(m, obj);

    for (uint32_t i = 0; i < bytes; i++)
        data[i] = (unsigned char)(seed * 31 + i * 7);
}

static void assert_filled(mm *m, const mm_var *obj, uint32_t bytes, uint32_t seed)
{
    const unsigned char *data = mm_data(m, obj);

    for (uint32_t i = 0; i < bytes; i++)
        assert_int_equal(data[i], (unsigned char)(seed * 31 + i * 7));
}

static void atoms_keep_every_byte(mm *m)
{
    MM_VARS(m, v, SIZES);

    for (uint32_t i = 0; i < SIZES; i++) {
        new_atom(m, v + i, sizes[i]);
        fill(m, v + i, sizes[i], i);
    }
    assert_left_after_collecting(m, SIZES, 0);
    for (uint32_t i = 0; i < SIZES; i++)
        assert_filled(m, v + i, sizes[i], i);
}

static void slots_and_payload_do_not_overlap(mm *m)
{
    MM_VAR(m, v);

    for (uint32_t i = 0; i < SIZES; i++) {
        assert_int_equal(mm_new(m, v, node_type, i, sizes[i]), MM_OK);
        fill(m, v, sizes[i], i);
        for (uint32_t slot = 0; slot < i; slot++)
            mm_store(m, v, slot, v);
        assert_filled(m, v, sizes[i], i);
        for (uint32_t slot = 0; slot < i; slot++)
            assert_slot(m, v, slot, v);
        for (uint32_t slot = 0; slot < i; slot++)
            mm_unset(m, v, slot);
    }
}

static void the_payload_is_aligned_for_eight_byte_values(mm *m)
{
    MM_VAR(m, v);

    for (uint32_t slots = 0; slots < 5; slots++) {
        new_labelled(m, v, slots, 1);
        assert_int_equal((uintptr_t)mm_data(m, v) % 8, 0);
    }
    for (uint32_t bytes = 1; bytes < 64; bytes++) {
        new_atom(m, v, bytes);
        assert_int_equal((uintptr_t)mm_data(m, v) % 8, 0);
    }
}

static void the_payload_survives_every_operation(mm *m)
{
    MM_VARS(m, v, 4);

    new_labelled(m, v, 1, 0xfeed);
    new_node(m, v + 1, 2);
    mm_store(m, v + 1, 0, v);
    mm_copy_slot(m, v + 1, 1, v + 1, 0);
    mm_clear(m, v);
    mm_unset(m, v + 1, 0);
    mm_safepoint(m);
    mm_take(m, v + 2, v + 1, 1);
    mm_store(m, v + 2, 0, v + 1);
    mm_move(m, v + 3, v + 2);
    mm_set(m, v, v + 3);
    for (int i = 0; i < 30; i++)
        new_node(m, v + 2, 1);
    assert_int_equal(label_of(m, v), 0xfeed);
    assert_int_equal(label_of(m, v + 3), 0xfeed);
}

/* Reads 100 objects back after as many chances to reclaim or move them. */
static void labels_stay_with_their_objects_through_a_whole_program(mm *m)
{
    uint64_t expected = 99;
    MM_VARS(m, v, 2);

    for (uint64_t i = 0; i < 100; i++) {
        new_labelled(m, v + 1, 1, i);
        mm_store_move(m, v + 1, 0, v);
        mm_move(m, v, v + 1);
        new_node(m, v + 1, 3); /* garbage in between */
    }
    for (; !mm_is_null(v); mm_load(m, v, v, 0))
        assert_int_equal(label_of(m, v), expected--);
    assert_int_equal(expected, UINT64_MAX);
}

static void objects_move_only_where_the_traits_say_so(mm *m)
{
    const void *place;
    MM_VAR(m, v);

    new_labelled(m, v, 0, 5);
    place = mm_data(m, v);
    assert_collects(m, 0);
    assert_int_equal(mm_data(m, v) != place, strategy_traits.moving);
    assert_int_equal(label_of(m, v), 5);
}

int test_payload(void)
{
    const struct CMUnitTest tests[] = {
        TEST(atoms_keep_every_byte),
        TEST(slots_and_payload_do_not_overlap),
        TEST(the_payload_is_aligned_for_eight_byte_values),
        TEST(the_payload_survives_every_operation),
        TEST(objects_move_only_where_the_traits_say_so),
        TEST(labels_stay_with_their_objects_through_a_whole_program),
    };
    return TESTS_RUN("payload", tests);
}
