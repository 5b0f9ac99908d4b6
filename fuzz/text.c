#include "text.h"

#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r\n";

/* ---- Writing ---- */

static void format_operand(operand_kind kind, unsigned value, char *out, size_t size)
{
    switch (kind) {
    case OPERAND_NONE:
        break;
    case OPERAND_OWNER:
    case OPERAND_SOURCE:
        if (value == PROGRAM_BORROWED)
            snprintf(out, size, " b");
        else if (value < PROGRAM_VARIABLES)
            snprintf(out, size, " v%u", value);
        else
            snprintf(out, size, " l%u", value - PROGRAM_VARIABLES);
        break;
    case OPERAND_ROOT:
        snprintf(out, size, " r%u", value);
        break;
    case OPERAND_SHAPE:
        snprintf(out, size, " %s", shape_table[value].name);
        break;
    case OPERAND_MORTAL:
        snprintf(out, size, " %s", shape_table[SHAPE_MORTAL + value].name);
        break;
    case OPERAND_SLOT_PAIR:
        snprintf(out, size, " %u/%u", value % 16, value / 16);
        break;
    case OPERAND_SLOT:
    case OPERAND_NUMBER:
        snprintf(out, size, " %u", value);
        break;
    }
}

void text_format_operation(const operation *o, char line[TEXT_LINE_MAX])
{
    const operation_info *info = operation_table + o->code;

    snprintf(line, TEXT_LINE_MAX, "%s", info->name);
    for (int i = 0; i < PROGRAM_OPERANDS; i++) {
        size_t length = strlen(line);
        format_operand(info->operands[i], o->operands[i], line + length, TEXT_LINE_MAX - length);
    }
}

static bool opens_block(const operation *o)
{
    return o->code == OPERATION_enter || o->code == OPERATION_borrow ||
           o->code == OPERATION_behaviour || o->code == OPERATION_resource;
}

void text_write(const program *p, FILE *out)
{
    char line[TEXT_LINE_MAX];
    int depth = 0;

    for (int i = KNOB_version + 1; i < KNOB_COUNT; i++) {
        if (p->knobs[i] != 0)
            fprintf(out, "%s %u\n", knob_names[i], p->knobs[i]);
    }
    for (uint32_t i = 0; i < p->operation_count; i++) {
        const operation *o = p->operations + i;
        if (o->code == OPERATION_leave && depth > 0)
            depth--;
        text_format_operation(o, line);
        fprintf(out, "%*s%s\n", 4 * depth, "", line);
        depth += opens_block(o);
    }
}

/* ---- Reading ---- */

typedef struct reader {
    char *rest; /* of the line, for strtok_r */
    int line;
    char *message;
} reader;

static bool refuse(const reader *r, const char *found, const char *accepted)
{
    snprintf(r->message, TEXT_MESSAGE_MAX, "line %d: found \"%s\", accepted: %s", r->line,
             found != NULL ? found : "end of line", accepted);
    return false;
}

static char *next_word(reader *r)
{
    return strtok_r(NULL, blanks, &r->rest);
}

static bool read_number(const char *word, unsigned limit, unsigned *out)
{
    char *end;
    unsigned long value;

    if (word == NULL || *word < '0' || *word > '9')
        return false;
    value = strtoul(word, &end, 10);
    *out = (unsigned)value;
    return *end == '\0' && value < limit;
}

/* `v3` as 3, with the letter and the number of names given. */
static bool read_name(const char *word, char letter, unsigned count, unsigned *out)
{
    return word != NULL && word[0] == letter && read_number(word + 1, count, out);
}

static bool read_variable(const char *word, bool source, unsigned *out)
{
    if (read_name(word, 'v', PROGRAM_VARIABLES, out))
        return true;
    if (read_name(word, 'l', PROGRAM_LOCALS, out)) {
        *out += PROGRAM_VARIABLES;
        return true;
    }
    *out = PROGRAM_BORROWED;
    return source && word != NULL && strcmp(word, "b") == 0;
}

/* One of `count` shapes from `first` on. */
static bool read_shape(const char *word, unsigned first, unsigned count, unsigned *out)
{
    for (*out = 0; word != NULL && *out < count; ++*out) {
        if (strcmp(word, shape_table[first + *out].name) == 0)
            return true;
    }
    return false;
}

static bool read_slot_pair(char *word, unsigned *out)
{
    unsigned first, second;
    char *slash = word != NULL ? strchr(word, '/') : NULL;

    if (slash == NULL)
        return false;
    *slash = '\0';
    if (!read_number(word, 16, &first) || !read_number(slash + 1, 16, &second)) {
        *slash = '/';
        return false;
    }
    *out = first + 16 * second;
    return true;
}

static bool read_operand(reader *r, operand_kind kind, uint8_t *out)
{
    char *word = kind != OPERAND_NONE ? next_word(r) : NULL;
    unsigned value = 0;

    switch (kind) {
    case OPERAND_NONE:
        break;
    case OPERAND_OWNER:
        if (!read_variable(word, false, &value))
            return refuse(r, word, "v0 to v7, l0 to l3");
        break;
    case OPERAND_SOURCE:
        if (!read_variable(word, true, &value))
            return refuse(r, word, "v0 to v7, l0 to l3, b");
        break;
    case OPERAND_ROOT:
        if (!read_name(word, 'r', PROGRAM_ROOTS, &value))
            return refuse(r, word, "r0 to r3");
        break;
    case OPERAND_SHAPE:
        if (!read_shape(word, 0, SHAPE_PLAIN_COUNT, &value))
            return refuse(r, word, "the name of a shape, such as pair");
        break;
    case OPERAND_MORTAL:
        if (!read_shape(word, SHAPE_MORTAL, SHAPE_WEAK - SHAPE_MORTAL, &value))
            return refuse(r, word, "pair, box, atom or node");
        break;
    case OPERAND_SLOT_PAIR:
        if (!read_slot_pair(word, &value))
            return refuse(r, word, "two slots from 0 to 15, such as 1/0");
        break;
    case OPERAND_SLOT:
    case OPERAND_NUMBER:
        if (!read_number(word, 256, &value))
            return refuse(r, word, "0 to 255");
        break;
    }
    *out = (uint8_t)value;
    return true;
}

static bool read_operation(reader *r, uint8_t code, program *p)
{
    operation *o = p->operations + p->operation_count;

    if (p->operation_count == PROGRAM_OPERATIONS_MAX)
        return refuse(r, operation_table[code].name, "at most 512 operations");
    *o = (operation){.code = code};
    for (int i = 0; i < PROGRAM_OPERANDS; i++) {
        if (!read_operand(r, operation_table[code].operands[i], o->operands + i))
            return false;
    }
    p->operation_count++;
    return true;
}

static bool read_knob(reader *r, int knob, program *p)
{
    if (p->operation_count != 0)
        return refuse(r, knob_names[knob], "knobs before the first operation");
    return read_operand(r, OPERAND_NUMBER, p->knobs + knob);
}

static bool read_statement(reader *r, const char *name, program *p)
{
    for (int i = 0; i < OPERATION_COUNT; i++) {
        if (strcmp(name, operation_table[i].name) == 0)
            return read_operation(r, (uint8_t)i, p);
    }
    for (int i = KNOB_version + 1; i < KNOB_COUNT; i++) {
        if (strcmp(name, knob_names[i]) == 0)
            return read_knob(r, i, p);
    }
    return refuse(r, name, "a knob or an operation of fuzz/program.h");
}

static bool read_line(reader *r, char *line, program *p)
{
    const char *name;
    char *extra;

    line[strcspn(line, "#")] = '\0';
    name = strtok_r(line, blanks, &r->rest);
    if (name == NULL)
        return true;
    if (!read_statement(r, name, p))
        return false;
    extra = next_word(r);
    return extra == NULL || refuse(r, extra, "no more operands");
}

bool text_read(FILE *in, program *out, char message[TEXT_MESSAGE_MAX])
{
    reader r = {.message = message};
    char *line = NULL;
    size_t capacity = 0;
    bool good = true;

    program_open(out);
    while (good && getline(&line, &capacity, in) >= 0) {
        r.line++;
        good = read_line(&r, line, out);
    }
    free(line);
    return good;
}
