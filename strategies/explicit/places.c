/* From the lifetimes of all objects to a schedule: what dies together gets places side by side.
 *
 *   group    the objects that die at the same moment, by sorting; those that live on are the last
 *   place    in the order of time: a group takes a range of places when the first of its objects is
 *            made, its objects fill that in the order they are made, and its death gives it back
 *   write    births and deaths as they come, joined into runs
 *
 * Ranges are of a class of sizes and are used again by the same class alone, the longest unused one
 * first, and only when PLACES_WAITING places are waiting: so groups that come and go one by one walk
 * through the table, and births and deaths join into long runs. The price is a table that is larger
 * by that much for each class in use, and by an eighth for large groups.
 *
 * Cost: sorting is linear in the objects; 12 bytes for each, 24 for each moment of death, and twice the
 * schedule. */
#include "mm.h"

#if MM_COUNTED /* empty where nothing is recorded */

    #include "explicit/recorder.h"

    #include <string.h>

enum {
    EXACT_CLASSES = 16,
    STEPS_LOG2 = 3,
    CLASSES = 256,
    PLACES_WAITING = 512,
    CAPACITY_FIRST = 64
};

static const uint64_t NO_PLACE = UINT64_MAX;

typedef struct group {
    uint64_t first; /* its places; NO_PLACE: none yet */
    uint32_t death, count, filled;
} group;

/* Ranges of one class that are not in use, in the order they were given back. */
typedef struct waiting {
    uint32_t *ranges;
    size_t first, count, capacity;
} waiting;

/* A list of items that is written from its beginning. */
typedef struct list {
    void *items;
    size_t count, capacity;
} list;

typedef struct planner {
    const lifetimes *all;
    group *groups;
    size_t group_count, dead_count; /* those before are dead */
    uint32_t *group_of;             /* by object */
    waiting classes[CLASSES];
    uint64_t places;
    uint32_t last_death;
    list births, deaths;
} planner;

void *recorder_grow(void *items, size_t count, size_t *capacity, size_t size)
{
    size_t wanted = *capacity != 0 ? 2 * *capacity : CAPACITY_FIRST;

    if (count < *capacity)
        return items;
    items = realloc(items, wanted * size);
    if (items != NULL)
        *capacity = wanted;
    return items;
}

/* A new item at the end of a list of such of `size` bytes, or NULL: there is no memory. */
static void *add_item(list *to, size_t size)
{
    void *items = recorder_grow(to->items, to->count, &to->capacity, size);

    if (items == NULL)
        return NULL;
    to->items = items;
    return (char *)items + to->count++ * size;
}

/* ---- Groups ---- */

/* One pass of a radix sort: by the 16 bits of the death from `shift` on. */
static void sort_pass(const lifetime *items, const uint32_t *from, uint32_t *to, size_t count,
                      unsigned shift)
{
    static size_t starts[1 << 16];
    size_t sum = 0;

    memset(starts, 0, sizeof starts);
    for (size_t i = 0; i < count; i++)
        starts[items[i].death >> shift & 0xffff]++;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t here = starts[i];
        starts[i] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t number = from != NULL ? from[i] : (uint32_t)i;
        to[starts[items[number].death >> shift & 0xffff]++] = number;
    }
}

static bool make_groups(planner *p, const uint32_t *sorted)
{
    const lifetime *items = p->all->items;
    size_t count = p->all->count, groups = 0;

    for (size_t i = 0; i < count; i++)
        groups += i == 0 || items[sorted[i]].death != items[sorted[i - 1]].death;
    p->groups = malloc((groups + 1) * sizeof *p->groups);
    if (p->groups == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t death = items[sorted[i]].death;
        if (i == 0 || death != items[sorted[i - 1]].death)
            p->groups[p->group_count++] = (group){.first = NO_PLACE, .death = death};
        p->groups[p->group_count - 1].count++;
        p->group_of[sorted[i]] = (uint32_t)p->group_count - 1;
    }
    return true;
}

static bool find_groups(planner *p)
{
    size_t count = p->all->count;
    uint32_t *once = malloc((count + 1) * sizeof *once),
             *twice = malloc((count + 1) * sizeof *twice);
    bool made;

    p->group_of = malloc((count + 1) * sizeof *p->group_of);
    made = once != NULL && twice != NULL && p->group_of != NULL;
    if (made) {
        sort_pass(p->all->items, NULL, once, count, 0);
        sort_pass(p->all->items, once, twice, count, 16);
        made = make_groups(p, twice);
    }
    free(once);
    free(twice);
    return made;
}

/* ---- Places ---- */

/* The class of a size, and the size of its ranges: up to EXACT_CLASSES each size is one, then there
 * are eight to each doubling. */
static uint32_t class_of(uint64_t count, uint64_t *range)
{
    unsigned shift;

    *range = count;
    if (count <= EXACT_CLASSES)
        return (uint32_t)count - 1;
    shift = 63 - (unsigned)__builtin_clzll(count) - STEPS_LOG2;
    *range = (count + (UINT64_C(1) << shift) - 1) >> shift << shift;
    shift = 63 - (unsigned)__builtin_clzll(*range) - STEPS_LOG2;
    return (shift << STEPS_LOG2) + (uint32_t)(*range >> shift) - 1;
}

static uint64_t take_range(planner *p, uint64_t count)
{
    uint64_t range, first = p->places;
    waiting *w = p->classes + class_of(count, &range);

    if ((w->count - w->first) * range >= PLACES_WAITING)
        return w->ranges[w->first++];
    p->places += range;
    return first;
}

static bool give_range_back(planner *p, const group *g)
{
    uint64_t range;
    waiting *w = p->classes + class_of(g->count, &range);
    uint32_t *ranges;

    if (w->first > 64 && w->first > w->count / 2) {
        w->count -= w->first;
        memmove(w->ranges, w->ranges + w->first, w->count * sizeof *w->ranges);
        w->first = 0;
    }
    ranges = recorder_grow(w->ranges, w->count, &w->capacity, sizeof *ranges);
    if (ranges == NULL)
        return false;
    w->ranges = ranges;
    ranges[w->count++] = (uint32_t)g->first;
    return true;
}

/* ---- Runs ---- */

static bool write_birth(planner *p, uint32_t place)
{
    schedule_births *run = p->births.items;

    if (p->births.count != 0) {
        run += p->births.count - 1;
        if (place == run->first + run->length && run->length != UINT32_MAX) {
            run->length++;
            return true;
        }
    }
    run = add_item(&p->births, sizeof *run);
    if (run == NULL)
        return false;
    *run = (schedule_births){place, 1};
    return true;
}

/* Whether `next` goes on with the run, and is part of it now. */
static bool continue_deaths(schedule_deaths *run, const schedule_deaths *next)
{
    int64_t last = (int64_t)run->first + (int64_t)(run->repeat - 1) * run->stride;
    int64_t stride = next->first - last;

    if (run->after != next->after || run->count != next->count || run->repeat == UINT32_MAX ||
        stride == 0 || stride != (int32_t)stride || (run->repeat > 1 && stride != run->stride))
        return false;
    run->stride = (int32_t)stride;
    run->repeat++;
    return true;
}

static bool write_death(planner *p, const group *g)
{
    schedule_deaths next = {.after = g->death - p->last_death,
                            .count = g->count,
                            .first = (uint32_t)g->first,
                            .repeat = 1};
    schedule_deaths *run = p->deaths.items;

    p->last_death = g->death;
    if (p->deaths.count != 0 && continue_deaths(run + p->deaths.count - 1, &next))
        return true;
    run = add_item(&p->deaths, sizeof *run);
    if (run == NULL)
        return false;
    *run = next;
    return true;
}

/* All groups that are dead by then. */
static bool bury(planner *p, uint32_t time)
{
    for (; p->dead_count < p->group_count; p->dead_count++) {
        const group *g = p->groups + p->dead_count;
        if (g->death > time || g->death == LIVES_ON)
            return true;
        if (!write_death(p, g) || !give_range_back(p, g))
            return false;
    }
    return true;
}

static bool plan(planner *p)
{
    for (size_t i = 0; i < p->all->count; i++) {
        group *g = p->groups + p->group_of[i];
        if (!bury(p, p->all->items[i].birth))
            return false;
        if (g->first == NO_PLACE)
            g->first = take_range(p, g->count);
        if (p->places > UINT32_MAX || !write_birth(p, (uint32_t)g->first + g->filled++))
            return false;
    }
    return bury(p, LIVES_ON);
}

/* ---- The schedule ---- */

static mm_status write_schedule(const planner *p, uint64_t given_up, size_t points,
                                mm_schedule **out)
{
    mm_schedule *s = schedule_new(points, p->births.count, p->deaths.count);

    if (s == NULL)
        return MM_NO_MEMORY;
    if (p->births.count != 0)
        memcpy(s->births, p->births.items, p->births.count * sizeof *s->births);
    if (p->deaths.count != 0)
        memcpy(s->deaths, p->deaths.items, p->deaths.count * sizeof *s->deaths);
    s->header->objects = p->all->count;
    s->header->references_given_up = given_up;
    s->header->references_after_last_death = given_up - p->last_death;
    s->header->places = p->places;
    if (p->group_count != 0 && p->groups[p->group_count - 1].death == LIVES_ON) {
        const group *last = p->groups + p->group_count - 1;
        s->header->survivors_first = last->first;
        s->header->survivors = last->count;
    }
    *out = s;
    return MM_OK;
}

mm_status schedule_of_lifetimes(const lifetimes *all, uint64_t given_up, size_t points,
                                mm_schedule **out)
{
    planner p = {.all = all};
    mm_status status = MM_NO_MEMORY;

    if (find_groups(&p) && plan(&p))
        status = write_schedule(&p, given_up, points, out);
    for (size_t i = 0; i < CLASSES; i++)
        free(p.classes[i].ranges);
    free(p.groups);
    free(p.group_of);
    free(p.births.items);
    free(p.deaths.items);
    return status;
}

#endif
