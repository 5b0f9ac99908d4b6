/* mm_inspect.h: what is in a heap, where it was made, and who holds it.
 *
 * For the counted and checked flavours only; a timed program carries nothing of it. Nothing here
 * collects or changes an object, and nothing but what returns MM_NO_MEMORY can fail. Sizes are
 * bytes as the program asked for them, slots and payload, unless a name says otherwise.
 *
 * - Allocation sites, the counterpart of Python's `tracemalloc`: mm_snapshot_take(), statistics
 *   grouped by site, type, phase or file, the difference of two snapshots, current and peak memory.
 * - The object graph, the counterpart of `gc.get_objects()` and `objgraph`: mm_graph_new() copies
 *   nodes, edges and roots; queries say who refers to an object and what keeps it alive; writers
 *   make a page of text, JSON, a picture (DOT), or a file that Chrome's DevTools open.
 *
 * A copy describes the heap as it was when it was made, and does not keep anything alive. */
#ifndef MM_INSPECT_H
#define MM_INSPECT_H

#include <stdio.h>

#include "mm.h"

#if !MM_COUNTED
    #error "mm_inspect.h works in the counted and the checked flavour only"
#endif

/* ---- Objects ---- */

#define MM_NO_GENERATION UINT32_MAX

/* Called for every object of the heap, reachable or not, in the order of allocation. `serial` is 1
 * for the first object ever made; `generation` is where the collector has the object, one above the
 * oldest when it is frozen, MM_NO_GENERATION when it is in none. */
typedef void mm_object_visitor(uint64_t serial, mm_type type, uint32_t slot_count,
                               uint32_t generation, void *context);
void mm_each_object(mm_heap *heap, mm_object_visitor *visit, void *context);

/* The serial number of the object of `v`, which stays the same when it moves; 0 for null. */
uint64_t mm_serial(const mm_var *v);

/* From now on every allocation of the program fails, so that it comes to its end by the way that it
 * has for want of memory. For whoever has seen enough. */
void mm_stop_program(mm *m);

/* ---- Allocation sites ---- */

/* What the objects of one group have in common, and how much they are. What the grouping does not
 * tell is NULL or 0: by file there is no function, line, type or phase. `file` is relative to the
 * source tree; it and `function` are "" for objects that the strategy itself made. */
typedef struct mm_statistic {
    const char *file, *function;
    uint32_t line;
    const char *type, *phase;
    uint64_t objects, bytes;
} mm_statistic;

typedef enum mm_grouping { MM_BY_SITE, MM_BY_TYPE, MM_BY_PHASE, MM_BY_FILE } mm_grouping;

/* How many objects of each site, type and phase there are. Names of types are those of
 * mm_type_info: the snapshot is valid for as long as they are. */
typedef struct mm_snapshot mm_snapshot;

/* The heap's snapshot now into `*out`, which mm_snapshot_free() gives back. Errors: MM_NO_MEMORY.
 * Cost: O(objects). */
mm_status mm_snapshot_take(mm_heap *heap, mm_snapshot **out);
void mm_snapshot_free(mm_snapshot *snapshot); /* NULL: nothing */

/* A new array of the groups into `*rows`, for free(), and their number; the largest in bytes first,
 * equal ones by name. Errors: MM_NO_MEMORY. */
mm_status mm_snapshot_statistics(const mm_snapshot *snapshot, mm_grouping by, mm_statistic **rows,
                                 size_t *count);

/* A group in two snapshots: as it is in the later one (zero objects when it is gone), and how much
 * more that is than in the earlier one. */
typedef struct mm_difference {
    mm_statistic now;
    int64_t objects, bytes;
} mm_difference;

/* The same for the groups that differ, those with the largest difference in bytes, up or down,
 * first. Both snapshots are of one heap. Errors: MM_NO_MEMORY. */
mm_status mm_snapshot_compare(const mm_snapshot *earlier, const mm_snapshot *later, mm_grouping by,
                              mm_difference **rows, size_t *count);

/* The bytes of all objects now, and the most that they were since the heap was made or the peak was
 * reset: then the peak is what there is now. Cost: O(1). */
void mm_traced_memory(const mm_heap *heap, uint64_t *current, uint64_t *peak);
void mm_traced_reset_peak(mm_heap *heap);

/* The sizes of all objects made so far, and the lifetimes of those that have been reclaimed: an
 * object's is how many bytes the program has allocated since it was made. */
void mm_get_histograms(const mm_heap *heap, mm_histograms *out);

/* ---- The object graph ---- */

#define MM_NO_NODE UINT32_MAX

/* One object. Nodes are in the order of allocation, and so of their serial numbers. */
typedef struct mm_graph_node {
    uint64_t serial;
    const mm_site *site; /* NULL: the strategy itself made it */
    const char *phase;   /* of the program when it was made */
    uint64_t references; /* its count; MM_UNKNOWN without counts, and when immortal */
    uint32_t type;       /* index into `types` */
    uint32_t generation; /* MM_NO_GENERATION: none, or in none */
    uint32_t slots;
    uint32_t payload_bytes;
    uint32_t header_bytes; /* that the strategy added */
    uint32_t made, used;   /* the requests in which it was made, and last used; 0: before */
    uint32_t first_edge, edge_count;
    uint32_t via; /* of a reachable one: the edge, or the root, of the shortest chain */
    bool via_root;
    bool reachable;
} mm_graph_node;

/* A slot that is not null. An object's edges are in the order of its slots. */
typedef struct mm_graph_edge {
    uint32_t from, slot, to; /* nodes, and the slot of `from` */
} mm_graph_edge;

typedef enum mm_root_kind {
    MM_ROOT_VARIABLE, /* of a scope */
    MM_ROOT_BORROWED, /* such a variable that owns nothing */
    MM_ROOT_GLOBAL,   /* an mm_root */
    MM_ROOT_HEAP      /* the heap itself holds it */
} mm_root_kind;

typedef struct mm_graph_root {
    mm_root_kind kind;
    const char *name, *function; /* of a variable: as it was declared; "" for the strategy's own */
    uint32_t index;              /* in the variable's array; of an mm_root: 1 for the oldest */
    uint32_t array_count;        /* variables declared together */
    uint32_t depth;              /* of a variable: scopes around its own */
    uint32_t target;             /* a node */
} mm_graph_root;

/* A copy of a heap's graph. Read-only. Names of types are those of mm_type_info: the copy is valid
 * for as long as they are. */
typedef struct mm_graph {
    mm_graph_node *nodes;
    mm_graph_edge *edges;
    mm_graph_root
        *roots; /* the oldest first: what lives long before what is just being looked at */
    mm_type_info *types;
    uint32_t node_count, edge_count, root_count, type_count;
    uint32_t *first_referrer, *referrers; /* see mm_graph_referrers() */
    mm_snapshot *sites;                   /* of the same moment */
    uint64_t traced_bytes, traced_bytes_peak;
} mm_graph;

/* The heap's graph now into `*out`, which mm_graph_free() gives back. Not from inside a finaliser or
 * a collection. Errors: MM_NO_MEMORY, also for more than 2³² − 2 objects or edges; MM_UNSUPPORTED where
 * the trait `no_graph` is set. Cost: O(objects + slots); memory: about 90 bytes an object and 20 an edge. */
mm_status mm_graph_new(mm_heap *heap, mm_graph **out);
void mm_graph_free(mm_graph *graph); /* NULL: nothing */

/* The node with this serial number, or MM_NO_NODE. Cost: O(log objects). */
uint32_t mm_graph_find(const mm_graph *graph, uint64_t serial);

/* The type with this name as an index into `types`, or MM_NO_NODE. */
uint32_t mm_graph_find_type(const mm_graph *graph, const char *name);

static inline const char *mm_graph_type_name(const mm_graph *graph, uint32_t node)
{
    return graph->types[graph->nodes[node].type].name;
}

/* Slots and payload of a node, in bytes. */
static inline uint64_t mm_graph_bytes(const mm_graph_node *node)
{
    return (uint64_t)node->slots * sizeof(void *) + node->payload_bytes;
}

/* What the node refers to: its edges, in the order of its slots. */
static inline const mm_graph_edge *mm_graph_referents(const mm_graph *graph, uint32_t node,
                                                      uint32_t *count)
{
    *count = graph->nodes[node].edge_count;
    return graph->edges + graph->nodes[node].first_edge;
}

/* Who refers to the node: indices of edges, by the age of the objects that they come from. Roots
 * stand in `roots`. */
static inline const uint32_t *mm_graph_referrers(const mm_graph *graph, uint32_t node,
                                                 uint32_t *count)
{
    *count = graph->first_referrer[node + 1] - graph->first_referrer[node];
    return graph->referrers + graph->first_referrer[node];
}

/* The objects of one type in one generation. */
typedef struct mm_type_count {
    const char *type;
    uint32_t generation;
    uint64_t objects, bytes;
    uint64_t reachable_objects, reachable_bytes;
} mm_type_count;

/* A new array of them, for free(), and their number; the largest in bytes first. Errors:
 * MM_NO_MEMORY. Growth between two graphs is mm_snapshot_compare() of their `sites`. */
mm_status mm_graph_count_types(const mm_graph *graph, mm_type_count **rows, size_t *count);

/* ---- What keeps an object ---- */

typedef struct mm_chain_step {
    uint32_t node;
    uint32_t slot; /* of this node: leads to the next step's */
} mm_chain_step;

/* Why an object is still there.
 *
 * Of a reachable one: the shortest way from a root, breadth first. steps[0] is the root's target,
 * the last step is the object.
 * Of an unreachable one: what refers to it in turn. If that ends in a cycle, the first
 * `cycle_length` steps are that cycle, the last of them leading back to the first; if the object is
 * not on it itself, the steps from steps[cycle_length] on lead from a node of the cycle to the
 * object. Without a cycle nothing refers to steps[0]: no count can hold it, only a collection that
 * has not come yet, or a strategy that never reclaims. */
typedef struct mm_chain {
    uint32_t root; /* index into `roots`, or MM_NO_NODE: unreachable */
    uint32_t cycle_length;
    mm_chain_step *steps;
    uint32_t length;
} mm_chain;

/* The chain of `node` into `*out`, whose steps mm_chain_free() gives back. Errors: MM_NO_MEMORY.
 * Cost: O(length) where it is reachable, else O(objects + edges). */
mm_status mm_graph_chain(const mm_graph *graph, uint32_t node, mm_chain *out);
void mm_chain_free(mm_chain *chain);

/* ---- Writers ---- */

/* What is shown beside the graph, and how much of it. All zero: everything. */
typedef struct mm_view {
    const char *const *labels; /* name, value, name, value, …, NULL: what heap this is */
    const mm_graph *earlier;   /* of the same heap: growth since then is shown too */
    const char *type;          /* only objects of the type with this name */
    uint64_t serial;           /* only the object with this number and what is next to it */
    uint32_t top;              /* rows of a table, objects of a picture; 0: as many as are useful */
} mm_view;

/* One line that a person can read: "variable live of work -> node #1 [slot 3] -> node #7". */
void mm_chain_write(const mm_graph *graph, const mm_chain *chain, FILE *out);

/* A page: totals, types, sites, and what holds the largest. Errors: MM_NO_MEMORY, and part of it is
 * written. Errors of `out` are for the caller to ask ferror() for. So for all that follow. */
mm_status mm_graph_write_text(const mm_graph *graph, const mm_view *view, FILE *out);

/* The same and every object with its edges, as JSON: "schema" is "reclaim.inspection/1". */
mm_status mm_graph_write_json(const mm_graph *graph, const mm_view *view, FILE *out);

/* A picture for graphviz: what is nearest to the roots, or to what the view chooses; a note says how
 * many objects are left out. */
mm_status mm_graph_write_dot(const mm_graph *graph, const mm_view *view, FILE *out);

/* The whole graph as a V8 heap snapshot, which Chrome's DevTools open (Memory, Load profile). Roots
 * are elements of "(roots)"; "(unreachable)" refers weakly to what no root reaches. */
mm_status mm_graph_write_snapshot(const mm_graph *graph, FILE *out);

#endif
