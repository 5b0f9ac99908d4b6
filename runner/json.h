/* Reading and writing JSON: the few shapes that the runner's files need, on top of jansson. */
#ifndef RECLAIM_RUNNER_JSON_H
#define RECLAIM_RUNNER_JSON_H

#include <jansson.h>

#include "problem.h"

/* The text under `name`, "" when there is none. Borrowed from `object`. */
const char *json_text_of(const json_t *object, const char *name);

/* The number under `name`, NAN when there is none (an absent name, null). */
double json_number_of(const json_t *object, const char *name);

/* A new JSON number, a whole one where the value is whole, or null for NAN. */
json_t *json_from_number(double value);

/* Item `index` of an array of texts, "" when it is not one. */
const char *json_text_at(const json_t *array, size_t index);

/* Whether an array of texts has `text`. */
bool json_has_text(const json_t *array, const char *text);

/* Parses `length` bytes that must be an object with this `schema`. `source` names them in messages.
 * NULL and `why` filled when they are not. The caller releases the result. */
json_t *json_parse(const char *bytes, size_t length, const char *source, const char *schema,
                   problem *why);

/* The same for a file. */
json_t *json_read(const char *path, const char *schema, problem *why);

/* Writes `value`, indented, whole or not at all. */
bool json_write(const char *path, const json_t *value, problem *why);

/* `value` on one line; the caller frees it. */
char *json_one_line(const json_t *value);

#endif
