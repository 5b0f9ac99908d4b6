/* What is said of cells one by one: how prompt, why not ranked, and who stands beside them. */
#include "verdicts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "html.h"
#include "json.h"
#include "sentence.h"
#include "units.h"

/* -- promptness -- */

double verdict_prompt_share(const json_t *cell)
{
    double at_once = cell_counter(cell, "reclaimed_by_count");
    double died = at_once + cell_counter(cell, "reclaimed_by_collector") +
                  cell_counter(cell, "reclaimed_by_last_collect") +
                  cell_counter(cell, "objects_leaked");

    return died > 0 ? at_once / died : NAN;
}

/* Whether it reclaims anything while the program runs: else there is nothing to be prompt about. */
static bool reclaims_anything(const json_t *cell)
{
    return cell_counter(cell, "reclaimed_by_count") + cell_counter(cell, "reclaimed_by_collector") +
               cell_counter(cell, "reclaimed_by_last_collect") >
           0;
}

static bool has_share(const json_t *cell)
{
    return cell_is_timed(cell) && cell_is_contender(cell) && !isnan(verdict_prompt_share(cell)) &&
           reclaims_anything(cell);
}

void verdict_share_text(char out[VERDICT_SHARE_MAX], double share)
{
    double percent = share * 100;

    if (percent == 0 || percent == 100)
        snprintf(out, VERDICT_SHARE_MAX, "%.0f%%", percent);
    else if (percent < 0.1 || percent > 99.9)
        snprintf(out, VERDICT_SHARE_MAX, percent < 50 ? "under 0.1%%" : "over 99.9%%");
    else
        snprintf(out, VERDICT_SHARE_MAX, "%.*f%%", percent < 10 || percent > 90 ? 1 : 0, percent);
}

static void print_share(sentence *made, const json_t *cell)
{
    char share[VERDICT_SHARE_MAX];

    verdict_share_text(share, verdict_prompt_share(cell));
    sentence_name(made, json_text_of(cell, "strategy"));
    fprintf(made->out, " %s", share);
}

static double lag_of(const json_t *cell)
{
    return cell_number(cell, "memory_over_time", "lag_bytes");
}

static bool has_lag(const json_t *cell)
{
    return cell_is_timed(cell) && cell_is_contender(cell) && !isnan(lag_of(cell));
}

static void print_lag(sentence *made, const json_t *cell)
{
    char lag[UNIT_TEXT_MAX];

    unit_bytes(lag, lag_of(cell));
    sentence_name(made, json_text_of(cell, "strategy"));
    fprintf(made->out, " %s", lag);
}

char *verdict_promptness(const json_t *summary, const char *spec)
{
    sentence made;

    sentence_begin(&made);
    sentence_list_cells(&made, summary, spec,
                        "Freed at once, by count, of all that died: ", has_share, print_share);
    sentence_list_cells(&made, summary, spec,
                        "Allocated, on average, while a piece of garbage stays: ", has_lag,
                        print_lag);
    return sentence_end(&made);
}

/* -- who is not ranked -- */

static bool is_leaking(const json_t *cell)
{
    return cell_has_status(cell, "leaked");
}

static void print_leak(sentence *made, const json_t *cell)
{
    double objects = cell_counter(cell, "objects_leaked");
    char count[UNIT_TEXT_MAX], bytes[UNIT_TEXT_MAX];

    unit_count(count, objects);
    unit_bytes(bytes, cell_counter(cell, "bytes_leaked"));
    sentence_name(made, json_text_of(cell, "strategy"));
    fprintf(made->out, " (%s object%s, %s)", count, objects == 1 ? "" : "s", bytes);
}

static bool is_uncollected(const json_t *cell)
{
    return cell_has_status(cell, "uncollected");
}

static void print_time(sentence *made, const json_t *cell)
{
    char time[UNIT_TEXT_MAX];

    unit_duration(time, cell_number(cell, "time_ns", "median"));
    sentence_name(made, json_text_of(cell, "strategy"));
    fprintf(made->out, " (%s)", time);
}

static bool has_no_result(const json_t *cell)
{
    return !cell_is_timed(cell);
}

static void print_status(sentence *made, const json_t *cell)
{
    const char *reason = json_text_of(cell, "reason");

    sentence_name(made, json_text_of(cell, "strategy"));
    html_print(made->out, " (%s%s%s)", json_text_of(cell, "status"), reason[0] != '\0' ? ": " : "",
               reason);
}

char *verdict_unranked(const json_t *summary, const char *spec)
{
    sentence made;

    sentence_begin(&made);
    sentence_list_cells(&made, summary, spec, "Leaked: ", is_leaking, print_leak);
    sentence_list_cells(&made, summary, spec,
                        "Never collected, so the time says nothing of collecting: ", is_uncollected,
                        print_time);
    sentence_list_cells(&made, summary, spec, "No result: ", has_no_result, print_status);
    return sentence_end(&made);
}

/* -- limits and peers -- */

static bool is_ideal(const json_t *cell)
{
    return strcmp(json_text_of(cell, "kind"), "ideal") == 0 && cell_is_timed(cell);
}

static bool is_by_hand(const json_t *cell)
{
    return strcmp(json_text_of(cell, "kind"), "hand") == 0 && cell_is_timed(cell);
}

static bool is_peer(const json_t *cell)
{
    return json_text_of(cell, "peer")[0] != '\0' && !is_by_hand(cell) && cell_is_timed(cell);
}

static void print_size(sentence *made, const json_t *cell)
{
    char time[UNIT_TEXT_MAX], peak[UNIT_TEXT_MAX];

    unit_duration(time, cell_number(cell, "time_ns", "median"));
    unit_bytes(peak, cell_counter(cell, "rss_peak_bytes"));
    sentence_name(made, json_text_of(cell, "strategy"));
    fprintf(made->out, " (%s, %s)", time, peak);
}

char *verdict_limits(const json_t *summary, const char *spec)
{
    sentence made;

    sentence_begin(&made);
    sentence_list_cells(&made, summary, spec, "The limit: ", is_ideal, print_size);
    sentence_list_cells(&made, summary, spec, "By hand: ", is_by_hand, print_size);
    sentence_list_cells(&made, summary, spec, "Other runtimes: ", is_peer, print_size);
    return sentence_end(&made);
}
