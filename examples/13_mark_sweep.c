/* Without any counts: what the variables reach is marked, and the rest is swept. */
#include "example.h"

void story(mm *m)
{
    mm_type node = new_type(m, "node", NULL);
    MM_VAR(m, list);
    MM_VAR(m, made);

    for (int i = 0; i < 5; i++) { /* a list, its last node first */
        must(mm_new(m, made, node, 1, 0));
        mm_store_move(m, made, 0, list);
        mm_move(m, list, made);
    }
    printf("a list: %lu objects\n", objects(m));
    collect(m);
    mm_load(m, made, list, 0);
    mm_unset(m, made, 0); /* cut after the second */
    printf("after the cut: %lu\n", objects(m));
    collect(m);
    printf("after the sweep: %lu\n", objects(m));
    mm_store(m, made, 0, list); /* a ring, and both names go */
    mm_clear(m, list);
    mm_clear(m, made);
    collect(m);
}
