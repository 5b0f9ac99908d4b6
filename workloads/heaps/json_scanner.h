/* A pull scanner for JSON: the caller asks for what it expects next, and the document is never
 * held.
 *
 * A heap snapshot is hundreds of megabytes of numbers followed by as many of strings, of which a
 * reader wants some of the numbers and none of the strings. So the scanner keeps one window of the
 * text, whatever the length of a string or a list, and checks the grammar of what it skips as
 * strictly as of what it reads (except that it does not check UTF-8).
 *
 *     if (!json_enter_object(s)) ...
 *     while (json_next_key(s, &key))
 *         if (json_text_is(&key, "nodes")) ... else json_skip(s);
 *     if (!json_finish(s)) ...
 *
 * Failure is sticky. The first one writes the message and moves the scanner to the end of its
 * input, so that every later call fails too and the loops above end; a caller need only look at the
 * end, or where it would act on what it read. */
#ifndef RECLAIM_JSON_SCANNER_H
#define RECLAIM_JSON_SCANNER_H

#include "byte_source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_WINDOW_BYTES (32 * 1024)
#define JSON_DEPTH_MAX 512 /* of lists and objects inside what json_skip skips */
#define JSON_TEXT_MAX 48   /* of a string that is read, its terminator included */

/* The beginning of a string, escapes as they were written. A string too long to fit equals no word.
 */
typedef struct json_text {
    char bytes[JSON_TEXT_MAX];
    size_t length;
    bool cut;
} json_text;

typedef struct json_scanner {
    byte_source *source;
    const unsigned char *next; /* window <= next <= end: what has not been scanned yet */
    const unsigned char *end;
    uint64_t end_offset;   /* the place of `end` in the document, in bytes */
    uint64_t token_offset; /* where the last number began, for messages about its value */
    bool fresh;            /* no element of the innermost list or object has been asked for yet */
    bool failed;
    const char *name;    /* of the document, for messages */
    const char *section; /* of the document, for messages; the caller sets it; NULL outside */
    char *message;
    size_t message_size;
    unsigned char window[JSON_WINDOW_BYTES];
} json_scanner;

/* Prepares to scan `source`, called `name` in messages, which go to `message`. All of them stay the
 * caller's and must outlive the scanner. Nothing is read yet. */
void json_start(json_scanner *s, byte_source *source, const char *name, char *message,
                size_t message_size);

/* Expects an object or a list, and enters it. */
bool json_enter_object(json_scanner *s);
bool json_enter_array(json_scanner *s);

/* Moves to the next member or element; its value must then be read, entered or skipped. False when
 * the object or list has ended (it is then left behind), or on failure. `key` may be NULL. */
bool json_next_key(json_scanner *s, json_text *key);
bool json_next_element(json_scanner *s);

/* Moves to the next `count` elements of a list and reads them, whole numbers, into `values`. False
 * when the list has ended before the first of them, or on failure: a list that ends within a record
 * is one. `what` names a record in its message. */
bool json_next_record(json_scanner *s, uint64_t *values, uint32_t count, const char *what);

/* Reads a whole number of at most 19 digits. */
bool json_read_count(json_scanner *s, uint64_t *value);

/* Reads a string into `text`, or only past it when that is NULL. */
bool json_read_text(json_scanner *s, json_text *text);

/* True when a text that was read is exactly `word`. */
bool json_text_is(const json_text *text, const char *word);

/* True when the next value begins with `first`: '[' for a list, '{' for an object, '"' for a
 * string. */
bool json_at(json_scanner *s, char first);

/* Skips one value of any kind and size, in constant memory. */
bool json_skip(json_scanner *s);

/* Expects the end of the document. */
bool json_finish(json_scanner *s);

/* Fails at what comes next, which is not what the grammar or the caller expects. Returns false. */
bool json_fail_expected(json_scanner *s, const char *expected);

/* Fails with a sentence of the caller's about the number read last; or about the document as a
 * whole. Return false. */
bool json_fail(json_scanner *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool json_fail_document(json_scanner *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
