/* fuzz_minimise: the smallest operation program that fails in the same way.
 *
 *   fuzz_minimise REPLAY INPUT          prints how REPLAY fails on INPUT, whatever kind of input
 *   fuzz_minimise REPLAY INPUT OUTPUT
 *
 * REPLAY is a replay program; INPUT makes it fail. Leaves out operations (half of them at a time,
 * then a quarter, …, then one, then any two of a short program), sets knobs to 0 and operands to their first value, as long as what
 * fails stays the same: the name of the violation, the assertion, or the sanitizer's finding with
 * the functions on top of its stack.
 * Writes the result to OUTPUT and prints what fails. Deterministic; every try is a process.
 *
 * Exit: 0 written, 1 a file or process failed, 2 bad arguments, 3 INPUT does not fail. */
#include "program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGNATURE_MAX = 512, TRY_SECONDS_MAX = 5, WAIT_SECONDS_MAX = 300, PAIRS_MAX = 40 };

typedef struct minimiser {
    const char *replay, *input;
    char signature[SIGNATURE_MAX];
    unsigned tries;
} minimiser;

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void write_input(const char *path, const program *p)
{
    uint8_t bytes[PROGRAM_BYTES_MAX];
    size_t size = program_encode(p, bytes);
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        fail(path);
}

/* Cuts `text` behind the first `separators` colons that follow `prefix`. */
static void cut_at_colon(char *text, size_t prefix, int separators)
{
    char *colon = text + prefix;

    while (separators-- > 0 && (colon = strchr(colon, ':')) != NULL)
        colon++;
    if (colon != NULL)
        colon[-1] = '\0';
}

/* Numbers differ from run to run: addresses, sizes, values. */
static void erase_numbers(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        bool digit = *from >= '0' && *from <= '9';
        if (!digit)
            *to++ = *from;
        else if (to == text || to[-1] != '#')
            *to++ = '#';
    }
    *to = '\0';
}

/* `violation: name`, and of the heap verifier the invariant too. */
static void sign_violation(const char *found, char out[SIGNATURE_MAX])
{
    static const char prefix[] = "violation: ", verifier[] = "violation: mm_check:";

    snprintf(out, SIGNATURE_MAX, "%s", found);
    cut_at_colon(out, sizeof prefix - 1, strncmp(found, verifier, sizeof verifier - 1) ? 1 : 2);
}

/* `SUMMARY: AddressSanitizer: heap-use-after-free FILE:LINE in FUNCTION` without the place, which
 * changes with every edit; with the functions on top of the stack instead. */
static void sign_summary(const char *found, const char *functions, char out[SIGNATURE_MAX])
{
    int length = (int)strcspn(found, "/(");

    if (*functions != '\0')
        snprintf(out, SIGNATURE_MAX, "%.*sin %s", length, found, functions);
    else
        snprintf(out, SIGNATURE_MAX, "%s", found);
    erase_numbers(out);
}

/* Cuts a line to what is the same for every input with the same fault. `functions`, which keeps
 * what an earlier line had to say, is the sanitizer's token for the stack of the access. */
static bool read_signature(char *line, char functions[SIGNATURE_MAX], char out[SIGNATURE_MAX])
{
    static const char token[] = "DEDUP_TOKEN: ";
    const char *found;

    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, token, sizeof token - 1) == 0 && *functions == '\0')
        snprintf(functions, SIGNATURE_MAX, "%.*s", SIGNATURE_MAX / 2, line + sizeof token - 1);
    if ((found = strstr(line, "violation: ")) != NULL)
        sign_violation(found, out);
    else if ((found = strstr(line, "SUMMARY: ")) != NULL)
        sign_summary(found, functions, out);
    else if ((found = strstr(line, "Assertion ")) != NULL)
        snprintf(out, SIGNATURE_MAX, "%s", found);
    else if ((found = strstr(line, "runtime error: ")) != NULL) {
        snprintf(out, SIGNATURE_MAX, "%s", found);
        erase_numbers(out);
    }
    return found != NULL;
}

/* The time that counts is the processor's: beside other work an input takes longer, and is no hang.
 */
static _Noreturn void run_replay(const minimiser *z, int errors)
{
    const struct rlimit seconds = {TRY_SECONDS_MAX, TRY_SECONDS_MAX + 1};

    setrlimit(RLIMIT_CPU, &seconds);
    alarm(WAIT_SECONDS_MAX);
    dup2(errors, STDERR_FILENO);
    execl(z->replay, z->replay, z->input, (char *)NULL);
    fail(z->replay);
}

/* How REPLAY fails on the file `input`; false when it does not. */
static bool signature_of(minimiser *z, char out[SIGNATURE_MAX])
{
    char line[4096], functions[SIGNATURE_MAX] = "";
    int ends[2], status;
    pid_t child;
    FILE *errors;
    bool found = false;

    if (pipe(ends) != 0 || (child = fork()) < 0)
        fail("fork");
    if (child == 0)
        run_replay(z, ends[1]);
    close(ends[1]);
    errors = fdopen(ends[0], "r");
    while (errors != NULL && fgets(line, sizeof line, errors) != NULL)
        found = found || read_signature(line, functions, out);
    fclose(errors);
    if (waitpid(child, &status, 0) < 0)
        fail("waitpid");
    if (!found && WIFSIGNALED(status) &&
        (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGALRM))
        snprintf(out, SIGNATURE_MAX, "hang: no end within %d seconds", TRY_SECONDS_MAX);
    else if (!found)
        snprintf(out, SIGNATURE_MAX, "exit: status %d", status);
    z->tries++;
    return status != 0;
}

static bool still_fails(minimiser *z, const program *p)
{
    char signature[SIGNATURE_MAX];

    write_input(z->input, p);
    return signature_of(z, signature) && strcmp(signature, z->signature) == 0;
}

static void leave_out(const program *p, uint32_t from, uint32_t count, program *shorter)
{
    *shorter = *p;
    shorter->operation_count -= count;
    memmove(shorter->operations + from, shorter->operations + from + count,
            (p->operation_count - from - count) * sizeof *p->operations);
}

/* Leaves out runs of `count` operations wherever that still fails, from the end. */
static bool leave_out_all(minimiser *z, program *p, uint32_t count)
{
    static program shorter;
    bool changed = false;

    for (uint32_t from = p->operation_count; from-- > 0;) {
        if (from + count > p->operation_count)
            continue;
        leave_out(p, from, count, &shorter);
        if (still_fails(z, &shorter)) {
            *p = shorter;
            changed = true;
        }
        from -= from >= count ? count - 1 : from;
    }
    return changed;
}

/* Leaves out two operations that need each other, such as the two ends of a block. */
static bool leave_out_pair(minimiser *z, program *p)
{
    static program without, shorter;

    for (uint32_t last = p->operation_count; last-- > 1;) {
        leave_out(p, last, 1, &without);
        for (uint32_t first = last; first-- > 0;) {
            leave_out(&without, first, 1, &shorter);
            if (!still_fails(z, &shorter))
                continue;
            *p = shorter;
            return true;
        }
    }
    return false;
}

/* Sets a byte to 0 if that still fails. */
static bool clear_byte(minimiser *z, program *p, uint8_t *byte)
{
    uint8_t kept = *byte;

    if (kept == 0)
        return false;
    *byte = 0;
    if (still_fails(z, p))
        return true;
    *byte = kept;
    return false;
}

static bool clear_bytes(minimiser *z, program *p)
{
    bool changed = false;

    for (int i = KNOB_version + 1; i < KNOB_COUNT; i++)
        changed |= clear_byte(z, p, p->knobs + i);
    for (uint32_t i = 0; i < p->operation_count; i++) {
        for (int j = 0; j < PROGRAM_OPERANDS; j++)
            changed |= clear_byte(z, p, p->operations[i].operands + j);
    }
    return changed;
}

static void minimise(minimiser *z, program *p)
{
    bool changed;

    for (uint32_t count = (p->operation_count + 1) / 2; count > 1; count /= 2)
        leave_out_all(z, p, count);
    do {
        changed = leave_out_all(z, p, 1);
        changed |= clear_bytes(z, p);
        changed = changed || (p->operation_count <= PAIRS_MAX && leave_out_pair(z, p));
    } while (changed);
}

static bool read_program(const char *path, program *p)
{
    uint8_t bytes[PROGRAM_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL)
        fail(path);
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return program_decode(bytes, size, p);
}

static int say_signature(minimiser *z)
{
    if (!signature_of(z, z->signature)) {
        fprintf(stderr, "%s does not fail on %s\n", z->replay, z->input);
        return 3;
    }
    printf("%s\n", z->signature);
    return 0;
}

int main(int argc, char **argv)
{
    static program p;
    minimiser z = {0};
    int status;

    if ((argc != 3 && argc != 4) || (argc == 4 && !read_program(argv[2], &p))) {
        fprintf(stderr, "usage: fuzz_minimise REPLAY INPUT [OUTPUT], where INPUT is an operation "
                        "program if there is an OUTPUT\n");
        return 2;
    }
    z.replay = argv[1];
    z.input = argv[argc - 1]; /* every try is written there */
    if (argc == 4)
        write_input(z.input, &p);
    status = say_signature(&z);
    if (argc == 3 || status != 0)
        return status;
    minimise(&z, &p);
    write_input(z.input, &p);
    fprintf(stderr, "%u operations are left after %u tries\n", p.operation_count, z.tries);
    return 0;
}
