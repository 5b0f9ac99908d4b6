#include "conformance.h"

#include <stdio.h>
#include <string.h>

mm_type node_type, atom_type;

static uint64_t forced_collections_every;

/* Where a process has one heap at a time, its mutator: the next heap_open() ends it. */
static mm *standing;

void tests_force_collections(uint64_t every)
{
    forced_collections_every = every;
}

static const char *chosen_allocator;

bool tests_choose_allocator(const char *option)
{
    char message[SETTINGS_MESSAGE_MAX];
    settings options;

    mm_options_init(&options);
    chosen_allocator = option;
    return settings_assign_list(&options, MM_STRATEGY_NAME, option, message);
}

uint64_t tests_forced_collections(void)
{
    return forced_collections_every;
}

int tests_run(const char *group, const struct CMUnitTest *tests, size_t count)
{
    return _cmocka_run_group_tests(group, tests, count, NULL, NULL);
}

int tests_left_out(const char *group, const char *trait)
{
    fprintf(stderr, "%s: left out, since the trait %s is set\n", group, trait);
    return 0;
}

int test_set_up(void **state)
{
    test_case *test = *state;

    test->ended = false;
    test->m = heap_open("");
    journal_clear();
    return 0;
}

void test_left_out(mm *m)
{
    (void)m;
}

void test_run(void **state)
{
    test_case *test = *state;

    test->body(test->m);
    test->ended = true;
    if (test->body == test_left_out)
        skip();
}

/* The heap of a failed test is left as it is: its scopes point into a stack frame that is gone. */
int test_tear_down(void **state)
{
    test_case *test = *state;

    if (test->ended && (!strategy_traits.one_heap || standing == test->m))
        heap_end(test->m);
    return 0;
}

void needs_two_heaps(void)
{
    if (strategy_traits.one_heap)
        skip();
}

void make_way(void)
{
    if (strategy_traits.one_heap && standing != NULL)
        heap_end(standing);
}

bool has_option(const char *name)
{
    size_t i = 0;

    while (i < strategy_setting_count && strcmp(strategy_settings[i].name, name) != 0)
        i++;
    return i < strategy_setting_count;
}

/* ---- Heaps ---- */

mm *heap_open(const char *options)
{
    const mm_type_info node = {.name = "node", .kind = MM_CONTAINER, .weakable = true};
    const mm_type_info atom = {.name = "atom", .kind = MM_ATOM};
    char message[SETTINGS_MESSAGE_MAX] = "";
    settings chosen;
    mm_heap *heap;
    mm *m;

    make_way();
    mm_options_init(&chosen);
    if ((chosen_allocator != NULL &&
         !settings_assign_list(&chosen, MM_STRATEGY_NAME, chosen_allocator, message)) ||
        !settings_assign_list(&chosen, MM_STRATEGY_NAME, options, message))
        fail_msg("%s", message);
    assert_int_equal(mm_heap_new(&chosen, &heap), MM_OK);
    assert_int_equal(mm_attach(heap, &m), MM_OK);
    assert_int_equal(mm_type_add(heap, &node, &node_type), MM_OK);
    assert_int_equal(mm_type_add(heap, &atom, &atom_type), MM_OK);
    mm_stress_collect(m, forced_collections_every);
    standing = m;
    return m;
}

void heap_verify(mm *m)
{
    char message[MM_MESSAGE_MAX];

    if (!mm_check(mm_heap_of(m), message))
        fail_msg("%s", message);
}

void heap_end(mm *m)
{
    heap_verify(m);
    standing = NULL;
    mm_heap_free(mm_heap_of(m));
}

mm_stats heap_stats(mm *m)
{
    mm_stats stats;

    mm_get_stats(mm_heap_of(m), &stats);
    return stats;
}

uint64_t objects_live(mm *m)
{
    return heap_stats(m).objects_live;
}

uint64_t collections_run(mm *m)
{
    const mm_stats stats = heap_stats(m);
    uint64_t sum = 0;

    for (uint32_t g = 0; g < MM_GENERATIONS_MAX; g++)
        sum += stats.collections[g];
    return sum;
}

/* ---- Objects ---- */

void new_node(mm *m, mm_var *dst, uint32_t slots)
{
    assert_int_equal(mm_new(m, dst, node_type, slots, 0), MM_OK);
}

void new_labelled(mm *m, mm_var *dst, uint32_t slots, uint64_t label)
{
    assert_int_equal(mm_new(m, dst, node_type, slots, sizeof label), MM_OK);
    *(uint64_t *)mm_data(m, dst) = label;
}

uint64_t label_of(mm *m, const mm_var *obj)
{
    return *(uint64_t *)mm_data(m, obj);
}

void new_atom(mm *m, mm_var *dst, uint32_t bytes)
{
    assert_int_equal(mm_new(m, dst, atom_type, 0, bytes), MM_OK);
}

void new_pair(mm *m, mm_var *a, mm_var *b)
{
    new_node(m, a, 1);
    new_node(m, b, 1);
    mm_store(m, a, 0, b);
    mm_store(m, b, 0, a);
}

void new_ring(mm *m, mm_var *dst, uint32_t count)
{
    MM_VAR(m, first);
    MM_VAR(m, last);
    MM_VAR(m, next);

    new_node(m, first, 1);
    mm_set(m, last, first);
    for (uint32_t i = 1; i < count; i++) {
        new_node(m, next, 1);
        mm_store(m, last, 0, next);
        mm_move(m, last, next);
    }
    mm_store(m, last, 0, first);
    mm_move(m, dst, first);
}

void new_chain(mm *m, mm_var *dst, uint32_t count)
{
    MM_VAR(m, first);
    MM_VAR(m, rest);

    for (uint32_t i = 0; i < count; i++) {
        new_node(m, first, 1);
        mm_store_move(m, first, 0, rest);
        mm_move(m, rest, first);
    }
    mm_move(m, dst, rest);
}

mm_type new_type(mm *m, const char *name, mm_kind kind, mm_finaliser *finaliser)
{
    const mm_type_info info = {
        .name = name, .kind = kind, .weakable = true, .finaliser = finaliser};
    mm_type type;

    assert_int_equal(mm_type_add(mm_heap_of(m), &info, &type), MM_OK);
    return type;
}

void new_of(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint64_t label)
{
    assert_int_equal(mm_new(m, dst, type, slots, sizeof label), MM_OK);
    *(uint64_t *)mm_data(m, dst) = label;
}

void new_ring_of(mm *m, mm_var *dst, mm_type type, uint32_t slots, uint32_t count)
{
    MM_VARS(m, v, 3);
    mm_var *first = v, *last = v + 1, *next = v + 2;

    new_of(m, first, type, slots, 0);
    mm_set(m, last, first);
    for (uint32_t i = 1; i < count; i++) {
        new_of(m, next, type, slots, i);
        mm_store(m, last, 0, next);
        mm_move(m, last, next);
    }
    mm_store(m, last, 0, first);
    mm_clear(m, last);
    mm_move(m, dst, first);
}

void new_weak(mm *m, mm_var *dst, mm_var *referent)
{
    assert_int_equal(mm_weak_new(m, dst, referent, NULL, NULL), MM_OK);
}

void new_weak_calling(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                      mm_weak_callback *callback)
{
    assert_int_equal(mm_weak_new(m, dst, referent, context, callback), MM_OK);
}

mm_root *new_root(mm *m)
{
    mm_root *root = NULL;

    assert_int_equal(mm_root_new(m, &root), MM_OK);
    return root;
}

/* ---- The journal ---- */

static struct {
    uint64_t length;
    uint64_t entries[JOURNAL_MAX];
} journal;

void journal_clear(void)
{
    journal.length = 0;
}

void journal_note(uint64_t entry)
{
    if (journal.length < JOURNAL_MAX)
        journal.entries[journal.length] = entry;
    journal.length++;
}

uint64_t journal_length(void)
{
    return journal.length;
}

uint64_t journal_count(uint64_t entry)
{
    uint64_t count = 0;

    for (uint64_t i = 0; i < journal.length && i < JOURNAL_MAX; i++)
        count += journal.entries[i] == entry;
    return count;
}

void assert_journal(const uint64_t *entries, size_t count)
{
    for (uint64_t i = 0; i < journal.length && i < count; i++)
        assert_int_equal(journal.entries[i], entries[i]);
    assert_int_equal(journal.length, count);
}

void note_finaliser(mm *m, mm_var *self)
{
    journal_note(label_of(m, self));
}

void note_callback(mm *m, mm_var *reference, mm_var *context)
{
    (void)reference;
    journal_note(mm_is_null(context) ? 0 : label_of(m, context));
}

/* ---- Expectations ---- */

void reclaim_all(mm *m)
{
    if (has_collector())
        assert_int_equal(mm_collect_all(m, NULL), MM_OK);
    heap_verify(m);
}

uint64_t collect_fully(mm *m)
{
    uint64_t found = 0;

    if (has_collector())
        assert_int_equal(mm_collect(m, strategy_traits.generations - 1, &found), MM_OK);
    heap_verify(m);
    return found;
}

void assert_left_now(mm *m, uint64_t reachable, uint64_t cyclic)
{
    const mm_stats stats = heap_stats(m);

    if (strategy_traits.live_unknown)
        return;
    if (!strategy_traits.reclaims)
        assert_int_equal(stats.objects_live, stats.objects_allocated);
    else if (strategy_traits.prompt && collections_run(m) == 0)
        assert_int_equal(stats.objects_live, reachable + cyclic);
    else if (strategy_traits.prompt)
        assert_in_range(stats.objects_live, reachable, reachable + cyclic);
    else
        assert_in_range(stats.objects_live, reachable, stats.objects_allocated);
}

void assert_left_after_collecting(mm *m, uint64_t reachable, uint64_t cyclic)
{
    if (has_collector())
        assert_int_equal(mm_collect_all(m, NULL), MM_OK);
    if (strategy_traits.live_unknown)
        return;
    if (!strategy_traits.reclaims)
        assert_int_equal(objects_live(m), heap_stats(m).objects_allocated);
    else if (strategy_traits.conservative)
        assert_in_range(objects_live(m), reachable, heap_stats(m).objects_allocated);
    else if (strategy_traits.reclaims_cycles)
        assert_int_equal(objects_live(m), reachable);
    else
        assert_int_equal(objects_live(m), reachable + cyclic);
    heap_verify(m);
}

void assert_references(mm *m, const mm_var *obj, uint64_t references)
{
    uint64_t count;

    if (strategy_traits.counts) {
        assert_int_equal(mm_refcount(m, obj, &count), MM_OK);
        assert_int_equal(count, references);
    } else {
        assert_int_equal(mm_refcount(m, obj, &count), MM_UNSUPPORTED);
    }
}

void assert_leads_to(mm *m, mm_var *reference, const mm_var *expected)
{
    MM_VAR(m, found);

    mm_weak_load(m, found, reference);
    assert_true(mm_same(found, expected));
}

void assert_leads_nowhere(mm *m, mm_var *reference)
{
    MM_VAR(m, found);

    mm_weak_load(m, found, reference);
    assert_true(mm_is_null(found));
}

void assert_slot(mm *m, mm_var *obj, uint32_t i, const mm_var *expected)
{
    MM_BORROW(m, found);

    mm_borrow(m, found, obj, i);
    assert_true(mm_same(found, expected));
}

void assert_slot_null(mm *m, mm_var *obj, uint32_t i)
{
    MM_BORROW(m, found);

    mm_borrow(m, found, obj, i);
    assert_true(mm_is_null(found));
}

void assert_collects(mm *m, uint64_t unreachable)
{
    uint64_t found = UINT64_MAX;

    if (!has_collector()) {
        assert_int_equal(mm_collect(m, 0, &found), MM_UNSUPPORTED);
        return;
    }
    assert_int_equal(mm_collect(m, strategy_traits.generations - 1, &found), MM_OK);
    if (!strategy_traits.conservative && !strategy_traits.live_unknown)
        assert_int_equal(found, unreachable);
}
