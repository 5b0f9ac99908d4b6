/* The page of text about a graph. See mm_inspect.h; empty in the timed flavour. */
#include "mm.h"

#if MM_COUNTED
    #include "common/graph_names.h"

    #include <string.h>

enum { ROWS_USEFUL = 10, EXAMPLES = 3, NEIGHBOURS_USEFUL = 20 };

static uint32_t rows_of(const mm_view *view)
{
    return view->top != 0 ? view->top : ROWS_USEFUL;
}

static void write_left_out(size_t count, uint32_t shown, FILE *out)
{
    if (count > shown)
        fprintf(out, "  ... and %zu more\n", count - shown);
}

/* ---- Totals ---- */

static void write_labels(const mm_view *view, FILE *out)
{
    for (const char *const *label = view->labels; label != NULL && *label != NULL; label += 2)
        fprintf(out, "%-12s %s\n", label[0], label[1]);
}

static void write_totals(const mm_graph *g, FILE *out)
{
    uint64_t reachable = 0, reachable_bytes = 0;

    for (uint32_t i = 0; i < g->node_count; i++) {
        reachable += g->nodes[i].reachable;
        reachable_bytes += g->nodes[i].reachable ? mm_graph_bytes(g->nodes + i) : 0;
    }
    fprintf(out, "objects      %" PRIu32 " of %" PRIu64 " bytes; %" PRIu64 " bytes at the peak\n",
            g->node_count, g->traced_bytes, g->traced_bytes_peak);
    fprintf(out, "reachable    %" PRIu64 " of %" PRIu64 " bytes\n", reachable, reachable_bytes);
    fprintf(out, "unreachable  %" PRIu64 " of %" PRIu64 " bytes\n", g->node_count - reachable,
            g->traced_bytes - reachable_bytes);
    fprintf(out, "references   %" PRIu32 " in slots, %" PRIu32 " in variables and other roots\n",
            g->edge_count, g->root_count);
}

/* ---- Tables ---- */

static void write_generation(uint32_t generation, FILE *out)
{
    if (generation == MM_NO_GENERATION)
        fprintf(out, "%10s", "-");
    else
        fprintf(out, "%10" PRIu32, generation);
}

static mm_status write_types(const mm_graph *g, const mm_view *view, FILE *out)
{
    mm_type_count *rows;
    size_t count;

    if (mm_graph_count_types(g, &rows, &count) != MM_OK)
        return MM_NO_MEMORY;
    fprintf(out, "\n%-20s %10s %10s %10s %12s\n", "type", "generation", "objects", "reachable",
            "bytes");
    for (size_t i = 0; i < count && i < rows_of(view); i++) {
        fprintf(out, "%-20s ", rows[i].type);
        write_generation(rows[i].generation, out);
        fprintf(out, " %10" PRIu64 " %10" PRIu64 " %12" PRIu64 "\n", rows[i].objects,
                rows[i].reachable_objects, rows[i].bytes);
    }
    write_left_out(count, rows_of(view), out);
    free(rows);
    return MM_OK;
}

static void name_statistic(const mm_statistic *row, FILE *out)
{
    if (row->type != NULL)
        fprintf(out, "%s", row->type);
    else if (row->phase != NULL)
        fprintf(out, "%s", name_phase(row->phase));
    else if (row->file[0] == '\0')
        fprintf(out, "(the strategy)");
    else if (row->function != NULL)
        fprintf(out, "%s:%" PRIu32 " (%s)", row->file, row->line, row->function);
    else
        fprintf(out, "%s", row->file);
}

static mm_status write_statistics(const mm_graph *g, const mm_view *view, mm_grouping by,
                                  const char *title, FILE *out)
{
    mm_statistic *rows;
    size_t count;

    if (mm_snapshot_statistics(g->sites, by, &rows, &count) != MM_OK)
        return MM_NO_MEMORY;
    fprintf(out, "\n%10s %12s %10s  %s\n", "objects", "bytes", "average", title);
    for (size_t i = 0; i < count && i < rows_of(view); i++) {
        fprintf(out, "%10" PRIu64 " %12" PRIu64 " %10.1f  ", rows[i].objects, rows[i].bytes,
                (double)rows[i].bytes / (double)rows[i].objects);
        name_statistic(rows + i, out);
        fputc('\n', out);
    }
    write_left_out(count, rows_of(view), out);
    free(rows);
    return MM_OK;
}

static mm_status write_growth(const mm_graph *g, const mm_view *view, mm_grouping by,
                              const char *title, FILE *out)
{
    mm_difference *rows;
    size_t count;

    if (mm_snapshot_compare(view->earlier->sites, g->sites, by, &rows, &count) != MM_OK)
        return MM_NO_MEMORY;
    fprintf(out, "\n%12s %14s %10s  growth by %s\n", "objects", "bytes", "now", title);
    for (size_t i = 0; i < count && i < rows_of(view); i++) {
        fprintf(out, "%+12" PRId64 " %+14" PRId64 " %10" PRIu64 "  ", rows[i].objects,
                rows[i].bytes, rows[i].now.objects);
        name_statistic(&rows[i].now, out);
        fputc('\n', out);
    }
    if (count == 0)
        fprintf(out, "  nothing differs\n");
    write_left_out(count, rows_of(view), out);
    free(rows);
    return MM_OK;
}

/* ---- What holds what ---- */

static mm_status write_chain_of(const mm_graph *g, uint32_t node, FILE *out)
{
    mm_chain chain;

    if (mm_graph_chain(g, node, &chain) != MM_OK)
        return MM_NO_MEMORY;
    fprintf(out, "  ");
    mm_chain_write(g, &chain, out);
    fputc('\n', out);
    mm_chain_free(&chain);
    return MM_OK;
}

/* The chain of the oldest object of a type, reachable or not. */
static mm_status write_oldest(const mm_graph *g, const char *type, bool reachable, FILE *out)
{
    for (uint32_t i = 0; i < g->node_count; i++) {
        if (g->nodes[i].reachable == reachable && strcmp(mm_graph_type_name(g, i), type) == 0)
            return write_chain_of(g, i, out);
    }
    return MM_OK;
}

static mm_status write_examples(const mm_graph *g, bool reachable, const char *title, FILE *out)
{
    mm_statistic *rows;
    size_t count;
    mm_status status = MM_OK;
    uint32_t any = 0;

    while (any < g->node_count && g->nodes[any].reachable != reachable)
        any++;
    if (any == g->node_count)
        return MM_OK;
    if (mm_snapshot_statistics(g->sites, MM_BY_TYPE, &rows, &count) != MM_OK)
        return MM_NO_MEMORY;
    fprintf(out, "\n%s\n", title);
    for (size_t i = 0; i < count && i < EXAMPLES && status == MM_OK; i++)
        status = write_oldest(g, rows[i].type, reachable, out);
    free(rows);
    return status;
}

/* ---- One object ---- */

static void write_facts(const mm_graph *g, uint32_t index, FILE *out)
{
    const mm_graph_node *node = g->nodes + index;

    fprintf(out, "\n");
    name_object(g, index, out);
    fprintf(out, "\n  made         in request %" PRIu32 ", phase %s, at ", node->made,
            name_phase(node->phase));
    name_site(node->site, out);
    fprintf(out, "\n  last used    in request %" PRIu32 "\n", node->used);
    fprintf(out,
            "  size         %" PRIu64 " bytes: %" PRIu32 " slots, %" PRIu32
            " bytes of payload; and a header of %" PRIu32 "\n",
            mm_graph_bytes(node), node->slots, node->payload_bytes, node->header_bytes);
    if (node->references != MM_UNKNOWN)
        fprintf(out, "  count        %" PRIu64 "\n", node->references);
    if (node->generation != MM_NO_GENERATION)
        fprintf(out, "  generation   %" PRIu32 "\n", node->generation);
}

static void write_roots_of(const mm_graph *g, uint32_t index, FILE *out)
{
    for (uint32_t i = 0; i < g->root_count; i++) {
        if (g->roots[i].target == index) {
            fprintf(out, "  ");
            name_root(g->roots + i, out);
            fputc('\n', out);
        }
    }
}

static void write_neighbours(const mm_graph *g, const mm_view *view, uint32_t index, FILE *out)
{
    uint32_t count, most = view->top != 0 ? view->top : NEIGHBOURS_USEFUL;
    const uint32_t *referrers = mm_graph_referrers(g, index, &count);
    const mm_graph_edge *edges;

    fprintf(out, "referred to by\n");
    write_roots_of(g, index, out);
    for (uint32_t i = 0; i < count && i < most; i++) {
        fprintf(out, "  ");
        name_object(g, g->edges[referrers[i]].from, out);
        fprintf(out, " [slot %" PRIu32 "]\n", g->edges[referrers[i]].slot);
    }
    write_left_out(count, most, out);
    edges = mm_graph_referents(g, index, &count);
    fprintf(out, "refers to\n");
    for (uint32_t i = 0; i < count && i < most; i++) {
        fprintf(out, "  [slot %" PRIu32 "] ", edges[i].slot);
        name_object(g, edges[i].to, out);
        fputc('\n', out);
    }
    write_left_out(count, most, out);
}

static mm_status write_object(const mm_graph *g, const mm_view *view, FILE *out)
{
    uint32_t index = mm_graph_find(g, view->serial);

    if (index == MM_NO_NODE)
        return MM_OK;
    write_facts(g, index, out);
    write_neighbours(g, view, index, out);
    fprintf(out, "held by\n");
    return write_chain_of(g, index, out);
}

/* The oldest objects of one type, each with what holds it. */
static mm_status write_instances(const mm_graph *g, const mm_view *view, FILE *out)
{
    uint32_t shown = 0;
    size_t count = 0;

    fprintf(out, "\nthe oldest objects of type %s\n", view->type);
    for (uint32_t i = 0; i < g->node_count; i++) {
        if (!view_shows(g, view, i))
            continue;
        if (count++ >= rows_of(view))
            continue;
        shown++;
        if (write_chain_of(g, i, out) != MM_OK)
            return MM_NO_MEMORY;
    }
    write_left_out(count, shown, out);
    return MM_OK;
}

/* ---- The page ---- */

static mm_status write_tables(const mm_graph *g, const mm_view *view, FILE *out)
{
    if (write_types(g, view, out) != MM_OK ||
        write_statistics(g, view, MM_BY_SITE, "allocation site", out) != MM_OK ||
        write_statistics(g, view, MM_BY_PHASE, "phase", out) != MM_OK)
        return MM_NO_MEMORY;
    if (view->earlier == NULL)
        return MM_OK;
    if (write_growth(g, view, MM_BY_TYPE, "type", out) != MM_OK ||
        write_growth(g, view, MM_BY_SITE, "allocation site", out) != MM_OK)
        return MM_NO_MEMORY;
    return MM_OK;
}

mm_status mm_graph_write_text(const mm_graph *graph, const mm_view *view, FILE *out)
{
    write_labels(view, out);
    write_totals(graph, out);
    if (view->serial != 0)
        return write_object(graph, view, out);
    if (write_tables(graph, view, out) != MM_OK)
        return MM_NO_MEMORY;
    if (view->type != NULL)
        return write_instances(graph, view, out);
    if (write_examples(graph, true, "held longest, of the largest types", out) != MM_OK)
        return MM_NO_MEMORY;
    return write_examples(graph, false, "unreachable longest, of the largest types", out);
}
#endif
