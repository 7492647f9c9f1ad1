/*
 * Small networks that use parameters in every way, and their Jacobians written out: row by row
 * from plain reverse passes, nothing of the kernel's own code.
 */
#ifndef RENORM_TESTS_JACOBIAN_NETS_H
#define RENORM_TESTS_JACOBIAN_NETS_H

#include <renorm/kernel.h>
#include <stdbool.h>

typedef struct net {
    const char *name;
    rn_graph *graph;
    rn_index n_inputs;
    rn_node inputs[2];
    rn_node output;
    bool has_indices; /* the input holds whole numbers 0 .. 6 */
    rn_index n_samples;
    rn_index n_outputs;
    rn_index n; /* rows of J */
    rn_index n_weights;
    double **arrays; /* [n_inputs] */
    double *theta;
    double *direction; /* some vector [P] */
} net;

/** How a network is built into net->graph: sets inputs and output. */
typedef void (*net_builder)(net *out);

typedef struct net_kind {
    const char *name;
    net_builder build;
} net_kind;

/** All networks; those before n_separate_nets keep samples separate. */
extern const net_kind net_kinds[];
extern const int n_net_kinds;
extern const int n_separate_nets;

/** The kind with this name; fails the test when there is none. */
const net_kind *net_named(const char *name);

/** Builds one with random inputs and weights for n_samples. */
net make_net(const net_kind *kind, rn_index n_samples, uint64_t seed);
void drop_net(net *n);

/** The same samples in another order: sample i of the result is sample order[i]. */
void permute_samples(net *n, const rn_index *order);

/** A kernel of the net, and where its arrays are. */
rn_kernel_desc describe_net(const net *n, int n_threads);
rn_kernel_point point_of(const net *n);

/** f [N, C] at theta. */
void net_outputs(const net *n, const double *theta, double *out);

/** J [n x P] at theta, one reverse pass per row; with `tangent` [n x P] also its derivative along
    direction, the forward derivative of every such row. */
void net_jacobian(net *n, const double *theta, const double *direction, double *jacobian,
                  double *tangent);

/** out [n x n] := (1/N) (A B^T + B A^T) / 2 over columns first .. first + count - 1 of A and B
    [n x P]. */
void symmetric_product(const net *n, const double *a, const double *b, rn_index first,
                       rn_index count, double *out);

/** Largest |a - b| over largest |b|; `lower_only`: at and below the diagonal of [n x n]. */
double relative_difference(rn_index count, const double *a, const double *b);

#endif
