#include "rites.h"
#include "ages.h"

#include <string.h>

/* Slots looked at when a finaliser is entered: far around the first few of an operation, and then nearby. Each object of a garbage
 * structure is entered once, so that all of it is looked at all the same. */
enum { FAR_WALKS = 4, FAR_WALK_MAX = 24, NEAR_WALK_MAX = 4 };

/* ---- What was unreachable ---- */

void rites_note_unreachable(oracle *o, const model_set *reachable)
{
    if (!o->unreachable_noted)
        model_clear_set(o->model, &o->unreachable);
    model_add_others(o->model, &o->unreachable, reachable);
    o->unreachable_noted = true;
}

void rites_note_unreachable_now(oracle *o)
{
    model_set reachable;

    model_reachable(o->model, NULL, &reachable);
    rites_note_unreachable(o, &reachable);
}

void rites_note_entered(oracle *o)
{
    if (o->clearing_garbage && mm_garbage_count(o->heap) < o->model->saved_count)
        o->model->saved_count = (uint32_t)mm_garbage_count(o->heap);
    rites_note_unreachable_now(o);
    o->waited |=
        ++o->entered + 1 >= o->nesting_max || oracle_puts_off(o); /* what dies in there may wait */
}

/* ---- Weak references ---- */

static bool is_weak(const model *k, uint32_t id)
{
    return k->objects[id].referent != 0;
}

/* Those that may be there. */
static void weak_alive(const oracle *o, model_set *out)
{
    model_copy_set(o->model, out, &o->alive);
    model_take_others(o->model, out, &o->weak_references);
}

/* Whether there is a reason why the weak reference reads null for the first time. */
static bool may_read_null(const oracle *o, const model_object *reference)
{
    model_set kept;

    if (reference->maybe_cleared)
        return true;
    oracle_kept_uncollected(o, &kept);
    if (!model_has(&kept, reference->referent))
        return true;
    if (!o->collected)
        return false;
    model_reachable(o->model, NULL, &kept);
    return !model_has(&kept, reference->referent);
}

uint32_t rites_weak_loaded(oracle *o, uint32_t id, const mm_var *result)
{
    model_object *reference = o->model->objects + id;
    uint32_t found = mm_is_null(result) ? 0 : oracle_id(o, result);

    if (found != 0) {
        ORACLE_EXPECT(o, found == reference->referent, "weak",
                      "weak reference %u leads to object %u, not %u", id, found,
                      reference->referent);
        ORACLE_EXPECT(o, !reference->cleared, "weak-uncleared",
                      "weak reference %u leads to object %u although it was cleared", id, found);
        return found;
    }
    ORACLE_EXPECT(o, reference->cleared || may_read_null(o, reference), "weak-lost",
                  "weak reference %u reads null, object %u lives", id, reference->referent);
    if (oracle_puts_off(o))
        reference->maybe_cleared = true;
    else
        reference->cleared = true;
    return 0;
}

static void expect_weak_read(oracle *o, uint32_t id, mm_var *reference)
{
    MM_VAR(o->m, referent);

    mm_weak_load(o->m, referent, reference);
    rites_weak_loaded(o, id, referent);
}

/* Every weak reference that a variable names reads what it should. */
static void expect_weak_reads(oracle *o)
{
    if (model_next(o->model, &o->weak_references, 1) == 0)
        return;
    for (uint32_t i = 0; i < o->model->owner_count; i++) {
        if (o->variables[i] != NULL && is_weak(o->model, o->model->owners[i]))
            expect_weak_read(o, o->model->owners[i], o->variables[i]);
    }
}

/* All weak references to the object that were made by then have been cleared. */
static void note_cleared(oracle *o, uint32_t referent, uint32_t made_before)
{
    model_set weak;

    weak_alive(o, &weak);
    MODEL_EACH (o->model, &weak, id) {
        if (id <= made_before && o->model->objects[id].referent == referent)
            o->model->objects[id].cleared = true;
    }
}

/* ---- Finalisers ---- */

/* How the object whose finaliser runs came to die. A collector finds an object that others of the
 * garbage refer to, and counting one that nothing does: nothing but `self` and whoever calls. */
static bool dies_by_count(const oracle *o, const mm_var *self)
{
    uint64_t count = 0;

    return strategy_traits.counts && mm_refcount(o->m, self, &count) == MM_OK &&
           (!o->collecting || count == 2);
}

static mm_death_order order_of_death(const oracle *o, const mm_var *self)
{
    return dies_by_count(o, self) ? strategy_traits.death_by_count
                                  : strategy_traits.death_by_collector;
}

/* Each slot of `v`, and of what that refers to, is as it was: nothing is cleared before its time. */
static void expect_whole(oracle *o, mm_var *v, uint32_t id, uint32_t *budget)
{
    uint32_t count = o->model->objects[id].slot_count;

    oracle_expect_variable(o, v, id);
    for (uint32_t i = 0; i < count && *budget != 0; i++) {
        uint32_t expected = *model_slot(o->model, id, i);
        MM_VAR(o->m, child);
        --*budget;
        mm_load(o->m, child, v, i);
        ORACLE_EXPECT(o, oracle_id(o, child) == expected, "whole",
                      "slot %u of object %u holds object %u when a finaliser runs, not %u", i, id,
                      oracle_id(o, child), expected);
        if (expected != 0)
            expect_whole(o, child, expected, budget);
    }
}

static void expect_may_die(const oracle *o, uint32_t id, const char *what)
{
    ORACLE_EXPECT(o, id != 0 && id <= o->model->object_count, "unknown",
                  "%s was called for an object that the program has not seen", what);
    ORACLE_EXPECT(o, !o->closed || strategy_traits.finalises_at_teardown, "teardown",
                  "%s was called for object %u while the heap was freed", what, id);
    ORACLE_EXPECT(o, model_has(&o->unreachable, id), "still-reachable",
                  "%s was called for object %u, which was reachable all the time", what, id);
}

static void expect_in_order(oracle *o, uint32_t id)
{
    if (!strategy_traits.finalises_in_order || !o->collecting || o->waited)
        return;
    ORACLE_EXPECT(o, id > o->collection.last_finalised, "order",
                  "object %u is finalised after object %u, which is younger", id,
                  o->collection.last_finalised);
    o->collection.last_finalised = id;
}

typedef struct whereabouts {
    uint64_t serial;
    uint32_t generation;
} whereabouts;

static void note_generation(uint64_t serial, mm_type type, uint32_t slot_count, uint32_t generation,
                            void *context)
{
    whereabouts *of = context;

    (void)type, (void)slot_count;
    if (serial == of->serial)
        of->generation = generation;
}

/* What dies begins again, like new, and may then wait for its finaliser; so may what a collection has
 * found, which stays where it is. Either may be frozen meanwhile, which the heap alone knows. */
static bool is_frozen_still(const oracle *o, const mm_var *self)
{
    whereabouts of = {mm_serial(self), MM_NO_GENERATION};

    if (o->waited)
        mm_each_object(o->heap, note_generation, &of);
    return of.generation == strategy_traits.generations;
}

void rites_finaliser_entered(oracle *o, mm_var *self)
{
    uint32_t id = oracle_id(o, self);
    uint32_t budget = o->entered <= FAR_WALKS ? FAR_WALK_MAX : NEAR_WALK_MAX;
    model_object *object = o->model->objects + id;

    if (strategy_traits.no_callbacks)
        rites_collection_untold(o);
    expect_may_die(o, id, "the finaliser");
    ORACLE_EXPECT(o, shape_is_mortal(object->shape), "finaliser", "object %u has none", id);
    ORACLE_EXPECT(o, !object->finalised, "finalised-twice", "object %u", id);
    ORACLE_EXPECT(o, !object->immortal || o->collecting || o->waited, "immortal",
                  "object %u is finalised", id);
    object->finalised = true;
    object->frozen = object->frozen && is_frozen_still(o, self);
    if (dies_by_count(o, self)) {
        ages_born_again(o, id);
        model_put(&o->collection.kept, id); /* a collection has it among its garbage no more */
    }
    expect_in_order(o, id);
    ORACLE_EXPECT(o, mm_is_finalized(o->m, self), "finalised", "object %u is, and denies it", id);
    if (order_of_death(o, self) == MM_WEAK_FIRST && !o->waited)
        note_cleared(o, id, o->collection.made_before);
    expect_whole(o, self, id, &budget);
    expect_weak_reads(o);
}

/* ---- Callbacks ---- */

/* Newest first: whatever was made after this one, to the same object, has been called. */
static void expect_newest_first(const oracle *o, uint32_t reference)
{
    const model *k = o->model;
    model_set kept;

    oracle_kept_uncollected(o, &kept);
    for (uint32_t id = reference + 1; id <= k->object_count; id++) {
        const model_object *newer = k->objects + id;
        if (newer->referent != k->objects[reference].referent || !newer->has_callback)
            continue;
        ORACLE_EXPECT(
            o, newer->called || newer->maybe_forgotten || !model_has(&kept, id), "newest-first",
            "the callback of weak reference %u is called before that of %u", reference, id);
    }
}

static void expect_callback(const oracle *o, uint32_t id)
{
    const model_object *reference = o->model->objects + id;

    ORACLE_EXPECT(o, is_weak(o->model, id) && model_has(&o->alive, id), "callback",
                  "object %u is no weak reference that lives", id);
    ORACLE_EXPECT(o, reference->has_callback && !reference->called, "called-twice",
                  "weak reference %u has %s callback", id,
                  reference->has_callback ? "called its" : "no");
    ORACLE_EXPECT(o, !reference->forgotten, "forgotten",
                  "weak reference %u was garbage itself, and calls", id);
    expect_may_die(o, reference->referent, "a callback");
    if (!o->waited)
        expect_newest_first(o, id);
}

void rites_callback_entered(oracle *o, mm_var *reference, mm_var *context)
{
    uint32_t id = oracle_id(o, reference);
    model_object *object = o->model->objects + id;
    MM_VAR(o->m, referent);

    expect_callback(o, id);
    object->called = true;
    o->collection.called++;
    mm_weak_load(o->m, referent, reference);
    ORACLE_EXPECT(o, mm_is_null(referent), "callback-early",
                  "weak reference %u still leads to object %u when it calls", id, object->referent);
    if (o->waited)
        object->cleared = true;
    else
        note_cleared(o, object->referent, o->model->object_count);
    ORACLE_EXPECT(o, oracle_id(o, context) == *model_slot(o->model, id, 0), "context",
                  "weak reference %u calls with object %u, its context is object %u", id,
                  oracle_id(o, context), *model_slot(o->model, id, 0));
    expect_weak_reads(o);
}

/* ---- Collections ---- */

void rites_collection_starts(oracle *o, const mm_gc_info *info)
{
    ORACLE_EXPECT(o, !o->collecting, "collecting", "a collection begins inside another");
    ORACLE_EXPECT(o, o->may_collect || mm_is_enabled(o->m) || oracle_attempt_failed(o), "disabled",
                  "a collection runs although automatic collection is off");
    ORACLE_EXPECT(o,
                  info->generation < strategy_traits.generations && info->collected == 0 &&
                      info->uncollectable == 0,
                  "told", "generation %u, %lu collected before it starts", info->generation,
                  (unsigned long)info->collected);
    o->collecting = o->collected = true;
    o->collections++;
    o->collection.generation = info->generation;
    o->collection.attempts = mm_allocation_attempts(o->heap);
    ages_collection_starts(o, info->generation);
}

/* What the collection leaves alone. */
static bool is_older(const oracle *o, uint32_t id)
{
    const model_object *object = o->model->objects + id;
    uint32_t generation = o->collection.generation;

    if (object->frozen || generation + 1 == strategy_traits.generations)
        return object->frozen;
    if (strategy_traits.promotes)
        return object->generation > generation;
    return id <= o->young || object->old;
}

/* What owners reach, variables that are being written, and what `also` holds of what is alive. */
static void note_reached(const oracle *o, model_set *also, model_set *out)
{
    model_take_all(o->model, also, &o->taken);
    for (uint32_t i = 0; i < o->hidden_count; i++)
        model_put(also, o->hidden[i]);
    model_reachable(o->model, also, out);
}

static void leave_out_dead(const oracle *o, model_set *set)
{
    model_set alive;

    oracle_kept_uncollected(o, &alive);
    model_take_others(o->model, set, &alive);
}

static uint64_t objects_freed(const oracle *o)
{
    mm_stats stats;

    mm_get_stats(o->heap, &stats);
    return stats.objects_allocated - stats.objects_live;
}

/* As long as it has anything to take. */
static void note_bound(oracle *o)
{
    o->collection.bound = model_first_outside(o->model, &o->alive, &o->collection.held) != 0;
}

/* What the collection must not take. */
static void note_kept(oracle *o)
{
    model_set also;

    model_clear_set(o->model, &also);
    MODEL_EACH (o->model, &o->alive, id) {
        if (is_older(o, id))
            model_put(&also, id);
    }
    leave_out_dead(o, &also);
    note_reached(o, &also, &o->collection.kept);
    o->collection.freed = objects_freed(o);
    model_copy_set(o->model, &o->collection.held, &o->collection.kept);
    note_bound(o);
}

void rites_collection_resumes(oracle *o)
{
    running_collection *c = &o->collection;
    model_set also, reached;

    if (!o->collecting || !c->bound)
        return;
    also = c->kept;
    for (uint32_t id = c->made_before + 1; id <= o->model->object_count; id++) {
        model_put(&also, id);
        model_put(&c->held, id);
    }
    if (strategy_traits.live_unknown || objects_freed(o) != c->freed) /* else all still live */
        leave_out_dead(o, &also);
    note_reached(o, &also, &reached);
    model_add_all(o->model, &c->held, &reached);
    note_bound(o);
}

/* What it was bound to take, it has. */
static void note_taken(oracle *o)
{
    running_collection *c = &o->collection;

    if (!c->bound || o->waited)
        return;
    if (o->model->saved_count != 0) /* they are held from now on */
        rites_collection_resumes(o);
    for (uint32_t id = c->made_before + 1; id <= o->model->object_count; id++)
        model_put(&c->held, id);
    model_add_others(o->model, &o->taken, &c->held);
}

/* The object is certain to be found unreachable, if it is alive. */
static bool is_found(const oracle *o, uint32_t id)
{
    return o->collection.exact && !model_has(&o->collection.kept, id) &&
           (!strategy_traits.counts || shape_table[o->model->objects[id].shape].container);
}

static void note_weak_reference(oracle *o, uint32_t id)
{
    model_object *reference = o->model->objects + id;

    if (model_has(&o->unreachable, id))
        reference->maybe_cleared = reference->maybe_forgotten = true;
    if (model_has(&o->unreachable, reference->referent))
        reference->maybe_cleared = true;
    if (is_found(o, id))
        reference->cleared = reference->forgotten = true;
    if (is_found(o, reference->referent))
        reference->cleared = true;
}

static void note_weak_references(oracle *o)
{
    model_set weak;

    weak_alive(o, &weak);
    MODEL_EACH (o->model, &weak, id)
        note_weak_reference(o, id);
}

void rites_collection_started(oracle *o)
{
    running_collection *c = &o->collection;

    o->young = o->made_since;
    o->made_since = o->model->object_count;
    if (o->careful)
        rites_note_unreachable_now(o);
    c->exact = o->frames == 0 && strategy_traits.reclaims_cycles;
    c->bound = false;
    if (c->exact)
        note_kept(o);
    c->made_before = o->model->object_count;
    c->last_finalised = 0;
    ages_collection_started(o, c->generation);
    note_weak_references(o);
    c->called = 0;
    c->debug_changes = o->debug_changes;
    c->lines = o->lines;
    c->object_lines = o->object_lines;
}

void rites_collection_untold(oracle *o)
{
    o->collected = true;
    o->collection.exact = o->collection.bound = false;
    rites_note_unreachable_now(o);
    note_weak_references(o);
}

/* What the collection has saved: garbage, finalised, that no weak reference leads to. */
static void note_saved(oracle *o)
{
    model *k = o->model;
    size_t count = mm_garbage_count(o->heap);
    MM_VAR(o->m, saved);

    for (size_t i = k->saved_count; i < count; i++) {
        mm_status status = mm_garbage_get(o->m, saved, i);
        uint32_t id = oracle_id(o, saved);
        ORACLE_EXPECT(o, status == MM_OK && id != 0, "saved", "entry %zu is none, status %d", i,
                      (int)status);
        ORACLE_EXPECT(o, model_has(&o->unreachable, id), "saved",
                      "object %u was reachable all the time", id);
        ORACLE_EXPECT(o, !shape_is_mortal(k->objects[id].shape) || k->objects[id].finalised,
                      "saved", "object %u was not finalised", id);
        k->saved[k->saved_count++] = id;
        note_cleared(o, id, k->object_count);
        if (is_weak(k, id))
            k->objects[id].cleared = k->objects[id].forgotten = true;
    }
}

/* The flags were the same all the time: what they ask for has been done. */
static void expect_debugged(const oracle *o, uint64_t collected, uint64_t saved)
{
    const running_collection *c = &o->collection;
    uint32_t lines = o->lines - c->lines, object_lines = o->object_lines - c->object_lines;
    bool may_fail = o->fail_at != 0 && mm_allocation_attempts(o->heap) > c->attempts;

    if (o->debug_flags & MM_DEBUG_SAVE_ALL)
        ORACLE_EXPECT(
            o, (saved <= collected && saved + c->called >= collected) || (saved == 0 && may_fail),
            "saved", "%lu objects were found unreachable, %lu are saved", (unsigned long)collected,
            (unsigned long)saved);
    else
        ORACLE_EXPECT(o, saved == 0, "saved", "%lu objects unasked", (unsigned long)saved);
    ORACLE_EXPECT(o, lines == (o->debug_flags & MM_DEBUG_STATS ? 2 : 0), "debug",
                  "%u lines about the collection", lines);
    if (!(o->debug_flags & MM_DEBUG_COLLECTABLE))
        collected = 0;
    ORACLE_EXPECT(o, object_lines <= collected && object_lines + c->called >= collected, "debug",
                  "%u lines about %lu objects", object_lines, (unsigned long)collected);
}

void rites_collection_stops(oracle *o, const mm_gc_info *info)
{
    uint32_t saved;

    ORACLE_EXPECT(o, o->collecting, "told", "a collection ends that never began");
    ORACLE_EXPECT(o, info->generation == o->collection.generation && info->uncollectable == 0,
                  "told", "generation %u ends, %u began", info->generation,
                  o->collection.generation);
    if (o->careful)
        rites_note_entered(o);
    saved = o->model->saved_count;
    note_saved(o);
    note_taken(o);
    ages_collection_stops(o, info);
    if (o->debug_changes == o->collection.debug_changes)
        expect_debugged(o, info->collected, o->model->saved_count - saved);
    o->collection.found = info->collected;
}

void rites_collection_stopped(oracle *o)
{
    o->collecting = false;
    o->collection.exact = false;
}

/* ---- At rest ---- */

void rites_expect_done(const oracle *o, const model_set *alive)
{
    const model *k = o->model;

    MODEL_EACH (k, &o->alive, id) {
        const model_object *object = k->objects + id;
        if (!model_has(alive, id)) {
            ORACLE_EXPECT(o, !shape_is_mortal(object->shape) || object->finalised, "finaliser-lost",
                          "object %u is gone and was not finalised", id);
            continue;
        }
        if (object->referent == 0 || !object->has_callback || object->called || object->forgotten ||
            object->maybe_forgotten)
            continue;
        ORACLE_EXPECT(o, !object->cleared && model_has(alive, object->referent), "callback-lost",
                      "weak reference %u has not called although object %u is gone", id,
                      object->referent);
    }
}
