/* The operations on what dies and who is told: finalisable objects, weak references, immortal and
 * frozen objects, debugging, callbacks of collections, resources. */
#include "operations.h"
#include "ages.h"
#include "rites.h"

#include <string.h>

static void expect_status(const machine *x, mm_status status, mm_status expected, const char *call)
{
    ORACLE_EXPECT(&x->oracle, status == expected, "status", "%s returned %d, not %d", call,
                  (int)status, (int)expected);
}

static bool is_quiet(const machine *x)
{
    return x->program->knobs[KNOB_quiet] & 1;
}

/* ---- Objects with finalisers ---- */

/* The program itself passes over the block; inside user code there are no definitions. */
void do_behaviour(machine *x, const uint8_t *o)
{
    uint32_t last = x->next + PROGRAM_BEHAVIOUR_MAX;

    if (x->oracle.frames != 0)
        return;
    x->bodies[o[0] % PROGRAM_BEHAVIOURS] = x->next;
    while (x->next < x->program->operation_count && x->next < last &&
           x->program->operations[x->next].code != OPERATION_leave)
        x->next++;
    if (x->next < x->program->operation_count && x->next < last)
        x->next++;
}

void do_new_mortal(machine *x, const uint8_t *o)
{
    uint32_t shape = SHAPE_MORTAL + o[1];

    make(x, owner(x, o[0]), shape, shape_table[shape].slot_count, o[2]);
}

static void mortal_ring(machine *x, uint32_t dst, uint32_t length, uint32_t number)
{
    if (make_chain(x, dst, SHAPE_MORTAL_PAIR, length, x->scratch + 1, number))
        link_slot(x, x->scratch + 1, 0, dst);
}

void do_mortal_ring(machine *x, const uint8_t *o)
{
    with_scratch(x, owner(x, o[0]), o[1], o[2], mortal_ring);
}

/* ---- Weak references ---- */

typedef struct weak_request {
    source referent, context;
    bool call; /* with a callback, which does the behaviour */
    unsigned behaviour;
} weak_request;

static void note_weak(machine *x, uint32_t id, const weak_request *w, mm_var *made)
{
    model_object *reference = x->model.objects + id;
    MM_VAR(x->m, context);

    *model_slot(&x->model, id, 0) = w->context.id;
    reference->referent = w->referent.id;
    model_put(&x->oracle.weak_references, id);
    reference->has_callback = w->call;
    reference->behaviour = w->behaviour % PROGRAM_BEHAVIOURS;
    mm_load(x->m, context, made, 0);
    oracle_expect_variable(&x->oracle, context, w->context.id);
}

static void make_weak_into(machine *x, uint32_t dst, const weak_request *w)
{
    mm_weak_callback *callback = w->call ? run_callback : NULL;
    making k;
    mm_status status;
    uint32_t id;

    if (!making_begin(x, &k, dst, SHAPE_WEAK, 1))
        return;
    status = mm_weak_new(x->m, k.variable, w->referent.variable, w->context.variable, callback);
    if (!shape_table[x->model.objects[w->referent.id].shape].weakable) {
        making_cancel(x, &k);
        expect_status(x, status, MM_INVALID, "mm_weak_new()");
        return;
    }
    id = making_end(x, &k, status, SHAPE_WEAK, MM_WEAK_BYTES);
    if (id != 0)
        note_weak(x, id, w, k.variable);
}

/* Another name for what an argument names. */
static void keep(machine *x, uint32_t owner, source argument)
{
    if (argument.variable == NULL)
        return;
    x->model.owners[owner] = argument.id;
    mm_set(x->m, variable(x, owner), argument.variable);
}

/* What `dst` names may be all that keeps the referent alive, and user code may write to the variables
 * of the arguments: then the new weak reference would call before anybody knows it. So it is made
 * elsewhere, and moved, and what it is made with is kept until then. */
static void make_weak(machine *x, uint32_t dst, weak_request w)
{
    uint32_t made = x->scratch;

    if (variable(x, dst) == NULL || w.referent.variable == NULL || w.referent.id == 0)
        return;
    w.call &= !strategy_traits.no_callbacks;
    {
        MM_VARS(x->m, own, SCRATCHES);
        name_variables(x, made, SCRATCHES, own);
        keep(x, made + 1, w.referent);
        keep(x, made + 2, w.context);
        make_weak_into(x, x->model.owners[dst] == 0 ? dst : made, &w);
        if (x->model.owners[made] != 0 && variable(x, dst) != NULL)
            transfer(x, dst, made);
        name_variables(x, made, SCRATCHES, NULL);
    }
}

void do_weak_new(machine *x, const uint8_t *o)
{
    make_weak(
        x, owner(x, o[0]),
        (weak_request){.referent = source_of(x, o[1]), .call = o[2] != 0, .behaviour = o[2] - 1u});
}

void do_weak_with(machine *x, const uint8_t *o)
{
    make_weak(x, owner(x, o[0]),
              (weak_request){.referent = source_of(x, o[1]),
                             .context = source_of(x, o[2]),
                             .call = true,
                             .behaviour = o[0]});
}

/* By the program itself: what has been saved holds more or less as collections come sooner or later. */
static bool is_strongly_reachable(machine *x, uint32_t id)
{
    uint32_t saved = x->model.saved_count;
    model_set reachable;

    x->model.saved_count = 0;
    model_reachable(&x->model, NULL, &reachable);
    x->model.saved_count = saved;
    return model_has(&reachable, id);
}

/* What it reads is known only from reading it, and the model goes first: so it is read twice. */
void do_weak_load(machine *x, const uint8_t *o)
{
    source reference = source_of(x, o[1]);
    uint32_t dst, id;

    if (!pick_owner(x, o[0], &dst) || reference.variable == NULL ||
        x->model.objects[reference.id].referent == 0)
        return;
    {
        MM_VAR(x->m, read);
        mm_weak_load(x->m, read, reference.variable);
        id = rites_weak_loaded(&x->oracle, reference.id, read);
    }
    if (is_quiet(x) && id != 0 && !is_strongly_reachable(x, id))
        id = 0;
    x->model.owners[dst] = id;
    if (id == 0 && is_quiet(x))
        mm_clear(x->m, variable(x, dst));
    else
        mm_weak_load(x->m, variable(x, dst), reference.variable);
}

/* ---- Immortal and frozen objects ---- */

void do_immortalise(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]);
    model *k = &x->model;

    if (obj.variable == NULL || obj.id == 0)
        return;
    if (strategy_traits.mortal) {
        expect_status(x, mm_immortalise(x->m, obj.variable), MM_UNSUPPORTED, "mm_immortalise()");
        return;
    }
    if (!k->objects[obj.id].immortal) {
        if (k->immortal_count == MODEL_IMMORTALS_MAX)
            return;
        k->objects[obj.id].immortal = true;
        k->immortals[k->immortal_count++] = obj.id;
    }
    expect_status(x, mm_immortalise(x->m, obj.variable), MM_OK, "mm_immortalise()");
    ORACLE_EXPECT(&x->oracle, mm_is_immortal(x->m, obj.variable), "immortal", "object %u is not",
                  obj.id);
}

static mm_status expected_of_freezing(const machine *x, bool possible)
{
    if (!strategy_traits.freezes)
        return MM_UNSUPPORTED;
    return possible && !x->oracle.collecting ? MM_OK : MM_INVALID;
}

static void note_frozen(machine *x, bool frozen)
{
    model_set present;

    oracle_present(&x->oracle, &present);
    for (uint32_t id = 1; id <= x->model.object_count; id++) {
        model_object *object = x->model.objects + id;
        object->old |= object->frozen && !frozen;
        object->frozen = frozen && model_has(&present, id) && shape_table[object->shape].container;
    }
    x->oracle.freezing = frozen;
    x->oracle.freezes += frozen;
    ages_frozen(&x->oracle);
}

void do_freeze(machine *x, const uint8_t *o)
{
    mm_status status = mm_freeze(x->m);

    (void)o;
    expect_status(x, status, expected_of_freezing(x, true), "mm_freeze()");
    if (status == MM_OK)
        note_frozen(x, true);
}

void do_unfreeze(machine *x, const uint8_t *o)
{
    mm_status status = mm_unfreeze(x->m);

    (void)o;
    expect_status(x, status, expected_of_freezing(x, x->oracle.freezing), "mm_unfreeze()");
    if (status == MM_OK)
        note_frozen(x, false);
}

/* ---- Debugging ---- */

static void count_line(const char *line, void *context)
{
    oracle *o = context;

    if (strncmp(line, "gc: collectable", strlen("gc: collectable")) == 0)
        o->object_lines++;
    else
        o->lines++;
}

void do_set_debug(machine *x, const uint8_t *o)
{
    uint32_t flags = (o[0] & 1 ? MM_DEBUG_STATS : 0) |
                     (o[0] & 2 ? MM_DEBUG_COLLECTABLE | MM_DEBUG_UNCOLLECTABLE : 0) |
                     (o[0] & 4 ? MM_DEBUG_SAVE_ALL : 0) | (o[0] & 8 ? 1u << 16 : 0);
    mm_status expected = o[0] & 8 ? MM_INVALID : MM_OK;

    if (strategy_traits.generations == 0 ||
        (expected == MM_OK && ((o[0] & 6 && !strategy_traits.reports_garbage) ||
                               (o[0] & 7 && strategy_traits.no_callbacks))))
        expected = MM_UNSUPPORTED;
    expect_status(x, mm_set_debug(x->heap, flags, count_line, &x->oracle), expected,
                  "mm_set_debug()");
    if (expected == MM_OK) {
        x->oracle.debug_flags = flags;
        x->oracle.debug_changes++;
        x->oracle.careful |= flags != 0;
    }
}

/* What has been saved depends on the strategy. */
void do_garbage_get(machine *x, const uint8_t *o)
{
    uint32_t dst, i, count = (uint32_t)mm_garbage_count(x->heap);

    ORACLE_EXPECT(&x->oracle, x->oracle.clearing_garbage || count == x->model.saved_count, "saved",
                  "%u objects, %u were told", count, x->model.saved_count);
    if (!pick_owner(x, o[0], &dst) || is_quiet(x))
        return;
    i = o[1] % (x->model.saved_count + 1);
    if (i >= count) {
        expect_status(x, mm_garbage_get(x->m, variable(x, dst), i), MM_INVALID, "mm_garbage_get()");
        return;
    }
    x->model.owners[dst] = x->model.saved[i];
    expect_status(x, mm_garbage_get(x->m, variable(x, dst), i), MM_OK, "mm_garbage_get()");
}

/* It gives up one after the other, from the end: user code in between sees how many are left. Not
 * each time that a collection begins: mm_collect_all() would find the same garbage for ever. */
void do_garbage_clear(machine *x, const uint8_t *o)
{
    bool outer = x->oracle.clearing_garbage;

    (void)o;
    if (x->telling)
        return;
    x->oracle.clearing_garbage = true;
    mm_garbage_clear(x->m);
    x->oracle.clearing_garbage = outer;
    x->model.saved_count = 0;
    ORACLE_EXPECT(&x->oracle, mm_garbage_count(x->heap) == 0, "saved", "%zu objects stay",
                  mm_garbage_count(x->heap));
}

/* ---- Callbacks of collections ---- */

/* Of several registrations the first goes. */
static void remove_turn(machine *x, const watcher *w)
{
    uint32_t i = 0;

    while (x->turns[i].watcher != w)
        i++;
    x->turn_count--;
    memmove(x->turns + i, x->turns + i + 1, (x->turn_count - i) * sizeof *x->turns);
}

void do_watch(machine *x, const uint8_t *o)
{
    watcher *w = x->watchers + o[0] % PROGRAM_WATCHERS;
    mm_status expected =
        strategy_traits.generations != 0 && !strategy_traits.no_callbacks ? MM_OK : MM_UNSUPPORTED;

    if (w->registered == REGISTERED_MAX)
        return;
    expect_status(x, mm_add_callback(x->heap, run_watcher, w), expected, "mm_add_callback()");
    if (expected != MM_OK)
        return;
    w->behaviour = o[1];
    w->registered++;
    x->turns[x->turn_count++] = (turn){.watcher = w};
    x->watchers_changed = true;
    if (!x->telling)
        user_code_watch_last(x);
}

void do_unwatch(machine *x, const uint8_t *o)
{
    watcher *w = x->watchers + o[0] % PROGRAM_WATCHERS;
    mm_status expected = w->registered != 0 ? MM_OK : MM_INVALID;

    if (strategy_traits.generations == 0)
        expected = MM_UNSUPPORTED;
    expect_status(x, mm_remove_callback(x->heap, run_watcher, w), expected, "mm_remove_callback()");
    if (expected != MM_OK)
        return;
    w->registered--;
    remove_turn(x, w);
    x->watchers_changed = true;
}

/* ---- Questions ---- */

static void expect_freeze_count(machine *x)
{
    uint64_t count = 0, expected = 0;
    mm_status status = mm_get_freeze_count(x->m, &count);

    expect_status(x, status, strategy_traits.freezes ? MM_OK : MM_UNSUPPORTED,
                  "mm_get_freeze_count()");
    if (status != MM_OK || x->oracle.frames != 0)
        return;
    oracle_compare(&x->oracle, false);
    MODEL_EACH (&x->model, &x->oracle.alive, id)
        expected += x->model.objects[id].frozen;
    ORACLE_EXPECT(&x->oracle, count == expected, "frozen", "%lu objects are, %lu should be",
                  (unsigned long)count, (unsigned long)expected);
}

static void expect_counters(machine *x)
{
    uint32_t counts[MM_GENERATIONS_MAX] = {0};
    mm_status status = mm_get_count(x->m, counts);
    uint32_t made = x->model.object_count - x->oracle.made_since + x->reserved_objects;

    if (strategy_traits.peer != NULL)
        made +=
            x->oracle
                .frames; /* the runtime's own, as long as it calls: CPython makes a tuple of weak references */

    expect_status(x, status, strategy_traits.generations == 3 ? MM_OK : MM_UNSUPPORTED,
                  "mm_get_count()");
    ORACLE_EXPECT(&x->oracle, counts[0] <= made, "counter",
                  "%u of the youngest, %u were made since the last collection", counts[0], made);
}

/* It has been called, or waits to be. */
static bool may_be_finalised(const machine *x, uint32_t id)
{
    return x->model.objects[id].finalised ||
           (x->oracle.waited && model_has(&x->oracle.unreachable, id));
}

static void expect_answers(machine *x, source obj)
{
    const model_object *object = x->model.objects + obj.id;
    bool tracked = false, finalised = mm_is_finalized(x->m, obj.variable);

    expect_status(x, mm_is_tracked(x->m, obj.variable, &tracked),
                  strategy_traits.tracks ? MM_OK : MM_UNSUPPORTED, "mm_is_tracked()");
    ORACLE_EXPECT(&x->oracle,
                  tracked == (strategy_traits.tracks && shape_table[object->shape].container),
                  "tracked", "object %u is%s", obj.id, tracked ? "" : " not");
    ORACLE_EXPECT(&x->oracle, finalised ? may_be_finalised(x, obj.id) : !object->finalised,
                  "finalised", "object %u is%s", obj.id, object->finalised ? "" : " not");
    ORACLE_EXPECT(&x->oracle, mm_is_immortal(x->m, obj.variable) == object->immortal, "immortal",
                  "object %u is%s", obj.id, object->immortal ? "" : " not");
}

void do_query(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]);

    if (obj.variable != NULL && obj.id != 0)
        expect_answers(x, obj);
    expect_freeze_count(x);
    expect_counters(x);
    ORACLE_EXPECT(&x->oracle, mm_get_debug(x->heap) == x->oracle.debug_flags, "debug",
                  "the flags are %u", mm_get_debug(x->heap));
}

/* ---- Resources ---- */

enum { RESOURCE_PASSED_ON = 128 };

static void run_resource_block(machine *x, source obj, uint8_t number)
{
    uint32_t owner = block_owner(x) + KEEPER;
    MM_RESOURCE(x->m, resource, run_release);

    name_variables(x, owner, 1, resource);
    x->model.owners[owner] = obj.id;
    mm_set(x->m, resource, obj.variable);
    run_block(x);
    if (number >= RESOURCE_PASSED_ON)
        transfer(x, 0, owner);
    x->resource_behaviour = number;
}

void do_resource(machine *x, const uint8_t *o)
{
    source obj = source_of(x, o[0]);
    uint32_t releases = x->releases;
    bool released = obj.id != 0 && o[1] < RESOURCE_PASSED_ON;

    if (obj.variable == NULL || !enter_block(x))
        return;
    x->releases = 0;
    run_resource_block(x, obj, o[1]);
    ORACLE_EXPECT(&x->oracle, x->releases == released, "release", "%u times, the object is %u",
                  x->releases, obj.id);
    x->releases = releases;
    name_variables(x, block_owner(x) + KEEPER, 1, NULL);
    leave_block(x);
}
