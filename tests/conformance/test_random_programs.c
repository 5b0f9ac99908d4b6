/* Random programs from fixed seeds against the shadow of their heap: what must live does, what must
 * be gone is. */
#include "shadow.h"

enum { SEEDS = 20, OPERATIONS = 1000 };

static void run_seeds(const char *options)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        mm *m = heap_open(options);
        assert_int_equal(random_program_run(m, seed, OPERATIONS), 0);
        heap_end(m);
    }
}

static void random_programs_agree_with_their_shadow(mm *m)
{
    (void)m;
    run_seeds("");
}

static void random_programs_agree_when_nothing_collects_by_itself(mm *m)
{
    (void)m;
    if (has_collector())
        run_seeds("automatic=off");
}

/* Thresholds so low that each generation is collected every few objects. */
static void random_programs_agree_under_the_lowest_thresholds(mm *m)
{
    static const char *const thresholds[] = {
        "automatic=on,threshold0=10,threshold1=2,threshold2=1",
        "automatic=on,threshold0=1,threshold1=1,threshold2=1",
        "automatic=on,threshold0=1,threshold1=1,threshold2=1,quarter_rule=off",
        "automatic=on,threshold0=2,threshold1=0,threshold2=0,quarter_rule=off",
    };
    const size_t count = sizeof thresholds / sizeof *thresholds;

    (void)m;
    for (size_t i = 0; i < (has_option("quarter_rule") ? count : 2); i++)
        run_seeds(thresholds[i]);
}

int test_random_programs(void)
{
    const struct CMUnitTest tests[] = {
        TEST(random_programs_agree_with_their_shadow),
        TEST(random_programs_agree_when_nothing_collects_by_itself),
    };
    const struct CMUnitTest generation_tests[] = {
        TEST(random_programs_agree_under_the_lowest_thresholds),
    };

    return TESTS_RUN("random programs", tests) +
           (has_counted_generations() ? TESTS_RUN("random programs, generations", generation_tests)
                                      : 0);
}
