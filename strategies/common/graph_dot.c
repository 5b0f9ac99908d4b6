/* A picture of a graph, as DOT for graphviz. See mm_inspect.h; empty in the timed flavour.
 *
 * A picture of a whole heap shows nothing, so a number of objects is chosen, nearest first: around
 * one object, its shortest chain and then what is next to it in either direction; of one type, the
 * chains of the oldest; else breadth first from the roots. Edges and roots are drawn where both
 * ends are. What is left out is said in a note. */
#include "mm.h"

#if MM_COUNTED
    #include "common/graph_names.h"

    #include <string.h>

enum { NODES_USEFUL = 60 };

typedef struct chosen {
    const mm_graph *graph;
    bool *is_chosen; /* by node */
    uint32_t *order; /* the chosen ones as they came */
    uint32_t count, most;
} chosen;

static void choose(chosen *c, uint32_t node)
{
    if (c->is_chosen[node] || c->count == c->most)
        return;
    c->is_chosen[node] = true;
    c->order[c->count++] = node;
}

static mm_status choose_chain(chosen *c, uint32_t node)
{
    mm_chain chain;

    if (mm_graph_chain(c->graph, node, &chain) != MM_OK)
        return MM_NO_MEMORY;
    choose(c, node); /* in any case, however long the way to it is */
    for (uint32_t i = chain.length; i-- > 0;)
        choose(c, chain.steps[i].node);
    mm_chain_free(&chain);
    return MM_OK;
}

static void choose_neighbours(chosen *c, uint32_t node)
{
    uint32_t count;
    const uint32_t *referrers = mm_graph_referrers(c->graph, node, &count);
    const mm_graph_edge *edges;

    for (uint32_t i = 0; i < count; i++)
        choose(c, c->graph->edges[referrers[i]].from);
    edges = mm_graph_referents(c->graph, node, &count);
    for (uint32_t i = 0; i < count; i++)
        choose(c, edges[i].to);
}

/* The chosen ones' referents, theirs, and so on. */
static void choose_downwards(chosen *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t count;
        const mm_graph_edge *edges = mm_graph_referents(c->graph, c->order[i], &count);
        for (uint32_t e = 0; e < count; e++)
            choose(c, edges[e].to);
    }
}

static mm_status choose_type(chosen *c, const mm_view *view)
{
    mm_status status = MM_OK;

    for (uint32_t i = 0; i < c->graph->node_count && status == MM_OK && c->count < c->most; i++) {
        if (view_shows(c->graph, view, i))
            status = choose_chain(c, i);
    }
    return status;
}

static mm_status choose_all(chosen *c, const mm_view *view)
{
    const mm_graph *g = c->graph;
    uint32_t index = view->serial != 0 ? mm_graph_find(g, view->serial) : MM_NO_NODE;

    if (index != MM_NO_NODE) {
        if (choose_chain(c, index) != MM_OK)
            return MM_NO_MEMORY;
        choose_neighbours(c, index);
        return MM_OK;
    }
    if (view->type != NULL)
        return choose_type(c, view);
    for (uint32_t i = 0; i < g->root_count; i++)
        choose(c, g->roots[i].target);
    choose_downwards(c);
    for (uint32_t i = 0; i < g->node_count; i++)
        choose(c, i); /* what no root reaches comes last */
    return MM_OK;
}

/* ---- Drawing ---- */

/* Inside of a quoted string of DOT. */
static void write_escaped(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
    }
}

static void write_node(const mm_graph *g, uint32_t index, uint64_t serial, FILE *out)
{
    const mm_graph_node *node = g->nodes + index;

    fprintf(out, "  n%" PRIu64 " [label=\"", node->serial);
    write_escaped(mm_graph_type_name(g, index), out);
    fprintf(out, " #%" PRIu64 "\\n%" PRIu64 " bytes", node->serial, mm_graph_bytes(node));
    if (node->references != MM_UNKNOWN)
        fprintf(out, ", count %" PRIu64, node->references);
    fprintf(out, "\"%s%s];\n", node->reachable ? "" : ", style=dashed",
            node->serial == serial ? ", penwidth=3" : "");
}

static void write_edges(const chosen *c, uint32_t index, FILE *out)
{
    uint32_t count;
    const mm_graph_edge *edges = mm_graph_referents(c->graph, index, &count);

    for (uint32_t i = 0; i < count; i++) {
        if (c->is_chosen[edges[i].to])
            fprintf(out, "  n%" PRIu64 " -> n%" PRIu64 " [label=\"%" PRIu32 "\"];\n",
                    c->graph->nodes[index].serial, c->graph->nodes[edges[i].to].serial,
                    edges[i].slot);
    }
}

static void write_roots(const chosen *c, FILE *out)
{
    const mm_graph *g = c->graph;

    for (uint32_t i = 0; i < g->root_count; i++) {
        if (!c->is_chosen[g->roots[i].target])
            continue;
        fprintf(out, "  r%" PRIu32 " [shape=plaintext, label=\"", i);
        name_root(g->roots + i, out); /* identifiers and numbers only */
        fprintf(out, "\"];\n  r%" PRIu32 " -> n%" PRIu64 "%s;\n", i,
                g->nodes[g->roots[i].target].serial,
                g->roots[i].kind == MM_ROOT_BORROWED ? " [style=dotted]" : "");
    }
}

static void write_title(const chosen *c, const mm_view *view, FILE *out)
{
    fprintf(out, "  label=\"");
    for (const char *const *label = view->labels; label != NULL && *label != NULL; label += 2) {
        write_escaped(label[0], out);
        fputc(' ', out);
        write_escaped(label[1], out);
        fprintf(out, "%s", label[2] != NULL ? ", " : "");
    }
    fprintf(out, "\\n%" PRIu32 " of %" PRIu32 " objects; %" PRIu32 " are left out\";\n", c->count,
            c->graph->node_count, c->graph->node_count - c->count);
}

static void draw(const chosen *c, const mm_view *view, FILE *out)
{
    fprintf(out, "digraph heap {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    write_title(c, view, out);
    write_roots(c, out);
    for (uint32_t i = 0; i < c->count; i++)
        write_node(c->graph, c->order[i], view->serial, out);
    for (uint32_t i = 0; i < c->count; i++)
        write_edges(c, c->order[i], out);
    fprintf(out, "}\n");
}

mm_status mm_graph_write_dot(const mm_graph *graph, const mm_view *view, FILE *out)
{
    chosen c = {.graph = graph, .most = view->top != 0 ? view->top : NODES_USEFUL};
    mm_status status = MM_NO_MEMORY;

    if (c.most > graph->node_count)
        c.most = graph->node_count;
    c.is_chosen = calloc((size_t)graph->node_count + 1, sizeof *c.is_chosen);
    c.order = malloc(((size_t)c.most + 1) * sizeof *c.order);
    if (c.is_chosen != NULL && c.order != NULL)
        status = choose_all(&c, view);
    if (status == MM_OK)
        draw(&c, view, out);
    free(c.is_chosen);
    free(c.order);
    return status;
}
#endif
