/* A user caches what was worked out about it: as an object that refers back, and as plain data. */
#include "example.h"

static void serve_with_object(mm *m, mm_type type)
{
    MM_VAR(m, user);
    MM_VAR(m, profile);

    new_named(m, user, type, 1, "Ada");
    new_named(m, profile, type, 1, "of Ada");
    mm_store(m, profile, 0, user); /* the result knows its user, */
    mm_store(m, user, 0, profile); /* and the user its result: a cycle */
}

static void serve_with_data(mm *m, mm_type type)
{
    MM_VAR(m, user);
    MM_VAR(m, profile);

    new_named(m, user, type, 1, "Ada");
    new_named(m, profile, type, 0, "of Ada"); /* a name, no reference */
    mm_store(m, user, 0, profile);
}

void story(mm *m)
{
    mm_type type = new_type(m, "record", NULL);

    for (int i = 0; i < 100; i++)
        serve_with_data(m, type);
    printf("data:   %lu objects left\n", objects(m));
    for (int i = 0; i < 100; i++)
        serve_with_object(m, type);
    printf("object: %lu\n", objects(m));
    collect(m);
}
