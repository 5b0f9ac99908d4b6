/* How objects, roots and sites are called in what a person reads. */
#ifndef MM_COMMON_GRAPH_NAMES_H
#define MM_COMMON_GRAPH_NAMES_H

#include "base.h"

#if MM_COUNTED

    #include <inttypes.h>

    #include "mm_inspect.h"

/* "session #4711" */
void name_object(const mm_graph *g, uint32_t node, FILE *out);

/* "root 3", "variable live of serve", "variable v[1] of serve" */
void name_root(const mm_graph_root *root, FILE *out);

/* A file relative to the source tree; only its name where the build could not make it so. */
const char *name_file(const char *file);

/* "workloads/dom.c:118 (build_node)"; "(the strategy)" without a site. */
void name_site(const mm_site *site, FILE *out);

/* The phase, "(none)" before the first. */
static inline const char *name_phase(const char *phase)
{
    return phase[0] != '\0' ? phase : "(none)";
}

/* Whether the view shows this node: by type; one object is the writers' own affair. */
bool view_shows(const mm_graph *g, const mm_view *view, uint32_t node);

#endif
#endif
