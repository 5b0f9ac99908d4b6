#include "mm.h"

const setting strategy_settings[] = {HEAP_SETTINGS};
const size_t strategy_setting_count = sizeof strategy_settings / sizeof *strategy_settings;

mm_status strategy_heap_open(mm_heap *heap)
{
    (void)heap; /* counts live in the objects: the heap keeps nothing */
    return MM_OK;
}

void strategy_heap_close(mm *m)
{
    counting_release_immortals(m);
    counting_free_immortals(m);
    /* What is left are leaked cycles, and nothing leads to them any more. */
}
