/* The leak finder: which objects a program that serves requests keeps, and whether it should.
 *
 * The run is cut into CHECKPOINTS equal windows. At the end of each all that can be collected is
 * collected, and what is left is counted by type and allocation site, reachable and unreachable
 * apart. The first WARM_UP windows are not judged: there caches fill and tables find their size. The
 * others make SEGMENTS segments.
 *
 *   leaked cycle   unreachable objects of the group are more at the end of every segment
 *   grows          so are the reachable ones that have outlived a whole window (what is merely in
 *                  use when the checkpoint comes is younger), and the group is still growing in the
 *                  second half
 *     leak         … and of those made after the warm-up and old enough hardly any was used again
 *                  later than a window after it was made
 *     cache        … and they were
 *   unsteady       more at the end than ever in the first half, but not so regularly
 *   settled        more than before the first request, but no more in the second half
 *   floating       unreachable before a checkpoint's collection and gone after it
 *
 * A table's entry is used by whoever looks for its neighbours, so use alone would call the entries
 * that hold leaked objects a cache. A group that grows and whose objects, by CARRIER_SHARE, refer to
 * objects of a leak *carries* the leak and is one.
 *
 * That an object which is live but was not used for long is a leak: Chilimbi and Hauswirth,
 * "Low-overhead memory leak detection using adaptive statistical profiling" (SWAT), ASPLOS 2004.
 * There uses are sampled and an object is stale by the clock; here every use is known, and a
 * window of requests is the measure. Growth by site between full collections: as in LeakBot
 * (Mitchell and Sevitsky, ECOOP 2003). */
#define _GNU_SOURCE
#include "bench/leaks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if MM_COUNTED && !defined(RECLAIM_HAND_WRITTEN)

enum { CHECKPOINTS = 20, WARM_UP = 4, SEGMENTS = 4, RECENT = 256 };

static const double USED_AGAIN_SHARE = 0.1, CARRIER_SHARE = 0.75, STILL_GROWING_SHARE = 0.25;

/* The objects of one type that one site makes; figures by checkpoint, 0 being before the first
 * request. */
typedef struct group {
    uint32_t type;
    const mm_site *site;
    uint64_t reachable[CHECKPOINTS + 1]; /* after collecting, as all but the last */
    uint64_t aged[CHECKPOINTS + 1];      /* of those, made before the last window */
    uint64_t unreachable[CHECKPOINTS + 1];
    uint64_t before[CHECKPOINTS + 1];      /* unreachable before collecting */
    uint64_t reachable_bytes, first_bytes; /* at the last checkpoint, at the end of the warm-up */
    uint64_t unreachable_bytes, first_unreachable_bytes, before_bytes;
    uint64_t old, old_used, old_carrying;  /* made after the warm-up, before the last windows */
    uint32_t example, unreachable_example; /* nodes of the last graph, or MM_NO_NODE */
    bool grows, leaks, carries;
} group;

typedef struct finder {
    uint64_t requests; /* to look at */
    uint64_t due[CHECKPOINTS + 1];
    uint32_t checkpoint; /* the next one */
    group *groups;
    size_t count, capacity;
    size_t recent[RECENT]; /* group by hash: found there without a search nearly always */
    leak_report report;
    bool no_memory;
} finder;

/* ---- Groups ---- */

static group *add_group(finder *f, const mm_graph_node *node)
{
    if (f->count == f->capacity) {
        size_t capacity = f->capacity != 0 ? 2 * f->capacity : 32;
        group *groups = realloc(f->groups, capacity * sizeof *groups);
        if (groups == NULL) {
            f->no_memory = true;
            return NULL;
        }
        f->groups = groups;
        f->capacity = capacity;
    }
    f->groups[f->count] = (group){.type = node->type,
                                  .site = node->site,
                                  .example = MM_NO_NODE,
                                  .unreachable_example = MM_NO_NODE};
    return f->groups + f->count++;
}

static bool belongs(const group *g, const mm_graph_node *node)
{
    return g->type == node->type && g->site == node->site;
}

/* NULL when there is no memory for a new one. */
static group *group_of(finder *f, const mm_graph_node *node)
{
    size_t *recent = f->recent + ((uintptr_t)node->site / sizeof(mm_site) + node->type) % RECENT;
    group *found = NULL;

    if (*recent < f->count && belongs(f->groups + *recent, node))
        return f->groups + *recent;
    for (size_t i = 0; i < f->count && found == NULL; i++) {
        if (belongs(f->groups + i, node))
            found = f->groups + i;
    }
    if (found == NULL)
        found = add_group(f, node);
    if (found != NULL)
        *recent = (size_t)(found - f->groups);
    return found;
}

/* ---- Counting at a checkpoint ---- */

static void count_before(finder *f, const mm_graph *g)
{
    for (uint32_t i = 0; i < g->node_count; i++) {
        group *of = g->nodes[i].reachable ? NULL : group_of(f, g->nodes + i);
        if (of == NULL)
            continue;
        of->before[f->checkpoint]++;
        of->before_bytes += mm_graph_bytes(g->nodes + i);
    }
}

static void count_after(finder *f, const mm_graph *g)
{
    uint32_t k = f->checkpoint;

    for (uint32_t i = 0; i < g->node_count; i++) {
        const mm_graph_node *node = g->nodes + i;
        group *of = group_of(f, node);
        if (of == NULL)
            return;
        if (node->reachable) {
            of->reachable[k]++;
            of->aged[k] += k > 0 && node->made <= f->due[k - 1];
            of->first_bytes += k == WARM_UP ? mm_graph_bytes(node) : 0;
            of->reachable_bytes += k == CHECKPOINTS ? mm_graph_bytes(node) : 0;
        } else {
            of->unreachable[k]++;
            of->first_unreachable_bytes += k == WARM_UP ? mm_graph_bytes(node) : 0;
            of->unreachable_bytes += k == CHECKPOINTS ? mm_graph_bytes(node) : 0;
        }
    }
}

/* ---- Judging ---- */

static bool grows_in_every_segment(const uint64_t *series)
{
    uint32_t step = (CHECKPOINTS - WARM_UP) / SEGMENTS;

    for (uint32_t k = WARM_UP; k < CHECKPOINTS; k += step) {
        if (series[k + step] <= series[k])
            return false;
    }
    return true;
}

static bool still_grows(const uint64_t *series)
{
    uint64_t first = series[WARM_UP], last = series[CHECKPOINTS];
    uint64_t middle = series[(WARM_UP + CHECKPOINTS) / 2];

    return last > first && last > middle &&
           (double)(last - middle) >= STILL_GROWING_SHARE * (double)(last - first);
}

static uint64_t highest_of_first_half(const uint64_t *series)
{
    uint64_t highest = 0;

    for (uint32_t k = 0; k <= (WARM_UP + CHECKPOINTS) / 2; k++)
        highest = series[k] > highest ? series[k] : highest;
    return highest;
}

/* Old enough for its use to be judged, and not from the warm-up. */
static bool is_old(const finder *f, const mm_graph_node *node)
{
    return node->reachable && node->made > f->due[WARM_UP] && node->made <= f->due[CHECKPOINTS - 2];
}

static bool refers_to_leak(finder *f, const mm_graph *g, uint32_t index)
{
    uint32_t count;
    const mm_graph_edge *edges = mm_graph_referents(g, index, &count);

    for (uint32_t i = 0; i < count; i++) {
        const mm_graph_node *to = g->nodes + edges[i].to;
        if (is_old(f, to) && group_of(f, to)->leaks)
            return true;
    }
    return false;
}

static void look_at_use(finder *f, const mm_graph *g)
{
    uint64_t window = f->requests / CHECKPOINTS;

    for (uint32_t i = 0; i < g->node_count; i++) {
        const mm_graph_node *node = g->nodes + i;
        group *of = group_of(f, node);
        if (!node->reachable && of->unreachable_example == MM_NO_NODE)
            of->unreachable_example = i;
        if (!is_old(f, node))
            continue;
        if (of->example == MM_NO_NODE)
            of->example = i;
        of->old++;
        of->old_used += node->used - node->made > window;
    }
}

static double used_again(const group *of)
{
    return of->old > 0 ? (double)of->old_used / (double)of->old : 0;
}

/* Groups that grow and hold leaks leak themselves, and so may make carriers of others. */
static void find_carriers(finder *f, const mm_graph *g)
{
    bool any = true;

    while (any) {
        any = false;
        for (size_t i = 0; i < f->count; i++)
            f->groups[i].old_carrying = 0;
        for (uint32_t i = 0; i < g->node_count; i++) {
            group *of = is_old(f, g->nodes + i) ? group_of(f, g->nodes + i) : NULL;
            if (of != NULL && of->grows && !of->leaks)
                of->old_carrying += refers_to_leak(f, g, i);
        }
        for (size_t i = 0; i < f->count; i++) {
            group *of = f->groups + i;
            if (of->grows && !of->leaks && of->old > 0 &&
                (double)of->old_carrying >= CARRIER_SHARE * (double)of->old)
                any = of->leaks = of->carries = true;
        }
    }
}

static void judge_growth(finder *f, const mm_graph *g)
{
    look_at_use(f, g);
    for (size_t i = 0; i < f->count; i++) {
        group *of = f->groups + i;
        of->grows = grows_in_every_segment(of->aged) && still_grows(of->reachable);
        of->leaks = of->grows && used_again(of) < USED_AGAIN_SHARE;
    }
    find_carriers(f, g);
}

/* ---- The report ---- */

static char *chain_text(const mm_graph *g, uint32_t node)
{
    char *text = NULL;
    size_t size;
    mm_chain chain;
    FILE *out;

    if (node == MM_NO_NODE || mm_graph_chain(g, node, &chain) != MM_OK)
        return NULL;
    out = open_memstream(&text, &size);
    if (out != NULL) {
        mm_chain_write(g, &chain, out);
        fclose(out);
    }
    mm_chain_free(&chain);
    return text;
}

static double per_1000(const finder *f, uint64_t first, uint64_t last)
{
    return ((double)last - (double)first) * 1000 / (double)(f->due[CHECKPOINTS] - f->due[WARM_UP]);
}

/* What leaks only because something else does: an object that the example's chain comes by last. */
static const char *holder_of(finder *f, const mm_graph *g, uint32_t example)
{
    const mm_graph_node *node = g->nodes + example;
    const group *of;
    uint32_t from;

    if (node->via_root)
        return NULL;
    from = g->edges[node->via].from;
    of = group_of(f, g->nodes + from);
    return of->leaks && !of->carries && is_old(f, g->nodes + from) ? mm_graph_type_name(g, from)
                                                                   : NULL;
}

static leak_finding *add_finding(finder *f, const mm_graph *g, const group *of, leak_kind kind,
                                 uint32_t example)
{
    leak_report *r = &f->report;
    leak_finding *added;

    if (r->count == r->capacity) {
        size_t capacity = r->capacity != 0 ? 2 * r->capacity : 16;
        leak_finding *larger = realloc(r->findings, capacity * sizeof *larger);
        if (larger == NULL) {
            f->no_memory = true;
            return NULL;
        }
        r->findings = larger;
        r->capacity = capacity;
    }
    added = r->findings + r->count++;
    *added = (leak_finding){.kind = kind,
                            .type = g->types[of->type].name,
                            .site = of->site,
                            .phase = example != MM_NO_NODE ? g->nodes[example].phase : "",
                            .used_again = used_again(of),
                            .carries = of->carries};
    if (kind <= LEAK_CACHE)
        added->chain = chain_text(g, example);
    return added;
}

static void report_reachable(finder *f, const mm_graph *g, const group *of)
{
    uint64_t last = of->reachable[CHECKPOINTS];
    leak_kind kind = LEAK_KINDS;
    leak_finding *added;

    if (of->grows)
        kind = of->leaks ? LEAK_REACHABLE : LEAK_CACHE;
    else if (last > highest_of_first_half(of->reachable))
        kind = LEAK_UNSTEADY;
    else if (last > of->reachable[0])
        kind = LEAK_SETTLED;
    if (kind == LEAK_KINDS)
        return;
    added = add_finding(f, g, of, kind, of->example);
    if (added == NULL)
        return;
    if (kind == LEAK_REACHABLE && !of->carries)
        added->kept_by = holder_of(f, g, of->example);
    added->objects = last;
    added->bytes = of->reachable_bytes;
    added->per_1000_requests = per_1000(f, of->reachable[WARM_UP], last);
    added->bytes_per_1000_requests = per_1000(f, of->first_bytes, of->reachable_bytes);
}

static void report_unreachable(finder *f, const mm_graph *g, const group *of)
{
    leak_finding *added;

    if (!grows_in_every_segment(of->unreachable))
        return;
    added = add_finding(f, g, of, LEAK_CYCLE, of->unreachable_example);
    if (added == NULL)
        return;
    added->objects = of->unreachable[CHECKPOINTS];
    added->bytes = of->unreachable_bytes;
    added->per_1000_requests = per_1000(f, of->unreachable[WARM_UP], of->unreachable[CHECKPOINTS]);
    added->bytes_per_1000_requests =
        per_1000(f, of->first_unreachable_bytes, of->unreachable_bytes);
}

static void report_floating(finder *f, const mm_graph *g, const group *of)
{
    uint64_t most = 0, all = 0;
    leak_finding *added;

    for (uint32_t k = 0; k <= CHECKPOINTS; k++) {
        uint64_t gone = of->before[k] -
                        (of->before[k] < of->unreachable[k] ? of->before[k] : of->unreachable[k]);
        most = gone > most ? gone : most;
        all += of->before[k];
    }
    if (most == 0)
        return;
    added = add_finding(f, g, of, LEAK_FLOATING, MM_NO_NODE);
    if (added == NULL)
        return;
    added->objects = most;
    added->bytes = (uint64_t)((double)of->before_bytes / (double)all * (double)most);
}

static int by_weight(const void *a, const void *b)
{
    const leak_finding *x = a, *y = b;
    int order = (int)x->kind - (int)y->kind;

    if (order == 0)
        order = (int)x->carries - (int)y->carries;
    if (order == 0)
        order = (x->kept_by != NULL) - (y->kept_by != NULL);
    if (order == 0)
        order = (x->bytes_per_1000_requests < y->bytes_per_1000_requests) -
                (x->bytes_per_1000_requests > y->bytes_per_1000_requests);
    if (order == 0)
        order = (x->bytes < y->bytes) - (x->bytes > y->bytes);
    return order != 0 ? order : strcmp(x->type, y->type);
}

static void report(finder *f, const mm_graph *g)
{
    judge_growth(f, g);
    for (size_t i = 0; i < f->count; i++) {
        report_reachable(f, g, f->groups + i);
        report_unreachable(f, g, f->groups + i);
        report_floating(f, g, f->groups + i);
    }
    if (f->report.count > 0)
        qsort(f->report.findings, f->report.count, sizeof *f->report.findings, by_weight);
    f->report.requests = f->requests;
    f->report.warm_up = f->due[WARM_UP];
    f->report.checkpoints = CHECKPOINTS;
}

bool leaks_any(const leak_report *report)
{
    return report->count > 0 && report->findings[0].kind <= LEAK_CYCLE;
}

/* ---- The run ---- */

/* Counts what is unreachable, collects, and counts what is left. The last checkpoint judges too. */
static bool look_at_heap(finder *f, watch *w)
{
    mm_graph *g;

    if (mm_graph_new(w->heap, &g) != MM_OK)
        return false;
    count_before(f, g);
    if (strategy_traits.generations > 0) {
        mm_graph_free(g);
        mm_collect_all(w->run.m, NULL);
        if (mm_graph_new(w->heap, &g) != MM_OK)
            return false;
    }
    count_after(f, g);
    if (f->checkpoint == CHECKPOINTS && !f->no_memory)
        report(f, g);
    mm_graph_free(g);
    return !f->no_memory;
}

static void look(watch *w, watch_moment moment)
{
    finder *f = w->context;
    bool due = (moment == WATCH_BEGIN && f->checkpoint == 0) ||
               (moment == WATCH_REQUEST && f->checkpoint > 0 && f->checkpoint <= CHECKPOINTS &&
                w->requests == f->due[f->checkpoint]);

    if (!due)
        return;
    if (!look_at_heap(f, w))
        f->no_memory = true;
    f->checkpoint++;
    if (f->no_memory || f->checkpoint > CHECKPOINTS)
        watch_stop(w);
}

static void look_at_nothing(watch *w, watch_moment moment)
{
    (void)w, (void)moment;
}

static inspect_status count_requests(const sample *s, uint64_t *requests,
                                     char message[INSPECT_MESSAGE_MAX])
{
    watch w = {.of = s, .look = look_at_nothing};
    inspect_status status = inspection_judge(&w, watch_run(&w), message);

    *requests = w.requests;
    watch_end(&w);
    return status;
}

static inspect_status refuse_requests(const sample *s, uint64_t found, uint64_t asked,
                                      char message[INSPECT_MESSAGE_MAX])
{
    if (found == 0)
        snprintf(message, INSPECT_MESSAGE_MAX,
                 "workload %s marks no requests: there is nothing to hold growth against",
                 s->workload->name);
    else if (asked > found)
        snprintf(message, INSPECT_MESSAGE_MAX,
                 "--requests %" PRIu64 ": %.256s has only %" PRIu64 " requests", asked, s->spec,
                 found);
    else
        snprintf(message, INSPECT_MESSAGE_MAX,
                 "%.256s: %" PRIu64 " requests are too few to tell growth from warm-up; at least "
                 "%d are needed",
                 s->spec, found, CHECKPOINTS);
    return INSPECT_BAD_INPUT;
}

static inspect_status deliver(const inspection *asked, const sample *s, const finder *f,
                              char message[INSPECT_MESSAGE_MAX])
{
    bool json = asked->format != NULL && strcmp(asked->format, "json") == 0, done = true;
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    inspect_status status = INSPECT_OOM;

    if (out != NULL) {
        if (json)
            done = leaks_write_json(&f->report, s, out);
        else
            leaks_write_text(&f->report, s, asked, out);
        done = fclose(out) == 0 && done;
    }
    if (out == NULL || !done)
        snprintf(message, INSPECT_MESSAGE_MAX, "out of memory while the report was written");
    else
        status = inspection_deliver(asked->output, bytes, size, message);
    free(bytes);
    if (status == INSPECT_DONE && leaks_any(&f->report))
        return INSPECT_LEAK_FOUND;
    return status;
}

static inspect_status look_at_run(finder *f, const inspection *asked, const sample *s,
                                  char message[INSPECT_MESSAGE_MAX])
{
    watch w = {.of = s, .look = look, .context = f};
    inspect_status status;

    for (uint32_t k = 0; k <= CHECKPOINTS; k++)
        f->due[k] = f->requests * k / CHECKPOINTS;
    status = inspection_judge(&w, watch_run(&w), message);
    if (status == INSPECT_DONE && f->no_memory) {
        snprintf(message, INSPECT_MESSAGE_MAX, "out of memory while the heap was looked into");
        status = INSPECT_OOM;
    }
    if (status == INSPECT_DONE && f->checkpoint <= CHECKPOINTS)
        status = refuse_requests(s, w.requests, f->requests, message);
    if (status == INSPECT_DONE)
        status = deliver(asked, s, f, message);
    watch_end(&w);
    return status;
}

inspect_status leaks_find(const inspection *asked, const sample *s,
                          char message[INSPECT_MESSAGE_MAX])
{
    finder *f = calloc(1, sizeof *f);
    inspect_status status = INSPECT_DONE;

    if (f == NULL) {
        snprintf(message, INSPECT_MESSAGE_MAX, "out of memory");
        return INSPECT_OOM;
    }
    f->requests = asked->requests;
    if (f->requests == 0)
        status = count_requests(s, &f->requests, message);
    if (status == INSPECT_DONE && f->requests < CHECKPOINTS)
        status = refuse_requests(s, f->requests, asked->requests, message);
    if (status == INSPECT_DONE)
        status = look_at_run(f, asked, s, message);
    for (size_t i = 0; i < f->report.count; i++)
        free(f->report.findings[i].chain);
    free(f->report.findings);
    free(f->groups);
    free(f);
    return status;
}

#endif
