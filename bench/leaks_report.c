/* What the leak finder found, for a person and for a machine. */
#include "bench/leaks.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#if MM_COUNTED && !defined(RECLAIM_HAND_WRITTEN)

enum { REST_USEFUL = 10 };

static const struct {
    const char *name; /* in JSON */
    const char *title;
} kinds[LEAK_KINDS] = {
    [LEAK_REACHABLE] = {"leak", "leak"},
    [LEAK_CYCLE] = {"leaked_cycle", "leaked cycle"},
    [LEAK_CACHE] = {"growing_cache", "cache that grows"},
    [LEAK_UNSTEADY] = {"unsteady", "grows, but not steadily: look at more requests"},
    [LEAK_SETTLED] = {"settled", "settled: grew and stopped"},
    [LEAK_FLOATING] = {"floating", "floating garbage, at most at a time"},
};

static void write_site(const leak_finding *f, FILE *out)
{
    if (f->site == NULL)
        fprintf(out, "(the strategy)");
    else
        fprintf(out, "%s:%" PRIu32 " (%s)", f->site->file, f->site->line, f->site->function);
}

/* Without a collector and without counts nothing comes back, on a cycle or not. */
static const char *title_of(const leak_finding *f)
{
    return f->kind == LEAK_CYCLE && !strategy_traits.reclaims ? "never given back"
                                                              : kinds[f->kind].title;
}

static void write_reason(const leak_finding *f, FILE *out)
{
    if (f->kind == LEAK_CYCLE)
        fprintf(out, "that nothing can reach and no collection gives back");
    else if (f->kept_by != NULL)
        fprintf(out, "that the leaked %s objects keep", f->kept_by);
    else if (f->carries)
        fprintf(out, "that hold what leaks");
    else if (f->kind == LEAK_REACHABLE)
        fprintf(out, "that are not used again");
    else
        fprintf(out, "of which %.0f%% are used again", 100 * f->used_again);
}

static void write_growth(const leak_finding *f, FILE *out)
{
    fprintf(out, "\n%s: %.*f more %s objects (%.0f bytes) every 1000 requests, ", title_of(f),
            f->per_1000_requests < 100 ? 2 : 0, f->per_1000_requests, f->type,
            f->bytes_per_1000_requests);
    write_reason(f, out);
    fprintf(out, "\n  made at  ");
    write_site(f, out);
    fprintf(out, ", phase %s\n  now      %" PRIu64 " objects of %" PRIu64 " bytes\n",
            f->phase[0] != '\0' ? f->phase : "(none)", f->objects, f->bytes);
    if (f->chain != NULL)
        fprintf(out, "  chain    %s\n", f->chain);
}

/* The kinds that are no reason to worry: a line each. */
static void write_rest(const leak_report *r, size_t first, leak_kind kind, size_t most, FILE *out)
{
    size_t shown = 0, count = 0;

    for (size_t i = first; i < r->count; i++) {
        const leak_finding *f = r->findings + i;
        if (f->kind != kind)
            continue;
        if (count++ == 0)
            fprintf(out, "\n%s\n", kinds[kind].title);
        if (shown == most)
            continue;
        shown++;
        fprintf(out, "  %8" PRIu64 " %s, %" PRIu64 " bytes, ", f->objects, f->type, f->bytes);
        write_site(f, out);
        fputc('\n', out);
    }
    if (count > shown)
        fprintf(out, "  ... and %zu more\n", count - shown);
}

void leaks_write_text(const leak_report *report, const sample *s, const inspection *asked,
                      FILE *out)
{
    size_t most = asked->top != 0 ? asked->top : REST_USEFUL, i = 0;

    fprintf(out,
            "%s on %s, seed %" PRIu64 ": %" PRIu64 " requests, %" PRIu32
            " checkpoints, judged from request %" PRIu64 " on\n",
            s->spec, s->label, s->seed, report->requests, report->checkpoints, report->warm_up);
    if (!leaks_any(report))
        fprintf(out, "\nno leak found\n");
    for (; i < report->count && report->findings[i].kind <= LEAK_CACHE; i++)
        write_growth(report->findings + i, out);
    for (leak_kind kind = LEAK_UNSTEADY; kind < LEAK_KINDS; kind++)
        write_rest(report, i, kind, most, out);
}

/* ---- JSON ---- */

static json_t *site_json(const leak_finding *f)
{
    if (f->site == NULL)
        return json_null();
    return json_pack("{s:s, s:i, s:s}", "file", f->site->file, "line", (int)f->site->line,
                     "function", f->site->function);
}

static json_t *finding_json(const leak_finding *f)
{
    json_t *out =
        json_pack("{s:s, s:s, s:o, s:s, s:I, s:I, s:f, s:f, s:f, s:b}", "kind", kinds[f->kind].name,
                  "type", f->type, "site", site_json(f), "phase", f->phase, "objects",
                  (json_int_t)f->objects, "bytes", (json_int_t)f->bytes,
                  "objects_per_1000_requests", f->per_1000_requests, "bytes_per_1000_requests",
                  f->bytes_per_1000_requests, "used_again", f->used_again, "carries", f->carries);

    json_object_set_new(out, "kept_by", f->kept_by != NULL ? json_string(f->kept_by) : json_null());
    json_object_set_new(out, "chain", f->chain != NULL ? json_string(f->chain) : json_null());
    return out;
}

bool leaks_write_json(const leak_report *report, const sample *s, FILE *out)
{
    json_t *findings = json_array(), *document;
    bool written;

    for (size_t i = 0; i < report->count; i++)
        json_array_append_new(findings, finding_json(report->findings + i));
    document =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:i, s:b, s:o}", "schema", "reclaim.leaks/1",
                  "strategy", s->label, "workload", s->spec, "seed", (json_int_t)s->seed,
                  "requests", (json_int_t)report->requests, "judged_from_request",
                  (json_int_t)report->warm_up, "checkpoints", (int)report->checkpoints,
                  "leak_found", leaks_any(report), "findings", findings);
    written = document != NULL && json_dumpf(document, out, JSON_INDENT(2)) == 0 &&
              fputc('\n', out) != EOF;
    json_decref(document);
    return written;
}

#endif
