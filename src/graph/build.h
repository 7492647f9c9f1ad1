/*
 * What the building calls share: checked entry, one way to refuse, one way to append.
 */
#ifndef RNI_GRAPH_BUILD_H
#define RNI_GRAPH_BUILD_H

#include "core/status.h"
#include "graph/graph.h"

/**
 * True when a building call may go on: the graph has no mistake yet and every input is a node of
 * it. Otherwise false; a node number that is out of range is recorded as a mistake of
 * rn_graph_`call`.
 */
bool rni_graph_ready(rn_graph *graph, const char *call, rn_index n_inputs, const rn_node *inputs);

/** Records the first mistake and returns RN_NODE_NONE. */
rn_node rni_graph_refuse(rn_graph *graph, rn_status status, const char *format, ...)
    RNI_PRINTF(3, 4);

/**
 * Appends a node: copies draft->op, shape, number, flags, axes, axis, sizes and `values` (taking
 * ownership of values on success), and the inputs. An equal node that exists already is returned
 * instead. Sets rows from the inputs and the shape; `mixes` says the operation itself mixes rows.
 */
rn_node rni_graph_append(rn_graph *graph, const rni_node *draft, rn_index n_inputs,
                         const rn_node *inputs, bool mixes);

/** Room for a description of a node or shape in a message. */
#define RNI_DESCRIPTION_SIZE 192

/** "'h2' [N, 512]" or "tanh#12 [N, 512]"; returns buffer. */
const char *rni_graph_describe(const rn_graph *graph, rn_node node,
                               char buffer[RNI_DESCRIPTION_SIZE]);

/** "[N, 512]"; returns buffer. */
const char *rni_shape_describe(rn_shape shape, char buffer[RNI_DESCRIPTION_SIZE]);

/** The bits of a number: exact comparison and hashing, where 0.0 and -0.0 differ. */
uint64_t rni_number_bits(double number);

/** Same rank and dimensions. */
bool rni_shape_equal(rn_shape a, rn_shape b);

/** True when the shape can be one of a tensor: rank 0 .. RN_RANK_MAX, dimensions non-zero and
    bounded, and the whole product bounded by RN_SIZE_MAX per unit of N. */
bool rni_shape_ok(rn_shape shape);

/** The number of entries is coefficient * N^power. False on overflow. */
bool rni_shape_entries(rn_shape shape, rn_index *coefficient, int *power);

/** Axis 0 is the sample axis: dims[0] == RN_SAMPLES. */
bool rni_shape_has_samples(rn_shape shape);

/** The broadcast of two shapes; false when they do not fit. */
bool rni_shape_broadcast(rn_shape a, rn_shape b, rn_shape *out);

/** The shape with the axes in `axes` summed away, or kept as 1. */
rn_shape rni_shape_without(rn_shape shape, unsigned axes, bool keep);

#endif
