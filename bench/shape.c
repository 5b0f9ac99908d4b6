/* The shape of a workload: how much it allocates and keeps, how large and how linked its objects are,
 * how often it writes references, how long its objects live. These are facts about the program, not
 * about a strategy, but a strategy shows them:
 *
 *   sizes, stores, what is allocated and live   every strategy shows the same
 *   lifetimes     as long as the strategy kept them: exact for what is acyclic where counts are
 *                 kept; what is cyclic dies with the next collection, so `manual` with a frequent
 *                 collect=N shows it best
 *   references    between the objects that are in the heap when the work is done: all that were
 *                 ever made under `none`, elsewhere those that live
 *
 * The share that is cyclic is the workload's own account of what counting alone cannot free. */
#define _GNU_SOURCE
#include "bench/shape.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if MM_COUNTED && !defined(RECLAIM_HAND_WRITTEN)

    #include "bench/leaks.h"
    #include "mm_inspect.h"

enum { FANOUT_MAX = 3 }; /* the last one stands for more, too */

typedef struct shape {
    uint64_t requests, bytes_peak; /* the highest that was held, garbage included */
    uint64_t initialising, stores; /* references written into new slots; into others */
    uint64_t objects, references;  /* in the heap when the work is done */
    uint64_t fanout[FANOUT_MAX + 1];
    mm_histograms histograms; /* of what had died by then */
    workload_account account;
    bool no_memory;
} shape;

/* ---- Looking ---- */

static uint64_t sum_of(const uint64_t *values, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

static void look_at_references(shape *sh, const mm_graph *g)
{
    sh->objects = g->node_count;
    sh->references = g->edge_count;
    for (uint32_t i = 0; i < g->node_count; i++) {
        uint32_t fanout = g->nodes[i].edge_count;
        sh->fanout[fanout < FANOUT_MAX ? fanout : FANOUT_MAX]++;
    }
}

/* When the work is done; what floats is collected first, so that it has a lifetime. */
static void look(watch *w, watch_moment moment)
{
    shape *sh = w->context;
    const uint64_t *operations = mm_operation_counts(w->run.m);
    mm_graph *g;
    uint64_t current;

    if (moment != WATCH_END)
        return;
    mm_collect_all(w->run.m, NULL);
    mm_get_histograms(w->heap, &sh->histograms);
    mm_traced_memory(w->heap, &current, &sh->bytes_peak);
    sh->requests = w->requests;
    sh->initialising = operations[MM_OPERATION_fill];
    sh->stores = operations[MM_OPERATION_store] + operations[MM_OPERATION_store_move] +
                 operations[MM_OPERATION_copy_slot] + operations[MM_OPERATION_unset] +
                 operations[MM_OPERATION_take];
    if (mm_graph_new(w->heap, &g) != MM_OK) {
        sh->no_memory = true;
        return;
    }
    look_at_references(sh, g);
    mm_graph_free(g);
}

/* ---- Figures ---- */

static double per(uint64_t value, uint64_t of)
{
    return of != 0 ? (double)value / (double)of : 0;
}

/* The smallest power of two that a share of all objects has died below, those that never died
 * counted as longer; UINT64_MAX where they are too many. */
static uint64_t lifetime_quantile(const shape *sh, double share)
{
    double wanted = share * (double)sh->account.allocated.objects, sum = 0;

    for (unsigned k = 0; k < 64; k++) {
        sum += (double)sh->histograms.lifetimes[k];
        if (sum >= wanted)
            return UINT64_C(1) << k;
    }
    return UINT64_MAX;
}

static uint64_t survivors(const shape *sh)
{
    uint64_t dead = sum_of(sh->histograms.lifetimes, MM_BUCKETS);
    return sh->account.allocated.objects > dead ? sh->account.allocated.objects - dead : 0;
}

/* ---- Text ---- */

static void write_histogram(FILE *out, const char *title, const uint64_t counts[MM_BUCKETS],
                            uint64_t of)
{
    fprintf(out, "%s\n", title);
    for (unsigned k = 0; k < MM_BUCKETS; k++) {
        double share = per(counts[k], of) * 100;
        if (counts[k] != 0)
            fprintf(out, "  below %12.0f bytes %6.2f%%  %.*s\n", (double)(UINT64_C(1) << (k & 63)),
                    share, (int)(share / 2), "##################################################");
    }
}

static void write_text(FILE *out, const shape *sh, const sample *s)
{
    const workload_account *a = &sh->account;
    uint64_t objects = a->allocated.objects;

    fprintf(out, "%s on %s, seed %" PRIu64 "\n", s->spec, s->label, s->seed);
    fprintf(out, "allocated   %" PRIu64 " objects of %" PRIu64 " bytes in %" PRIu64 " requests\n",
            objects, a->allocated.bytes, sh->requests);
    fprintf(out,
            "live        %" PRIu64 " objects of %" PRIu64
            " bytes when the work is done; at most %" PRIu64 " bytes held, garbage included\n",
            a->live_work.objects, a->live_work.bytes, sh->bytes_peak);
    fprintf(out, "turnover    %.1f times the most that was held\n",
            per(a->allocated.bytes, sh->bytes_peak));
    fprintf(out, "cyclic      %.2f%% of the objects die only by a collector\n",
            100 * per(a->leaked.objects, objects));
    fprintf(out, "written     %.2f references an object into new slots, %.2f into others\n",
            per(sh->initialising, objects), per(sh->stores, objects));
    fprintf(out,
            "references  %.2f an object, of the %" PRIu64 " in the heap when the work is done\n",
            per(sh->references, sh->objects), sh->objects);
    fprintf(out, "fan-out     0: %.1f%%, 1: %.1f%%, 2: %.1f%%, more: %.1f%%\n",
            100 * per(sh->fanout[0], sh->objects), 100 * per(sh->fanout[1], sh->objects),
            100 * per(sh->fanout[2], sh->objects), 100 * per(sh->fanout[3], sh->objects));
    write_histogram(out, "sizes, slots and payload", sh->histograms.sizes, objects);
    write_histogram(out, "lifetimes, in bytes allocated meanwhile", sh->histograms.lifetimes,
                    objects);
    fprintf(out, "  to the end of the work %9.2f%%\n", 100 * per(survivors(sh), objects));
}

/* ---- JSON ---- */

/* [[limit, count], …]: how many are below each power of two, and not below the one before. */
static json_t *histogram_json(const uint64_t counts[MM_BUCKETS])
{
    json_t *out = json_array();

    for (unsigned k = 0; k < 63; k++) {
        if (counts[k] != 0)
            json_array_append_new(
                out, json_pack("[I, I]", (json_int_t)(UINT64_C(1) << k), (json_int_t)counts[k]));
    }
    return out;
}

static json_t *quantile_json(const shape *sh, double share)
{
    uint64_t limit = lifetime_quantile(sh, share);
    return limit != UINT64_MAX ? json_integer((json_int_t)limit) : json_null();
}

static json_t *amount_json(workload_amount amount)
{
    return json_pack("{s:I, s:I}", "objects", (json_int_t)amount.objects, "bytes",
                     (json_int_t)amount.bytes);
}

static json_t *shape_json(const shape *sh, const sample *s)
{
    uint64_t objects = sh->account.allocated.objects;
    json_t *document = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:I, s:I}", "schema", "reclaim.shape/1", "strategy",
        s->label, "workload", s->spec, "story", s->workload->story, "seed", (json_int_t)s->seed,
        "allocated", amount_json(sh->account.allocated), "live", amount_json(sh->account.live_work),
        "bytes_peak", (json_int_t)sh->bytes_peak, "requests", (json_int_t)sh->requests);

    json_object_set_new(document, "cyclic_share",
                        json_real(per(sh->account.leaked.objects, objects)));
    json_object_set_new(document, "written_initially", json_integer((json_int_t)sh->initialising));
    json_object_set_new(document, "written_later", json_integer((json_int_t)sh->stores));
    json_object_set_new(document, "heap_objects", json_integer((json_int_t)sh->objects));
    json_object_set_new(document, "heap_references", json_integer((json_int_t)sh->references));
    json_object_set_new(document, "fanout",
                        json_pack("[I, I, I, I]", (json_int_t)sh->fanout[0],
                                  (json_int_t)sh->fanout[1], (json_int_t)sh->fanout[2],
                                  (json_int_t)sh->fanout[3]));
    json_object_set_new(document, "sizes", histogram_json(sh->histograms.sizes));
    json_object_set_new(document, "lifetimes", histogram_json(sh->histograms.lifetimes));
    json_object_set_new(document, "survivors", json_integer((json_int_t)survivors(sh)));
    json_object_set_new(document, "lifetime_median", quantile_json(sh, 0.5));
    json_object_set_new(document, "lifetime_90_percent", quantile_json(sh, 0.9));
    return document;
}

/* False when there is no memory. */
static bool write_json(FILE *out, const shape *sh, const sample *s)
{
    json_t *document = shape_json(sh, s);
    bool written =
        document != NULL && json_dumpf(document, out, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0;

    json_decref(document);
    return written && fputc('\n', out) != EOF;
}

/* ---- The run ---- */

static inspect_status out_of_memory(char message[INSPECT_MESSAGE_MAX])
{
    snprintf(message, INSPECT_MESSAGE_MAX, "out of memory while the heap was looked into");
    return INSPECT_OOM;
}

static inspect_status deliver(const inspection *asked, const shape *sh, const sample *s,
                              char message[INSPECT_MESSAGE_MAX])
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    inspect_status status;
    bool done = true;

    if (out == NULL)
        return out_of_memory(message);
    if (asked->format != NULL && strcmp(asked->format, "json") == 0)
        done = write_json(out, sh, s);
    else
        write_text(out, sh, s);
    done = fclose(out) == 0 && done;
    status =
        done ? inspection_deliver(asked->output, bytes, size, message) : out_of_memory(message);
    free(bytes);
    return status;
}

inspect_status shape_show(const inspection *asked, const sample *s,
                          char message[INSPECT_MESSAGE_MAX])
{
    shape sh = {0};
    watch w = {.of = s, .look = look, .context = &sh};
    inspect_status status = inspection_judge(&w, watch_run(&w), message);

    sh.account = w.run.account;
    watch_end(&w);
    if (status == INSPECT_DONE && sh.no_memory)
        return out_of_memory(message);
    return status == INSPECT_DONE ? deliver(asked, &sh, s, message) : status;
}

#endif
