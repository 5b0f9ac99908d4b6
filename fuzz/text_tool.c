/* fuzz_text: between the text form of an operation program and the bytes of an input.
 *
 *   fuzz_text assemble SOURCE.ops INPUT
 *   fuzz_text disassemble INPUT          to standard output
 *   fuzz_text format                     the bytes of a header, and the newest version
 *
 * Exit: 0 done, 1 a file cannot be read or written, 2 bad arguments or a bad program. */
#include "text.h"

#include <stdlib.h>
#include <string.h>

static FILE *open_or_exit(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    return file;
}

static int assemble(const char *source, const char *input)
{
    program p;
    uint8_t bytes[PROGRAM_BYTES_MAX];
    char message[TEXT_MESSAGE_MAX];
    size_t size;
    FILE *file = open_or_exit(source, "r");
    bool good = text_read(file, &p, message);

    fclose(file);
    if (!good) {
        fprintf(stderr, "%s: %s\n", source, message);
        return 2;
    }
    size = program_encode(&p, bytes);
    file = open_or_exit(input, "wb");
    good = fwrite(bytes, 1, size, file) == size;
    if (fclose(file) != 0 || !good) {
        perror(input);
        return 1;
    }
    return 0;
}

static int disassemble(const char *input)
{
    program p;
    uint8_t bytes[PROGRAM_BYTES_MAX];
    FILE *file = open_or_exit(input, "rb");
    size_t size = fread(bytes, 1, sizeof bytes, file);

    fclose(file);
    if (!program_decode(bytes, size, &p)) {
        fprintf(stderr, "%s: no operation program: shorter than %d bytes, or not version 1 to %d\n",
                input, PROGRAM_HEADER_BYTES, PROGRAM_VERSION);
        return 2;
    }
    text_write(&p, stdout);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "assemble") == 0)
        return assemble(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "disassemble") == 0)
        return disassemble(argv[2]);
    if (argc == 2 && strcmp(argv[1], "format") == 0)
        return printf("%d %d\n", PROGRAM_HEADER_BYTES, PROGRAM_VERSION) < 0;
    fprintf(stderr, "usage: fuzz_text assemble SOURCE.ops INPUT | disassemble INPUT | format\n");
    return 2;
}
