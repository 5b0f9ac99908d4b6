#include "mm.h"

const setting strategy_settings[] = {
    {.name = "frames",
     .help = "link every scope to the one around it, as a collector that traces needs",
     .unit = "",
     .fallback = 1,
     .words_only = true,
     .words = {{"off", 0}, {"on", 1}}},
    HEAP_SETTINGS,
};
const size_t strategy_setting_count = sizeof strategy_settings / sizeof *strategy_settings;

mm_status strategy_heap_open(mm_heap *heap)
{
    heap->frames = settings_get(&heap->base.options, "frames") != 0;
    return MM_OK;
}

void strategy_heap_close(mm *m)
{
    (void)m; /* nothing is linked to the heap: what was allocated stays until the process ends */
}
