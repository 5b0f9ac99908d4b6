#include "bench/prices.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "support/file.h"

static json_t *texts_of(const char *const *texts, size_t count)
{
    json_t *out = json_array();

    for (size_t i = 0; i < count && texts[i] != NULL; i++)
        json_array_append_new(out, json_string(texts[i]));
    return out;
}

static json_t *points_of(const price *of)
{
    json_t *out = json_array();

    for (size_t i = 0; i < of->point_count; i++)
        json_array_append_new(out, json_pack("[f, f]", of->points[i].size, of->points[i].ns));
    return out;
}

static json_t *price_json(const price *of)
{
    const price_kind *kind = of->kind;

    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s?, s:b, s:o}", "name", kind->name, "part",
                     kind->part, "unit", kind->unit, "counters",
                     texts_of(kind->counters, PRICE_COUNTERS_MAX), "size", texts_of(kind->size, 2),
                     "size_unit", kind->size_unit, "of_machine", of->of_machine, "points",
                     points_of(of));
}

bool write_prices(const sample *with, const price_list *measured, const char *path)
{
    json_t *prices = json_array(), *document;
    char *text;
    bool written;
    int reason;

    for (size_t i = 0; i < measured->count; i++)
        json_array_append_new(prices, price_json(&measured->items[i]));
    document = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "schema", "reclaim.prices/1",
                         "strategy", sample_strategy(), "label", with->label, "spec", with->spec,
                         "status", "ok", "reason", "", "prices", prices);
    text = document != NULL ? json_dumps(document, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) : NULL;
    json_decref(document);
    errno = ENOMEM;
    written = text != NULL && file_write_whole(path, text, strlen(text));
    reason = errno;
    free(text);
    errno = reason;
    return written;
}
