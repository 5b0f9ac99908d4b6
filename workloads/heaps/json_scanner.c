#include "json_scanner.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What peek returns when there is no further byte. */
#define END (-1)

/* No whole number of this many digits overflows 64 bits. */
#define DIGITS_MAX 19

/* ---- failure ----------------------------------------------------------- */

static uint64_t offset(const json_scanner *s)
{
    return s->end_offset - (uint64_t)(s->end - s->next);
}

/* Nothing is left to scan, so that whatever is asked next fails too. */
static void give_up(json_scanner *s)
{
    s->failed = true;
    s->next = s->end;
}

/* Writes "name: byte 812 in "nodes": sentence", without the place when `at` is NULL. Only the first
 * failure is told: the later ones are its consequences. */
__attribute__((format(printf, 3, 0))) static void fail(json_scanner *s, const uint64_t *at,
                                                       const char *format, va_list arguments)
{
    char place[128] = "";
    char sentence[384];

    if (s->failed)
        return;
    vsnprintf(sentence, sizeof sentence, format, arguments);
    if (at != NULL)
        snprintf(place, sizeof place, " byte %llu%s%s%s%s:", (unsigned long long)*at,
                 byte_source_is_compressed(s->source) ? " of the decompressed text" : "",
                 s->section != NULL ? " in \"" : "", s->section != NULL ? s->section : "",
                 s->section != NULL ? "\"" : "");
    snprintf(s->message, s->message_size, "%s:%s %s", s->name, place, sentence);
    give_up(s);
}

bool json_fail(json_scanner *s, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fail(s, &s->token_offset, format, arguments);
    va_end(arguments);
    return false;
}

bool json_fail_document(json_scanner *s, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fail(s, NULL, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- bytes ------------------------------------------------------------- */

static int refill(json_scanner *s)
{
    char reason[BYTE_SOURCE_REASON_MAX];
    size_t size = 0;

    if (s->failed)
        return END;
    if (!byte_source_read(s->source, s->window, sizeof s->window, &size, reason)) {
        json_fail_document(s, "%s", reason);
        return END;
    }
    s->next = s->window;
    s->end = s->window + size;
    s->end_offset += size;
    return size > 0 ? s->window[0] : END;
}

static inline int peek(json_scanner *s)
{
    return s->next < s->end ? *s->next : refill(s);
}

/* Leaves the byte just peeked behind and peeks at the one after it. */
static inline int advance(json_scanner *s)
{
    s->next++;
    return peek(s);
}

static inline bool is_space(int c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static inline int peek_token(json_scanner *s)
{
    int c = peek(s);

    while (is_space(c))
        c = advance(s);
    return c;
}

bool json_fail_expected(json_scanner *s, const char *expected)
{
    int c = peek(s);

    s->token_offset = offset(s);
    if (c == END && s->token_offset == 0)
        return json_fail_document(s, "is empty, expected %s", expected);
    if (c == END)
        return json_fail(s, "the file ends, expected %s; is it truncated?", expected);
    if (c > ' ' && c < 0x7f)
        return json_fail(s, "found \"%c\", expected %s", c, expected);
    return json_fail(s, "found the byte 0x%02x, expected %s", (unsigned)c, expected);
}

static bool expect(json_scanner *s, char wanted, const char *expected)
{
    if (peek_token(s) != wanted)
        return json_fail_expected(s, expected);
    s->next++;
    return true;
}

void json_start(json_scanner *s, byte_source *source, const char *name, char *message,
                size_t message_size)
{
    assert(message_size > 0);
    s->source = source;
    s->next = s->end = s->window;
    s->end_offset = s->token_offset = 0;
    s->fresh = s->failed = false;
    s->name = name;
    s->section = NULL;
    s->message = message;
    s->message_size = message_size;
    message[0] = '\0';
}

/* ---- strings ----------------------------------------------------------- */

static void append(json_text *text, const unsigned char *bytes, size_t count)
{
    size_t room = sizeof text->bytes - 1 - text->length;

    text->cut = text->cut || count > room;
    if (count > room)
        count = room;
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
    text->bytes[text->length] = '\0';
}

/* Bytes that stand for themselves inside a string. */
static inline bool is_plain(int c)
{
    return c >= ' ' && c != '"' && c != '\\';
}

/* Passes over the plain bytes that the window holds. */
static void skip_plain_run(json_scanner *s, json_text *text)
{
    const unsigned char *first = s->next, *p = first;

    while (p < s->end && is_plain(*p))
        p++;
    s->next = p;
    if (text != NULL)
        append(text, first, (size_t)(p - first));
}

static bool is_hexadecimal(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool skip_escape(json_scanner *s, json_text *text)
{
    int c = advance(s); /* the backslash */
    int digits = c == 'u' ? 4 : 0;

    if (c <= 0 || strchr("\"\\/bfnrtu", c) == NULL)
        return json_fail_expected(s, "one of \" \\ / b f n r t u after a backslash");
    if (text != NULL)
        text->cut = true; /* escapes are not decoded, and no word that is looked for needs one */
    c = advance(s);
    for (; digits > 0; digits--, c = advance(s))
        if (!is_hexadecimal(c))
            return json_fail_expected(s, "four hexadecimal digits after \\u");
    return true;
}

bool json_read_text(json_scanner *s, json_text *text)
{
    int c;

    if (text != NULL)
        *text = (json_text){.length = 0};
    if (!expect(s, '"', "a string"))
        return false;
    while ((c = peek(s)) != '"') {
        if (is_plain(c))
            skip_plain_run(s, text);
        else if (c != '\\')
            return json_fail_expected(s, "the rest of a string");
        else if (!skip_escape(s, text))
            return false;
    }
    s->next++;
    return true;
}

bool json_text_is(const json_text *text, const char *word)
{
    return !text->cut && strcmp(text->bytes, word) == 0;
}

/* ---- lists and objects ------------------------------------------------- */

bool json_enter_object(json_scanner *s)
{
    s->fresh = true;
    return expect(s, '{', "\"{\"");
}

bool json_enter_array(json_scanner *s)
{
    s->fresh = true;
    return expect(s, '[', "\"[\"");
}

bool json_at(json_scanner *s, char first)
{
    return peek_token(s) == first;
}

/* Passes the comma before the next element, or the bracket after the last one. Whatever container
 * encloses this one has had an element: this one; so one flag, not a stack of them, tells whether a
 * comma is due. */
static inline bool next_in_container(json_scanner *s, char closing, const char *expected)
{
    bool fresh = s->fresh;
    int c = peek_token(s);

    s->fresh = false;
    if (c == closing) {
        s->next++;
        return false;
    }
    if (fresh)
        return c != END || json_fail_expected(s, expected);
    if (c != ',')
        return json_fail_expected(s, expected);
    s->next++;
    return true;
}

bool json_next_key(json_scanner *s, json_text *key)
{
    return next_in_container(s, '}', "\",\" or \"}\"") && json_read_text(s, key) &&
           expect(s, ':', "\":\" after a key");
}

bool json_next_element(json_scanner *s)
{
    return next_in_container(s, ']', "\",\" or \"]\"");
}

/* ---- numbers ----------------------------------------------------------- */

bool json_read_count(json_scanner *s, uint64_t *value)
{
    uint64_t result = 0;
    unsigned digits = 0;
    int c = peek_token(s);
    bool zero_first = c == '0';

    s->token_offset = offset(s);
    for (; is_digit(c); c = advance(s)) {
        if (++digits > DIGITS_MAX)
            return json_fail(s, "found a number of more than %d digits", DIGITS_MAX);
        result = result * 10 + (uint64_t)(c - '0');
    }
    if (digits == 0)
        return json_fail_expected(s, "a whole number");
    if (zero_first && digits > 1)
        return json_fail(s, "found a number that begins with 0");
    if (c == '.' || c == 'e' || c == 'E')
        return json_fail(s, "found a fraction, expected a whole number");
    *value = result;
    return true;
}

bool json_next_record(json_scanner *s, uint64_t *values, uint32_t count, const char *what)
{
    if (!json_next_element(s))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && !json_next_element(s))
            return json_fail(s, "the list ends after %u of the %u numbers of %s", i, count, what);
        if (!json_read_count(s, &values[i]))
            return false;
    }
    return true;
}

static bool skip_digits(json_scanner *s)
{
    if (!is_digit(peek(s)))
        return json_fail_expected(s, "a digit");
    while (is_digit(peek(s)))
        s->next++;
    return true;
}

static bool skip_exponent(json_scanner *s)
{
    int c = advance(s); /* the e */

    if (c == '+' || c == '-')
        s->next++;
    return skip_digits(s);
}

static bool skip_number(json_scanner *s)
{
    int c = peek(s);

    if (c == '-')
        c = advance(s);
    if (c == '0')
        s->next++;
    else if (!skip_digits(s))
        return false;
    if (peek(s) == '.') {
        s->next++;
        if (!skip_digits(s))
            return false;
    }
    c = peek(s);
    return (c != 'e' && c != 'E') || skip_exponent(s);
}

/* ---- skipping ---------------------------------------------------------- */

static bool skip_word(json_scanner *s, const char *word)
{
    for (; *word != '\0'; word++) {
        if (peek(s) != *word)
            return json_fail_expected(s, "a value");
        s->next++;
    }
    return true;
}

static bool skip_scalar(json_scanner *s, int first)
{
    switch (first) {
    case '"':
        return json_read_text(s, NULL);
    case 't':
        return skip_word(s, "true");
    case 'f':
        return skip_word(s, "false");
    case 'n':
        return skip_word(s, "null");
    default:
        return is_digit(first) || first == '-' ? skip_number(s) : json_fail_expected(s, "a value");
    }
}

/* The containers that json_skip is inside of. */
typedef struct nesting {
    bool is_object[JSON_DEPTH_MAX];
    unsigned depth;
} nesting;

static bool skip_in(json_scanner *s, nesting *in, bool is_object)
{
    if (in->depth == JSON_DEPTH_MAX) {
        s->token_offset = offset(s);
        return json_fail(s, "lists and objects are nested more than %d deep", JSON_DEPTH_MAX);
    }
    in->is_object[in->depth++] = is_object;
    return is_object ? json_enter_object(s) : json_enter_array(s);
}

static bool skip_next(json_scanner *s, const nesting *in)
{
    return in->is_object[in->depth - 1] ? json_next_key(s, NULL) : json_next_element(s);
}

/* A loop with its own stack rather than recursion, so that a hostile document cannot exhaust the C
 * stack. */
bool json_skip(json_scanner *s)
{
    nesting in = {.depth = 0};

    do {
        int first = peek_token(s);

        if (first == '{' || first == '[')
            skip_in(s, &in, first == '{');
        else
            skip_scalar(s, first);
        while (in.depth > 0 && !s->failed && !skip_next(s, &in))
            in.depth--;
    } while (in.depth > 0 && !s->failed);
    return !s->failed;
}

bool json_finish(json_scanner *s)
{
    return peek_token(s) == END ? !s->failed : json_fail_expected(s, "the end of the file");
}
