#define _GNU_SOURCE
#include "allocators.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

/* What malloc is by itself, and the libraries that take its place. The names are those that the
 * programs give to what serves them. */
static const struct {
    const char *name, *soname, *package;
} known[] = {
    {"glibc", "", ""},
    {"mimalloc", "libmimalloc.so.2", "libmimalloc2.0"},
    {"jemalloc", "libjemalloc.so.2", "libjemalloc2"},
};

enum { KNOWN_COUNT = sizeof known / sizeof *known, NAMES_MAX = 32 };

static const char option_name[] = "allocator";

/* -- the option of the strategies -- */

/* The words of a program's option `allocator`, NULL when it has none. */
static json_t *words_of(const program *owner)
{
    const json_t *options = json_object_get(owner->description, "options");

    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *option = json_array_get(options, i);
        if (strcmp(json_text_of(option, "name"), option_name) == 0)
            return json_object_get(option, "words");
    }
    return NULL;
}

static bool has_word(const program *owner, const char *word)
{
    return program_is_timed(owner) && json_object_get(words_of(owner), word) != NULL;
}

static bool is_word(const program_list *programs, const char *word)
{
    for (size_t i = 0; i < programs->count; i++) {
        if (has_word(&programs->items[i], word))
            return true;
    }
    return false;
}

/* -- choosing -- */

/* The names that there are: libraries, and the words of the programs but the one that means malloc. */
static int all_names(const program_list *programs, const char *names[NAMES_MAX])
{
    int count = 0;

    for (int i = 0; i < KNOWN_COUNT; i++)
        names[count++] = known[i].name;
    for (size_t i = 0; i < programs->count; i++) {
        json_t *words = words_of(&programs->items[i]);
        for (void *word = json_object_iter(words); word != NULL && count < NAMES_MAX;
             word = json_object_iter_next(words, word)) {
            bool is_new = json_number_value(json_object_iter_value(word)) != 0;
            for (int j = 0; j < count; j++)
                is_new = is_new && strcmp(names[j], json_object_iter_key(word)) != 0;
            if (is_new)
                names[count++] = json_object_iter_key(word);
        }
    }
    return count;
}

static bool refuse_name(const char *name, const program_list *programs, problem *why)
{
    const char *names[NAMES_MAX];
    int count = all_names(programs, names);

    problem_input(why, "there is no allocator '%s'; write NAME=FILE for a library of your own",
                  name);
    problem_add_names(why, name, "Allocators", names, count);
    return false;
}

/* LD_PRELOAD is a list with colons and spaces between. */
static bool check_file(const char *wanted, const char *file, problem *why)
{
    if (file[0] == '\0' || strpbrk(file, ": ") != NULL)
        return problem_input(why,
                             "--allocator %s: the file must have a name, without a colon or a "
                             "space",
                             wanted);
    return true;
}

static bool understand(allocator *out, const char *wanted, const program_list *programs,
                       problem *why)
{
    const char *equals = strchr(wanted, '=');
    const char *file = equals != NULL ? equals + 1 : "";
    size_t length = equals != NULL ? (size_t)(equals - wanted) : strlen(wanted);
    bool is_known = false;

    *out = (allocator){.name = text_copy_part(wanted, length), .package = ""};
    for (int i = 0; i < KNOWN_COUNT && equals == NULL; i++) {
        if (strcmp(known[i].name, out->name) == 0) {
            is_known = true;
            file = known[i].soname;
            out->package = known[i].package;
        }
    }
    out->preload = text_copy(file);
    if (equals != NULL)
        return check_file(wanted, file, why);
    out->is_option = !is_known && is_word(programs, out->name);
    return is_known || out->is_option || refuse_name(out->name, programs, why);
}

static bool is_given_twice(const allocator_list *chosen, problem *why)
{
    const char *last = chosen->items[chosen->count - 1].name;

    for (size_t i = 0; i + 1 < chosen->count; i++) {
        if (strcmp(chosen->items[i].name, last) == 0)
            return !problem_input(why, "--allocator: '%s' is given twice", last);
    }
    return false;
}

bool allocators_choose(allocator_list *chosen, const json_t *wanted, const program_list *programs,
                       problem *why)
{
    size_t count = json_array_size(wanted);

    *chosen = (allocator_list){.items = must_allocate(count + 1, sizeof *chosen->items)};
    for (size_t i = 0; i < count; i++) {
        chosen->count++;
        if (!understand(&chosen->items[i], json_text_at(wanted, i), programs, why) ||
            is_given_twice(chosen, why))
            return false;
    }
    if (count == 0)
        chosen->items[chosen->count++] =
            (allocator){.name = text_copy(""), .preload = text_copy(""), .package = ""};
    return true;
}

void allocators_free(allocator_list *chosen)
{
    for (size_t i = 0; i < chosen->count; i++) {
        free(chosen->items[i].name);
        free(chosen->items[i].preload);
    }
    free(chosen->items);
    *chosen = (allocator_list){0};
}

bool allocators_split(const char *option, const char *list, json_t *items, problem *why)
{
    for (const char *item = list;; item++) {
        size_t length = strcspn(item, ",");
        if (length == 0)
            return problem_input(
                why, "--%s: '%s' has an empty item; write names separated by commas", option, list);
        if (json_array_append_new(items, json_stringn(item, length)) != 0)
            return problem_input(why, "--%s: '%s' is not UTF-8", option, list);
        item += length;
        if (*item == '\0')
            return true;
    }
}

/* -- one cell -- */

/* A runtime of its own has an allocator of its own: only the usual one says something about it. */
static bool brings_its_own(const program *timed)
{
    const json_t *traits = json_object_get(timed->description, "traits");
    return json_text_of(traits, "peer")[0] != '\0';
}

char *allocator_reason_to_skip(const allocator *chosen, const program *timed)
{
    if (chosen->is_option && !has_word(timed, chosen->name))
        return text_format("%s has no option %s=%s", timed->strategy, option_name, chosen->name);
    if (chosen->preload[0] != '\0' && brings_its_own(timed))
        return text_format("%s brings an allocator of its own", timed->strategy);
    return text_copy("");
}

/* A library of no known name is told by its file. */
static bool is_served_by(const allocator *chosen, const json_t *serving)
{
    char *wanted, *found;
    bool same;

    if (chosen->is_option || strcmp(json_text_of(serving, "name"), chosen->name) == 0)
        return true;
    wanted = realpath(chosen->preload, NULL);
    found = realpath(json_text_of(serving, "file"), NULL);
    same = wanted != NULL && found != NULL && strcmp(wanted, found) == 0;
    for (int i = 0; i < KNOWN_COUNT; i++)
        same = same && strcmp(known[i].name, chosen->name) != 0;
    free(wanted);
    free(found);
    return same;
}

bool allocator_is_proved(const allocator *chosen, const program *timed, const json_t *checked,
                         const char *last_words, problem *why)
{
    const json_t *serving = json_object_get(checked, "allocator");
    const char *version = json_text_of(serving, "version");
    char *package, *found;

    if (chosen->name[0] == '\0' || is_served_by(chosen, serving))
        return true;
    package = chosen->package[0] != '\0' ? text_format(". Install the package %s", chosen->package)
                                         : text_copy("");
    found = serving != NULL
                ? text_format("is served by %s%s%s instead", json_text_of(serving, "name"),
                              version[0] != '\0' ? " " : "", version)
                : text_copy("does not say what serves it");
    problem_environment(why, "--allocator %s: %s %s%s%s%s%s", chosen->name, timed->name, found,
                        last_words[0] != '\0' ? " (" : "", last_words,
                        last_words[0] != '\0' ? ")" : "", package);
    free(package);
    free(found);
    return false;
}

/* The label without the option that the row says after its '@'; the caller frees it. */
static char *label_without_option(const allocator *chosen, const char *label)
{
    char *option = text_format("%s=%s", option_name, chosen->name);
    const char *at = chosen->is_option ? strstr(label, option) : NULL;
    const char *rest = at != NULL ? at + strlen(option) : "";
    char *without = NULL;

    if (at == NULL)
        without = text_copy(label);
    else if (rest[0] == ',')
        without = text_format("%.*s%s", (int)(at - label), label, rest + 1);
    else
        without = text_copy_part(label, (size_t)(at - label - 1));
    free(option);
    return without;
}

char *allocator_row(const allocator *chosen, const char *set, const char *label)
{
    char *shown = label_without_option(chosen, label);
    char *row = plan_row(set, shown), *named;

    free(shown);
    if (chosen->name[0] == '\0')
        return row;
    named = text_format("%s@%s", row, chosen->name);
    free(row);
    return named;
}

char *allocator_text(const json_t *cell_record)
{
    const json_t *serving = json_object_get(cell_record, "allocator");
    const char *axis = json_text_of(cell_record, "axis"), *name = json_text_of(serving, "name");
    const char *version = json_text_of(serving, "version");
    bool is_option = axis[0] != '\0' && json_text_of(cell_record, "preload")[0] == '\0' &&
                     strcmp(axis, name) != 0;

    return text_format("%s%s%s%s%s", is_option ? axis : "", is_option ? " over " : "", name,
                       version[0] != '\0' ? " " : "", version);
}

char *allocators_text(const plan *of)
{
    json_t *seen = json_array();
    char *all = text_copy("");

    for (size_t i = 0; i < of->cell_count; i++) {
        char *text = allocator_text(of->cells[i].record), *longer;
        if (text[0] != '\0' && !json_has_text(seen, text)) {
            json_array_append_new(seen, json_string(text));
            longer = text_format("%s%s%s", all, all[0] != '\0' ? ", " : "", text);
            free(all);
            all = longer;
        }
        free(text);
    }
    json_decref(seen);
    return all;
}

void allocator_record(const allocator *chosen, const json_t *checked, json_t *cell_record)
{
    json_t *serving = json_object_get(checked, "allocator");

    json_object_set_new(cell_record, "axis", json_string(chosen->name));
    json_object_set_new(cell_record, "preload", json_string(chosen->preload));
    json_object_set(cell_record, "allocator", serving != NULL ? serving : json_null());
}
