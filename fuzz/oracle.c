#include "oracle.h"
#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { EFFORT_PER_OPERATION = 8 }; /* live objects whose comparison one operation pays for */

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
    fprintf(stderr, "\n  strategy: %s\n", MM_STRATEGY_NAME);
    abort();
}

void oracle_open(oracle *o, mm_heap *heap, mm *m, model *k)
{
    o->heap = heap;
    o->m = m;
    o->model = k;
    memset(o->variables, 0, sizeof o->variables);
    o->operation = NULL;
    o->alive_count = o->effort = 0;
    o->collected = o->may_collect = false;
    o->collections = 0;
    o->made_since = o->young = 0;
    o->fail_at = 0;
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

void oracle_allocated(oracle *o, mm_status status)
{
    uint64_t attempt = mm_allocation_attempts(o->heap); /* the last one decided */
    bool failed = attempt_must_fail(o, attempt);

    ORACLE_EXPECT(o, status == (failed ? MM_NO_MEMORY : MM_OK), "allocation",
                  "attempt %lu had to %s, the status is %d", (unsigned long)attempt,
                  failed ? "fail" : "succeed", (int)status);
    o->may_collect |= failed || attempt_must_fail(o, attempt - 1); /* to find memory */
}

void oracle_made(oracle *o, uint32_t id, mm_var *v)
{
    MM_VAR(o->m, slot);

    ORACLE_EXPECT(o, mm_serial(v) == id, "serial", "object %lu was made, %u is next",
                  (unsigned long)mm_serial(v), id);
    for (uint32_t i = 0; i < mm_slot_count(o->m, v); i++) {
        mm_load(o->m, slot, v, i);
        ORACLE_EXPECT(o, mm_is_null(slot), "new", "slot %u of the new object %u is not null", i,
                      id);
    }
    memset(mm_data(o->m, v), oracle_payload(id), o->model->objects[id].bytes);
    o->alive.has[id] = true;
    o->alive_count++;
}

/* ---- Variables ---- */

static void expect_payload(const oracle *o, const mm_var *v, uint32_t id)
{
    const unsigned char *data = mm_data(o->m, v);
    uint32_t bytes = o->model->objects[id].bytes;

    if (bytes == 0)
        return;
    /* All bytes are equal: the first one is right, and each is equal to the next. */
    ORACLE_EXPECT(o, data[0] == oracle_payload(id) && memcmp(data, data + 1, bytes - 1) == 0,
                  "payload", "object %u has lost its payload", id);
}

void oracle_expect_variable(const oracle *o, const mm_var *v, uint32_t id)
{
    const model_object *expected = o->model->objects + id;

    ORACLE_EXPECT(o, mm_is_null(v) == (id == 0), "variable",
                  "it is %snull, the model says object %u", mm_is_null(v) ? "" : "not ", id);
    if (id == 0)
        return;
    ORACLE_EXPECT(o, mm_serial(v) == id, "variable", "it names object %lu, the model says %u",
                  (unsigned long)mm_serial(v), id);
    ORACLE_EXPECT(o, mm_type_of(o->m, v) == o->types[expected->shape], "type",
                  "object %u has type %u", id, mm_type_of(o->m, v));
    ORACLE_EXPECT(o, mm_slot_count(o->m, v) == expected->slot_count, "slots",
                  "object %u has %u slots, %u were asked for", id, mm_slot_count(o->m, v),
                  expected->slot_count);
    expect_payload(o, v, id);
}

static void expect_count(const oracle *o, const mm_var *v, uint32_t id, uint32_t references)
{
    uint64_t count = 0;
    mm_status status = mm_refcount(o->m, v, &count);

    ORACLE_EXPECT(o, status == (strategy_traits.counts ? MM_OK : MM_UNSUPPORTED), "refused",
                  "mm_refcount() returned %d", (int)status);
    ORACLE_EXPECT(o, !strategy_traits.counts || count == references, "count",
                  "object %u has count %lu, %u refer to it", id, (unsigned long)count, references);
}

static void expect_variables(const oracle *o)
{
    uint32_t counts[MODEL_OBJECTS_MAX + 1];
    const mm_var *previous = NULL;
    uint32_t previous_id = 0;

    model_count_references(o->model, &o->alive, counts);
    for (uint32_t i = 0; i < MODEL_OWNERS_MAX; i++) {
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
    model_set alive;
} census;

static void count_object(uint64_t serial, mm_type type, uint32_t slot_count, void *context)
{
    census *c = context;
    const oracle *o = c->oracle;

    ORACLE_EXPECT(o, serial > c->last_serial && serial <= o->model->object_count, "each-object",
                  "object %lu comes after %lu, %u were made", (unsigned long)serial,
                  (unsigned long)c->last_serial, o->model->object_count);
    const model_object *expected = o->model->objects + serial;
    ORACLE_EXPECT(o, type == o->types[expected->shape] && slot_count == expected->slot_count,
                  "each-object", "object %lu has type %u and %u slots", (unsigned long)serial, type,
                  slot_count);
    c->last_serial = serial;
    c->alive.has[serial] = true;
    c->objects++;
    c->bytes += requested_bytes(slot_count, expected->bytes);
}

static void take_census(const oracle *o, census *c)
{
    mm_stats stats;

    c->oracle = o;
    c->last_serial = c->objects = c->bytes = 0;
    memset(c->alive.has, 0, o->model->object_count + 1);
    mm_each_object(o->heap, count_object, c);
    mm_get_stats(o->heap, &stats);
    ORACLE_EXPECT(o, stats.objects_live == c->objects && stats.bytes_live == c->bytes, "live-count",
                  "%lu objects of %lu bytes, the statistics say %lu of %lu",
                  (unsigned long)c->objects, (unsigned long)c->bytes,
                  (unsigned long)stats.objects_live, (unsigned long)stats.bytes_live);
}

/* ---- The bounds ---- */

static void expect_subset(const oracle *o, const model_set *set, const model_set *of,
                          const char *name, const char *what)
{
    uint32_t id = model_first_outside(o->model, set, of);

    ORACLE_EXPECT(o, id == 0, name, "object %u %s", id, what);
}

/* What a strategy keeps as long as it does not collect. */
static void kept_uncollected(const oracle *o, model_set *out)
{
    if (strategy_traits.prompt)
        model_counting_closure(o->model, &o->alive, out);
    else
        *out = o->alive;
}

/* Takes from `may_live` what was made since the previous collection, unless owners or what is older
 * reach it. */
static void without_young_garbage(const oracle *o, model_set *may_live)
{
    model_set older, reached;

    for (uint32_t id = 1; id <= o->model->object_count; id++)
        older.has[id] = may_live->has[id] && id <= o->young;
    model_reachable(o->model, &older, &reached);
    for (uint32_t id = 1; id <= o->model->object_count; id++)
        may_live->has[id] &= reached.has[id];
}

static void expect_bounds(const oracle *o, const model_set *alive, collected collected)
{
    model_set kept, reachable;

    kept_uncollected(o, &kept);
    model_reachable(o->model, NULL, &reachable);
    expect_subset(o, &reachable, alive, "reachable", "was reclaimed while it was reachable");
    if (!o->collected)
        expect_subset(o, &kept, alive, "too-early", "is gone although nothing has been collected");
    if (collected == COLLECTED_FULLY)
        kept = reachable;
    else if (collected == COLLECTED_YOUNG)
        without_young_garbage(o, &kept);
    if (!strategy_traits.conservative)
        expect_subset(o, alive, &kept, "too-late", "should have been reclaimed by now");
}

/* ---- Comparing ---- */

static uint64_t sum(const uint64_t by_generation[MM_GENERATIONS_MAX])
{
    return by_generation[0] + by_generation[1] + by_generation[2];
}

static void expect_statistics(const oracle *o, const mm_stats *stats)
{
    uint64_t reclaimed = stats->reclaimed_by_count + sum(stats->reclaimed_by_collector);

    ORACLE_EXPECT(o, stats->objects_allocated == o->model->object_count, "statistics",
                  "%lu objects allocated, %u were made", (unsigned long)stats->objects_allocated,
                  o->model->object_count);
    ORACLE_EXPECT(o, stats->objects_allocated - reclaimed == stats->objects_live, "statistics",
                  "%lu allocated, %lu reclaimed, %lu alive",
                  (unsigned long)stats->objects_allocated, (unsigned long)reclaimed,
                  (unsigned long)stats->objects_live);
}

static void note_collections(oracle *o, const mm_stats *stats)
{
    uint64_t collections = sum(stats->collections);

    if (collections == o->collections)
        return;
    ORACLE_EXPECT(o, o->may_collect || mm_is_enabled(o->m), "disabled",
                  "a collection ran although automatic collection is off");
    o->collections = collections;
    o->collected = true;
    o->young = o->made_since;
    o->made_since = o->model->object_count;
}

static void note_statistics(oracle *o)
{
    mm_stats stats;

    mm_get_stats(o->heap, &stats);
    expect_statistics(o, &stats);
    note_collections(o, &stats);
}

void oracle_compare(oracle *o, collected collected)
{
    char message[MM_MESSAGE_MAX];
    census now;

    note_statistics(o);
    if (!mm_check(o->heap, message))
        oracle_violation(o, "mm_check", "%s", message);
    take_census(o, &now);
    expect_bounds(o, &now.alive, collected);
    memcpy(o->alive.has, now.alive.has, o->model->object_count + 1);
    o->alive_count = (uint32_t)now.objects;
    o->effort = 0;
    o->collected = false;
    expect_variables(o);
}

void oracle_after_operation(oracle *o)
{
    note_statistics(o);
    o->may_collect = false;
    o->effort += EFFORT_PER_OPERATION;
    if (o->effort >= o->alive_count)
        oracle_compare(o, COLLECTED_NOTHING);
}
