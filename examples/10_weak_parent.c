/* A tree whose children know their parent: by a reference, and by a weak one. */
#include "example.h"

static void make_tree(mm *m, mm_type node, bool weak)
{
    MM_VAR(m, root);
    MM_VAR(m, child);
    MM_VAR(m, back);

    must(mm_new(m, root, node, 3, 0));
    for (uint32_t i = 0; i < 3; i++) {
        must(mm_new(m, child, node, 1, 0));
        if (weak)
            must(mm_weak_new(m, back, root, NULL, NULL));
        else
            mm_set(m, back, root);
        mm_store_move(m, child, 0, back);
        mm_store_move(m, root, i, child);
    }
}

void story(mm *m)
{
    mm_type node = new_type(m, "node", NULL);

    make_tree(m, node, true);
    printf("with weak back-pointers: %lu objects left\n", objects(m));
    make_tree(m, node, false);
    printf("with strong ones: %lu\n", objects(m));
}
