/* The name that a mistyped one was probably meant to be. */
#ifndef RECLAIM_SUPPORT_NEAREST_H
#define RECLAIM_SUPPORT_NEAREST_H

#include <stddef.h>

/* The entry of `names` (`count` of them) with the smallest edit distance to `text`, or NULL when
 * none is close enough to suggest (more than a third of the letters differ). The result points into
 * `names`. Cost: O(count × length²). */
const char *nearest_name(const char *text, const char *const *names, size_t count);

#endif
