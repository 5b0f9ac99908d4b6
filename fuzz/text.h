/* The text form of operation programs, for seeds that people write and finds that people read.
 *
 *     # A pair that refers to itself dies by the collector alone.
 *     collect_every 3
 *
 *     new v0 pair 8
 *     store v0 0 v0
 *     clear v0
 *     collect_all
 *
 * One knob or operation a line, knobs first; `#` starts a comment; operands are separated by
 * blanks. Names are those of program.h. */
#ifndef FUZZ_TEXT_H
#define FUZZ_TEXT_H

#include "program.h"

#include <stdio.h>

enum { TEXT_LINE_MAX = 256, TEXT_MESSAGE_MAX = 512 };

/* One operation, without an end of line. */
void text_format_operation(const operation *o, char line[TEXT_LINE_MAX]);

/* The whole program; operations inside blocks are indented. */
void text_write(const program *p, FILE *out);

/* Reads a whole program from `in`. On bad text returns false, with the line, what was found and
 * what is accepted in `message`. */
bool text_read(FILE *in, program *out, char message[TEXT_MESSAGE_MAX]);

#endif
