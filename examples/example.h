/* What the examples of the story need beside the object API. An example is one function, story(), on
 * a fresh heap; example.c has main(). They are compiled in the checked flavour, so that misuse is
 * noticed. */
#ifndef RECLAIM_EXAMPLE_H
#define RECLAIM_EXAMPLE_H

#include <stdio.h>

#include "mm_gc.h"

void story(mm *m);

/* Ends the program where an operation failed; an example has nothing better to do. */
void must(mm_status status);

/* A type of containers, to whose objects weak references may lead; `finaliser` may be NULL. */
mm_type new_type(mm *m, const char *name, mm_finaliser *finaliser);

/* A new object with a name of at most 15 letters as its payload; and that name, which stays valid
 * until the next operation. */
void new_named(mm *m, mm_var *dst, mm_type type, uint32_t slots, const char *name);
const char *name_of(mm *m, const mm_var *object);

/* How many references to the object there are, and how many objects. */
unsigned long references(mm *m, const mm_var *object);
unsigned long objects(mm *m);

/* A full collection; says how many unreachable objects it found. */
void collect(mm *m);

#endif
