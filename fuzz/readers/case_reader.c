/* Fuzzes the text form of operation programs, which people edit.
 *
 * Property: any text is refused with a message that names the line, or is a program; written out
 * and read again it is the same. */
#include "fuzz/property.h"

#include "fuzz/driver.h"
#include "fuzz/text.h"

#include <stdlib.h>
#include <string.h>

static bool read_text(char *text, size_t size, program *p, char message[TEXT_MESSAGE_MAX])
{
    FILE *in = fmemopen(text, size, "r");
    bool good;

    CHECK(in != NULL, "stream");
    good = text_read(in, p, message);
    fclose(in);
    return good;
}

static void check_same(const program *p)
{
    static program again;
    static uint8_t bytes[PROGRAM_BYTES_MAX], bytes_again[PROGRAM_BYTES_MAX];
    char message[TEXT_MESSAGE_MAX];
    char *text = NULL;
    size_t text_size, size = program_encode(p, bytes);
    FILE *out = open_memstream(&text, &text_size);

    CHECK(out != NULL, "stream");
    text_write(p, out);
    fclose(out);
    CHECK(text_size == 0 || read_text(text, text_size, &again, message), "written-and-refused");
    if (text_size == 0)
        program_open(&again);
    CHECK(program_encode(&again, bytes_again) == size && memcmp(bytes, bytes_again, size) == 0,
          "written-and-changed");
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static program p;
    char message[TEXT_MESSAGE_MAX] = "";
    char *text;

    if (size == 0)
        return -1; /* no stream can be opened on nothing */
    text = malloc(size);
    CHECK(text != NULL, "memory");
    memcpy(text, data, size);
    if (read_text(text, size, &p, message))
        check_same(&p);
    else
        CHECK(message[0] != '\0' && memchr(message, '\0', sizeof message) != NULL, "message");
    free(text);
    return 0;
}
