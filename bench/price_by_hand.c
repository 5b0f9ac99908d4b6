/* The prices of objects that follow a schedule: `explicit`.
 *
 * A schedule of the loops would be as long as they are; what following it takes is what a program by
 * hand does that has the addresses in a table. */
#include "bench/price_parts.h"

#if !PRICES_ABSENT

    #include <stdlib.h>

/* What a schedule makes of an object: a block, a header and empty slots. */
static uint32_t *make_block(uint32_t slots, uint32_t i)
{
    size_t header = 4 * sizeof(uint32_t), bytes = slots * sizeof(void *);
    uint32_t *made = malloc(header + bytes + PAYLOAD_BYTES);

    if (made == NULL)
        return NULL;
    made[0] = i;
    made[1] = slots;
    made[2] = PAYLOAD_BYTES;
    for (uint32_t k = 0; k < slots; k++)
        ((void **)(made + 4))[k] = NULL;
    return made;
}

/* Each turn frees what was in a place and makes what will be there. */
static bool renew_places(uint32_t **places, uint32_t slots, uint32_t size, uint32_t rounds)
{
    for (uint32_t k = 0; k < rounds; k++) {
        for (uint32_t i = 0; i < size; i++) {
            uint32_t *old = places[i];
            places[i] = make_block(slots * (i % 2), i);
            LOOKED_AT(places);
            free(old);
            if (places[i] == NULL)
                return false;
        }
    }
    return true;
}

static void free_places(uint32_t **places, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        free(places[i]);
        places[i] = NULL;
    }
}

static bool price_places(uint32_t **places, uint32_t slots, uint32_t size, double *renewed_ns,
                         double *made_ns)
{
    double renewed[REPEATS], made[REPEATS];
    uint32_t repeats = price_repeats(size),
             rounds = size < REFERENCE_TURNS ? REFERENCE_TURNS / size : 1;
    bool done = true;

    for (uint32_t k = 0; k < repeats && done; k++) {
        uint64_t began_ns = clock_now_ns(), made_at_ns;
        done = renew_places(places, slots, size, 1);
        made_at_ns = clock_now_ns();
        made[k] = (double)(made_at_ns - began_ns) / size;
        if (size <= PRICE_WINDOW_MAX) {
            done = done && renew_places(places, slots, size, rounds);
            renewed[k] = (double)(clock_now_ns() - made_at_ns) / ((double)rounds * size);
        }
        free_places(places, size);
        if (size > PRICE_WINDOW_MAX)
            renewed[k] = (double)(clock_now_ns() - began_ns) / size;
    }
    *renewed_ns = price_median(renewed, repeats);
    *made_ns = price_median(made, repeats);
    return done;
}

mm_status price_objects_by_hand(const pricing *p)
{
    enum { PASSES = 2 }; /* the first pages the memory in */
    price_findings *found = p->found;
    uint32_t most = price_windows[found->windows - 1] > price_heaps[found->heaps - 1]
                        ? price_windows[found->windows - 1]
                        : price_heaps[found->heaps - 1];
    uint32_t **places = calloc(most, sizeof *places);
    bool done = places != NULL;
    double unused;

    for (int pass = 0; pass < PASSES; pass++) {
        for (size_t i = 0; i < found->windows && done; i++)
            done = price_places(places, p->slots, price_windows[i], &found->window_ns[i], &unused);
        for (size_t i = 0; i < found->heaps && done; i++)
            done = price_places(places, p->slots, price_heaps[i], &unused, &found->made_ns[i]);
    }
    if (places != NULL)
        free_places(places, most);
    free(places);
    for (size_t i = 0; i < found->heaps; i++)
        found->kept_ns[i] = found->made_ns[i];
    return done ? MM_OK : MM_NO_MEMORY;
}

#endif
