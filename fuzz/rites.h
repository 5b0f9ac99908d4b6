/* The oracle of what happens around a death: what must hold when the heap calls a finaliser, a weak
 * callback or a callback of collections, and what a weak reference may read.
 *
 * All of that happens in the middle of an operation. The model is right there too, since it goes
 * first, but which objects are dying is not known: so these checks ask what was *unreachable at some
 * point since the operation began*. An earlier finaliser of the same collection may have resurrected
 * what is finalised now.
 *
 * A collection that begins outside of user code is bound to take what is then unreachable and of no
 * older generation. What user code makes reachable meanwhile is *held*: whatever owners, or objects
 * that are no part of that garbage, reach whenever such code returns. Nothing else runs before the
 * collector looks again, so all that was never held must be gone in the end, whatever was
 * resurrected beside it. Where finalisers had to wait nothing is demanded.
 *
 * A weak reference is taken as uncleared until it reads null, which is right if its referent
 *   - was unreachable when some collection began, or the weak reference was itself; or
 *   - is dying now, or is dead.
 * Where it is certain that a collection clears it (a full one begins outside of user code and finds
 * one of the two unreachable) it must read null from then on. A cleared one stays so. */
#ifndef FUZZ_RITES_H
#define FUZZ_RITES_H

#include "oracle.h"

/* Objects that owners do not reach now count as unreachable in this operation. */
void rites_note_unreachable(oracle *o, const model_set *reachable);

/* The same, and asks the model what they reach. */
void rites_note_unreachable_now(oracle *o);

/* Before anything else in user code: what the heap did may be known from what is left. */
void rites_note_entered(oracle *o);

/* The finaliser of `self` has been called. */
void rites_finaliser_entered(oracle *o, mm_var *self);

/* The callback of `reference` has been called. */
void rites_callback_entered(oracle *o, mm_var *reference, mm_var *context);

/* A load of the weak reference `id` gave `result`; returns the object it names. */
uint32_t rites_weak_loaded(oracle *o, uint32_t id, const mm_var *result);

/* A collection begins: told to the first callback of it, and to the last, after which nothing runs
 * before the collector does. */
void rites_collection_starts(oracle *o, const mm_gc_info *info);
void rites_collection_started(oracle *o);

/* User code inside it, called by nothing but the heap, has returned. */
void rites_collection_resumes(oracle *o);

/* It is over: told to the first callback, and to the last. */
void rites_collection_stops(oracle *o, const mm_gc_info *info);
void rites_collection_stopped(oracle *o);

/* Collections have run that nobody told of: weak references to what is unreachable may be cleared. */
void rites_collection_untold(oracle *o);

/* The heap is at rest and these are alive: whatever was due has been called. */
void rites_expect_done(const oracle *o, const model_set *alive);

#endif
