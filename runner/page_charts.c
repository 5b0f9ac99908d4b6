/* The charts as images inside the page. A picture too large for what is left of the page's budget is
 * named and stays a file beside it. */
#define _GNU_SOURCE
#include "page_parts.h"

#include <stdlib.h>
#include <string.h>

#include "charts.h"
#include "html.h"
#include "text.h"

/* What all pictures together may take, so that the page with its tables stays under 5 MB. */
enum { PICTURES_BYTES_MAX = 3500000 };

/* A whole file; NULL where there is none. The caller frees it. */
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    char *bytes = NULL;
    long length = -1;

    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0)
        length = ftell(file);
    if (length > 0 && fseek(file, 0, SEEK_SET) == 0) {
        bytes = must_allocate((size_t)length, 1);
        *size = fread(bytes, 1, (size_t)length, file);
    }
    fclose(file);
    return bytes;
}

/* The address of the picture as an image; the caller frees it. */
static char *address_of(const char *svg, size_t size, size_t *length)
{
    char *address = NULL;
    FILE *out = open_memstream(&address, length);

    if (out == NULL)
        abort();
    html_svg_address(out, svg, size);
    fclose(out);
    return address;
}

/* Lazy: drawn when the reader comes to it, or prints. All pictures of a suite at once take seconds. */
static void write_figure(FILE *out, const chart_text *of, const char *address)
{
    html_print(out,
               "<figure id=\"chart-%s\">\n<div class=\"wide\"><img loading=\"lazy\" "
               "decoding=\"async\" alt=\"%s\" src=\"",
               of->name, of->question);
    fputs(address, out);
    html_print(out, "\"></div>\n<figcaption>%s</figcaption>\n</figure>\n", of->reading);
}

static void write_chart(FILE *out, const page_source *from, const chart_text *of, size_t *budget)
{
    char *path = text_format("%s/charts/%s.svg", from->folder, of->name), *address = NULL;
    size_t size = 0, length = 0;
    char *svg = read_file(path, &size);

    if (svg != NULL)
        address = address_of(svg, size, &length);
    if (address != NULL && length <= *budget) {
        *budget -= length;
        write_figure(out, of, address);
    } else if (address != NULL) {
        html_print(out,
                   "<p class=\"note\">%s The picture is too large for this page: charts/%s.svg "
                   "beside it.</p>\n",
                   of->question, of->name);
    }
    free(address);
    free(svg);
    free(path);
}

void page_write_charts(FILE *out, const page_source *from)
{
    size_t budget = PICTURES_BYTES_MAX;

    fputs("<section id=\"charts\">\n<h2>Charts</h2>\n", out);
    if (from->no_charts[0] != '\0')
        html_print(out, "<p>None here: %s.</p>\n", from->no_charts);
    for (size_t i = 0; i < charts_count() && from->no_charts[0] == '\0'; i++) {
        chart_text of = charts_text(i);
        write_chart(out, from, &of, &budget);
    }
    fputs("</section>\n", out);
}
