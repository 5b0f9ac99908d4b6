/* The oracle of generations, for strategies with the trait `promotes`: which of them each object is
 * in, what the counters are, and which collection is due.
 *
 * The counters are looked at whenever the oracle compares, and as each collection begins and ends:
 * by what was made and freed since the last look they must be what they are, and they are taken over.
 * Containers that are being made are counted too, once the heap has them. How many of what was freed
 * were containers is known where no atom can have died; else it is a range, and so is the counter.
 *
 * A collection that nobody asked for must be the one that is due; an allocation after which one is
 * due must have brought it about. What user code may have changed in the meantime is not predicted
 * but taken over: the generation of what was made while it ran, and how many objects survived.
 *
 * Without the trait nothing here does anything. */
#ifndef FUZZ_AGES_H
#define FUZZ_AGES_H

#include "oracle.h"

void ages_open(oracle *o, bool quarter_rule);

/* An object is being made, which is a container or not; then that is over. */
void ages_making(oracle *o, bool container);
void ages_making_ends(oracle *o);

/* The object `id` is in the model now; `alone` unless user code ran since the heap has had it. */
void ages_made(oracle *o, uint32_t id, bool alone);

/* It succeeded, and neither a collection nor user code ran: none was due. */
void ages_expect_none_due(const oracle *o);

/* The heap says where the object is. */
void ages_expect_generation(const oracle *o, uint32_t id, uint32_t generation);

/* The whole heap has been looked at: this many atoms are alive. */
void ages_compare(oracle *o, uint32_t atoms);

/* What is frozen, or no longer, has been noted. */
void ages_frozen(oracle *o);

/* The object dies by counting and is finalised: it begins again, unless it has waited. */
void ages_born_again(oracle *o, uint32_t id);

/* As rites.h tells of collections. */
void ages_collection_starts(oracle *o, uint32_t generation);
void ages_collection_started(oracle *o, uint32_t generation);
void ages_collection_stops(oracle *o, const mm_gc_info *info);

#endif
