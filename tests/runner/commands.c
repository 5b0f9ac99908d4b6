#define _GNU_SOURCE
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text.h"

static char root[64]; /* the folder of the running test; the commands run in it */

int make_root(void **state)
{
    (void)state;
    strcpy(root, "/tmp/reclaim-commands-XXXXXX");
    return mkdtemp(root) == NULL || chdir(root) != 0;
}

int remove_root(void **state)
{
    char *command = text_format("rm -rf '%s'", root);
    int failed = chdir("/") != 0 || system(command) != 0;

    (void)state;
    free(command);
    return failed;
}

static void link_program(const char *folder, const char *prefix, const char *name)
{
    char *path = text_format("%s/%s%s", folder, prefix, name);
    assert_int_equal(symlink(FAKE, path), 0);
    free(path);
}

void add_programs(const char *folder, const char *names)
{
    char *copy = text_copy(names), *rest = copy, *name;

    mkdir(folder, 0777);
    while ((name = strsep(&rest, " ")) != NULL) {
        link_program(folder, "bench_", name);
        if (!text_starts_with(name, "hand"))
            link_program(folder, "count_", name);
    }
    free(copy);
}

char *read_text(const char *path)
{
    char *text = must_allocate(1 << 20, 1);
    FILE *file = fopen(path, "r");

    if (file != NULL) {
        text[fread(text, 1, (1 << 20) - 1, file)] = '\0';
        fclose(file);
    }
    return text;
}

char *out_text, *error_text;

int run_after(const char *before, const char *arguments)
{
    char *command = text_format("%s '%s' %s >stdout.txt 2>stderr.txt", before, RECLAIM, arguments);
    int status = system(command);

    free(command);
    free(out_text);
    free(error_text);
    out_text = read_text("stdout.txt");
    error_text = read_text("stderr.txt");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int reclaim(const char *arguments)
{
    return run_after("", arguments);
}

void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

void assert_file_has(const char *path, const char *part)
{
    char *text = read_text(path);

    assert_has(text, part);
    free(text);
}

void assert_code(int found, int expected)
{
    if (found != expected)
        fail_msg("exit code %d, expected %d; standard error:\n%s", found, expected, error_text);
}

json_t *read_json(const char *path)
{
    json_error_t error;
    json_t *value = json_load_file(path, 0, &error);

    if (value == NULL)
        fail_msg("%s: %s", path, error.text);
    return value;
}

size_t count_lines(const char *path)
{
    char *text = read_text(path);
    size_t count = 0;

    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    free(text);
    return count;
}
