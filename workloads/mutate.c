/* mutate: a package solver: a graph that stays, whose references are assigned over and over.
 *
 *   index[200,000] ─▶ node ─▶ 2 nodes at random
 *   turn:  a random slot of a random node is assigned another random node
 *
 * Shape: 200,000 nodes allocated, all live until the teardown, 2 edges a node beside the index's;
 * 4,000,000 stores. Nothing dies while they go on. What is on or behind a cycle in the final graph,
 * nearly all of it, leaks under counting when the index is dropped: the books make the same stores
 * on arrays and then take away, again and again, what nothing refers to.
 *
 * What counts is a store's price, and what a collector makes of it. Every store lowers a count to
 * something above zero, so each makes a candidate for one that looks for cycles where counts have
 * fallen; if it does not adapt, it scans the live graph again and again (Composer without PHP's
 * collector: 246 → 100 s). One that is started by allocations never runs. */
#include "workloads/turns.h"

#include <stdlib.h>

enum { NODE_SLOTS = 2 };

static const setting parameters[] = {
    {.name = "n",
     .unit = "nodes",
     .help = "live",
     .fallback = 200e3,
     .minimum = 1,
     .maximum = 1e8,
     .integer = true},
    {.name = "stores",
     .unit = "references",
     .help = "assigned",
     .fallback = 4e6,
     .minimum = 1,
     .maximum = 1e10,
     .integer = true},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

/* A store that is due. */
typedef struct assignment {
    uint32_t from, slot, to;
} assignment;

typedef struct mutate {
    mm_type node;
    uint32_t n, payload;
    uint64_t stores;
    workload_random random;
    mm_var *index;
    uint32_t *targets; /* the books: by node and slot, once all stores are done */
    uint64_t checksum;
} mutate;

static assignment draw_assignment(mutate *g)
{
    assignment drawn = {.from = (uint32_t)workload_random_below(&g->random, g->n)};
    uint64_t rest = workload_random_next(&g->random);

    drawn.slot = (uint32_t)(rest & (NODE_SLOTS - 1));
    drawn.to = (uint32_t)((rest >> 32) * g->n >> 32);
    return drawn;
}

/* ---- The work ---- */

static void assign(mm *m, mutate *g, assignment a)
{
    MM_BORROW(m, node);

    mm_borrow(m, node, g->index, a.from);
    mm_copy_slot(m, node, a.slot, g->index, a.to);
}

static mm_status make_node(mm *m, mutate *g, uint32_t i)
{
    MM_VAR(m, node);

    if (mm_new(m, node, g->node, NODE_SLOTS, g->payload) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, node) = i;
    mm_fill(m, g->index, i, node);
    return MM_OK;
}

/* Reads what the node refers to. */
static void read_node(mm *m, mutate *g, uint32_t i)
{
    MM_BORROW(m, node);
    MM_BORROW(m, target);

    mm_borrow(m, node, g->index, i);
    for (uint32_t slot = 0; slot < NODE_SLOTS; slot++) {
        mm_borrow(m, target, node, slot);
        g->checksum = workload_checksum(
            g->checksum, mm_is_null(target) ? g->n : *(uint64_t *)mm_data(m, target));
    }
}

/* The nodes first, then the stores, then a look at it all. */
static mm_status turn(mm *m, void *state, uint64_t i)
{
    mutate *g = state;

    if (i < g->n)
        return make_node(m, g, (uint32_t)i);
    if (i < g->n + g->stores)
        assign(m, g, draw_assignment(g));
    else
        read_node(m, g, (uint32_t)(i - g->n - g->stores));
    return MM_OK;
}

/* ---- The books ---- */

/* Makes all stores on the arrays. */
static void book_stores(mutate *g)
{
    workload_random start = g->random;

    for (uint32_t i = 0; i < NODE_SLOTS * g->n; i++)
        g->targets[i] = g->n; /* null */
    for (uint64_t i = 0; i < g->stores; i++) {
        assignment a = draw_assignment(g);
        g->targets[a.from * NODE_SLOTS + a.slot] = a.to;
    }
    g->random = start;
}

/* How many nodes counting frees when the index goes: those that nothing refers to, those that
 * nothing else refers to, and so on. False when there is no memory. */
static bool book_deaths(const mutate *g, uint64_t *dead)
{
    uint32_t *counts = calloc((size_t)g->n + 1, sizeof *counts);
    uint32_t *queue = malloc(g->n * sizeof *queue), length = 0;

    *dead = 0;
    if (counts != NULL && queue != NULL) {
        for (uint32_t i = 0; i < NODE_SLOTS * g->n; i++)
            counts[g->targets[i]]++;
        for (uint32_t i = 0; i < g->n; i++) {
            if (counts[i] == 0)
                queue[length++] = i;
        }
        for (; *dead < length; ++*dead) {
            for (uint32_t slot = 0; slot < NODE_SLOTS; slot++) {
                uint32_t target = g->targets[queue[*dead] * NODE_SLOTS + slot];
                if (--counts[target] == 0 && target != g->n)
                    queue[length++] = target;
            }
        }
    }
    free(counts);
    free(queue);
    return counts != NULL && queue != NULL;
}

static workload_amount nodes(const settings *p, uint64_t count)
{
    return (workload_amount){
        .objects = count,
        .bytes = count * (NODE_SLOTS * sizeof(void *) + (uint64_t)settings_get(p, "payload"))};
}

/* With an upper bound for what leaks. */
static turns_books estimate(const settings *p)
{
    uint64_t n = (uint64_t)settings_get(p, "n");
    turns_books b = {.live = nodes(p, n), .leaked = nodes(p, n)};

    workload_add_array(&b.live, n);
    b.allocated = b.live;
    return b;
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    turns_forecast(p, estimate(p), out);
    out->other_bytes = (NODE_SLOTS + 2) * sizeof(uint32_t) * (uint64_t)settings_get(p, "n");
    return true;
}

/* ---- The run ---- */

static workload_result run_turns(workload_run *run, mutate *g, uint64_t dead)
{
    mm *m = run->m;
    MM_VAR(m, index);
    turns t = {.count = g->n + g->stores + g->n,
               .per_request = TURNS_PER_REQUEST,
               .state = g,
               .checksum = &g->checksum,
               .kept = index,
               .kept_count = 1,
               .books = estimate(run->parameters)};

    g->index = index;
    if (mm_type_add(mm_heap_of(m), &(mm_type_info){.name = "node", .kind = MM_CONTAINER},
                    &g->node) != MM_OK ||
        mm_new(m, index, g->node, g->n, 0) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    t.node = g->node;
    t.books.leaked = nodes(run->parameters, g->n - dead);
    return turns_run(run, turn, &t);
}

static workload_result run(workload_run *run)
{
    mutate g = {.n = (uint32_t)workload_parameter(run, "n"),
                .payload = (uint32_t)workload_parameter(run, "payload"),
                .stores = workload_parameter(run, "stores"),
                .random = {run->seed}};
    workload_result result = WORKLOAD_NO_MEMORY;
    uint64_t dead;

    g.targets = malloc((size_t)g.n * NODE_SLOTS * sizeof *g.targets);
    if (g.targets != NULL) {
        book_stores(&g);
        if (book_deaths(&g, &dead))
            result = run_turns(run, &g, dead);
    }
    free(g.targets);
    return result;
}

const workload workload_mutate = {
    .name = "mutate",
    .story = "a package solver: references assigned over and over in a graph that stays",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"mutate:n=1000,stores=5000,backdrop=500"},
              [WORKLOAD_QUICK] = {"mutate:n=50000,stores=300000"},
              [WORKLOAD_DEFAULT] = {"mutate:stores=500000"},
              [WORKLOAD_FULL] = {"mutate"}},
    .forecast = forecast,
    .run = run,
};
