/* What a hand-written program counts: its calls of the allocator, in the counted flavour. */
#include "bench/hand/hand.h"

#if MM_COUNTED
uint64_t hand_allocations, hand_frees, hand_bytes_allocated, hand_bytes_freed;
#endif

void hand_options_init(settings *options)
{
    static const setting table[] = {AUTOMATIC_SETTING};

    settings_init(options, table, hand_written.stop_collector != NULL ? 1 : 0);
}

void hand_reset(void)
{
#if MM_COUNTED
    hand_allocations = hand_frees = hand_bytes_allocated = hand_bytes_freed = 0;
#endif
}

void hand_observe(mm_stats *stats)
{
#if MM_COUNTED
    stats->objects_allocated = hand_allocations;
    stats->bytes_allocated = hand_bytes_allocated;
    stats->reclaimed_by_count = hand_frees;
    stats->objects_live = hand_allocations - hand_frees;
    stats->bytes_live = hand_bytes_allocated - hand_bytes_freed;
    if (hand_written.peer != NULL)
        stats->objects_live = stats->bytes_live = stats->reclaimed_by_count = MM_UNKNOWN;
    stats->bytes_held = stats->bytes_peak = MM_UNKNOWN;
#else
    (void)stats;
#endif
}
