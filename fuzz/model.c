#include "model.h"

#include <string.h>

void model_open(model *k)
{
    k->object_count = 0;
    k->slot_count = 0;
    k->saved_count = k->immortal_count = 0;
    k->owner_count = MODEL_OWNERS_MAX;
    memset(k->owners, 0, sizeof k->owners);
}

bool model_has_room(const model *k, uint32_t objects, uint32_t slots)
{
    return k->object_count + objects < MODEL_OBJECTS_MAX &&
           k->slot_count + slots <= MODEL_SLOTS_MAX;
}

uint32_t model_add(model *k, uint32_t shape, uint32_t slot_count, uint32_t bytes)
{
    uint32_t id = ++k->object_count;

    k->objects[id] = (model_object){
        .shape = shape, .bytes = bytes, .slot_count = slot_count, .first_slot = k->slot_count};
    memset(k->slots + k->slot_count, 0, slot_count * sizeof *k->slots);
    k->slot_count += slot_count;
    return id;
}

uint32_t *model_slot(model *k, uint32_t id, uint32_t i)
{
    return k->slots + k->objects[id].first_slot + i;
}

/* The slots of an object, for reading; their number is in the object. */
static const uint32_t *slots_of(const model *k, uint32_t id)
{
    return k->slots + k->objects[id].first_slot;
}

void model_clear_set(const model *k, model_set *set)
{
    memset(set->words, 0, model_words(k) * sizeof *set->words);
}

uint32_t model_first_outside(const model *k, const model_set *set, const model_set *of)
{
    for (uint32_t i = 0; i < model_words(k); i++) {
        uint64_t word = set->words[i] & ~of->words[i] & (i == 0 ? ~(uint64_t)1 : ~(uint64_t)0);
        if (word != 0)
            return model_lowest(k, i, word);
    }
    return 0;
}

bool model_equal(const model *k, const model_set *set, const model_set *other)
{
    return model_first_outside(k, set, other) == 0 && model_first_outside(k, other, set) == 0;
}

void model_copy_set(const model *k, model_set *set, const model_set *of)
{
    memcpy(set->words, of->words, model_words(k) * sizeof *set->words);
}

void model_add_all(const model *k, model_set *set, const model_set *of)
{
    for (uint32_t i = 0; i < model_words(k); i++)
        set->words[i] |= of->words[i];
}

void model_add_others(const model *k, model_set *set, const model_set *of)
{
    for (uint32_t i = 0; i < model_words(k); i++)
        set->words[i] |= ~of->words[i];
}

void model_take_all(const model *k, model_set *set, const model_set *of)
{
    for (uint32_t i = 0; i < model_words(k); i++)
        set->words[i] &= ~of->words[i];
}

void model_take_others(const model *k, model_set *set, const model_set *of)
{
    for (uint32_t i = 0; i < model_words(k); i++)
        set->words[i] &= of->words[i];
}

/* Objects that are to be looked at. Each enters at most once, so there is always room. */
typedef struct worklist {
    uint32_t length;
    uint32_t ids[MODEL_IDS_MAX];
} worklist;

static void reach(model_set *set, worklist *work, uint32_t id)
{
    if (id != 0 && !model_has(set, id)) {
        model_put(set, id);
        work->ids[work->length++] = id;
    }
}

/* What owners and saved garbage refer to. */
static void reach_from_owners(const model *k, model_set *out, worklist *work)
{
    for (uint32_t i = 0; i < k->owner_count; i++)
        reach(out, work, k->owners[i]);
    for (uint32_t i = 0; i < k->saved_count; i++)
        reach(out, work, k->saved[i]);
    for (uint32_t i = 0; i < k->immortal_count; i++)
        reach(out, work, k->immortals[i]);
}

void model_reachable(const model *k, const model_set *also, model_set *out)
{
    worklist work;

    work.length = 0;
    model_clear_set(k, out);
    reach_from_owners(k, out, &work);
    if (also != NULL) {
        MODEL_EACH (k, also, id)
            reach(out, &work, id);
    }
    while (work.length != 0) {
        uint32_t id = work.ids[--work.length];
        for (uint32_t i = 0; i < k->objects[id].slot_count; i++)
            reach(out, &work, slots_of(k, id)[i]);
    }
}

static void count_owners(const model *k, uint32_t *counts)
{
    memset(counts, 0, (k->object_count + 1) * sizeof *counts);
    for (uint32_t i = 0; i < k->owner_count; i++)
        counts[k->owners[i]]++;
    for (uint32_t i = 0; i < k->saved_count; i++)
        counts[k->saved[i]]++;
}

void model_reachable_counted(const model *k, model_set *out, uint32_t *counts)
{
    worklist work;

    work.length = 0;
    model_clear_set(k, out);
    count_owners(k, counts);
    reach_from_owners(k, out, &work);
    while (work.length != 0) {
        uint32_t id = work.ids[--work.length];
        for (uint32_t i = 0; i < k->objects[id].slot_count; i++) {
            counts[slots_of(k, id)[i]]++;
            reach(out, &work, slots_of(k, id)[i]);
        }
    }
}

void model_count_references(const model *k, const model_set *live, uint32_t *counts)
{
    count_owners(k, counts);
    MODEL_EACH (k, live, id) {
        for (uint32_t i = 0; i < k->objects[id].slot_count; i++)
            counts[slots_of(k, id)[i]]++;
    }
}

void model_counting_closure(const model *k, const model_set *live, model_set *out)
{
    uint32_t counts[MODEL_IDS_MAX + 1];
    worklist dying;

    dying.length = 0;
    model_copy_set(k, out, live);
    model_count_references(k, live, counts);
    for (uint32_t i = 0; i < k->immortal_count; i++)
        counts[k->immortals[i]]++;
    MODEL_EACH (k, live, id) {
        if (counts[id] == 0)
            dying.ids[dying.length++] = id;
    }
    while (dying.length != 0) {
        uint32_t id = dying.ids[--dying.length];
        model_drop(out, id);
        for (uint32_t i = 0; i < k->objects[id].slot_count; i++) {
            uint32_t child = slots_of(k, id)[i];
            if (child != 0 && --counts[child] == 0 && model_has(live, child))
                dying.ids[dying.length++] = child;
        }
    }
}

/* ---- Generations ---- */

static uint32_t next_generation(uint32_t generation)
{
    return generation + 1 < MODEL_GENERATIONS ? generation + 1 : generation;
}

void model_promote(model *k, uint32_t generation)
{
    for (uint32_t id = 1; id <= k->object_count; id++) {
        if (k->objects[id].generation <= generation)
            k->objects[id].generation = (uint8_t)next_generation(generation);
    }
}

void model_count_collection(model_counters *c, uint32_t generation)
{
    if (generation + 1 < MODEL_GENERATIONS)
        c->counts[generation + 1]++;
    for (uint32_t g = 0; g <= generation; g++)
        c->counts[g] = 0;
}

void model_count_survivors(model_counters *c, uint32_t generation, uint32_t survivors, bool known)
{
    if (generation + 1 == MODEL_GENERATIONS) {
        c->survivors = survivors;
        c->pending = 0;
        c->survivors_known = known;
    } else if (next_generation(generation) + 1 == MODEL_GENERATIONS) {
        c->pending += survivors;
        c->survivors_known &= known;
    }
}

static uint64_t less(uint64_t count, uint64_t freed)
{
    return count > freed ? count - freed : 0;
}

/* The most when all that died did so first, the least when it was last. */
model_range model_count_range(uint32_t count, uint64_t made, uint64_t freed_min, uint64_t freed_max)
{
    return (model_range){less(count + made, freed_max), less(count, freed_min) + made};
}

uint32_t model_generation_due(const uint32_t counts[MODEL_GENERATIONS],
                              const uint32_t thresholds[MODEL_GENERATIONS], bool waits)
{
    uint32_t generation = MODEL_GENERATIONS - waits;

    while (--generation > 0 && counts[generation] <= thresholds[generation]) {
    }
    return generation;
}

bool model_oldest_waits(const model_counters *c)
{
    return c->pending < c->survivors / 4;
}
