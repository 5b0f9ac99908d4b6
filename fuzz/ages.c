#include "ages.h"

#include <string.h>

/* ---- What has been made and freed ---- */

/* So far in the heap. False when a ghost is about, which nobody has counted. */
static bool count_containers(const oracle *o, const mm_stats *stats, uint64_t *containers)
{
    const ages *a = &o->ages;
    uint64_t unknown = stats->objects_allocated - o->model->object_count;

    *containers = a->containers;
    for (uint32_t i = 0; i < a->making_count; i++) {
        uint64_t later = i + 1 < a->making_count ? a->makings[i + 1].unknown : unknown;
        *containers += a->makings[i].container && later > a->makings[i].unknown;
    }
    return o->ghost.shape == SHAPE_COUNT;
}

/* ---- Counters ---- */

/* From here on changes are counted anew. */
static void take_over(oracle *o, const mm_stats *stats)
{
    ages *a = &o->ages;

    a->known = count_containers(o, stats, &a->containers_seen);
    a->freed_seen = stats->objects_allocated - stats->objects_live;
}

/* What the youngest counter may be, if at most `atoms` have died since the last look. */
static model_range range_now(const oracle *o, const mm_stats *stats, uint64_t containers,
                             uint64_t atoms)
{
    const ages *a = &o->ages;
    uint64_t freed = stats->objects_allocated - stats->objects_live - a->freed_seen;

    return model_count_range(a->counters.counts[0], containers - a->containers_seen,
                             freed > atoms ? freed - atoms : 0, freed);
}

static void expect_counters(oracle *o, const mm_stats *stats, model_range range)
{
    ages *a = &o->ages;
    uint32_t counts[MM_GENERATIONS_MAX];

    mm_get_count(o->m, counts);
    ORACLE_EXPECT(o, !a->known || (counts[0] >= range.least && counts[0] <= range.most), "counter",
                  "%u of the youngest generation, should be %lu to %lu", counts[0],
                  (unsigned long)range.least, (unsigned long)range.most);
    for (uint32_t g = 1; g < MODEL_GENERATIONS; g++)
        ORACLE_EXPECT(o, counts[g] == a->counters.counts[g], "counter",
                      "%u of generation %u, should be %u", counts[g], g, a->counters.counts[g]);
    a->counters.counts[0] = counts[0];
    take_over(o, stats);
}

/* Compares the counters with what happened since the last look. */
static void look(oracle *o, uint64_t atoms)
{
    mm_stats stats;
    uint64_t containers;

    mm_get_stats(o->heap, &stats);
    o->ages.known &= count_containers(o, &stats, &containers);
    expect_counters(o, &stats, range_now(o, &stats, containers, atoms));
}

void ages_open(oracle *o, bool quarter_rule)
{
    o->ages = (ages){.quarter_rule = quarter_rule, .known = true};
    o->ages.counters = (model_counters){.survivors_known = true};
}

/* ---- Making ---- */

void ages_making(oracle *o, bool container)
{
    if (strategy_traits.promotes)
        o->ages.makings[o->ages.making_count++] =
            (container_making){.container = container, .unknown = oracle_unknown(o)};
}

void ages_making_ends(oracle *o)
{
    if (strategy_traits.promotes)
        o->ages.making_count--;
}

void ages_made(oracle *o, uint32_t id, bool alone)
{
    model_object *object = o->model->objects + id;

    if (!strategy_traits.promotes || !shape_table[object->shape].container) {
        o->ages.atoms++;
        object->generation = MODEL_ANY_GENERATION;
        return;
    }
    o->ages.containers++;
    object->generation = alone ? 0 : MODEL_ANY_GENERATION;
}

void ages_expect_none_due(const oracle *o)
{
    uint32_t counts[MM_GENERATIONS_MAX], thresholds[MM_GENERATIONS_MAX];

    if (!strategy_traits.promotes || !mm_is_enabled(o->m) || o->collecting)
        return;
    mm_get_count(o->m, counts);
    mm_get_threshold(o->m, thresholds);
    ORACLE_EXPECT(o, thresholds[0] == 0 || counts[0] <= thresholds[0], "due",
                  "%u containers are more than %u, and no collection ran", counts[0],
                  thresholds[0]);
}

/* ---- Where objects are ---- */

void ages_expect_generation(const oracle *o, uint32_t id, uint32_t generation)
{
    model_object *object = o->model->objects + id;

    if (!strategy_traits.promotes)
        return;
    if (!shape_table[object->shape].container) {
        ORACLE_EXPECT(o, generation == MM_NO_GENERATION, "generation", "object %u is in one", id);
        return;
    }
    ORACLE_EXPECT(o,
                  generation <= MODEL_FROZEN && (object->generation == MODEL_ANY_GENERATION ||
                                                 object->generation == generation),
                  "generation", "object %u is in generation %u, should be in %u", id, generation,
                  object->generation);
    object->generation = (uint8_t)generation;
}

void ages_compare(oracle *o, uint32_t atoms)
{
    if (!strategy_traits.promotes)
        return;
    look(o, o->ages.atoms - atoms);
    o->ages.atoms = atoms;
}

void ages_frozen(oracle *o)
{
    model *k = o->model;

    if (!strategy_traits.promotes)
        return;
    for (uint32_t id = 1; id <= k->object_count; id++) {
        model_object *object = k->objects + id;
        if (object->frozen)
            object->generation = MODEL_FROZEN;
        else if (object->generation == MODEL_FROZEN)
            object->generation = MODEL_GENERATIONS - 1;
    }
    if (o->freezing) {
        mm_stats stats;
        memset(o->ages.counters.counts, 0, sizeof o->ages.counters.counts);
        mm_get_stats(o->heap, &stats);
        take_over(o, &stats);
    }
}

void ages_born_again(oracle *o, uint32_t id)
{
    if (strategy_traits.promotes && shape_table[o->model->objects[id].shape].container)
        o->model->objects[id].generation = o->waited ? MODEL_ANY_GENERATION : 0;
}

/* ---- Collections ---- */

/* Nobody asked for it: the counters did. */
static void expect_due(const oracle *o, uint32_t generation)
{
    const model_counters *c = &o->ages.counters;
    bool waits = o->ages.quarter_rule && model_oldest_waits(c);
    uint32_t thresholds[MM_GENERATIONS_MAX], due, otherwise;

    mm_get_threshold(o->m, thresholds);
    due = model_generation_due(c->counts, thresholds, waits);
    otherwise = model_generation_due(c->counts, thresholds, o->ages.quarter_rule && !waits);
    ORACLE_EXPECT(o, thresholds[0] != 0 && c->counts[0] > thresholds[0], "due",
                  "generation %u is collected with %u containers, the threshold is %u", generation,
                  c->counts[0], thresholds[0]);
    ORACLE_EXPECT(o, generation == due || (!c->survivors_known && generation == otherwise), "due",
                  "generation %u is collected, %u is due", generation, due);
}

void ages_collection_starts(oracle *o, uint32_t generation)
{
    if (!strategy_traits.promotes)
        return;
    look(o, o->ages.atoms);
    if (!o->may_collect)
        expect_due(o, generation);
}

void ages_collection_started(oracle *o, uint32_t generation)
{
    mm_stats stats;

    if (!strategy_traits.promotes)
        return;
    mm_get_stats(o->heap, &stats);
    model_promote(o->model, generation);
    model_count_collection(&o->ages.counters, generation);
    take_over(o, &stats);
    o->ages.visited = stats.objects_visited;
    o->ages.reclaimed = oracle_sum(stats.reclaimed_by_collector);
    o->ages.calls = o->calls;
}

/* What the collection has reclaimed was freed after all that was made meanwhile, but for weak
 * references that were gone when they had called. */
void ages_collection_stops(oracle *o, const mm_gc_info *info)
{
    ages *a = &o->ages;
    mm_stats stats;
    model_range range;
    uint64_t containers, made, reclaimed;

    if (!strategy_traits.promotes)
        return;
    mm_get_stats(o->heap, &stats);
    a->known &= count_containers(o, &stats, &containers);
    range = range_now(o, &stats, containers, a->atoms);
    made = containers - a->containers_seen;
    reclaimed = oracle_sum(stats.reclaimed_by_collector) - a->reclaimed;
    reclaimed -= reclaimed < o->collection.called ? reclaimed : o->collection.called;
    range.most = made > reclaimed ? made - reclaimed : 0;
    expect_counters(o, &stats, range);
    model_count_survivors(&a->counters, info->generation,
                          (uint32_t)(stats.objects_visited - a->visited - info->collected),
                          a->calls == o->calls && !o->waited);
}
