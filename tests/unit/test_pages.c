/* Pages for what is written while something is timed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/resource.h>

#include "support/pages.h"

static long faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

static void they_are_zero_and_writing_them_faults_no_more(void **state)
{
    enum { BYTES = 3 << 20 };
    unsigned char *pages = pages_map(BYTES);
    long before = faults();

    (void)state;
    assert_non_null(pages);
    for (size_t i = 0; i < BYTES; i++) {
        if (pages[i] != 0)
            fail();
        pages[i] = 1;
    }
    assert_true(faults() - before < BYTES / 4096 / 16);
    pages_unmap(pages, BYTES);
}

static void what_does_not_exist_is_refused(void **state)
{
    (void)state;
    assert_null(pages_map(SIZE_MAX / 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_zero_and_writing_them_faults_no_more),
        cmocka_unit_test(what_does_not_exist_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
