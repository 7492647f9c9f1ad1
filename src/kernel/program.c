/*
 * Programs planned for tiles of samples.
 *
 * A program runs on `tile` samples at a time and once on what is left over; both plans are kept,
 * with a workspace for every thread. The tile is chosen from the bytes per sample of the plan
 * alone, so it depends on shapes only.
 */
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "kernel/kernel.h"

/* One workspace should stay in the outer cache of a core's share. */
#define TILE_BYTES   ((rn_index)24 << 20)
#define TILE_SAMPLES 256
#define TRIAL        ((rn_index)16) /* samples of the plans that tell the bytes per sample */

static void clear_planned(const rn_kernel *kernel, rni_planned *planned)
{
    for (int t = 0; planned->work && t < kernel->n_threads; t++)
        rn_workspace_destroy(planned->work[t]);
    rni_free(planned->work);
    rn_plan_destroy(planned->plan);
    *planned = (rni_planned){0};
}

void rni_program_rest(rn_kernel *kernel, rni_program *program)
{
    clear_planned(kernel, &program->full);
    clear_planned(kernel, &program->rest);
}

void rni_program_clear(rn_kernel *kernel, rni_program *program)
{
    rni_program_rest(kernel, program);
    rni_free(program->wanted);
    *program = (rni_program){0};
}

static rn_status make_planned(const rn_kernel *kernel, const rni_program *program,
                              rn_index n_samples, rni_planned *out)
{
    rni_planned planned = {.n_samples = n_samples};
    rn_status status =
        rn_plan_create_given(kernel->graph, n_samples, program->n_given, program->given,
                             program->n_wanted, program->wanted, &planned.plan);
    if (status < 0) return status;
    planned.work = rni_alloc_zero(kernel->n_threads, sizeof(rn_workspace *));
    if (!planned.work) status = rni_fail(RN_ERR_MEMORY, "rn_kernel: no memory for workspaces");
    for (int t = 0; status == RN_OK && t < kernel->n_threads; t++)
        status = rn_workspace_create(planned.plan, &planned.work[t]);
    if (status < 0) {
        clear_planned(kernel, &planned);
        return status;
    }
    *out = planned;
    return RN_OK;
}

static rn_status plan_bytes(const rn_kernel *kernel, const rni_program *program, rn_index n_samples,
                            rn_index *bytes)
{
    rn_plan *plan = NULL;
    RNI_TRY(rn_plan_create_given(kernel->graph, n_samples, program->n_given, program->given,
                                 program->n_wanted, program->wanted, &plan));
    *bytes = rn_plan_bytes(plan);
    rn_plan_destroy(plan);
    return RN_OK;
}

/* The largest tile within TILE_BYTES; with multiple > 0 it is multiple * 2^k or divides it. */
static rn_status choose_tile(const rn_kernel *kernel, const rni_program *program, rn_index multiple,
                             rn_index *tile)
{
    rn_index small = 0;
    rn_index large = 0;
    RNI_TRY(plan_bytes(kernel, program, TRIAL, &small));
    RNI_TRY(plan_bytes(kernel, program, 2 * TRIAL, &large));
    const rn_index per_sample = rni_max((large - small) / TRIAL, 1);
    const rn_index most = rni_max(1, rni_min(TILE_SAMPLES, TILE_BYTES / per_sample));
    if (multiple <= 0) {
        *tile = most;
        return RN_OK;
    }
    rn_index fit = multiple;
    while (fit > most && fit % 2 == 0)
        fit /= 2;
    if (fit > most) fit = 1;
    while (fit % multiple == 0 && fit * 2 <= most)
        fit *= 2;
    *tile = fit;
    return RN_OK;
}

rn_index rni_program_n_tiles(const rni_program *program, rn_index n_samples)
{
    return rni_ceil_div(n_samples, program->tile);
}

static rn_status need_tile(rn_kernel *kernel, rni_program_kind kind, rn_index tile,
                           rn_index multiple, rn_index *chosen)
{
    RNI_TRY(rni_kernel_build(kernel, kind));
    *chosen = kernel->programs[kind].tile;
    if (tile > 0) *chosen = tile;
    if (*chosen == 0) RNI_TRY(choose_tile(kernel, &kernel->programs[kind], multiple, chosen));
    return RN_OK;
}

rn_status rni_program_cut(rn_kernel *kernel, rni_program_kind kind, rn_index tile)
{
    return need_tile(kernel, kind, tile, 0, &kernel->programs[kind].tile);
}

rn_status rni_program_prepare(rn_kernel *kernel, rni_program_kind kind, rn_index n_samples,
                              rn_index tile, rn_index multiple)
{
    rni_program *program = &kernel->programs[kind];
    RNI_TRY(need_tile(kernel, kind, tile, multiple, &tile));
    program->tile = tile;
    const rn_index rest = n_samples % tile;
    if (n_samples >= tile && program->full.n_samples != tile) {
        clear_planned(kernel, &program->full);
        RNI_TRY(make_planned(kernel, program, tile, &program->full));
    }
    if (rest > 0 && program->rest.n_samples != rest) {
        clear_planned(kernel, &program->rest);
        RNI_TRY(make_planned(kernel, program, rest, &program->rest));
    }
    return RN_OK;
}

rn_status rni_program_bytes(rn_kernel *kernel, rni_program_kind kind, rn_index n_samples,
                            rn_index tile, rn_index multiple, rn_index *chosen, rn_index *bytes)
{
    RNI_TRY(need_tile(kernel, kind, tile, multiple, &tile));
    *chosen = tile;
    const rni_program *program = &kernel->programs[kind];
    rn_index total = 0;
    if (n_samples >= tile) RNI_TRY(plan_bytes(kernel, program, tile, &total));
    if (n_samples % tile > 0) {
        rn_index rest = 0;
        RNI_TRY(plan_bytes(kernel, program, n_samples % tile, &rest));
        total += rest;
    }
    *bytes = total * kernel->n_threads;
    return RN_OK;
}

static rn_status bind_inputs(const rn_kernel *kernel, const rni_leaves *leaves, rn_index first,
                             rn_workspace *work)
{
    rn_status status = RN_OK;
    for (rn_index i = 0; i < kernel->n_inputs && status == RN_OK; i++) {
        const rn_index start = kernel->input_is_data[i] ? first * kernel->input_size[i] : 0;
        status = rn_workspace_bind(work, kernel->inputs[i], leaves->point->inputs[i] + start);
    }
    if (status == RN_OK && leaves->cotangent)
        status = rn_workspace_bind(work, kernel->cotangent, leaves->cotangent);
    for (rn_index i = 0; leaves->kept && i < kernel->n_kept && status == RN_OK; i++)
        status = rn_workspace_bind(work, kernel->kept[i],
                                   leaves->kept->values[i] + first * rni_keep_size(kernel, i));
    return status;
}

/* nodes [n_parameters], NULL for the parameters themselves, to the pieces of values [P]. */
static rn_status bind_weights(const rn_kernel *kernel, const rn_node *nodes, const double *values,
                              rn_workspace *work)
{
    rn_status status = RN_OK;
    for (rn_index p = 0; p < kernel->n_parameters && status == RN_OK; p++) {
        const rn_node node = nodes ? nodes[p] : rn_graph_parameter_at(kernel->graph, p);
        status = rn_workspace_bind(work, node, values + kernel->blocks[p].offset);
    }
    return status;
}

rn_status rni_program_run(rn_kernel *kernel, rni_program_kind kind, int thread,
                          const rni_leaves *leaves, rn_index first, rn_index count,
                          rn_workspace **work)
{
    rni_program *program = &kernel->programs[kind];
    const rni_planned *planned = count == program->tile ? &program->full : &program->rest;
    RNI_ASSERT(planned->n_samples == count);
    rn_workspace *w = planned->work[thread];
    rn_status status = bind_inputs(kernel, leaves, first, w);
    if (status == RN_OK) status = bind_weights(kernel, NULL, leaves->point->theta, w);
    for (int d = 0; d < RNI_N_DIRECTIONS && status == RN_OK; d++)
        if (leaves->directions[d])
            status = bind_weights(kernel, kernel->directions + d * kernel->n_parameters,
                                  leaves->directions[d], w);
    if (status == RN_OK) status = rn_workspace_run(w);
    if (status == RN_OK) *work = w;
    return status;
}
