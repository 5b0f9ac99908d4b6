#define _GNU_SOURCE
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "remaining.h"
#include "summary.h"
#include "table.h"
#include "text.h"
#include "units.h"

progress progress_begin(const plan *planned, const store *from)
{
    return (progress){.planned = planned, .from = from, .on_terminal = isatty(STDOUT_FILENO)};
}

static void print_time_left(FILE *out, const progress *shown)
{
    char time[UNIT_TEXT_MAX];
    double seconds = remaining_seconds(shown->planned, shown->from);

    if (isnan(seconds))
        return;
    unit_time_left(time, seconds);
    fprintf(out, ", %s left", time);
}

/* -- the terminal -- */

static size_t terminal_lines(void)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
        return 24;
    return size.ws_row;
}

static void clear_drawn(progress *shown)
{
    printf("\r\033[K");
    if (shown->lines_drawn > 0)
        printf("\033[%zuA\033[J", shown->lines_drawn);
    shown->lines_drawn = 0;
}

/* Prints as many lines as fit, so that they can be redrawn in place: a terminal cannot go back to
 * what has scrolled away. */
static void print_lines_that_fit(progress *shown, const char *text)
{
    size_t room = terminal_lines() > 4 ? terminal_lines() - 3 : 1, hidden = 0;

    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (shown->lines_drawn < room) {
            printf("%.*s\n", (int)length, line);
            shown->lines_drawn++;
        } else {
            hidden++;
        }
        line += length + (line[length] == '\n');
    }
    if (hidden > 0) {
        printf("(%zu more lines at the end of the run)\n", hidden);
        shown->lines_drawn++;
    }
}

static void draw_table(progress *shown)
{
    summary made = summary_make(shown->planned, shown->from);
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);

    if (memory != NULL) {
        table_print(memory, &made);
        fclose(memory);
        clear_drawn(shown);
        print_lines_that_fit(shown, text);
        free(text);
    }
    summary_free(&made);
}

/* -- the calls of the run -- */

void progress_sample(const progress *shown, size_t cell_index, size_t repetition, const char *kind)
{
    const cell *of = &shown->planned->cells[cell_index];

    if (!shown->on_terminal)
        return;
    if (repetition == 0)
        printf("\r\033[Kcounting");
    else
        printf("\r\033[Krepetition %zu of %zu", repetition, plan_rounds(shown->planned));
    if (kind[0] != '\0')
        printf(", %s", kind);
    print_time_left(stdout, shown);
    printf(": %.24s on %.30s", of->row, of->spec);
    fflush(stdout);
}

void progress_repetition(progress *shown, size_t repetition)
{
    if (shown->on_terminal) {
        if (repetition > 0)
            draw_table(shown);
        return;
    }
    if (repetition == 0)
        fprintf(stderr, "counted");
    else
        fprintf(stderr, "repetition %zu of %zu", repetition, plan_rounds(shown->planned));
    fprintf(stderr, ": %zu samples left", remaining_samples(shown->planned, shown->from));
    print_time_left(stderr, shown);
    fprintf(stderr, "\n");
}

void progress_end(progress *shown)
{
    if (shown->on_terminal)
        clear_drawn(shown);
    fflush(stdout);
}
