#include "specs.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

static bool continues_item(const char *element, size_t length)
{
    const char *equals = memchr(element, '=', length);
    return equals != NULL && memchr(element, ':', (size_t)(equals - element)) == NULL;
}

/* Joins a parameter to the last item. */
static bool extend_last(const char *option, json_t *items, size_t first, const char *element,
                        size_t length, problem *why)
{
    size_t count = json_array_size(items);
    const char *last = json_text_at(items, count - 1);
    char *joined;
    bool extended = false;

    if (count == first || strchr(last, ':') == NULL)
        return problem_input(why,
                             "%s: '%.*s' is a parameter without a name before it; write "
                             "NAME:%.*s",
                             option, (int)length, element, (int)length, element);
    joined = text_format("%s,%.*s", last, (int)length, element);
    if (json_array_set_new(items, count - 1, json_string(joined)) != 0)
        problem_input(why, "%s: '%s' is not UTF-8", option, joined);
    else
        extended = true;
    free(joined);
    return extended;
}

bool specs_split(const char *option, const char *list, json_t *items, problem *why)
{
    size_t first = json_array_size(items);

    for (const char *element = list;; element++) {
        size_t length = strcspn(element, ",");
        if (length == 0)
            return problem_input(why,
                                 "%s: '%s' has an empty item; write NAME or "
                                 "NAME:PARAMETER=VALUE, separated by commas",
                                 option, list);
        if (!continues_item(element, length)) {
            if (json_array_append_new(items, json_stringn(element, length)) != 0)
                return problem_input(why, "%s: '%s' is not UTF-8", option, list);
        } else if (!extend_last(option, items, first, element, length, why)) {
            return false;
        }
        element += length;
        if (*element == '\0')
            return true;
    }
}

char *specs_name(const char *spec)
{
    return text_copy_part(spec, strcspn(spec, ":"));
}

const char *specs_parameters(const char *spec)
{
    const char *colon = strchr(spec, ':');
    return colon != NULL ? colon + 1 : "";
}
