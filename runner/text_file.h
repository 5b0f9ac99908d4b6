/* A text that is made line by line in memory and then written to a file whole or not at all. */
#ifndef RECLAIM_RUNNER_TEXT_FILE_H
#define RECLAIM_RUNNER_TEXT_FILE_H

#include <stdio.h>

#include "problem.h"

typedef struct text_file {
    char *text;
    size_t size;
    FILE *out; /* print to it; NULL when there is no memory, which text_file_write() reports */
} text_file;

/* An empty text. Every one that is opened is ended by text_file_write(). */
void text_file_open(text_file *of);

/* Writes what was printed to `path` and frees it, also when it fails. */
bool text_file_write(text_file *of, const char *path, problem *why);

#endif
