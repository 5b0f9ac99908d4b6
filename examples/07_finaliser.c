/* A finaliser runs just before its object is reclaimed: once, even if it saves the object. */
#include "example.h"

static mm_root *rescued;

static void finalise(mm *m, mm_var *self)
{
    printf("  finalising %s\n", name_of(m, self));
    if (name_of(m, self)[0] == 'L') /* Lazarus */
        mm_root_set(m, rescued, self);
}

void story(mm *m)
{
    mm_type type = new_type(m, "thing", finalise);
    MM_VAR(m, outer);
    MM_VAR(m, inner);

    must(mm_root_new(m, &rescued));
    new_named(m, outer, type, 1, "house");
    new_named(m, inner, type, 1, "room");
    mm_store_move(m, outer, 0, inner);
    printf("the last name goes\n");
    mm_clear(m, outer);

    new_named(m, outer, type, 1, "Lazarus");
    mm_store(m, outer, 0, outer); /* in a cycle */
    mm_clear(m, outer);
    collect(m);
    printf("objects: %lu\n", objects(m));
    mm_root_free(m, rescued);
    collect(m);
    new_named(m, outer, type, 0, "late");
    printf("the program ends\n");
}
