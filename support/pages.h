/* Memory for what is written while something is timed: all of its pages are there before. */
#ifndef RECLAIM_SUPPORT_PAGES_H
#define RECLAIM_SUPPORT_PAGES_H

#include <stddef.h>

/* `bytes` (at least 1) of zeroed pages that have been written to; NULL when there is no memory. The caller
 * unmaps them. Cost: a page fault and a write each.
 *
 * Mapping with MAP_POPULATE alone does not do: where a hypervisor keeps page tables of its own (shadow
 * paging), it fills them when a page is touched, which took 6 µs a page on a PVM guest and which no fault
 * counter of the guest shows. */
void *pages_map(size_t bytes);
void pages_unmap(void *pages, size_t bytes);

#endif
