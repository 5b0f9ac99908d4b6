/* What an adapter to another runtime has written itself: finalisers and weak references by that
 * runtime's own, and refusals of what it has not. Many objects at a time, since a conservative
 * collector may keep some. */
#include "tests/conformance/conformance.h"

enum { MANY = 200, MOST = 180 };

static uint64_t finalised, called_back;
static mm_root *kept; /* where a finaliser puts what it resurrects */

static void note(mm *m, mm_var *self)
{
    assert_true(mm_is_finalized(m, self));
    assert_int_equal(label_of(m, self), 42);
    finalised++;
}

static void resurrect(mm *m, mm_var *self)
{
    note(m, self);
    mm_root_set(m, kept, self);
}

static void collect_inside(mm *m, mm_var *self)
{
    uint64_t found = 17;
    MM_VARS(m, v, 2);

    note(m, self);
    new_pair(m, v, v + 1);
    if (strategy_traits.prompt && collections_run(m) == 0)
        return; /* it dies by count: nothing is collecting */
    assert_int_equal(mm_collect(m, strategy_traits.generations - 1, &found), MM_OK);
}

static mm_type add_type(mm *m, mm_kind kind, mm_finaliser *finaliser)
{
    const mm_type_info info = {
        .name = "special", .kind = kind, .weakable = true, .finaliser = finaliser};
    mm_type type;

    finalised = called_back = 0;
    assert_int_equal(mm_type_add(mm_heap_of(m), &info, &type), MM_OK);
    return type;
}

static void make(mm *m, mm_var *dst, mm_type type)
{
    assert_int_equal(mm_new(m, dst, type, mm_type_is_container(type), sizeof(uint64_t)), MM_OK);
    *(uint64_t *)mm_data(m, dst) = 42;
    assert_int_equal(mm_type_of(m, dst), type);
    assert_false(mm_is_finalized(m, dst));
}

static void assert_most(uint64_t count)
{
    assert_in_range(count, strategy_traits.conservative ? MOST : MANY, MANY);
}

/* Makes and drops many; each refers to itself when they are `cyclic`. */
static void drop_many(mm *m, mm_type type, bool cyclic)
{
    for (int i = 0; i < MANY; i++) {
        MM_VAR(m, v);
        make(m, v, type);
        if (cyclic)
            mm_store(m, v, 0, v);
    }
}

/* Overwrites what the frames of calls that are over left on the stack. */
__attribute__((noinline)) static void forget_old_frames(void)
{
    volatile char clean[16384];

    for (size_t i = 0; i < sizeof clean; i++)
        clean[i] = 0;
}

static void collect_all(mm *m)
{
    forget_old_frames();
    assert_int_equal(mm_collect_all(m, NULL), MM_OK);
}

/* ---- Finalisers ---- */

static void each_object_is_finalised_once(mm *m)
{
    const mm_kind kinds[] = {MM_CONTAINER, MM_ATOM};

    for (int i = 0; i < 2; i++) {
        drop_many(m, add_type(m, kinds[i], note), false);
        if (strategy_traits.prompt)
            assert_int_equal(finalised, MANY);
        collect_all(m);
        collect_all(m);
        assert_most(finalised);
        assert_left_after_collecting(m, 0, 0);
    }
}

static void objects_on_cycles_are_finalised_too(mm *m)
{
    drop_many(m, add_type(m, MM_CONTAINER, note), true);
    collect_all(m);
    assert_most(finalised);
    assert_left_after_collecting(m, 0, 0);
}

static void what_is_resurrected_lives_and_is_not_finalised_again(mm *m)
{
    const mm_kind kinds[] = {MM_CONTAINER, MM_ATOM};

    for (int i = 0; i < 2; i++) {
        mm_type type = add_type(m, kinds[i], resurrect);
        MM_VAR(m, v);
        assert_int_equal(mm_root_new(m, &kept), MM_OK);
        drop_many(m, type, false);
        collect_all(m);
        assert_most(finalised);
        mm_root_get(m, v, kept);
        assert_int_equal(label_of(m, v), 42);
        assert_true(mm_is_finalized(m, v));
        mm_clear(m, v);
        mm_root_free(m, kept);
        collect_all(m);
        assert_most(finalised);
        assert_left_after_collecting(m, 0, 0);
    }
}

static void finalisers_may_collect(mm *m)
{
    drop_many(m, add_type(m, MM_CONTAINER, collect_inside), true);
    collect_all(m);
    assert_most(finalised);
    assert_left_after_collecting(m, 0, 0);
}

static void nothing_is_finalised_when_the_heap_is_freed(mm *m)
{
    mm *other = heap_open("");
    mm_root *root;

    (void)m;
    {
        mm_type type = add_type(other, MM_CONTAINER, note);
        MM_VAR(other, v);
        make(other, v, type);
        assert_int_equal(mm_root_new(other, &root), MM_OK);
        mm_root_set(other, root, v);
    }
    heap_end(other);
    assert_int_equal(finalised, 0);
}

/* ---- Weak references ---- */

static void call_back(mm *m, mm_var *reference, mm_var *context)
{
    MM_VAR(m, referent);

    mm_weak_load(m, referent, reference);
    assert_true(mm_is_null(referent));
    assert_int_equal(label_of(m, context), 42);
    called_back++;
}

/* `list` = many containers, each with a weak reference whose referent is dropped again. */
static void make_weak_references(mm *m, mm_var *list, mm_type type, mm_weak_callback *callback)
{
    MM_VARS(m, v, 4);
    mm_var *referent = v, *context = v + 1, *reference = v + 2, *link = v + 3;

    for (int i = 0; i < MANY; i++) {
        make(m, referent, type);
        make(m, context, type);
        assert_int_equal(mm_weak_new(m, reference, referent, context, callback), MM_OK);
        assert_int_equal(mm_type_of(m, reference), MM_TYPE_WEAK);
        assert_int_equal(mm_slot_count(m, reference), 1);
        assert_slot(m, reference, 0, context);
        mm_weak_load(m, context, reference);
        assert_true(mm_same(context, referent));
        mm_clear(m, context);
        new_node(m, link, 2);
        mm_store_move(m, link, 0, reference);
        mm_store_move(m, link, 1, list);
        mm_move(m, list, link);
    }
}

static uint64_t count_cleared(mm *m, mm_var *list)
{
    uint64_t cleared = 0;
    MM_VARS(m, v, 3);

    mm_set(m, v, list);
    while (!mm_is_null(v)) {
        mm_load(m, v + 1, v, 0);
        mm_weak_load(m, v + 2, v + 1);
        cleared += mm_is_null(v + 2);
        mm_load(m, v + 1, v + 1, 0);
        assert_int_equal(label_of(m, v + 1), 42);
        mm_load(m, v, v, 1);
    }
    return cleared;
}

static void weak_references_are_cleared_and_keep_their_context(mm *m)
{
    const mm_kind kinds[] = {MM_CONTAINER, MM_ATOM};

    for (int i = 0; i < 2; i++) {
        MM_VAR(m, list);
        make_weak_references(m, list, add_type(m, kinds[i], NULL), NULL);
        collect_all(m);
        assert_most(count_cleared(m, list));
        heap_verify(m);
        mm_clear(m, list);
        assert_left_after_collecting(m, 0, 0);
    }
}

static void callbacks_of_weak_references_run_or_are_refused(mm *m)
{
    mm_type type = add_type(m, MM_CONTAINER, NULL);
    MM_VARS(m, v, 2);

    if (strategy_traits.no_callbacks) {
        make(m, v, type);
        assert_int_equal(mm_weak_new(m, v + 1, v, v, call_back), MM_UNSUPPORTED);
        assert_true(mm_is_null(v + 1));
        return;
    }
    make_weak_references(m, v, type, call_back);
    collect_all(m);
    assert_int_equal(called_back, MANY);
    mm_clear(m, v);
    assert_left_after_collecting(m, 0, 0);
    assert_int_equal(called_back, MANY);
}

/* ---- Refusals ---- */

static void ignore_collection(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    (void)m, (void)phase, (void)info, (void)context;
}

static void what_a_peer_has_not_is_refused(mm *m)
{
    mm_heap *heap = mm_heap_of(m);
    MM_VAR(m, v);

    new_node(m, v, 0);
    assert_int_equal(mm_immortalise(m, v), strategy_traits.mortal ? MM_UNSUPPORTED : MM_OK);
    assert_int_equal(mm_is_immortal(m, v), !strategy_traits.mortal);
    assert_int_equal(mm_set_debug(heap, MM_DEBUG_SAVE_ALL, NULL, NULL),
                     strategy_traits.reports_garbage ? MM_OK : MM_UNSUPPORTED);
    assert_int_equal(mm_add_callback(heap, ignore_collection, NULL),
                     strategy_traits.no_callbacks ? MM_UNSUPPORTED : MM_OK);
    assert_non_null(strategy_traits.peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_object_is_finalised_once),
        TEST(objects_on_cycles_are_finalised_too),
        TEST(what_is_resurrected_lives_and_is_not_finalised_again),
        TEST(finalisers_may_collect),
        TEST(nothing_is_finalised_when_the_heap_is_freed),
        TEST(weak_references_are_cleared_and_keep_their_context),
        TEST(callbacks_of_weak_references_run_or_are_refused),
        TEST(what_a_peer_has_not_is_refused),
    };

    return TESTS_RUN("peer", tests);
}
