#include "page.h"

#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "json.h"
#include "page_parts.h"
#include "text.h"
#include "text_file.h"

/* -- what several parts need -- */

const json_t *page_value_at(const json_t *value, const char *path)
{
    while (value != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        char *name = text_copy_part(path, length);
        value = json_is_array(value) ? json_array_get(value, strtoul(name, NULL, 10))
                                     : json_object_get(value, name);
        free(name);
        path += length + (path[length] == '.');
    }
    return value;
}

double page_number_at(const json_t *value, const char *path)
{
    double sum = 0;

    value = page_value_at(value, path);
    if (!json_is_array(value))
        return json_is_number(value) ? json_number_value(value) : strtod("nan", NULL);
    for (size_t i = 0; i < json_array_size(value); i++)
        sum += json_number_value(json_array_get(value, i));
    return sum;
}

bool page_starts(const json_t *cells, size_t index, const char *field)
{
    const char *text = json_text_of(json_array_get(cells, index), field);
    size_t i = 0;

    while (strcmp(json_text_of(json_array_get(cells, i), field), text) != 0)
        i++;
    return i == index;
}

size_t page_count_status(const json_t *summary, const char *status)
{
    const json_t *cells = json_object_get(summary, "cells");
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(cells); i++)
        count += strcmp(json_text_of(json_array_get(cells, i), "status"), status) == 0;
    return count;
}

const char *page_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* -- what was compared, on what, when -- */

/* What a row is in the comparison. */
typedef enum role { ROLE_STRATEGY, ROLE_LIMIT, ROLE_HAND, ROLE_PEER, ROLE_COUNT } role;

static role role_of(const json_t *cell)
{
    const char *kind = json_text_of(cell, "kind");

    if (strcmp(kind, "hand") == 0)
        return ROLE_HAND;
    if (strcmp(kind, "ideal") == 0)
        return ROLE_LIMIT;
    return json_text_of(cell, "peer")[0] != '\0' ? ROLE_PEER : ROLE_STRATEGY;
}

/* "5 strategies (generational, …)", and the same of limits, programs by hand and peers. */
static void write_rows(FILE *out, const json_t *cells)
{
    static const char *const names[ROLE_COUNT][2] = {{"strategy", "strategies"},
                                                     {"limit", "limits"},
                                                     {"program by hand", "programs by hand"},
                                                     {"other runtime", "other runtimes"}};
    bool any = false;

    for (role wanted = 0; wanted < ROLE_COUNT; wanted++) {
        size_t count = 0, shown = 0;
        for (size_t i = 0; i < json_array_size(cells); i++)
            count +=
                page_starts(cells, i, "strategy") && role_of(json_array_get(cells, i)) == wanted;
        if (count == 0)
            continue;
        html_print(out, "%s%zu %s (", any ? ", " : "", count, names[wanted][count != 1]);
        any = true;
        for (size_t i = 0; i < json_array_size(cells); i++) {
            const json_t *cell = json_array_get(cells, i);
            if (page_starts(cells, i, "strategy") && role_of(cell) == wanted)
                html_print(out, "%s%s", shown++ > 0 ? ", " : "", json_text_of(cell, "strategy"));
        }
        fputs(")", out);
    }
}

static char *describe_machine(const json_t *machine)
{
    double cores = json_number_of(machine, "cores");
    double memory = json_number_of(machine, "memory_bytes");

    return text_format("%s, %.0f core%s, %.0f GB%s, %s %s", json_text_of(machine, "processor"),
                       cores, cores == 1 ? "" : "s", memory / 1e9,
                       json_is_true(json_object_get(machine, "virtualised")) ? ", virtualised" : "",
                       json_text_of(machine, "system"), json_text_of(machine, "kernel"));
}

/* "2026-11-20 15:27 +0000" of the date in a context, which has a T and seconds. */
static char *date_of(const json_t *context)
{
    const char *date = json_text_of(context, "date");

    if (strlen(date) != 24 || date[10] != 'T')
        return text_copy(date);
    return text_format("%.10s %.5s %s", date, date + 11, date + 19);
}

static void write_introduction(FILE *out, const page_source *from)
{
    const json_t *cells = json_object_get(from->summary, "cells");
    size_t specs = 0;
    size_t repetitions = (size_t)json_integer_value(json_object_get(from->summary, "repetitions"));
    char *machine = describe_machine(json_object_get(from->context, "machine"));
    char *date = date_of(from->context);

    for (size_t i = 0; i < json_array_size(cells); i++)
        specs += page_starts(cells, i, "spec");
    fputs("<p class=\"lead\">", out);
    write_rows(out, cells);
    html_print(out,
               " on %zu workload%s, %zu time%s each, in random order, every sample a fresh "
               "process. All did the same operations, held against digests and checksums. Made "
               "%s on %s.</p>\n",
               specs, page_plural(specs), repetitions, page_plural(repetitions), date, machine);
    free(machine);
    free(date);
}

/* -- the whole -- */

static void write_head(FILE *out, const page_source *from)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "img-src data:; style-src 'unsafe-inline'; script-src 'sha256-",
          out);
    html_base64(out, page_script_sha256, sizeof page_script_sha256);
    fputs("'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<link rel=\"icon\" href=\"data:,\">\n",
          out);
    html_print(out, "<title>reclaim: %s</title>\n<style>\n", json_text_of(from->context, "date"));
    fwrite(page_style, 1, page_style_size, out);
    fputs("</style>\n</head>\n<body>\n", out);
}

static void write_contents(FILE *out)
{
    fputs("<nav><a href=\"#answer\">At a glance</a> <a href=\"#verdicts\">Workloads</a> "
          "<a href=\"#charts\">Charts</a> <a href=\"#tables\">Tables</a> "
          "<a href=\"#context\">Context</a> <a href=\"#method\">Method</a> "
          "<a href=\"#reproduce\">Reproduce</a></nav>\n",
          out);
}

static void write_page(FILE *out, const page_source *from)
{
    write_head(out, from);
    fputs("<header>\n<h1>Which way of managing memory fits this program?</h1>\n", out);
    write_introduction(out, from);
    write_contents(out);
    fputs("</header>\n<main>\n", out);
    page_write_trust(out, from);
    page_write_verdicts(out, from);
    page_write_charts(out, from);
    page_write_tables(out, from);
    page_write_context(out, from);
    page_write_method(out, from);
    page_write_reproduction(out, from);
    fputs("</main>\n<script>", out);
    fwrite(page_script, 1, page_script_size, out);
    fputs("</script>\n</body>\n</html>\n", out);
}

bool page_make(const page_source *from, problem *why)
{
    char *path = text_format("%s/report.html", from->folder);
    text_file file;
    bool written;

    text_file_open(&file);
    if (file.out != NULL)
        write_page(file.out, from);
    written = text_file_write(&file, path, why);
    free(path);
    return written;
}
