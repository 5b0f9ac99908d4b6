/* heap: a real program's heap, recorded from Node, Chrome or Python, rebuilt object for object with
 * its slots and sizes.
 *
 *   build    every object into a table, then every reference, then the table is dropped:
 *            what only weak references held dies here
 *   walk     depth first from the root, each object read once
 *   mutate   `mutations` references redirected, each between two objects found by following
 *            random slots from the root
 *   walk     again
 *   drop     the root
 *
 * Shape: the file's. A snapshot has no lifetimes, so how long objects lived is not in it, and the
 * mutation is synthetic. The books are kept by heaps/heap_model.c on plain arrays, which do the
 * same walks and the same mutation. */
#include "workloads/backdrop.h"
#include "workloads/containers.h"
#include "workloads/heaps/heap_model.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/file.h"

enum { OBJECTS_PER_REQUEST = 256, MUTATIONS_PER_REQUEST = 32 };

static const setting parameters[] = {
    {.name = "file",
     .unit = "",
     .help = "a .heapsnapshot, plain or gzipped: a path, or one of the recorded",
     .text = true,
     .text_fallback = ""},
    {.name = "mutations",
     .unit = "references",
     .help = "redirected between the two walks",
     .fallback = 100e3,
     .minimum = 0,
     .maximum = 1e10,
     .integer = true},
    TEARDOWN_SETTING,
};

typedef struct heap_run {
    heap_graph graph; /* as the work begins; the books change it as the work does */
    heap_walk walks[2];
    uint64_t mutations;
    uint8_t *flags; /* an object each: the walks' marks */
    mm_type atom, container;
} heap_run;

/* ---- The file ---- */

static bool readable(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A path as it is, or one of the heaps beside the programs, with or without its suffix. */
static void find_file(const char *file, char path[PATH_MAX])
{
    static const char *const suffixes[] = {"", ".heapsnapshot.gz", ".heapsnapshot"};
    char folder[PATH_MAX - SETTING_TEXT_MAX - 32];

    if (strchr(file, '/') == NULL && !readable(file) &&
        file_program_folder(folder, sizeof folder)) {
        for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
            snprintf(path, PATH_MAX, "%s/heaps/%s%s", folder, file, suffixes[i]);
            if (readable(path))
                return;
        }
    }
    snprintf(path, PATH_MAX, "%s", file);
}

static bool read_graph(const settings *p, heap_graph *graph, char message[WORKLOAD_MESSAGE_MAX])
{
    const char *file = settings_get_text(p, "file");
    char path[PATH_MAX], reason[HEAP_MESSAGE_MAX];

    if (file[0] == '\0') {
        snprintf(message, WORKLOAD_MESSAGE_MAX,
                 "workload heap needs a file: heap:file=PATH of a .heapsnapshot, or the name of a "
                 "recorded one (`reclaim list` shows them)");
        return false;
    }
    find_file(file, path);
    if (heap_graph_read(path, graph, reason))
        return true;
    snprintf(message, WORKLOAD_MESSAGE_MAX, "%.*s", WORKLOAD_MESSAGE_MAX - 1, reason);
    return false;
}

/* ---- The work ---- */

static mm_status new_object(mm *m, const heap_run *h, uint32_t i, mm_var *table)
{
    MM_VAR(m, object);
    uint32_t slots = heap_slot_count(&h->graph, i);

    if (mm_new(m, object, slots > 0 ? h->container : h->atom, slots,
               heap_payload_bytes(&h->graph, i)) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, object) = i;
    mm_fill(m, table, i, object);
    return MM_OK;
}

static void link_object(mm *m, const heap_run *h, uint32_t i, mm_var *table)
{
    const heap_graph *g = &h->graph;
    MM_BORROW(m, object);

    mm_borrow(m, object, table, i);
    for (uint32_t slot = 0; slot < heap_slot_count(g, i); slot++)
        mm_copy_slot(m, object, slot, table, g->targets[g->first_edge[i] + slot]);
}

static void request_boundary(mm *m, uint64_t i, uint64_t count, uint64_t per_request)
{
    if (i % per_request == per_request - 1 || i == count - 1)
        mm_request_end(m);
}

static mm_status build(mm *m, const heap_run *h, mm_var *root)
{
    MM_VAR(m, table);
    uint32_t count = h->graph.object_count;

    mm_phase(m, "build");
    if (mm_new(m, table, h->container, count, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        if (i % OBJECTS_PER_REQUEST == 0)
            mm_request_begin(m);
        if (new_object(m, h, i, table) != MM_OK)
            return MM_NO_MEMORY;
        request_boundary(m, i, count, OBJECTS_PER_REQUEST);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i % OBJECTS_PER_REQUEST == 0)
            mm_request_begin(m);
        link_object(m, h, i, table);
        request_boundary(m, i, count, OBJECTS_PER_REQUEST);
    }
    mm_load(m, root, table, h->graph.root);
    return MM_OK;
}

/* Reads one object and puts its children that were not seen yet on the stack. */
static mm_status visit(mm *m, heap_run *h, vector *stack, mm_var *object, uint64_t *checksum)
{
    uint32_t slots = mm_slot_count(m, object);

    *checksum = workload_checksum(*checksum, *(uint64_t *)mm_data(m, object));
    for (uint32_t slot = 0; slot < slots; slot++) {
        MM_VAR(m, child);
        uint64_t number;
        {
            MM_BORROW(m, seen);
            mm_borrow(m, seen, object, slot);
            number = *(uint64_t *)mm_data(m, seen);
        }
        if (h->flags[number])
            continue;
        h->flags[number] = 1;
        mm_load(m, child, object, slot);
        if (vector_push(m, stack, child) != MM_OK)
            return MM_NO_MEMORY;
    }
    return MM_OK;
}

static mm_status walk(mm *m, heap_run *h, mm_var *root, const heap_walk *expected,
                      uint64_t *checksum)
{
    MM_VARS(m, v, 2);
    mm_var *storage = v, *object = v + 1;
    vector stack = vector_on(storage, h->container);
    uint64_t i = 0;

    mm_phase(m, "walk");
    memset(h->flags, 0, h->graph.object_count);
    h->flags[h->graph.root] = 1;
    mm_set(m, object, root);
    if (vector_push(m, &stack, object) != MM_OK)
        return MM_NO_MEMORY;
    for (; stack.length > 0; i++) {
        if (i % OBJECTS_PER_REQUEST == 0)
            mm_request_begin(m);
        vector_pop(m, &stack, object);
        if (visit(m, h, &stack, object, checksum) != MM_OK)
            return MM_NO_MEMORY;
        request_boundary(m, i, expected->objects, OBJECTS_PER_REQUEST);
    }
    return MM_OK;
}

/* `object` becomes the last object with slots on a random path from the root; returns the slot
 * chosen in it. */
static uint32_t follow_path(mm *m, mm_var *root, workload_random *random, mm_var *object)
{
    MM_VAR(m, next);
    uint32_t slot = 0;

    mm_set(m, next, root);
    for (int step = 0; step < HEAP_PATH_MAX && mm_slot_count(m, next) > 0; step++) {
        mm_move(m, object, next);
        slot = (uint32_t)workload_random_below(random, mm_slot_count(m, object));
        mm_load(m, next, object, slot);
    }
    return slot;
}

static void mutate(mm *m, const heap_run *h, mm_var *root, workload_random *random)
{
    MM_VAR(m, written);
    MM_VAR(m, read);

    for (uint64_t i = 0; i < h->mutations; i++) {
        uint32_t to, from;
        if (i % MUTATIONS_PER_REQUEST == 0)
            mm_request_begin(m);
        to = follow_path(m, root, random, written);
        from = follow_path(m, root, random, read);
        mm_copy_slot(m, written, to, read, from);
        request_boundary(m, i, h->mutations, MUTATIONS_PER_REQUEST);
    }
}

/* ---- The books ---- */

static bool keep_books(workload_run *run, heap_run *h, uint8_t *held)
{
    workload_account *account = &run->account;
    workload_amount allocated, live;
    workload_random random = {run->seed};
    heap_graph *g = &h->graph;

    account->allocated =
        (workload_amount){.objects = g->object_count, .bytes = heap_requested_bytes(g)};
    workload_add(&account->allocated, 1, g->object_count * sizeof(void *));
    if (!heap_model_walk(g, h->flags, &h->walks[0]))
        return false;
    heap_model_mutate(g, h->mutations, &random);
    if (!heap_model_walk(g, h->flags, &h->walks[1]))
        return false;
    for (int i = 0; i < 2; i++) {
        vector_books(h->walks[i].stack_max, &allocated, &live);
        workload_add(&account->allocated, allocated.objects, allocated.bytes);
    }
    heap_model_sum(g, h->flags, &account->live_work.objects, &account->live_work.bytes);
    bool root_held = workload_parameter(run, "teardown") == 0;
    if (!heap_model_count(g, root_held, held))
        return false;
    heap_model_sum(g, held, &account->leaked.objects, &account->leaked.bytes);
    if (root_held) {
        account->live_end = account->live_work;
        account->leaked.objects -= account->live_end.objects;
        account->leaked.bytes -= account->live_end.bytes;
    }
    return true;
}

/* The books are kept on the graph itself; afterwards it is put back as it was. */
static bool keep_books_on_copy(workload_run *run, heap_run *h)
{
    size_t bytes = h->graph.edge_count * sizeof *h->graph.targets;
    uint32_t *targets = malloc(bytes + 1), *original = h->graph.targets;
    uint8_t *held = malloc(h->graph.object_count);
    bool kept = false;

    if (targets != NULL && held != NULL) {
        if (bytes > 0)
            memcpy(targets, original, bytes);
        h->graph.targets = targets;
        kept = keep_books(run, h, held);
        h->graph.targets = original;
    }
    free(targets);
    free(held);
    return kept;
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    heap_graph g;
    uint64_t array_bytes;

    if (!read_graph(p, &g, message))
        return false;
    array_bytes = 8 * (uint64_t)g.object_count + 4 * (uint64_t)g.edge_count;
    out->live_peak =
        (workload_amount){.objects = g.object_count + 1,
                          .bytes = heap_requested_bytes(&g) + g.object_count * sizeof(void *)};
    out->allocated = out->leaked = out->live_peak;
    workload_add(&out->allocated, 64, 4 * g.object_count * sizeof(void *)); /* the walks' stacks */
    out->other_bytes = 4 * array_bytes;
    heap_graph_free(&g);
    return true;
}

/* ---- The run ---- */

static workload_result check_walk(workload_run *run, int number, uint64_t found,
                                  const heap_walk *expected)
{
    if (found == expected->checksum)
        return WORKLOAD_DONE;
    snprintf(run->message, WORKLOAD_MESSAGE_MAX,
             "walk %d over the rebuilt heap met other objects than the recorded graph has", number);
    return WORKLOAD_WRONG;
}

static workload_result work(workload_run *run, heap_run *h)
{
    mm *m = run->m;
    uint64_t first = 0, second = 0;
    workload_random random = {run->seed};
    MM_VAR(m, root);

    workload_begin(run);
    if (build(m, h, root) != MM_OK || walk(m, h, root, &h->walks[0], &first) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    if (mm_slot_count(m, root) > 0)
        mutate(m, h, root, &random);
    if (walk(m, h, root, &h->walks[1], &second) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    run->account.checksum = workload_checksum(first, second);
    workload_end(run);
    if (workload_parameter(run, "teardown") == 0 && keep_until_the_end(m, root) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    if (check_walk(run, 1, first, &h->walks[0]) != WORKLOAD_DONE)
        return WORKLOAD_WRONG;
    return check_walk(run, 2, second, &h->walks[1]);
}

static workload_result run(workload_run *run)
{
    mm_heap *heap = mm_heap_of(run->m);
    heap_run h = {.mutations = workload_parameter(run, "mutations")};
    workload_result result = WORKLOAD_NO_MEMORY;

    if (!read_graph(run->parameters, &h.graph, run->message))
        return WORKLOAD_BAD_INPUT;
    h.flags = malloc(h.graph.object_count);
    if (h.flags != NULL && keep_books_on_copy(run, &h) &&
        mm_type_add(heap, &(mm_type_info){.name = "object", .kind = MM_CONTAINER}, &h.container) ==
            MM_OK &&
        mm_type_add(heap, &(mm_type_info){.name = "leaf", .kind = MM_ATOM}, &h.atom) == MM_OK)
        result = work(run, &h);
    free(h.flags);
    heap_graph_free(&h.graph);
    return result;
}

const workload workload_heap = {
    .name = "heap",
    .story = "a real program's heap: built, walked, mutated, dropped",
    .caveat = "shape only: a snapshot has no lifetimes, the mutation is made up",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"heap:file=%s,mutations=1000"},
              [WORKLOAD_QUICK] = {"heap:file=%s"},
              [WORKLOAD_DEFAULT] = {"heap:file=%s"},
              [WORKLOAD_FULL] = {"heap:file=%s"}},
    .each_file = ".heapsnapshot.gz",
    .forecast = forecast,
    .run = run,
};
