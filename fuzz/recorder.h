/* Inside record_<strategy>: what the calls of recorded_calls.h tell the recorder. */
#ifndef FUZZ_RECORDER_H
#define FUZZ_RECORDER_H

#include "mm_check.h"
#include "mm_gc.h"
#include "oracle.h"

/* A call begins: prints it, unless it is inside of another. In `format`, which may be NULL for
 * nothing, %v stands for a variable, %r for a root, %t for a type, %u for a number below 2^32. */
void recorder_call(const char *format, ...);

/* It returned. */
void recorder_return(void);

/* It returned a status: prints that as an expectation, and returns it. */
mm_status recorder_status(mm_status status);

/* From here on, where `there_is` some, user code that the test does not have may change the heap. */
void recorder_note_user_code(bool there_is);

/* The root that the next mm_root_new() makes. */
mm_status recorder_root(mm *m, mm_root **out);

/* The heap is made with these options: the first statement. */
void recorder_begin(const settings *options);

/* Prints what the model expects of the heap; replaces what it expected before. */
void recorder_expect(const oracle *o);

/* Variables, from their declaration to the end of their block. */
typedef struct recorder_scope {
    bool printed;
} recorder_scope;
void recorder_enter(recorder_scope *scope, const char *name, const mm_var *variables,
                    uint32_t count, bool borrows);
void recorder_leave(recorder_scope **scope);
void recorder_left(recorder_scope *scope);

#endif
