/* Fuzzes the command line of `reclaim`. An input is its words, one a line.
 *
 * Property: it is refused as bad input, in one line, or understood; then every number is one that
 * its option accepts, and every list has only texts. */
#include "fuzz/property.h"

#include "fuzz/driver.h"
#include "command_line.h"
#include "specs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 32, TEXT_MAX = 2048 };

static void check_texts(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        CHECK(json_is_string(json_array_get(list, i)), "list");
}

static void check_understood(const command_line *parsed)
{
    for (size_t i = 0; i < parsed->numbers.count; i++) {
        const setting *option = parsed->numbers.table + i;
        double value = parsed->numbers.values[i];
        bool known = option->text || value == option->fallback;
        for (size_t w = 0; w < SETTING_WORDS_MAX && option->words[w].word != NULL; w++)
            known |= option->words[w].value == value;
        CHECK(known || (value >= option->minimum && value <= option->maximum), "number");
    }
    check_texts(parsed->strategies);
    check_texts(parsed->workloads);
    check_texts(parsed->programs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[] = "reclaim";
    char text[TEXT_MAX + 1];
    char *words[WORDS_MAX + 2] = {name};
    int count = 1;
    command_line parsed;
    problem why = {0};

    if (size > TEXT_MAX || (size != 0 && memchr(data, '\0', size) != NULL))
        return -1; /* no argument of a command */
    if (size != 0)
        memcpy(text, data, size);
    text[size] = '\0';
    for (char *word = strtok(text, "\n"); word != NULL && count <= WORDS_MAX;
         word = strtok(NULL, "\n"))
        words[count++] = word;
    if (command_line_parse(&parsed, count, words, &why))
        check_understood(&parsed);
    else
        CHECK(why.code == EXIT_CODE_BAD_INPUT && why.text[0] != '\0', "refused");
    command_line_free(&parsed);
    return 0;
}
