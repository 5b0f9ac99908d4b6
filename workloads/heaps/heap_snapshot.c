/* V8's heap snapshot, from the text to the graph.
 *
 * The file is one JSON object. Three of its members matter, and come in this order:
 *
 *     "snapshot": {"meta": {...}, "node_count": 47461, "edge_count": 213496, ...}
 *     "nodes": [9,1,1,0,5,0,0, ...]   one record of whole numbers for each object
 *     "edges": [1,1,7, ...]           one record for each reference, those of node 0 first
 *
 * `meta` names the fields of the records, and the values of the fields that are enumerations. Which
 * fields there are has changed between versions of V8, so their positions are looked up, never
 * assumed. A node tells how many of the edges are its own; an edge tells its target by the target's
 * place in the list of numbers, so node 3 of 7-field nodes is 21.
 *
 * Everything else, the strings above all, is skipped. Another order of the three is refused: edges
 * cannot be told apart before the nodes are known, nor nodes before their fields, and nothing that
 * writes snapshots does it. */
#include "heap_snapshot.h"

#include "json_scanner.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define FIELDS_MAX 32 /* of a record; V8 has had up to 7 */
#define NOT_FOUND UINT32_MAX

/* One less than could be numbered, so that object_count + 1 has room too. */
#define OBJECTS_MAX (UINT32_MAX - 1)
#define EDGES_MAX UINT32_MAX
#define OBJECT_BYTES_MAX UINT32_MAX

/* A list that grows as its items arrive. */
typedef struct number_list {
    uint32_t *items;
    uint32_t count;
    uint32_t capacity;
} number_list;

/* The words that were wanted of a list of names, and where they were found. */
typedef struct name_search {
    const char *const *wanted;
    uint32_t wanted_count;
    uint32_t *positions; /* one for each wanted name, NOT_FOUND at first */
    uint32_t name_count; /* how long the list was */
} name_search;

/* The fields that matter of a record, in the order of the positions in a snapshot_layout. */
enum { SELF_SIZE, EDGE_COUNT, NODE_NAMES };
enum { TYPE, TO_NODE, EDGE_NAMES };
static const char *const node_names[NODE_NAMES] = {"self_size", "edge_count"};
static const char *const edge_names[EDGE_NAMES] = {"type", "to_node"};

/* What `meta` says about the values of one field of an edge, when that is an enumeration. */
typedef struct enumeration {
    uint32_t value_count; /* 0: it is none */
    uint32_t weak;        /* which of the values means a weak reference, or NOT_FOUND */
} enumeration;

typedef struct snapshot_layout {
    uint32_t node_field_count, edge_field_count;
    uint32_t node_fields[NODE_NAMES]; /* positions in a record */
    uint32_t edge_fields[EDGE_NAMES];
    enumeration edge_types[FIELDS_MAX];
} snapshot_layout;

typedef struct snapshot_reader {
    json_scanner *scanner;
    uint32_t sections_read; /* how many of `sections` */
    snapshot_layout layout;
    uint64_t node_count, edge_count; /* as the header announces them */
    bool has_node_count, has_edge_count;
    uint64_t root_place;  /* the root's place in the list of numbers */
    uint64_t edges_owned; /* by the nodes read so far */
    uint64_t bytes_total;
    uint32_t weak_edge_count;
    number_list first_edge; /* until the edges are read: how many each node owns, weak ones too */
    number_list bytes;
    number_list targets;
} snapshot_reader;

/* ---- lists of numbers -------------------------------------------------- */

static bool fail_no_memory(snapshot_reader *r, uint64_t bytes)
{
    return json_fail_document(r->scanner, "out of memory: the graph needs another %llu bytes",
                              (unsigned long long)bytes);
}

static bool resize(snapshot_reader *r, number_list *list, uint32_t capacity)
{
    uint64_t bytes = (uint64_t)capacity * sizeof *list->items;
    uint32_t *items = realloc(list->items, bytes);

    if (items == NULL)
        return fail_no_memory(r, bytes);
    list->items = items;
    list->capacity = capacity;
    return true;
}

static bool grow(snapshot_reader *r, number_list *list)
{
    uint32_t capacity = list->capacity;

    if (capacity == 0)
        return resize(r, list, 1024);
    return resize(r, list, capacity > UINT32_MAX / 2 ? UINT32_MAX : 2 * capacity);
}

/* The caller has checked that the list stays shorter than UINT32_MAX. */
static inline bool append(snapshot_reader *r, number_list *list, uint32_t item)
{
    assert(list->count < UINT32_MAX);
    if (list->count == list->capacity && !grow(r, list))
        return false;
    list->items[list->count++] = item;
    return true;
}

/* The items of a complete list, which are the caller's from now on. Only a list that never had an
 * item, as that of the targets may be, can make this NULL. */
static uint32_t *hand_over(number_list *list)
{
    uint32_t *items = list->items;

    if (list->count > 0) {
        uint32_t *shrunk = realloc(items, list->count * sizeof *items);

        items = shrunk != NULL ? shrunk : items;
    }
    *list = (number_list){0};
    return items;
}

/* ---- the header -------------------------------------------------------- */

/* Reads a list of names, and notes where the wanted ones are. */
static bool search_names(snapshot_reader *r, name_search *search)
{
    json_scanner *s = r->scanner;
    json_text name;

    for (uint32_t i = 0; i < search->wanted_count; i++)
        search->positions[i] = NOT_FOUND;
    search->name_count = 0;
    if (!json_enter_array(s))
        return false;
    for (; json_next_element(s); search->name_count++) {
        if (!json_read_text(s, &name))
            return false;
        for (uint32_t i = 0; i < search->wanted_count; i++)
            if (search->positions[i] == NOT_FOUND && json_text_is(&name, search->wanted[i]))
                search->positions[i] = search->name_count;
    }
    return !s->failed;
}

/* Reads the names of the fields of a record. */
static bool read_fields(snapshot_reader *r, const char *list, const char *const *wanted,
                        uint32_t wanted_count, uint32_t *positions, uint32_t *field_count)
{
    name_search search = {.wanted = wanted, .wanted_count = wanted_count, .positions = positions};

    if (!search_names(r, &search))
        return false;
    if (search.name_count > FIELDS_MAX)
        return json_fail_document(r->scanner, "\"%s\" has %u fields, expected at most %d", list,
                                  search.name_count, FIELDS_MAX);
    for (uint32_t i = 0; i < wanted_count; i++)
        if (positions[i] == NOT_FOUND)
            return json_fail_document(r->scanner, "\"%s\" has no field \"%s\"", list, wanted[i]);
    *field_count = search.name_count;
    return true;
}

static bool read_node_fields(snapshot_reader *r)
{
    return read_fields(r, "node_fields", node_names, NODE_NAMES, r->layout.node_fields,
                       &r->layout.node_field_count);
}

static bool read_edge_fields(snapshot_reader *r)
{
    return read_fields(r, "edge_fields", edge_names, EDGE_NAMES, r->layout.edge_fields,
                       &r->layout.edge_field_count);
}

static bool read_enumeration(snapshot_reader *r, enumeration *values)
{
    static const char *const wanted[] = {"weak"};
    name_search search = {.wanted = wanted, .wanted_count = 1, .positions = &values->weak};

    if (!search_names(r, &search))
        return false;
    values->value_count = search.name_count;
    return true;
}

/* One element for each field of an edge: a list of the values' names, or one word that says what
 * the field is. */
static bool read_edge_types(snapshot_reader *r)
{
    json_scanner *s = r->scanner;

    if (!json_enter_array(s))
        return false;
    for (uint32_t field = 0; json_next_element(s); field++) {
        bool wanted = field < FIELDS_MAX && json_at(s, '[');

        if (!(wanted ? read_enumeration(r, &r->layout.edge_types[field]) : json_skip(s)))
            return false;
    }
    return !s->failed;
}

static bool read_meta(snapshot_reader *r)
{
    json_scanner *s = r->scanner;
    json_text key;
    bool ok = json_enter_object(s);

    while (ok && json_next_key(s, &key)) {
        if (json_text_is(&key, "node_fields"))
            ok = read_node_fields(r);
        else if (json_text_is(&key, "edge_fields"))
            ok = read_edge_fields(r);
        else if (json_text_is(&key, "edge_types"))
            ok = read_edge_types(r);
        else
            ok = json_skip(s);
    }
    return !s->failed;
}

static bool check_header(snapshot_reader *r)
{
    const snapshot_layout *layout = &r->layout;
    const char *missing = layout->node_field_count == 0   ? "meta.node_fields"
                          : layout->edge_field_count == 0 ? "meta.edge_fields"
                          : !r->has_node_count            ? "node_count"
                          : !r->has_edge_count            ? "edge_count"
                                                          : NULL;

    if (missing != NULL)
        return json_fail_document(r->scanner, "the section \"snapshot\" has no \"%s\"", missing);
    if (layout->edge_types[layout->edge_fields[TYPE]].value_count == 0)
        return json_fail_document(
            r->scanner, "\"meta.edge_types\" does not list the values of the field \"type\"");
    return true;
}

static bool read_header(snapshot_reader *r)
{
    json_scanner *s = r->scanner;
    json_text key;
    bool ok = json_enter_object(s);

    while (ok && json_next_key(s, &key)) {
        if (json_text_is(&key, "meta"))
            ok = read_meta(r);
        else if (json_text_is(&key, "node_count"))
            ok = r->has_node_count = json_read_count(s, &r->node_count);
        else if (json_text_is(&key, "edge_count"))
            ok = r->has_edge_count = json_read_count(s, &r->edge_count);
        else if (json_text_is(&key, "root_index"))
            ok = json_read_count(s, &r->root_place);
        else
            ok = json_skip(s);
    }
    return !s->failed && check_header(r);
}

/* ---- the nodes --------------------------------------------------------- */

/* Which object stands at a place in the list of numbers. */
static bool object_at(const snapshot_reader *r, uint64_t place, uint32_t *object)
{
    uint64_t index = place / r->layout.node_field_count;

    if (place % r->layout.node_field_count != 0 || index >= r->bytes.count)
        return false;
    *object = (uint32_t)index;
    return true;
}

static bool add_node(snapshot_reader *r, uint64_t bytes, uint64_t edge_count)
{
    unsigned index = r->bytes.count;

    if (index == OBJECTS_MAX)
        return json_fail(r->scanner, "more than %u nodes", OBJECTS_MAX);
    if (bytes > OBJECT_BYTES_MAX)
        return json_fail(r->scanner, "the self_size of node %u is %llu, expected at most %u", index,
                         (unsigned long long)bytes, OBJECT_BYTES_MAX);
    if (edge_count > EDGES_MAX - r->edges_owned)
        return json_fail(r->scanner,
                         "the edge_count of node %u is %llu, which makes more than %u edges in all",
                         index, (unsigned long long)edge_count, EDGES_MAX);
    r->edges_owned += edge_count;
    r->bytes_total += bytes;
    return append(r, &r->bytes, (uint32_t)bytes) && append(r, &r->first_edge, (uint32_t)edge_count);
}

/* The header against what was there. */
static bool check_nodes(snapshot_reader *r)
{
    uint32_t root;

    if (r->bytes.count != r->node_count)
        return json_fail_document(r->scanner, "has %u nodes, its header says %llu", r->bytes.count,
                                  (unsigned long long)r->node_count);
    if (r->edges_owned != r->edge_count)
        return json_fail_document(r->scanner, "its nodes have %llu edges, its header says %llu",
                                  (unsigned long long)r->edges_owned,
                                  (unsigned long long)r->edge_count);
    if (r->node_count == 0)
        return json_fail_document(r->scanner, "has no nodes");
    if (!object_at(r, r->root_place, &root))
        return json_fail_document(r->scanner, "its root_index %llu is not the place of a node",
                                  (unsigned long long)r->root_place);
    return true;
}

static bool read_nodes(snapshot_reader *r)
{
    const snapshot_layout *layout = &r->layout;
    uint64_t fields[FIELDS_MAX];

    if (!json_enter_array(r->scanner))
        return false;
    while (json_next_record(r->scanner, fields, layout->node_field_count, "a node"))
        if (!add_node(r, fields[layout->node_fields[SELF_SIZE]],
                      fields[layout->node_fields[EDGE_COUNT]]))
            return false;
    return !r->scanner->failed && check_nodes(r);
}

/* ---- the edges --------------------------------------------------------- */

static bool add_edge(snapshot_reader *r, uint64_t type, uint64_t to_node)
{
    const enumeration *types = &r->layout.edge_types[r->layout.edge_fields[TYPE]];
    uint32_t target;

    if (type >= types->value_count)
        return json_fail(r->scanner, "the type of an edge is %llu, expected less than %u",
                         (unsigned long long)type, types->value_count);
    if (!object_at(r, to_node, &target))
        return json_fail(r->scanner,
                         "the to_node of an edge is %llu, expected a multiple of %u below %llu",
                         (unsigned long long)to_node, r->layout.node_field_count,
                         (unsigned long long)r->bytes.count * r->layout.node_field_count);
    if (type == types->weak) {
        r->weak_edge_count++;
        return true;
    }
    return append(r, &r->targets, target);
}

static bool read_edge(snapshot_reader *r)
{
    const snapshot_layout *layout = &r->layout;
    uint64_t fields[FIELDS_MAX];

    if (!json_next_record(r->scanner, fields, layout->edge_field_count, "an edge"))
        return json_fail_document(r->scanner, "has %llu edges, its header says %llu",
                                  (unsigned long long)r->targets.count + r->weak_edge_count,
                                  (unsigned long long)r->edge_count);
    return add_edge(r, fields[layout->edge_fields[TYPE]], fields[layout->edge_fields[TO_NODE]]);
}

/* Turns `first_edge` from how many edges each node owns into where those that are kept begin. */
static bool read_edges(snapshot_reader *r)
{
    uint32_t object_count = r->first_edge.count;

    if (!json_enter_array(r->scanner))
        return false;
    for (uint32_t object = 0; object < object_count; object++) {
        uint32_t owned = r->first_edge.items[object];

        r->first_edge.items[object] = r->targets.count;
        for (; owned > 0; owned--)
            if (!read_edge(r))
                return false;
    }
    if (json_next_element(r->scanner))
        return json_fail_document(r->scanner, "has more edges than its header says, %llu",
                                  (unsigned long long)r->edge_count);
    return !r->scanner->failed && append(r, &r->first_edge, r->targets.count);
}

/* ---- the file ---------------------------------------------------------- */

static const struct section {
    const char *name;
    bool (*read)(snapshot_reader *r);
} sections[] = {{"snapshot", read_header}, {"nodes", read_nodes}, {"edges", read_edges}};

#define SECTION_COUNT (sizeof sections / sizeof sections[0])

static const struct section *find_section(const json_text *key)
{
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (json_text_is(key, sections[i].name))
            return &sections[i];
    return NULL;
}

static bool read_section(snapshot_reader *r, const json_text *key)
{
    const struct section *section = find_section(key);
    const struct section *next = &sections[r->sections_read];
    bool ok;

    if (section == NULL)
        return json_skip(r->scanner);
    if (section < next)
        return json_fail_document(r->scanner, "has two sections \"%s\"", section->name);
    if (section > next)
        return json_fail_document(r->scanner,
                                  "the section \"%s\" comes before \"%s\", expected it after",
                                  section->name, next->name);
    r->scanner->section = section->name;
    ok = section->read(r);
    r->scanner->section = NULL;
    r->sections_read++;
    return ok;
}

static bool read_document(snapshot_reader *r)
{
    json_scanner *s = r->scanner;
    json_text key;

    if (!json_at(s, '{'))
        return json_fail_expected(s, "\"{\", the beginning of a heap snapshot in JSON");
    json_enter_object(s);
    while (json_next_key(s, &key))
        if (!read_section(r, &key))
            return false;
    if (!json_finish(s))
        return false;
    if (r->sections_read < SECTION_COUNT)
        return json_fail_document(s, "%s: it has no section \"%s\"",
                                  r->sections_read == 0 ? "is JSON, but not a heap snapshot"
                                                        : "is not a whole heap snapshot",
                                  sections[r->sections_read].name);
    return true;
}

static void fill_graph(snapshot_reader *r, heap_graph *graph)
{
    object_at(r, r->root_place, &graph->root);
    graph->object_count = r->bytes.count;
    graph->edge_count = r->targets.count;
    graph->weak_edge_count = r->weak_edge_count;
    graph->bytes_total = r->bytes_total;
    graph->first_edge = hand_over(&r->first_edge);
    graph->targets = hand_over(&r->targets);
    graph->bytes = hand_over(&r->bytes);
}

bool heap_graph_read_source(byte_source *source, const char *name, heap_graph *graph,
                            char message[HEAP_MESSAGE_MAX])
{
    json_scanner scanner;
    snapshot_reader reader = {.scanner = &scanner};
    bool ok;

    *graph = (heap_graph){0};
    json_start(&scanner, source, name, message, HEAP_MESSAGE_MAX);
    ok = read_document(&reader);
    assert(ok == !scanner.failed);
    if (ok)
        fill_graph(&reader, graph);
    free(reader.first_edge.items);
    free(reader.targets.items);
    free(reader.bytes.items);
    return ok;
}

bool heap_graph_read(const char *path, heap_graph *graph, char message[HEAP_MESSAGE_MAX])
{
    byte_source source;
    char reason[BYTE_SOURCE_REASON_MAX];
    bool ok;

    *graph = (heap_graph){0};
    if (!byte_source_open(&source, path, reason)) {
        snprintf(message, HEAP_MESSAGE_MAX, "%s: %s", path, reason);
        return false;
    }
    ok = heap_graph_read_source(&source, path, graph, message);
    byte_source_close(&source);
    return ok;
}

void heap_graph_free(heap_graph *graph)
{
    free(graph->first_edge);
    free(graph->targets);
    free(graph->bytes);
    *graph = (heap_graph){0};
}
