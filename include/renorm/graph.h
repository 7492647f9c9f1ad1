/**
 * Tensor graphs closed under differentiation.
 *
 * A graph is a list of nodes; each node is a tensor computed by one operation from earlier nodes.
 * The derivative of a graph, reverse (rn_graph_vjp) or forward (rn_graph_jvp), is again nodes of
 * the same graph, so any derivative of any derivative can be taken. A graph is planned once per
 * number of samples (renorm/plan.h) and executed many times.
 *
 *     rn_graph *g = NULL;
 *     rn_status status = rn_graph_create(&g);
 *     rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 3));
 *     rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(3, 2));
 *     rn_node f = rn_graph_tanh(g, rn_graph_matmul(g, x, w));
 *     if (status == RN_OK) status = rn_graph_status(g);    // one check for all of the above
 *
 * Errors while building are kept by the graph: a call that fails returns RN_NODE_NONE, a call
 * given RN_NODE_NONE returns RN_NODE_NONE, and rn_graph_status tells the first mistake.
 *
 * Tensors are row-major arrays of doubles, rank 0 .. RN_RANK_MAX. The number of samples N is not
 * known while building: a dimension RN_SAMPLES (-1) stands for N, a dimension -k for k * N.
 *
 * Sample axis: where a node depends on the samples, axis 0 is the sample axis. The graph tracks
 * whether row i depends on sample i only (RN_ROWS_SEPARATE); an operation that mixes samples
 * makes its result RN_ROWS_MIXED.
 *
 * Elementwise operations broadcast as usual: shapes are aligned at their last axis, and a
 * dimension of 1 (or a missing one) is repeated.
 */
#ifndef RENORM_GRAPH_H
#define RENORM_GRAPH_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Largest number of axes. */
#define RN_RANK_MAX 8

/** The dimension "number of samples" in a shape. */
#define RN_SAMPLES ((rn_index)-1)

/** Dimensions of a tensor; dims[0] varies slowest. Rank 0 is a single number. */
typedef struct rn_shape {
    int rank;
    rn_index dims[RN_RANK_MAX];
} rn_shape;

/** A node of a graph: its number in order of creation. Inputs of a node have lower numbers. */
typedef int32_t rn_node;

/** No node: what a failed call returns. */
#define RN_NODE_NONE ((rn_node)-1)

typedef struct rn_graph rn_graph;

/** How the rows of a node depend on the samples. */
typedef enum rn_rows {
    RN_ROWS_NONE = 0,     /**< not at all: parameters, constants and functions of them */
    RN_ROWS_SEPARATE = 1, /**< axis 0 is the sample axis, row i depends on sample i only */
    RN_ROWS_MIXED = 2     /**< on all samples */
} rn_rows;

/** A shape from its dimensions: RN_SHAPE(RN_SAMPLES, 784). RN_SHAPE_SCALAR is rank 0. */
#define RN_SHAPE(...)                                                                              \
    rn_shape_make((int)(sizeof((rn_index[]){__VA_ARGS__}) / sizeof(rn_index)),                     \
                  (const rn_index[]){__VA_ARGS__})
#define RN_SHAPE_SCALAR rn_shape_make(0, NULL)

/** The shape with these dimensions; rank outside 0 .. RN_RANK_MAX gives rank -1, which every
    building call refuses. */
RN_API rn_shape rn_shape_make(int rank, const rn_index *dims);

/** An empty graph. @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY */
RN_API RN_NODISCARD rn_status rn_graph_create(rn_graph **out);

/** Releases a graph. NULL is allowed. */
RN_API void rn_graph_destroy(rn_graph *graph);

/**
 * The first mistake made while building: RN_OK, RN_ERR_ARGUMENT, RN_ERR_SHAPE or RN_ERR_MEMORY.
 * A mistake is also stored for rn_last_message on the calling thread; it names the node.
 */
RN_API RN_NODISCARD rn_status rn_graph_status(const rn_graph *graph);

/* ---- leaves ------------------------------------------------------------------------------ */

/** A tensor given at execution. dims[0] = RN_SAMPLES makes it sample data. The name is copied. */
RN_API rn_node rn_graph_input(rn_graph *graph, const char *name, rn_shape shape);

/** A trainable tensor, given at execution; no dimension may be RN_SAMPLES. The name is copied. */
RN_API rn_node rn_graph_parameter(rn_graph *graph, const char *name, rn_shape shape);

/** A fixed tensor; values [product of dims] are copied and must be finite. No RN_SAMPLES. */
RN_API rn_node rn_graph_constant(rn_graph *graph, rn_shape shape, const double *values);

/** A fixed number, rank 0; must be finite. */
RN_API rn_node rn_graph_scalar(rn_graph *graph, double value);

/* ---- elementwise, one operand ------------------------------------------------------------- */

RN_API rn_node rn_graph_scale(rn_graph *graph, rn_node x, double factor);   /**< factor * x */
RN_API rn_node rn_graph_shift(rn_graph *graph, rn_node x, double term);     /**< x + term */
RN_API rn_node rn_graph_power(rn_graph *graph, rn_node x, double exponent); /**< x^exponent */
RN_API rn_node rn_graph_exp(rn_graph *graph, rn_node x);
RN_API rn_node rn_graph_log(rn_graph *graph, rn_node x);
RN_API rn_node rn_graph_sin(rn_graph *graph, rn_node x);
RN_API rn_node rn_graph_cos(rn_graph *graph, rn_node x);
RN_API rn_node rn_graph_tanh(rn_graph *graph, rn_node x);
RN_API rn_node rn_graph_erf(rn_graph *graph, rn_node x);
RN_API rn_node rn_graph_sigmoid(rn_graph *graph, rn_node x);  /**< 1 / (1 + exp(-x)) */
RN_API rn_node rn_graph_softplus(rn_graph *graph, rn_node x); /**< ln(1 + exp(x)) */
RN_API rn_node rn_graph_abs(rn_graph *graph, rn_node x);      /**< kink at 0, derivative sign(x) */
RN_API rn_node rn_graph_sign(rn_graph *graph, rn_node x);     /**< -1, 0, 1; derivative 0 */
RN_API rn_node rn_graph_relu(rn_graph *graph, rn_node x);     /**< max(x, 0); derivative step(x) */
RN_API rn_node rn_graph_step(rn_graph *graph,
                             rn_node x); /**< 1 where x > 0, else 0; derivative 0 */

/** Shape of the derivative that stands in for that of a step. Our choice of forms; `width` w > 0.
 */
typedef enum rn_surrogate {
    RN_SURROGATE_FAST_SIGMOID = 0, /**< 1 / (w (1 + |x| / w)^2) */
    RN_SURROGATE_ARCTAN = 1,       /**< 1 / (w (1 + (x / w)^2)) */
    RN_SURROGATE_SIGMOID = 2       /**< s (1 - s) / w, s = sigmoid(x / w) */
} rn_surrogate;

/** step(x) whose derivative is taken to be the surrogate (spiking and binary units). */
RN_API rn_node rn_graph_surrogate_step(rn_graph *graph, rn_node x, rn_surrogate surrogate,
                                       double width);

/** x itself, with derivative 0. */
RN_API rn_node rn_graph_stop_gradient(rn_graph *graph, rn_node x);

/* ---- elementwise, two operands (broadcast) ------------------------------------------------ */

RN_API rn_node rn_graph_add(rn_graph *graph, rn_node a, rn_node b);
RN_API rn_node rn_graph_subtract(rn_graph *graph, rn_node a, rn_node b);
RN_API rn_node rn_graph_multiply(rn_graph *graph, rn_node a, rn_node b);
RN_API rn_node rn_graph_divide(rn_graph *graph, rn_node a, rn_node b);
RN_API rn_node rn_graph_greater(rn_graph *graph, rn_node a,
                                rn_node b); /**< mask a > b, derivative 0 */
RN_API rn_node rn_graph_equal(rn_graph *graph, rn_node a,
                              rn_node b); /**< mask a == b, derivative 0 */

/* ---- products ------------------------------------------------------------------------------ */

/**
 * op(A) op(B) over the last two axes; leading axes broadcast. op transposes the last two axes
 * where asked. A [.. p, q], B [.. q, r] (after op) -> [.. p, r]; both of rank >= 2.
 * The sample axis may be a leading axis of either, or the row axis p of an untransposed A.
 */
RN_API rn_node rn_graph_matmul_ops(rn_graph *graph, rn_node a, int transpose_a, rn_node b,
                                   int transpose_b);

/** A B: rn_graph_matmul_ops without transposes. */
RN_API rn_node rn_graph_matmul(rn_graph *graph, rn_node a, rn_node b);

/* ---- reductions and shapes ----------------------------------------------------------------- */

/** Sum over the axes set in `axes` (bit i = axis i). With keep, summed axes stay as dimension 1. */
RN_API rn_node rn_graph_sum(rn_graph *graph, rn_node x, unsigned axes, int keep);

/** Largest value over the axes set in `axes`; kinks at ties, where the derivative is shared
 * equally. */
RN_API rn_node rn_graph_max(rn_graph *graph, rn_node x, unsigned axes, int keep);

/** x repeated to `shape` by the broadcast rule. */
RN_API rn_node rn_graph_broadcast(rn_graph *graph, rn_node x, rn_shape shape);

/** The same numbers in the same order under another shape. */
RN_API rn_node rn_graph_reshape(rn_graph *graph, rn_node x, rn_shape shape);

/** Axis i of the result is axis order[i] of x; order [rank] is a permutation, copied. */
RN_API rn_node rn_graph_transpose(rn_graph *graph, rn_node x, const int *order);

/** Entries start, start + step, .. (count of them) of one axis; step >= 1. */
RN_API rn_node rn_graph_slice(rn_graph *graph, rn_node x, int axis, rn_index start, rn_index count,
                              rn_index step);

/** Inverse of slice: x placed at start, start + step, .. of an axis of length `length`; 0
 * elsewhere. */
RN_API rn_node rn_graph_embed(rn_graph *graph, rn_node x, int axis, rn_index start, rn_index step,
                              rn_index length);

/** Zeros before and after along one axis. */
RN_API rn_node rn_graph_pad(rn_graph *graph, rn_node x, int axis, rn_index before, rn_index after);

/** n >= 1 tensors joined along an axis; all other dimensions equal. */
RN_API rn_node rn_graph_concat(rn_graph *graph, rn_index n, const rn_node *parts, int axis);

/**
 * Windows along one axis: axis of length L becomes two axes [count, window], entry (o, k) taken
 * from o * stride + k * dilation; count = (L - (window - 1) dilation - 1) / stride + 1 >= 1.
 * Convolutions are pad, unfold along each spatial axis, transpose, reshape, matmul.
 */
RN_API rn_node rn_graph_unfold(rn_graph *graph, rn_node x, int axis, rn_index window,
                               rn_index stride, rn_index dilation);

/** Transpose of unfold: axes (axis, axis + 1) = [count, window] are added back into length L. */
RN_API rn_node rn_graph_fold(rn_graph *graph, rn_node x, int axis, rn_index stride,
                             rn_index dilation, rn_index length);

/**
 * Rows picked by number. The first `batch` axes of table and index are shared:
 * table [B.., V, d..], index [B.., T..] -> [B.., T.., d..]. Index entries are whole numbers in
 * 0 .. V-1 held as doubles; others end the execution with RN_ERR_DOMAIN. No derivative with
 * respect to the index. Embeddings: batch 0.
 */
RN_API rn_node rn_graph_gather(rn_graph *graph, rn_node table, rn_node index, int batch);

/** Transpose of gather: updates [B.., T.., d..] are added into rows of a zero [B.., rows, d..]. */
RN_API rn_node rn_graph_scatter_add(rn_graph *graph, rn_node updates, rn_node index, int batch,
                                    rn_index rows);

/* ---- looking at nodes ----------------------------------------------------------------------- */

/** Gives a node a name for messages and pictures; copied. RN_NODE_NONE is ignored. */
RN_API void rn_graph_name(rn_graph *graph, rn_node node, const char *name);

/**
 * Nodes built from `node` from now on go through it. Otherwise a reshape of a reshape, and a scale
 * of a scale, are taken from what lies before, and a derivative with respect to the node between
 * misses them. Pin a node before building on it, if derivatives with respect to it are wanted.
 * RN_NODE_NONE is ignored.
 */
RN_API void rn_graph_pin(rn_graph *graph, rn_node node);

/** Number of nodes. */
RN_API rn_index rn_graph_size(const rn_graph *graph);

/** Shape of a node; rank -1 for RN_NODE_NONE. */
RN_API rn_shape rn_graph_shape(const rn_graph *graph, rn_node node);

/** How the rows of a node depend on the samples. */
RN_API rn_rows rn_graph_rows(const rn_graph *graph, rn_node node);

/** The i-th parameter in order of creation, 0 <= i < rn_graph_n_parameters. Borrowed name. */
RN_API rn_index rn_graph_n_parameters(const rn_graph *graph);
RN_API rn_node rn_graph_parameter_at(const rn_graph *graph, rn_index i);
RN_API const char *rn_graph_node_name(const rn_graph *graph, rn_node node);

/** Sum of the sizes of all parameters: P. */
RN_API rn_index rn_graph_n_weights(const rn_graph *graph);

/** 1 when `node` is twice continuously differentiable in the parameters and inputs as far as its
    operations tell (no abs, relu, max, step, surrogate step or mask between; what lies behind a
    stop_gradient does not count), else 0; RN_ERR_MEMORY, which is negative. */
RN_API int rn_graph_is_smooth(const rn_graph *graph, rn_node node);

/* ---- derivatives ----------------------------------------------------------------------------- */

/**
 * Reverse derivative: appends nodes that compute, for every wrt[j],
 *     out[j] = sum_i (d outputs[i] / d wrt[j])^T cotangents[i].
 *
 * A cotangent has the shape of its output; out[j] has the shape of wrt[j]. Or all cotangents carry
 * an axis of their own with K entries, after the sample axis: output [N, d..] and cotangent
 * [N, K, d..]; then out[j] is [N, K, ..] for separate wrt[j] and [K, ..] where wrt[j] does not
 * depend on samples. This needs RN_ROWS_SEPARATE all the way. wrt may be any nodes, intermediate
 * ones included; one that does not influence the outputs gets zeros.
 *
 * Cost: a small multiple of the nodes between wrt and outputs, per execution (times K).
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE; RN_ERR_MEMORY (out untouched)
 */
RN_API RN_NODISCARD rn_status rn_graph_vjp(rn_graph *graph, rn_index n_outputs,
                                           const rn_node *outputs, const rn_node *cotangents,
                                           rn_index n_wrt, const rn_node *wrt, rn_node *out);

/**
 * Forward derivative: appends nodes that compute, for every outputs[i],
 *     out[i] = sum_j (d outputs[i] / d inputs[j]) tangents[j],
 * tangents[j] of the shape of inputs[j] (any nodes, intermediate ones included: the direct
 * influence of their own inputs is then left out). Zeros where nothing flows.
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE; RN_ERR_MEMORY (out untouched)
 */
RN_API RN_NODISCARD rn_status rn_graph_jvp(rn_graph *graph, rn_index n_inputs,
                                           const rn_node *inputs, const rn_node *tangents,
                                           rn_index n_outputs, const rn_node *outputs,
                                           rn_node *out);

/* ---- uses of a parameter ----------------------------------------------------------------------
 */

/** How an operation uses a parameter. Row (i, c) of its Jacobian is sum over positions of p (x) q.
 */
typedef enum rn_use_kind {
    RN_USE_MATMUL = 0, /**< y = x W: x [N, .., d_in] times W [d_in, d_out] */
    RN_USE_MATMUL_T,   /**< y = x W^T: x [N, .., d_out], W [d_in, d_out], y [N, .., d_in] */
    RN_USE_SCALE,      /**< y = x * p elementwise, p broadcast over leading axes */
    RN_USE_BIAS,       /**< y = x + p (sign +1) or x - p (sign -1), p broadcast over leading axes */
    RN_USE_GATHER,     /**< y = rows of p picked by x (an index), batch 0 */
    RN_USE_OTHER       /**< anything else: row tiles of vjp only */
} rn_use_kind;

/** One use of a parameter by a node on the way to the output asked about. */
typedef struct rn_use {
    rn_use_kind kind;
    rn_node x;   /**< the other operand (index for gather); RN_NODE_NONE for bias and other */
    rn_node y;   /**< the node that uses the parameter; its cotangent is the second factor */
    double sign; /**< factor on the use, 1 except for a subtracted bias */
} rn_use;

/**
 * Uses of `parameter` on the way to `output`, in node order. Writes at most `capacity` of them and
 * the full count to *n_uses. Pass capacity 0 to count. A use whose y is not RN_ROWS_SEPARATE, or
 * that fits no other kind, is RN_USE_OTHER.
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_graph_uses(const rn_graph *graph, rn_node output,
                                            rn_node parameter, rn_index capacity, rn_use *uses,
                                            rn_index *n_uses);

#ifdef __cplusplus
}
#endif

#endif
