/* gcbench: the benchmark of Ellis, Kovac and Boehm (1998–2000), the anchor that other systems
 * publish, and the `bintrees` of the Benchmarks Game.
 *
 *   gcbench    a stretch tree of depth `stretch`; a long-lived tree of depth `long` and an array of
 *              `array` numbers; then for each depth from `min` to `max` in steps of 2 as many trees
 *              from the top down, and as many from the bottom up, as make twice the stretch tree
 *   bintrees   a stretch tree of depth max + 1; a long-lived tree of depth max; for each depth d,
 *              2^(max − d + min) trees from the bottom up
 *
 * Shape: binary trees that die whole, beside live data; none cyclic. With the defaults 15,333,862
 * nodes are allocated and 131,071 stay. */
#include "workloads/backdrop.h"
#include "workloads/workload.h"

enum { NODE_SLOTS = 2, NODE_BYTES = 8, NODES_PER_REQUEST = 512, DEPTH_MAX = 28 };

static const setting parameters[] = {
    {.name = "variant",
     .unit = "",
     .help = "which of the two benchmarks",
     .words_only = true,
     .words = {{"gcbench", 0}, {"bintrees", 1}}},
    {.name = "stretch",
     .unit = "levels",
     .help = "of the stretch tree (gcbench)",
     .fallback = 18,
     .minimum = 1,
     .maximum = DEPTH_MAX,
     .integer = true},
    {.name = "long",
     .unit = "levels",
     .help = "of the long-lived tree (gcbench)",
     .fallback = 16,
     .minimum = 1,
     .maximum = DEPTH_MAX,
     .integer = true},
    {.name = "array",
     .unit = "numbers",
     .help = "of 8 bytes, long-lived (gcbench)",
     .fallback = 500e3,
     .minimum = 1,
     .maximum = 500e6,
     .integer = true},
    {.name = "min",
     .unit = "levels",
     .help = "of the smallest trees",
     .fallback = 4,
     .minimum = 1,
     .maximum = DEPTH_MAX,
     .integer = true},
    {.name = "max",
     .unit = "levels",
     .help = "of the largest trees",
     .fallback = 16,
     .minimum = 1,
     .maximum = DEPTH_MAX,
     .integer = true},
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct gcbench {
    mm_type node, numbers;
    uint32_t stretch, long_lived, min, max;
    uint64_t array;
    bool bintrees;
    uint64_t checksum;
} gcbench;

static uint64_t tree_nodes(uint32_t depth)
{
    return (UINT64_C(2) << depth) - 1;
}

/* Trees are built in a window of variables, as an interpreter uses its stack: a call finds its result
 * in v[0], has v[1] and v[2] for its children's, and theirs lie beyond. */
enum { WINDOW_MAX = 2 * (DEPTH_MAX + 1) + 1 };

__attribute__((always_inline)) static inline mm_status new_node(mm *m, mm_type node, uint32_t depth,
                                                                mm_var *out)
{
    if (mm_new(m, out, node, NODE_SLOTS, NODE_BYTES) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, out) = depth;
    return MM_OK;
}

/* From the bottom up: both children before their parent. */
static mm_status make_tree(mm *m, mm_type node, uint32_t depth, mm_var *v)
{
    if (depth == 0)
        return new_node(m, node, depth, v);
    if (make_tree(m, node, depth - 1, v + 1) != MM_OK ||
        make_tree(m, node, depth - 1, v + 2) != MM_OK || new_node(m, node, depth, v) != MM_OK)
        return MM_NO_MEMORY;
    mm_fill(m, v, 0, v + 1);
    mm_fill(m, v, 1, v + 2);
    return MM_OK;
}

/* From the top down: `parent` is given its children, and they theirs. `child` is null before and after. */
static mm_status populate(mm *m, mm_type node, uint32_t depth, mm_var *parent, mm_var *child)
{
    if (depth == 0)
        return MM_OK;
    for (uint32_t i = 0; i < NODE_SLOTS; i++) {
        if (new_node(m, node, depth - 1, child) != MM_OK)
            return MM_NO_MEMORY;
        mm_fill(m, parent, i, child);
    }
    for (uint32_t i = 0; i < NODE_SLOTS; i++) {
        MM_BORROW(m, below);
        mm_borrow(m, below, parent, i);
        if (populate(m, node, depth - 1, below, child) != MM_OK)
            return MM_NO_MEMORY;
    }
    return MM_OK;
}

/* The nodes of a tree, each found at the depth it was made for. */
static uint64_t count_nodes(mm *m, mm_var *node, uint32_t depth)
{
    uint64_t nodes = *(uint64_t *)mm_data(m, node) == depth;

    for (uint32_t i = 0; i < NODE_SLOTS; i++) {
        MM_BORROW(m, below);
        mm_borrow(m, below, node, i);
        if (!mm_is_null(below))
            nodes += count_nodes(m, below, depth - 1);
    }
    return nodes;
}

/* One tree in v[0], looked at if the benchmark does so, and dropped. */
static mm_status make_and_drop(mm *m, gcbench *g, uint32_t depth, bool top_down, mm_var *v)
{
    if (top_down) {
        if (new_node(m, g->node, depth, v) != MM_OK ||
            populate(m, g->node, depth, v, v + 1) != MM_OK)
            return MM_NO_MEMORY;
    } else if (make_tree(m, g->node, depth, v) != MM_OK) {
        return MM_NO_MEMORY;
    }
    if (g->bintrees) /* the original never looks at its trees */
        g->checksum = workload_checksum(g->checksum, count_nodes(m, v, depth));
    mm_clear(m, v);
    return MM_OK;
}

/* `trees` trees of one depth, as many to a request as make up its nodes. */
static mm_status make_trees(mm *m, gcbench *g, uint32_t depth, uint64_t trees, bool top_down)
{
    uint64_t per_request = NODES_PER_REQUEST / tree_nodes(depth);
    MM_VARS(m, window, WINDOW_MAX);

    if (per_request == 0)
        per_request = 1;
    for (uint64_t i = 0; i < trees; i++) {
        if (i % per_request == 0)
            mm_request_begin(m);
        if (make_and_drop(m, g, depth, top_down, window) != MM_OK)
            return MM_NO_MEMORY;
        if (i % per_request == per_request - 1 || i == trees - 1)
            mm_request_end(m);
    }
    return MM_OK;
}

static uint64_t trees_of_depth(const gcbench *g, uint32_t depth)
{
    if (g->bintrees)
        return UINT64_C(1) << (g->max - depth + g->min);
    return 2 * tree_nodes(g->stretch) / tree_nodes(depth);
}

static uint32_t stretch_depth(const gcbench *g)
{
    return g->bintrees ? g->max + 1 : g->stretch;
}

static uint32_t long_lived_depth(const gcbench *g)
{
    return g->bintrees ? g->max : g->long_lived;
}

static mm_status make_array(mm *m, const gcbench *g, mm_var *out)
{
    double *numbers;

    if (mm_new(m, out, g->numbers, 0, (uint32_t)(g->array * sizeof *numbers)) != MM_OK)
        return MM_NO_MEMORY;
    numbers = mm_data(m, out);
    for (uint64_t i = 0; i < g->array; i++)
        numbers[i] = 1.0 / (double)(i + 1);
    return MM_OK;
}

static mm_status make_all(mm *m, gcbench *g, mm_var *long_lived, mm_var *array)
{
    MM_VAR(m, child);

    if (make_trees(m, g, stretch_depth(g), 1, false) != MM_OK)
        return MM_NO_MEMORY;
    if (new_node(m, g->node, long_lived_depth(g), long_lived) != MM_OK ||
        populate(m, g->node, long_lived_depth(g), long_lived, child) != MM_OK)
        return MM_NO_MEMORY;
    if (!g->bintrees && make_array(m, g, array) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t depth = g->min; depth <= g->max; depth += 2) {
        uint64_t trees = trees_of_depth(g, depth);
        if (!g->bintrees && make_trees(m, g, depth, trees, true) != MM_OK)
            return MM_NO_MEMORY;
        if (make_trees(m, g, depth, trees, false) != MM_OK)
            return MM_NO_MEMORY;
    }
    return MM_OK;
}

/* ---- The books ---- */

static void add_nodes(workload_amount *amount, uint64_t nodes)
{
    workload_add(amount, nodes, nodes * (NODE_SLOTS * sizeof(void *) + NODE_BYTES));
}

static workload_amount long_lived_amount(const gcbench *g, const settings *p)
{
    workload_amount amount = backdrop_amount((uint64_t)settings_get(p, "backdrop"));

    add_nodes(&amount, tree_nodes(long_lived_depth(g)));
    if (!g->bintrees)
        workload_add(&amount, 1, g->array * sizeof(double));
    return amount;
}

static workload_amount allocated_amount(const gcbench *g, const settings *p)
{
    workload_amount amount = long_lived_amount(g, p);

    add_nodes(&amount, tree_nodes(stretch_depth(g)));
    for (uint32_t depth = g->min; depth <= g->max; depth += 2)
        add_nodes(&amount, trees_of_depth(g, depth) * tree_nodes(depth) * (g->bintrees ? 1 : 2));
    return amount;
}

static gcbench configured(const settings *p)
{
    return (gcbench){
        .bintrees = settings_get(p, "variant") != 0,
        .stretch = (uint32_t)settings_get(p, "stretch"),
        .long_lived = (uint32_t)settings_get(p, "long"),
        .array = (uint64_t)settings_get(p, "array"),
        .min = (uint32_t)settings_get(p, "min"),
        .max = (uint32_t)settings_get(p, "max"),
    };
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    gcbench g = configured(p);
    uint32_t widest = g.max > stretch_depth(&g) ? g.max : stretch_depth(&g);

    (void)message;
    out->allocated = allocated_amount(&g, p);
    out->live_peak = long_lived_amount(&g, p);
    add_nodes(&out->live_peak, tree_nodes(widest));
    return true;
}

static workload_result run(workload_run *run)
{
    mm *m = run->m;
    mm_heap *heap = mm_heap_of(m);
    gcbench g = configured(run->parameters);
    MM_VARS(m, v, 3);
    mm_var *long_lived = v, *array = v + 1, *backdrop = v + 2;

    if (mm_type_add(heap, &(mm_type_info){.name = "node", .kind = MM_CONTAINER}, &g.node) !=
            MM_OK ||
        mm_type_add(heap, &(mm_type_info){.name = "numbers", .kind = MM_ATOM}, &g.numbers) !=
            MM_OK ||
        backdrop_build(m, g.node, workload_parameter(run, "backdrop"), backdrop) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    workload_begin(run);
    if (make_all(m, &g, long_lived, array) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    run->account.checksum =
        workload_checksum(g.checksum, count_nodes(m, long_lived, long_lived_depth(&g)));
    run->account.allocated = allocated_amount(&g, run->parameters);
    run->account.live_work = long_lived_amount(&g, run->parameters);
    workload_end(run);
    if (workload_parameter(run, "teardown") == 0) {
        run->account.live_end = run->account.live_work;
        for (int i = 0; i < 3; i++) {
            if (keep_until_the_end(m, v + i) != MM_OK)
                return WORKLOAD_NO_MEMORY;
        }
    }
    return WORKLOAD_DONE;
}

const workload workload_gcbench = {
    .name = "gcbench",
    .story = "binary trees that die whole, the anchor other systems publish",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"gcbench:stretch=7,long=6,array=100,max=6",
                                 "gcbench:variant=bintrees,max=6"},
              [WORKLOAD_QUICK] = {"gcbench:stretch=14,long=12,array=30000,max=12"},
              [WORKLOAD_DEFAULT] = {"gcbench:stretch=16,long=14,array=125000,max=14"},
              [WORKLOAD_FULL] = {"gcbench", "gcbench:variant=bintrees"}},
    .forecast = forecast,
    .run = run,
};
