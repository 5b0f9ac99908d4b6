/* A program's heap as a graph, read from a V8 heap snapshot (`.heapsnapshot`), gzipped or plain.
 *
 * Node and Chrome write such files, and so do the two recorders in scripts/. What is kept of one is
 * its shape: the objects, their sizes, and the references between them. What the objects were
 * called or contained is skipped. */
#ifndef RECLAIM_HEAP_SNAPSHOT_H
#define RECLAIM_HEAP_SNAPSHOT_H

#include "byte_source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any message below: a path and a sentence. */
#define HEAP_MESSAGE_MAX 4608

/* The objects are numbered from 0 in the file's order. The references of object `i` are
 *
 *     targets[first_edge[i]] ... targets[first_edge[i + 1] - 1]
 *
 * in the file's order; an object may refer to itself, and to another more than once. Nothing is
 * promised about reachability: an object may be unreachable from the root.
 *
 * Invariants: object_count > 0, root < object_count, first_edge[0] == 0, first_edge never
 * decreases, first_edge[object_count] == edge_count, and every target < object_count. */
typedef struct heap_graph {
    uint32_t object_count;
    uint32_t edge_count;      /* references that keep their target alive */
    uint32_t weak_edge_count; /* references that do not; they are counted and left out */
    uint32_t root; /* the object from which the program's roots hang; it has no counterpart in the
                      program */
    uint64_t bytes_total; /* the sum of `bytes` */
    uint32_t *first_edge; /* object_count + 1 of them */
    uint32_t *targets;    /* edge_count of them; may be NULL when that is 0 */
    uint32_t *bytes;      /* the size of each object itself; 0 is possible */
} heap_graph;

/* Reads the snapshot in the file `path` into `graph`, which heap_graph_free releases.
 *
 * On failure returns false, leaves `graph` empty, and writes one line into `message` that names the
 * file, the place in it, what was found and what was expected: a file that cannot be read, is
 * empty, damaged or truncated, is not JSON, is JSON but no snapshot, or contradicts itself; more
 * than 2^32 - 2 objects or 2^32 - 1 references, or an object of 4 GiB; no memory.
 *
 * Cost: linear in the file, which is read once, as a stream. Memory: the graph (8 bytes an object,
 * 4 a reference), up to twice that much address space while it grows, and one small buffer; it
 * follows what has been read, never what a file merely announces. */
bool heap_graph_read(const char *path, heap_graph *graph, char message[HEAP_MESSAGE_MAX]);

/* The same for a source that the caller has opened and closes, called `name` in messages. */
bool heap_graph_read_source(byte_source *source, const char *name, heap_graph *graph,
                            char message[HEAP_MESSAGE_MAX]);

/* Releases what `graph` holds and empties it; an empty graph (all zero) may be freed again. */
void heap_graph_free(heap_graph *graph);

#endif
