#include "html.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* -- text -- */

void html_text(FILE *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c == '&')
            fputs("&amp;", out);
        else if (*c == '<')
            fputs("&lt;", out);
        else if (*c == '>')
            fputs("&gt;", out);
        else if (*c == '"')
            fputs("&quot;", out);
        else if (*c == '\'')
            fputs("&#39;", out);
        else if ((*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f)
            fputs("\xef\xbf\xbd",
                  out); /* the replacement character: HTML has no control characters */
        else
            putc(*c, out);
    }
}

void html_spec(FILE *out, const char *spec)
{
    while (*spec != '\0') {
        char part[128];
        size_t length = strcspn(spec, ",:/=");
        length += spec[length] != '\0';
        length = length < sizeof part ? length : sizeof part - 1;
        memcpy(part, spec, length);
        part[length] = '\0';
        html_text(out, part);
        spec += length;
        fputs(*spec != '\0' ? "<wbr>" : "", out);
    }
}

void html_print(FILE *out, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    for (const char *c = format; *c != '\0'; c++) {
        if (*c != '%') {
            putc(*c, out);
        } else if (*++c == 's') {
            html_text(out, va_arg(values, const char *));
        } else if (*c == 'z') {
            assert(c[1] == 'u');
            c++;
            fprintf(out, "%zu", va_arg(values, size_t));
        } else {
            assert(*c == '%');
            putc('%', out);
        }
    }
    va_end(values);
}

/* -- pictures -- */

/* The bytes of `*rest` up to and with the next '>', or all of them. */
static size_t tag_length(const char *rest, const char *end)
{
    const char *close = memchr(rest, '>', (size_t)(end - rest));

    return close != NULL ? (size_t)(close - rest) + 1 : (size_t)(end - rest);
}

/* The bytes from `begin` on that are a group without anything in it, else 0: gnuplot writes many. */
static size_t empty_group_length(const char *begin, const char *end)
{
    size_t open, spaces = 0;

    if (end - begin < 7 || (strncmp(begin, "<g ", 3) != 0 && strncmp(begin, "<g>", 3) != 0))
        return 0;
    open = tag_length(begin, end);
    while (begin + open + spaces < end && isspace((unsigned char)begin[open + spaces]))
        spaces++;
    begin += open + spaces;
    return end - begin >= 4 && strncmp(begin, "</g>", 4) == 0 ? open + spaces + 4 : 0;
}

/* What means itself in the address of an image within double quotes. '<', '>', '#', '%', '"' and whatever is
 * not printable does not. */
static bool is_plain(unsigned char c)
{
    return isalnum(c) || (c != '\0' && strchr(" !$&'()*+,-./:;=?@[]_{|}~", c) != NULL);
}

/* In an attribute of HTML '&' begins a name, and is written as one. */
static void write_address_byte(FILE *out, unsigned char c)
{
    if (c == '&')
        fputs("&amp;", out);
    else if (is_plain(c))
        putc(c, out);
    else
        fprintf(out, "%%%02X", c);
}

void html_svg_address(FILE *out, const char *svg, size_t size)
{
    const char *end = svg + size;
    bool after_space = false;

    fputs("data:image/svg+xml,", out);
    while (svg < end) {
        size_t skipped = empty_group_length(svg, end);
        if (skipped > 0) {
            svg += skipped;
        } else if (isspace((unsigned char)*svg)) {
            after_space = true;
            svg++;
        } else {
            if (after_space)
                putc(' ', out);
            after_space = false;
            write_address_byte(out, (unsigned char)*svg++);
        }
    }
}

/* -- base 64 -- */

void html_base64(FILE *out, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16;
        group |= i + 1 < size ? (unsigned)bytes[i + 1] << 8 : 0;
        group |= i + 2 < size ? bytes[i + 2] : 0;
        putc(digits[group >> 18 & 63], out);
        putc(digits[group >> 12 & 63], out);
        putc(i + 1 < size ? digits[group >> 6 & 63] : '=', out);
        putc(i + 2 < size ? digits[group & 63] : '=', out);
    }
}
