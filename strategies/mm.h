/* mm.h: the object API. Programs say what they do with variables and objects; a strategy decides
 * when memory comes back.
 *
 * Terms. An *object* has a type, a fixed number of *slots* (references to other objects, or null)
 * and a *payload* of bytes. A *mutator* (`mm`) is the running program; one is attached to a *heap*.
 * A *variable* (`mm_var`) names an object or is null, and is a *root*: what variables reach,
 * directly or through slots, lives. Programs never see an object's address, since objects may move.
 *
 * One strategy is chosen at compile time by MM_STRATEGY_HEADER, so that the operations are inlined.
 * A strategy supplies `strategy_new` and its siblings; this header gives them their contract,
 * checks it in the checked flavour and counts in the counted one. What a strategy promises is in
 * `strategy_traits`.
 *
 * Rules of every operation, unless it says otherwise
 * - Variables given as arguments are borrowed from the caller, are not NULL, and belong to the same
 *   heap as `m`.
 * - A result goes into the variable `dst`, which may also be one of the sources. What `dst` named
 *   before is given up *after* the new value stands.
 * - `obj` is not null and the slot index is below mm_slot_count(m, obj). Anything else is misuse:
 *   checked builds assert.
 * - Only mm_new(), mm_weak_new(), mm_immortalise(), mm_root_new(), mm_type_add(), mm_heap_new() and
 *   mm_attach() can fail. A failed call changed nothing, except that a collection may have run.
 * - "May collect: yes" means that unreachable objects may be reclaimed and, where the trait
 *   `moving` is set, that every object may move: payload pointers from mm_data() are void after it.
 *   Giving up a reference may reclaim on a counting strategy, wherever it happens.
 * - Where an object is reclaimed, its finaliser and weak callbacks run: program code, in the middle
 *   of the operation. They may use every operation. A collection asked for inside of one that a
 *   collection called finds 0 and changes nothing. mm_heap_free() calls none of them.
 *
 * Example: one child with a back-pointer. Every path out of the function gives up `child`.
 *
 *     static mm_status add_child(mm *m, mm_var *parent, mm_type node, mm_var *out)
 *     {
 *         MM_VAR(m, child);
 *         if (mm_new(m, child, node, 2, 0) != MM_OK)
 *             return MM_NO_MEMORY;
 *         mm_store(m, parent, 0, child);
 *         mm_store(m, child, 1, parent);
 *         mm_move(m, out, child);
 *         return MM_OK;
 *     }
 */
#ifndef MM_H
#define MM_H

#define MM_API_VERSION 1

#include "common/base.h"
#include "common/heap.h"

#ifndef MM_STRATEGY_HEADER
    #error \
        "define MM_STRATEGY_HEADER as the header of one strategy, such as \"refcount/strategy.h\""
#endif
#include MM_STRATEGY_HEADER
#include "common/derived.h"

/* Whether mm_schedule.h works. */
#ifndef MM_SCHEDULED
    #define MM_SCHEDULED 0
#endif

/* ---- Heap, mutator, types ---- */

/* The strategy's options with their defaults (a variant's own included), ready for
 * settings_assign() and mm_heap_new(). */
void mm_options_init(settings *options);

/* A new, empty heap into `*out`. `options` is copied; NULL means the defaults. Errors:
 * MM_NO_MEMORY; MM_UNSUPPORTED, where the trait `one_heap` is set, while another stands or when an
 * earlier one has settled an option for the whole process. */
mm_status mm_heap_new(const settings *options, mm_heap **out);

/* Frees the heap: its roots, types, and, where the strategy can find them, its objects. A timed
 * heap of a strategy that neither links nor counts its objects leaves to the process what it
 * leaked. The mutator is detached first. */
void mm_heap_free(mm_heap *heap);

/* The heap's mutator into `*out`. Errors: MM_NO_MEMORY; MM_INVALID when it has one already (no
 * strategy here takes more). */
mm_status mm_attach(mm_heap *heap, mm **out);

/* Ends the mutator, whose scopes have all ended. */
void mm_detach(mm *m);

/* The heap behind a mutator. */
static inline mm_heap *mm_heap_of(mm *m)
{
    return m->base.heap;
}

/* A new type of this heap into `*out`. `info` is copied, its name is not. Errors: MM_NO_MEMORY. */
mm_status mm_type_add(mm_heap *heap, const mm_type_info *info, mm_type *out);

/* What the type was made from; valid until the next mm_type_add(). */
const mm_type_info *mm_type_info_of(const mm_heap *heap, mm_type type);

/* ---- Variables ---- */

/* Declares `name`, an array of `count` variables, null at first: roots until the enclosing block
 * ends on whatever path; then each is given up. `name` decays to the `mm_var *` that the operations
 * take. May collect (at the end of the block): no, but may reclaim. */
#define MM_VARS(m, name, count) MM_SCOPE_(m, name, count, false)

/* One such variable. */
#define MM_VAR(m, name) MM_VARS(m, name, 1)

/* Declares a variable that owns nothing: only mm_borrow() writes it, and it may be read like any
 * other. */
#define MM_BORROW(m, name) MM_SCOPE_(m, name, 1, true)

#define MM_SCOPE_(m, name, count, borrows)                                 \
    mm_var name[count];                                                    \
    __attribute__((cleanup(strategy_scope_leave))) mm_scope name##_scope_; \
    strategy_scope_enter((m), &name##_scope_, name, (count), (borrows));   \
    MM_NAME_SCOPE_((m), name)

/* ---- Internal to this header: counting, noting and checking ---- */

#if MM_COUNTED
    #define MM_COUNT_(m, operation, argument) \
        count_operation(&(m)->base, MM_OPERATION_##operation, (argument))
    #define MM_NAME_SCOPE_(m, name)                       \
        (((mutator_base *)(void *)(m))->scopes_entered++, \
         scope_name(&name##_scope_, #name, __func__))
    #define MM_NOTE_USE_(m, obj) mm_note_use_((m), (obj))
#else
    #define MM_COUNT_(m, operation, argument) ((void)(m))
    #define MM_NAME_SCOPE_(m, name) ((void)0)
    #define MM_NOTE_USE_(m, obj) ((void)0)
#endif

#if MM_COUNTED
/* The program used the object, or something in it: now is when it was last of use. */
static inline void mm_note_use_(mm *m, const mm_var *obj)
{
    strategy_registered(obj)->used = m->base.heap->base.front.request;
}
#endif

#if MM_CHECKED
    #define MM_CHECK_OWNER_(variable)                                   \
        assert((variable) != NULL && !strategy_is_borrowed(variable) && \
               "a borrowed variable owns nothing")
    #define MM_CHECK_SLOT_(m, obj, index)                                             \
        assert(!strategy_is_null(obj) && (index) < strategy_slot_count((m), (obj)) && \
               "no such slot")
    #define MM_CHECK_EMPTY_(m, obj, index) \
        assert(strategy_slot_is_null((m), (obj), (index)) && "a slot is filled once")
/* Runs the forced collection of mm_stress_collect() when one is due. */
void mm_stress_(mm *m);
#else
    #define MM_CHECK_OWNER_(variable) ((void)(variable))
    #define MM_CHECK_SLOT_(m, obj, index) ((void)(index))
    #define MM_CHECK_EMPTY_(m, obj, index) ((void)(index))
static inline void mm_stress_(mm *m)
{
    (void)m;
}
#endif

/* A slot of `obj` is read or written: it must be there, and the object is of use. */
#define MM_USE_SLOT_(m, obj, index)          \
    do {                                     \
        MM_CHECK_SLOT_((m), (obj), (index)); \
        MM_NOTE_USE_((m), (obj));            \
    } while (0)

/* MM_NO_MEMORY, or MM_TOO_DEEP when that is why. */
mm_status mm_refusal_(const mm *m);

/* mm_new() of a type with a finaliser, into the plain copy `made` of a variable: if this took the
 * address of `dst`, no compiler would keep that in a register. */
mm_status mm_new_finalisable_(mm *m, mm_var *made, mm_type type, uint32_t slots, uint32_t bytes);

/* ---- Objects ---- */

/* A new object of `type` with `slots` slots, all null, and `bytes` bytes of payload, not cleared,
 * into `dst`. An atom type takes no slots. May collect: yes. Errors: MM_NO_MEMORY, MM_TOO_DEEP. Cost:
 * O(slots), and what a collection costs. */
__attribute__((always_inline)) static inline mm_status mm_new(mm *m, mm_var *dst, mm_type type,
                                                              uint32_t slots, uint32_t bytes)
{
    MM_COUNT_(m, new, digest_of_new(type, slots, bytes));
    MM_CHECK_OWNER_(dst);
    assert((mm_type_is_container(type) || slots == 0) && "an atom has no slots");
    mm_stress_(m);
#if !MM_FOREIGN
    if (MM_UNLIKELY(type & MM_TYPE_SPECIAL)) {
        mm_var made = {0};
        mm_status status = mm_new_finalisable_(m, &made, type, slots, bytes);
        if (status == MM_OK)
            strategy_move(m, dst, &made);
        return status;
    }
#else
    assert(type != MM_TYPE_WEAK && "mm_weak_new() makes weak references");
#endif
    if (MM_UNLIKELY(strategy_new(m, dst, type, slots, bytes) != MM_OK))
        return mm_refusal_(m);
    return MM_OK;
}

#if MM_COUNTED
static inline mm_status mm_note_site_(mm_status status, mm_var *made, const mm_site *site)
{
    if (status == MM_OK)
        strategy_registered(made)->site = site;
    return status;
}

    /* `call` makes an object into `made_here_`, which is `dst`; it will know that it was here. */
    #define MM_NOTE_SITE_(dst, call)                                          \
        __extension__({                                                       \
            static const mm_site site_here_ = {__FILE__, __func__, __LINE__}; \
            mm_var *made_here_ = (dst);                                       \
            mm_note_site_((call), made_here_, &site_here_);                   \
        })

    /* The same, and the object knows where in the program it was made: see mm_inspect.h. */
    #define mm_new(m, dst, type, slots, bytes) \
        MM_NOTE_SITE_((dst), mm_new((m), made_here_, (type), (slots), (bytes)))
#endif

/* dst = src: an alias. May collect: no. */
static inline void mm_set(mm *m, mm_var *dst, mm_var *src)
{
    MM_COUNT_(m, set, 0);
    MM_CHECK_OWNER_(dst);
    strategy_set(m, dst, src);
}

/* dst = src, and src becomes null: the reference is transferred. With dst and src the same nothing
 * changes. May collect: no. */
static inline void mm_move(mm *m, mm_var *dst, mm_var *src)
{
    MM_COUNT_(m, move, 0);
    MM_CHECK_OWNER_(dst);
    MM_CHECK_OWNER_(src);
    strategy_move(m, dst, src);
}

/* Deletes the name: v becomes null. May collect: no. Cost on a counting strategy: O(objects that
 * die). */
static inline void mm_clear(mm *m, mm_var *v)
{
    MM_COUNT_(m, clear, 0);
    MM_CHECK_OWNER_(v);
    strategy_clear(m, v);
}

/* dst = obj[i]. May collect: no. */
static inline void mm_load(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    MM_COUNT_(m, load, i);
    MM_CHECK_OWNER_(dst);
    MM_USE_SLOT_(m, obj, i);
    strategy_load(m, dst, obj, i);
}

/* dst = obj[i], and the slot becomes null: the reference is transferred. May collect: no. */
static inline void mm_take(mm *m, mm_var *dst, mm_var *obj, uint32_t i)
{
    MM_COUNT_(m, take, i);
    MM_CHECK_OWNER_(dst);
    MM_USE_SLOT_(m, obj, i);
    strategy_take(m, dst, obj, i);
}

/* obj[i] = src. May collect: no. */
static inline void mm_store(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    MM_COUNT_(m, store, i);
    MM_USE_SLOT_(m, obj, i);
    strategy_store(m, obj, i, src);
}

/* obj[i] = src, and src becomes null: the reference is transferred. May collect: no. */
static inline void mm_store_move(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    MM_COUNT_(m, store_move, i);
    MM_CHECK_OWNER_(src);
    MM_USE_SLOT_(m, obj, i);
    strategy_store_move(m, obj, i, src);
}

/* obj[i] = src, and src becomes null, where obj[i] is null still: the first store into a slot of a
 * new object. A counting strategy need not look at what was there. May collect: no. */
static inline void mm_fill(mm *m, mm_var *obj, uint32_t i, mm_var *src)
{
    MM_COUNT_(m, fill, i);
    MM_CHECK_OWNER_(src);
    MM_USE_SLOT_(m, obj, i);
    MM_CHECK_EMPTY_(m, obj, i);
    strategy_fill(m, obj, i, src);
}

/* obj[i] = null. May collect: no. */
static inline void mm_unset(mm *m, mm_var *obj, uint32_t i)
{
    MM_COUNT_(m, unset, i);
    MM_USE_SLOT_(m, obj, i);
    strategy_unset(m, obj, i);
}

/* dobj[di] = sobj[si]: stores what was only looked at. May collect: no. */
static inline void mm_copy_slot(mm *m, mm_var *dobj, uint32_t di, mm_var *sobj, uint32_t si)
{
    MM_COUNT_(m, copy_slot, ((uint64_t)di << 32) ^ si);
    MM_USE_SLOT_(m, dobj, di);
    MM_USE_SLOT_(m, sobj, si);
    strategy_copy_slot(m, dobj, di, sobj, si);
}

/* v names obj[i] without owning it; v is declared by MM_BORROW. Until v is borrowed again or its
 * block ends, the caller keeps `obj`'s object alive and its slot unchanged; the checked flavour
 * verifies both. May collect: no. */
static inline void mm_borrow(mm *m, mm_var *v, mm_var *obj, uint32_t i)
{
    MM_COUNT_(m, borrow, i);
    MM_USE_SLOT_(m, obj, i);
    strategy_borrow(m, v, obj, i);
}

/* ---- Queries: never collect, never counted as operations ---- */

static inline bool mm_is_null(const mm_var *v)
{
    return strategy_is_null(v);
}

/* Whether both name the same object, or both are null. */
static inline bool mm_same(const mm_var *a, const mm_var *b)
{
    return strategy_same(a, b);
}

/* The payload of `obj`, aligned for 8-byte values; valid until the next operation that is not a
 * query. */
static inline void *mm_data(mm *m, const mm_var *obj)
{
    MM_NOTE_USE_(m, obj);
    return strategy_data(m, obj);
}

static inline mm_type mm_type_of(mm *m, const mm_var *obj)
{
    return strategy_type_of(m, obj);
}

static inline uint32_t mm_slot_count(mm *m, const mm_var *obj)
{
    return strategy_slot_count(m, obj);
}

/* ---- Roots that outlive scopes: globals, caches ---- */

/* A new root, null, into `*out`; it stands until mm_root_free() or mm_heap_free(). May collect: no.
 * Errors: MM_NO_MEMORY. */
mm_status mm_root_new(mm *m, mm_root **out);

/* dst = root, and root = src. May collect: no. */
void mm_root_get(mm *m, mm_var *dst, mm_root *root);
void mm_root_set(mm *m, mm_root *root, mm_var *src);

/* Gives the root up, and what it names. May collect: no. */
void mm_root_free(mm *m, mm_root *root);

/* ---- Weak references ---- */

/* A new weak reference to the object of `referent` into `dst`. It is an object itself, of type
 * MM_TYPE_WEAK with one slot, and does not keep its referent alive. When the referent dies it is
 * *cleared*: mm_weak_load() gives null from then on, and after that `callback` (NULL: none) is
 * called once, if the weak reference is still alive; those to the same referent are called newest
 * first. The slot keeps `context` (NULL: nothing) alive for the callback. A weak reference that a
 * collection finds unreachable is cleared too and calls nothing, even if it is resurrected. Whether
 * an object's finaliser runs before its weak references are cleared or after: see the traits
 * death_by_count and death_by_collector. May collect: yes. Errors: MM_NO_MEMORY, MM_TOO_DEEP;
 * MM_INVALID when the referent's type is not `weakable`; MM_UNSUPPORTED for a callback where the
 * trait `no_callbacks` is set. Cost: O(1), one object and about 40 bytes. */
mm_status mm_weak_new(mm *m, mm_var *dst, mm_var *referent, mm_var *context,
                      mm_weak_callback *callback);
#if MM_COUNTED
    #define mm_weak_new(m, dst, referent, context, callback) \
        MM_NOTE_SITE_((dst), mm_weak_new((m), made_here_, (referent), (context), (callback)))
#endif

/* What a weak reference requests as an object, for a program that keeps books. */
enum { MM_WEAK_SLOTS = 1, MM_WEAK_BYTES = sizeof(weak_payload) };

/* dst = what the weak reference leads to, or null once it is cleared. May collect: no. */
void mm_weak_load(mm *m, mm_var *dst, mm_var *reference);

/* ---- Immortal objects ---- */

/* The object lives until its heap is freed, and so does what it refers to. Its references are no
 * longer counted, so that nothing writes to it. There is no way back. May collect: no. Errors:
 * MM_NO_MEMORY; MM_UNSUPPORTED where the trait `mortal` is set. */
mm_status mm_immortalise(mm *m, mm_var *v);
bool mm_is_immortal(mm *m, const mm_var *v);

/* ---- Resources bound to a scope ---- */

/* Gives back what an object stands for (a file, a lock, a connection), while it is still whole. */
typedef void mm_release(mm *m, mm_var *resource);

/* Declares the variable `name`, null at first. When the enclosing block ends, on whatever path, and
 * the variable is not null, `release` is called with it, and then it is given up. To pass the duty
 * on, move the object to another variable. Unlike a finaliser this happens at a known place, once,
 * on every strategy, whatever else refers to the object. */
#define MM_RESOURCE(m, name, release)                    \
    MM_VAR(m, name);                                     \
    __attribute__((cleanup(mm_resource_leave_), unused)) \
    mm_resource_ name##_resource_ = {(m), name, (release)}

typedef struct mm_resource_ {
    mm *m;
    mm_var *variable;
    mm_release *release;
} mm_resource_;

static inline void mm_resource_leave_(mm_resource_ *resource)
{
    if (!mm_is_null(resource->variable))
        resource->release(resource->m, resource->variable);
}

/* ---- Requests, safepoints ---- */

/* A request is the unit of latency: what a user of the runtime waits for. Two clock readings.
 * Requests do not nest. May collect: no. */
static inline void mm_request_begin(mm *m)
{
    MM_COUNT_(m, request_begin, 0);
#if MM_COUNTED
    m->base.heap->base.front.request++;
#endif
    m->base.request_started_ns = clock_now_ns();
}

/* The option `collect` acts here, inside the request. May collect: yes. */
void mm_request_end(mm *m);

/* The mutator can be stopped here. May collect: yes. */
static inline void mm_safepoint(mm *m)
{
    MM_COUNT_(m, safepoint, 0);
    strategy_safepoint(m);
}

/* From here on the program is in the phase `name`, a literal such as "set-up"; objects that it makes
 * are attributed to it (mm_inspect.h). Nothing in the timed flavour. May collect: no. */
static inline void mm_phase(mm *m, const char *name)
{
#if MM_COUNTED
    m->base.heap->base.front.phase = name;
#else
    (void)m, (void)name;
#endif
}

/* The program is over, and `collect=end` acts. Programs that are measured call it once, after their
 * teardown. May collect: yes. */
void mm_program_end(mm *m);

#endif
