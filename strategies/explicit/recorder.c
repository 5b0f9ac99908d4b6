/* The recorder: finds out when every object becomes unreachable.
 *
 * Each object is stamped with the time when it last lost a reference. An object is reachable until
 * the last of the objects that reach it (itself included) lost its last reference. So whenever some
 * objects are found to be unreachable, however late,
 *
 *   death of an object = the latest stamp among those unreachable objects that reach it
 *
 * Objects found at the same time are all that matter: what reaches an unreachable object is
 * unreachable too. In the order of falling stamps, each object gives its stamp to all that it reaches
 * and that have none given yet: every object is visited once.
 *
 * Unreachable objects are found by tracing from the variables whenever twice as many objects are held
 * as were live after the last time, and at the end. They are freed at once, so recording takes about
 * twice the memory of the program, and the times of 8 bytes an object.
 *
 * No counts are kept: for an object that dies by its count the time is the same by either way.
 *
 * Source: Hertz, Blackburn, Moss, McKinley and Stefanović, "Error-free garbage collection traces: how
 * to cheat and not get caught", SIGMETRICS 2002 (Merlin). There stamps of objects that stacks refer
 * to come from scanning the stacks at every allocation; here giving up a variable is an operation as
 * any other, and so the times are exact to the reference. */
#include "mm.h"

#if MM_COUNTED /* empty where nothing is recorded */

    #include "explicit/recorder.h"

    #include <string.h>

enum { COLLECT_FIRST = 1 << 16, POINTS_MAX = 2048 };

/* An object that is held. Its header has the index. */
typedef struct tracked {
    mm_object *object;
    uint64_t number; /* of all objects */
    uint32_t lost;   /* the stamp */
    uint32_t death;  /* of an unreachable one */
    uint32_t next;   /* to be looked at, after this one */
    bool reached;
} tracked;

typedef struct amount {
    uint64_t objects, bytes;
} amount;

/* One in the making: `dead` is what dies after the moment of the point before it and not after its
 * own. */
typedef struct point {
    mm_live_point live;
    uint32_t time;
    amount dead;
} point;

struct death_recorder {
    uint32_t time; /* references given up so far */
    tracked *held;
    size_t held_count, held_capacity, collect_at;
    lifetimes all;
    point points[POINTS_MAX];
    size_t point_count;
    amount dead_since;     /* after the moment of the last point */
    uint64_t points_every; /* objects */
    bool no_schedule;      /* the program cannot have one */
    bool no_memory;
};

    #define NONE UINT32_MAX

/* ---- Points of live bytes ---- */

static void add_amount(amount *to, uint64_t objects, uint64_t bytes)
{
    to->objects += objects;
    to->bytes += bytes;
}

/* Every second point goes, and what died before it counts for the next. */
static void thin_out(death_recorder *r)
{
    size_t kept = 0;

    for (size_t i = 1; i < r->point_count; i += 2) {
        point *p = r->points + i;
        add_amount(&p->dead, p[-1].dead.objects, p[-1].dead.bytes);
        r->points[kept++] = *p;
    }
    r->point_count = kept;
    r->points_every *= 2;
}

static void add_point(mm *m)
{
    death_recorder *r = m->recorder;
    const front *f = &m->base.heap->base.front;

    if (r->point_count == POINTS_MAX)
        thin_out(r);
    r->points[r->point_count++] = (point){.live = {.requests = m->base.requests,
                                                   .objects_allocated = r->all.count,
                                                   .bytes_allocated = f->bytes_requested},
                                          .time = r->time,
                                          .dead = r->dead_since};
    r->dead_since = (amount){0};
}

/* The first point that is not before `time`; NULL: all are. */
static point *find_point(death_recorder *r, uint32_t time)
{
    size_t low = 0, high = r->point_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (r->points[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->point_count ? r->points + low : NULL;
}

static void note_death(death_recorder *r, const tracked *dead)
{
    point *p = find_point(r, dead->death);

    r->all.items[dead->number].death = dead->death;
    add_amount(p != NULL ? &p->dead : &r->dead_since, 1, object_requested_bytes(dead->object));
}

/* ---- Tracing ---- */

/* A list through the tracked objects. */
typedef struct tracing {
    death_recorder *recorder;
    uint32_t first;
    uint32_t death; /* what those that are reached get; 0: they are alive */
} tracing;

static void reach(tracing *t, mm_object *object)
{
    tracked *of = t->recorder->held + object->tracked;

    if (of->reached)
        return;
    of->reached = true;
    of->death = t->death;
    of->next = t->first;
    t->first = object->tracked;
}

static void reach_all(tracing *t)
{
    while (t->first != NONE) {
        const tracked *of = t->recorder->held + t->first;
        t->first = of->next;
        for (uint32_t i = 0; i < of->object->slot_count; i++) {
            if (of->object->slots[i] != NULL)
                reach(t, of->object->slots[i]);
        }
    }
}

static void reach_root(mm_object **place, void *context)
{
    reach(context, *place);
}

static void find_reachable(mm *m)
{
    death_recorder *r = m->recorder;
    tracing t = {.recorder = r, .first = NONE};

    for (size_t i = 0; i < r->held_count; i++)
        r->held[i].reached = false;
    variables_each_owner(m->base.heap, reach_root, &t);
    reach_all(&t);
}

typedef struct stamp {
    uint32_t lost, index;
} stamp;

static int latest_first(const void *a, const void *b)
{
    const stamp *x = a, *y = b;

    return (x->lost < y->lost) - (x->lost > y->lost);
}

/* Finds the death of every object that is not reached. False when there is no memory. */
static bool find_deaths(death_recorder *r)
{
    tracing t = {.recorder = r, .first = NONE};
    size_t count = 0;
    stamp *stamps;

    for (size_t i = 0; i < r->held_count; i++)
        count += !r->held[i].reached;
    stamps = malloc((count + 1) * sizeof *stamps);
    if (stamps == NULL)
        return false;
    count = 0;
    for (size_t i = 0; i < r->held_count; i++) {
        if (!r->held[i].reached)
            stamps[count++] = (stamp){r->held[i].lost, (uint32_t)i};
    }
    qsort(stamps, count, sizeof *stamps, latest_first);
    for (size_t i = 0; i < count; i++) {
        t.death = stamps[i].lost;
        reach(&t, r->held[stamps[i].index].object);
        reach_all(&t);
    }
    free(stamps);
    return true;
}

/* Frees what has a death, and moves the rest together. */
static void free_dead(mm *m)
{
    death_recorder *r = m->recorder;
    size_t kept = 0;

    for (size_t i = 0; i < r->held_count; i++) {
        tracked *of = r->held + i;
        if (of->death != 0) {
            note_death(r, of);
            object_free(m, of->object, of->object, sizeof *of->object);
            continue;
        }
        of->object->tracked = (uint32_t)kept;
        r->held[kept++] = *of;
    }
    r->held_count = kept;
}

static void collect(mm *m)
{
    death_recorder *r = m->recorder;

    find_reachable(m);
    if (!find_deaths(r)) {
        r->no_memory = true;
        return;
    }
    free_dead(m);
    r->collect_at = 2 * r->held_count > COLLECT_FIRST ? 2 * r->held_count : COLLECT_FIRST;
}

/* ---- What the mutator tells ---- */

void recorder_lose(mm *m, mm_object *object)
{
    death_recorder *r = m->recorder;

    if (r->no_schedule || r->no_memory)
        return;
    if (++r->time == LIVES_ON)
        r->no_schedule = true;
    else
        r->held[object->tracked].lost = r->time;
}

/* For one more object. */
static bool make_room(death_recorder *r)
{
    tracked *held = recorder_grow(r->held, r->held_count, &r->held_capacity, sizeof *held);
    lifetime *items;

    if (held == NULL)
        return false;
    r->held = held;
    items = recorder_grow(r->all.items, r->all.count, &r->all.capacity, sizeof *items);
    if (items == NULL)
        return false;
    r->all.items = items;
    return true;
}

void recorder_add(mm *m, mm_object *object)
{
    death_recorder *r = m->recorder;

    r->no_schedule = r->no_schedule || (object->type & MM_TYPE_SPECIAL) != 0;
    if (r->no_schedule || r->no_memory)
        return;
    if (r->held_count >= r->collect_at)
        collect(m);
    if (!make_room(r)) {
        r->no_memory = true;
        return;
    }
    object->tracked = (uint32_t)r->held_count;
    r->held[r->held_count++] = (tracked){.object = object, .number = r->all.count, .lost = r->time};
    r->all.items[r->all.count++] = (lifetime){r->time, LIVES_ON};
    if (r->all.count % r->points_every == 0)
        add_point(m);
}

/* ---- Beginning and ending ---- */

mm_status mm_schedule_record(mm *m)
{
    if (m->recorder != NULL || m->follower != NULL ||
        m->base.heap->base.front.blocks_allocated != 0)
        return MM_INVALID;
    m->recorder = calloc(1, sizeof *m->recorder);
    if (m->recorder == NULL)
        return MM_NO_MEMORY;
    m->recorder->collect_at = COLLECT_FIRST;
    m->recorder->points_every = 1;
    return MM_OK;
}

static void write_points(const death_recorder *r, mm_live_point *out)
{
    amount dead = {0};

    for (size_t i = 0; i < r->point_count; i++) {
        const point *p = r->points + i;
        add_amount(&dead, p->dead.objects, p->dead.bytes);
        out[i] = p->live;
        out[i].objects_live = p->live.objects_allocated - dead.objects;
        out[i].bytes_live = p->live.bytes_allocated - dead.bytes;
    }
}

static mm_status make_schedule(mm *m, mm_schedule **out)
{
    const death_recorder *r = m->recorder;
    mm_status status;

    if (r->no_schedule)
        return MM_UNSUPPORTED;
    if (r->no_memory)
        return MM_NO_MEMORY;
    status = schedule_of_lifetimes(&r->all, r->time, r->point_count, out);
    if (status != MM_OK)
        return status;
    (*out)->header->digest = m->base.digest;
    write_points(r, (*out)->points);
    return MM_OK;
}

mm_status mm_schedule_end_recording(mm *m, mm_schedule **out)
{
    death_recorder *r = m->recorder;
    mm_status status;

    if (!r->no_schedule && !r->no_memory) {
        add_point(m);
        collect(m);
    }
    status = make_schedule(m, out);
    m->recorder = NULL;
    free(r->held);
    free(r->all.items);
    free(r);
    return status;
}

#endif
