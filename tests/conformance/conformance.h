/* What every conformance test stands on: a heap of its own, verified when the test ends, and
 * expectations that follow from `strategy_traits` alone. No test knows a strategy's name.
 *
 * A test is a function `void property_that_holds(mm *m)`. TEST() wraps it: set-up makes a heap with
 * the strategy's defaults and the two types below, tear-down verifies and frees it. */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm.h"
#include "mm_check.h"
#include "mm_gc.h"

/* ---- Tests and groups ---- */

typedef void test_body(mm *m);

typedef struct test_case {
    test_body *body;
    mm *m;
    bool ended; /* false after a failed assertion, which jumps out of the test's scopes */
} test_case;

/* Stands for a test that the traits exclude: skipped. */
void test_left_out(mm *m);

/* A test of what some strategies lack, and say so by a trait. */
#define TEST_WHERE(condition, test)                                      \
    {                                                                    \
        .name = #test, .test_func = test_run, .setup_func = test_set_up, \
        .teardown_func = test_tear_down, .initial_state = &(test_case)   \
        {                                                                \
            .body = (condition) ? (test) : test_left_out                 \
        }                                                                \
    }

#define TEST(test)                                                       \
    {                                                                    \
        .name = #test, .test_func = test_run, .setup_func = test_set_up, \
        .teardown_func = test_tear_down, .initial_state = &(test_case)   \
        {                                                                \
            .body = (test)                                               \
        }                                                                \
    }

int test_set_up(void **state);
void test_run(void **state);
int test_tear_down(void **state);

/* Called first by a test that works with two heaps at once: skips it where there is but one. A test
 * that leaves its own heap alone may open another everywhere: heap_open() makes way for it, and a
 * test that calls mm_heap_new() itself calls make_way() first. */
void needs_two_heaps(void);
void make_way(void);

/* A group that a trait excludes: says so. 0, since none failed. */
int tests_left_out(const char *group, const char *trait);

/* Runs a group of `count` tests; the number of failed ones. */
int tests_run(const char *group, const struct CMUnitTest *tests, size_t count);
#define TESTS_RUN(group, tests) tests_run((group), (tests), sizeof(tests) / sizeof *(tests))

/* How often heaps collect by force; 0: never. Under force an object can be reclaimed earlier. */
uint64_t tests_forced_collections(void);

/* From now on every heap collects before each `every`th allocation; 0: only by itself. */
void tests_force_collections(uint64_t every);

/* From now on every heap has the option, "allocator=pool". False when the strategy does not know it. */
bool tests_choose_allocator(const char *option);

/* The groups: each runs its tests and returns the number of failed ones. */
int test_operations(void);
int test_aliasing(void);
int test_variables(void);
int test_payload(void);
int test_counting(void);
int test_cycles(void);
int test_random_programs(void);
int test_out_of_memory(void);
int test_collector(void);
int test_generations(void);
int test_reference_figures(void);
int test_statistics(void);
int test_misuse(void);
int test_verifier(void);
int test_finalisers(void);
int test_resurrection(void);
int test_nasty_finalisers(void);
int test_wild_programs(void);
int test_weak_references(void);
int test_collector_control(void);
int test_immortal(void);
int test_interning(void);
int test_resources(void);
int test_examples(void);
int test_sites(void);
int test_graph(void);
int test_as_cpython_tests(void);
int test_as_cpython_tests_once(void);

/* ---- Heaps ---- */

/* The types of every heap made here, the same values in each. */
extern mm_type node_type; /* a container */
extern mm_type atom_type;

/* A heap with these options (`name=value,…`; "" for the defaults) and its mutator. */
mm *heap_open(const char *options);

/* Whether the strategy has the option. */
bool has_option(const char *name);

/* Asserts that the whole heap is in order. */
void heap_verify(mm *m);

/* Verifies the heap and frees it. */
void heap_end(mm *m);

mm_stats heap_stats(mm *m);
uint64_t objects_live(mm *m);

/* The collections so far, of all generations together. */
uint64_t collections_run(mm *m);

/* ---- Objects ---- */

/* `dst` = a new container with `slots` slots and no payload. */
void new_node(mm *m, mm_var *dst, uint32_t slots);

/* `dst` = a new container whose payload is a label. */
void new_labelled(mm *m, mm_var *dst, uint32_t slots, uint64_t label);
uint64_t label_of(mm *m, const mm_var *obj);

/* `dst` = a new atom of `bytes` bytes. */
void new_atom(mm *m, mm_var *dst, uint32_t bytes);

/* Two new containers that refer to each other. */
void new_pair(mm *m, mm_var *a, mm_var *b);

/* `count` new containers, each referring to the next and the last to the first; `dst` names one. */
void new_ring(mm *m, mm_var *dst, uint32_t count);

/* `count` new containers, each referring to the next; `dst` names the first. */
void new_chain(mm *m, mm_var *dst, uint32_t count);

/* A type whose objects may be referred to weakly. `finaliser` may be NULL. */
mm_type new_type(mm *m, const char *name, mm_kind kind, mm_finaliser *finaliser);

/* `dst` = a new object of `type` whose payload is a label. */
void new_of(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint64_t label);

/* `count` new objects of `type`, labelled 0, 1, …; slot 0 of each refers to the next and that of the
 * last to the first, which `dst` names. */
void new_ring_of(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint32_t count);

void new_weak(mm *m, mm_var *dst, mm_var *referent);
void new_weak_calling(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                      mm_weak_callback *callback);

mm_root *new_root(mm *m);

/* ---- The journal: what finalisers and callbacks, which have no context of a test, have done ---- */

enum { JOURNAL_MAX = 256 };

/* Each test begins with an empty one. Entries after the first JOURNAL_MAX are only counted. */
void journal_clear(void);
void journal_note(uint64_t entry);
uint64_t journal_length(void);

/* How often an entry was noted, among the first JOURNAL_MAX. */
uint64_t journal_count(uint64_t entry);

/* Asserts the whole journal. */
void assert_journal(const uint64_t *entries, size_t count);
#define ASSERT_JOURNAL(...)                         \
    assert_journal((const uint64_t[]){__VA_ARGS__}, \
                   sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* A finaliser that notes the object's label, and a callback that notes its context's. */
void note_finaliser(mm *m, mm_var *self);
void note_callback(mm *m, mm_var *reference, mm_var *context);

/* ---- Expectations ---- */

static inline bool has_collector(void)
{
    return strategy_traits.generations > 0;
}

/* Counting with the three generations of mm_gc.h: CPython's scheme, and so its figures. */
static inline bool has_counted_generations(void)
{
    return strategy_traits.counts && strategy_traits.reclaims_cycles &&
           strategy_traits.generations == 3;
}

/* Whether what is dropped is reclaimed at last, on a cycle or behind one (`cyclic`) or not. */
static inline bool dies(bool cyclic)
{
    return cyclic ? strategy_traits.reclaims_cycles : strategy_traits.reclaims;
}

/* Has everything reclaimed that the strategy ever reclaims, and verifies the heap. */
void reclaim_all(mm *m);

/* What a full collection finds, 0 without a collector. */
uint64_t collect_fully(mm *m);

/* Asserts what must be left when `reachable` objects can be reached and `cyclic` others are on, or
 * behind, garbage cycles; everything else ever allocated is garbage that counting finds. */
void assert_left_now(mm *m, uint64_t reachable, uint64_t cyclic);
void assert_left_after_collecting(mm *m, uint64_t reachable, uint64_t cyclic);

/* Asserts the references to `obj`, its own variable's included; that they are unknown without
 * counts. */
void assert_references(mm *m, const mm_var *obj, uint64_t references);

/* Asserts that a weak reference leads to the object of `expected`, or to null like it. */
void assert_leads_to(mm *m, mm_var *reference, const mm_var *expected);
void assert_leads_nowhere(mm *m, mm_var *reference);

/* Asserts that obj[i] is the object of `expected`, or null like it. */
void assert_slot(mm *m, mm_var *obj, uint32_t i, const mm_var *expected);
void assert_slot_null(mm *m, mm_var *obj, uint32_t i);

/* Asserts a full collection's result; with no collector, that it says so. */
void assert_collects(mm *m, uint64_t unreachable);

#endif
