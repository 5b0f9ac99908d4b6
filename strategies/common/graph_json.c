/* A graph as JSON. See mm_inspect.h; empty in the timed flavour. */
#include "mm.h"

#if MM_COUNTED
    #include "common/graph_names.h"

    #include "common/json_text.h"

static const char *const root_kinds[] = {
    [MM_ROOT_VARIABLE] = "variable",
    [MM_ROOT_BORROWED] = "borrowed",
    [MM_ROOT_GLOBAL] = "root",
    [MM_ROOT_HEAP] = "heap",
};

static void write_member(const char *name, const char *text, FILE *out)
{
    json_text(name, out);
    fputs(": ", out);
    json_text(text, out);
}

static void write_labels(const mm_view *view, FILE *out)
{
    for (const char *const *label = view->labels; label != NULL && *label != NULL; label += 2) {
        fputs(",\n  ", out);
        write_member(label[0], label[1], out);
    }
}

static void write_totals(const mm_graph *g, FILE *out)
{
    uint64_t reachable = 0, reachable_bytes = 0;

    for (uint32_t i = 0; i < g->node_count; i++) {
        reachable += g->nodes[i].reachable;
        reachable_bytes += g->nodes[i].reachable ? mm_graph_bytes(g->nodes + i) : 0;
    }
    fprintf(out,
            ",\n  \"totals\": {\"objects\": %" PRIu32 ", \"bytes\": %" PRIu64
            ", \"reachable_objects\": %" PRIu64 ", \"reachable_bytes\": %" PRIu64
            ", \"references\": %" PRIu32 ", \"roots\": %" PRIu32 ", \"bytes_peak\": %" PRIu64 "}",
            g->node_count, g->traced_bytes, reachable, reachable_bytes, g->edge_count,
            g->root_count, g->traced_bytes_peak);
}

static void write_generation(uint32_t generation, FILE *out)
{
    if (generation == MM_NO_GENERATION)
        fputs("\"generation\": null", out);
    else
        fprintf(out, "\"generation\": %" PRIu32, generation);
}

static mm_status write_types(const mm_graph *g, FILE *out)
{
    mm_type_count *rows;
    size_t count;

    if (mm_graph_count_types(g, &rows, &count) != MM_OK)
        return MM_NO_MEMORY;
    fputs(",\n  \"types\": [", out);
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? ",\n    {" : "\n    {", out);
        write_member("type", rows[i].type, out);
        fputs(", ", out);
        write_generation(rows[i].generation, out);
        fprintf(out,
                ", \"objects\": %" PRIu64 ", \"bytes\": %" PRIu64
                ", \"reachable_objects\": %" PRIu64 ", \"reachable_bytes\": %" PRIu64 "}",
                rows[i].objects, rows[i].bytes, rows[i].reachable_objects, rows[i].reachable_bytes);
    }
    fputs("]", out);
    free(rows);
    return MM_OK;
}

/* The members that say which group it is. */
static void write_group(const mm_statistic *row, FILE *out)
{
    if (row->type != NULL)
        write_member("type", row->type, out);
    else if (row->phase != NULL)
        write_member("phase", row->phase, out);
    else
        write_member("file", row->file, out);
    if (row->function != NULL) {
        fprintf(out, ", \"line\": %" PRIu32 ", ", row->line);
        write_member("function", row->function, out);
    }
}

static mm_status write_statistics(const mm_graph *g, mm_grouping by, const char *name, FILE *out)
{
    mm_statistic *rows;
    size_t count;

    if (mm_snapshot_statistics(g->sites, by, &rows, &count) != MM_OK)
        return MM_NO_MEMORY;
    fprintf(out, ",\n  \"%s\": [", name);
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? ",\n    {" : "\n    {", out);
        write_group(rows + i, out);
        fprintf(out, ", \"objects\": %" PRIu64 ", \"bytes\": %" PRIu64 "}", rows[i].objects,
                rows[i].bytes);
    }
    fputs("]", out);
    free(rows);
    return MM_OK;
}

static mm_status write_growth(const mm_graph *g, const mm_graph *earlier, mm_grouping by,
                              const char *name, FILE *out)
{
    mm_difference *rows;
    size_t count;

    if (mm_snapshot_compare(earlier->sites, g->sites, by, &rows, &count) != MM_OK)
        return MM_NO_MEMORY;
    fprintf(out, ",\n  \"%s\": [", name);
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? ",\n    {" : "\n    {", out);
        write_group(&rows[i].now, out);
        fprintf(out,
                ", \"objects\": %" PRIu64 ", \"bytes\": %" PRIu64
                ", \"objects_difference\": %" PRId64 ", \"bytes_difference\": %" PRId64 "}",
                rows[i].now.objects, rows[i].now.bytes, rows[i].objects, rows[i].bytes);
    }
    fputs("]", out);
    free(rows);
    return MM_OK;
}

/* ---- Roots and objects ---- */

static void write_roots(const mm_graph *g, FILE *out)
{
    fputs(",\n  \"roots\": [", out);
    for (uint32_t i = 0; i < g->root_count; i++) {
        const mm_graph_root *root = g->roots + i;
        fprintf(out, "%s\n    {\"kind\": \"%s\", ", i > 0 ? "," : "", root_kinds[root->kind]);
        write_member("name", root->name, out);
        fputs(", ", out);
        write_member("function", root->function, out);
        fprintf(out, ", \"index\": %" PRIu32 ", \"depth\": %" PRIu32 ", \"target\": %" PRIu64 "}",
                root->index, root->depth, g->nodes[root->target].serial);
    }
    fputs("]", out);
}

static void write_site(const mm_site *site, FILE *out)
{
    fputs("\"site\": ", out);
    if (site == NULL) {
        fputs("null", out);
        return;
    }
    fputs("{", out);
    write_member("file", name_file(site->file), out);
    fprintf(out, ", \"line\": %" PRIu32 ", ", site->line);
    write_member("function", site->function, out);
    fputs("}", out);
}

static void write_edges(const mm_graph *g, uint32_t index, FILE *out)
{
    uint32_t count;
    const mm_graph_edge *edges = mm_graph_referents(g, index, &count);

    fputs("\"edges\": [", out);
    for (uint32_t i = 0; i < count; i++)
        fprintf(out, "%s[%" PRIu32 ", %" PRIu64 "]", i > 0 ? ", " : "", edges[i].slot,
                g->nodes[edges[i].to].serial);
    fputs("]", out);
}

static void write_node(const mm_graph *g, uint32_t index, FILE *out)
{
    const mm_graph_node *node = g->nodes + index;

    fprintf(out, "{\"serial\": %" PRIu64 ", ", node->serial);
    write_member("type", mm_graph_type_name(g, index), out);
    fputs(", ", out);
    write_generation(node->generation, out);
    fprintf(out,
            ", \"slots\": %" PRIu32 ", \"payload_bytes\": %" PRIu32 ", \"header_bytes\": %" PRIu32
            ", ",
            node->slots, node->payload_bytes, node->header_bytes);
    if (node->references == MM_UNKNOWN)
        fputs("\"references\": null, ", out);
    else
        fprintf(out, "\"references\": %" PRIu64 ", ", node->references);
    write_site(node->site, out);
    fputs(", ", out);
    write_member("phase", node->phase, out);
    fprintf(out, ", \"made\": %" PRIu32 ", \"used\": %" PRIu32 ", \"reachable\": %s, ", node->made,
            node->used, node->reachable ? "true" : "false");
    write_edges(g, index, out);
    fputs("}", out);
}

static void write_nodes(const mm_graph *g, const mm_view *view, FILE *out)
{
    bool any = false;

    fputs(",\n  \"objects\": [", out);
    for (uint32_t i = 0; i < g->node_count; i++) {
        if (!view_shows(g, view, i) || (view->serial != 0 && g->nodes[i].serial != view->serial))
            continue;
        fputs(any ? ",\n    " : "\n    ", out);
        write_node(g, i, out);
        any = true;
    }
    fputs("]", out);
}

/* ---- One object's neighbourhood ---- */

static void write_referrers(const mm_graph *g, uint32_t index, FILE *out)
{
    uint32_t count;
    const uint32_t *edges = mm_graph_referrers(g, index, &count);

    fputs(",\n  \"referrers\": [", out);
    for (uint32_t i = 0; i < count; i++) {
        const mm_graph_edge *edge = g->edges + edges[i];
        fprintf(out, "%s{\"serial\": %" PRIu64 ", \"slot\": %" PRIu32 "}", i > 0 ? ", " : "",
                g->nodes[edge->from].serial, edge->slot);
    }
    fputs("]", out);
}

static mm_status write_chain(const mm_graph *g, uint32_t index, FILE *out)
{
    mm_chain chain;

    if (mm_graph_chain(g, index, &chain) != MM_OK)
        return MM_NO_MEMORY;
    fputs(",\n  \"chain\": {\"root\": ", out);
    if (chain.root == MM_NO_NODE)
        fputs("null", out);
    else
        fprintf(out, "%" PRIu32, chain.root);
    fprintf(out, ", \"cycle_length\": %" PRIu32 ", \"steps\": [", chain.cycle_length);
    for (uint32_t i = 0; i < chain.length; i++) {
        fprintf(out, "%s{\"serial\": %" PRIu64 ", ", i > 0 ? ", " : "",
                g->nodes[chain.steps[i].node].serial);
        write_member("type", mm_graph_type_name(g, chain.steps[i].node), out);
        fprintf(out, ", \"slot\": %" PRIu32 "}", chain.steps[i].slot);
    }
    fputs("]}", out);
    mm_chain_free(&chain);
    return MM_OK;
}

static mm_status write_neighbourhood(const mm_graph *g, const mm_view *view, FILE *out)
{
    uint32_t index = view->serial != 0 ? mm_graph_find(g, view->serial) : MM_NO_NODE;

    if (index == MM_NO_NODE)
        return MM_OK;
    write_referrers(g, index, out);
    return write_chain(g, index, out);
}

mm_status mm_graph_write_json(const mm_graph *graph, const mm_view *view, FILE *out)
{
    const mm_graph *earlier = view->earlier;

    fputs("{\n  \"schema\": \"reclaim.inspection/1\"", out);
    write_labels(view, out);
    write_totals(graph, out);
    if (write_types(graph, out) != MM_OK ||
        write_statistics(graph, MM_BY_SITE, "sites", out) != MM_OK ||
        write_statistics(graph, MM_BY_PHASE, "phases", out) != MM_OK ||
        write_statistics(graph, MM_BY_FILE, "files", out) != MM_OK)
        return MM_NO_MEMORY;
    if (earlier != NULL &&
        (write_growth(graph, earlier, MM_BY_TYPE, "growth_by_type", out) != MM_OK ||
         write_growth(graph, earlier, MM_BY_SITE, "growth_by_site", out) != MM_OK))
        return MM_NO_MEMORY;
    write_roots(graph, out);
    write_nodes(graph, view, out);
    if (write_neighbourhood(graph, view, out) != MM_OK)
        return MM_NO_MEMORY;
    fputs("\n}\n", out);
    return MM_OK;
}
#endif
