/* What the program has to say about the objects that a tracing collector found unreachable, before
 * they are reclaimed: the counterpart of what a counting strategy does for one object at a time.
 *
 *   clear weak references   those that are unreachable, silently; those to what is unreachable, and
 *                           then the callbacks of the latter
 *   call finalisers         of every unreachable object that has one, in the order they were made
 *   mark again              what finalisers have made reachable; marks are only added
 *   clear weak references   those that finalisers made
 *
 * Everything is whole until that is over, since nothing has been swept. Objects made meanwhile count
 * as reachable. The order is CPython's (PEP 442), so that one program behaves alike everywhere.
 *
 * A strategy that includes this header defines settle_is_reachable(), valid once marking is done, and
 * settle_mark_again(), which marks from the roots and from all that is marked already: O(heap), and called
 * only when a finaliser ran. */
#ifndef MM_COMMON_SETTLE_H
#define MM_COMMON_SETTLE_H

#include "base.h"

bool settle_is_reachable(const mm_heap *heap, const mm_object *object);

/* `marker` is what settle_unreachable() was given. */
void settle_mark_again(mm_heap *heap, void *marker);

void settle_unreachable(mm *m, void *marker);

#endif
