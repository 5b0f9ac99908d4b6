/* The self-test: whether this machine, in the state it is in, tells equal programs from slower ones,
 * and how many repetitions it takes for that.
 *
 * A run takes the programs as two sets, `a` and `b`, and a third time as they are in planted/, where
 * each is slower by a known share. It is many short runs in one: after every
 * SELF_TEST_REPETITIONS repetitions the layouts are dealt anew, and these repetitions are judged by
 * themselves, exactly as a comparison of two builds is. Within such a trial no sample is used twice,
 * so its comparisons are independent but for the machine. A noisy machine needs more repetitions to
 * find what is there; so the same samples are also judged in longer runs, each twice as long as the
 * one before, until one is long enough. */
#ifndef RECLAIM_RUNNER_SELF_TEST_H
#define RECLAIM_RUNNER_SELF_TEST_H

#include "command_line.h"
#include "plan.h"
#include "statistics.h"
#include "store.h"

enum { SELF_TEST_REPETITIONS = 20, SELF_TEST_RUNS = 20 };

/* Longer runs are tried as long as the samples make at least so many of them. */
enum { SELF_TEST_RUNS_MIN = 5, SELF_TEST_TRIALS_MAX = 16 };

/* What may come out and still be a pass, as shares of the comparisons made. */
extern const double self_test_different_max, self_test_found_min;

/* The samples judged in runs of so many repetitions. */
typedef struct self_test_trial {
    size_t repetitions;
    size_t compared,
        different; /* equal programs: in how many comparisons one was called faster or slower */
    size_t planted_compared, planted_found; /* slower ones: in how many they were called slower */
} self_test_trial;

/* The last trial is the one that passed, or the longest that could be made. */
typedef struct self_test {
    self_test_trial trials[SELF_TEST_TRIALS_MAX];
    size_t trial_count;
    estimate planted_ratio; /* over all repetitions and cells: what was planted */
} self_test;

/* Judges the samples of a self-test. */
self_test self_test_judge(const plan *planned, const store *from);

/* Whether in some trial enough slowdowns were found, and in none too many equals were called
 * different: those are wrong verdicts, which more repetitions do not mend. */
bool self_test_passed(const self_test *of);

/* Adds what `self-test.json` beside the run's folder says to the context of a new run, if it is of
 * this machine. */
void self_test_note(json_t *context, const char *folder);

/* One line about the self-test that a context has noted: passed, failed, or not done. The caller
 * frees it. */
char *self_test_describe(const json_t *context);

/* What to say of a run with fewer repetitions than the self-test that its context has noted needed,
 * where that is more than the shortest trial; NULL where there is nothing to say. The caller frees
 * it. */
char *self_test_caution(const json_t *context);

/* Returns the exit code. */
int self_test_command(const command_line *asked, problem *why);

#endif
