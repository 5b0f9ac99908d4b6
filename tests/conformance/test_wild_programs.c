/* Wild programs: random operations whose finalisers and callbacks are random operations too. There
 * is no shadow of that; what must hold nevertheless is that the heap is in order after each step,
 * that each is called once, and that in the end everything dies that the strategy reclaims. */
#include "conformance.h"

#include <string.h>

enum {
    SEEDS = 20, /* fewer where every operation moves the whole heap */
    SEEDS_UNTIMED = 6,
    STEPS = 1500,
    ROOTS = 6,
    SLOTS = 3,
    WORKERS = 4,        /* variables of each piece of code */
    CODE_STEPS_MAX = 6, /* of a finaliser or callback */
    OBJECTS_MAX = 3000, /* made by a program */
    SERIALS_MAX = 4 * OBJECTS_MAX,
};

static struct {
    uint64_t random;
    mm_root *roots[ROOTS];
    mm_type node, atom; /* with wild finalisers */
    uint32_t objects_left;
    bool may_immortalise, may_fail;
    uint64_t finalisable, finalised, immortal;
    bool was_finalised[SERIALS_MAX];
    bool was_called[SERIALS_MAX];
} wild;

static uint32_t draw(uint32_t bound)
{
    wild.random ^= wild.random << 13;
    wild.random ^= wild.random >> 7;
    wild.random ^= wild.random << 17;
    return (uint32_t)(wild.random >> 33) % bound;
}

/* ---- The operations, on the variables of one piece of code ---- */

static mm_var *any(mm_var *v)
{
    return v + draw(WORKERS);
}

static void make(mm *m, mm_var *v)
{
    const mm_type types[] = {wild.node, wild.node, wild.node, wild.atom, node_type, atom_type};
    const mm_type type = types[draw(sizeof types / sizeof *types)];
    const uint32_t slots = mm_type_is_container(type) ? draw(SLOTS + 1) : 0;
    mm_var *dst = any(v);

    if (wild.objects_left == 0)
        return;
    wild.objects_left--;
    if (mm_new(m, dst, type, slots, sizeof(uint64_t)) != MM_OK)
        return;
    *(uint64_t *)mm_data(m, dst) = mm_serial(dst);
    wild.finalisable += type == wild.node || type == wild.atom;
}

/* A slot of the object that the variable names, if there is one. */
static bool any_slot(mm *m, const mm_var *v, uint32_t *i)
{
    if (mm_is_null(v) || mm_slot_count(m, v) == 0)
        return false;
    *i = draw(mm_slot_count(m, v));
    return true;
}

static void store(mm *m, mm_var *v)
{
    mm_var *to = any(v), *from = any(v);
    uint32_t i;

    if (!any_slot(m, to, &i))
        return;
    if (draw(3) == 0)
        mm_store_move(m, to, i, from);
    else
        mm_store(m, to, i, from);
}

static void load(mm *m, mm_var *v)
{
    mm_var *from = any(v), *to = any(v);
    uint32_t i;

    if (!any_slot(m, from, &i))
        return;
    if (draw(3) == 0)
        mm_take(m, to, from, i);
    else
        mm_load(m, to, from, i);
}

static void unset(mm *m, mm_var *v)
{
    mm_var *from = any(v);
    uint32_t i;

    if (any_slot(m, from, &i))
        mm_unset(m, from, i);
}

static void name(mm *m, mm_var *v)
{
    mm_var *to = any(v), *from = any(v);

    if (draw(2) == 0)
        mm_set(m, to, from);
    else
        mm_move(m, to, from);
}

static void forget(mm *m, mm_var *v)
{
    mm_clear(m, any(v));
}

static void get_root(mm *m, mm_var *v)
{
    mm_root_get(m, any(v), wild.roots[draw(ROOTS)]);
}

static void set_root(mm *m, mm_var *v)
{
    mm_root_set(m, wild.roots[draw(ROOTS)], any(v));
}

static void replace_root(mm *m, mm_var *v)
{
    const uint32_t r = draw(ROOTS);
    mm_root *old = wild.roots[r];

    (void)v;
    wild.roots[r] = new_root(m);
    mm_root_free(m, old);
}

static void wild_callback(mm *m, mm_var *reference, mm_var *context);

static void refer_weakly(mm *m, mm_var *v)
{
    mm_var *to = any(v), *referent = any(v);

    if (mm_is_null(referent) || wild.objects_left == 0)
        return;
    wild.objects_left--;
    mm_weak_new(m, to, referent, draw(2) == 0 ? any(v) : NULL, draw(3) != 0 ? wild_callback : NULL);
}

static void read_weakly(mm *m, mm_var *v)
{
    mm_var *to = any(v), *reference = any(v);

    if (!mm_is_null(reference) && mm_type_of(m, reference) == MM_TYPE_WEAK)
        mm_weak_load(m, to, reference);
}

static void collect(mm *m, mm_var *v)
{
    (void)v;
    if (has_collector() && draw(4) == 0)
        assert_int_equal(mm_collect(m, draw(strategy_traits.generations), NULL), MM_OK);
}

static void immortalise(mm *m, mm_var *v)
{
    mm_var *chosen = any(v);

    if (!wild.may_immortalise || mm_is_null(chosen) || draw(20) != 0)
        return;
    wild.immortal += mm_immortalise(m, chosen) == MM_OK;
}

static void switch_things(mm *m, mm_var *v)
{
    (void)v;
    switch (draw(12)) {
    case 0:
        mm_freeze(m);
        break;
    case 1:
        mm_unfreeze(m);
        break;
    case 2:
        mm_set_debug(mm_heap_of(m), MM_DEBUG_SAVE_ALL, NULL, NULL);
        break;
    case 3:
        mm_set_debug(mm_heap_of(m), 0, NULL, NULL);
        break;
    case 4:
        mm_garbage_clear(m);
        break;
    case 5:
        if (wild.may_fail)
            mm_fail_allocation(mm_heap_of(m), 1 + draw(20), false);
        break;
    default:
        break;
    }
}

static void get_garbage(mm *m, mm_var *v)
{
    const size_t count = mm_garbage_count(mm_heap_of(m));

    if (count != 0)
        assert_int_equal(mm_garbage_get(m, any(v), draw((uint32_t)count)), MM_OK);
}

typedef void operation(mm *m, mm_var *v);

/* Repeated ones are drawn more often. */
static operation *const operations[] = {
    make,        make,          make,         make,         make,        store,       store,
    store,       store,         load,         load,         load,        unset,       name,
    name,        forget,        forget,       get_root,     get_root,    get_root,    set_root,
    set_root,    replace_root,  refer_weakly, refer_weakly, read_weakly, read_weakly, collect,
    immortalise, switch_things, get_garbage,
};

static void run_one_operation(mm *m, mm_var *v)
{
    operations[draw(sizeof operations / sizeof *operations)](m, v);
}

/* ---- Finalisers and callbacks ---- */

static void run_code(mm *m, mm_var *a, mm_var *b)
{
    const uint32_t steps = draw(CODE_STEPS_MAX);
    MM_VARS(m, v, WORKERS);

    mm_set(m, v, a);
    if (b != NULL)
        mm_set(m, v + 1, b);
    for (uint32_t i = 0; i < steps; i++)
        run_one_operation(m, v);
}

static void wild_finaliser(mm *m, mm_var *self)
{
    const uint64_t serial = mm_serial(self);

    assert_in_range(serial, 1, SERIALS_MAX - 1);
    assert_int_equal(label_of(m, self), serial);
    assert_false(wild.was_finalised[serial]);
    assert_true(mm_is_finalized(m, self));
    wild.was_finalised[serial] = true;
    wild.finalised++;
    run_code(m, self, NULL);
    if (draw(3) == 0)
        mm_clear(m, self);
    else if (draw(3) == 0)
        mm_root_get(m, self, wild.roots[draw(ROOTS)]);
}

static void wild_callback(mm *m, mm_var *reference, mm_var *context)
{
    const uint64_t serial = mm_serial(reference);

    assert_in_range(serial, 1, SERIALS_MAX - 1);
    assert_leads_nowhere(m, reference);
    assert_slot(m, reference, 0, context);
    assert_false(wild.was_called[serial]);
    wild.was_called[serial] = true;
    run_code(m, reference, context);
}

/* ---- Programs ---- */

static void open_program(mm *m, uint64_t seed)
{
    memset(&wild, 0, sizeof wild);
    wild.random = seed * 0x9e3779b97f4a7c15u;
    wild.objects_left = OBJECTS_MAX;
    wild.node = new_type(m, "wild", MM_CONTAINER, wild_finaliser);
    wild.atom = new_type(m, "wild atom", MM_ATOM, wild_finaliser);
    for (uint32_t r = 0; r < ROOTS; r++)
        wild.roots[r] = new_root(m);
}

static void run_steps(mm *m)
{
    MM_VARS(m, v, WORKERS);

    for (uint32_t step = 1; step <= STEPS; step++) {
        run_one_operation(m, v);
        if (step % 10 == 0)
            heap_verify(m);
    }
}

/* Nothing is made any more, so that each pass leaves less to be finalised. */
static void drop_all(mm *m)
{
    uint64_t finalised;

    wild.objects_left = 0;
    mm_fail_allocation(mm_heap_of(m), 0, false);
    do {
        MM_VAR(m, nothing);
        finalised = wild.finalised;
        for (uint32_t r = 0; r < ROOTS; r++)
            mm_root_set(m, wild.roots[r], nothing);
        mm_unfreeze(m);
        mm_set_debug(mm_heap_of(m), 0, NULL, NULL);
        mm_garbage_clear(m);
        reclaim_all(m);
    } while (wild.finalised != finalised);
}

static void run_program(uint64_t seed, bool may_immortalise, bool may_fail)
{
    mm *m = heap_open("");

    open_program(m, seed);
    wild.may_immortalise = may_immortalise;
    wild.may_fail = may_fail;
    run_steps(m);
    drop_all(m);
    drop_all(m); /* what the last finaliser of the first left */
    if (strategy_traits.reclaims_cycles && wild.immortal == 0) {
        assert_int_equal(objects_live(m), 0);
        assert_int_equal(wild.finalised, wild.finalisable);
    }
    if (!strategy_traits.reclaims)
        assert_int_equal(wild.finalised, 0);
    heap_end(m);
}

static uint64_t seeds(void)
{
    return strategy_traits.timed ? SEEDS : SEEDS_UNTIMED;
}

static void wild_programs_leave_the_heap_in_order(mm *m)
{
    (void)m;
    for (uint64_t seed = 1; seed <= seeds(); seed++)
        run_program(seed, false, false);
}

static void wild_programs_with_immortal_objects_leave_the_heap_in_order(mm *m)
{
    (void)m;
    for (uint64_t seed = 1; seed <= seeds(); seed++)
        run_program(seed, true, false);
}

static void wild_programs_without_memory_leave_the_heap_in_order(mm *m)
{
    (void)m;
    for (uint64_t seed = 1; seed <= seeds(); seed++)
        run_program(seed, seed % 2 == 0, true);
}

int test_wild_programs(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wild_programs_leave_the_heap_in_order),
        TEST(wild_programs_with_immortal_objects_leave_the_heap_in_order),
        TEST(wild_programs_without_memory_leave_the_heap_in_order),
    };
    if (strategy_traits.conservative)
        return tests_left_out("wild programs", "conservative");
    return TESTS_RUN("wild programs", tests);
}
