#include "heap_model.h"

#include <stdlib.h>
#include <string.h>

static uint64_t object_bytes(const heap_graph *g, uint32_t object)
{
    return (uint64_t)heap_slot_count(g, object) * sizeof(void *) + heap_payload_bytes(g, object);
}

uint64_t heap_requested_bytes(const heap_graph *g)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < g->object_count; i++)
        bytes += object_bytes(g, i);
    return bytes;
}

bool heap_model_walk(const heap_graph *g, uint8_t *seen, heap_walk *out)
{
    uint32_t *stack = malloc(g->object_count * sizeof *stack);
    uint64_t depth = 0;

    *out = (heap_walk){.stack_max = 1};
    if (stack == NULL)
        return false;
    memset(seen, 0, g->object_count);
    seen[g->root] = 1;
    stack[depth++] = g->root;
    while (depth > 0) {
        uint32_t object = stack[--depth];
        out->objects++;
        out->slots += heap_slot_count(g, object);
        out->checksum = workload_checksum(out->checksum, object);
        for (uint32_t e = g->first_edge[object]; e < g->first_edge[object + 1]; e++) {
            if (seen[g->targets[e]])
                continue;
            seen[g->targets[e]] = 1;
            stack[depth++] = g->targets[e];
        }
        if (depth > out->stack_max)
            out->stack_max = depth;
    }
    free(stack);
    return true;
}

/* A random slot of the last object with slots on a random path, as an index into `targets`. The
 * root has slots. */
static uint32_t random_slot(const heap_graph *g, workload_random *random)
{
    uint32_t object = g->root, slot = 0;

    for (int step = 0; step < HEAP_PATH_MAX && heap_slot_count(g, object) > 0; step++) {
        slot = g->first_edge[object] +
               (uint32_t)workload_random_below(random, heap_slot_count(g, object));
        object = g->targets[slot];
    }
    return slot;
}

void heap_model_mutate(heap_graph *g, uint64_t mutations, workload_random *random)
{
    if (heap_slot_count(g, g->root) == 0)
        return;
    for (uint64_t i = 0; i < mutations; i++) {
        uint32_t written = random_slot(g, random);
        uint32_t read = random_slot(g, random);
        g->targets[written] = g->targets[read];
    }
}

/* Takes away, again and again, what nothing refers to. */
static void peel(const heap_graph *g, uint32_t *counts, uint32_t *dead, uint8_t *held)
{
    uint64_t depth = 0;

    for (uint32_t i = 0; i < g->object_count; i++) {
        if (counts[i] == 0)
            dead[depth++] = i;
    }
    while (depth > 0) {
        uint32_t object = dead[--depth];
        held[object] = 0;
        for (uint32_t e = g->first_edge[object]; e < g->first_edge[object + 1]; e++) {
            if (--counts[g->targets[e]] == 0)
                dead[depth++] = g->targets[e];
        }
    }
}

bool heap_model_count(const heap_graph *g, bool root_held, uint8_t *held)
{
    uint32_t *counts = calloc(g->object_count, sizeof *counts);
    uint32_t *dead = malloc(g->object_count * sizeof *dead);
    bool room = counts != NULL && dead != NULL;

    if (room) {
        memset(held, 1, g->object_count);
        for (uint32_t e = 0; e < g->edge_count; e++)
            counts[g->targets[e]]++;
        counts[g->root] += root_held;
        peel(g, counts, dead, held);
    }
    free(counts);
    free(dead);
    return room;
}

void heap_model_sum(const heap_graph *g, const uint8_t *flags, uint64_t *objects, uint64_t *bytes)
{
    *objects = *bytes = 0;
    for (uint32_t i = 0; i < g->object_count; i++) {
        if (flags[i]) {
            ++*objects;
            *bytes += object_bytes(g, i);
        }
    }
}
