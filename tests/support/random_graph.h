/*
 * Test support: random graphs over all operations, with numbers that stay of order one.
 */
#ifndef RENORM_TESTS_RANDOM_GRAPH_H
#define RENORM_TESTS_RANDOM_GRAPH_H

#include "graph_values.h"

#define RANDOM_GRAPH_WANTED 6

typedef struct random_graph {
    graph_values values; /**< values.graph is owned */
    int n_wanted;
    rn_node wanted[RANDOM_GRAPH_WANTED];
} random_graph;

/** The graph of one seed: about n_operations drawn operations on sample data, parameters and
    constants. Steps, signs and comparisons are kept away from ties, where rounding decides. */
void random_graph_make(uint64_t seed, rn_index n_samples, int n_operations, random_graph *out);

void random_graph_clear(random_graph *graph);

#endif
