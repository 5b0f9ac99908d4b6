/* Fuzzes the heap snapshot reader.
 *
 * Property: any bytes give either a graph that keeps its invariants, or an empty graph and one line
 * that begins with the name; and the same whatever the pieces in which the bytes arrive. Bytes that
 * begin like a gzip file go through a file, so that zlib's part is exercised too. */
#define _GNU_SOURCE
#include "workloads/heaps/heap_snapshot.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAME "input"

/* Not assert: the property must hold in every build. */
#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            abort();                                                                      \
        }                                                                                 \
    } while (0)

typedef struct outcome {
    bool ok;
    heap_graph graph;
    char message[HEAP_MESSAGE_MAX];
} outcome;

static void check_graph(const heap_graph *graph)
{
    uint64_t bytes_total = 0;

    CHECK(graph->object_count > 0);
    CHECK(graph->root < graph->object_count);
    CHECK(graph->first_edge[0] == 0);
    CHECK(graph->first_edge[graph->object_count] == graph->edge_count);
    for (uint32_t i = 0; i < graph->object_count; i++) {
        CHECK(graph->first_edge[i] <= graph->first_edge[i + 1]);
        bytes_total += graph->bytes[i];
    }
    for (uint32_t i = 0; i < graph->edge_count; i++)
        CHECK(graph->targets[i] < graph->object_count);
    CHECK(graph->bytes_total == bytes_total);
}

static void check_outcome(const outcome *result, const char *name)
{
    static const heap_graph empty;

    if (result->ok) {
        check_graph(&result->graph);
        return;
    }
    CHECK(memcmp(&result->graph, &empty, sizeof empty) == 0);
    CHECK(strlen(result->message) > strlen(name));
    CHECK(strncmp(result->message, name, strlen(name)) == 0);
    for (const char *c = result->message; *c != '\0'; c++)
        CHECK(*c >= ' ' && *c < 0x7f);
}

static void check_same_list(const uint32_t *one, const uint32_t *other, size_t count)
{
    CHECK(count == 0 || memcmp(one, other, count * sizeof *one) == 0);
}

static void check_same(const outcome *one, const outcome *other)
{
    CHECK(one->ok == other->ok);
    if (!one->ok) {
        CHECK(strcmp(one->message, other->message) == 0);
        return;
    }
    CHECK(one->graph.object_count == other->graph.object_count);
    CHECK(one->graph.edge_count == other->graph.edge_count);
    CHECK(one->graph.weak_edge_count == other->graph.weak_edge_count);
    CHECK(one->graph.root == other->graph.root);
    check_same_list(one->graph.first_edge, other->graph.first_edge, one->graph.object_count);
    check_same_list(one->graph.targets, other->graph.targets, one->graph.edge_count);
    check_same_list(one->graph.bytes, other->graph.bytes, one->graph.object_count);
}

static void read_memory(const uint8_t *bytes, size_t size, size_t read_max, outcome *result)
{
    byte_source source;

    byte_source_of_memory(&source, bytes, size);
    source.read_max = read_max;
    result->ok = heap_graph_read_source(&source, NAME, &result->graph, result->message);
    check_outcome(result, NAME);
}

static void fuzz_text(const uint8_t *bytes, size_t size)
{
    outcome whole, pieces;

    read_memory(bytes, size, SIZE_MAX, &whole);
    read_memory(bytes, size, 1 + size % 13, &pieces);
    check_same(&whole, &pieces);
    heap_graph_free(&whole.graph);
    heap_graph_free(&pieces.graph);
}

static void fuzz_file(const uint8_t *bytes, size_t size)
{
    int file = memfd_create("heap_reader", MFD_CLOEXEC);
    char path[64];
    outcome result;

    CHECK(file >= 0 && write(file, bytes, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    result.ok = heap_graph_read(path, &result.graph, result.message);
    check_outcome(&result, path);
    heap_graph_free(&result.graph);
    close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        fuzz_file(bytes, size);
    else
        fuzz_text(bytes, size);
    return 0;
}
