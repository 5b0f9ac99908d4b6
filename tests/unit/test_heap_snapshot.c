/* The heap snapshot reader: what it makes of good files, and what it says of bad ones.
 *
 * Every bad document is also read one byte at a time, and must give the same message: no seam
 * between two reads may show. */
#define _GNU_SOURCE
#include "workloads/heaps/heap_snapshot.h"

#include "workloads/heaps/byte_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

/* The pieces of a small snapshot: nodes of three fields, edges of three. */
#define NODE_FIELDS "\"node_fields\":[\"id\",\"self_size\",\"edge_count\"]"
#define EDGE_FIELDS "\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"]"
#define EDGE_TYPES "\"edge_types\":[[\"property\",\"weak\"],\"string_or_number\",\"node\"]"
#define META "\"meta\":{" NODE_FIELDS "," EDGE_FIELDS "," EDGE_TYPES "}"
#define HEADER(nodes, edges) \
    "\"snapshot\":{" META ",\"node_count\":" #nodes ",\"edge_count\":" #edges "}"
#define NODES "\"nodes\":[1,0,2, 3,16,2, 5,24,0]"
#define EDGES "\"edges\":[0,0,3, 1,0,6, 0,7,6, 0,8,3]"
#define STRINGS "\"strings\":[\"\",\"a \\\"name\\\" \\u00e9\"]"
#define SNAPSHOT "{" HEADER(3, 4) ",\n" NODES ",\n" EDGES ",\n" STRINGS "}\n"

#define BEGINNING "\"{\", the beginning of a heap snapshot in JSON"
#define IS_EMPTY "is empty, expected " BEGINNING

/* ---- reading ----------------------------------------------------------- */

static bool read_text(const char *text, size_t read_max, heap_graph *graph, char *message)
{
    byte_source source;

    byte_source_of_memory(&source, text, strlen(text));
    source.read_max = read_max;
    return heap_graph_read_source(&source, "memory", graph, message);
}

static void assert_is_snapshot(const heap_graph *graph)
{
    static const uint32_t first_edge[] = {0, 1, 3, 3}, targets[] = {1, 2, 1}, bytes[] = {0, 16, 24};

    assert_int_equal(graph->object_count, 3);
    assert_int_equal(graph->edge_count, 3);
    assert_int_equal(graph->weak_edge_count, 1);
    assert_int_equal(graph->root, 0);
    assert_int_equal(graph->bytes_total, 40);
    assert_memory_equal(graph->first_edge, first_edge, sizeof first_edge);
    assert_memory_equal(graph->targets, targets, sizeof targets);
    assert_memory_equal(graph->bytes, bytes, sizeof bytes);
}

static void assert_is_empty(const heap_graph *graph)
{
    static const heap_graph empty;

    assert_memory_equal(graph, &empty, sizeof empty);
}

static void assert_reads(const char *text, heap_graph *graph)
{
    char message[HEAP_MESSAGE_MAX];

    if (!read_text(text, SIZE_MAX, graph, message))
        fail_msg("%s", message);
}

static void assert_reads_as_snapshot(const char *text)
{
    heap_graph graph;

    assert_reads(text, &graph);
    assert_is_snapshot(&graph);
    heap_graph_free(&graph);
}

static void assert_fails(const char *text, const char *expected)
{
    char message[HEAP_MESSAGE_MAX];
    heap_graph graph;

    assert_false(read_text(text, SIZE_MAX, &graph, message));
    assert_string_equal(message, expected);
    assert_is_empty(&graph);
    assert_false(read_text(text, 1, &graph, message));
    assert_string_equal(message, expected);
    assert_is_empty(&graph);
}

/* As assert_fails, at the place where `at` begins, which is in `section` unless that is empty. */
static void assert_fails_at(const char *text, const char *at, const char *section,
                            const char *sentence)
{
    char expected[256], in[32] = "";
    const char *place = strstr(text, at);

    assert_non_null(place);
    if (section[0] != '\0')
        snprintf(in, sizeof in, " in \"%s\"", section);
    snprintf(expected, sizeof expected, "memory: byte %td%s: %s", place - text, in, sentence);
    assert_fails(text, expected);
}

/* ---- files ------------------------------------------------------------- */

typedef struct temporary_file {
    char path[64];
} temporary_file;

static temporary_file write_file(const void *bytes, size_t size)
{
    temporary_file file = {"/tmp/test_heap_snapshot_XXXXXX"};
    int descriptor = mkstemp(file.path);

    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, size), size);
    close(descriptor);
    return file;
}

static temporary_file write_gzip(const char *text)
{
    temporary_file file = write_file("", 0);
    gzFile stream = gzopen(file.path, "wb");

    assert_non_null(stream);
    assert_int_equal(gzwrite(stream, text, (unsigned)strlen(text)), strlen(text));
    assert_int_equal(gzclose(stream), Z_OK);
    return file;
}

/* Expects `path: sentence` and takes the file away. */
static void assert_file_fails(temporary_file file, const char *sentence)
{
    char message[HEAP_MESSAGE_MAX], expected[256];
    heap_graph graph;
    bool ok = heap_graph_read(file.path, &graph, message);

    unlink(file.path);
    assert_false(ok);
    assert_is_empty(&graph);
    snprintf(expected, sizeof expected, "%s: %s", file.path, sentence);
    assert_string_equal(message, expected);
}

static void assert_file_reads_as_snapshot(temporary_file file)
{
    char message[HEAP_MESSAGE_MAX];
    heap_graph graph;
    bool ok = heap_graph_read(file.path, &graph, message);

    unlink(file.path);
    if (!ok)
        fail_msg("%s", message);
    assert_is_snapshot(&graph);
    heap_graph_free(&graph);
}

/* ---- good snapshots ---------------------------------------------------- */

static void reads_nodes_edges_and_sizes(void **state)
{
    (void)state;
    assert_reads_as_snapshot(SNAPSHOT);
}

static void reads_whatever_the_seams_between_reads(void **state)
{
    (void)state;
    for (size_t read_max = 1; read_max < sizeof SNAPSHOT; read_max++) {
        char message[HEAP_MESSAGE_MAX];
        heap_graph graph;

        assert_true(read_text(SNAPSHOT, read_max, &graph, message));
        assert_is_snapshot(&graph);
        heap_graph_free(&graph);
    }
}

static void reads_plain_and_gzipped_files(void **state)
{
    (void)state;
    assert_file_reads_as_snapshot(write_file(SNAPSHOT, strlen(SNAPSHOT)));
    assert_file_reads_as_snapshot(write_gzip(SNAPSHOT));
}

static void takes_the_positions_of_fields_from_the_header(void **state)
{
    (void)state;
    assert_reads_as_snapshot(
        "{\"snapshot\":{\"edge_count\":4,\"node_count\":3,\"meta\":{"
        "\"edge_types\":[\"node\",[\"a\",\"b\",\"weak\",\"c\"]],"
        "\"edge_fields\":[\"to_node\",\"type\"],"
        "\"node_fields\":[\"edge_count\",\"new\",\"type\",\"self_size\",\"type\"]}},"
        "\"nodes\":[2,9,9,0,9, 2,9,9,16,9, 0,9,9,24,9],"
        "\"edges\":[5,0, 10,2, 10,3, 5,1]}");
}

static void skips_sections_it_does_not_know(void **state)
{
    (void)state;
    assert_reads_as_snapshot("{\"new\":{\"a\":[1,-2.5e+7,{},[]],\"b\":null},\"flag\":true," HEADER(
        3, 4) ",\"other\":[[[\"x\"]],false,-0]," NODES ",\"third\":\"\\\\\"," EDGES "}");
}

static void needs_no_weak_type(void **state)
{
    heap_graph graph;

    (void)state;
    assert_reads("{\"snapshot\":{\"meta\":{" NODE_FIELDS "," EDGE_FIELDS ","
                 "\"edge_types\":[[\"property\"]]},\"node_count\":1,\"edge_count\":1},"
                 "\"nodes\":[1,0,1],\"edges\":[0,0,0]}",
                 &graph);
    assert_int_equal(graph.edge_count, 1);
    assert_int_equal(graph.targets[0], 0);
    heap_graph_free(&graph);
}

static void takes_the_root_from_the_header(void **state)
{
    heap_graph graph;

    (void)state;
    assert_reads("{\"snapshot\":{" META ",\"node_count\":2,\"edge_count\":0,\"root_index\":3},"
                 "\"nodes\":[1,8,0,3,8,0],\"edges\":[]}",
                 &graph);
    assert_int_equal(graph.root, 1);
    assert_int_equal(graph.first_edge[2], 0);
    heap_graph_free(&graph);
    heap_graph_free(&graph); /* an empty one may be freed too */
}

static void reads_the_largest_size(void **state)
{
    heap_graph graph;

    (void)state;
    assert_reads("{" HEADER(1, 0) ",\"nodes\":[1,4294967295,0],\"edges\":[]}", &graph);
    assert_int_equal(graph.bytes[0], UINT32_MAX);
    heap_graph_free(&graph);
}

static void assert_recorded_heap(const char *name, uint32_t objects, uint32_t edges, uint32_t weak,
                                 uint64_t bytes)
{
    char path[512], message[HEAP_MESSAGE_MAX];
    heap_graph graph;

    snprintf(path, sizeof path, "%s/%s", RECLAIM_HEAPS_DIR, name);
    if (!heap_graph_read(path, &graph, message))
        fail_msg("%s", message);
    assert_int_equal(graph.object_count, objects);
    assert_int_equal(graph.edge_count, edges);
    assert_int_equal(graph.weak_edge_count, weak);
    assert_int_equal(graph.bytes_total, bytes);
    heap_graph_free(&graph);
}

/* The figures are those of the table in workloads/heaps/README.md. */
static void reads_the_recorded_heaps(void **state)
{
    (void)state;
    assert_recorded_heap("node-eslint.heapsnapshot.gz", 128001, 527248, 19714, 13016634);
    assert_recorded_heap("python-docutils.heapsnapshot.gz", 123566, 324159, 1141, 14658511);
}

/* ---- files that cannot be read ----------------------------------------- */

static void refuses_a_file_that_is_not_there(void **state)
{
    char message[HEAP_MESSAGE_MAX];
    heap_graph graph;

    (void)state;
    assert_false(heap_graph_read("/nowhere/app.heapsnapshot", &graph, message));
    assert_string_equal(message,
                        "/nowhere/app.heapsnapshot: cannot be opened: No such file or directory");
    assert_is_empty(&graph);
}

static void refuses_a_directory(void **state)
{
    char message[HEAP_MESSAGE_MAX];
    heap_graph graph;

    (void)state;
    assert_false(heap_graph_read("/tmp", &graph, message));
    assert_string_equal(message, "/tmp: is a directory, expected a file");
}

static void refuses_an_empty_file(void **state)
{
    (void)state;
    assert_file_fails(write_file("", 0), IS_EMPTY);
    assert_file_fails(write_gzip(""), IS_EMPTY);
}

/* A gzip file of the snapshot, in memory. */
static size_t compress_snapshot(char *bytes, size_t size)
{
    temporary_file file = write_gzip(SNAPSHOT);
    FILE *stream = fopen(file.path, "rb");
    size_t read;

    assert_non_null(stream);
    read = fread(bytes, 1, size, stream);
    fclose(stream);
    unlink(file.path);
    return read;
}

static void refuses_a_truncated_gzip_file(void **state)
{
    char bytes[1024];
    size_t size = compress_snapshot(bytes, sizeof bytes);

    (void)state;
    for (size_t kept = 18; kept < size; kept++)
        assert_file_fails(write_file(bytes, kept),
                          "the gzip stream ends too early, the file is truncated");
}

static void refuses_a_damaged_gzip_file(void **state)
{
    char bytes[1024];
    size_t size = compress_snapshot(bytes, sizeof bytes);

    (void)state;
    bytes[size - 8] ^= 1; /* the checksum */
    assert_file_fails(write_file(bytes, size), "the gzip stream is damaged: incorrect data check");
}

static void tells_places_in_the_decompressed_text(void **state)
{
    (void)state;
    assert_file_fails(write_gzip("{\"snapshot\":7}"),
                      "byte 12 of the decompressed text in \"snapshot\": "
                      "found \"7\", expected \"{\"");
}

/* ---- documents that are no snapshots ----------------------------------- */

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    assert_fails("hello", "memory: byte 0: found \"h\", expected " BEGINNING);
    assert_fails("\x7f\x45LF", "memory: byte 0: found the byte 0x7f, expected " BEGINNING);
    assert_fails("[]", "memory: byte 0: found \"[\", expected " BEGINNING);
    assert_fails("{\"a\" 1}", "memory: byte 5: found \"1\", expected \":\" after a key");
    assert_fails("{\"a\":1 \"b\":2}", "memory: byte 7: found \"\"\", expected \",\" or \"}\"");
    assert_fails("{\"a\":01}", "memory: byte 6: found \"1\", expected \",\" or \"}\"");
    assert_fails("{\"a\":1.}", "memory: byte 7: found \"}\", expected a digit");
    assert_fails("{\"a\":1e}", "memory: byte 7: found \"}\", expected a digit");
    assert_fails("{\"a\":nul}", "memory: byte 8: found \"}\", expected a value");
    assert_fails("{\"a\":+1}", "memory: byte 5: found \"+\", expected a value");
    assert_fails("{\"a\":[1,]}", "memory: byte 8: found \"]\", expected a value");
    assert_fails("{\"a\":[1}}", "memory: byte 7: found \"}\", expected \",\" or \"]\"");
    assert_fails("{1:2}", "memory: byte 1: found \"1\", expected a string");
    assert_fails("{\"a\":\"\\x\"}",
                 "memory: byte 7: found \"x\", expected one of \" \\ / b f n r t "
                 "u after a backslash");
    assert_fails("{\"a\":\"\\u00g0\"}",
                 "memory: byte 10: found \"g\", expected four hexadecimal digits after \\u");
    assert_fails("{\"a\":\"\n\"}",
                 "memory: byte 6: found the byte 0x0a, expected the rest of a string");
}

static void refuses_json_that_is_no_snapshot(void **state)
{
    static const char *const expected =
        "memory: is JSON, but not a heap snapshot: it has no section \"snapshot\"";

    (void)state;
    assert_fails("{}", expected);
    assert_fails("{\"name\":\"reclaim\",\"version\":1}", expected);
    assert_fails("{\"snap\\u0073hot\":{}}", expected);
}

static void refuses_a_snapshot_that_lacks_a_section(void **state)
{
    (void)state;
    assert_fails("{" HEADER(3, 4) "}",
                 "memory: is not a whole heap snapshot: it has no section \"nodes\"");
    assert_fails("{" HEADER(3, 4) "," NODES "}",
                 "memory: is not a whole heap snapshot: it has no section \"edges\"");
}

static void refuses_another_order_of_sections(void **state)
{
    (void)state;
    assert_fails("{" NODES "," HEADER(3, 4) "," EDGES "}",
                 "memory: the section \"nodes\" comes before \"snapshot\", expected it after");
    assert_fails("{" HEADER(3, 4) "," EDGES "," NODES "}",
                 "memory: the section \"edges\" comes before \"nodes\", expected it after");
    assert_fails("{" HEADER(3, 4) "," NODES "," NODES "}", "memory: has two sections \"nodes\"");
    assert_fails("{" HEADER(3, 4) "," NODES "," EDGES "," EDGES "}",
                 "memory: has two sections \"edges\"");
}

static void refuses_a_truncated_snapshot(void **state)
{
    (void)state;
    for (size_t kept = 1; kept < strlen(SNAPSHOT) - 1; kept++) {
        char text[sizeof SNAPSHOT], message[HEAP_MESSAGE_MAX];
        heap_graph graph;

        memcpy(text, SNAPSHOT, kept);
        text[kept] = '\0';
        assert_false(read_text(text, SIZE_MAX, &graph, message));
        assert_non_null(strstr(message, "is it truncated?"));
        assert_is_empty(&graph);
    }
}

static void refuses_what_follows_the_snapshot(void **state)
{
    (void)state;
    assert_fails_at("{" HEADER(3, 4) "," NODES "," EDGES "} #", "#", "",
                    "found \"#\", expected the end of the file");
}

static void refuses_deep_nesting(void **state)
{
    enum { DEPTH = 100000 };
    static char text[DEPTH + 6] = "{\"a\":";

    (void)state;
    memset(text + 5, '[', DEPTH);
    assert_fails(text, "memory: byte 517: lists and objects are nested more than 512 deep");
}

/* ---- headers ----------------------------------------------------------- */

static void refuses_a_header_that_lacks_something(void **state)
{
    (void)state;
    assert_fails("{\"snapshot\":{\"node_count\":0,\"edge_count\":0}}",
                 "memory: the section \"snapshot\" has no \"meta.node_fields\"");
    assert_fails("{\"snapshot\":{\"meta\":{" NODE_FIELDS "},\"node_count\":0,\"edge_count\":0}}",
                 "memory: the section \"snapshot\" has no \"meta.edge_fields\"");
    assert_fails("{\"snapshot\":{" META ",\"edge_count\":0}}",
                 "memory: the section \"snapshot\" has no \"node_count\"");
    assert_fails("{\"snapshot\":{" META ",\"node_count\":0}}",
                 "memory: the section \"snapshot\" has no \"edge_count\"");
    assert_fails("{\"snapshot\":{\"meta\":{" NODE_FIELDS "," EDGE_FIELDS
                 "},\"node_count\":0,\"edge_count\":0}}",
                 "memory: \"meta.edge_types\" does not list the values of the field \"type\"");
}

static void refuses_records_that_lack_a_field(void **state)
{
    (void)state;
    assert_fails("{\"snapshot\":{\"meta\":{\"node_fields\":[\"self_size\"]}}}",
                 "memory: \"node_fields\" has no field \"edge_count\"");
    assert_fails("{\"snapshot\":{\"meta\":{\"edge_fields\":[\"type\",\"to_nodes\"]}}}",
                 "memory: \"edge_fields\" has no field \"to_node\"");
}

static void refuses_too_many_fields(void **state)
{
    char text[512] = "{\"snapshot\":{\"meta\":{\"node_fields\":[\"self_size\",\"edge_count\"";

    (void)state;
    for (int i = 0; i < 31; i++)
        strcat(text, ",\"x\"");
    strcat(text, "]}}}");
    assert_fails(text, "memory: \"node_fields\" has 33 fields, expected at most 32");
}

static void refuses_a_root_that_is_no_node(void **state)
{
    (void)state;
    assert_fails("{\"snapshot\":{" META ",\"node_count\":1,\"edge_count\":0,\"root_index\":3},"
                 "\"nodes\":[1,8,0],\"edges\":[]}",
                 "memory: its root_index 3 is not the place of a node");
    assert_fails("{\"snapshot\":{" META ",\"node_count\":1,\"edge_count\":0,\"root_index\":1},"
                 "\"nodes\":[1,8,0],\"edges\":[]}",
                 "memory: its root_index 1 is not the place of a node");
}

/* ---- nodes and edges --------------------------------------------------- */

static void refuses_counts_that_differ_from_the_header(void **state)
{
    (void)state;
    assert_fails("{" HEADER(2, 4) "," NODES "}", "memory: has 3 nodes, its header says 2");
    assert_fails("{" HEADER(9999999999999, 4) "," NODES "}",
                 "memory: has 3 nodes, its header says 9999999999999");
    assert_fails("{" HEADER(3, 5) "," NODES "}",
                 "memory: its nodes have 4 edges, its header says 5");
    assert_fails("{" HEADER(3, 4) "," NODES ",\"edges\":[0,0,3]}",
                 "memory: has 1 edges, its header says 4");
    assert_fails("{" HEADER(1, 0) ",\"nodes\":[1,8,0],\"edges\":[0,0,0]}",
                 "memory: has more edges than its header says, 0");
    assert_fails("{" HEADER(0, 0) ",\"nodes\":[],\"edges\":[]}", "memory: has no nodes");
}

static void refuses_incomplete_records(void **state)
{
    (void)state;
    assert_fails_at("{" HEADER(1, 0) ",\"nodes\":[1,8]}", "8]", "nodes",
                    "the list ends after 2 of the 3 numbers of a node");
    assert_fails_at("{" HEADER(1, 1) ",\"nodes\":[1,8,1],\"edges\":[0]}", "0]", "edges",
                    "the list ends after 1 of the 3 numbers of an edge");
}

static void refuses_what_is_no_whole_number(void **state)
{
    (void)state;
    assert_fails_at("{" HEADER(1, 0) ",\"nodes\":[1,-8,0]}", "-8", "nodes",
                    "found \"-\", expected a whole number");
    assert_fails_at("{" HEADER(1, 0) ",\"nodes\":[1,8.5,0]}", "8.5", "nodes",
                    "found a fraction, expected a whole number");
    assert_fails_at("{" HEADER(1, 0) ",\"nodes\":[1,8e2,0]}", "8e2", "nodes",
                    "found a fraction, expected a whole number");
    assert_fails_at("{" HEADER(1, 0) ",\"nodes\":[1,08,0]}", "08", "nodes",
                    "found a number that begins with 0");
    assert_fails_at("{" HEADER(1, 0) ",\"nodes\":[\"1\",8,0]}", "\"1\"", "nodes",
                    "found \"\"\", expected a whole number");
    assert_fails_at("{" HEADER(1, 0) ",\"nodes\":[[1,8,0]]}", "[1,8", "nodes",
                    "found \"[\", expected a whole number");
}

static void refuses_numbers_that_are_too_large(void **state)
{
    (void)state;
    assert_fails_at("{" HEADER(1, 0) ",\"nodes\":[18446744073709551616,8,0]}", "1844", "nodes",
                    "found a number of more than 19 digits");
    assert_fails_at("{" HEADER(1, 0) ",\"nodes\":[1,4294967296,0]}", "0]", "nodes",
                    "the self_size of node 0 is 4294967296, expected at most 4294967295");
    assert_fails_at("{" HEADER(2, 0) ",\"nodes\":[1,8,4294967295,3,8,1]}", "1]", "nodes",
                    "the edge_count of node 1 is 1, "
                    "which makes more than 4294967295 edges in all");
}

static void refuses_edges_to_nowhere(void **state)
{
    (void)state;
    assert_fails_at("{" HEADER(1, 1) ",\"nodes\":[1,8,1],\"edges\":[0,0,3]}", "3]", "edges",
                    "the to_node of an edge is 3, expected a multiple of 3 below 3");
    assert_fails_at("{" HEADER(3, 4) "," NODES ",\"edges\":[0,0,4]}", "4]", "edges",
                    "the to_node of an edge is 4, expected a multiple of 3 below 9");
    assert_fails_at("{" HEADER(3, 4) "," NODES ",\"edges\":[1,0,9999999999999999999]}", "9999",
                    "edges",
                    "the to_node of an edge is 9999999999999999999, "
                    "expected a multiple of 3 below 9");
    assert_fails_at("{" HEADER(1, 1) ",\"nodes\":[1,8,1],\"edges\":[2,0,0]}", "0]}", "edges",
                    "the type of an edge is 2, expected less than 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_nodes_edges_and_sizes),
        cmocka_unit_test(reads_whatever_the_seams_between_reads),
        cmocka_unit_test(reads_plain_and_gzipped_files),
        cmocka_unit_test(takes_the_positions_of_fields_from_the_header),
        cmocka_unit_test(skips_sections_it_does_not_know),
        cmocka_unit_test(needs_no_weak_type),
        cmocka_unit_test(takes_the_root_from_the_header),
        cmocka_unit_test(reads_the_largest_size),
        cmocka_unit_test(reads_the_recorded_heaps),
        cmocka_unit_test(refuses_a_file_that_is_not_there),
        cmocka_unit_test(refuses_a_directory),
        cmocka_unit_test(refuses_an_empty_file),
        cmocka_unit_test(refuses_a_truncated_gzip_file),
        cmocka_unit_test(refuses_a_damaged_gzip_file),
        cmocka_unit_test(tells_places_in_the_decompressed_text),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(refuses_json_that_is_no_snapshot),
        cmocka_unit_test(refuses_a_snapshot_that_lacks_a_section),
        cmocka_unit_test(refuses_another_order_of_sections),
        cmocka_unit_test(refuses_a_truncated_snapshot),
        cmocka_unit_test(refuses_what_follows_the_snapshot),
        cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(refuses_a_header_that_lacks_something),
        cmocka_unit_test(refuses_records_that_lack_a_field),
        cmocka_unit_test(refuses_too_many_fields),
        cmocka_unit_test(refuses_a_root_that_is_no_node),
        cmocka_unit_test(refuses_counts_that_differ_from_the_header),
        cmocka_unit_test(refuses_incomplete_records),
        cmocka_unit_test(refuses_what_is_no_whole_number),
        cmocka_unit_test(refuses_numbers_that_are_too_large),
        cmocka_unit_test(refuses_edges_to_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
