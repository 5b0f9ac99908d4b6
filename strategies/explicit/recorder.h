/* The recorder's books of births and deaths, and the schedule made of them. */
#ifndef EXPLICIT_RECORDER_H
#define EXPLICIT_RECORDER_H

#include "explicit/schedule.h"

/* When an object was made and when it dies, as numbers of references given up. */
typedef struct lifetime {
    uint32_t birth, death;
} lifetime;

#define LIVES_ON UINT32_MAX /* the death of what is live at the end */

/* Every object of the program, in the order they were made. */
typedef struct lifetimes {
    lifetime *items;
    size_t count, capacity;
} lifetimes;

/* `items` with room for one more than `count`, or NULL: there is none. */
void *recorder_grow(void *items, size_t count, size_t *capacity, size_t size);

/* The schedule of these objects, with room for `points`, into `*out`; without points and with
 * nothing else in its header. `given_up`: all references of the program. Errors: MM_NO_MEMORY. */
mm_status schedule_of_lifetimes(const lifetimes *all, uint64_t given_up, size_t points,
                                mm_schedule **out);

#endif
