/* A cache that a global name holds: every object in it is reachable, and no strategy reclaims it. */
#include "example.h"
#include "workloads/containers.h"

static mm_root *results;

static void remember(mm *m, table *cache, uint64_t question)
{
    MM_VAR(m, answer);

    new_named(m, answer, cache->type, 0, "answer");
    must(table_put(m, cache, question, answer));
    mm_root_set(m, results, cache->storage);
}

static void serve(mm *m)
{
    MM_VAR(m, storage);
    table cache = table_on(storage, new_type(m, "table", NULL));

    for (uint64_t question = 0; question < 1000; question++)
        remember(m, &cache, question);
}

void story(mm *m)
{
    must(mm_root_new(m, &results));
    serve(m);
    printf("served: %lu objects\n", objects(m));
    collect(m);
    printf("still: %lu\n", objects(m));
    mm_root_free(m, results);
    collect(m);
    printf("without the global name: %lu\n", objects(m));
}
