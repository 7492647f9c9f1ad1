/*
 * The meaning of every operation in the plainest loops: each entry of each node from its
 * definition in renorm/graph.h, one index at a time, nothing shared with the planner, the
 * executor or the device kernels. Used by tests to judge planned execution.
 */
#ifndef RNI_GRAPH_EXEC_REFERENCE_H
#define RNI_GRAPH_EXEC_REFERENCE_H

#include "graph/graph.h"

/**
 * Computes every node of a graph.
 *
 * @param leaves      [rn_graph_size] arrays of inputs and parameters, row-major; other entries
 *                    are ignored
 * @param[out] values [rn_graph_size] a new array for every node, to be released with rni_free
 *                    each; all NULL on failure
 * @return RN_OK; RN_ERR_ARGUMENT (a leaf without array); RN_ERR_DOMAIN (a row number outside its
 *         table); RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_graph_reference(const rn_graph *graph, rn_index n_samples,
                                           const double *const *leaves, double **values);

#endif
