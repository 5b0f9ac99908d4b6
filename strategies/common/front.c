#include "front.h"

#include <string.h>

void front_open(front *f, size_t bytes_held_max)
{
    *f = (front){.limited = bytes_held_max != 0,
                 .bytes_held_max = bytes_held_max != 0 ? bytes_held_max : SIZE_MAX};
#if MM_REGISTRY
    f->blocks.previous = f->blocks.next = &f->blocks;
#endif
#if MM_COUNTED
    f->phase = "";
#endif
}

/* Whether nothing but the pool is asked. */
static bool is_pool_alone(const front *f)
{
    return f->pool != NULL && !f->limited && !f->refusing && !MM_COUNTED && !MM_REGISTRY;
}

void front_refuse(front *f, bool refuse)
{
    f->refusing = refuse;
    f->pool_alone = is_pool_alone(f);
}

bool front_use_pool(front *f)
{
    f->pool = pool_open();
    f->pool_alone = is_pool_alone(f);
    return f->pool != NULL;
}

/* malloc() and free(), or the pool's. */
static void *get_block(front *f, size_t bytes)
{
    return f->pool != NULL && bytes <= POOL_BLOCK_BYTES_MAX ? pool_allocate(f->pool, bytes)
                                                            : malloc(bytes);
}

static void put_block(front *f, void *block, size_t bytes)
{
    if (f->pool != NULL && bytes <= POOL_BLOCK_BYTES_MAX)
        pool_free(f->pool, block, bytes);
    else
        free(block);
}

#if MM_REGISTRY
static void *registry_add(front *f, registered *block, size_t header, size_t request)
{
    *block = (registered){.previous = f->blocks.previous,
                          .next = &f->blocks,
                          .serial = ++f->serial,
                          .header = (uint32_t)header,
                          .request = request};
    #if MM_COUNTED
    block->made = block->used = f->request;
    block->born = f->bytes_requested + request;
    block->phase = f->phase;
    #endif
    #if MM_CHECKED
    block->magic = REGISTERED_LIVE;
    #endif
    block->previous->next = block;
    block->next->previous = block;
    return block + 1;
}

/* Unlinks a block. The checked flavour checks it, and fills it so that whoever still reads it reads
 * nonsense even without AddressSanitizer. */
static registered *registry_remove(void *block, size_t header, size_t request)
{
    registered *entry = front_registered(block);

    assert(entry->header == header && entry->request == request && "freed with another size");
    entry->previous->next = entry->next;
    entry->next->previous = entry->previous;
    #if MM_CHECKED
    assert(entry->magic == REGISTERED_LIVE && "freed twice, or not an object");
    assert(entry->pins == 0 && "reclaimed while a borrowed variable relies on it");
    entry->magic = REGISTERED_FREED;
    memset(block, 0xdd, header + request);
    #else
    (void)header, (void)request;
    #endif
    return entry;
}
#endif

void front_close(front *f)
{
#if MM_REGISTRY
    for (registered *block = f->blocks.next, *next; block != &f->blocks; block = next) {
        next = block->next;
        put_block(f, block, sizeof *block + block->header + block->request);
    }
    f->blocks.previous = f->blocks.next = &f->blocks;
#endif
    if (f->pool != NULL)
        pool_close(f->pool);
    f->pool = NULL;
    f->bytes_held = 0;
}

/* Whether this attempt must fail, by the tests' wish or because the program was stopped. */
static bool front_fault_due(front *f)
{
#if MM_CHECKED
    f->attempts++;
    return f->stopped || (f->fail_at != 0 && (f->attempts == f->fail_at ||
                                              (f->fail_thereafter && f->attempts > f->fail_at)));
#elif MM_COUNTED
    return f->stopped;
#else
    (void)f;
    return false;
#endif
}

#if MM_COUNTED
static unsigned bucket_of(uint64_t value)
{
    return value != 0 ? 64 - (unsigned)__builtin_clzll(value) : 0;
}
#endif

static void front_count_allocation(front *f, size_t request)
{
#if MM_COUNTED
    f->blocks_allocated++;
    f->bytes_requested += request;
    f->histograms.sizes[bucket_of(request)]++;
    if (f->bytes_held > f->bytes_peak)
        f->bytes_peak = f->bytes_held;
    if (f->bytes_requested - f->bytes_given_back > f->traced_peak)
        f->traced_peak = f->bytes_requested - f->bytes_given_back;
#else
    (void)f, (void)request;
#endif
}

void *front_allocate(front *f, size_t header, size_t request)
{
    size_t size = header + request;
    void *block;

    if (front_fault_due(f) || f->refusing || size > f->bytes_held_max - f->bytes_held)
        return NULL;
#if MM_REGISTRY
    block = get_block(f, sizeof(registered) + size);
    if (block != NULL)
        block = registry_add(f, block, header, request);
#else
    block = get_block(f, size);
#endif
    if (block == NULL)
        return NULL;
    f->bytes_held += size;
    front_count_allocation(f, request);
    return block;
}

void *front_allocate_guarded(front *f, size_t header, size_t request)
{
    size_t size = header + request;

    return f->pool_alone ? malloc(size) : front_allocate(f, header, request);
}

void front_free_guarded(front *f, void *block, size_t header, size_t request)
{
    if (f->pool_alone)
        free(block);
    else
        front_free(f, block, header, request);
}

void *front_side_table(front *f, void *old, size_t bytes)
{
    return front_fault_due(f) ? NULL : realloc(old, bytes);
}

/* Unlinks what is registered, and frees the block. */
static void release_block(front *f, void *block, size_t header, size_t request)
{
    size_t size = header + request;

#if MM_REGISTRY
    block = registry_remove(block, header, request);
    size += sizeof(registered);
#endif
    put_block(f, block, size);
}

static void front_count_free(front *f, const void *block, size_t header, size_t request)
{
    f->bytes_held -= header + request;
#if MM_COUNTED
    f->blocks_freed++;
    f->bytes_given_back += request;
    f->histograms.lifetimes[bucket_of(f->bytes_requested - front_registered(block)->born)]++;
#else
    (void)block;
#endif
}

void front_free(front *f, void *block, size_t header, size_t request)
{
    front_count_free(f, block, header, request);
    release_block(f, block, header, request);
}

void front_forget(front *f, void *block, size_t header, size_t request)
{
    front_count_free(f, block, header, request);
#if MM_REGISTRY
    registry_remove(block, header, request);
#endif
}

void *front_copy_block(front *f, void *block, size_t header, size_t request)
{
#if MM_REGISTRY
    registered *old = front_registered(block);
    registered *copy = get_block(f, sizeof *copy + header + request);
    if (copy == NULL)
        return NULL;
    memcpy(copy, old, sizeof *copy + header + request);
    copy->previous = old;
    copy->next = old->next;
    copy->previous->next = copy->next->previous = copy;
    #if MM_CHECKED
    old->pins = 0;
    #endif
    return copy + 1;
#else
    void *copy = get_block(f, header + request);
    return copy != NULL ? memcpy(copy, block, header + request) : NULL;
#endif
}

void front_discard_block(front *f, void *block, size_t header, size_t request)
{
    release_block(f, block, header, request);
}
