/* The object graph: a copy of all objects, their slots and the roots. See mm_inspect.h; empty in the
 * timed flavour.
 *
 *   count what there is · copy nodes · copy edges, slot by slot · copy roots
 *   turn the edges round, for referrers · walk from the roots, breadth first
 *
 * The registry lists every object whatever the strategy; a block keeps its node's number while the
 * edges are copied. The walk leaves at each node the edge it came by, so that the shortest chain
 * from a root is read backwards (Moore, "The shortest path through a maze", 1959). Variables are
 * named by where they lie: whatever else variables_each() finds to be a root, the heap itself
 * holds. */
#include "mm.h"

#if MM_COUNTED
    #include "common/registry.h"
    #include "mm_inspect.h"

    #include <string.h>

    #ifndef MM_COMMON_VARIABLES_H
mm_status mm_graph_new(mm_heap *heap, mm_graph **out)
{
    (void)heap, (void)out;
    return MM_UNSUPPORTED;
}
    #else
        #define EACH_BLOCK(heap, block)                              \
            for (registered *block = (heap)->base.front.blocks.next; \
                 block != &(heap)->base.front.blocks; block = block->next)

/* ---- Nodes and edges ---- */

static uint64_t references_of(mm_heap *heap, mm_object *object)
{
        #ifdef strategy_refcount
    const mm_var named = {.object = object};
    return strategy_refcount(heap->base.mutator, &named);
        #else
    (void)heap, (void)object;
    return MM_UNKNOWN;
        #endif
}

static mm_graph_node node_of(mm_heap *heap, const registered *block, mm_object *object)
{
    return (mm_graph_node){
        .serial = block->serial,
        .site = block->site,
        .phase = block->phase,
        .references = references_of(heap, object),
        .type = mm_type_index(registry_type(block)),
        .generation = strategy_generation_of(heap, object),
        .slots = registry_slot_count(object),
        .payload_bytes =
            (uint32_t)(block->request - requested_bytes(registry_slot_count(object), 0)),
        .header_bytes = block->header,
        .made = block->made,
        .used = block->used,
    };
}

static void copy_nodes(mm_heap *heap, mm_graph *g)
{
    uint32_t i = 0;

    EACH_BLOCK (heap, block) {
        block->index = i;
        g->nodes[i++] = node_of(heap, block, registry_object(block));
    }
}

static void copy_edges(mm_heap *heap, mm_graph *g)
{
    uint32_t used = 0;

    EACH_BLOCK (heap, block) {
        mm_object *object = registry_object(block);
        mm_graph_node *node = g->nodes + block->index;
        node->first_edge = used;
        for (uint32_t slot = 0; slot < registry_slot_count(object); slot++) {
            if (*strategy_slot(object, slot) != NULL)
                g->edges[used++] = (mm_graph_edge){
                    block->index, slot, registry_block(*strategy_slot(object, slot))->index};
        }
        node->edge_count = used - node->first_edge;
    }
}

/* The edges by where they lead: counted, then put in place (a counting sort, which is stable). */
static void turn_edges(mm_graph *g)
{
    uint32_t *first = g->first_referrer;

    for (uint32_t i = 0; i < g->edge_count; i++)
        first[g->edges[i].to + 1]++;
    for (uint32_t i = 0; i < g->node_count; i++)
        first[i + 1] += first[i];
    for (uint32_t i = g->edge_count; i-- > 0;) {
        uint32_t *end = first + g->edges[i].to + 1;
        g->referrers[--*end] = i;
    }
    /* each end has come down to its beginning: move them back by one node */
    for (uint32_t i = 0; i < g->node_count; i++)
        first[i] = first[i + 1];
    first[g->node_count] = g->edge_count;
}

/* ---- Roots ---- */

/* The roots that have been named, by where they lie. */
typedef struct root_list {
    mm_graph *graph;
    const mm_object *const **places;
    uint32_t named, capacity;
    bool full;
} root_list;

static void add_root(root_list *list, mm_object *const *place, mm_graph_root root)
{
    if (*place == NULL)
        return;
    if (list->graph->root_count == list->capacity) {
        list->full = true;
        return;
    }
    root.target = registry_block(*place)->index;
    list->places[list->graph->root_count] = (const mm_object *const *)place;
    list->graph->roots[list->graph->root_count++] = root;
}

/* The oldest first. */
static void add_global_roots(root_list *list, mm_heap *heap)
{
    mm_root *root = heap->base.roots;
    uint32_t number = 1;

    if (root == NULL)
        return;
    do {
        add_root(list, &root->variable.object,
                 (mm_graph_root){.kind = MM_ROOT_GLOBAL,
                                 .name = "",
                                 .function = "",
                                 .index = number++,
                                 .array_count = 1});
        root = root->next;
    } while (root != heap->base.roots);
}

static void add_scope(root_list *list, mm_scope *scope, uint32_t depth)
{
    for (uint32_t i = 0; i < scope->count; i++)
        add_root(list, &scope->variables[i].object,
                 (mm_graph_root){.kind = scope->borrows ? MM_ROOT_BORROWED : MM_ROOT_VARIABLE,
                                 .name = scope->name,
                                 .function = scope->function,
                                 .index = i,
                                 .array_count = scope->count,
                                 .depth = depth});
}

static uint32_t scopes_of(const mm_heap *heap)
{
    uint32_t count = 0;

    if (heap->base.mutator != NULL) {
        for (mm_scope *s = heap->base.mutator->base.scopes; s != NULL; s = s->outer)
            count++;
    }
    return count;
}

/* The outermost first; owners before borrowers, so that a chain begins at who keeps the object. */
static bool add_variables(root_list *list, mm_heap *heap)
{
    uint32_t count = scopes_of(heap), i = count;
    mm_scope **scopes = malloc((count + 1) * sizeof(mm_scope *));

    if (scopes == NULL)
        return false;
    if (count > 0) {
        for (mm_scope *s = heap->base.mutator->base.scopes; s != NULL; s = s->outer)
            scopes[--i] = s;
    }
    for (int borrows = 0; borrows <= 1; borrows++) {
        for (i = 0; i < count; i++) {
            if (scopes[i]->borrows == borrows)
                add_scope(list, scopes[i], i);
        }
    }
    free(scopes);
    return true;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (const mm_object *const *const *)a;
    uintptr_t y = (uintptr_t) * (const mm_object *const *const *)b;
    return (x > y) - (x < y);
}

static void add_unnamed(mm_object **place, void *context)
{
    root_list *list = context;
    const mm_object *const *key = (const mm_object *const *)place;

    if (bsearch(&key, list->places, list->named, sizeof key, by_address) == NULL)
        add_root(list, place, (mm_graph_root){.kind = MM_ROOT_HEAP, .name = "", .function = ""});
}

static void count_place(mm_object **place, void *context)
{
    (void)place;
    ++*(uint32_t *)context;
}

static bool copy_roots(mm_heap *heap, mm_graph *g)
{
    root_list list = {.graph = g};
    bool copied = false;

    variables_each(heap, count_place, &list.capacity);
    list.places = malloc((list.capacity + 1) * sizeof *list.places);
    g->roots = malloc((list.capacity + 1) * sizeof *g->roots);
    if (list.places != NULL && g->roots != NULL) {
        add_global_roots(&list, heap);
        copied = add_variables(&list, heap);
        list.named = g->root_count;
        qsort(list.places, list.named, sizeof *list.places, by_address);
        variables_each(heap, add_unnamed, &list);
        assert(!list.full && "a scope or root that variables_each() does not know");
    }
    free(list.places);
    return copied;
}

/* ---- Reachability ---- */

typedef struct queue {
    uint32_t *nodes;
    uint32_t first, used;
} queue;

static void reach(mm_graph *g, queue *q, uint32_t index, uint32_t via, bool via_root)
{
    mm_graph_node *node = g->nodes + index;

    if (node->reachable)
        return;
    node->reachable = true;
    node->via = via;
    node->via_root = via_root;
    q->nodes[q->used++] = index;
}

static bool walk_from_roots(mm_graph *g)
{
    queue q = {.nodes = malloc((g->node_count + 1) * sizeof(uint32_t))};

    if (q.nodes == NULL)
        return false;
    for (uint32_t i = 0; i < g->root_count; i++)
        reach(g, &q, g->roots[i].target, i, true);
    while (q.first < q.used) {
        const mm_graph_node *node = g->nodes + q.nodes[q.first++];
        for (uint32_t e = 0; e < node->edge_count; e++)
            reach(g, &q, g->edges[node->first_edge + e].to, node->first_edge + e, false);
    }
    free(q.nodes);
    return true;
}

/* ---- The whole ---- */

static bool count_all(mm_heap *heap, mm_graph *g)
{
    uint64_t nodes = 0, edges = 0;

    EACH_BLOCK (heap, block) {
        mm_object *object = registry_object(block);
        for (uint32_t slot = 0; slot < registry_slot_count(object); slot++)
            edges += *strategy_slot(object, slot) != NULL;
        nodes++;
    }
    g->node_count = (uint32_t)nodes;
    g->edge_count = (uint32_t)edges;
    g->type_count = heap->base.type_count;
    return nodes < UINT32_MAX - 1 && edges < UINT32_MAX - 1;
}

static bool allocate_arrays(mm_graph *g)
{
    size_t nodes = (size_t)g->node_count + 1, edges = (size_t)g->edge_count + 1;

    g->nodes = malloc(nodes * sizeof *g->nodes);
    g->edges = malloc(edges * sizeof *g->edges);
    g->types = malloc((g->type_count + 1) * sizeof *g->types);
    g->first_referrer = calloc(nodes, sizeof *g->first_referrer);
    g->referrers = malloc(edges * sizeof *g->referrers);
    return g->nodes != NULL && g->edges != NULL && g->types != NULL && g->first_referrer != NULL &&
           g->referrers != NULL;
}

mm_status mm_graph_new(mm_heap *heap, mm_graph **out)
{
    mm_graph *g = calloc(1, sizeof *g);

    if (g == NULL)
        return MM_NO_MEMORY;
    if (!count_all(heap, g) || !allocate_arrays(g) || mm_snapshot_take(heap, &g->sites) != MM_OK) {
        mm_graph_free(g);
        return MM_NO_MEMORY;
    }
    if (g->type_count > 0)
        memcpy(g->types, heap->base.types, g->type_count * sizeof *g->types);
    mm_traced_memory(heap, &g->traced_bytes, &g->traced_bytes_peak);
    copy_nodes(heap, g);
    copy_edges(heap, g);
    turn_edges(g);
    if (!copy_roots(heap, g) || !walk_from_roots(g)) {
        mm_graph_free(g);
        return MM_NO_MEMORY;
    }
    *out = g;
    return MM_OK;
}

    #endif

void mm_graph_free(mm_graph *graph)
{
    if (graph == NULL)
        return;
    free(graph->nodes);
    free(graph->edges);
    free(graph->roots);
    free(graph->types);
    free(graph->first_referrer);
    free(graph->referrers);
    mm_snapshot_free(graph->sites);
    free(graph);
}
#endif
