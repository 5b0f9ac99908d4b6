/* What is in the heap, and why an object is still there: the shortest chain from a root. */
#include "example.h"
#include "mm_inspect.h"

void story(mm *m)
{
    mm_type shop = new_type(m, "shop", NULL), order = new_type(m, "order", NULL);
    mm_graph *graph;
    mm_chain chain;
    mm_type_count *rows;
    size_t count;
    MM_VAR(m, store);
    MM_VARS(m, made, 2);

    must(mm_new(m, store, shop, 3, 0));
    for (int i = 0; i < 2; i++)
        must(mm_new(m, made + i, order, 1, 0));
    mm_store(m, store, 2, made);    /* the shop has the first order */
    mm_store(m, made, 0, made + 1); /* which has the second */
    mm_clear(m, made);
    mm_clear(m, made + 1); /* no name is left: what keeps it? */

    must(mm_graph_new(mm_heap_of(m), &graph));
    must(mm_graph_count_types(graph, &rows, &count));
    for (size_t i = 0; i < count; i++)
        printf("%-6s %lu\n", rows[i].type, (unsigned long)rows[i].objects);
    must(mm_graph_chain(graph, mm_graph_find(graph, 3), &chain));
    mm_chain_write(graph, &chain, stdout);
    printf("\n");
    mm_chain_free(&chain);
    mm_graph_free(graph);
    free(rows);
}
