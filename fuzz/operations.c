#include "operations.h"

enum { MOTIF_MAX = 32, CLIQUE_MAX = 16 };

/* ---- Operands ---- */

static uint32_t owner(const machine *x, uint8_t operand)
{
    return operand < PROGRAM_VARIABLES ? operand : block_owner(x) + operand - PROGRAM_VARIABLES;
}

static mm_var *variable(const machine *x, uint32_t owner)
{
    return x->oracle.variables[owner];
}

/* A variable to read, and what it names. `variable` is NULL when nothing is borrowed. */
typedef struct source {
    mm_var *variable;
    uint32_t id;
} source;

static source source_of(const machine *x, uint8_t operand)
{
    if (operand == PROGRAM_BORROWED)
        return (source){x->borrowed, x->borrowed_id};
    return (source){variable(x, owner(x, operand)), x->model.owners[owner(x, operand)]};
}

/* The slot that an operand picks; false when there is none. */
static bool pick_slot(const machine *x, source obj, uint8_t operand, uint32_t *slot)
{
    uint32_t count = x->model.objects[obj.id].slot_count;

    if (obj.id == 0 || count == 0)
        return false;
    *slot = operand % count;
    return true;
}

/* The same for a slot that is to be written. */
static bool pick_writable(const machine *x, source obj, uint8_t operand, uint32_t *slot)
{
    if (!pick_slot(x, obj, operand, slot))
        return false;
    for (uint32_t i = 0; i < x->pin_count; i++) {
        if (x->pins[i].id == obj.id && x->pins[i].slot == *slot)
            return false;
    }
    return true;
}

void name_variables(machine *x, uint32_t first, uint32_t count, mm_var *variables)
{
    for (uint32_t i = 0; i < count; i++) {
        x->oracle.variables[first + i] = variables != NULL ? variables + i : NULL;
        x->model.owners[first + i] = 0;
    }
}

/* ---- Making objects ---- */

/* A new object into an owner; false when the allocation failed or the program has made enough. */
static bool make(machine *x, uint32_t dst, uint32_t shape, uint32_t slots, uint32_t bytes)
{
    mm_status status;

    if (!model_has_room(&x->model, slots))
        return false;
    x->oracle.may_collect |= x->program->knobs[KNOB_collect_every] != 0;
    status = mm_new(x->m, variable(x, dst), x->oracle.types[shape], slots, bytes);
    oracle_allocated(&x->oracle, status);
    if (status != MM_OK)
        return false;
    x->model.owners[dst] = model_add(&x->model, shape, slots, bytes);
    oracle_made(&x->oracle, x->model.owners[dst], variable(x, dst));
    return true;
}

/* object of `obj`[i] = what `src` names; for the motifs, which write only what they have made. */
static void put(machine *x, uint32_t obj, uint32_t i, uint32_t src)
{
    mm_store(x->m, variable(x, obj), i, variable(x, src));
    *model_slot(&x->model, x->model.owners[obj], i) = x->model.owners[src];
}

static void transfer(machine *x, uint32_t dst, uint32_t src)
{
    uint32_t id = x->model.owners[src];

    mm_move(x->m, variable(x, dst), variable(x, src));
    x->model.owners[src] = 0;
    x->model.owners[dst] = id;
}

static void forget(machine *x, uint32_t v)
{
    mm_clear(x->m, variable(x, v));
    x->model.owners[v] = 0;
}

/* ---- The operations, in the order of program.h ---- */

static void do_new(machine *x, const uint8_t *o)
{
    const shape_info *shape = shape_table + o[1];

    make(x, owner(x, o[0]), o[1], shape->slot_count, o[2]);
}

static void do_set(machine *x, const uint8_t *o)
{
    source src = source_of(x, o[1]);

    if (src.variable == NULL)
        return;
    mm_set(x->m, variable(x, owner(x, o[0])), src.variable);
    x->model.owners[owner(x, o[0])] = src.id;
}

static void do_move(machine *x, const uint8_t *o)
{
    transfer(x, owner(x, o[0]), owner(x, o[1]));
}

static void do_clear(machine *x, const uint8_t *o)
{
    forget(x, owner(x, o[0]));
}

static void do_load(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[1]);
    uint32_t i;

    if (!pick_slot(x, obj, o[2], &i))
        return;
    mm_load(x->m, variable(x, owner(x, o[0])), obj.variable, i);
    x->model.owners[owner(x, o[0])] = *model_slot(&x->model, obj.id, i);
}

static void do_take(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[1]);
    uint32_t i, *slot;

    if (!pick_writable(x, obj, o[2], &i))
        return;
    mm_take(x->m, variable(x, owner(x, o[0])), obj.variable, i);
    slot = model_slot(&x->model, obj.id, i);
    x->model.owners[owner(x, o[0])] = *slot;
    *slot = 0;
}

static void do_store(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]), src = source_of(x, o[2]);
    uint32_t i;

    if (src.variable == NULL || !pick_writable(x, obj, o[1], &i))
        return;
    mm_store(x->m, obj.variable, i, src.variable);
    *model_slot(&x->model, obj.id, i) = src.id;
}

static void do_store_move(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]), src = source_of(x, o[2]);
    uint32_t i;

    if (!pick_writable(x, obj, o[1], &i))
        return;
    mm_store_move(x->m, obj.variable, i, src.variable);
    *model_slot(&x->model, obj.id, i) = src.id;
    x->model.owners[owner(x, o[2])] = 0;
}

/* A slot that is taken is no place to fill. */
static void do_fill(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]), src = source_of(x, o[2]);
    uint32_t i;

    if (!pick_writable(x, obj, o[1], &i) || *model_slot(&x->model, obj.id, i) != 0)
        return;
    mm_fill(x->m, obj.variable, i, src.variable);
    *model_slot(&x->model, obj.id, i) = src.id;
    x->model.owners[owner(x, o[2])] = 0;
}

static void do_unset(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]);
    uint32_t i;

    if (!pick_writable(x, obj, o[1], &i))
        return;
    mm_unset(x->m, obj.variable, i);
    *model_slot(&x->model, obj.id, i) = 0;
}

static void do_copy_slot(machine *x, const uint8_t *o)
{
    source dobj = source_of(x, o[0]), sobj = source_of(x, o[1]);
    uint32_t di, si;

    if (!pick_writable(x, dobj, o[2] % 16, &di) || !pick_slot(x, sobj, o[2] / 16, &si))
        return;
    mm_copy_slot(x->m, dobj.variable, di, sobj.variable, si);
    *model_slot(&x->model, dobj.id, di) = *model_slot(&x->model, sobj.id, si);
}

/* b becomes obj[i], which nobody may write until the borrow block ends. */
static void borrow(machine *x, mm_var *b, source obj, uint32_t i)
{
    mm_borrow(x->m, b, obj.variable, i);
    x->pins[x->pin_count++] = (pin){obj.id, i};
    x->borrowed = b;
    x->borrowed_id = *model_slot(&x->model, obj.id, i);
    oracle_expect_variable(&x->oracle, b, x->borrowed_id);
}

static void run_borrow_block(machine *x, source obj, uint32_t i)
{
    MM_VAR(x->m, keeper);
    MM_BORROW(x->m, b);

    name_variables(x, block_owner(x) + KEEPER, 1, keeper);
    mm_set(x->m, keeper, obj.variable);
    x->model.owners[block_owner(x) + KEEPER] = obj.id;
    borrow(x, b, obj, i);
    run_block(x);
    oracle_expect_variable(&x->oracle, b, x->borrowed_id);
}

static void do_borrow(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]), outer = {x->borrowed, x->borrowed_id};
    uint32_t i, pin_count = x->pin_count;

    if (x->depth + 1 == DEPTH_MAX || pin_count == PINS_MAX || !pick_slot(x, obj, o[1], &i))
        return;
    x->depth++;
    run_borrow_block(x, obj, i);
    name_variables(x, block_owner(x), BLOCK_OWNERS, NULL);
    x->depth--;
    x->pin_count = pin_count;
    x->borrowed = outer.variable;
    x->borrowed_id = outer.id;
}

/* What b named before stays pinned: it keeps the next container in place. */
static void do_reborrow(machine *x, const uint8_t *o)
{
    source obj = source_of(x, PROGRAM_BORROWED);
    uint32_t i;

    if (obj.variable != NULL && x->pin_count < PINS_MAX && pick_slot(x, obj, o[0], &i))
        borrow(x, obj.variable, obj, i);
}

static void do_enter(machine *x, const uint8_t *o)
{
    (void)o;
    if (x->depth + 1 == DEPTH_MAX)
        return;
    x->depth++;
    run_block(x);
    name_variables(x, block_owner(x), BLOCK_OWNERS, NULL);
    x->depth--;
}

static void do_leave(machine *x, const uint8_t *o)
{
    (void)x,
        (void)o; /* run_block() ends the block; outside of all blocks there is nothing to leave */
}

static void do_root_new(machine *x, const uint8_t *o)
{
    mm_status status;

    if (x->roots[o[0]] != NULL)
        return;
    status = mm_root_new(x->m, &x->roots[o[0]]);
    ORACLE_EXPECT(&x->oracle, status == MM_OK, "status", "mm_root_new() returned %d", (int)status);
}

static void do_root_get(machine *x, const uint8_t *o)
{
    if (x->roots[o[1]] == NULL)
        return;
    mm_root_get(x->m, variable(x, owner(x, o[0])), x->roots[o[1]]);
    x->model.owners[owner(x, o[0])] = x->model.owners[OWNER_ROOTS + o[1]];
}

static void do_root_set(machine *x, const uint8_t *o)
{
    source src = source_of(x, o[1]);

    if (x->roots[o[0]] == NULL || src.variable == NULL)
        return;
    mm_root_set(x->m, x->roots[o[0]], src.variable);
    x->model.owners[OWNER_ROOTS + o[0]] = src.id;
}

static void do_root_free(machine *x, const uint8_t *o)
{
    if (x->roots[o[0]] == NULL)
        return;
    mm_root_free(x->m, x->roots[o[0]]);
    x->roots[o[0]] = NULL;
    x->model.owners[OWNER_ROOTS + o[0]] = 0;
}

static void do_request_begin(machine *x, const uint8_t *o)
{
    (void)o;
    if (!x->in_request)
        mm_request_begin(x->m);
    x->in_request = true;
}

static void do_request_end(machine *x, const uint8_t *o)
{
    (void)o;
    x->oracle.may_collect = true;
    if (x->in_request)
        mm_request_end(x->m);
    x->in_request = false;
}

static void do_safepoint(machine *x, const uint8_t *o)
{
    (void)o;
    mm_safepoint(x->m);
}

static void do_collect(machine *x, const uint8_t *o)
{
    uint32_t generation = o[0] % (MM_GENERATIONS_MAX + 1),
             generations = strategy_traits.generations;
    uint64_t unreachable = 0;
    mm_stats before, after;
    mm_status status, expected = MM_OK;

    if (generation >= generations)
        expected = generations == 0 ? MM_UNSUPPORTED : MM_INVALID;
    x->oracle.may_collect = true;
    mm_get_stats(x->heap, &before);
    status = mm_collect(x->m, generation, &unreachable);
    mm_get_stats(x->heap, &after);
    ORACLE_EXPECT(&x->oracle, status == expected, "status", "mm_collect() returned %d",
                  (int)status);
    ORACLE_EXPECT(&x->oracle,
                  unreachable <= before.objects_live - after.objects_live &&
                      (unreachable != 0) == (before.objects_live != after.objects_live),
                  "unreachable", "%lu of %lu objects stay, %lu were found unreachable",
                  (unsigned long)after.objects_live, (unsigned long)before.objects_live,
                  (unsigned long)unreachable);
    if (status == MM_OK)
        oracle_compare(&x->oracle,
                       generation + 1 == generations ? COLLECTED_FULLY : COLLECTED_YOUNG);
}

static void do_collect_all(machine *x, const uint8_t *o)
{
    mm_status status;

    (void)o;
    x->oracle.may_collect = true;
    status = mm_collect_all(x->m, NULL);
    ORACLE_EXPECT(&x->oracle, status == (strategy_traits.generations != 0 ? MM_OK : MM_UNSUPPORTED),
                  "status", "mm_collect_all() returned %d", (int)status);
    oracle_compare(&x->oracle,
                   strategy_traits.reclaims_cycles ? COLLECTED_FULLY : COLLECTED_NOTHING);
}

static void expect_enabled(machine *x, mm_status status, bool enabled)
{
    bool supported = strategy_traits.generations != 0;

    ORACLE_EXPECT(&x->oracle,
                  status == (supported ? MM_OK : MM_UNSUPPORTED) &&
                      mm_is_enabled(x->m) == (supported && enabled),
                  "enabled", "the status is %d, the state %d", (int)status, mm_is_enabled(x->m));
}

static void do_enable(machine *x, const uint8_t *o)
{
    (void)o;
    expect_enabled(x, mm_enable(x->m), true);
}

static void do_disable(machine *x, const uint8_t *o)
{
    (void)o;
    expect_enabled(x, mm_disable(x->m), false);
}

static void do_set_threshold(machine *x, const uint8_t *o)
{
    const uint32_t wanted[MM_GENERATIONS_MAX] = {o[0], o[1], o[2]};
    uint32_t got[MM_GENERATIONS_MAX] = {o[0], o[1], o[2]};
    mm_status expected = strategy_traits.generations == 3 ? MM_OK : MM_UNSUPPORTED;
    mm_status set = mm_set_threshold(x->m, wanted), get = mm_get_threshold(x->m, got);

    ORACLE_EXPECT(&x->oracle, set == expected && get == expected, "status",
                  "mm_set_threshold() returned %d, mm_get_threshold() %d", (int)set, (int)get);
    ORACLE_EXPECT(&x->oracle, got[0] == o[0] && got[1] == o[1] && got[2] == o[2], "thresholds",
                  "they are %u, %u and %u", got[0], got[1], got[2]);
}

static void do_program_end(machine *x, const uint8_t *o)
{
    (void)o;
    x->oracle.may_collect = true;
    mm_program_end(x->m);
}

static void do_check(machine *x, const uint8_t *o)
{
    (void)o;
    oracle_compare(&x->oracle, COLLECTED_NOTHING);
}

/* dst becomes the last of `length` pairs; `first` (an owner) names the first. False when there are
 * none. */
static bool make_chain(machine *x, uint32_t dst, uint32_t length, uint32_t first)
{
    uint32_t last = OWNER_SCRATCH;

    forget(x, dst);
    for (uint32_t i = 0; i < length && make(x, last, SHAPE_PAIR, 2, 0); i++) {
        put(x, last, 0, dst);
        transfer(x, dst, last);
        if (i == 0) {
            mm_set(x->m, variable(x, first), variable(x, dst));
            x->model.owners[first] = x->model.owners[dst];
        }
    }
    return x->model.owners[dst] != 0;
}

/* The motifs work with two variables of their own; a motif is a function of the machine, its
 * destination and a size. */
static void with_scratch(machine *x, const uint8_t *o, void (*motif)(machine *, uint32_t, uint32_t))
{
    {
        MM_VARS(x->m, scratch, 2);
        name_variables(x, OWNER_SCRATCH, 2, scratch);
        motif(x, owner(x, o[0]), 1 + o[1] % MOTIF_MAX);
    }
    name_variables(x, OWNER_SCRATCH, 2, NULL);
}

static void chain(machine *x, uint32_t dst, uint32_t length)
{
    make_chain(x, dst, length, OWNER_SCRATCH + 1);
}

static void ring(machine *x, uint32_t dst, uint32_t length)
{
    if (make_chain(x, dst, length, OWNER_SCRATCH + 1))
        put(x, OWNER_SCRATCH + 1, 0, dst);
}

/* Each new object takes over what the one before it knows, so that in the end all know all. */
static void clique(machine *x, uint32_t dst, uint32_t size)
{
    uint32_t made = OWNER_SCRATCH, other = OWNER_SCRATCH + 1, first;

    size = size < CLIQUE_MAX ? size : CLIQUE_MAX;
    if (!make(x, dst, SHAPE_NODE, size, 0))
        return;
    first = x->model.owners[dst];
    put(x, dst, 0, dst);
    for (uint32_t n = 1; n < size && make(x, made, SHAPE_NODE, size, 0); n++) {
        put(x, made, n, made);
        for (uint32_t i = 0; i < n; i++) {
            mm_load(x->m, variable(x, other), variable(x, dst), i);
            x->model.owners[other] = *model_slot(&x->model, first, i);
            put(x, made, i, other);
            put(x, other, n, made);
        }
    }
}

static void fan(machine *x, uint32_t dst, uint32_t width)
{
    if (!make(x, dst, SHAPE_TABLE, width, 0))
        return;
    for (uint32_t i = 0; i < width && make(x, OWNER_SCRATCH, SHAPE_BOX, 1, 0); i++)
        put(x, dst, i, OWNER_SCRATCH);
}

static void do_chain(machine *x, const uint8_t *o)
{
    with_scratch(x, o, chain);
}

static void do_ring(machine *x, const uint8_t *o)
{
    with_scratch(x, o, ring);
}

static void do_clique(machine *x, const uint8_t *o)
{
    with_scratch(x, o, clique);
}

static void do_fan(machine *x, const uint8_t *o)
{
    with_scratch(x, o, fan);
}

static void do_drop(machine *x, const uint8_t *o)
{
    (void)o;
    for (uint8_t i = 0; i < PROGRAM_OWNERS; i++)
        forget(x, owner(x, i));
}

perform *const operations[OPERATION_COUNT] = {
#define OPERATION_FUNCTION(name, a, b, c) [OPERATION_##name] = do_##name,
    PROGRAM_OPERATIONS(OPERATION_FUNCTION)
#undef OPERATION_FUNCTION
};
