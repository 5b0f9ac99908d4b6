#include "example.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 16 };

void must(mm_status status)
{
    if (status == MM_OK)
        return;
    fprintf(stderr, "an operation failed: status %d\n", (int)status);
    exit(EXIT_FAILURE);
}

mm_type new_type(mm *m, const char *name, mm_finaliser *finaliser)
{
    const mm_type_info info = {
        .name = name, .kind = MM_CONTAINER, .weakable = true, .finaliser = finaliser};
    mm_type type = 0;

    must(mm_type_add(mm_heap_of(m), &info, &type));
    return type;
}

void new_named(mm *m, mm_var *dst, mm_type type, uint32_t slots, const char *name)
{
    must(mm_new(m, dst, type, slots, NAME_BYTES));
    memset(mm_data(m, dst), 0, NAME_BYTES);
    strncpy(mm_data(m, dst), name, NAME_BYTES - 1);
}

const char *name_of(mm *m, const mm_var *object)
{
    return mm_data(m, object);
}

unsigned long references(mm *m, const mm_var *object)
{
    uint64_t count = 0;

    must(mm_refcount(m, object, &count));
    return count;
}

unsigned long objects(mm *m)
{
    mm_stats stats;

    mm_get_stats(mm_heap_of(m), &stats);
    return stats.objects_live;
}

void collect(mm *m)
{
    uint64_t found;

    if (mm_collect(m, strategy_traits.generations - 1, &found) == MM_OK)
        printf("collect: %lu unreachable\n", (unsigned long)found);
    else
        printf("collect: there is no collector\n");
}

int main(void)
{
    mm_heap *heap;
    mm *m;

    must(mm_heap_new(NULL, &heap));
    must(mm_attach(heap, &m));
    story(m);
    mm_heap_free(heap);
    return EXIT_SUCCESS;
}
