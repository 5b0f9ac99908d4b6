/* Where the loops' objects lie: in the order in which they are made, or scattered.
 *
 * A walk over objects costs by how far apart they are: neighbours are fetched ahead, and share lines
 * and pages. Which of the two a program's objects are is the doing of the program and the allocator:
 * what dies out of order gives blocks back out of order, and the next objects get them so.
 *
 *   the share that is far    the cell's own workload is run once, on a heap of its own, to its end; of
 *                            the objects made next, those that are further than a page from the one
 *                            of the same size before: an estimate of what the program itself gets
 *   loops in order           all free blocks are joined before
 *   loops that are scattered blocks of the objects' sizes are taken and given back in random order
 *
 * glibc joins free blocks of these sizes when a large one is asked for, and hands out what was given
 * back last first. Of an allocator that neither tells what it has handed out nor does so, the prices
 * are those of loops in order. */
#define _GNU_SOURCE
#include "bench/price_parts.h"

#if !PRICES_ABSENT

    #include <stdlib.h>
    #include <sys/mman.h>

    #include "bench/allocator.h"

/* ---- Looking ---- */

static void pass_over(workload_run *run)
{
    (void)run; /* no clock runs */
}

/* Sizes alternate as in the loops' garbage. */
static uint32_t slots_of(const pricing *p, uint32_t i)
{
    return i % FAMILY == 0 ? FAMILY * p->slots - (FAMILY - 1) : 1;
}

static bool is_far(const void *from, const void *to)
{
    enum { PAGE_BYTES = 4096 };
    uintptr_t a = (uintptr_t)from, b = (uintptr_t)to;

    return (a < b ? b - a : a - b) > PAGE_BYTES;
}

/* Of the next objects, compared with the one of its size before: two rows of blocks side by side are
 * fetched ahead as well as one. A share too small to be told from none is none. */
static mm_status find_far_share(const pricing *p)
{
    enum { OBJECTS = 8192, LEAST = OBJECTS / 100 };
    mm *m = p->m;
    const void *before[2] = {NULL, NULL};
    uint32_t far = 0;
    MM_VAR(m, all);

    for (uint32_t i = 0; i < OBJECTS; i++) {
        MM_VAR(m, made);
        const void **last = &before[i % FAMILY == 0];
        if (mm_new(m, made, p->node, slots_of(p, i), p->payload) != MM_OK)
            return MM_NO_MEMORY;
        far += *last != NULL && is_far(*last, mm_data(m, made));
        *last = mm_data(m, made);
        mm_fill(m, made, 0, all);
        mm_move(m, all, made);
    }
    p->found->far_share = far > LEAST ? (double)far / OBJECTS : 0;
    return MM_OK;
}

void price_join_free(void)
{
    enum { LARGE_BYTES = 1 << 16 };
    void *volatile block = malloc(LARGE_BYTES);

    free(block);
}

/* What malloc takes for an object with as many slots, 0 when nobody knows. */
static mm_status find_block_bytes(const pricing *p, uint32_t slots, size_t *bytes)
{
    enum { OBJECTS = 1024, GRANULE_BYTES = 16 };
    mm *m = p->m;
    uint64_t before = allocator_retained_bytes(), after;
    MM_VAR(m, all);

    *bytes = 0;
    for (uint32_t i = 0; i < OBJECTS; i++) {
        MM_VAR(m, made);
        if (mm_new(m, made, p->node, slots, p->payload) != MM_OK)
            return MM_NO_MEMORY;
        mm_fill(m, made, 0, all);
        mm_move(m, all, made);
    }
    after = allocator_retained_bytes();
    if (before != MM_UNKNOWN && after > before)
        *bytes = (size_t)((after - before + OBJECTS * GRANULE_BYTES / 2) / OBJECTS / GRANULE_BYTES *
                          GRANULE_BYTES);
    return MM_OK;
}

/* ---- What the cell has ---- */

/* Where one collection finds what was garbage all along, none of it lies where something died before. */
static void find_growth(const mm_heap *heap, pricing *p)
{
    mm_stats stats;
    uint64_t collections = 0;

    mm_get_stats(heap, &stats);
    for (uint32_t g = 0; g < strategy_traits.generations; g++)
        collections += stats.collections[g];
    p->grows = collections == 1;
    if (p->grows && stats.objects_visited > p->of_cell.live)
        p->of_cell.live = stats.objects_visited;
}

static mm_status find_on(mm_heap *heap, workload_run *run, const workload *w, pricing *p)
{
    const uint32_t slots[PRICE_BLOCKS] = {1, p->slots, FAMILY * p->slots - (FAMILY - 1)};
    mm_status status;

    if (mm_attach(heap, &run->m) != MM_OK || w->run(run) != WORKLOAD_DONE ||
        mm_type_add(heap, &(mm_type_info){.name = "node", .kind = MM_CONTAINER}, &p->node) != MM_OK)
        return MM_NO_MEMORY;
    mm_program_end(run->m);
    find_growth(heap, p);
    if (strategy_traits.generations > 0)
        mm_collect_all(run->m, NULL);
    p->m = run->m;
    mm_disable(run->m);
    status = find_far_share(p);
    price_join_free();
    for (int k = 0; k < PRICE_BLOCKS && status == MM_OK; k++) {
        status = find_block_bytes(p, slots[k], &p->block_bytes[k]);
        if (p->block_bytes[k] == 0)
            p->found->far_share = 0; /* what cannot be scattered is not */
    }
    return status;
}

void price_find_memory(const sample *of, pricing *p)
{
    workload_run run = {
        .parameters = &of->parameters, .seed = of->seed, .begin = pass_over, .end = pass_over};
    mm_heap *heap;

    if (mm_heap_new(&of->options, &heap) != MM_OK)
        return;
    if (find_on(heap, &run, of->workload, p) != MM_OK)
        p->found->far_share = 0;
    mm_heap_free(heap);
}

/* ---- The loops' ---- */

static void shuffle(void **blocks, size_t count)
{
    workload_random random = {1};

    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)workload_random_below(&random, i);
        void *block = blocks[i - 1];
        blocks[i - 1] = blocks[other];
        blocks[other] = block;
    }
}

void price_scatter(const pricing *p, uint32_t objects)
{
    enum { CHUNK_BYTES = 16 }; /* of malloc's own in what it takes */
    size_t count = 0, most = (size_t)PRICE_BLOCKS * objects;
    void **blocks = mmap(NULL, most * sizeof *blocks, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (; blocks != MAP_FAILED && count < most; count++) {
        blocks[count] = malloc(p->block_bytes[count % PRICE_BLOCKS] - CHUNK_BYTES);
        if (blocks[count] == NULL)
            break;
    }
    if (blocks == MAP_FAILED)
        return;
    shuffle(blocks, count);
    for (size_t i = 0; i < count; i++)
        free(blocks[i]);
    munmap(blocks, most * sizeof *blocks); /* to give it back to malloc would join the others */
}

#endif
