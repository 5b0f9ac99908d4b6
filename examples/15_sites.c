/* Who allocates: each object knows the place that made it. Two snapshots and their difference. */
#include "example.h"
#include "mm_inspect.h"

static void show(const char *what, mm_heap *heap)
{
    uint64_t current, peak;

    mm_traced_memory(heap, &current, &peak);
    printf("%-12s %lu bytes now, %lu at the peak\n", what, (unsigned long)current,
           (unsigned long)peak);
}

void story(mm *m)
{
    mm_type page = new_type(m, "page", NULL);
    mm_snapshot *before, *after;
    mm_difference *rows;
    size_t count;
    MM_VARS(m, kept, 10);
    MM_VAR(m, draft);

    must(mm_snapshot_take(mm_heap_of(m), &before));
    for (int i = 0; i < 10; i++)
        must(mm_new(m, kept + i, page, 2, 100));
    must(mm_new(m, draft, page, 0, 5000)); /* made, and given up again */
    mm_clear(m, draft);
    must(mm_snapshot_take(mm_heap_of(m), &after));
    show("in the end", mm_heap_of(m));
    must(mm_snapshot_compare(before, after, MM_BY_SITE, &rows, &count));
    for (size_t i = 0; i < count; i++)
        printf("%s:%u  %+ld objects, %+ld bytes, %lu on average\n", rows[i].now.file,
               rows[i].now.line, (long)rows[i].objects, (long)rows[i].bytes,
               (unsigned long)(rows[i].now.bytes / rows[i].now.objects));
    mm_snapshot_free(before);
    mm_snapshot_free(after);
    free(rows);
}
