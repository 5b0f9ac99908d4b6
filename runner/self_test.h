/* The self-test: whether this machine, in the state it is in, tells equal programs from slower ones.
 *
 * A run takes the programs as two sets, `a` and `b`, and a third time as they are in planted/, where
 * each is slower by a known share. It is many short runs in one: after every
 * SELF_TEST_REPETITIONS repetitions the layouts are dealt anew, and these repetitions are judged by
 * themselves, exactly as a comparison of two builds is. No sample is used twice, so the comparisons
 * are independent but for the machine. */
#ifndef RECLAIM_RUNNER_SELF_TEST_H
#define RECLAIM_RUNNER_SELF_TEST_H

#include "command_line.h"
#include "plan.h"
#include "statistics.h"
#include "store.h"

enum { SELF_TEST_REPETITIONS = 20, SELF_TEST_RUNS = 20 };

/* What may come out and still be a pass, as shares of the comparisons made. */
extern const double self_test_different_max, self_test_found_min;

typedef struct self_test {
    size_t compared,
        different; /* equal programs: in how many comparisons one was called faster or slower */
    size_t planted_compared, planted_found; /* slower ones: in how many they were called slower */
    estimate planted_ratio;                 /* over all repetitions and cells: what was planted */
} self_test;

/* Judges the samples of a self-test. */
self_test self_test_judge(const plan *planned, const store *from);

bool self_test_passed(const self_test *of);

/* Adds what `self-test.json` beside the run's folder says to the context of a new run, if it is of
 * this machine. */
void self_test_note(json_t *context, const char *folder);

/* One line about the self-test that a context has noted: passed, failed, or not done. The caller
 * frees it. */
char *self_test_describe(const json_t *context);

/* Returns the exit code. */
int self_test_command(const command_line *asked, problem *why);

#endif
