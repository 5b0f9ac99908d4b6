/* record_<strategy>: an operation program in forms for people.
 *
 *   record_X c INPUT      a conformance test in C that does the same calls, to standard output
 *   record_X dot INPUT    the heap before the last operation, as a graph for graphviz
 *
 * The program runs in a process of its own, which may well die of the fault that it is there to
 * show: what it printed until then is complete but for closing braces, and the last operation it
 * came to is the failing one. Of the expectations only the last ones are kept.
 *
 * The test has node_type for containers and atom_type for the rest, and no finalisers and callbacks.
 * Where there are finalisers that do nothing, only the heap's own order is expected; where user code
 * does something, no test can be written.
 *
 * Exit: 0 written, 1 a file or process failed, 2 bad arguments or no program, 3 user code. */
#include "recorder.h"

#include "machine.h"
#include "operations.h"
#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SCOPES_MAX = 64,
    ROOTS_MAX = PROGRAM_OPERATIONS_MAX,
    LINES_MAX = 1 << 16,
    SECONDS_MAX = 20,
    SCOPE_NAME_MAX = 32
};

/* The first letter of a line tells the parent what it is. */
enum {
    LINE_STATEMENT = 's',
    LINE_EXPECTATIONS = 'e',
    LINE_EXPECTATION = '+',
    LINE_GRAPH = 'g',
    LINE_USER_CODE = 'u'
};

typedef struct scope {
    const mm_var *variables;
    uint32_t count;
    char name[SCOPE_NAME_MAX]; /* unique among those that are open */
} scope;

/* The child's state. */
static struct {
    FILE *out;
    bool graphs;     /* print graphs, not statements */
    bool recording;  /* from the heap's making to the end of the program's outermost block */
    bool finalisers; /* there are some: when their objects go is not the test's to expect */
    bool unnamed;    /* a variable that is none of the program's was met */
    uint32_t calls;  /* that have begun and not returned */
    uint32_t scope_count, root_count;
    scope scopes[SCOPES_MAX];
    mm_root *roots[ROOTS_MAX];
} recorder;

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- In the child: statements ---- */

/* User code has done something that the test cannot do. */
static void note_user_code(void)
{
    if (recorder.recording && !recorder.graphs)
        fprintf(recorder.out, "%c\n", LINE_USER_CODE);
}

static void print_variable(const mm_var *v)
{
    for (uint32_t i = recorder.scope_count; i-- > 0;) {
        const scope *s = recorder.scopes + i;
        if (v < s->variables || v >= s->variables + s->count)
            continue;
        if (v == s->variables)
            fprintf(recorder.out, "%s", s->name);
        else
            fprintf(recorder.out, "%s + %u", s->name, (unsigned)(v - s->variables));
        return;
    }
    fprintf(recorder.out, "NULL");
    if (v != NULL)
        recorder.unnamed = true; /* a variable of user code */
}

static void print_root(const mm_root *root)
{
    uint32_t i = recorder.root_count;

    while (i-- > 0 && recorder.roots[i] != root)
        ;
    fprintf(recorder.out, "roots[%u]", i);
}

static void print_type(mm_type type)
{
    recorder.finalisers |= (type & MM_TYPE_SPECIAL) != 0;
    fprintf(recorder.out, "%s", mm_type_is_container(type) ? "node_type" : "atom_type");
}

static void print_argument(char directive, va_list *arguments)
{
    if (directive == 'v')
        print_variable(va_arg(*arguments, const mm_var *));
    else if (directive == 'r')
        print_root(va_arg(*arguments, const mm_root *));
    else if (directive == 't')
        print_type((mm_type)va_arg(*arguments, unsigned));
    else
        fprintf(recorder.out, "%u", va_arg(*arguments, unsigned));
}

static void say(char kind, const char *format, va_list *arguments)
{
    fputc(kind, recorder.out);
    for (const char *c = format; *c != '\0'; c++) {
        if (*c == '%')
            print_argument(*++c, arguments);
        else
            fputc(*c, recorder.out);
    }
    fputc('\n', recorder.out);
    if (recorder.unnamed)
        note_user_code();
}

static void statement(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(LINE_STATEMENT, format, &arguments);
    va_end(arguments);
}

/* Whether what happens now is the program's own doing and in the test. */
static bool is_printed(void)
{
    return recorder.recording && !recorder.graphs && recorder.calls == 0;
}

void recorder_call(const char *format, ...)
{
    va_list arguments;

    if (is_printed() && format != NULL) {
        va_start(arguments, format);
        say(LINE_STATEMENT, format, &arguments);
        va_end(arguments);
    }
    if (recorder.calls++ != 0)
        note_user_code();
}

void recorder_return(void)
{
    recorder.calls--;
}

void recorder_note_user_code(bool there_is)
{
    if (there_is)
        note_user_code();
}

static void expect(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(LINE_EXPECTATION, format, &arguments);
    va_end(arguments);
}

mm_status recorder_status(mm_status status)
{
    static const char *const names[] = {[MM_OK] = "MM_OK",
                                        [MM_NO_MEMORY] = "MM_NO_MEMORY",
                                        [MM_INVALID] = "MM_INVALID",
                                        [MM_UNSUPPORTED] = "MM_UNSUPPORTED",
                                        [MM_TOO_DEEP] = "MM_TOO_DEEP"};

    recorder_return();
    if (is_printed())
        fprintf(recorder.out, "%cassert_int_equal(status, %s);\n", LINE_STATEMENT, names[status]);
    return status;
}

mm_status recorder_root(mm *m, mm_root **out)
{
    mm_status status;

    if (recorder.root_count == ROOTS_MAX)
        exit(1);
    recorder.roots[recorder.root_count++] = NULL;
    recorder_call("status = mm_root_new(m, &roots[%u]);", recorder.root_count - 1);
    status = recorder_status(mm_root_new(m, out));
    recorder.roots[recorder.root_count - 1] = *out;
    return status;
}

void recorder_begin(const settings *options)
{
    char text[SETTINGS_MAX * SETTING_TEXT_MAX] = "";

    recorder.recording = true;
    if (recorder.graphs)
        return;
    settings_canonical(options, "", text, sizeof text);
    fprintf(recorder.out, "%cmm *m = heap_open(\"%s\");\n", LINE_STATEMENT,
            text[0] == ':' ? text + 1 : "");
    statement("mm_root *roots[%u] = {NULL};", (unsigned)PROGRAM_OPERATIONS_MAX);
    statement("mm_status status = MM_OK;");
    statement("(void)roots, (void)status;");
}

/* ---- In the child: blocks ---- */

static void name_scope(scope *s, const char *name)
{
    uint32_t same = 0;

    for (uint32_t i = 0; i < recorder.scope_count; i++)
        same += strncmp(recorder.scopes[i].name, name, strlen(name)) == 0;
    if (same == 0)
        snprintf(s->name, SCOPE_NAME_MAX, "%s", name);
    else
        snprintf(s->name, SCOPE_NAME_MAX, "%s%u", name, same + 1);
}

void recorder_enter(recorder_scope *marker, const char *name, const mm_var *variables,
                    uint32_t count, bool borrows)
{
    scope *s = recorder.scopes + recorder.scope_count;

    marker->printed =
        recorder.recording && recorder.calls == 0 && recorder.scope_count < SCOPES_MAX;
    if (!marker->printed)
        return;
    name_scope(s, name);
    s->variables = variables;
    s->count = count;
    recorder.scope_count++;
    if (recorder.graphs)
        return;
    fprintf(recorder.out, "%c{\n%c", LINE_STATEMENT, LINE_STATEMENT);
    if (borrows)
        fprintf(recorder.out, "MM_BORROW(m, %s);\n", s->name);
    else
        fprintf(recorder.out, "MM_VARS(m, %s, %u);\n", s->name, count);
}

/* Giving up the variables is a call too. */
void recorder_leave(recorder_scope **marker)
{
    (void)marker;
    recorder.calls++;
}

/* The second block is the program's outermost: with its end the program is over. */
void recorder_left(recorder_scope *marker)
{
    recorder.calls--;
    if (!marker->printed)
        return;
    recorder.scope_count--;
    if (is_printed())
        statement("}");
    if (recorder.scope_count == 1)
        recorder.recording = false;
}

/* ---- In the child: expectations ---- */

static uint32_t size_of(const model *k, const model_set *set)
{
    uint32_t size = 0;

    MODEL_EACH (k, set, id)
        size++;
    return size;
}

static bool has_collected(const oracle *o)
{
    mm_stats stats;
    uint64_t collections = 0;

    mm_get_stats(o->heap, &stats);
    for (int g = 0; g < MM_GENERATIONS_MAX; g++)
        collections += stats.collections[g];
    return o->collected || collections != o->collections;
}

static uint32_t serial_of(const oracle *o, uint32_t id)
{
    uint32_t serial = 1;

    while (serial < MODEL_IDS_MAX && o->ids[serial] != id)
        serial++;
    return serial;
}

/* The bounds are the oracle's, as numbers of objects: see oracle.h. */
void recorder_expect(const oracle *o)
{
    model_set kept, reachable;

    if (!is_printed())
        return;
    fprintf(recorder.out, "%cheap_verify(m);\n", LINE_EXPECTATIONS);
    if (recorder.finalisers)
        return;
    oracle_kept_uncollected(o, &kept);
    model_take_all(o->model, &kept, &o->taken);
    model_reachable(o->model, NULL, &reachable);
    expect("assert_in_range(objects_live(m), %u, %u);",
           size_of(o->model, has_collected(o) ? &reachable : &kept), size_of(o->model, &kept));
    for (uint32_t i = 0; i < MODEL_OWNERS_MAX; i++) {
        if (o->variables[i] != NULL && o->model->owners[i] != 0)
            expect("assert_int_equal(mm_serial(%v), %u);", o->variables[i],
                   serial_of(o, o->model->owners[i]));
    }
}

/* ---- In the child: graphs ---- */

static void print_owners(const machine *x)
{
    for (uint32_t i = 0; i < PROGRAM_VARIABLES; i++) {
        if (x->model.owners[i] != 0)
            fprintf(recorder.out, "%cv%u [shape=plaintext]; v%u -> %u;\n", LINE_STATEMENT, i, i,
                    x->model.owners[i]);
    }
    for (uint32_t i = OWNER_BLOCKS; i < OWNER_ROOTS; i++) {
        uint32_t block = (i - OWNER_BLOCKS) / BLOCK_OWNERS,
                 local = (i - OWNER_BLOCKS) % BLOCK_OWNERS;
        if (x->model.owners[i] != 0)
            fprintf(
                recorder.out,
                "%cblock%u_%u [shape=plaintext, label=\"%s%u of block %u\"]; block%u_%u -> %u;\n",
                LINE_STATEMENT, block, local, local == KEEPER ? "kept" : "l", local, block, block,
                local, x->model.owners[i]);
    }
    for (uint32_t i = 0; i < PROGRAM_ROOTS; i++) {
        if (x->model.owners[OWNER_ROOTS + i] != 0)
            fprintf(recorder.out, "%cr%u [shape=diamond]; r%u -> %u;\n", LINE_STATEMENT, i, i,
                    x->model.owners[OWNER_ROOTS + i]);
    }
}

/* What refers to what: the slots with their numbers, and a weak reference's referent. */
static void print_references(model *k, uint32_t id)
{
    uint32_t referent = k->objects[id].referent;

    for (uint32_t i = 0; i < k->objects[id].slot_count; i++) {
        if (*model_slot(k, id, i) != 0)
            fprintf(recorder.out, "%c%u -> %u [label=%u];\n", LINE_STATEMENT, id,
                    *model_slot(k, id, i), i);
    }
    if (referent != 0 && !k->objects[id].cleared)
        fprintf(recorder.out, "%c%u -> %u [style=dotted];\n", LINE_STATEMENT, id, referent);
}

static void print_objects(machine *x)
{
    model *k = &x->model;
    model_set reachable;

    model_reachable(k, NULL, &reachable);
    MODEL_EACH (k, &x->oracle.alive, id) {
        fprintf(recorder.out, "%c%u [label=\"%u %s\"%s];\n", LINE_STATEMENT, id, id,
                shape_table[k->objects[id].shape].name,
                model_has(&reachable, id) ? "" : ", style=dashed, color=gray, fontcolor=gray40");
        print_references(k, id);
    }
}

/* The heap as the model has it, before the operation. */
static void print_graph(machine *x)
{
    char line[TEXT_LINE_MAX];

    if (!recorder.graphs || x->oracle.operation == NULL)
        return;
    text_format_operation(x->oracle.operation, line);
    fprintf(recorder.out, "%cdigraph heap {\n", LINE_GRAPH);
    fprintf(recorder.out,
            "%clabel=\"before operation %u: %s\\l%s; gray: unreachable; dotted: weak\\l\";\n",
            LINE_STATEMENT, x->oracle.operation_index, line, MM_STRATEGY_NAME);
    fprintf(recorder.out,
            "%cbgcolor=white; fontname=\"sans-serif\"; node [shape=box, fontname=\"sans-serif\"]; "
            "edge [fontname=\"sans-serif\", fontsize=10];\n",
            LINE_STATEMENT);
    print_owners(x);
    print_objects(x);
    fprintf(recorder.out, "%c}\n", LINE_STATEMENT);
}

/* The machine's table of operations, with a picture before each. */
#define RECORDED(name, a, b, c)                                                       \
    static void recorded_##name(machine *x, const uint8_t operands[PROGRAM_OPERANDS]) \
    {                                                                                 \
        print_graph(x);                                                               \
        operations[OPERATION_##name](x, operands);                                    \
    }
PROGRAM_OPERATIONS(RECORDED)
#undef RECORDED

perform *const recorded_operations[OPERATION_COUNT] = {
#define RECORDED(name, a, b, c) [OPERATION_##name] = recorded_##name,
    PROGRAM_OPERATIONS(RECORDED)
#undef RECORDED
};

/* ---- In the parent ---- */

typedef struct lines {
    char *line[LINES_MAX]; /* with its kind in front */
    size_t count;
} lines;

/* Of graphs and of expectations only the last ones count. */
static void forget_last(lines *all, bool graph)
{
    size_t kept = 0;

    for (size_t i = 0; i < all->count; i++) {
        char kind = all->line[i][0];
        if (!graph && kind != LINE_EXPECTATION && kind != LINE_EXPECTATIONS)
            all->line[kept++] = all->line[i];
        else
            free(all->line[i]);
    }
    all->count = kept;
}

static void read_lines(FILE *from, lines *all)
{
    char *line = NULL;
    size_t capacity = 0;

    while (getline(&line, &capacity, from) > 0 && all->count < LINES_MAX) {
        if (strchr(line, '\n') == NULL)
            break; /* torn by the end of the child */
        if (*line == LINE_GRAPH || *line == LINE_EXPECTATIONS)
            forget_last(all, *line == LINE_GRAPH);
        all->line[all->count++] = strdup(line);
    }
    free(line);
}

/* Runs the program in a child and reads what it prints. */
static void record(const program *p, bool graphs, lines *all)
{
    machine_failure failure;
    int ends[2];
    pid_t child;
    FILE *from;

    if (pipe(ends) != 0 || (child = fork()) < 0)
        fail("fork");
    if (child == 0) {
        alarm(SECONDS_MAX);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        recorder.out = fdopen(ends[1], "w");
        setvbuf(recorder.out, NULL, _IOLBF, 0);
        recorder.graphs = graphs;
        failure = machine_failure_of(p);
        machine_run(p, &failure);
        _exit(0);
    }
    close(ends[1]);
    from = fdopen(ends[0], "r");
    if (from == NULL)
        fail("pipe");
    read_lines(from, all);
    fclose(from);
    waitpid(child, NULL, 0);
}

static void print_comment(const program *p)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        fail("memory");
    text_write(p, out);
    fclose(out);
    printf("/* Recorded from this operation program on the strategy %s:\n *\n", MM_STRATEGY_NAME);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        printf(" *     %s\n", line);
    printf(" */\n#include \"conformance.h\"\n\n");
    free(text);
}

static bool has_user_code(const lines *all)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->line[i][0] == LINE_USER_CODE)
            return true;
    }
    return false;
}

static int print_test(const program *p, const lines *all)
{
    int depth = 1;

    if (has_user_code(all)) {
        fprintf(stderr,
                "user code (finalisers, callbacks, resources, saved garbage) takes part in it, "
                "which a test in C does not have\n");
        return 3;
    }
    print_comment(p);
    printf("static void the_heap_is_what_the_program_made(void **state)\n{\n    (void)state;\n");
    for (size_t i = 0; i < all->count; i++) {
        const char *line = all->line[i] + 1;
        depth -= *line == '}';
        printf("%*s%s", 4 * depth, "", line);
        depth += *line == '{';
    }
    for (; depth > 1; depth--) /* of the blocks in which the program died */
        printf("%*s}\n", 4 * (depth - 1), "");
    printf("    heap_end(m);\n}\n\n"
           "int main(void)\n{\n"
           "    const struct CMUnitTest tests[] = "
           "{cmocka_unit_test(the_heap_is_what_the_program_made)};\n\n"
           "    return TESTS_RUN(\"recorded\", tests);\n}\n");
    return fflush(stdout) != 0;
}

static int print_last_graph(const lines *all)
{
    for (size_t i = 0; i < all->count; i++)
        printf("%s", all->line[i] + 1);
    return fflush(stdout) != 0 || all->count == 0;
}

static bool read_program(const char *path, program *p)
{
    static uint8_t bytes[PROGRAM_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL)
        fail(path);
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return program_decode(bytes, size, p);
}

int main(int argc, char **argv)
{
    static program p;
    static lines all;
    bool graphs = argc == 3 && strcmp(argv[1], "dot") == 0;

    if (!graphs && !(argc == 3 && strcmp(argv[1], "c") == 0)) {
        fprintf(stderr, "usage: %s c|dot INPUT\n", argv[0]);
        return 2;
    }
    if (!read_program(argv[2], &p)) {
        fprintf(stderr, "%s: no operation program\n", argv[2]);
        return 2;
    }
    record(&p, graphs, &all);
    return graphs ? print_last_graph(&all) : print_test(&p, &all);
}
