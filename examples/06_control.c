/* Automatic collection off and on, a manual one, and objects that no collection looks at. */
#include "example.h"

static void make_pairs(mm *m, mm_type node, int count)
{
    MM_VARS(m, pair, 2);

    for (int i = 0; i < count; i++) {
        must(mm_new(m, pair, node, 1, 0));
        must(mm_new(m, pair + 1, node, 1, 0));
        mm_store(m, pair, 0, pair + 1);
        mm_store(m, pair + 1, 0, pair);
    }
}

void story(mm *m)
{
    mm_type node = new_type(m, "node", NULL);
    uint64_t frozen;

    must(mm_disable(m));
    printf("enabled: %d\n", mm_is_enabled(m));
    make_pairs(m, node, 1000);
    printf("objects: %lu\n", objects(m));
    collect(m);
    must(mm_enable(m));
    make_pairs(m, node, 1000);
    printf("enabled: %d\nobjects: %lu\n", mm_is_enabled(m), objects(m));

    must(mm_freeze(m));
    must(mm_get_freeze_count(m, &frozen));
    printf("frozen: %lu\n", frozen);
    collect(m);
    must(mm_unfreeze(m));
    collect(m);
}
