#include "mutator.h"
#include "program.h"

#include <string.h>

enum { LOCALITY = 8, REPEAT_MAX = 16, DELETE_MAX = 8 };

/* A pseudo-random sequence; xorshift needs a state that is not 0. */
typedef struct sequence {
    uint32_t state;
} sequence;

static unsigned below(sequence *random, unsigned limit)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 17;
    random->state ^= random->state << 5;
    return random->state % limit;
}

static sequence sequence_of(unsigned seed)
{
    return (sequence){seed * 2654435761u | 1};
}

static bool is_variable(operand_kind kind)
{
    return kind == OPERAND_OWNER || kind == OPERAND_SOURCE;
}

/* One time in four its variables are all the same. */
static operation random_operation(sequence *random)
{
    operation o = {.code = program_code_of((uint8_t)below(random, 256))};
    uint8_t same = (uint8_t)below(random, PROGRAM_OWNERS);
    bool aliased = below(random, 4) == 0;

    for (int i = 0; i < PROGRAM_OPERANDS; i++) {
        operand_kind kind = operation_table[o.code].operands[i];
        uint8_t any = (uint8_t)below(random, operand_range(kind));
        o.operands[i] = aliased && is_variable(kind) ? same : any;
    }
    return o;
}

/* Makes room for `count` operations at `at`; false when the program is full. */
static bool open_gap(program *p, uint32_t at, uint32_t count, uint32_t limit)
{
    if (p->operation_count + count > limit)
        return false;
    memmove(p->operations + at + count, p->operations + at,
            (p->operation_count - at) * sizeof *p->operations);
    p->operation_count += count;
    return true;
}

static void insert(program *p, sequence *random, uint32_t limit)
{
    uint32_t at = below(random, p->operation_count + 1);

    if (open_gap(p, at, 1, limit))
        p->operations[at] = random_operation(random);
}

/* ---- Motifs: what it takes for a death to be interesting, in one step ---- */

enum { MOTIF_OPERATIONS_MAX = 7 };

/* The operands of one step: `X` and `Y` are two variables, `N` a behaviour, `?` any number; others
 * are letters from `a` = 0 on. */
typedef struct motif_step {
    uint8_t code;
    const char *operands;
} motif_step;

#define STEP(name, operands)       \
    {                              \
        OPERATION_##name, operands \
    }

static const motif_step motifs[][MOTIF_OPERATIONS_MAX] = {
    /* a cycle of finalisable objects is dropped */
    {STEP(mortal_ring, "X?N"), STEP(clear, "Xaa"), STEP(collect_all, "aaa")},
    /* weak references to a ring, which is dropped */
    {STEP(ring, "X?a"), STEP(weak_new, "YXN"), STEP(weak_with, "ZXY"), STEP(clear, "Xaa"),
     STEP(collect_all, "aaa")},
    /* a neighbour is resurrected through the dying object's slot: l2 is operand k */
    {STEP(behaviour, "Naa"), STEP(load, "kia"), STEP(root_set, "aka"), STEP(leave, "aaa")},
    /* a neighbour loses what it refers to */
    {STEP(behaviour, "Naa"), STEP(load, "kia"), STEP(unset, "kaa"), STEP(leave, "aaa")},
    /* the dying object is stored somewhere; makes a weak reference to itself */
    {STEP(behaviour, "Naa"), STEP(set, "Xia"), STEP(weak_new, "YiN"), STEP(leave, "aaa")},
    /* a finaliser that makes its like */
    {STEP(behaviour, "Naa"), STEP(new_mortal, "kaN"), STEP(leave, "aaa")},
    /* an object with one weak reference dies by counting */
    {STEP(new_mortal, "X?N"), STEP(weak_new, "YXN"), STEP(clear, "Xaa")},
    /* garbage is saved and given up */
    {STEP(set_debug, "eaa"), STEP(mortal_ring, "X?N"), STEP(clear, "Xaa"), STEP(collect_all, "aaa"),
     STEP(garbage_get, "Yba"), STEP(garbage_clear, "aaa")},
    /* an object that dies refers to one that does not */
    {STEP(ring, "X?a"), STEP(immortalise, "Xaa"), STEP(new, "YaN"), STEP(store, "YaX"),
     STEP(clear, "Yaa"), STEP(clear, "Xaa")},
    /* what is frozen meanwhile stays */
    {STEP(mortal_ring, "X?N"), STEP(freeze, "aaa"), STEP(clear, "Xaa"), STEP(collect_all, "aaa"),
     STEP(unfreeze, "aaa")},
};

enum { MOTIF_COUNT = sizeof motifs / sizeof *motifs };

static uint8_t motif_operand(char letter, const uint8_t variables[3], uint8_t behaviour,
                             sequence *random)
{
    if (letter >= 'X')
        return letter <= 'Z' ? variables[letter - 'X'] : (uint8_t)(letter - 'a');
    return letter == 'N' ? behaviour : (uint8_t)below(random, 256);
}

static void insert_motif(program *p, sequence *random, uint32_t limit)
{
    const motif_step *steps = motifs[below(random, MOTIF_COUNT)];
    uint8_t behaviour = (uint8_t)below(random, PROGRAM_BEHAVIOURS), variables[3];
    uint32_t at = below(random, p->operation_count + 1), count = 0;

    for (int i = 0; i < 3; i++)
        variables[i] = (uint8_t)below(random, PROGRAM_OWNERS);
    while (count < MOTIF_OPERATIONS_MAX && steps[count].operands != NULL)
        count++;
    if (!open_gap(p, at, count, limit))
        return;
    for (uint32_t i = 0; i < count; i++) {
        operation *o = p->operations + at + i;
        o->code = steps[i].code;
        for (int j = 0; j < PROGRAM_OPERANDS; j++) {
            uint8_t value = motif_operand(steps[i].operands[j], variables, behaviour, random);
            o->operands[j] = (uint8_t)(value % operand_range(operation_table[o->code].operands[j]));
        }
    }
}

static void delete (program *p, sequence *random)
{
    uint32_t at = below(random, p->operation_count);
    uint32_t count = 1 + below(random, DELETE_MAX);

    if (count > p->operation_count - at)
        count = p->operation_count - at;
    p->operation_count -= count;
    memmove(p->operations + at, p->operations + at + count,
            (p->operation_count - at) * sizeof *p->operations);
}

/* Copies a range to another place. */
static void repeat(program *p, sequence *random, uint32_t limit)
{
    operation copy[REPEAT_MAX];
    uint32_t from = below(random, p->operation_count), count = 1 + below(random, REPEAT_MAX), at;

    if (count > p->operation_count - from)
        count = p->operation_count - from;
    memcpy(copy, p->operations + from, count * sizeof *copy);
    at = below(random, p->operation_count + 1);
    if (open_gap(p, at, count, limit))
        memcpy(p->operations + at, copy, count * sizeof *copy);
}

static void swap(program *p, sequence *random)
{
    operation *a = p->operations + below(random, p->operation_count);
    operation *b = p->operations + below(random, p->operation_count);
    operation kept = *a;

    *a = *b;
    *b = kept;
}

static void replace(program *p, sequence *random)
{
    p->operations[below(random, p->operation_count)] = random_operation(random);
}

/* One operand gets another value. */
static void tweak(program *p, sequence *random)
{
    operation *o = p->operations + below(random, p->operation_count);
    int i = (int)below(random, PROGRAM_OPERANDS);
    operand_kind kind = operation_table[o->code].operands[i];
    unsigned range = operand_range(kind);

    if (range == 256 && below(random, 2) == 0)
        range = 8; /* small slots and lengths are the common ones */
    o->operands[i] = (uint8_t)below(random, range);
}

/* One variable becomes one that an operation close by names. */
static void retarget(program *p, sequence *random)
{
    uint32_t at = below(random, p->operation_count);
    uint32_t near = at - below(random, at < LOCALITY ? at + 1 : LOCALITY);
    operation *o = p->operations + at;
    const operation *other = p->operations + near;
    int i = (int)below(random, PROGRAM_OPERANDS), j = (int)below(random, PROGRAM_OPERANDS);
    operand_kind kind = operation_table[o->code].operands[i];

    if (is_variable(kind) && is_variable(operation_table[other->code].operands[j]))
        o->operands[i] = (uint8_t)(other->operands[j] % operand_range(kind));
}

static void turn_knob(program *p, sequence *random)
{
    unsigned knob = KNOB_version + 1 + below(random, KNOB_COUNT - KNOB_version - 1);
    static const uint8_t ranges[] = {2, 4, 16, 255};

    if (knob == KNOB_quiet) /* it does less: seldom */
        p->knobs[knob] = below(random, 8) == 0;
    else
        p->knobs[knob] = (uint8_t)below(random, ranges[below(random, sizeof ranges)]);
}

static void mutate_once(program *p, sequence *random, uint32_t limit)
{
    unsigned choice = p->operation_count != 0 ? below(random, 18) : 0;

    switch (choice) {
    case 0:
    case 1:
    case 2:
        insert(p, random, limit);
        break;
    case 3:
    case 4:
        delete (p, random);
        break;
    case 5:
    case 6:
        repeat(p, random, limit);
        break;
    case 7:
        swap(p, random);
        break;
    case 8:
    case 9:
        replace(p, random);
        break;
    case 10:
    case 11:
    case 12:
        tweak(p, random);
        break;
    case 13:
    case 14:
        retarget(p, random);
        break;
    case 15:
    case 16:
        insert_motif(p, random, limit);
        break;
    default:
        turn_knob(p, random);
    }
}

/* The number of operations that fit. */
static uint32_t operation_limit(size_t capacity)
{
    size_t fit = (capacity - PROGRAM_HEADER_BYTES) / PROGRAM_OPERATION_BYTES;

    return fit < PROGRAM_OPERATIONS_MAX ? (uint32_t)fit : PROGRAM_OPERATIONS_MAX;
}

static size_t encode_into(program *p, uint8_t *out, size_t capacity)
{
    uint8_t bytes[PROGRAM_BYTES_MAX];
    size_t size;

    if (p->operation_count > operation_limit(capacity))
        p->operation_count = operation_limit(capacity);
    size = program_encode(p, bytes);
    memcpy(out, bytes, size);
    return size;
}

size_t mutator_mutate(uint8_t *bytes, size_t size, size_t capacity, unsigned seed)
{
    sequence random = sequence_of(seed);
    program p;

    if (capacity < PROGRAM_HEADER_BYTES)
        return 0;
    if (!program_decode(bytes, size, &p))
        program_open(&p);
    for (unsigned times = 1 + below(&random, 4); times != 0; times--)
        mutate_once(&p, &random, operation_limit(capacity));
    return encode_into(&p, bytes, capacity);
}

size_t mutator_cross(const uint8_t *first, size_t first_size, const uint8_t *second,
                     size_t second_size, uint8_t *out, size_t capacity, unsigned seed)
{
    sequence random = sequence_of(seed);
    program p, tail;
    uint32_t from, count;

    if (capacity < PROGRAM_HEADER_BYTES || !program_decode(first, first_size, &p) ||
        !program_decode(second, second_size, &tail))
        return 0;
    p.operation_count = below(&random, p.operation_count + 1);
    from = below(&random, tail.operation_count + 1);
    count = tail.operation_count - from;
    if (count > PROGRAM_OPERATIONS_MAX - p.operation_count)
        count = PROGRAM_OPERATIONS_MAX - p.operation_count;
    memcpy(p.operations + p.operation_count, tail.operations + from, count * sizeof *p.operations);
    p.operation_count += count;
    return encode_into(&p, out, capacity);
}
