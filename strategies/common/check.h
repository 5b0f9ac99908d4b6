/* What a strategy's own part of the heap verifier needs. Checked flavour only; the program's view
 * is mm_check.h. */
#ifndef MM_COMMON_CHECK_H
#define MM_COMMON_CHECK_H

#include "front.h"

#if MM_CHECKED

/* Writes the violation, which begins with the invariant's name, and returns false. */
__attribute__((format(printf, 2, 3))) bool mm_violation(char message[MM_MESSAGE_MAX],
                                                        const char *format, ...);

/* The serial number of an object, the same wherever it moves. */
uint64_t mm_serial_of(const mm_object *object);

/* The containers of the heap, by the registry. */
uint64_t mm_count_containers(const mm_heap *heap);

/* The strategy's own part: whatever its lists, colours and flags promise between operations. A
 * strategy that has some defines it, and says so with `#define strategy_check strategy_check` in
 * its header. */
bool strategy_check(mm_heap *heap, char message[MM_MESSAGE_MAX]);

#endif
#endif
