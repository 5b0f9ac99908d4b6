#define _GNU_SOURCE
#include "text_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/file.h"

void text_file_open(text_file *of)
{
    *of = (text_file){0};
    of->out = open_memstream(&of->text, &of->size);
}

bool text_file_write(text_file *of, const char *path, problem *why)
{
    bool written =
        of->out != NULL && fclose(of->out) == 0 && file_write_whole(path, of->text, of->size);

    if (!written)
        problem_environment(why, "cannot write %s: %s", path, strerror(errno));
    free(of->text);
    *of = (text_file){0};
    return written;
}
