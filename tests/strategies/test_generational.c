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

/* Damages one word of the second of three containers, and repairs it. */
static void assert_damage_found(mm *m, size_t word, uintptr_t damage, const char *invariant)
{
    uintptr_t *words;
    MM_VARS(m, v, 3);

    for (int i = 0; i < 3; i++)
        new_node(m, v + i, 0);
    words = (uintptr_t *)gc_head_of(v[1].object);
    words[word] ^= damage;
    assert_violation(m, invariant);
    words[word] ^= damage;
    heap_verify(m);
}

static void a_working_bit_that_is_left_is_found(mm *m)
{
    assert_damage_found(m, offsetof(gc_head, next) / sizeof(uintptr_t), 1, "working-bits:");
    assert_damage_found(m, offsetof(gc_head, prev) / sizeof(uintptr_t), 2, "working-bits:");
}

static void a_wrong_back_link_is_found(mm *m)
{
    assert_damage_found(m, offsetof(gc_head, prev) / sizeof(uintptr_t), 64, "lists:");
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
        TEST(a_wrong_back_link_is_found),
        TEST(a_container_on_no_list_is_found),
    };
    return TESTS_RUN("generational", tests);
}
