/* The folder of a run: context.json and samples.jsonl, locked while somebody writes it.
 *
 * A sample is one line, appended by one write as soon as it is there, so a killed run keeps all of
 * them. Only the last line can be torn; it is dropped when the folder is opened again. */
#ifndef RECLAIM_RUNNER_STORE_H
#define RECLAIM_RUNNER_STORE_H

#include <stdbool.h>

#include "plan.h"

extern const char sample_schema[];

#define STORE_TORN_SENTENCE "The last line of samples.jsonl was cut short and is left out."

/* The heads of the extra samples of one kind: see extras.h. */
typedef struct extra_slots {
    json_t **heads; /* cell_count × stride; NULL: not taken yet */
    size_t count, stride;
} extra_slots;

typedef struct store {
    char *folder;     /* absolute */
    int lock;         /* a descriptor of the folder that holds the lock */
    int samples;      /* a descriptor of samples.jsonl */
    json_t **records; /* cell_count × (repetitions + 1): see store_slot; NULL: not taken yet */
    size_t record_count;
    size_t stride; /* repetitions + 1 */
    extra_slots extras[EXTRA_KINDS_MAX];
    bool reading; /* opened to be read only: nothing is locked, and nothing is written */
    bool torn;    /* the last line of samples.jsonl was cut short, and is left out */
} store;

/* Makes the folder (and those above it) where it does not exist, and locks it. It must be empty. */
bool store_create(store *opened, const char *folder, problem *why);

/* Opens and locks the folder of an earlier run and returns its context. NULL and `why` filled on
 * failure. */
json_t *store_open(store *opened, const char *folder, problem *why);

/* The same without a lock, for reading only: a run that is going on may be read. */
json_t *store_open_to_read(store *opened, const char *folder, problem *why);

/* Writes context.json, whole or not at all. */
bool store_write_context(const store *into, const json_t *context, problem *why);

/* Makes room for the samples of `planned` and reads those that samples.jsonl has. False when one of
 * them cannot be what a run has written there. */
bool store_load_samples(store *from, const plan *planned, problem *why);

/* The record of a repetition of a cell: 0 is the counted sample, 1 to `repetitions` are the timed
 * ones. NULL: not taken yet. */
json_t **store_slot(const store *in, size_t cell_index, size_t repetition);

/* Appends a record to samples.jsonl and keeps it in its slot; takes it over in every case. */
bool store_append(store *into, size_t cell_index, size_t repetition, json_t *record, problem *why);

/* Whether the folder still takes files: a program that could not write its sample may not be the
 * one to blame. */
bool store_is_writable(const store *tested, problem *why);

/* The path of a file in the folder; the caller frees it. */
char *store_path(const store *of, const char *name);

/* Where the schedule of a cell is while the run goes on; the caller frees it. */
char *store_schedule_path(const store *of, size_t cell_index);

void store_close(store *opened);

#endif
