/* Target `inputs`: what users write, `name:param=value,param=value`, is understood or refused.
 *
 * An input is such a text. Its name chooses a workload and so a table of parameters; any other name
 * means the strategy's own options.
 *
 * Property: either the text is refused with a message that begins with the owner's name, and no
 * value has changed; or every value is one that its table accepts, and the canonical form reads
 * back as the same values. With accepted options a heap opens, works and closes, unless they leave
 * no memory; with accepted parameters a forecast is made, unless it needs a file. */
#include "driver.h"

#include "mm_gc.h"
#include "workloads/workload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 2048, CANONICAL_MAX = SETTINGS_MAX * SETTING_TEXT_MAX * 2 };

static const char owner[] = "the input";

/* Not assert: the property must hold in every build. */
#define CHECK(condition, name)                                                       \
    do {                                                                             \
        if (!(condition)) {                                                          \
            fprintf(stderr, "violation: %s: %s\n  strategy: %s\n", name, #condition, \
                    MM_STRATEGY_NAME);                                               \
            abort();                                                                 \
        }                                                                            \
    } while (0)

static bool is_word(const setting *entry, double value)
{
    for (size_t i = 0; i < SETTING_WORDS_MAX && entry->words[i].word != NULL; i++) {
        if (entry->words[i].value == value)
            return true;
    }
    return false;
}

static void check_value(const settings *values, size_t i)
{
    const setting *entry = values->table + i;
    double value = values->values[i];

    if (entry->text) {
        CHECK(memchr(values->texts[i], '\0', SETTING_TEXT_MAX) != NULL, "setting-text");
        return;
    }
    if (is_word(entry, value))
        return;
    CHECK(!entry->words_only, "setting-word");
    CHECK(value >= entry->minimum && value <= entry->maximum, "setting-range");
    CHECK(!entry->integer || value == floor(value), "setting-whole");
}

static bool same_values(const settings *one, const settings *other)
{
    for (size_t i = 0; i < one->count; i++) {
        if (one->table[i].text ? strcmp(one->texts[i], other->texts[i]) != 0
                               : one->values[i] != other->values[i])
            return false;
    }
    return true;
}

static void check_refused(const settings *before, const settings *after, const char *message)
{
    CHECK(same_values(before, after), "refused-and-changed");
    CHECK(memchr(message, '\0', SETTINGS_MESSAGE_MAX) != NULL, "message-end");
    CHECK(strncmp(message, owner, strlen(owner)) == 0, "message-owner");
    CHECK(strlen(message) > strlen(owner), "message-empty");
}

static void check_canonical(const settings *fresh, const settings *values)
{
    static char canonical[CANONICAL_MAX];
    char message[SETTINGS_MESSAGE_MAX] = "";
    settings again = *fresh;

    CHECK(settings_canonical(values, "x", canonical, sizeof canonical), "canonical-size");
    CHECK(canonical[0] == 'x' && (canonical[1] == '\0' || canonical[1] == ':'), "canonical-form");
    if (canonical[1] == ':')
        CHECK(settings_assign_list(&again, owner, canonical + 2, message), "canonical-refused");
    CHECK(same_values(values, &again), "canonical-differs");
}

/* Reads `list` into `values`, which are fresh; whether it was accepted. */
static bool read_settings(settings *values, const char *list)
{
    const settings fresh = *values;
    char message[SETTINGS_MESSAGE_MAX] = "";

    if (!settings_assign_list(values, owner, list, message)) {
        check_refused(&fresh, values, message);
        return false;
    }
    for (size_t i = 0; i < values->count; i++)
        check_value(values, i);
    check_canonical(&fresh, values);
    return true;
}

/* A little of everything: a cycle, a chain, a collection. */
static void use_heap(mm *m, mm_type node)
{
    MM_VARS(m, v, 2);

    for (int i = 0; i < 32 && mm_new(m, v + 1, node, 2, 8) == MM_OK; i++) {
        mm_store(m, v + 1, i % 2, i % 3 != 0 ? v : v + 1);
        mm_move(m, v, v + 1);
    }
    mm_clear(m, v);
    mm_collect_all(m, NULL);
    mm_program_end(m);
}

static void try_options(const char *list)
{
    settings options;
    mm_heap *heap;
    mm_type node;
    mm *m;

    mm_options_init(&options);
    if (!read_settings(&options, list) || mm_heap_new(&options, &heap) != MM_OK)
        return;
    if (mm_type_add(heap, &(mm_type_info){.name = "node", .kind = MM_CONTAINER}, &node) == MM_OK &&
        mm_attach(heap, &m) == MM_OK)
        use_heap(m, node);
    mm_heap_free(heap);
}

static bool has_texts(const workload *w)
{
    for (size_t i = 0; i < w->parameter_count; i++) {
        if (w->parameters[i].text)
            return true;
    }
    return false;
}

static void try_parameters(const workload *w, const char *list)
{
    char message[WORKLOAD_MESSAGE_MAX] = "";
    workload_forecast forecast;
    settings parameters;

    settings_init(&parameters, w->parameters, w->parameter_count);
    if (!read_settings(&parameters, list) || has_texts(w))
        return;
    if (!w->forecast(&parameters, &forecast, message))
        CHECK(message[0] != '\0' && memchr(message, '\0', sizeof message) != NULL, "forecast");
}

static const workload *find_workload(const char *name, size_t length)
{
    for (size_t i = 0; i < workload_count; i++) {
        const char *known = workload_table[i]->name;
        if (strlen(known) == length && strncmp(known, name, length) == 0)
            return workload_table[i];
    }
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX + 1];
    const workload *w;
    char *list;

    if (size > TEXT_MAX || memchr(data, '\0', size) != NULL)
        return -1; /* no argument of a command */
    if (size != 0)
        memcpy(text, data, size);
    text[size] = '\0';
    list = strchr(text, ':');
    if (list == NULL)
        return -1;
    w = find_workload(text, (size_t)(list - text));
    if (w != NULL)
        try_parameters(w, list + 1);
    else
        try_options(list + 1);
    return 0;
}
