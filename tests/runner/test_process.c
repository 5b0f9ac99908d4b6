/* Child processes: their words, their ends, their limits. */
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

/* Runs a shell script. */
static process_result run_script(const char *script, double timeout_seconds,
                                 uint64_t memory_bytes_max)
{
    process_request request = {.timeout_seconds = timeout_seconds,
                               .memory_bytes_max = memory_bytes_max,
                               .folder = "/",
                               .keep_output = true};
    process_result result;
    problem why;

    arguments_add(&request.command, "/bin/sh");
    arguments_add(&request.command, "-c");
    arguments_add(&request.command, "%s", script);
    assert_true(process_run(&request, &result, &why));
    arguments_free(&request.command);
    return result;
}

static void assert_end(process_result result, const char *expected)
{
    char *end = process_describe_end(&result);

    assert_string_equal(end, expected);
    free(end);
    free(result.output);
}

static void test_output(void **state)
{
    process_result result = run_script("pwd; cat", 10, 0); /* standard input is empty */

    (void)state;
    assert_true(process_succeeded(&result));
    assert_string_equal(result.output, "/\n");
    free(result.output);
}

static void test_much_output(void **state)
{
    process_result result = run_script("head -c 3000000 /dev/zero", 10, 0);

    (void)state;
    assert_true(process_succeeded(&result));
    assert_int_equal(result.output_length, 3000000);
    free(result.output);
}

static void test_ends(void **state)
{
    (void)state;
    assert_end(run_script("echo one >&2; echo two >&2; echo >&2; exit 3", 10, 0),
               "exit code 3: two");
    assert_end(run_script("exit 1", 10, 0), "exit code 1");
    assert_end(run_script("kill -SEGV $$", 10, 0), "killed by SIGSEGV");
}

static void test_timeout(void **state)
{
    process_result result = run_script("sleep 30", 0.2, 0);

    (void)state;
    assert_int_equal(result.end, PROCESS_TIMED_OUT);
    assert_true(result.seconds < 10);
    free(result.output);
}

/* A grandchild that keeps the pipes open must not keep the runner waiting. */
static void test_grandchild(void **state)
{
    process_result result = run_script("sleep 30 & echo done", 20, 0);

    (void)state;
    assert_true(process_succeeded(&result));
    assert_true(result.seconds < 10);
    assert_string_equal(result.output, "done\n");
    free(result.output);
}

static void test_missing_program(void **state)
{
    process_request request = {.timeout_seconds = 10};
    process_result result;
    problem why;

    (void)state;
    arguments_add(&request.command, "/no/such/program");
    assert_true(process_run(&request, &result, &why));
    assert_int_equal(result.code, PROCESS_CANNOT_START);
    assert_non_null(strstr(result.last_line, "/no/such/program: No such file"));
    arguments_free(&request.command);
}

static void test_memory_limit(void **state)
{
    process_result result = run_script("ulimit -d", 10, 64 << 20);

    (void)state;
    assert_string_equal(result.output, "65536\n"); /* in KiB */
    free(result.output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),       cmocka_unit_test(test_much_output),
        cmocka_unit_test(test_ends),         cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_grandchild),   cmocka_unit_test(test_missing_program),
        cmocka_unit_test(test_memory_limit),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
