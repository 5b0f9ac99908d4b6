#include "mm.h"

#if MM_COUNTED
    #include "common/graph_names.h"

    #include <string.h>

void name_object(const mm_graph *g, uint32_t node, FILE *out)
{
    fprintf(out, "%s #%" PRIu64, mm_graph_type_name(g, node), g->nodes[node].serial);
}

void name_root(const mm_graph_root *root, FILE *out)
{
    switch (root->kind) {
    case MM_ROOT_GLOBAL:
        fprintf(out, "root %" PRIu32, root->index);
        return;
    case MM_ROOT_HEAP:
        fprintf(out, "the heap");
        return;
    case MM_ROOT_BORROWED:
        fprintf(out, "borrowed ");
        break;
    case MM_ROOT_VARIABLE:
        break;
    }
    fprintf(out, "variable %s", root->name);
    if (root->array_count > 1)
        fprintf(out, "[%" PRIu32 "]", root->index);
    if (root->function[0] != '\0')
        fprintf(out, " of %s", root->function);
}

const char *name_file(const char *file)
{
    const char *slash = file[0] == '/' ? strrchr(file, '/') : NULL;
    return slash != NULL ? slash + 1 : file;
}

void name_site(const mm_site *site, FILE *out)
{
    if (site == NULL)
        fprintf(out, "(the strategy)");
    else
        fprintf(out, "%s:%" PRIu32 " (%s)", name_file(site->file), site->line, site->function);
}

bool view_shows(const mm_graph *g, const mm_view *view, uint32_t node)
{
    return view->type == NULL || strcmp(mm_graph_type_name(g, node), view->type) == 0;
}

void mm_chain_write(const mm_graph *graph, const mm_chain *chain, FILE *out)
{
    uint32_t cycle = chain->cycle_length;

    if (chain->root != MM_NO_NODE) {
        name_root(graph->roots + chain->root, out);
        fprintf(out, " -> ");
    } else if (cycle > 0) {
        fprintf(out, "held by a garbage cycle: ");
    } else {
        fprintf(out, "nothing refers to it: ");
    }
    for (uint32_t i = 0; i < chain->length; i++) {
        const mm_chain_step *step = chain->steps + i;
        name_object(graph, step->node, out);
        if (i + 1 < chain->length || i + 1 == cycle)
            fprintf(out, " [slot %" PRIu32 "] -> ", step->slot);
        if (i + 1 == cycle) {
            name_object(graph, chain->steps[0].node, out);
            fprintf(out, "%s", i + 1 < chain->length ? "; and behind it: " : "");
        }
    }
}
#endif
