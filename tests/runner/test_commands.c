/* The command `reclaim` as a person uses it, on programs that play their parts (fake_program.c).
 * Each test has links to that program in `programs`, and what it writes in `out`. */
#define _GNU_SOURCE
#include "commands.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json.h"
#include "text.h"

/* The cell of a strategy in out/summary.json; the caller releases `*all`. */
static json_t *find_cell(json_t **all, const char *strategy)
{
    const json_t *cells;

    *all = read_json("out/summary.json");
    cells = json_object_get(*all, "cells");
    for (size_t i = 0; i < json_array_size(cells); i++) {
        if (strcmp(json_text_of(json_array_get(cells, i), "strategy"), strategy) == 0)
            return json_array_get(cells, i);
    }
    fail_msg("summary.json has no cell of %s", strategy);
    return NULL;
}

static void assert_status(const char *strategy, const char *status, const char *reason)
{
    json_t *all;
    const json_t *found = find_cell(&all, strategy);

    assert_string_equal(json_text_of(found, "status"), status);
    assert_has(json_text_of(found, "reason"), reason);
    json_decref(all);
}

#define RUN "run --no-charts --out out --programs programs "

/* -- tests -- */

static void test_help(void **state)
{
    (void)state;
    assert_code(reclaim("--help"), 0);
    assert_has(out_text, "usage: reclaim COMMAND");
    assert_code(reclaim("--version"), 0);
    assert_has(out_text, "reclaim ");
    assert_code(reclaim("run --help"), 0);
    assert_has(out_text, "--memory-limit SIZE");
    assert_code(reclaim("list --help"), 0);
    assert_code(reclaim("report --help"), 0);
}

static void test_list(void **state)
{
    json_t *all;
    json_error_t error;

    (void)state;
    add_programs("programs", "steady checking mute hand_floor");
    assert_code(reclaim("list --programs programs"), 0);
    assert_has(out_text, "steady");
    assert_has(out_text, "for checking only");
    assert_has(out_text, "factor=1");
    assert_has(out_text, "--scale quick    dom dom:back=0.1");
    assert_has(error_text, "bench_mute is left out: exit code 1");
    assert_code(reclaim("list --programs programs --format json"), 0);
    all = json_loads(out_text, 0, &error);
    assert_string_equal(json_text_of(all, "schema"), "reclaim.list/1");
    assert_int_equal(json_array_size(json_object_get(all, "strategies")), 3);
    assert_int_equal(json_array_size(json_object_get(all, "workloads")), 3);
    assert_int_equal(json_array_size(json_object_get(all, "problems")), 2);
    json_decref(all);
}

static void test_bad_input(void **state)
{
    static const struct {
        const char *arguments, *message;
    } cases[] = {
        {"", "what shall it do?"},
        {"rnu",
         "there is no command 'rnu'; did you mean 'run'? Commands: list, run, curve, report, "
         "compare, self-test, doctor, inspect"},
        {"run --strateg", "--strateg needs a value"},
        {"run --workloads x", "there is no option '--workloads'; did you mean 'workload'?"},
        {"run -x", "there is no option '-x'"},
        {"run --no-charts=1", "--no-charts takes no value"},
        {"run foo", "what is 'foo'?"},
        {"run --scale tiny", "scale=tiny is not accepted: it takes test, or quick"},
        {"run --repetitions 0",
         "repetitions=0 is not accepted: it takes a whole number from 1 to 500"},
        {"run --runs 2", "runs=2 is not accepted"},
        {"run --memory-limit lots", "memory-limit=lots is not accepted"},
        {"run --programs nowhere", "--programs nowhere: nowhere: No such file or directory"},
        {"run --programs .", "has no programs bench_*"},
        {"run --programs a=programs --programs a=programs", "the name 'a' is given twice"},
        {"run --programs programs --programs programs", "name them, as in --programs old="},
        {"run --programs programs --strategy stead",
         "did you mean 'steady'? Strategies: steady, hand_floor"},
        {"run --programs programs --strategy mute",
         "bench_mute does not describe itself: exit code 1"},
        {"run --programs programs --strategy checking", "is for checking only and never timed"},
        {"run --programs programs --workload tmps", "no workload 'tmps'; did you mean 'temps'?"},
        {"run --programs programs --strategy hand_floor --workload dom",
         "no workload 'dom'. They have: temps"},
        {"run --programs programs --workload temps:n=-1",
         "temps:n=-1: workload temps: n=-1 is not accepted"},
        {"run --programs programs --strategy steady:fact=2", "no setting 'fact'"},
        {"run --programs programs --workload temps,,dom", "has an empty item"},
        {"run --programs programs --workload n=3", "is a parameter without a name"},
        {"run --programs programs --workload temps --baseline stedy", "did you mean 'steady'?"},
        {"run --resume", "--resume needs the folder of a run"},
        {"run --resume --out nowhere", "nowhere is not the folder of a run"},
        {"run --out a --out b", "the folder is given twice"},
        {"report", "report needs the folder of a run"},
        {"report programs", "programs is not the folder of a run: it has no context.json"},
        {"list --seed 3", "there is no option '--seed'"},
    };

    (void)state;
    add_programs("programs", "steady checking mute hand_floor");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_code(reclaim(cases[i].arguments), 2);
        assert_has(error_text, cases[i].message);
    }
    assert_int_equal(access("results", F_OK), -1); /* nothing was begun */
}

static void test_run(void **state)
{
    json_t *all;
    const json_t *found;

    (void)state;
    add_programs("programs", "generational steady leaky idle hand_floor");
    assert_code(reclaim(RUN "--workload temps,dom:documents=3,back=0.5 --repetitions 6"), 0);
    /* 9 cells: five on temps and four on dom, since the one by hand has no dom; none of it is
     * counted by hand. */
    assert_int_equal(count_lines("out/samples.jsonl"), 9 * 6 + 8);
    assert_has(out_text, "dom:documents=3,back=0.5");
    assert_has(out_text, "LEAKED");
    assert_has(out_text, "uncollected");
    assert_has(error_text, "repetition 6 of 6: 0 samples left");
    assert_status("leaky", "leaked", "");
    assert_status("idle", "uncollected", "");
    assert_status("hand_floor", "ok", "");
    found = find_cell(&all, "steady");
    assert_int_equal(json_number_of(found, "n"), 6);
    assert_true(json_number_of(json_object_get(found, "time_ns"), "low") > 0);
    assert_true(json_number_of(json_object_get(found, "ratio"), "median") > 0);
    found = json_object_get(found, "counters");
    assert_int_equal(json_number_of(found, "objects_visited"),
                     5400000); /* only the counted program knows */
    assert_int_equal(json_array_size(json_object_get(found, "collections")), 3);
    json_decref(all);
    assert_code(reclaim(RUN), 2);
    assert_has(error_text, "out is not empty");
}

static void test_peers_run_when_asked_for(void **state)
{
    (void)state;
    add_programs("programs", "steady foreign");
    assert_code(reclaim("list --programs programs"), 0);
    assert_has(out_text, "[peer: Runtime 1.2]");
    assert_code(reclaim("run --no-charts --out without --programs programs --workload temps "
                        "--repetitions 1"),
                0);
    assert_int_equal(count_lines("without/samples.jsonl"), 2);
    assert_has(out_text, "peers that were not run (--peers): foreign");
    assert_code(reclaim("run --out out --programs programs --peers --workload temps "
                        "--repetitions 1"),
                0);
    assert_int_equal(count_lines("out/samples.jsonl"), 4);
    assert_has(out_text, "foreign: a peer, Runtime 1.2");
    assert_file_has("out/charts/time.tsv", "foreign (peer)");
    assert_file_has("out/context.json", "Runtime 1.2");
    assert_code(reclaim("run --no-charts --out named --programs programs --strategy foreign "
                        "--workload temps --repetitions 1"),
                0);
    assert_code(reclaim("run --resume without --peers"), 2);
    assert_has(error_text, "cannot resume with another --peers");
}

static void test_lines_fit(void **state)
{
    (void)state;
    add_programs("programs",
                 "generational a_strategy_with_a_name_that_is_far_too_long_for_a_table liar leaky");
    assert_code(
        reclaim(RUN
                "--workload "
                "temps,heap:file=a-long-name-of-a-recorded-heap-of-a-real-program.heapsnapshot.gz "
                "--strategy generational:factor=0.123456,collect=off,sleep=1,leaky,"
                "a_strategy_with_a_name_that_is_far_too_long_for_a_table,liar --repetitions 1"),
        3);
    for (const char *line = out_text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (length > 100)
            fail_msg("%zu columns: %.*s", length, (int)length, line);
        line += length + 1;
    }
}

static void test_everything_that_goes_wrong(void **state)
{
    (void)state;
    add_programs("programs",
                 "steady crash hang greedy void exit1 exit2 exit4 malformed twofaced huge");
    assert_code(reclaim(RUN "--workload temps --repetitions 2 --timeout 0.5 --memory-limit 300M"),
                3);
    assert_status("steady", "ok", "");
    assert_status("crash", "failed", "killed by SIGSEGV");
    assert_status("hang", "timeout", "no end within 0.5 s");
    assert_status("greedy", "oom", "no memory for an object");
    assert_status("void", "void", "expected 12, found 13");
    assert_status("exit1", "failed", "the weather is bad");
    assert_status("exit2", "failed", "changed its mind");
    assert_status("exit4", "oom", "before the first run");
    assert_status("malformed", "failed", "is not JSON");
    assert_status("twofaced", "void", "collections is [1300,118,9] in the counted sample");
    assert_status("huge", "skipped", "needs about 1000 TB of memory; the limit is 300 MB");
    assert_int_equal(access("out/sample.json", F_OK), -1);
}

static void test_other_work(void **state)
{
    (void)state;
    add_programs("programs", "steady other liar");
    assert_code(reclaim(RUN "--workload temps --repetitions 1"), 3);
    assert_status("steady", "void", "of liar: not the same work");
    assert_status("other", "void", "of liar: not the same work");
    assert_status("liar", "void", "of other: not the same work");
}

/* The verdict on a strategy in out/summary.json. */
static void assert_verdict(const char *label, const char *spec, const char *expected)
{
    json_t *all = read_json("out/summary.json");
    const json_t *verdicts = json_object_get(all, "verdicts");
    size_t found = 0;

    for (size_t i = 0; i < json_array_size(verdicts); i++) {
        const json_t *verdict = json_array_get(verdicts, i);
        if (strcmp(json_text_of(verdict, "label"), label) == 0 &&
            strcmp(json_text_of(verdict, "spec"), spec) == 0) {
            assert_string_equal(json_text_of(verdict, "verdict"), expected);
            found++;
        }
    }
    assert_int_equal(found, 1);
    json_decref(all);
}

#define COMPARE "run --no-charts --out out --programs old=programs --programs new="

static void test_planted_slowdown(void **state)
{
    (void)state;
    add_programs("programs", "steady other");
    add_programs("slow", "steady other");
    assert_code(reclaim(COMPARE "slow --scale quick"), 0);
    assert_verdict("steady", "temps", "slower");
    assert_verdict("steady", "dom:back=0.1", "slower");
    assert_verdict("steady", "", "slower");
    assert_verdict("other", "temps", "no difference found");
    assert_verdict("other", "", "no difference found");
    assert_has(out_text, "old/steady");
    assert_has(out_text, "new/steady");
}

static void test_equal_builds(void **state)
{
    (void)state;
    add_programs("programs", "steady other");
    assert_code(reclaim(COMPARE "programs --scale quick"), 0);
    assert_verdict("steady", "temps", "no difference found");
    assert_verdict("other", "heap", "no difference found");
}

static void test_too_few_repetitions(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    add_programs("slow", "steady");
    assert_code(reclaim(COMPARE "slow --workload temps --repetitions 5"), 0);
    assert_verdict("steady", "temps", "too few samples");
    assert_has(out_text, "a verdict needs at least 6 repetitions");
}

static void test_margin(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    add_programs("slow", "steady");
    assert_code(reclaim(COMPARE "slow --workload temps --repetitions 6 --margin 0.5"), 0);
    assert_verdict("steady", "temps", "no difference found");
}

/* Starts a run that takes seconds and returns its process. */
static pid_t start_slow_run(void)
{
    pid_t child = fork();

    if (child == 0) {
        int nothing = open("background.txt", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        dup2(nothing, STDOUT_FILENO);
        dup2(nothing, STDERR_FILENO);
        execl(RECLAIM, RECLAIM, "run", "--no-charts", "--out", "out", "--programs", "programs",
              "--strategy", "steady:sleep=100", "--workload", "temps", "--repetitions", "20",
              (char *)NULL);
        _exit(127);
    }
    return child;
}

/* Waits until a run has some samples. */
static void wait_for_samples(size_t count)
{
    for (int i = 0; i < 1000 && count_lines("out/samples.jsonl") < count; i++)
        usleep(10000);
    assert_true(count_lines("out/samples.jsonl") >= count);
}

static int stop_with(pid_t child, int signal_number)
{
    int status;

    kill(child, signal_number);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_interrupt_and_resume(void **state)
{
    char *said;
    pid_t child;

    (void)state;
    add_programs("programs", "steady");
    child = start_slow_run();
    wait_for_samples(3);
    assert_int_equal(stop_with(child, SIGINT), 130);
    said = read_text("background.txt");
    assert_has(said, "stopped by SIGINT");
    assert_has(said, "complete the run with 'reclaim run --resume ");
    free(said);
    assert_true(count_lines("out/samples.jsonl") < 21);
    assert_status("steady:sleep=100", "ok", "");
    assert_code(reclaim("run --no-charts --resume out"), 0);
    assert_int_equal(count_lines("out/samples.jsonl"), 21);
}

static void test_kill_and_resume(void **state)
{
    pid_t child;
    int samples;

    (void)state;
    add_programs("programs", "steady");
    child = start_slow_run();
    wait_for_samples(2);
    assert_code(reclaim("run --resume out"), 1);
    assert_has(error_text, "another run is using out");
    assert_int_equal(stop_with(child, SIGKILL), -SIGKILL);
    samples = open("out/samples.jsonl", O_WRONLY | O_APPEND);
    assert_int_equal(write(samples, "{\"schema\": \"re", 14),
                     14); /* as if it was killed while writing */
    close(samples);
    assert_code(reclaim("run --resume --out out --repetitions 7"), 2);
    assert_has(error_text, "cannot resume with another --repetitions");
    assert_code(run_after("FAKE_COMMIT=fffffff", "run --resume out"), 2);
    assert_has(error_text,
               "was built anew since the run began: its commit was \"1a2b3c4\" and is \"fffffff\"");
    assert_code(reclaim("run --no-charts --resume --out out --repetitions 20 --workload temps"), 0);
    assert_int_equal(count_lines("out/samples.jsonl"), 21);
}

static void test_report(void **state)
{
    (void)state;
    add_programs("programs", "steady leaky");
    assert_code(reclaim(RUN "--workload temps --repetitions 2"), 0);
    assert_int_equal(unlink("out/summary.json"), 0);
    assert_code(reclaim("report --no-charts out"), 0);
    assert_has(out_text, "LEAKED");
    assert_status("leaky", "leaked", "");
    assert_file_has("out/report.html", "Leaked: <b>leaky</b> (");
    assert_file_has("out/report.html", "2 repetitions: no interval and no verdict");
    assert_int_equal(system("sed -i 's|reclaim.record/1|reclaim.record/0|' out/samples.jsonl"), 0);
    assert_code(reclaim("report --no-charts out"), 1);
    assert_has(error_text, "samples.jsonl, line 1, has the schema 'reclaim.record/0'");
    assert_int_equal(system("sed -i 's|reclaim.context/1|reclaim.context/0|' out/context.json"), 0);
    assert_code(reclaim("report --no-charts out"), 1);
    assert_has(error_text,
               "out/context.json has the schema 'reclaim.context/0'; this reclaim reads");
}

/* What is there is reported, and what is missing is said where the figures are. */
static void test_report_of_what_is_left(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    assert_code(reclaim(RUN "--workload temps --repetitions 2"), 0);
    assert_int_equal(system("head -n 2 out/samples.jsonl >left && tail -n 1 out/samples.jsonl | "
                            "head -c 100 >>left && mv left out/samples.jsonl"),
                     0);
    assert_code(reclaim("report --no-charts out"), 0);
    assert_has(out_text, "The run is not complete: 1 sample is missing");
    assert_has(out_text, "The last line of samples.jsonl was cut short");
    assert_file_has("out/report.html", "The run is not complete: 1 sample is missing");
    assert_file_has("out/report.html", "The last line of samples.jsonl was cut short");
    assert_file_has("out/report.html", "class=\"trust bad\"");
    assert_int_equal(system("gzip out/samples.jsonl"), 0);
    assert_code(reclaim("report --no-charts out"), 2);
    assert_has(error_text, "samples.jsonl is compressed; 'gunzip -k ");
    assert_int_equal(access("out/samples.jsonl", F_OK), -1);
}

/* The schema of Google Benchmark: what its compare tool reads. */
static void test_benchmark_json(void **state)
{
    json_t *all;
    const json_t *entries, *first;

    (void)state;
    add_programs("programs", "steady");
    assert_code(reclaim(RUN "--workload temps --repetitions 3"), 0);
    all = read_json("out/benchmark.json");
    assert_true(json_is_string(json_object_get(json_object_get(all, "context"), "date")));
    entries = json_object_get(all, "benchmarks");
    assert_int_equal(json_array_size(entries), 3 + 4);
    first = json_array_get(entries, 0);
    assert_string_equal(json_text_of(first, "name"), "steady/temps");
    assert_string_equal(json_text_of(first, "run_type"), "iteration");
    assert_string_equal(json_text_of(first, "time_unit"), "ns");
    assert_true(json_number_of(first, "real_time") > 0 && json_number_of(first, "cpu_time") > 0);
    assert_string_equal(json_text_of(json_array_get(entries, 4), "aggregate_name"), "median");
    json_decref(all);
}

static void test_charts(void **state)
{
    (void)state;
    add_programs("programs", "generational leaky crash");
    if (system("gnuplot --version >gnuplot.txt 2>&1") != 0)
        skip();
    assert_code(reclaim("run --out out --programs programs --scale quick --repetitions 2"), 3);
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"time", "memory", "pauses"};
        char *path = text_format("out/charts/%s.svg", names[i]);
        char *text = read_text(path);
        assert_has(text, "</svg>");
        assert_has(text, "heap:file=node-npm.heapsnapshot.gz");
        assert_has(text, i == 2 ? "no collector" : "leaks");
        free(path);
        free(text);
    }
    assert_int_equal(system("ls out/charts/*.part 2>/dev/null"), 2 << 8);
}

static void test_missing_gnuplot(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    assert_code(run_after("PATH=/nowhere",
                          "run --out out --programs programs --workload temps --repetitions 1"),
                1);
    assert_has(error_text, "gnuplot is not there. Install the package gnuplot-nox");
    assert_status("steady", "ok", "");
    assert_int_equal(access("out/charts/time.tsv", F_OK), 0);
    assert_int_equal(access("out/charts/time.svg", F_OK), -1);
    assert_file_has("out/report.html", "gnuplot is not there");
}

/* What it shows is not what the page beside it says. */
static void test_a_picture_of_other_data_is_removed(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    assert_code(reclaim(RUN "--workload temps --repetitions 1"), 0);
    assert_int_equal(system("mkdir out/charts && echo '<svg/>' >out/charts/time.svg"), 0);
    assert_code(run_after("PATH=/nowhere", "report out"), 1);
    assert_int_equal(access("out/charts/time.svg", F_OK), -1);
}

static void test_unwritable_folder(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    close(creat("file", 0666));
    assert_code(reclaim("run --out file/out --programs programs --workload temps"), 1);
    assert_has(error_text, "cannot create the output folder file/out: Not a directory");
    assert_code(reclaim("run --out file --programs programs --workload temps"), 1);
    assert_has(error_text, "cannot open the folder file");
}

/* A limit on the size of files does what a full disk does. The counted sample and some timed ones
 * fit, not all. */
static void test_full_folder(void **state)
{
    (void)state;
    add_programs("programs", "steady");
    assert_code(
        run_after(
            "trap '' XFSZ; ulimit -f 16;",
            "run --no-charts --out out --programs programs --workload temps --repetitions 100"),
        1);
    assert_has(error_text, "cannot write");
    assert_has(error_text, "complete the run with 'reclaim run --resume");
    assert_true(count_lines("out/samples.jsonl") > 3);
    assert_code(reclaim("run --no-charts --resume out"), 0);
    assert_int_equal(count_lines("out/samples.jsonl"), 101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_help),
        IN_FOLDER(test_list),
        IN_FOLDER(test_bad_input),
        IN_FOLDER(test_run),
        IN_FOLDER(test_peers_run_when_asked_for),
        IN_FOLDER(test_lines_fit),
        IN_FOLDER(test_everything_that_goes_wrong),
        IN_FOLDER(test_other_work),
        IN_FOLDER(test_planted_slowdown),
        IN_FOLDER(test_equal_builds),
        IN_FOLDER(test_too_few_repetitions),
        IN_FOLDER(test_margin),
        IN_FOLDER(test_interrupt_and_resume),
        IN_FOLDER(test_kill_and_resume),
        IN_FOLDER(test_report),
        IN_FOLDER(test_report_of_what_is_left),
        IN_FOLDER(test_benchmark_json),
        IN_FOLDER(test_charts),
        IN_FOLDER(test_missing_gnuplot),
        IN_FOLDER(test_a_picture_of_other_data_is_removed),
        IN_FOLDER(test_unwritable_folder),
        IN_FOLDER(test_full_folder),
    };
    int failed = cmocka_run_group_tests_name("commands", tests, NULL, NULL);

    free(out_text);
    free(error_text);
    return failed;
}
