/*
 * Derivative rules: what every operation provides so that graphs are closed under
 * differentiation, and the helpers rules share.
 *
 * Reverse: a rule receives the cotangent of its result and returns the contribution to one input.
 * Cotangents may carry an axis of their own (K entries). It stands after the sample axis where
 * the tensor has one, else in front: [N, d..] -> [N, K, d..], [d..] -> [K, d..]. A tensor written
 * that way is called lifted. Because shapes broadcast from the last axis, a tensor without sample
 * axis needs no change to be multiplied with a lifted one.
 *
 * Forward: a rule receives the tangents of the inputs (RN_NODE_NONE: zero) and returns the tangent
 * of the result, or RN_NODE_NONE for zero.
 */
#ifndef RNI_GRAPH_DERIVE_H
#define RNI_GRAPH_DERIVE_H

#include "graph/build.h"

/** State of one reverse pass. */
typedef struct rni_reverse {
    rn_graph *graph;
    bool is_lifted;     /**< cotangents carry an axis */
    rn_index n_vectors; /**< its length K */
} rni_reverse;

/** The derivative of one operation. Exactly one of slope or (vjp, jvp) is given, or none of them
    for operations whose derivative is zero everywhere. */
typedef struct rni_rule {
    bool is_smooth; /**< twice continuously differentiable on its domain */
    /** Elementwise, one operand: dy/dx as a node; y is the result's own node. */
    rn_node (*slope)(rn_graph *graph, const rni_node *node, rn_node x, rn_node y);
    /** Contribution to input number `input`, of that input's (lifted) shape; NONE = zero. */
    rn_node (*vjp)(const rni_reverse *r, const rni_node *node, rn_node y, rn_node cotangent,
                   int input);
    /** Tangent of the result, of its shape; NONE = zero. */
    rn_node (*jvp)(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents);
} rni_rule;

extern const rni_rule rni_rules_elementwise[RNI_OP_COUNT];
extern const rni_rule rni_rules_shape[RNI_OP_COUNT];
extern const rni_rule rni_rules_product[RNI_OP_COUNT];

/** The rule of an operation, from whichever table of the three its family stands in. */
const rni_rule *rni_rule_of(rni_op op);

/** The node ready to be multiplied with lifted cotangents; itself when not lifting. */
rn_node rni_lift(const rni_reverse *r, rn_node x);

/** The shape a cotangent of a tensor of shape `shape` has. */
rn_shape rni_lifted_shape(const rni_reverse *r, rn_shape shape);

/** The number an axis of a tensor of shape `shape` has in its cotangent. */
int rni_lifted_axis(const rni_reverse *r, rn_shape shape, int axis);

/**
 * Undoes a broadcast: the cotangent of a tensor of shape `from` (given unlifted), summed over the
 * axes along which a tensor of shape `to` was repeated.
 */
rn_node rni_reduce_to(const rni_reverse *r, rn_node cotangent, rn_shape from, rn_shape to);

/** a + b where either may be NONE (zero). */
rn_node rni_add_or_none(rn_graph *graph, rn_node a, rn_node b);

/** tangent repeated to the shape of y; NONE stays NONE. */
rn_node rni_fit(rn_graph *graph, rn_node tangent, rn_node y);

#endif
