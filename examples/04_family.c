/* A parent and two children that know each other. Nobody outside refers to them any more. */
#include "example.h"

static void make_family(mm *m, mm_type person)
{
    MM_VAR(m, parent);
    MM_VAR(m, left);
    MM_VAR(m, right);

    new_named(m, parent, person, 2, "parent");
    new_named(m, left, person, 1, "left");
    new_named(m, right, person, 1, "right");
    mm_store(m, parent, 0, left);
    mm_store(m, parent, 1, right);
    mm_store(m, left, 0, right);
    mm_store(m, right, 0, left);
}

static void say_goodbye(mm *m, mm_var *self)
{
    printf("%s is reclaimed\n", name_of(m, self));
}

void story(mm *m)
{
    make_family(m, new_type(m, "person", say_goodbye));
    printf("left: %lu\n", objects(m));
    collect(m);
    printf("left: %lu\n", objects(m));
}
