/* The conformance suite of one strategy.
 *
 *     conformance_STRATEGY [PATTERN]      only the tests whose names match, such as '*borrow*'
 *
 * Groups whose expectations hold whenever collections run are run again with a full collection
 * forced before every allocation, every second and every tenth, and on the pool allocator. */
#include "conformance.h"

#include <stdio.h>

typedef int test_group(void);

/* Hold under forced collections. */
static test_group *const groups[] = {
    test_operations,      test_aliasing,         test_variables,        test_payload,
    test_counting,        test_cycles,           test_random_programs,  test_out_of_memory,
    test_finalisers,      test_resurrection,     test_nasty_finalisers, test_wild_programs,
    test_weak_references, test_immortal,         test_interning,        test_resources,
    test_examples,        test_as_cpython_tests,
};

/* Count collections, or need no heap in which any would run. */
static test_group *const groups_run_once[] = {
    test_collector,   test_collector_control,
    test_generations, test_reference_figures,
    test_statistics,  test_misuse,
    test_verifier,    test_sites,
    test_graph,       test_as_cpython_tests_once,
};

static int run_groups(test_group *const *table, size_t count)
{
    int failed = 0;

    for (size_t i = 0; i < count; i++)
        failed += table[i]();
    return failed;
}

#define RUN_GROUPS(table) run_groups((table), sizeof(table) / sizeof *(table))

int main(int count, char **arguments)
{
    static const uint64_t forced[] = {1, 2, 10};
    int failed;

    if (count > 1)
        cmocka_set_test_filter(arguments[1]);
    failed = RUN_GROUPS(groups) + RUN_GROUPS(groups_run_once);
    for (size_t i = 0; i < sizeof forced / sizeof *forced && has_collector(); i++) {
        fprintf(stderr, "A full collection before every %luth allocation:\n",
                (unsigned long)forced[i]);
        tests_force_collections(forced[i]);
        failed += RUN_GROUPS(groups);
    }
    tests_force_collections(0);
    if (tests_choose_allocator("allocator=pool")) {
        fprintf(stderr, "Objects from the pool allocator:\n");
        failed += RUN_GROUPS(groups);
    }
    return failed == 0 ? 0 : 1;
}
