/* What is generational's own: its part of the verifier, which must find damage of each kind that it
 * promises to find. */
#include "../conformance/conformance.h"

#include <string.h>

static void assert_violation(mm *m, const char *invariant)
{
    char message[MM_MESSAGE_MAX] = "";

    assert_false(mm_check(mm_heap_of(m), message));
    assert_memory_equal(message, invariant, strlen(invariant));
}

/* Flips bits in the back link of the second of three containers, and repairs it. */
static void assert_damage_found(mm *m, uintptr_t bits, const char *invariant)
{
    gc_head *gc;
    MM_VARS(m, v, 3);

    for (int i = 0; i < 3; i++)
        new_node(m, v + i, 0);
    gc = gc_head_of(v[1].object);
    gc->prev ^= bits;
    assert_violation(m, invariant);
    gc->prev ^= bits;
    heap_verify(m);
}

static void a_working_bit_that_is_left_is_found(mm *m)
{
    assert_damage_found(m, PREV_COLLECTING, "working-bits:");
    assert_damage_found(m, PREV_ASIDE, "working-bits:");
}

static void a_container_of_another_generation_than_its_list_is_found(mm *m)
{
    assert_damage_found(m, 1 << PREV_GENERATION_SHIFT, "working-bits:");
}

static void a_wrong_back_link_is_found(mm *m)
{
    assert_damage_found(m, PREV_BITS + 1, "lists:");
}

static void a_container_on_no_list_is_found(mm *m)
{
    gc_head *list = &mm_heap_of(m)->generations[0].list, before;
    MM_VAR(m, v);

    new_node(m, v, 0);
    before = *list;
    list->next = list->prev = (uintptr_t)list;
    assert_violation(m, "lists:");
    *list = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_working_bit_that_is_left_is_found),
        TEST(a_container_of_another_generation_than_its_list_is_found),
        TEST(a_wrong_back_link_is_found),
        TEST(a_container_on_no_list_is_found),
    };
    return TESTS_RUN("generational", tests);
}
