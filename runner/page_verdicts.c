/* What the run found: a table of who comes first, then each workload in sentences. */
#include "page_parts.h"

#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "json.h"
#include "verdicts.h"

/* -- at a glance -- */

/* Takes over `names`; a name may be broken at commas. */
static void write_names(FILE *out, char *names, const char *why)
{
    html_print(out, "<td>%s", names[0] != '\0' || why[0] != '\0' ? names : "–");
    if (why[0] != '\0')
        html_print(out, "%s<span class=\"why\">%s</span>", names[0] != '\0' ? " " : "", why);
    fputs("</td>", out);
    free(names);
}

static void write_glance_row(FILE *out, const json_t *summary, const char *spec, size_t number)
{
    static const char *const metrics[] = {"time", "memory", "wait"};
    const char *why = "";
    char share[VERDICT_SHARE_MAX];
    char *names = verdict_recommended(summary, spec, &why);

    html_print(out, "<tr><th scope=\"row\"><a href=\"#w%zu\">", number);
    html_spec(out, spec);
    html_print(out, "</a></th><td><strong>%s</strong><span class=\"why\">%s</span></td>", names,
               why);
    free(names);
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        names = verdict_first(summary, spec, metrics[i], &why);
        write_names(out, names, strcmp(why, "no difference found") == 0 ? "" : why);
    }
    names = verdict_most_prompt(summary, spec, share);
    write_names(out, names, share);
    fputs("</tr>\n", out);
}

static void write_glance(FILE *out, const json_t *summary)
{
    const json_t *cells = json_object_get(summary, "cells");
    size_t number = 0;

    fputs("<section id=\"answer\">\n<h2>At a glance</h2>\n"
          "<div class=\"wide\"><table class=\"glance\">\n<thead><tr><th scope=\"col\">Workload</th>"
          "<th scope=\"col\">Recommended</th><th scope=\"col\">Fastest</th>"
          "<th scope=\"col\">Least memory</th><th scope=\"col\">Shortest worst wait</th>"
          "<th scope=\"col\">Most freed at once</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t i = 0; i < json_array_size(cells); i++) {
        if (page_starts(cells, i, "spec"))
            write_glance_row(out, summary, json_text_of(json_array_get(cells, i), "spec"),
                             ++number);
    }
    fputs(
        "</tbody></table></div>\n"
        "<p class=\"note\">Recommended is the fastest; where no difference in time was found, that "
        "of them with the smallest resident peak. Several names in one place: no difference "
        "found between them. Only strategies that collected, leaked nothing and passed every "
        "check are ranked; limits, programs by hand and other runtimes never are.</p>\n"
        "</section>\n",
        out);
}

/* -- in sentences -- */

typedef struct aspect {
    const char *title;
    char *(*tell)(const json_t *summary, const char *spec);
} aspect;

static const aspect aspects[] = {
    {"Throughput", verdict_throughput}, {"Tail latency", verdict_tail},
    {"Memory", verdict_memory},         {"Promptness", verdict_promptness},
    {"Not ranked", verdict_unranked},   {"Beside them", verdict_limits},
};

static void write_verdict(FILE *out, const json_t *summary, const char *spec, size_t number)
{
    html_print(out, "<article id=\"w%zu\">\n<h3>%s</h3>\n<dl>\n", number, spec);
    for (size_t i = 0; i < sizeof aspects / sizeof *aspects; i++) {
        char *text = aspects[i].tell(summary, spec);
        if (text[0] != '\0')
            fprintf(out, "<dt>%s</dt><dd>%s</dd>\n", aspects[i].title, text);
        free(text);
    }
    fputs("</dl>\n</article>\n", out);
}

void page_write_verdicts(FILE *out, const page_source *from)
{
    const json_t *cells = json_object_get(from->summary, "cells");
    size_t number = 0;

    write_glance(out, from->summary);
    fputs("<section id=\"verdicts\">\n<h2>Each workload</h2>\n"
          "<p class=\"note\">Times and peaks are medians over the repetitions, ratios are paired "
          "within them and have their 95% interval; an interval is of one comparison, while a "
          "verdict is corrected for all of them. The worst wait is the longest of all "
          "requests, collections and cascades of a sample. The limit frees each object the moment "
          "it dies, by a schedule made before; what puts freeing off to the end can be below "
          "it.</p>\n",
          out);
    for (size_t i = 0; i < json_array_size(cells); i++) {
        if (page_starts(cells, i, "spec"))
            write_verdict(out, from->summary, json_text_of(json_array_get(cells, i), "spec"),
                          ++number);
    }
    fputs("</section>\n", out);
}
