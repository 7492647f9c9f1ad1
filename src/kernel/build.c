/*
 * The derivative nodes of every program, appended to the graph the first time they are needed.
 *
 * Directions are inputs with the shapes of the parameters. With J the rows G^T df/dtheta:
 *
 *     APPLY              a  = J d0                   forward derivative of the output
 *     APPLY_TANGENT      a' = J' d0 + J d2           forward derivative of a, theta along d1
 *     TRANSPOSE          g  = J^T u                  reverse derivative with cotangent G u
 *     TRANSPOSE_TANGENT  g' = (J')^T u               forward derivative of g, theta along d0
 *     KEEP, .._KEPT      what J v and J^T u have in common at one point, and the rest of them
 */
#include <stdio.h>

#include "core/memory.h"
#include "core/status.h"
#include "kernel/kernel.h"

static rn_status no_memory(void)
{
    return rni_fail(RN_ERR_MEMORY, "rn_kernel: no memory for derivative nodes");
}

/* The inputs that carry direction d, made on first use. */
static rn_status need_direction(rn_kernel *kernel, int d)
{
    rn_node *nodes = kernel->directions + d * kernel->n_parameters;
    for (rn_index p = 0; p < kernel->n_parameters; p++) {
        if (nodes[p] != RN_NODE_NONE) continue;
        const rn_node parameter = rn_graph_parameter_at(kernel->graph, p);
        const char *name = rn_graph_node_name(kernel->graph, parameter);
        char text[96];
        (void)snprintf(text, sizeof text, "direction %d of %s", d, name ? name : "a parameter");
        nodes[p] = rn_graph_input(kernel->graph, text, rn_graph_shape(kernel->graph, parameter));
    }
    return rn_graph_status(kernel->graph);
}

static rn_status need_cotangent(rn_kernel *kernel)
{
    if (kernel->cotangent == RN_NODE_NONE)
        kernel->cotangent = rn_graph_input(kernel->graph, "cotangent of the rows",
                                           RN_SHAPE(RN_SAMPLES, kernel->n_rows));
    return rn_graph_status(kernel->graph);
}

static rn_node *new_nodes(rn_index n)
{
    return rni_alloc(n, sizeof(rn_node));
}

/* [n_parameters] nodes of all parameters; NULL when memory is out. */
static rn_node *parameter_nodes(const rn_kernel *kernel)
{
    rn_node *nodes = new_nodes(kernel->n_parameters);
    for (rn_index p = 0; nodes && p < kernel->n_parameters; p++)
        nodes[p] = rn_graph_parameter_at(kernel->graph, p);
    return nodes;
}

/* Forward derivative of n nodes with theta along direction d. */
static rn_status along(rn_kernel *kernel, int d, rn_index n, const rn_node *nodes, rn_node *out)
{
    RNI_TRY(need_direction(kernel, d));
    rn_node *parameters = parameter_nodes(kernel);
    if (!parameters) return no_memory();
    const rn_status status =
        rn_graph_jvp(kernel->graph, kernel->n_parameters, parameters,
                     kernel->directions + d * kernel->n_parameters, n, nodes, out);
    rni_free(parameters);
    return status;
}

/* ---- factors --------------------------------------------------------------------------------- */

static bool is_row_factor(const rn_kernel *kernel, rn_index factor)
{
    for (rn_index p = 0; p < kernel->n_parameters; p++)
        if (kernel->blocks[p].kind == RNI_BLOCK_ROWS && kernel->blocks[p].rows == factor)
            return true;
    return false;
}

/* The slots of one of the two factor programs: their number, their nodes where `nodes` is given,
   and their tangents taken from `tangents` where that is given. */
static rn_index walk_slots(rn_kernel *kernel, bool rows, rn_node *nodes, const rn_node *tangents)
{
    rn_index n = 0;
    for (rn_index i = 0; i < kernel->n_factors; i++) {
        if (is_row_factor(kernel, i) != rows) continue;
        for (rn_index s = 0; s < kernel->factors[i].n_slots; s++, n++) {
            if (nodes) nodes[n] = kernel->factors[i].slots[s].node;
            if (tangents) kernel->factors[i].slots[s].tangent = tangents[n];
        }
    }
    return n;
}

/* Wanted: the values of all slots, then their tangents. */
static rn_status build_factors(rn_kernel *kernel, bool rows, bool with_tangent,
                               rni_program *program)
{
    const rn_index n = walk_slots(kernel, rows, NULL, NULL);
    rn_node *wanted = new_nodes(2 * n);
    if (!wanted) return no_memory();
    (void)walk_slots(kernel, rows, wanted, NULL);
    const rn_status status = with_tangent ? along(kernel, 0, n, wanted, wanted + n) : RN_OK;
    if (status < 0) {
        rni_free(wanted);
        return status;
    }
    if (with_tangent) (void)walk_slots(kernel, rows, NULL, wanted + n);
    program->n_wanted = with_tangent ? 2 * n : n;
    program->wanted = wanted;
    program->is_built = true;
    return RN_OK;
}

/* ---- J --------------------------------------------------------------------------------------- */

/* a = G^T df/dtheta d0, [N, K]. */
static rn_status build_apply(rn_kernel *kernel, rn_node *out)
{
    rn_node forward = RN_NODE_NONE;
    RNI_TRY(along(kernel, 0, 1, &kernel->output, &forward));
    if (kernel->has_seed) {
        rn_graph *graph = kernel->graph;
        const rn_index width = rn_graph_shape(graph, kernel->output).dims[1];
        const rn_node lifted = rn_graph_reshape(graph, forward, RN_SHAPE(RN_SAMPLES, 1, width));
        forward = rn_graph_sum(graph, rn_graph_multiply(graph, kernel->seed, lifted), 1u << 2, 0);
    }
    *out = forward;
    return rn_graph_status(kernel->graph);
}

/* a' = J' d0 + J d2: theta moves along d1 and d0 along d2. */
static rn_status build_apply_tangent(rn_kernel *kernel, rn_node *out)
{
    rn_node apply = RN_NODE_NONE;
    RNI_TRY(build_apply(kernel, &apply));
    RNI_TRY(need_direction(kernel, 1));
    RNI_TRY(need_direction(kernel, 2));
    const rn_index n = kernel->n_parameters;
    rn_node *inputs = new_nodes(2 * n);
    rn_node *tangents = new_nodes(2 * n);
    rn_status status = RN_ERR_MEMORY;
    if (!inputs || !tangents) {
        status = no_memory();
        goto done;
    }
    for (rn_index p = 0; p < n; p++) {
        inputs[p] = rn_graph_parameter_at(kernel->graph, p);
        tangents[p] = kernel->directions[n + p];
        inputs[n + p] = kernel->directions[p];
        tangents[n + p] = kernel->directions[2 * n + p];
    }
    status = rn_graph_jvp(kernel->graph, 2 * n, inputs, tangents, 1, &apply, out);
done:
    rni_free(inputs);
    rni_free(tangents);
    return status;
}

/* Zeros in place of out[p] for parameters that rest. */
static rn_status clear_resting(const rn_kernel *kernel, rn_node *out)
{
    rn_graph *graph = kernel->graph;
    for (rn_index p = 0; p < kernel->n_parameters; p++) {
        if (!kernel->is_resting[p]) continue;
        const rn_shape shape = rn_graph_shape(graph, rn_graph_parameter_at(graph, p));
        out[p] = rn_graph_broadcast(graph, rn_graph_scalar(graph, 0.0), shape);
    }
    return rn_graph_status(graph);
}

/* g = J^T u, one node per parameter. */
static rn_status build_transpose(rn_kernel *kernel, rn_node *out)
{
    RNI_TRY(need_cotangent(kernel));
    rn_graph *graph = kernel->graph;
    rn_node cotangent = kernel->cotangent;
    if (kernel->has_seed) {
        const rn_node lifted =
            rn_graph_reshape(graph, cotangent, RN_SHAPE(RN_SAMPLES, kernel->n_rows, 1));
        cotangent = rn_graph_sum(graph, rn_graph_multiply(graph, kernel->seed, lifted), 1u << 1, 0);
    }
    RNI_TRY(rn_graph_status(graph));
    rn_node *parameters = parameter_nodes(kernel);
    if (!parameters) return no_memory();
    const rn_status status =
        rn_graph_vjp(graph, 1, &kernel->output, &cotangent, kernel->n_parameters, parameters, out);
    rni_free(parameters);
    return status == RN_OK ? clear_resting(kernel, out) : status;
}

static rn_status build_jacobian(rn_kernel *kernel, rni_program_kind kind, rni_program *program)
{
    const rn_index n = kernel->n_parameters;
    rn_node *wanted = new_nodes(2 * n + 1);
    if (!wanted) return no_memory();
    rn_status status = RN_OK;
    program->n_wanted = 1;
    if (kind == RNI_PROGRAM_APPLY) status = build_apply(kernel, wanted);
    if (kind == RNI_PROGRAM_APPLY_TANGENT) status = build_apply_tangent(kernel, wanted);
    if (kind == RNI_PROGRAM_TRANSPOSE || kind == RNI_PROGRAM_TRANSPOSE_TANGENT) {
        program->n_wanted = kind == RNI_PROGRAM_TRANSPOSE ? n : 2 * n;
        status = build_transpose(kernel, wanted);
        if (status == RN_OK && kind == RNI_PROGRAM_TRANSPOSE_TANGENT)
            status = along(kernel, 0, n, wanted, wanted + n);
    }
    if (status < 0) {
        rni_free(wanted);
        return status;
    }
    program->wanted = wanted;
    program->is_built = true;
    return RN_OK;
}

/* The activations, or a program of J that starts from them. */
static rn_status build_kept(rn_kernel *kernel, rni_program_kind kind, rni_program *program)
{
    RNI_TRY(rni_keep_find(kernel));
    const rni_program *plain = kind == RNI_PROGRAM_APPLY_KEPT
                                   ? &kernel->programs[RNI_PROGRAM_APPLY]
                                   : &kernel->programs[RNI_PROGRAM_TRANSPOSE];
    const bool is_keep = kind == RNI_PROGRAM_KEEP;
    const rn_index n = is_keep ? kernel->n_kept : plain->n_wanted;
    rn_node *wanted = new_nodes(n);
    if (!wanted) return no_memory();
    for (rn_index i = 0; i < n; i++)
        wanted[i] = is_keep ? kernel->kept[i] : plain->wanted[i];
    program->wanted = wanted;
    program->n_wanted = n;
    program->n_given = is_keep ? 0 : kernel->n_kept;
    program->given = kernel->kept;
    program->is_built = true;
    return RN_OK;
}

rn_status rni_kernel_build(rn_kernel *kernel, rni_program_kind kind)
{
    rni_program *program = &kernel->programs[kind];
    if (program->is_built) return RN_OK;
    switch (kind) {
    case RNI_PROGRAM_FACTORS: return build_factors(kernel, false, false, program);
    case RNI_PROGRAM_FACTORS_TANGENT: return build_factors(kernel, false, true, program);
    case RNI_PROGRAM_ROWS: return build_factors(kernel, true, false, program);
    case RNI_PROGRAM_ROWS_TANGENT: return build_factors(kernel, true, true, program);
    case RNI_PROGRAM_KEEP:
    case RNI_PROGRAM_APPLY_KEPT:
    case RNI_PROGRAM_TRANSPOSE_KEPT: return build_kept(kernel, kind, program);
    case RNI_PROGRAM_APPLY:
    case RNI_PROGRAM_APPLY_TANGENT:
    case RNI_PROGRAM_TRANSPOSE:
    case RNI_PROGRAM_TRANSPOSE_TANGENT:
    case RNI_N_PROGRAMS: break;
    }
    return build_jacobian(kernel, kind, program);
}
