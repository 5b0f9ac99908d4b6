#include "bench/sample_json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocator.h"
#include "bench/build_info.h"
#include "bench/files.h"
#include "bench/observed.h"
#include "bench/planted/slowdown.h"
#include "bench/prices.h"
#include "support/file.h"

static json_t *json_known(uint64_t value)
{
    return value == MM_UNKNOWN ? json_null() : json_integer((json_int_t)value);
}

/* The shortest form that is right: whole numbers as integers. */
static json_t *json_number_of(double value)
{
    if (value == (double)(json_int_t)value)
        return json_integer((json_int_t)value);
    return json_real(value);
}

static json_t *json_hex(uint64_t value)
{
    return json_sprintf("%016" PRIx64, value);
}

static json_t *values_of(const settings *values)
{
    json_t *out = json_object();

    for (size_t i = 0; i < values->count; i++) {
        json_object_set_new(out, values->table[i].name,
                            values->table[i].text ? json_string(values->texts[i])
                                                  : json_number_of(values->values[i]));
    }
    return out;
}

/* ---- Description ---- */

static json_t *setting_json(const settings *values, size_t index)
{
    const setting *entry = values->table + index;
    json_t *words = json_object();

    if (entry->text) {
        json_decref(words);
        return json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", entry->name, "unit", entry->unit,
                         "help", entry->help, "default", entry->text_fallback, "text", 1);
    }
    for (size_t i = 0; i < SETTING_WORDS_MAX && entry->words[i].word != NULL; i++)
        json_object_set_new(words, entry->words[i].word, json_number_of(entry->words[i].value));
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:b, s:o}", "name", entry->name, "unit",
                     entry->unit, "help", entry->help, "default",
                     json_number_of(values->defaults[index]), "minimum",
                     json_number_of(entry->minimum), "maximum", json_number_of(entry->maximum),
                     "integer", entry->integer, "words_only", entry->words_only, "words", words);
}

static json_t *settings_json(const settings *values)
{
    json_t *out = json_array();

    for (size_t i = 0; i < values->count; i++)
        json_array_append_new(out, setting_json(values, i));
    return out;
}

static const char *const scale_names[WORKLOAD_SCALES] = {"test", "quick", "default", "full"};

static void append_spec(void *context, const char *spec)
{
    json_array_append_new(context, json_string(spec));
}

static json_t *suite_json(const workload *w)
{
    json_t *out = json_object();

    for (int scale = 0; scale < WORKLOAD_SCALES; scale++) {
        json_t *specs = json_array();
        suite_each(w, (workload_scale)scale, append_spec, specs);
        json_object_set_new(out, scale_names[scale], specs);
    }
    return out;
}

static json_t *workload_json(const workload *w)
{
    settings parameters;

    settings_init(&parameters, w->parameters, w->parameter_count);
    return json_pack("{s:s, s:s, s:o, s:o}", "name", w->name, "story", w->story, "parameters",
                     settings_json(&parameters), "suite", suite_json(w));
}

static json_t *traits_json(void)
{
#ifdef RECLAIM_HAND_WRITTEN
    return json_pack("{s:b, s:b, s:s?}", "reclaims", 1, "reclaims_cycles",
                     !hand_written.leaks_cycles, "peer", hand_written.peer);
#elif defined(RECLAIM_ABSENT)
    return json_pack("{s:s}", "peer", MM_STRATEGY_NAME);
#else
    const mm_traits *t = &strategy_traits;
    return json_pack("{s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:s?, s:i, s:s?}", "reclaims",
                     t->reclaims, "counts", t->counts, "prompt", t->prompt, "reclaims_cycles",
                     t->reclaims_cycles, "moving", t->moving, "conservative", t->conservative,
                     "scheduled", t->scheduled, "peer", t->peer, "generations", (int)t->generations,
                     "fills_heap", t->fills_heap);
#endif
}

static json_t *summary_json(void)
{
#if defined(RECLAIM_HAND_WRITTEN)
    return json_string(hand_written.summary);
#elif defined(MM_VARIANT_OF)
    return json_string(MM_VARIANT_OF " with " MM_OPTION_DEFAULTS);
#elif defined(RECLAIM_ABSENT)
    return json_string("left out: " RECLAIM_ABSENT);
#else
    return json_string(strategy_traits.summary);
#endif
}

static json_t *options_json(void)
{
    settings options;

    sample_options_init(&options);
    return settings_json(&options);
}

static bool print_json(json_t *document)
{
    bool printed = document != NULL && json_dumpf(document, stdout, JSON_INDENT(2)) == 0 &&
                   putchar('\n') != EOF && fflush(stdout) == 0;
    json_decref(document);
    return printed;
}

static const char *kind_name(void)
{
    if (sample_is_hand_written())
        return "hand";
    return strategy_traits.scheduled ? "ideal" : "strategy";
}

/* What else than a sample this program can be asked to record, each by an option of that name. */
static json_t *records_json(void)
{
    json_t *names = json_array();

    if (!MM_COUNTED)
        json_array_append_new(names, json_string("latency"));
    if (!sample_is_hand_written() && sample_absence() == NULL)
        json_array_append_new(names, json_string("memory"));
    if (prices_absence() == NULL)
        json_array_append_new(names, json_string("prices"));
    return names;
}

bool print_description(void)
{
    json_t *workloads = json_array();
    json_t *build = json_pack("{s:s, s:s, s:s, s:s, s:b}", "compiler", this_build.compiler, "flags",
                              this_build.flags, "type", this_build.type, "commit",
                              this_build.commit, "dirty", this_build.dirty);

    if (&planted_share != NULL)
        json_object_set_new(build, "planted_slowdown", json_real(planted_share));

    for (size_t i = 0; i < workload_count; i++)
        json_array_append_new(workloads, workload_json(workload_table[i]));
    return print_json(json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:i, s:o, s:o, s:o, s:o, s:o}",
                                "schema", "reclaim.program/1", "strategy", sample_strategy(),
                                "flavour", MM_COUNTED ? "counted" : "timed", "kind", kind_name(),
                                "timed", sample_is_hand_written() || strategy_traits.timed,
                                "summary", summary_json(), "api_version", MM_API_VERSION, "build",
                                build, "traits", traits_json(), "options", options_json(),
                                "records", records_json(), "workloads", workloads));
}

/* ---- Checked cell ---- */

static json_t *allocator_json(void)
{
    allocator_identity identity;

    allocator_identify(&identity);
    return json_pack("{s:s, s:s, s:s}", "name", identity.name, "version", identity.version, "file",
                     identity.file);
}

bool print_check(const sample *s, uint64_t bytes_peak, const char *skip)
{
    return print_json(
        json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:I, s:i, s:o, s:s, s:s, s:{s:I}}", "schema",
                  "reclaim.check/1", "strategy", sample_strategy(), "label", s->label, "options",
                  values_of(&s->options), "workload", s->workload->name, "spec", s->spec, "params",
                  values_of(&s->parameters), "seed", (json_int_t)s->seed, "runs", s->runs,
                  "allocator", allocator_json(), "skip", skip != NULL ? skip : "", "caveat",
                  s->workload->caveat != NULL ? s->workload->caveat : "", "forecast", "bytes_peak",
                  (json_int_t)bytes_peak));
}

/* ---- Sample ---- */

static uint64_t time_of(const sample_record *r)
{
    return r->time_ns;
}

static uint64_t cpu_of(const sample_record *r)
{
    return r->cpu_ns;
}

static uint64_t collector_of(const sample_record *r)
{
    return r->stats.collector_ns;
}

static uint64_t faults_of(const sample_record *r)
{
    return r->page_faults;
}

/* The largest over the steady runs of a maximum that each run kept. */
static uint64_t steady_max(const sample *s, size_t offset_in_stats)
{
    uint64_t largest = 0;

    for (int i = s->runs_done > 1; i < s->runs_done; i++) {
        uint64_t value;
        memcpy(&value, (const char *)&s->records[i].stats + offset_in_stats, sizeof value);
        if (value > largest)
            largest = value;
    }
    return largest;
}

/* Collections are a fact of the cell where every run has the same. A conservative collector's
 * depend on what memory looks like, and so only one sample tells them. */
static bool collections_repeat(void)
{
    return sample_is_hand_written() || !strategy_traits.conservative;
}

static json_t *by_generation(const uint64_t values[MM_GENERATIONS_MAX])
{
    json_t *out = json_array();
    uint32_t generations = sample_is_hand_written() ? 0 : strategy_traits.generations;

    for (uint32_t i = 0; i < generations; i++) {
        if (values[i] == MM_UNKNOWN || (!MM_COUNTED && !collections_repeat())) {
            json_decref(out);
            return json_null();
        }
        json_array_append_new(out, json_integer((json_int_t)values[i]));
    }
    return out;
}

static json_t *operations_json(const sample_record *r)
{
#if MM_COUNTED && !defined(RECLAIM_HAND_WRITTEN)
    #define OPERATION_NAME(name) #name,
    static const char *const names[] = {MM_OPERATIONS(OPERATION_NAME)};
    json_t *out = json_object();

    for (int i = 0; i < MM_OPERATION_COUNT; i++)
        json_object_set_new(out, names[i], json_integer((json_int_t)r->operations[i]));
    return out;
#else
    (void)r;
    return json_null();
#endif
}

static json_t *scopes_json(const sample_record *r)
{
#if MM_COUNTED && !defined(RECLAIM_HAND_WRITTEN)
    return json_integer((json_int_t)r->scopes);
#else
    (void)r;
    return json_null();
#endif
}

/* What the workload has measured itself, under names of its own. */
static void add_measured(const sample *s, json_t *counters)
{
    const sample_record *r = s->records + (s->runs_done - 1);
    char name[64];

    for (size_t i = 0; i < r->measured_count; i++) {
        snprintf(name, sizeof name, "measured_%s", r->measured[i].name);
        json_object_set_new(counters, name, json_integer((json_int_t)sample_steady_measured(s, i)));
    }
}

static json_t *counters_json(const sample *s)
{
    const sample_record *r = s->records + (s->runs_done - 1);
    const mm_stats *t = &r->stats;
    json_t *out = json_object();
    const struct {
        const char *name;
        uint64_t value;
    } plain[] = {
        {"objects_allocated", t->objects_allocated},
        {"bytes_allocated", t->bytes_allocated},
        {"reclaimed_by_count", t->reclaimed_by_count},
        {"objects_visited", t->objects_visited},
        {"reclaimed_by_last_collect", r->reclaimed_by_last_collect},
        {"visited_by_last_collect", r->visited_by_last_collect},
        {"requests", t->requests},
        {"objects_live", t->objects_live},
        {"bytes_live", t->bytes_live},
        {"bytes_peak", t->bytes_peak},
        {"objects_leaked", r->leaked.objects},
        {"bytes_leaked", r->leaked.bytes},
        {"bytes_retained", r->bytes_retained},
        {"collector_ns", sample_steady(s, collector_of)},
        {"pause_ns_max", steady_max(s, offsetof(mm_stats, pause_ns_max))},
        {"request_ns_max", steady_max(s, offsetof(mm_stats, request_ns_max))},
        {"drop_ns_max", steady_max(s, offsetof(mm_stats, drop_ns_max))},
        {"rss_peak_bytes", s->rss_peak_bytes},
        {"page_faults", sample_steady(s, faults_of)},
    };

    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        json_object_set_new(out, plain[i].name, json_known(plain[i].value));
    json_object_set_new(out, "collections", by_generation(t->collections));
    json_object_set_new(out, "reclaimed_by_collector", by_generation(t->reclaimed_by_collector));
    json_object_set_new(out, "visited_by_collector", by_generation(t->visited_by_collector));
    json_object_set_new(out, "scopes", scopes_json(r));
    json_object_set_new(out, "checksum", json_hex(r->account.checksum));
    json_object_set_new(out, "digest", r->digest == MM_UNKNOWN ? json_null() : json_hex(r->digest));
    json_object_set_new(out, "operations", operations_json(r));
    add_measured(s, out);
    return out;
}

static json_t *run_json(const sample_record *r)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:I, s:o, s:I}", "time_ns",
        (json_int_t)r->time_ns, "cpu_ns", (json_int_t)r->cpu_ns, "work_ns", (json_int_t)r->work_ns,
        "teardown_ns", (json_int_t)r->teardown_ns, "last_collect_ns",
        (json_int_t)r->last_collect_ns, "collector_ns", json_known(r->stats.collector_ns),
        "collector_work_ns", json_known(r->collector_work_ns), "pause_ns_max",
        json_known(r->stats.pause_ns_max), "request_ns_max", (json_int_t)r->stats.request_ns_max,
        "drop_ns_max", json_known(r->stats.drop_ns_max), "page_faults", (json_int_t)r->page_faults);
}

static json_t *first_and_steady(const sample *s, uint64_t (*value)(const sample_record *))
{
    return json_pack("{s:I, s:I}", "first", (json_int_t)value(s->records), "steady",
                     (json_int_t)sample_steady(s, value));
}

json_t *sample_head_json(const sample *s, const char *schema)
{
    static const char *const statuses[] = {"ok", "uncollected", "leaked", "oom", "void", "failed"};

    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:I, s:o, s:s, s:s}", "schema",
                     schema, "strategy", sample_strategy(), "label", s->label, "flavour",
                     MM_COUNTED ? "counted" : "timed", "options", values_of(&s->options),
                     "workload", s->workload->name, "spec", s->spec, "params",
                     values_of(&s->parameters), "seed", (json_int_t)s->seed, "allocator",
                     allocator_json(), "status", statuses[s->status], "reason", s->reason);
}

static json_t *sample_json(const sample *s)
{
    bool measured = s->runs_timed == s->runs && s->status < SAMPLE_OOM;
    json_t *runs = json_array(), *document = sample_head_json(s, "reclaim.sample/1");

    for (int i = 0; measured && i < s->runs; i++)
        json_array_append_new(runs, run_json(s->records + i));
    json_object_set_new(document, "time_ns", measured ? first_and_steady(s, time_of) : json_null());
    json_object_set_new(document, "cpu_ns", measured ? first_and_steady(s, cpu_of) : json_null());
    json_object_set_new(document, "runs", runs);
    json_object_set_new(document, "counters", measured ? counters_json(s) : json_object());
    return document;
}

bool sample_write_json(json_t *document, size_t indent, const char *path)
{
    char *text = document != NULL
                     ? json_dumps(document, indent > 0 ? JSON_INDENT(indent) : JSON_COMPACT)
                     : NULL;
    bool written;
    int reason;

    json_decref(document);
    if (text == NULL) {
        errno = ENOMEM;
        return false;
    }
    written = file_write_whole(path, text, strlen(text));
    reason = errno;
    free(text);
    errno = reason;
    return written;
}

bool write_sample(const sample *s, const char *path)
{
    return sample_write_json(sample_json(s), 1, path);
}
