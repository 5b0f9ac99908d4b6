/* The format: "Trace Event Format" (Google, 2016). Used are complete events (`X`: `ts` and `dur` in
 * microseconds) and metadata (`M`) for the names of processes and threads. */
#include "trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "text_file.h"

enum { THREAD_REQUESTS = 1, THREAD_COLLECTIONS, THREAD_CASCADES };

/* Takes over `event`. */
static void write_event(FILE *out, json_t *event)
{
    char *line = json_one_line(event);

    fprintf(out, ",\n%s", line);
    free(line);
    json_decref(event);
}

static void write_name(FILE *out, const char *kind, size_t process, int thread, const char *name)
{
    write_event(out, json_pack("{s:s, s:s, s:I, s:i, s:{s:s}}", "ph", "M", "name", kind, "pid",
                               (json_int_t)process, "tid", thread, "args",
                               strcmp(kind, "process_labels") == 0 ? "labels" : "name", name));
}

static void write_span(FILE *out, size_t process, int thread, char *name, double began_ns,
                       double length_ns, json_t *arguments)
{
    write_event(out, json_pack("{s:s, s:s, s:s, s:I, s:i, s:f, s:f, s:o}", "ph", "X", "cat",
                               "reclaim", "name", name, "pid", (json_int_t)process, "tid", thread,
                               "ts", began_ns / 1e3, "dur", length_ns / 1e3, "args", arguments));
    free(name);
}

static void write_pause(FILE *out, size_t process, const timeline_pause *of)
{
    const recorded_pause *pause = &of->pause;
    json_t *arguments = json_pack("{s:o, s:o}", "visited", json_from_number(pause->visited),
                                  "reclaimed", json_from_number(pause->reclaimed));
    char *name = pause->is_cascade ? text_copy("cascade")
                 : of->is_last     ? text_copy("the last collection")
                                   : text_format("collection of generation %d", pause->generation);

    if (!pause->is_cascade)
        json_object_set_new(arguments, "generation", json_integer(pause->generation));
    write_span(out, process, pause->is_cascade ? THREAD_CASCADES : THREAD_COLLECTIONS, name,
               pause->began_ns, pause->length_ns, arguments);
}

static void write_names(FILE *out, size_t process, const cell_summary *of)
{
    const timeline *shown = &of->latency.shown;
    char *name = text_format("%s on %s", of->of->row, of->of->spec);
    char *label =
        text_format("%s; left out as shorter: %zu requests, %zu pauses", status_name(of->status),
                    shown->requests_left_out, shown->pauses_left_out);

    write_name(out, "process_name", process, 0, name);
    write_name(out, "process_labels", process, 0, label);
    write_name(out, "thread_name", process, THREAD_REQUESTS, "requests");
    write_name(out, "thread_name", process, THREAD_COLLECTIONS, "collections");
    write_name(out, "thread_name", process, THREAD_CASCADES, "cascades, from the 64th object on");
    free(name);
    free(label);
}

static void write_cell(FILE *out, size_t process, const cell_summary *of)
{
    const timeline *shown = &of->latency.shown;

    write_names(out, process, of);
    for (size_t i = 0; i < shown->requests_count; i++) {
        const timeline_request *request = &shown->requests[i];
        write_span(out, process, THREAD_REQUESTS, text_format("request %zu", request->number + 1),
                   request->began_ns, request->length_ns, json_object());
    }
    for (size_t i = 0; i < shown->pauses_count; i++)
        write_pause(out, process, &shown->pauses[i]);
}

static size_t cells_with_samples(const summary *of)
{
    size_t count = 0;

    for (size_t i = 0; i < of->planned->cell_count; i++)
        count += of->cells[i].latency.samples > 0;
    return count;
}

static void write_trace(FILE *out, const summary *of)
{
    fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"schema\":\"reclaim.trace/1\"},"
          "\"traceEvents\":[\n{\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":0,"
          "\"args\":{\"sort_index\":0}}",
          out);
    for (size_t i = 0; i < of->planned->cell_count; i++) {
        if (of->cells[i].latency.samples > 0)
            write_cell(out, i + 1, &of->cells[i]);
    }
    fputs("\n]}\n", out);
}

bool trace_write(const summary *of, const store *into, problem *why)
{
    text_file file;
    char *path;
    bool written;

    if (cells_with_samples(of) == 0)
        return true;
    path = store_path(into, "trace.json");
    text_file_open(&file);
    if (file.out != NULL)
        write_trace(file.out, of);
    written = text_file_write(&file, path, why);
    free(path);
    return written;
}
