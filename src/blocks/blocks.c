/*
 * Derivatives between and inside the blocks of a network, one sample at a time.
 *
 * Two programs, each planned for one sample when it is first needed: the reverse pass from every
 * boundary to the one before it, with the identity as cotangents; and the reverse pass from the
 * output to all parameters with its forward derivative, which runs once for each block that moves.
 */
#include <renorm/blocks.h>

#include <math.h>
#include <renorm/plan.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

/* One planned list of wanted nodes. */
typedef struct program {
    rn_index n_wanted;
    rn_node *wanted;
    rn_plan *plan;
    rn_workspace *work;
} program;

struct rn_blocks {
    rn_model *model; /* borrowed */
    rn_index n;      /* L */
    rn_index n_groups;
    rn_index n_parameters;
    rn_index n_weights;
    rn_index jacobian_size;
    rn_index *width;    /* [L + 1] */
    program chain;      /* B_l, [1, w_l, w_{l-1}] */
    program gradients;  /* J_g by parameter, then their tangents */
    rn_node *direction; /* [n_parameters] inputs that carry v */
    double *masked;     /* [P] v in one block, 0 elsewhere */
};

static rn_status no_memory(void)
{
    return rni_fail(RN_ERR_MEMORY, "rn_blocks: no memory for derivatives of a network's blocks");
}

static void clear_program(program *p)
{
    rn_workspace_destroy(p->work);
    rn_plan_destroy(p->plan);
    rni_free(p->wanted);
    *p = (program){0};
}

static rn_status plan_program(const rn_blocks *b, program *p)
{
    RNI_TRY(rn_plan_create(rn_model_graph(b->model), 1, p->n_wanted, p->wanted, &p->plan));
    return rn_workspace_create(p->plan, &p->work);
}

/* Unit rows [N, w, w], a cotangent for every component of a node [N, w]; of the last width asked
   for, since neighbours mostly share it. */
static rn_status unit_rows(rn_graph *graph, rn_index width, rn_index *last_width, rn_node *last)
{
    if (*last_width == width) return RN_OK;
    rn_index size = 0;
    double *identity = NULL;
    if (rni_size_mul(width, width, &size)) identity = rni_alloc_zero(size, sizeof *identity);
    if (!identity) return no_memory();
    for (rn_index i = 0; i < width; i++)
        identity[i * width + i] = 1.0;
    const rn_node constant = rn_graph_constant(graph, RN_SHAPE(1, width, width), identity);
    rni_free(identity);
    *last = rn_graph_broadcast(graph, constant, RN_SHAPE(RN_SAMPLES, width, width));
    *last_width = width;
    return rn_graph_status(graph);
}

static rn_status build_chain(rn_blocks *b)
{
    rn_graph *graph = rn_model_graph(b->model);
    rn_index last_width = 0;
    rn_node rows = RN_NODE_NONE;
    b->chain.wanted = rni_alloc(b->n, sizeof *b->chain.wanted);
    if (!b->chain.wanted) return no_memory();
    b->chain.n_wanted = b->n;
    for (rn_index l = 1; l <= b->n; l++) {
        const rn_node from = rn_model_boundary(b->model, l - 1);
        const rn_node to = rn_model_boundary(b->model, l);
        RNI_TRY(unit_rows(graph, b->width[l], &last_width, &rows));
        RNI_TRY(rn_graph_vjp(graph, 1, &to, &rows, 1, &from, &b->chain.wanted[l - 1]));
    }
    return plan_program(b, &b->chain);
}

static rn_status build_gradients(rn_blocks *b)
{
    rn_graph *graph = rn_model_graph(b->model);
    const rn_index n = b->n_parameters;
    const rn_index n_outputs = rn_model_n_outputs(b->model);
    const rn_node output = rn_model_output(b->model);
    rn_index last_width = 0;
    rn_node rows = RN_NODE_NONE;
    rn_node *parameters = rni_alloc(n, sizeof *parameters);
    b->direction = rni_alloc(n, sizeof *b->direction);
    b->masked = rni_alloc(b->n_weights, sizeof *b->masked);
    b->gradients.wanted = rni_alloc(2 * n, sizeof *b->gradients.wanted);
    if (!parameters || !b->direction || !b->masked || !b->gradients.wanted) {
        rni_free(parameters);
        return no_memory();
    }
    rn_status status = unit_rows(graph, n_outputs, &last_width, &rows);
    for (rn_index p = 0; p < n && status == RN_OK; p++) {
        parameters[p] = rn_graph_parameter_at(graph, p);
        b->direction[p] =
            rn_graph_input(graph, "motion of a parameter", rn_graph_shape(graph, parameters[p]));
        status = rn_graph_status(graph);
    }
    rn_node *wanted = b->gradients.wanted;
    b->gradients.n_wanted = 2 * n;
    if (status == RN_OK) status = rn_graph_vjp(graph, 1, &output, &rows, n, parameters, wanted);
    if (status == RN_OK)
        status = rn_graph_jvp(graph, n, parameters, b->direction, n, wanted, wanted + n);
    rni_free(parameters);
    if (status == RN_OK) status = plan_program(b, &b->gradients);
    return status;
}

/* Makes a program that is not there yet, all or nothing. */
static rn_status need_chain(rn_blocks *b)
{
    if (b->chain.work) return RN_OK;
    const rn_status status = build_chain(b);
    if (status < 0) clear_program(&b->chain);
    return status;
}

static void clear_gradients(rn_blocks *b)
{
    clear_program(&b->gradients);
    rni_free(b->direction);
    rni_free(b->masked);
    b->direction = NULL;
    b->masked = NULL;
}

static rn_status need_gradients(rn_blocks *b)
{
    if (b->gradients.work) return RN_OK;
    const rn_status status = build_gradients(b);
    if (status < 0) clear_gradients(b);
    return status;
}

static rn_status check_boundaries(const rn_model *model)
{
    const rn_index n = rn_model_n_boundaries(model);
    const rn_graph *graph = rn_model_graph(model);
    if (n < 2)
        return rni_fail(RN_ERR_UNSUPPORTED,
                        "rn_blocks_create: the network has %" PRId64 " boundaries of blocks, "
                        "expected at least 2: there is no chain of blocks to look at",
                        n);
    for (rn_index l = 0; l < n; l++) {
        const rn_node node = rn_model_boundary(model, l);
        const rn_shape shape = rn_graph_shape(graph, node);
        if (shape.rank != 2 || shape.dims[0] != RN_SAMPLES
            || rn_graph_rows(graph, node) != RN_ROWS_SEPARATE)
            return rni_fail(RN_ERR_UNSUPPORTED,
                            "rn_blocks_create: boundary %" PRId64 " of the blocks is not [N, w] "
                            "with a row for every sample that depends on this sample only",
                            l);
    }
    return RN_OK;
}

rn_status rn_blocks_create(rn_model *model, rn_blocks **out)
{
    if (!model || !out) return rni_fail(RN_ERR_ARGUMENT, "rn_blocks_create: model or out is NULL");
    RNI_TRY(check_boundaries(model));
    rn_blocks *b = rni_alloc_zero(1, sizeof *b);
    if (!b) return no_memory();
    b->model = model;
    b->n = rn_model_n_boundaries(model) - 1;
    b->n_groups = b->n + 2;
    b->n_parameters = rn_model_n_parameters(model);
    b->n_weights = rn_model_n_weights(model);
    b->width = rni_alloc(b->n + 1, sizeof *b->width);
    if (!b->width) {
        rni_free(b);
        return no_memory();
    }
    for (rn_index l = 0; l <= b->n; l++) {
        b->width[l] = rn_graph_shape(rn_model_graph(model), rn_model_boundary(model, l)).dims[1];
        if (l > 0) b->jacobian_size += b->width[l] * b->width[l - 1];
    }
    *out = b;
    return RN_OK;
}

void rn_blocks_destroy(rn_blocks *blocks)
{
    if (!blocks) return;
    clear_program(&blocks->chain);
    clear_gradients(blocks);
    rni_free(blocks->width);
    rni_free(blocks);
}

rn_index rn_blocks_count(const rn_blocks *blocks)
{
    return blocks->n;
}

rn_index rn_blocks_width(const rn_blocks *blocks, rn_index l)
{
    return l >= 0 && l <= blocks->n ? blocks->width[l] : 0;
}

rn_index rn_blocks_jacobian_size(const rn_blocks *blocks)
{
    return blocks->jacobian_size;
}

/* ---- one sample ------------------------------------------------------------------------------ */

static rn_parameter parameter_of(const rn_blocks *b, rn_index p)
{
    rn_parameter parameter = {0};
    const rn_status status = rn_model_parameter(b->model, p, &parameter);
    RNI_ASSERT(status == RN_OK);
    (void)status;
    return parameter;
}

/* nodes [n_parameters], NULL for the parameters themselves. */
static rn_status bind_weights(const rn_blocks *b, rn_workspace *work, const rn_node *nodes,
                              const double *values)
{
    for (rn_index p = 0; p < b->n_parameters; p++) {
        const rn_parameter parameter = parameter_of(b, p);
        RNI_TRY(
            rn_workspace_bind(work, nodes ? nodes[p] : parameter.node, values + parameter.offset));
    }
    return RN_OK;
}

static rn_status bind_point(const rn_blocks *b, rn_workspace *work, const double *theta,
                            const double *x)
{
    RNI_TRY(rn_workspace_bind(work, rn_model_input(b->model), x));
    return bind_weights(b, work, NULL, theta);
}

static rn_status not_finite(const char *function)
{
    return rni_fail(RN_ERR_NONFINITE,
                    "%s: a derivative is NaN or infinite; look at the parameters and the sample",
                    function);
}

static bool is_finite(rn_index n, const double *values)
{
    for (rn_index i = 0; i < n; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

rn_status rn_blocks_jacobians(rn_blocks *blocks, const double *theta, const double *x, double *out)
{
    if (!blocks || !theta || !x || !out)
        return rni_fail(RN_ERR_ARGUMENT, "rn_blocks_jacobians: an argument is NULL");
    RNI_TRY(need_chain(blocks));
    const program *chain = &blocks->chain;
    RNI_TRY(bind_point(blocks, chain->work, theta, x));
    RNI_TRY(rn_workspace_run(chain->work));
    for (rn_index l = 1; l <= blocks->n; l++)
        if (!is_finite(blocks->width[l] * blocks->width[l - 1],
                       rn_workspace_value(chain->work, chain->wanted[l - 1])))
            return not_finite("rn_blocks_jacobians");
    for (rn_index l = 1; l <= blocks->n; l++) {
        const rn_index size = blocks->width[l] * blocks->width[l - 1];
        memcpy(out, rn_workspace_value(chain->work, chain->wanted[l - 1]),
               (size_t)size * sizeof *out);
        out += size;
    }
    return RN_OK;
}

int rn_blocks_are_separate(const rn_blocks *blocks)
{
    for (rn_index p = 0; p < blocks->n_parameters; p++)
        if (parameter_of(blocks, p).block == RN_BLOCK_SHARED) return 0;
    return 1;
}

static double sum_squares(rn_index n, const double *values)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += values[i] * values[i];
    return sum;
}

/* Runs with block m moving; adds the squares of all gradients to norms (NULL: not wanted) and
   those of their tangents to column m of changes. */
static rn_status run_moving(rn_blocks *b, rn_index m, const double *v, double *norms,
                            double *changes)
{
    const rn_index n_outputs = rn_model_n_outputs(b->model);
    for (rn_index p = 0; p < b->n_parameters; p++) {
        const rn_parameter parameter = parameter_of(b, p);
        for (rn_index i = 0; i < parameter.size; i++)
            b->masked[parameter.offset + i] = parameter.block == m ? v[parameter.offset + i] : 0.0;
    }
    const program *gradients = &b->gradients;
    RNI_TRY(rn_workspace_run(gradients->work));
    for (rn_index p = 0; p < b->n_parameters; p++) {
        const rn_parameter parameter = parameter_of(b, p);
        const rn_node *wanted = gradients->wanted + p;
        const rn_index size = n_outputs * parameter.size;
        if (norms)
            norms[parameter.block] +=
                sum_squares(size, rn_workspace_value(gradients->work, wanted[0]));
        changes[parameter.block * b->n_groups + m] +=
            sum_squares(size, rn_workspace_value(gradients->work, wanted[b->n_parameters]));
    }
    return RN_OK;
}

rn_status rn_blocks_changes(rn_blocks *blocks, const double *theta, const double *x,
                            const double *v, double *norms, double *changes)
{
    if (!blocks || !theta || !x || !v || !norms || !changes)
        return rni_fail(RN_ERR_ARGUMENT, "rn_blocks_changes: an argument is NULL");
    if (!rn_blocks_are_separate(blocks))
        return rni_fail(RN_ERR_UNSUPPORTED,
                        "rn_blocks_changes: some parameters of the network act in several blocks, "
                        "so a block has no motion of its own");
    RNI_TRY(need_gradients(blocks));
    const rn_index n = blocks->n_groups;
    rn_workspace *work = blocks->gradients.work;
    RNI_TRY(bind_point(blocks, work, theta, x));
    RNI_TRY(bind_weights(blocks, work, blocks->direction, blocks->masked));
    double *sums = rni_alloc_zero(n + n * n, sizeof *sums);
    if (!sums) return no_memory();
    rn_status status = RN_OK;
    for (rn_index m = 0; m < n && status == RN_OK; m++)
        status = run_moving(blocks, m, v, m == 0 ? sums : NULL, sums + n);
    if (status == RN_OK && !is_finite(n + n * n, sums)) status = not_finite("rn_blocks_changes");
    if (status == RN_OK) {
        memcpy(norms, sums, (size_t)n * sizeof *norms);
        memcpy(changes, sums + n, (size_t)(n * n) * sizeof *changes);
    }
    rni_free(sums);
    return status;
}

rn_status rn_blocks_cost(rn_blocks *blocks, rn_index *bytes, double *jacobian_flops,
                         double *change_flops)
{
    if (!blocks || !bytes || !jacobian_flops || !change_flops)
        return rni_fail(RN_ERR_ARGUMENT, "rn_blocks_cost: an argument is NULL");
    RNI_TRY(need_chain(blocks));
    rn_index total = rn_plan_bytes(blocks->chain.plan);
    double flops = 0.0;
    if (rn_blocks_are_separate(blocks)) {
        RNI_TRY(need_gradients(blocks));
        const rn_index own = blocks->n_weights + blocks->n_groups * (blocks->n_groups + 1);
        total += rn_plan_bytes(blocks->gradients.plan) + own * (rn_index)sizeof(double);
        flops = (double)blocks->n_groups * rn_plan_flops(blocks->gradients.plan);
    }
    *bytes = total;
    *jacobian_flops = rn_plan_flops(blocks->chain.plan);
    *change_flops = flops;
    return RN_OK;
}
