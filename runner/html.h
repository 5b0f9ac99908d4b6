/* Writing HTML so that no text from outside can become a part of it. */
#ifndef RECLAIM_RUNNER_HTML_H
#define RECLAIM_RUNNER_HTML_H

#include <stddef.h>
#include <stdio.h>

/* Writes `format`, which is HTML, with each %s replaced by a text that is escaped, %zu by a number,
 * and %% by a per cent sign; nothing else may stand behind a per cent sign. An attribute's value has to be
 * in double quotes. */
void html_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes a text so that it means itself, in an element and in a quoted attribute. */
void html_text(FILE *out, const char *text);

/* The same, with places at which a line may break behind the signs that join a spec. */
void html_spec(FILE *out, const char *spec);

/* Writes an SVG picture as the address of an image, `data:image/svg+xml,…`, with what no reader sees left
 * out: so its names and styles stay its own, and scripts in it never run. */
void html_svg_address(FILE *out, const char *svg, size_t size);

/* Writes bytes in base 64. */
void html_base64(FILE *out, const unsigned char *bytes, size_t size);

#endif
