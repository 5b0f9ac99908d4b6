/* The command `reclaim` as a person uses it, on programs that play their parts (fake_program.c).
 * Each test has a folder of its own, in which the commands run. */
#ifndef RECLAIM_TESTS_RUNNER_COMMANDS_H
#define RECLAIM_TESTS_RUNNER_COMMANDS_H

#include "unit.h"

#include <jansson.h>

/* Before and after each test. */
int make_root(void **state);
int remove_root(void **state);

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

/* bench_ and count_ for each of the `names`, separated by spaces; by hand there is no counting
 * program. */
void add_programs(const char *folder, const char *names);

/* The text of a file, "" when there is none; the caller frees it. */
char *read_text(const char *path);

/* Standard output and standard error of the last command. */
extern char *out_text, *error_text;

/* Runs `reclaim` with these arguments, as a shell reads them; returns its exit code. `before` is
 * put in front: `VAR=x`, `ulimit …;`. */
int run_after(const char *before, const char *arguments);
int reclaim(const char *arguments);

void assert_has(const char *text, const char *part);
void assert_file_has(const char *path, const char *part);
void assert_code(int found, int expected);

/* Fails where there is no JSON. The caller releases the value. */
json_t *read_json(const char *path);

size_t count_lines(const char *path);

#endif
