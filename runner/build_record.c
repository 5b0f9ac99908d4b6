#include "build_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

/* Continues the hash over the bytes of a file. False when it cannot be read. */
static bool add_file(uint64_t *hash, const char *path)
{
    unsigned char bytes[65536];
    FILE *file = fopen(path, "re");
    size_t length;

    if (file == NULL)
        return false;
    while ((length = fread(bytes, 1, sizeof bytes, file)) > 0)
        *hash = text_hash(*hash, bytes, length);
    fclose(file);
    return true;
}

/* Of a program and its layouts. The account of a build ("commit 1a2b3c4, dirty") is the same for two
 * different edits; its bytes are not. The caller frees the text, which is empty when a file cannot
 * be read. */
static char *program_fingerprint(const char *path, size_t layouts)
{
    uint64_t hash = TEXT_HASH_START;
    bool read_all = true;

    for (size_t i = 0; i <= layouts && read_all; i++) {
        char *layout = program_layout_path(path, i);
        read_all = add_file(&hash, layout);
        free(layout);
    }
    return read_all ? text_format("%016" PRIx64, hash) : text_copy("");
}

json_t *build_record(const program *described)
{
    char *fingerprint = program_fingerprint(described->path, described->layouts);
    json_t *record =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "name", described->name, "path",
                  described->path, "set", described->set, "strategy", described->strategy,
                  "layouts", (json_int_t)described->layouts, "fingerprint", fingerprint);

    json_object_set(record, "build", json_object_get(described->description, "build"));
    free(fingerprint);
    return record;
}

/* The first field of `then` that is not the same in `now`, NULL when all are. */
static const char *first_difference(json_t *then, const json_t *now)
{
    for (void *field = json_object_iter(then); field != NULL;
         field = json_object_iter_next(then, field)) {
        const char *name = json_object_iter_key(field);
        if (!json_equal(json_object_iter_value(field), json_object_get(now, name)))
            return name;
    }
    return NULL;
}

static bool refuse(const char *path, const char *field, const char *before, const char *after,
                   problem *why)
{
    return problem_input(why,
                         "%s was built anew since the run began: its %s was %s and is %s. Start "
                         "a new run, or bring back the old build",
                         path, field, before, after);
}

static bool build_account_matches(const char *path, json_t *then, const json_t *now, problem *why)
{
    const char *field = first_difference(then, now);
    char *before, *after;

    if (field == NULL)
        return true;
    before = json_one_line(json_object_get(then, field));
    after = json_one_line(json_object_get(now, field));
    refuse(path, field, before, after, why);
    free(before);
    free(after);
    return false;
}

static bool fingerprint_matches(const char *path, const json_t *record, problem *why)
{
    double layouts = json_number_of(record, "layouts");
    const char *before = json_text_of(record, "fingerprint");
    char *after = program_fingerprint(path, layouts > 0 ? (size_t)layouts : 0);
    bool same = strcmp(before, after) == 0 || refuse(path, "fingerprint", before, after, why);

    free(after);
    return same;
}

bool build_matches(const json_t *record, problem *why)
{
    const char *path = json_text_of(record, "path");
    problem reason;
    json_t *now = program_describe(path, &reason);
    bool matches;

    if (now == NULL)
        return problem_input(why, "%s does not describe itself any more: %s", path, reason.text);
    matches = build_account_matches(path, json_object_get(record, "build"),
                                    json_object_get(now, "build"), why) &&
              fingerprint_matches(path, record, why);
    json_decref(now);
    return matches;
}
