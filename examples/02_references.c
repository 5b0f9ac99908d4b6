/* What makes a reference, and what gives one up. */
#include "example.h"

static void show(mm *m, const char *what, mm_var *object)
{
    printf("%-22s %lu\n", what, references(m, object));
}

static void make(mm *m, mm_type type, mm_var *result)
{
    MM_VAR(m, made);

    must(mm_new(m, made, type, 0, 0));
    mm_move(m, result, made); /* handed over: `made` is null again */
}

void story(mm *m)
{
    mm_type type = new_type(m, "list", NULL);
    MM_VARS(m, name, 3);
    MM_VAR(m, list);

    make(m, type, name);
    show(m, "returned", name); /* and passed as an argument: that only lends it */
    mm_set(m, name + 1, name);
    mm_set(m, name + 2, name);
    must(mm_new(m, list, type, 1, 0));
    mm_store(m, list, 0, name);
    show(m, "3 names, 1 slot", name);
    {
        MM_VAR(m, local);
        mm_set(m, local, name);
        show(m, "a local name", name);
    }
    show(m, "it left its scope", name);
    mm_set(m, name + 1, list);
    show(m, "a name for another", name);
    mm_unset(m, list, 0);
    show(m, "removed from the list", name);
}
