#include "machine.h"
#include "ages.h"
#include "operations.h"

#include <string.h>

void run_block(machine *x)
{
    MM_VARS(x->m, locals, PROGRAM_LOCALS);

    name_variables(x, block_owner(x), PROGRAM_LOCALS, locals);
    while (x->next < x->program->operation_count) {
        const operation *operation = x->program->operations + x->next;
        x->oracle.operation = operation;
        x->oracle.operation_index = x->next++;
        if (operation->code == OPERATION_leave && x->depth > 0)
            break;
        operations[operation->code](x, operation->operands);
        oracle_after_operation(&x->oracle);
    }
    name_variables(x, block_owner(x), PROGRAM_LOCALS, NULL);
}

/* ---- The digest: a walk over the real heap, through the object API alone ---- */

static const uint64_t DIGEST_START = 0xcbf29ce484222325u;

typedef struct walk {
    machine *machine;
    uint64_t digest;
    model_set seen;
} walk;

static void digest_number(walk *w, uint64_t number)
{
    w->digest = (w->digest ^ number) * 0x100000001b3u; /* FNV-1a, number by number */
}

/* Goes to all that `v` reaches; every slot must hold what the model says. The depth of the
 * recursion is bounded by MODEL_OBJECTS_MAX. */
static void walk_from(walk *w, mm_var *v, uint32_t id)
{
    machine *x = w->machine;
    const model_object *object = x->model.objects + id;

    oracle_expect_variable(&x->oracle, v, id);
    digest_number(w, id);
    if (id == 0 || model_has(&w->seen, id))
        return;
    model_put(&w->seen, id);
    digest_number(w, object->shape);
    digest_number(w, object->bytes);
    for (uint32_t i = 0; i < object->slot_count; i++) {
        MM_VAR(x->m, child);
        mm_load(x->m, child, v, i);
        walk_from(w, child, *model_slot(&x->model, id, i));
    }
}

static uint64_t digest_graph(machine *x)
{
    static walk w;
    MM_VAR(x->m, root);

    w = (walk){.machine = x, .digest = DIGEST_START};
    for (uint32_t i = 0; i < PROGRAM_VARIABLES; i++)
        walk_from(&w, x->oracle.variables[i], x->model.owners[i]);
    for (uint32_t i = 0; i < PROGRAM_ROOTS; i++) {
        mm_clear(x->m, root);
        if (x->roots[i] != NULL)
            mm_root_get(x->m, root, x->roots[i]);
        walk_from(&w, root, x->model.owners[OWNER_ROOTS + i]);
    }
    return w.digest;
}

/* ---- One program ---- */

/* The value that a knob gives an option: 1 is the first of its words, then come its numbers from
 * the least on. */
static double option_value(const setting *option, uint8_t knob)
{
    unsigned words = 0, choice = knob - 1u;

    while (words < SETTING_WORDS_MAX && option->words[words].word != NULL)
        words++;
    if (option->words_only)
        return option->words[choice % words].value;
    if (choice < words)
        return option->words[choice].value;
    choice -= words;
    return option->minimum + choice < option->maximum ? option->minimum + choice : option->maximum;
}

/* The heap limit is left out: it fails allocations by size, which no two strategies share. */
static void set_options(const program *p, settings *options)
{
    const uint8_t *knob = p->knobs + KNOB_option0;

    mm_options_init(options);
    for (size_t i = 0; i < options->count; i++) {
        const setting *option = options->table + i;
        if (option->text || option->for_process || strcmp(option->name, "heap_bytes_max") == 0)
            continue;
        if (knob == p->knobs + KNOB_option0 + PROGRAM_OPTIONS)
            break;
        if (*knob != 0)
            options->values[i] = option_value(option, *knob);
        knob++;
    }
}

/* Of a strategy with generations; one that has no such option follows it. */
static bool has_quarter_rule(const settings *options)
{
    for (size_t i = 0; i < options->count; i++) {
        if (strcmp(options->table[i].name, "quarter_rule") == 0)
            return options->values[i] != 0;
    }
    return true;
}

static void expect_ok(machine *x, mm_status status, const char *call)
{
    ORACLE_EXPECT(&x->oracle, status == MM_OK, "status", "%s returned %d", call, (int)status);
}

static void add_types(machine *x)
{
    for (int i = 0; i < SHAPE_COUNT; i++) {
        mm_type_info info = {.name = shape_table[i].name,
                             .kind = shape_table[i].container ? MM_CONTAINER : MM_ATOM,
                             .weakable = shape_table[i].weakable,
                             .finaliser = shape_is_mortal((uint32_t)i) ? run_finaliser : NULL};
        if (i == SHAPE_WEAK) {
            x->oracle.types[i] = MM_TYPE_WEAK;
            continue;
        }
        expect_ok(x, mm_type_add(x->heap, &info, &x->oracle.types[i]), "mm_type_add()");
    }
}

/* How deep user code nests, and how often what waits then is run before nothing more is made. */
static void limit_nesting(machine *x, uint8_t knob)
{
    enum { ROUNDS = 3 };

    x->oracle.nesting_max = knob != 0 ? knob : NESTING_MAX;
    if (knob != 0)
        mm_limit_nesting(x->heap, knob, ROUNDS);
}

static void fail_allocations(machine *x, const machine_failure *failure)
{
    x->oracle.fail_at = failure->attempt;
    x->oracle.fail_thereafter = failure->thereafter;
    mm_fail_allocation(x->heap, failure->attempt, failure->thereafter);
}

static void open_machine(machine *x, const program *p)
{
    settings options;

    set_options(p, &options);
    x->program = p;
    x->next = x->depth = x->pin_count = x->borrowed_id = 0;
    x->reserved_objects = x->reserved_slots = 0;
    x->locals = block_owner(x);
    x->scratch = OWNER_SCRATCH;
    x->borrowed = NULL;
    x->in_request = false;
    memset(x->roots, 0, sizeof x->roots);
    expect_ok(x, mm_heap_new(&options, &x->heap), "mm_heap_new()");
    expect_ok(x, mm_attach(x->heap, &x->m), "mm_attach()");
    model_open(&x->model);
    oracle_open(&x->oracle, x->heap, x->m, &x->model);
    set_frames(x, 0);
    ages_open(&x->oracle, has_quarter_rule(&options));
    add_types(x);
    user_code_open(x);
    mm_stress_collect(x->m, p->knobs[KNOB_collect_every]);
    mm_limit_mark_stack(x->heap, p->knobs[KNOB_mark_stack_max]);
    limit_nesting(x, p->knobs[KNOB_nesting_max]);
}

/* All that can die has died, with its finaliser called: also what was saved, which is more or less
 * as collections came sooner or later. */
static uint64_t digest_finalised(machine *x)
{
    static const uint8_t no_flags[PROGRAM_OPERANDS];
    static walk w;

    w = (walk){.machine = x, .digest = DIGEST_START};
    if (x->oracle.freezing)
        do_unfreeze(x, NULL);
    do_set_debug(x, no_flags);
    do_garbage_clear(x, NULL);
    do_collect_all(x, NULL);
    for (uint32_t id = 1; id <= x->model.object_count; id++)
        digest_number(&w, x->model.objects[id].finalised ? id : 0);
    return w.digest;
}

static machine_digest run_program(machine *x, bool comparable)
{
    /* what a conservative collector finalises depends on what lies about on the stack */
    machine_digest digest = {.complete =
                                 strategy_traits.reclaims_cycles && !strategy_traits.conservative};
    MM_VARS(x->m, variables, PROGRAM_VARIABLES);

    name_variables(x, 0, PROGRAM_VARIABLES, variables);
    run_block(x);
    x->oracle.operation = NULL;
    oracle_compare(&x->oracle, false);
    digest.graph = digest_graph(x);
    if (comparable && digest.complete)
        digest.finalised = digest_finalised(x);
    name_variables(x, 0, PROGRAM_VARIABLES, NULL);
    return digest;
}

/* Nothing refers to anything any more: what a full collection leaves is a leak. */
static void drop_everything(machine *x)
{
    for (uint8_t i = 0; i < PROGRAM_ROOTS; i++)
        do_root_free(x, &i);
    if (x->oracle.freezing)
        do_unfreeze(x, NULL);
    do_garbage_clear(x, NULL);
    do_collect_all(x, NULL);
}

static machine_observer *current_observer;

void machine_observe(machine_observer *observer)
{
    current_observer = observer;
}

void tell_observer(machine_event event, uint32_t which, uint64_t count)
{
    if (current_observer != NULL)
        current_observer(event, which, count);
}

static void tell_totals(const machine *x)
{
    mm_stats stats;

    mm_get_stats(x->heap, &stats);
    for (uint32_t g = 0; g < MM_GENERATIONS_MAX; g++)
        tell_observer(MACHINE_RECLAIMED, g, stats.reclaimed_by_collector[g]);
    tell_observer(MACHINE_RECLAIMED, MM_GENERATIONS_MAX, stats.reclaimed_by_count);
}

static uint64_t attempts; /* of the last run */

uint64_t machine_allocation_attempts(void)
{
    return attempts;
}

machine_failure machine_failure_of(const program *p)
{
    return (machine_failure){p->knobs[KNOB_fail_at], p->knobs[KNOB_fail_thereafter] & 1};
}

machine_digest machine_run(const program *p, const machine_failure *failure)
{
    static machine x; /* too big for the stack */
    machine_digest digest;

    open_machine(&x, p);
    if (failure != NULL)
        fail_allocations(&x, failure);
    digest = run_program(&x, failure == NULL);
    if (!(p->knobs[KNOB_keep_roots] & 1))
        drop_everything(&x);
    attempts = mm_allocation_attempts(x.heap);
    tell_totals(&x);
    x.oracle.closed = true;
    mm_heap_free(x.heap);
    return digest;
}
