/* `reclaim`: measures strategies of memory management side by side. It knows no strategy and no
 * workload; it runs the programs bench_* and count_* beside it and reads the JSON that they write.
 * docs/contract.md says what passes between them. */
#include <stdio.h>

#include "command_line.h"
#include "compare.h"
#include "doctor.h"
#include "inspect.h"
#include "list.h"
#include "report.h"
#include "run.h"
#include "self_test.h"

static int execute(const command_line *asked, problem *why)
{
    if (asked->version) {
        printf("reclaim %s\n", RECLAIM_VERSION);
        return EXIT_CODE_OK;
    }
    if (asked->help) {
        command_line_print_help(asked->verb);
        return EXIT_CODE_OK;
    }
    switch (asked->verb) {
    case VERB_LIST:
        return list_command(asked, why);
    case VERB_RUN:
    case VERB_CURVE:
        return run_command(asked, why);
    case VERB_COMPARE:
        return compare_command(asked, why);
    case VERB_DOCTOR:
        return doctor_command(asked, why);
    case VERB_SELF_TEST:
        return self_test_command(asked, why);
    case VERB_INSPECT:
        return inspect_command(asked, why);
    case VERB_REPORT:
    case VERB_NONE:
    default:
        return report_command(asked, why);
    }
}

int main(int argc, char **argv)
{
    problem why = {.code = EXIT_CODE_OK};
    command_line asked;
    int code;

    if (command_line_parse(&asked, argc, argv, &why))
        code = execute(&asked, &why);
    else
        code = why.code;
    if (code != EXIT_CODE_OK && why.text[0] != '\0')
        fprintf(stderr, "reclaim: %s\n", why.text);
    command_line_free(&asked);
    return code;
}
