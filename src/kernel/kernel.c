/*
 * Creating and describing a kernel.
 */
#include "kernel/kernel.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "kernel/layout.h"

#define DEFAULT_FACTOR_BYTES ((rn_index)1 << 30)

rn_kernel_desc rn_kernel_desc_defaults(void)
{
    return (rn_kernel_desc){.output = RN_NODE_NONE, .seed = RN_NODE_NONE, .n_threads = 1};
}

/* ---- create ---------------------------------------------------------------------------------- */

static bool has_sample_axis(rn_shape shape)
{
    return shape.rank >= 1 && shape.dims[0] == RN_SAMPLES;
}

/* Product of dims[first ..]; false when one depends on the number of samples. */
static bool entries_from(rn_shape shape, int first, rn_index *out)
{
    *out = 1;
    for (int i = first; i < shape.rank; i++)
        if (shape.dims[i] < 0 || !rni_size_mul(*out, shape.dims[i], out)) return false;
    return true;
}

/* Sizes of the inputs, per sample where they are sample data. */
static rn_status take_inputs(rn_kernel *kernel, const rn_kernel_desc *desc)
{
    kernel->n_inputs = desc->n_inputs;
    kernel->inputs = rni_alloc(desc->n_inputs, sizeof *kernel->inputs);
    kernel->input_size = rni_alloc(desc->n_inputs, sizeof *kernel->input_size);
    kernel->input_is_data = rni_alloc(desc->n_inputs, sizeof *kernel->input_is_data);
    if (!kernel->inputs || !kernel->input_size || !kernel->input_is_data)
        return rni_fail(RN_ERR_MEMORY, "rn_kernel_create: no memory for %" PRId64 " inputs",
                        desc->n_inputs);
    for (rn_index i = 0; i < desc->n_inputs; i++) {
        const rn_shape shape = rn_graph_shape(kernel->graph, desc->inputs[i]);
        if (shape.rank < 0)
            return rni_fail(RN_ERR_ARGUMENT,
                            "rn_kernel_create: inputs[%" PRId64 "] is not a node of the graph", i);
        kernel->inputs[i] = desc->inputs[i];
        kernel->input_is_data[i] = has_sample_axis(shape);
        if (!entries_from(shape, kernel->input_is_data[i] ? 1 : 0, &kernel->input_size[i]))
            return rni_fail(RN_ERR_SHAPE,
                            "rn_kernel_create: inputs[%" PRId64 "] has a dimension of several"
                            " samples; the sample axis must be axis 0, of length N",
                            i);
    }
    return RN_OK;
}

/* Output as [N, C], the seed as [N, K, C]; without one the identity, K = C. */
static rn_status take_output(rn_kernel *kernel, const rn_kernel_desc *desc)
{
    rn_graph *graph = kernel->graph;
    const rn_shape f = rn_graph_shape(graph, desc->output);
    rn_index width = 0;
    if (!has_sample_axis(f) || !entries_from(f, 1, &width)
        || rn_graph_rows(graph, desc->output) == RN_ROWS_NONE)
        return rni_fail(RN_ERR_SHAPE,
                        "rn_kernel_create: the output must have the sample axis as axis 0 and"
                        " depend on samples");
    kernel->is_coupled = rn_graph_rows(graph, desc->output) == RN_ROWS_MIXED;
    kernel->output = rn_graph_reshape(graph, desc->output, RN_SHAPE(RN_SAMPLES, width));
    kernel->n_rows = width;
    kernel->has_seed = desc->seed != RN_NODE_NONE;
    if (kernel->has_seed) {
        const rn_shape seed = rn_graph_shape(graph, desc->seed);
        rn_index seed_width = 0;
        if (!has_sample_axis(seed) || seed.rank < 2 || !entries_from(seed, 2, &seed_width)
            || seed_width != width || seed.dims[1] < 1)
            return rni_fail(RN_ERR_SHAPE,
                            "rn_kernel_create: the seed must be [N, K, %" PRId64
                            "]: one row of K for every output",
                            width);
        if (rn_graph_rows(graph, desc->seed) == RN_ROWS_MIXED) kernel->is_coupled = true;
        kernel->n_rows = seed.dims[1];
        kernel->seed =
            rn_graph_reshape(graph, desc->seed, RN_SHAPE(RN_SAMPLES, kernel->n_rows, width));
        return rn_graph_status(graph);
    }
    rn_index n_entries = 0;
    double *identity = NULL;
    if (rni_size_mul(width, width, &n_entries))
        identity = rni_alloc_zero(n_entries, sizeof(double));
    if (!identity)
        return rni_fail(RN_ERR_MEMORY, "rn_kernel_create: no memory for %" PRId64 " outputs",
                        width);
    for (rn_index c = 0; c < width; c++)
        identity[c * width + c] = 1.0;
    const rn_node constant = rn_graph_constant(graph, RN_SHAPE(1, width, width), identity);
    rni_free(identity);
    kernel->seed = rn_graph_broadcast(graph, constant, RN_SHAPE(RN_SAMPLES, width, width));
    return rn_graph_status(graph);
}

static rn_status take_directions(rn_kernel *kernel)
{
    const rn_index n = RNI_N_DIRECTIONS * kernel->n_parameters;
    kernel->directions = rni_alloc(n, sizeof *kernel->directions);
    if (!kernel->directions)
        return rni_fail(RN_ERR_MEMORY, "rn_kernel_create: no memory for directions");
    for (rn_index i = 0; i < n; i++)
        kernel->directions[i] = RN_NODE_NONE;
    kernel->cotangent = RN_NODE_NONE;
    return RN_OK;
}

static rn_status take_resting(rn_kernel *kernel, const rn_kernel_desc *desc)
{
    kernel->is_resting = rni_alloc_zero(kernel->n_parameters, sizeof *kernel->is_resting);
    if (!kernel->is_resting)
        return rni_fail(RN_ERR_MEMORY, "rn_kernel_create: no memory for parameters");
    for (rn_index i = 0; i < desc->n_resting; i++) {
        rn_index p = 0;
        while (p < kernel->n_parameters
               && rn_graph_parameter_at(kernel->graph, p) != desc->resting[i])
            p++;
        if (p == kernel->n_parameters)
            return rni_fail(
                RN_ERR_ARGUMENT,
                "rn_kernel_create: resting[%" PRId64 "] is not a parameter of the graph", i);
        kernel->is_resting[p] = true;
    }
    return RN_OK;
}

static rn_status check_desc(const rn_kernel_desc *desc, rn_kernel *const *out)
{
    if (!desc || !out || !desc->graph || desc->n_inputs < 0 || (desc->n_inputs > 0 && !desc->inputs)
        || desc->n_resting < 0 || (desc->n_resting > 0 && !desc->resting))
        return rni_fail(RN_ERR_ARGUMENT, "rn_kernel_create: a description with a graph, its inputs "
                                         "and resting parameters is needed");
    if (desc->n_threads < 1 || desc->n_threads > RNI_POOL_MAX_THREADS)
        return rni_fail(RN_ERR_ARGUMENT, "rn_kernel_create: %d threads, expected 1 .. %d",
                        desc->n_threads, RNI_POOL_MAX_THREADS);
    if (desc->max_factor_bytes < 0)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_kernel_create: max_factor_bytes is %" PRId64 ", expected >= 0",
                        desc->max_factor_bytes);
    RNI_TRY(rni_ranks_check(desc->ranks, "rn_kernel_create"));
    RNI_TRY(rn_graph_status(desc->graph));
    if (rn_graph_n_parameters(desc->graph) < 1)
        return rni_fail(RN_ERR_ARGUMENT, "rn_kernel_create: the graph has no parameters");
    return RN_OK;
}

rn_status rn_kernel_create(const rn_kernel_desc *desc, rn_kernel **out)
{
    RNI_TRY(check_desc(desc, out));
    rn_kernel *kernel = rni_alloc_zero(1, sizeof *kernel);
    if (!kernel) return rni_fail(RN_ERR_MEMORY, "rn_kernel_create: out of memory");
    kernel->graph = desc->graph;
    kernel->n_threads = desc->n_threads;
    kernel->ranks = desc->ranks;
    kernel->max_factor_bytes =
        desc->max_factor_bytes > 0 ? desc->max_factor_bytes : DEFAULT_FACTOR_BYTES;
    kernel->n_parameters = rn_graph_n_parameters(desc->graph);
    kernel->n_weights = rn_graph_n_weights(desc->graph);
    rn_status status = take_inputs(kernel, desc);
    if (status == RN_OK) status = take_output(kernel, desc);
    if (status == RN_OK) status = take_directions(kernel);
    if (status == RN_OK) status = take_resting(kernel, desc);
    if (status == RN_OK) status = rni_kernel_analyse(kernel);
    if (status == RN_OK && desc->n_threads > 1)
        status = rni_pool_create(desc->n_threads, &kernel->pool);
    if (status < 0) {
        rn_kernel_destroy(kernel);
        return status;
    }
    *out = kernel;
    return RN_OK;
}

void rn_kernel_destroy(rn_kernel *kernel)
{
    if (!kernel) return;
    for (int i = 0; i < RNI_N_PROGRAMS; i++)
        rni_program_clear(kernel, &kernel->programs[i]);
    rni_kernel_forget(kernel);
    rni_free(kernel->kept);
    rni_free(kernel->directions);
    rni_free(kernel->is_resting);
    rni_free(kernel->inputs);
    rni_free(kernel->input_size);
    rni_free(kernel->input_is_data);
    rni_pool_destroy(kernel->pool);
    rni_free(kernel);
}

rn_status rn_kernel_limit_memory(rn_kernel *kernel, rn_index max_factor_bytes)
{
    if (!kernel || max_factor_bytes < 0)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_kernel_limit_memory: no kernel, or a limit of %" PRId64
                        " bytes, expected >= 0",
                        max_factor_bytes);
    kernel->max_factor_bytes = max_factor_bytes > 0 ? max_factor_bytes : DEFAULT_FACTOR_BYTES;
    return RN_OK;
}

static rn_status check_scale(const rn_kernel *kernel, const rn_kernel_point *point,
                             const char *function)
{
    if (point->scale_tangent && !point->scale)
        return rni_fail(RN_ERR_ARGUMENT, "%s: a scale_tangent needs a scale", function);
    for (rn_index i = 0; point->scale && i < kernel->n_weights; i++)
        if (!isfinite(point->scale[i])
            || (point->scale_tangent && !isfinite(point->scale_tangent[i])))
            return rni_fail(RN_ERR_NONFINITE,
                            "%s: the scale of weight %" PRId64 " is %g, its tangent %g; expected "
                            "finite numbers",
                            function, i, point->scale[i],
                            point->scale_tangent ? point->scale_tangent[i] : 0.0);
    return RN_OK;
}

rn_status rni_kernel_check(const rn_kernel *kernel, const rn_kernel_point *point,
                           const char *function)
{
    if (!kernel || !point || !point->theta || (kernel->n_inputs > 0 && !point->inputs))
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: a kernel and a point with theta and inputs are needed", function);
    if (!rni_size_ok(point->n_samples))
        return rni_fail(RN_ERR_ARGUMENT, "%s: %" PRId64 " samples, expected at least 1", function,
                        point->n_samples);
    for (rn_index i = 0; i < kernel->n_inputs; i++)
        if (!point->inputs[i])
            return rni_fail(RN_ERR_ARGUMENT, "%s: inputs[%" PRId64 "] is NULL", function, i);
    RNI_TRY(check_scale(kernel, point, function));
    rn_index n = 0;
    rn_index n_entries = 0;
    if (!rni_size_mul(point->n_samples, kernel->n_rows, &n) || !rni_size_mul(n, n, &n_entries)
        || n_entries > RN_SIZE_MAX)
        return rni_fail(RN_ERR_SHAPE,
                        "%s: a kernel of %" PRId64 " samples x %" PRId64
                        " rows is too large to address",
                        function, point->n_samples, kernel->n_rows);
    return RN_OK;
}

/* ---- describe -------------------------------------------------------------------------------- */

rn_index rn_kernel_rows_per_sample(const rn_kernel *kernel)
{
    return kernel ? kernel->n_rows : 0;
}

rn_index rn_kernel_n_weights(const rn_kernel *kernel)
{
    return kernel ? kernel->n_weights : 0;
}

int rn_kernel_is_coupled(const rn_kernel *kernel)
{
    return kernel && kernel->is_coupled;
}

const char *rn_kernel_order_name(rn_kernel_order order)
{
    switch (order) {
    case RN_KERNEL_BOTH_GRAMS: return "S";
    case RN_KERNEL_INPUT_GRAM: return "A";
    case RN_KERNEL_ROW_GRADIENTS: return "G";
    case RN_KERNEL_RANK_ONE: return "rank one";
    case RN_KERNEL_ROWS: return "rows";
    }
    return "unknown";
}

rn_status rn_kernel_describe(const rn_kernel *kernel, rn_index n_samples, rn_index parameter,
                             rn_kernel_block *out)
{
    if (!kernel || !out || !rni_size_ok(n_samples) || parameter < 0
        || parameter >= kernel->n_parameters)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_kernel_describe: a kernel, a number of samples and one of its"
                        " parameters are needed");
    const rni_block *block = &kernel->blocks[parameter];

    rn_kernel_block b = {
        .name = rn_graph_node_name(kernel->graph, rn_graph_parameter_at(kernel->graph, parameter)),
        .size = block->size,
        .n_uses = block->n_uses,
        .positions = rni_block_positions(kernel, block),
        .in_width = block->in_width,
        .out_width = block->out_width,
        .shares_factors = rni_block_is_hosted(kernel, n_samples, parameter),
        .is_resting = kernel->is_resting[parameter],
    };
    b.order = rni_block_order(kernel, n_samples, parameter, b.order_flops, &b.flops);
    *out = b;
    return RN_OK;
}

rn_status rn_kernel_force_order(rn_kernel *kernel, rn_index parameter, int order)
{
    if (!kernel || parameter < 0 || parameter >= kernel->n_parameters
        || order < RN_KERNEL_ORDER_CHEAPEST || order > RN_KERNEL_ROW_GRADIENTS)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_kernel_force_order: one of the kernel's parameters and one of the"
                        " orders S, A, G are needed");
    double flops[3];
    double least = 0.0;
    (void)rni_block_order(kernel, 1, parameter, flops, &least);
    if (order >= 0 && isnan(flops[order]))
        return rni_fail(RN_ERR_DOMAIN,
                        "rn_kernel_force_order: order %s does not apply to parameter %" PRId64,
                        rn_kernel_order_name((rn_kernel_order)order), parameter);
    kernel->blocks[parameter].forced = order;
    return RN_OK;
}

double rn_kernel_flops(const rn_kernel *kernel, rn_index n_samples)
{
    double total = 0.0;
    for (rn_index p = 0; kernel && p < kernel->n_parameters; p++) {
        double flops[3];
        double own = 0.0;
        (void)rni_block_order(kernel, n_samples, p, flops, &own);
        total += own;
    }
    return total;
}
