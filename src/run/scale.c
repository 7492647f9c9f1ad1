/*
 * The largest eigenvalue, exactly where the matrix is small, else by Lanczos.
 */
#include "run/scale.h"

#include <renorm/lanczos.h>
#include <renorm/spectra.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/status.h"

/* Rows of the largest matrix that is assembled for this, and Lanczos steps beyond. */
#define MOST_ROWS ((rn_index)4096)
#define STEPS     ((rn_index)40)

static bool is_small(const rni_stage *stage)
{
    return stage->n_rows <= MOST_ROWS;
}

rn_index rni_scale_bytes(const rni_stage *stage)
{
    const rn_index n = stage->n_rows;
    const rn_index words = is_small(stage) ? n * (n + 3) : (STEPS + 2) * n + 10 * stage->n_weights;
    return words * (rn_index)sizeof(double);
}

static rn_status find_exactly(const rni_stage *stage, const rn_kernel_point *point, double *found)
{
    const rn_index n = stage->n_rows;
    double *block = rni_alloc(n * n + n, sizeof *block);
    if (!block)
        return rni_fail(RN_ERR_MEMORY,
                        "rn_run_execute: no memory for the kernel of %" PRId64
                        " rows that a relative step size needs",
                        n);
    /* one thread: the training must not depend on how many there are */
    const rn_spectra_options chosen = {.n_threads = 1};
    rn_status status = rn_kernel_assemble(stage->kernel, point, block + n);
    if (status == RN_OK) status = rn_spectra_values(n, block + n, n, &chosen, block, NULL);
    if (status == RN_OK) *found = block[n - 1];
    rni_free(block);
    return status;
}

static rn_status find_by_lanczos(const rni_stage *stage, const rn_kernel_point *point,
                                 uint64_t seed, double *found)
{
    const rn_index n = stage->n_rows;
    const rni_stream draws = {.seed = seed, .purpose = RNI_RNG_PROBE_VECTOR};
    double nodes[STEPS];
    double weights[STEPS];
    rn_op *op = NULL;
    rn_lanczos *lanczos = NULL;
    double *start = rni_alloc(n, sizeof *start);
    if (!start) return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for %" PRId64 " rows", n);
    rni_rng_fill_normal(draws, 0, n, start);
    rn_status status = rn_kernel_operator(stage->kernel, point, &op);
    if (status == RN_OK) status = rn_lanczos_create(op, start, STEPS, &lanczos);
    if (status == RN_OK) status = rn_lanczos_extend(lanczos, STEPS);
    if (status == RN_OK) {
        const rn_jacobi rule = rn_lanczos_rule(lanczos, STEPS);
        status = rn_jacobi_gauss(&rule, nodes, weights, NULL);
        if (status == RN_OK) *found = nodes[rule.n - 1];
    }
    rn_lanczos_destroy(lanczos);
    rn_op_destroy(op);
    rni_free(start);
    return status;
}

rn_status rni_scale_find(const rni_stage *stage, uint64_t seed, double *lambda_max)
{
    const rn_kernel_point point = rni_stage_point(stage, rn_trainer_theta(stage->trainer));
    return is_small(stage) ? find_exactly(stage, &point, lambda_max)
                           : find_by_lanczos(stage, &point, seed, lambda_max);
}
