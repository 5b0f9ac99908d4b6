/* A run that is killed at 50 moments and resumed each time ends as if nothing had happened: no
 * sample is lost, none is there twice, and none that was written ever changes. */
#define _GNU_SOURCE
#include "commands.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json.h"
#include "random.h"
#include "text.h"

enum {
    KILLS = 50,
    CELLS = 4,
    REPETITIONS = 150,
    EXTRAS = 40,
    START_US_MAX = 60000,
    LIFE_US_MAX = 120000
};

/* Moments from the very start on: planning, taking, appending; and, where a run got that far,
 * the report. */
static const char *const new_run[] = {RECLAIM,        "run",        "--no-charts", "--out",
                                      "out",          "--programs", "programs",    "--strategy",
                                      "steady,leaky", "--workload", "temps,dom",   "--repetitions",
                                      "150",          "--latency",  "40",          NULL};
static const char *const resumed_run[] = {RECLAIM, "run", "--no-charts", "--resume", "out", NULL};

static pid_t start(const char *const *words)
{
    pid_t child = fork();

    if (child == 0) {
        int nothing = open("/dev/null", O_WRONLY);
        dup2(nothing, STDOUT_FILENO);
        dup2(nothing, STDERR_FILENO);
        execv(RECLAIM, (char *const *)words);
        _exit(127);
    }
    return child;
}

/* Lets it live for that long; returns whether it had to be killed. */
static bool live_and_die(pid_t child, useconds_t microseconds)
{
    int status;

    usleep(microseconds);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

/* What was whole before is still there, to the byte. */
static void assert_continues(const char *before)
{
    const char *end = strrchr(before, '\n');
    char *now = read_text("out/samples.jsonl");

    if (end != NULL && strncmp(before, now, (size_t)(end - before) + 1) != 0)
        fail_msg("samples that were written are no longer there");
    free(now);
}

static void assert_each_once(void)
{
    char *text = read_text("out/samples.jsonl"), *rest = text, *line;
    json_t *seen = json_object();

    while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
        json_t *record = json_loads(line, 0, NULL);
        char *key = text_format("%s %s %.0f", json_text_of(record, "label"),
                                json_text_of(record, "spec"), json_number_of(record, "repetition"));
        if (record == NULL || json_object_get(seen, key) != NULL)
            fail_msg("torn, or there twice: %s", line);
        json_object_set_new(seen, key, json_true());
        json_decref(record);
        free(key);
    }
    assert_int_equal(json_object_size(seen), CELLS * (REPETITIONS + 1));
    json_decref(seen);
    free(text);
}

/* The check sum of a file, "" where there is none; the caller frees it. */
static char *sum_of_file(const char *path)
{
    FILE *file = fopen(path, "re");
    uint64_t hash = TEXT_HASH_START;
    char bytes[4096];
    size_t got;

    if (file == NULL)
        return text_copy("");
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
        hash = text_hash(hash, bytes, got);
    fclose(file);
    return text_format("%016llx", (unsigned long long)hash);
}

/* An extra sample that is there stays as it is; whether it is whole, the next resume finds out.
 * Returns how many there are. */
static int assert_extras_stay(json_t *seen)
{
    for (int i = 0; i < CELLS * EXTRAS; i++) {
        char *path = text_format("out/latency/%d-%d.gz", i / EXTRAS, i % EXTRAS + 1);
        char *sum = sum_of_file(path);

        if (json_object_get(seen, path) != NULL)
            assert_string_equal(json_text_of(seen, path), sum);
        else if (sum[0] != '\0')
            json_object_set_new(seen, path, json_string(sum));
        free(path);
        free(sum);
    }
    return (int)json_object_size(seen);
}

static void test_fifty_kills(void **state)
{
    random_state random = {.value = 50};
    json_t *extras = json_object();
    int killed = 0;

    (void)state;
    setenv("FAKE_RECORDS", "latency", 1);
    add_programs("programs", "steady leaky");
    while (access("out/context.json", F_OK) != 0) {
        assert_int_equal(system("rm -rf out"), 0);
        live_and_die(start(new_run), 2000000 / 4 + (useconds_t)random_below(&random, START_US_MAX));
    }
    while (killed < KILLS) {
        char *before = read_text("out/samples.jsonl");
        killed += live_and_die(start(resumed_run), (useconds_t)random_below(&random, LIFE_US_MAX));
        assert_continues(before);
        assert_extras_stay(extras);
        free(before);
    }
    assert_code(reclaim("run --no-charts --resume out"), 0);
    assert_each_once();
    assert_int_equal(assert_extras_stay(extras), CELLS * EXTRAS);
    json_decref(extras);
    assert_code(reclaim("report --no-charts out"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_FOLDER(test_fifty_kills)};
    int failed = cmocka_run_group_tests_name("resume", tests, NULL, NULL);

    free(out_text);
    free(error_text);
    return failed;
}
