/* Misuse is stopped by an assertion that says what was wrong. Each misuse runs in a process of its
 * own, which must abort with that message. */
#include "conformance.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: the misuse, with its complaint going to `errors` and no core file. Returns only if
 * nothing stopped it. */
static void misuse_quietly(test_body *misuse, mm *m, int errors)
{
    const struct rlimit no_core = {0, 0};

    setrlimit(RLIMIT_CORE, &no_core);
    dup2(errors, STDERR_FILENO);
    misuse(m);
}

/* Reads what the child says until it ends; always a terminated string. */
static void read_all(int from, char *text, size_t size)
{
    size_t used = 0;
    ssize_t got;

    while (used < size - 1 && (got = read(from, text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    text[used] = '\0';
}

static void assert_misuse(test_body *misuse, mm *m, const char *complaint)
{
    char text[4096];
    int ends[2], status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        misuse_quietly(misuse, m, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    read_all(ends[0], text, sizeof text);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
        fail_msg("not stopped: expected '%s'", complaint);
    if (strstr(text, complaint) == NULL)
        fail_msg("expected '%s', found: %s", complaint, text);
}

/* ---- The misuses ---- */

static void load_past_the_last_slot(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 2);
    mm_load(m, v + 1, v, 2);
}

static void store_into_an_atom(mm *m)
{
    MM_VARS(m, v, 2);

    new_atom(m, v, 100);
    mm_store(m, v, 0, v + 1);
}

static void load_from_null(mm *m)
{
    MM_VARS(m, v, 2);

    mm_load(m, v, v + 1, 0);
}

static void unset_past_the_last_slot(mm *m)
{
    MM_VAR(m, v);

    new_node(m, v, 0);
    mm_unset(m, v, 0);
}

static void copy_from_past_the_last_slot(mm *m)
{
    MM_VAR(m, v);

    new_node(m, v, 1);
    mm_copy_slot(m, v, 0, v, 1);
}

static void make_an_atom_with_slots(mm *m)
{
    MM_VAR(m, v);

    mm_new(m, v, atom_type, 1, 0);
}

static void set_a_borrowed_variable(mm *m)
{
    MM_VAR(m, v);
    MM_BORROW(m, look);

    new_node(m, v, 0);
    mm_set(m, look, v);
}

static void make_into_a_borrowed_variable(mm *m)
{
    MM_BORROW(m, look);

    mm_new(m, look, node_type, 0, 0);
}

static void move_out_of_a_borrowed_variable(mm *m)
{
    MM_VARS(m, v, 2);
    MM_BORROW(m, look);

    new_node(m, v, 1);
    mm_store(m, v, 0, v);
    mm_borrow(m, look, v, 0);
    mm_move(m, v + 1, look);
}

static void borrow_into_an_owning_variable(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    mm_borrow(m, v + 1, v, 0);
}

static void change_a_borrowed_slot(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    {
        MM_BORROW(m, look);
        mm_store(m, v, 0, v + 1);
        mm_borrow(m, look, v, 0);
        mm_unset(m, v, 0);
    }
}

static void fill_a_slot_twice(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_store(m, v, 0, v + 1);
    mm_fill(m, v, 0, v + 1);
}

static void drop_the_container_of_a_borrowed_slot(mm *m)
{
    MM_VARS(m, v, 2);
    MM_BORROW(m, look);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_store(m, v, 0, v + 1);
    mm_borrow(m, look, v, 0);
    mm_clear(m, v);
}

static void drop_what_is_borrowed(mm *m)
{
    MM_VARS(m, v, 2);
    MM_BORROW(m, look);

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_store_move(m, v, 0, v + 1);
    mm_borrow(m, look, v, 0);
    mm_unset(m, v, 0);
}

static void detach_inside_a_scope(mm *m)
{
    MM_VAR(m, v);

    new_node(m, v, 0);
    mm_detach(m);
}

static void ask_for_a_type_of_another_heap(mm *m)
{
    mm_type_info_of(mm_heap_of(m), 1000);
}

static void weak_load_of_a_node(mm *m)
{
    MM_VARS(m, v, 2);

    new_node(m, v, 1);
    mm_weak_load(m, v + 1, v);
}

static void weak_load_of_null(mm *m)
{
    MM_VARS(m, v, 2);

    mm_weak_load(m, v + 1, v);
}

static void refer_to_null(mm *m)
{
    MM_VARS(m, v, 2);

    new_weak(m, v, v + 1);
}

static void make_a_weak_reference_of_nothing(mm *m)
{
    MM_VAR(m, v);

    mm_new(m, v, MM_TYPE_WEAK, 1, 8);
}

/* What a cleared weak reference gives is null, and null has no slots. */
static void store_into_what_a_weak_reference_led_to(mm *m)
{
    MM_VARS(m, v, 3);

    new_node(m, v, 1);
    new_weak(m, v + 1, v);
    if (dies(false))
        mm_clear(m, v);
    reclaim_all(m);
    mm_weak_load(m, v + 2, v + 1);
    if (!dies(false))
        mm_clear(m, v + 2); /* it has not died, and never does */
    mm_store(m, v + 2, 0, v + 1);
}

static void load_weakly_into_a_borrowed_variable(mm *m)
{
    MM_VARS(m, v, 2);
    MM_BORROW(m, look);

    new_node(m, v, 1);
    new_weak(m, v + 1, v);
    mm_weak_load(m, look, v + 1);
}

static void immortalise_null(mm *m)
{
    MM_VAR(m, v);

    mm_immortalise(m, v);
}

static void break_a_borrow(mm *m, mm_var *self)
{
    MM_VAR(m, child);
    MM_BORROW(m, look);

    new_node(m, child, 0);
    mm_store(m, self, 0, child);
    mm_borrow(m, look, self, 0);
    mm_unset(m, self, 0);
}

static void break_a_borrow_in_a_finaliser(mm *m)
{
    const mm_type type = new_type(m, "breaking", MM_CONTAINER, break_a_borrow);
    MM_VAR(m, v);

    new_of(m, v, type, 1, 7);
    if (!dies(false))
        break_a_borrow(m, v);
    mm_clear(m, v);
    reclaim_all(m);
}

static mm_root *held;

static void empty_the_held(mm *m, mm_var *self)
{
    MM_VAR(m, v);

    (void)self;
    mm_root_get(m, v, held);
    mm_unset(m, v, 0);
}

/* The slot borrowed from is changed by code that runs inside of an operation on something else. */
static void a_finaliser_breaks_the_borrow_of_its_caller(mm *m)
{
    const mm_type type = new_type(m, "emptying", MM_CONTAINER, empty_the_held);
    MM_VARS(m, v, 3);
    MM_BORROW(m, look);

    held = new_root(m);
    new_node(m, v, 1);
    mm_root_set(m, held, v);
    new_node(m, v + 1, 0);
    mm_store(m, v, 0, v + 1);
    new_of(m, v + 2, type, 0, 7);
    mm_borrow(m, look, v, 0);
    if (!dies(false))
        empty_the_held(m, v + 2);
    mm_clear(m, v + 2);
    reclaim_all(m);
}

static void weak_references_lead_from_somewhere_to_somewhere(mm *m)
{
    const char *takes = "mm_weak_load() takes a weak reference";

    assert_misuse(weak_load_of_a_node, m, takes);
    assert_misuse(weak_load_of_null, m, takes);
    assert_misuse(refer_to_null, m, "a weak reference needs a referent");
    assert_misuse(make_a_weak_reference_of_nothing, m, "mm_weak_new() makes weak references");
    assert_misuse(load_weakly_into_a_borrowed_variable, m, "a borrowed variable owns nothing");
    assert_misuse(store_into_what_a_weak_reference_led_to, m, "no such slot");
}

static void only_objects_are_immortal(mm *m)
{
    assert_misuse(immortalise_null, m, "only an object can be immortal");
}

/* Whether a variable is memory that can remember where it was borrowed. */
#ifdef MM_COMMON_VARIABLES_H
enum { BORROWS_ARE_VERIFIED = true };
#else
enum { BORROWS_ARE_VERIFIED = false };
#endif

static void borrows_are_kept_in_finalisers_and_from_them(mm *m)
{
    const char *changed = "the slot a variable was borrowed from has changed";

    assert_misuse(break_a_borrow_in_a_finaliser, m, changed);
    assert_misuse(a_finaliser_breaks_the_borrow_of_its_caller, m, changed);
}

static void a_slot_is_filled_once(mm *m)
{
    assert_misuse(fill_a_slot_twice, m, "a slot is filled once");
}

static void every_slot_access_checks_its_index(mm *m)
{
    assert_misuse(load_past_the_last_slot, m, "no such slot");
    assert_misuse(store_into_an_atom, m, "no such slot");
    assert_misuse(load_from_null, m, "no such slot");
    assert_misuse(unset_past_the_last_slot, m, "no such slot");
    assert_misuse(copy_from_past_the_last_slot, m, "no such slot");
}

static void atoms_cannot_be_made_with_slots(mm *m)
{
    assert_misuse(make_an_atom_with_slots, m, "an atom has no slots");
}

static void borrowed_variables_cannot_own(mm *m)
{
    assert_misuse(set_a_borrowed_variable, m, "a borrowed variable owns nothing");
    assert_misuse(make_into_a_borrowed_variable, m, "a borrowed variable owns nothing");
    assert_misuse(move_out_of_a_borrowed_variable, m, "a borrowed variable owns nothing");
    assert_misuse(borrow_into_an_owning_variable, m, "variables of MM_BORROW only");
}

static void a_borrowed_slot_stays_unchanged(mm *m)
{
    assert_misuse(change_a_borrowed_slot, m, "the slot a variable was borrowed from has changed");
}

/* Seen at once where the object would be reclaimed at once; by the changed slot in any case. */
static void what_is_borrowed_stays_alive(mm *m)
{
    if (strategy_traits.prompt) {
        const char *reclaimed = "reclaimed while a borrowed variable relies on it";
        assert_misuse(drop_the_container_of_a_borrowed_slot, m, reclaimed);
        assert_misuse(drop_what_is_borrowed, m, reclaimed);
    } else {
        assert_misuse(drop_what_is_borrowed, m,
                      "the slot a variable was borrowed from has changed");
    }
}

static void scopes_end_before_their_mutator(mm *m)
{
    assert_misuse(detach_inside_a_scope, m, "a mutator ends after its scopes");
}

static void types_belong_to_one_heap(mm *m)
{
    assert_misuse(ask_for_a_type_of_another_heap, m, "a type of another heap");
}

int test_misuse(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_slot_is_filled_once),
        TEST(every_slot_access_checks_its_index),
        TEST(atoms_cannot_be_made_with_slots),
        TEST(borrowed_variables_cannot_own),
        TEST_WHERE(BORROWS_ARE_VERIFIED, a_borrowed_slot_stays_unchanged),
        TEST_WHERE(BORROWS_ARE_VERIFIED, what_is_borrowed_stays_alive),
        TEST(scopes_end_before_their_mutator),
        TEST(types_belong_to_one_heap),
        TEST_WHERE(!strategy_traits.conservative, weak_references_lead_from_somewhere_to_somewhere),
        TEST_WHERE(!strategy_traits.mortal, only_objects_are_immortal),
        TEST_WHERE(BORROWS_ARE_VERIFIED && !strategy_traits.conservative,
                   borrows_are_kept_in_finalisers_and_from_them),
    };
    return TESTS_RUN("misuse", tests);
}
