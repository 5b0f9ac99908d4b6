#include "settings.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

typedef struct suffix {
    const char *text;
    double factor;
} suffix;

static const suffix suffixes[] = {
    {"", 1},  {"k", 1e3},    {"M", 1e6},       {"G", 1e9},
    {"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824},
};

void settings_init(settings *values, const setting *table, size_t count)
{
    assert(count <= SETTINGS_MAX);
    *values = (settings){.table = table, .count = count};
    for (size_t i = 0; i < count; i++) {
        values->defaults[i] = values->values[i] = table[i].fallback;
        if (table[i].text)
            snprintf(values->texts[i], SETTING_TEXT_MAX, "%s", table[i].text_fallback);
    }
}

static size_t find_setting(const settings *values, const char *name, size_t length)
{
    size_t i = 0;
    while (i < values->count && (strlen(values->table[i].name) != length ||
                                 strncmp(values->table[i].name, name, length) != 0))
        i++;
    return i;
}

static bool parse_number(const char *text, double *out)
{
    char *end;
    double number = strtod(text, &end);

    if (end == text || !isfinite(number))
        return false;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (strcmp(end, suffixes[i].text) == 0) {
            *out = number * suffixes[i].factor;
            return true;
        }
    }
    return false;
}

static bool parse_word(const setting *entry, const char *text, double *out)
{
    for (size_t i = 0; i < SETTING_WORDS_MAX && entry->words[i].word != NULL; i++) {
        if (strcmp(entry->words[i].word, text) == 0) {
            *out = entry->words[i].value;
            return true;
        }
    }
    return false;
}

/* "0 to 100 objects, off": what a setting accepts, for messages. */
static void say_accepted(const setting *entry, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    if (!entry->words_only) {
        used = (size_t)snprintf(out, size, "%s%.15g to %.15g%s%s",
                                entry->integer ? "a whole number from " : "", entry->minimum,
                                entry->maximum, entry->unit[0] ? " " : "", entry->unit);
    }
    for (size_t i = 0; i < SETTING_WORDS_MAX && entry->words[i].word != NULL && used < size; i++) {
        used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", or " : "",
                                 entry->words[i].word);
    }
}

static void say_unknown(const settings *values, const char *owner, const char *name, int length,
                        char message[SETTINGS_MESSAGE_MAX])
{
    const char *names[SETTINGS_MAX];
    char found[SETTING_TEXT_MAX];
    const char *close;
    int used;

    for (size_t i = 0; i < values->count; i++)
        names[i] = values->table[i].name;
    snprintf(found, sizeof found, "%.*s", length, name);
    close = nearest_name(found, names, values->count);
    used = snprintf(message, SETTINGS_MESSAGE_MAX, "%s has no setting '%s'", owner, found);
    if (close != NULL)
        used += snprintf(message + used, SETTINGS_MESSAGE_MAX - (size_t)used,
                         "; did you mean '%s'?", close);
    used += snprintf(message + used, SETTINGS_MESSAGE_MAX - (size_t)used, "%s %s",
                     close != NULL ? "" : ".", values->count ? "It has:" : "It has none.");
    for (size_t i = 0; i < values->count && used < SETTINGS_MESSAGE_MAX; i++)
        used += snprintf(message + used, SETTINGS_MESSAGE_MAX - (size_t)used, "%s %s", i ? "," : "",
                         names[i]);
}

static bool parse_value(const setting *entry, const char *text, double *out)
{
    if (parse_word(entry, text, out))
        return true;
    return !entry->words_only && parse_number(text, out) && *out >= entry->minimum &&
           *out <= entry->maximum && (!entry->integer || *out == floor(*out));
}

bool settings_assign(settings *values, const char *owner, const char *assignment,
                     char message[SETTINGS_MESSAGE_MAX])
{
    const char *equals = strchr(assignment, '=');
    size_t length = equals != NULL ? (size_t)(equals - assignment) : strlen(assignment);
    size_t index = find_setting(values, assignment, length);
    const setting *entry = values->table + index;
    char accepted[SETTINGS_MESSAGE_MAX / 2];

    if (index == values->count) {
        say_unknown(values, owner, assignment, (int)(length < 64 ? length : 64), message);
        return false;
    }
    if (equals == NULL) {
        snprintf(message, SETTINGS_MESSAGE_MAX, "%s: '%s' needs a value: write %s=VALUE", owner,
                 entry->name, entry->name);
        return false;
    }
    if (entry->text) {
        if (strlen(equals + 1) >= SETTING_TEXT_MAX || equals[1] == '\0') {
            snprintf(message, SETTINGS_MESSAGE_MAX,
                     "%s: %s takes a text of 1 to %d bytes, found %zu", owner, entry->name,
                     SETTING_TEXT_MAX - 1, strlen(equals + 1));
            return false;
        }
        snprintf(values->texts[index], SETTING_TEXT_MAX, "%s", equals + 1);
        return true;
    }
    double value;
    if (!parse_value(entry, equals + 1, &value)) {
        say_accepted(entry, accepted, sizeof accepted);
        snprintf(message, SETTINGS_MESSAGE_MAX, "%s: %s=%.64s is not accepted: it takes %s", owner,
                 entry->name, equals + 1, accepted);
        return false;
    }
    values->values[index] = value;
    return true;
}

bool settings_assign_list(settings *values, const char *owner, const char *list,
                          char message[SETTINGS_MESSAGE_MAX])
{
    settings changed = *values;
    char one[2 * SETTING_TEXT_MAX];

    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        if (length >= sizeof one) {
            snprintf(message, SETTINGS_MESSAGE_MAX, "%s: a setting of %zu bytes is too long (%zu)",
                     owner, length, sizeof one - 1);
            return false;
        }
        memcpy(one, list, length);
        one[length] = '\0';
        if (!settings_assign(&changed, owner, one, message))
            return false;
        list += length;
        if (*list == ',' && *++list == '\0') {
            snprintf(message, SETTINGS_MESSAGE_MAX, "%s: nothing after the last comma", owner);
            return false;
        }
    }
    *values = changed;
    return true;
}

bool settings_change_defaults(settings *values, const char *owner, const char *list,
                              char message[SETTINGS_MESSAGE_MAX])
{
    if (!settings_assign_list(values, owner, list, message))
        return false;
    memcpy(values->defaults, values->values, sizeof values->defaults);
    return true;
}

/* The word for a value where it has one, else the shortest number that reads back as the same. */
static int print_value(const settings *values, size_t index, char *out, size_t size)
{
    const setting *entry = values->table + index;
    double value = values->values[index];

    if (entry->text)
        return snprintf(out, size, "%s", values->texts[index]);
    for (size_t i = 0; i < SETTING_WORDS_MAX && entry->words[i].word != NULL; i++) {
        if (entry->words[i].value == value)
            return snprintf(out, size, "%s", entry->words[i].word);
    }
    for (int digits = 15; digits < 17; digits++) {
        int length = snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            return length;
    }
    return snprintf(out, size, "%.17g", value);
}

static bool is_default(const settings *values, size_t index)
{
    const setting *entry = values->table + index;
    return entry->text ? strcmp(values->texts[index], entry->text_fallback) == 0
                       : values->values[index] == values->defaults[index];
}

bool settings_canonical(const settings *values, const char *name, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%s", name);
    bool first = true;

    for (size_t i = 0; i < values->count && used < size; i++) {
        char value[SETTING_TEXT_MAX];
        if (is_default(values, i))
            continue;
        print_value(values, i, value, sizeof value);
        used += (size_t)snprintf(out + used, size - used, "%s%s=%s", first ? ":" : ",",
                                 values->table[i].name, value);
        first = false;
    }
    return used < size;
}

double settings_get(const settings *values, const char *name)
{
    size_t index = find_setting(values, name, strlen(name));
    assert(index < values->count && !values->table[index].text);
    return values->values[index];
}

const char *settings_get_text(const settings *values, const char *name)
{
    size_t index = find_setting(values, name, strlen(name));
    assert(index < values->count && values->table[index].text);
    return values->texts[index];
}
