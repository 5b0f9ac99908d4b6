/* Inside record_<strategy>: what the calls of recorded_calls.h tell the recorder. */
#ifndef FUZZ_RECORDER_H
#define FUZZ_RECORDER_H

#include "mm_check.h"
#include "mm_gc.h"
#include "oracle.h"

/* Prints a statement; NULL: none. In `format`, %v stands for a variable, %r for a root, %t for a type, %u for a
 * number below 2^32. */
void recorder_say(const char *format, ...);

/* Prints what a call returned as an expectation, and returns it. */
mm_status recorder_status(mm_status status);

/* The root that the next mm_root_new() makes. */
mm_status recorder_root(mm *m, mm_root **out);

/* The heap is made with these options: the first statement. */
void recorder_begin(const settings *options);

/* Prints what the model expects of the heap; replaces what it expected before. */
void recorder_expect(const oracle *o, collected collected);

/* Variables, from their declaration to the end of their block. */
typedef struct recorder_scope {
    bool printed;
} recorder_scope;
void recorder_enter(recorder_scope *scope, const char *name, const mm_var *variables,
                    uint32_t count, bool borrows);
void recorder_leave(recorder_scope *scope);

#endif
