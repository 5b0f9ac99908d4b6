/* How a fuzz target that has no model states its property. */
#ifndef FUZZ_PROPERTY_H
#define FUZZ_PROPERTY_H

#include <stdio.h>
#include <stdlib.h>

/* Not assert: the property must hold in every build. */
#define CHECK(condition, name)                                        \
    do {                                                              \
        if (!(condition)) {                                           \
            fprintf(stderr, "violation: %s: %s\n", name, #condition); \
            abort();                                                  \
        }                                                             \
    } while (0)

#endif
