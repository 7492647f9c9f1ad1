/**
 * Planning and executing a graph.
 *
 * A plan fixes, for one graph, one number of samples and one list of wanted nodes: the order of
 * work, which elementwise nodes run as one fused pass, where every intermediate lives in one
 * arena, and hence the bytes an execution needs before it starts. The graph is copied as far as
 * needed: it may grow or be destroyed afterwards. A plan never changes; several workspaces of one
 * plan may execute at the same time on different threads.
 *
 *     rn_plan *plan = NULL;
 *     rn_workspace *work = NULL;
 *     RN_OK == rn_plan_create(graph, n_samples, n_wanted, wanted, &plan)
 *       && RN_OK == rn_workspace_create(plan, &work);
 *     rn_workspace_bind(work, x, x_values);       // once per array, borrowed
 *     rn_workspace_bind(work, w, w_values);
 *     rn_workspace_run(work);                     // as often as wanted
 *     const double *f_values = rn_workspace_value(work, f);
 */
#ifndef RENORM_PLAN_H
#define RENORM_PLAN_H

#include <renorm/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_plan rn_plan;
typedef struct rn_workspace rn_workspace;

/**
 * Plans the computation of n_wanted >= 1 nodes (repeats allowed) for n_samples samples
 * (1 .. RN_SIZE_MAX). Equal requests on equal graphs give equal plans.
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE (a size overflows); RN_ERR_MEMORY; the graph's own
 *         first mistake (rn_graph_status). out untouched on failure.
 */
RN_API RN_NODISCARD rn_status rn_plan_create(const rn_graph *graph, rn_index n_samples,
                                             rn_index n_wanted, const rn_node *wanted,
                                             rn_plan **out);

/**
 * The same, where the caller has the numbers of some nodes already: given nodes are bound with
 * rn_workspace_bind like inputs, and what only they need is not computed. So one execution can
 * leave activations behind that many others start from.
 *
 * @param given  [n_given] any nodes; those the plan does not need are ignored
 * @return as rn_plan_create
 */
RN_API RN_NODISCARD rn_status rn_plan_create_given(const rn_graph *graph, rn_index n_samples,
                                                   rn_index n_given, const rn_node *given,
                                                   rn_index n_wanted, const rn_node *wanted,
                                                   rn_plan **out);

/** Releases a plan; its workspaces must be gone. NULL is allowed. */
RN_API void rn_plan_destroy(rn_plan *plan);

/** Bytes one workspace of this plan takes: arena, wanted values and bookkeeping; bound arrays of
    the caller not counted. */
RN_API rn_index rn_plan_bytes(const rn_plan *plan);

/** Floating-point operations of one execution (a multiply-add counts 2; a transcendental 1; an
    addition in a sum, fold or scatter 1). */
RN_API double rn_plan_flops(const rn_plan *plan);

/** Number of steps after fusion, and of graph nodes they cover (leaves and views not counted;
    a copy or a zeroing that a node needs beforehand is a step). */
RN_API rn_index rn_plan_n_steps(const rn_plan *plan);
RN_API rn_index rn_plan_n_nodes(const rn_plan *plan);

/** Memory for executing a plan. The plan is borrowed. @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_workspace_create(const rn_plan *plan, rn_workspace **out);

/** Releases a workspace. NULL is allowed. */
RN_API void rn_workspace_destroy(rn_workspace *work);

/**
 * Names the array of an input, parameter or given node, row-major, borrowed until bound anew or
 * destroyed. A node the plan does not need is accepted and ignored.
 * @return RN_OK; RN_ERR_ARGUMENT (not an input, parameter or given node)
 */
RN_API RN_NODISCARD rn_status rn_workspace_bind(rn_workspace *work, rn_node leaf,
                                                const double *values);

/**
 * Executes the plan on the calling thread. The same bindings give the same bits.
 * @return RN_OK; RN_ERR_ARGUMENT (a leaf is not bound); RN_ERR_DOMAIN (a gather index outside its
 *         table). NaN and infinities pass through: callers look at what they use.
 */
RN_API RN_NODISCARD rn_status rn_workspace_run(rn_workspace *work);

/** Values of a wanted node after a run, row-major; borrowed, valid until the next run.
    NULL when the node was not wanted. After a failed run the numbers are meaningless. */
RN_API const double *rn_workspace_value(const rn_workspace *work, rn_node node);

#ifdef __cplusplus
}
#endif

#endif
