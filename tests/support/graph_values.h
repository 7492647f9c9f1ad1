/*
 * Test support: numbers for the leaves of a graph, and evaluation of any of its nodes.
 */
#ifndef RENORM_TESTS_GRAPH_VALUES_H
#define RENORM_TESTS_GRAPH_VALUES_H

#include <renorm/plan.h>

#define GRAPH_VALUES_MAX 64

/** Which numbers every leaf has. The arrays are owned; zero-initialise, clear at the end. */
typedef struct graph_values {
    rn_graph *graph; /**< borrowed */
    rn_index n_samples;
    int n;
    rn_node leaf[GRAPH_VALUES_MAX];
    double *numbers[GRAPH_VALUES_MAX];
} graph_values;

/** Number of entries of a node for n_samples samples. */
rn_index values_size(const graph_values *values, rn_node node);

/** Gives a leaf uniform random numbers in low .. high (stream part = leaf number); returns them. */
double *values_uniform(graph_values *values, rn_node leaf, uint64_t seed, double low, double high);

/** Gives a leaf whole numbers 0 .. bound-1. */
double *values_index(graph_values *values, rn_node leaf, uint64_t seed, rn_index bound);

/** The numbers of a leaf. */
double *values_of(const graph_values *values, rn_node leaf);

/** Plans and runs the graph; returns the numbers of one node, to be released with test_free-like
    rni_free. Fails the test on any error. */
double *values_evaluate(const graph_values *values, rn_node wanted);

void values_clear(graph_values *values);

/** sum_i a_i b_i, and the largest |a_i|, |a_i - b_i|. */
double values_dot(rn_index n, const double *a, const double *b);
double values_largest(rn_index n, const double *a);
double values_distance(rn_index n, const double *a, const double *b);

#endif
