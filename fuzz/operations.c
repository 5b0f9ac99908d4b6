#include "operations.h"
#include "ages.h"

enum { CLIQUE_MAX = 16, COLLECT_ALL_MAX = 4 };

/* ---- Operands ---- */

source source_of(const machine *x, uint8_t operand)
{
    mm_var *named = operand == PROGRAM_BORROWED ? x->borrowed : variable(x, owner(x, operand));

    if (named == NULL)
        return (source){NULL, 0};
    if (operand == PROGRAM_BORROWED)
        return (source){named, x->borrowed_id};
    return (source){named, x->model.owners[owner(x, operand)]};
}

bool pick_owner(const machine *x, uint8_t operand, uint32_t *out)
{
    *out = owner(x, operand);
    return variable(x, *out) != NULL;
}

bool pick_slot(const machine *x, source obj, uint8_t operand, uint32_t *slot)
{
    uint32_t count = x->model.objects[obj.id].slot_count;

    if (obj.variable == NULL || obj.id == 0 || count == 0)
        return false;
    *slot = operand % count;
    return true;
}

/* Nobody may write a slot that something is borrowed from. */
static bool is_pinned(const machine *x, uint32_t id, uint32_t slot)
{
    for (uint32_t i = 0; i < x->pin_count; i++) {
        if (x->pins[i].id == id && x->pins[i].slot == slot)
            return true;
    }
    return false;
}

/* The same for a slot that is to be written. */
static bool pick_writable(const machine *x, source obj, uint8_t operand, uint32_t *slot)
{
    return pick_slot(x, obj, operand, slot) && !is_pinned(x, obj.id, *slot);
}

void name_variables(machine *x, uint32_t first, uint32_t count, mm_var *variables)
{
    for (uint32_t i = 0; i < count; i++) {
        x->oracle.variables[first + i] = variables != NULL ? variables + i : NULL;
        x->model.owners[first + i] = 0;
    }
}

/* ---- Making objects ---- */

static bool has_room(const machine *x, uint32_t slots)
{
    return model_has_room(&x->model, x->reserved_objects, x->reserved_slots + slots);
}

bool making_begin(machine *x, making *k, uint32_t dst, uint32_t shape, uint32_t slots)
{
    if (!has_room(x, slots))
        return false;
    x->reserved_objects++;
    x->reserved_slots += slots;
    *k = (making){.dst = dst,
                  .old = x->model.owners[dst],
                  .slots = slots,
                  .variable = variable(x, dst),
                  .attempts = mm_allocation_attempts(x->heap),
                  .unknown = oracle_unknown(&x->oracle),
                  .calls = x->oracle.calls,
                  .collections = x->oracle.collections,
                  .freezes = x->oracle.freezes};
    oracle_hide(&x->oracle, dst);
    ages_making(&x->oracle, shape_table[shape].container);
    x->oracle.may_collect |= x->program->knobs[KNOB_collect_every] != 0;
    return true;
}

void making_cancel(machine *x, const making *k)
{
    x->reserved_objects--;
    x->reserved_slots -= k->slots;
    ages_making_ends(&x->oracle);
    oracle_show(&x->oracle, k->dst, k->variable, k->old);
}

static void note_made_frozen(machine *x, uint32_t id)
{
    model_object *object = x->model.objects + id;
    bool container = shape_table[object->shape].container;

    object->frozen = container && x->oracle.freezing;
    object->old |= container && !x->oracle.freezing;
}

uint32_t making_end(machine *x, const making *k, mm_status status, uint32_t shape, uint32_t bytes)
{
    uint32_t id = 0;

    making_cancel(x, k);
    oracle_allocated(&x->oracle, status, k->attempts, k->calls);
    if (status == MM_OK) {
        id = model_add(&x->model, shape, k->slots, bytes);
        x->model.owners[k->dst] = id;
        x->model.objects[id].old = k->collections != x->oracle.collections;
        if (k->freezes != x->oracle.freezes) /* as what it replaces died: it was there already */
            note_made_frozen(x, id);
        oracle_made(&x->oracle, id, k->variable);
        ages_made(&x->oracle, id, k->calls == x->oracle.calls);
        if (shape_table[shape].container && k->calls == x->oracle.calls &&
            k->collections == x->oracle.collections)
            ages_expect_none_due(&x->oracle);
    } else if (oracle_unknown(&x->oracle) > k->unknown && x->oracle.ghost.shape == SHAPE_COUNT) {
        oracle_not_made(&x->oracle, shape, k->slots, bytes);
    }
    return id;
}

bool make(machine *x, uint32_t dst, uint32_t shape, uint32_t slots, uint32_t bytes)
{
    making k;
    mm_status status;
    uint32_t id;

    if (variable(x, dst) == NULL || !making_begin(x, &k, dst, shape, slots))
        return false;
    status = mm_new(x->m, k.variable, x->oracle.types[shape], slots, bytes);
    id = making_end(x, &k, status, shape, bytes);
    x->model.objects[id].behaviour = bytes % PROGRAM_BEHAVIOURS;
    return id != 0;
}

void link_slot(machine *x, uint32_t obj, uint32_t i, uint32_t src)
{
    uint32_t id = x->model.owners[obj];

    if (variable(x, obj) == NULL || id == 0 || i >= x->model.objects[id].slot_count)
        return;
    if (is_pinned(x, id, i)) /* user code has named another object since the last one was made */
        return;
    *model_slot(&x->model, id, i) = x->model.owners[src];
    mm_store(x->m, variable(x, obj), i, variable(x, src));
}

void transfer(machine *x, uint32_t dst, uint32_t src)
{
    uint32_t id = x->model.owners[src];

    x->model.owners[src] = 0;
    x->model.owners[dst] = id;
    mm_move(x->m, variable(x, dst), variable(x, src));
}

void forget(machine *x, uint32_t v)
{
    if (variable(x, v) == NULL)
        return;
    x->model.owners[v] = 0;
    mm_clear(x->m, variable(x, v));
}

/* ---- The operations, in the order of program.h ---- */

void do_new(machine *x, const uint8_t *o)
{
    make(x, owner(x, o[0]), o[1], shape_table[o[1]].slot_count, o[2]);
}

void do_set(machine *x, const uint8_t *o)
{
    source src = source_of(x, o[1]);
    uint32_t dst;

    if (src.variable == NULL || !pick_owner(x, o[0], &dst))
        return;
    x->model.owners[dst] = src.id;
    mm_set(x->m, variable(x, dst), src.variable);
}

void do_move(machine *x, const uint8_t *o)
{
    uint32_t dst, src;

    if (pick_owner(x, o[0], &dst) && pick_owner(x, o[1], &src))
        transfer(x, dst, src);
}

void do_clear(machine *x, const uint8_t *o)
{
    uint32_t dst;

    if (pick_owner(x, o[0], &dst))
        forget(x, dst);
}

void do_load(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[1]);
    uint32_t dst, i;

    if (!pick_owner(x, o[0], &dst) || !pick_slot(x, obj, o[2], &i))
        return;
    x->model.owners[dst] = *model_slot(&x->model, obj.id, i);
    mm_load(x->m, variable(x, dst), obj.variable, i);
}

void do_take(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[1]);
    uint32_t dst, i, *slot;

    if (!pick_owner(x, o[0], &dst) || !pick_writable(x, obj, o[2], &i))
        return;
    slot = model_slot(&x->model, obj.id, i);
    x->model.owners[dst] = *slot;
    *slot = 0;
    mm_take(x->m, variable(x, dst), obj.variable, i);
}

void do_store(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]), src = source_of(x, o[2]);
    uint32_t i;

    if (src.variable == NULL || !pick_writable(x, obj, o[1], &i))
        return;
    *model_slot(&x->model, obj.id, i) = src.id;
    mm_store(x->m, obj.variable, i, src.variable);
}

void do_store_move(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]), src = source_of(x, o[2]);
    uint32_t i;

    if (src.variable == NULL || !pick_writable(x, obj, o[1], &i))
        return;
    *model_slot(&x->model, obj.id, i) = src.id;
    x->model.owners[owner(x, o[2])] = 0;
    mm_store_move(x->m, obj.variable, i, src.variable);
}

/* A slot that is taken is no place to fill. */
void do_fill(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]), src = source_of(x, o[2]);
    uint32_t i;

    if (src.variable == NULL || !pick_writable(x, obj, o[1], &i) ||
        *model_slot(&x->model, obj.id, i) != 0)
        return;
    *model_slot(&x->model, obj.id, i) = src.id;
    x->model.owners[owner(x, o[2])] = 0;
    mm_fill(x->m, obj.variable, i, src.variable);
}

void do_unset(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]);
    uint32_t i;

    if (!pick_writable(x, obj, o[1], &i))
        return;
    *model_slot(&x->model, obj.id, i) = 0;
    mm_unset(x->m, obj.variable, i);
}

void do_copy_slot(machine *x, const uint8_t *o)
{
    source dobj = source_of(x, o[0]), sobj = source_of(x, o[1]);
    uint32_t di, si;

    if (!pick_writable(x, dobj, o[2] % 16, &di) || !pick_slot(x, sobj, o[2] / 16, &si))
        return;
    *model_slot(&x->model, dobj.id, di) = *model_slot(&x->model, sobj.id, si);
    mm_copy_slot(x->m, dobj.variable, di, sobj.variable, si);
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
    name_variables(x, block_owner(x) + KEEPER, 1, NULL);
    x->borrowed = NULL;
    x->borrowed_id = 0;
}

bool enter_block(machine *x)
{
    if (x->depth + 1 == DEPTH_MAX || x->oracle.frames != 0)
        return false;
    x->depth++;
    x->locals = block_owner(x);
    return true;
}

void leave_block(machine *x)
{
    x->depth--;
    x->locals = block_owner(x);
}

void do_borrow(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]), outer = {x->borrowed, x->borrowed_id};
    uint32_t i, pin_count = x->pin_count;

    if (pin_count == PINS_MAX || !pick_slot(x, obj, o[1], &i) || !enter_block(x))
        return;
    run_borrow_block(x, obj, i);
    leave_block(x);
    x->pin_count = pin_count;
    x->borrowed = outer.variable;
    x->borrowed_id = outer.id;
}

/* What b named before stays pinned: it keeps the next container in place. */
void do_reborrow(machine *x, const uint8_t *o)
{
    source obj = source_of(x, PROGRAM_BORROWED);
    uint32_t i;

    if (x->oracle.frames == 0 && x->pin_count < PINS_MAX && pick_slot(x, obj, o[0], &i))
        borrow(x, obj.variable, obj, i);
}

void do_enter(machine *x, const uint8_t *o)
{
    (void)o;
    if (!enter_block(x))
        return;
    run_block(x);
    leave_block(x);
}

/* run_block() ends the block; outside of all blocks there is nothing to leave. */
void do_leave(machine *x, const uint8_t *o)
{
    (void)x, (void)o;
}

void do_root_new(machine *x, const uint8_t *o)
{
    mm_status status;

    if (x->roots[o[0]] != NULL)
        return;
    status = mm_root_new(x->m, &x->roots[o[0]]);
    ORACLE_EXPECT(&x->oracle, status == MM_OK, "status", "mm_root_new() returned %d", (int)status);
}

void do_root_get(machine *x, const uint8_t *o)
{
    uint32_t dst;

    if (x->roots[o[1]] == NULL || !pick_owner(x, o[0], &dst))
        return;
    x->model.owners[dst] = x->model.owners[OWNER_ROOTS + o[1]];
    mm_root_get(x->m, variable(x, dst), x->roots[o[1]]);
}

void do_root_set(machine *x, const uint8_t *o)
{
    source src = source_of(x, o[1]);

    if (x->roots[o[0]] == NULL || src.variable == NULL)
        return;
    x->model.owners[OWNER_ROOTS + o[0]] = src.id;
    mm_root_set(x->m, x->roots[o[0]], src.variable);
}

void do_root_free(machine *x, const uint8_t *o)
{
    mm_root *root = x->roots[o[0]];

    if (root == NULL)
        return;
    x->roots[o[0]] = NULL;
    x->model.owners[OWNER_ROOTS + o[0]] = 0;
    mm_root_free(x->m, root);
}

void do_request_begin(machine *x, const uint8_t *o)
{
    (void)o;
    if (!x->in_request)
        mm_request_begin(x->m);
    x->in_request = true;
}

void do_request_end(machine *x, const uint8_t *o)
{
    bool in_request = x->in_request;

    (void)o;
    x->in_request = false;
    x->oracle.may_collect = true;
    if (in_request)
        mm_request_end(x->m);
}

void do_safepoint(machine *x, const uint8_t *o)
{
    (void)o;
    mm_safepoint(x->m);
}

/* What one collection reports is what has gone; when user code ran, more may have happened. */
static void expect_reported(machine *x, uint64_t unreachable, uint64_t live_before,
                            size_t saved_before)
{
    uint64_t saved = mm_garbage_count(x->heap) - saved_before;
    mm_stats after;

    mm_get_stats(x->heap, &after);
    if (saved != 0)
        ORACLE_EXPECT(&x->oracle,
                      saved <= unreachable && saved + x->oracle.collection.called >= unreachable,
                      "unreachable", "%lu objects were saved, %lu were found unreachable",
                      (unsigned long)saved, (unsigned long)unreachable);
    else
        ORACLE_EXPECT(&x->oracle,
                      unreachable <= live_before - after.objects_live &&
                          (unreachable != 0) == (live_before != after.objects_live),
                      "unreachable", "%lu of %lu objects stay, %lu were found unreachable",
                      (unsigned long)after.objects_live, (unsigned long)live_before,
                      (unsigned long)unreachable);
}

static mm_status expected_of_collect(uint32_t generation)
{
    if (strategy_traits.generations == 0)
        return MM_UNSUPPORTED;
    return generation < strategy_traits.generations ? MM_OK : MM_INVALID;
}

/* It ran once; inside another, not at all. Of those that nobody tells of the statistics are all there
 * is: at rest there is at least one more. */
static void expect_asked(const machine *x, uint32_t generation, bool nested, uint64_t collections)
{
    const oracle *o = &x->oracle;
    mm_stats after;
    bool ran = o->collections == collections + 1 && o->collection.generation == generation;

    if (strategy_traits.no_callbacks) {
        mm_get_stats(x->heap, &after);
        ran = o->frames != 0 || oracle_sum(after.collections) > collections;
    }
    ORACLE_EXPECT(o, nested ? o->collections == collections : ran, "asked",
                  "it did not collect generation %u once", generation);
}

void do_collect(machine *x, const uint8_t *o)
{
    oracle *oracle = &x->oracle;
    uint32_t generation = o[0] % (MM_GENERATIONS_MAX + 1), calls = oracle->calls;
    bool nested = oracle->collecting;
    size_t saved = mm_garbage_count(x->heap);
    uint64_t unreachable = 0, collections = oracle->collections;
    mm_stats before;
    mm_status status;

    oracle->may_collect = true;
    mm_get_stats(x->heap, &before);
    status = mm_collect(x->m, generation, &unreachable);
    ORACLE_EXPECT(oracle, status == expected_of_collect(generation), "status",
                  "mm_collect() returned %d", (int)status);
    if (status != MM_OK)
        return;
    tell_observer(MACHINE_RETURNED, generation, unreachable);
    ORACLE_EXPECT(oracle, !nested || unreachable == 0, "nested-collect",
                  "a collection inside a collection found %lu objects", (unsigned long)unreachable);
    expect_asked(x, generation, nested, collections);
    if (!nested && calls == oracle->calls && !oracle_puts_off(oracle))
        expect_reported(x, unreachable, before.objects_live, saved);
    if (oracle->frames == 0)
        oracle_compare(oracle, false);
}

/* A finaliser may make more garbage: until none has run. Those that never stop are given up. */
void do_collect_all(machine *x, const uint8_t *o)
{
    oracle *oracle = &x->oracle;
    mm_status expected = expected_of_collect(0), status;
    uint64_t unreachable;
    uint32_t calls, rounds = COLLECT_ALL_MAX;

    (void)o;
    oracle->may_collect = true;
    do {
        calls = oracle->calls;
        status = mm_collect_all(x->m, &unreachable);
        tell_observer(MACHINE_RETURNED, MM_GENERATIONS_MAX, unreachable);
        ORACLE_EXPECT(oracle, status == expected, "status", "mm_collect_all() returned %d",
                      (int)status);
        ORACLE_EXPECT(oracle, status != MM_OK || !oracle->collecting || unreachable == 0,
                      "nested-collect", "a collection inside a collection found %lu objects",
                      (unsigned long)unreachable);
    } while (oracle->calls != calls && oracle->frames == 0 && --rounds != 0);
    if (oracle->frames == 0)
        oracle_compare(oracle, strategy_traits.reclaims_cycles && oracle->calls == calls);
}

static void expect_enabled(machine *x, mm_status status, bool enabled)
{
    bool supported = strategy_traits.generations != 0;

    ORACLE_EXPECT(&x->oracle,
                  status == (supported ? MM_OK : MM_UNSUPPORTED) &&
                      mm_is_enabled(x->m) == (supported && enabled),
                  "enabled", "the status is %d, the state %d", (int)status, mm_is_enabled(x->m));
}

void do_enable(machine *x, const uint8_t *o)
{
    (void)o;
    expect_enabled(x, mm_enable(x->m), true);
}

void do_disable(machine *x, const uint8_t *o)
{
    (void)o;
    expect_enabled(x, mm_disable(x->m), false);
}

void do_set_threshold(machine *x, const uint8_t *o)
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

void do_program_end(machine *x, const uint8_t *o)
{
    (void)o;
    x->oracle.may_collect = true;
    mm_program_end(x->m);
}

void do_check(machine *x, const uint8_t *o)
{
    (void)o;
    if (x->oracle.frames == 0)
        oracle_compare(&x->oracle, false);
}

bool make_chain(machine *x, uint32_t dst, uint32_t shape, uint32_t length, uint32_t first,
                uint32_t bytes)
{
    uint32_t last = x->scratch, slots = shape_table[shape].slot_count;

    forget(x, dst);
    for (uint32_t i = 0; i < length && make(x, last, shape, slots, bytes); i++) {
        if (variable(x, dst) == NULL)
            return false;
        link_slot(x, last, 0, dst);
        transfer(x, dst, last);
        if (i == 0) {
            x->model.owners[first] = x->model.owners[dst];
            mm_set(x->m, variable(x, first), variable(x, dst));
        }
    }
    return x->model.owners[dst] != 0;
}

void with_scratch(machine *x, uint32_t dst, uint32_t size, uint32_t number, motif *motif)
{
    uint32_t first = x->scratch;

    if (variable(x, dst) == NULL)
        return;
    {
        MM_VARS(x->m, scratch, SCRATCHES);
        name_variables(x, first, SCRATCHES, scratch);
        motif(x, dst, 1 + size % MOTIF_MAX, number);
        name_variables(x, first, SCRATCHES, NULL);
    }
}

static void chain(machine *x, uint32_t dst, uint32_t length, uint32_t number)
{
    (void)number;
    make_chain(x, dst, SHAPE_PAIR, length, x->scratch + 1, 0);
}

static void ring(machine *x, uint32_t dst, uint32_t length, uint32_t number)
{
    (void)number;
    if (make_chain(x, dst, SHAPE_PAIR, length, x->scratch + 1, 0))
        link_slot(x, x->scratch + 1, 0, dst);
}

/* The new object of the clique gets what dst[i] holds, and that gets the new object. */
static void join(machine *x, uint32_t dst, uint32_t i, uint32_t n)
{
    uint32_t made = x->scratch, other = x->scratch + 1, id = x->model.owners[dst];

    if (id == 0 || i >= x->model.objects[id].slot_count)
        return;
    x->model.owners[other] = *model_slot(&x->model, id, i);
    mm_load(x->m, variable(x, other), variable(x, dst), i);
    link_slot(x, made, i, other);
    link_slot(x, other, n, made);
}

/* Each new object takes over what the one before it knows, so that in the end all know all. */
static void clique(machine *x, uint32_t dst, uint32_t size, uint32_t number)
{
    (void)number;
    size = size < CLIQUE_MAX ? size : CLIQUE_MAX;
    if (!make(x, dst, SHAPE_NODE, size, 0))
        return;
    link_slot(x, dst, 0, dst);
    for (uint32_t n = 1; n < size && make(x, x->scratch, SHAPE_NODE, size, 0); n++) {
        link_slot(x, x->scratch, n, x->scratch);
        for (uint32_t i = 0; i < n; i++)
            join(x, dst, i, n);
    }
}

static void fan(machine *x, uint32_t dst, uint32_t width, uint32_t number)
{
    (void)number;
    if (!make(x, dst, SHAPE_TABLE, width, 0))
        return;
    for (uint32_t i = 0; i < width && make(x, x->scratch, SHAPE_BOX, 1, 0); i++)
        link_slot(x, dst, i, x->scratch);
}

void do_chain(machine *x, const uint8_t *o)
{
    with_scratch(x, owner(x, o[0]), o[1], 0, chain);
}

void do_ring(machine *x, const uint8_t *o)
{
    with_scratch(x, owner(x, o[0]), o[1], 0, ring);
}

void do_clique(machine *x, const uint8_t *o)
{
    with_scratch(x, owner(x, o[0]), o[1], 0, clique);
}

void do_fan(machine *x, const uint8_t *o)
{
    with_scratch(x, owner(x, o[0]), o[1], 0, fan);
}

void do_drop(machine *x, const uint8_t *o)
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
