/**
 * The kernel of a network's Jacobian, M = (1/N) J J^T, its exact tangent M', and J itself as an
 * operator. Definitions: docs/theory/kernel.md.
 *
 * J is the derivative of all outputs f [N, C] with respect to all parameters theta [P]; row
 * i * C + c belongs to output c of sample i, and n = N * C. Each sample may carry a block
 * G_i [C x K] (its transpose is the `seed`, see rn_kernel_desc) for losses other than squared
 * error: J then reads G^T J, with rows i * K + k and n = N * K. Without a seed K = C.
 * theta and every direction in parameter space are one flat vector [P]: the graph's parameters in
 * order of creation (rn_graph_parameter_at), each row-major. Matrices are row-major, ld = n.
 *
 * J is never stored as a whole. A weight that enters by y = x W at D positions contributes
 * sum over positions of (x . x')(b . b'), where b = df/dy comes from one reverse pass; the products
 * are taken in the cheapest of three orders (rn_kernel_order). Parameters used in any other way,
 * and networks that mix samples, go through rows of J, one block of rows at a time.
 *
 *     rn_kernel *kernel = NULL;
 *     const rn_node inputs[] = {x};
 *     rn_kernel_desc desc = rn_kernel_desc_defaults();
 *     desc.graph = graph, desc.n_inputs = 1, desc.inputs = inputs, desc.output = f;
 *     const double *arrays[] = {x_values};
 *     const rn_kernel_point point = {.n_samples = N, .inputs = arrays, .theta = theta};
 *     rn_status status = rn_kernel_create(&desc, &kernel);
 *     if (status == RN_OK) status = rn_kernel_assemble(kernel, &point, m);     // m [n x n]
 *     rn_kernel_destroy(kernel);
 *
 * Work is cut into tiles whose sizes depend on shapes only; every number is the same to the bit
 * for any number of threads and any memory limit. A kernel serves one call at a time.
 */
#ifndef RENORM_KERNEL_H
#define RENORM_KERNEL_H

#include <renorm/graph.h>
#include <renorm/op.h>
#include <renorm/ranks.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_kernel rn_kernel;

/** What a kernel is made from. Start from rn_kernel_desc_defaults. */
typedef struct rn_kernel_desc {
    rn_graph *graph;       /**< borrowed: must outlive the kernel; derivative nodes are appended */
    rn_index n_inputs;     /**< >= 0 */
    const rn_node *inputs; /**< [n_inputs], every input the output (and seed) needs; copied */
    rn_node output;     /**< f: [N, ..] with C = product of the other dimensions, or [N] (C = 1) */
    rn_node seed;       /**< [N, K, C], or [N, K, ..] with the dimensions of the output: row k of
                             sample i is sum_c seed[i,k,c] df_c/dtheta; default RN_NODE_NONE: the
                             identity. It may depend on parameters: its tangent enters M' */
    rn_index n_resting; /**< default 0 */
    const rn_node *resting;    /**< [n_resting] parameters that are not trained, such as running
                                    statistics: M has no columns for them and J^T u is 0 there, but
                                    J v and M' do go along them; copied */
    int n_threads;             /**< 1 .. 256; default 1 */
    rn_index max_factor_bytes; /**< most bytes of factors (or rows) kept at a time; beyond it they
                               are recomputed by blocks of samples; 0 (default): 1 GiB. At least
                               two tiles are always kept */
    const rn_communicator *ranks; /**< processes that share the tiles of every call; borrowed, must
                                       outlive the kernel; NULL (default): this process alone */
} rn_kernel_desc;

RN_API rn_kernel_desc rn_kernel_desc_defaults(void);

/** Where in parameter space, and on which samples. All arrays are borrowed for the call. */
typedef struct rn_kernel_point {
    rn_index n_samples;          /**< N >= 1 */
    const double *const *inputs; /**< [n_inputs] arrays, in the order of rn_kernel_desc.inputs */
    const double *theta;         /**< [P] */
    const double *scale;         /**< S [P], finite: M = (1/N) J S^2 J^T, S the root of a diagonal
                                      preconditioner; NULL: 1. J v and J^T u do not see it */
    const double *scale_tangent; /**< S' [P], with a scale: M' then contains
                                      (2/N) J S S' J^T; NULL: 0 */
} rn_kernel_point;

/**
 * Analyses the uses of every parameter and appends the reverse pass to the graph.
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE (output or seed of another shape); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_kernel_create(const rn_kernel_desc *desc, rn_kernel **out);

/** Sets rn_kernel_desc.max_factor_bytes anew, for the calls that follow; 0: the default.
    @return RN_OK; RN_ERR_ARGUMENT */
RN_API RN_NODISCARD rn_status rn_kernel_limit_memory(rn_kernel *kernel, rn_index max_factor_bytes);

/** Releases a kernel. NULL is allowed. */
RN_API void rn_kernel_destroy(rn_kernel *kernel);

/** K: rows of J per sample (C without a seed), and P: the length of theta. */
RN_API rn_index rn_kernel_rows_per_sample(const rn_kernel *kernel);
RN_API rn_index rn_kernel_n_weights(const rn_kernel *kernel);

/* ---- the matrix ------------------------------------------------------------------------------ */

/**
 * M := (1/N) J J^T. With a scale all parameters go through row gradients (order G), since factor
 * pairs then no longer separate.
 *
 * @param[out] m  [n x n], n = N K; symmetric to the bit
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE; RN_ERR_DOMAIN (a gather index outside its table);
 *         RN_ERR_NONFINITE (a factor is NaN or infinite); RN_ERR_MEMORY. After RN_ERR_NONFINITE
 *         and RN_ERR_DOMAIN m is untouched only if all factors fit max_factor_bytes, else
 * undefined.
 */
RN_API RN_NODISCARD rn_status rn_kernel_assemble(rn_kernel *kernel, const rn_kernel_point *point,
                                                 double *m);

/**
 * M' := d/de M(theta + e v) at e = 0: the exact tangent along any direction v, by the forward
 * derivative of the reverse pass. Where the network has kinks it is the derivative off the kinks.
 * Costs about three times M.
 *
 * @param v               [P]
 * @param[out] m          [n x n] or NULL: M as well, at no further cost
 * @param[out] m_tangent  [n x n]; symmetric to the bit
 * @return as rn_kernel_assemble
 */
RN_API RN_NODISCARD rn_status rn_kernel_tangent(rn_kernel *kernel, const rn_kernel_point *point,
                                                const double *v, double *m, double *m_tangent);

/**
 * The same for the columns of one parameter: M_p = (1/N) J_p J_p^T, whose sum over all parameters
 * is M, and its tangent along all of v.
 *
 * @param parameter       0 .. rn_graph_n_parameters - 1
 * @param v               [P], or NULL when m_tangent is NULL
 * @param[out] m          [n x n] or NULL
 * @param[out] m_tangent  [n x n] or NULL; not both NULL
 * @return as rn_kernel_assemble
 */
RN_API RN_NODISCARD rn_status rn_kernel_assemble_part(rn_kernel *kernel,
                                                      const rn_kernel_point *point,
                                                      rn_index parameter, const double *v,
                                                      double *m, double *m_tangent);

/* ---- J as an operator ------------------------------------------------------------------------ */

/**
 * out := J v, one forward derivative. Cost: about one gradient over the same samples.
 * @param v         [P]
 * @param[out] out  [n]
 * @return as rn_kernel_assemble (out untouched on failure)
 */
RN_API RN_NODISCARD rn_status rn_jacobian_apply(rn_kernel *kernel, const rn_kernel_point *point,
                                                const double *v, double *out);

/**
 * out := J^T u, one reverse derivative, sums over samples in fixed order.
 * @param u         [n]
 * @param[out] out  [P]
 * @return as rn_kernel_assemble (out untouched on failure)
 */
RN_API RN_NODISCARD rn_status rn_jacobian_apply_transpose(rn_kernel *kernel,
                                                          const rn_kernel_point *point,
                                                          const double *u, double *out);

/**
 * M as an operator, n x n, symmetric positive semidefinite: M u = (1/N) J (J^T u).
 * The kernel, the point and its arrays are borrowed: they must outlive the operator; changing theta
 * in place moves the operator. Cost of one column: about two gradients over the samples.
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_kernel_operator(rn_kernel *kernel, const rn_kernel_point *point,
                                                 rn_op **out);

/**
 * The same at the point's present theta, for many products there: activations are computed once and
 * kept for as many samples as fit max_factor_bytes (rn_kernel_limit_memory), the others computed
 * anew. The numbers are those of rn_kernel_operator to the bit. theta must not change while the
 * operator lives. Cost of one column: about 1.2 gradients where all activations are kept.
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_DOMAIN; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_kernel_fixed_operator(rn_kernel *kernel,
                                                       const rn_kernel_point *point, rn_op **out);

/** M' along v [P] (borrowed too) as an operator, n x n, symmetric. */
RN_API RN_NODISCARD rn_status rn_kernel_tangent_operator(rn_kernel *kernel,
                                                         const rn_kernel_point *point,
                                                         const double *v, rn_op **out);

/* ---- what it costs, and why ------------------------------------------------------------------ */

/** In which order the block of one parameter is computed. Counts for N samples, n = N K rows, D
    positions, inputs of width p, outputs of width q, symmetric halves once, a multiply-add as 2. */
typedef enum rn_kernel_order {
    RN_KERNEL_BOTH_GRAMS = 0,    /**< "S": N^2 D^2 p + n^2 D^2 (q + 1) */
    RN_KERNEL_INPUT_GRAM = 1,    /**< "A": N^2 D^2 p + N n D^2 q + n^2 D q; chosen for D > 1 only */
    RN_KERNEL_ROW_GRADIENTS = 2, /**< "G": 2 n D p q + n^2 p q */
    RN_KERNEL_RANK_ONE = 3,      /**< biases and scales: row gradients of width q, n^2 q; nothing
                                      when a bias shares the factors of a weight in order S, D = 1 */
    RN_KERNEL_ROWS = 4           /**< rows of J by reverse passes, sample by sample; n^2 size */
} rn_kernel_order;

#define RN_KERNEL_ORDER_CHEAPEST (-1)

/** How the block of one parameter is computed for a given number of samples. */
typedef struct rn_kernel_block {
    const char *name;      /**< of the parameter; borrowed from the graph, may be NULL */
    rn_index size;         /**< weights in it */
    rn_kernel_order order; /**< the least count, or what was forced */
    rn_index n_uses;       /**< uses of the parameter on the way to the output */
    rn_index positions;    /**< D, all uses together; 1 where it has no meaning */
    rn_index in_width;     /**< p; 1 where it has no meaning */
    rn_index out_width;    /**< q */
    double flops;          /**< of `order`, without the reverse pass */
    double order_flops[3]; /**< counts of orders S, A, G; NaN where an order does not apply */
    int shares_factors;    /**< 1 for a bias computed with a weight at no cost */
    int is_resting;        /**< 1 for a parameter that M has no columns for */
} rn_kernel_block;

/** The name users see: "S", "A", "G", "rank one", "rows". */
RN_API const char *rn_kernel_order_name(rn_kernel_order order);

/**
 * Describes the block of one parameter.
 * @return RN_OK; RN_ERR_ARGUMENT
 */
RN_API RN_NODISCARD rn_status rn_kernel_describe(const rn_kernel *kernel, rn_index n_samples,
                                                 rn_index parameter, rn_kernel_block *out);

/**
 * Fixes the order of one parameter's block (S, A or G), or RN_KERNEL_ORDER_CHEAPEST again.
 * @return RN_OK; RN_ERR_ARGUMENT (no such parameter); RN_ERR_DOMAIN (the order does not apply to
 * it)
 */
RN_API RN_NODISCARD rn_status rn_kernel_force_order(rn_kernel *kernel, rn_index parameter,
                                                    int order);

/** 1 when the output mixes samples: every row of J then costs a reverse pass over all of them. */
RN_API int rn_kernel_is_coupled(const rn_kernel *kernel);

/** Flops of all blocks of M for n_samples, without the reverse pass. */
RN_API double rn_kernel_flops(const rn_kernel *kernel, rn_index n_samples);

/**
 * Bytes rn_kernel_assemble (tangent 0) or rn_kernel_tangent (1) takes beyond the matrices and
 * inputs of the caller, known before any work.
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE (a size overflows); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_kernel_bytes(rn_kernel *kernel, rn_index n_samples, int tangent,
                                              rn_index *out);

#ifdef __cplusplus
}
#endif

#endif
