/* sessions: a service whose requests open sessions, serve them and close them, and the ways in which
 * such a service keeps what it should not.
 *
 *   request i:  open session i, with its request and two buffers, and put it into the registry;
 *               serve `SERVED` of the open ones, found in the registry by number;
 *               look a result up by key in the cache, and make it when it is not there;
 *               close session i − OPEN: take it out of the registry
 *
 *   registry ─▶ entry ─▶ session ─▶ request, buffer, buffer
 *                           ▲└─▶ child ─┐         for the share `cycles` of the sessions
 *                           └───────────┘
 *
 *   leak=N         every Nth session is never taken out of the registry
 *   cache=N        results are cached by key in N places; a key that needs the place of another
 *                  drives its result out
 *   unbounded=on   each request puts what it found out about one identity into a table that nothing
 *                  is ever taken out of, and looks at that of an earlier one
 *   cycles=S       a share S of the sessions is on a cycle with a child of theirs
 *
 * Shape: by default a constant number of objects live, all the others dying young and none cyclic.
 * leak and unbounded grow without bound whatever the strategy, and only what is used again tells
 * them apart; cycles leak under pure counting alone. */
#include "workloads/backdrop.h"
#include "workloads/containers.h"

#include <stdlib.h>

enum { OPEN = 16, SERVED = 32, KEYS_PER_PLACE = 2 };

enum { REQUEST_SLOT, BUFFER_SLOT, CHILD_SLOT = BUFFER_SLOT + 2, SESSION_SLOTS };
enum { CHILD_SLOTS = 1, NUMBER_BYTES = sizeof(uint64_t), BUFFER_BYTES = 96, RESULT_BYTES = 64 };

static const setting parameters[] = {
    {.name = "requests",
     .unit = "requests",
     .help = "each opens a session and closes an older one",
     .fallback = 100e3,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    {.name = "leak",
     .unit = "sessions",
     .help = "every Nth session is never taken out of the registry",
     .fallback = 0,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true,
     .words = {{"off", 0}}},
    {.name = "cache",
     .unit = "results",
     .help = "places of the cache",
     .fallback = 0,
     .minimum = 1,
     .maximum = 1e6,
     .integer = true,
     .words = {{"off", 0}}},
    {.name = "unbounded",
     .unit = "",
     .help = "a table of identities that only grows",
     .fallback = 0,
     .words_only = true,
     .words = {{"off", 0}, {"on", 1}}},
    {.name = "cycles",
     .unit = "share",
     .help = "of the sessions that are on a cycle with a child",
     .fallback = 0,
     .minimum = 0,
     .maximum = 1},
    PAYLOAD_SETTING(32),
    TEARDOWN_SETTING,
};

typedef struct sessions {
    mm_type session, request, buffer, child, cache, result, registry, identities, identity;
    uint64_t requests, leak, cache_places;
    uint32_t payload;
    bool unbounded;
    uint64_t cycle_bound; /* `cycles` as a share of 2³² */
    workload_random random;
    uint64_t checksum;
} sessions;

/* What chance decides about one request: the same draws in the work and in the books. */
typedef struct decisions {
    bool cyclic;
    uint64_t served[SERVED]; /* sessions */
    uint64_t key, place;     /* of the result */
    uint64_t identity;       /* looked at */
} decisions;

static uint64_t first_open(uint64_t i)
{
    return i < OPEN - 1 ? 0 : i - (OPEN - 1);
}

static decisions decide(sessions *s, uint64_t i)
{
    decisions d = {.cyclic = workload_random_next(&s->random) >> 32 < s->cycle_bound};
    uint64_t oldest = first_open(i);

    for (int k = 0; k < SERVED; k++)
        d.served[k] = oldest + workload_random_below(&s->random, i - oldest + 1);
    if (s->cache_places > 0) {
        d.key = workload_random_below(&s->random, KEYS_PER_PLACE * s->cache_places);
        d.place = d.key % s->cache_places;
    }
    d.identity = workload_random_below(&s->random, i + 1);
    return d;
}

static bool is_leaked(const sessions *s, uint64_t session)
{
    return s->leak != 0 && (session + 1) % s->leak == 0;
}

/* ---- The work ---- */

static mm_status new_numbered(mm *m, mm_var *out, mm_type type, uint32_t slots, uint32_t bytes,
                              uint64_t number)
{
    if (mm_new(m, out, type, slots, bytes) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, out) = number;
    return MM_OK;
}

static mm_status add_request(mm *m, const sessions *s, mm_var *session, uint64_t number)
{
    MM_VAR(m, request);

    if (mm_new(m, request, s->request, 0, s->payload) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, request) = number * number;
    mm_fill(m, session, REQUEST_SLOT, request);
    return MM_OK;
}

static mm_status add_buffers(mm *m, const sessions *s, mm_var *session, uint64_t number)
{
    MM_VAR(m, buffer);

    for (uint32_t i = BUFFER_SLOT; i < CHILD_SLOT; i++) {
        if (mm_new(m, buffer, s->buffer, 0, BUFFER_BYTES) != MM_OK)
            return MM_NO_MEMORY;
        memset(mm_data(m, buffer), (int)(number + i), BUFFER_BYTES);
        mm_fill(m, session, i, buffer);
    }
    return MM_OK;
}

static mm_status add_child(mm *m, const sessions *s, mm_var *session)
{
    MM_VAR(m, child);

    if (mm_new(m, child, s->child, CHILD_SLOTS, 0) != MM_OK)
        return MM_NO_MEMORY;
    mm_store(m, child, 0, session);
    mm_fill(m, session, CHILD_SLOT, child);
    return MM_OK;
}

static mm_status open_session(mm *m, const sessions *s, table *registry, uint64_t number,
                              bool cyclic)
{
    MM_VAR(m, session);

    if (mm_new(m, session, s->session, SESSION_SLOTS, NUMBER_BYTES) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, session) = number;
    if (add_request(m, s, session, number) != MM_OK ||
        add_buffers(m, s, session, number) != MM_OK ||
        (cyclic && add_child(m, s, session) != MM_OK))
        return MM_NO_MEMORY;
    return table_put(m, registry, number, session);
}

/* Reads the request, fills a buffer and reads it. */
static void serve_session(mm *m, sessions *s, const table *registry, uint64_t number)
{
    MM_VAR(m, session);
    MM_BORROW(m, part);
    unsigned char *bytes;

    table_get(m, registry, number, session);
    s->checksum = workload_checksum(s->checksum, *(uint64_t *)mm_data(m, session));
    mm_borrow(m, part, session, REQUEST_SLOT);
    s->checksum = workload_checksum(s->checksum, *(uint64_t *)mm_data(m, part));
    mm_borrow(m, part, session, BUFFER_SLOT + number % 2);
    bytes = mm_data(m, part);
    memset(bytes, bytes[0] + 1, BUFFER_BYTES);
    s->checksum = workload_checksum(s->checksum, bytes[BUFFER_BYTES - 1]);
}

/* The result of a key, from its place of the cache or made anew. */
static mm_status use_result(mm *m, sessions *s, mm_var *cache, const decisions *d)
{
    MM_VAR(m, result);
    bool hit;

    mm_load(m, result, cache, (uint32_t)d->place);
    hit = !mm_is_null(result) && *(uint64_t *)mm_data(m, result) == d->key;
    s->checksum = workload_checksum(s->checksum, d->key * 2 + hit);
    if (hit)
        return MM_OK;
    if (new_numbered(m, result, s->result, 0, RESULT_BYTES, d->key) != MM_OK)
        return MM_NO_MEMORY;
    mm_store_move(m, cache, (uint32_t)d->place, result);
    return MM_OK;
}

static mm_status use_identities(mm *m, sessions *s, table *identities, uint64_t i,
                                const decisions *d)
{
    MM_VAR(m, identity);

    if (new_numbered(m, identity, s->identity, 0, NUMBER_BYTES, i) != MM_OK ||
        table_put(m, identities, i, identity) != MM_OK)
        return MM_NO_MEMORY;
    table_get(m, identities, d->identity, identity);
    s->checksum = workload_checksum(s->checksum, *(uint64_t *)mm_data(m, identity));
    return MM_OK;
}

static mm_status serve_request(mm *m, sessions *s, uint64_t i, table *registry, mm_var *cache,
                               table *identities)
{
    decisions d = decide(s, i);

    if (open_session(m, s, registry, i, d.cyclic) != MM_OK)
        return MM_NO_MEMORY;
    for (int k = 0; k < SERVED; k++)
        serve_session(m, s, registry, d.served[k]);
    if (s->cache_places > 0 && use_result(m, s, cache, &d) != MM_OK)
        return MM_NO_MEMORY;
    if (s->unbounded && use_identities(m, s, identities, i, &d) != MM_OK)
        return MM_NO_MEMORY;
    if (i >= OPEN - 1 && !is_leaked(s, i - (OPEN - 1)))
        table_remove(m, registry, i - (OPEN - 1));
    return MM_OK;
}

/* ---- The books ---- */

/* What is allocated and reachable so far, and what a session is made of. */
typedef struct books {
    workload_amount allocated, live, leaked;
    uint64_t registered, registry_places; /* entries, buckets */
    uint64_t identities, identity_places;
    uint64_t *keys; /* of the cache, each + 1; 0: an empty place */
} books;

static void table_books_put(books *b, uint64_t *length, uint64_t *places)
{
    if (*length == *places) {
        workload_add(&b->live, *places != 0 ? (uint64_t)-1 : 0,
                     (uint64_t)0 - *places * sizeof(void *));
        *places = *places != 0 ? 2 * *places : TABLE_FIRST_CAPACITY;
        workload_add(&b->live, 1, *places * sizeof(void *));
        workload_add(&b->allocated, 1, *places * sizeof(void *));
    }
    workload_add(&b->live, 1, ENTRY_SLOTS * sizeof(void *) + NUMBER_BYTES);
    workload_add(&b->allocated, 1, ENTRY_SLOTS * sizeof(void *) + NUMBER_BYTES);
    ++*length;
}

static void table_books_remove(books *b, uint64_t *length)
{
    workload_add(&b->live, (uint64_t)-1,
                 (uint64_t)0 - (ENTRY_SLOTS * sizeof(void *) + NUMBER_BYTES));
    --*length;
}

static workload_amount session_amount(const sessions *s, bool cyclic)
{
    workload_amount amount = {.objects = 1, .bytes = SESSION_SLOTS * sizeof(void *) + NUMBER_BYTES};

    workload_add(&amount, 1, s->payload);
    workload_add(&amount, 2, 2 * BUFFER_BYTES);
    if (cyclic)
        workload_add(&amount, 1, CHILD_SLOTS * sizeof(void *));
    return amount;
}

static void book_request(books *b, sessions *s, uint64_t i, uint8_t *cyclic)
{
    decisions d = decide(s, i);
    workload_amount opened = session_amount(s, d.cyclic);

    workload_add(&b->allocated, opened.objects, opened.bytes);
    workload_add(&b->live, opened.objects, opened.bytes);
    cyclic[i % OPEN] = d.cyclic;
    table_books_put(b, &b->registered, &b->registry_places);
    if (s->cache_places > 0 && b->keys[d.place] != d.key + 1) {
        workload_add(&b->allocated, 1, RESULT_BYTES);
        if (b->keys[d.place] == 0)
            workload_add(&b->live, 1, RESULT_BYTES);
        b->keys[d.place] = d.key + 1;
    }
    if (s->unbounded) {
        workload_add(&b->allocated, 1, NUMBER_BYTES);
        workload_add(&b->live, 1, NUMBER_BYTES);
        table_books_put(b, &b->identities, &b->identity_places);
    }
    if (i >= OPEN - 1 && !is_leaked(s, i - (OPEN - 1))) {
        bool was_cyclic = cyclic[(i - (OPEN - 1)) % OPEN];
        workload_amount closed = session_amount(s, was_cyclic);
        workload_add(&b->live, (uint64_t)0 - closed.objects, (uint64_t)0 - closed.bytes);
        table_books_remove(b, &b->registered);
        if (was_cyclic)
            workload_add(&b->leaked, closed.objects, closed.bytes);
    }
}

/* Goes through the same decisions as the work will. The sessions that are still in the registry at
 * the end, and on cycles, leak only if the registry is dropped. */
static bool keep_books(workload_run *run, sessions *s)
{
    workload_random start = s->random;
    books b = {.keys = calloc(s->cache_places + 1, sizeof *b.keys)};
    uint8_t cyclic[OPEN] = {0};
    workload_amount all_cyclic = {0};

    if (b.keys == NULL)
        return false;
    if (s->cache_places > 0) {
        b.allocated = (workload_amount){.objects = 1, .bytes = s->cache_places * sizeof(void *)};
        b.live = b.allocated;
    }
    for (uint64_t i = 0; i < s->requests; i++) {
        workload_amount amount = session_amount(s, true);
        book_request(&b, s, i, cyclic);
        if (cyclic[i % OPEN])
            workload_add(&all_cyclic, amount.objects, amount.bytes);
    }
    run->account.allocated = b.allocated;
    run->account.live_work = b.live;
    run->account.leaked = all_cyclic;
    if (workload_parameter(run, "teardown") == 0) {
        run->account.live_end = b.live;
        run->account.leaked = b.leaked;
    }
    s->random = start;
    free(b.keys);
    return true;
}

/* Upper bounds: every session with a child, every look at the cache a miss. */
static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    sessions s = {.payload = (uint32_t)settings_get(p, "payload")};
    uint64_t requests = (uint64_t)settings_get(p, "requests");
    uint64_t leak = (uint64_t)settings_get(p, "leak"), cache = (uint64_t)settings_get(p, "cache");
    uint64_t identities = settings_get(p, "unbounded") != 0 ? requests : 0;
    uint64_t live = OPEN + (leak != 0 ? requests / leak : 0);
    workload_amount one = session_amount(&s, settings_get(p, "cycles") > 0);
    enum { ENTRY_AND_PLACES_BYTES = 24 + 4 * 8 };

    (void)message;
    workload_add(&out->allocated, requests * one.objects, requests * one.bytes);
    workload_add(&out->allocated, requests + 64, requests * ENTRY_AND_PLACES_BYTES);
    workload_add(&out->live_peak, live * (one.objects + 1),
                 live * (one.bytes + ENTRY_AND_PLACES_BYTES));
    workload_add(&out->allocated, cache != 0 ? requests : 0, cache * 8 + requests * RESULT_BYTES);
    workload_add(&out->live_peak, cache, cache * (8 + RESULT_BYTES));
    workload_add(&out->allocated, 2 * identities, identities * (8 + ENTRY_AND_PLACES_BYTES));
    workload_add(&out->live_peak, 2 * identities, identities * (8 + ENTRY_AND_PLACES_BYTES));
    if (settings_get(p, "cycles") > 0)
        workload_add(&out->leaked, requests * one.objects, requests * one.bytes);
    return true;
}

/* ---- The run ---- */

static mm_status serve_all(mm *m, sessions *s, table *registry, mm_var *cache, table *identities)
{
    for (uint64_t i = 0; i < s->requests; i++) {
        mm_request_begin(m);
        if (serve_request(m, s, i, registry, cache, identities) != MM_OK)
            return MM_NO_MEMORY;
        mm_request_end(m);
    }
    return MM_OK;
}

static workload_result work(workload_run *run, sessions *s)
{
    mm *m = run->m;
    MM_VAR(m, registry);
    MM_VAR(m, cache);
    MM_VAR(m, identities);
    table sessions_by_number = table_on(registry, s->registry);
    table identities_by_number = table_on(identities, s->identities);

    if (!keep_books(run, s) ||
        (s->cache_places > 0 && mm_new(m, cache, s->cache, (uint32_t)s->cache_places, 0) != MM_OK))
        return WORKLOAD_NO_MEMORY;
    workload_begin(run);
    if (serve_all(m, s, &sessions_by_number, cache, &identities_by_number) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    run->account.checksum = s->checksum;
    workload_end(run);
    if (workload_parameter(run, "teardown") == 0 &&
        (keep_until_the_end(m, registry) != MM_OK || keep_until_the_end(m, cache) != MM_OK ||
         keep_until_the_end(m, identities) != MM_OK))
        return WORKLOAD_NO_MEMORY;
    return WORKLOAD_DONE;
}

static bool add_types(mm_heap *heap, sessions *s)
{
    const struct {
        mm_type *type;
        const char *name;
        mm_kind kind;
    } types[] = {
        {&s->session, "session", MM_CONTAINER},
        {&s->request, "request", MM_ATOM},
        {&s->buffer, "buffer", MM_ATOM},
        {&s->child, "child", MM_CONTAINER},
        {&s->cache, "cache", MM_CONTAINER},
        {&s->result, "result", MM_ATOM},
        {&s->registry, "registry", MM_CONTAINER},
        {&s->identity, "identity", MM_ATOM},
        {&s->identities, "identities", MM_CONTAINER},
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const mm_type_info info = {.name = types[i].name, .kind = types[i].kind};
        if (mm_type_add(heap, &info, types[i].type) != MM_OK)
            return false;
    }
    return true;
}

static workload_result run(workload_run *run)
{
    sessions s = {
        .requests = workload_parameter(run, "requests"),
        .leak = workload_parameter(run, "leak"),
        .cache_places = workload_parameter(run, "cache"),
        .payload = (uint32_t)workload_parameter(run, "payload"),
        .unbounded = workload_parameter(run, "unbounded") != 0,
        .cycle_bound = (uint64_t)(settings_get(run->parameters, "cycles") * 4294967296.0),
        .random = {run->seed},
    };

    if (!add_types(mm_heap_of(run->m), &s))
        return WORKLOAD_NO_MEMORY;
    return work(run, &s);
}

const workload workload_sessions = {
    .name = "sessions",
    .story = "a service that opens and closes sessions, and may keep some for ever",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"sessions:requests=300,leak=50,cache=16,cycles=0.2",
                                 "sessions:requests=200,unbounded=on"}},
    .forecast = forecast,
    .run = run,
};
