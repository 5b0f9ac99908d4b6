/* The charts of a run: data files and pictures in the folder charts/, drawn by gnuplot from
 * scripts/plot. */
#ifndef RECLAIM_RUNNER_CHARTS_H
#define RECLAIM_RUNNER_CHARTS_H

#include "summary.h"

/* Writes charts/NAME.tsv and draws charts/NAME.svg for each chart. A missing gnuplot is a problem
 * of the environment: the data files are written all the same. */
bool charts_draw(const summary *of, const store *into, problem *why);

/* Draws FOLDER/NAME.svg from FOLDER/NAME.tsv, by the script NAME.gp. */
bool charts_draw_one(const char *name, const char *folder, problem *why);

#endif
