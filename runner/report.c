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
    fflush(stdout);
    done = overhead_write(&made, from, why) && trace_write(&made, from, why) &&
           write_file(from, "summary.json", summary_to_json(&made), why) &&
           write_file(from, "benchmark.json", benchmark_to_json(&made, from), why) &&
           (!with_charts || charts_draw(&made, from, why));
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
