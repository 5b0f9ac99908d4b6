/* Weak references: they read their object while it lives and null after, count for nothing, and tell
 * of its death, once. */
#include "conformance.h"

/* ---- Reading ---- */

static void a_weak_reference_reads_its_object_while_it_lives(mm *m)
{
    MM_VARS(m, v, 3);

    new_labelled(m, v, 0, 7);
    new_weak(m, v + 1, v);
    assert_int_equal(mm_type_of(m, v + 1), MM_TYPE_WEAK);
    assert_int_equal(mm_slot_count(m, v + 1), 1);
    assert_references(m, v, 1);
    reclaim_all(m);
    mm_weak_load(m, v + 2, v + 1);
    assert_true(mm_same(v, v + 2));
    assert_int_equal(label_of(m, v + 2), 7);
    assert_references(m, v, 2);
    assert_left_after_collecting(m, 2, 0);
}

static void a_weak_reference_reads_null_after(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 0);
    new_weak(m, v + 1, v);
    mm_clear(m, v);
    if (strategy_traits.prompt)
        assert_leads_nowhere(m, v + 1);
    reclaim_all(m);
    mm_weak_load(m, v, v + 1);
    assert_int_equal(mm_is_null(v), dies(false));
    mm_clear(m, v);
    assert_left_after_collecting(m, 1, 0);
}

static void what_is_read_is_kept(mm *m)
{
    MM_VARS(m, v, 3);

    new_labelled(m, v, 0, 7);
    new_weak(m, v + 1, v);
    mm_weak_load(m, v + 2, v + 1);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(label_of(m, v + 2), 7);
    assert_leads_to(m, v + 1, v + 2);
}

static void a_weak_reference_may_be_read_over_itself(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 0);
    new_weak(m, v + 1, v);
    mm_weak_load(m, v + 1, v + 1);
    assert_true(mm_same(v, v + 1));
    assert_left_after_collecting(m, 1, 0);
}

static void a_weak_reference_may_replace_its_referent(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    new_weak(m, v, v);
    reclaim_all(m);
    assert_int_equal(mm_type_of(m, v), MM_TYPE_WEAK);
    mm_weak_load(m, v + 1, v);
    assert_int_equal(mm_is_null(v + 1), dies(false));
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 1, 0);
}

static void an_object_may_hold_a_weak_reference_to_itself(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    new_weak(m, v + 1, v);
    mm_store_move(m, v, 0, v + 1);
    reclaim_all(m);
    mm_load(m, v + 1, v, 0);
    assert_leads_to(m, v + 1, v);
    mm_clear(m, v + 1);
    mm_clear(m, v);
    assert_left_now(m, 0, 0);
    assert_left_after_collecting(m, 0, 0);
}

static void atoms_can_be_referred_to_weakly(mm *m)
{
    const mm_type type = new_type(m, "weakable atom", MM_ATOM, NULL);
    MM_VARS(m, v, 3);

    new_of(m, v, type, 0, 7);
    new_weak_calling(m, v + 1, v, NULL, note_callback);
    new_node(m, v + 2, 2);
    mm_store(m, v + 2, 0, v + 2);
    mm_store_move(m, v + 2, 1, v);
    reclaim_all(m);
    mm_weak_load(m, v, v + 1);
    assert_int_equal(label_of(m, v), 7);
    mm_clear(m, v);
    mm_clear(m, v + 2);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true));
    assert_left_after_collecting(m, 1, 2);
}

static void only_weakable_types_can_be_referred_to(mm *m)
{
    MM_VARS(m, v, 3);

    new_atom(m, v, 8);
    new_node(m, v + 1, 0);
    assert_int_equal(mm_weak_new(m, v + 1, v, v, note_callback), MM_INVALID);
    assert_int_equal(mm_type_of(m, v + 1), node_type);
    new_weak(m, v + 2, v + 1);
    assert_int_equal(mm_weak_new(m, v, v + 2, NULL, NULL), MM_INVALID);
    assert_int_equal(mm_type_of(m, v), atom_type);
    assert_references(m, v, 1);
    assert_left_now(m, 3, 0);
    assert_left_after_collecting(m, 3, 0);
}

/* ---- Garbage ---- */

static void a_cycle_is_no_longer_readable_once_it_is_found(mm *m)
{
    MM_VARS(m, v, 3);

    new_pair(m, v, v + 1);
    new_weak_calling(m, v + 2, v, NULL, note_callback);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    reclaim_all(m);
    mm_weak_load(m, v, v + 2);
    assert_int_equal(mm_is_null(v), dies(true));
    mm_clear(m, v);
    assert_int_equal(journal_length(), dies(true));
    assert_left_after_collecting(m, 1, 2);
}

/* The weak reference is on the cycle that its referent is on. */
static void a_weak_reference_in_the_garbage_calls_nothing(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 2);
    mm_store(m, v, 0, v);
    new_weak_calling(m, v + 1, v, v, note_callback);
    mm_store_move(m, v, 1, v + 1);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), 0);
    assert_left_after_collecting(m, 0, 2);
}

static void a_weak_reference_in_the_garbage_leaves_the_living_alone(mm *m)
{
    MM_VARS(m, v, 4);

    new_node(m, v, 0);
    new_weak(m, v + 2, v);
    new_node(m, v + 1, 2);
    mm_store(m, v + 1, 0, v + 1);
    new_weak_calling(m, v + 3, v, NULL, note_callback);
    mm_store_move(m, v + 1, 1, v + 3);
    new_weak(m, v + 3, v);
    mm_clear(m, v + 1);
    reclaim_all(m);
    assert_leads_to(m, v + 2, v);
    assert_leads_to(m, v + 3, v);
    assert_left_after_collecting(m, 3, 2);
    mm_clear(m, v);
    reclaim_all(m);
    mm_weak_load(m, v, v + 2);
    assert_int_equal(mm_is_null(v), dies(false));
    mm_weak_load(m, v, v + 3);
    assert_int_equal(mm_is_null(v), dies(false));
}

static void collecting_a_young_generation_clears_what_is_young(mm *m)
{
    MM_VARS(m, v, 3);
    uint64_t found;

    new_node(m, v, 1);
    new_weak_calling(m, v + 1, v, NULL, note_callback);
    reclaim_all(m);
    mm_clear(m, v + 1); /* old referents outlive young weak references, and the other way round */
    new_weak_calling(m, v + 1, v, NULL, note_callback);
    mm_store(m, v + 1, 0, v + 1);
    mm_clear(m, v + 1);
    assert_int_equal(mm_collect(m, 0, &found), MM_OK);
    assert_int_equal(found, 1);
    new_weak_calling(m, v + 1, v, NULL, note_callback);
    reclaim_all(m);
    mm_store(m, v, 0, v);
    mm_clear(m, v);
    assert_int_equal(mm_collect(m, 0, &found), MM_OK);
    assert_int_equal(found, 0);
    assert_int_equal(journal_length(), 0);
    reclaim_all(m);
    assert_int_equal(journal_length(), 1);
    assert_leads_nowhere(m, v + 1);
}

/* ---- Callbacks ---- */

static mm_root *all_references; /* what the callbacks below look at */

/* Each of the container in the root reads null, and so does the one called for. */
static void expect_all_cleared(mm *m, mm_var *reference, mm_var *context)
{
    MM_VARS(m, v, 2);

    assert_leads_nowhere(m, reference);
    mm_root_get(m, v, all_references);
    for (uint32_t i = 0; i < mm_slot_count(m, v); i++) {
        mm_load(m, v + 1, v, i);
        assert_leads_nowhere(m, v + 1);
    }
    journal_note(label_of(m, context));
}

static void callbacks_come_newest_first_when_all_is_cleared(mm *m)
{
    MM_VARS(m, v, 4);

    all_references = new_root(m);
    new_ring(m, v, 2);
    new_node(m, v + 1, 6);
    mm_root_set(m, all_references, v + 1);
    for (uint32_t i = 0; i < 6; i++) {
        new_labelled(m, v + 2, 0, i);
        if (i == 2)
            new_weak(m, v + 3, v);
        else
            new_weak_calling(m, v + 3, v, v + 2, expect_all_cleared);
        mm_store_move(m, v + 1, i, v + 3);
    }
    new_weak_calling(m, v + 3, v, v + 2, expect_all_cleared);
    mm_clear(m, v + 3); /* given up: calls nothing */
    reclaim_all(m);
    mm_take(m, v + 2, v, 0); /* no cycle any more */
    mm_clear(m, v);
    mm_clear(m, v + 2);
    if (strategy_traits.prompt)
        ASSERT_JOURNAL(5, 4, 3, 1, 0);
    reclaim_all(m);
    if (dies(false))
        ASSERT_JOURNAL(5, 4, 3, 1, 0);
    else
        assert_int_equal(journal_length(), 0);
}

static void a_callback_is_called_once(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 0);
    new_labelled(m, v + 2, 0, 7);
    new_weak_calling(m, v + 1, v, v + 2, note_callback);
    mm_clear(m, v);
    reclaim_all(m);
    reclaim_all(m);
    mm_clear(m, v + 1);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false));
    assert_int_equal(journal_count(7), dies(false));
}

static void expect_no_context(mm *m, mm_var *reference, mm_var *context)
{
    assert_true(mm_is_null(context));
    assert_slot_null(m, reference, 0);
    journal_note(1);
}

static void a_callback_without_context_gets_null(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 0);
    new_weak_calling(m, v + 1, v, NULL, expect_no_context);
    new_weak_calling(m, v + 2, v, v + 2, expect_no_context); /* a null variable */
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false) ? 2 : 0);
}

static void the_context_lives_and_dies_with_its_weak_reference(mm *m)
{
    const mm_type type = new_type(m, "context", MM_CONTAINER, note_finaliser);
    MM_VARS(m, v, 3);

    new_node(m, v, 0);
    new_of(m, v + 2, type, 0, 7);
    new_weak_calling(m, v + 1, v, v + 2, note_callback);
    assert_references(m, v + 2, 2);
    mm_clear(m, v + 2);
    assert_left_after_collecting(m, 3, 0);
    assert_int_equal(journal_length(), 0);
    mm_clear(m, v); /* the context stays: the weak reference does */
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false));
    assert_left_after_collecting(m, 2, 0);
    mm_clear(m, v + 1);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false) ? 2 : 0);
    assert_left_after_collecting(m, 0, 0);
}

static void a_context_may_be_the_referent_itself(mm *m)
{
    MM_VARS(m, v, 2);

    new_labelled(m, v, 0, 7);
    new_weak_calling(m, v + 1, v, v, note_callback);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), 0); /* the weak reference keeps it, by its context */
    mm_weak_load(m, v, v + 1);
    assert_int_equal(label_of(m, v), 7);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_left_now(m, 0, 0);
    reclaim_all(m);
    assert_int_equal(journal_length(), 0);
    assert_left_after_collecting(m, 0, 0);
}

/* Keeps ten new weak references to the context: the table grows while it is worked on. */
static void refer_to_the_context(mm *m, mm_var *reference, mm_var *context)
{
    MM_VARS(m, v, 2);

    assert_leads_nowhere(m, reference);
    for (int i = 0; i < 10; i++) {
        new_weak(m, v, context);
        new_node(m, v + 1, 2);
        mm_store_move(m, v + 1, 0, v);
        mm_root_get(m, v, all_references);
        mm_store_move(m, v + 1, 1, v);
        mm_root_set(m, all_references, v + 1);
    }
    journal_note(1);
}

static void callbacks_make_weak_references(mm *m)
{
    enum { COUNT = 50 };
    MM_VARS(m, v, 4);

    all_references = new_root(m);
    new_labelled(m, v, 0, 7);
    new_node(m, v + 1, COUNT);
    new_ring(m, v + 2, 3);
    for (uint32_t i = 0; i < COUNT; i++) {
        new_weak_calling(m, v + 3, v + 2, v, refer_to_the_context);
        mm_store_move(m, v + 1, i, v + 3);
    }
    mm_clear(m, v + 2);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(true) ? COUNT : 0);
    mm_root_get(m, v + 2, all_references);
    for (uint64_t i = 0; i < 10 * journal_length(); i++) {
        mm_load(m, v + 3, v + 2, 0);
        assert_leads_to(m, v + 3, v);
        mm_load(m, v + 2, v + 2, 1);
    }
    assert_true(mm_is_null(v + 2));
}

/* ---- In finalisers ---- */

static mm_root *made_reference;

static void refer_to_the_neighbour(mm *m, mm_var *self)
{
    MM_VARS(m, v, 2);

    mm_load(m, v, self, 0);
    new_weak_calling(m, v + 1, v, NULL, note_callback);
    mm_root_set(m, made_reference, v + 1);
}

/* `kind` is of the object referred to: an atom behind a cycle dies otherwise than its container. */
static void refer_weakly_in_a_finaliser(mm *m, mm_type neighbour, bool cyclic)
{
    const mm_type type = new_type(m, "referring", MM_CONTAINER, refer_to_the_neighbour);
    MM_VARS(m, v, 2);

    made_reference = new_root(m);
    new_of(m, v, type, 2, 7);
    new_of(m, v + 1, neighbour, mm_type_is_container(neighbour), 8);
    if (cyclic)
        mm_store(m, v, 1, v);
    mm_store_move(m, v, 0, v + 1);
    mm_clear(m, v);
    reclaim_all(m);
    mm_root_get(m, v, made_reference);
    assert_int_equal(mm_is_null(v), !dies(cyclic));
    if (!mm_is_null(v))
        assert_leads_nowhere(m, v);
    assert_int_equal(journal_length(), dies(cyclic));
    mm_clear(m, v);
    assert_left_after_collecting(m, dies(cyclic), cyclic ? 2 : 0);
}

static void weak_references_made_in_finalisers_lead_nowhere_after(mm *m)
{
    const mm_type atom = new_type(m, "weakable atom", MM_ATOM, NULL);
    const mm_type types[] = {node_type, atom};

    for (int i = 0; i < 4; i++) {
        mm *other = heap_open("");
        const mm_type inner = new_type(other, "weakable atom", MM_ATOM, NULL);
        (void)inner; /* the same number as in the heap of `types` */
        journal_clear();
        refer_weakly_in_a_finaliser(other, types[i / 2], i % 2 != 0);
        heap_end(other);
    }
}

static void refer_to_self_and_forget(mm *m, mm_var *self)
{
    MM_VAR(m, v);

    for (int i = 0; i < 100; i++)
        new_weak_calling(m, v, self, self, note_callback);
}

static void weak_references_made_and_dropped_in_finalisers_call_nothing(mm *m)
{
    const mm_type type = new_type(m, "referring", MM_CONTAINER, refer_to_self_and_forget);
    MM_VAR(m, v);

    new_of(m, v, type, 0, 7);
    new_ring_of(m, v, type, 1, 3);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), 0);
    assert_left_after_collecting(m, 0, 3);
}

/* ---- Many ---- */

static void many_weak_references_share_an_object(mm *m)
{
    enum { COUNT = 300 };
    MM_VARS(m, v, 3);

    new_node(m, v, 0);
    new_node(m, v + 1, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        new_weak_calling(m, v + 2, v, NULL, note_callback);
        mm_store_move(m, v + 1, i, v + 2);
    }
    for (uint32_t i = 0; i < COUNT; i += 3)
        mm_unset(m, v + 1, i * 7 % COUNT); /* every third, out of order */
    reclaim_all(m);
    for (uint32_t i = 1; i < COUNT; i += 3) {
        mm_load(m, v + 2, v + 1, i);
        assert_leads_to(m, v + 2, v);
    }
    mm_clear(m, v + 2);
    mm_clear(m, v);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false) ? COUNT - COUNT / 3 : 0);
    assert_left_after_collecting(m, 1 + COUNT - COUNT / 3, 0);
}

/* Ten at a time, over and over: the table stays as large as ten need. */
static void records_are_used_again(mm *m)
{
    const weak_table *table = &mm_heap_of(m)->base.weak;
    MM_VARS(m, v, 2);

    for (int i = 0; i < 1000; i++) {
        new_node(m, v, 0);
        new_weak(m, v + 1, v);
        if (i % 10 == 0)
            reclaim_all(m);
    }
    assert_in_range(table->used, 1, dies(false) ? 15 : 1000);
    assert_in_range(table->live, 1, table->used);
}

enum { REFERENTS = 200, REFERENCES = 400 };

/* Which weak reference leads where: the plain array beside two containers. */
typedef struct references {
    mm *m;
    mm_var *referents, *references;
    uint32_t leads_to[REFERENCES]; /* a referent + 1, or 0: there is none */
    uint32_t born[REFERENTS];      /* the step at which it was made; 0: there is none */
    uint32_t since[REFERENCES];    /* `born` of the referent meant */
    uint64_t random;
} references;

static uint32_t draw(references *r, uint32_t bound)
{
    r->random ^= r->random << 13;
    r->random ^= r->random >> 7;
    r->random ^= r->random << 17;
    return (uint32_t)(r->random >> 33) % bound;
}

static void change_a_referent(references *r, uint32_t step)
{
    const uint32_t i = draw(r, REFERENTS);
    MM_VAR(r->m, v);

    mm_unset(r->m, r->referents, i);
    r->born[i] = 0;
    if (draw(r, 3) == 0)
        return;
    new_labelled(r->m, v, 0, step);
    mm_store_move(r->m, r->referents, i, v);
    r->born[i] = step;
}

static void change_a_reference(references *r)
{
    const uint32_t i = draw(r, REFERENCES), to = draw(r, REFERENTS);
    MM_VARS(r->m, v, 2);

    mm_unset(r->m, r->references, i);
    r->leads_to[i] = 0;
    mm_load(r->m, v, r->referents, to);
    if (mm_is_null(v) || draw(r, 4) == 0)
        return;
    new_weak(r->m, v + 1, v);
    mm_store_move(r->m, r->references, i, v + 1);
    r->leads_to[i] = to + 1;
    r->since[i] = r->born[to];
}

static void check_a_reference(references *r, uint32_t i, bool settled)
{
    MM_VARS(r->m, v, 2);
    uint32_t to;

    if (r->leads_to[i] == 0)
        return;
    to = r->leads_to[i] - 1;
    mm_load(r->m, v, r->references, i);
    mm_weak_load(r->m, v, v);
    if (r->since[i] == r->born[to]) {
        mm_load(r->m, v + 1, r->referents, to);
        assert_true(mm_same(v, v + 1));
    } else if (settled || strategy_traits.prompt) {
        assert_int_equal(mm_is_null(v), dies(false));
    } else if (!mm_is_null(v)) {
        assert_int_equal(label_of(r->m, v), r->since[i]);
    }
}

static void random_weak_references_agree_with_an_array(mm *m)
{
    const uint32_t steps = strategy_traits.timed && tests_forced_collections() == 0 ? 10000 : 1000;
    references r = {.m = m, .random = 88172645463325252u};
    MM_VARS(m, v, 2);

    r.referents = v;
    r.references = v + 1;
    new_node(m, v, REFERENTS);
    new_node(m, v + 1, REFERENCES);
    for (uint32_t step = 1; step <= steps; step++) {
        if (draw(&r, 2) == 0)
            change_a_referent(&r, step);
        else
            change_a_reference(&r);
        check_a_reference(&r, draw(&r, REFERENCES), false);
        if (step % 100 == 0)
            heap_verify(m);
    }
    reclaim_all(m);
    for (uint32_t i = 0; i < REFERENCES; i++)
        check_a_reference(&r, i, true);
}

/* ---- What they are for: back-pointers, caches, observers ---- */

enum { DEPTH = 4, FANOUT = 3 };

/* A tree whose slot FANOUT leads back to the parent, weakly or not. Returns its objects. */
static uint64_t grow_family(mm *m, mm_var *out, mm_var *parent, int depth, bool weakly)
{
    uint64_t made = 1;
    MM_VARS(m, v, 2);

    new_node(m, v, FANOUT + 1);
    if (!mm_is_null(parent) && weakly) {
        new_weak(m, v + 1, parent);
        mm_store_move(m, v, FANOUT, v + 1);
        made++;
    } else {
        mm_store(m, v, FANOUT, parent);
    }
    for (uint32_t i = 0; i < FANOUT && depth > 1; i++) {
        made += grow_family(m, v + 1, v, depth - 1, weakly);
        mm_store_move(m, v, i, v + 1);
    }
    mm_move(m, out, v);
    return made;
}

static void weak_parents_make_no_cycle(mm *m)
{
    uint64_t made;
    MM_VARS(m, v, 3);

    made = grow_family(m, v, v + 1, DEPTH, true);
    assert_left_after_collecting(m, made, 0);
    mm_load(m, v + 1, v, 0);
    mm_load(m, v + 2, v + 1, FANOUT);
    assert_leads_to(m, v + 2, v);
    mm_clear(m, v); /* the first child outlives its parent, with its own children */
    mm_clear(m, v + 2);
    mm_clear(m, v + 1);
    assert_left_now(m, 0, 0);
    assert_left_after_collecting(m, 0, 0);
}

static void strong_parents_make_cycles(mm *m)
{
    uint64_t made;
    MM_VARS(m, v, 2);

    made = grow_family(m, v, v + 1, DEPTH, false);
    mm_clear(m, v);
    assert_left_now(m, 0, made);
    assert_left_after_collecting(m, 0, made);
}

static void an_orphan_reads_no_parent(mm *m)
{
    MM_VARS(m, v, 3);

    grow_family(m, v, v + 1, 2, true);
    mm_load(m, v + 1, v, 0);
    mm_clear(m, v);
    reclaim_all(m);
    mm_load(m, v + 2, v + 1, FANOUT);
    mm_weak_load(m, v, v + 2);
    assert_int_equal(mm_is_null(v), dies(false));
}

/* The cache's entry is the context's label. */
static void forget_the_entry(mm *m, mm_var *reference, mm_var *context)
{
    MM_VAR(m, cache);

    (void)reference;
    mm_root_get(m, cache, all_references);
    mm_unset(m, cache, (uint32_t)label_of(m, context));
    journal_note(label_of(m, context));
}

static void a_weak_cache_forgets_what_nobody_uses(mm *m)
{
    enum { ENTRIES = 5 };
    MM_VARS(m, cache, 1);
    MM_VARS(m, used, ENTRIES);
    MM_VARS(m, v, 2);

    all_references = new_root(m);
    new_node(m, cache, ENTRIES);
    mm_root_set(m, all_references, cache);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        new_labelled(m, used + i, 0, 100 + i);
        new_labelled(m, v, 0, i);
        new_weak_calling(m, v + 1, used + i, v, forget_the_entry);
        mm_store_move(m, cache, i, v + 1);
    }
    mm_clear(m, v);
    mm_clear(m, used + 1);
    mm_clear(m, used + 3);
    reclaim_all(m);
    assert_int_equal(journal_length(), dies(false) ? 2 : 0);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        mm_load(m, v, cache, i);
        if (i % 2 == 0)
            assert_leads_to(m, v, used + i);
        else
            assert_int_equal(mm_is_null(v), dies(false));
    }
    mm_clear(m, v);
    assert_left_after_collecting(m, 1 + 3 * 3, 0);
}

/* An identity cache that stores the object keeps it alive; one that stores its data does not. */
static void a_strong_cache_keeps_and_a_cache_of_data_does_not(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 2);
    new_labelled(m, v + 1, 0, 7);
    mm_store(m, v, 0, v + 1);
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 2, 0);
    mm_unset(m, v, 0);
    new_labelled(m, v + 1, 0, 7);
    new_labelled(m, v + 2, 0, label_of(m, v + 1)); /* what it says, not itself */
    mm_store_move(m, v, 1, v + 2);
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 2, 0);
    new_node(m, v + 1, 1); /* an object that is its own cache's owner: a cycle */
    mm_store(m, v + 1, 0, v);
    mm_store(m, v, 0, v + 1);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 0, 3);
}

/* Tells each observer that is still there: its label goes up. Returns how many. */
static uint64_t notify(mm *m, mm_var *subject)
{
    uint64_t told = 0;
    MM_VAR(m, observer);

    for (uint32_t i = 0; i < mm_slot_count(m, subject); i++) {
        mm_load(m, observer, subject, i);
        mm_weak_load(m, observer, observer);
        if (mm_is_null(observer))
            continue;
        ++*(uint64_t *)mm_data(m, observer);
        told++;
    }
    return told;
}

static void observers_come_and_go(mm *m)
{
    enum { OBSERVERS = 4 };
    MM_VARS(m, observers, OBSERVERS);
    MM_VARS(m, v, 2);

    new_node(m, v, OBSERVERS);
    for (uint32_t i = 0; i < OBSERVERS; i++) {
        new_labelled(m, observers + i, 1, 0);
        mm_store(m, observers + i, 0, v); /* observers keep their subject, not the other way */
        new_weak(m, v + 1, observers + i);
        mm_store_move(m, v, i, v + 1);
    }
    assert_int_equal(notify(m, v), OBSERVERS);
    mm_clear(m, observers + 1);
    mm_clear(m, observers + 2);
    reclaim_all(m);
    assert_int_equal(notify(m, v), dies(false) ? OBSERVERS - 2 : OBSERVERS);
    assert_int_equal(label_of(m, observers), 2);
    for (uint32_t i = 0; i < OBSERVERS; i++)
        mm_clear(m, observers + i);
    assert_left_after_collecting(m, 1 + OBSERVERS, 0);
}

int test_weak_references(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_weak_reference_reads_its_object_while_it_lives),
        TEST(a_weak_reference_reads_null_after),
        TEST(what_is_read_is_kept),
        TEST(a_weak_reference_may_be_read_over_itself),
        TEST(a_weak_reference_may_replace_its_referent),
        TEST(an_object_may_hold_a_weak_reference_to_itself),
        TEST_WHERE(!strategy_traits.no_callbacks, atoms_can_be_referred_to_weakly),
        TEST(only_weakable_types_can_be_referred_to),
        TEST_WHERE(!strategy_traits.no_callbacks, a_cycle_is_no_longer_readable_once_it_is_found),
        TEST_WHERE(!strategy_traits.no_callbacks, a_weak_reference_in_the_garbage_calls_nothing),
        TEST_WHERE(!strategy_traits.no_callbacks,
                   a_weak_reference_in_the_garbage_leaves_the_living_alone),
        TEST_WHERE(!strategy_traits.no_callbacks, callbacks_come_newest_first_when_all_is_cleared),
        TEST_WHERE(!strategy_traits.no_callbacks, a_callback_is_called_once),
        TEST_WHERE(!strategy_traits.no_callbacks, a_callback_without_context_gets_null),
        TEST_WHERE(!strategy_traits.no_callbacks,
                   the_context_lives_and_dies_with_its_weak_reference),
        TEST_WHERE(!strategy_traits.no_callbacks, a_context_may_be_the_referent_itself),
        TEST_WHERE(!strategy_traits.no_callbacks, callbacks_make_weak_references),
        TEST_WHERE(!strategy_traits.no_callbacks,
                   weak_references_made_in_finalisers_lead_nowhere_after),
        TEST_WHERE(!strategy_traits.no_callbacks,
                   weak_references_made_and_dropped_in_finalisers_call_nothing),
        TEST_WHERE(!strategy_traits.no_callbacks, many_weak_references_share_an_object),
        TEST_WHERE(strategy_traits.peer == NULL, records_are_used_again),
        TEST(random_weak_references_agree_with_an_array),
        TEST(weak_parents_make_no_cycle),
        TEST(strong_parents_make_cycles),
        TEST(an_orphan_reads_no_parent),
        TEST_WHERE(!strategy_traits.no_callbacks, a_weak_cache_forgets_what_nobody_uses),
        TEST(a_strong_cache_keeps_and_a_cache_of_data_does_not),
        TEST(observers_come_and_go),
    };
    const struct CMUnitTest generation_tests[] = {
        TEST(collecting_a_young_generation_clears_what_is_young),
    };

    if (strategy_traits.conservative)
        return tests_left_out("weak references", "conservative");
    return TESTS_RUN("weak references", tests) +
           (has_counted_generations() && tests_forced_collections() == 0
                ? TESTS_RUN("weak references, generations", generation_tests)
                : 0);
}
