/* report.html: one page that tells what a run found and how far it can be believed. It needs nothing
 * but itself: no network, no other file. */
#ifndef RECLAIM_RUNNER_PAGE_H
#define RECLAIM_RUNNER_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

/* What the page is made from. All is borrowed. */
typedef struct page_source {
    const json_t
        *summary; /* as in summary.json, `standings` included; what it has not, is not shown */
    const json_t *context; /* as in context.json */
    const char *folder;    /* of the run: the charts are in charts/ below it */
    size_t samples_left;   /* that the run has not taken yet */
    bool torn;             /* the last line of samples.jsonl was cut short */
    const char *no_charts; /* why there are none, in a sentence; "": there are */
} page_source;

/* Writes FOLDER/report.html, whole or not at all. */
bool page_make(const page_source *from, problem *why);

#endif
