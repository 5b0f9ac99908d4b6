/* mm_check() itself: it finds damage of each kind that it promises to find, and names the
 * invariant. The damage is done behind the API's back and undone before the test ends. */
#include "conformance.h"

#include <string.h>

#ifdef MM_COMMON_VARIABLES_H /* variables hold pointers, so a test can reach the objects */

static void assert_violation(mm *m, const char *invariant)
{
    char message[MM_MESSAGE_MAX] = "";

    assert_false(mm_check(mm_heap_of(m), message));
    if (strncmp(message, invariant, strlen(invariant)) != 0)
        fail_msg("expected a violation of '%s', found '%s'", invariant, message);
}

    #if !MM_FOREIGN
static void an_unknown_type_is_found(mm *m)
{
    mm_type sound;
    MM_VAR(m, v);

    new_node(m, v, 0);
    sound = v->object->type;
    v->object->type |= 1000 << 1;
    assert_violation(m, "type:");
    v->object->type = sound;
    heap_verify(m);
}
    #endif

static void a_slot_that_leads_nowhere_is_found(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_store(m, v, 0, v + 1);
    front_registered(strategy_block(v[1].object))->magic = REGISTERED_FREED;
    assert_violation(m, "registry:");
    front_registered(strategy_block(v[1].object))->magic = REGISTERED_LIVE;
    heap_verify(m);
}

static void a_lost_object_is_found(mm *m)
{
    MM_VAR(m, v);

    new_node(m, v, 0);
    mm_heap_of(m)->base.front.blocks_freed++;
    assert_violation(m, "live-count:");
    mm_heap_of(m)->base.front.blocks_freed--;
    heap_verify(m);
}

    #if !MM_FOREIGN
static void a_weak_table_that_is_wrong_is_found(mm *m)
{
    weak_table *table = &mm_heap_of(m)->base.weak;
    MM_VARS(m, v, 2);

    new_node(m, v, 0);
    new_weak(m, v + 1, v);
    table->live++;
    assert_violation(m, "weak:");
    table->live--;
    v->object->type &= ~(mm_type)OBJECT_WEAKLY_REFERENCED;
    assert_violation(m, "weak:");
    v->object->type |= OBJECT_WEAKLY_REFERENCED;
    table->records[1].referent = v[1].object;
    assert_violation(m, "weak:");
    table->records[1].referent = v->object;
    table->records[1].reference = v->object;
    assert_violation(m, "weak:");
    table->records[1].reference = v[1].object;
    heap_verify(m);
}

static void a_forgotten_finaliser_is_found(mm *m)
{
    finalisation *f = &mm_heap_of(m)->base.finalisation;
    MM_VAR(m, v);

    new_of(m, v, new_type(m, "noting", MM_CONTAINER, note_finaliser), 0, 7);
    f->pending++;
    assert_violation(m, "finalisers:");
    f->pending--;
    v->object->type |= OBJECT_FINALIZED;
    assert_violation(m, "finalisers:");
    v->object->type &= ~(mm_type)OBJECT_FINALIZED;
    f->count++;
    assert_violation(m, "finalisers:");
    f->count--;
    heap_verify(m);
}
    #endif

    #ifdef MM_COMMON_COUNTING_H
static void a_wrong_count_is_found(mm *m)
{
    MM_VAR(m, v);

    new_node(m, v, 0);
    v->object->count++;
    assert_violation(m, "count:");
    v->object->count -= 2;
    assert_violation(m, "count:");
    v->object->count++;
    heap_verify(m);
}
    #endif

int test_verifier(void)
{
    const struct CMUnitTest tests[] = {
    #if !MM_FOREIGN
        TEST(an_unknown_type_is_found),
        TEST(a_weak_table_that_is_wrong_is_found),
        TEST(a_forgotten_finaliser_is_found),
    #endif
        TEST(a_slot_that_leads_nowhere_is_found),
        TEST(a_lost_object_is_found),
    #ifdef MM_COMMON_COUNTING_H
        TEST(a_wrong_count_is_found),
    #endif
    };
    return TESTS_RUN("verifier", tests);
}
#else
int test_verifier(void)
{
    return 0;
}
#endif
