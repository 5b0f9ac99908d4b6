/* What the writers make of a graph is what their readers take: the snapshot by the reader of
 * recorded heaps, JSON by its parser, the picture by its grammar. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "mm_inspect.h"
#include "workloads/heaps/heap_snapshot.h"
#include "workloads/random.h"

enum { OBJECTS = 300, SLOTS = 4, OWN_NODES = 3 };

typedef struct fixture {
    mm_heap *heap;
    mm_graph *graph;
    char *text; /* what a writer wrote */
    size_t size;
} fixture;

static const char awkward[] = "a \"node\" \\ of\ttype <{|}> \xc3\xa9";

/* A random graph, half of its objects without a root, as the writers find it. */
static void build_graph(fixture *f)
{
    workload_random random = {7};
    mm_type node, leaf;
    mm *m;

    assert_int_equal(mm_heap_new(NULL, &f->heap), MM_OK);
    assert_int_equal(mm_attach(f->heap, &m), MM_OK);
    assert_int_equal(
        mm_type_add(f->heap, &(mm_type_info){.name = awkward, .kind = MM_CONTAINER}, &node), MM_OK);
    assert_int_equal(mm_type_add(f->heap, &(mm_type_info){.name = "leaf", .kind = MM_ATOM}, &leaf),
                     MM_OK);
    MM_VARS(m, v, OBJECTS);
    for (uint32_t i = 0; i < OBJECTS; i++)
        assert_int_equal(mm_new(m, v + i, i % 5 == 4 ? leaf : node, i % 5 == 4 ? 0 : SLOTS, i),
                         MM_OK);
    for (uint32_t i = 0; i < 2 * OBJECTS; i++) {
        uint32_t from = (uint32_t)workload_random_below(&random, OBJECTS);
        if (from % 5 != 4)
            mm_store(m, v + from, i % SLOTS, v + workload_random_below(&random, OBJECTS));
    }
    for (uint32_t i = 20; i < OBJECTS; i++)
        mm_clear(m, v + i);
    assert_int_equal(mm_graph_new(f->heap, &f->graph), MM_OK);
}

static int open_fixture(void **state)
{
    static fixture f;

    f = (fixture){0};
    build_graph(&f);
    *state = &f;
    return 0;
}

static int close_fixture(void **state)
{
    fixture *f = *state;

    mm_graph_free(f->graph);
    mm_heap_free(f->heap);
    free(f->text);
    return 0;
}

typedef mm_status writer(const mm_graph *graph, const mm_view *view, FILE *out);

static void write_with(fixture *f, writer *write, const mm_view *view)
{
    FILE *out;

    free(f->text);
    f->text = NULL;
    out = open_memstream(&f->text, &f->size);
    assert_non_null(out);
    assert_int_equal(write(f->graph, view, out), MM_OK);
    assert_int_equal(fclose(out), 0);
}

/* ---- The snapshot ---- */

static mm_status write_snapshot(const mm_graph *graph, const mm_view *view, FILE *out)
{
    (void)view;
    return mm_graph_write_snapshot(graph, out);
}

static void read_back(fixture *f, heap_graph *read)
{
    char message[HEAP_MESSAGE_MAX];
    byte_source source;

    write_with(f, write_snapshot, &(mm_view){0});
    byte_source_of_memory(&source, f->text, f->size);
    if (!heap_graph_read_source(&source, "memory", read, message))
        fail_msg("%s", message);
}

static void a_snapshot_is_read_back_object_for_object(void **state)
{
    fixture *f = *state;
    const mm_graph *g = f->graph;
    uint32_t unreachable = 0;
    heap_graph read;

    read_back(f, &read);
    for (uint32_t i = 0; i < g->node_count; i++)
        unreachable += !g->nodes[i].reachable;
    assert_true(unreachable > 0 || f->graph->node_count < OBJECTS);
    assert_int_equal(read.object_count, OWN_NODES + g->node_count);
    assert_int_equal(read.edge_count, 2 + g->root_count + g->edge_count);
    assert_int_equal(read.weak_edge_count, unreachable);
    assert_int_equal(read.root, 0);
    assert_int_equal(read.bytes_total, g->traced_bytes);
    heap_graph_free(&read);
}

static void a_snapshot_is_read_back_edge_for_edge(void **state)
{
    fixture *f = *state;
    const mm_graph *g = f->graph;
    heap_graph read;

    read_back(f, &read);
    for (uint32_t i = 0; i < g->node_count; i++) {
        uint32_t count, first = read.first_edge[OWN_NODES + i];
        const mm_graph_edge *edges = mm_graph_referents(g, i, &count);
        assert_int_equal(read.bytes[OWN_NODES + i], mm_graph_bytes(g->nodes + i));
        assert_int_equal(read.first_edge[OWN_NODES + i + 1] - first, count);
        for (uint32_t e = 0; e < count; e++)
            assert_int_equal(read.targets[first + e], OWN_NODES + edges[e].to);
    }
    for (uint32_t i = 0; i < g->root_count; i++)
        assert_int_equal(read.targets[read.first_edge[1] + i], OWN_NODES + g->roots[i].target);
    heap_graph_free(&read);
}

/* DevTools check what the reader here has no use for. */
static void a_snapshot_has_what_devtools_expect(void **state)
{
    static const char *const sections[] = {
        "nodes", "edges", "trace_function_infos", "trace_tree", "samples", "locations", "strings"};
    fixture *f = *state;
    json_t *all, *meta;

    write_with(f, write_snapshot, &(mm_view){0});
    all = json_loadb(f->text, f->size, 0, NULL);
    assert_non_null(all);
    meta = json_object_get(json_object_get(all, "snapshot"), "meta");
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        assert_true(json_is_array(json_object_get(all, sections[i])));
    assert_int_equal(json_array_size(json_object_get(all, "nodes")),
                     7 * (OWN_NODES + f->graph->node_count));
    assert_int_equal(json_array_size(json_object_get(meta, "node_fields")), 7);
    assert_int_equal(json_array_size(json_object_get(meta, "node_types")), 7);
    assert_int_equal(json_array_size(json_object_get(meta, "edge_fields")), 3);
    assert_int_equal(json_array_size(json_object_get(meta, "edge_types")), 3);
    assert_int_equal(json_array_size(json_object_get(all, "strings")),
                     3 + f->graph->type_count + f->graph->root_count);
    json_decref(all);
}

/* ---- JSON ---- */

static void json_has_every_object_with_its_edges(void **state)
{
    fixture *f = *state;
    const mm_graph *g = f->graph;
    json_t *all, *objects;

    write_with(f, mm_graph_write_json, &(mm_view){0});
    all = json_loadb(f->text, f->size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(all);
    assert_string_equal(json_string_value(json_object_get(all, "schema")), "reclaim.inspection/1");
    objects = json_object_get(all, "objects");
    assert_int_equal(json_array_size(objects), g->node_count);
    for (uint32_t i = 0; i < g->node_count; i++) {
        json_t *object = json_array_get(objects, i);
        assert_int_equal(json_integer_value(json_object_get(object, "serial")), g->nodes[i].serial);
        assert_string_equal(json_string_value(json_object_get(object, "type")),
                            mm_graph_type_name(g, i));
        assert_int_equal(json_array_size(json_object_get(object, "edges")), g->nodes[i].edge_count);
        assert_true(json_is_true(json_object_get(object, "reachable")) == g->nodes[i].reachable);
    }
    assert_int_equal(json_array_size(json_object_get(all, "roots")), g->root_count);
    json_decref(all);
}

static void json_of_one_object_has_its_chain(void **state)
{
    fixture *f = *state;
    const mm_graph *g = f->graph;

    for (uint32_t i = 0; i < g->node_count; i += 13) {
        json_t *all, *chain;
        write_with(f, mm_graph_write_json, &(mm_view){.serial = g->nodes[i].serial});
        all = json_loadb(f->text, f->size, 0, NULL);
        assert_non_null(all);
        chain = json_object_get(all, "chain");
        assert_int_equal(json_array_size(json_object_get(all, "objects")), 1);
        assert_true(json_is_null(json_object_get(chain, "root")) != g->nodes[i].reachable);
        assert_true(json_array_size(json_object_get(chain, "steps")) > 0);
        json_decref(all);
    }
}

/* ---- The picture ---- */

/* The end of a quoted string that begins at `at`, or NULL. */
static const char *end_of_string(const char *at)
{
    for (at++; *at != '"'; at++) {
        if (*at == '\0')
            return NULL;
        if (*at == '\\')
            at++;
    }
    return at + 1;
}

/* Brackets match and statements end, outside of strings. */
static void assert_balanced(const char *text)
{
    int braces = 0, brackets = 0;

    for (const char *at = text; at != NULL && *at != '\0';) {
        if (*at == '"') {
            at = end_of_string(at);
            assert_non_null(at);
            continue;
        }
        braces += (*at == '{') - (*at == '}');
        brackets += (*at == '[') - (*at == ']');
        assert_in_range(braces, 0, 1);
        assert_in_range(brackets, 0, 1);
        at++;
    }
    assert_int_equal(braces, 0);
    assert_int_equal(brackets, 0);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void a_picture_of_everything_has_every_object_and_edge(void **state)
{
    fixture *f = *state;
    const mm_graph *g = f->graph;

    write_with(f, mm_graph_write_dot, &(mm_view){.top = g->node_count});
    assert_balanced(f->text);
    assert_true(strncmp(f->text, "digraph heap {\n", 15) == 0);
    assert_int_equal(count_of(f->text, " bytes"), g->node_count);
    assert_int_equal(count_of(f->text, " -> "), g->edge_count + g->root_count);
    assert_non_null(strstr(f->text, " 0 are left out"));
}

static void a_picture_says_what_it_leaves_out(void **state)
{
    fixture *f = *state;
    char note[64];

    write_with(f, mm_graph_write_dot, &(mm_view){.top = 10});
    assert_balanced(f->text);
    assert_int_equal(count_of(f->text, " bytes"), 10);
    snprintf(note, sizeof note, "10 of %u objects; %u are left out", f->graph->node_count,
             f->graph->node_count - 10);
    assert_non_null(strstr(f->text, note));
}

static void a_picture_of_one_object_has_its_neighbours(void **state)
{
    fixture *f = *state;
    const mm_graph *g = f->graph;
    char name[32];
    uint32_t count;
    const mm_graph_edge *edges;

    write_with(f, mm_graph_write_dot, &(mm_view){.serial = g->nodes[0].serial});
    assert_balanced(f->text);
    edges = mm_graph_referents(g, 0, &count);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, " #%u\\n", (unsigned)g->nodes[edges[i].to].serial);
        assert_non_null(strstr(f->text, name));
    }
    assert_non_null(strstr(f->text, "penwidth"));
}

/* ---- Text ---- */

static void the_page_of_text_has_all_types(void **state)
{
    fixture *f = *state;

    write_with(f, mm_graph_write_text, &(mm_view){0});
    assert_non_null(strstr(f->text, awkward));
    assert_non_null(strstr(f->text, "leaf"));
    assert_non_null(strstr(f->text, "test_inspect_files.c"));
}

int main(void)
{
#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        FILE_TEST(a_snapshot_is_read_back_object_for_object),
        FILE_TEST(a_snapshot_is_read_back_edge_for_edge),
        FILE_TEST(a_snapshot_has_what_devtools_expect),
        FILE_TEST(json_has_every_object_with_its_edges),
        FILE_TEST(json_of_one_object_has_its_chain),
        FILE_TEST(a_picture_of_everything_has_every_object_and_edge),
        FILE_TEST(a_picture_says_what_it_leaves_out),
        FILE_TEST(a_picture_of_one_object_has_its_neighbours),
        FILE_TEST(the_page_of_text_has_all_types),
    };

    if (strategy_traits.no_graph) {
        printf("skipped: there is no graph of what %s has\n", strategy_traits.peer);
        return 77;
    }
    return cmocka_run_group_tests_name("files of an inspection", tests, NULL, NULL);
}
