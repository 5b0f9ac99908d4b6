/* A sample: one process, one cell (strategy, options, workload, parameters, seed), several whole
 * runs on fresh heaps. */
#ifndef RECLAIM_SAMPLE_H
#define RECLAIM_SAMPLE_H

#include "bench/shim/benchmark_shim.h"
#include "mm_gc.h"
#include "workloads/workload.h"

enum { SAMPLE_RUNS_MAX = 1000, SAMPLE_NAME_MAX = 1024 };

/* The worst of a sample's runs counts; a higher value is worse. */
typedef enum sample_status {
    SAMPLE_OK,
    SAMPLE_UNCOLLECTED, /* there is a collector, and it never ran before the last collection */
    SAMPLE_LEAKED,      /* unreachable objects were still held after the last collection */
    SAMPLE_OOM,
    SAMPLE_VOID,
    SAMPLE_BAD_INPUT /* a file that a parameter names */
} sample_status;

/* What one run showed. */
typedef struct sample_record {
    uint64_t time_ns, cpu_ns; /* by Google Benchmark: work, teardown, last collection */
    uint64_t work_ns, teardown_ns, last_collect_ns;
    uint64_t collector_work_ns; /* in collections before the work ended, or MM_UNKNOWN */
    uint64_t page_faults;
    uint64_t
        bytes_retained; /* by malloc for this run's heap after the last collection, or MM_UNKNOWN */
    uint64_t digest;    /* MM_UNKNOWN unless counted */
    mm_stats stats;     /* what concerns collections, without the last one */
    uint64_t reclaimed_by_last_collect, visited_by_last_collect;
    workload_account account;
    workload_measure measured[WORKLOAD_MEASURED_MAX]; /* by the workload itself */
    size_t measured_count;
    workload_amount leaked;                  /* objects MM_UNKNOWN where this flavour cannot know */
    uint64_t operations[MM_OPERATION_COUNT]; /* counted */
    uint64_t scopes;                         /* likewise */
} sample_record;

typedef struct sample {
    const workload *workload;
    settings parameters;
    settings options;
    uint64_t seed;
    const char *schedule_file;    /* that was asked for, or NULL: see bench/schedule.h */
    struct mm_schedule *schedule; /* NULL: none, or not yet */
    char label[SAMPLE_NAME_MAX];  /* canonical: strategy with options */
    char spec[SAMPLE_NAME_MAX];   /* canonical: workload with parameters */
    struct latency *latency;      /* what is recorded of requests and pauses, or NULL */
    sample_record *records;
    int runs, runs_done,
        runs_timed;          /* asked for; made; whose times Google Benchmark has reported */
    uint64_t rss_peak_bytes; /* of the process at the end of the first run */
    sample_status status;
    char reason[WORKLOAD_MESSAGE_MAX];
} sample;

/* The strategy's name as its rows show it, and whether this program is written by hand in plain C.
 */
const char *sample_strategy(void);
bool sample_is_hand_written(void);

/* Why this strategy could not be built, so that no cell of it runs. NULL: it was. */
const char *sample_absence(void);

/* The options of this program's strategy, each with its default. */
void sample_options_init(settings *options);

/* Adds the sample to what Google Benchmark will run. */
void sample_register(sample *s);

/* Predicts the resident peak of all runs together, and whether this strategy can run it at all
 * (`*skip`: why not, or NULL); false with a message when a file that a parameter names is no good. */
bool sample_forecast(const sample *s, uint64_t *bytes_peak, const char **skip,
                     char message[WORKLOAD_MESSAGE_MAX]);

/* Sees to it that runs can begin: the strategy can run the cell at all, files are good, the schedule
 * is there. SAMPLE_OK, or what is wrong with a message. */
sample_status sample_prepare(sample *s, char message[WORKLOAD_MESSAGE_MAX]);

/* Median of the runs but the first: of a value, and of what the workload measured as its number
 * `index`. */
uint64_t sample_steady(const sample *s, uint64_t (*value)(const sample_record *));
uint64_t sample_steady_measured(const sample *s, size_t index);

#endif
