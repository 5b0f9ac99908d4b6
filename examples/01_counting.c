/* Every reference counts. With the last one the object dies, and what only it referred to. */
#include "example.h"

static void show(mm *m, const char *what, mm_var *list)
{
    printf("%-8s %lu\n", what, references(m, list));
}

void story(mm *m)
{
    mm_type type = new_type(m, "list", NULL);
    MM_VAR(m, a);
    MM_VAR(m, b);
    MM_VAR(m, c);
    MM_VAR(m, item);

    must(mm_new(m, a, type, 1, 0)); /* a list with room for one item */
    show(m, "created", a);
    mm_set(m, b, a);
    show(m, "b = a", a);
    mm_set(m, c, a);
    show(m, "c = a", a);
    mm_clear(m, b);
    show(m, "del b", a);
    mm_clear(m, c);
    show(m, "del c", a);

    must(mm_new(m, item, type, 0, 0));
    mm_store_move(m, a, 0, item); /* now only the list refers to the item */
    printf("before:  %lu objects\n", objects(m));
    mm_clear(m, a);
    printf("after:   %lu\n", objects(m));
}
