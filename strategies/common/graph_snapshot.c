/* A graph as a V8 heap snapshot, the format that Chrome's DevTools load. See mm_inspect.h; empty in
 * the timed flavour.
 *
 * The file is flat arrays of numbers. A node is NODE_FIELDS numbers and an edge EDGE_FIELDS; a
 * node's edges are the next `edge_count` of the edges' array; names are indices into `strings`, and
 * an edge names its target by where that begins in the nodes' array. Before the objects stand three
 * nodes that the heap does not have:
 *
 *   0 "" ─▶ 1 "(roots)" ─ by the root's name ─▶ objects
 *      └──▶ 2 "(unreachable)" ─ weak ─▶ what no root reaches
 *
 * Ids are odd, as V8's for objects are. The format is described by its own `meta`; what DevTools
 * expect of it is in the front_end/entrypoints/heap_snapshot_worker of their source. */
#define _GNU_SOURCE
#include "mm.h"

#if MM_COUNTED
    #include "common/graph_names.h"

    #include "common/json_text.h"

    #include <stdlib.h>

enum { NODE_FIELDS = 7, EDGE_FIELDS = 3, OWN_NODES = 3 };

/* Their places in `meta`'s lists of types. */
enum { NODE_ARRAY = 1, NODE_OBJECT = 3, NODE_SYNTHETIC = 9 };
enum { EDGE_ELEMENT = 1, EDGE_PROPERTY = 2, EDGE_WEAK = 6 };

/* Their places in `strings`; the names of types follow, then those of the roots. */
enum { STRING_EMPTY, STRING_ROOTS, STRING_UNREACHABLE, OWN_STRINGS };

static const char meta[] =
    "\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\",\"edge_count\","
    "\"trace_node_id\",\"detachedness\"],\"node_types\":[[\"hidden\",\"array\",\"string\","
    "\"object\",\"code\",\"closure\",\"regexp\",\"number\",\"native\",\"synthetic\","
    "\"concatenated string\",\"sliced string\",\"symbol\",\"bigint\",\"object shape\"],"
    "\"string\",\"number\",\"number\",\"number\",\"number\",\"number\"],\"edge_fields\":["
    "\"type\",\"name_or_index\",\"to_node\"],\"edge_types\":[[\"context\",\"element\","
    "\"property\",\"internal\",\"hidden\",\"shortcut\",\"weak\"],\"string_or_number\",\"node\"],"
    "\"trace_function_info_fields\":[\"function_id\",\"name\",\"script_name\",\"script_id\","
    "\"line\",\"column\"],\"trace_node_fields\":[\"id\",\"function_info_index\",\"count\","
    "\"size\",\"children\"],\"sample_fields\":[\"timestamp_us\",\"last_assigned_id\"],"
    "\"location_fields\":[\"object_index\",\"script_id\",\"line\",\"column\"]}";

static uint64_t unreachable_count(const mm_graph *g)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < g->node_count; i++)
        count += !g->nodes[i].reachable;
    return count;
}

static void write_node(FILE *out, bool first, uint32_t type, uint64_t name, uint64_t id,
                       uint64_t bytes, uint64_t edges)
{
    fprintf(out, "%s%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",0,0\n",
            first ? "" : ",", type, name, id, bytes, edges);
}

static void write_nodes(const mm_graph *g, FILE *out)
{
    write_node(out, true, NODE_SYNTHETIC, STRING_EMPTY, 1, 0, 2);
    write_node(out, false, NODE_SYNTHETIC, STRING_ROOTS, 3, 0, g->root_count);
    write_node(out, false, NODE_SYNTHETIC, STRING_UNREACHABLE, 5, 0, unreachable_count(g));
    for (uint32_t i = 0; i < g->node_count; i++) {
        const mm_graph_node *node = g->nodes + i;
        bool container = g->types[node->type].kind == MM_CONTAINER;
        write_node(out, false, container ? NODE_OBJECT : NODE_ARRAY, OWN_STRINGS + node->type,
                   2 * (node->serial + OWN_NODES) + 1, mm_graph_bytes(node), node->edge_count);
    }
}

static void write_edge(FILE *out, bool first, uint32_t type, uint64_t name, uint64_t to)
{
    fprintf(out, "%s%" PRIu32 ",%" PRIu64 ",%" PRIu64 "\n", first ? "" : ",", type, name,
            to * NODE_FIELDS);
}

static void write_edges(const mm_graph *g, FILE *out)
{
    uint64_t weak = 0;

    write_edge(out, true, EDGE_ELEMENT, 0, 1);
    write_edge(out, false, EDGE_ELEMENT, 1, 2);
    for (uint32_t i = 0; i < g->root_count; i++)
        write_edge(out, false, EDGE_PROPERTY, (uint64_t)OWN_STRINGS + g->type_count + i,
                   (uint64_t)OWN_NODES + g->roots[i].target);
    for (uint32_t i = 0; i < g->node_count; i++) {
        if (!g->nodes[i].reachable)
            write_edge(out, false, EDGE_WEAK, weak++, (uint64_t)OWN_NODES + i);
    }
    for (uint32_t i = 0; i < g->edge_count; i++)
        write_edge(out, false, EDGE_ELEMENT, g->edges[i].slot,
                   (uint64_t)OWN_NODES + g->edges[i].to);
}

static bool write_root_name(const mm_graph_root *root, FILE *out)
{
    char *name = NULL;
    size_t size;
    FILE *text = open_memstream(&name, &size);

    if (text == NULL)
        return false;
    name_root(root, text);
    if (fclose(text) != 0) {
        free(name);
        return false;
    }
    json_text(name, out);
    free(name);
    return true;
}

static mm_status write_strings(const mm_graph *g, FILE *out)
{
    fputs("\"\",\n\"(roots)\",\n\"(unreachable)\"", out);
    for (uint32_t i = 0; i < g->type_count; i++) {
        fputs(",\n", out);
        json_text(g->types[i].name, out);
    }
    for (uint32_t i = 0; i < g->root_count; i++) {
        fputs(",\n", out);
        if (!write_root_name(g->roots + i, out))
            return MM_NO_MEMORY;
    }
    return MM_OK;
}

mm_status mm_graph_write_snapshot(const mm_graph *graph, FILE *out)
{
    uint64_t edges = 2 + (uint64_t)graph->root_count + unreachable_count(graph) + graph->edge_count;

    fprintf(out,
            "{\"snapshot\":{%s,\"node_count\":%" PRIu64 ",\"edge_count\":%" PRIu64
            ",\"trace_function_count\":0},\n\"nodes\":[",
            meta, (uint64_t)OWN_NODES + graph->node_count, edges);
    write_nodes(graph, out);
    fputs("],\n\"edges\":[", out);
    write_edges(graph, out);
    fputs("],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n"
          "\"locations\":[],\n\"strings\":[",
          out);
    if (write_strings(graph, out) != MM_OK)
        return MM_NO_MEMORY;
    fputs("]}\n", out);
    return MM_OK;
}
#endif
