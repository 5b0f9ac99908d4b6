/* Two objects that refer to each other, and one that refers to itself. */
#include "example.h"

static void make_pair(mm *m, mm_type node)
{
    MM_VAR(m, a);
    MM_VAR(m, b);

    must(mm_new(m, a, node, 1, 0));
    must(mm_new(m, b, node, 1, 0));
    mm_store(m, a, 0, b);
    mm_store(m, b, 0, a);
} /* both names go; each object still has one reference: the other's */

static void make_self_reference(mm *m, mm_type node)
{
    MM_VAR(m, self);

    must(mm_new(m, self, node, 1, 0));
    mm_store(m, self, 0, self);
}

void story(mm *m)
{
    mm_type node = new_type(m, "node", NULL);

    collect(m);
    make_pair(m, node);
    printf("a pair: %lu objects\n", objects(m));
    collect(m);
    make_self_reference(m, node);
    printf("and a self-reference: %lu\n", objects(m));
    collect(m);
    printf("left: %lu\n", objects(m));
}
