/* Run, collect, count; again. What grows each time is a leak, if it is never used again. */
#include "example.h"
#include "mm_inspect.h"
#include "workloads/containers.h"

static void request(mm *m, mm_type listener, vector *listeners, int number)
{
    MM_VAR(m, made);

    must(mm_new(m, made, listener, 1, 32));
    if (number % 100 == 0) /* every hundredth forgets to leave the list */
        must(vector_push(m, listeners, made));
}

static unsigned long count(mm *m, mm_type listener)
{
    mm_graph *graph;
    unsigned long found = 0;

    mm_collect_all(m, NULL);
    must(mm_graph_new(mm_heap_of(m), &graph));
    for (uint32_t i = 0; i < graph->node_count; i++)
        found += graph->nodes[i].type == mm_type_index(listener);
    mm_graph_free(graph);
    return found;
}

void story(mm *m)
{
    mm_type listener = new_type(m, "listener", NULL);
    MM_VAR(m, storage);
    vector listeners = vector_on(storage, new_type(m, "listeners", NULL));

    for (int round = 1; round <= 4; round++) {
        for (int i = 0; i < 1000; i++)
            request(m, listener, &listeners, i);
        printf("after %d requests: %lu\n", round * 1000, count(m, listener));
    }
}
