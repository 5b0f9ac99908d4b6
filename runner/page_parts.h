/* The parts of report.html, from the top down. Each writes nothing when the run has nothing for it. */
#ifndef RECLAIM_RUNNER_PAGE_PARTS_H
#define RECLAIM_RUNNER_PAGE_PARTS_H

#include <stdio.h>

#include "page.h"

/* Written into the runner when it is built, from the files of runner/page/. */
extern const unsigned char page_style[], page_script[], page_script_sha256[32];
extern const size_t page_style_size, page_script_size;

/* What stands between a reader and believing the figures. */
void page_write_trust(FILE *out, const page_source *from);

/* The workloads at a glance, and the verdict on each. */
void page_write_verdicts(FILE *out, const page_source *from);

void page_write_charts(FILE *out, const page_source *from);
void page_write_tables(FILE *out, const page_source *from);

/* What the run was made on and with, how, and what to type to make it again. */
void page_write_context(FILE *out, const page_source *from);
void page_write_method(FILE *out, const page_source *from);
void page_write_reproduction(FILE *out, const page_source *from);

/* -- what several of them need -- */

/* The number at a path of names and indices into arrays, "latency.metered.1.p99"; of an array the
 * sum. NAN when there is none. */
double page_number_at(const json_t *value, const char *path);
const json_t *page_value_at(const json_t *value, const char *path);

/* Whether no cell before it has the same text under `field`. */
bool page_starts(const json_t *cells, size_t index, const char *field);

/* How many cells have a status. */
size_t page_count_status(const json_t *summary, const char *status);

/* "s", or "" for one. */
const char *page_plural(size_t count);

#endif
