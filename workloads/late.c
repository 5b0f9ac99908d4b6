/* late: sessions that die old: each lives for a long time, and its parts refer to each other.
 *
 *   window[25,000] ─▶ session ─▶ a ─▶ b ─▶ c ─▶ session
 *   turn:  a new session takes the place of the oldest
 *
 * Shape: 4 objects allocated a turn, 100,000 of the 1,000,000 live at any time, all cyclic, in
 * components of 4. Counting leaks every session that is over.
 *
 * What counts is that the young die never and the old always: by the time a session is over it is
 * in the oldest generation, and only full collections free anything. The younger ones look at live
 * objects in vain. Since a full collection waits until the survivors of the others are a quarter of
 * what the last one left, garbage floats until then. */
#include "workloads/turns.h"

enum { PARTS = 4, SESSIONS_PER_REQUEST = 128 };

static const setting parameters[] = {
    {.name = "n",
     .unit = "sessions",
     .help = "of 4 objects",
     .fallback = 250e3,
     .minimum = 1,
     .maximum = 1e10,
     .integer = true},
    {.name = "width",
     .unit = "sessions",
     .help = "live at any time",
     .fallback = 25e3,
     .minimum = 1,
     .maximum = 1e8,
     .integer = true},
    PAYLOAD_SETTING(16),
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct late {
    mm_type node;
    uint32_t payload;
    uint64_t width;
    mm_var *sessions;
    uint64_t checksum;
} late;

static mm_status make_session(mm *m, const late *l, uint64_t number, mm_var *session)
{
    MM_VARS(m, v, 2);
    mm_var *part = v, *made = v + 1;

    for (uint64_t k = 0; k < PARTS; k++) {
        if (mm_new(m, made, l->node, 1, l->payload) != MM_OK)
            return MM_NO_MEMORY;
        *(uint64_t *)mm_data(m, made) = PARTS * number + k;
        if (k == 0)
            mm_set(m, session, made);
        else
            mm_fill(m, made, 0, part);
        mm_move(m, part, made);
    }
    mm_fill(m, session, 0, part);
    return MM_OK;
}

/* Reads around the session that is over, if there is one. */
static void finish(mm *m, late *l, uint32_t place)
{
    MM_BORROW(m, next);
    mm_var *node = l->sessions;

    mm_borrow(m, next, node, place);
    for (int k = 0; k < PARTS && !mm_is_null(next); k++) {
        l->checksum = workload_checksum(l->checksum, *(uint64_t *)mm_data(m, next));
        node = next;
        mm_borrow(m, next, node, 0);
    }
}

static mm_status turn(mm *m, void *state, uint64_t i)
{
    late *l = state;
    uint32_t place = (uint32_t)(i % l->width);
    MM_VAR(m, session);

    if (make_session(m, l, i, session) != MM_OK)
        return MM_NO_MEMORY;
    finish(m, l, place);
    mm_store_move(m, l->sessions, place, session);
    return MM_OK;
}

static workload_amount sessions_amount(const settings *p, uint64_t sessions)
{
    size_t part = sizeof(void *) + (uint64_t)settings_get(p, "payload");
    return (workload_amount){.objects = PARTS * sessions, .bytes = PARTS * sessions * part};
}

static turns_books books(const settings *p)
{
    uint64_t n = (uint64_t)settings_get(p, "n"), width = (uint64_t)settings_get(p, "width");
    uint64_t live = n < width ? n : width;
    turns_books b = {.allocated = sessions_amount(p, n),
                     .live = sessions_amount(p, live),
                     .leaked = sessions_amount(p, n),
                     .leaked_before_teardown = sessions_amount(p, n - live)};

    workload_add_array(&b.allocated, width);
    workload_add_array(&b.live, width);
    return b;
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    turns_forecast(p, books(p), out);
    return true;
}

static workload_result run(workload_run *run)
{
    mm *m = run->m;
    MM_VAR(m, sessions);
    late l = {.payload = (uint32_t)workload_parameter(run, "payload"),
              .width = workload_parameter(run, "width"),
              .sessions = sessions};

    if (mm_type_add(mm_heap_of(m), &(mm_type_info){.name = "node", .kind = MM_CONTAINER},
                    &l.node) != MM_OK ||
        mm_new(m, sessions, l.node, (uint32_t)l.width, 0) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    return turns_run(run, turn,
                     &(turns){.count = workload_parameter(run, "n"),
                              .per_request = SESSIONS_PER_REQUEST,
                              .state = &l,
                              .checksum = &l.checksum,
                              .node = l.node,
                              .kept = sessions,
                              .kept_count = 1,
                              .books = books(run->parameters)});
}

const workload workload_late = {
    .name = "late",
    .story = "sessions that die old, on cycles of four",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"late:n=1000,width=200,backdrop=500",
                                 "late:n=1000,width=200,teardown=off"},
              [WORKLOAD_QUICK] = {"late:n=50000"},
              [WORKLOAD_DEFAULT] = {"late"},
              [WORKLOAD_FULL] = {"late"}},
    .forecast = forecast,
    .run = run,
};
