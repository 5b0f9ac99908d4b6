/* The charts of a run: data files and pictures in the folder charts/, drawn by gnuplot from
 * scripts/plot. */
#ifndef RECLAIM_RUNNER_CHARTS_H
#define RECLAIM_RUNNER_CHARTS_H

#include "summary.h"

/* What a reader of a chart needs to know; constants. */
typedef struct chart_text {
    const char *name;     /* of its files */
    const char *question; /* what it answers */
    const char *reading;  /* how to read it, "" where nothing needs to be said */
} chart_text;

/* All charts that there may be, in the order in which they are shown. */
size_t charts_count(void);
chart_text charts_text(size_t index);

/* Writes charts/NAME.tsv and draws charts/NAME.svg for each chart. A missing gnuplot is a problem
 * of the environment: the data files are written all the same, and pictures of earlier data removed.
 */
bool charts_draw(const summary *of, const store *into, problem *why);

/* Draws FOLDER/NAME.svg from FOLDER/NAME.tsv, by the script NAME.gp. */
bool charts_draw_one(const char *name, const char *folder, problem *why);

#endif
