#include "program.h"

#include <string.h>

const operation_info operation_table[OPERATION_COUNT] = {
#define OPERATION_ENTRY(name, a, b, c) \
    [OPERATION_##name] = {#name, {OPERAND_##a, OPERAND_##b, OPERAND_##c}},
    PROGRAM_OPERATIONS(OPERATION_ENTRY)
#undef OPERATION_ENTRY
};

const char *const knob_names[KNOB_COUNT] = {
#define KNOB_NAME(name) #name,
    PROGRAM_KNOBS(KNOB_NAME)
#undef KNOB_NAME
};

const shape_info shape_table[SHAPE_COUNT] = {
    [SHAPE_PAIR] = {"pair", true, 2, true},        [SHAPE_BOX] = {"box", true, 1, false},
    [SHAPE_ATOM] = {"atom", false, 0, true},       [SHAPE_TRIPLE] = {"triple", true, 3, true},
    [SHAPE_LEAF] = {"leaf", true, 0, true},        [SHAPE_NODE] = {"node", true, 5, true},
    [SHAPE_TABLE] = {"table", true, 12, true},     [SHAPE_MORTAL_PAIR] = {"pair", true, 2, true},
    [SHAPE_MORTAL_BOX] = {"box", true, 1, false},  [SHAPE_MORTAL_ATOM] = {"atom", false, 0, true},
    [SHAPE_MORTAL_NODE] = {"node", true, 5, true}, [SHAPE_WEAK] = {"weak", true, 1, false},
};

/* Operands as in program.h: 0…7 are v0…v7, 8 is l0, the object itself. */
const operation default_behaviours[PROGRAM_BEHAVIOURS][DEFAULT_BEHAVIOUR_MAX] = {
    {{OPERATION_leave, {0}}},
    {{OPERATION_set, {1, 8}}, {OPERATION_leave, {0}}},     /* resurrect */
    {{OPERATION_load, {2, 8, 0}}, {OPERATION_leave, {0}}}, /* resurrect a neighbour */
    {{OPERATION_load, {10, 8, 0}}, {OPERATION_unset, {10, 0}}, {OPERATION_leave, {0}}},
    {{OPERATION_new, {3, SHAPE_PAIR, 0}}, {OPERATION_store, {3, 0, 8}}, {OPERATION_leave, {0}}},
    {{OPERATION_collect, {2}}, {OPERATION_leave, {0}}},
    {{OPERATION_weak_new, {4, 8, 3}}, {OPERATION_clear, {8}}, {OPERATION_leave, {0}}},
    {{OPERATION_drop, {0}}, {OPERATION_leave, {0}}},
};

/* A code byte is a ticket: random bytes draw common operations more often. Append only; a ticket
 * keeps its meaning for good. */
#define TICKET(name) OPERATION_##name
static const uint8_t lottery[] = {
    TICKET(new), TICKET(new), TICKET(new), TICKET(new), TICKET(new), TICKET(new), TICKET(set),
    TICKET(set), TICKET(move), TICKET(clear), TICKET(clear), TICKET(clear), TICKET(load),
    TICKET(load), TICKET(load), TICKET(take), TICKET(take), TICKET(store), TICKET(store),
    TICKET(store), TICKET(store), TICKET(store), TICKET(store), TICKET(store_move),
    TICKET(store_move), TICKET(unset), TICKET(unset), TICKET(copy_slot), TICKET(copy_slot),
    TICKET(borrow), TICKET(borrow), TICKET(reborrow), TICKET(enter), TICKET(leave), TICKET(leave),
    TICKET(leave), TICKET(root_new), TICKET(root_new), TICKET(root_get), TICKET(root_set),
    TICKET(root_set), TICKET(root_free), TICKET(request_begin), TICKET(request_end),
    TICKET(safepoint), TICKET(collect), TICKET(collect), TICKET(collect), TICKET(collect_all),
    TICKET(enable), TICKET(disable), TICKET(set_threshold), TICKET(program_end), TICKET(check),
    TICKET(chain), TICKET(ring), TICKET(clique), TICKET(fan), TICKET(drop),
    /* version 1 ends here */
    TICKET(fill), TICKET(fill),
    /* version 2 ends here */
    TICKET(behaviour), TICKET(behaviour), TICKET(behaviour), TICKET(new_mortal), TICKET(new_mortal),
    TICKET(new_mortal), TICKET(new_mortal), TICKET(mortal_ring), TICKET(mortal_ring),
    TICKET(weak_new), TICKET(weak_new), TICKET(weak_new), TICKET(weak_with), TICKET(weak_with),
    TICKET(weak_load), TICKET(weak_load), TICKET(immortalise), TICKET(freeze), TICKET(unfreeze),
    TICKET(set_debug), TICKET(garbage_get), TICKET(garbage_get), TICKET(garbage_clear),
    TICKET(watch), TICKET(unwatch), TICKET(query), TICKET(resource),
    /* version 3 ends here */
};

/* How many tickets there were, by version. */
static const uint8_t lottery_length[PROGRAM_VERSION + 1] = {
    [1] = 59, [2] = 61, [3] = sizeof lottery};

/* How many knobs there were; those that came later were not looked at. */
static const uint8_t knob_count[PROGRAM_VERSION + 1] = {
    [1] = KNOB_keep_roots + 1, [2] = KNOB_keep_roots + 1, [3] = KNOB_COUNT};

void program_open(program *p)
{
    memset(p->knobs, 0, sizeof p->knobs);
    p->knobs[KNOB_version] = PROGRAM_VERSION;
    p->operation_count = 0;
}

unsigned operand_range(operand_kind kind)
{
    switch (kind) {
    case OPERAND_NONE:
        return 1;
    case OPERAND_OWNER:
        return PROGRAM_OWNERS;
    case OPERAND_SOURCE:
        return PROGRAM_OWNERS + 1;
    case OPERAND_ROOT:
        return PROGRAM_ROOTS;
    case OPERAND_SHAPE:
        return SHAPE_PLAIN_COUNT;
    case OPERAND_MORTAL:
        return SHAPE_WEAK - SHAPE_MORTAL;
    case OPERAND_SLOT:
    case OPERAND_SLOT_PAIR:
    case OPERAND_NUMBER:
        break;
    }
    return 256;
}

static operation decode_operation(const uint8_t *bytes, unsigned tickets)
{
    operation result = {.code = lottery[bytes[0] % tickets]};

    for (int i = 0; i < PROGRAM_OPERANDS; i++) {
        operand_kind kind = operation_table[result.code].operands[i];
        result.operands[i] = (uint8_t)(bytes[i + 1] % operand_range(kind));
    }
    return result;
}

bool program_decode(const uint8_t *bytes, size_t size, program *out)
{
    size_t operations;

    if (size < PROGRAM_HEADER_BYTES || bytes[KNOB_version] == 0 ||
        bytes[KNOB_version] > PROGRAM_VERSION)
        return false;
    program_open(out);
    memcpy(out->knobs, bytes, knob_count[bytes[KNOB_version]]);
    operations = (size - PROGRAM_HEADER_BYTES) / PROGRAM_OPERATION_BYTES;
    if (operations > PROGRAM_OPERATIONS_MAX)
        operations = PROGRAM_OPERATIONS_MAX;
    for (bytes += PROGRAM_HEADER_BYTES; out->operation_count < operations;
         bytes += PROGRAM_OPERATION_BYTES)
        out->operations[out->operation_count++] =
            decode_operation(bytes, lottery_length[out->knobs[KNOB_version]]);
    out->knobs[KNOB_version] = PROGRAM_VERSION;
    return true;
}

static uint8_t first_ticket(uint8_t code)
{
    return (uint8_t)((const uint8_t *)memchr(lottery, code, sizeof lottery) - lottery);
}

size_t program_encode(const program *p, uint8_t bytes[PROGRAM_BYTES_MAX])
{
    uint8_t *end = bytes + PROGRAM_HEADER_BYTES;

    memcpy(bytes, p->knobs, PROGRAM_HEADER_BYTES);
    for (uint32_t i = 0; i < p->operation_count; i++) {
        const operation *o = p->operations + i;
        *end++ = first_ticket(o->code);
        memcpy(end, o->operands, PROGRAM_OPERANDS);
        end += PROGRAM_OPERANDS;
    }
    return (size_t)(end - bytes);
}

bool program_is_comparable(const program *p)
{
    for (uint32_t i = 0; i < p->operation_count; i++) {
        if (p->operations[i].code > OPERATION_fill)
            return p->knobs[KNOB_quiet] & 1;
    }
    return true;
}

uint8_t program_code_of(uint8_t byte)
{
    return lottery[byte % sizeof lottery];
}
