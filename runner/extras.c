#include "extras.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compressed.h"
#include "json.h"
#include "record.h"
#include "status.h"
#include "text.h"

static const char head_schema[] = "reclaim.extra/1";

/* The file of an extra sample, the caller frees the path. */
static char *file_path(const store *of, size_t kind, size_t cell_index, size_t number)
{
    return text_format("%s/%s/%zu-%zu.gz", of->folder, extra_kinds[kind].name, cell_index, number);
}

json_t **extras_slot(const store *in, size_t kind, size_t cell_index, size_t number)
{
    const extra_slots *slots = &in->extras[kind];
    return &slots->heads[cell_index * slots->stride + number];
}

/* -- reading -- */

static char *sum_of(const char *body)
{
    return text_format("%016" PRIx64, text_hash(TEXT_HASH_START, body, strlen(body)));
}

/* Whether a head that was read is that of this cell's sample, and its body what was written. */
static bool is_sound(json_t *head, const char *body, const plan *planned, size_t kind,
                     size_t cell_index, size_t number, const char *path, problem *why)
{
    const cell *of = &planned->cells[cell_index];
    char *sum = sum_of(body);
    bool unchanged = strcmp(sum, json_text_of(head, "recorded_check")) == 0;

    free(sum);
    if (json_object_get(head, "check") == NULL || !unchanged)
        return problem_environment(
            why, "%s was changed after it was written: its check sum does not fit", path);
    if (!record_is_unchanged(head, path, why))
        return false;
    if (strcmp(json_text_of(head, "kind"), extra_kinds[kind].name) != 0 ||
        strcmp(json_text_of(head, "row"), of->row) != 0 ||
        strcmp(json_text_of(head, "spec"), of->spec) != 0 ||
        json_number_of(head, "seed") != (double)planned->seed ||
        json_number_of(head, "number") != (double)number)
        return problem_environment(why,
                                   "%s does not belong here: it is %s sample %.0f of '%s' on '%s' "
                                   "with seed %.0f, and its name says %s sample %zu of '%s' on "
                                   "'%s' with seed %" PRIu64,
                                   path, json_text_of(head, "kind"), json_number_of(head, "number"),
                                   json_text_of(head, "row"), json_text_of(head, "spec"),
                                   json_number_of(head, "seed"), extra_kinds[kind].name, number,
                                   of->row, of->spec, planned->seed);
    return true;
}

/* The head, whose check sum is taken out, and the body behind it. NULL and `why` filled when the file
 * is not what a run has written. */
static json_t *read_file(const store *from, const plan *planned, size_t kind, size_t cell_index,
                         size_t number, char **body, problem *why)
{
    char *path = file_path(from, kind, cell_index, number);
    size_t length = 0;
    char *text = compressed_read(path, &length, why);
    char *end = text != NULL ? strchr(text, '\n') : NULL;
    json_t *head = NULL;

    *body = NULL;
    if (text != NULL && (end == NULL || strlen(text) != length))
        problem_environment(why, "%s is no extra sample: it has no head", path);
    else if (text != NULL)
        head = json_parse(text, (size_t)(end - text), path, head_schema, why);
    if (head != NULL && !is_sound(head, end + 1, planned, kind, cell_index, number, path, why)) {
        json_decref(head);
        head = NULL;
    }
    if (head != NULL)
        *body = text_copy(end + 1);
    free(text);
    free(path);
    return head;
}

static bool load_one(store *from, const plan *planned, size_t kind, size_t cell_index,
                     size_t number, problem *why)
{
    char *path = file_path(from, kind, cell_index, number), *body = NULL;
    bool is_there = access(path, F_OK) == 0;
    json_t *head = NULL;

    free(path);
    if (!is_there)
        return true;
    head = read_file(from, planned, kind, cell_index, number, &body, why);
    *extras_slot(from, kind, cell_index, number) = head;
    free(body);
    return head != NULL;
}

static bool load_kind(store *from, const plan *planned, size_t kind, problem *why)
{
    extra_slots *slots = &from->extras[kind];
    bool loaded = true;

    slots->stride = planned->extras[kind] + 1;
    slots->count = planned->cell_count * slots->stride;
    slots->heads = must_allocate(slots->count, sizeof *slots->heads);
    for (size_t i = 0; i < slots->count && loaded; i++) {
        if (plan_has_extra(planned, kind, i / slots->stride, i % slots->stride))
            loaded = load_one(from, planned, kind, i / slots->stride, i % slots->stride, why);
    }
    return loaded;
}

bool extras_load(store *from, const plan *planned, problem *why)
{
    bool loaded = true;

    for (size_t kind = 0; kind < extra_kind_count && loaded; kind++)
        loaded = load_kind(from, planned, kind, why);
    return loaded;
}

json_t *extras_read(const store *from, const plan *planned, size_t kind, size_t cell_index,
                    size_t number, problem *why)
{
    json_t *known = *extras_slot(from, kind, cell_index, number), *head, *recorded = NULL;
    char *body = NULL, *path;

    if (known == NULL || !status_is_timed(status_from_name(json_text_of(known, "status"))))
        return NULL;
    head = read_file(from, planned, kind, cell_index, number, &body, why);
    if (head != NULL) {
        path = file_path(from, kind, cell_index, number);
        recorded = json_parse(body, strlen(body), path, extra_kinds[kind].schema, why);
        free(path);
    }
    json_decref(head);
    free(body);
    return recorded;
}

/* -- writing -- */

static bool make_folder(const store *in, size_t kind, problem *why)
{
    char *path = store_path(in, extra_kinds[kind].name);
    bool made = mkdir(path, 0777) == 0 || errno == EEXIST;

    if (!made)
        problem_environment(why, "cannot create %s: %s; the finished samples are kept", path,
                            strerror(errno));
    free(path);
    return made;
}

bool extras_add(store *into, size_t kind, size_t cell_index, size_t number, json_t *head,
                const json_t *recorded, problem *why)
{
    char *body = recorded != NULL ? json_one_line(recorded) : text_copy("");
    char *sum = sum_of(body), *path = file_path(into, kind, cell_index, number);
    char *line, *text;
    bool written;

    json_object_set_new(head, "schema", json_string(head_schema));
    json_object_set_new(head, "kind", json_string(extra_kinds[kind].name));
    json_object_set_new(head, "number", json_integer((json_int_t)number));
    json_object_set_new(head, "recorded_check", json_string(sum));
    record_seal(head);
    line = json_one_line(head);
    text = text_format("%s\n%s", line, body);
    written = make_folder(into, kind, why) && compressed_write(path, text, strlen(text), why);
    if (written)
        *extras_slot(into, kind, cell_index, number) = head;
    else
        json_decref(head);
    free(text);
    free(line);
    free(path);
    free(sum);
    free(body);
    return written;
}
