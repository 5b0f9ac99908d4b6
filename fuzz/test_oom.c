/* The target `oom` on a machine that only notes what it is told: every allocation fails, each alone and
 * with all that follow. */
#include "driver.h"
#include "machine.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ATTEMPTS = 300, RUNS = 1 + 2 * ATTEMPTS }; /* more attempts than a knob has values */

static machine_failure seen[RUNS];
static uint32_t runs, operations;

machine_digest machine_run(const program *p, const machine_failure *failure)
{
    assert_true(runs < RUNS);
    seen[runs++] = *failure;
    operations = p->operation_count;
    return (machine_digest){0};
}

uint64_t machine_allocation_attempts(void)
{
    return ATTEMPTS;
}

static void run_input(size_t operation_count)
{
    uint8_t bytes[PROGRAM_BYTES_MAX] = {PROGRAM_VERSION};

    bytes[KNOB_fail_at] = 7;
    runs = 0;
    LLVMFuzzerTestOneInput(bytes, PROGRAM_HEADER_BYTES + operation_count * PROGRAM_OPERATION_BYTES);
}

static void test_every_allocation_fails_alone_and_with_those_behind_it(void **state)
{
    (void)state;
    run_input(1);
    assert_int_equal(runs, RUNS);
    assert_int_equal(seen[0].attempt, 0); /* to count them */
    for (uint32_t i = 1; i < RUNS; i++) {
        assert_int_equal(seen[i].attempt, (i + 1) / 2);
        assert_int_equal(seen[i].thereafter, i % 2 == 0);
    }
}

static void test_a_program_may_have_as_many_operations_as_campaigns_write(void **state)
{
    (void)state;
    run_input(64);
    assert_int_equal(operations, 64);
    run_input(65);
    assert_int_equal(operations, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_fails_alone_and_with_those_behind_it),
        cmocka_unit_test(test_a_program_may_have_as_many_operations_as_campaigns_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
