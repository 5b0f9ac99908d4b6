/* A workload: a program written once against the object API that runs unchanged on every strategy,
 * and knows what must come out.
 *
 * A workload is deterministic from its seed and parameters, issues the same operations whatever the
 * strategy, and never collects: it marks its requests, and the strategy's options decide. It keeps
 * its own books, in closed form where there is one, of what it allocated, what is truly live, and
 * what pure counting cannot give back. The sample program holds the heap against these books; a run
 * that differs is void.
 *
 * The phases of a run, which the workload marks in this order:
 *
 *   set-up ─ workload_begin() ─▶ work ─ workload_end() ─▶ teardown ─ returns
 *
 * Set-up is not timed (the backdrop is built there); work, teardown and the last collection are. */
#ifndef RECLAIM_WORKLOAD_H
#define RECLAIM_WORKLOAD_H

#include "mm.h"
#include "support/settings.h"
#include "workloads/random.h"

enum { WORKLOAD_MESSAGE_MAX = 512, WORKLOAD_SUITE_MAX = 8, WORKLOAD_MEASURED_MAX = 8 };

typedef enum workload_scale {
    WORKLOAD_TEST,    /* tests: a fraction of a second under sanitizers */
    WORKLOAD_QUICK,   /* a look: all of it within a minute or two */
    WORKLOAD_DEFAULT, /* the published shape, but for what would take minutes */
    WORKLOAD_FULL,    /* the catalogue's headline sizes */
    WORKLOAD_SCALES
} workload_scale;

/* Objects and the bytes requested for them (slots and payload, no headers); and how many of the slots are
 * those of arrays that grow with the program: what is average is said without them. */
typedef struct workload_amount {
    uint64_t objects, bytes;
    uint64_t array_slots;
} workload_amount;

/* What the program's own code, finalisers and weak callbacks, sees of deaths. */
typedef struct workload_deaths {
    uint64_t finalised; /* finalisers called */
    uint64_t cleared;   /* weak references that are held to the end and then lead nowhere */
    uint64_t callbacks; /* weak callbacks called */
} workload_deaths;

/* The books of one run. */
typedef struct workload_account {
    workload_amount allocated;     /* by set-up, work and teardown */
    workload_amount live_work;     /* reachable when the work ends */
    workload_amount live_end;      /* reachable after the teardown */
    workload_amount leaked;        /* unreachable after the teardown, but on or behind a cycle: what
                                  counting alone keeps */
    workload_deaths deaths;        /* when all that is unreachable after the teardown has died */
    workload_deaths leaked_deaths; /* of these, those of what is leaked */
    uint64_t checksum;             /* over the final live graph, or the values read from it */
} workload_account;

/* What a run will need, known before it starts: for predictions of memory. */
typedef struct workload_forecast {
    workload_amount allocated;
    workload_amount live_peak; /* the most that is reachable at any time */
    workload_amount leaked;
    uint64_t other_bytes; /* taken by the workload itself beside the heap */
    const char *skip;     /* why this strategy cannot run it, or NULL */
} workload_forecast;

/* What a workload has measured beside what every program measures; it differs from run to run. The
 * name ends with the unit: `_bytes`, `_ns`; otherwise it is a number of things. */
typedef struct workload_measure {
    const char *name;
    uint64_t value;
} workload_measure;

typedef struct workload_run {
    mm *m; /* on a fresh heap */
    const settings *parameters;
    uint64_t seed;
    workload_account account;                         /* filled by the workload */
    workload_measure measured[WORKLOAD_MEASURED_MAX]; /* the same ones in every run */
    size_t measured_count;
    workload_deaths seen;               /* filled by its settled() */
    char message[WORKLOAD_MESSAGE_MAX]; /* why the run failed or is void, when it says so itself */
    void (*begin)(struct workload_run *); /* see workload_begin(), workload_end() */
    void (*end)(struct workload_run *);
    void *harness; /* the sample program's own */
} workload_run;

typedef enum workload_result {
    WORKLOAD_DONE,
    WORKLOAD_NO_MEMORY,
    WORKLOAD_BAD_INPUT, /* a file that a parameter names; `message` says what is wrong with it */
    WORKLOAD_WRONG      /* the workload found its own data damaged; `message` says where */
} workload_result;

typedef struct workload {
    const char *name;
    const char *story;  /* one phrase: what kind of program behaves so */
    const char *caveat; /* one phrase, NULL: what its figures do not tell; charts say it */
    const setting *parameters;
    size_t parameter_count;

    /* The specs a suite runs at each scale, NULL-terminated unless full; `%s` in one stands for
     * each file that `each_file` finds. */
    const char *suite[WORKLOAD_SCALES][WORKLOAD_SUITE_MAX];
    const char *each_file; /* suffix of the files in the programs' folder `heaps`, or NULL */

    /* Predicts; checks what only reading a file can tell. False with a message on bad input. */
    bool (*forecast)(const settings *parameters, workload_forecast *out,
                     char message[WORKLOAD_MESSAGE_MAX]);

    /* Runs once. Every variable of the workload has ended when it returns, whatever it returns. */
    workload_result (*run)(workload_run *run);

    /* Called when the last collection is over and the clocks stand, or NULL: says in `run->seen`
     * what deaths finalisers and callbacks have seen, WORKLOAD_WRONG what they found damaged. */
    workload_result (*settled)(workload_run *run);
} workload;

/* All workloads of this program, in the order of their registration. */
extern const workload *const workload_table[];
extern const size_t workload_count;

/* The set-up is over: the clocks start. Objects made from here on are of the phase "work", later
 * ones of "teardown"; a workload may name finer ones with mm_phase(). */
static inline void workload_begin(workload_run *run)
{
    mm_phase(run->m, "work");
    run->begin(run);
}

/* The work is done, `account.live_work` stands, the teardown starts. */
static inline void workload_end(workload_run *run)
{
    mm_phase(run->m, "teardown");
    run->end(run);
}

/* Adds a figure to what was measured. */
static inline void workload_measured(workload_run *run, const char *name, uint64_t value)
{
    if (run->measured_count < WORKLOAD_MEASURED_MAX)
        run->measured[run->measured_count++] = (workload_measure){name, value};
}

/* A parameter as a number of things. */
static inline uint64_t workload_parameter(const workload_run *run, const char *name)
{
    return (uint64_t)settings_get(run->parameters, name);
}

static inline void workload_add(workload_amount *amount, uint64_t objects, uint64_t bytes)
{
    amount->objects += objects;
    amount->bytes += bytes;
}

/* One object that is such an array. */
static inline void workload_add_array(workload_amount *amount, uint64_t slots)
{
    workload_add(amount, 1, slots * sizeof(void *));
    amount->array_slots += slots;
}

#endif
