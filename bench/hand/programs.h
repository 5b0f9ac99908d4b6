/* The programs, for a file that has defined what it means to give up an object (drop), a pair of
 * objects that refer to each other (drop_pair), and to refer to an object once more (alias). Each
 * is the workload of the same name with its variables turned into pointers. */
#ifndef RECLAIM_HAND_PROGRAMS_H
#define RECLAIM_HAND_PROGRAMS_H

#include <stdio.h>

/* The parameters of the run that is going on. */
typedef struct hand_context {
    workload_run *run;
    uint32_t payload;
    uint32_t stretch, long_lived, min, max; /* gcbench: depths */
    bool bintrees;
    uint64_t checksum;
} hand_context;

/* One turn of temps or pairs; false when there is no memory. */
typedef bool hand_turn(hand_context *c, uint64_t i);

static bool temps_turn(hand_context *c, uint64_t i)
{
    hand_object *y = hand_new(HAND_ATOM, 0, c->payload), *x;

    if (y == NULL)
        return false;
    *hand_data(y) = i;
    x = hand_new(HAND_CONTAINER, 1, 0);
    if (x == NULL) {
        drop(y);
        return false;
    }
    x->slots[0] = y;
    c->checksum = workload_checksum(c->checksum, *hand_data(x->slots[0]));
    drop(x);
    return true;
}

static bool pairs_turn(hand_context *c, uint64_t i)
{
    hand_object *a = hand_new(HAND_CONTAINER, 1, c->payload), *b;

    if (a == NULL)
        return false;
    b = hand_new(HAND_CONTAINER, 1, c->payload);
    if (b == NULL) {
        drop(a);
        return false;
    }
    *hand_data(a) = 2 * i;
    *hand_data(b) = 2 * i + 1;
    b->slots[0] = alias(a);
    a->slots[0] = b;
    c->checksum = workload_checksum(c->checksum, *hand_data(a->slots[0]));
    c->checksum = workload_checksum(c->checksum, *hand_data(b->slots[0]));
    drop_pair(a, b);
    return true;
}

static inline bool make_turns(hand_context *c, hand_turn *turn)
{
    uint64_t n = workload_parameter(c->run, "n");

    for (uint64_t i = 0; i < n; i++) {
        if (i % HAND_TURNS_PER_REQUEST == 0)
            mm_request_begin(c->run->m);
        if (!turn(c, i))
            return false;
        if (i % HAND_TURNS_PER_REQUEST == HAND_TURNS_PER_REQUEST - 1 || i == n - 1)
            mm_request_end(c->run->m);
    }
    return true;
}

/* ---- gcbench ---- */

static uint64_t tree_nodes(uint32_t depth)
{
    return (UINT64_C(2) << depth) - 1;
}

static hand_object *new_node(uint32_t depth)
{
    hand_object *node = hand_new(HAND_CONTAINER, 2, sizeof(uint64_t));

    if (node != NULL)
        *hand_data(node) = depth;
    return node;
}

static hand_object *make_tree(uint32_t depth)
{
    hand_object *left, *right, *node;

    if (depth == 0)
        return new_node(depth);
    left = make_tree(depth - 1);
    right = left != NULL ? make_tree(depth - 1) : NULL;
    node = right != NULL ? new_node(depth) : NULL;
    if (node == NULL) {
        if (left != NULL)
            drop(left);
        if (right != NULL)
            drop(right);
        return NULL;
    }
    node->slots[0] = left;
    node->slots[1] = right;
    return node;
}

static bool populate(hand_object *node, uint32_t depth)
{
    if (depth == 0)
        return true;
    for (int i = 0; i < 2; i++) {
        node->slots[i] = new_node(depth - 1);
        if (node->slots[i] == NULL)
            return false;
    }
    return populate(node->slots[0], depth - 1) && populate(node->slots[1], depth - 1);
}

static uint64_t count_nodes(hand_object *node, uint32_t depth)
{
    uint64_t nodes = *hand_data(node) == depth;

    for (int i = 0; i < 2; i++) {
        if (node->slots[i] != NULL)
            nodes += count_nodes(node->slots[i], depth - 1);
    }
    return nodes;
}

static bool make_and_drop(hand_context *c, uint32_t depth, bool top_down)
{
    hand_object *tree = top_down ? new_node(depth) : make_tree(depth);
    bool made = tree != NULL && (!top_down || populate(tree, depth));

    if (made && c->bintrees)
        c->checksum = workload_checksum(c->checksum, count_nodes(tree, depth));
    if (tree != NULL)
        drop(tree);
    return made;
}

static bool make_trees(hand_context *c, uint32_t depth, uint64_t count, bool top_down)
{
    uint64_t per_request = HAND_NODES_PER_REQUEST / tree_nodes(depth);

    if (per_request == 0)
        per_request = 1;
    for (uint64_t i = 0; i < count; i++) {
        if (i % per_request == 0)
            mm_request_begin(c->run->m);
        if (!make_and_drop(c, depth, top_down))
            return false;
        if (i % per_request == per_request - 1 || i == count - 1)
            mm_request_end(c->run->m);
    }
    return true;
}

static bool make_all_sizes(hand_context *c)
{
    for (uint32_t depth = c->min; depth <= c->max; depth += 2) {
        uint64_t count = c->bintrees ? UINT64_C(1) << (c->max - depth + c->min)
                                     : 2 * tree_nodes(c->stretch) / tree_nodes(depth);
        if (!c->bintrees && !make_trees(c, depth, count, true))
            return false;
        if (!make_trees(c, depth, count, false))
            return false;
    }
    return true;
}

static hand_object *make_array(uint64_t length)
{
    hand_object *array = hand_new(HAND_ATOM, 0, (uint32_t)(length * sizeof(double)));

    for (uint64_t i = 0; array != NULL && i < length; i++) {
        double number = 1.0 / (double)(i + 1);
        memcpy(hand_data(array) + i, &number, sizeof number);
    }
    return array;
}

static bool gcbench_work(hand_context *c, hand_object **tree, hand_object **array)
{
    uint32_t depth = c->bintrees ? c->max : c->long_lived;

    if (!make_trees(c, c->bintrees ? c->max + 1 : c->stretch, 1, false))
        return false;
    *tree = new_node(depth);
    if (*tree == NULL || !populate(*tree, depth))
        return false;
    if (!c->bintrees) {
        *array = make_array(workload_parameter(c->run, "array"));
        if (*array == NULL)
            return false;
    }
    if (!make_all_sizes(c))
        return false;
    c->checksum = workload_checksum(c->checksum, count_nodes(*tree, depth));
    return true;
}

/* ---- What the sample program calls ---- */

static hand_context gcbench_context(workload_run *run)
{
    return (hand_context){
        .run = run,
        .stretch = (uint32_t)workload_parameter(run, "stretch"),
        .long_lived = (uint32_t)workload_parameter(run, "long"),
        .min = (uint32_t)workload_parameter(run, "min"),
        .max = (uint32_t)workload_parameter(run, "max"),
        .bintrees = workload_parameter(run, "variant") != 0,
    };
}

static hand_object *make_backdrop(uint64_t count)
{
    hand_object *node;
    uint64_t left = count / 2;

    if (count == 0)
        return NULL;
    node = hand_new(HAND_CONTAINER, BACKDROP_SLOTS, BACKDROP_BYTES);
    if (node == NULL)
        return NULL;
    memset(hand_data(node), 0, BACKDROP_BYTES);
    node->slots[0] = make_backdrop(left);
    node->slots[1] = make_backdrop(count - 1 - left);
    return node;
}

bool hand_accepts(const settings *parameters, char message[WORKLOAD_MESSAGE_MAX])
{
    if (settings_get(parameters, "teardown") != 0)
        return true;
    snprintf(message, WORKLOAD_MESSAGE_MAX,
             "teardown=off is not accepted: a program written by hand frees all it made");
    return false;
}

workload_result hand_run(const workload *w, workload_run *run, const settings *options)
{
    hand_context c = {.run = run};
    hand_object *long_lived[3] = {make_backdrop(workload_parameter(run, "backdrop"))};
    workload_forecast books = {0};
    bool done;

    (void)options; /* there are none */
    w->forecast(run->parameters, &books, run->message);
    run->account.allocated = books.allocated;
    run->account.leaked = books.leaked;
    workload_begin(run);
    if (strcmp(w->name, "gcbench") == 0) {
        c = gcbench_context(run);
        done = gcbench_work(&c, long_lived + 1, long_lived + 2);
    } else {
        c.payload = (uint32_t)workload_parameter(run, "payload");
        done = make_turns(&c, strcmp(w->name, "temps") == 0 ? temps_turn : pairs_turn);
    }
    run->account.checksum = c.checksum;
    workload_end(run);
    for (int i = 0; i < 3; i++) {
        if (long_lived[i] != NULL)
            drop(long_lived[i]);
    }
    return done ? WORKLOAD_DONE : WORKLOAD_NO_MEMORY;
}

#endif
