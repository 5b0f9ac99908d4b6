/* The object graph: nodes, edges, roots, and what keeps an object. */
#include "conformance.h"

#include <string.h>

static mm_graph *graph(mm *m)
{
    mm_graph *taken = NULL;

    assert_int_equal(mm_graph_new(mm_heap_of(m), &taken), MM_OK);
    return taken;
}

static uint32_t node_of(const mm_graph *g, const mm_var *v)
{
    uint32_t node = mm_graph_find(g, mm_serial(v));

    assert_true(node != MM_NO_NODE);
    return node;
}

/* The chain of a node as it is written. */
static char *chain_text(const mm_graph *g, uint32_t node)
{
    static char text[1024];
    FILE *out = fmemopen(text, sizeof text, "w");
    mm_chain chain;

    assert_non_null(out);
    assert_int_equal(mm_graph_chain(g, node, &chain), MM_OK);
    mm_chain_write(g, &chain, out);
    fclose(out);
    mm_chain_free(&chain);
    return text;
}

static void an_empty_heap_is_an_empty_graph(mm *m)
{
    mm_graph *g = graph(m);

    assert_int_equal(g->node_count, 0);
    assert_int_equal(g->edge_count, 0);
    assert_int_equal(g->root_count, 0);
    assert_int_equal(mm_graph_find(g, 1), MM_NO_NODE);
    mm_graph_free(g);
}

static void a_node_is_what_the_program_made(mm *m)
{
    MM_VARS(m, v, 2);
    mm_graph *g;
    const mm_graph_node *node;

    assert_int_equal(mm_new(m, v, node_type, 3, 24), MM_OK);
    new_atom(m, v + 1, 10);
    g = graph(m);
    assert_int_equal(g->node_count, 2);
    node = g->nodes + node_of(g, v);
    assert_string_equal(mm_graph_type_name(g, node_of(g, v)), "node");
    assert_int_equal(node->slots, 3);
    assert_int_equal(node->payload_bytes, 24);
    assert_int_equal(mm_graph_bytes(node), 3 * sizeof(void *) + 24);
    assert_int_equal(node->edge_count, 0);
    assert_string_equal(node->site->function, "a_node_is_what_the_program_made");
    assert_true(node->reachable);
    assert_string_equal(mm_graph_type_name(g, node_of(g, v + 1)), "atom");
    assert_int_equal(mm_graph_find_type(g, "nothing of the kind"), MM_NO_NODE);
    mm_graph_free(g);
}

static void edges_are_the_slots_that_are_not_null(mm *m)
{
    MM_VARS(m, v, 3);
    mm_graph *g;
    const mm_graph_edge *edges;
    uint32_t count;

    new_node(m, v, 4);
    new_node(m, v + 1, 1);
    new_atom(m, v + 2, 8);
    mm_store(m, v, 1, v + 1);
    mm_store(m, v, 3, v + 2);
    mm_store(m, v + 1, 0, v + 2);
    g = graph(m);
    edges = mm_graph_referents(g, node_of(g, v), &count);
    assert_int_equal(count, 2);
    assert_int_equal(edges[0].slot, 1);
    assert_int_equal(edges[0].to, node_of(g, v + 1));
    assert_int_equal(edges[1].slot, 3);
    assert_int_equal(edges[1].to, node_of(g, v + 2));
    assert_int_equal(g->edge_count, 3);
    mm_graph_free(g);
}

static void referrers_are_the_edges_turned_round(mm *m)
{
    static const uint32_t slots[] = {2, 0, 1};
    MM_VARS(m, v, 3);
    mm_graph *g;
    const uint32_t *edges;
    uint32_t count;

    for (int i = 0; i < 3; i++)
        new_node(m, v + i, 3);
    mm_store(m, v, 2, v + 2);
    mm_store(m, v + 1, 0, v + 2);
    mm_store(m, v + 2, 1, v + 2);
    g = graph(m);
    edges = mm_graph_referrers(g, node_of(g, v + 2), &count);
    assert_int_equal(count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(g->edges[edges[i]].from, node_of(g, v + i));
        assert_int_equal(g->edges[edges[i]].slot, slots[i]);
    }
    mm_graph_referrers(g, node_of(g, v), &count);
    assert_int_equal(count, 0);
    mm_graph_free(g);
}

static void counts_are_those_of_the_strategy(mm *m)
{
    MM_VARS(m, v, 2);
    mm_graph *g;
    uint64_t references;

    new_node(m, v, 1);
    mm_set(m, v + 1, v);
    mm_store(m, v, 0, v);
    g = graph(m);
    references = g->nodes[node_of(g, v)].references;
    assert_true(references == (strategy_traits.counts ? 3 : MM_UNKNOWN));
    mm_graph_free(g);
}

static void nodes_know_their_generation(mm *m)
{
    MM_VARS(m, v, 2);
    mm_graph *g;
    mm_type_count *rows;
    size_t count;

    if (!has_counted_generations())
        return;
    new_node(m, v, 0);
    assert_int_equal(mm_collect(m, 0, NULL), MM_OK);
    new_node(m, v + 1, 0);
    g = graph(m);
    assert_int_equal(g->nodes[node_of(g, v)].generation, 1);
    assert_int_equal(g->nodes[node_of(g, v + 1)].generation, 0);
    assert_int_equal(mm_graph_count_types(g, &rows, &count), MM_OK);
    assert_int_equal(count, 2);
    free(rows);
    mm_graph_free(g);
}

static void frozen_objects_are_in_a_generation_of_their_own(mm *m)
{
    MM_VAR(m, v);
    mm_graph *g;

    if (!strategy_traits.freezes)
        return;
    new_node(m, v, 0);
    assert_int_equal(mm_freeze(m), MM_OK);
    g = graph(m);
    assert_int_equal(g->nodes[node_of(g, v)].generation, MM_GENERATIONS_MAX);
    mm_graph_free(g);
    assert_int_equal(mm_unfreeze(m), MM_OK);
}

static void a_weak_reference_is_an_object_with_a_site(mm *m)
{
    const mm_type_info info = {.name = "watched", .kind = MM_CONTAINER, .weakable = true};
    MM_VARS(m, v, 2);
    mm_type watched;
    mm_graph *g;

    assert_int_equal(mm_type_add(mm_heap_of(m), &info, &watched), MM_OK);
    assert_int_equal(mm_new(m, v, watched, 0, 0), MM_OK);
    assert_int_equal(mm_weak_new(m, v + 1, v, NULL, NULL), MM_OK);
    g = graph(m);
    assert_string_equal(mm_graph_type_name(g, node_of(g, v)), "watched");
    assert_string_equal(mm_graph_type_name(g, node_of(g, v + 1)), "weak reference");
    assert_string_equal(g->nodes[node_of(g, v + 1)].site->function,
                        "a_weak_reference_is_an_object_with_a_site");
    mm_graph_free(g);
}

static void types_are_counted_reachable_or_not(mm *m)
{
    MM_VARS(m, v, 2);
    mm_graph *g;
    mm_type_count *rows;
    size_t count;

    new_ring(m, v, 3);
    new_atom(m, v + 1, 4);
    mm_clear(m, v);
    g = graph(m);
    assert_int_equal(mm_graph_count_types(g, &rows, &count), MM_OK);
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].type, "node");
    assert_int_equal(rows[0].objects, 3);
    assert_int_equal(rows[0].reachable_objects, 0);
    assert_string_equal(rows[1].type, "atom");
    assert_int_equal(rows[1].reachable_objects, 1);
    assert_int_equal(rows[1].reachable_bytes, 4);
    free(rows);
    mm_graph_free(g);
}

/* ---- Chains ---- */

static void a_chain_begins_at_the_variable_by_its_name(mm *m)
{
    MM_VAR(m, sessions);
    MM_VAR(m, last);
    mm_graph *g;

    new_node(m, sessions, 20);
    new_node(m, last, 0);
    mm_store(m, sessions, 17, last);
    mm_clear(m, last);
    g = graph(m);
    assert_string_equal(chain_text(g, 1),
                        "variable sessions of a_chain_begins_at_the_variable_by_its_name -> node "
                        "#1 [slot 17] -> node #2");
    mm_graph_free(g);
}

static void a_chain_is_the_shortest(mm *m)
{
    MM_VAR(m, v);
    MM_VAR(m, last);
    mm_graph *g;
    mm_chain chain;

    new_chain(m, v, 10);
    new_node(m, last, 1);
    mm_store(m, last, 0, v);
    mm_clear(m, v);
    g = graph(m);
    for (uint32_t i = 0; i < 11; i++) {
        assert_int_equal(mm_graph_chain(g, i, &chain), MM_OK);
        assert_true(chain.root != MM_NO_NODE);
        assert_int_equal(chain.steps[chain.length - 1].node, i);
        assert_int_equal(chain.steps[0].node, node_of(g, last));
        mm_chain_free(&chain);
    }
    mm_graph_free(g);
}

static void a_root_that_outlives_scopes_is_named_by_its_number(mm *m)
{
    mm_root *roots[2];
    MM_VAR(m, v);
    mm_graph *g;

    for (int i = 0; i < 2; i++)
        assert_int_equal(mm_root_new(m, &roots[i]), MM_OK);
    new_node(m, v, 0);
    mm_root_set(m, roots[1], v);
    mm_clear(m, v);
    g = graph(m);
    assert_string_equal(chain_text(g, 0), "root 2 -> node #1");
    mm_graph_free(g);
}

static void an_immortal_object_is_held_by_the_heap(mm *m)
{
    MM_VARS(m, v, 2);
    mm_graph *g;

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_store(m, v, 0, v + 1);
    assert_int_equal(mm_immortalise(m, v), MM_OK);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    g = graph(m);
    assert_string_equal(chain_text(g, 1), "the heap -> node #1 [slot 0] -> node #2");
    mm_graph_free(g);
}

static void a_borrowed_variable_keeps_nothing_that_another_keeps(mm *m)
{
    MM_VAR(m, v);
    MM_VAR(m, made);
    MM_BORROW(m, look);
    mm_graph *g;

    new_node(m, v, 1);
    new_node(m, made, 0);
    mm_store_move(m, v, 0, made);
    mm_borrow(m, look, v, 0);
    g = graph(m);
    assert_int_equal(g->nodes[1].via_root, true);
    assert_true(g->roots[g->nodes[1].via].kind == MM_ROOT_BORROWED);
    assert_true(g->roots[g->nodes[0].via].kind == MM_ROOT_VARIABLE);
    mm_graph_free(g);
}

static void a_garbage_cycle_holds_itself(mm *m)
{
    MM_VARS(m, v, 2);
    mm_graph *g;

    new_pair(m, v, v + 1);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    g = graph(m);
    assert_int_equal(g->node_count, 2);
    assert_string_equal(chain_text(g, 0), "held by a garbage cycle: node #1 [slot 0] -> node #2 "
                                          "[slot 0] -> node #1");
    mm_graph_free(g);
}

static void what_a_garbage_cycle_refers_to_is_held_behind_it(mm *m)
{
    MM_VARS(m, v, 4);
    mm_graph *g;

    for (uint32_t i = 0; i < 4; i++)
        new_node(m, v + i, 2);
    mm_store(m, v, 0, v + 1);
    mm_store(m, v + 1, 0, v);
    mm_store(m, v + 1, 1, v + 2);
    mm_store(m, v + 2, 1, v + 3);
    for (uint32_t i = 0; i < 4; i++)
        mm_clear(m, v + i);
    g = graph(m);
    assert_string_equal(chain_text(g, 3),
                        "held by a garbage cycle: node #2 [slot 0] -> node #1 [slot 0] -> node #2; "
                        "and behind it: node #2 [slot 1] -> node #3 [slot 1] -> node #4");
    mm_graph_free(g);
}

static void what_nothing_refers_to_says_so(mm *m)
{
    MM_VARS(m, v, 2);
    mm_graph *g;

    new_node(m, v, 1);
    new_node(m, v + 1, 0);
    mm_store_move(m, v, 0, v + 1);
    mm_clear(m, v);
    g = graph(m);
    if (strategy_traits.prompt)
        assert_int_equal(g->node_count, 0);
    else
        assert_string_equal(chain_text(g, 1), "nothing refers to it: node #1 [slot 0] -> node #2");
    mm_graph_free(g);
}

static void a_copy_stays_as_it_was(mm *m)
{
    MM_VARS(m, v, 2);
    mm_graph *g;

    new_pair(m, v, v + 1);
    g = graph(m);
    mm_clear(m, v);
    mm_clear(m, v + 1);
    assert_left_after_collecting(m, 0, 2);
    assert_int_equal(g->node_count, 2);
    assert_int_equal(g->edge_count, 2);
    assert_true(g->nodes[0].reachable);
    mm_graph_free(g);
}

/* ---- Use ---- */

static void an_object_knows_when_it_was_last_used(mm *m)
{
    MM_VARS(m, v, 3);
    mm_graph *g;

    new_labelled(m, v, 1, 0);
    new_labelled(m, v + 1, 1, 0);
    for (int request = 1; request <= 3; request++) {
        mm_request_begin(m);
        if (request == 1)
            mm_store(m, v, 0, v + 1);
        if (request == 2)
            mm_load(m, v + 2, v, 0);
        if (request == 3)
            label_of(m, v + 1);
        mm_request_end(m);
    }
    g = graph(m);
    assert_int_equal(g->nodes[0].made, 0);
    assert_int_equal(g->nodes[0].used, 2);
    assert_int_equal(g->nodes[1].used, 3);
    mm_graph_free(g);
}

/* Every object of random graphs: its chain is one, edge by edge. */
static void every_chain_is_made_of_edges(mm *m)
{
    enum { COUNT = 200 };
    MM_VARS(m, v, COUNT);
    mm_graph *g;
    uint64_t state = 1;

    for (uint32_t i = 0; i < COUNT; i++)
        new_node(m, v + i, 3);
    for (uint32_t i = 0; i < 2 * COUNT; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        mm_store(m, v + (state >> 33) % COUNT, (uint32_t)(i % 3), v + (state >> 45) % COUNT);
    }
    for (uint32_t i = 3; i < COUNT; i++)
        mm_clear(m, v + i);
    g = graph(m);
    for (uint32_t i = 0; i < g->node_count; i++) {
        mm_chain chain;
        assert_int_equal(mm_graph_chain(g, i, &chain), MM_OK);
        assert_true(g->nodes[i].reachable == (chain.root != MM_NO_NODE));
        for (uint32_t k = 0; k + 1 < chain.length + (chain.cycle_length == chain.length); k++) {
            uint32_t next = k + 1 == chain.cycle_length ? 0 : k + 1, count, e = 0;
            const mm_graph_edge *edges = mm_graph_referents(g, chain.steps[k].node, &count);
            while (e < count && edges[e].slot != chain.steps[k].slot)
                e++;
            assert_true(e < count);
            assert_int_equal(edges[e].to, chain.steps[next].node);
        }
        mm_chain_free(&chain);
    }
    mm_graph_free(g);
}

int test_graph(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_heap_is_an_empty_graph),
        TEST(a_node_is_what_the_program_made),
        TEST(edges_are_the_slots_that_are_not_null),
        TEST(referrers_are_the_edges_turned_round),
        TEST(counts_are_those_of_the_strategy),
        TEST_WHERE(strategy_traits.peer == NULL, nodes_know_their_generation),
        TEST_WHERE(strategy_traits.peer == NULL, frozen_objects_are_in_a_generation_of_their_own),
        TEST(a_weak_reference_is_an_object_with_a_site),
        TEST(types_are_counted_reachable_or_not),
        TEST(a_chain_begins_at_the_variable_by_its_name),
        TEST(a_chain_is_the_shortest),
        TEST(a_root_that_outlives_scopes_is_named_by_its_number),
        TEST_WHERE(!strategy_traits.mortal, an_immortal_object_is_held_by_the_heap),
        TEST(a_borrowed_variable_keeps_nothing_that_another_keeps),
        TEST(a_garbage_cycle_holds_itself),
        TEST(what_a_garbage_cycle_refers_to_is_held_behind_it),
        TEST(what_nothing_refers_to_says_so),
        TEST(a_copy_stays_as_it_was),
        TEST(an_object_knows_when_it_was_last_used),
        TEST(every_chain_is_made_of_edges),
    };
    if (strategy_traits.no_graph)
        return tests_left_out("graph", "no_graph");
    return TESTS_RUN("object graph", tests);
}
