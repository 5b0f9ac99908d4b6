/* New containers are young. Those that survive a collection are looked at less often. */
#include "example.h"

static void show(mm *m, const char *what)
{
    uint32_t count[MM_GENERATIONS_MAX];
    mm_stats stats;

    must(mm_get_count(m, count));
    mm_get_stats(mm_heap_of(m), &stats);
    printf("%-13s count %3u %2u %u   collections %2lu %lu %lu\n", what, count[0], count[1],
           count[2], stats.collections[0], stats.collections[1], stats.collections[2]);
}

void story(mm *m)
{
    enum { MANY = 10000 };
    mm_type list = new_type(m, "list", NULL);
    uint32_t threshold[MM_GENERATIONS_MAX];
    MM_VAR(m, all);
    MM_VAR(m, made);

    must(mm_get_threshold(m, threshold));
    printf("thresholds %u %u %u\n", threshold[0], threshold[1], threshold[2]);
    must(mm_new(m, all, list, MANY, 0));
    for (uint32_t i = 0; i < MANY; i++) {
        must(mm_new(m, made, list, 0, 0));
        if (i == 698)
            show(m, "700 are new");
        else if (i == 699)
            show(m, "one more");
        mm_store_move(m, all, i, made);
    }
    show(m, "10,000 more");
    for (uint32_t i = 0; i < MANY; i++)
        must(mm_new(m, made, list, 0, 0)); /* each replaces the one before, which dies */
    show(m, "10,000 short");
}
