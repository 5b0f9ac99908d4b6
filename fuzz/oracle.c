#include "oracle.h"
#include "ages.h"
#include "rites.h"
#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { EFFORT_PER_OPERATION = 4 }; /* live objects whose comparison one operation pays for */

void oracle_violation(const oracle *o, const char *name, const char *format, ...)
{
    char line[TEXT_LINE_MAX];
    va_list arguments;

    fprintf(stderr, "violation: %s: ", name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (o->operation != NULL) {
        text_format_operation(o->operation, line);
        fprintf(stderr, "\n  at operation %u: %s", o->operation_index, line);
    }
    if (o->fail_at != 0)
        fprintf(stderr, "\n  allocation %lu was to fail%s", (unsigned long)o->fail_at,
                o->fail_thereafter ? ", and all that follow" : "");
    fprintf(stderr, "\n  strategy: %s\n", MM_STRATEGY_NAME);
    abort();
}

static uint64_t put_off_so_far(const oracle *o)
{
#ifdef strategy_put_off
    return strategy_put_off(o->m);
#else
    (void)o;
    return 0;
#endif
}

bool oracle_puts_off(const oracle *o)
{
    return put_off_so_far(o) != o->put_off;
}

void oracle_open(oracle *o, mm_heap *heap, mm *m, model *k)
{
    o->heap = heap;
    o->m = m;
    o->model = k;
    memset(o->variables, 0, sizeof o->variables);
    o->operation = NULL;
    o->alive_count = o->effort = o->nested_effort = 0;
    o->collected = o->may_collect = false;
    o->collections = o->reclaimed = 0;
    o->made_since = o->young = 0;
    o->fail_at = 0;
    memset(o->ids, 0, sizeof o->ids);
    memset(&o->weak_references, 0, sizeof o->weak_references);
    o->hidden_count = 0;
    o->ghost.shape = SHAPE_COUNT;
    o->frames = o->calls = o->entered = 0;
    o->waited = o->unreachable_noted = o->collecting = o->careful = false;
    o->put_off = put_off_so_far(o);
    o->debug_flags = o->debug_changes = o->lines = o->object_lines = 0;
    o->freezes = 0;
    o->freezing = o->clearing_garbage = o->closed = false;
}

int oracle_payload(uint32_t id)
{
    return (int)(id * 37 + 11) & 0xff;
}

/* ---- Allocations ---- */

static bool attempt_must_fail(const oracle *o, uint64_t attempt)
{
    return o->fail_at != 0 &&
           (attempt == o->fail_at || (o->fail_thereafter && attempt > o->fail_at));
}

bool oracle_attempt_failed(const oracle *o)
{
    return attempt_must_fail(o, mm_allocation_attempts(o->heap));
}

static bool any_attempt_failed(const oracle *o, uint64_t first, uint64_t last)
{
    return o->fail_at != 0 && o->fail_at <= last && (o->fail_thereafter || o->fail_at >= first);
}

/* The last attempt decides, unless user code or saving garbage has made attempts of its own. */
void oracle_allocated(oracle *o, mm_status status, uint64_t attempts, uint32_t calls)
{
    uint64_t attempt = mm_allocation_attempts(o->heap);
    bool failed = attempt_must_fail(o, attempt);

    if (status == MM_TOO_DEEP) {
        ORACLE_EXPECT(o, o->frames != 0 && o->waited, "too-deep",
                      "an allocation was refused although user code is not nested deeply");
        return;
    }
    if (o->calls != calls || (mm_get_debug(o->heap) & MM_DEBUG_SAVE_ALL) != 0)
        failed = status == MM_NO_MEMORY && any_attempt_failed(o, attempts + 1, attempt);
    ORACLE_EXPECT(o, status == (failed ? MM_NO_MEMORY : MM_OK), "allocation",
                  "attempt %lu had to %s, the status is %d", (unsigned long)attempt,
                  failed ? "fail" : "succeed", (int)status);
    if (failed)
        o->effort = MODEL_OBJECTS_MAX; /* compare at once: the state before it stands */
}

void oracle_made(oracle *o, uint32_t id, mm_var *v)
{
    uint64_t serial = mm_serial(v);
    uint32_t shape = o->model->objects[id].shape;
    MM_VAR(o->m, slot);

    ORACLE_EXPECT(o, serial >= 1 && serial <= MODEL_IDS_MAX && o->ids[serial] == 0, "serial",
                  "object %u was made, with the serial number %lu", id, (unsigned long)serial);
    o->ids[serial] = id;
    for (uint32_t i = 0; shape != SHAPE_WEAK && i < mm_slot_count(o->m, v); i++) {
        mm_load(o->m, slot, v, i);
        ORACLE_EXPECT(o, mm_is_null(slot), "new", "slot %u of the new object %u is not null", i,
                      id);
    }
    o->careful |= shape >= SHAPE_MORTAL;
    if (shape != SHAPE_WEAK)
        memset(mm_data(o->m, v), oracle_payload(id), o->model->objects[id].bytes);
    model_put(&o->alive, id);
    o->alive_count++;
    model_drop(&o->unreachable, id);
    model_drop(&o->taken, id);
}

uint64_t oracle_unknown(const oracle *o)
{
    mm_stats stats;

    mm_get_stats(o->heap, &stats);
    return stats.objects_allocated - o->model->object_count;
}

void oracle_not_made(oracle *o, uint32_t shape, uint32_t slots, uint32_t bytes)
{
    o->ghost = (model_object){.shape = shape, .slot_count = slots, .bytes = bytes};
}

static void add_ghost(oracle *o)
{
    uint32_t id = model_add(o->model, o->ghost.shape, o->ghost.slot_count, o->ghost.bytes);

    o->ghost.shape = SHAPE_COUNT;
    o->model->objects[id].finalised = true;
    ages_made(o, id, false);
    for (uint32_t serial = 1; serial <= id; serial++) {
        if (o->ids[serial] == 0)
            o->ids[serial] = id;
    }
    model_put(&o->alive, id);
    o->alive_count++;
    model_drop(&o->taken, id);
}

void oracle_hide(oracle *o, uint32_t owner)
{
    o->hidden[o->hidden_count++] = o->model->owners[owner];
    o->model->owners[owner] = 0;
    o->variables[owner] = NULL;
}

void oracle_show(oracle *o, uint32_t owner, mm_var *variable, uint32_t id)
{
    o->hidden_count--;
    o->model->owners[owner] = id;
    o->variables[owner] = variable;
}

/* ---- Variables ---- */

uint32_t oracle_id(const oracle *o, const mm_var *v)
{
    uint64_t serial = mm_serial(v);

    ORACLE_EXPECT(o, serial <= o->model->object_count + MODEL_OWNERS_MAX && serial <= MODEL_IDS_MAX,
                  "variable", "it names object %lu, which was never made", (unsigned long)serial);
    return serial != 0 ? o->ids[serial] : 0;
}

static void expect_payload(const oracle *o, const mm_var *v, uint32_t id)
{
    const unsigned char *data = mm_data(o->m, v);
    uint32_t bytes = o->model->objects[id].bytes;
    unsigned differences = 0;

    if (bytes == 0 || o->model->objects[id].shape == SHAPE_WEAK)
        return;
    for (uint32_t i = 0; i < bytes; i++)
        differences |= (unsigned)data[i] ^ (unsigned)oracle_payload(id);
    ORACLE_EXPECT(o, differences == 0, "payload", "object %u has lost its payload", id);
}

void oracle_expect_variable(const oracle *o, const mm_var *v, uint32_t id)
{
    const model_object *expected = o->model->objects + id;

    ORACLE_EXPECT(o, mm_is_null(v) == (id == 0), "variable",
                  "it is %snull, the model says object %u", mm_is_null(v) ? "" : "not ", id);
    if (id == 0)
        return;
    ORACLE_EXPECT(o, oracle_id(o, v) == id, "variable", "it names object %u, the model says %u",
                  oracle_id(o, v), id);
    ORACLE_EXPECT(o, mm_type_of(o->m, v) == o->types[expected->shape], "type",
                  "object %u has type %u", id, mm_type_of(o->m, v));
    ORACLE_EXPECT(o, mm_slot_count(o->m, v) == expected->slot_count, "slots",
                  "object %u has %u slots, %u were asked for", id, mm_slot_count(o->m, v),
                  expected->slot_count);
    expect_payload(o, v, id);
}

/* Inside user code what is dying, and who calls it, hold references that the model does not see. */
static void expect_count(const oracle *o, const mm_var *v, uint32_t id, uint32_t references)
{
    bool exact = o->frames == 0;
    uint64_t count = 0;
    mm_status status = mm_refcount(o->m, v, &count);
    bool immortal = o->model->objects[id].immortal;

    ORACLE_EXPECT(o, status == (strategy_traits.counts ? MM_OK : MM_UNSUPPORTED), "refused",
                  "mm_refcount() returned %d", (int)status);
    ORACLE_EXPECT(o, mm_is_immortal(o->m, v) == immortal, "immortal", "object %u %s", id,
                  immortal ? "has become mortal" : "has become immortal");
    if (!strategy_traits.counts)
        return;
    ORACLE_EXPECT(o, (count == MM_IMMORTAL) == immortal, "count", "object %u has count %lu", id,
                  (unsigned long)count);
    ORACLE_EXPECT(o, immortal || (exact ? count == references : count >= references), "count",
                  "object %u has count %lu, %u refer to it", id, (unsigned long)count, references);
}

/* With the number of references to each object. */
static void expect_variables(const oracle *o, const uint32_t *counts)
{
    const mm_var *previous = NULL;
    uint32_t previous_id = 0;

    for (uint32_t i = 0; i < o->model->owner_count; i++) {
        const mm_var *v = o->variables[i];
        uint32_t id = o->model->owners[i];
        if (v == NULL)
            continue;
        oracle_expect_variable(o, v, id);
        if (id != 0)
            expect_count(o, v, id, counts[id]);
        ORACLE_EXPECT(o, previous == NULL || mm_same(v, previous) == (id == previous_id), "same",
                      "objects %u and %u", id, previous_id);
        previous = v;
        previous_id = id;
    }
}

/* ---- The heap's objects ---- */

typedef struct census {
    const oracle *oracle;
    uint64_t last_serial;
    uint64_t objects, bytes;
    uint32_t atoms;
    model_set alive;
} census;

static void count_object(uint64_t serial, mm_type type, uint32_t slot_count, uint32_t generation,
                         void *context)
{
    census *c = context;
    const oracle *o = c->oracle;
    uint32_t id = serial <= MODEL_IDS_MAX ? o->ids[serial] : 0;
    const model_object *expected = o->model->objects + id;

    ORACLE_EXPECT(o, serial > c->last_serial && id != 0, "each-object",
                  "object %lu comes after %lu, %u were made", (unsigned long)serial,
                  (unsigned long)c->last_serial, o->model->object_count);
    ORACLE_EXPECT(o, type == o->types[expected->shape] && slot_count == expected->slot_count,
                  "each-object", "object %u has type %u and %u slots", id, type, slot_count);
    ages_expect_generation(o, id, generation);
    c->last_serial = serial;
    c->atoms += !shape_table[expected->shape].container;
    model_put(&c->alive, id);
    c->objects++;
    c->bytes += requested_bytes(slot_count, expected->bytes);
}

typedef struct presence {
    const oracle *oracle;
    model_set *present;
} presence;

static void note_present(uint64_t serial, mm_type type, uint32_t slot_count, uint32_t generation,
                         void *context)
{
    const presence *p = context;

    (void)type, (void)slot_count, (void)generation;
    if (serial <= MODEL_IDS_MAX)
        model_put(p->present, p->oracle->ids[serial]);
}

void oracle_present(const oracle *o, model_set *out)
{
    model_clear_set(o->model, out);
    mm_each_object(o->heap, note_present, &(presence){o, out});
}

static void take_census(const oracle *o, const mm_stats *stats, census *c)
{
    c->oracle = o;
    c->last_serial = c->objects = c->bytes = c->atoms = 0;
    model_clear_set(o->model, &c->alive);
    mm_each_object(o->heap, count_object, c);
    ORACLE_EXPECT(o, stats->objects_live == c->objects && stats->bytes_live == c->bytes,
                  "live-count", "%lu objects of %lu bytes, the statistics say %lu of %lu",
                  (unsigned long)c->objects, (unsigned long)c->bytes,
                  (unsigned long)stats->objects_live, (unsigned long)stats->bytes_live);
}

/* ---- The bounds ---- */

static void expect_subset(const oracle *o, const model_set *set, const model_set *of,
                          const char *name, const char *what)
{
    uint32_t id = model_first_outside(o->model, set, of);

    ORACLE_EXPECT(o, id == 0, name, "object %u %s", id, what);
}

void oracle_kept_uncollected(const oracle *o, model_set *out)
{
    if (strategy_traits.prompt)
        model_counting_closure(o->model, &o->alive, out);
    else
        *out = o->alive;
}

/* Takes from `kept` what neither owners nor frozen objects reach; and what dies of that. True when
 * that was anything. */
static bool without_garbage(const oracle *o, model_set *kept)
{
    model_set frozen, reached;
    bool changed;

    model_clear_set(o->model, &frozen);
    MODEL_EACH (o->model, kept, id) {
        if (o->model->objects[id].frozen)
            model_put(&frozen, id);
    }
    model_reachable(o->model, &frozen, &reached);
    changed = model_first_outside(o->model, kept, &reached) != 0;
    model_take_others(o->model, &reached, kept);
    if (strategy_traits.prompt)
        model_counting_closure(o->model, &reached, kept);
    else
        *kept = reached;
    return changed;
}

static void expect_bounds(const oracle *o, const model_set *alive, bool for_good)
{
    model_set kept, last;

    oracle_kept_uncollected(o, &kept);
    if (!o->collected && !for_good && model_equal(o->model, alive, &kept))
        return; /* all that was to stay has, which is more than what is reachable, or frozen */
    model_reachable(o->model, NULL, &last);
    expect_subset(o, &last, alive, "reachable", "was reclaimed while it was reachable");
    if (o->freezing) { /* then any number of collections leaves more than that */
        last = kept;
        while (without_garbage(o, &last)) {
        }
        expect_subset(o, &last, alive, "frozen", "was reclaimed while it was frozen");
    }
    if (!o->collected)
        expect_subset(o, &kept, alive, "too-early", "is gone although nothing has been collected");
    if (for_good)
        kept = last;
    else if (o->collected)
        model_take_all(o->model, &kept, &o->taken);
    if (!strategy_traits.conservative)
        expect_subset(o, alive, &kept, "too-late", "should have been reclaimed by now");
}

/* ---- Comparing ---- */

static void expect_statistics(const oracle *o, const mm_stats *stats)
{
    uint64_t reclaimed = stats->reclaimed_by_count + oracle_sum(stats->reclaimed_by_collector);

    ORACLE_EXPECT(o, stats->objects_allocated == o->model->object_count, "statistics",
                  "%lu objects allocated, %u were made", (unsigned long)stats->objects_allocated,
                  o->model->object_count);
    ORACLE_EXPECT(o, stats->objects_allocated - reclaimed == stats->objects_live, "statistics",
                  "%lu allocated, %lu reclaimed, %lu alive",
                  (unsigned long)stats->objects_allocated, (unsigned long)reclaimed,
                  (unsigned long)stats->objects_live);
}

/* Of a collector that tells nobody: one that works in steps has freed objects before a collection is
 * over. */
static void note_untold(oracle *o, const mm_stats *stats)
{
    uint64_t collections = oracle_sum(stats->collections);
    uint64_t reclaimed = oracle_sum(stats->reclaimed_by_collector);

    if (collections > o->collections || reclaimed > o->reclaimed)
        rites_collection_untold(o);
    o->collections = collections;
    o->reclaimed = reclaimed;
}

static void note_statistics(oracle *o, mm_stats *stats)
{
    mm_get_stats(o->heap, stats);
    if (o->ghost.shape != SHAPE_COUNT)
        add_ghost(o);
    expect_statistics(o, stats);
    if (strategy_traits.no_callbacks)
        note_untold(o, stats);
    ORACLE_EXPECT(o, oracle_sum(stats->collections) == o->collections, "statistics",
                  "%lu collections ran, %lu were told",
                  (unsigned long)oracle_sum(stats->collections), (unsigned long)o->collections);
}

/* With the statistics of now. */
static void compare(oracle *o, const mm_stats *stats, bool for_good)
{
    char message[MM_MESSAGE_MAX];
    uint32_t counts[MODEL_IDS_MAX + 1];
    census now;

    if (!mm_check(o->heap, message))
        oracle_violation(o, "mm_check", "%s", message);
    take_census(o, stats, &now);
    expect_bounds(o, &now.alive, for_good);
    rites_expect_done(o, &now.alive);
    ages_compare(o, now.atoms);
    model_clear_set(o->model, &o->taken);
    model_copy_set(o->model, &o->alive, &now.alive);
    o->alive_count = (uint32_t)now.objects;
    o->effort = 0;
    o->collected = false;
    model_count_references(o->model, &o->alive, counts);
    expect_variables(o, counts);
}

void oracle_compare(oracle *o, bool for_good)
{
    mm_stats stats;

    note_statistics(o, &stats);
    compare(o, &stats, for_good);
}

/* What is reachable is whole, whatever is dying meanwhile. What dies is seen as its rites begin; only
 * where those may wait it could be reachable again by then, so that each step has to be looked at. */
static void expect_in_user_code(oracle *o)
{
    uint32_t counts[MODEL_IDS_MAX + 1];
    model_set reachable;

    o->waited |= oracle_puts_off(o);
    o->nested_effort += EFFORT_PER_OPERATION;
    if (o->nested_effort < o->alive_count && !o->waited)
        return;
    o->nested_effort = 0;
    model_reachable_counted(o->model, &reachable, counts);
    expect_variables(o, counts);
    rites_note_unreachable(o, &reachable);
}

void oracle_after_operation(oracle *o)
{
    mm_stats stats;

    if (o->frames != 0) {
        expect_in_user_code(o);
        return;
    }
    note_statistics(o, &stats);
    o->may_collect = o->waited = o->unreachable_noted = false;
    o->put_off = put_off_so_far(o);
    o->entered = 0;
    o->effort += EFFORT_PER_OPERATION;
    if (o->effort >= o->alive_count)
        compare(o, &stats, false);
}
