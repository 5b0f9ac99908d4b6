#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/nearest.h"

bool problem_input(problem *why, const char *format, ...)
{
    va_list values;

    why->code = EXIT_CODE_BAD_INPUT;
    va_start(values, format);
    vsnprintf(why->text, sizeof why->text, format, values);
    va_end(values);
    return false;
}

bool problem_environment(problem *why, const char *format, ...)
{
    va_list values;

    why->code = EXIT_CODE_ENVIRONMENT;
    va_start(values, format);
    vsnprintf(why->text, sizeof why->text, format, values);
    va_end(values);
    return false;
}

static void append(problem *why, const char *before, const char *text, const char *after)
{
    size_t used = strlen(why->text);
    snprintf(why->text + used, sizeof why->text - used, "%s%s%s", before, text, after);
}

void problem_add_names(problem *why, const char *wanted, const char *kind, const char *const *names,
                       int count)
{
    const char *close = nearest_name(wanted, names, (size_t)count);

    if (close != NULL)
        append(why, "; did you mean '", close, "'?");
    else
        append(why, ".", "", "");
    append(why, " ", kind, ":");
    for (int i = 0; i < count; i++)
        append(why, i > 0 ? ", " : " ", names[i], "");
    if (count == 0)
        append(why, " ", "none", "");
}
