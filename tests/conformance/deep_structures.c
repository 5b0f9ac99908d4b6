/* Deep, wide and dense structures are built, collected while held, dropped, or freed with their
 * heap in a thread whose stack is 256 KiB: no part of a strategy may recurse over the program's
 * graph.
 *
 * A program of its own, of the counted flavour: millions of objects with the checked flavour's
 * poisoning and assertions would take too long. Each structure lives in a process of its own, so that a
 * stack that overflows fails one test, and what a strategy never gives back ends with the process.
 * In there plain assert() is used: cmocka's would jump out of the thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mm.h"
#include "mm_gc.h"

/* The deepest are a quarter of a byte of that stack an object, where the smallest frame has 16. */
enum { DEPTH = 1000000, CALLS = 200000 };

enum { STACK_BYTES = 256 * 1024, WIDTH = 1000000, LEVELS = 1000 };

/* Slots of an object so large that the system is asked for huge pages: 64 MiB. */
enum { HUGE_SLOTS = 8 << 20, HUGE_STRIDE = 1000 };

typedef struct structure structure;
struct structure {
    void (*live)(mm *m, mm_type node, const structure *s);
    void (*build)(mm *m, mm_type node, mm_var *out);
    uint64_t objects;
    bool cyclic;
    mm_finaliser *finaliser; /* of each object; NULL: none */
    uint64_t calls;          /* of finalisers and callbacks, once all has died */
};

static uint64_t calls;

static void require_ok(mm_status status)
{
    assert(status == MM_OK);
    (void)status;
}

static void new_node(mm *m, mm_type node, mm_var *dst, uint32_t slots)
{
    require_ok(mm_new(m, dst, node, slots, 0));
}

/* Each new object refers to the one before: the oldest is the deepest. */
static void build_chain(mm *m, mm_type node, mm_var *out)
{
    MM_VAR(m, first);

    for (uint32_t i = 0; i < DEPTH; i++) {
        new_node(m, node, first, 1);
        mm_store_move(m, first, 0, out);
        mm_move(m, out, first);
    }
}

/* The same with a slot still to come behind the link, so that whoever goes down has to come back.
 */
static void build_chain_to_come_back_from(mm *m, mm_type node, mm_var *out)
{
    MM_VAR(m, first);

    for (uint32_t i = 0; i < DEPTH; i++) {
        new_node(m, node, first, 2);
        mm_store_move(m, first, 0, out);
        mm_move(m, out, first);
    }
}

/* Each object refers to the next newer one, and the newest to the oldest. */
static void build_ring(mm *m, mm_type node, mm_var *out)
{
    MM_VARS(m, v, 2);
    mm_var *last = v, *next = v + 1;

    new_node(m, node, out, 1);
    mm_set(m, last, out);
    for (uint32_t i = 1; i < DEPTH; i++) {
        new_node(m, node, next, 1);
        mm_store(m, last, 0, next);
        mm_move(m, last, next);
    }
    mm_store(m, last, 0, out);
}

static void build_wide(mm *m, mm_type node, mm_var *out)
{
    MM_VAR(m, child);

    new_node(m, node, out, WIDTH);
    for (uint32_t i = 0; i < WIDTH; i++) {
        new_node(m, node, child, 0);
        mm_store_move(m, out, i, child);
    }
}

/* An object whose slots take many pages, used here and there: what was not stored reads as null. */
static void build_huge(mm *m, mm_type node, mm_var *out)
{
    MM_VARS(m, v, 2);

    new_node(m, node, out, HUGE_SLOTS);
    for (uint32_t i = 0; i < HUGE_SLOTS; i += HUGE_STRIDE) {
        new_node(m, node, v, 1);
        mm_store_move(m, out, i, v);
    }
    for (uint32_t i = 0; i < HUGE_SLOTS; i++) {
        mm_load(m, v + 1, out, i);
        assert(mm_is_null(v + 1) == (i % HUGE_STRIDE != 0));
    }
}

/* Level i refers to every level below it: 499,500 references, and as many paths as anybody wants.
 */
static void build_dense(mm *m, mm_type node, mm_var *out)
{
    MM_VAR(m, level);

    for (uint32_t i = 0; i < LEVELS; i++) {
        new_node(m, node, level, i);
        for (uint32_t below = 1; below < i; below++)
            mm_copy_slot(m, level, below - 1, out, below - 1);
        if (i > 0)
            mm_store(m, level, i - 1, out);
        mm_move(m, out, level);
    }
}

/* The same with finalisers to call. */
static void build_finalisable_chain(mm *m, mm_type type, mm_var *out)
{
    MM_VAR(m, first);

    for (uint32_t i = 0; i < CALLS; i++) {
        new_node(m, type, first, 1);
        mm_store_move(m, first, 0, out);
        mm_move(m, out, first);
    }
}

static void build_finalisable_ring(mm *m, mm_type type, mm_var *out)
{
    MM_VARS(m, v, 2);

    new_node(m, type, v, 1);
    mm_set(m, out, v);
    for (uint32_t i = 1; i < CALLS; i++) {
        new_node(m, type, v + 1, 1);
        mm_store_move(m, v + 1, 0, v);
        mm_move(m, v, v + 1);
    }
    mm_store_move(m, out, 0, v);
}

static void count_callback(mm *m, mm_var *reference, mm_var *context)
{
    (void)m, (void)reference, (void)context;
    calls++;
}

static mm_weak_callback *callback(void)
{
    return strategy_traits.no_callbacks ? NULL : count_callback;
}

/* Each object has a weak reference to the next one, which is behind it, and with it a callback. The
 * first slot goes first, so that the weak reference is still there when the next one dies. */
static void build_watched_chain(mm *m, mm_type node, mm_var *out)
{
    MM_VARS(m, v, 2);

    new_node(m, node, out, 2);
    for (uint32_t i = 1; i < CALLS; i++) {
        new_node(m, node, v, 2);
        require_ok(mm_weak_new(m, v + 1, out, NULL, callback()));
        mm_store_move(m, v, 0, out);
        mm_store_move(m, v, 1, v + 1);
        mm_move(m, out, v);
    }
}

/* Each weak reference is the context of one to the same object, older by one: a chain of contexts. */
static void build_chain_of_contexts(mm *m, mm_type node, mm_var *out)
{
    MM_VARS(m, v, 2);

    new_node(m, node, v, 0);
    for (uint32_t i = 1; i < CALLS; i++) {
        require_ok(mm_weak_new(m, v + 1, v, out, callback()));
        mm_move(m, out, v + 1);
    }
}

static void count_finaliser(mm *m, mm_var *self)
{
    (void)m, (void)self;
    calls++;
}

static void drop_the_next(mm *m, mm_var *self)
{
    calls++;
    mm_unset(m, self, 0);
}

static uint64_t objects_live(mm *m)
{
    mm_stats stats;

    mm_get_stats(mm_heap_of(m), &stats);
    return stats.objects_live;
}

static void collect_if_possible(mm *m)
{
    if (strategy_traits.generations > 0)
        require_ok(mm_collect_all(m, NULL));
}

static uint64_t left_after_the_drop(const structure *s)
{
    if (!strategy_traits.reclaims || (s->cyclic && !strategy_traits.reclaims_cycles))
        return s->objects;
    return 0;
}

/* CPython puts off what dies more than fifty deep: then a weak reference may go before its referent,
 * and calls nobody. */
static bool puts_deaths_off(const structure *s)
{
    return strategy_traits.peer != NULL && s->finaliser == NULL && calls <= s->calls;
}

static void build_hold_and_drop(mm *m, mm_type node, const structure *s)
{
    MM_VAR(m, v);

    s->build(m, node, v);
    collect_if_possible(m);
    assert(objects_live(m) == s->objects);
    mm_clear(m, v);
    collect_if_possible(m);
    if (strategy_traits.conservative)
        return;
    assert(objects_live(m) == left_after_the_drop(s));
    assert(calls == (left_after_the_drop(s) == 0 ? s->calls : 0) || puts_deaths_off(s));
}

/* The heap ends with the structure still held by a root. */
static void build_and_leave_to_the_heap(mm *m, mm_type node, const structure *s)
{
    mm_root *root;
    MM_VAR(m, v);

    require_ok(mm_root_new(m, &root));
    s->build(m, node, v);
    mm_root_set(m, root, v);
}

/* Collections start only when asked for: at each allocation, as a moving strategy has them, would
 * be quadratic. */
static void *live_once(void *context)
{
    const structure *s = context;
    const mm_type_info info = {
        .name = "node", .kind = MM_CONTAINER, .weakable = true, .finaliser = s->finaliser};
    mm_heap *heap;
    mm_type node;
    mm *m;

    require_ok(mm_heap_new(NULL, &heap));
    require_ok(mm_attach(heap, &m));
    require_ok(mm_type_add(heap, &info, &node));
    mm_disable(m);
    s->live(m, node, s);
    mm_heap_free(heap);
    return NULL;
}

static void run_on_a_small_stack(structure *s)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int failed;

    pthread_attr_init(&attributes);
    failed = pthread_attr_setstacksize(&attributes, STACK_BYTES);
    assert(failed == 0);
    failed = pthread_create(&thread, &attributes, live_once, s);
    assert(failed == 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

static void assert_lives(structure s)
{
    pid_t child;
    int status;

    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run_on_a_small_stack(&s);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        fail_msg("ended by signal %d", WTERMSIG(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_chain_needs_no_stack(void **state)
{
    (void)state;
    assert_lives((structure){build_hold_and_drop, build_chain, DEPTH, false, NULL, 0});
}

static void a_chain_to_come_back_from_needs_no_stack(void **state)
{
    (void)state;
    assert_lives(
        (structure){build_hold_and_drop, build_chain_to_come_back_from, DEPTH, false, NULL, 0});
}

static void a_ring_needs_no_stack(void **state)
{
    (void)state;
    assert_lives((structure){build_hold_and_drop, build_ring, DEPTH, true, NULL, 0});
}

static void a_heap_that_ends_with_a_ring_needs_no_stack(void **state)
{
    (void)state;
    assert_lives((structure){build_and_leave_to_the_heap, build_ring, DEPTH, true, NULL, 0});
}

static void a_wide_object_needs_no_stack(void **state)
{
    (void)state;
    assert_lives((structure){build_hold_and_drop, build_wide, WIDTH + 1, false, NULL, 0});
}

static void a_huge_object_begins_empty_and_dies(void **state)
{
    (void)state;
    assert_lives((structure){build_hold_and_drop, build_huge,
                             1 + (HUGE_SLOTS + HUGE_STRIDE - 1) / HUGE_STRIDE, false, NULL, 0});
}

static void dense_levels_need_no_stack(void **state)
{
    (void)state;
    assert_lives((structure){build_hold_and_drop, build_dense, LEVELS, false, NULL, 0});
}

/* The cascade goes from one to the next as if there were no finalisers. */
static void a_chain_of_finalisable_objects_needs_no_stack(void **state)
{
    (void)state;
    assert_lives((structure){build_hold_and_drop, build_finalisable_chain, CALLS, false,
                             count_finaliser, CALLS});
}

/* Each finaliser is called inside of the one before it, or waits. */
static void finalisers_that_drop_the_next_need_no_stack(void **state)
{
    (void)state;
    assert_lives((structure){build_hold_and_drop, build_finalisable_chain, CALLS, false,
                             drop_the_next, CALLS});
}

static void a_ring_of_finalisable_objects_needs_no_stack(void **state)
{
    (void)state;
    assert_lives((structure){build_hold_and_drop, build_finalisable_ring, CALLS, true,
                             count_finaliser, CALLS});
}

static void finalisers_that_take_a_ring_apart_need_no_stack(void **state)
{
    (void)state;
    assert_lives((structure){build_hold_and_drop, build_finalisable_ring, CALLS, true,
                             drop_the_next, CALLS});
}

static void a_heap_that_ends_with_finalisable_objects_needs_no_stack(void **state)
{
    (void)state;
    assert_lives((structure){build_and_leave_to_the_heap, build_finalisable_chain, CALLS, false,
                             count_finaliser, 0});
}

/* By count each weak reference outlives its referent; by tracing both are found together. */
static void a_chain_that_is_watched_needs_no_stack(void **state)
{
    (void)state;
    assert_lives((structure){build_hold_and_drop, build_watched_chain, 2 * CALLS - 1, false, NULL,
                             strategy_traits.prompt ? CALLS - 1 : 0});
}

static void a_chain_of_contexts_needs_no_stack(void **state)
{
    (void)state;
    assert_lives(
        (structure){build_and_leave_to_the_heap, build_chain_of_contexts, CALLS, false, NULL, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_needs_no_stack),
        cmocka_unit_test(a_chain_to_come_back_from_needs_no_stack),
        cmocka_unit_test(a_ring_needs_no_stack),
        cmocka_unit_test(a_heap_that_ends_with_a_ring_needs_no_stack),
        cmocka_unit_test(a_wide_object_needs_no_stack),
        cmocka_unit_test(a_huge_object_begins_empty_and_dies),
        cmocka_unit_test(dense_levels_need_no_stack),
        cmocka_unit_test(a_chain_of_finalisable_objects_needs_no_stack),
        cmocka_unit_test(finalisers_that_drop_the_next_need_no_stack),
        cmocka_unit_test(a_ring_of_finalisable_objects_needs_no_stack),
        cmocka_unit_test(finalisers_that_take_a_ring_apart_need_no_stack),
        cmocka_unit_test(a_heap_that_ends_with_finalisable_objects_needs_no_stack),
        cmocka_unit_test(a_chain_that_is_watched_needs_no_stack),
        cmocka_unit_test(a_chain_of_contexts_needs_no_stack),
    };
    return cmocka_run_group_tests_name("deep structures", tests, NULL, NULL);
}
