/* fat: failed tasks, each of which holds its buffer: an exception that refers to its frame, which
 * refers to the exception.
 *
 *   turn:  frame ⇄ exception
 *            └──▶ buffer, 64 KiB        written from end to end, then all names dropped
 *
 * Shape: 3 objects allocated a turn, none surviving, all cyclic or behind a cycle. Counting leaks
 * all of it: 1.3 GB with the defaults.
 *
 * What counts is that a trigger on the number of objects is blind to bytes: CPython's waits for 701
 * containers whatever hangs on them, so half of that many buffers float at any time, 23 MB; one on
 * bytes collects sooner. */
#include "workloads/turns.h"

enum { REQUEST_BYTES = 128 << 10, TASKS_PER_REQUEST_MAX = 64, NODE_BYTES = 16 };
enum { OTHER_SLOT, BUFFER_SLOT, FRAME_SLOTS, EXCEPTION_SLOTS = 1 };

static const setting parameters[] = {
    {.name = "n",
     .unit = "tasks",
     .help = "that fail, each with a buffer",
     .fallback = 20e3,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    {.name = "payload",
     .unit = "bytes",
     .help = "of each buffer",
     .fallback = 64 << 10,
     .minimum = 8,
     .maximum = 1 << 30,
     .integer = true},
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct fat {
    mm_type node, buffer;
    uint32_t payload;
    uint64_t checksum;
} fat;

static mm_status add_buffer(mm *m, fat *f, mm_var *frame, uint64_t i)
{
    MM_VAR(m, buffer);
    uint8_t *bytes;

    if (mm_new(m, buffer, f->buffer, 0, f->payload) != MM_OK)
        return MM_NO_MEMORY;
    bytes = mm_data(m, buffer);
    memset(bytes, (int)(i & 0xff), f->payload);
    f->checksum = workload_checksum(f->checksum, bytes[f->payload - 1]);
    mm_fill(m, frame, BUFFER_SLOT, buffer);
    return MM_OK;
}

static mm_status turn(mm *m, void *state, uint64_t i)
{
    fat *f = state;
    MM_VAR(m, frame);
    MM_VAR(m, exception);
    MM_BORROW(m, seen);

    if (mm_new(m, frame, f->node, FRAME_SLOTS, NODE_BYTES) != MM_OK ||
        add_buffer(m, f, frame, i) != MM_OK ||
        mm_new(m, exception, f->node, EXCEPTION_SLOTS, NODE_BYTES) != MM_OK)
        return MM_NO_MEMORY;
    memset(mm_data(m, frame), 0, NODE_BYTES);
    *(uint64_t *)mm_data(m, exception) = i;
    mm_store(m, exception, OTHER_SLOT, frame);
    mm_fill(m, frame, OTHER_SLOT, exception);
    mm_borrow(m, seen, frame, OTHER_SLOT);
    f->checksum = workload_checksum(f->checksum, *(uint64_t *)mm_data(m, seen));
    return MM_OK;
}

static turns_books books(const settings *p)
{
    uint64_t n = (uint64_t)settings_get(p, "n"), payload = (uint64_t)settings_get(p, "payload");
    size_t task = (FRAME_SLOTS + EXCEPTION_SLOTS) * sizeof(void *) + 2 * NODE_BYTES + payload;
    workload_amount all = {.objects = 3 * n, .bytes = n * task};

    return (turns_books){.allocated = all, .leaked = all, .leaked_before_teardown = all};
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    enum { TASKS_FLOATING_MAX = 512 }; /* in a collector that counts objects as CPython's does */
    uint64_t n = (uint64_t)settings_get(p, "n"), payload = (uint64_t)settings_get(p, "payload");

    (void)message;
    turns_forecast(p, books(p), out);
    out->other_bytes = (n < TASKS_FLOATING_MAX ? n : TASKS_FLOATING_MAX) * payload;
    return true;
}

/* As many tasks as write REQUEST_BYTES. */
static uint64_t tasks_per_request(uint32_t payload)
{
    uint64_t tasks = REQUEST_BYTES / payload;

    if (tasks > TASKS_PER_REQUEST_MAX)
        return TASKS_PER_REQUEST_MAX;
    return tasks > 0 ? tasks : 1;
}

static workload_result run(workload_run *run)
{
    mm_heap *heap = mm_heap_of(run->m);
    fat f = {.payload = (uint32_t)workload_parameter(run, "payload")};

    if (mm_type_add(heap, &(mm_type_info){.name = "node", .kind = MM_CONTAINER}, &f.node) !=
            MM_OK ||
        mm_type_add(heap, &(mm_type_info){.name = "buffer", .kind = MM_ATOM}, &f.buffer) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    return turns_run(run, turn,
                     &(turns){.count = workload_parameter(run, "n"),
                              .per_request = tasks_per_request(f.payload),
                              .state = &f,
                              .checksum = &f.checksum,
                              .node = f.node,
                              .books = books(run->parameters)});
}

const workload workload_fat = {
    .name = "fat",
    .story = "failed tasks, each holding its buffer on a cycle of two",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"fat:n=400,payload=1000,backdrop=500"},
              [WORKLOAD_QUICK] = {"fat:n=1000"},
              [WORKLOAD_DEFAULT] = {"fat:n=4000"},
              [WORKLOAD_FULL] = {"fat"}},
    .forecast = forecast,
    .run = run,
};
