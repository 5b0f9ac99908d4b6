#define _GNU_SOURCE
#include "sentence.h"

#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "json.h"

/* -- texts -- */

void sentence_begin(sentence *made)
{
    *made = (sentence){0};
    made->out = open_memstream(&made->text, &made->size);
    if (made->out == NULL)
        abort();
}

char *sentence_end(sentence *made)
{
    fclose(made->out);
    return made->text;
}

bool sentence_is_empty(sentence *made)
{
    return ftell(made->out) == 0;
}

void sentence_separate(sentence *made, size_t count)
{
    const char *separator = made->items == 0 ? "" : made->items + 1 == count ? " and " : ", ";

    fputs(separator, made->out);
    made->items++;
}

void sentence_name(sentence *made, const char *name)
{
    html_print(made->out, "<b>%s</b>", name);
}

/* -- cells -- */

double cell_number(const json_t *cell, const char *group, const char *name)
{
    return json_number_of(json_object_get(cell, group), name);
}

double cell_counter(const json_t *cell, const char *name)
{
    const json_t *value = json_object_get(json_object_get(cell, "counters"), name);
    double sum = 0;

    if (!json_is_array(value))
        return cell_number(cell, "counters", name);
    for (size_t i = 0; i < json_array_size(value); i++)
        sum += json_number_value(json_array_get(value, i));
    return sum;
}

bool cell_has_status(const json_t *cell, const char *status)
{
    return strcmp(json_text_of(cell, "status"), status) == 0;
}

bool cell_is_contender(const json_t *cell)
{
    return strcmp(json_text_of(cell, "kind"), "strategy") == 0 &&
           json_text_of(cell, "peer")[0] == '\0';
}

bool cell_is_timed(const json_t *cell)
{
    return cell_has_status(cell, "ok") || cell_has_status(cell, "leaked") ||
           cell_has_status(cell, "uncollected");
}

void sentence_list_cells(sentence *made, const json_t *summary, const char *spec, const char *head,
                         bool (*wanted)(const json_t *cell),
                         void (*each)(sentence *made, const json_t *cell))
{
    const json_t *cells = json_object_get(summary, "cells");
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(cells); i++)
        count += strcmp(json_text_of(json_array_get(cells, i), "spec"), spec) == 0 &&
                 wanted(json_array_get(cells, i));
    made->items = 0;
    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *cell = json_array_get(cells, i);
        if (strcmp(json_text_of(cell, "spec"), spec) != 0 || !wanted(cell))
            continue;
        if (made->items == 0)
            fprintf(made->out, "%s%s", sentence_is_empty(made) ? "" : " ", head);
        sentence_separate(made, count);
        each(made, cell);
    }
    if (count > 0)
        fputc('.', made->out);
}
