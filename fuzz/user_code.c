/* What the heap calls: finalisers, weak callbacks, callbacks of collections, releases of resources.
 * Each is first looked at by the oracle; then it does its behaviour, which is operations like any
 * other, in a frame of its own. */
#include "operations.h"
#include "rites.h"

#include <string.h>

/* A finaliser is told nothing but the object: there is one machine. */
static machine *current;

/* ---- Frames ---- */

static void run_operation(machine *x, const operation *o)
{
    const operation *outer = x->oracle.operation;

    x->oracle.operation = o;
    operations[o->code](x, o->operands);
    oracle_after_operation(&x->oracle);
    x->oracle.operation = outer;
}

/* The operations of a behaviour, and the most there are of them. */
static const operation *body_of(const machine *x, unsigned behaviour, uint32_t *count)
{
    uint32_t start = x->bodies[behaviour];

    if (start == 0) {
        *count = DEFAULT_BEHAVIOUR_MAX;
        return default_behaviours[behaviour];
    }
    *count = x->program->operation_count - start;
    if (*count > PROGRAM_BEHAVIOUR_MAX)
        *count = PROGRAM_BEHAVIOUR_MAX;
    return x->program->operations + start;
}

static void run_body(machine *x, const operation *o, uint32_t count)
{
    for (uint32_t i = 0; i < count && o[i].code != OPERATION_leave; i++)
        run_operation(x, o + i);
}

/* l0 and l1 are the variables given (NULL: an own one), and name what those name. */
static void run_with_locals(machine *x, const operation *body, uint32_t count, mm_var *l0,
                            mm_var *l1)
{
    MM_VARS(x->m, own, PROGRAM_LOCALS);

    name_variables(x, x->locals, PROGRAM_LOCALS, own);
    if (l0 != NULL)
        name_variables(x, x->locals, 1, l0);
    if (l1 != NULL)
        name_variables(x, x->locals + 1, 1, l1);
    for (uint32_t i = 0; i < 2; i++)
        x->model.owners[x->locals + i] = oracle_id(&x->oracle, variable(x, x->locals + i));
    run_body(x, body, count);
    name_variables(x, x->locals, PROGRAM_LOCALS, NULL);
    if (x->oracle.waited)
        rites_note_unreachable_now(&x->oracle);
}

/* What dies as the locals are given up still dies inside the frame. */
static void run_in_frame(machine *x, const operation *body, uint32_t count, mm_var *l0, mm_var *l1)
{
    uint32_t locals = x->locals, scratch = x->scratch;

    x->locals = OWNER_FRAMES + x->oracle.frames * FRAME_OWNERS;
    x->scratch = x->locals + PROGRAM_LOCALS;
    set_frames(x, x->oracle.frames + 1);
    run_with_locals(x, body, count, l0, l1);
    set_frames(x, x->oracle.frames - 1);
    x->locals = locals;
    x->scratch = scratch;
    if (x->oracle.frames == 0)
        rites_collection_resumes(&x->oracle);
}

static void run_behaviour(machine *x, unsigned behaviour, mm_var *l0, mm_var *l1)
{
    uint32_t count;
    const operation *body = body_of(x, behaviour % PROGRAM_BEHAVIOURS, &count);

    if ((x->program->knobs[KNOB_quiet] & 1) || x->oracle.frames == FRAMES_MAX || count == 0 ||
        body->code == OPERATION_leave)
        return;
    x->oracle.calls++;
    run_in_frame(x, body, count, l0, l1);
}

/* ---- Calls ---- */

/* Where user code cannot name the variables that it interrupts, there are none until it returns. */
typedef struct outer_variables {
    mm_var *variables[MODEL_OWNERS_MAX];
    mm_var *borrowed;
} outer_variables;

static void set_apart(machine *x, outer_variables *outer)
{
    if (!strategy_traits.frames_apart)
        return;
    memcpy(outer->variables, x->oracle.variables, sizeof outer->variables);
    outer->borrowed = x->borrowed;
    memset(x->oracle.variables, 0, sizeof x->oracle.variables);
    x->borrowed = NULL;
}

static void bring_back(machine *x, const outer_variables *outer)
{
    if (!strategy_traits.frames_apart)
        return;
    memcpy(x->oracle.variables, outer->variables, sizeof outer->variables);
    x->borrowed = outer->borrowed;
}

void run_finaliser(mm *m, mm_var *self)
{
    machine *x = current;
    uint32_t id = oracle_id(&x->oracle, self);
    outer_variables outer;

    (void)m;
    tell_observer(MACHINE_FINALISED, id, x->heap->base.finalisation.nesting);
    set_apart(x, &outer);
    rites_note_entered(&x->oracle);
    rites_finaliser_entered(&x->oracle, self);
    run_behaviour(x, x->model.objects[id].behaviour, self, NULL);
    bring_back(x, &outer);
}

void run_callback(mm *m, mm_var *reference, mm_var *context)
{
    machine *x = current;
    uint32_t id = oracle_id(&x->oracle, reference);

    (void)m;
    tell_observer(MACHINE_CALLED_BACK, id, x->heap->base.finalisation.nesting);
    rites_note_entered(&x->oracle);
    rites_callback_entered(&x->oracle, reference, context);
    run_behaviour(x, x->model.objects[id].behaviour, reference, context);
}

void run_release(mm *m, mm_var *resource)
{
    machine *x = current;
    uint32_t owner = block_owner(x) + KEEPER;

    (void)m;
    ORACLE_EXPECT(&x->oracle, resource == x->oracle.variables[owner] && !mm_is_null(resource),
                  "release", "of another variable, or of null");
    oracle_expect_variable(&x->oracle, resource, x->model.owners[owner]);
    name_variables(x, owner, 1, NULL); /* from here on the frame names it, and then nothing does */
    x->releases++;
    run_behaviour(x, x->resource_behaviour, resource, NULL);
}

/* ---- Collections ---- */

static void run_first_watcher(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    machine *x = context;

    (void)m;
    x->telling = true;
    x->watchers_changed = false;
    for (uint32_t i = 0; i < x->turn_count; i++)
        x->turns[i].due = true;
    if (phase == MM_GC_START)
        rites_collection_starts(&x->oracle, info);
    else
        rites_collection_stops(&x->oracle, info);
    if (phase == MM_GC_STOP)
        tell_observer(MACHINE_COLLECTED, info->generation, info->collected);
}

static void run_last_watcher(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    machine *x = context;

    (void)m, (void)info;
    for (uint32_t i = 0; i < x->turn_count; i++)
        ORACLE_EXPECT(&x->oracle, !x->turns[i].due, "told", "registration %u was passed over", i);
    if (phase == MM_GC_START)
        rites_collection_started(&x->oracle);
    else
        rites_collection_stopped(&x->oracle);
    x->telling = false;
    if (x->watchers_changed)
        user_code_watch_last(x);
}

/* It is the turn of the first that has not been told. */
static void take_turn(machine *x, const watcher *w)
{
    uint32_t i = 0;

    while (i < x->turn_count && !x->turns[i].due)
        i++;
    ORACLE_EXPECT(&x->oracle, x->telling && i < x->turn_count && x->turns[i].watcher == w, "told",
                  "a callback is called out of turn");
    x->turns[i].due = false;
}

void run_watcher(mm *m, mm_gc_phase phase, const mm_gc_info *info, void *context)
{
    watcher *w = context;
    const oracle *oracle = &w->machine->oracle;

    (void)m, (void)phase;
    take_turn(w->machine, w);
    ORACLE_EXPECT(oracle, info->generation == oracle->collection.generation, "told",
                  "a callback is told of generation %u", info->generation);
    if (w->behaviour != 0)
        run_behaviour(w->machine, w->behaviour, NULL, NULL);
}

/* The oracle is told of the start when nothing else is. */
void user_code_watch_last(machine *x)
{
    mm_remove_callback(x->heap, run_last_watcher, x);
    mm_add_callback(x->heap, run_last_watcher, x);
}

void user_code_open(machine *x)
{
    current = x;
    for (int i = 0; i < PROGRAM_WATCHERS; i++)
        x->watchers[i] = (watcher){.machine = x};
    x->turn_count = 0;
    x->telling = x->watchers_changed = false;
    x->releases = x->resource_behaviour = 0;
    for (int i = 0; i < PROGRAM_BEHAVIOURS; i++)
        x->bodies[i] = 0;
    if (strategy_traits.no_callbacks)
        return; /* of collections the statistics tell */
    mm_add_callback(x->heap, run_first_watcher, x);
    mm_add_callback(x->heap, run_last_watcher, x);
}
