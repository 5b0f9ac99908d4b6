#include "report.h"

#include <stdio.h>
#include <stdlib.h>

#include "benchmark_json.h"
#include "charts.h"
#include "extras.h"
#include "heap_curve.h"
#include "json.h"
#include "latency_table.h"
#include "memory_over_time.h"
#include "overhead.h"
#include "page.h"
#include "remaining.h"
#include "standings.h"
#include "overhead_charts.h"
#include "summary.h"
#include "table.h"
#include "trace.h"

/* Takes over `value`. */
static bool write_file(const store *into, const char *name, json_t *value, problem *why)
{
    char *path = store_path(into, name);
    bool written = json_write(path, value, why);

    json_decref(value);
    free(path);
    return written;
}

static bool write_page(const json_t *value, const summary *made, const store *from,
                       const char *no_charts, problem *why)
{
    page_source source = {.summary = value,
                          .context = made->planned->context,
                          .folder = from->folder,
                          .samples_left = remaining_samples(made->planned, from),
                          .torn = from->torn,
                          .no_charts = no_charts};

    return page_make(&source, why);
}

/* The charts, then the page, which has them in it. Without gnuplot there is a page all the same, and
 * what is missing is what `why` says. */
static bool draw(const json_t *value, const summary *made, const store *from, bool with_charts,
                 problem *why)
{
    bool drawn = !with_charts || charts_draw(made, from, why);
    const char *no_charts = !drawn         ? why->text
                            : !with_charts ? "no charts were drawn with these figures: 'reclaim "
                                             "report DIR' draws them"
                                           : "";
    problem no_page = {.code = EXIT_CODE_OK};
    bool written = write_page(value, made, from, no_charts, drawn ? why : &no_page);

    return drawn && written;
}

static bool write_results(const summary *made, const store *from, bool with_charts, problem *why)
{
    json_t *value = summary_to_json(made);
    bool done;

    json_object_set_new(value, "standings", standings_make(made, from));
    done = write_file(from, "summary.json", json_incref(value), why) &&
           write_file(from, "benchmark.json", benchmark_to_json(made, from), why) &&
           draw(value, made, from, with_charts, why);
    json_decref(value);
    return done;
}

/* What is missing from all figures above. */
static void print_gaps(FILE *out, const plan *planned, const store *from)
{
    size_t left = remaining_samples(planned, from);
    char *sentence = remaining_sentence(left, from->folder);

    if (left > 0)
        fprintf(out, "\n%s\n", sentence);
    if (from->torn)
        fprintf(out, "%s%s\n", left > 0 ? "" : "\n", STORE_TORN_SENTENCE);
    free(sentence);
}

bool report_make(const plan *planned, const store *from, bool with_charts, bool *is_trusted,
                 problem *why)
{
    summary made = summary_make(planned, from);
    bool done = summary_add_latency(&made, from, why) && memory_over_time_read(&made, from, why);

    pareto_mark(&made);
    done = done && costs_load(&made, from, why);
    if (!done) {
        summary_free(&made);
        return false;
    }
    table_print(stdout, &made);
    overhead_print(stdout, &made);
    latency_print(stdout, &made);
    memory_over_time_print(stdout, &made);
    heap_curve_print(stdout, planned);
    print_gaps(stdout, planned, from);
    fflush(stdout);
    done = overhead_write(&made, from, why) && trace_write(&made, from, why) &&
           write_results(&made, from, with_charts, why);
    *is_trusted = !summary_has_untrusted(&made);
    summary_free(&made);
    return done;
}

exit_code report_command(const command_line *asked, problem *why)
{
    store from;
    plan planned = {0};
    json_t *context = store_open(&from, asked->folder, why);
    bool is_trusted = true;
    bool done = context != NULL && plan_load(&planned, context, why) &&
                store_load_samples(&from, &planned, why) && extras_load(&from, &planned, why) &&
                report_make(&planned, &from, asked->charts, &is_trusted, why);

    plan_free(&planned);
    store_close(&from);
    if (!done)
        return why->code;
    return is_trusted ? EXIT_CODE_OK : EXIT_CODE_UNTRUSTED;
}
