/* splay: Octane's Splay benchmark (V8, 2012): a search tree that moves what is looked for to its
 * top, with a payload at every node.
 *
 *   node ─▶ left, right: nodes; payload: a binary tree of depth 5 whose 32 leaves are each an
 *           object with an array of ten numbers and a text
 *
 *   set-up: 8000 nodes with random keys
 *   turn:   80 modifications: a node with a new random key is inserted, and the one with the next
 *           smaller key removed
 *
 * Shape: 128 objects an insertion; 1.0 million live from the set-up to the teardown, 12.8 million
 * allocated beside them in 100,000 modifications; none cyclic. Every modification also writes dozens
 * of references near the top of the tree, between old nodes and new ones.
 *
 * What counts is latency beside a large live heap: counting frees the 128 objects of a removed node
 * there and then, a full collection has a million to look at. A request is one of Octane's turns,
 * whose times its latency score was made of. */
#include "workloads/turns.h"

enum { LEFT, RIGHT, PAYLOAD, NODE_SLOTS, INNER_SLOTS = 2, NUMBERS = 10, TEXT_BYTES = 40 };

static const setting parameters[] = {
    {.name = "n",
     .unit = "modifications",
     .help = "one node inserted, one removed",
     .fallback = 100e3,
     .minimum = 1,
     .maximum = 1e9,
     .integer = true},
    {.name = "keys",
     .unit = "nodes",
     .help = "in the tree",
     .fallback = 8000,
     .minimum = 2,
     .maximum = 1e6,
     .integer = true},
    {.name = "depth",
     .unit = "levels",
     .help = "of each payload",
     .fallback = 5,
     .minimum = 0,
     .maximum = 16,
     .integer = true},
    {.name = "modifications",
     .unit = "modifications",
     .help = "of one request",
     .fallback = 80,
     .minimum = 1,
     .maximum = 1e6,
     .integer = true},
    BACKDROP_SETTING,
    TEARDOWN_SETTING,
};

typedef struct splay {
    mm_type node, inner, leaf, numbers, text;
    uint32_t depth;
    workload_random random;
    mm_var *root;
    mm_var *sides; /* an object whose RIGHT is the left tree and whose LEFT the right one */
    uint64_t keys; /* in the tree */
    uint64_t checksum;
} splay;

static uint64_t key_of(mm *m, const mm_var *node)
{
    return *(uint64_t *)mm_data(m, node);
}

/* ---- The payload ---- */

static mm_status new_leaf(mm *m, const splay *s, uint64_t key, mm_var *out)
{
    MM_VAR(m, part);
    double *numbers;

    if (mm_new(m, out, s->leaf, 2, 0) != MM_OK ||
        mm_new(m, part, s->numbers, 0, NUMBERS * sizeof *numbers) != MM_OK)
        return MM_NO_MEMORY;
    numbers = mm_data(m, part);
    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = i;
    mm_fill(m, out, 0, part);
    if (mm_new(m, part, s->text, 0, TEXT_BYTES) != MM_OK)
        return MM_NO_MEMORY;
    memset(mm_data(m, part), (int)(key & 0x7f), TEXT_BYTES);
    mm_fill(m, out, 1, part);
    return MM_OK;
}

static mm_status new_payload(mm *m, const splay *s, uint32_t depth, uint64_t key, mm_var *out)
{
    MM_VAR(m, below);

    if (depth == 0)
        return new_leaf(m, s, key, out);
    if (mm_new(m, out, s->inner, INNER_SLOTS, 0) != MM_OK)
        return MM_NO_MEMORY;
    for (uint32_t i = 0; i < INNER_SLOTS; i++) {
        if (new_payload(m, s, depth - 1, key, below) != MM_OK)
            return MM_NO_MEMORY;
        mm_fill(m, out, i, below);
    }
    return MM_OK;
}

static mm_status new_node(mm *m, const splay *s, uint64_t key, mm_var *out)
{
    MM_VAR(m, payload);

    if (mm_new(m, out, s->node, NODE_SLOTS, sizeof key) != MM_OK)
        return MM_NO_MEMORY;
    *(uint64_t *)mm_data(m, out) = key;
    if (new_payload(m, s, s->depth, key, payload) != MM_OK)
        return MM_NO_MEMORY;
    mm_fill(m, out, PAYLOAD, payload);
    return MM_OK;
}

/* ---- The tree: Sleator and Tarjan, 1985, top down ---- */

/* One step of the descent towards `key`: two levels at once where they go the same way, by a
 * rotation. What was passed becomes the innermost of the tree on its side, in `passed`. False at the
 * end. */
static bool descend(mm *m, uint64_t key, mm_var *current, mm_var *passed, uint32_t way)
{
    MM_VAR(m, next);
    uint32_t other = LEFT + RIGHT - way;

    mm_load(m, next, current, way);
    if (mm_is_null(next))
        return false;
    if (way == LEFT ? key < key_of(m, next) : key > key_of(m, next)) {
        mm_copy_slot(m, current, way, next, other);
        mm_store_move(m, next, other, current);
        mm_move(m, current, next);
        mm_load(m, next, current, way);
        if (mm_is_null(next))
            return false;
    }
    mm_store(m, passed, way, current);
    mm_move(m, passed, current);
    mm_move(m, current, next);
    return true;
}

/* The node with `key`, or the last one met on the way to it, becomes the root of the tree, which is
 * not empty. */
static void splay_to(mm *m, splay *s, mm_var *root, uint64_t key)
{
    MM_VARS(m, v, 2);
    MM_VAR(m, side);
    mm_var *left = v, *right = v + 1; /* the ends of the two side trees that new nodes go to */
    bool going = true;

    mm_set(m, left, s->sides);
    mm_set(m, right, s->sides);
    while (going && key != key_of(m, root))
        going = key < key_of(m, root) ? descend(m, key, root, right, LEFT)
                                      : descend(m, key, root, left, RIGHT);
    mm_copy_slot(m, left, RIGHT, root, LEFT);
    mm_copy_slot(m, right, LEFT, root, RIGHT);
    mm_take(m, side, s->sides, RIGHT);
    mm_store_move(m, root, LEFT, side);
    mm_take(m, side, s->sides, LEFT);
    mm_store_move(m, root, RIGHT, side);
}

/* A node that is in no tree becomes the root; false when its key is there already. */
static bool insert(mm *m, splay *s, mm_var *node)
{
    uint64_t key = key_of(m, node);
    uint32_t way, other;

    if (!mm_is_null(s->root)) {
        splay_to(m, s, s->root, key);
        if (key_of(m, s->root) == key)
            return false;
        way = key > key_of(m, s->root) ? LEFT : RIGHT;
        other = LEFT + RIGHT - way;
        mm_copy_slot(m, node, other, s->root, other);
        mm_unset(m, s->root, other);
        mm_store_move(m, node, way, s->root);
    }
    mm_move(m, s->root, node);
    s->keys++;
    return true;
}

/* Removes the root. */
static void remove_root(mm *m, splay *s)
{
    MM_VARS(m, v, 2);
    mm_var *left = v, *right = v + 1;
    uint64_t key = key_of(m, s->root);

    s->checksum = workload_checksum(s->checksum, key);
    mm_take(m, left, s->root, LEFT);
    mm_take(m, right, s->root, RIGHT);
    s->keys--;
    if (mm_is_null(left)) {
        mm_move(m, s->root, right);
        return;
    }
    splay_to(m, s, left, key); /* all keys are smaller: nothing is on its right */
    mm_store_move(m, left, RIGHT, right);
    mm_move(m, s->root, left);
}

/* The largest key in the root's left tree, or the root's own. */
static uint64_t key_before_root(mm *m, const splay *s)
{
    MM_BORROW(m, below);
    uint64_t key;

    mm_borrow(m, below, s->root, LEFT);
    if (mm_is_null(below))
        return key_of(m, s->root);
    do {
        key = key_of(m, below);
        mm_borrow(m, below, below, RIGHT);
    } while (!mm_is_null(below));
    return key;
}

/* ---- The work ---- */

/* Keys are drawn until one is new. */
static mm_status insert_random(mm *m, splay *s)
{
    uint64_t before = s->keys;

    while (s->keys == before) {
        MM_VAR(m, node);
        if (new_node(m, s, workload_random_next(&s->random), node) != MM_OK)
            return MM_NO_MEMORY;
        insert(m, s, node);
    }
    return MM_OK;
}

static mm_status turn(mm *m, void *state, uint64_t i)
{
    splay *s = state;

    (void)i;
    if (insert_random(m, s) != MM_OK)
        return MM_NO_MEMORY;
    splay_to(m, s, s->root, key_before_root(m, s));
    remove_root(m, s);
    return MM_OK;
}

/* ---- The books ---- */

static workload_amount nodes(const settings *p, uint64_t count)
{
    uint64_t leaves = UINT64_C(1) << (uint64_t)settings_get(p, "depth");
    size_t leaf = 2 * sizeof(void *) + NUMBERS * sizeof(double) + TEXT_BYTES;
    size_t node = NODE_SLOTS * sizeof(void *) + sizeof(uint64_t);
    size_t inner = (leaves - 1) * INNER_SLOTS * sizeof(void *);

    return (workload_amount){.objects = count * (1 + leaves - 1 + 3 * leaves),
                             .bytes = count * (node + inner + leaves * leaf)};
}

static turns_books books(const settings *p)
{
    uint64_t keys = (uint64_t)settings_get(p, "keys"), n = (uint64_t)settings_get(p, "n");
    turns_books b = {.allocated = nodes(p, keys + n), .live = nodes(p, keys)};

    workload_add(&b.allocated, 1, NODE_SLOTS * sizeof(void *));
    workload_add(&b.live, 1, NODE_SLOTS * sizeof(void *));
    return b;
}

static bool forecast(const settings *p, workload_forecast *out, char message[WORKLOAD_MESSAGE_MAX])
{
    (void)message;
    turns_forecast(p, books(p), out);
    return true;
}

static bool add_types(mm_heap *heap, splay *s)
{
    const struct {
        mm_type *type;
        const char *name;
        mm_kind kind;
    } types[] = {{&s->node, "node", MM_CONTAINER},
                 {&s->inner, "inner", MM_CONTAINER},
                 {&s->leaf, "leaf", MM_CONTAINER},
                 {&s->numbers, "numbers", MM_ATOM},
                 {&s->text, "text", MM_ATOM}};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (mm_type_add(heap, &(mm_type_info){.name = types[i].name, .kind = types[i].kind},
                        types[i].type) != MM_OK)
            return false;
    }
    return true;
}

static workload_result run(workload_run *run)
{
    mm *m = run->m;
    MM_VARS(m, v, 2);
    splay s = {.depth = (uint32_t)workload_parameter(run, "depth"),
               .random = {run->seed},
               .root = v,
               .sides = v + 1};

    if (!add_types(mm_heap_of(m), &s) || mm_new(m, s.sides, s.node, NODE_SLOTS, 0) != MM_OK)
        return WORKLOAD_NO_MEMORY;
    while (s.keys < workload_parameter(run, "keys")) {
        if (insert_random(m, &s) != MM_OK)
            return WORKLOAD_NO_MEMORY;
    }
    return turns_run(run, turn,
                     &(turns){.count = workload_parameter(run, "n"),
                              .per_request = workload_parameter(run, "modifications"),
                              .state = &s,
                              .checksum = &s.checksum,
                              .node = s.node,
                              .kept = v,
                              .kept_count = 2,
                              .books = books(run->parameters)});
}

const workload workload_splay = {
    .name = "splay",
    .story = "Octane's splay tree: modifications beside a large live heap",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .suite = {[WORKLOAD_TEST] = {"splay:n=100,keys=50,depth=2,modifications=10,backdrop=500"},
              [WORKLOAD_QUICK] = {"splay:n=2000,keys=1000"},
              [WORKLOAD_DEFAULT] = {"splay:n=8000,keys=2000"},
              [WORKLOAD_FULL] = {"splay"}},
    .forecast = forecast,
    .run = run,
};
