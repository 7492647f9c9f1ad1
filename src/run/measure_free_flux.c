/*
 * Flux and drive between Ritz vectors y_i = sum_j s_ij q_j of a Lanczos basis q: y_i^T M' y_j from
 * products with the tangent.
 */
#include <math.h>
#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "kernel/kernel.h"
#include "run/measure_free.h"
#include "shells/shell_flux.h"

/* xi_i = y_i . (J v + M e), where y_i . M e = theta_i g_i. */
static rn_status project_drive(rni_free_measure *x, const rn_lanczos *lanczos, rn_index k)
{
    const double *basis = rn_lanczos_vector(lanczos, 0);
    RNI_TRY(rni_gemv(false, k, x->n, 1.0, basis, x->n, x->rows, 0.0, x->along));
    RNI_TRY(rni_gemv(false, k, k, 1.0, x->vectors, k, x->along, 0.0, x->xi));
    for (rn_index i = 0; i < k; i++)
        x->xi[i] += x->theta[i] * x->g[i];
    return RN_OK;
}

/* inner := Q M' Q^T over the basis as rows. */
static rn_status project_tangent(rni_free_measure *x, const rn_kernel_point *point,
                                 const double *velocity, const rn_lanczos *lanczos, rn_index k)
{
    rn_op *op = NULL;
    RNI_TRY(rn_kernel_tangent_operator(x->stage->kernel, point, velocity, &op));
    const double *basis = rn_lanczos_vector(lanczos, 0);
    rn_status status = rni_free_load_tangent(x, k);
    for (rn_index j = x->n_tangent_kept; j < k && status == RN_OK; j++) {
        status = rn_op_apply(op, 1, basis + j * x->n, x->n, x->rows, x->n);
        if (status == RN_OK)
            status = rni_gemv(false, k, x->n, 1.0, basis, x->n, x->rows, 0.0, x->inner + j * k);
        if (status == RN_OK) status = rni_free_keep_tangent(x, lanczos, j + 1, k);
    }
    rn_op_destroy(op);
    for (rn_index i = 0; i < k; i++)
        for (rn_index j = 0; j < i; j++) {
            const double mean = 0.5 * (x->inner[i * k + j] + x->inner[j * k + i]);
            x->inner[i * k + j] = mean;
            x->inner[j * k + i] = mean;
        }
    return status;
}

/* tangent := S inner S^T for the first m of k basis vectors, S in x->vectors. */
static rn_status turn_tangent(rni_free_measure *x, rn_index m, rn_index k)
{
    RNI_TRY(rni_gemm(false, false, m, m, m, 1.0, x->vectors, m, x->inner, k, 0.0, x->work, m));
    return rni_gemm(false, true, m, m, m, 1.0, x->work, m, x->vectors, m, 0.0, x->tangent, m);
}

rn_status rni_free_nodes(rni_free_measure *x, const rn_jacobi *rule, rn_index m)
{
    rn_jacobi part = *rule;
    part.n = m;
    RNI_TRY(rn_jacobi_gauss(&part, x->theta, x->weight, x->vectors));
    for (rn_index i = 0; i < m; i++)
        x->g[i] = sqrt(rule->mass) * x->vectors[i * m];
    return RN_OK;
}

rn_status rni_free_compare_half(rni_free_measure *x, const rn_jacobi *rule,
                                const rn_shell_report *report)
{
    const rn_index m = (rule->n + 1) / 2;
    double *half = rni_alloc(report->n_boundaries, sizeof *half);
    if (!half) return rni_fail(RN_ERR_MEMORY, "measure.matrix_free: no memory for a flux");
    rn_status status = rni_free_nodes(x, rule, m);
    if (status == RN_OK) status = turn_tangent(x, m, rule->n);
    const rn_shell_input input = {.n = m,
                                  .n_samples = x->stage->train.n_samples,
                                  .lambda = x->theta,
                                  .g = x->g,
                                  .mt = x->tangent};
    if (status == RN_OK) status = rn_shell_flux(&report->grid, &input, NULL, half, NULL, NULL);
    for (rn_index b = report->first; b < report->n_boundaries && status == RN_OK; b++)
        report->flux_error[b] = fmax(report->flux_error[b], fabs(report->flux[b] - half[b]));
    rni_free(half);
    return status;
}

rn_status rni_free_project(rni_free_measure *x, const rni_moment *moment, const rn_lanczos *lanczos,
                           rn_index k)
{
    rn_kernel_point point = rni_stage_point(x->stage, moment->theta);
    point.scale = moment->scale;
    point.scale_tangent = moment->scale_rate;
    RNI_TRY(rni_stage_push(x->stage, &point, moment->velocity, x->rows));
    RNI_TRY(project_drive(x, lanczos, k));
    if (!x->settings->flux) return RN_OK;
    const rn_status status = project_tangent(x, &point, moment->velocity, lanczos, k);
    if (status != RN_OK) return status;
    return turn_tangent(x, k, k);
}
