/* A weak reference does not count: it leads to its object while that lives, and nowhere after. */
#include "example.h"

static void look(mm *m, mm_var *reference)
{
    MM_VAR(m, found);

    mm_weak_load(m, found, reference);
    printf("it leads to %s\n", mm_is_null(found) ? "nothing" : name_of(m, found));
}

static void tell(mm *m, mm_var *reference, mm_var *context)
{
    MM_VAR(m, gone);

    mm_weak_load(m, gone, reference);
    printf("  %s is told; the object is %s\n", name_of(m, context),
           mm_is_null(gone) ? "gone" : "there");
}

void story(mm *m)
{
    mm_type type = new_type(m, "thing", NULL);
    MM_VAR(m, tree);
    MM_VAR(m, observer);
    MM_VAR(m, reference);

    new_named(m, tree, type, 0, "a tree");
    new_named(m, observer, type, 0, "the observer");
    must(mm_weak_new(m, reference, tree, observer, tell));
    printf("references to the tree: %lu\n", references(m, tree));
    look(m, reference);
    mm_clear(m, tree);
    look(m, reference);
}
