/* Questions to a copied graph: what there is, and what keeps an object. See mm_inspect.h; empty in
 * the timed flavour.
 *
 * A reachable object's chain was found when the graph was made. An unreachable one is still there
 * because a count holds it, or because no collection has come by. A count is held by a slot; so going
 * back from slot to slot ends at an object that nothing refers to, or comes round: then a cycle holds
 * it. The shortest cycle through the object itself is looked for first, breadth first from it back
 * to it, since that is the explanation one wants. */
#include "mm.h"

#if MM_COUNTED
    #include "mm_inspect.h"

    #include <string.h>

/* ---- Finding ---- */

uint32_t mm_graph_find(const mm_graph *graph, uint64_t serial)
{
    uint32_t low = 0, high = graph->node_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (graph->nodes[middle].serial < serial)
            low = middle + 1;
        else
            high = middle;
    }
    return low < graph->node_count && graph->nodes[low].serial == serial ? low : MM_NO_NODE;
}

uint32_t mm_graph_find_type(const mm_graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->type_count; i++) {
        if (strcmp(graph->types[i].name, name) == 0)
            return i;
    }
    return MM_NO_NODE;
}

/* ---- Types by generation ---- */

enum { GENERATIONS_SHOWN = 5 }; /* up to 3, one more that a strategy may set apart, and none */

static uint32_t generation_index(uint32_t generation)
{
    return generation < GENERATIONS_SHOWN - 1 ? generation : GENERATIONS_SHOWN - 1;
}

static int by_bytes(const void *a, const void *b)
{
    const mm_type_count *x = a, *y = b;
    int order;

    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    order = strcmp(x->type, y->type);
    return order != 0 ? order : (x->generation > y->generation) - (x->generation < y->generation);
}

static void count_node(const mm_graph *g, const mm_graph_node *node, mm_type_count *table)
{
    mm_type_count *row =
        table + (size_t)node->type * GENERATIONS_SHOWN + generation_index(node->generation);
    uint64_t bytes = mm_graph_bytes(node);

    row->type = g->types[node->type].name;
    row->generation = node->generation;
    row->objects++;
    row->bytes += bytes;
    row->reachable_objects += node->reachable;
    row->reachable_bytes += node->reachable ? bytes : 0;
}

mm_status mm_graph_count_types(const mm_graph *graph, mm_type_count **rows, size_t *count)
{
    size_t places = (size_t)graph->type_count * GENERATIONS_SHOWN, used = 0;
    mm_type_count *table = calloc(places + 1, sizeof *table);

    if (table == NULL)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < graph->node_count; i++)
        count_node(graph, graph->nodes + i, table);
    for (size_t i = 0; i < places; i++) {
        if (table[i].objects != 0)
            table[used++] = table[i];
    }
    qsort(table, used, sizeof *table, by_bytes);
    *rows = table;
    *count = used;
    return MM_OK;
}

/* ---- Chains ---- */

static mm_status reachable_chain(const mm_graph *g, uint32_t node, mm_chain *out)
{
    uint32_t length = 1, slot = 0;

    for (uint32_t i = node; !g->nodes[i].via_root; i = g->edges[g->nodes[i].via].from)
        length++;
    out->steps = malloc(length * sizeof *out->steps);
    if (out->steps == NULL)
        return MM_NO_MEMORY;
    out->length = length;
    while (length-- > 0) {
        const mm_graph_node *here = g->nodes + node;
        out->steps[length] = (mm_chain_step){node, slot};
        if (here->via_root) {
            out->root = here->via;
        } else {
            slot = g->edges[here->via].slot;
            node = g->edges[here->via].from;
        }
    }
    return MM_OK;
}

/* Room for a number an object, all MM_NO_NODE. */
static uint32_t *new_marks(const mm_graph *g)
{
    uint32_t *marks = malloc(((size_t)g->node_count + 1) * sizeof *marks);

    if (marks != NULL)
        memset(marks, 0xff, ((size_t)g->node_count + 1) * sizeof *marks);
    return marks;
}

/* Breadth first from `start` until an edge leads back to it; that edge, or MM_NO_NODE. `via` is
 * filled with the edge by which each object was reached first. */
static uint32_t find_way_back(const mm_graph *g, uint32_t start, uint32_t *queue, uint32_t *via)
{
    uint32_t first = 0, used = 0;

    queue[used++] = start;
    while (first < used) {
        const mm_graph_node *node = g->nodes + queue[first++];
        for (uint32_t e = node->first_edge; e < node->first_edge + node->edge_count; e++) {
            uint32_t to = g->edges[e].to;
            if (to == start)
                return e;
            if (via[to] != MM_NO_NODE)
                continue;
            via[to] = e;
            queue[used++] = to;
        }
    }
    return MM_NO_NODE;
}

/* The cycle that `back` closes at `start`, as the first steps of the chain. */
static mm_status lay_cycle(const mm_graph *g, uint32_t start, uint32_t back, const uint32_t *via,
                           mm_chain *out)
{
    uint32_t length = 1;

    for (uint32_t e = back; g->edges[e].from != start; e = via[g->edges[e].from])
        length++;
    out->steps = malloc(length * sizeof *out->steps);
    if (out->steps == NULL)
        return MM_NO_MEMORY;
    out->length = out->cycle_length = length;
    for (uint32_t e = back; length-- > 0; e = via[g->edges[e].from])
        out->steps[length] = (mm_chain_step){g->edges[e].from, g->edges[e].slot};
    return MM_OK;
}

static mm_status cycle_through(const mm_graph *g, uint32_t node, mm_chain *out)
{
    uint32_t *queue = new_marks(g), *via = new_marks(g), back;
    mm_status status = MM_NO_MEMORY;

    if (queue != NULL && via != NULL) {
        back = find_way_back(g, node, queue, via);
        status = back != MM_NO_NODE ? lay_cycle(g, node, back, via, out) : MM_OK;
    }
    free(queue);
    free(via);
    return status;
}

/* Goes back from `node`, always to the oldest that refers to it. The edges taken into `way`; `seen`
 * says after how many steps an object was come to. Returns where the way ended: an object that was
 * seen before, or one that nothing refers to. */
static uint32_t go_back(const mm_graph *g, uint32_t node, uint32_t *way, uint32_t *seen,
                        uint32_t *steps)
{
    uint32_t count;
    const uint32_t *edges;

    *steps = 0;
    for (;;) {
        edges = mm_graph_referrers(g, node, &count);
        if (seen[node] != MM_NO_NODE || count == 0)
            return node;
        seen[node] = *steps;
        way[(*steps)++] = edges[0];
        node = g->edges[edges[0]].from;
    }
}

/* The way back, turned round: first the cycle in which it ended, if it did, then down to the object
 * from which it began. `cycle_begin`: the steps taken when the way first came by where it ended;
 * MM_NO_NODE: nothing refers to where it ended. */
static mm_status lay_way(const mm_graph *g, uint32_t node, const uint32_t *way, uint32_t steps,
                         uint32_t cycle_begin, mm_chain *out)
{
    bool cyclic = cycle_begin != MM_NO_NODE;
    uint32_t used = 0, tail_from = cyclic ? cycle_begin : steps;

    out->steps = malloc(((size_t)steps + 2) * sizeof *out->steps);
    if (out->steps == NULL)
        return MM_NO_MEMORY;
    for (uint32_t i = steps; cyclic && i-- > cycle_begin;)
        out->steps[used++] = (mm_chain_step){g->edges[way[i]].from, g->edges[way[i]].slot};
    out->cycle_length = used;
    for (uint32_t i = tail_from; i-- > 0;)
        out->steps[used++] = (mm_chain_step){g->edges[way[i]].from, g->edges[way[i]].slot};
    if (!cyclic || tail_from > 0)
        out->steps[used++] = (mm_chain_step){node, 0};
    out->length = used;
    return MM_OK;
}

static mm_status way_back(const mm_graph *g, uint32_t node, mm_chain *out)
{
    uint32_t *way = new_marks(g), *seen = new_marks(g), steps, end;
    mm_status status = MM_NO_MEMORY;

    if (way != NULL && seen != NULL) {
        end = go_back(g, node, way, seen, &steps);
        status = lay_way(g, node, way, steps, seen[end], out);
    }
    free(way);
    free(seen);
    return status;
}

mm_status mm_graph_chain(const mm_graph *graph, uint32_t node, mm_chain *out)
{
    mm_status status;

    *out = (mm_chain){.root = MM_NO_NODE};
    if (graph->nodes[node].reachable)
        return reachable_chain(graph, node, out);
    status = cycle_through(graph, node, out);
    if (status != MM_OK || out->length > 0)
        return status;
    return way_back(graph, node, out);
}

void mm_chain_free(mm_chain *chain)
{
    free(chain->steps);
    *chain = (mm_chain){.root = MM_NO_NODE};
}
#endif
