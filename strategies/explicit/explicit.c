/* Following a schedule.
 *
 * `until_death` counts the references down that the program gives up before the next death, and
 * `place` goes through the run of places that the next objects get. Both are in the mutator, and a
 * program that does the same over and over touches nothing else for long: see schedule.h.
 *
 * Invariant: an object is in the table at its place from its birth to its death, so a death of the
 * schedule is a range of the table.
 *
 * Rejected: a word for each object, that names its place, since those of two million temporaries are
 * 28 MB; freeing all that dies from the table. Figures: docs/decisions/0013-…. */
#include "mm.h"
#include "explicit/schedule.h"

#include "support/pages.h"

const setting strategy_settings[] = {HEAP_SETTINGS};
const size_t strategy_setting_count = sizeof strategy_settings / sizeof *strategy_settings;

/* Deaths at one moment that take long enough to be called a pause. */
enum { DEATHS_UNTIMED = MM_CASCADE_UNTIMED };

/* Whether freeing an object is nothing but to call free(). */
#define FREES_QUICKLY(m) (!MM_COUNTED && !MM_REGISTRY && !(m)->base.guarded)

struct follower {
    const mm_schedule *schedule;
    mm_object **table; /* by place */
    const schedule_births *births, *births_end;
    const schedule_deaths *deaths, *deaths_end; /* to come, after those in the mutator */
    bool left;                                  /* the program does something else */
    bool followed;                              /* to the end */
};

mm_status strategy_heap_open(mm_heap *heap)
{
    (void)heap; /* what a heap needs comes with its schedule */
    return MM_OK;
}

static size_t table_bytes(const mm_schedule *schedule)
{
    return (schedule->header->places + 1) * sizeof(mm_object *);
}

static inline void free_object(mm *m, mm_object *object)
{
    object_free(m, object, object, sizeof *object);
}

void strategy_heap_close(mm *m)
{
    follower *f = m->base.heap->follower;

    if (f == NULL)
        return;
    if (f->followed) {
        const schedule_header *header = f->schedule->header;
        for (uint64_t i = 0; i < header->survivors; i++)
            free_object(m, f->table[header->survivors_first + i]);
    }
    pages_unmap(f->table, table_bytes(f->schedule));
    free(f);
}

/* ---- Deaths ---- */

/* The next run of deaths; after the last one, none will come. */
__attribute__((noinline)) static void next_deaths(mm *m)
{
    follower *f = m->follower;
    const schedule_deaths *next = f->deaths;

    m->until_death = 0;
    if (next == f->deaths_end)
        return;
    f->deaths++;
    m->until_death = m->dead_after = next->after;
    m->dead = f->table + next->first;
    m->dead_last = m->dead + (ptrdiff_t)(next->repeat - 1) * next->stride;
    m->dead_stride = next->stride;
    m->dead_count = next->count;
    m->dead_quickly = FREES_QUICKLY(m) && next->count <= DEATHS_UNTIMED ? next->count : 0;
}

/* Through the door of the allocator front, or so many that it is a pause. */
__attribute__((noinline)) static void free_slowly(mm *m, mm_object **dead, uint32_t count)
{
    uint64_t started_ns = count > DEATHS_UNTIMED ? clock_now_ns() : 0;

    for (uint32_t i = 0; i < count; i++)
        free_object(m, dead[i]);
    if (started_ns != 0)
        log_cascade(&m->base, started_ns, count);
}

/* All of them but `last`, and then that. */
__attribute__((noinline)) static void free_group(mm_object **dead, uint32_t count, mm_object *last)
{
    while (--count != 0) {
        mm_object *other = *dead++;
        if (MM_UNLIKELY(other == last))
            other = *dead++;
        free(other);
    }
    free(last);
}

/* Whatever dies, the object whose reference was given up is among it, and its address is at hand: it
 * need not come from the table, which would be slower by the time a store takes to be read again. */
void explicit_free_due(mm *m, mm_object *object)
{
    mm_object **dead = m->dead;
    uint32_t count = m->dead_count, quickly = m->dead_quickly;

    m->until_death = m->dead_after;
    m->dead = dead + m->dead_stride;
    if (MM_UNLIKELY(dead == m->dead_last))
        next_deaths(m);
    if (MM_LIKELY(quickly - 1 < 2)) {
        if (quickly == 2)
            free(dead[dead[0] == object]);
        free(object);
    } else if (quickly != 0) {
        free_group(dead, quickly, object);
    } else {
        free_slowly(m, dead, count);
    }
}

/* ---- Births ---- */

void explicit_next_places(mm *m)
{
    follower *f = m->follower;

    m->place = &m->spare;
    m->places_end = &m->spare + 1;
    if (f == NULL)
        return;
    if (f->births == f->births_end) {
        explicit_stop(m);
        return;
    }
    m->place = f->table + f->births->first;
    m->places_end = m->place + f->births->length;
    f->births++;
}

void explicit_stop(mm *m)
{
    m->until_death = 0;
    if (m->follower != NULL)
        m->follower->left = true;
}

/* ---- Beginning and ending ---- */

static bool is_new(const mm *m)
{
#if MM_COUNTED
    if (m->recorder != NULL || m->base.heap->base.front.blocks_allocated != 0)
        return false;
#endif
    return m->follower == NULL && m->place == NULL;
}

mm_status mm_schedule_follow(mm *m, const mm_schedule *schedule)
{
    const schedule_header *header = schedule->header;
    follower *f;

    if (!is_new(m))
        return MM_INVALID;
    f = calloc(1, sizeof *f);
    if (f == NULL)
        return MM_NO_MEMORY;
    *f = (follower){.schedule = schedule,
                    .table = pages_map(table_bytes(schedule)),
                    .births = schedule->births,
                    .births_end = schedule->births + header->birth_count,
                    .deaths = schedule->deaths,
                    .deaths_end = schedule->deaths + header->death_count};
    if (f->table == NULL) {
        free(f);
        return MM_NO_MEMORY;
    }
    m->follower = m->base.heap->follower = f;
    next_deaths(m);
    return MM_OK;
}

bool mm_schedule_end_following(mm *m)
{
    follower *f = m->follower;
    const schedule_header *header;

    if (f == NULL)
        return false;
    header = f->schedule->header;
    f->followed = !f->left && m->place == m->places_end && f->births == f->births_end &&
                  f->deaths == f->deaths_end &&
                  0 - m->until_death == header->references_after_last_death;
#if MM_COUNTED
    f->followed = f->followed && m->base.digest == header->digest;
#endif
    m->until_death = 0;
    m->follower = NULL;
    return f->followed;
}
