/*
 * The drive of a step and its lines by quadrature: (1/N) e.chi(M) w is a sum over the nodes of
 * chi(theta_i) g_i (y_i.w)/N, exact where chi is a polynomial of degree k, for any w. A line w of
 * the step in weight space moves the error by G^T J w (run/measure_lines.c).
 */
#include "backends/blas.h"
#include "core/memory.h"
#include "kernel/kernel.h"
#include "run/field.h"
#include "run/measure_free.h"

typedef struct lines_work {
    rni_free_measure *x;
    const rn_lanczos *lanczos;
    rn_index k;
    double *weight; /* [k] */
    double *step;   /* [P] d */
    double *turned; /* [n] G^T J d */
} lines_work;

/* sums := (1/N) sum_i chi(theta_i) g_i (y_i.w + shift theta_i g_i) at every boundary. */
static rn_status add_up(lines_work *l, const double *w, double shift, double *sums)
{
    rni_free_measure *x = l->x;
    const double *basis = rn_lanczos_vector(l->lanczos, 0);
    RNI_TRY(rni_gemv(false, l->k, x->n, 1.0, basis, x->n, w, 0.0, x->along));
    RNI_TRY(rni_gemv(false, l->k, l->k, 1.0, x->vectors, l->k, x->along, 0.0, l->weight));
    for (rn_index i = 0; i < l->k; i++)
        l->weight[i] = x->g[i] * (l->weight[i] + shift * x->theta[i] * x->g[i])
                       / (double)x->stage->train.n_samples;
    return rn_shell_sum_above(&x->grid, l->k, x->theta, l->weight, sums);
}

/* Where shells are not resolved there are no lines either. */
static void mark_unmeasured(const rn_snapshot *snapshot, double *sums)
{
    for (rn_index b = 0; b < snapshot->n_boundaries; b++)
        if (!(snapshot->dissipation[b] >= 0.0)) sums[b] = snapshot->dissipation[b];
}

static rn_status put_line(lines_work *l, const double *w, double shift, rn_snapshot *snapshot,
                          const double *const *line)
{
    double *sums = rni_writable(line);
    RNI_TRY(add_up(l, w, shift, sums));
    mark_unmeasured(snapshot, sums);
    return RN_OK;
}

/* X, and what the frame of the loss adds to the lines. */
static rn_status put_drive(lines_work *l, const rni_moment *moment, const rn_kernel_point *point,
                           rn_snapshot *snapshot)
{
    rni_free_measure *x = l->x;
    for (rn_index p = 0; p < x->stage->n_weights; p++)
        l->step[p] = moment->next[p] - moment->theta[p];
    RNI_TRY(rni_stage_push(x->stage, point, l->step, x->rows));
    RNI_TRY(put_line(l, x->rows, moment->tau, snapshot, &snapshot->step_drive));
    double *spent = rni_writable(&snapshot->step_dissipation);
    for (rn_index b = 0; b < snapshot->n_boundaries; b++)
        spent[b] = -moment->tau * snapshot->dissipation[b];
    if (!x->stage->change) return RN_OK;
    RNI_TRY(rn_jacobian_apply(x->stage->kernel, point, l->step, l->turned));
    for (rn_index i = 0; i < x->n; i++)
        x->rows[i] -= l->turned[i];
    return put_line(l, x->rows, 0.0, snapshot, &snapshot->step_frame);
}

static rn_status put_all(lines_work *l, const rni_moment *moment, rn_snapshot *snapshot)
{
    rni_free_measure *x = l->x;
    const rn_kernel_point point = rni_stage_point(x->stage, moment->theta);
    for (int i = 0; i < RN_N_STEP_LINES; i++) {
        if (!moment->lines[i]) continue;
        RNI_TRY(rn_jacobian_apply(x->stage->kernel, &point, moment->lines[i], x->rows));
        RNI_TRY(
            put_line(l, x->rows, 0.0, snapshot, rni_measure_step_line(snapshot, (rn_step_line)i)));
    }
    return put_drive(l, moment, &point, snapshot);
}

rn_status rni_free_lines(rni_free_measure *x, const rni_moment *moment, const rn_lanczos *lanczos,
                         const rn_jacobi *rule, rn_snapshot *snapshot)
{
    const rn_index n_turned = x->stage->change ? x->n : 0;
    lines_work l = {.x = x, .lanczos = lanczos, .k = rule->n};
    if (!moment->next) return RN_OK;
    RNI_TRY(rni_free_nodes(x, rule, rule->n)); /* the comparison of fluxes left others */
    l.weight = rni_alloc(rule->n + x->stage->n_weights + n_turned, sizeof *l.weight);
    if (!l.weight)
        return rni_fail(RN_ERR_MEMORY, "measure.matrix_free: no memory for the lines of a step");
    l.step = l.weight + rule->n;
    l.turned = l.step + x->stage->n_weights;
    const rn_status status = put_all(&l, moment, snapshot);
    rni_free(l.weight);
    return status;
}
