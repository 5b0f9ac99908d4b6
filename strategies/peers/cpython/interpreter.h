/* What the two halves of this folder know of each other. */
#ifndef CPYTHON_INTERPRETER_H
#define CPYTHON_INTERPRETER_H

#include "mm.h"

/* The heap that stands, or NULL. */
extern mm_heap *cpython_heap;

/* Which visits of a running collection count: those of its first pass, which sees each object of
 * the generations collected once. The next pass visits with another function, or, when all is
 * garbage, begins with the same object. */
typedef struct visit_count {
    bool open;
    const PyObject *first; /* NULL: no visit yet */
    visitproc first_pass;
    uint64_t visited;
} visit_count;

extern visit_count cpython_visits;

/* Types enough for `count` more of the heap's. False when there is no memory. */
bool objects_prepare_types(size_t count);

/* Takes the heap's types back. */
void objects_release_types(void);

/* Whether the object is the heap's and not the interpreter's own. */
bool objects_is_ours(PyObject *object);

/* Makes what weak references share. False when there is no memory. */
bool objects_open(void);

#endif
