/* dom: documents whose children know their parents, as in DOM trees, syntax trees and
 * object-relational mappers.
 *
 *   live[4] ─▶ document: a tree of `nodes` nodes, `fanout` children each
 *   child ─▶ parent, for the share `back` of the nodes
 *
 * Shape: a document is built, walked, and put in the place of the oldest of the 4 live ones. Each
 * back-pointer closes a cycle of two that pins the parent's whole subtree, so under counting a
 * share of 1% already leaks 17% of all objects, and 10% leak 83%. The leak is kept in the books
 * node by node: a node leaks if it is on a cycle, or if its parent leaks. */
#include "workloads/backdrop.h"
#include "workloads/workload.h"

#include <stdlib.h>

enum {
    LIVE_DOCUMENTS = 4,
    PARENT_SLOT = 0,
    FIRST_CHILD_SLOT = 1,
    NODES_MAX = 1 << 20,
    FANOUT_MAX = 64
};

static const setting parameters[] = {
    {.name = "documents",
     .unit = "documents",
     .help = "built, walked and dropped",
     .fallback = 2000,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    {.name = "nodes",
     .unit = "nodes",
     .help = "of each document",
     .fallback = 500,
     .minimum = 1,
     .maximum = NODES_MAX,
     .integer = true},
    {.name = "fanout",
     .unit = "children",
     .help = "of each inner node",
     .fallback = 4,
     .minimum = 2,
     .maximum = FANOUT_MAX,
     .integer = true},
    {.name = "back",
     .unit = "share",
     .help = "of the nodes that refer to their parent",
     .fallback = 1,
     .minimum = 0,
     .maximum = 1},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

/* Node i is a child of node (i − 1) / fanout: the numbering of a complete tree, level by level. */
typedef struct dom {
    mm_type node;
    uint32_t nodes, fanout, payload;
    workload_random random;
    uint64_t back_bound;  /* `back` as a share of 2³² */
    uint8_t *has_back;    /* of the document being built, by node */
    uint8_t *leaks;       /* the books' scratch */
    uint64_t next_number; /* payload of the next node */
    uint64_t checksum;
} dom;

static uint32_t first_child(const dom *d, uint32_t i)
{
    return i * d->fanout + 1;
}

static uint32_t child_count(const dom *d, uint32_t i)
{
    uint64_t first = (uint64_t)i * d->fanout + 1;

    if (first >= d->nodes)
        return 0;
    return first + d->fanout <= d->nodes ? d->fanout : (uint32_t)(d->nodes - first);
}

static size_t node_bytes(uint32_t children, uint32_t payload)
{
    return (FIRST_CHILD_SLOT + children) * sizeof(void *) + payload;
}

/* Node `i` and all below it into `out`. The depth is the tree's, log of its size. */
static mm_status build_node(mm *m, dom *d, uint32_t i, mm_var *parent, mm_var *out)
{
    MM_VAR(m, node);
    MM_VAR(m, child);
    uint32_t children = child_count(d, i);

    if (mm_new(m, node, d->node, FIRST_CHILD_SLOT + children, d->payload) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, node) = d->next_number++;
    if (d->has_back[i])
        mm_store(m, node, PARENT_SLOT, parent);
    for (uint32_t k = 0; k < children; k++) {
        if (build_node(m, d, first_child(d, i) + k, node, child) != MM_OK)
            return MM_NO_MEMORY;
        mm_fill(m, node, FIRST_CHILD_SLOT + k, child);
    }
    mm_move(m, out, node);
    return MM_OK;
}

/* Reads every node, and whether it knows its parent. */
static void walk_node(mm *m, dom *d, mm_var *node)
{
    MM_BORROW(m, seen);
    uint32_t slots = mm_slot_count(m, node);

    mm_borrow(m, seen, node, PARENT_SLOT);
    d->checksum =
        workload_checksum(d->checksum, *(uint64_t *)mm_data(m, node) * 2 + !mm_is_null(seen));
    for (uint32_t k = FIRST_CHILD_SLOT; k < slots; k++) {
        mm_borrow(m, seen, node, k);
        walk_node(m, d, seen);
    }
}

static void choose_back_pointers(dom *d)
{
    d->has_back[0] = 0; /* the root has no parent */
    for (uint32_t i = 1; i < d->nodes; i++)
        d->has_back[i] = workload_random_next(&d->random) >> 32 < d->back_bound;
}

/* What this document leaks under counting: see the head of this file. */
static workload_amount document_leak(dom *d)
{
    workload_amount leak = {0};

    memset(d->leaks, 0, d->nodes);
    for (uint32_t i = 1; i < d->nodes; i++) {
        if (d->has_back[i])
            d->leaks[i] = d->leaks[(i - 1) / d->fanout] = 1;
    }
    for (uint32_t i = 1; i < d->nodes; i++)
        d->leaks[i] |= d->leaks[(i - 1) / d->fanout];
    for (uint32_t i = 0; i < d->nodes; i++) {
        if (d->leaks[i])
            workload_add(&leak, 1, node_bytes(child_count(d, i), d->payload));
    }
    return leak;
}

static workload_amount document_amount(const settings *p)
{
    uint64_t nodes = (uint64_t)settings_get(p, "nodes");
    uint64_t payload = (uint64_t)settings_get(p, "payload");

    /* each node has a slot for its parent, and all but the root are in a slot of theirs */
    return (workload_amount){.objects = nodes,
                             .bytes = (2 * nodes - 1) * sizeof(void *) + nodes * payload};
}

static void add_documents(const settings *p, workload_amount *amount, uint64_t documents)
{
    workload_amount one = document_amount(p);
    workload_amount backdrop = backdrop_amount((uint64_t)settings_get(p, "backdrop"));

    workload_add(amount, documents * one.objects, documents * one.bytes);
    workload_add(amount, 1, LIVE_DOCUMENTS * sizeof(void *));
    workload_add(amount, backdrop.objects, backdrop.bytes);
}

static uint64_t live_documents(uint64_t documents)
{
    return documents < LIVE_DOCUMENTS ? documents : LIVE_DOCUMENTS;
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    uint64_t documents = (uint64_t)settings_get(p, "documents");

    (void)message;
    add_documents(p, &out->allocated, documents);
    add_documents(p, &out->live_peak, live_documents(documents) + 1);
    if (settings_get(p, "back") > 0)
        add_documents(p, &out->leaked, documents); /* an upper bound */
    return true;
}

static mm_status serve_document(mm *m, dom *d, mm_var *live, uint64_t number)
{
    MM_VAR(m, document);
    MM_VAR(m, no_parent);

    choose_back_pointers(d);
    if (build_node(m, d, 0, no_parent, document) != MM_OK)
        return MM_NO_MEMORY;
    walk_node(m, d, document);
    mm_store_move(m, live, (uint32_t)(number % LIVE_DOCUMENTS), document);
    return MM_OK;
}

static mm_status serve_all(workload_run *run, dom *d, mm_var *live)
{
    uint64_t documents = workload_parameter(run, "documents");

    for (uint64_t i = 0; i < documents; i++) {
        mm_request_begin(run->m);
        if (serve_document(run->m, d, live, i) != MM_OK)
            return MM_NO_MEMORY;
        mm_request_end(run->m);
    }
    return MM_OK;
}

/* Goes through the same random choices as the work will, and puts into the books what each document
 * that is dropped leaks. */
static void book_leaks(workload_run *run, dom *d)
{
    workload_random start = d->random;
    uint64_t documents = workload_parameter(run, "documents");
    uint64_t dropped = workload_parameter(run, "teardown") != 0
                           ? documents
                           : documents - live_documents(documents);

    for (uint64_t i = 0; i < dropped; i++) {
        workload_amount leak;
        choose_back_pointers(d);
        leak = document_leak(d);
        workload_add(&run->account.leaked, leak.objects, leak.bytes);
    }
    d->random = start;
}

static workload_result work(workload_run *run, dom *d)
{
    mm *m = run->m;
    MM_VARS(m, v, 2);
    mm_var *live = v, *backdrop = v + 1;
    uint64_t documents = workload_parameter(run, "documents");

    if (backdrop_build(m, d->node, workload_parameter(run, "backdrop"), backdrop) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    book_leaks(run, d);
    workload_begin(run);
    if (mm_new(m, live, d->node, LIVE_DOCUMENTS, 0) != MM_OK || serve_all(run, d, live) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    add_documents(run->parameters, &run->account.allocated, documents);
    add_documents(run->parameters, &run->account.live_work, live_documents(documents));
    run->account.checksum = d->checksum;
    workload_end(run);
    if (workload_parameter(run, "teardown") == 0) {
        run->account.live_end = run->account.live_work;
        if (keep_until_the_end(m, live) != MM_OK || keep_until_the_end(m, backdrop) != MM_OK)
            return WORKLOAD_NO_MEMORY;
    }
    return WORKLOAD_DONE;
}

static workload_result run(workload_run *run)
{
    dom d = {
        .nodes = (uint32_t)workload_parameter(run, "nodes"),
        .fanout = (uint32_t)workload_parameter(run, "fanout"),
        .payload = (uint32_t)workload_parameter(run, "payload"),
        .random = {run->seed},
        .back_bound = (uint64_t)(settings_get(run->parameters, "back") * 4294967296.0),
    };
    workload_result result = WORKLOAD_NO_MEMORY;

    d.has_back = malloc(d.nodes);
    d.leaks = malloc(d.nodes);
    if (d.has_back != NULL && d.leaks != NULL &&
        mm_type_add(mm_heap_of(run->m), &(mm_type_info){.name = "node", .kind = MM_CONTAINER},
                    &d.node) == MM_OK)
        result = work(run, &d);
    free(d.has_back);
    free(d.leaks);
    return result;
}

const workload workload_dom = {
    .name = "dom",
    .story = "documents whose children know their parents",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"dom:documents=10,nodes=60", "dom:documents=10,nodes=60,back=0.1"},
              [WORKLOAD_QUICK] = {"dom:documents=300", "dom:documents=300,back=0.1"},
              [WORKLOAD_DEFAULT] = {"dom", "dom:back=0.1"},
              [WORKLOAD_FULL] = {"dom", "dom:back=0.1", "dom:back=0.01"}},
    .forecast = forecast,
    .run = run,
};
