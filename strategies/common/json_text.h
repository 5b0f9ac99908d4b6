/* A text as JSON has it: quoted, with what JSON does not allow escaped. Bytes that are no UTF-8
 * become the replacement character, so that a parser takes every document. */
#ifndef MM_COMMON_JSON_TEXT_H
#define MM_COMMON_JSON_TEXT_H

#include <stdio.h>

void json_text(const char *text, FILE *out);

#endif
