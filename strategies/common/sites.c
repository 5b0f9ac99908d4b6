/* Allocation sites: snapshots of who made how much, their statistics and their differences. See
 * mm_inspect.h; empty in the timed flavour.
 *
 * Where an object was made is in its registered header, as a pointer to a constant of the call. So
 * a snapshot is one walk over the registry that adds each object to its group, found by hashing
 * three pointers: site, type, phase. One line of a header is a constant of its own in each source
 * file that includes it, so groups are told apart by content only when they are shown. */
#include "mm.h"

#if MM_COUNTED
    #include "common/graph_names.h"
    #include "common/registry.h"

    #include <string.h>

typedef struct group {
    const mm_site *site;
    const char *type, *phase;
    uint64_t objects, bytes;
} group;

struct mm_snapshot {
    group *groups; /* by hash; an entry with no objects is empty */
    size_t capacity, used;
};

/* ---- Taking ---- */

static size_t hash_of(const group *key)
{
    uint64_t mixed = (uintptr_t)key->site;

    mixed = (mixed ^ (uintptr_t)key->type) * 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (uintptr_t)key->phase) * 0x9e3779b97f4a7c15u;
    return (size_t)(mixed >> 32);
}

/* The group's place, or the empty one where it belongs. */
static group *find_group(const mm_snapshot *s, const group *key)
{
    size_t i = hash_of(key) & (s->capacity - 1);

    while (s->groups[i].objects != 0 &&
           (s->groups[i].site != key->site || s->groups[i].type != key->type ||
            s->groups[i].phase != key->phase))
        i = (i + 1) & (s->capacity - 1);
    return s->groups + i;
}

static bool grow(mm_snapshot *s)
{
    enum { FIRST_CAPACITY = 64 };
    mm_snapshot larger = {.capacity = s->capacity != 0 ? 2 * s->capacity : FIRST_CAPACITY,
                          .used = s->used};

    larger.groups = calloc(larger.capacity, sizeof *larger.groups);
    if (larger.groups == NULL)
        return false;
    for (size_t i = 0; i < s->capacity; i++) {
        if (s->groups[i].objects != 0)
            *find_group(&larger, s->groups + i) = s->groups[i];
    }
    free(s->groups);
    *s = larger;
    return true;
}

static bool add(mm_snapshot *s, const group *one)
{
    group *place;

    if (2 * s->used >= s->capacity && !grow(s))
        return false;
    place = find_group(s, one);
    if (place->objects == 0) {
        *place = *one;
        s->used++;
        return true;
    }
    place->objects += one->objects;
    place->bytes += one->bytes;
    return true;
}

mm_status mm_snapshot_take(mm_heap *heap, mm_snapshot **out)
{
    registered *ring = &heap->base.front.blocks;
    mm_snapshot *s = calloc(1, sizeof *s);

    if (s == NULL)
        return MM_NO_MEMORY;
    for (registered *block = ring->next; block != ring; block = block->next) {
        group one = {.site = block->site,
                     .type = mm_type_info_of(heap, registry_type(block))->name,
                     .phase = block->phase,
                     .objects = 1,
                     .bytes = block->request};
        if (!add(s, &one)) {
            mm_snapshot_free(s);
            return MM_NO_MEMORY;
        }
    }
    *out = s;
    return MM_OK;
}

void mm_snapshot_free(mm_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    free(snapshot->groups);
    free(snapshot);
}

/* ---- Grouping ---- */

/* The group as the grouping shows it. */
static mm_statistic statistic_of(const group *one, mm_grouping by)
{
    mm_statistic row = {.objects = one->objects, .bytes = one->bytes};

    if (by == MM_BY_TYPE) {
        row.type = one->type;
    } else if (by == MM_BY_PHASE) {
        row.phase = one->phase;
    } else {
        row.file = one->site != NULL ? name_file(one->site->file) : "";
        if (by == MM_BY_SITE) {
            row.function = one->site != NULL ? one->site->function : "";
            row.line = one->site != NULL ? one->site->line : 0;
        }
    }
    return row;
}

static int compare_texts(const char *a, const char *b)
{
    return a == b ? 0 : a == NULL ? -1 : b == NULL ? 1 : strcmp(a, b);
}

/* By what the group is, not by how much. */
static int compare_keys(const mm_statistic *a, const mm_statistic *b)
{
    int order = compare_texts(a->file, b->file);

    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    if (order == 0)
        order = compare_texts(a->function, b->function);
    if (order == 0)
        order = compare_texts(a->type, b->type);
    return order != 0 ? order : compare_texts(a->phase, b->phase);
}

static int by_key(const void *a, const void *b)
{
    return compare_keys(a, b);
}

static int by_bytes(const void *a, const void *b)
{
    const mm_statistic *x = a, *y = b;

    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return compare_keys(x, y);
}

/* The groups in the order of their keys, each once. */
static mm_status group_by_key(const mm_snapshot *s, mm_grouping by, mm_statistic **rows,
                              size_t *count)
{
    mm_statistic *all = malloc((s->used + 1) * sizeof *all);
    size_t found = 0, kept = 0;

    if (all == NULL)
        return MM_NO_MEMORY;
    for (size_t i = 0; i < s->capacity; i++) {
        if (s->groups[i].objects != 0)
            all[found++] = statistic_of(s->groups + i, by);
    }
    qsort(all, found, sizeof *all, by_key);
    for (size_t i = 0; i < found; i++) {
        if (kept > 0 && compare_keys(all + kept - 1, all + i) == 0) {
            all[kept - 1].objects += all[i].objects;
            all[kept - 1].bytes += all[i].bytes;
        } else {
            all[kept++] = all[i];
        }
    }
    *rows = all;
    *count = kept;
    return MM_OK;
}

mm_status mm_snapshot_statistics(const mm_snapshot *snapshot, mm_grouping by, mm_statistic **rows,
                                 size_t *count)
{
    if (group_by_key(snapshot, by, rows, count) != MM_OK)
        return MM_NO_MEMORY;
    qsort(*rows, *count, sizeof **rows, by_bytes);
    return MM_OK;
}

/* ---- Comparing ---- */

static int by_difference(const void *a, const void *b)
{
    const mm_difference *x = a, *y = b;
    uint64_t size_x = (uint64_t)(x->bytes < 0 ? -x->bytes : x->bytes);
    uint64_t size_y = (uint64_t)(y->bytes < 0 ? -y->bytes : y->bytes);

    if (size_x != size_y)
        return size_x < size_y ? 1 : -1;
    return compare_keys(&x->now, &y->now);
}

/* Walks both lists, which are in the order of keys, side by side. */
static size_t subtract(const mm_statistic *earlier, size_t earlier_count, const mm_statistic *later,
                       size_t later_count, mm_difference *out)
{
    size_t i = 0, j = 0, used = 0;

    while (i < earlier_count || j < later_count) {
        int order = i == earlier_count ? 1
                    : j == later_count ? -1
                                       : compare_keys(earlier + i, later + j);
        mm_difference d = {.now = order < 0 ? earlier[i] : later[j]};
        if (order < 0)
            d.now.objects = d.now.bytes = 0;
        d.objects = (int64_t)d.now.objects;
        d.bytes = (int64_t)d.now.bytes;
        if (order <= 0) {
            d.objects -= (int64_t)earlier[i].objects;
            d.bytes -= (int64_t)earlier[i].bytes;
            i++;
        }
        j += order >= 0;
        if (d.objects != 0 || d.bytes != 0)
            out[used++] = d;
    }
    return used;
}

mm_status mm_snapshot_compare(const mm_snapshot *earlier, const mm_snapshot *later, mm_grouping by,
                              mm_difference **rows, size_t *count)
{
    mm_statistic *before = NULL, *after = NULL;
    size_t before_count = 0, after_count = 0;
    mm_status status = MM_NO_MEMORY;

    *rows = NULL;
    if (group_by_key(earlier, by, &before, &before_count) == MM_OK &&
        group_by_key(later, by, &after, &after_count) == MM_OK)
        *rows = malloc((before_count + after_count + 1) * sizeof **rows);
    if (*rows != NULL) {
        *count = subtract(before, before_count, after, after_count, *rows);
        qsort(*rows, *count, sizeof **rows, by_difference);
        status = MM_OK;
    }
    free(before);
    free(after);
    return status;
}

/* ---- Traced memory ---- */

void mm_traced_memory(const mm_heap *heap, uint64_t *current, uint64_t *peak)
{
    const front *f = &heap->base.front;

    *current = f->bytes_requested - f->bytes_given_back;
    *peak = f->traced_peak;
}

void mm_get_histograms(const mm_heap *heap, mm_histograms *out)
{
    *out = heap->base.front.histograms;
}

void mm_traced_reset_peak(mm_heap *heap)
{
    front *f = &heap->base.front;

    f->traced_peak = f->bytes_requested - f->bytes_given_back;
}
#endif
