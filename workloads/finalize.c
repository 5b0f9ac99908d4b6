/* finalize: destructors, weak references and resurrection under load.
 *
 *   structure:  tree (fan-out 4), pair, or ring of `size` nodes in turn; the share `cyclic` of them is
 *               closed: children know their parents, the last of a ring refers to the first
 *   node:       {weak, back or next, children… | number}
 *   live[64] ─▶ structure       each new one takes the place of the oldest
 *   observers[] ─▶ weak reference ┄▶ node          some with a callback and a context
 *   node.weak ─▶ weak reference ┄▶ the node before it, as a weak back-pointer is
 *   park[8] ─▶ node             what finalisers resurrect
 *
 * Of the nodes 10% have a finaliser, 1% in all have one that resurrects, and 5% are weakly referred
 * to: half of these by an observer, which lives to the end, half from inside their structure.
 *
 * What is compared, and what is not. When a finaliser runs is the strategy's affair: in the middle of
 * a store under counting, in some later allocation under a collector, never under `none`. So the
 * digest is over what the program does outside of finalisers and callbacks; what they issue is
 * counted apart (mm_gc.h). For the program to do the same everywhere they may not change its course:
 * they allocate nothing and write only to the park. The program looks into no observer until the end,
 * since what it would find depends on the strategy, and empties all places of the park after each
 * request, whether there is anything in them or not. How many objects are resurrected is not
 * compared: one whose death is only found after the work finds no park.
 *
 * How often each was called is. Every finalisable node that dies is finalised once, resurrected or
 * not; each observer of a dead node is cleared once, and calls its callback once. The books know how
 * many that must be: all, or all but those of the closed structures where nobody reclaims cycles.
 * Finalisers hold each object and its children against what was written into them, so that one that
 * sees half of an object says so.
 *
 * Shape: n nodes and n × weak weak references allocated; nothing survives but the observers; the
 * share `cyclic` leaks under counting. The catalogue's remaining question, what one finaliser and one
 * weak reference cost, is answered by shape=ring,size=1 with a `live` as large as n: there making is the
 * work, death by count the teardown, and death by collection the last collection. */
#include "workloads/backdrop.h"
#include "workloads/containers.h"

#include <inttypes.h>
#include <stdio.h>

enum { WEAK_SLOT, LINK_SLOT, FIRST_CHILD_SLOT, RING_NODE_SLOTS = 2 };
enum { FANOUT = 4, PAIR = 2, PARKED = 8, NODES_PER_REQUEST = 128 };

typedef enum shape { TREE, PAIRS, RING, SHAPES, ANY = SHAPES } shape;

#define SHARE_SETTING(of, what, default_share)                                                    \
    {                                                                                             \
        .name = (of), .unit = "share", .help = (what), .fallback = (default_share), .minimum = 0, \
        .maximum = 1,                                                                             \
    }

static const setting parameters[] = {
    {.name = "n",
     .unit = "nodes",
     .help = "made and dropped",
     .fallback = 1e6,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    {.name = "shape",
     .unit = "",
     .help = "of the structures",
     .fallback = ANY,
     .words_only = true,
     .words = {{"tree", TREE}, {"pair", PAIRS}, {"ring", RING}, {"any", ANY}}},
    {.name = "size",
     .unit = "nodes",
     .help = "of a tree or ring",
     .fallback = 20,
     .minimum = 1,
     .maximum = 1e6,
     .integer = true},
    SHARE_SETTING("cyclic", "of the structures that are closed into cycles", 0.5),
    SHARE_SETTING("finalisable", "of the nodes that have a finaliser", 0.1),
    SHARE_SETTING("resurrecting", "of the nodes whose finaliser resurrects them", 0.01),
    SHARE_SETTING("weak", "of the nodes that are weakly referred to", 0.05),
    SHARE_SETTING("observed", "of the weak references that an observer holds", 0.5),
    SHARE_SETTING("callbacks", "of the observers that want to be called", 0.5),
    {.name = "live",
     .unit = "structures",
     .help = "that are live at a time",
     .fallback = 64,
     .minimum = 1,
     .maximum = 1e8,
     .integer = true},
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct node_data {
    uint64_t number;
    uint32_t check; /* follows from the number */
    uint32_t finalised;
} node_data;

/* ---- What finalisers and callbacks work with ---- */

/* They are given no context, and the last of them run in the heap's last collection, when the
 * workload has returned: so it stands here, for one run at a time. */
static struct witness {
    mm_root *park;      /* NULL: nothing is resurrected any more */
    uint32_t parked;    /* so far */
    mm_root *observers; /* the storage of a vector */
    uint32_t observer_count;
    workload_deaths seen;
    const char *damage; /* the first that was found; NULL: none */
    uint64_t damaged;   /* in which node */
} witness;

static const uint64_t observer_number = UINT64_C(0x6f62736572766572);

static uint32_t check_of(uint64_t number)
{
    return (uint32_t)workload_checksum(number, observer_number);
}

static void expect(bool holds, const char *damage, uint64_t number)
{
    if (holds || witness.damage != NULL)
        return;
    witness.damage = damage;
    witness.damaged = number;
}

static bool is_whole(mm *m, const mm_var *node)
{
    const node_data *data = mm_data(m, node);

    return data->check == check_of(data->number);
}

static void finalise(mm *m, mm_var *self)
{
    node_data *data = mm_data(m, self);
    uint32_t slots = mm_slot_count(m, self);
    uint64_t number = data->number;
    MM_BORROW(m, neighbour);

    expect(is_whole(m, self), "its finaliser found damage", number);
    expect(!data->finalised, "it was finalised twice", number);
    data->finalised = true;
    witness.seen.finalised++;
    for (uint32_t i = LINK_SLOT; i < slots; i++) {
        mm_borrow(m, neighbour, self, i);
        if (!mm_is_null(neighbour))
            expect(is_whole(m, neighbour), "its finaliser found a damaged neighbour", number);
    }
}

/* Takes the oldest place in the park. What stood there may die of it, and its finalisers run inside
 * of this one. */
static void finalise_and_resurrect(mm *m, mm_var *self)
{
    MM_VAR(m, park);

    finalise(m, self);
    if (witness.park == NULL)
        return;
    mm_root_get(m, park, witness.park);
    mm_store(m, park, witness.parked++ % PARKED, self);
}

static void note_death(mm *m, mm_var *reference, mm_var *context)
{
    MM_VAR(m, referent);

    mm_weak_load(m, referent, reference);
    expect(mm_is_null(referent), "a callback came while its referent could be loaded", 0);
    expect(!mm_is_null(context) && *(uint64_t *)mm_data(m, context) == observer_number,
           "a callback was given another context", 0);
    witness.seen.callbacks++;
}

/* What was resurrected is whole still. Every place is looked at and emptied, so that it is the same
 * work whether something stands there or not. */
static void empty_park(mm *m)
{
    MM_VAR(m, park);

    mm_root_get(m, park, witness.park);
    for (uint32_t i = 0; i < PARKED; i++) {
        MM_VAR(m, resurrected);
        mm_take(m, resurrected, park, i);
        if (!mm_is_null(resurrected))
            expect(is_whole(m, resurrected), "it was resurrected and is damaged", witness.parked);
    }
}

/* ---- Choices: drawn once for the books and once for the work ---- */

typedef struct finalize {
    mm_type node, finalisable, resurrecting, observer;
    uint64_t n;
    uint32_t size, live;
    shape shape;
    uint64_t cyclic, finalised, resurrected, weak, observed, callbacks; /* shares of 65536 */
    workload_random random;
    uint64_t left; /* nodes still to be made */
    uint64_t structures;
    vector observers;
    mm_var *context;
    uint64_t next_number, checksum;
} finalize;

typedef struct structure {
    shape shape;
    uint32_t size;
    bool closed; /* into a cycle that every node is on */
} structure;

static structure choose_structure(finalize *f)
{
    structure s = {.shape = f->shape, .size = f->size};
    uint64_t drawn = workload_random_next(&f->random) >> 48;

    if (f->shape == ANY)
        s.shape = (shape)(f->structures % SHAPES);
    if (s.shape == PAIRS)
        s.size = PAIR;
    if (s.size > f->left)
        s.size = (uint32_t)f->left;
    s.closed = drawn < f->cyclic && (s.shape != TREE || s.size > 1);
    f->left -= s.size;
    f->structures++;
    return s;
}

typedef struct node_choice {
    bool finalisable, resurrecting, weak, observed, callback;
} node_choice;

static node_choice choose_node(finalize *f)
{
    uint64_t drawn = workload_random_next(&f->random);
    uint64_t kind = drawn & 0xffff, weak = drawn >> 16 & 0xffff;
    uint64_t observed = drawn >> 32 & 0xffff, callback = drawn >> 48;
    node_choice choice = {
        .resurrecting = kind < f->resurrected,
        .finalisable = kind < f->resurrected || kind < f->finalised,
        .weak = weak < f->weak,
        .observed = observed < f->observed,
        .callback = callback < f->callbacks,
    };

    return choice;
}

static uint32_t first_child(uint32_t i)
{
    return i * FANOUT + 1;
}

/* Of node `i` in a tree that is numbered level by level. */
static uint32_t child_count(uint32_t i, uint32_t size)
{
    uint32_t first = first_child(i);

    if (first >= size)
        return 0;
    return first + FANOUT <= size ? FANOUT : size - first;
}

/* ---- The books ---- */

static size_t structure_bytes(structure s)
{
    size_t slots = RING_NODE_SLOTS * (size_t)s.size;

    if (s.shape == TREE)
        slots += s.size - 1; /* all but the root are in a slot of their parent */
    return slots * sizeof(void *) + s.size * sizeof(node_data);
}

/* What one structure is, and what will be seen of its death; observers of it are added to theirs. */
static void book_structure(finalize *f, structure s, workload_amount *amount,
                           workload_deaths *deaths, uint64_t *observers)
{
    *amount = (workload_amount){.objects = s.size, .bytes = structure_bytes(s)};
    *deaths = (workload_deaths){0};
    for (uint32_t i = 0; i < s.size; i++) {
        node_choice choice = choose_node(f);
        deaths->finalised += choice.finalisable;
        if (!choice.weak)
            continue;
        if (!choice.observed) {
            workload_add(amount, 1, MM_WEAK_SLOTS * sizeof(void *) + MM_WEAK_BYTES);
            continue;
        }
        ++*observers;
        deaths->cleared++;
        deaths->callbacks += choice.callback;
    }
}

static void add_deaths(workload_deaths *sum, workload_deaths more)
{
    sum->finalised += more.finalised;
    sum->cleared += more.cleared;
    sum->callbacks += more.callbacks;
}

static void add_amount(workload_amount *sum, workload_amount more)
{
    workload_add(sum, more.objects, more.bytes);
}

static uint64_t structure_count(finalize f)
{
    while (f.left != 0)
        choose_structure(&f);
    return f.structures;
}

/* The observers, with the vector that holds them and the context of all. */
static void book_observers(uint64_t observers, workload_account *account)
{
    workload_amount all, held;

    vector_books(observers, &all, &held);
    for (int i = 0; i < 2; i++) {
        workload_amount *amount = i == 0 ? &all : &held;
        workload_add(amount, observers,
                     observers * (MM_WEAK_SLOTS * sizeof(void *) + MM_WEAK_BYTES));
        workload_add(amount, 1, sizeof observer_number);
    }
    add_amount(&account->allocated, all);
    add_amount(&account->live_work, held);
    account->live_end = held;
}

/* Goes through the same choices as the work will; `structures` is how many there are. */
static void keep_books(finalize f, uint64_t structures, bool teardown, workload_account *account)
{
    uint64_t observers = 0;

    for (uint64_t i = 0; i < structures; i++) {
        bool live = i + f.live >= structures;
        structure s = choose_structure(&f);
        workload_amount amount;
        workload_deaths deaths;

        book_structure(&f, s, &amount, &deaths, &observers);
        add_amount(&account->allocated, amount);
        if (live)
            add_amount(&account->live_work, amount);
        if (live && !teardown)
            continue;
        add_deaths(&account->deaths, deaths);
        if (s.closed) {
            add_amount(&account->leaked, amount);
            add_deaths(&account->leaked_deaths, deaths);
        }
    }
    book_observers(observers, account);
}

static void add_setup(const finalize *f, uint64_t backdrop, workload_account *account)
{
    workload_amount standing = backdrop_amount(backdrop);

    workload_add(&standing, 1, f->live * sizeof(void *));
    add_amount(&account->allocated, standing);
    add_amount(&account->live_work, standing);
    workload_add(&account->allocated, 1, PARKED * sizeof(void *));
}

static uint64_t share(const settings *p, const char *name)
{
    return (uint64_t)(settings_get(p, name) * 65536);
}

static finalize configured(const settings *p, uint64_t seed)
{
    return (finalize){
        .n = (uint64_t)settings_get(p, "n"),
        .left = (uint64_t)settings_get(p, "n"),
        .size = (uint32_t)settings_get(p, "size"),
        .live = (uint32_t)settings_get(p, "live"),
        .shape = (shape)settings_get(p, "shape"),
        .cyclic = share(p, "cyclic"),
        .finalised = share(p, "finalisable"),
        .resurrected = share(p, "resurrecting"),
        .weak = share(p, "weak"),
        .observed = share(p, "observed"),
        .callbacks = share(p, "callbacks"),
        .random = {seed},
    };
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    enum { RECORD_BYTES = 64, NODE_BYTES_MAX = 3 * sizeof(void *) + sizeof(node_data) };
    double n = settings_get(p, "n"), weak = n * settings_get(p, "weak");
    double observers = weak * settings_get(p, "observed");
    double live = settings_get(p, "live") * settings_get(p, "size");
    uint64_t nodes = (uint64_t)(live < n ? live : n);
    workload_amount backdrop = backdrop_amount((uint64_t)settings_get(p, "backdrop"));

    (void)message;
    out->allocated =
        (workload_amount){.objects = (uint64_t)(n + weak), .bytes = (uint64_t)(n * NODE_BYTES_MAX)};
    workload_add(&out->allocated, 0, (uint64_t)(weak * 2 * RECORD_BYTES));
    add_amount(&out->allocated, backdrop);
    out->live_peak =
        (workload_amount){.objects = nodes + (uint64_t)observers, .bytes = nodes * NODE_BYTES_MAX};
    workload_add(&out->live_peak, 0, (uint64_t)(observers * RECORD_BYTES));
    add_amount(&out->live_peak, backdrop);
    if (settings_get(p, "cyclic") > 0)
        out->leaked = out->allocated; /* an upper bound */
    if (strategy_traits.no_callbacks && weak > 0 && settings_get(p, "callbacks") > 0)
        out->skip = "weak references of this strategy call nobody: callbacks=0 can be run";
    if (strategy_traits.scheduled &&
        (weak > 0 || settings_get(p, "finalisable") > 0 || settings_get(p, "resurrecting") > 0))
        out->skip = "there is no schedule of a program with finalisers or weak references";
    out->other_bytes = (uint64_t)(weak * RECORD_BYTES + n * settings_get(p, "finalisable") * 8);
    return true;
}

/* ---- Building ---- */

/* A weak reference that an observer holds, or that `node` itself holds to the one before it; the
 * first of a structure to itself. */
static mm_status refer_weakly(mm *m, finalize *f, node_choice choice, mm_var *node, mm_var *before)
{
    MM_VAR(m, reference);

    if (choice.observed) {
        if (mm_weak_new(m, reference, node, f->context, choice.callback ? note_death : NULL) !=
            MM_OK)
            return MM_NO_MEMORY;
        return vector_push(m, &f->observers, reference);
    }
    if (mm_weak_new(m, reference, mm_is_null(before) ? node : before, NULL, NULL) != MM_OK)
        return MM_NO_MEMORY;
    mm_fill(m, node, WEAK_SLOT, reference);
    return MM_OK;
}

static mm_status new_node(mm *m, finalize *f, uint32_t slots, mm_var *before, mm_var *out)
{
    node_choice choice = choose_node(f);
    mm_type type = choice.resurrecting  ? f->resurrecting
                   : choice.finalisable ? f->finalisable
                                        : f->node;
    uint64_t number = f->next_number++;

    if (mm_new(m, out, type, slots, sizeof(node_data)) != MM_OK)
        return MM_NO_MEMORY;
    *(node_data *)mm_data(m, out) = (node_data){.number = number, .check = check_of(number)};
    return choice.weak ? refer_weakly(m, f, choice, out, before) : MM_OK;
}

static mm_status build_ring(mm *m, finalize *f, structure s, mm_var *first)
{
    MM_VARS(m, v, 2);
    mm_var *last = v, *node = v + 1;

    for (uint32_t i = 0; i < s.size; i++) {
        if (new_node(m, f, RING_NODE_SLOTS, last, node) != MM_OK)
            return MM_NO_MEMORY;
        if (i == 0)
            mm_set(m, first, node);
        else
            mm_store(m, last, LINK_SLOT, node);
        mm_move(m, last, node);
    }
    if (s.closed)
        mm_store(m, last, LINK_SLOT, first);
    return MM_OK;
}

/* Node `i` and all below it. */
static mm_status build_tree(mm *m, finalize *f, structure s, uint32_t i, mm_var *parent,
                            mm_var *out)
{
    uint32_t children = child_count(i, s.size);
    MM_VARS(m, v, 2);
    mm_var *node = v, *child = v + 1;

    if (new_node(m, f, FIRST_CHILD_SLOT + children, parent, node) != MM_OK)
        return MM_NO_MEMORY;
    if (s.closed)
        mm_store(m, node, LINK_SLOT, parent);
    for (uint32_t k = 0; k < children; k++) {
        if (build_tree(m, f, s, first_child(i) + k, node, child) != MM_OK)
            return MM_NO_MEMORY;
        mm_fill(m, node, FIRST_CHILD_SLOT + k, child);
    }
    mm_move(m, out, node);
    return MM_OK;
}

/* ---- Reading ---- */

/* The node's number, and that of the node it refers to weakly, which lives. */
static void read_node(mm *m, finalize *f, mm_var *node)
{
    MM_BORROW(m, reference);
    MM_VAR(m, referent);

    f->checksum = workload_checksum(f->checksum, ((node_data *)mm_data(m, node))->number);
    mm_borrow(m, reference, node, WEAK_SLOT);
    if (mm_is_null(reference))
        return;
    mm_weak_load(m, referent, reference);
    expect(!mm_is_null(referent), "a weak reference to a live node leads nowhere", 0);
    if (!mm_is_null(referent))
        f->checksum = workload_checksum(f->checksum, ((node_data *)mm_data(m, referent))->number);
}

static void read_ring(mm *m, finalize *f, structure s, mm_var *first)
{
    MM_BORROW(m, next);
    mm_var *node = first;

    for (uint32_t i = 0; i < s.size; i++) {
        read_node(m, f, node);
        mm_borrow(m, next, node, LINK_SLOT);
        node = next;
    }
}

static void read_tree(mm *m, finalize *f, mm_var *node)
{
    uint32_t slots = mm_slot_count(m, node);
    MM_BORROW(m, child);

    read_node(m, f, node);
    for (uint32_t i = FIRST_CHILD_SLOT; i < slots; i++) {
        mm_borrow(m, child, node, i);
        read_tree(m, f, child);
    }
}

/* ---- The run ---- */

static mm_status serve_structure(mm *m, finalize *f, structure s, mm_var *live)
{
    MM_VARS(m, v, 2);
    mm_var *made = v, *no_parent = v + 1;

    if (s.shape == TREE) {
        if (build_tree(m, f, s, 0, no_parent, made) != MM_OK)
            return MM_NO_MEMORY;
        read_tree(m, f, made);
    } else {
        if (build_ring(m, f, s, made) != MM_OK)
            return MM_NO_MEMORY;
        read_ring(m, f, s, made);
    }
    mm_store_move(m, live, (uint32_t)((f->structures - 1) % f->live), made);
    return MM_OK;
}

static mm_status serve_all(mm *m, finalize *f, mm_var *live)
{
    while (f->left != 0) {
        uint64_t nodes = 0;
        mm_request_begin(m);
        while (nodes < NODES_PER_REQUEST && f->left != 0) {
            structure s = choose_structure(f);
            if (serve_structure(m, f, s, live) != MM_OK)
                return MM_NO_MEMORY;
            nodes += s.size;
        }
        empty_park(m);
        mm_request_end(m);
    }
    return MM_OK;
}

static mm_status open_park(mm *m, const finalize *f)
{
    MM_VAR(m, park);

    witness = (struct witness){0};
    if (mm_new(m, park, f->node, PARKED, 0) != MM_OK || mm_root_new(m, &witness.park) != MM_OK)
        return MM_NO_MEMORY;
    mm_root_set(m, witness.park, park);
    return MM_OK;
}

static void close_park(mm *m)
{
    mm_root *park = witness.park;

    witness.park = NULL;
    mm_root_free(m, park);
}

/* Observers outlast the program: those of what only the last collection finds dead are called then. */
static mm_status keep_observers(mm *m, const finalize *f)
{
    if (mm_root_new(m, &witness.observers) != MM_OK)
        return MM_NO_MEMORY;
    mm_root_set(m, witness.observers, f->observers.storage);
    witness.observer_count = f->observers.length;
    return MM_OK;
}

static mm_status set_up(workload_run *run, finalize *f, mm_var *live, mm_var *backdrop)
{
    mm *m = run->m;
    uint64_t backdrop_objects = workload_parameter(run, "backdrop");

    if (backdrop_build(m, f->node, backdrop_objects, backdrop) != MM_OK ||
        mm_new(m, live, f->node, f->live, 0) != MM_OK || open_park(m, f) != MM_OK ||
        mm_new(m, f->context, f->observer, 0, sizeof observer_number) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, f->context) = observer_number;
    keep_books(*f, structure_count(*f), workload_parameter(run, "teardown") != 0, &run->account);
    add_setup(f, backdrop_objects, &run->account);
    if (workload_parameter(run, "teardown") == 0)
        run->account.live_end = run->account.live_work;
    return MM_OK;
}

static workload_result work(workload_run *run, finalize *f)
{
    mm *m = run->m;
    MM_VARS(m, v, 4);
    mm_var *live = v, *backdrop = v + 1;

    f->context = v + 2;
    f->observers = vector_on(v + 3, f->node);
    if (set_up(run, f, live, backdrop) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    workload_begin(run);
    if (serve_all(m, f, live) != MM_OK || keep_observers(m, f) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    close_park(m);
    run->account.checksum = f->checksum;
    workload_end(run);
    if (keep_until_the_end(m, f->context) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    if (workload_parameter(run, "teardown") == 0 &&
        (keep_until_the_end(m, live) != MM_OK || keep_until_the_end(m, backdrop) != MM_OK))
        return WORKLOAD_NO_MEMORY;
    return WORKLOAD_DONE;
}

static bool add_type(mm *m, const char *name, mm_kind kind, mm_finaliser *finaliser, mm_type *out)
{
    const mm_type_info info = {
        .name = name, .kind = kind, .weakable = kind == MM_CONTAINER, .finaliser = finaliser};

    return mm_type_add(mm_heap_of(m), &info, out) == MM_OK;
}

static workload_result run(workload_run *run)
{
    mm *m = run->m;
    finalize f = configured(run->parameters, run->seed);

    if (!add_type(m, "node", MM_CONTAINER, NULL, &f.node) ||
        !add_type(m, "finalisable node", MM_CONTAINER, finalise, &f.finalisable) ||
        !add_type(m, "resurrecting node", MM_CONTAINER, finalise_and_resurrect, &f.resurrecting) ||
        !add_type(m, "observer", MM_ATOM, NULL, &f.observer))
        return WORKLOAD_NO_MEMORY;
    return work(run, &f);
}

/* Every weak reference that is left leads to a whole node, or nowhere. */
static void look_at_observers(mm *m)
{
    MM_VAR(m, storage);

    mm_root_get(m, storage, witness.observers);
    for (uint32_t i = 0; i < witness.observer_count; i++) {
        MM_BORROW(m, reference);
        MM_VAR(m, referent);
        mm_borrow(m, reference, storage, i);
        mm_weak_load(m, referent, reference);
        if (mm_is_null(referent))
            witness.seen.cleared++;
        else
            expect(is_whole(m, referent), "an observer leads to a damaged node", i);
    }
}

static workload_result settled(workload_run *run)
{
    look_at_observers(run->m);
    run->seen = witness.seen;
    if (witness.damage == NULL)
        return WORKLOAD_DONE;
    snprintf(run->message, sizeof run->message, "node %" PRIu64 ": %s", witness.damaged,
             witness.damage);
    return WORKLOAD_WRONG;
}

const workload workload_finalize = {
    .name = "finalize",
    .story = "destructors, weak references, resurrection",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"finalize:n=2000,live=8,finalisable=0.3,resurrecting=0.1,weak=0.2",
                                 "finalize:n=600,size=7,teardown=off,backdrop=200,weak=0.5"},
              [WORKLOAD_QUICK] = {"finalize:n=100000"},
              [WORKLOAD_DEFAULT] = {"finalize", "finalize:cyclic=0"},
              [WORKLOAD_FULL] = {"finalize", "finalize:cyclic=0", "finalize:cyclic=1"}},
    .forecast = forecast,
    .run = run,
    .settled = settled,
};
