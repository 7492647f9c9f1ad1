/*
 * The drive of a step, line by line. A line w of the step in weight space moves the error by
 * G^T J w, and does the work (1/N) e0^T chi G^T J w above a boundary; the frame of the loss adds
 * R = J_z d - G^T J d. Their sum is the drive, up to rounding: what is left of the step is
 * -tau grad L, whose G^T J is -tau M e0.
 */
#include "backends/blas.h"
#include "core/memory.h"
#include "run/field.h"
#include "run/measure_exact.h"

/* sums := (1/N) sum_u chi(lambda_u) g_u w_u at every boundary, w [n] in the basis of the rows. */
static rn_status add_up(rni_exact *x, const double *w, double *sums)
{
    const rn_index n = x->n;
    const double n_samples = (double)x->stage->train.n_samples;
    RNI_TRY(rni_gemv(false, n, n, 1.0, x->phi0, n, w, 0.0, x->jv));
    for (rn_index u = 0; u < n; u++)
        x->jv[u] *= x->g0[u] / n_samples;
    return rn_shell_sum_above(&x->grid, n, x->lambda0, x->jv, sums);
}

/* R of the whole step d = next - theta. */
static rn_status measure_frame(rni_exact *x, const rni_moment *moment, const rn_kernel_point *point,
                               double *sums)
{
    double *turned = rni_alloc(x->n, sizeof *turned);
    if (!turned) return rni_fail(RN_ERR_MEMORY, "measure.exact: no memory for the frame's line");
    for (rn_index p = 0; p < x->stage->n_weights; p++)
        x->weights[p] = moment->next[p] - moment->theta[p];
    rn_status status = rni_stage_push(x->stage, point, x->weights, x->rows);
    if (status == RN_OK) status = rn_jacobian_apply(x->stage->kernel, point, x->weights, turned);
    for (rn_index i = 0; i < x->n && status == RN_OK; i++)
        x->rows[i] -= turned[i];
    rni_free(turned);
    return status == RN_OK ? add_up(x, x->rows, sums) : status;
}

rn_status rni_exact_lines(rni_exact *x, const rni_moment *moment, rn_snapshot *snapshot)
{
    const rn_kernel_point point = rni_stage_point(x->stage, moment->theta);
    for (int k = 0; k < RN_N_STEP_LINES; k++) {
        if (!moment->lines[k]) continue;
        RNI_TRY(rn_jacobian_apply(x->stage->kernel, &point, moment->lines[k], x->rows));
        RNI_TRY(add_up(x, x->rows, rni_writable(rni_measure_step_line(snapshot, (rn_step_line)k))));
    }
    if (!x->stage->change) return RN_OK;
    return measure_frame(x, moment, &point, rni_writable(&snapshot->step_frame));
}
