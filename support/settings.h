/* Settings: declared tables of named values, and the syntax `name:param=value,param=value` that
 * sets them.
 *
 * A strategy's options and a workload's parameters are both such a table. The table is the only
 * place where a name, its unit, its default and its range stand; parsing, messages, `--describe`
 * and the documents all read it. */
#ifndef RECLAIM_SUPPORT_SETTINGS_H
#define RECLAIM_SUPPORT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SETTINGS_MAX = 16,
    SETTING_WORDS_MAX = 4,
    SETTING_TEXT_MAX = 256,
    SETTINGS_MESSAGE_MAX = 512
};

/* A word that may stand for a value, such as `off` for 0. */
typedef struct setting_word {
    const char *word;
    double value;
} setting_word;

typedef struct setting {
    const char *name;
    const char *unit; /* "objects", "bytes", "share"; "" when the words say it all */
    const char *help; /* one phrase */
    double fallback;  /* the default */
    double minimum, maximum;
    bool integer;
    bool words_only; /* numbers are refused: only the words are accepted */
    bool text; /* a text value: the numeric fields are unused, `text_fallback` is the default */
    const char *text_fallback;
    bool for_process; /* the first value used stands for the whole process */
    setting_word words[SETTING_WORDS_MAX];
} setting;

/* A table and, for every entry, its value. The table outlives the values. */
typedef struct settings {
    const setting *table;
    size_t count;                  /* at most SETTINGS_MAX */
    double defaults[SETTINGS_MAX]; /* the table's, unless a variant declares others */
    double values[SETTINGS_MAX];
    char texts[SETTINGS_MAX][SETTING_TEXT_MAX];
} settings;

/* Every value its default. */
void settings_init(settings *values, const setting *table, size_t count);

/* Declares other defaults (`param=value,param=value`, numbers and words only) and sets the values
 * to them: how a variant of a strategy differs from its base. Errors as for settings_assign. */
bool settings_change_defaults(settings *values, const char *owner, const char *list,
                              char message[SETTINGS_MESSAGE_MAX]);

/* Sets one value from `name=value`. On bad input returns false, leaves `values` as it was and
 * writes one line into `message` that names the setting, what was found and what is accepted;
 * `owner` says whose setting it is ("workload dom"). */
bool settings_assign(settings *values, const char *owner, const char *assignment,
                     char message[SETTINGS_MESSAGE_MAX]);

/* Sets several from `param=value,param=value` (may be empty). All or nothing, errors as above. */
bool settings_assign_list(settings *values, const char *owner, const char *list,
                          char message[SETTINGS_MESSAGE_MAX]);

/* The canonical form into `out`: `name` alone, or `name:param=value,…` with what differs from the
 * defaults, in table order. Returns false when it does not fit into `size` bytes. */
bool settings_canonical(const settings *values, const char *name, char *out, size_t size);

/* The value of the entry named `name`. Asserts that there is one. */
double settings_get(const settings *values, const char *name);
const char *settings_get_text(const settings *values, const char *name);

#endif
