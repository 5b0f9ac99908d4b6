#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/file.h"
#include "text.h"

/* Enough digits for every double that the programs print, and 0.1 stays 0.1. */
enum { REAL_DIGITS = 15 };

/* Beyond it a double no longer counts by ones. */
static const double whole_max = 9007199254740992.0;

const char *json_text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

double json_number_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

json_t *json_from_number(double value)
{
    if (!isfinite(value))
        return json_null();
    if (value == floor(value) && fabs(value) <= whole_max)
        return json_integer((json_int_t)value);
    return json_real(value);
}

const char *json_text_at(const json_t *array, size_t index)
{
    const char *text = json_string_value(json_array_get(array, index));
    return text != NULL ? text : "";
}

bool json_has_text(const json_t *array, const char *text)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (strcmp(json_text_at(array, i), text) == 0)
            return true;
    }
    return false;
}

static json_t *expect_schema(json_t *value, const json_error_t *error, const char *source,
                             const char *schema, problem *why)
{
    const char *found = json_text_of(value, "schema");

    if (value == NULL) {
        problem_environment(why, "%s is not JSON: %s at line %d, column %d", source, error->text,
                            error->line, error->column);
    } else if (strcmp(found, schema) != 0) {
        problem_environment(why, "%s has %s%s%s; this reclaim reads '%s'", source,
                            found[0] ? "the schema '" : "no schema", found, found[0] ? "'" : "",
                            schema);
        json_decref(value);
        value = NULL;
    }
    return value;
}

json_t *json_parse(const char *bytes, size_t length, const char *source, const char *schema,
                   problem *why)
{
    json_error_t error;
    json_t *value = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
    return expect_schema(value, &error, source, schema, why);
}

json_t *json_read(const char *path, const char *schema, problem *why)
{
    json_error_t error;
    json_t *value;
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        problem_environment(why, "cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    value = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    return expect_schema(value, &error, path, schema, why);
}

bool json_write(const char *path, const json_t *value, problem *why)
{
    char *dump = json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(REAL_DIGITS));
    char *text = text_format("%s\n", dump != NULL ? dump : "null");
    bool written = file_write_whole(path, text, strlen(text));

    if (!written)
        problem_environment(why, "cannot write %s: %s", path, strerror(errno));
    free(dump);
    free(text);
    return written;
}

char *json_one_line(const json_t *value)
{
    char *dump =
        json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS));
    return dump != NULL ? dump : text_copy("null");
}
