#include "shadow.h"

#include <stdlib.h>
#include <string.h>

enum { OPERATIONS_BETWEEN_VERIFICATIONS = 20 };

/* ---- The shadow ---- */

/* Puts an object and what it reaches into the set. The depth of the recursion is at most
 * SHADOW_OBJECTS. */
static void reach(const shadow *s, uint32_t object, shadow_set reachable)
{
    if (object == 0 || reachable[object])
        return;
    reachable[object] = true;
    for (uint32_t i = 0; i < s->slot_count[object]; i++)
        reach(s, s->slots[object][i], reachable);
}

void shadow_reachable(const shadow *s, shadow_set reachable)
{
    memset(reachable, 0, sizeof(shadow_set));
    for (uint32_t i = 0; i < SHADOW_VARIABLES; i++)
        reach(s, s->variables[i], reachable);
    for (uint32_t i = 0; i < SHADOW_ROOTS; i++)
        reach(s, s->roots[i], reachable);
}

/* The references to each object from variables, roots and the slots of objects in the set; [0] is
 * meaningless. */
static void count_references(const shadow *s, const shadow_set holders, uint32_t *references)
{
    memset(references, 0, (SHADOW_OBJECTS + 1) * sizeof *references);
    for (uint32_t i = 0; i < SHADOW_VARIABLES; i++)
        references[s->variables[i]]++;
    for (uint32_t i = 0; i < SHADOW_ROOTS; i++)
        references[s->roots[i]]++;
    for (uint32_t object = 1; object <= s->made; object++)
        for (uint32_t i = 0; i < s->slot_count[object] && holders[object]; i++)
            references[s->slots[object][i]]++;
}

void shadow_counted(const shadow *s, shadow_set counted)
{
    uint32_t references[SHADOW_OBJECTS + 1];
    bool died = true;

    memset(counted, 0, sizeof(shadow_set));
    memset(counted + 1, true, s->made);
    while (died) {
        died = false;
        count_references(s, counted, references);
        for (uint32_t object = 1; object <= s->made; object++) {
            if (counted[object] && references[object] == 0) {
                counted[object] = false;
                died = true;
            }
        }
    }
}

/* ---- What the program is told ---- */

static random_program *running; /* finalisers and callbacks have no context */

/* The shadow is one operation behind: the slot that is just being emptied may be null already. */
static void note_finalised(mm *m, mm_var *self)
{
    const uint32_t object = (uint32_t)mm_serial(self);
    MM_BORROW(m, child);

    assert_int_equal(label_of(m, self), object);
    for (uint32_t i = 0; i < mm_slot_count(m, self); i++) {
        mm_borrow(m, child, self, i);
        if (!mm_is_null(child))
            assert_int_equal(mm_serial(child), running->shadow.slots[object][i]);
    }
    running->shadow.finalised[object]++;
}

static void note_called(mm *m, mm_var *reference, mm_var *context)
{
    const uint32_t object = (uint32_t)mm_serial(reference);

    assert_leads_nowhere(m, reference);
    assert_slot(m, reference, 0, context);
    running->shadow.called[object]++;
}

/* ---- Heap and shadow compared ---- */

static void note_live(uint64_t serial, mm_type type, uint32_t slot_count, uint32_t generation,
                      void *context)
{
    bool *live = context;

    (void)type, (void)slot_count, (void)generation;
    assert_in_range(serial, 1, SHADOW_OBJECTS);
    live[serial] = true;
}

/* Other runtimes' collectors that trace free an object in a later collection than finalises it. */
static bool frees_later(void)
{
    return strategy_traits.peer != NULL && !strategy_traits.counts;
}

/* Finalised are the dead that have a finaliser, once; called are the living whose referent is dead.
 */
static void compare_calls(const shadow *s, const shadow_set live)
{
    for (uint32_t object = 1; object <= s->made; object++) {
        const uint32_t referent = s->referent[object];
        const bool freed_later = live[object] && s->finalised[object] == 1 && frees_later();
        if (s->finalised[object] != (s->finalisable[object] && !live[object]) && !freed_later)
            fail_msg("object %u was finalised %u times", object, s->finalised[object]);
        if (referent == 0)
            continue;
        if (s->cleared[object] && live[referent] && !frees_later())
            fail_msg("weak reference %u was cleared while its referent lived", object);
        if (live[object] && s->called[object] != (s->watching[object] && !live[referent]))
            fail_msg("the callback of %u was called %u times", object, s->called[object]);
        if (s->called[object] > 1)
            fail_msg("the callback of %u was called again", object);
    }
}

/* Which objects are alive, against what the traits allow. */
static void compare_live(random_program *p, bool quiescent)
{
    const bool exact = (quiescent && !strategy_traits.conservative) ||
                       (strategy_traits.prompt && collections_run(p->m) == 0);
    const bool only_reachable =
        quiescent && strategy_traits.reclaims_cycles && !strategy_traits.conservative;
    shadow_set live = {0}, reachable, counted;

    mm_each_object(mm_heap_of(p->m), note_live, live);
    shadow_reachable(&p->shadow, reachable);
    shadow_counted(&p->shadow, counted);
    compare_calls(&p->shadow, live);
    for (uint32_t object = 1; object <= p->shadow.made; object++) {
        if (reachable[object] && !live[object])
            fail_msg("reachable object %u was reclaimed", object);
        if (!strategy_traits.reclaims && !live[object])
            fail_msg("object %u was reclaimed by a strategy that never does", object);
        if (strategy_traits.prompt && live[object] && !counted[object])
            fail_msg("object %u has no reference and lives on", object);
        if (only_reachable && live[object] && !reachable[object])
            fail_msg("unreachable object %u survived a full collection", object);
        if (exact && !only_reachable && counted[object] && !live[object])
            fail_msg("object %u is referred to and was reclaimed", object);
    }
}

/* Variable `v` names its object, which is whole: label and slots are as they were written. */
static void compare_variable(random_program *p, uint32_t v)
{
    const uint32_t object = p->shadow.variables[v];
    mm_var *variable = p->variables + v;
    MM_BORROW(p->m, child);

    assert_int_equal(mm_serial(variable), object);
    if (object == 0)
        return;
    if (p->shadow.referent[object] == 0)
        assert_int_equal(label_of(p->m, variable), object);
    assert_int_equal(mm_slot_count(p->m, variable), p->shadow.slot_count[object]);
    for (uint32_t i = 0; i < p->shadow.slot_count[object]; i++) {
        mm_borrow(p->m, child, variable, i);
        assert_int_equal(mm_serial(child), p->shadow.slots[object][i]);
    }
}

static void compare_variables(random_program *p)
{
    for (uint32_t v = 0; v < SHADOW_VARIABLES; v++)
        compare_variable(p, v);
}

/* ---- The operations ---- */

/* A number below `bound`, by xorshift (Marsaglia 2003). */
static uint32_t draw(random_program *p, uint32_t bound)
{
    p->random ^= p->random << 13;
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return (uint32_t)(p->random >> 33) % bound;
}

/* The operands of one operation: two variables, which may be the same, and a slot of each whose
 * object has one. */
typedef struct operands {
    uint32_t a, b, i, j;
    mm_var *va, *vb;
    uint32_t *a_shadow, *b_shadow; /* what the variables name */
    uint32_t *a_slot, *b_slot;     /* what those slots hold; NULL: no such slot */
} operands;

static uint32_t *draw_slot(random_program *p, uint32_t object, uint32_t *index)
{
    if (p->shadow.slot_count[object] == 0)
        return NULL;
    *index = draw(p, p->shadow.slot_count[object]);
    return &p->shadow.slots[object][*index];
}

static operands draw_operands(random_program *p)
{
    operands o = {.a = draw(p, SHADOW_VARIABLES), .b = draw(p, SHADOW_VARIABLES)};

    o.va = p->variables + o.a;
    o.vb = p->variables + o.b;
    o.a_shadow = &p->shadow.variables[o.a];
    o.b_shadow = &p->shadow.variables[o.b];
    o.a_slot = draw_slot(p, *o.a_shadow, &o.i);
    o.b_slot = draw_slot(p, *o.b_shadow, &o.j);
    return o;
}

/* The shadow of the new object that `va` names. Returns its number. */
static uint32_t note_new(random_program *p, operands *o, uint32_t slots)
{
    const uint32_t object = (uint32_t)mm_serial(o->va);

    assert_in_range(object, p->shadow.made + 1, SHADOW_OBJECTS);
    p->shadow.made = object;
    p->shadow.slot_count[object] = slots;
    *o->a_shadow = object;
    return object;
}

static bool is_full(const random_program *p)
{
    enum { LEFT_OUT_MAX = 50 };

    return p->shadow.made >= SHADOW_OBJECTS - LEFT_OUT_MAX;
}

static void do_new(random_program *p, operands *o)
{
    const uint32_t slots = draw(p, SHADOW_SLOTS + 1);
    const bool finalisable = draw(p, 2) == 0;
    const mm_type plain = slots != 0 ? node_type : atom_type;
    const mm_type special = slots != 0 ? p->finalisable_node : p->finalisable_atom;
    uint32_t object;

    if (is_full(p))
        return;
    if (mm_new(p->m, o->va, finalisable ? special : plain, slots, sizeof(uint64_t)) != MM_OK) {
        p->failed_allocations++;
        return;
    }
    object = note_new(p, o, slots);
    *(uint64_t *)mm_data(p->m, o->va) = object;
    p->shadow.finalisable[object] = finalisable;
    p->shadow.weakable[object] = finalisable || slots != 0;
}

static void do_weak_new(random_program *p, operands *o)
{
    const uint32_t referent = *o->b_shadow, c = draw(p, SHADOW_VARIABLES);
    const uint32_t context = p->shadow.variables[c];
    const bool watching = draw(p, 2) == 0;
    mm_status status;
    uint32_t object;

    if (is_full(p) || referent == 0)
        return;
    status = mm_weak_new(p->m, o->va, o->vb, context != 0 ? p->variables + c : NULL,
                         watching ? note_called : NULL);
    assert_int_equal(status == MM_INVALID, !p->shadow.weakable[referent]);
    p->failed_allocations += status == MM_NO_MEMORY;
    if (status != MM_OK)
        return;
    object = note_new(p, o, 1);
    p->shadow.slots[object][0] = context;
    p->shadow.referent[object] = referent;
    p->shadow.watching[object] = watching;
}

/* What is read may be unreachable, and then is so no more. */
static void do_weak_load(random_program *p, operands *o)
{
    const uint32_t reference = *o->b_shadow, referent = p->shadow.referent[reference];
    shadow_set reachable;
    uint64_t found;

    if (referent == 0)
        return;
    shadow_reachable(&p->shadow, reachable);
    mm_weak_load(p->m, o->va, o->vb);
    found = mm_serial(o->va);
    if (found != referent && (found != 0 || reachable[referent]))
        fail_msg("weak reference %u to %u led to %lu", reference, referent, (unsigned long)found);
    if (found != 0 && p->shadow.cleared[reference])
        fail_msg("weak reference %u was cleared and leads to %u again", reference, referent);
    p->shadow.cleared[reference] |= found == 0;
    *o->a_shadow = (uint32_t)found;
}

static void do_set(random_program *p, operands *o)
{
    mm_set(p->m, o->va, o->vb);
    *o->a_shadow = *o->b_shadow;
}

static void do_move(random_program *p, operands *o)
{
    const uint32_t moved = *o->b_shadow;

    mm_move(p->m, o->va, o->vb);
    *o->b_shadow = 0;
    *o->a_shadow = moved;
}

static void do_clear(random_program *p, operands *o)
{
    mm_clear(p->m, o->va);
    *o->a_shadow = 0;
}

static void do_load(random_program *p, operands *o)
{
    if (o->b_slot == NULL)
        return;
    mm_load(p->m, o->va, o->vb, o->j);
    *o->a_shadow = *o->b_slot;
}

static void do_take(random_program *p, operands *o)
{
    if (o->b_slot == NULL)
        return;
    mm_take(p->m, o->va, o->vb, o->j);
    *o->a_shadow = *o->b_slot;
    *o->b_slot = 0;
}

static void do_store(random_program *p, operands *o)
{
    if (o->a_slot == NULL)
        return;
    mm_store(p->m, o->va, o->i, o->vb);
    *o->a_slot = *o->b_shadow;
}

static void do_store_move(random_program *p, operands *o)
{
    if (o->a_slot == NULL)
        return;
    mm_store_move(p->m, o->va, o->i, o->vb);
    *o->a_slot = *o->b_shadow;
    *o->b_shadow = 0;
}

static void do_fill(random_program *p, operands *o)
{
    if (o->a_slot == NULL || *o->a_slot != 0)
        return;
    mm_fill(p->m, o->va, o->i, o->vb);
    *o->a_slot = *o->b_shadow;
    *o->b_shadow = 0;
}

static void do_unset(random_program *p, operands *o)
{
    if (o->a_slot == NULL)
        return;
    mm_unset(p->m, o->va, o->i);
    *o->a_slot = 0;
}

static void do_copy_slot(random_program *p, operands *o)
{
    if (o->a_slot == NULL || o->b_slot == NULL)
        return;
    mm_copy_slot(p->m, o->va, o->i, o->vb, o->j);
    *o->a_slot = *o->b_slot;
}

/* Gives a second name to what was only looked at. The caller keeps `vb`, so `va` is another. */
static void do_borrow_and_set(random_program *p, operands *o)
{
    MM_BORROW(p->m, look);

    if (o->b_slot == NULL || o->a == o->b)
        return;
    mm_borrow(p->m, look, o->vb, o->j);
    mm_set(p->m, o->va, look);
    *o->a_shadow = *o->b_slot;
}

static void do_root_set(random_program *p, operands *o)
{
    const uint32_t r = draw(p, SHADOW_ROOTS);

    mm_root_set(p->m, p->roots[r], o->va);
    p->shadow.roots[r] = *o->a_shadow;
}

static void do_root_get(random_program *p, operands *o)
{
    const uint32_t r = draw(p, SHADOW_ROOTS);

    mm_root_get(p->m, o->va, p->roots[r]);
    *o->a_shadow = p->shadow.roots[r];
}

static void do_safepoint(random_program *p, operands *o)
{
    (void)o;
    mm_safepoint(p->m);
}

static void do_collect(random_program *p, operands *o)
{
    (void)o;
    if (has_collector())
        assert_int_equal(mm_collect(p->m, draw(p, strategy_traits.generations), NULL), MM_OK);
}

typedef void operation(random_program *p, operands *o);

/* Repeated ones are drawn more often; more is made and stored than dropped, so that structures
 * grow. */
static operation *const operations_drawn[] = {
    do_new,        do_new,       do_new,
    do_new,        do_set,       do_move,
    do_clear,      do_load,      do_load,
    do_take,       do_store,     do_store,
    do_store,      do_store,     do_store_move,
    do_store_move, do_fill,      do_unset,
    do_copy_slot,  do_copy_slot, do_borrow_and_set,
    do_root_set,   do_root_get,  do_safepoint,
    do_collect,    do_weak_new,  do_weak_new,
    do_weak_load,  do_weak_load,
};

static void run_one_operation(random_program *p)
{
    enum { DRAWN = sizeof operations_drawn / sizeof *operations_drawn };
    operation *const chosen = operations_drawn[draw(p, DRAWN)];
    operands o = draw_operands(p);

    chosen(p, &o);
    compare_variables(p);
}

static void compare_at_quiescence(random_program *p)
{
    if (has_collector())
        assert_int_equal(mm_collect_all(p->m, NULL), MM_OK);
    compare_live(p, true);
    compare_variables(p);
    heap_verify(p->m);
}

static void drop_everything(random_program *p)
{
    for (uint32_t v = 0; v < SHADOW_VARIABLES; v++) {
        mm_clear(p->m, p->variables + v);
        p->shadow.variables[v] = 0;
    }
    for (uint32_t r = 0; r < SHADOW_ROOTS; r++) {
        mm_root_free(p->m, p->roots[r]);
        p->shadow.roots[r] = 0;
    }
}

static void run_program(random_program *p, uint32_t operations)
{
    MM_VARS(p->m, variables, SHADOW_VARIABLES);

    p->variables = variables;
    for (uint32_t i = 1; i <= operations; i++) {
        run_one_operation(p);
        if (i % OPERATIONS_BETWEEN_VERIFICATIONS == 0) {
            compare_live(p, false);
            heap_verify(p->m);
        }
    }
    compare_at_quiescence(p);
    drop_everything(p);
    compare_live(p, false);
    compare_at_quiescence(p);
}

uint64_t random_program_run(mm *m, uint64_t seed, uint32_t operations)
{
    random_program *p = calloc(1, sizeof *p);
    uint64_t failed;

    assert_non_null(p);
    running = p;
    p->m = m;
    p->finalisable_node = new_type(m, "finalisable node", MM_CONTAINER, note_finalised);
    p->finalisable_atom = new_type(m, "finalisable atom", MM_ATOM, note_finalised);
    p->random = seed * 0x9e3779b97f4a7c15u;
    for (uint32_t r = 0; r < SHADOW_ROOTS; r++)
        assert_int_equal(mm_root_new(m, &p->roots[r]), MM_OK);
    run_program(p, operations);
    failed = p->failed_allocations;
    free(p);
    return failed;
}
