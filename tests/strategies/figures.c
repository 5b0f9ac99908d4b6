/* figures_STRATEGY: what its collector did, as text to compare between strategies that promise the
 * same. Random programs from fixed seeds run with thresholds low enough that every generation is
 * collected often; for each collection a line has its generation and what mm_collect() returned or
 * would have, for each program a line has the totals.
 *
 *   figures_STRATEGY             all figures
 *   figures_STRATEGY --version   the peer and its version; nothing for a strategy that is none */
#include "tests/conformance/shadow.h"

#include <stdio.h>
#include <string.h>

enum { SEEDS = 40, OPERATIONS = 1500 };

static const char *const options[] = {
    "",
    "threshold0=1,threshold1=1,threshold2=1",
    "threshold0=10,threshold1=2,threshold2=1",
    "threshold0=50,threshold1=0,threshold2=3",
    "automatic=off",
};

static void print_collection(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    (void)m, (void)context;
    if (phase == MM_GC_STOP)
        printf("%u:%lu\n", info->generation, (unsigned long)info->collected);
}

static void print_totals(const mm_stats *stats)
{
    printf("by count %lu, visited %lu", (unsigned long)stats->reclaimed_by_count,
           (unsigned long)stats->objects_visited);
    for (int g = 0; g < MM_GENERATIONS_MAX; g++)
        printf(", %lu in %lu", (unsigned long)stats->reclaimed_by_collector[g],
               (unsigned long)stats->collections[g]);
    putchar('\n');
}

static void run_seed(uint64_t seed, const char *chosen)
{
    mm *m = heap_open(chosen);
    mm_stats stats;

    printf("program %lu with '%s'\n", (unsigned long)seed, chosen);
    assert_int_equal(mm_add_callback(mm_heap_of(m), print_collection, NULL), MM_OK);
    random_program_run(m, seed, OPERATIONS);
    stats = heap_stats(m);
    print_totals(&stats);
    heap_end(m);
}

static void print_figures(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            run_seed(seed, options[i]);
    }
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(print_figures)};

    if (count > 1 && strcmp(arguments[1], "--version") == 0) {
        if (strategy_traits.peer != NULL)
            puts(strategy_traits.peer);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
