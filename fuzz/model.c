#include "model.h"

#include <string.h>

void model_open(model *k)
{
    k->object_count = 0;
    k->slot_count = 0;
    k->saved_count = k->immortal_count = 0;
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

static void clear_set(const model *k, model_set *set)
{
    memset(set->has, 0, k->object_count + 1);
}

uint32_t model_first_outside(const model *k, const model_set *set, const model_set *of)
{
    for (uint32_t id = 1; id <= k->object_count; id++) {
        if (set->has[id] && !of->has[id])
            return id;
    }
    return 0;
}

/* Objects that are to be looked at. Each enters at most once, so there is always room. */
typedef struct worklist {
    uint32_t length;
    uint32_t ids[MODEL_IDS_MAX];
} worklist;

static void reach(model_set *set, worklist *work, uint32_t id)
{
    if (id != 0 && !set->has[id]) {
        set->has[id] = true;
        work->ids[work->length++] = id;
    }
}

void model_reachable(const model *k, const model_set *also, model_set *out)
{
    worklist work;

    work.length = 0;
    clear_set(k, out);
    for (uint32_t i = 0; i < MODEL_OWNERS_MAX; i++)
        reach(out, &work, k->owners[i]);
    for (uint32_t i = 0; i < k->saved_count; i++)
        reach(out, &work, k->saved[i]);
    for (uint32_t i = 0; i < k->immortal_count; i++)
        reach(out, &work, k->immortals[i]);
    for (uint32_t id = 1; also != NULL && id <= k->object_count; id++)
        reach(out, &work, also->has[id] ? id : 0);
    while (work.length != 0) {
        uint32_t id = work.ids[--work.length];
        for (uint32_t i = 0; i < k->objects[id].slot_count; i++)
            reach(out, &work, slots_of(k, id)[i]);
    }
}

void model_count_references(const model *k, const model_set *live, uint32_t *counts)
{
    memset(counts, 0, (k->object_count + 1) * sizeof *counts);
    for (uint32_t i = 0; i < MODEL_OWNERS_MAX; i++)
        counts[k->owners[i]]++;
    for (uint32_t i = 0; i < k->saved_count; i++)
        counts[k->saved[i]]++;
    for (uint32_t id = 1; id <= k->object_count; id++) {
        if (!live->has[id])
            continue;
        for (uint32_t i = 0; i < k->objects[id].slot_count; i++)
            counts[slots_of(k, id)[i]]++;
    }
}

void model_counting_closure(const model *k, const model_set *live, model_set *out)
{
    uint32_t counts[MODEL_IDS_MAX + 1];
    worklist dying;

    dying.length = 0;
    memcpy(out->has, live->has, k->object_count + 1);
    model_count_references(k, live, counts);
    for (uint32_t i = 0; i < k->immortal_count; i++)
        counts[k->immortals[i]]++;
    for (uint32_t id = 1; id <= k->object_count; id++) {
        if (live->has[id] && counts[id] == 0)
            dying.ids[dying.length++] = id;
    }
    while (dying.length != 0) {
        uint32_t id = dying.ids[--dying.length];
        out->has[id] = false;
        for (uint32_t i = 0; i < k->objects[id].slot_count; i++) {
            uint32_t child = slots_of(k, id)[i];
            if (child != 0 && --counts[child] == 0 && live->has[child])
                dying.ids[dying.length++] = child;
        }
    }
}
