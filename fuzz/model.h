/* The model: what a heap should look like, in plain arrays of numbers.
 *
 * An object is an id: 1 for the first ever made, 0 for null. A slot holds an id. An *owner* is
 * anything that keeps an object alive from outside the heap (a variable, a root), and holds an id
 * too. The model knows no addresses, frees nothing and computes everything from the beginning each
 * time it is asked: slow, and hard to get wrong. It says which objects may and must be alive; what
 * it compares with is oracle.h's affair. */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include <stdbool.h>
#include <stdint.h>

enum { MODEL_OBJECTS_MAX = 512, MODEL_SLOTS_MAX = 4096, MODEL_OWNERS_MAX = 104 };

/* What a failed allocation leaves behind, which the program has never seen, has room beside the rest.
 */
enum { MODEL_GHOSTS_MAX = 1, MODEL_GHOST_SLOTS_MAX = 16, MODEL_IMMORTALS_MAX = 4 };

enum { MODEL_IDS_MAX = MODEL_OBJECTS_MAX + MODEL_GHOSTS_MAX };

typedef struct model_object {
    uint32_t shape;
    uint32_t bytes; /* of payload */
    uint32_t slot_count;
    uint32_t first_slot; /* in the model's `slots` */
    uint8_t behaviour;   /* of its finaliser or callback */
    bool finalised;      /* its finaliser has been called, or never will be */
    bool immortal;
    bool frozen;
    bool old;           /* for good: it was frozen, or collected while it was being made */
    uint8_t generation; /* where a collector that promotes has it */

    /* Of a weak reference: */
    uint32_t referent;  /* as it was made with; 0: no weak reference */
    bool cleared;       /* it must read null */
    bool maybe_cleared; /* a collection may have cleared it: once it reads null, it is cleared */
    bool has_callback;
    bool called;
    bool maybe_forgotten; /* it may have been unreachable in a collection: then it calls nothing */
    bool forgotten;       /* it was */
} model_object;

typedef struct model {
    uint32_t object_count; /* ever made: ids are 1…object_count */
    uint32_t slot_count;
    model_object objects[MODEL_IDS_MAX + 1];                 /* by id */
    uint32_t slots[MODEL_SLOTS_MAX + MODEL_GHOST_SLOTS_MAX]; /* ids */
    uint32_t owners[MODEL_OWNERS_MAX];                       /* ids */
    uint32_t owner_count;                                    /* those from here on name nothing */
    uint32_t saved[MODEL_IDS_MAX]; /* ids: garbage that was saved, in order */
    uint32_t saved_count;
    uint32_t immortals[MODEL_IMMORTALS_MAX]; /* ids */
    uint32_t immortal_count;
} model;

enum { MODEL_WORD_IDS = 64, MODEL_SET_WORDS = MODEL_IDS_MAX / MODEL_WORD_IDS + 1 };

/* A set of ids, a bit for each. Only those of ids that exist mean anything. */
typedef struct model_set {
    uint64_t words[MODEL_SET_WORDS];
} model_set;

/* What may be the generation of an object beside 0, 1 and 2. */
enum { MODEL_GENERATIONS = 3, MODEL_FROZEN = MODEL_GENERATIONS, MODEL_ANY_GENERATION };

/* The counters of a collector that promotes. They are known as they were last seen; what they must
 * be since follows from how many containers were made and freed. */
typedef struct model_counters {
    uint32_t counts[MODEL_GENERATIONS];
    uint32_t survivors; /* of the last full collection */
    uint32_t pending;   /* survivors of middle collections since */
    bool survivors_known;
} model_counters;

/* No objects, all owners null. */
void model_open(model *k);

/* Whether one more object fits beside `objects` others, with `slots` slots in all. */
bool model_has_room(const model *k, uint32_t objects, uint32_t slots);

/* A new object, all its slots null; returns its id. */
uint32_t model_add(model *k, uint32_t shape, uint32_t slot_count, uint32_t bytes);

/* The place of a slot: read it or write it. */
uint32_t *model_slot(model *k, uint32_t id, uint32_t i);

static inline bool model_has(const model_set *set, uint32_t id)
{
    return set->words[id / MODEL_WORD_IDS] >> id % MODEL_WORD_IDS & 1;
}

static inline void model_put(model_set *set, uint32_t id)
{
    set->words[id / MODEL_WORD_IDS] |= (uint64_t)1 << id % MODEL_WORD_IDS;
}

static inline void model_drop(model_set *set, uint32_t id)
{
    set->words[id / MODEL_WORD_IDS] &= ~((uint64_t)1 << id % MODEL_WORD_IDS);
}

/* The words of a set that have ids which exist. */
static inline uint32_t model_words(const model *k)
{
    return k->object_count / MODEL_WORD_IDS + 1;
}

/* The lowest of the bits of `word`, which is the `i`th of a set and not 0; 0 unless it is an id. */
static inline uint32_t model_lowest(const model *k, uint32_t i, uint64_t word)
{
    uint32_t id = i * MODEL_WORD_IDS + (uint32_t)__builtin_ctzll(word);

    return id <= k->object_count ? id : 0;
}

/* The first id in `set` from `id` on; 0 when there is none. */
static inline uint32_t model_next(const model *k, const model_set *set, uint32_t id)
{
    uint32_t i = id / MODEL_WORD_IDS;
    uint64_t word;

    if (id > k->object_count)
        return 0;
    word = set->words[i] & ~(uint64_t)0 << id % MODEL_WORD_IDS;
    while (word == 0 && ++i < model_words(k))
        word = set->words[i];
    return word != 0 ? model_lowest(k, i, word) : 0;
}

/* Each `id` in `set`, in order. */
#define MODEL_EACH(k, set, id) \
    for (uint32_t id = model_next((k), (set), 1); id != 0; id = model_next((k), (set), id + 1))

bool model_equal(const model *k, const model_set *set, const model_set *other);

/* The first id in `set` that is not in `of`; 0 when there is none. */
uint32_t model_first_outside(const model *k, const model_set *set, const model_set *of);

/* Puts what is in `of`, or what is not, into `set`; takes from it what is, or what is not. */
void model_copy_set(const model *k, model_set *set, const model_set *of);
void model_add_all(const model *k, model_set *set, const model_set *of);
void model_add_others(const model *k, model_set *set, const model_set *of);
void model_take_all(const model *k, model_set *set, const model_set *of);
void model_take_others(const model *k, model_set *set, const model_set *of);
void model_clear_set(const model *k, model_set *set);

/* The objects that owners, saved garbage and immortal objects reach. `also` (may be NULL) are reached too, whether anything refers
 * to them or not. */
void model_reachable(const model *k, const model_set *also, model_set *out);

/* The same without `also`, and the references to each object from what is found and from owners and
 * saved garbage, by id. */
void model_reachable_counted(const model *k, model_set *out, uint32_t *counts);

/* References to each object, by id: from owners, from saved garbage and from the slots of `live`. */
void model_count_references(const model *k, const model_set *live, uint32_t *counts);

/* The counting closure: what is left of `live` after taking away, again and again, each object to
 * which nothing of the rest refers. Exactly what reference counting keeps: what is reachable, and
 * what is on a garbage cycle or reachable from one. Immortal objects stay. */
void model_counting_closure(const model *k, const model_set *live, model_set *out);

/* ---- Generations ---- */

/* A collection of `generation` begins: whatever survives it is in the next one from then on. */
void model_promote(model *k, uint32_t generation);

/* The counters as such a collection begins. */
void model_count_collection(model_counters *c, uint32_t generation);

/* It has ended, and this many containers had not been found unreachable; `known` unless user code
 * may have made that another number. */
void model_count_survivors(model_counters *c, uint32_t generation, uint32_t survivors, bool known);

/* What the youngest counter may be after `made` containers were made and `freed_min` to `freed_max`
 * freed, in whatever order: it never falls below 0. */
typedef struct model_range {
    uint64_t least, most;
} model_range;
model_range model_count_range(uint32_t count, uint64_t made, uint64_t freed_min,
                              uint64_t freed_max);

/* The generation to collect when the youngest counter exceeds its threshold. `waits`: the oldest is
 * not due before there is a quarter of new survivors. */
uint32_t model_generation_due(const uint32_t counts[MODEL_GENERATIONS],
                              const uint32_t thresholds[MODEL_GENERATIONS], bool waits);

/* Whether there is not. */
bool model_oldest_waits(const model_counters *c);

#endif
