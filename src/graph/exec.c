/*
 * Workspaces: one arena, and the addresses of every operand of every step, resolved before the
 * first run. Binding a leaf rewrites the addresses of its uses; a run only walks the steps.
 */
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "graph/plan.h"

struct rn_workspace {
    const rn_plan *plan;
    double *arena;           /* owned, device memory */
    const double **in;       /* [plan->n_in], in the same block as this struct */
    double **out;            /* [plan->n_out] */
    unsigned char *is_bound; /* [plan->n_storages], leaves only */
    int n_unbound;           /* leaves still without an array */
};

/* One block: the struct, then the addresses, then the flags. */
static rn_index block_bytes(const rn_plan *plan)
{
    return (rn_index)sizeof(rn_workspace)
           + ((rn_index)plan->n_in + plan->n_out) * (rn_index)sizeof(double *) + plan->n_storages;
}

rn_index rn_plan_bytes(const rn_plan *plan)
{
    return plan->arena_size * (rn_index)sizeof(double) + block_bytes(plan);
}

static void resolve(rn_workspace *work)
{
    const rn_plan *plan = work->plan;
    for (int k = 0; k < plan->n_in; k++) {
        const rni_storage *storage = &plan->storages[plan->in[k].storage];
        const double *base = NULL;
        if (storage->kind == RNI_STORAGE_CONSTANT) base = plan->constants + storage->offset;
        if (storage->kind == RNI_STORAGE_ARENA) base = work->arena + storage->offset;
        work->in[k] = base ? base + plan->in[k].offset : NULL;
    }
    for (int k = 0; k < plan->n_out; k++)
        work->out[k] =
            work->arena + plan->storages[plan->out[k].storage].offset + plan->out[k].offset;
    for (int s = 0; s < plan->n_storages; s++)
        if (plan->storages[s].kind == RNI_STORAGE_LEAF) work->n_unbound++;
}

rn_status rn_workspace_create(const rn_plan *plan, rn_workspace **out)
{
    if (!plan || !out)
        return rni_fail(RN_ERR_ARGUMENT, "rn_workspace_create: plan and out must be given");
    char *block = rni_alloc_zero(block_bytes(plan), 1);
    double *arena = plan->device->alloc(plan->arena_size);
    if (!block || !arena) {
        rni_free(block);
        plan->device->free(arena);
        return rni_fail(RN_ERR_MEMORY, "rn_workspace_create: no memory for %" PRId64 " bytes",
                        rn_plan_bytes(plan));
    }
    rn_workspace *work = (rn_workspace *)(void *)block;
    work->plan = plan;
    work->arena = arena;
    work->in = (const double **)(void *)(block + sizeof *work);
    work->out = (double **)(void *)(block + sizeof *work + (size_t)plan->n_in * sizeof(double *));
    work->is_bound = (unsigned char *)(work->out + plan->n_out);
    resolve(work);
    *out = work;
    return RN_OK;
}

void rn_workspace_destroy(rn_workspace *work)
{
    if (!work) return;
    work->plan->device->free(work->arena);
    rni_free(work);
}

rn_status rn_workspace_bind(rn_workspace *work, rn_node leaf, const double *values)
{
    if (!work || !values)
        return rni_fail(RN_ERR_ARGUMENT, "rn_workspace_bind: work and values must be given");
    const rn_plan *plan = work->plan;
    const int storage = leaf >= 0 && leaf < plan->n_graph_nodes ? plan->leaf_of[leaf] : RNI_NO_LEAF;
    if (storage == RNI_NO_LEAF)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_workspace_bind: node %d is no input or parameter of the graph",
                        (int)leaf);
    if (storage == RNI_UNUSED_LEAF) return RN_OK;
    for (int k = plan->first_use[storage]; k >= 0; k = plan->in[k].next)
        work->in[k] = values + plan->in[k].offset;
    if (!work->is_bound[storage]) work->n_unbound--;
    work->is_bound[storage] = 1;
    return RN_OK;
}

static rn_status refuse_unbound(const rn_workspace *work)
{
    const rn_plan *plan = work->plan;
    for (rn_index i = 0; i < plan->n_graph_nodes; i++) {
        const int storage = plan->leaf_of[i];
        if (storage >= 0 && !work->is_bound[storage])
            return rni_fail(RN_ERR_ARGUMENT,
                            "rn_workspace_run: '%s' (node %d) has no array; call"
                            " rn_workspace_bind first",
                            plan->names[i] ? plan->names[i] : "", (int)i);
    }
    return rni_fail(RN_ERR_INTERNAL, "rn_workspace_run: leaves are miscounted");
}

static rn_status run_step(const rni_device *device, const rni_step *step, const double *const *in,
                          double *const *out)
{
    switch (step->kind) {
    case RNI_STEP_GEMM: return device->gemm(step->what.gemm, in, out);
    case RNI_STEP_ELEMENTWISE: device->elementwise(step->what.elementwise, in, out); return RN_OK;
    case RNI_STEP_REDUCE: device->reduce(step->what.reduce, in, out); return RN_OK;
    case RNI_STEP_MOVE: device->move(step->what.move, in, out); return RN_OK;
    case RNI_STEP_FILL: device->fill(step->size, 0.0, out[0]); return RN_OK;
    case RNI_STEP_GATHER: return device->gather(step->what.rows, in, out);
    case RNI_STEP_SCATTER_ADD: return device->scatter_add(step->what.rows, in, out);
    }
    return RN_ERR_INTERNAL;
}

rn_status rn_workspace_run(rn_workspace *work)
{
    if (!work) return rni_fail(RN_ERR_ARGUMENT, "rn_workspace_run: work must be given");
    if (work->n_unbound > 0) return refuse_unbound(work);
    const rn_plan *plan = work->plan;
    for (int s = 0; s < plan->n_steps; s++) {
        const rni_step *step = &plan->steps[s];
        const rn_status status =
            run_step(plan->device, step, work->in + step->first_in, work->out + step->first_out);
        if (status < 0) {
            const char *name = plan->names[step->node];
            return rni_fail_within(status, "rn_workspace_run: node %d%s%s%s", (int)step->node,
                                   name ? " '" : "", name ? name : "", name ? "'" : "");
        }
    }
    plan->device->sync();
    return RN_OK;
}

const double *rn_workspace_value(const rn_workspace *work, rn_node node)
{
    if (!work || node < 0 || node >= work->plan->n_graph_nodes) return NULL;
    const int storage = work->plan->wanted_of[node];
    return storage < 0 ? NULL : work->arena + work->plan->storages[storage].offset;
}
