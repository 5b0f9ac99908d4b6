/* The heap of one run at a chosen point, shown in a chosen format. */
#define _GNU_SOURCE
#include "bench/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/leaks.h"
#include "bench/shape.h"
#include "bench/watch.h"
#include "support/file.h"
#include "support/nearest.h"

__attribute__((format(printf, 2, 3))) static bool refuse(char message[INSPECT_MESSAGE_MAX],
                                                         const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, INSPECT_MESSAGE_MAX, format, arguments);
    va_end(arguments);
    return false;
}

#if defined(RECLAIM_HAND_WRITTEN) || !MM_COUNTED

bool inspection_check(const inspection *asked, char message[INSPECT_MESSAGE_MAX])
{
    (void)asked;
    if (sample_is_hand_written())
        return refuse(message, "a program written by hand in plain C has no heap to look into");
    return refuse(message,
                  "a timed program carries nothing to look into its heap with; count_%s does",
                  sample_strategy());
}

inspect_status inspection_run(const inspection *asked, const sample *s,
                              char message[INSPECT_MESSAGE_MAX])
{
    (void)s;
    inspection_check(asked, message);
    return INSPECT_BAD_INPUT;
}

#else

    #include "mm_inspect.h"

/* ---- Points ---- */

typedef struct point {
    watch_moment moment;
    uint64_t request; /* of WATCH_REQUEST */
    const char *text; /* as it was written */
} point;

static const struct {
    const char *word;
    watch_moment moment;
} point_words[] = {{"begin", WATCH_BEGIN}, {"end", WATCH_END}, {"after", WATCH_AFTER}};

static const char request_word[] = "request:";

static bool read_point(const char *text, point *out, char message[INSPECT_MESSAGE_MAX])
{
    char *end;

    out->text = text;
    for (size_t i = 0; i < sizeof point_words / sizeof *point_words; i++) {
        if (strcmp(text, point_words[i].word) == 0) {
            out->moment = point_words[i].moment;
            return true;
        }
    }
    if (strncmp(text, request_word, sizeof request_word - 1) == 0) {
        const char *number = text + sizeof request_word - 1;
        errno = 0;
        out->moment = WATCH_REQUEST;
        out->request = strtoull(number, &end, 10);
        if (errno == 0 && end != number && *end == '\0' && *number != '-' && out->request > 0)
            return true;
    }
    return refuse(message,
                  "there is no point '%.64s'. Points are: begin (set-up is over), request:N (the "
                  "Nth request has ended), end (the work is done), after (teardown and last "
                  "collection are over)",
                  text);
}

static bool is_before(const point *a, const point *b)
{
    return a->moment != b->moment ? a->moment < b->moment : a->request < b->request;
}

/* ---- Options ---- */

static const char *const formats[] = {"text", "json", "dot", "heapsnapshot"};

enum { FORMATS = sizeof formats / sizeof *formats };

static bool check_format(const inspection *asked, char message[INSPECT_MESSAGE_MAX])
{
    const char *close;

    bool whole_run = asked->leaks || asked->shape;

    for (int i = 0; asked->format != NULL && i < (whole_run ? 2 : FORMATS); i++) {
        if (strcmp(asked->format, formats[i]) == 0)
            return true;
    }
    if (asked->format == NULL)
        return true;
    if (whole_run)
        return refuse(message, "--format %.64s is not accepted: %s as text or json", asked->format,
                      asked->leaks ? "leaks are shown" : "a shape is shown");
    close = nearest_name(asked->format, formats, FORMATS);
    return refuse(
        message, "--format %.64s is not accepted%s%s%s: it takes text, json, dot or heapsnapshot",
        asked->format, close ? "; did you mean '" : "", close ? close : "", close ? "'?" : "");
}

static bool check_points(const inspection *asked, char message[INSPECT_MESSAGE_MAX])
{
    point at, earlier;

    if (!read_point(asked->at, &at, message))
        return false;
    if (asked->compare_with == NULL)
        return true;
    if (!read_point(asked->compare_with, &earlier, message))
        return false;
    if (!is_before(&earlier, &at))
        return refuse(message, "--compare-with %.64s is not before the point that is shown, %.64s",
                      asked->compare_with, asked->at);
    return true;
}

/* Whether an option would mean nothing beside the others: then it is refused, not ignored. */
static bool check_combination(const inspection *asked, char message[INSPECT_MESSAGE_MAX])
{
    const char *format = asked->format != NULL ? asked->format : formats[0];
    bool is_picture = strcmp(format, "dot") == 0, is_snapshot = strcmp(format, "heapsnapshot") == 0;

    if (asked->leaks && (asked->at != NULL || asked->compare_with != NULL || asked->type != NULL ||
                         asked->object != 0))
        return refuse(message,
                      "--leaks looks at the whole run: a point, --type and --object do not "
                      "go with it");
    if (asked->leaks && asked->shape)
        return refuse(message, "--leaks and --shape: choose one of them");
    if (asked->shape && (asked->at != NULL || asked->compare_with != NULL || asked->type != NULL ||
                         asked->object != 0 || asked->requests != 0 || asked->top != 0))
        return refuse(message,
                      "--shape looks at the whole run and takes only --format and --output");
    if (!asked->leaks && asked->requests != 0)
        return refuse(message,
                      "--requests says how much --leaks looks at; one moment is the point "
                      "request:%" PRIu64,
                      asked->requests);
    if (asked->type != NULL && asked->object != 0)
        return refuse(message, "--type and --object: choose one of them");
    if (asked->compare_with != NULL && (asked->object != 0 || is_picture || is_snapshot))
        return refuse(message,
                      "--compare-with shows growth by type and site: it goes with text and "
                      "json, and not with --object");
    if (is_snapshot && (asked->type != NULL || asked->object != 0))
        return refuse(message,
                      "a heapsnapshot has all objects: --type and --object do not go with it");
    if (asked->top != 0 && (is_snapshot || strcmp(format, "json") == 0))
        return refuse(message, "--top cuts what a person reads: it goes with text and dot");
    return true;
}

bool inspection_check(const inspection *asked, char message[INSPECT_MESSAGE_MAX])
{
    if (strategy_traits.no_graph)
        return refuse(message, "the heap of %s is not ours to look into: it belongs to %s",
                      sample_strategy(), strategy_traits.peer);
    return check_format(asked, message) && check_combination(asked, message) &&
           (asked->leaks || asked->shape || check_points(asked, message));
}

/* ---- Looking ---- */

enum { EARLIER, SHOWN, POINTS };

typedef struct looker {
    point points[POINTS];
    int first; /* EARLIER when there is one to compare with */
    mm_graph *graphs[POINTS];
    bool no_memory;
} looker;

static void take_if_reached(watch *w, watch_moment moment)
{
    looker *l = w->context;

    for (int i = l->first; i < POINTS; i++) {
        const point *p = l->points + i;
        if (p->moment != moment || (moment == WATCH_REQUEST && p->request != w->requests))
            continue;
        if (mm_graph_new(w->heap, &l->graphs[i]) != MM_OK) {
            l->graphs[i] = NULL;
            l->no_memory = true;
        }
        if ((i == SHOWN || l->no_memory) && moment < WATCH_END)
            watch_stop(w);
    }
}

/* A point that the run did not have can only be a request that there was not. */
static bool check_reached(const looker *l, const watch *w, char message[INSPECT_MESSAGE_MAX])
{
    for (int i = l->first; i < POINTS; i++) {
        if (l->graphs[i] != NULL)
            continue;
        if (w->requests == 0)
            return refuse(message,
                          "there is no point '%.64s': workload %s marks no requests. "
                          "Points are: begin, end, after",
                          l->points[i].text, w->of->workload->name);
        return refuse(message,
                      "there is no point '%.64s': this run has %" PRIu64
                      " requests. Points are: begin, request:1 to request:%" PRIu64 ", end, after",
                      l->points[i].text, w->requests, w->requests);
    }
    return true;
}

static bool check_object(const mm_graph *g, const inspection *asked,
                         char message[INSPECT_MESSAGE_MAX])
{
    if (asked->object == 0 || mm_graph_find(g, asked->object) != MM_NO_NODE)
        return true;
    if (g->node_count == 0)
        return refuse(message, "there is no object #%" PRIu64 " at %.64s: the heap is empty",
                      asked->object, asked->at);
    return refuse(message,
                  "there is no object #%" PRIu64 " at %.64s: %" PRIu32
                  " objects are there, the first of them #%" PRIu64 " and the last #%" PRIu64,
                  asked->object, asked->at, g->node_count, g->nodes[0].serial,
                  g->nodes[g->node_count - 1].serial);
}

static bool check_type(const mm_graph *g, const inspection *asked,
                       char message[INSPECT_MESSAGE_MAX])
{
    enum { NAMES_MAX = 32 };
    const char *names[NAMES_MAX], *close;
    size_t count = g->type_count < NAMES_MAX ? g->type_count : NAMES_MAX, used;

    if (asked->type == NULL || mm_graph_find_type(g, asked->type) != MM_NO_NODE)
        return true;
    for (size_t i = 0; i < count; i++)
        names[i] = g->types[i].name;
    close = nearest_name(asked->type, names, count);
    refuse(message, "there is no type '%.64s'%s%s%s There are:", asked->type,
           close ? "; did you mean '" : "", close ? close : "", close ? "'?" : ".");
    for (size_t i = 0; i < count; i++) {
        used = strlen(message);
        snprintf(message + used, INSPECT_MESSAGE_MAX - used, "%s %s", i > 0 ? "," : "", names[i]);
    }
    return false;
}

/* ---- Showing ---- */

static mm_status write_graph(const inspection *asked, const sample *s, const looker *l, FILE *out)
{
    const char *format = asked->format != NULL ? asked->format : "text";
    const mm_graph *g = l->graphs[SHOWN];
    char seed[24];
    const char *labels[] = {"strategy", s->label,  "workload", s->spec, "seed", seed,
                            "point",    asked->at, NULL,       NULL,    NULL};
    mm_view view = {.labels = labels,
                    .earlier = l->graphs[EARLIER],
                    .type = asked->type,
                    .serial = asked->object,
                    .top = (uint32_t)asked->top};

    snprintf(seed, sizeof seed, "%" PRIu64, s->seed);
    if (asked->compare_with != NULL) {
        labels[8] = "compared";
        labels[9] = asked->compare_with;
    }
    if (strcmp(format, "json") == 0)
        return mm_graph_write_json(g, &view, out);
    if (strcmp(format, "dot") == 0)
        return mm_graph_write_dot(g, &view, out);
    if (strcmp(format, "heapsnapshot") == 0)
        return mm_graph_write_snapshot(g, out);
    return mm_graph_write_text(g, &view, out);
}

inspect_status inspection_deliver(const char *path, const char *bytes, size_t size,
                                  char message[INSPECT_MESSAGE_MAX])
{
    bool written = path != NULL ? file_write_whole(path, bytes, size)
                                : fwrite(bytes, 1, size, stdout) == size && fflush(stdout) == 0;

    if (written)
        return INSPECT_DONE;
    refuse(message, "cannot write %.512s: %s", path != NULL ? path : "to standard output",
           strerror(errno));
    return INSPECT_ENVIRONMENT;
}

static inspect_status out_of_memory(char message[INSPECT_MESSAGE_MAX])
{
    refuse(message, "out of memory while the heap was looked into");
    return INSPECT_OOM;
}

/* All of it into memory first: what cannot be finished is not begun. */
static inspect_status show(const inspection *asked, const sample *s, const looker *l,
                           char message[INSPECT_MESSAGE_MAX])
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    inspect_status status;
    bool done;

    if (out == NULL)
        return out_of_memory(message);
    done = write_graph(asked, s, l, out) == MM_OK && !ferror(out);
    done = fclose(out) == 0 && done;
    status =
        done ? inspection_deliver(asked->output, bytes, size, message) : out_of_memory(message);
    free(bytes);
    return status;
}

/* ---- The run ---- */

inspect_status inspection_judge(const watch *w, workload_result result,
                                char message[INSPECT_MESSAGE_MAX])
{
    switch (result) {
    case WORKLOAD_DONE:
        return INSPECT_DONE;
    case WORKLOAD_NO_MEMORY:
        refuse(message, "out of memory: an allocation of the workload failed");
        return INSPECT_OOM;
    case WORKLOAD_BAD_INPUT:
        refuse(message, "%s", w->run.message);
        return INSPECT_BAD_INPUT;
    case WORKLOAD_WRONG:
    default:
        refuse(message, "%s", w->run.message);
        return INSPECT_VOID;
    }
}

static inspect_status inspect_point(const inspection *asked, const sample *s,
                                    char message[INSPECT_MESSAGE_MAX])
{
    looker l = {.first = asked->compare_with != NULL ? EARLIER : SHOWN};
    watch w = {.of = s, .look = take_if_reached, .context = &l};
    inspect_status status;

    read_point(asked->at, &l.points[SHOWN], message);
    if (asked->compare_with != NULL)
        read_point(asked->compare_with, &l.points[EARLIER], message);
    status = inspection_judge(&w, watch_run(&w), message);
    if (status == INSPECT_DONE && l.no_memory)
        status = out_of_memory(message);
    if (status == INSPECT_DONE &&
        (!check_reached(&l, &w, message) || !check_object(l.graphs[SHOWN], asked, message) ||
         !check_type(l.graphs[SHOWN], asked, message)))
        status = INSPECT_BAD_INPUT;
    if (status == INSPECT_DONE)
        status = show(asked, s, &l, message);
    for (int i = 0; i < POINTS; i++)
        mm_graph_free(l.graphs[i]);
    watch_end(&w);
    return status;
}

inspect_status inspection_run(const inspection *asked, const sample *s,
                              char message[INSPECT_MESSAGE_MAX])
{
    if (asked->shape)
        return shape_show(asked, s, message);
    return asked->leaks ? leaks_find(asked, s, message) : inspect_point(asked, s, message);
}

#endif
