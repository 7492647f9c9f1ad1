/*
 * Activations of one point, kept for many products.
 *
 * In the graphs of J v and J^T u some nodes vary from product to product: those that depend on the
 * direction or the cotangent. What they read and what does not vary is fixed at one point: the
 * activations and their derivatives, found here as the border between the two. Views are looked
 * through, since they cost nothing. Only arrays with a row per sample are kept; functions of the
 * parameters alone are small beside them and are computed anew.
 */
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "graph/graph.h"
#include "kernel/kernel.h"

/* Marks of nodes, [size of the graph]. */
typedef struct marks {
    bool *varies;
    bool *is_needed;
    bool *is_kept;
    rn_index n;
} marks;

static void mark_leaves(const rn_kernel *kernel, marks *m)
{
    for (rn_index i = 0; i < RNI_N_DIRECTIONS * kernel->n_parameters; i++)
        if (kernel->directions[i] != RN_NODE_NONE) m->varies[kernel->directions[i]] = true;
    m->varies[kernel->cotangent] = true;
    static const rni_program_kind kinds[] = {RNI_PROGRAM_APPLY, RNI_PROGRAM_TRANSPOSE};
    for (int k = 0; k < 2; k++) {
        const rni_program *program = &kernel->programs[kinds[k]];
        for (rn_index i = 0; i < program->n_wanted; i++)
            m->is_needed[program->wanted[i]] = true;
    }
}

/* The node behind views, if it is worth keeping; RN_NODE_NONE if not. */
static rn_node keepable(const rn_graph *graph, rn_node node)
{
    const rni_node *self = rni_graph_node(graph, node);
    while (rni_op_family(self->op) == RNI_FAMILY_VIEW) {
        node = self->inputs[0];
        self = rni_graph_node(graph, node);
    }
    const bool is_row = self->rows == RN_ROWS_SEPARATE && self->shape.rank >= 1
                        && self->shape.dims[0] == RN_SAMPLES;
    return is_row && rni_op_family(self->op) != RNI_FAMILY_LEAF ? node : RN_NODE_NONE;
}

static rn_index mark_border(const rn_graph *graph, marks *m)
{
    rn_index count = 0;
    for (rn_node i = 0; i < m->n; i++) {
        const rni_node *self = rni_graph_node(graph, i);
        for (int k = 0; k < self->n_inputs; k++)
            m->varies[i] = m->varies[i] || m->varies[self->inputs[k]];
    }
    for (rn_node i = (rn_node)m->n - 1; i >= 0; i--) {
        if (!m->is_needed[i] || !m->varies[i]) continue;
        const rni_node *self = rni_graph_node(graph, i);
        for (int k = 0; k < self->n_inputs; k++) {
            const rn_node input = self->inputs[k];
            m->is_needed[input] = true;
            const rn_node base = m->varies[input] ? RN_NODE_NONE : keepable(graph, input);
            if (base == RN_NODE_NONE || m->is_kept[base]) continue;
            m->is_kept[base] = true;
            count++;
        }
    }
    return count;
}

rn_status rni_keep_find(rn_kernel *kernel)
{
    if (kernel->kept) return RN_OK;
    RNI_TRY(rni_kernel_build(kernel, RNI_PROGRAM_APPLY));
    RNI_TRY(rni_kernel_build(kernel, RNI_PROGRAM_TRANSPOSE));
    const rn_index n = rn_graph_size(kernel->graph);
    bool *block = rni_alloc_zero(3 * n, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "rn_kernel: no memory for %" PRId64 " nodes", n);
    marks m = {.varies = block, .is_needed = block + n, .is_kept = block + 2 * n, .n = n};
    mark_leaves(kernel, &m);
    const rn_index count = mark_border(kernel->graph, &m);
    rn_node *kept = rni_alloc(rni_max(count, 1), sizeof *kept);
    if (kept) {
        kernel->kept = kept;
        kernel->n_kept = 0;
        for (rn_node i = 0; i < n; i++)
            if (m.is_kept[i]) kept[kernel->n_kept++] = i;
    }
    rni_free(block);
    return kept ? RN_OK
                : rni_fail(RN_ERR_MEMORY, "rn_kernel: no memory for %" PRId64 " nodes", count);
}

rn_index rni_keep_size(const rn_kernel *kernel, rn_index i)
{
    const rn_shape shape = rn_graph_shape(kernel->graph, kernel->kept[i]);
    rn_index size = 1;
    for (int k = 1; k < shape.rank; k++)
        size *= shape.dims[k];
    return size;
}

rn_status rni_keep_bytes(rn_kernel *kernel, rn_index *per_sample)
{
    *per_sample = 0;
    if (kernel->is_coupled || rni_ranks_share(kernel->ranks)) return RN_OK;
    RNI_TRY(rni_keep_find(kernel));
    for (rn_index i = 0; i < kernel->n_kept; i++)
        *per_sample += rni_keep_size(kernel, i) * (rn_index)sizeof(double);
    return RN_OK;
}

typedef struct filling {
    rn_kernel *kernel;
    rni_leaves leaves;
    rn_index tile;
    rni_kept *kept;
} filling;

static rn_status fill_tile(void *user, rn_index task, int thread)
{
    const filling *f = user;
    const rni_program *program = &f->kernel->programs[RNI_PROGRAM_KEEP];
    const rn_index first = task * f->tile;
    const rn_index count = rni_min(f->tile, f->kept->n_samples - first);
    rn_workspace *work = NULL;
    RNI_TRY(rni_program_run(f->kernel, RNI_PROGRAM_KEEP, thread, &f->leaves, first, count, &work));
    for (rn_index i = 0; i < program->n_wanted; i++) {
        const rn_index size = rni_keep_size(f->kernel, i);
        memcpy(f->kept->values[i] + first * size, rn_workspace_value(work, program->wanted[i]),
               (size_t)(count * size) * sizeof(double));
    }
    return RN_OK;
}

static rn_status fill(rn_kernel *kernel, const rn_kernel_point *point, rni_kept *kept)
{
    rni_program *program = &kernel->programs[RNI_PROGRAM_KEEP];
    RNI_TRY(rni_program_prepare(kernel, RNI_PROGRAM_KEEP, kept->n_samples, 0, 0));
    filling f = {.kernel = kernel, .leaves = {.point = point}, .tile = program->tile};
    f.kept = kept;
    const rn_status status =
        rni_pool_run(kernel->pool, rni_program_n_tiles(program, kept->n_samples), fill_tile, &f);
    rni_program_rest(kernel, program);
    return status;
}

rn_status rni_keep_create(rn_kernel *kernel, const rn_kernel_point *point, rn_index max_bytes,
                          rni_kept **out)
{
    rn_index per_sample = 0;
    *out = NULL;
    RNI_TRY(rni_keep_bytes(kernel, &per_sample));
    if (per_sample == 0) return RN_OK;
    const rn_index n_samples = rni_min(point->n_samples, max_bytes / per_sample);
    if (n_samples < 1) return RN_OK;
    rni_kept *kept = rni_alloc_zero(1, sizeof *kept);
    double **values = rni_alloc(kernel->n_kept, sizeof *values);
    double *block = rni_alloc(n_samples * per_sample, 1);
    if (!kept || !values || !block) {
        rni_free(kept);
        rni_free(values);
        rni_free(block);
        return rni_fail(RN_ERR_MEMORY, "rn_kernel: no memory for %" PRId64 " bytes of activations",
                        n_samples * per_sample);
    }
    *kept = (rni_kept){.n_samples = n_samples, .values = values};
    for (rn_index i = 0; i < kernel->n_kept; i++) {
        values[i] = block;
        block += n_samples * rni_keep_size(kernel, i);
    }
    const rn_status status = fill(kernel, point, kept);
    if (status < 0) {
        rni_keep_destroy(kept);
        return status;
    }
    *out = kept;
    return RN_OK;
}

void rni_keep_destroy(rni_kept *kept)
{
    if (!kept) return;
    rni_free(kept->values[0]); /* the start of the one block */
    rni_free((void *)kept->values);
    rni_free(kept);
}
